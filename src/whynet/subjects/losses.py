"""Which cost somebody's loss is, found out by evaluating it: what it is called does not matter."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from whynet.data.problem import Classification
from whynet.data.protocol import Problem
from whynet.errors import NoRecipe
from whynet.network.activations import ACTIVATIONS
from whynet.network.costs import COSTS
from whynet.types import Array, Targets

OF_CLASSES = ("quadratic", "sigmoid-cross-entropy", "softmax-cross-entropy")
OF_NUMBERS = ("quadratic", "absolute", "huber")
OF_SHARES = ("quadratic", "sigmoid-cross-entropy", "absolute", "huber")
"""The costs that are told apart, of numbers from 0 to 1."""
CLEARLY = 0.2  # times the error: another cost fits better, relu than its leaky kind
CLOSE = 2e-3  # relative to the spread of the values: losses are computed in float32, some with an epsilon of 1e-7

CLOSE_OF_NUMBERS = 1e-4  # the same where no loss has an epsilon


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


def recognise(
    loss: Callable[[Array, Array], float], outputs: int, *, problem: Problem | None = None, shares: bool = False,
    smoothing: float = 0.0,
) -> Loss:  # fmt: skip
    """Which cost `loss(Z, y)` is, where `Z (n, outputs)` are the weighted inputs of the last layer and `y` is what the
    `problem` keeps: without one, class numbers. Of numbers, `shares` are those from 0 to 1.

    The loss is asked about random `Z` and `y`, and the values are compared with those of every cost under every
    activation.

    >>> def mean_square(Z, labels):
    ...     return float(np.mean((1 / (1 + np.exp(-Z)) - np.eye(4)[labels]) ** 2))
    >>> recognise(mean_square, 4)
    Loss(cost='quadratic', output_activation='sigmoid', factor=0.5, summed=False, smoothing=0.0)
    >>> from whynet.data.problem import Regression
    >>> recognise(lambda Z, y: float(np.abs(Z - y).mean()), 2, problem=Regression(("a", "b")))
    Loss(cost='absolute', output_activation='identity', factor=0.5, summed=False, smoothing=0.0)

    Raises
    ------
    NoRecipe
        It is none of them.
    """
    rng = np.random.default_rng(0)
    problem = problem or Classification(tuple(map(str, range(max(outputs, 2)))))
    asked = [
        (rng.normal(0, spread, (rows, outputs)), _drawn(problem, rows, outputs, rng, shares=shares))
        for rows in (6, 12)
        for spread in (0.3, 1.0, 2.0, 3.0)
        for _ in range(3)
    ]
    values = np.array([loss(Z, y) for Z, y in asked])
    if not np.isfinite(values).all():
        raise NoRecipe(
            "the loss is not finite for moderate outputs",
            expected="a number for every output between -8 and 8",
            found=str(values[~np.isfinite(values)][0]),
        )
    rows = np.array([len(Z) for Z, _ in asked])
    best: tuple[float, Loss] | None = None
    close = CLOSE_OF_NUMBERS if problem.kind == "regression" and not shares else CLOSE
    for cost in _costs(problem, shares):
        for name, activation in ACTIVATIONS.items():
            with np.errstate(all="ignore"):
                own = np.array(
                    [
                        COSTS[cost].value(activation.forward(Z)[0], _targets(problem, y, outputs, smoothing))
                        for Z, y in asked
                    ]
                )
            for summed in (False, True):
                factor, error = _factor(values, own * rows if summed else own)
                if error <= close and (best is None or error < CLEARLY * best[0]):
                    best = error, Loss(cost, name, factor, summed, smoothing)
    if best is not None:
        return best[1]
    raise NoRecipe(
        "this loss is none of the costs that are told apart",
        expected="squared, absolute or Huber's error, or a cross-entropy with sigmoid or softmax",
        do="Its training is measured, but not trained again as a recipe",
    )


def _costs(problem: Problem, shares: bool) -> tuple[str, ...]:
    if problem.kind == "regression":
        return OF_SHARES if shares else OF_NUMBERS
    return OF_CLASSES


def _drawn(problem: Problem, rows: int, outputs: int, rng: np.random.Generator, *, shares: bool) -> Array:
    """Targets that the loss may be asked about."""
    if problem.kind == "classification":
        return rng.integers(max(outputs, 2), size=rows)
    if problem.kind == "labels":
        return rng.integers(2, size=(rows, outputs)).astype(np.uint8)
    return rng.uniform(0, 1, (rows, outputs)) if shares else rng.normal(0, 2, (rows, outputs))


def _targets(problem: Problem, y: Array, outputs: int, smoothing: float) -> Targets:
    targets = problem.targets(y, outputs)
    return targets if not smoothing else (1 - smoothing) * targets + smoothing / max(outputs, 2)


def _factor(values: Array, own: Array) -> tuple[float, float]:
    """The number that takes one to the other, and how far they are apart then, of the spread of the values."""
    if not np.isfinite(own).all() or np.ptp(own) == 0:
        return 0.0, np.inf
    factor, offset = np.polyfit(own, values, 1)
    error = float(np.abs(factor * own + offset - values).max()) / max(float(np.ptp(values)), 1e-300)
    return float(f"{factor:.4g}"), error if factor else np.inf
