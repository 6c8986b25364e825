"""The weights: how they are drawn, how large the gradient of each layer is, and how far a step moves them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from whynet.doctor.case import Case
from whynet.doctor.normal import Above, Below, Between, Exactly
from whynet.doctor.symptom import Symptom
from whynet.types import Array

IDENTICAL_UNITS = Symptom(
    "identical-units", "hidden units that start as copies of another", "fraction of hidden units", Exactly(0)
)
WEIGHT_GAIN = Symptom(
    "weight-gain", "largest gain of a layer's initial weights", "sd of weights x root of fan-in", Below(2)
)
LEAST_WEIGHT_GAIN = Symptom(
    "least-weight-gain", "smallest gain of a layer's initial weights", "sd of weights x root of fan-in", Above(0.1)
)
ONE_SIDED_PUSH = Symptom("one-sided-push", "mean pre-activation of layer 1", normal=Below(2))
WEIGHTED_INPUT_SD = Symptom(
    "weighted-input-sd", "standard deviation of layer 1's pre-activations", normal=Between(0.2, 3)
)
PRE_ACTIVATION_OFFSET = Symptom("pre-activation-offset", "offset of layer 1's pre-activations from 0", normal=Below(2))
GRADIENT_FALL = Symptom(
    "gradient-fall", "first layer's gradient to the last layer's", "first layer's to last's", Above(0.001)
)
UPDATE_RATIO = Symptom(
    "update-ratio", "largest move of a layer's weights in a step", "of their length", Between(1e-6, 0.5)
)
MOVED = Symptom("moved", "distance moved, to the weights' first length", "of the first weights' length")
WEIGHTS = Symptom("weights", "mean size of the weights at the end", "mean size")
PENALTY_AT_START = Symptom(
    "penalty-at-start", "pull of the penalty on weights of a usual size, to the first gradient",
    "of the data's gradient", Below(0.3),
)  # fmt: skip
PENALTY_PULL = Symptom("penalty-pull", "pull of the penalty, to the gradient's", "of the data's gradient", Below(0.5))


def measure_weights(
    case: Case, layers: Sequence[tuple[Array, Array | None]], names: Sequence[str] | None = None
) -> None:
    """How the initial weights are drawn, and whether units are copies: of each layer its weights (fan_in, fan_out) and,
    where they are known, its biases; `names` are what the layers are called.

    >>> from whynet.doctor.diagnosis import Settings
    >>> case = Case(Settings(), layers=2, rows=2, available=2, classes=2, features=3)
    >>> measure_weights(case, [(np.zeros((2, 3)), np.zeros(3)), (np.eye(3), None)])
    >>> case.value("identical-units"), case.value("least-weight-gain")
    (1.0, 0.0)
    """
    called = [""] * len(layers) if names is None else names
    known = [(W.astype(np.float64), b, name) for (W, b), name in zip(layers, called, strict=True) if W.size > 1]
    if not known:
        return
    gains = [(float(W.std() * math.sqrt(len(W))), name) for W, _, name in known]
    case.note(WEIGHT_GAIN, max(gains)[0], layer=max(gains)[1])
    case.note(LEAST_WEIGHT_GAIN, min(gains)[0], layer=min(gains)[1])
    alike = [
        (_alike(W if b is None or b.size != W.shape[1] else np.vstack([W, b])), name)
        for W, b, name in known[:-1]
        if W.shape[1] > 1
    ]
    most, name = max(alike, default=(0.0, ""), key=lambda one: one[0])
    case.note(IDENTICAL_UNITS, most, layer=name)


def _alike(weights: Array) -> float:
    """The fraction of columns, of one less than there are, that are copies of another."""
    return float(1 - (len(np.unique(weights.T, axis=0)) - 1) / (weights.shape[1] - 1))


def measure_first_layer(case: Case, W: Array, x: Array, z: Array | None) -> None:
    """How far the first layer's weights (fan_in, fan_out) push its units to one side on inputs x (rows, fan_in).

    >>> from whynet.doctor.diagnosis import Settings
    >>> case = Case(Settings(), layers=2, rows=2, available=2, classes=2, features=3)
    >>> measure_first_layer(case, np.full((3, 4), 2.0), np.ones((5, 3)), None)
    >>> case.value("one-sided-push")
    6.0
    """
    measure_first_layers(case, [First(W, x, z)])


class First(NamedTuple):
    """One of the first layers at work: its weights (fan_in, fan_out), what they are multiplied by (rows, fan_in), what
    comes of it, and what the layer is called.

    >>> First(np.ones((3, 4)), np.ones((5, 3))).layer
    ''
    """

    W: Array
    x: Array
    z: Array | None = None
    layer: str = ""


def measure_first_layers(case: Case, layers: Sequence[First]) -> None:
    """The same of a layer and those after it, up to the first whose units see the whole example: a filter adds up so
    few numbers that it is the next ones that show it. The worst is noted.

    >>> from whynet.doctor.diagnosis import Settings
    >>> case = Case(Settings(), layers=2, rows=2, available=2, classes=2, features=3)
    >>> few, many = (First(np.full((size, 4), 2.0), np.ones((5, size)), None, f"layer {size}") for size in (2, 30))
    >>> measure_first_layers(case, [few, many])
    >>> case.value("one-sided-push"), case.symptoms["one-sided-push"].layer
    (60.0, 'layer 30')
    """
    pushes, offsets = [], []
    for W, x, z, layer in layers:
        mean = max(abs(W.mean()) - 3 * W.std() / math.sqrt(W.size), 0.0)  # beyond what chance gives
        pushes.append((float(mean * x.sum(axis=1).mean()), layer))
        if z is not None:
            offsets.append((abs(float(z.mean())) - float(z.std()), layer))
    for symptom, found in ((ONE_SIDED_PUSH, pushes), (PRE_ACTIVATION_OFFSET, offsets)):
        if found:
            most, layer = max(found, key=lambda one: one[0])
            case.note(symptom, most, layer=layer)
    if layers[0].z is not None:
        case.note(WEIGHTED_INPUT_SD, layers[0].z.std())


def measure_gradients(case: Case, gradients: Sequence[Array]) -> None:
    """How large the gradient of the first layer's weights is beside that of the last layer's.

    >>> from whynet.doctor.diagnosis import Settings
    >>> case = Case(Settings(), layers=2, rows=2, available=2, classes=2, features=3)
    >>> measure_gradients(case, [np.full((4, 4), 0.01), np.full((4, 2), 1.0)])
    >>> case.value("gradient-fall")
    0.01
    """
    sizes = [float(np.linalg.norm(g)) / math.sqrt(g.size) for g in gradients]
    if len(sizes) > 1:
        case.note(GRADIENT_FALL, sizes[0] / max(sizes[-1], 1e-300))


def measure_step(
    case: Case, before: Sequence[Array], after: Sequence[Array], names: Sequence[str] | None = None
) -> None:
    """How far a step moves the weights of each layer, to their length; of weights that are all 0 nothing can be said.
    The layer with the largest is noted.

    >>> from whynet.doctor.diagnosis import Settings
    >>> case = Case(Settings(), layers=2, rows=2, available=2, classes=2, features=3)
    >>> measure_step(case, [np.array([[3.0, 4.0]])], [np.array([[3.0, 4.5]])])
    >>> case.value("update-ratio")
    0.1
    """
    lengths = [float(np.linalg.norm(W)) for W in before]
    moves = [float(np.linalg.norm(new - old)) for old, new in zip(before, after, strict=True)]
    called = [""] * len(lengths) if names is None else names
    ratios = [(move / size, name) for move, size, name in zip(moves, lengths, called, strict=True) if size > 0]
    if ratios:
        most, name = max(ratios, key=lambda one: one[0])
        case.note(UPDATE_RATIO, most, layer=name)
