"""What is said of regressions and of several labels: no classes, no accuracies, no images where there are none."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest

from whynet.doctor.case import Case
from whynet.doctor.change import Change, Wording
from whynet.doctor.diagnosis import Acquittal, Diagnosis, Finding, Fix, Metric, Outcome, Question, Remark, Settings
from whynet.doctor.states import state_of
from whynet.doctor.symptom import Symptom
from whynet.doctor.symptoms.data import CLASSES_PER_BATCH
from whynet.doctor.symptoms.outcome import (
    ACCURACY,
    COST,
    GAP,
    LINEAR_ACCURACY,
    NARROWEST,
    PROGRESS,
    STANDARD_ERROR,
    START_COST,
)  # fmt: skip
from whynet.report.diagnosis import diagnosis_as_dict, diagnosis_html, diagnosis_in_words
from whynet.report.wording.contradictions import checked
from whynet.report.wording.problems import WORDS, fact, first_line_of

R2 = lambda value, **more: Outcome(0.3, max(value, 0.0), Metric("R2", value), **more)  # noqa: E731
F1 = lambda value, quality, **more: Outcome(0.3, quality, Metric("F1", value), **more)  # noqa: E731
RATE = Change("rate", {"times": 10})


def facts(quality, gap=0.02):
    found = [ACCURACY.measured(quality, at=0.47), GAP.measured(gap), STANDARD_ERROR.measured(0.1)]
    found += [LINEAR_ACCURACY.measured(0.47), CLASSES_PER_BATCH.measured(1.0), NARROWEST.measured(5, at=2)]
    return {one.name: one for one in found}


def everything(problem, outcome, **more):
    better = replace(outcome, quality=0.9, metric=replace_value(outcome.metric, 0.9), test_quality=0.88)
    finding = Finding("lr-too-low", "proved", tuple(facts(0.2).values()), RATE, outcome, better, seeds=3)
    return Diagnosis(
        more.pop("state", "underfits"), 0.5, [finding, Finding("overfit", "suspected")],
        acquitted=[Acquittal("lr-too-high", Change("rate", {"times": 0.1}), alone=-0.01, beside=0.002)],
        remarks=[Remark("loses", {"points": 0.02, "cause": "overfit"}), Remark("catches-up", {"quality": 0.8})],
        questions=[Question("epochs", Change("epochs", {"times": 3}), False, 0.2, 0.201)],
        fix=Fix((RATE,), outcome, better), before=outcome, baselines={"defaults": better},
        tried=[("lr-too-low", RATE, 0.9)], yardstick=0.47, symptoms=facts(outcome.quality), problem=problem,
        settings=Settings(rate=0.1, cost="quadratic"), **more,
    )  # fmt: skip


def replace_value(metric, value):
    return metric._replace(value=value)


@pytest.mark.parametrize("problem", ["regression", "labels"])
def test_nothing_speaks_of_classes_or_accuracies_that_there_are_not(problem):
    outcome = R2(0.2) if problem == "regression" else F1(0.3, 0.2)
    one = everything(problem, outcome)
    for words in (diagnosis_in_words(one), diagnosis_in_words(one, verbose=True), diagnosis_html(one)):
        plain = re.sub(r"balanced(\s+suspected)?\s+accuracy", "", re.sub(r"<[^>]+>", " ", words))
        assert "accuracy" not in plain, re.findall(r".*accuracy.*", plain)
        assert not re.search(r"\bimages?\b|\bquality\b", plain)
        if problem == "regression":
            assert not re.search(r"\bclass(es|ifier)?\b", plain), re.findall(r".*\bclass.*", plain)
            assert not re.search(r"\d points", plain)
    values = diagnosis_as_dict(one)
    json.dumps(values)
    assert values["problem"] == problem
    assert values["linear_accuracy"] is None and values["yardstick"] == 0.47
    before = values["fix"]["before"]
    assert before["validation_accuracy"] is before["test_accuracy"] is None
    assert before["metric"] == outcome.metric._asdict()


def test_a_regression_is_compared_by_r2_with_a_linear_regression():
    text = " ".join(diagnosis_in_words(everything("regression", R2(0.2))).split())
    start = (
        "It is worse than a linear regression, and no longer getting better (R2 0.2; a linear regression reaches 0.47)."
    )
    assert text.startswith(start)
    assert "epochs: tried alone, gains nothing." in text
    assert "R2 0.2 -> R2 0.9 (3 seeds" in text
    assert "R2 0.88 on the test set" in text
    labels = diagnosis_in_words(everything("labels", F1(0.3, 0.2)))
    assert "(F1 0.3; balanced accuracy 20 %, a linear classifier 47 %)" in " ".join(labels.split())


def test_few_rows_cannot_tell_it_from_the_yardstick():
    one = Diagnosis("healthy", before=R2(0.2615), yardstick=0.47, problem="regression", symptoms=facts(0.26))
    one.symptoms["standard-error"] = STANDARD_ERROR.measured(0.15)
    text = " ".join(diagnosis_in_words(one).split())
    assert text.startswith(
        "It learns; with so few examples held back, it cannot be told from a linear regression (R2 0.2615; a linear "
        "regression reaches 0.47)."
    )
    near = " ".join(diagnosis_in_words(replace(one, yardstick=0.28)).split())
    assert "about as good as a linear regression" in near


@pytest.mark.parametrize(
    ("cost", "library", "said"),
    [
        (
            "quadratic",
            "whynet",
            "the mean of the targets is predicted for every example: its cost is half the variance",
        ),
        (
            "absolute",
            "whynet",
            "the median of the targets is predicted for every example: its cost is the mean distance",
        ),
        ("huber", "whynet", "the mean of the targets is predicted for every example: its cost is 0.5, which is what"),
        ("quadratic", "PyTorch", "the mean of the targets is predicted for every example: its cost is 0.5, which is"),
    ],
)
def test_a_regression_at_its_floor_predicts_one_number(cost, library, said):
    before = replace(R2(0.0), cost=0.5)
    one = Diagnosis(
        "constant-answer", 0.5, before=before, yardstick=0.5, problem="regression", settings=Settings(cost=cost),
        wording=Wording(library),
    )  # fmt: skip
    text = " ".join(diagnosis_in_words(one).split())
    assert said in text[:1].lower() + text[1:]
    classes = replace(one, problem="classification", before=Outcome(0.5, 0.1))
    assert "that of the best constant prediction" in " ".join(diagnosis_in_words(classes).split())


def test_measured_facts_are_named_after_what_is_predicted():
    regression, labels = Diagnosis("x", problem="regression"), Diagnosis("x", problem="labels")
    usual = "0.47 or more, that of a linear regression"
    assert fact(ACCURACY.measured(0.3, at=0.47), regression) == ("validation R2", "0.3", usual)
    assert fact(STANDARD_ERROR.measured(0.1), regression)[0] == "standard error of R2"
    assert fact(GAP.measured(0.1), labels)[:2] == ("training balanced accuracy above validation balanced accuracy by",
                                                   "10 %")  # fmt: skip
    assert fact(CLASSES_PER_BATCH.measured(1), regression)[0].startswith("different fifths of the targets in a batch")
    assert fact(NARROWEST.measured(5, at=2), regression)[2].endswith("as many as there are outputs")
    assert fact(GAP.measured(0.1), Diagnosis("x"))[1] == "10 %"


def test_first_lines_of_causes_fit_the_problem():
    one = Diagnosis("x", problem="regression")
    assert first_line_of("metric-wrong", "The printed accuracy ...", one) == "The printed R2 is computed wrongly."
    assert first_line_of("lr-too-low", "The steps are too short.", one) == "The steps are too short."
    assert first_line_of("metric-wrong", "as it is", Diagnosis("x")) == "as it is"


def test_every_kind_of_problem_has_its_words():
    from typing import get_args

    from whynet.data.problem import PROBLEMS
    from whynet.data.protocol import Kind

    assert set(WORDS) == set(get_args(Kind)) == set(PROBLEMS)
    for kind, words in WORDS.items():
        assert PROBLEMS[kind]().quality_name == words.quality


def test_worse_than_the_mean_is_not_healthy_however_few_the_rows():
    """As a quality R2 is cut at 0; how far below that it is tells a network that learned nothing from a sound one."""
    before = replace(R2(-0.98), cost=1.02)
    symptoms = facts(0.0) | {
        "yardstick-error": Symptom("yardstick-error", "").measured(0.35),
        "start-cost": START_COST.measured(1.023), "progress": PROGRESS.measured(0.001),
    }  # fmt: skip
    one = Diagnosis("healthy", 0.5, before=before, yardstick=0.4755, problem="regression", symptoms=symptoms)
    assert checked(one).state == "not-started"
    case = Case(Settings(), layers=2, rows=284, available=284, classes=0, features=10, problem="regression")
    case.before = before
    case.symptoms = symptoms
    case.note(COST, 1.02)
    assert state_of(case) == "not-started"
    case.before = R2(0.2)  # as good, as far as so few rows can tell
    assert state_of(case) == "healthy"
