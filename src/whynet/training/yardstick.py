"""The yardstick: what a linear model reaches on the same rows. A network that stays below it has not learned."""

from __future__ import annotations

import numpy as np

from whynet.data.dataset import Dataset
from whynet.engines.choice import FASTEST
from whynet.network.network import Network
from whynet.training.loop import Training
from whynet.training.prepare import prepare
from whynet.training.recipe import Recipe
from whynet.types import Labels


def linear_accuracy(recipe: Recipe, data: Dataset, held: Dataset) -> float:
    """The fraction of `held` that a linear classifier gets right, trained on the recipe's rows of `data`.

    >>> from whynet.data.sources import load
    >>> digits = load("digits")
    >>> linear_accuracy(Recipe(), digits, digits.test) > 0.9
    True
    """
    rows = len(data) if recipe.train_size is None else min(recipe.train_size, len(data))
    plain = Recipe(
        data=recipe.data,
        train_size=None if rows == len(data) else rows,
        subset=recipe.subset,
        hidden=(),
        init="zeros",
        optimizer="adam",
        learning_rate=0.003,
        schedule="linear",
        batch_size=100,
        epochs=max(3, min(100, 200_000 // rows)),
    )
    training = Training(prepare(plain, data)._replace(test=None))
    for _ in training:
        pass
    return float(np.mean(predictions(training.outcome, held) == held.labels))


def predictions(network: Network, data: Dataset) -> Labels:
    """The class that the network predicts for each image; single precision will do, and takes half the time.

    >>> from whynet.data.sources import load
    >>> digits = load("digits")
    >>> predictions(prepare(Recipe(), digits).network, digits).shape
    (1442,)
    """
    with np.errstate(all="ignore"):
        single = network.astype("float32")
        scores = FASTEST.scores(single if np.isfinite(single.params.vector).all() else network, data.pixels)
        return network.cost.predictions(np.nan_to_num(scores, nan=-np.inf))
