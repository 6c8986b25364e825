"""The seam that every problem fills: what the rest of the house may ask of it. `data/problem.py` has the three."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Literal, Protocol

from whynet.metric import Metric
from whynet.types import Array, Labels, Scores, Targets

Kind = Literal["classification", "labels", "regression"]
Linear = Literal["logistic", "ridge"]
USUAL = 0.95  # the fraction right that the standard error of an accuracy is taken at: it must not hang on the accuracy


class Problem(Protocol):
    """The seam that every kind of problem fills. `middle` is the score at which a single output changes its answer."""

    @property
    def kind(self) -> Kind: ...

    @property
    def linear(self) -> Linear:
        """The linear model that is its yardstick."""
        ...

    @property
    def cost(self) -> str:
        """The cost that it is usually trained with."""
        ...

    @property
    def quality_name(self) -> str:
        """What its quality is called."""
        ...

    @property
    def names(self) -> tuple[str, ...]:
        """Of the classes, the labels or the numbers."""
        ...

    @property
    def outputs(self) -> int:
        """Units that the output layer usually has."""
        ...

    def checked(self, y: Array) -> Array:
        """`y` in the type it is kept in.

        Raises
        ------
        UsageError, BadFile
            It is of another shape or kind, or out of range.
        """
        ...

    def fitted(self, y: Array, scaling: str) -> Problem:
        """The problem as a network is trained on it: numbers may be scaled by what these `y` are."""
        ...

    def targets(self, y: Array, outputs: int) -> Targets:
        """What the outputs should say, (n, outputs) float64."""
        ...

    def predictions(self, scores: Scores, middle: float = 0.5) -> Array:
        """The answers, shaped as `y` is."""
        ...

    def quality(self, scores: Scores, y: Array, middle: float = 0.5) -> float:
        """From 0 to 1."""
        ...

    def standard_error(self, scores: Scores, y: Array, middle: float = 0.5) -> float:
        """Of the quality, from the number of rows."""
        ...

    def each(self, scores: Scores, y: Array, middle: float = 0.5) -> Array:
        """What each row contributes to the quality, (n,): their mean is the quality, of numbers before the cut at 0."""
        ...

    def metric(self, scores: Scores, y: Array, middle: float = 0.5) -> Metric:
        """The one figure that people print first."""
        ...

    def metrics(self, scores: Scores, y: Array, middle: float = 0.5) -> dict[str, Any]:
        """All figures that people print."""
        ...

    def recalls(self, scores: Scores, y: Array, middle: float = 0.5) -> tuple[float, ...]:
        """Of each class or label, NaN where there is none of it; empty for numbers."""
        ...

    def one_answer(self, scores: Scores, middle: float = 0.5) -> float:
        """The fraction of rows that get the commonest answer; NaN for numbers."""
        ...

    def constant_quality(self, y: Array) -> float:
        """The quality of the best constant answer."""
        ...

    def strata(self, y: Array) -> Labels:
        """A number for each row: rows of one number are alike, and a split takes the same fraction of each."""
        ...

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for a model's file."""
        ...


def of_a_fraction(rows: int, fraction: float = USUAL) -> float:
    """The standard error of a fraction that was counted on so many rows.

    >>> round(of_a_fraction(10_000), 5)
    0.00218
    """
    return math.sqrt(fraction * (1 - fraction) / max(rows, 1))


def error_between(first: Array, second: Array) -> float:
    """The standard error of the difference between two qualities, from what each row contributes to either, (n,): on
    the same rows much of their chance is the same.

    >>> import numpy as np
    >>> error_between(np.array([1.0, 0.0, 1.0, 1.0]), np.array([1.0, 0.0, 1.0, 0.0]))
    0.25
    """
    apart = first - second
    return float(apart.std(ddof=1)) / math.sqrt(len(apart)) if len(apart) > 1 else math.inf


def names_of(count: int, given: Sequence[str] = (), *, word: str = "output") -> tuple[str, ...]:
    """Names for so many: those given, or the word with a number.

    >>> names_of(2), names_of(1, ["price"])
    (('output 1', 'output 2'), ('price',))
    """
    if len(given) == count:
        return tuple(map(str, given))
    return tuple(f"{word} {number + 1}" for number in range(count)) if count != 1 else (word,)
