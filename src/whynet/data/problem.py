"""Problem: what is to be learned. It belongs to the data, and says what a target is and what a good answer is.

    Classification(classes)   y (n,) whole numbers 0 .. classes - 1
    MultiLabel(names)         y (n, labels) of 0 and 1: each label is there or not
    Regression(names)         y (n, outputs) numbers

Nothing above the data asks which of them it is in order to judge: it asks the problem for the quality, from 0 to 1.

    accuracy             of classes
    balanced accuracy    of labels: for each label the mean of both recalls, and the mean of that over the labels
    R2                   of numbers: the fraction of their variance that is predicted, cut at 0
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from whynet.data.protocol import Kind, Linear, Problem, of_a_fraction
from whynet.errors import BadFile, UsageError
from whynet.metric import Metric
from whynet.types import Array, Labels, Scores, Targets

LARGEST = 0.77  # times 1 / sqrt(n): the largest of 2 R (1 - R^2) / sqrt(n), the standard error of R^2 of normal numbers
ALIKE = 10  # outputs: of more, as of pixels, all are of one kind, and have one spread
STRATA = 5  # of a regression: parts of equal size that a split takes alike from


@dataclass(frozen=True)
class Classification:
    """One class of several for each row. A single output stands for two classes.

    >>> problem = Classification(("cat", "dog"))
    >>> problem.quality(np.array([[0.9, 0.1], [0.8, 0.2]]), np.array([0, 1]))
    0.5
    >>> problem.targets(np.array([1]), outputs=1), problem.targets(np.array([1]), outputs=2)
    (array([[1.]]), array([[0., 1.]]))
    """

    classes: tuple[str, ...] = ()

    kind: ClassVar[Kind] = "classification"
    linear: ClassVar[Linear] = "logistic"
    cost = "softmax-cross-entropy"
    quality_name = "accuracy"

    @property
    def names(self) -> tuple[str, ...]:
        return self.classes

    @property
    def outputs(self) -> int:
        return len(self.classes)

    def checked(self, y: Array) -> Array:
        if y.ndim != 1 or not np.issubdtype(y.dtype, np.integer):
            raise UsageError("labels are whole numbers", expected="integers (n,)", found=f"{y.dtype} {y.shape}")
        wrong = np.flatnonzero((y < 0) | (y >= len(self.classes)))
        if len(wrong):
            found = f"{y[wrong[0]]} at row {wrong[0]:,}"
            raise BadFile("a label is out of range", expected=f"0 to {len(self.classes) - 1}", found=found)
        return y.astype(np.intp)

    def fitted(self, y: Array, scaling: str) -> Classification:
        return self

    def targets(self, y: Array, outputs: int) -> Targets:
        if outputs == 1:
            return y.astype(np.float64)[:, np.newaxis]
        targets: Targets = np.eye(outputs)[y]
        return targets

    def predictions(self, scores: Scores, middle: float = 0.5) -> Labels:
        if scores.shape[1] == 1:
            return (scores[:, 0] > middle).astype(np.int64)
        answers: Labels = scores.argmax(axis=1)
        return answers

    def quality(self, scores: Scores, y: Array, middle: float = 0.5) -> float:
        return float(np.mean(self.predictions(scores, middle) == y))

    def standard_error(self, scores: Scores, y: Array, middle: float = 0.5) -> float:
        return of_a_fraction(len(y))

    def each(self, scores: Scores, y: Array, middle: float = 0.5) -> Array:
        right: Array = self.predictions(scores, middle) == y
        return right.astype(np.float64)

    def metric(self, scores: Scores, y: Array, middle: float = 0.5) -> Metric:
        return Metric("accuracy", self.quality(scores, y, middle))

    def metrics(self, scores: Scores, y: Array, middle: float = 0.5) -> dict[str, Any]:
        return {"accuracy": self.quality(scores, y, middle), "recalls": list(self.recalls(scores, y, middle))}

    def recalls(self, scores: Scores, y: Array, middle: float = 0.5) -> tuple[float, ...]:
        right = self.predictions(scores, middle) == y
        return tuple(_fraction(right[y == label]) for label in range(len(self.classes)))

    def one_answer(self, scores: Scores, middle: float = 0.5) -> float:
        predicted = self.predictions(scores, middle)
        return float(np.bincount(predicted, minlength=2).max() / len(predicted))

    def constant_quality(self, y: Array) -> float:
        return float(np.bincount(y, minlength=1).max() / len(y))

    def strata(self, y: Array) -> Labels:
        return y

    def as_dict(self) -> dict[str, Any]:
        return {"kind": self.kind, "names": list(self.classes)}


@dataclass(frozen=True)
class MultiLabel:
    """Any number of labels for each row: 1 where a label is there, else 0.

    >>> problem, y = MultiLabel(("red", "round")), np.array([[1, 0], [0, 0], [1, 1]])
    >>> problem.quality(np.array([[0.9, 0.1], [0.2, 0.3], [0.1, 0.8]]), y)
    0.875
    """

    names: tuple[str, ...] = ()

    kind: ClassVar[Kind] = "labels"
    linear: ClassVar[Linear] = "logistic"
    cost = "sigmoid-cross-entropy"
    quality_name = "balanced accuracy"

    @property
    def outputs(self) -> int:
        return len(self.names)

    def checked(self, y: Array) -> Array:
        if y.ndim != 2 or y.shape[1] != len(self.names):
            expected, found = f"0 or 1, (n, {len(self.names)})", f"{y.dtype} {y.shape}"
            raise UsageError("these are no targets of several labels", expected=expected, found=found)
        wrong = np.argwhere((y != 0) & (y != 1))
        if len(wrong):
            row, column = wrong[0]
            found = f"{y[row, column]} at row {row:,}"
            raise BadFile(f"label '{self.names[column]}' is neither there nor not", expected="0 or 1", found=found)
        return y.astype(np.uint8)

    def fitted(self, y: Array, scaling: str) -> MultiLabel:
        return self

    def targets(self, y: Array, outputs: int) -> Targets:
        return y.astype(np.float64)

    def predictions(self, scores: Scores, middle: float = 0.5) -> Array:
        return (scores > middle).astype(np.uint8)

    def quality(self, scores: Scores, y: Array, middle: float = 0.5) -> float:
        return float(np.mean(self._balanced(scores, y, middle)))

    def _balanced(self, scores: Scores, y: Array, middle: float) -> Array:
        """Balanced accuracy of each label; where rows all have it, or none has, the fraction right."""
        right = self.predictions(scores, middle) == y
        with_it, without = _of_those(right, y == 1), _of_those(right, y == 0)
        return np.where(np.isnan(with_it), without, np.where(np.isnan(without), with_it, (with_it + without) / 2))

    def standard_error(self, scores: Scores, y: Array, middle: float = 0.5) -> float:
        """That of the mean of both recalls, each at 95 % as of an accuracy; labels of one row are taken as alike."""
        here = y.sum(axis=0)
        each = [math.hypot(of_a_fraction(n), of_a_fraction(len(y) - n)) / 2 for n in here.tolist() if 0 < n < len(y)]
        return float(np.mean(each)) if each else of_a_fraction(len(y))

    def each(self, scores: Scores, y: Array, middle: float = 0.5) -> Array:
        right, here = self.predictions(scores, middle) == y, y.mean(axis=0)
        both = (here > 0) & (here < 1)
        share = np.where(y == 1, here, 1 - here)  # of the rows that are like this one in this label
        weight = np.where(both, 1 / np.maximum(2 * share, 1e-300), 1.0)
        contributions: Array = (right * weight).mean(axis=1)
        return contributions

    def metric(self, scores: Scores, y: Array, middle: float = 0.5) -> Metric:
        return Metric("F1", float(np.mean(self._f1(scores, y, middle))))

    def _f1(self, scores: Scores, y: Array, middle: float) -> Array:
        """F1 of each label: 2 TP / (2 TP + FP + FN); 1 where there is none of it and none is predicted."""
        said, true = self.predictions(scores, middle).astype(int), y.astype(int)
        both, either = 2 * (said * true).sum(axis=0), said.sum(axis=0) + true.sum(axis=0)
        return np.where(either > 0, both / np.maximum(either, 1), 1.0)

    def metrics(self, scores: Scores, y: Array, middle: float = 0.5) -> dict[str, Any]:
        said = self.predictions(scores, middle)
        return {
            "balanced_accuracy": self.quality(scores, y, middle),
            "f1": dict(zip(self.names, self._f1(scores, y, middle).tolist(), strict=True)),
            "recalls": dict(zip(self.names, self.recalls(scores, y, middle), strict=True)),
            "rows_right": float(np.mean((said == y).all(axis=1))),
        }

    def recalls(self, scores: Scores, y: Array, middle: float = 0.5) -> tuple[float, ...]:
        right = self.predictions(scores, middle) == y
        return tuple(_of_those(right, y == 1).tolist())

    def one_answer(self, scores: Scores, middle: float = 0.5) -> float:
        said = self.predictions(scores, middle)
        _, counts = np.unique(said, axis=0, return_counts=True)
        return float(counts.max() / len(said))

    def constant_quality(self, y: Array) -> float:
        """Always there, or never: one recall is 1, the other 0."""
        return 0.5

    def strata(self, y: Array) -> Labels:
        """Rows of the same labels, as far as those are common; all others together."""
        _, which, counts = np.unique(y, axis=0, return_inverse=True, return_counts=True)
        which = which.reshape(-1)
        common = np.flatnonzero(counts >= 2 * STRATA)
        places = np.zeros(len(counts), dtype=np.intp)
        places[common] = 1 + np.arange(len(common))
        strata: Labels = places[which]
        return strata

    def as_dict(self) -> dict[str, Any]:
        return {"kind": self.kind, "names": list(self.names)}


@dataclass(frozen=True)
class Regression:
    """Numbers to predict. A network may be trained on them scaled: `(y - offset) / divisor`, one of each for each
    output; predictions are in the numbers' own units.

    >>> problem = Regression(("price",)).fitted(np.array([[10.0], [30.0]]), "standard")
    >>> problem.targets(np.array([[30.0]]), 1), problem.predictions(np.array([[1.0]]))
    (array([[1.]]), array([[30.]]))
    >>> problem.quality(np.array([[0.0], [0.0]]), np.array([[10.0], [30.0]]))  # the mean, whatever the row
    0.0
    """

    names: tuple[str, ...] = ()
    offset: tuple[float, ...] | None = None
    divisor: tuple[float, ...] | None = None

    kind: ClassVar[Kind] = "regression"
    linear: ClassVar[Linear] = "ridge"
    cost = "quadratic"
    quality_name = "R2"

    @property
    def outputs(self) -> int:
        return len(self.names)

    def checked(self, y: Array) -> Array:
        y = y[:, np.newaxis] if y.ndim == 1 else y
        if y.ndim != 2 or y.shape[1] != len(self.names) or not np.issubdtype(y.dtype, np.number):
            expected, found = f"numbers (n, {len(self.names)})", f"{y.dtype} {y.shape}"
            raise UsageError("these are no numbers to predict", expected=expected, found=found)
        y = y.astype(np.float64)
        wrong = np.argwhere(~np.isfinite(y))
        if len(wrong):
            row, column = wrong[0]
            found = f"{y[row, column]} at row {row:,}"
            raise BadFile(f"a number of '{self.names[column]}' is missing", expected="finite numbers", found=found)
        return y

    def fitted(self, y: Array, scaling: str) -> Regression:
        if scaling == "raw":
            return replace(self, offset=None, divisor=None)
        sd = y.std(axis=0)
        sd = np.where(sd > 0, sd, 1.0)
        return replace(self, offset=tuple(y.mean(axis=0).tolist()), divisor=tuple(sd.tolist()))

    def targets(self, y: Array, outputs: int) -> Targets:
        y = y.reshape(len(y), -1).astype(np.float64)
        if self.offset is None or self.divisor is None:
            return y
        targets: Targets = (y - np.array(self.offset)) / np.array(self.divisor)
        return targets

    def predictions(self, scores: Scores, middle: float = 0.5) -> Array:
        scores = scores.astype(np.float64)
        if self.offset is None or self.divisor is None:
            return scores
        numbers: Array = scores * np.array(self.divisor) + np.array(self.offset)
        return numbers

    def r2(self, scores: Scores, y: Array) -> float:
        """The fraction of the variance of all outputs together, each in its own standard deviations (of more than
        `ALIKE` outputs in one that all share), that is predicted; below 0 where the mean would do better."""
        with np.errstate(all="ignore"):
            each = self._parts(scores, y)
            error, spread = float(np.mean(each[0])), float(np.mean(each[1]))
        if not math.isfinite(error):
            return -math.inf
        return 1 - error / spread if spread > 0 else float(error == 0)

    def _parts(self, scores: Scores, y: Array) -> tuple[Array, Array]:
        """The squared error of each row and its squared distance from the mean, in standard deviations, (n,) each."""
        y = y.reshape(len(y), -1)
        mean, sd = y.mean(axis=0), y.std(axis=0)
        if y.shape[1] > ALIKE:
            sd = np.full_like(sd, np.sqrt((sd**2).mean()))
        sd = np.where(sd > 0, sd, 1.0)
        error, distance = (self.predictions(scores) - y) / sd, (y - mean) / sd
        return (error**2).sum(axis=1), (distance**2).sum(axis=1)

    def quality(self, scores: Scores, y: Array, middle: float = 0.5) -> float:
        return min(max(self.r2(scores, y), 0.0), 1.0)

    def standard_error(self, scores: Scores, y: Array, middle: float = 0.5) -> float:
        """Of R2, by the delta method: that of the mean of `error - (1 - R2) distance`, over the mean distance. R2 is
        cut at 0: below it, no more than that of any R2 above 0 is, of normal numbers."""
        with np.errstate(all="ignore"):
            error, distance = self._parts(scores, y)
            rest = error - distance * error.mean() / max(distance.mean(), 1e-300)
            found = float(rest.std() / max(distance.mean(), 1e-300) / math.sqrt(len(y)))
        most = 1.0 if self.r2(scores, y) >= 0 else LARGEST / math.sqrt(len(y))
        return min(found, most) if math.isfinite(found) else most

    def each(self, scores: Scores, y: Array, middle: float = 0.5) -> Array:
        with np.errstate(all="ignore"):
            error, distance = self._parts(scores, y)
            contributions: Array = 1 - error / max(distance.mean(), 1e-300)
        return contributions

    def metric(self, scores: Scores, y: Array, middle: float = 0.5) -> Metric:
        return Metric("R2", self.r2(scores, y))

    def metrics(self, scores: Scores, y: Array, middle: float = 0.5) -> dict[str, Any]:
        """RMSE and MAE are in the units of the numbers, by name where there are several."""
        with np.errstate(all="ignore"):
            error = self.predictions(scores) - y.reshape(len(y), -1)
            rmse, mae = np.sqrt((error**2).mean(axis=0)), np.abs(error).mean(axis=0)
        one = len(self.names) == 1
        named = [float(each[0]) if one else dict(zip(self.names, each.tolist(), strict=True)) for each in (rmse, mae)]
        return {"r2": self.r2(scores, y), "rmse": named[0], "mae": named[1]}

    def recalls(self, scores: Scores, y: Array, middle: float = 0.5) -> tuple[float, ...]:
        return ()

    def one_answer(self, scores: Scores, middle: float = 0.5) -> float:
        return math.nan

    def constant_quality(self, y: Array) -> float:
        return 0.0

    def strata(self, y: Array) -> Labels:
        """Fifths of the first output, from low to high."""
        order = np.argsort(np.argsort(y.reshape(len(y), -1)[:, 0], kind="stable"), kind="stable")
        parts = min(STRATA, max(len(y) // 2, 1))
        strata: Labels = order * parts // max(len(y), 1)
        return strata

    def as_dict(self) -> dict[str, Any]:
        found: dict[str, Any] = {"kind": self.kind, "names": list(self.names)}
        if self.offset is not None and self.divisor is not None:
            found |= {"offset": list(self.offset), "divisor": list(self.divisor)}
        return found


PROBLEMS: dict[str, Any] = {"classification": Classification, "labels": MultiLabel, "regression": Regression}


def problem_from(about: Mapping[str, Any]) -> Problem:
    """The problem that `as_dict` was made of.

    >>> problem_from(MultiLabel(("a", "b")).as_dict())
    MultiLabel(names=('a', 'b'))

    Raises
    ------
    ValueError
        It is nothing of the kind.
    """
    names = tuple(about["names"])
    if not all(isinstance(one, str) for one in names) or about["kind"] not in PROBLEMS:
        raise ValueError(f"there is no problem {about['kind']!r} with the names {names!r}")
    if about["kind"] != "regression" or "offset" not in about:
        made: Problem = PROBLEMS[about["kind"]](names)
        return made
    offset, divisor = _numbers(about["offset"], len(names)), _numbers(about.get("divisor"), len(names))
    if not all(one > 0 for one in divisor):
        raise ValueError("a divisor of targets is above 0")
    return Regression(names, offset, divisor)


def _numbers(found: Any, count: int) -> tuple[float, ...]:
    good = isinstance(found, (list, tuple)) and len(found) == count
    if not good or not all(isinstance(one, (int, float)) and math.isfinite(one) for one in found):
        raise ValueError(f"{count} finite numbers are expected")
    return tuple(float(one) for one in found)


def _fraction(right: Array) -> float:
    return float(right.mean()) if len(right) else math.nan


def _of_those(right: Array, those: Array) -> Array:
    """Of each column, the fraction right among those rows; NaN where there are none."""
    with np.errstate(invalid="ignore"):
        fractions: Array = (right & those).sum(axis=0) / those.sum(axis=0)
    return fractions
