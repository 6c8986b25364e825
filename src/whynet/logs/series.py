"""Series: cells of one kind put together into columns, these into costs and accuracies."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Literal

from whynet.doctor.diagnosis import Series
from whynet.logs.columns import Cell, Column
from whynet.logs.roles import MEASURED, assigned, base_of, is_measured, kinds, means, split_of, votes_of
from whynet.logs.templates import NUMBER

SURE = 5  # votes: of words that may name something else than a share there are fewer
MOST = 60  # columns: of more, the longest
FEWEST = 500  # right answers, of ten thousand
Split = Literal["train", "held-out", ""]


def columns_of(cells: Iterable[Cell]) -> list[Column]:
    """Cells that have their name, their examples and their form in common; those without a name, their place.

    >>> len(columns_of([Cell(0, 0, 0.7, ("loss",)), Cell(1, 0, 0.6, ("loss",)), Cell(1, 1, 0.5, ("acc",))]))
    2
    """
    found: dict[tuple[object, ...], Column] = {}
    cells = list(cells)
    printed = {_label(cell) for cell in cells if not cell.said and cell.name}
    known = Counter(cell.line for cell in cells if cell.said and not cell.prose and _label(cell) in printed)
    costs = [cell for cell in cells if not cell.said and math.isfinite(cell.value) and means(cell.name) == "cost"]
    last = max((cell.line for cell in costs), default=math.inf)
    for cell in cells:
        ends = cell.line > last and not math.isfinite(cell.value) and not cell.prose  # `Loss is nan, stopping`
        if cell.said and (known[cell.line] > 2 or ends) and _label(cell) in printed:
            cell = replace(cell, said=False)  # on a line unlike the others, as the last may be
        label = _label(cell) or cell.column
        if cell.said:
            label = f"{means(cell.name, cell.behind, cell.around)} {bool(cell.percent or cell.total)}"
        elif not _label(cell) and means(cell.around) in MEASURED:
            label = f"{cell.column if cell.column.startswith('list') else cell.place} {means(cell.around)}"
        key = (label, cell.split, cell.said, cell.wish, cell.percent and not base_of(cell.name) and not cell.said)
        found.setdefault(key, Column()).cells.append(cell)
    longest = set(sorted(found, key=lambda key: -len(found[key].cells))[:MOST])
    return [column for key, column in found.items() if key in longest]


def series_of(cells: Sequence[Cell], rows: dict[str, int]) -> list[Series]:
    """Costs and accuracies; numbers without a name count only where nothing has one.

    `rows` are the numbers of examples that the text speaks of.

    >>> series_of([Cell(0, 0, 958.0, ("right",), total=10_000)], {})[0].values
    (0.0958,)
    """
    columns = columns_of(cells)
    named = [one for one in columns if _is_named(one)]
    found = _read(named, rows)
    bare = [one for one in columns if not _is_named(one)]
    printed = {one.what for one in found if not one.said}
    if "accuracy" not in printed:
        counted = [one for one in bare if any(cell.total or cell.percent for cell in one.cells)]
        counted = [one for one in counted if not _is_progress(one)]
        shares = [one for one in _read(_one_of_many(counted), rows, named) if one.what == "accuracy"]
        found += {one.split: one for one in reversed(shares)}.values()
    printed = {one.what for one in found if not one.said}
    plain = [one for one in bare if not any(cell.total or cell.percent for cell in one.cells)]
    outside = [one for one in plain if not _is_in_a_list(one.first)]
    plain = outside if 0 < len(outside) < len(plain) - 2 else plain
    if "cost" not in printed:
        more = _read(_longest(plain), rows, named)
        found += [one for one in more if one.what not in printed and (len(one.values) > 2 or not found)]
    found = _not_only_told(found)
    longest = {what: max((len(s.values) for s in found if s.what == what), default=0) for what in ("cost", "accuracy")}
    found = [s for s in found if s.split == "held-out" or s.said or len(s.values) > longest[s.what] / 3]
    return sorted(found, key=lambda series: (series.said, series.what != "cost", series.split != "train"))


def _is_progress(column: Column) -> bool:
    """Whether it is how far something has come: `1200/9114`, `1300/9114`, ...; or all of it, each time."""
    steps = {b.value - a.value for a, b in pairwise(column.cells)}
    first = column.first.place < 2 and len({cell.total for cell in column.cells}) == 1
    even = len(column.cells) > 2 and len(steps) == 1 and min(steps) > 0
    return (first and even) or all(cell.value == cell.total for cell in column.cells)


def _is_in_a_list(cell: Cell) -> bool:
    """Whether it has brackets around it, behind other figures: outputs, as a rule."""
    before = "".join(cell.column.partition(" ")[2].split(NUMBER)[: cell.place + 1])
    return cell.place > 1 and before.count("[") > before.count("]")


def _label(cell: Cell) -> str:
    """What a cell is called."""
    words = [word for word in cell.name or cell.behind if word not in kinds("filler", "beside")]
    return " ".join([word for word in words if not cell.prose or is_measured([word]) or split_of([word])][-4:])


def _is_named(column: Column) -> bool:
    """Whether words say what it is, or of which examples."""
    first = column.first
    return first.said or bool(means(first.name, first.behind, first.around) or set(first.name) - kinds("filler"))


def _read(columns: Sequence[Column], rows: dict[str, int], beside: Sequence[Column] = ()) -> list[Series]:
    """The series that columns are, where they stand beside others."""
    roles = assigned([*beside, *columns])[len(beside) :]
    totals: dict[str, set[float]] = {"train": set(), "held-out": set(), "": set()}
    for column, role in zip(columns, roles, strict=True):
        if role == "total":
            for split in totals:
                if column.first.split in ("", split):
                    totals[split] |= set(column.finite)
    found = []
    for column, role in _told_together(zip(columns, roles, strict=True)):
        split = column.first.split
        told = rows.get(split) or (None if split else rows.get(""))
        series = _as_series(role, column, totals[split] or ({told} if told else set())) if role in MEASURED else None
        found += [series] if series is not None else []
    return found


def _told_together(columns: Iterable[tuple[Column, str]]) -> Iterable[tuple[Column, str]]:
    """Columns with their roles; what sentences say of the same is put together in the order that it is said."""
    told: dict[tuple[str, str, frozenset[str]], Column] = {}
    for column, role in columns:
        if not column.first.said or role not in MEASURED:
            yield column, role
            continue
        measures = kinds("errors") & {*column.first.name}
        told.setdefault((role, column.first.split, measures), Column()).cells.extend(column.cells)
    for (role, *_), column in told.items():
        column.cells.sort(key=lambda cell: (cell.line, cell.place))
        yield column, role


def _as_series(role: str, column: Column, totals: set[float]) -> Series | None:
    values, finite, first = column.values, column.finite, column.first
    said = first.said
    split: Split = "held-out" if first.split == "held-out" else "train" if first.split == "train" else ""
    agrees = kinds("agreement") & set(first.name)
    name = "" if said and not agrees else _label(first) if _is_named(column) else "numbers"
    if role == "cost":
        return Series(name or "cost", "cost", split, tuple(values), said=said)
    if not finite:
        return None
    every = [cell.total for cell in column.cells if cell.total]
    total = every[0] if first.total or 2 * len(every) > len(column.cells) else None
    percent = any(cell.percent for cell in column.cells)
    if total is None and not percent and max(finite) > 100:
        told = votes_of(first.name)
        if "wrong" not in told and 0 < told.get("accuracy", 0) < SURE:
            return None  # a score that counts something else
        known = max(totals, default=0) >= max(finite)
        if not known and max(finite) < FEWEST:  # so few of ten thousand would be worse than chance: of how many?
            error = role == "wrong" and "cost" in votes_of(first.name)
            return Series(name, "cost", split, tuple(values), said=said) if error else None
        total = int(max(totals)) if known else 10_000 if max(finite) <= 10_000 else 60_000
    scale = float(total or (100 if percent or max(finite) > 1 else 1))
    if {"r2", "mcc"} & set(first.name):
        values = [value / (100 if percent else 1) for value in values]  # which may be below 0
        return Series(name or "accuracy", "accuracy", split, tuple(values), total, said)
    shares = [value / (100 if cell.percent else cell.total if cell.total and total else scale)
              for value, cell in zip(values, column.cells, strict=True)]  # fmt: skip
    known_shares = [share for share in shares if math.isfinite(share)]
    if max(known_shares) > 1.0001 or min(known_shares) < 0:
        return None
    if role == "wrong":
        shares = [1 - share for share in shares]
    return Series(name or "accuracy", "accuracy", split, tuple(shares), total, said)


def _not_only_told(found: Sequence[Series]) -> list[Series]:
    """What sentences say counts where nothing of the kind was printed, or of how other examples are answered."""
    printed = {series.what for series in found if not series.said}
    of = {series.split for series in found if series.what == "accuracy" and not series.said}
    other = {"held-out": bool(of & {"train", ""}), "train": of == {"held-out"}, "": False}
    return [
        series
        for series in found
        if not series.said or series.what not in printed or (series.what == "accuracy" and other[series.split])
    ]


def _one_of_many(columns: Sequence[Column]) -> list[Column]:
    """Of many columns with one number each, as of a line that goes on, one column."""
    if (
        len(columns) > 1
        and all(len(one.cells) == 1 for one in columns)
        and len({one.first.split for one in columns}) == 1
    ):
        return [Column([cell for one in columns for cell in one.cells])]
    return list(columns)


def _longest(columns: Sequence[Column]) -> list[Column]:
    """Of columns without a name the longest ones; of many with one number each, one column."""
    columns = _one_of_many(columns)
    most = max((len(one.cells) for one in columns), default=0)
    found = [one for one in columns if len(one.cells) == most]
    return found if len(found) <= 4 else []
