from __future__ import annotations

import pytest

import whynet
from whynet.casebook.experiments import EXPERIMENTS, find
from whynet.errors import UsageError
from whynet.report.reproduction import reproduction_page, shown
from whynet.training.faults import FAULTS


def test_every_row_of_the_texts_is_here():
    assert set(EXPERIMENTS) == {
        "neuron-by-neuron", "xor", "vectorised", "vectorised-800", "whole-matrix-check", "never-below-3.24",
        "tutorial-15", "tutorial-rate-0.001", "tutorial-rate-100", "tutorial-100",
    }  # fmt: skip
    used = {fault for experiment in EXPERIMENTS.values() for fault in experiment.recipe().faults}
    assert used == set(FAULTS)


def test_an_unknown_experiment_is_answered_with_the_known_ones():
    with pytest.raises(UsageError, match="Did you mean 'vectorised'"):
        find(["vectorized"])


def check_keys(outcome):
    assert set(outcome.measured) == set(outcome.experiment.published)
    for key, published in outcome.experiment.published.items():
        if isinstance(published, list):
            assert len(outcome.measured[key]) == len(published)


def test_xor_is_learned():
    outcome = EXPERIMENTS["xor"].run(whynet.load("xor"))
    check_keys(outcome)
    assert outcome.measured["text"].startswith("0.000")
    assert outcome.floor == 0.125


@pytest.mark.mnist
def test_the_per_neuron_programs_figures_come_back_to_four_digits(mnist):
    """From any seed: the published errors after the start are those of the output biases alone."""
    outcome = EXPERIMENTS["neuron-by-neuron"].run(mnist, seed=1)
    check_keys(outcome)
    published = outcome.experiment.published["cost"]
    assert outcome.measured["cost"][0] == pytest.approx(published[0], abs=0.1)
    assert outcome.measured["cost"][1:] == pytest.approx(published[1:], abs=1e-4)


@pytest.mark.mnist
@pytest.mark.slow
def test_the_vectorised_program_stays_at_the_floor(mnist):
    outcome = EXPERIMENTS["vectorised"].run(mnist)
    check_keys(outcome)
    assert outcome.measured["cost"][-1] == pytest.approx(0.45, abs=0.02)


@pytest.mark.mnist
def test_the_check_that_cannot_work_gives_what_was_printed(mnist):
    outcome = EXPERIMENTS["whole-matrix-check"].run(mnist)
    hidden, output = map(float, outcome.measured["text"].split(" and "))
    assert hidden == pytest.approx(1.0, abs=0.01)
    assert output == pytest.approx(0.9958, abs=0.01)


@pytest.mark.mnist
def test_never_below_the_floor(mnist):
    outcome = EXPERIMENTS["never-below-3.24"].run(mnist)
    check_keys(outcome)
    assert outcome.measured["cost"] == pytest.approx([7.00, 3.33, 3.26, 3.2514, 3.2496, 3.2493], abs=0.01)
    assert outcome.measured["cost"][-1] == pytest.approx(outcome.floor, abs=0.001)
    assert outcome.measured["test_accuracy"] == 0.1135


@pytest.mark.mnist
@pytest.mark.slow
@pytest.mark.timeout(900)
def test_all_thirty_epochs_of_the_tutorial_at_rate_0_001(mnist):
    outcome = EXPERIMENTS["tutorial-rate-0.001"].run(mnist)
    check_keys(outcome)
    counts = zip(outcome.measured["test_correct"], outcome.experiment.published["test_correct"], strict=True)
    assert all(published in (None, measured) for measured, published in counts)
    other = EXPERIMENTS["tutorial-rate-0.001"].recipe(seed=1)
    assert other.seed == 1


@pytest.mark.mnist
def test_another_seed_gives_other_counts(mnist):
    from whynet.training.loop import Training, build

    counts = []
    for seed in (0, 1):
        recipe = EXPERIMENTS["tutorial-rate-0.001"].recipe(seed)
        counts.append(next(Training(build(recipe, mnist), mnist, recipe)).test_correct)
    assert counts[0] == 816
    assert counts[1] != 816


def test_estimates_are_seconds(digits):
    assert 0 < EXPERIMENTS["xor"].estimate(whynet.load("xor")) < 600


def test_the_page_shows_both_sides_and_needs_nothing_else():
    outcome = EXPERIMENTS["xor"].run(whynet.load("xor"))
    page = reproduction_page([outcome], ["tutorial-100"])
    assert "0.00035 for target 0" in page
    assert outcome.measured["text"] in page
    assert "tutorial-100" in page
    assert "http" not in page.replace("http-equiv", "")


def test_a_long_list_is_shortened():
    assert shown({"test_correct": list(range(30))}) == "0 1 2 ... 27 28 29"
    assert shown({"cost": [None, None, 3.25]}) == "cost ... 3.25"
