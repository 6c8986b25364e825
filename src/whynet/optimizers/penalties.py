"""Penalties: what large weights cost. They act on weights, never on biases."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from whynet.errors import UsageError
from whynet.params import Params


@dataclass(frozen=True)
class Penalty:
    """Adds `l1 * sum |W| + l2 / 2 * sum W^2` to the mean cost, and so `l1 * sign(W) + l2 * W` to its gradient.

    Where a text divides its lambda by the number of examples n, `l2 = lambda / n`. At W = 0 the gradient of |W| is
    taken as 0.

    >>> params = Params(({"W": (1, 2), "b": (1,)},), np.array([3.0, -4.0, 100.0]))
    >>> Penalty(l1=1.0).value(params), Penalty(l2=0.1).value(params)
    (7.0, 1.25)
    """

    l1: float = 0.0
    l2: float = 0.0

    def __post_init__(self) -> None:
        for strength in (self.l1, self.l2):
            if not 0 <= strength < float("inf"):
                raise UsageError("a penalty is a finite number, 0 or more", found=str(strength))

    def value(self, params: Params) -> float:
        """What the weights cost now."""
        total = 0.0
        for W in params.weights():
            total += self.l1 * float(np.abs(W).sum()) if self.l1 else 0.0
            total += 0.5 * self.l2 * float(np.vdot(W, W)) if self.l2 else 0.0
        return total

    def add_gradient(self, params: Params, gradients: Params) -> None:
        """Add the penalty's gradient to `gradients`, in place."""
        if not (self.l1 or self.l2):
            return
        for W, dW in zip(params.weights(), gradients.weights(), strict=True):
            dW += self.l1 * np.sign(W) + self.l2 * W
