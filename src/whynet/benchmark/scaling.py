"""How the cost of training grows with a network's width and depth, with the batch and with the number of examples."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from threadpoolctl import threadpool_limits

from whynet.benchmark.machine import Machine, step_floor
from whynet.benchmark.works import Work
from whynet.data.dataset import Dataset
from whynet.engines.base import Task
from whynet.engines.choice import ENGINES
from whynet.errors import UsageError
from whynet.training.prepare import prepare

WIDTHS, DEPTHS, BATCHES, PARTS = (10, 30, 100, 300, 1000), (1, 2, 3, 4, 6), (1, 10, 100, 1000), (64, 16, 4, 1)
LONG_ENOUGH = 0.02  # seconds of steps that are timed together


class Point(NamedTuple):
    """At `x` of a quantity: median seconds of each engine by name, and the floor under them.

    >>> Point(30, {"native": 2e-5}, 1e-5).floor
    1e-05
    """

    x: int
    seconds: dict[str, float]
    floor: float


class Growth(NamedTuple):
    """Points along one `quantity`; their seconds are those of one `unit`, a step or an epoch.

    >>> Growth("width", "step", (Point(30, {"native": 2e-5}, 1e-5),)).points[0].x
    30
    """

    quantity: str
    unit: str
    points: tuple[Point, ...]


def growths(
    work: Work, data: Dataset, machine: Machine, *, repeats: int = 5, say: Callable[[str], None] = lambda _: None
) -> list[Growth]:
    """The work with one thread, one quantity changed at a time.

    >>> from whynet.benchmark.machine import Machine
    >>> from whynet.data.sources import load
    >>> tiny = Work("tiny", (5,), "sigmoid", "quadratic", "sgd", 3.0, 10)
    >>> [growth.quantity for growth in growths(tiny, load("xor"), Machine(1e11, ((1000, 1e11),)), repeats=1)]
    ['width', 'depth', 'batch', 'examples']
    """
    if work.layers:
        raise UsageError(
            "how the cost grows is measured of dense layers", do="Leave out --scaling, or take another work"
        )
    found: dict[str, list[Point]] = {}
    with threadpool_limits(1):
        for quantity, x, variant, part in _variants(replace(work, threads=1), data):
            epoch = -(-len(part) // variant.batch_size) if quantity == "examples" else None
            found.setdefault(quantity, []).append(_point(x, variant, part, machine, epoch, repeats))
            say(f"{quantity} {x:,}")
    return [
        Growth(quantity, "epoch" if quantity == "examples" else "step", tuple(points))
        for quantity, points in found.items()
    ]


def _variants(work: Work, data: Dataset) -> Iterator[tuple[str, int, Work, Dataset]]:
    """Each quantity and its value, with the work and the data that have it."""
    for width in WIDTHS:
        yield "width", width, replace(work, hidden=(width,)), data
    for depth in DEPTHS:
        yield "depth", depth, replace(work, hidden=work.hidden[:1] * depth), data
    for batch in BATCHES:
        if batch <= len(data) or batch == BATCHES[0]:
            yield "batch", batch, replace(work, batch_size=batch), data
    for part in PARTS:
        if len(data) >= part:
            few = data.take(slice(0, len(data) // part))
            yield "examples", len(few), replace(work, batch_size=min(work.batch_size, len(few))), few


def _point(x: int, work: Work, data: Dataset, machine: Machine, epoch: int | None, repeats: int) -> Point:
    """`epoch` is the number of steps to time, or None for the time of one."""
    recipe = work.recipe(data.features, len(data.classes))
    stints: dict[str, Callable[[int], float]] = {}
    for engine in ENGINES:
        task = prepare(recipe, data).task
        if engine.why_not(task) is None:
            stints[engine.name] = _stint(engine.advance, task, work.batch_size)
    steps = {name: epoch or _enough(stint) for name, stint in stints.items()}
    taken: dict[str, list[float]] = {name: [] for name in stints}
    for _ in range(repeats):  # the engines take turns: a busy machine is busy for both
        for name, stint in stints.items():
            taken[name].append(stint(steps[name]) / (1 if epoch else steps[name]))
    floor = step_floor(machine, task, work.batch_size) * (epoch or 1)
    return Point(x, {name: statistics.median(values) for name, values in taken.items()}, floor)


def _stint(advance: Callable[..., object], task: Task, batch: int) -> Callable[[int], float]:
    """A function that takes so many steps and says how many seconds they took. Their rate is tiny, so that no network
    blows up: a step costs the same at any rate."""
    state, rng = task.first_state(), np.random.default_rng(0)

    def stint(steps: int) -> float:
        rows = rng.integers(len(task.examples.inputs), size=(steps, batch))
        started = time.perf_counter()
        advance(task, state, rows, np.full(steps, 1e-6), 0)
        return time.perf_counter() - started

    stint(1)  # what is found only once for an array of images is found now
    return stint


def _enough(stint: Callable[[int], float]) -> int:
    """How many steps are long enough to be timed."""
    steps = 1
    while stint(steps) < LONG_ENOUGH and steps < 2**16:
        steps *= 2
    return steps
