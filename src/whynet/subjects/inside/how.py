"""How a copy is trained, where that is not the way of its owner; and mistakes of the owner's loop."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

import numpy as np

from whynet.doctor.change import Change

STALE, IDLE, CLIPPED, FADED = "stale-gradients", "steps-without-gradient", "clipped-away", "faded-rate"
RISEN = "risen-rate"


class How(NamedTuple):
    """How a copy is trained: what is changed of the user's own way, and mistakes in it that were measured.

    >>> How(times=10.0).plain
    True
    """

    times: float = 1.0
    """Of the learning rate."""
    decay: bool = True
    """Whether its weight decay is in effect."""
    thawed: bool = False
    """Whether weights move that the user's training leaves as they are."""
    stale: bool = False
    """Whether gradients of earlier steps are left in, as a mistake of the user's that was measured."""
    idle: bool = False
    """Whether there is no gradient when a step is taken, as a mistake of the user's that was measured."""
    clip: float = 0.0
    """The length that every gradient is cut to, as a mistake of the user's that was measured."""
    rates: tuple[tuple[int, float], ...] = ()
    """The rate after so many steps, as a part of the first: a schedule that comes to nothing, or a rate that rose until
    the loss did, and was measured."""
    gone: frozenset[str] = frozenset()
    """Mistakes that are mended, by their names."""

    @property
    def plain(self) -> bool:
        """Whether no more than the rate is changed."""
        return self == How(times=self.times)

    @property
    def mistakes(self) -> tuple[str, ...]:
        """The mistakes of the loop, by the names that `mend` takes.

        >>> How(stale=True, clip=0.1).mistakes
        ('stale-gradients', 'clipped-away')
        """
        known = {STALE: self.stale, IDLE: self.idle, CLIPPED: self.clip > 0, self._course: bool(self.rates)}
        return tuple(name for name, there in known.items() if there)

    @property
    def _course(self) -> str:
        """What is wrong with the rates, where there are some."""
        return RISEN if self.rates and self.rates[-1][1] > 1 else FADED

    def without(self, mistakes: Collection[str]) -> How:
        """The same with these mended.

        >>> How(stale=True, clip=0.1).without({"stale-gradients"}).mistakes
        ('clipped-away',)
        """
        return self._replace(
            gone=frozenset(mistakes),
            stale=self.stale and STALE not in mistakes,
            idle=self.idle and IDLE not in mistakes,
            clip=0.0 if CLIPPED in mistakes else self.clip,
            rates=() if self._course in mistakes else self.rates,
        )

    def rate_at(self, step: int) -> float:
        """The part of the first rate that the user's loop has after so many steps.

        >>> How(rates=((0, 1.0), (10, 0.0))).rate_at(5), How().rate_at(5)
        (0.5, 1.0)
        """
        if not self.rates:
            return 1.0
        steps, parts = zip(*self.rates, strict=True)
        return float(np.interp(step, steps, parts))


def mending(mistake: str) -> Change:
    """The mend of a mistake of the loop.

    >>> mending(STALE).mistakes
    ('stale-gradients',)
    """
    return Change("mend", {"mistakes": (mistake,)})


def parts_of(rates: Sequence[tuple[int, float]], begun: float | None) -> tuple[tuple[int, float], ...]:
    """Rates as parts of the one that copies begin with.

    >>> parts_of([(1, 0.2), (11, 0.1)], 0.2)
    ((0, 1.0), (10, 0.5))
    """
    start = rates[0][0]
    return tuple((step - start, rate / begun) for step, rate in rates) if begun and begun > 0 else ()
