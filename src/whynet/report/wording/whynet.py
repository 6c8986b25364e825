"""A change as whynet says it: the fields of the recipe that it alters, as a recipe file has them.

To teach it a new kind of change, write a function that gives the fields, and add it to `FIELDS`.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, NamedTuple

from whynet.doctor.change import Change, Wording
from whynet.doctor.diagnosis import Settings
from whynet.report.wording.base import (
    REGULARISERS,
    Known,
    Numbers,
    cost_of,
    epochs_of,
    is_number,
    mended,
    output_of,
    rate_of,
    said,
    times,
)
from whynet.report.wording.mistakes import PLAIN

LEFT_OUT = "(left out)"
NAMES = {"decay": "weight_decay", "smoothing": "label_smoothing", "clip": "clip_norm"}  # settings whose field differs


class Edit(NamedTuple):
    """One field of a recipe: its new value and the old one, None where that is not known.

    >>> str(Edit("init", "he", "zeros")), str(Edit("patience", LEFT_OUT, 3)), Edit("init", "he", "zeros").was
    ('init = "he"', 'leave out patience', 'was "zeros"')
    """

    field: str
    value: Any
    old: Any = None

    def __str__(self) -> str:
        return f"leave out {self.field}" if self.value == LEFT_OUT else f"{self.field} = {toml(self.value)}"

    @property
    def was(self) -> str:
        """The old value, as a comment says it; empty where it is not known."""
        return "" if self.old is None else f"was {toml(self.old)}"


def toml(value: Any) -> str:
    """A value as a recipe file has it.

    >>> toml("he"), toml((784, 30, 10)), toml(0.1), toml(1.0)
    ('"he"', '[784, 30, 10]', '0.1', '1')
    """
    if isinstance(value, float):
        return f"{value:.6g}"
    return json.dumps(list(value) if isinstance(value, (tuple, list)) else value)


Fields = Callable[[Numbers, Known], list[Edit]]


def _rate(numbers: Numbers, known: Known) -> list[Edit]:
    rate = rate_of(numbers, known)
    return [] if rate is None else [Edit("learning_rate", rate, known.settings.rate)]


def _epochs(numbers: Numbers, known: Known) -> list[Edit]:
    if numbers.get("early_stop") is False:
        return [Edit("patience", LEFT_OUT, known.settings.patience)]
    epochs = epochs_of(numbers, known)
    return [] if epochs is None else [Edit("epochs", epochs, known.settings.epochs)]


def _weights(numbers: Numbers, known: Known) -> list[Edit]:
    settings, part = known.settings, numbers.get("part", "all")
    scheme = numbers.get("scheme", "scaled-normal")
    scheme = "scaled-normal" if scheme == "anew" else scheme
    if part == "biases":
        return [Edit("bias_init", scheme, settings.biases)]
    if part == "output weights":
        return [Edit("output_init", scheme, settings.output_weights)]
    edits = [Edit("init", scheme, settings.weights)]
    if settings.biases not in (None, "zeros"):
        edits.append(Edit("bias_init", "zeros", settings.biases))
    if settings.output_weights not in (None, settings.weights):
        edits.append(Edit("output_init", LEFT_OUT, settings.output_weights))
    return edits


def _activation(numbers: Numbers, known: Known) -> list[Edit]:
    start = _weights({"scheme": numbers["weights"]}, known) if "weights" in numbers else []
    return [Edit("activation", numbers.get("name", "relu"), known.settings.activation), *start]


def _output(numbers: Numbers, known: Known) -> list[Edit]:
    return [Edit("output_activation", output_of(numbers, known), known.settings.output)]


def _cost(numbers: Numbers, known: Known) -> list[Edit]:
    if "class_weights" in numbers:
        return [Edit("class_weights", numbers["class_weights"])]
    edits = [Edit("cost", cost_of(numbers, known), known.settings.cost)]
    usual = "sigmoid" if known.settings.cost == "quadratic" else "identity"
    if known.settings.output not in (None, usual) and numbers.get("name") not in (
        "absolute",
        "huber",
    ):  # it was asked for by name
        edits.append(Edit("output_activation", LEFT_OUT, known.settings.output))
    return edits


def _targets(numbers: Numbers, known: Known) -> list[Edit]:
    scheme = numbers.get("scheme")
    return [Edit("target_scaling", scheme, known.settings.target_scaling)] if scheme == "standard" else []


def _penalty(numbers: Numbers, known: Known) -> list[Edit]:
    settings = known.settings
    if not numbers.get("off"):
        return [Edit("l2", numbers.get("l2", 0.0), settings.l2)]
    off = [
        Edit(NAMES.get(name, name), 0.0, getattr(settings, name)) for name in REGULARISERS if getattr(settings, name)
    ]
    norms = [("max_norm", settings.max_norm), ("clip_norm", settings.clip)]
    return off + [Edit(name, LEFT_OUT, old) for name, old in norms if old is not None]


def _rows(numbers: Numbers, known: Known) -> list[Edit]:
    rows = [Edit("train_size", numbers["rows"], known.settings.rows)] if "rows" in numbers else []
    return rows + (_epochs(numbers, known) if "epochs" in numbers else [])


def _optimizer(numbers: Numbers, known: Known) -> list[Edit]:
    rate = _rate(numbers, known) if "rate" in numbers else []
    return [Edit("optimizer", numbers.get("name", "adam"), known.settings.optimizer), *rate]


def _one(field: str, number: str, setting: str = "") -> Fields:
    """A kind that is one number, and one field."""

    def edits(numbers: Numbers, known: Known) -> list[Edit]:
        old = getattr(known.settings, setting or field)
        return [Edit(field, numbers[number], old)] if number in numbers else []

    return edits


def _sizes(numbers: Numbers, known: Known) -> list[Edit]:
    if "layers" in numbers:
        return [Edit("layers", numbers["layers"], known.settings.layers)]
    return [Edit("sizes", numbers["widths"], known.settings.widths)] if "widths" in numbers else []


FIELDS: dict[str, Fields] = {
    "rate": _rate,
    "epochs": _epochs,
    "batch": _one("batch_size", "size", "batch"),
    "shuffle": lambda numbers, known: [Edit("order", "shuffled", known.settings.order)],
    "scale-inputs": _one("scaling", "scheme"),
    "scale-targets": _targets,
    "weights": _weights,
    "activation": _activation,
    "output": _output,
    "cost": _cost,
    "penalty": _penalty,
    "dropout": _one("dropout", "rate"),
    "clip": _one("clip_norm", "norm", "clip"),
    "schedule": lambda numbers, known: [Edit("schedule", numbers.get("name", "constant"), known.settings.schedule)],
    "optimizer": _optimizer,
    "width": _sizes,
    "depth": _sizes,
    "rows": _rows,
    "mend": lambda numbers, known: _rate(numbers, known) if "rate" in numbers else [],
}
WORDS = {  # what no field says
    "rate": lambda numbers, known: times(numbers, "the learning rate"),
    "epochs": lambda numbers, known: times(numbers, "the epochs"),
    "scale-inputs": lambda numbers, known: "inputs of about the size of one",
    "scale-targets": lambda numbers, known: (
        "targets from 0 to 1" if numbers.get("scheme") == "0..1" else "targets of mean 0 and standard deviation 1"
    ),
    "penalty": lambda numbers, known: "no regularisation",
    "width": lambda numbers, known: "wider hidden layers",
    "depth": lambda numbers, known: "fewer layers",
    "batch": lambda numbers, known: "smaller batches",
    "biases": lambda numbers, known: "a bias for every unit",
    "rows": lambda numbers, known: "all examples that there are",
    "mode": lambda numbers, known: "training mode while training, evaluation mode while evaluating",
    "mend": lambda numbers, known: mended(numbers, known, {}, PLAIN),
}


def edits(change: Change, settings: Settings, wording: Wording) -> list[Edit]:
    """The fields that a change alters.

    >>> edits(Change("weights", {"scheme": "scaled-normal"}), Settings(weights="uniform(0, 0.4)"), Wording())
    [Edit(field='init', value='scaled-normal', old='uniform(0, 0.4)')]
    """
    make = FIELDS.get(change.kind)
    found = [] if make is None else make(change.numbers, Known(settings, wording))
    if settings.layers is not None and "layers" not in change.numbers:  # what a line says of its own comes before all
        from whynet.network.lines import without

        start = (change.kind == "weights" and change.numbers.get("part", "all") == "all") or "weights" in change.numbers
        lines = without(settings.layers, {one.field for one in found} | ({"bias_init"} if start else set()))
        found += [] if lines == settings.layers else [Edit("layers", lines, settings.layers)]
    return [one for one in found if one.old is None or one.value == LEFT_OUT or not _same(one.value, one.old)] or found


def _same(new: Any, old: Any) -> bool:
    if is_number(new) and is_number(old):
        return float(new) == float(old)
    return list(new) == list(old) if isinstance(old, tuple) and isinstance(new, (tuple, list)) else bool(new == old)


def lines(change: Change, settings: Settings, wording: Wording) -> list[tuple[str, str]]:
    """A change line by line, each with what it was.

    >>> lines(Change("rate", {"times": 10}), Settings(rate=0.1), Wording())
    [('learning_rate = 1', 'was 0.1')]
    """
    found = edits(change, settings, wording)
    parts = [(str(one), one.was) for one in found]
    if change.kind == "mend" or not parts:
        parts.insert(0, (said(change, Known(settings, wording), WORDS), ""))
    return parts


def say(change: Change, settings: Settings, wording: Wording) -> str:
    """A change in one line.

    >>> say(Change("activation", {"name": "relu", "weights": "he"}), Settings(), Wording())
    'activation = "relu" and init = "he"'
    >>> say(Change("mend", {"mistakes": ("raw-momentum",), "rate": 0.3}), Settings(), Wording())
    'momentum of steps, not of gradients: v = m v - rate g and learning_rate = 0.3'
    """
    return " and ".join(words for words, _ in lines(change, settings, wording))
