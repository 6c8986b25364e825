"""What belongs where a wrong value stands, in the program's own names: what its text is mended with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from whynet.subjects.program.judgement import Judged

CLOSE = 1e-7


@dataclass(frozen=True)
class Meant:
    """What stands in the text, and what belongs there.

    >>> Meant(used="z1", value="a1").value
    'a1'
    """

    used: str = ""
    value: str = ""
    """What belongs there; of an activation's derivative, what comes out of the activation."""
    argument: str = ""
    """What goes into the activation."""
    slopes: tuple[str, ...] = ()
    """The activation's derivative, in `{a}` (what comes out) and `{z}` (what goes in)."""
    line: int = 0
    """Another line that is concerned: the one that changes what is used later."""


def _sigmoid(v: Any) -> Any:
    return 1 / (1 + np.exp(-np.clip(v, -500, 500)))


SLOPES: dict[str, Callable[[Any, Any], Any]] = {
    "{a} * (1 - {a})": lambda z, a: a * (1 - a),
    "(1 - {a} ** 2)": lambda z, a: 1 - a * a,
    "({z} > 0)": lambda z, a: np.greater(z, 0) * 1.0,
    "({a} > 0)": lambda z, a: np.greater(a, 0) * 1.0,
    "np.where({z} > 0, 1.0, {a} + 1)": lambda z, a: np.where(np.greater(z, 0), 1.0, a + 1),
    "(1 - np.exp(-{a}))": lambda z, a: 1 - np.exp(-np.maximum(a, -500)),
    "1 / (1 + np.exp(-{z}))": lambda z, a: _sigmoid(z),
    "({a} + (1 - {a}) / (1 + np.exp(-{z})))": lambda z, a: a + (1 - a) * _sigmoid(z),
    "np.cos({z})": lambda z, a: np.cos(z),
    "{a}": lambda z, a: a,
    "2 * {z}": lambda z, a: 2 * z,
    "1 / {z}": lambda z, a: 1 / z,
}


def slopes(one: Judged, before: Sequence[int], after: Sequence[int]) -> tuple[str, ...]:
    """Which expressions are the derivative of an activation, by the numbers of all iterations.

    >>> from whynet.subjects.program.loop import Flow
    >>> from whynet.subjects.program.tape import Tape
    >>> slopes(Judged(Flow([Tape(0, 1)]), [], [], []), [], [])
    ()
    """
    seen = []
    for adj, tape in zip(one.adjoints, one.flow.tapes, strict=False):
        for low, high in zip(before, after, strict=True):
            ends = adj.at(low), adj.at(high)
            if ends[0] is not None and ends[1] is not None and np.shape(ends[0]) == np.shape(ends[1]):
                values = np.asarray(tape.value(low), dtype=float), np.asarray(tape.value(high), dtype=float)
                seen.append((*ends, *values))
    found = [text for text, slope in SLOPES.items() if seen and _fits(seen, slope)]
    leaky = _leaky(seen)
    return (*found, f"np.where({{z}} > 0, 1.0, {leaky:.6g})") if leaky else tuple(found)


def _fits(seen: Sequence[Any], slope: Callable[[Any, Any], Any]) -> bool:
    with np.errstate(all="ignore"):
        for low, high, z, a in seen:
            expected = high * slope(z, a)
            if np.shape(expected) != np.shape(low):
                return False
            if not np.all(np.abs(low - expected) <= CLOSE * (np.max(np.abs(low), initial=0) + 1e-300)):
                return False
    return True


def _leaky(seen: Sequence[Any]) -> float:
    """The slope below zero of an activation that has one above it; 0 if it has not."""
    low, high, z = (np.concatenate([np.ravel(one[i]) for one in seen]) if seen else np.zeros(0) for i in (0, 1, 2))
    under = (z < 0) & (high != 0)
    if not np.any(under):
        return 0.0
    slope = float(np.median(low[under] / high[under]))
    return slope if 0 < slope < 1 and _fits(seen, lambda z, a: np.where(z > 0, 1.0, slope)) else 0.0
