"""Timing systems side by side: in turn, over and over, so that a machine that slows down slows all of them."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from threadpoolctl import threadpool_limits

from whynet.benchmark.peer import Peer, Trainee
from whynet.benchmark.peers import PEERS, version
from whynet.benchmark.works import Work
from whynet.data.dataset import Dataset
from whynet.errors import UsageError


class Lane(NamedTuple):
    """One system's race: seconds per epoch of each repeat, accuracy on the test images after them all; or, where it
    did not run, why.

    >>> Lane("a", "1.0", (0.2, 0.1, 0.4), 0.9).median
    0.2
    """

    name: str
    version: str | None
    seconds: tuple[float, ...]
    accuracy: float | None
    why_not: str | None = None

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)


def race(
    work: Work,
    data: Dataset,
    *,
    repeats: int = 5,
    peers: Sequence[Peer] = PEERS,
    say: Callable[[str], None] = lambda _: None,
) -> list[Lane]:
    """Let every system train `repeats` epochs, taking turns. All get as many threads as the work says.

    >>> from whynet.benchmark.peers import BareNumPy, Whynet
    >>> from whynet.data.sources import load
    >>> tiny = Work("tiny", (5,), "sigmoid", "quadratic", "sgd", 3.0, 10)
    >>> lanes = race(tiny, load("digits"), repeats=2, peers=[Whynet("reference"), BareNumPy()])
    >>> [len(lane.seconds) for lane in lanes]
    [2, 2]
    """
    if data.test is None:
        raise UsageError("these data have no test images to compare accuracies on", where=data.source)
    trainees: dict[str, Trainee] = {}
    lanes: list[Lane] = []
    with threadpool_limits(work.threads):
        for peer in peers:
            reason = peer.why_not(work)
            if reason is None:
                try:
                    trainees[peer.name] = peer.prepare(work, data)
                except Exception as error:  # somebody else's code: their failure is a line, not our end
                    reason = f"it failed: {type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"
            if reason is not None:
                say(f"{peer.name}: left out, {reason}")
            lanes.append(Lane(peer.name, None if reason else version(peer), (), None, reason))
        taken: dict[str, list[float]] = {name: [] for name in trainees}
        for repeat in range(repeats):
            for name, trainee in trainees.items():
                started = time.perf_counter()
                trainee.epoch()
                taken[name].append((time.perf_counter() - started) / trainee.share)
            say(f"round {repeat + 1} of {repeats}")
        X = (data.test.inputs / np.float32(255)).astype(np.float32)
        return [
            lane
            if lane.name not in trainees
            else lane._replace(
                seconds=tuple(taken[lane.name]),
                accuracy=float(np.mean(trainees[lane.name].predict(X) == data.test.labels)),
            )
            for lane in lanes
        ]
