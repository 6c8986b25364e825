"""Which cost somebody's loss is, found out by evaluating it: what it is called does not matter."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from whynet.errors import NoRecipe
from whynet.network.activations import ACTIVATIONS
from whynet.network.costs import COSTS, one_hot
from whynet.types import Array, Labels

TOLD_APART = ("quadratic", "sigmoid-cross-entropy", "softmax-cross-entropy")  # costs of classes
CLOSE = 2e-3  # relative to the spread of the values: losses are computed in float32, some with an epsilon of 1e-7


class Loss(NamedTuple):
    """Somebody's loss in the words of a recipe: `factor` times that cost of the last layer's outputs, plus a constant.

    >>> Loss("quadratic", "sigmoid", factor=0.2, summed=False, smoothing=0.0).factor
    0.2
    """

    cost: str
    output_activation: str
    factor: float
    summed: bool
    """Summed over the rows of a batch where others take the mean; `factor` is then that of one row."""
    smoothing: float


def recognise(loss: Callable[[Array, Labels], float], outputs: int, *, smoothing: float = 0.0) -> Loss:
    """Which cost `loss(Z, labels)` is, where `Z (n, outputs)` are the weighted inputs of the last layer.

    The loss is asked about random `Z`, and the values are compared with those of every cost under every activation.

    >>> def mean_square(Z, labels):
    ...     return float(np.mean((1 / (1 + np.exp(-Z)) - np.eye(4)[labels]) ** 2))
    >>> recognise(mean_square, 4)
    Loss(cost='quadratic', output_activation='sigmoid', factor=0.5, summed=False, smoothing=0.0)

    Raises
    ------
    NoRecipe
        It is none of them.
    """
    rng = np.random.default_rng(0)
    classes = max(outputs, 2)
    asked = [
        (rng.normal(0, spread, (rows, outputs)), rng.integers(classes, size=rows))
        for rows in (6, 12)
        for spread in (0.3, 1.0, 2.0, 3.0)
        for _ in range(3)
    ]
    values = np.array([loss(Z, labels) for Z, labels in asked])
    if not np.isfinite(values).all():
        raise NoRecipe(
            "the loss is not finite for moderate outputs",
            expected="a number for every output between -8 and 8",
            found=str(values[~np.isfinite(values)][0]),
        )
    rows = np.array([len(Z) for Z, _ in asked])
    for cost in TOLD_APART:
        for name, activation in ACTIVATIONS.items():
            with np.errstate(all="ignore"):
                own = np.array(
                    [
                        COSTS[cost].value(activation.forward(Z)[0], _targets(labels, outputs, smoothing))
                        for Z, labels in asked
                    ]
                )
            for summed in (False, True):
                factor = _factor(values, own * rows if summed else own)
                if factor is not None:
                    return Loss(cost, name, factor, summed, smoothing)
    raise NoRecipe(
        "this loss is none of the costs that are told apart",
        expected="squared error, or a cross-entropy with sigmoid or softmax, of integer labels or one-hot targets",
        do="Its training is measured, but not trained again as a recipe",
    )


def _targets(labels: Labels, outputs: int, smoothing: float) -> Array:
    return (1 - smoothing) * one_hot(labels, outputs, "float64") + smoothing / max(outputs, 2)


def _factor(values: Array, own: Array) -> float | None:
    """The number that takes one to the other, if there is one."""
    if not np.isfinite(own).all() or np.ptp(own) == 0:
        return None
    factor, offset = np.polyfit(own, values, 1)
    error = np.abs(factor * own + offset - values).max()
    return float(f"{factor:.4g}") if factor and error <= CLOSE * np.ptp(values) else None
