"""Optimizers: what one step does to the parameters.

Each is a frozen value with two methods; its state is a plain dict of flat vectors, handed in and changed in place:

    init(params) -> state
    update(params, gradients, state, rate) -> None

To add one: write the class, add a line to `OPTIMIZERS`, and its name to `OptimizerName` in `training/recipe.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from whynet.errors import UsageError, did_you_mean
from whynet.params import Params
from whynet.types import Array

State = dict[str, Array]


class Optimizer(Protocol):
    """The seam that every optimizer fills."""

    def init(self, params: Params) -> State: ...

    def update(self, params: Params, gradients: Params, state: State, rate: float) -> None: ...


@dataclass(frozen=True)
class SGD:
    """Stochastic gradient descent, with momentum `m` if wanted (Polyak 1964):

        v <- m v - rate * g
        w <- w + v

    With m = 0 this is `w <- w - rate * g`. PyTorch's form, `v <- m v + g; w <- w - rate * v`, takes the same steps
    at a constant rate. Where a steady gradient persists, momentum makes the step 1 / (1 - m) times as long.

    >>> params, gradients = Params(({"b": (1,)},), np.array([1.0])), Params(({"b": (1,)},), np.array([2.0]))
    >>> sgd = SGD(momentum=0.5)
    >>> state = sgd.init(params)
    >>> for step in range(2):
    ...     sgd.update(params, gradients, state, rate=0.1)
    >>> params.vector.round(3)  # 1 - 0.2 - 0.3
    array([0.5])
    """

    momentum: float = 0.0

    def __post_init__(self) -> None:
        _check_momentum(self.momentum)

    def init(self, params: Params) -> State:
        return {"velocity": np.zeros_like(params.vector)} if self.momentum else {}

    def update(self, params: Params, gradients: Params, state: State, rate: float) -> None:
        step = gradients.vector * -rate
        if self.momentum:
            velocity = state["velocity"]
            velocity *= self.momentum
            velocity += step
            step = velocity
        params.vector += step


@dataclass(frozen=True)
class Nesterov:
    """Momentum that looks ahead (Nesterov 1983, in the form of Bengio et al. 2013):

        v <- m v - rate * g
        w <- w + m v - rate * g

    The gradient is that at w, which stands for Nesterov's point one momentum step ahead. PyTorch's `nesterov=True`
    takes the same steps at a constant rate.

    >>> params, gradients = Params(({"b": (1,)},), np.array([1.0])), Params(({"b": (1,)},), np.array([2.0]))
    >>> nesterov = Nesterov(momentum=0.5)
    >>> nesterov.update(params, gradients, nesterov.init(params), rate=0.1)
    >>> params.vector.round(3)  # 1 - 0.2 - 0.5 * 0.2
    array([0.7])
    """

    momentum: float = 0.9

    def __post_init__(self) -> None:
        _check_momentum(self.momentum)

    def init(self, params: Params) -> State:
        return {"velocity": np.zeros_like(params.vector)}

    def update(self, params: Params, gradients: Params, state: State, rate: float) -> None:
        step, velocity = gradients.vector * -rate, state["velocity"]
        velocity *= self.momentum
        velocity += step
        params.vector += self.momentum * velocity
        params.vector += step


@dataclass(frozen=True)
class RMSprop:
    """Each gradient over the root of the mean of its square (Tieleman and Hinton 2012), with momentum m if wanted:

    s <- decay * s + (1 - decay) g^2
    v <- m v - rate * g / (sqrt(s) + epsilon)
    w <- w + v

    >>> params, gradients = Params(({"b": (1,)},), np.array([1.0])), Params(({"b": (1,)},), np.array([2.0]))
    >>> rmsprop = RMSprop()
    >>> rmsprop.update(params, gradients, rmsprop.init(params), rate=0.1)
    >>> params.vector.round(3)  # 1 - 0.1 / sqrt(0.1)
    array([0.684])
    """

    momentum: float = 0.0
    decay: float = 0.9
    epsilon: float = 1e-8

    def __post_init__(self) -> None:
        _check_momentum(self.momentum)

    def init(self, params: Params) -> State:
        zeros = np.zeros_like(params.vector)
        return {"square": zeros, "velocity": zeros.copy()}

    def update(self, params: Params, gradients: Params, state: State, rate: float) -> None:
        g, square, velocity = gradients.vector, state["square"], state["velocity"]
        square *= self.decay
        square += (1 - self.decay) * g * g
        velocity *= self.momentum
        velocity -= rate * g / (np.sqrt(square) + self.epsilon)
        params.vector += velocity


@dataclass(frozen=True)
class Adam:
    """Steps of about `rate` in every direction, however steep it is (Kingma and Ba 2015, algorithm 1):

        m <- beta1 m + (1 - beta1) g            mean of the gradient
        s <- beta2 s + (1 - beta2) g^2          mean of its square
        w <- w - rate * m' / (sqrt(s') + epsilon),   m' = m / (1 - beta1^t), s' = s / (1 - beta2^t)

    >>> params, gradients = Params(({"b": (1,)},), np.array([1.0])), Params(({"b": (1,)},), np.array([2.0]))
    >>> adam = Adam()
    >>> adam.update(params, gradients, adam.init(params), rate=0.1)
    >>> params.vector.round(3)
    array([0.9])
    """

    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8

    def init(self, params: Params) -> State:
        zeros = np.zeros_like(params.vector)
        return {"mean": zeros, "square": zeros.copy(), "steps": np.zeros(1, dtype=np.int64)}

    def update(self, params: Params, gradients: Params, state: State, rate: float) -> None:
        g, mean, square = gradients.vector, state["mean"], state["square"]
        state["steps"] += 1
        t = int(state["steps"][0])
        mean *= self.beta1
        mean += (1 - self.beta1) * g
        square *= self.beta2
        square += (1 - self.beta2) * g * g
        denominator = np.sqrt(square / (1 - self.beta2**t))
        denominator += self.epsilon
        params.vector -= rate / (1 - self.beta1**t) * mean / denominator


OPTIMIZERS: dict[str, Callable[[float], Optimizer]] = {  # name -> optimizer, given the recipe's momentum
    "adam": lambda momentum: Adam(beta1=momentum or Adam.beta1),
    "adamw": lambda momentum: Adam(beta1=momentum or Adam.beta1),  # with weight decay: see `Constraints`
    "nesterov": lambda momentum: Nesterov(momentum or Nesterov.momentum),
    "rmsprop": RMSprop,
    "sgd": SGD,
}


def optimizer(name: str, momentum: float = 0.0) -> Optimizer:
    """The optimizer of that name. `momentum` is its m; where it is given, Nesterov's instead of 0.9 and Adam's beta1.

    >>> optimizer("sgd", 0.9)
    SGD(momentum=0.9)

    Raises
    ------
    UsageError
        There is none; the message lists those there are.
    """
    if name not in OPTIMIZERS:
        raise UsageError(f"there is no optimizer '{name}'", do=did_you_mean(name, OPTIMIZERS))
    return OPTIMIZERS[name](momentum)


def _check_momentum(momentum: float) -> None:
    if not 0 <= momentum < 1:
        raise UsageError("momentum is out of range", expected="0 or more, below 1", found=str(momentum))
