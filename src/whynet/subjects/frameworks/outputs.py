"""What somebody's loss makes of the outputs: which cost it is, and whether they are squashed once too often."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from whynet.doctor.change import Change
from whynet.doctor.diagnosis import Finding
from whynet.doctor.symptom import Measured
from whynet.doctor.symptoms.outcome import FLOOR
from whynet.doctor.symptoms.units import outputs_measured
from whynet.network.costs import COSTS, floor, one_hot
from whynet.subjects.losses import Loss, recognise
from whynet.subjects.recreate import squashed
from whynet.types import Array, Labels

ROWS = 500  # that a cost is computed on


class Outputs:
    """The outputs of the probe rows, what squashes them, and which cost `loss(outputs, labels)` then is.

    >>> def squares(outputs, labels):
    ...     return float(np.mean((outputs - np.eye(3)[labels]) ** 2))
    >>> Outputs(np.eye(3), "softmax", squares, smoothing=0.0).settings
    {'cost': 'quadratic', 'output': 'softmax'}
    """

    def __init__(
        self, outputs: Array, squash: str | None, loss: Callable[[Array, Labels], float], *, smoothing: float
    ) -> None:
        self.outputs, self.squash, self.loss = outputs, squash or "identity", loss
        self.cost = None if squash is None else self._cost(smoothing)

    def _cost(self, smoothing: float) -> Loss | None:
        try:
            return recognise(
                lambda Z, labels: self.loss(squashed(self.squash, Z), labels),
                self.outputs.shape[1],
                smoothing=smoothing,
            )
        except Exception:  # a loss that takes no such numbers is none of them
            return None

    @property
    def settings(self) -> dict[str, Any]:
        """The cost and the activation before it, as far as they are known."""
        return {} if self.cost is None else {"cost": self.cost.cost, "output": self.cost.output_activation}

    @property
    def middle(self) -> float:
        """Of one output for two classes, where the prediction changes."""
        if self.outputs.shape[1] > 1:
            return 0.0
        if self.squash == "sigmoid":
            return 0.5
        return middle_of(lambda score, label: self.loss(np.array([[score]]), np.array([label])))

    def facts(self, labels: Labels) -> list[Measured]:
        """What is measured of them before training."""
        return [*outputs_measured(self.outputs), FLOOR.measured(self._floor(labels))]

    def _floor(self, labels: Labels) -> float:
        """The loss of the best constant outputs; NaN where it is no known cost."""
        if self.cost is None:
            return math.nan
        outputs = self.outputs.shape[1]
        rows = min(len(labels), ROWS) if self.cost.summed else 1
        counts = np.bincount(labels, minlength=max(outputs, 2))
        targets = one_hot(np.arange(len(counts)), outputs, "float64")
        return float(self.cost.factor * rows * floor(COSTS[self.cost.cost], targets, counts))

    def squashed_twice(self) -> list[Finding]:
        """A cross-entropy of scores squashes them itself: to hand it outputs that are squashed already is a mistake."""
        cost = self.cost
        if cost is None or cost.cost == "quadratic" or cost.output_activation == "identity":
            return []
        change = Change("output", {"name": "identity"})
        return [Finding("wrong-output-activation", "found", tuple(outputs_measured(self.outputs)), change)]


def middle_of(loss: Callable[[float, int], float]) -> float:
    """Of one output for two classes, the score at which the loss prefers neither: 0.5 of a probability, 0 of a logit.

    >>> middle_of(lambda score, label: (score - label) ** 2)
    0.5
    """
    apart = {}
    for score in (0.0, 0.5):
        try:
            with np.errstate(all="ignore"):
                apart[score] = abs(loss(score, 1) - loss(score, 0))
        except Exception:  # a loss that takes no such number
            apart[score] = np.inf
    return min(apart, key=lambda score: (not np.isfinite(apart[score]), apart[score]))
