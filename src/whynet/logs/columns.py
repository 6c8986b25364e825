"""Columns: numbers that belong together, each with the words beside it."""

from __future__ import annotations

import math
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Cell:
    """A number, and what stands beside it: the words that name it, the nearest last; those behind it; and those
    elsewhere on its line.

    >>> Cell(0, 1, 0.25, ("val", "loss"), split="held-out").name[-1]
    'loss'
    """

    line: int
    place: int
    value: float
    name: tuple[str, ...] = ()
    behind: tuple[str, ...] = ()
    around: tuple[str, ...] = ()
    split: str = ""
    percent: bool = False
    total: int | None = None
    said: bool = False
    """Whether it is said once, in a sentence or on a line like no other."""
    prose: bool = False
    """Whether it stands in a sentence."""
    column: str = ""
    """What it shares with others of its column, where it has no name."""
    wish: bool = False
    run: str = ""
    """Of which training it is, where a table has a row for each."""
    goes_on: bool = False
    """Whether it is one more number of an enumeration: `958, 958, 890`."""


@dataclass
class Column:
    """Cells that belong together.

    >>> Column([Cell(0, 0, 0.7), Cell(1, 0, math.nan)]).finite
    [0.7]
    """

    cells: list[Cell] = field(default_factory=list)

    @property
    def first(self) -> Cell:
        """The first of its cells."""
        return self.cells[0]

    @property
    def values(self) -> list[float]:
        """Its numbers."""
        return [cell.value for cell in self.cells]

    @property
    def finite(self) -> list[float]:
        """Its numbers without NaN and infinities."""
        return [value for value in self.values if math.isfinite(value)]
