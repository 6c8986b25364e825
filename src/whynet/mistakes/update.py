"""Updates: mistakes in how a step is made from the gradient."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from whynet.errors import UsageError
from whynet.mistakes.kind import Kind
from whynet.optimizers.optimizers import SGD, Optimizer, State
from whynet.params import Params

MEMORY = {"raw-momentum": "previous", "stale-gradients": "stale"}
"""What is remembered from step to step, for the mistakes that show in the steps."""


@dataclass(frozen=True)
class WrongUpdate:
    """An optimizer with a mistake (a key of `UPDATES`) made around it.

    >>> params, gradients = Params(({"W": (1, 1)},), np.array([0.0])), Params(({"W": (1, 1)},), np.array([1.0]))
    >>> stale = WrongUpdate("stale-gradients", SGD())
    >>> state = stale.init(params)
    >>> for step in range(2):
    ...     stale.update(params, gradients, state, rate=0.1)
    >>> params.vector.round(1)  # 0.1 * 1 + 0.1 * 2
    array([-0.3])
    """

    kind: str
    sound: Optimizer
    momentum: float = 0.0

    def init(self, params: Params) -> State:
        memory = {MEMORY[self.kind]: np.zeros_like(params.vector)} if self.kind in MEMORY else {}
        return self.sound.init(params) | memory

    def update(self, params: Params, gradients: Params, state: State, rate: float) -> None:
        UPDATES[self.kind].spoil(self, params, gradients, state, rate)


def _raw_momentum(own: WrongUpdate, params: Params, gradients: Params, state: State, rate: float) -> None:
    """`W <- W - rate * g - m * g_previous; b <- b - rate * g`: steps of rate + m in the end, whatever the rate is."""
    previous = Params(params.shapes, state["previous"])
    own.sound.update(params, gradients, state, rate)
    for W, dW_previous in zip(params.weights(), previous.weights(), strict=True):
        W -= own.momentum * dW_previous
    state["previous"][...] = gradients.vector


def _stale_gradients(own: WrongUpdate, params: Params, gradients: Params, state: State, rate: float) -> None:
    state["stale"] += gradients.vector
    own.sound.update(params, Params(params.shapes, state["stale"].copy()), state, rate)


def _undefined_rate(own: WrongUpdate, params: Params, gradients: Params, state: State, rate: float) -> None:
    own.sound.update(params, gradients, state, float("nan"))


UPDATES: dict[str, Kind] = {
    "raw-momentum": Kind(
        "update", "momentum-unscaled", "m times the gradient before is added, not the step before", _raw_momentum
    ),
    "stale-gradients": Kind(
        "update", "gradient-buffer-not-reset", "the buffer in which gradients are added up is never cleared",
        _stale_gradients,
    ),
    "undefined-rate": Kind("update", "nan-hyperparameter", "the learning rate is not a number", _undefined_rate),
}  # fmt: skip


def wrong_update(kind: str, sound: Optimizer) -> WrongUpdate:
    """The optimizer with that mistake made.

    >>> wrong_update("raw-momentum", SGD(0.3)).momentum
    0.3

    Raises
    ------
    UsageError
        Momentum of this kind belongs to SGD alone.
    """
    if kind != "raw-momentum":
        return WrongUpdate(kind, sound)
    if not isinstance(sound, SGD):
        raise UsageError("the fault raw-momentum is one of SGD's", found=type(sound).__name__)
    return WrongUpdate(kind, SGD(), sound.momentum)
