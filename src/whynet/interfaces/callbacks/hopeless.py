"""When a training is hopeless: its loss is not finite, or has not fallen since it began."""

from __future__ import annotations

import math

FALLEN = 0.01  # of the first losses
PARTS = 2  # means of such a part of the looks are compared
OFTEN = 4  # times in so many looks
ERRORS = 3.0  # standard errors: so far apart are they by more than chance
SCATTER = 0.1  # of the first losses: where they are known less well, it is looked longer
MOST = 4  # times as long


class Hopeless:
    """Is told the losses that were looked at, one after the other, and says the reason why it is hopeless.

    >>> hopeless = Hopeless(looks=8)
    >>> said = [hopeless.see(step, 2.3) for step in range(1, 9)]
    >>> said[:7] == [""] * 7, said[7]
    (True, 'the loss has not fallen: 2.3 in the first 4 looks, 2.3 in the last of 8 (step 8)')
    >>> Hopeless(looks=8).see(1, float("nan"))
    'the loss is nan at step 1'
    """

    def __init__(self, looks: int) -> None:
        self.looks = looks
        self.fallen = False
        self._costs: list[float] = []

    def see(self, step: int, cost: float) -> str:
        """The reason, or nothing."""
        if not math.isfinite(cost):
            return f"the loss is {cost} at step {step:,}"
        if self.fallen:
            return ""
        self._costs.append(cost)
        seen = len(self._costs)
        if seen < self.looks or (seen - self.looks) % max(1, self.looks // OFTEN):
            return ""
        size = max(1, self.looks // PARTS)
        first, doubt = _mean(self._costs[:size])
        last, more = _mean(self._costs[-size:])
        fall, doubt = first - last, ERRORS * math.hypot(doubt, more)
        if fall > max(FALLEN * abs(first), doubt):
            self.fallen, self._costs = True, []
            return ""
        sure = doubt <= SCATTER * abs(first) and fall <= FALLEN * abs(first)
        if not sure and seen < MOST * self.looks:
            return ""
        return (
            f"the loss has not fallen: {first:.4g} in the first {size:,} looks, {last:.4g} in the last of {seen:,} "
            f"(step {step:,})"
        )


def _mean(costs: list[float]) -> tuple[float, float]:
    """A mean, and its standard error."""
    mean = sum(costs) / len(costs)
    spread = math.sqrt(sum((one - mean) ** 2 for one in costs) / max(len(costs) - 1, 1))
    return mean, spread / math.sqrt(len(costs))
