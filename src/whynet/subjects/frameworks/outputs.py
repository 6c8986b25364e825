"""What somebody's loss makes of the outputs: which cost it is, and whether they are squashed once too often."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from whynet.data.problem import Classification
from whynet.data.protocol import Problem
from whynet.doctor.change import Change
from whynet.doctor.diagnosis import Finding
from whynet.doctor.symptom import Measured
from whynet.doctor.symptoms.outcome import FLOOR
from whynet.doctor.symptoms.units import outputs_measured
from whynet.network.costs import COSTS, floor, one_hot
from whynet.subjects.losses import Loss, recognise
from whynet.subjects.recreate import squashed
from whynet.types import Array

ROWS = 500  # that a cost is computed on


class Outputs:
    """The outputs of the probe rows, what squashes them, and which cost `loss(outputs, y)` then is, of what the problem
    keeps: without one, of class numbers. Of a regression, `shares` are numbers from 0 to 1.

    >>> def squares(outputs, labels):
    ...     return float(np.mean((outputs - np.eye(3)[labels]) ** 2))
    >>> Outputs(np.eye(3), "softmax", squares, smoothing=0.0).settings
    {'cost': 'quadratic', 'output': 'softmax'}
    """

    def __init__(
        self, outputs: Array, squash: str | None, loss: Callable[[Array, Array], float], *, smoothing: float = 0.0,
        problem: Problem | None = None, shares: bool = False,
    ) -> None:  # fmt: skip
        self.problem = problem or Classification(tuple(map(str, range(max(outputs.shape[1], 2)))))
        self.shares = shares
        self.outputs, self.squash, self.loss = outputs, squash or "identity", loss
        self.cost = None if squash is None else self._cost(smoothing)

    def _cost(self, smoothing: float) -> Loss | None:
        try:
            return recognise(
                lambda Z, y: self.loss(squashed(self.squash, Z), y),
                self.outputs.shape[1],
                problem=self.problem,
                shares=self.shares,
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
        """Of one output for two classes, and of those of labels, where the prediction changes."""
        several, labels = self.outputs.shape[1], self.problem.kind == "labels"
        if self.problem.kind == "regression" or (several > 1 and not labels):
            return 0.0
        if self.squash == "sigmoid":
            return 0.5
        if labels:
            return middle_of(
                lambda score, label: self.loss(np.full((1, several), score), np.full((1, several), label, np.uint8))
            )
        return middle_of(lambda score, label: self.loss(np.array([[score]]), np.array([label])))

    @property
    def words(self) -> str:
        """What is taken for a prediction."""
        if self.problem.kind == "regression":
            return "the outputs are the numbers"
        if self.problem.kind == "labels":
            return f"a label is there where its output is above {self.middle:g}"
        if self.outputs.shape[1] == 1:
            return f"class 1 where the output is above {self.middle:g}"
        return "the largest output is the predicted class"

    def facts(self, y: Array) -> list[Measured]:
        """What is measured of them before training."""
        return [*outputs_measured(self.outputs), FLOOR.measured(self._floor(y))]

    def _floor(self, y: Array) -> float:
        """The loss of the best constant outputs; NaN where it is no known cost."""
        if self.cost is None:
            return math.nan
        outputs = self.outputs.shape[1]
        rows = min(len(y), ROWS) if self.cost.summed else 1
        cost = COSTS[self.cost.cost]
        if self.problem.kind != "classification":
            least = floor(cost, self.problem.targets(y, outputs))
        else:
            counts = np.bincount(y, minlength=max(outputs, 2))
            least = floor(cost, one_hot(np.arange(len(counts)), outputs, "float64"), counts)
        return float(self.cost.factor * rows * least)

    def squashed_twice(self) -> list[Finding]:
        """A cross-entropy of scores squashes them itself: to hand it outputs that are squashed already is a mistake."""
        cost = self.cost
        squares = cost is None or cost.cost not in ("sigmoid-cross-entropy", "softmax-cross-entropy")
        if cost is None or squares or cost.output_activation == "identity":
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
