"""Columns: how the columns of a table become numbers, fitted on the rows to train on and kept with the model.

    number    as it is
    flag      true and false: 1 and 0
    words     few different texts: a feature for each, 1 where it stands, named `colour=red`, in sorted order

Dates and texts that are nearly all different are refused: what a network could do with them nobody can guess.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from whynet.data import memory
from whynet.data.table import Cells, Say, Table, is_number
from whynet.errors import BadFile
from whynet.types import Array

Kind = Literal["number", "flag", "words"]
KINDS: tuple[Kind, ...] = ("number", "flag", "words")
FEW, MOST_WORDS = 20, 1_000  # different texts: so many are words always, more than that never
FLAGS = {"true": 1.0, "false": 0.0}
DATE = re.compile(
    r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}([T ]\d{1,2}:\d{2}.*)?|\d{1,2}[-/.]\d{1,2}[-/.](\d{4}|\d{2})( \d{1,2}:\d{2}.*)?"
    r"|\d{1,2}:\d{2}(:\d{2})?"
    r"|(\d{1,2}\.? )?(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?( \d{1,2},?)?,? \d{4}",
    re.IGNORECASE,
)
REMOVE = "Remove the column, or turn it into numbers"
MENDS = "Remove the row, or fill it in; --missing median puts the median of the column (of words the commonest) there"


@dataclass(frozen=True)
class Column:
    """One column: its kind, what is put where a cell is missing (None: that is refused), and its words.

    >>> Column("colour", "words", words=("blue", "red")).features
    ('colour=blue', 'colour=red')
    """

    name: str
    kind: Kind
    fill: float | str | None = None
    words: tuple[str, ...] = ()

    @property
    def features(self) -> tuple[str, ...]:
        """The names of the features that it becomes."""
        return tuple(f"{self.name}={word}" for word in self.words) if self.kind == "words" else (self.name,)


@dataclass(frozen=True)
class Columns:
    """All columns of a table that are features, in their order.

    >>> table = Table((Cells.of("age", ["31", "40", ""]), Cells.of("colour", ["red", "blue", "red"])), range(2, 5))
    >>> columns = fit_columns(table, missing="median")
    >>> columns.names, columns.transform(table).tolist()
    (('age', 'colour=blue', 'colour=red'), [[31.0, 0.0, 1.0], [40.0, 1.0, 0.0], [35.5, 0.0, 1.0]])
    >>> columns_from(columns.as_dict()) == columns
    True
    """

    columns: tuple[Column, ...]
    targets: tuple[str, ...] = ()
    """The columns that are predicted from them."""

    @property
    def names(self) -> tuple[str, ...]:
        """Of the features."""
        return tuple(feature for column in self.columns for feature in column.features)

    @property
    def texts(self) -> tuple[str, ...]:
        """The columns that are to be read as texts, whatever they look like."""
        return tuple(column.name for column in self.columns if column.kind != "number")

    def transform(self, table: Table, say: Say = lambda _: None) -> Array:
        """The rows as numbers, (n, features) float64. A word that was never seen is 0 in all of its column's features.

        Raises
        ------
        BadFile
            A column is not there, or a cell is missing or of another kind; it is named.
        ResourceError
            So many numbers are too large for this machine's memory.
        """
        table = table.only([column.name for column in self.columns])
        memory.check(8 * len(table) * len(self.names), table.where)
        X = np.zeros((len(table), len(self.names)))
        at = 0
        for column, cells in zip(self.columns, table.columns, strict=True):
            into = X[:, at : at + len(column.features)]
            at += len(column.features)
            if column.kind == "words":
                _set_words(column, cells, table, into, say)
            else:
                into[:, 0] = numbers_of(cells, table, column.fill, flag=column.kind == "flag")
        return X

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for a model's file."""
        return {
            "columns": [
                {"name": one.name, "kind": one.kind}
                | ({} if one.fill is None else {"fill": one.fill})
                | ({"words": list(one.words)} if one.kind == "words" else {})
                for one in self.columns
            ]
        } | ({"targets": list(self.targets)} if self.targets else {})


def columns_from(about: Mapping[str, Any]) -> Columns:
    """The columns that `as_dict` was made of.

    >>> columns_from({"columns": [{"name": "age", "kind": "number", "fill": 30.0}]})
    Columns(columns=(Column(name='age', kind='number', fill=30.0, words=()),), targets=())

    Raises
    ------
    ValueError
        It is nothing of the kind.
    """
    found = about.get("columns") if isinstance(about, Mapping) else None
    if not isinstance(found, (list, tuple)) or not found:
        raise ValueError("an encoding is a list of columns")
    columns = tuple(map(_column_from, found))
    if len({column.name for column in columns}) < len(columns):
        raise ValueError("two columns have the same name")
    targets = about.get("targets", ())
    if not isinstance(targets, (list, tuple)) or not all(isinstance(name, str) for name in targets):
        raise ValueError("targets are names of columns")
    return Columns(columns, tuple(targets))


def _column_from(about: Any) -> Column:
    if not isinstance(about, Mapping) or not isinstance(about.get("name"), str) or about.get("kind") not in KINDS:
        raise ValueError("a column has a name and a kind")
    fill, words = about.get("fill"), about.get("words", ())
    if not isinstance(words, (list, tuple)) or not all(isinstance(word, str) for word in words):
        raise ValueError(f"the words of '{about['name']}' are a list of texts")
    if bool(words) != (about["kind"] == "words") or list(words) != sorted(set(words)):
        raise ValueError(f"the words of '{about['name']}' are different and sorted")
    if fill is not None and about["kind"] == "words" and fill not in words:
        raise ValueError(f"what fills '{about['name']}' is one of its words")
    if fill is not None and about["kind"] != "words":
        if not isinstance(fill, (int, float)) or isinstance(fill, bool) or not math.isfinite(fill):
            raise ValueError(f"what fills '{about['name']}' is a finite number")
        fill = float(fill)
    return Column(about["name"], about["kind"], fill, tuple(words))


def fit_columns(
    table: Table, rows: Array | slice = slice(None), missing: str = "refuse", say: Say = lambda _: None
) -> Columns:
    """How the columns of a table become numbers; words and medians are those of `rows`.

    >>> fit_columns(Table((Cells.of("born", ["2001-05-01", "1999-12-24"]),), range(2, 4), "people.csv"))
    Traceback (most recent call last):
    whynet.errors.BadFile: a date is no number (in people.csv, row 2, column 'born'; expected ...

    Raises
    ------
    BadFile
        A column is of no kind that a network could be shown, or a cell is missing and may not be.
    """
    if not table.columns:
        raise BadFile("no column is left to predict from", where=table.where or None, expected="one besides the target")
    columns = []
    for cells in table.columns:
        kind = kind_of(cells, table)
        where = np.flatnonzero(cells.missing)
        if len(where) == len(cells):
            raise table.bad("this column is empty", cells.name, do="Remove it")
        if len(where) and missing == "refuse":
            raise missing_cell(cells, table)
        known = cells.take(rows)
        fill: float | str | None = None
        if kind == "words":
            counts = Counter(text for text in known.texts or () if text is not None)
            if not counts:
                raise table.bad("this column is empty in all rows to train on", cells.name, do="Remove it")
            words = tuple(sorted(counts))
            if missing == "median":
                fill = max(words, key=lambda word: counts[word])
            columns.append(Column(cells.name, kind, fill, words))
            continue
        numbers = numbers_of(known, table, math.nan, flag=kind == "flag", of=cells)
        if missing == "median":
            if np.isnan(numbers).all():
                raise table.bad("this column is empty in all rows to train on", cells.name, do="Remove it")
            fill = float(np.nanmedian(numbers))
        if kind == "number" and is_counter(numbers):
            say(f"Column '{cells.name}' counts the rows: if it only names them, remove it from the file.")
        columns.append(Column(cells.name, kind, fill))
    if missing == "median":
        filled = [cells for cells in table.columns if cells.missing.any()]
        if filled:
            cells_filled = sum(int(cells.missing.sum()) for cells in filled)
            say(f"{_number(cells_filled, 'missing cell')} filled in ({', '.join(cells.name for cells in filled)}).")
    return Columns(tuple(columns))


def kind_of(cells: Cells, table: Table) -> Kind:
    """What a column is; one that is nothing a network could be shown is refused.

    >>> table = Table((Cells.of("age", ["31", "40", "old"]),), range(2, 5), "people.csv")
    >>> kind_of(table["age"], table)
    Traceback (most recent call last):
    whynet.errors.BadFile: a text stands in a column of numbers (in people.csv, row 4, column 'age'; ...

    Raises
    ------
    BadFile
        Which row and column, and what to do.
    """
    if cells.numbers is not None:
        return "number"
    here = [(row, text) for row, text in enumerate(cells.texts or ()) if text is not None]
    texts = {text for _, text in here}
    if all(text.lower() in FLAGS for text in texts):
        return "flag"
    no_numbers = [(row, text) for row, text in here if not is_number(text)]
    if no_numbers and len(no_numbers) < len(here) / 2:
        row, text = no_numbers[0]
        raise table.bad(
            "a text stands in a column of numbers", cells.name, row,
            expected="a number, or nothing where it is missing", found=repr(text), do=_number_advice(text),
        )  # fmt: skip
    if all(DATE.fullmatch(text) for text in texts):
        row, text = here[0]
        raise table.bad("a date is no number", cells.name, row, expected="numbers or words", found=text, do=REMOVE)
    free = len(texts) > MOST_WORDS or (len(texts) > FEW and len(texts) > len(here) / 2)
    if free or len(texts) == len(here) >= FEW // 2:
        raise table.bad(
            "these texts are nearly all different", cells.name,
            expected=f"numbers, or at most {min(MOST_WORDS, max(FEW, len(here) // 2)):,} different words",
            found=f"{len(texts):,} different texts in {len(here):,} rows, such as '{_short(here[0][1])}'", do=REMOVE,
        )  # fmt: skip
    return "words"


def numbers_of(cells: Cells, table: Table, fill: Any = None, *, flag: bool = False, of: Cells | None = None) -> Array:
    """A column as finite numbers (n,) float64, `fill` where one is missing; of flags 0 and 1.

    >>> table = Table((Cells.of("well", ["true", "FALSE"]),), range(2, 4))
    >>> numbers_of(table["well"], table, flag=True)
    array([1., 0.])

    Raises
    ------
    BadFile
        A cell is missing and there is no `fill`, or it is no finite number.
    """
    if flag and cells.texts is not None:
        for row, text in enumerate(cells.texts):
            if text is not None and text.lower() not in FLAGS and text not in ("0", "1"):
                raise table.bad("this is neither true nor false", cells.name, row, found=repr(text))
        numbers = np.array([math.nan if text is None else FLAGS.get(text.lower(), text) for text in cells.texts], float)
    elif cells.numbers is None:
        row, text = next((row, text) for row, text in enumerate(cells.texts or ()) if text and not is_number(text))
        raise table.bad(
            "a text stands in a column of numbers", cells.name, row, expected="a number", found=repr(text),
            do=_number_advice(text),
        )  # fmt: skip
    else:
        numbers = cells.numbers
    infinite = np.flatnonzero(np.isinf(numbers))
    if len(infinite):
        source = cells if of is None else of
        row = int(np.flatnonzero(np.isinf(source.numbers))[0])  # type: ignore[arg-type]
        found = str(numbers[infinite[0]])
        raise table.bad("a number is infinite", cells.name, row, expected="finite numbers", found=found)
    without = np.isnan(numbers)
    if without.any():
        if fill is None:
            raise missing_cell(cells, table)
        numbers = np.where(without, float(fill), numbers)
    return numbers


def missing_cell(cells: Cells, table: Table, do: str = MENDS) -> BadFile:
    """What is said of a column with a missing cell.

    >>> table = Table((Cells.of("age", ["31", "?"]),), range(2, 4), "people.csv")
    >>> print(missing_cell(table["age"], table, do="Fill it in"))
    a cell is missing (in people.csv, row 3, column 'age'; ... found 1 of 2 without). Fill it in
    """
    where = np.flatnonzero(cells.missing)
    return table.bad(
        "a cell is missing", cells.name, int(where[0]), expected="a value in each row",
        found=f"{len(where):,} of {len(cells):,} without", do=do,
    )  # fmt: skip


def is_counter(numbers: Array) -> bool:
    """Whether a column only counts the rows: whole numbers, each larger than the one before.

    >>> is_counter(np.arange(100.0)), is_counter(np.array([3.0, 1.0, 2.0] * 5))
    (True, False)
    """
    return bool(len(numbers) >= FEW // 2 and (np.diff(numbers) > 0).all() and (numbers == np.round(numbers)).all())


def _set_words(column: Column, cells: Cells, table: Table, into: Array, say: Say) -> None:
    places = {word: place for place, word in enumerate(column.words)}
    unseen: Counter[str] = Counter()
    if column.fill is None and cells.missing.any():
        raise missing_cell(cells, table)
    for row, text in enumerate(cells.spelt()):
        place = places.get(str(column.fill) if text is None else text)
        if place is None:
            unseen[str(text)] += 1
        else:
            into[row, place] = 1.0
    if unseen:
        named = ", ".join(f"'{_short(word)}'" for word in sorted(unseen)[:5])
        say(
            f"Column '{column.name}': {_number(sum(unseen.values()), 'row')} with a word that the rows to train on "
            f"lack ({named}{', ...' if len(unseen) > 5 else ''}): 0 in all of its features."
        )


def _number_advice(text: str) -> str:
    if re.fullmatch(r"[-+]?\d{1,3}([.,' ]\d{3})*([.,]\d+)?", text) or re.fullmatch(r"[-+]?\d+,\d+", text):
        return "Write numbers with a point and nothing between thousands: 1234.5"
    if re.fullmatch(r"[^\d\s]?\s?[-+]?[\d.,]+\s?\S{1,3}", text):
        return "Write the number alone, without a unit"
    return "Mend the cell, or leave it empty and choose --missing median"


def _short(text: str) -> str:
    return text if len(text) <= 40 else text[:37] + "..."


def _number(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"
