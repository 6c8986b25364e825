"""What a library's network is to learn: classes, labels or numbers, told from its targets, its outputs and its loss.

    whole numbers (n,), one-hot rows     classes
    rows of 0 and 1                      labels, each there or not
    numbers that the loss is least at    a regression

Numbers alone say little: whether outputs are to be these numbers is asked of the loss. One that is not least where the
outputs are the targets is no distance from them, and is left alone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from whynet.data.problem import Classification, MultiLabel, Regression
from whynet.data.protocol import Problem, names_of
from whynet.errors import UsageError
from whynet.types import Array, Labels

MOST_CLASSES = 10  # whole numbers of more kinds than this and than there are outputs are counts or measurements
ASKED = 64  # rows that a loss is asked about
AWAY = (0.1, 0.5, 1.0)  # how far the outputs are moved from the targets: to other rows' and to the mean, away from it
EXCHANGES = 4
EQUAL = 1e-4  # relative: float32

Measure = Callable[[Array, Array], float]
"""A loss of outputs (rows, outputs) and targets (rows, outputs)."""


class Learned(NamedTuple):
    """What is learned, the targets as the problem keeps them, and how it was told, in a few words.

    >>> Learned(Regression(("output",)), np.zeros((3, 1)), "a regression of 1 number").crossed
    False
    """

    problem: Problem
    y: Array
    words: str
    crossed: bool = False
    """Whether the loss compares every output with every row's target, as arrays (n, 1) and (n,) are broadcast."""

    def again(self, values: Array) -> Array:
        """Other targets of the same kind, those of a test set, as the problem keeps them.

        Raises
        ------
        UsageError, BadFile
            They are of another kind.
        """
        if isinstance(self.problem, Classification):
            return class_numbers(values, len(self.problem.classes))
        return self.problem.checked(_wide(values))


def learned(values: Array, outputs: int, measure: Measure, loss: str = "the loss") -> Learned:
    """What targets `values (n, ...)` stand for, given to a loss with so many outputs for each row.

    >>> def squares(outputs, targets):
    ...     return float(np.mean((outputs - targets) ** 2))
    >>> learned(np.array([1, 0, 2]), 3, squares).words
    '3 classes: the loss of whole numbers'
    >>> learned(np.array([[1.0, 0.0], [1.0, 1.0]]), 2, squares, "MSELoss").problem
    MultiLabel(names=('output 1', 'output 2'))
    >>> learned(np.array([0.5, 7.25, 3.0]), 1, squares, "MSELoss").words
    'a regression of 1 number: MSELoss of float targets'

    Raises
    ------
    UsageError
        They are nothing of the kind, or out of range.
    """
    try:
        found = _of_classes(values, outputs, loss)
        return found._replace(crossed=outputs == 1 and is_crossed(measure, _wide(values).astype(np.float64)))
    except UsageError as error:
        refusal = error
    wide = _wide(values)
    if wide.shape[1] != outputs or wide.dtype.kind not in "iufb":
        raise refusal
    if outputs > 1 and np.isin(wide, (0, 1)).all():
        problem = MultiLabel(names_of(outputs))
        return Learned(problem, problem.checked(wide), f"{outputs} labels: {loss} of rows of 0 and 1")
    numbers = Regression(names_of(outputs))
    y = numbers.checked(wide)
    crossed = is_crossed(measure, y)
    if not crossed and not is_distance(measure, y):
        raise refusal
    of = "float targets" if values.dtype.kind == "f" else "whole numbers"
    how_many = "1 number" if outputs == 1 else f"{outputs:,} numbers"
    return Learned(numbers, y, f"a regression of {how_many}: {loss} of {of}", crossed)


def _of_classes(values: Array, outputs: int, loss: str) -> Learned:
    classes = max(outputs, 2)
    labels = class_numbers(values, classes)
    form = "one-hot rows" if values.ndim == 2 and values.shape[1] > 1 else "whole numbers"
    return Learned(Classification(tuple(map(str, range(classes)))), labels, f"{classes} classes: {loss} of {form}")


def _wide(values: Array) -> Array:
    """A row of targets for each example."""
    return values.reshape(len(values), -1)


def is_whole(y: Array) -> bool:
    """Whether these are whole numbers, whatever type they have; targets that were scaled are not.

    >>> is_whole(np.array([3.0, -1.0])), is_whole(np.array([0.5]))
    (True, False)
    """
    return bool(np.array_equal(y, np.rint(y)))


def is_distance(measure: Measure, y: Array) -> bool:
    """Whether a loss is least where the outputs are the targets.

    >>> y = np.array([[3.0], [70.0], [-2.0]])
    >>> is_distance(lambda outputs, targets: float(np.abs(outputs - targets).sum()), y)
    True
    >>> is_distance(lambda outputs, targets: float(-(outputs * targets).mean()), y)
    False
    """
    y = _some(y)
    mean, sd = y.mean(axis=0), y.std(axis=0)
    sd = np.where(sd > 0, sd, np.maximum(np.abs(mean), 1))
    moves = [np.roll(y, 1, axis=0) - y, mean - y, y - mean, sd + 0 * y, -sd + 0 * y]
    with np.errstate(all="ignore"):
        here = _asked(measure, y, y)
        asked = [_asked(measure, y + far * move, y) for move in moves if move.any() for far in AWAY]
    within = y.min() >= 0 and y.max() <= 1  # a loss of probabilities cannot be asked about anything else
    moved = np.array([one for one in asked if np.isfinite(one) or not within])
    if not len(moved) or not np.isfinite([here, *moved]).all():
        return False
    rounding = EQUAL * np.maximum(np.abs(moved), abs(here))
    return bool((moved >= here - rounding).all() and (moved > here + rounding).any())


def is_crossed(measure: Measure, y: Array) -> bool:
    """Whether a loss stays the same when the outputs of a batch change places: then each is compared with all targets.

    >>> y = np.array([[3.0], [70.0], [-2.0]])
    >>> is_crossed(lambda outputs, targets: float(np.mean((outputs - targets[:, 0]) ** 2)), y)
    True
    >>> is_crossed(lambda outputs, targets: float(np.mean((outputs - targets) ** 2)), y)
    False
    """
    y = _some(y)
    low, high = float(y.min()), float(y.max())
    if y.shape[1] != 1 or len(y) < 3 or low == high:
        return False
    rng = np.random.default_rng(0)
    outputs = rng.uniform(low, high, y.shape)
    with np.errstate(all="ignore"):
        here, nearer = _asked(measure, outputs, y), _asked(measure, 0.5 * (outputs + low), y)
        moved = [_asked(measure, outputs[rng.permutation(len(y))], y) for _ in range(EXCHANGES)]
    alike = all(abs(one - here) <= EQUAL * abs(here) for one in moved)
    return bool(np.isfinite([here, nearer, *moved]).all() and alike and abs(nearer - here) > EQUAL * abs(here))


def _some(y: Array) -> Array:
    rows = np.linspace(0, len(y) - 1, min(len(y), ASKED)).astype(np.intp)
    return y[rows].astype(np.float64)


def _asked(measure: Measure, outputs: Array, y: Array) -> float:
    try:
        return measure(outputs, y)
    except Exception:  # a loss that takes no such numbers
        return np.nan


def class_numbers(values: Array, classes: int) -> Labels:
    """Class numbers (n,) from whole numbers, or from one-hot rows (n, classes).

    >>> class_numbers(np.array([[0.0, 1.0], [1.0, 0.0]]), 2)
    array([1, 0])

    Raises
    ------
    UsageError
        They are no classes, or out of range.
    """
    if values.ndim == 2 and values.shape[1] > 1:
        one_hot = values.shape[1] == classes and np.isin(values, (0, 1)).all() and (values.sum(axis=1) == 1).all()
        labels: Labels | None = values.argmax(axis=1) if one_hot else None
    elif values.size == len(values) and values.dtype.kind in "iufb" and np.array_equal(values, np.rint(values)):
        labels = values.reshape(-1).astype(np.intp)
    else:
        labels = None
    several = labels is not None and len(np.unique(labels)) > max(classes, MOST_CLASSES) and labels.max() >= classes
    if labels is None or several:
        found = "" if labels is None else f", {len(np.unique(labels))} different numbers"
        raise UsageError(
            "the targets are no classes, and not what the loss takes the outputs to be",
            expected=f"whole numbers (n,) or one-hot rows (n, {classes}); of a regression numbers that the loss is "
            "least at, one for each output",
            found=f"{values.dtype} {values.shape}{found}",
        )
    if len(labels) and (labels.min() < 0 or labels.max() >= classes):
        raise UsageError(
            "a label is out of range",
            expected=f"0 to {classes - 1}, as there are so many outputs",
            found=str(labels.min() if labels.min() < 0 else labels.max()),
        )
    return labels
