"""Table: columns as they were found, of numbers or of texts, before anything is decided about them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from whynet.errors import BadFile, did_you_mean
from whynet.types import Array

MISSING = frozenset(("", "na", "n/a", "nan", "null", "none", "?"))  # of a cell, in small letters


@dataclass(frozen=True, eq=False)
class Cells:
    """A column: `numbers (n,)` float64 with NaN where a cell is missing, or else `texts` with None there.

    >>> Cells.of("age", ["31", " 40", "NA"]).numbers
    array([31., 40., nan])
    >>> Cells.of("colour", ["red", "?", "7"]).texts
    ['red', None, '7']
    """

    name: str
    numbers: Array | None = field(default=None, repr=False)
    texts: list[str | None] | None = field(default=None, repr=False)

    @staticmethod
    def of(name: str, texts: Sequence[str]) -> Cells:
        """The column that these texts spell."""
        numbers = as_numbers(texts)
        return Cells(name, texts=as_texts(texts)) if numbers is None else Cells(name, numbers)

    def __len__(self) -> int:
        return len(self.texts) if self.numbers is None else len(self.numbers)  # type: ignore[arg-type]

    @property
    def missing(self) -> Array:
        """Where cells are missing, (n,) bool."""
        if self.numbers is not None:
            return np.isnan(self.numbers)
        return np.array([text is None for text in self.texts or ()], dtype=bool)

    def different(self) -> list[Any]:
        """The different numbers or texts, sorted, without those that are missing."""
        if self.numbers is not None:
            found: list[Any] = np.unique(self.numbers[~np.isnan(self.numbers)]).tolist()
            return found
        return sorted({text for text in self.texts or () if text is not None})

    def spelt(self) -> list[str | None]:
        """Each cell as a text: whole numbers without a point."""
        if self.numbers is None:
            return list(self.texts or ())
        return [None if number != number else spelt(number) for number in self.numbers.tolist()]

    def take(self, rows: Array | slice) -> Cells:
        """These rows."""
        if self.numbers is not None:
            return Cells(self.name, self.numbers[rows])
        texts = self.texts or []
        return Cells(self.name, texts=texts[rows] if isinstance(rows, slice) else [texts[row] for row in rows])


@dataclass(frozen=True, eq=False)
class Table:
    """Columns of the same length. `lines` says which row of its source a row was, `where` what that is.

    >>> table = Table((Cells.of("age", ["31", "40"]), Cells.of("colour", ["red", "blue"])), range(2, 4), "people.csv")
    >>> len(table), table.names, table["colour"].texts
    (2, ('age', 'colour'), ['red', 'blue'])
    """

    columns: tuple[Cells, ...]
    lines: Sequence[int] = field(repr=False)
    where: str = ""

    def __len__(self) -> int:
        return len(self.columns[0]) if self.columns else 0

    @property
    def names(self) -> tuple[str, ...]:
        """Of the columns."""
        return tuple(column.name for column in self.columns)

    def __getitem__(self, name: str) -> Cells:
        return self.columns[self.names.index(name)]

    def without(self, names: Iterable[str]) -> Table:
        """The other columns."""
        left_out = set(names)
        return Table(tuple(one for one in self.columns if one.name not in left_out), self.lines, self.where)

    def only(self, names: Iterable[str]) -> Table:
        """These columns, in this order.

        Raises
        ------
        BadFile
            One is not there.
        """
        there = dict(zip(self.names, self.columns, strict=True))
        for name in names:
            if name not in there:
                raise BadFile(f"there is no column '{name}'", where=self.where or None, do=did_you_mean(name, there))
        return Table(tuple(there[name] for name in names), self.lines, self.where)

    def bad(self, message: str, name: str, row: int | None = None, **more: Any) -> BadFile:
        """An error that names the column and, if one is given, the row as it stands in the source."""
        place = f"column '{name}'" if row is None else f"row {self.lines[row]:,}, column '{name}'"
        return BadFile(message, where=f"{self.where}, {place}" if self.where else place, **more)

    def checked(self) -> Table:
        """The same, if it holds something and each column has a name of its own.

        Raises
        ------
        BadFile
            It does not.
        """
        if not self.columns or not len(self):
            raise BadFile(
                "there is no row in this table" if self.columns else "this table is empty",
                where=self.where or None,
                expected="a line with the columns' names, and rows below it",
                found="the names alone" if self.columns else "nothing",
            )
        check_names(self.names, self.where)
        return self


def check_names(names: Sequence[str], where: str) -> None:
    """Refuse columns without a name, or two of one name.

    >>> check_names(["a", "b", "a"], "x.csv")
    Traceback (most recent call last):
    whynet.errors.BadFile: two columns have the same name (in x.csv; found 'a', columns 1 and 3). Rename one of them

    Raises
    ------
    BadFile
        Which they are.
    """
    first: dict[str, int] = {}
    for place, name in enumerate(names, 1):
        if not name:
            raise BadFile(
                "a column has no name", where=where or None, expected="a name for each column in the first line",
                found=f"none for column {place}", do="Give it one, or remove the column",
            )  # fmt: skip
        if name in first:
            raise BadFile(
                "two columns have the same name", where=where or None,
                found=f"'{name}', columns {first[name]} and {place}", do="Rename one of them",
            )  # fmt: skip
        first[name] = place


def as_numbers(texts: Sequence[str]) -> Array | None:
    """Texts as float64, NaN where a cell is missing; None if one of them is no number.

    >>> as_numbers(["1", "2e3", " 7 "]), as_numbers(["1", "?"]), as_numbers(["1", "one"]), as_numbers(["1_000"])
    (array([1.e+00, 2.e+03, 7.e+00]), array([ 1., nan]), None, None)
    """
    if "_" in "".join(texts):  # Python reads 1_000 as a number; nobody writes tables so
        return None
    try:
        return np.array(list(map(float, texts)))
    except ValueError:
        pass
    try:
        return np.array([np.nan if is_missing(text) else float(text) for text in texts])
    except ValueError:
        return None


def as_texts(texts: Iterable[str]) -> list[str | None]:
    """Texts without blanks around them, None where a cell is missing; equal ones share their memory.

    >>> as_texts([" red", "n/a"])
    ['red', None]
    """
    known: dict[str, str | None] = {}
    found: list[str | None] = []
    for text in texts:
        if text not in known:
            known[text] = None if is_missing(text) else text.strip()
        found.append(known[text])
    return found


def is_missing(text: str) -> bool:
    """Whether a cell with this text is missing.

    >>> is_missing("N/A"), is_missing("0")
    (True, False)
    """
    return text.strip().lower() in MISSING


def is_number(text: str) -> bool:
    """Whether a text is a number.

    >>> is_number("-1e-3"), is_number("1_000"), is_number("three")
    (True, False, False)
    """
    return as_numbers([text]) is not None


def spelt(number: float) -> str:
    """A number as a person writes it.

    >>> spelt(3.0), spelt(0.25)
    ('3', '0.25')
    """
    return str(int(number)) if float(number).is_integer() and abs(number) < 1e15 else repr(float(number))


Say = Callable[[str], None]
