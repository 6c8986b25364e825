"""Metric: a figure that people print of a training, by its name. Needs no NumPy."""

from __future__ import annotations

from typing import NamedTuple


class Metric(NamedTuple):
    """A number by its name, as people print it.

    >>> Metric("accuracy", 0.93).name
    'accuracy'
    """

    name: str
    value: float
