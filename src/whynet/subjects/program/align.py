"""Iterations that did the same: only those can be laid side by side."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from whynet.subjects.program.loop import Flow, Group
from whynet.subjects.program.tape import Tape
from whynet.types import Array

GROWN = 1e3


def aligned(tapes: Sequence[Tape]) -> list[Tape]:
    """The largest set of iterations that did the same.

    >>> len(aligned([Tape(0, 1), Tape(0, 2)]))
    2
    """
    finite = [tape for tape in tapes if _finite(tape)]
    tapes = finite or tapes[:1]  # where it runs away, what it did before tells
    signatures = [hash(tape.signature) for tape in tapes]
    best = Counter(signatures).most_common(1)[0][0]
    same = [tape for tape, one in zip(tapes, signatures, strict=True) if one == best]
    return [tape for index, tape in enumerate(same) if index < 2 or not _grown(tape, same[0])]


def _finite(tape: Tape) -> bool:
    """Whether all that a step hangs on is finite; a cost of which nothing hangs may be infinite."""
    if bool(np.isfinite(_largest(tape)).all()):
        return True
    ends = [end for end in tape.end.values() if end is not None]
    return all(np.all(np.isfinite(tape.value(node))) for node in Flow([tape]).before(ends))


def _grown(tape: Tape, first: Tape) -> bool:
    """Whether values have become so large that they hide all others."""
    return bool((_largest(tape) > GROWN * np.maximum(_largest(first), 1.0)).any())


def _largest(tape: Tape) -> Array:
    """Of each operation the largest number, whatever its sign."""
    known: dict[int, float] = {}  # of arrays that several operations have in common

    def largest(value: Any) -> float:
        if not isinstance(value, np.ndarray):
            return abs(float(value))
        if id(value) not in known:
            ends = (float(np.max(value, initial=0.0)), float(np.min(value, initial=0.0)))
            known[id(value)] = max(ends[0], -ends[1]) if ends[0] == ends[0] else ends[0]
        return known[id(value)]

    with np.errstate(all="ignore"):
        return np.array([largest(op.value) for op in tape.ops])


def stays(group: Group, tapes: Sequence[Tape]) -> bool:
    """Whether a parameter gets a new value that is the old one.

    >>> stays(Group("w", [], True), [])
    True
    """
    for tape in tapes:
        for path in group.paths:
            end = tape.end.get(path)
            if (
                path not in tape.start
                or end is None
                or not np.array_equal(tape.value(end), tape.value(tape.start[path]))
            ):
                return False
    return True
