"""Schedules: the learning rate of each step, as a factor of the recipe's rate.

Each is a function of `progress (steps,)`, 0 at the first step of training and just below 1 at its last. To add one:
write the function, add a line to `SCHEDULES`, and its name to `ScheduleName` in `training/recipe.py`.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from whynet.errors import UsageError, did_you_mean
from whynet.types import Array


def constant(progress: Array) -> Array:
    """The same rate from the first step to the last.

    >>> constant(np.array([0.0, 0.5, 0.9]))
    array([1., 1., 1.])
    """
    return np.ones_like(progress)


def cosine(progress: Array) -> Array:
    """Half a cosine from 1 down to 0 (Loshchilov and Hutter 2017, without restarts).

    >>> cosine(np.array([0.0, 0.5, 1.0])).round(3)
    array([1. , 0.5, 0. ])
    """
    return 0.5 * (1 + np.cos(np.pi * progress))


def linear(progress: Array) -> Array:
    """A straight line from 1 down to 0.

    >>> linear(np.array([0.0, 0.5, 0.75]))
    array([1.  , 0.5 , 0.25])
    """
    return 1 - progress


def exponential(progress: Array) -> Array:
    """The same factor every step, down to a hundredth.

    >>> exponential(np.array([0.0, 0.5, 1.0])).round(3)
    array([1.  , 0.1 , 0.01])
    """
    factors: Array = 0.01**progress
    return factors


def step(progress: Array) -> Array:
    """A tenth after half of the training, a hundredth after three quarters.

    >>> step(np.array([0.4, 0.5, 0.8]))
    array([1.  , 0.1 , 0.01])
    """
    return np.where(progress < 0.5, 1.0, np.where(progress < 0.75, 0.1, 0.01))


def warm_up(progress: Array) -> Array:
    """From a twenty-fifth up in a straight line over the first twentieth of the training, then constant.

    >>> warm_up(np.array([0.0, 0.025, 0.5])).round(3)
    array([0.04, 0.52, 1.  ])
    """
    return np.minimum(1, 1 / 25 + progress / 0.05 * (1 - 1 / 25))


def one_cycle(progress: Array) -> Array:
    """From a twenty-fifth up to 1 over the first 0.3 of the training, then down to 0, both along half a cosine
    (Smith and Topin 2018).

    >>> one_cycle(np.array([0.0, 0.3, 1.0])).round(3)
    array([0.04, 1.  , 0.  ])
    """
    up = 1 / 25 + (1 - 1 / 25) * 0.5 * (1 - np.cos(np.pi * progress / 0.3))
    return np.where(progress < 0.3, up, cosine((progress - 0.3) / 0.7))


SCHEDULES: dict[str, Callable[[Array], Array]] = {
    "constant": constant,
    "cosine": cosine,
    "exponential": exponential,
    "linear": linear,
    "one-cycle": one_cycle,
    "step": step,
    "warm-up": warm_up,
}


def rates(name: str, learning_rate: float, steps: range, total: int) -> Array:
    """The learning rate at each of `steps`, float64, in a training of `total` steps.

    >>> rates("cosine", 0.1, range(0, 4), total=4).round(3)
    array([0.1  , 0.085, 0.05 , 0.015])

    Raises
    ------
    UsageError
        There is no such schedule; the message lists those there are.
    """
    if name not in SCHEDULES:
        raise UsageError(f"there is no schedule '{name}'", do=did_you_mean(name, SCHEDULES))
    progress = np.arange(steps.start, steps.stop) / max(total, 1)
    return learning_rate * SCHEDULES[name](progress)
