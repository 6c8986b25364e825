"""How a copy is trained, where that is not the way of its owner."""

from __future__ import annotations

from typing import NamedTuple


class How(NamedTuple):
    """How a copy is trained: what is changed of the user's own way.

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

    @property
    def plain(self) -> bool:
        """Whether no more than the rate is changed."""
        return self == How(times=self.times)
