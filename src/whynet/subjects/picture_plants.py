"""Planted faults of convolutional networks: three sound ones for pictures of 8 x 8, each with one thing spoilt.

`right` are the causes any of which a diagnosis may put first; `at` is the layer, counted from 1 as in the recipe's
lines, that a diagnosis of the mistake must name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from whynet.training.recipe import Recipe

Net = Literal["relu", "tanh", "norm"]
_RELU: dict[str, Any] = {
    "layers": ("conv 8 3x3", "pool 2", "dense 32"), "activation": "relu", "init": "he", "optimizer": "adam",
    "learning_rate": 0.003, "batch_size": 32, "epochs": 15,
}  # fmt: skip
SOUND: dict[Net, Recipe] = {
    "relu": Recipe(**_RELU),
    "tanh": Recipe(
        layers=("conv 6 3x3 same", "average-pool 2", "conv 12 3x3 same", "dense 24"), activation="tanh",
        learning_rate=0.1, batch_size=20, epochs=15,
    ),
    "norm": Recipe(**{
        **_RELU, "layers": ("conv 12 3x3 same", "pool 2", "conv 24 3x3 same", "global-average-pool"),
        "batch_norm": True, "learning_rate": 0.01, "batch_size": 16,
    }),
}  # fmt: skip


@dataclass(frozen=True)
class PicturePlant:
    """One thing to spoil in a convolutional network.

    >>> PicturePlant("rate", ("lr-too-high",), {"rate_times": 10}, net="tanh").patient(seed=3).learning_rate
    1.0
    """

    name: str
    right: tuple[str, ...]
    edits: Mapping[str, Any] = field(default_factory=dict)
    mistakes: tuple[str, ...] = ()
    net: Net = "relu"
    at: tuple[int, ...] = ()
    certain: bool = False
    """Whether nothing can be mended: the data themselves are ill."""

    def patient(self, seed: int) -> Recipe:
        """The spoilt recipe. A rate is spoilt by a factor."""
        recipe, edits = SOUND[self.net], dict(self.edits)
        if "rate_times" in edits:
            edits["learning_rate"] = recipe.rate * edits.pop("rate_times")
        return recipe.but(**edits, seed=seed, faults=self.mistakes)


STEPS = ("lr-too-low", "undertrained", "batch-too-large")
TERM, GONE = "gradient-wrong-term", ("too-much-pooling", "bottleneck")

PLANTS: tuple[PicturePlant, ...] = (
    # how far a step goes, and how many there are
    PicturePlant("rate too high", ("lr-too-high",), {"rate_times": 1000}),
    PicturePlant("rate too high, sgd", ("lr-too-high",), {"rate_times": 300}, net="tanh"),
    PicturePlant("rate too high, normalised", ("lr-too-high",), {"rate_times": 1000}, net="norm"),
    PicturePlant("rate too low", ("lr-too-low", "undertrained"), {"rate_times": 1e-3}),
    PicturePlant("rate too low, sgd", ("lr-too-low", "undertrained"), {"rate_times": 1e-3}, net="tanh"),
    PicturePlant("full batch", STEPS, {"batch_size": "full", "epochs": 3}, net="tanh"),
    PicturePlant("penalty", ("regularisation-too-strong",), {"l2": 1.0}),
    PicturePlant("penalty, sgd", ("regularisation-too-strong",), {"l2": 1.0}, net="tanh"),
    PicturePlant("dropout", ("regularisation-too-strong",), {"dropout": 0.97}),
    PicturePlant("undefined rate", ("nan-hyperparameter",), mistakes=("undefined-rate",), net="tanh"),
    PicturePlant("stale gradients", ("gradient-buffer-not-reset",), mistakes=("stale-gradients",), net="tanh"),
    # the start
    PicturePlant("zeros", ("symmetric-init",), {"init": "zeros"}),
    PicturePlant("zeros, sgd", ("symmetric-init",), {"init": "zeros"}, net="tanh"),
    PicturePlant("equal filters", ("symmetric-init",),
                 {"layers": ("conv 8 3x3 init constant(0.1)", "pool 2", "dense 32")}),
    PicturePlant("wide weights", ("init-too-large",), {"init": "normal(0, 5)"}, net="tanh"),
    PicturePlant("tiny weights", ("init-too-small", "vanishing-gradients"), {"init": "normal(0, 0.00001)"},
                 net="tanh"),
    PicturePlant("positive weights", ("init-positive-saturation",), {"init": "uniform(0, 1)"}, net="tanh"),
    PicturePlant("saturated filters", ("init-positive-saturation", "init-too-large"), {
        "layers": ("conv 6 3x3 same bias-init constant(8)", "average-pool 2", "conv 12 3x3 same", "dense 24")},
        net="tanh"),
    PicturePlant("dead", ("dead-relu",), {"bias_init": "constant(-10)"}),
    PicturePlant("dead filters", ("dead-relu",),
                 {"layers": ("conv 8 3x3 bias-init constant(-10)", "pool 2", "dense 32")}),
    # the network
    PicturePlant("pooled away", GONE, {
        "layers": ("conv 8 3x3 same", "pool 4", "pool 2", "conv 16 3x3 same", "dense 32")}),
    PicturePlant("strides to a single place", GONE, {
        "layers": ("conv 8 3x3 same stride 4", "pool 2", "conv 16 3x3 same", "dense 32")}),
    PicturePlant("pooled away at once", GONE, {"layers": ("conv 6 3x3 same", "pool 8", "dense 32")}),
    PicturePlant("one unit", ("bottleneck", "underfit", "capacity-minimal"),
                 {"layers": ("conv 8 3x3", "pool 2", "dense 1")}),
    PicturePlant("hidden softmax", ("wrong-hidden-activation",), {"activation": "softmax"}, net="tanh"),
    PicturePlant("five sigmoid layers", ("vanishing-gradients", "too-deep", "wrong-hidden-activation"), {
        "layers": ("conv 6 3x3 same", "pool 2", *("conv 6 3x3 same",) * 4, "dense 24"), "activation": "sigmoid"},
        net="tanh"),
    PicturePlant("relu scores", ("wrong-output-activation",), {"output_activation": "relu", "rate_times": 3},
                 net="tanh"),
    # the data, and how they are handed over
    PicturePlant("raw pixels", ("input-not-scaled",), {"scaling": "raw"}, net="tanh"),
    PicturePlant("sorted", ("not-shuffled",), {"order": "file"}, ("sorted-rows",), net="tanh"),
    PicturePlant("few rows", ("too-little-data", "overfit"), {"train_size": 50}),
    PicturePlant("few rows visited", ("data-index-bug",), mistakes=("few-rows",)),
    PicturePlant("blank pictures", ("bad-inputs",), mistakes=("blank-rows",)),
    PicturePlant("one class mostly", ("class-imbalance",), mistakes=("one-class-mostly",)),
    PicturePlant("scrambled pixels", ("features-destroyed",), mistakes=("scrambled-pixels",), certain=True),
    PicturePlant("labels by lot", ("labels-corrupted", "label-order-mismatch"), mistakes=("random-labels",)),
    PicturePlant("labels in another order", ("label-order-mismatch", "labels-corrupted"),
                 mistakes=("shuffled-labels",)),
    # what backpropagation computes
    PicturePlant("flipped", ("gradient-sign-flipped",), mistakes=("flipped-gradient",)),
    PicturePlant("summed", ("gradient-not-averaged", "lr-too-high"), {"rate_times": 10}, ("summed-gradient",),
                 net="tanh"),
    PicturePlant("no slope of dense layers", ("gradient-missing-derivative",), mistakes=("no-hidden-slope",),
                 net="tanh"),
    PicturePlant("kernel turned", (TERM,), mistakes=("kernel-turned",), net="tanh", at=(1, 3)),
    PicturePlant("kernel turned back", (TERM,), mistakes=("kernel-turned-back",), net="tanh", at=(3,)),
    PicturePlant("kernel not transposed", ("gradient-wrong-transpose",), mistakes=("kernel-not-transposed",),
                 net="tanh", at=(3,)),
    PicturePlant("padding off by one", (TERM,), mistakes=("padding-off-by-one",), net="norm", at=(3,)),
    PicturePlant("patches overwritten", (TERM,), mistakes=("patches-overwritten",), net="norm", at=(3,)),
    PicturePlant("channels summed", (TERM,), mistakes=("channels-summed",), net="tanh", at=(3,)),
    PicturePlant("filters first", (TERM,), mistakes=("filters-first",), at=(1,)),
    PicturePlant("filters without slope", ("gradient-missing-derivative",), mistakes=("filters-without-slope",),
                 net="tanh", at=(1, 3)),
    PicturePlant("filters not updated", ("layer-not-updated",), mistakes=("filters-zero",), net="norm", at=(1, 3)),
    PicturePlant("biases of filters not updated", ("bias-not-updated",), mistakes=("bias-of-filters-zero",),
                 net="tanh", at=(1, 3)),
    PicturePlant("bias per pixel", (TERM,), mistakes=("bias-per-pixel",), at=(1,)),
    PicturePlant("pool to all", (TERM,), mistakes=("pool-to-all",), at=(2,)),
    PicturePlant("pool to the next", (TERM,), mistakes=("pool-to-the-next",), net="norm", at=(2,)),
    PicturePlant("mean not divided", (TERM,), mistakes=("mean-not-divided",), net="tanh", at=(2,)),
    PicturePlant("global mean not divided", (TERM,), mistakes=("global-mean-not-divided",), net="norm", at=(4,)),
)  # fmt: skip
