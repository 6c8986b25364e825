"""Mistakes, each as a change of a sound network's spec: where it can be made, and what it is called.

>>> from benchmarks.inside.plants import PLANTS, patients
>>> len(patients(0)) >= 150, len({plant.name for plant in PLANTS}) == len(PLANTS)
(True, True)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from benchmarks.inside.architectures import ARCHITECTURES, LIBRARIES, Spec, by_adam, draw

SHORT = {
    "d": "dense", "c": "convolutional", "r": "recurrent", "t": "transformer", "l": "language", "a": "autoencoder",
    "s": "segmentation", "g": "regression", "b": "binary",
}  # fmt: skip
DENSE = "dagb"
CLASSES = "dcrt"
ALL = "dcrtlasgb"
RATES = {
    "recurrent": 0.2,
    "language": 0.3,
    "autoencoder": 1.0,
    "convolutional": 0.15,
}  # that gradient descent wants, 0.05 elsewhere
SGD = {
    "optimizer": "sgd", "rate": lambda spec: RATES.get(spec.architecture, 0.05), "batch": 32,
    "epochs": lambda spec: 20 if spec.architecture in RATES else spec.epochs,
}  # fmt: skip
LOOP = {"watched": True}
TORCH = ("torch",)
KERAS = ("keras",)


@dataclass(frozen=True)
class Plant:
    """A mistake: its accepted names, where it makes sense, what is changed for the sick network alone and for both.

    `certain` is a defect that any expert calls wrong even where the network still learns; `cure` says whether another
    setting mends it, so that a doctor could prove it.
    """

    name: str
    right: tuple[str, ...]
    where: str
    sick: Mapping[str, Any]
    both: Mapping[str, Any] = field(default_factory=dict)
    libraries: tuple[str, ...] = LIBRARIES
    certain: bool = False
    cure: bool = True

    def sound(self, architecture: str, library: str, seed: int) -> Spec:
        """The twin without the mistake."""
        return draw(architecture, library, seed).but(**self.both)

    def specs(self, architecture: str, library: str, seed: int) -> tuple[Spec, Spec]:
        """The sick network and its sound twin."""
        sound = self.sound(architecture, library, seed)
        return sound.but(**self.sick), sound


def twist(*words: str, **more: Any) -> dict[str, Any]:
    """A change of the wiring or of the loop."""
    return {"twist": frozenset(words), **more}


COLOURS = {"data": "colours"}
PLAIN = {"activation": "relu", "norm": ""}
SENTENCES = {"short": True, "data": lambda spec: "tags" if spec.architecture == "transformer" else "texts"}
ONE_CLASS = {"data": lambda spec: "firsts" if spec.architecture == "transformer" else spec.data}
PICTURES = {"data": lambda spec: "colours" if spec.architecture == "convolutional" else "masks"}

PLANTS = (
    # the loop
    Plant("never cleared", ("gradient-buffer-not-reset",), ALL, twist("never cleared"), LOOP, TORCH, True),
    Plant("step before backward", ("update-order-wrong",), "dcrlgs", twist("step first"), LOOP, TORCH, True),
    Plant("cleared before the step", ("update-order-wrong",), "dtab", twist("cleared too late"), LOOP, TORCH, True),
    Plant(
        "never stepped", ("update-order-wrong", "layer-not-updated"), "dcrg", twist("never stepped"), LOOP, TORCH, True
    ),
    Plant("schedule to nothing", ("schedule-exhausted",), "dcrlg", twist("fading"), LOOP),
    Plant("clipped to nothing", ("clipping-too-strong",), "dcgba", twist("clipped away"), LOOP | SGD),
    Plant("summed", ("gradient-not-averaged",), "dcragl", twist("summed"), SGD),
    Plant(
        "evaluation mode in training", ("mode-wrong-in-training",), "dcab", twist("eval in training"),
        {**LOOP, "norm": "batch"}, certain=True, cure=False,
    ),
    Plant(
        "training mode in evaluation", ("mode-wrong-in-evaluation",), "dctb", twist("train in evaluation"),
        {**LOOP, "dropout": 0.4}, TORCH, True, False,
    ),
    Plant("hard dropout", ("mode-wrong-in-evaluation",), "dcab", twist("hard dropout"), {}, certain=True, cure=False),
    Plant(
        "same rows", ("data-index-bug", "too-little-data"), "dcrgb", {"inputs": "few"}, {}, cure=False
    ),
    Plant(
        "same batch", ("data-index-bug", "too-little-data"), "dcrg", twist("same batch"), LOOP, TORCH, cure=False
    ),
    Plant("sorted classes", ("not-shuffled",), "dcrb", {"inputs": "sorted"}, {"loader": True}),
    # the gradient's way
    Plant("detached", ("gradient-cut",), ALL, twist("detached"), certain=True, cure=False),
    Plant("no grad", ("gradient-cut",), "dcrtga", twist("no grad"), {}, TORCH, True, False),
    Plant("through numpy", ("gradient-cut",), "drsgb", twist("numpy"), {}, TORCH, True, False),
    Plant("rounded", ("gradient-cut",), "dcgab", twist("rounded"), certain=True, cure=False),
    Plant("argmax inside", ("gradient-cut",), "drg", twist("argmax"), certain=True, cure=False),
    Plant("optimizer of the head", ("layer-not-updated",), ALL, twist("head only"), {}, TORCH, True),
    Plant("layers in a list", ("layer-not-updated",), "dctagb", twist("in a list"), {}, TORCH, True),
    Plant("frozen", ("layer-not-updated",), "dcrtagb", twist("frozen"), certain=True),
    # what the loss is given
    Plant("broadcast", ("loss-broadcast",), "g", {"targets": "flat"}, {}, TORCH, True),
    Plant("broadcast, own loss", ("loss-broadcast",), "g", {"targets": "flat"}, {"loss": "own squares"}, TORCH, True),
    Plant(
        "broadcast, clipped loss", ("loss-broadcast",), "b", {"targets": "flat"},
        {"loss": "own clipped", "output": "sigmoid"}, TORCH, True,
    ),
    Plant(
        "squashed twice", ("wrong-output-activation",), "dcrtls", twist("squashed twice", output="softmax"),
        certain=True,
    ),
    Plant("sigmoid twice", ("wrong-output-activation",), "b", twist("squashed twice", output="sigmoid"), certain=True),
    Plant(
        "scores as logarithms", ("missing-output-activation",), "dcrtls", {"output": ""},
        {"loss": "nll", "output": "log-softmax"}, TORCH, True,
    ),
    Plant("scores as shares", ("missing-output-activation",), "dcrtlsb", twist("raw scores"), {}, KERAS, True),
    Plant(
        "scores as shares, clipped", ("missing-output-activation",), "b", {"output": ""},
        {"loss": "own clipped", "output": "sigmoid"}, TORCH, True,
    ),
    Plant(
        "softmax of one", ("softmax-single-unit",), "b", {"output": "softmax"},
        {"output": "sigmoid", "loss": "bce"}, certain=True,
    ),
    Plant(
        "softmax over the batch", ("unstable-softmax", "batch-mixed"), "dcrt", {"output": "log-softmax over the batch"},
        {"output": "log-softmax", "loss": "nll"}, TORCH, True,
    ),
    Plant(
        "softmax over the rows", ("unstable-softmax", "batch-mixed"), "dcrt", {"output": "softmax over the batch"},
        {"output": "softmax"}, KERAS, True,
    ),
    Plant("sigmoid of a number", ("output-range-mismatch",), "ag", {"output": "sigmoid"}, {"targets": "standardised"}),
    Plant("relu of a number", ("output-range-mismatch",), "ag", {"output": "relu"}, {"targets": "standardised"}),
    Plant("tanh of a large number", ("output-range-mismatch",), "g", {"output": "tanh", "targets": "raw"}),
    Plant("one-hot rows", ("label-encoding-mismatch",), "dcrt", {"targets": "one-hot"}, ONE_CLASS, certain=True),
    Plant("labels from one", ("label-encoding-mismatch",), "dcrs", {"targets": "from one"}, certain=True),
    Plant("two classes 1 and 2", ("label-encoding-mismatch",), "b", {"targets": "from one"}, certain=True),
    Plant("classes as floats", ("label-encoding-mismatch",), "dcrs", {"targets": "floats"}, {}, TORCH, True),
    Plant(
        "classes as fractions", ("label-encoding-mismatch", "labels-corrupted"), "dcr", {"targets": "fractions"}, {},
        KERAS, True,
    ),
    Plant(
        "numbers where rows are meant", ("label-encoding-mismatch", "output-shape-mismatch"), "dcr", {"targets": ""},
        {"loss": "categorical", "targets": "one-hot floats"}, KERAS, True,
    ),
    Plant(
        "class weights turned", ("class-weights-inverted",), "dcrsb", twist("weights turned"),
        {"extra": ("weighted", "imbalanced")}, TORCH, True,
    ),
    Plant(
        "one term drowns", ("loss-term-dominates", "regularisation-too-strong"), "dcrg", twist("drowned", "penalised")
    ),
    # the examples of a batch
    Plant("mixed by a view", ("batch-mixed",), "dragb", twist("mixed"), {"batch": 32}, certain=True, cure=False),
    Plant(
        "gated over the batch", ("batch-mixed",), "dcga", twist("gated over batch"), {"batch": 32}, certain=True,
        cure=False,
    ),
    Plant("batch first forgotten", ("batch-mixed",), "rt", twist("batch first"), {}, TORCH, True, False),
    Plant(
        "batches of two under normalisation", ("batch-norm-small-batch",), "dagb", {"batch": 2},
        {"norm": "batch", "batch": 32, "epochs": 20, "rows": 500}, certain=True,
    ),
    Plant(
        "test rows in another unit", ("validation-unlike-training", "preprocess-mismatch"), "dcrsgb",
        {"inputs": "raw test"}, {"extra": "tested"}, certain=True, cure=False,
    ),
    # sequences and pictures
    Plant("no places", ("no-positions",), "t", twist("no places"), certain=True, cure=False),
    Plant("first step read", ("wrong-time-step",), "r", twist("first step"), certain=True, cure=False),
    Plant("sees ahead", ("future-leak",), "l", twist("sees ahead"), {"cell": "attention"}, certain=True, cure=False),
    Plant("reads both ways", ("future-leak",), "l", twist("both ways"), {"cell": "gru"}, certain=True, cure=False),
    Plant("state kept", ("state-carried-over",), "rl", twist("keeps state"), {"cell": "gru"}, TORCH, True, False),
    Plant(
        "padding counted", ("padding-counted",), "tl", twist("counts padding"), SENTENCES, certain=True, cure=False
    ),
    Plant("reshaped", ("image-axes-confused", "features-destroyed"), "cs", twist("reshaped"), PICTURES, cure=False),
    Plant("channels last", ("image-axes-confused",), "c", twist("channels last"), COLOURS, certain=True, cure=False),
    Plant("numbers of words", ("tokens-as-quantities",), "t", twist("quantities"), certain=True, cure=False),
    Plant(
        "numbers of letters", ("tokens-as-quantities",), "l", twist("quantities"), {"cell": "gru"}, certain=True,
        cure=False,
    ),
    Plant(
        "numbers of words, recurrent", ("tokens-as-quantities",), "r", twist("quantities"),
        {"data": "firsts", "architecture": "transformer", "cell": "gru"}, certain=True, cure=False,
    ),
    Plant("pooled away", ("too-much-pooling", "bottleneck"), "cs", twist("pooled away"), PICTURES, cure=False),
    # the start
    Plant("dead units", ("dead-relu",), "dcags", {"start": "dead"}, PLAIN),
    Plant("zero weights", ("symmetric-init",), "dcagb", {"start": "zeros"}),
    Plant("equal weights", ("symmetric-init",), "dcagb", {"start": "equal"}),
    Plant("weights too large", ("init-too-large", "output-units-saturated"), "dcragb", {"start": "large"}),
    Plant("weights too small", ("init-too-small",), "dcagb", {"start": "small"}, SGD),
    Plant(
        "weights all positive", ("init-positive-saturation", "init-too-large"), "dab", {"start": "positive"},
        {"activation": "sigmoid", "rate": 0.005, "inputs": ""},
    ),
    Plant(
        "twelve sigmoid layers", ("vanishing-gradients", "too-deep", "wrong-hidden-activation"), "dagb", {"depth": 12},
        {"activation": "sigmoid", "rate": 0.01, "epochs": 20, "depth": 1},
    ),
    Plant(
        "forgetful through time", ("vanishing-gradients",), "r", {"start": "recurrent small"},
        {"data": "beginnings", "cell": "rnn", "start": "recurrent identity", "rate": 0.003, "epochs": 12}, cure=False,
    ),
    Plant(
        "growing through time", ("exploding-gradients", "init-too-large"), "r", {"start": "recurrent large"},
        {"cell": "rnn", "steps": 20}, cure=False,
    ),
    Plant(
        "growing through layers", ("exploding-gradients", "init-too-large"), "dag", {"start": "growing", "depth": 10},
        PLAIN | {"depth": 3},
    ),
    Plant("not a number", ("bad-inputs",), "dcrasgb", {"inputs": "nan"}, certain=True, cure=False),
    Plant("logarithm of zero", ("log-of-zero",), "dcr", {"loss": "own crossentropy"}, certain=True),
    Plant(
        "logarithm of less than zero", ("log-of-zero", "labels-corrupted"), "g", {"loss": "logarithms"},
        {"targets": "standardised"}, certain=True, cure=False,
    ),
    # the numbers
    Plant("bytes", ("input-not-scaled",), "dcs", {"inputs": "bytes"}, SGD | {"activation": "tanh"}),
    Plant("features of many units", ("input-not-scaled", "input-not-centred"), "rgb", {"inputs": "units"}),
    Plant("targets of many units", ("target-not-scaled",), "g", {"targets": "raw"}),
    Plant("rate too high", ("lr-too-high",), "dcrtlagsb", {"rate": lambda s: 100 * s.rate}),
    Plant("rate too low", ("lr-too-low",), "dcrtlagsb", {"rate": lambda s: s.rate / 1000}),
    Plant(
        "too few epochs", ("undertrained", "batch-too-large"), "dcrtlagb", {"epochs": 1, "batch": 200},
        {"optimizer": "adam", "rate": lambda s: min(s.rate, 0.003) if s.architecture not in "recurrent" else s.rate},
    ),
    Plant("dropout of 0.95", ("regularisation-too-strong",), "dcagb", {"dropout": 0.95}),
    Plant("weight decay of 1", ("regularisation-too-strong",), "dcragb", {"decay": 1.0}, by_adam(), TORCH),
    Plant("penalty of 1", ("regularisation-too-strong",), "dcagb", twist("regularised away"), {}, KERAS),
)  # fmt: skip


@dataclass(frozen=True)
class Patient:
    """A plant in an architecture in a library."""

    plant: Plant
    architecture: str
    library: str
    seed: int

    @property
    def name(self) -> str:
        """One name, that files are keyed by."""
        return f"{self.plant.name} / {self.architecture} / {self.library} / {self.seed}"

    def specs(self) -> tuple[Spec, Spec]:
        """The sick network and its sound twin."""
        return self.plant.specs(self.architecture, self.library, self.seed)


def patients(seed: int, library: str = "", only: str = "") -> list[Patient]:
    """All of a seed, in an order that mixes plants, so that one in so many is of every kind."""
    found = [
        Patient(plant, SHORT[letter], one, seed)
        for plant in PLANTS
        for one in plant.libraries
        for letter in plant.where
        if one == library or not library
    ]
    assert set(SHORT.values()) == set(ARCHITECTURES)
    return [one for one in found if only in one.name]
