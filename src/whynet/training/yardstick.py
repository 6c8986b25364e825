"""The yardstick: what a linear model reaches on the same rows. A network that stays below it has not learned.

logistic    regression for classes and labels, by this library's own training
ridge       regression for numbers, solved at once (Hoerl and Kennard 1970)
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from whynet.data.dataset import Dataset
from whynet.data.problem import Regression
from whynet.data.protocol import Problem
from whynet.engines.choice import FASTEST
from whynet.network.network import Network
from whynet.training.loop import Training
from whynet.training.prepare import prepare
from whynet.training.recipe import Recipe
from whynet.types import Array, Scores

RIDGE = 1.0  # the penalty, in rows: scikit-learn's `alpha`
SEEN = 200_000  # rows that a logistic regression sees in all


class Answers(NamedTuple):
    """What a model says to the rows held back, and how that is judged.

    >>> from whynet.data.problem import Classification
    >>> Answers(Classification(("a", "b")), np.eye(2), 0.5).quality(np.array([0, 0]))
    0.5
    """

    problem: Problem
    scores: Scores
    middle: float

    def quality(self, y: Array) -> float:
        """From 0 to 1."""
        return self.problem.quality(self.scores, y, self.middle)

    def each(self, y: Array) -> Array:
        """What each row contributes to it, (n,)."""
        return self.problem.each(self.scores, y, self.middle)


def linear_quality(recipe: Recipe, data: Dataset, held: Dataset) -> float:
    """The quality on `held` of a linear model that is trained on the recipe's rows of `data`.

    >>> from whynet.data.sources import load
    >>> digits = load("digits")
    >>> linear_quality(Recipe(), digits, digits.test) > 0.9
    True
    """
    return linear_answers(recipe, data, held).quality(held.y)


def linear_answers(recipe: Recipe, data: Dataset, held: Dataset) -> Answers:
    """What a linear model says to `held` that is trained on the recipe's rows of `data`.

    >>> rows = np.arange(12.0).reshape(6, 2)
    >>> line = Dataset(rows, 3 * rows[:, 0] + 1, problem=Regression(("y",)))
    >>> linear_answers(Recipe(), line, line).quality(line.y) > 0.9
    True
    """
    if isinstance(data.problem, Regression):
        return _ridge(recipe, data, held)
    rows = len(data) if recipe.train_size is None else min(recipe.train_size, len(data))
    images = data.X.array.ndim > 2
    most = 100 if images else 1000  # a table may be small
    plain = Recipe(
        data=recipe.data,
        train_size=None if rows == len(data) else rows,
        subset=recipe.subset,
        scaling="0..1" if images else "standard",
        cost="auto",
        hidden=(),
        init="zeros",
        optimizer="adam",
        learning_rate=0.003,
        schedule="linear",
        batch_size=100,
        epochs=max(3, min(most, SEEN // rows)),
    )
    training = Training(prepare(plain, data)._replace(test=None))
    for _ in training:
        pass
    network = training.outcome
    return Answers(network.problem, scores_of(network, held), network.cost.middle)


def is_reconstruction(data: Dataset) -> bool:
    """Whether what is to be answered is what is shown, up to a factor.

    >>> from whynet.data.problem import Regression
    >>> from whynet.data.features import FloatFeatures
    >>> X = np.arange(6.0).reshape(3, 2)
    >>> is_reconstruction(Dataset(FloatFeatures(X), X / 255, problem=Regression(("a", "b"))))
    True
    """
    X, y = data.inputs, data.y
    if data.problem.kind != "regression" or X.shape != y.shape or X.shape[1] < 2:
        return False
    factor = float(np.vdot(X.astype(np.float64), y)) / max(float(np.vdot(X.astype(np.float64), X)), 1e-300)
    return bool(np.allclose(factor * X, y, rtol=1e-4, atol=1e-6 * max(float(np.abs(y).max()), 1e-300)))


def _ridge(recipe: Recipe, data: Dataset, held: Dataset) -> Answers:
    """Standardised features, standardised targets: `w = (X'X + alpha I)^-1 X'y`. A linear model gives its inputs back
    as they are, whatever it has learned: of a reconstruction, the mean is the yardstick."""
    if recipe.train_size is not None and recipe.train_size < len(data):
        data = data.subset(recipe.train_size, seed=recipe.seed, balanced=recipe.subset == "balanced")
    problem, scaling = data.problem.fitted(data.y, "standard"), data.X.scaling("standard")
    X, targets = scaling.apply(data.inputs, "float64"), problem.targets(data.y, problem.outputs)
    W = np.linalg.solve(X.T @ X + RIDGE * np.eye(X.shape[1]), X.T @ targets)
    if is_reconstruction(data):
        W = np.zeros_like(W)
    return Answers(problem, scaling.apply(held.inputs, "float64") @ W, 0.5)


def scores_of(network: Network, data: Dataset) -> Scores:
    """The network's scores; single precision will do, and takes half the time. A NaN is the least of all scores.

    >>> from whynet.data.sources import load
    >>> digits = load("digits")
    >>> scores_of(prepare(Recipe(), digits).network, digits).shape
    (1442, 10)
    """
    with np.errstate(all="ignore"):
        single = network.astype("float32")
        scores = FASTEST.scores(single if np.isfinite(single.params.vector).all() else network, data.inputs)
        found: Array = np.nan_to_num(scores, nan=-np.inf, posinf=np.inf, neginf=-np.inf)
        return found


def quality(network: Network, data: Dataset) -> float:
    """The quality of the network's answers, from scores in single precision.

    >>> from whynet.data.sources import load
    >>> digits = load("digits")
    >>> 0 < quality(prepare(Recipe(), digits).network, digits) < 0.3
    True
    """
    return network.problem.quality(scores_of(network, data), data.y, network.cost.middle)
