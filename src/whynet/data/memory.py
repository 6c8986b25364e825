"""Memory: how much there is, asked before data are read that would need more."""

from __future__ import annotations

import os
from pathlib import Path

from whynet.errors import ResourceError


def available() -> int | None:
    """Bytes that can be had without anything being written out to disk; None where the system does not say.

    >>> found = available()
    >>> found is None or found > 1_000_000
    True
    """
    try:
        lines = Path("/proc/meminfo").read_text("ascii").splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable"))
    except (OSError, StopIteration, ValueError, IndexError):
        pass
    try:  # what was never touched alone: macOS and others count no better
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_AVPHYS_PAGES")
    except (AttributeError, OSError, ValueError):
        return None


def check(needed: int, where: str) -> None:
    """Refuse data that need more than there is.

    >>> check(1 << 60, "huge.csv")
    Traceback (most recent call last):
    whynet.errors.ResourceError: these data are too large for this machine's memory (in huge.csv; expected ...

    Raises
    ------
    ResourceError
        With both sizes.
    """
    there = available()
    if there is not None and needed > there:
        raise ResourceError(
            "these data are too large for this machine's memory",
            where=where,
            expected=f"{in_words(there)} at most",
            found=f"about {in_words(needed)}",
            do="Keep fewer rows or columns in the file",
        )


def in_words(size: int) -> str:
    """A number of bytes as people say it.

    >>> in_words(2_000), in_words(3_200_000_000)
    ('2.0 kB', '3.2 GB')
    """
    for unit, name in ((10**9, "GB"), (10**6, "MB"), (10**3, "kB")):
        if size >= unit:
            return f"{size / unit:,.1f} {name}"
    return f"{size:,} bytes"
