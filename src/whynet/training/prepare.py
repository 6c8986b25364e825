"""Prepare: from a recipe and its data to everything that a training is handed.

The data are split here, and here the mistakes that the recipe makes on purpose are made, once: the loop, the gradient
check, the check-up and the trials all take what `prepare` gives, so that they cannot differ.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from whynet.data.dataset import Dataset
from whynet.data.distortions import Distortions
from whynet.data.protocol import Problem
from whynet.engines.base import Engine, Examples, Task
from whynet.errors import UsageError
from whynet.mistakes.catalogue import counting, plant
from whynet.mistakes.data import spoilt, spoilt_order
from whynet.network.architectures import Style, mlp, numbered
from whynet.network.costs import cost as cost_named
from whynet.network.costs import floor
from whynet.network.layers import Layer
from whynet.network.network import Network
from whynet.optimizers.averages import Average
from whynet.optimizers.constraints import Constraints
from whynet.optimizers.optimizers import optimizer
from whynet.optimizers.penalties import Penalty
from whynet.optimizers.schedules import rates
from whynet.training.orders import orders
from whynet.training.recipe import Recipe
from whynet.types import Array, Inputs, Labels, Scaling, Targets


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
    scaling: Scaling
    problem: Problem
    train: Dataset
    validation: Dataset | None
    test: Dataset | None
    count_right: Callable[[Network, Dataset, Engine], int] | None

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
        """The least cost of an answer that is the same for every example."""
        examples = self.task.examples
        mass = np.bincount(examples.labels, weights=examples.weights, minlength=len(examples.targets))
        mean_weight = float(mass.sum()) / len(examples.labels)
        return mean_weight * floor(self.network.cost, examples.targets, mass)

    @property
    def distortions(self) -> Distortions:
        """How the images are distorted in training."""
        one = self.recipe
        return Distortions(one.rotation, one.shear, one.zoom, one.shift, one.elastic, one.elastic_sigma)

    @property
    def called(self) -> list[str]:
        """What each layer of the network is called, by its line; nothing where the layers were not said in words.

        >>> from whynet.data.sources import load
        >>> prepare(Recipe(layers=("conv 4 3x3", "pool 2"), batch_norm=True), load("digits")).called
        ['layer 1, conv 4 3x3', 'layer 1, conv 4 3x3', 'layer 2, pool 2', 'the output layer']
        """
        lines = self.recipe.layers
        if lines is None:
            return [""] * len(self.network.layers)
        said = ["the inputs", *(f"layer {number}, {line}" for number, line in enumerate(lines, 1)), "the output layer"]
        return [said[number] for number, _ in layers_of(self.recipe, self.train)]

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
        shown = self.distortions.apply(self.train.images, seed=self.recipe.seed, epoch=epoch)
        return self.task._replace(examples=examples._replace(inputs=shown.reshape(examples.inputs.shape)))

    def tell(self, network: Network) -> None:
        """Let a network know how its inputs are scaled, and what its outputs are."""
        network.scaling, network.problem, network.encoding = self.scaling, self.problem, self.train.X.encoding

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
    recipe = recipe.fitting(data.problem)
    faults, seed = recipe.faults, recipe.seed
    check_fit(recipe, data)
    train, validation = split(data, recipe)
    train = spoilt(train, faults, ["train", "loader"], seed)
    validation = None if validation is None else spoilt(validation, faults, ["loader"], seed)
    test = None if data.test is None else spoilt(data.test, faults, ["loader", "test"], seed)
    scaling = (network.scaling if network is not None else None) or train.X.scaling(recipe.scaling)
    problem = train.problem.fitted(train.y, recipe.target_scaling)
    if network is None:
        network = _build(recipe, train, scaling, problem)
    else:
        check_shapes(network, data)
    task = plant(_task(recipe, network, train, scaling, problem), faults)
    return Prepared(recipe, network, task, scaling, problem, train, validation, test, counting(faults))


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


def layers_of(recipe: Recipe, data: Dataset) -> list[tuple[int, Layer]]:
    """The layers that the recipe describes, made to fit such examples; each with the number of its line where the
    hidden ones are said in words, else with 0.

    >>> from whynet.data.sources import load
    >>> [layer.out_shape for _, layer in layers_of(Recipe(layers=("conv 4 3x3", "pool 2")), load("digits"))]
    [(6, 6, 4), (3, 3, 4), (10,)]

    Raises
    ------
    UsageError
        Sizes or lines that do not fit the data.
    """
    recipe = recipe.fitting(data.problem)
    sizes = recipe.sizes_for(data)
    style = Style(
        recipe.activation,
        recipe.output_activation or cost_named(recipe.cost).output_activation,
        recipe.init,
        recipe.bias_init,
        recipe.output_init,
        recipe.batch_norm,
        recipe.dropout,
        recipe.input_dropout,
        recipe.noise,
        recipe.input_noise,
    )
    if recipe.layers is None:
        return [(0, layer) for layer in mlp(sizes, style)]
    return numbered(data.shape, recipe.layers, sizes[-1], style)


def _build(recipe: Recipe, train: Dataset, scaling: Scaling, problem: Problem) -> Network:
    """The untrained network that the recipe describes, made to fit the examples it is to be trained on."""
    return Network(
        layers=[layer for _, layer in layers_of(recipe, train)],
        cost=recipe.cost,
        seed=recipe.seed,
        dtype=recipe.dtype,
        randomness=recipe.randomness,
        scaling=scaling,
        problem=problem,
        encoding=train.X.encoding,
    )


def _task(recipe: Recipe, network: Network, train: Dataset, scaling: Scaling, problem: Problem) -> Task:
    """What an engine is handed: the network, how it is updated, and the examples."""
    labels, targets = _targets(problem, network, train)
    if recipe.label_smoothing:  # a share of certainty goes to all classes alike (Szegedy et al. 2016, section 7)
        targets = (1 - recipe.label_smoothing) * targets + recipe.label_smoothing / len(train.classes)
    return Task(
        network,
        optimizer(recipe.optimizer, recipe.momentum),
        Penalty(recipe.l1, recipe.l2),
        Constraints(recipe.clip_norm, recipe.decay, recipe.max_norm),
        Average(recipe.average),
        Examples(
            *_inputs(scaling, network, train),
            labels,
            targets.astype(network.dtype),
            _weights(recipe, train, network.dtype),
        ),
        recipe.seed,
        recipe.threads,
    )


def _inputs(scaling: Scaling, network: Network, train: Dataset) -> tuple[Inputs, Scaling | None]:
    """Bytes stay bytes, with their scaling; other numbers are scaled here, once."""
    return (scaling.apply(train.inputs, network.dtype), None) if scaling.of_floats else (train.inputs, scaling)


def _targets(problem: Problem, network: Network, train: Dataset) -> tuple[Labels, Targets]:
    """The label of each example, and the targets of each label; where there are no classes, each is its own label."""
    outputs = network.layers[-1].outputs
    labels, y = (train.labels, np.arange(len(train.classes))) if train.classes else (np.arange(len(train)), train.y)
    return labels, problem.targets(y, outputs).astype(network.dtype)


def check_shapes(network: Network, data: Dataset) -> None:
    """Refuse a network that takes other examples than these, or answers with other outputs.

    >>> from whynet.data.sources import load
    >>> check_shapes(Network([64, 10]), load("digits"))  # no objection

    Raises
    ------
    UsageError
        The shapes, or the numbers of features or outputs, differ.
    """
    takes = network.layers[0].in_shape
    if len(takes) > 1 and takes != data.shape:
        raise UsageError(
            "the network takes pictures of another shape than these data have",
            expected="x".join(map(str, takes)), found="x".join(map(str, data.shape)),
            do="Make its first layer for the shape that the data have",
        )  # fmt: skip
    Recipe(sizes=(network.layers[0].inputs, network.layers[-1].outputs)).sizes_for(data)


def check_fit(recipe: Recipe, data: Dataset) -> None:
    """Refuse what makes no sense for such data.

    >>> from whynet.data.sources import load
    >>> check_fit(Recipe(), load("digits"))  # no objection

    Raises
    ------
    UsageError
        A cost that the targets are not made for, weights of classes where there are none, distortions of what is no
        image.
    """
    if not data.classes:
        for name in ("label_smoothing", "class_weights"):
            if getattr(recipe, name):
                raise UsageError(
                    f"{name.replace('_', ' ')} is for classes", found=f"a {data.problem.kind} problem",
                    do=f"Leave out --{name.replace('_', '-')}",
                )  # fmt: skip
    bent = Distortions(recipe.rotation, recipe.shear, recipe.zoom, recipe.shift, recipe.elastic, recipe.elastic_sigma)
    if bent and not (data.are_pictures and data.images.ndim == 3):
        raise UsageError(
            "only grey images can be distorted", found="coloured images" if data.are_pictures else "a table",
            do="Leave out rotation, shear, zoom, shift and elastic",
        )  # fmt: skip
    if data.problem.kind != "regression":
        return
    if recipe.cost == "softmax-cross-entropy":
        raise UsageError(
            "softmax-cross-entropy is for classes, and here numbers are predicted",
            do="Use the recipe table, or --cost quadratic",
        )
    if recipe.cost == "sigmoid-cross-entropy" and (data.y.min() < 0 or data.y.max() > 1):
        raise UsageError(
            "sigmoid-cross-entropy needs targets from 0 to 1", found=f"{data.y.min():g} to {data.y.max():g}",
            do="Use --cost quadratic",
        )  # fmt: skip


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
