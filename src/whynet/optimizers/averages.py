"""Averages: a running mean of the parameters, to evaluate and to keep instead of the last ones."""

from __future__ import annotations

from dataclasses import dataclass

from whynet.errors import UsageError
from whynet.optimizers.optimizers import State
from whynet.params import Params


@dataclass(frozen=True)
class Average:
    """After every step the average moves towards the parameters (Polyak and Juditsky 1992, as an exponential mean):

        average <- d average + (1 - d) w,   d = min(decay, (1 + t) / (10 + t)) after step t

    so that the first, bad parameters are soon forgotten. Training goes on with `w`; the average only looks on, as
    `"average"` in the optimizer's state. A decay of 0 is off; 0.999 averages over about the last 1,000 steps.

    >>> import numpy as np
    >>> params = Params(({"b": (1,)},), np.array([1.0]))
    >>> average = Average(0.5)
    >>> state = average.init(params)
    >>> params.vector[:] = 2
    >>> average.after_step(params, state, step=90)
    >>> state["average"]
    array([1.5])
    """

    decay: float = 0.0

    def __post_init__(self) -> None:
        if not 0 <= self.decay < 1:
            raise UsageError("an average's decay is out of range", expected="0 or more, below 1", found=f"{self.decay}")

    def init(self, params: Params) -> State:
        """What goes into the optimizer's state."""
        return {"average": params.vector.copy()} if self.decay else {}

    def after_step(self, params: Params, state: State, step: int) -> None:
        """Follow the parameters, which have just taken the step of that number, counted from 0."""
        if self.decay:
            average = state["average"]
            share = 1 - min(self.decay, (1 + step) / (10 + step))
            average += average.dtype.type(share) * (params.vector - average)
