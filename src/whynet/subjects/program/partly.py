"""A value that is the derivative of the program's own cost at many of its numbers, and another at the rest.

So much cannot be chance: that cost is meant, even where no step is right, and what is wrong is the line that makes the
value.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from whynet.subjects.program.judgement import Judged
from whynet.subjects.program.match import flat
from whynet.types import Array

FEW = 8
LEAST = 0.25
"""Of the numbers, so many have to be right."""
NEAR = 1e-6


@dataclass(frozen=True)
class Partly:
    """A value, the forward value whose derivative it is in part, how large that part is, and what the rest is.

    >>> Partly(3, 1, 0.5, True).turned
    True
    """

    node: int
    meant: int
    share: float
    turned: bool
    """Whether the rest has the other sign and is right but for that."""


def partly_right(one: Judged) -> Partly | None:
    """The first value after the error that is right in part, where the program's own cost is what it descends on.

    >>> from whynet.subjects.program.loop import Flow
    >>> from whynet.subjects.program.tape import Tape
    >>> partly_right(Judged(Flow([Tape(0, 1)]), [], [], [])) is None
    True
    """
    if one.cost is None or one.cost.name != "recorded" or one.repeated:
        return None
    if any(step.matched for step in one.steps):
        return None
    places: dict[tuple[int, ...], list[tuple[int, Array]]] = {}
    for node in sorted(one.forward):
        values = [adj.at(node) for adj in one.adjoints]
        if np.size(one.tape.value(node)) >= FEW and all(value is not None for value in values):
            places.setdefault(np.shape(one.tape.value(node)), []).append((node, flat(values)))
    for node in sorted(one.carriers):
        for meant, exact in places.get(np.shape(one.tape.value(node)), ()):
            found = _compared(flat(one.values(node)), exact)
            if found is not None:
                return Partly(node, meant, *found)
    return None


def _compared(ours: Array, exact: Array) -> tuple[float, bool] | None:
    """The part of the numbers that are the exact ones times one factor, and whether the rest is that turned round."""
    if ours.shape != exact.shape or not (np.all(np.isfinite(ours)) and np.all(np.isfinite(exact))):
        return None
    both = (ours != 0) & (exact != 0)
    many = int(np.sum(both))
    if many < FEW or np.any(both != (exact != 0)):
        return None
    ratios = ours[both] / exact[both]
    best = max(_clusters(ratios), key=lambda c: int(np.sum(_near(ratios, c))))
    right = _near(ratios, best)
    share = float(np.mean(right))
    if share < LEAST or share == 1 or np.sum(right) < FEW:
        return None
    turned = bool(np.all(_near(ratios[~right], -best)))
    sizes = np.round(np.abs(exact[both] if turned else exact[both][right]) / np.max(np.abs(exact)), 9)
    if len(np.unique(sizes)) < (2 if turned else FEW) and np.all(exact != 0):
        return None  # numbers that are all alike are like many others
    return share, turned


def _near(ratios: Array, c: float) -> Array:
    return np.abs(ratios - c) <= NEAR * abs(c)


def _clusters(ratios: Array) -> list[float]:
    """Factors that may be the common one."""
    ranked = np.sort(ratios)
    return [float(ranked[int(place * (len(ranked) - 1))]) for place in np.linspace(0.05, 0.95, 10)]
