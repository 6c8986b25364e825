from __future__ import annotations

import pytest

import whynet
from whynet.casebook.experiments import EXPERIMENTS, Experiment, Outcome, find
from whynet.errors import UsageError
from whynet.mistakes.catalogue import in_code
from whynet.report.reproduction import reproduction_page, shown, spread_shown


def test_every_row_of_the_texts_is_here():
    assert set(EXPERIMENTS) == {
        "neuron-by-neuron", "xor", "vectorised", "vectorised-800", "whole-matrix-check", "never-below-3.24",
        "tutorial-15", "tutorial-rate-0.001", "tutorial-rate-100", "tutorial-100", "advice-250-350", "reference-800",
        "reference-800-distorted", "dropout-1024x3", "batch-norm-noise",
    }  # fmt: skip
    used = {fault for experiment in EXPERIMENTS.values() for fault in experiment.recipe().faults}
    assert all(in_code(fault) or fault == "whole-matrix-check" for fault in used)


def test_an_unknown_experiment_is_answered_with_the_known_ones():
    with pytest.raises(UsageError, match="Did you mean 'vectorised'"):
        find(["vectorized"])


def check_keys(outcome):
    assert set(outcome.measured) == set(outcome.experiment.published)
    for key, published in outcome.experiment.published.items():
        if isinstance(published, list):
            assert len(outcome.measured[key]) == len(published)


@pytest.mark.slow
def test_xor_is_learned():
    outcome = EXPERIMENTS["xor"].run(whynet.load("xor"))
    check_keys(outcome)
    assert outcome.measured["text"].startswith("0.000")
    assert outcome.floor == 0.125


@pytest.mark.slow
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
    from whynet.training.loop import Training
    from whynet.training.prepare import prepare

    counts = []
    for seed in (0, 1):
        recipe = EXPERIMENTS["tutorial-rate-0.001"].recipe(seed)
        counts.append(next(Training(prepare(recipe, mnist))).test_correct)
    assert counts[0] == 816
    assert counts[1] != 816


def test_estimates_are_seconds(digits):
    assert 0 < EXPERIMENTS["xor"].estimate(whynet.load("xor")) < 600


@pytest.mark.slow
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


def test_the_long_ones_are_run_by_name_only():
    assert not any(experiment.long for experiment in find([]))
    assert find(["reference-800"])[0].long


@pytest.mark.slow
def test_several_seeds_give_mean_and_sd():
    outcome = EXPERIMENTS["xor"].run(whynet.load("xor"), seeds=2)
    assert outcome.measured == outcome.each[0]
    assert outcome.each[0] != outcome.each[1]
    assert outcome.over_seeds == {}  # a text has no mean
    counts = [{"test_correct": [5, 7]}, {"test_correct": [5, 9]}]
    outcome = Outcome(EXPERIMENTS["tutorial-15"], counts[0], 0.45, 1.0, 3, tuple(counts))
    assert outcome.over_seeds == {
        "test_correct": {"first_seed": 3, "values": [7, 9], "mean": 8.0, "sd": pytest.approx(2**0.5)}
    }
    assert spread_shown(outcome) == "test correct 8 +- 1.414 (7, 9)"
    assert "1.414" in reproduction_page([outcome], [])


@pytest.mark.parametrize(
    "name", ["advice-250-350", "reference-800", "reference-800-distorted", "dropout-1024x3", "batch-norm-noise"]
)
def test_accuracy_is_measured_when_training_is_over(name, monkeypatch, digits):
    """On small data and for one epoch: the recipes are sound, and what is measured is the network's accuracy."""
    small = EXPERIMENTS[name].recipe().but(data="digits", sizes=(64, 20, 10), epochs=1, train_size=1000)
    monkeypatch.setattr(Experiment, "recipe", lambda self, seed=None: small)
    outcome = EXPERIMENTS[name].run(digits)
    check_keys(outcome)
    assert 0 < next(iter(outcome.measured.values())) <= 1
