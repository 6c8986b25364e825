"""What a program's predictions are: which problem they answer, and how good they are."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from whynet.data.problem import Classification, MultiLabel, Regression
from whynet.data.protocol import Problem
from whynet.types import Array


@dataclass(frozen=True)
class Answers:
    """A problem, and what turns a program's outputs and targets into scores and answers. `low` and `high` are the
    values of a target that is no or yes, where it has only two.

    >>> answers = Answers.of(np.array([[1.0, 0.0], [0.0, 1.0], [0.0, 1.0]]))
    >>> answers.problem.kind, answers.asked(np.array([[0.0, 1.0]])).tolist()
    ('classification', [1])
    """

    problem: Problem
    middle: float = 0.5
    low: float = 0.0
    high: float = 1.0

    @classmethod
    def of(cls, targets: Array) -> Answers:
        """By the targets (examples, numbers)."""
        values, width = np.unique(targets), targets.shape[1]
        if len(values) == 2 and width == 1:
            low, high = float(values[0]), float(values[1])
            if (low, high) in ((0.0, 1.0), (-1.0, 1.0)) or (0 < low < 0.3 and 0.7 < high < 1):
                return cls(Classification(("0", "1")), (low + high) / 2, low, high)
        if len(values) == 2 and width > 1:
            low, high = float(values[0]), float(values[1])
            if -1.0 <= low <= 0.3 and 0.7 <= high <= 1.0:
                if ((targets == high).sum(axis=1) == 1).all():
                    return cls(Classification(tuple(map(str, range(width)))), (low + high) / 2, low, high)
                return cls(MultiLabel(tuple(map(str, range(width)))), (low + high) / 2, low, high)
        return cls(Regression(tuple(map(str, range(width)))))

    @property
    def classes(self) -> int:
        """0 where there are none."""
        return self.problem.outputs if isinstance(self.problem, Classification) else 0

    def asked(self, targets: Array) -> Array:
        """The targets as the problem keeps them."""
        if isinstance(self.problem, Classification):
            high: Array = targets.argmax(axis=1) if targets.shape[1] > 1 else (targets[:, 0] > self.middle).astype(int)
            return high.astype(np.intp)
        return (targets > self.middle).astype(np.uint8) if self.problem.kind == "labels" else targets


def cost_of(name: str, outputs: Array, targets: Array) -> float:
    """The mean cost of predictions by its kind: the cross-entropy of a sigmoid or a softmax, else the squared error.

    >>> round(cost_of("logistic", np.array([[0.5]]), np.array([[1.0]])), 3)
    0.693
    >>> cost_of("squares", np.ones((2, 1)), np.zeros((2, 1)))
    1.0
    """
    if not np.isfinite(outputs).all():
        return math.nan
    with np.errstate(all="ignore"):
        inside = bool(((outputs >= 0) & (outputs <= 1)).all() and ((targets >= 0) & (targets <= 1)).all())
        if name in ("logistic", "softmax") and inside:
            p = np.clip(outputs, 1e-12, 1 - 1e-12)
            each = targets * np.log(p) + ((1 - targets) * np.log(1 - p) if name == "logistic" else 0.0)
            return float(-each.sum(axis=1).mean())
        return float(((outputs - targets) ** 2).sum(axis=1).mean())
