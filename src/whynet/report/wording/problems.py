"""The words of each kind of problem: what its quality is called, what its yardstick is, how a quality is written.

This is the one place that takes a kind to its words. Needs no NumPy.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from whynet.doctor.change import Change
from whynet.doctor.diagnosis import UNKNOWN as OF_LOSS
from whynet.doctor.diagnosis import Diagnosis, Outcome
from whynet.doctor.symptom import Measured
from whynet.report.wording.symptoms import name_of, normal_of, percent, value_of


class Words(NamedTuple):
    """What is said where a kind of problem is meant; `percent` says whether its quality is written in per cent.

    >>> WORDS["regression"].quality, WORDS["regression"].linear
    ('R2', 'a linear regression')
    """

    quality: str
    linear: str
    """The yardstick."""
    percent: bool
    constant: str
    """The best answer that is the same for every row."""
    group: str
    """Rows that are alike in what is predicted of them."""
    groups: str


WORDS = {
    "classification": Words("accuracy", "a linear classifier", True, "the same prediction", "class", "classes"),
    "labels": Words(
        "balanced accuracy", "a linear classifier", True, "the same prediction", "set of labels", "sets of labels"
    ),
    "regression": Words(
        "R2", "a linear regression", False, "the mean", "fifth of the targets", "fifths of the targets"
    ),
}
LOSS = Words("loss", "a linear model", False, "the same prediction", "group", "groups")
"""Where no more than a loss is known, of which less is better."""
UNKNOWN = Words("quality", "a linear model", False, "the same prediction", "group", "groups")
OF_METRIC = {"accuracy": "classification", "F1": "labels", "R2": "regression"}
"""The kinds of problem by the figure that people print first."""
CAUSES = {  # first lines of causes that speak of classes, as they are where there are none
    "overfit": "Training {quality} is well above validation {quality}.",
    "metric-wrong": "The printed {quality} is computed wrongly.",
    "class-imbalance": "One {group} makes up most of the examples.",
    "not-shuffled": "The examples are sorted by target and not shuffled.",
    "output-shape-mismatch": "The number of output units does not match the number of targets.",
}


def words_of(diagnosis: Diagnosis) -> Words:
    """The words of what this patient learns.

    >>> words_of(Diagnosis("healthy")).quality, words_of(Diagnosis("healthy", problem="labels")).quality
    ('accuracy', 'balanced accuracy')
    """
    if diagnosis.problem == "classification" and diagnosis.before is not None:
        return words_of_outcome(diagnosis.before)  # a loss that is no classifier's speaks against classes
    return LOSS if diagnosis.problem == OF_LOSS else WORDS.get(diagnosis.problem, UNKNOWN)


def words_of_outcome(outcome: Outcome) -> Words:
    """The same from an outcome alone, by the figure that is printed.

    >>> from whynet.doctor.diagnosis import Metric
    >>> words_of_outcome(Outcome(1, 0.5)).quality, words_of_outcome(Outcome(1, 0.5, Metric("R2", 0.5))).quality
    ('accuracy', 'R2')
    """
    if outcome.metric is None:
        return WORDS["classification"]
    if outcome.metric.name == "loss":
        return LOSS
    return WORDS.get(OF_METRIC.get(outcome.metric.name, ""), UNKNOWN)


def of_loss(outcome: Outcome) -> bool:
    """Whether no more than a loss is known of it.

    >>> from whynet.doctor.diagnosis import Metric
    >>> of_loss(Outcome(1, math.nan, Metric("loss", 0.5))), of_loss(Outcome(1, 0.5))
    (True, False)
    """
    return words_of_outcome(outcome) is LOSS and not math.isfinite(outcome.quality)


def fewer(change: Change, diagnosis: Diagnosis) -> bool:
    """Whether it takes examples away: then it is a loss that answers the question.

    >>> from whynet.doctor.diagnosis import Settings
    >>> fewer(Change("rows", {"rows": 50}), Diagnosis("healthy", settings=Settings(rows=100)))
    True
    """
    rows, had = change.numbers.get("rows"), diagnosis.settings.rows or diagnosis.value("rows")
    return change.kind == "rows" and isinstance(rows, int) and had is not None and rows < had


def classes(diagnosis: Diagnosis) -> bool:
    """Whether qualities are fractions of right predictions.

    >>> classes(Diagnosis("healthy")), classes(Diagnosis("healthy", problem="regression"))
    (True, False)
    """
    return words_of(diagnosis) is WORDS["classification"]


def yardstick(diagnosis: Diagnosis) -> str:
    """What the patient is compared with: what was named, or the linear model of its problem.

    >>> yardstick(Diagnosis("healthy")), yardstick(Diagnosis("healthy", yardstick_name="the nearest neighbour"))
    ('a linear classifier', 'the nearest neighbour')
    """
    return diagnosis.yardstick_name or words_of(diagnosis).linear


def bare(value: float, words: Words) -> str:
    """A quality without its name.

    >>> bare(0.9234, WORDS["labels"]), bare(0.9234, WORDS["regression"]), bare(0.0, WORDS["regression"])
    ('92.3 %', '0.923', '0')
    """
    return percent(value) if words.percent else f"{value:.3g}"


def quality(value: float, words: Words) -> str:
    """A quality as people say it: of classes only the fraction right, of all others with its name.

    >>> quality(0.9, WORDS["classification"]), quality(0.9, WORDS["labels"]), quality(0.9, WORDS["regression"])
    ('90 %', 'balanced accuracy 90 %', 'R2 0.9')
    >>> quality(math.nan, WORDS["regression"])
    'not measured'
    """
    if not math.isfinite(value):
        return "not measured"
    return bare(value, words) if words is WORDS["classification"] else f"{words.quality} {bare(value, words)}"


def points(value: float, words: Words) -> str:
    """A difference of qualities, with its sign.

    >>> points(0.012, WORDS["classification"]), points(0.012, WORDS["regression"])
    ('+1.2 points', '+0.012')
    """
    return f"{100 * value:+.1f} points" if words.percent else f"{value:+.3f}"


def decimals(value: float | None, kind: str) -> str:
    """A quality with all its decimals, as tables and epochs have it; empty where there is none.

    >>> decimals(0.9235, "classification"), decimals(0.92345, "regression"), decimals(None, "labels")
    ('92.35%', '0.9234', '')
    """
    if value is None:
        return ""
    return f"{value:.2%}" if WORDS.get(kind, UNKNOWN).percent else f"{value:.4f}"


def cost(value: float) -> str:
    """A cost with four decimals; one that is large, as of raw prices, with six digits.

    >>> cost(0.45), cost(13106695771.0461)
    ('0.4500', '1.31067e+10')
    """
    return f"{value:.4f}" if not abs(value) >= 1e5 else f"{value:.6g}"


# ---- what was measured, and what a cause is, of this problem

QUALITIES = {
    "accuracy", "train-accuracy", "gap", "standard-error", "test-loss", "accuracy-misreported", "constant-accuracy",
    "linear-accuracy", "nearest-neighbour",
}  # fmt: skip
"""Symptoms that are qualities, or differences of them."""
GROUPED = {"classes-per-batch", "same-class-in-a-row", "narrowest"}
"""Symptoms that speak of classes, and are measured of other groups of rows where there are none."""


def fact(one: Measured, diagnosis: Diagnosis) -> tuple[str, str, str]:
    """A measured fact's name, value and what is normal, in the words of this problem.

    >>> from whynet.doctor.symptoms.outcome import LINEAR_ACCURACY
    >>> fact(LINEAR_ACCURACY.measured(0.47), Diagnosis("healthy", problem="regression"))
    ('R2 of a linear regression', '0.47', '')
    >>> fact(LINEAR_ACCURACY.measured(0.47), Diagnosis("healthy"))
    ('accuracy of a linear classifier', '47 %', '')
    """
    words = words_of(diagnosis)
    if one.name in GROUPED and words is not WORDS["classification"]:
        name = name_of(one).replace("classes", words.groups).replace("one class", f"one {words.group}")
        return name, value_of(one), normal_of(one).replace("there are classes", "there are outputs")
    if one.name not in QUALITIES or words is WORDS["classification"]:
        return name_of(one), value_of(one), normal_of(one)
    said = name_of(one).replace("the accuracy", "R2") if words is WORDS["regression"] else name_of(one)
    name = said.replace("accuracy", words.quality).replace("a linear classifier", words.linear)
    if not math.isfinite(one.value):
        return name, value_of(one), normal_of(one)
    normal = one.normal.said(lambda number: bare(number, words)).replace("a linear model", words.linear)
    if words is not WORDS["labels"]:
        normal = normal.replace("the largest class", words.constant)
    return name, bare(one.value, words), normal


def first_line_of(name: str, line: str, diagnosis: Diagnosis) -> str:
    """The first line of a cause's page; where there are no classes, in words that fit.

    >>> first_line_of("overfit", "Training accuracy is well above ...", Diagnosis("x", problem="regression"))
    'Training R2 is well above validation R2.'
    """
    words = words_of(diagnosis)
    if words is WORDS["classification"] or name not in CAUSES:
        return line
    return CAUSES[name].format(quality=words.quality, group=words.group)
