"""Penalties: what large weights cost. They act on weights, never on biases."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from whynet.errors import UsageError
from whynet.params import Params


@dataclass(frozen=True)
class L2:
    """Adds `strength / 2 * sum W^2` to the mean cost, and so `strength * W` to its gradient.

    Where a text divides its lambda by the number of examples n, `strength = lambda / n`.

    >>> params = Params(({"W": (1, 2), "b": (1,)},), np.array([3.0, 4.0, 100.0]))
    >>> L2(0.1).value(params)
    1.25
    """

    strength: float = 0.0

    def __post_init__(self) -> None:
        if not 0 <= self.strength < float("inf"):
            raise UsageError("a penalty is a finite number, 0 or more", found=str(self.strength))

    def value(self, params: Params) -> float:
        """What the weights cost now."""
        if not self.strength:
            return 0.0
        return 0.5 * self.strength * sum(float(np.vdot(W, W)) for W in params.weights())

    def add_gradient(self, params: Params, gradients: Params) -> None:
        """Add the penalty's gradient to `gradients`, in place."""
        if self.strength:
            for W, dW in zip(params.weights(), gradients.weights(), strict=True):
                dW += self.strength * W
