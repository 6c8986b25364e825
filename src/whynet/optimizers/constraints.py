"""Constraints: what a step may not exceed, whoever takes it. They act outside the cost."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from whynet.errors import UsageError
from whynet.params import Params


@dataclass(frozen=True)
class Constraints:
    """Three restraints, each off unless given.

    clip_norm
        Before the step: a gradient longer than this, over all parameters, is shortened to it (Pascanu et al. 2013).
    weight_decay
        Before the step: `W <- W - rate * weight_decay * W`, for weights and not for biases. Under SGD this is an L2
        penalty; under Adam it is not, and works better (Loshchilov and Hutter 2019).
    max_norm
        After the step: the weights into a unit, a column of W, longer than this are shortened to it (Srivastava et al.
        2014, section 5.1).

    >>> params = Params(({"W": (2, 1), "b": (1,)},), np.array([3.0, 4.0, 9.0]))
    >>> Constraints(max_norm=1.0).after_step(params)
    >>> params.vector
    array([0.6, 0.8, 9. ])
    """

    clip_norm: float | None = None
    weight_decay: float = 0.0
    max_norm: float | None = None

    def __post_init__(self) -> None:
        for limit in (self.clip_norm, self.max_norm):
            if limit is not None and not 0 < limit < math.inf:
                raise UsageError("a largest norm is a finite number above 0", found=str(limit))
        if not 0 <= self.weight_decay < math.inf:
            raise UsageError("weight decay is a finite number, 0 or more", found=str(self.weight_decay))

    def before_step(self, params: Params, gradients: Params, rate: float) -> None:
        """Shorten the gradient, if it is too long, and shrink the weights, both in place."""
        if self.clip_norm is not None:
            norm = float(np.linalg.norm(gradients.vector))
            if norm > self.clip_norm:
                gradients.vector *= self.clip_norm / norm
        if self.weight_decay:
            for W in params.weights():
                W *= 1 - rate * self.weight_decay

    def after_step(self, params: Params) -> None:
        """Shorten what has become too long, in place."""
        if self.max_norm is not None:
            for W in params.weights():
                norms = np.linalg.norm(W, axis=0)
                W *= np.minimum(1, self.max_norm / np.maximum(norms, np.finfo(W.dtype).tiny))
