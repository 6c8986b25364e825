"""Rows of a table as people read them: the columns they were read from, and the words in place of ones and zeros."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from whynet.data.dataset import Dataset
from whynet.report import pictures
from whynet.report.page import text
from whynet.types import Array

COLUMNS = 10  # of a table; more do not fit a page


class Column(NamedTuple):
    """A column as it was read, and the features that it became.

    >>> Column("colour", (3, 4), ("blue", "red")).features
    (3, 4)
    """

    name: str
    features: tuple[int, ...]
    words: tuple[str, ...] = ()
    """Of a column of words: that of each of its features."""

    def shown(self, row: Array) -> str:
        """The value that a row (features,) has in it.

        >>> Column("colour", (0, 1), ("blue", "red")).shown(np.array([0.0, 1.0]))
        'red'
        """
        values = row[list(self.features)]
        if not self.words:
            return number(float(values[0]))
        return self.words[int(values.argmax())] if values.any() else "another"


def number(value: float) -> str:
    """A number with six digits.

    >>> number(3.0), number(0.1234567), number(1234567.8), number(25000.0)
    ('3', '0.123457', '1,234,568', '25,000')
    """
    if value.is_integer() and abs(value) < 1e15:
        return f"{value:,.0f}"
    return f"{value:,.0f}" if 1e6 <= abs(value) < 1e15 else f"{value:,.6g}"


def columns_of(data: Dataset) -> list[Column]:
    """The columns of a table: those that its encoding knows, else one for all features `name=word` of one name.

    >>> from whynet.data.features import FloatFeatures
    >>> X = FloatFeatures(np.eye(3), ("age", "colour=blue", "colour=red"))
    >>> [(one.name, one.words) for one in columns_of(Dataset(X, np.array([0, 1, 0]), problem=("no", "yes")))]
    [('age', ()), ('colour', ('blue', 'red'))]
    """
    names = data.X.names or tuple(f"column {place + 1}" for place in range(data.features))
    known = getattr(data.X.encoding, "columns", None)
    if known is not None and sum(len(one.features) for one in known) == data.features:
        found, at = [], 0
        for one in known:
            places = tuple(range(at, at := at + len(one.features)))
            found.append(Column(one.name, places, tuple(one.words) if one.kind == "words" else ()))
        return found
    groups: dict[str, list[int]] = {}
    for place, name in enumerate(names):
        groups.setdefault(name.partition("=")[0] if "=" in name else name, []).append(place)
    return [
        Column(name, tuple(places), tuple(names[place].partition("=")[2] for place in places))
        if "=" in names[places[0]]
        else Column(name, tuple(places))
        for name, places in groups.items()
    ]


def shown(
    data: Dataset, rows: Sequence[int] | Array, said: Sequence[tuple[str, Sequence[str]]], columns: Sequence[Column]
) -> str:
    """Rows as HTML, with what is said of each: pictures with that under them, or a table."""
    if not data.are_pictures:
        return rows_table(data, rows, said, columns)
    figures = []
    for place, uri in enumerate(pictures.digits(data.images[np.asarray(rows)])):
        lines = "<br>".join(f"{text(name)}: {text(texts[place])}" for name, texts in said)
        figures.append(
            f'<figure><img class="pixels" src="{uri}" alt="test image {rows[place]}"><figcaption>{lines}</figcaption>'
            "</figure>"
        )
    return f'<div class="mistakes">{"".join(figures)}</div>'


def rows_table(
    data: Dataset, rows: Sequence[int] | Array, before: Sequence[tuple[str, Sequence[str]]], columns: Sequence[Column]
) -> str:
    """Rows of a table as HTML: their number, what is said of them (`before`, a heading with a text for each row), and
    their values in these columns, as many as fit."""
    shown = columns[:COLUMNS]
    heads = ["row", *(name for name, _ in before), *(column.name for column in shown)]
    lines = []
    for place, row in enumerate(rows):
        cells = [f"{row:,}", *(texts[place] for _, texts in before)]
        cells += [column.shown(data.inputs[row]) for column in shown]
        lines.append("<tr>" + "".join(f"<td>{text(cell)}</td>" for cell in cells) + "</tr>")
    more = len(columns) - len(shown)
    rest = f'<p class="faint">{more:,} more columns are not shown.</p>' if more > 0 else ""
    head = "".join(f"<th>{text(name)}</th>" for name in heads)
    return f'<div class="scroll"><table class="rows"><tr>{head}</tr>{"".join(lines)}</table></div>{rest}'
