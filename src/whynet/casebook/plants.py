"""Planted faults: sound networks with one thing spoilt, to measure how often a diagnosis names it.

Each plant names the cause that a diagnosis should put first; `also` are answers that are as right.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from whynet.training.recipe import Recipe

SOUND: dict[str, Recipe] = {
    "sigmoid-30": Recipe(hidden=(30,), activation="sigmoid", learning_rate=0.5, batch_size=10),
    "relu-100": Recipe(
        hidden=(100,), activation="relu", init="he", optimizer="adam", learning_rate=0.002, batch_size=32
    ),
    "tanh-50-30": Recipe(
        hidden=(50, 30), activation="tanh", cost="sigmoid-cross-entropy", learning_rate=0.1, batch_size=20
    ),
}


@dataclass(frozen=True)
class Plant:
    """One thing to spoil: fields of the recipe to change. `only` names the networks that it makes sense for.

    >>> PLANTS["input-not-scaled"].spoil(SOUND["sigmoid-30"]).scaling
    'raw'
    """

    cause: str
    edits: Mapping[str, Any] = field(default_factory=dict)
    faults: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    only: tuple[str, ...] = tuple(SOUND)

    def spoil(self, recipe: Recipe) -> Recipe:
        """The recipe with this spoilt. A rate is spoilt by a factor."""
        edits = dict(self.edits)
        if "rate_times" in edits:
            edits["learning_rate"] = recipe.rate * edits.pop("rate_times")
        return recipe.but(**edits, faults=(*recipe.faults, *self.faults))


PLANTS: dict[str, Plant] = {
    plant.cause: plant
    for plant in (
        Plant("input-not-scaled", {"scaling": "raw"}, only=("sigmoid-30", "tanh-50-30")),
        Plant("bad-inputs", faults=("blank-rows",)),
        Plant("features-destroyed", faults=("scrambled-pixels",)),
        Plant("labels-corrupted", faults=("random-labels",)),
        Plant("label-order-mismatch", faults=("shuffled-labels",)),
        Plant("class-imbalance", faults=("one-class-mostly",)),
        Plant("not-shuffled", {"order": "file"}, ("sorted-rows",)),
        Plant("data-index-bug", faults=("few-rows",)),
        Plant("too-little-data", {"train_size": 100}, also=("overfit",)),
        Plant("preprocess-mismatch", faults=("inverted-test-images",)),
        Plant("train-test-leak", faults=("leaked-test-images",)),
        Plant("unstable-softmax", faults=("softmax-over-batch",), only=("sigmoid-30", "relu-100")),
        Plant("metric-wrong", faults=("argmax-over-images",)),
        Plant("no-bias", faults=("no-biases",)),
        Plant("gradient-check-invalid", faults=("whole-matrix-check",)),
        Plant("wrong-output-activation", {"output_activation": "relu", "rate_times": 3}, only=("sigmoid-30",)),
        Plant("log-of-zero", faults=("naive-sigmoid",), only=("sigmoid-30",)),
        Plant("symmetric-init", {"init": "zeros"}),
        Plant("init-too-small", {"init": "normal(0, 0.00001)"}, also=("vanishing-gradients",), only=("tanh-50-30",)),
        Plant("init-too-large", {"init": "normal(0, 5)"}, only=("sigmoid-30", "tanh-50-30")),
        Plant("init-positive-saturation", {"init": "uniform(0, 1)"}, only=("sigmoid-30", "tanh-50-30")),
        Plant("missing-activation", {"activation": "identity"}, only=("sigmoid-30", "tanh-50-30")),
        Plant("wrong-hidden-activation", {"activation": "softmax"}, only=("sigmoid-30", "tanh-50-30")),
        Plant("dead-relu", {"bias_init": "constant(-10)"}, only=("relu-100",)),
        Plant(
            "vanishing-gradients", {"hidden": (30,) * 6, "activation": "sigmoid"}, also=("too-deep",),
            only=("sigmoid-30",),
        ),
        Plant("bottleneck", {"hidden": (2,)}, also=("underfit",)),
        Plant("lr-too-high", {"rate_times": 1000}),
        Plant("lr-too-low", {"rate_times": 0.001}, also=("undertrained",)),
        Plant("batch-too-large", {"batch_size": "full", "epochs": 3}, also=("undertrained",)),
        Plant(
            "stops-on-plateau",
            {"hidden": (30, 30, 30), "train_size": 1200, "validation_size": 200, "epochs": 40, "patience": 1},
            also=("too-little-data",), only=("sigmoid-30",),
        ),
        Plant("gradient-not-averaged", {"rate_times": 10}, ("summed-gradient",), also=("lr-too-high",)),
        Plant("nan-hyperparameter", faults=("undefined-rate",)),
        Plant("regularisation-too-strong", {"l2": 1.0}),
        Plant("gradient-sign-flipped", faults=("flipped-gradient",)),
        Plant("gradient-wrong-term", faults=("wrong-term",)),
        Plant("gradient-buffer-not-reset", faults=("stale-gradients",), only=("sigmoid-30", "tanh-50-30")),
    )
}  # fmt: skip
