"""Planted faults of tables: classes, labels, numbers, and two classes on one output, each with two sound networks.

A plant is spoilt in its recipe, or in its data before they are split. `right` are the causes any of which a diagnosis
may put first; `only` are the kinds of data that it suits, and `net` is the network that it is planted in.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, get_args

import numpy as np

from whynet.data.dataset import Dataset
from whynet.data.features import FloatFeatures
from whynet.training.recipe import Recipe
from whynet.types import Array

Ward = Literal["classes", "numbers", "labels", "two"]
WARDS: tuple[Ward, ...] = get_args(Ward)

_RELU: dict[str, Any] = {
    "hidden": (40,), "activation": "relu", "init": "he", "optimizer": "adam", "learning_rate": 0.005, "batch_size": 16,
    "scaling": "standard", "target_scaling": "standard", "cost": "auto", "epochs": 40,
}  # fmt: skip
_TANH: dict[str, Any] = {
    **_RELU, "hidden": (30,), "activation": "tanh", "init": "scaled-normal", "optimizer": "sgd", "learning_rate": 0.1,
}  # fmt: skip
SOUND: dict[str, Recipe] = {"relu": Recipe(**_RELU), "tanh": Recipe(**_TANH)}
L2: dict[Ward, float] = {"classes": 0.003, "numbers": 0.03, "labels": 0.015, "two": 0.003}
"""Few rows want some penalty."""


def sound(net: str, ward: Ward, data: Dataset) -> Recipe:
    """The sound network for such data.

    >>> data = Dataset(np.zeros((4, 3)), np.array([0, 1, 1, 0]), problem=("no", "yes"))
    >>> sound("tanh", "two", data).sizes, sound("tanh", "two", data).cost
    ((3, 30, 1), 'sigmoid-cross-entropy')
    """
    recipe = SOUND[net].but(l2=L2[ward])
    return on_one_unit(recipe, data) if ward == "two" else recipe


def on_one_unit(recipe: Recipe, data: Dataset) -> Recipe:
    """The recipe with a single output for two classes.

    >>> data = Dataset(np.zeros((4, 3)), np.array([0, 1, 1, 0]), problem=("no", "yes"))
    >>> on_one_unit(Recipe(hidden=(5,), cost="auto"), data).sizes
    (3, 5, 1)
    """
    cost = "sigmoid-cross-entropy" if recipe.cost == "auto" else recipe.cost
    return recipe.but(sizes=(data.features, *(recipe.hidden or ()), 1), hidden=None, cost=cost)


Spoil = Callable[[Dataset, np.random.Generator], Dataset]


@dataclass(frozen=True)
class TablePlant:
    """One thing to spoil.

    >>> plant = TablePlant("rate", ("lr-too-high",), {"rate_times": 10})
    >>> data = Dataset(np.zeros((4, 3)), np.array([0, 1, 1, 0]), problem=("no", "yes"))
    >>> plant.patient("classes", data, 0)[0].learning_rate
    0.05
    """

    name: str
    right: tuple[str, ...]
    edits: Mapping[str, Any] = field(default_factory=dict)
    mistakes: tuple[str, ...] = ()
    spoil: Spoil | None = None
    only: tuple[Ward, ...] = WARDS
    net: str = "relu"
    certain: bool = False
    """Whether nothing can be mended: the data themselves are ill."""

    def patient(self, ward: Ward, data: Dataset, seed: int) -> tuple[Recipe, Dataset]:
        """The spoilt recipe, and the data that it is given."""
        recipe, edits = SOUND[self.net].but(l2=L2[ward]), dict(self.edits)
        if "rate_times" in edits:
            edits["learning_rate"] = recipe.rate * edits.pop("rate_times")
        recipe = recipe.but(**edits, seed=seed, faults=self.mistakes)
        recipe = on_one_unit(recipe, data) if ward == "two" else recipe
        return recipe, data if self.spoil is None else self.spoil(data, np.random.default_rng([seed, 8]))


# ---- data that are ill


def one_large_column(data: Dataset, rng: np.random.Generator) -> Dataset:
    """The data with one of their features, at random, in units a thousand times as small.

    >>> data = Dataset(np.array([[1.0], [3.0]]), np.array([0, 1]), problem=("no", "yes"))
    >>> one_large_column(data, np.random.default_rng(0)).inputs.ravel().tolist()
    [1000.0, 3000.0]
    """
    sd = data.inputs.std(axis=0)
    X = data.inputs / np.where(sd > 0, sd, 1.0)
    X[:, rng.integers(data.features)] *= 1000
    return replace(data, X=FloatFeatures(X))


def targets(change: Callable[[Array, np.random.Generator], Array]) -> Spoil:
    """What spoils the targets alone.

    >>> data = Dataset(np.zeros((4, 3)), np.array([0, 1, 1, 0]), problem=("no", "yes"))
    >>> targets(lambda y, _: 1 - y)(data, np.random.default_rng(0)).y.tolist()
    [1, 0, 0, 1]
    """
    return lambda data, rng: replace(data, y=change(data.y, rng))


def _one_in_fifty(y: Array, rng: np.random.Generator) -> Array:
    far = rng.random(len(y)) < 0.02
    return np.where(far[:, None], y + 100 * y.std(axis=0), y)


STEPS = ("lr-too-low", "undertrained", "batch-too-large")
NUMBERS: tuple[Ward, ...] = ("numbers",)
WITH_CLASSES: tuple[Ward, ...] = ("classes", "two")
NOT_NUMBERS: tuple[Ward, ...] = ("classes", "labels", "two")
_shuffled = targets(lambda y, rng: rng.permutation(y))

PLANTS: tuple[TablePlant, ...] = (
    # how far a step goes, and how many there are
    TablePlant("rate too high", ("lr-too-high",), {"rate_times": 1000}),
    TablePlant("rate too high, sgd", ("lr-too-high",), {"rate_times": 300}, net="tanh"),
    TablePlant("rate too low", ("lr-too-low", "undertrained"), {"rate_times": 1e-3}),
    TablePlant("rate too low, sgd", ("lr-too-low", "undertrained"), {"rate_times": 1e-3}, net="tanh"),
    TablePlant("one epoch", STEPS, {"epochs": 1, "rate_times": 0.1}, net="tanh"),
    TablePlant("full batch", STEPS, {"batch_size": "full", "epochs": 3}, net="tanh"),
    TablePlant("momentum too high", ("lr-too-high", "momentum-unscaled"), {"momentum": 0.999}, net="tanh"),
    TablePlant("penalty", ("regularisation-too-strong",), {"l2": 3.0}),
    TablePlant("penalty, sgd", ("regularisation-too-strong",), {"l2": 3.0}, net="tanh"),
    TablePlant("dropout", ("regularisation-too-strong",), {"dropout": 0.97}),
    TablePlant("undefined rate", ("nan-hyperparameter",), mistakes=("undefined-rate",), net="tanh"),
    # the start
    TablePlant("zeros", ("symmetric-init",), {"init": "zeros"}, net="tanh"),
    TablePlant("zeros, relu", ("symmetric-init",), {"init": "zeros"}),
    TablePlant("wide weights", ("init-too-large",), {"init": "normal(0, 20)", "epochs": 15}, net="tanh"),
    TablePlant(
        "tiny weights", ("init-too-small", "vanishing-gradients"), {"init": "normal(0, 0.00001)", "hidden": (20, 20)},
        net="tanh",
    ),
    # the network
    TablePlant("dead", ("dead-relu",), {"bias_init": "constant(-30)"}),
    TablePlant(
        "six sigmoid layers", ("vanishing-gradients", "too-deep"), {"hidden": (20,) * 6, "activation": "sigmoid"},
        net="tanh",
    ),
    TablePlant("one unit", ("bottleneck", "underfit", "capacity-minimal"), {"hidden": (1,)}, net="tanh"),
    TablePlant("hidden softmax", ("wrong-hidden-activation",), {"activation": "softmax"}, net="tanh"),
    # the data, and how they are handed over
    TablePlant("raw inputs", ("input-not-scaled",), {"scaling": "raw"}, spoil=one_large_column, net="tanh"),
    TablePlant("raw inputs, relu", ("input-not-scaled",), {"scaling": "raw"}, spoil=one_large_column),
    TablePlant("sorted", ("not-shuffled",), {"order": "file"}, ("sorted-rows",), net="tanh"),
    TablePlant("few rows", ("too-little-data", "overfit"), {"train_size": 12}),
    TablePlant("few rows visited", ("data-index-bug",), mistakes=("few-rows",)),
    # what backpropagation computes
    TablePlant("flipped", ("gradient-sign-flipped",), mistakes=("flipped-gradient",), net="tanh"),
    TablePlant("wrong term", ("gradient-wrong-term",), mistakes=("wrong-term",), net="tanh"),
    TablePlant("wrong slope", ("gradient-wrong-derivative",), mistakes=("wrong-slope",), net="tanh"),
    TablePlant("frozen", ("layer-not-updated",), mistakes=("frozen-layer",), net="tanh"),
    TablePlant("not transposed", ("gradient-wrong-transpose",), {"hidden": (20, 20)}, ("wrong-transpose",), net="tanh"),
    TablePlant(
        "summed", ("gradient-not-averaged", "lr-too-high"), {"rate_times": 10}, ("summed-gradient",), net="tanh"
    ),
    # classes
    TablePlant("relu score", ("wrong-output-activation",), {"output_activation": "relu"}, only=("two",)),
    TablePlant("two sigmoids", ("wrong-output-activation",), {"output_activation": "sigmoid"}, only=("two", "labels")),
    TablePlant("relu scores", ("wrong-output-activation",), {"output_activation": "relu"}, only=("labels",)),
    TablePlant(
        "softmax of one", ("softmax-single-unit",), {"cost": "softmax-cross-entropy"}, only=("two",)
    ),
    TablePlant("labels in another order", ("label-order-mismatch", "labels-corrupted"), spoil=_shuffled,
               only=WITH_CLASSES, certain=True),
    TablePlant("labels by lot", ("labels-corrupted", "label-order-mismatch"), mistakes=("random-labels",),
               only=WITH_CLASSES),
    TablePlant("one class mostly", ("class-imbalance",), mistakes=("one-class-mostly",), only=("classes",)),
    # labels
    TablePlant("softmax over labels", ("cost-mismatch",), {"cost": "softmax-cross-entropy"}, only=("labels",)),
    TablePlant("labels shuffled", ("label-order-mismatch", "labels-corrupted", "useless-target"), spoil=_shuffled,
               only=("labels",), certain=True),
    # numbers
    TablePlant("raw targets x 1000", ("target-not-scaled",), {"target_scaling": "raw"},
               spoil=targets(lambda y, _: 1000 * y), only=NUMBERS),
    TablePlant("raw targets x 100, sgd", ("target-not-scaled",), {"target_scaling": "raw"},
               spoil=targets(lambda y, _: 100 * y), only=NUMBERS, net="tanh"),
    TablePlant("raw targets + 1000 sd", ("target-not-scaled",), {"target_scaling": "raw"},
               spoil=targets(lambda y, _: y / y.std() + 1000), only=NUMBERS),
    TablePlant("raw targets / 1000", ("target-not-scaled", *STEPS), {"target_scaling": "raw"},
               spoil=targets(lambda y, _: y / y.std() / 1000), only=NUMBERS),
    TablePlant("sigmoid output", ("output-range-mismatch",), {"output_activation": "sigmoid"}, only=NUMBERS),
    TablePlant("relu output", ("output-range-mismatch",), {"output_activation": "relu"}, only=NUMBERS),
    TablePlant("sigmoid output, raw", ("output-range-mismatch", "target-not-scaled"),
               {"output_activation": "sigmoid", "target_scaling": "raw"}, only=NUMBERS),
    TablePlant("tanh output, raw", ("output-range-mismatch", "target-not-scaled"),
               {"output_activation": "tanh", "target_scaling": "raw"}, only=NUMBERS, net="tanh"),
    TablePlant("outliers", ("outliers-dominate",), spoil=targets(_one_in_fifty), only=NUMBERS, certain=True),
    TablePlant("constant target", ("constant-target",), spoil=targets(lambda y, _: np.full_like(y, 7.0)), only=NUMBERS,
               certain=True),
    TablePlant("targets shuffled", ("useless-target",), spoil=_shuffled, only=NUMBERS, certain=True),
    TablePlant("targets of noise", ("useless-target",), spoil=targets(lambda y, rng: rng.normal(size=y.shape)),
               only=NUMBERS, certain=True),
)  # fmt: skip
