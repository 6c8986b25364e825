"""Pace: how many steps an engine takes in one call, so that a wish to stop is soon heard."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

SECONDS_BETWEEN_LOOKS = 0.1  # how long the engine runs before the loop looks up: for a stop, or to show progress
SECONDS_PER_PARAMETER = 1e-7  # and longer for large networks, which an engine may take in and hand back at each call


@dataclass
class Pace:
    """So many steps in one call: one at first, then as many as fit into the time between two looks.

    >>> pace = Pace(parameters=1000)
    >>> pace.took(steps=1, seconds=0.04)
    >>> pace.steps
    2
    """

    parameters: int
    steps: int = 1

    def took(self, steps: int, seconds: float) -> None:
        """Learn from a call; from one that an epoch's end or a pause cut short nothing is learned."""
        if steps == self.steps:
            call = max(SECONDS_BETWEEN_LOOKS, SECONDS_PER_PARAMETER * self.parameters)
            self.steps = max(1, min(4 * self.steps, int(steps * call / max(seconds, 1e-6))))


def until_pause(pauses: Sequence[int], done: int, most: int) -> int:
    """Steps from here, where so many are `done`, to the next of the (sorted) pauses.

    >>> until_pause([10, 20], done=10, most=99), until_pause([10, 20], done=20, most=99)
    (10, 99)
    """
    at = bisect_right(pauses, done)
    return pauses[at] - done if at < len(pauses) else most
