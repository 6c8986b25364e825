"""What one core of this machine can do at most, measured; and the time below which no step can come."""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from threadpoolctl import threadpool_limits

from whynet.engines.base import Task
from whynet.types import Array

EDGE = 768  # of the square matrices whose product shows the peak
SIZES = tuple(4**k * 16384 for k in range(7))  # bytes: from what fits into the first cache to what fits into none


class Machine(NamedTuple):
    """Rates of one core in float32: `peak` in operations a second (a multiplication and an addition are two); for each
    of some sizes of memory worked on, in bytes, how many bytes a second are read and written.

    >>> Machine(peak=1e11, bandwidths=((1000, 9e10), (10000, 3e10))).bandwidth(5000)
    90000000000.0
    """

    peak: float
    bandwidths: tuple[tuple[int, float], ...]

    def bandwidth(self, size: int) -> float:
        """Bytes a second where `size` bytes are worked on: the best from the next smaller size that was measured on, so
        that it is never less than can be had."""
        start = max([measured for measured, _ in self.bandwidths if measured <= size], default=0)
        return max(rate for measured, rate in self.bandwidths if measured >= start)


def measure() -> Machine:
    """This machine: its best time for a large matrix product, and for adding one vector to another over and over.

    >>> machine = measure()
    >>> machine.peak > 1e8, machine.bandwidth(10**4) > 1e8
    (True, True)
    """
    with threadpool_limits(1):
        left = np.ones((EDGE, EDGE), np.float32)
        product = np.empty_like(left)
        peak = 2 * EDGE**3 / _best(lambda: np.dot(left, left, out=product))
        return Machine(peak, tuple((size, _bandwidth(size)) for size in SIZES))


def _bandwidth(size: int) -> float:
    """Bytes a second read and written by `total += vector`, the two together of `size` bytes."""
    vector, total = np.ones(size // 8, np.float32), np.zeros(size // 8, np.float32)
    times = max(4, 2**22 // len(vector))
    many: Array = np.broadcast_to(vector, (times, len(vector)))  # one call to NumPy for all of them
    return times * 3 * vector.nbytes / _best(lambda: np.add.reduce(many, axis=0, out=total))


def _best(work: Callable[[], object], repeats: int = 20) -> float:
    taken = []
    for _ in range(repeats):
        started = time.perf_counter()
        work()
        taken.append(time.perf_counter() - started)
    return min(taken)


def step_floor(machine: Machine, task: Task, batch: int) -> float:
    """Seconds that one step takes at the least: the longer of computing and of moving, each at the machine's best rate.

    Computing: the products of the forward pass, of the gradient of the weights and, but for the first layer, of the
    way back; blank pixels are left out, a product with 0 is no work. Moving: every number that the step changes, and
    the optimizer's memory of it, is read and written once. Under plain SGD that leaves out the weights of pixels that
    no image of the batch has ink on, else those of pixels that are never inked.

    >>> from whynet.data.sources import load
    >>> from whynet.training.prepare import prepare
    >>> from whynet.training.recipe import Recipe
    >>> task = prepare(Recipe(), load("digits")).task
    >>> machine = Machine(peak=1e11, bandwidths=((1000, 9e10),))
    >>> step_floor(machine, task, batch=10) < step_floor(machine, task, batch=100)
    True
    """
    sizes, inked = task.network.sizes, task.examples.inputs != 0
    memory = [array for array in task.first_state().values() if array.size == task.network.params.vector.size]
    if memory:
        rows = int(inked.any(axis=0).sum())
    else:  # how many pixels the images of a batch have ink on, on average
        rows = round(float((1 - (1 - inked.mean(axis=0)) ** batch).sum()))
    rest = sum(before * after for before, after in pairwise(sizes[1:]))
    products = batch * (2 * float(inked.sum(axis=1).mean()) * sizes[1] + 3 * rest)
    changed = (rows * sizes[1] + rest + sum(sizes[1:])) * task.network.dtype.itemsize * (1 + len(memory))
    return max(2 * products / machine.peak, 2 * changed / machine.bandwidth(changed))
