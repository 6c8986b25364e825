"""Columns: figures of one kind, put together into series of costs and of accuracies."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Literal

from whynet.doctor.diagnosis import Series
from whynet.doctor.floors import SHARES
from whynet.logs.figures import SECOND, Figure
from whynet.logs.words import (
    ERRORS,
    SQUARES,
    VAGUE,
    Split,
)

FEWEST = 500  # right answers, of ten thousand
FREQUENT = {  # of MNIST's images, the share of each class, but for 0.09: an MSE
    round(count / sum(counts), 4) for counts in SHARES["mnist"] for count in counts
} - {0.0903}
_Columns = dict[tuple[str, str, str, bool], list[Figure]]  # by role, split, label, and whether it is said


def series_of(figures: Sequence[Figure], rows: dict[str, int]) -> list[Series]:
    """Costs and accuracies; numbers without a name count only where nothing has one.

    `rows` are the numbers of examples that the text speaks of.

    >>> series_of([Figure(0, 958.0, "accuracy", "right", total=10_000)], {})[0].values
    (0.0958,)
    """
    columns: _Columns = {}
    for figure in figures:
        if figure.role in ("cost", "accuracy", "wrong", "which", "unknown", ""):
            place = "" if figure.role or figure.said or figure.run else figure.column
            place += "%" if figure.role == "which" and figure.percent else ""
            key = (figure.role, figure.split, figure.label + place, figure.said)
            columns.setdefault(key, []).append(figure)
    columns = _error_rates(columns)
    totals_of = {split: {f.value for f in figures if f.role == "total" and f.split in ("", split)
                         and math.isfinite(f.value)} for split in ("train", "held-out", "")}  # fmt: skip
    found: list[Series] = []
    for (role, split, label, said), column in columns.items():
        told = rows.get(split) or (None if split else rows.get(""))
        totals = totals_of["train" if split == "train" else split] or ({told} if told else set())
        if role in ("which", "unknown", "") or (all(math.isnan(f.value) for f in column) and role != "cost"):
            continue
        series = _as_series(role, "held-out" if split == "held-out" else "train" if split == "train" else "",
                            label, column, said, totals)  # fmt: skip
        if series is not None:
            found.append(series)
    found += _by_examples(columns, [series for series in found if series.what == "cost" and not series.said])
    steps = {figure.line: figure.value for figure in figures if figure.role == "step" and figure.place == 0}
    bare = {key: column for key, column in columns.items() if key[0] == "" and not _progress(column, steps)}
    if not any(series.what == "accuracy" and not series.said for series in found):
        found += _counts(bare)
    if found and not any(series.what == "cost" for series in found):  # figures under a head that names them
        plain = {key: column for key, column in bare.items() if not any(f.total or f.percent for f in column)}
        lines = {figure.line for column in plain.values() for figure in column}
        below = [series for series in _unnamed(plain) if series.what == "cost" and len(lines) >= len(series.values) > 2]
        found += [series for series in below if any(value % 1 for value in series.finite)]
    found = _not_only_told(found)
    if all(series.said for series in found):
        found = _without_names(found, columns, bare)
    longest = {what: max((len(s.values) for s in found if s.what == what), default=0) for what in ("cost", "accuracy")}
    found = [s for s in found if s.split == "held-out" or s.said or len(s.values) > longest[s.what] / 3]
    return sorted(found, key=lambda series: (series.said, series.what != "cost", series.split != "train"))


def _not_only_told(found: Sequence[Series]) -> list[Series]:
    """What sentences say counts where nothing of the kind was printed, or of how other examples are answered."""
    printed = {series.what for series in found if not series.said}
    learned = any(series.what == "accuracy" and series.split != "held-out" and not series.said for series in found)
    return [
        series
        for series in found
        if not series.said
        or (series.what not in printed and not (printed and max(series.values) > 0.3))
        or (learned and series.what == "accuracy" and series.split == "held-out")
    ]


def _without_names(found: list[Series], columns: _Columns, bare: _Columns) -> list[Series]:
    """Where sentences say little: columns of numbers that nothing names, or that nobody knows the name of."""
    unknown = {key: column for key, column in columns.items() if key[0] == "unknown" and len(column) > 2
               and any(figure.value % 1 for figure in column)}  # fmt: skip
    most = max((len(column) for column in bare.values()), default=0)
    nameless = bare if most > 2 or not unknown else unknown
    if any(series.what == "cost" and len(series.values) > 2 for series in found):
        return found
    if found and max((len(column) for column in nameless.values()), default=0) <= 4:
        return found
    return [series for series in found if series.what == "accuracy"] + _unnamed(nameless)


def _error_rates(
    columns: _Columns,
) -> _Columns:
    """Errors that are counts (whole numbers), or shares beside another cost, are wrong answers and no costs."""
    costs = {key[2] for key in columns if key[0] == "cost" and not key[3] and not ERRORS & set(key[2].split())}
    rising = {key[2] for key, column in columns.items() if key[0] == "accuracy" and column[-1].value > column[0].value}
    right = [
        figure.value for key, column in columns.items() if key[0] == "accuracy" and not key[3] for figure in column
    ]
    shares_only = max(right, default=0.0) <= 5
    found = {}
    for key, column in columns.items():
        values = [figure.value for figure in column if math.isfinite(figure.value)]
        above = max(values, default=0) > 100 and any(value % 1 for value in values)
        vague = bool(VAGUE & set(key[2].split())) and key[2] not in rising  # of other examples by the same name
        falls = vague and len(values) > 3 and values[-1] < 0.8 * values[0]
        tiny = len(values) > 2 and 1 < max(values) < 5 and any(value % 1 for value in values) and shares_only
        if (
            key[0] == "accuracy"
            and (above or falls or tiny)
            and not any(figure.percent or figure.total for figure in column)
        ):
            key = ("cost", *key[1:])  # a performance that falls, or is no share
        called = key[0] == "cost" and bool(ERRORS & set(key[2].split())) and not SQUARES & set(key[2].split())
        whole = bool(values) and all(value % 1 == 0 for value in values) and max(values) > 4
        beside = bool(values) and bool(costs) and 0 <= min(values) <= max(values) <= 100
        shares = bool(values) and any(abs(1 - values[-1] / 100 - share) < 0.0003 for share in FREQUENT)
        if called and (whole or beside or shares):
            key = ("wrong", *key[1:])
        found[key] = column
    return found


def _as_series(
    role: str, split: Split, label: str, column: Sequence[Figure], said: bool, totals: set[float]
) -> Series | None:
    values = [figure.value for figure in column]
    what: Literal["cost", "accuracy"] = "cost" if role == "cost" else "accuracy"
    if what == "cost":
        return Series(label or "cost", "cost", split, tuple(values), said=said)
    finite = [value for value in values if math.isfinite(value)]
    if not finite:
        return None
    total = next((figure.total for figure in column if figure.total), None)
    percent = any(figure.percent for figure in column)
    if total is None and not percent and max(finite) > 100:
        if not (totals and max(totals) >= max(finite)) and max(finite) < FEWEST:
            return None  # so few of ten thousand would be worse than chance: of how many is not known
        total = (
            int(max(totals)) if totals and max(totals) >= max(finite) else 10_000 if max(finite) <= 10_000 else 60_000
        )
    scale = float(total or (100 if percent or max(finite) > 1 else 1))
    if {"r2", "mcc"} & set(label.split()):
        values = [max(0.0, value) for value in values]  # below the mean, or worse than chance: nothing
        finite = [value for value in values if math.isfinite(value)]
    shares = [value / (100 if figure.percent else figure.total if figure.total and total else scale)
              for value, figure in zip(values, column, strict=True)]  # fmt: skip
    if max(share for share in shares if math.isfinite(share)) > 1.0001 or min(finite) < 0:
        return None
    if role == "wrong":
        shares = [1 - share for share in shares]
    return Series(label or "accuracy", "accuracy", split, tuple(shares), total, said)


def _by_examples(columns: _Columns, costs: Sequence[Series]) -> list[Series]:
    """`train 0.91, test 0.90`: accuracies if they are percentages, or shares that rise, or where costs were printed
    too, shares that rise as the cost falls; costs otherwise. Of pairs, `train 0.34/0.90`, the second are accuracies.
    """
    named = {key: column for key, column in columns.items() if key[0] == "which"}
    ends = {key[1]: column[-1].value for key, column in named.items()}
    values = [figure.value for column in named.values() for figure in column if math.isfinite(figure.value)]
    pairs = any(key[2].endswith(SECOND) for key in named)
    rising = all(column[-1].value > column[0].value for column in named.values())
    level = all(column[-1].value > 0.95 * column[0].value for column in named.values())
    level = level and (min(values, default=0) > 0.85 or ends.get("train", 0) > ends.get("held-out", math.inf) + 0.03)
    shares = bool(values) and (rising or level) and max(values) <= 1 and not costs and not pairs
    percentages = bool(values) and rising and not pairs and 15 < max(values) <= 100
    found = []
    for (_, split, label, said), column in named.items():
        which: Split = "held-out" if split == "held-out" else "train" if split == "train" else ""
        share = shares or percentages or label.endswith(SECOND)
        if costs and max(figure.value for figure in column) <= 1:
            values = [figure.value for figure in column]
            above = min(values) > 0.1 and values[0] > 2.5 * costs[0].values[0] > 0  # so dear is no other cost
            beside = len(values) == len(costs[0].values) and values[-1] > 0.8 * values[0]  # no other cost that falls
            share = share or above or beside or _against(values, costs[0].values)
        if costs and min(figure.value for figure in column) > max(5, 2 * max(costs[0].finite, default=0.0)):
            share = share or max(figure.value for figure in column) <= 100  # percentages beside a cost
        role = "accuracy" if share or any(figure.percent or figure.total for figure in column) else "cost"
        series = _as_series(role, which, label.removesuffix(SECOND), column, said, set())
        found += [series] if series is not None else []
    return found


def _against(values: Sequence[float], costs: Sequence[float]) -> bool:
    """Whether values rise where costs fall, and fall where these rise."""
    if len(values) != len(costs):
        return False
    both = [(value, cost) for value, cost in zip(values, costs, strict=True) if math.isfinite(value + cost)]
    ways = [(b - a) * (d - c) for (a, c), (b, d) in pairwise(both)]
    return sum(way < 0 for way in ways) > 0.7 * len(ways)


def _counts(bare: _Columns) -> list[Series]:
    """`958 / 10000` and `9.58 %` without a name: right answers, unless it is how far an epoch has come."""
    found = []
    if len({key[1] for key in bare}) == 1 < len(bare) and all(
        len(column) == 1 for column in bare.values()
    ):  # on a line
        bare = {next(iter(bare)): [figure for column in bare.values() for figure in column]}
    for (_, split, _, said), column in bare.items():
        total = next((figure.total for figure in column if figure.total), None)
        values = [figure.value for figure in column]
        if total is not None:
            steps = {b - a for a, b in pairwise(values)} - {0.0}
            progress = len(values) > 2 and len(steps) <= len(values) // 3 and steps
            if total < 50 or all(v == total for v in values) or progress:
                continue
            column = [replace(figure, total=figure.total or total) for figure in column]
        elif not all(figure.percent for figure in column):
            continue
        which: Split = "held-out" if split == "held-out" else "train" if split == "train" else ""
        series = _as_series("accuracy", which, "right", column, said, set())
        if series is not None:
            found.append(series)
    return list({series.split: series for series in reversed(found)}.values())


def _unnamed(bare: _Columns) -> list[Series]:
    """A column or a list of numbers alone: costs, or accuracies if they look like those."""
    columns = [[figure.value for figure in column] for column in bare.values()]
    if columns and all(len(values) == 1 for values in columns):
        columns = [[values[0] for values in columns]] if len(bare) > 1 else columns
    longest = max((len(values) for values in columns), default=0)
    columns = [values for values in columns if len(values) == longest and not _counting(values)]
    if len(columns) > 3:
        columns = [[value for values in columns for value in values]] if longest == 1 else []
    found: list[Series] = []
    for values in columns:
        finite = [value for value in values if math.isfinite(value)]
        if len(values) < 1 or not finite:
            if values:
                found.append(Series("numbers", "cost", "", tuple(values)))
            continue
        taken = {series.what for series in found}
        if "cost" in taken and 1 < max(finite) < 15:
            continue  # the same once more, such as an average
        whole = all(value == int(value) for value in finite)
        rising = finite[-1] > finite[0] * 1.05 and min(finite) >= 0
        frozen = max(finite) < 0.12 and any(abs(finite[-1] - share) < 0.0003 for share in FREQUENT)
        if whole and min(finite) > 100 and max(finite) <= 60_000:
            total = 10_000 if max(finite) <= 10_000 else 60_000
            found.append(Series("numbers", "accuracy", "", tuple(value / total for value in values), total))
        elif (
            (rising or frozen or "cost" in taken)
            and max(finite) <= 100
            and "accuracy" not in taken
            and min(finite) >= 0
        ):
            scale = 100 if max(finite) > 1.5 else 1
            if scale == 100 and "cost" not in taken and min(finite) > 1 and _many_digits(finite):
                scale = 0  # costs that rise
            if rising and scale == 100 and max(finite) < 15 and "cost" not in taken:
                scale = 0
            if scale:
                found.append(Series("numbers", "accuracy", "", tuple(value / scale for value in values)))
            else:
                found.append(Series("numbers", "cost", "", tuple(values)))
        elif "cost" not in taken:
            found.append(Series("numbers", "cost", "", tuple(values)))
    return found


def _many_digits(values: Sequence[float]) -> bool:
    """Whether most values have more digits behind the point than percentages are printed with."""
    return sum(abs(value - round(value, 4)) > 1e-9 for value in values) > len(values) / 2


def _progress(column: Sequence[Figure], steps: dict[int, float]) -> bool:
    """Whether a column says how far the training has come: always the same share of the step on its line."""
    shares = [figure.value / steps[figure.line] for figure in column if steps.get(figure.line) and figure.value]
    last = shares[len(shares) // 2 :]
    return len(shares) > 3 and len(shares) > len(column) / 2 and max(last) < 1.01 * min(last)


def _counting(values: Sequence[float]) -> bool:
    """Whether these are numbers of steps: whole, and always as much more."""
    if len(values) < 2 or not all(math.isfinite(value) and value == int(value) for value in values):
        return False
    steps = {b - a for a, b in pairwise(values)}
    return len(steps) <= 2 and min(steps) > 0
