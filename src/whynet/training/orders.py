"""Orders: which examples each step of an epoch sees. Every order is a pure function of (seed, epoch), so that two
trainings that differ in one setting see the same examples in the same order."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from whynet.network.network import Network, draw_in_one
from whynet.training.recipe import Recipe
from whynet.types import Array, Rows


def orders(recipe: Recipe, network: Network, n: int, first_epoch: int = 0) -> Iterator[Array]:
    """The order of examples of each epoch from `first_epoch` on, (n,) row numbers.

    >>> next(orders(Recipe(order="file"), Network([2, 1]), n=4)).tolist()
    [0, 1, 2, 3]
    """
    if recipe.randomness == "one-generator":
        yield from _one_generator_orders(recipe, network, n, first_epoch)
    epoch = first_epoch
    while True:
        rng = np.random.default_rng([recipe.seed, 2, epoch])
        if recipe.order == "file":
            yield np.arange(n)
        elif recipe.order == "random":
            yield rng.integers(n, size=n)
        else:
            yield rng.permutation(n)
        epoch += 1


def _one_generator_orders(recipe: Recipe, network: Network, n: int, first_epoch: int) -> Iterator[Array]:
    """The tutorial's: the generator that drew the weights goes on to shuffle the running order in place."""
    rng = np.random.default_rng(recipe.seed)
    draw_in_one(network.layers, rng)
    order = np.arange(n)
    epoch = 0
    while True:
        if recipe.order == "shuffled":
            rng.shuffle(order)
        elif recipe.order == "random":
            order = rng.integers(n, size=n)
        if epoch >= first_epoch:
            yield order.copy()
        epoch += 1


def batches(order: Array, size: int, first: int, last: int) -> Rows:
    """Batches `first` up to `last` of an epoch, (batches, size); a shorter one at its end comes alone.

    >>> batches(np.arange(5), 2, 0, 9).tolist(), batches(np.arange(5), 2, 2, 9).tolist()
    ([[0, 1], [2, 3]], [[4]])
    """
    full = len(order) // size
    if first < full:
        return order[first * size : min(last, full) * size].reshape(-1, size)
    return order[np.newaxis, full * size :]
