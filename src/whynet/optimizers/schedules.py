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
    """The same rate from the first step to the last."""
    return np.ones_like(progress)


def cosine(progress: Array) -> Array:
    """Half a cosine from 1 down to 0 (Loshchilov and Hutter 2017, without restarts)."""
    return 0.5 * (1 + np.cos(np.pi * progress))


SCHEDULES: dict[str, Callable[[Array], Array]] = {"constant": constant, "cosine": cosine}


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
