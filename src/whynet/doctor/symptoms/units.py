"""What the units of a network do with probe rows: hidden units that are saturated or dead, and the outputs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from whynet.doctor.case import Case
from whynet.doctor.normal import Above, AtLeast, Below, Exactly
from whynet.doctor.symptom import Measured, Symptom
from whynet.network.activations import activation
from whynet.types import Array, Scores

SATURATED = {
    "start": Symptom(
        "saturated-start", "saturated hidden activations", "fraction of a hidden layer's activations", Below(0.3)
    ),
    "end": Symptom(
        "saturated-end", "saturated hidden activations at the end", "fraction of a hidden layer's activations",
        Below(0.3),
    ),
}  # fmt: skip
SPREAD = {
    "start": Symptom(
        "spread-start", "spread of hidden activations over examples", "of hidden activations over examples", Above(0.05)
    ),
    "end": Symptom(
        "spread-end", "spread of hidden activations over examples, end", "of hidden activations over examples",
        Above(0.05),
    ),
}  # fmt: skip
DEAD = {
    "start": Symptom(
        "dead-start", "dead hidden units before the first step", "fraction of a hidden layer's units", Below(0.5)
    ),
    "end": Symptom("dead-end", "dead hidden units at the end", "fraction of a hidden layer's units", Below(0.5)),
}
HIDDEN_SHARES = Symptom(
    "hidden-shares", "hidden layers whose activations sum to 1", "hidden layers whose activations sum to 1", Exactly(0)
)
RANK = Symptom("rank", "independent directions among the activations", "of the last hidden layer", AtLeast())
LEAST_OUTPUT = Symptom("least-output", "least output before the first step")
LARGEST_OUTPUT = Symptom("largest-output", "largest output before the first step")
OUTPUTS_SUM = Symptom("outputs-sum", "outputs of an example sum to 1 but for", "off 1")
OUTPUT_WEIGHTED_INPUT = Symptom(
    "output-weighted-input", "mean size of the outputs' pre-activations", "mean size", Below(4)
)

FLAT = 0.01  # a unit whose derivative is below this fraction of its largest is saturated
STEEPEST = {"sigmoid": 0.25, "tanh": 1.0, "scaled-tanh": 1.7159 * 2 / 3}
"""The largest derivative of the activations that saturate."""
Of = tuple[float, str]
"""A value, and the layer that it is of."""
LEAST = 0.01  # of the largest singular value: less is no direction of its own


class Hidden(NamedTuple):
    """A hidden layer at work: its activation, and what that was given (rows, outputs). Of pictures the units are
    filters, so many `channels` side by side at each place; else each output is one.

    >>> Hidden("relu", np.zeros((2, 8)), channels=4).units.shape
    (4, 4)
    """

    activation: str
    z: Array
    layer: str = ""
    channels: int = 0

    @property
    def units(self) -> Array:
        """A column for each unit."""
        return self.z.reshape(-1, self.channels) if self.channels else self.z


def measure_units(case: Case, when: str, hidden: Sequence[tuple[str, Array] | Hidden]) -> None:
    """Saturation, spread and death of hidden units: of each layer its activation and its pre-activations (rows, units),
    or a `Hidden`. Of each the worst layer is noted.

    >>> from whynet.doctor.diagnosis import Settings
    >>> case = Case(Settings(), layers=2, rows=2, available=2, classes=2, features=3)
    >>> measure_units(case, "start", [("sigmoid", np.array([[20.0, 0.0], [30.0, 0.5]]))])
    >>> case.value("saturated-start"), case.value("dead-start")
    (0.5, 0.0)
    """
    saturated, spreads, dead, row_sums = list[Of](), list[Of](), [(0.0, "")], list[float]()
    for one in hidden:
        name, z, layer, _ = here = Hidden(*one)
        if name == "identity":
            continue
        a, inner = activation(name).forward(z)
        if name in STEEPEST:
            derivative = activation(name).backward(inner, np.ones_like(a))
            saturated.append((float(np.mean(np.abs(derivative) < FLAT * STEEPEST[name])), layer))
        if name == "relu":
            dead.append((float(np.mean((here.units <= 0).all(axis=0))), layer))
        if name == "softmax":
            row_sums.append(float(np.abs(a.sum(axis=1) - 1).max()))
        spreads.append((float(np.sqrt(a.var(axis=0).mean()) / max(np.sqrt(np.mean(a**2)), 1e-300)), layer))
    negative = [(-spread, layer) for spread, layer in spreads]
    for symptom, found in ((SATURATED, saturated), (SPREAD, negative), (DEAD, dead)):
        if found:
            most, layer = max(found, key=lambda one: one[0])
            case.note(symptom[when], abs(most), layer=layer)
    if row_sums:
        case.note(HIDDEN_SHARES, 1)


def measure_rank(case: Case, activations: Array) -> None:
    """How many directions the activations (rows, units) of the last hidden layer have: fewer than there are classes,
    and some of these cannot be told apart.

    >>> from whynet.doctor.diagnosis import Settings
    >>> case = Case(Settings(), layers=2, rows=2, available=2, classes=3, features=3)
    >>> measure_rank(case, np.outer([1.0, 2.0, 4.0], [1.0, -1.0]))
    >>> case.value("rank")
    1.0
    """
    values = np.linalg.svd(activations - activations.mean(axis=0), compute_uv=False)
    rank = int(np.sum(values > LEAST * max(values[0], 1e-300)))
    case.note(RANK, rank, at=min(max((case.classes or _outputs(case)) - 1, 1), len(values)))


def _outputs(case: Case) -> int:
    return case.settings.widths[-1] if case.settings.widths else 0


def outputs_measured(scores: Scores) -> list[Measured]:
    """The range of the outputs (rows, outputs), and whether those of a row sum to 1.

    >>> [round(fact.value, 2) for fact in outputs_measured(np.array([[0.25, 0.75], [0.0, 1.5]]))]
    [0.0, 1.5, 0.5]
    """
    found = [LEAST_OUTPUT.measured(scores.min()), LARGEST_OUTPUT.measured(scores.max())]
    if scores.shape[1] > 1:
        found.append(OUTPUTS_SUM.measured(np.abs(scores.sum(axis=1) - 1).max()))
    return found
