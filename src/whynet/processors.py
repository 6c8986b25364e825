"""The processors that a program may use."""

from __future__ import annotations

import os


def processors() -> int:
    """How many processors this program may use.

    >>> processors() >= 1
    True
    """
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on Linux
        return os.cpu_count() or 1
