"""Prepare: from a recipe and its data to everything that a training is handed.

The data are split here, and here the mistakes that the recipe makes on purpose are made, once: the loop, the gradient
check, the check-up and the trials all take what `prepare` gives, so that they cannot differ.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from whynet.data.dataset import Dataset, fit_scaling
from whynet.data.distortions import Distortions
from whynet.engines.base import Engine, Examples, Task
from whynet.errors import UsageError
from whynet.mistakes.catalogue import counting, plant
from whynet.mistakes.data import spoilt, spoilt_order
from whynet.network.costs import floor
from whynet.network.network import Network
from whynet.optimizers.averages import Average
from whynet.optimizers.constraints import Constraints
from whynet.optimizers.optimizers import optimizer
from whynet.optimizers.penalties import Penalty
from whynet.optimizers.schedules import rates
from whynet.training.metrics import correct
from whynet.training.orders import orders
from whynet.training.recipe import Recipe
from whynet.types import Array


class Prepared(NamedTuple):
    """A training ready to start: the network (the task computes on the very same parameters), what an engine is handed,
    the examples to train on, those to validate and to test on, and who counts the right answers.

    >>> from whynet.data.sources import load
    >>> prepared = prepare(Recipe(hidden=(20,), validation_size=200), load("digits"))
    >>> prepared.network.sizes, len(prepared.train), len(prepared.validation), prepared.batches
    ((64, 20, 10), 1242, 200, 125)
    """

    recipe: Recipe
    network: Network
    task: Task
    train: Dataset
    validation: Dataset | None
    test: Dataset | None
    count_right: Callable[[Network, Dataset, Engine], int]

    @property
    def batch_size(self) -> int:
        """Examples in a batch."""
        n = len(self.train)
        return n if self.recipe.batch_size == "full" else min(int(self.recipe.batch_size), n)

    @property
    def batches(self) -> int:
        """Batches, and so steps, in an epoch."""
        return math.ceil(len(self.train) / self.batch_size)

    @property
    def floor(self) -> float:
        """The least cost of an answer that ignores the image: the mean target of the training examples."""
        examples = self.task.examples
        mass = np.bincount(examples.labels, weights=examples.weights, minlength=len(examples.targets))
        mean_weight = float(mass.sum()) / len(examples.labels)
        return mean_weight * floor(self.network.cost, examples.targets, mass)

    @property
    def distortions(self) -> Distortions:
        """How the images are distorted in training."""
        one = self.recipe
        return Distortions(one.rotation, one.shear, one.zoom, one.shift, one.elastic, one.elastic_sigma)

    def orders(self, first_epoch: int = 0) -> Iterator[Array]:
        """The order of examples of each epoch from `first_epoch` on, (n,) row numbers."""
        for order in orders(self.recipe, self.network, len(self.train), first_epoch):
            yield spoilt_order(order, self.recipe.faults)

    def rates(self, epoch: int) -> Array:
        """The learning rate of each step of an epoch, (batches,)."""
        steps = range(epoch * self.batches, (epoch + 1) * self.batches)
        return rates(self.recipe.schedule, self.recipe.rate, steps, self.recipe.epochs * self.batches)

    def shown(self, epoch: int) -> Task:
        """The task with the images as that epoch shows them."""
        if not self.distortions:
            return self.task
        examples = self.task.examples
        images = examples.pixels.reshape(self.train.images.shape)
        shown = self.distortions.apply(images, seed=self.recipe.seed, epoch=epoch)
        return self.task._replace(examples=examples._replace(pixels=shown.reshape(examples.pixels.shape)))

    def as_read(self, examples: Dataset) -> Dataset:
        """Examples held back elsewhere, as the recipe's own reader of data would give them, with its mistakes."""
        return spoilt(examples, self.recipe.faults, ["loader"], self.recipe.seed)


def prepare(recipe: Recipe, data: Dataset, network: Network | None = None) -> Prepared:
    """What training `recipe` on `data` starts with; without a `network` of one's own, the one that it describes.

    >>> from whynet.data.sources import load
    >>> prepare(Recipe(hidden=(20, 15), momentum=0.9), load("digits")).network
    Network(64-20-15-10, sigmoid, softmax-cross-entropy: 1,775 parameters, float32)

    Raises
    ------
    UsageError
        Sizes, weights or mistakes that do not fit.
    """
    faults, seed = recipe.faults, recipe.seed
    train, validation = split(data, recipe)
    train = spoilt(train, faults, ["train", "loader"], seed)
    validation = None if validation is None else spoilt(validation, faults, ["loader"], seed)
    test = None if data.test is None else spoilt(data.test, faults, ["loader", "test"], seed)
    if network is None:
        network = _build(recipe, train)
    else:
        recipe.but(sizes=network.sizes, hidden=None).full_sizes(data.features, len(data.classes))  # do they fit?
    task = plant(_task(recipe, network, train), faults)
    return Prepared(recipe, network, task, train, validation, test, counting(faults, correct))


def split(data: Dataset, recipe: Recipe) -> tuple[Dataset, Dataset | None]:
    """The examples to train on and, if the recipe holds any back, those to validate on; as they are.

    >>> from whynet.data.sources import load
    >>> train, validation = split(load("digits"), Recipe(validation_size=200))
    >>> len(train), len(validation)
    (1242, 200)
    """
    validation = None
    if recipe.validation_size:
        data, validation = data.split(recipe.validation_size, seed=recipe.seed)
    if recipe.train_size is not None:
        data = data.subset(recipe.train_size, seed=recipe.seed, balanced=recipe.subset == "balanced")
    return data, validation


def _build(recipe: Recipe, train: Dataset) -> Network:
    """The untrained network that the recipe describes, made to fit the examples it is to be trained on."""
    return Network(
        recipe.full_sizes(train.features, len(train.classes)),
        activation=recipe.activation,
        output_activation=recipe.output_activation,
        init=recipe.init,
        bias_init=recipe.bias_init,
        output_init=recipe.output_init,
        batch_norm=recipe.batch_norm,
        dropout=recipe.dropout,
        input_dropout=recipe.input_dropout,
        noise=recipe.noise,
        input_noise=recipe.input_noise,
        cost=recipe.cost,
        seed=recipe.seed,
        dtype=recipe.dtype,
        randomness=recipe.randomness,
        scaling=fit_scaling(recipe.scaling, train.images),
        classes=train.classes,
    )


def _task(recipe: Recipe, network: Network, train: Dataset) -> Task:
    """What an engine is handed: the network, how it is updated, and the examples."""
    targets = network.targets(np.arange(len(train.classes)))
    if recipe.label_smoothing:  # a share of certainty goes to all classes alike (Szegedy et al. 2016, section 7)
        targets = (1 - recipe.label_smoothing) * targets + recipe.label_smoothing / len(train.classes)
    return Task(
        network,
        optimizer(recipe.optimizer, recipe.momentum),
        Penalty(recipe.l1, recipe.l2),
        Constraints(recipe.clip_norm, recipe.decay, recipe.max_norm),
        Average(recipe.average),
        Examples(
            train.pixels,
            network.scaling or fit_scaling(recipe.scaling, train.images),
            train.labels,
            targets.astype(network.dtype),
            _weights(recipe, train, network.dtype),
        ),
        recipe.seed,
        recipe.threads,
    )


def _weights(recipe: Recipe, train: Dataset, dtype: np.dtype[np.floating]) -> Array | None:
    """What each example counts, (n,): its own weight times its class's; None if all count 1."""
    wanted = recipe.class_weights
    if wanted is None:
        return None if train.weights is None else train.weights.astype(dtype)
    counts = train.counts
    if wanted == "balanced":  # King and Zeng 2001; mean 1 over the examples
        of_class = len(train) / (np.count_nonzero(counts) * np.maximum(counts, 1))
    else:
        of_class = np.array(wanted, dtype=np.float64)
        if len(of_class) != len(counts) or not of_class[counts > 0].any():
            raise UsageError(
                "the class weights do not fit the data",
                expected=f"{len(counts)} numbers, not all 0",
                found=", ".join(map(str, wanted)) or "none",
            )
    each = of_class[train.labels] * (1.0 if train.weights is None else train.weights)
    return each.astype(dtype)
