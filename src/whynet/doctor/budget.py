"""Effort: how much a diagnosis may train, counted in work, so that the clock decides nothing.

A step costs `STEP + PER_MULTIPLY x rows x multiply-adds per row`; a diagnosis may spend so many times the patient's own
training. Seconds are only a cap, and what they cut is said.
"""

from __future__ import annotations

import math
import time

STEP, PER_MULTIPLY = 2e4, 3.0
LEAST, MOST = 1e10, 2e10  # what counts as the patient's own training, at least and at most
TIMES = 30.0


def work_of(steps: int, rows: float, multiply_adds: float, *, step: float = STEP) -> float:
    """The work of so many steps on so many rows each; `step` is what a step costs whatever its size.

    >>> work_of(100, rows=10, multiply_adds=1000)
    5000000.0
    """
    return steps * (step + PER_MULTIPLY * rows * multiply_adds)


class Effort:
    """What may be spent and what was. `pace`: work that a second is enough for, so that no more is planned than the cap
    leaves time for.

    >>> effort = Effort(own=1.5e10, times=30)
    >>> effort.spend(1.5e10); effort.spent, effort.left == 29 * 1.5e10, effort.over()
    (1.0, True, False)
    """

    def __init__(self, own: float, times: float = TIMES, seconds: float | None = None, pace: float = math.inf) -> None:
        self.unit = min(max(own, LEAST), MOST)
        self.limit = times * self.unit if seconds is None else min(times * self.unit, seconds * pace)
        self.used = 0.0
        self.seconds = seconds
        self.deadline = math.inf if seconds is None else time.perf_counter() + seconds
        self.cut: list[str] = []
        """What the cap in seconds did not leave time for."""
        self.left_out: list[str] = []
        """What the effort did not reach for."""

    @property
    def spent(self) -> float:
        """What was spent, in trainings of the patient."""
        return self.used / self.unit

    @property
    def left(self) -> float:
        """The work that is left."""
        return max(self.limit - self.used, 0.0)

    def spend(self, work: float) -> None:
        """Count an arm."""
        self.used += work

    def over(self) -> bool:
        """Whether the cap in seconds is reached."""
        return time.perf_counter() > self.deadline

    def allows(self, what: str, part: float = 1.0) -> bool:
        """Whether less than this part of the work has been spent, and there is time; if there is none, `what` is noted
        as cut."""
        if self.over():
            if what not in self.cut:
                self.cut.append(what)
            return False
        if self.used < part * self.limit:
            return True
        if part == 1.0 and what not in self.left_out:
            self.left_out.append(what)
        return False
