"""A change as edits of a recipe; and what a recipe says, in the words of every library."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from whynet.doctor.change import Change
from whynet.doctor.diagnosis import Settings
from whynet.errors import UsageError
from whynet.mistakes.catalogue import mended_as
from whynet.network.layers import Layer
from whynet.network.lines import handed_on, without
from whynet.training.recipe import Recipe

Edits = dict[str, Any]
NO_BIASES = "no-biases"
OFF: Edits = {
    **dict.fromkeys(("l1", "l2", "weight_decay", "dropout", "input_dropout", "noise", "input_noise"), 0.0),
    "label_smoothing": 0.0, "max_norm": None, "clip_norm": None,
}  # fmt: skip


def _rate(numbers: Mapping[str, Any], recipe: Recipe) -> Edits:
    return {"learning_rate": numbers.get("rate") or recipe.rate * numbers["times"]}


def _epochs(numbers: Mapping[str, Any], recipe: Recipe) -> Edits:
    if "early_stop" in numbers:
        return {"patience": None}
    return {"epochs": numbers.get("epochs") or max(recipe.epochs, 1) * numbers["times"]}


def _weights(numbers: Mapping[str, Any], recipe: Recipe) -> Edits:
    scheme, part = numbers["scheme"], numbers.get("part", "all")
    if part == "biases":
        return {"bias_init": scheme}
    if part == "output weights":
        return {"output_init": scheme}
    return {"init": scheme, "bias_init": "zeros", "output_init": None}


def _activation(numbers: Mapping[str, Any], recipe: Recipe) -> Edits:
    weights = {"init": numbers["weights"], "bias_init": "zeros"} if "weights" in numbers else {}
    return {"activation": numbers["name"], **weights}


def _output(numbers: Mapping[str, Any], recipe: Recipe) -> Edits:
    return {"output_activation": None if numbers["name"] == usual_output(recipe.cost) else numbers["name"]}


def _cost(numbers: Mapping[str, Any], recipe: Recipe) -> Edits:
    if "class_weights" in numbers:
        return {"class_weights": numbers["class_weights"]}
    return {"cost": numbers["name"], "output_activation": None}


def _rows(numbers: Mapping[str, Any], recipe: Recipe) -> Edits:
    more = {"epochs": numbers["epochs"]} if "epochs" in numbers else {}
    return {"train_size": numbers["rows"], **more}


def _sizes(numbers: Mapping[str, Any], recipe: Recipe) -> Edits:
    if "layers" in numbers:
        return {"layers": numbers["layers"]}
    if recipe.layers is not None:
        raise UsageError("a network that is said in words is made wider by other words", expected="layers")
    return {"sizes": numbers["widths"], "hidden": None}


EDITS: dict[str, Callable[[Mapping[str, Any], Recipe], Edits]] = {
    "rate": _rate,
    "epochs": _epochs,
    "batch": lambda numbers, _: {"batch_size": numbers["size"]},
    "shuffle": lambda *_: {"order": "shuffled"},
    "scale-inputs": lambda numbers, _: {"scaling": numbers["scheme"]},
    "scale-targets": lambda numbers, _: {"target_scaling": numbers["scheme"]},
    "weights": _weights,
    "activation": _activation,
    "output": _output,
    "cost": _cost,
    "penalty": lambda numbers, _: OFF if numbers.get("off") else {"l2": numbers["l2"]},
    "dropout": lambda numbers, _: {"dropout": numbers["rate"]},
    "clip": lambda numbers, _: {"clip_norm": numbers["norm"]},
    "schedule": lambda numbers, _: {"schedule": numbers["name"]},
    "optimizer": lambda numbers, _: {"optimizer": numbers["name"], "learning_rate": numbers.get("rate")},
    "width": _sizes,
    "depth": _sizes,
    "rows": _rows,
    "mend": lambda numbers, _: {"learning_rate": numbers["rate"]} if "rate" in numbers else {},
    "biases": lambda *_: {},
}


def changed(recipe: Recipe, changes: Sequence[Change]) -> Recipe:
    """The recipe with the changes made. What is set for all layers takes the place of what a line says of its own.

    >>> changed(Recipe(), [Change("rate", {"times": 10}), Change("batch", {"size": 32})]).batch_size
    32
    """
    for change in sorted(changes, key=lambda one: one.kind not in ("width", "depth")):  # lines before their settings
        mended = (NO_BIASES,) if change.kind == "biases" else change.mistakes
        faults = tuple(fault for fault in recipe.faults if fault not in mended and mended_as(fault) not in mended)
        edits = dict(EDITS[change.kind](change.numbers, recipe))  # a copy: `OFF` is everybody's
        if recipe.layers is not None:
            edits["layers"] = without(edits.get("layers", recipe.layers), edits.keys())
        recipe = recipe.but(**edits, faults=faults)
    return recipe


def usual_output(cost: str) -> str:
    """The activation of the last layer that belongs to a cost.

    >>> usual_output("quadratic")
    'sigmoid'
    """
    return "sigmoid" if cost == "quadratic" else "identity"


def settings_of(recipe: Recipe, layers: Sequence[Layer], rows: int) -> Settings:
    """What a recipe says, and the layers that it makes; its planted mistakes are no settings.

    >>> from whynet.network.architectures import mlp
    >>> settings_of(Recipe(), mlp((64, 30, 10)), 100).output
    'identity'
    """
    own = [layer.activation for layer in layers[:-1] if layer.activation not in (None, "identity")]
    dropped: list[Any] = [layer for layer in layers[1:] if layer.kind == "dropout"]
    return Settings(
        optimizer=recipe.optimizer,
        rate=recipe.rate,
        momentum=recipe.momentum,
        schedule=recipe.schedule,
        batch=rows if recipe.batch_size == "full" else min(int(recipe.batch_size), rows),
        epochs=recipe.epochs,
        order=recipe.order,
        patience=recipe.patience,
        widths=handed_on(layers),
        layers=recipe.layers,
        shape=None if recipe.layers is None else layers[0].in_shape,
        activation=Counter(own).most_common(1)[0][0] if own and recipe.layers is not None else recipe.activation,
        output=recipe.output_activation or usual_output(recipe.cost),
        cost=recipe.cost,
        weights=recipe.init,
        output_weights=recipe.output_init,
        biases=recipe.bias_init,
        scaling=recipe.scaling,
        target_scaling=recipe.target_scaling,
        l1=recipe.l1,
        l2=recipe.l2,
        decay=recipe.decay,
        max_norm=recipe.max_norm,
        clip=recipe.clip_norm,
        dropout=max([recipe.dropout, *(layer.rate for layer in dropped)]),
        input_dropout=recipe.input_dropout,
        noise=recipe.noise,
        input_noise=recipe.input_noise,
        smoothing=recipe.label_smoothing,
        rows=recipe.train_size,
    )


POSSIBLE = frozenset((
    "rate", "epochs", "batch", "shuffle", "scale-inputs", "scale-targets", "weights", "activation", "output", "cost",
    "penalty", "dropout", "clip", "schedule", "optimizer", "width", "depth", "biases", "rows", "mend",
))  # fmt: skip
"""Kinds of changes that a recipe has words for."""
BEYOND = ("rotation", "shear", "zoom", "shift", "elastic", "class_weights", "batch_norm", "average")


def beyond(recipe: Recipe) -> list[str]:
    """Settings that are in use, and that no cause looks at.

    >>> beyond(Recipe(average=0.99))
    ['average']
    """
    plain = Recipe()
    return [name.replace("_", " ") for name in BEYOND if getattr(recipe, name) != getattr(plain, name)]
