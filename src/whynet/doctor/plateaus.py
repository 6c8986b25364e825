"""What a number can mean, and how often people meet that. Needs no NumPy."""

from __future__ import annotations

from dataclasses import dataclass

NEAR = 0.02  # a cost this close to a plateau, relatively, counts as there: the line of the state constant-answer


@dataclass(frozen=True)
class Reading:
    """One thing that a number can mean: `exact` is the plateau's own value.

    `cost` is a cost's name, `"accuracy"` (a share, 0..1) or `"count"`; `averaging` says how it was summed up.

    >>> from whynet.doctor.floors import explain
    >>> explain(958)[0].meaning[:44]
    'every image is answered with class 6: the si'
    """

    cost: str
    averaging: str
    meaning: str
    exact: float


@dataclass(frozen=True)
class Plateau:
    """A reading beside how likely it is.

    >>> plateau("quadratic", "mean", "the mean is predicted", 0.25, 0).near
    0.02
    """

    reading: Reading
    rank: int
    """How often people meet it: 0 first."""
    near: float = NEAR
    """How far from it, relatively, a number may be and still be taken for it."""


def plateau(cost: str, averaging: str, meaning: str, exact: float, rank: int) -> Plateau:
    """A plateau of usual nearness.

    >>> plateau("quadratic", "mean", "the mean is predicted", 0.25, 0).reading.exact
    0.25
    """
    return Plateau(Reading(cost, averaging, meaning, exact), rank)
