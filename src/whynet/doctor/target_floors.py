"""The plateaus of somebody's own targets: what the same answer for every row costs, under each cost, however they are
scaled. Needs no NumPy.

    quadratic            the variance, or half of it: the mean is answered
    RMSE                 the standard deviation: the mean is answered
    absolute             the mean distance from the median: the median is answered
    huber                Huber's cost of its best constant
    sigmoid              of targets 0 and 1, the entropy of their base rates
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from whynet.doctor.plateaus import Plateau, plateau
from whynet.errors import UsageError

CLASSES = 20  # different whole numbers; so many may be numbers of classes


@dataclass(frozen=True)
class Spread:
    """How the numbers of one output spread, about their mean and their median.

    >>> spread = spread_of([1.0, 2.0, 3.0, 6.0])
    >>> spread.mean, spread.median, spread.variance, spread.deviation
    (3.0, 2.5, 3.5, 1.5)
    """

    mean: float
    median: float
    variance: float
    deviation: float
    """The mean distance from the median."""
    around_mean: float
    """The mean distance from the mean."""
    square: float
    """The mean square."""
    size: float
    """The mean distance from 0."""
    least: float
    largest: float
    huber: float
    huber_answer: float

    @property
    def sd(self) -> float:
        """The standard deviation."""
        return math.sqrt(self.variance)


def spread_of(values: Sequence[float]) -> Spread:
    """That of these numbers: at least one, all finite.

    >>> spread_of([0.0, 1.0]).sd, spread_of([0.0, 4.0]).huber  # 2 - 1/2
    (0.5, 1.5)
    """
    counts, n = Counter(values), len(values)
    ordered = sorted(values)
    median = (ordered[(n - 1) // 2] + ordered[n // 2]) / 2
    mean = math.fsum(values) / n

    def over(what: Any) -> float:
        return math.fsum(count * what(value) for value, count in counts.items()) / n

    answer, huber = _huber(counts, n)
    return Spread(
        mean, median, over(lambda y: (y - mean) ** 2), over(lambda y: abs(y - median)), over(lambda y: abs(y - mean)),
        over(lambda y: y * y), over(abs), ordered[0], ordered[-1], huber, answer,
    )  # fmt: skip


def _huber(counts: Counter[float], n: int) -> tuple[float, float]:
    """The best constant under Huber's cost, where the mean of `clip(c - y, -1, 1)` is 0, and what it costs."""
    low, high = min(counts), max(counts)
    for _ in range(60):
        middle = low + (high - low) / 2
        if math.fsum(count * min(max(middle - y, -1.0), 1.0) for y, count in counts.items()) < 0:
            low = middle
        else:
            high = middle
    best = low + (high - low) / 2
    off = ((abs(y - best), count) for y, count in counts.items())
    return best, math.fsum(count * (0.5 * d * d if d <= 1 else d - 0.5) for d, count in off) / n


def columns_of(targets: Any) -> list[list[float]]:
    """The numbers of each output: targets are a number a row, or a row of numbers each.

    >>> columns_of([1, 2]), columns_of([[1, 10], [2, 20]])
    ([[1.0, 2.0]], [[1.0, 2.0], [10.0, 20.0]])

    Raises
    ------
    UsageError
        They are none, or one of them is no finite number.
    """
    rows = targets.tolist() if callable(getattr(targets, "tolist", None)) else targets
    if isinstance(rows, str) or not isinstance(rows, Sequence) or not rows:
        raise UsageError("these are no targets", expected="a number for each row", found=repr(rows)[:40])
    rows = [list(row) if isinstance(row, (list, tuple)) else [row] for row in rows]
    width = len(rows[0])
    for number, row in enumerate(rows):
        if len(row) != width or not width:
            raise UsageError("the rows of the targets differ in length", expected=f"{width}", found=f"{len(row)}")
        for value in row:
            good = isinstance(value, (int, float)) or callable(getattr(value, "__float__", None))
            if not good or not math.isfinite(value):
                raise UsageError("a target is no finite number", found=f"{value!r} in row {number + 1:,}")
    return [[float(row[place]) for row in rows] for place in range(width)]


def summary(columns: Sequence[Sequence[float]]) -> list[dict[str, float]]:
    """What is known of each output, as plain values.

    >>> summary([[0.0, 1.0]])[0]["variance"]
    0.25
    """
    found = []
    for column in columns:
        one = spread_of(column)
        found.append({
            "mean": one.mean, "median": one.median, "variance": one.variance, "half_variance": one.variance / 2,
            "sd": one.sd, "mean_absolute_deviation": one.deviation, "huber": one.huber, "least": one.least,
            "largest": one.largest,
        })  # fmt: skip
    return found


def of_targets(columns: Sequence[Sequence[float]]) -> Iterator[Plateau]:
    """Every plateau of these targets.

    >>> [one.reading.exact for one in of_targets([[0.0, 1.0]])][:3]
    [0.25, 0.125, 0.5]
    """
    spreads = [spread_of(column) for column in columns]
    binary = all(value in (0.0, 1.0) for column in columns for value in column)
    yield from _numbers(spreads, "", 0, binary)
    yield from _nothing(spreads)
    yield plateau(
        "R2", "over the rows", f"{_mean(spreads, binary)} is answered to everything: nothing is learned", 0, 3
    )
    if not binary:
        yield from _scaled(columns, spreads)
    else:
        yield from _base_rates([one.mean for one in spreads])


def _mean(spreads: Sequence[Spread], binary: bool = False) -> str:
    if len(spreads) > 1:
        return "the base rate of each" if binary else "the mean of each"
    return f"the {'base rate' if binary else 'mean'}, {spreads[0].mean:.6g},"


def _averaged(each: Sequence[float]) -> Iterator[tuple[str, float, int]]:
    """How people sum up over outputs, and how usual that is."""
    total, K = math.fsum(each), len(each)
    if K == 1:
        yield "mean over rows", total, 0
    else:
        yield "mean over outputs and rows", total / K, 0
        yield "sum over outputs, mean over rows", total, 1


def _numbers(spreads: Sequence[Spread], of: str, rank: int, binary: bool = False) -> Iterator[Plateau]:
    """Costs of the best constant; `of` says how the targets are scaled, and then the mean is not said in numbers."""
    said = "the mean" if of else _mean(spreads, binary)
    for averaging, value, more in _averaged([one.variance for one in spreads]):
        mean = f"the variance of {of or 'the targets'}: {said} is answered to everything"
        yield plateau("quadratic", f"{averaging} (MSE)", mean, value, rank + more)
        yield plateau("quadratic", f"half, {averaging}", f"half {mean}", value / 2, rank + more)
    squares = math.fsum(one.variance for one in spreads) / len(spreads)
    deviation = f"the standard deviation of {of or 'the targets'}: {said} is answered to everything"
    yield plateau("RMSE", "root of the mean over rows", deviation, math.sqrt(squares), rank + bool(of))
    median = "the median" if of or len(spreads) > 1 else f"the median, {spreads[0].median:.6g},"
    for averaging, value, more in _averaged([one.deviation for one in spreads]):
        words = f"the mean distance of {of or 'the targets'} from their median: {median} is answered to everything"
        yield plateau("absolute", f"{averaging} (MAE)", words, value, rank + more)
    for averaging, value, more in _averaged([one.around_mean for one in spreads]):
        words = f"the mean distance of {of or 'the targets'} from their mean: {said} is answered to everything"
        yield plateau("absolute", f"{averaging} (MAE)", words, value, rank + more + 1)
    best = "its best constant" if of or len(spreads) > 1 else f"its best constant, {spreads[0].huber_answer:.6g},"
    for averaging, value, more in _averaged([one.huber for one in spreads]):
        words = f"Huber's cost of {of or 'the targets'} where {best} is answered to everything"
        yield plateau("huber", averaging, words, value, rank + more + 1)


def _nothing(spreads: Sequence[Spread]) -> Iterator[Plateau]:
    """What the answer 0 costs: dead or freshly drawn output units."""
    zero = "0 is answered to everything: as before the first step, or of dead output units"
    for averaging, value, more in _averaged([one.square for one in spreads]):
        yield plateau("quadratic", f"{averaging} (MSE)", zero, value, 2 + more)
        yield plateau("quadratic", f"half, {averaging}", zero, value / 2, 2 + more)
    for averaging, value, more in _averaged([one.size for one in spreads]):
        yield plateau("absolute", f"{averaging} (MAE)", zero, value, 2 + more)


def _scaled(columns: Sequence[Sequence[float]], spreads: Sequence[Spread]) -> Iterator[Plateau]:
    """The same of targets that were scaled before they were trained on."""
    for scaling, of in (("standard", "targets in standard deviations"), ("0..1", "targets scaled to 0..1")):
        scaled = []
        for column, one in zip(columns, spreads, strict=True):
            offset, divisor = (one.mean, one.sd) if scaling == "standard" else (one.least, one.largest - one.least)
            scaled.append(spread_of([(value - offset) / (divisor or 1.0) for value in column]))
        yield from _numbers(scaled, of, 1)


def _base_rates(rates: Sequence[float]) -> Iterator[Plateau]:
    """Of targets 0 and 1: cross-entropies and accuracies."""
    K, cost = len(rates), "sigmoid-cross-entropy"
    base = "the base rate of each label" if K > 1 else f"the base rate, {rates[0]:.6g},"
    for averaging, value, more in _averaged([_entropy(p) + _entropy(1 - p) for p in rates]):
        yield plateau(cost, averaging, f"the entropy of the targets: {base} is answered to everything", value, more)
    half = "every output is at one half: as before the first step, nothing has been learned"
    for averaging, value, more in _averaged([math.log(2)] * K):
        yield plateau(cost, averaging, half, value, 1 + more)
    if K == 1:
        for answer, share in ((1, rates[0]), (0, 1 - rates[0])):
            words = f"{answer} is answered to every row"
            yield plateau("accuracy", "share of right answers", words, share, 1 if share >= 0.5 else 2)
    else:
        share = math.fsum(max(p, 1 - p) for p in rates) / K
        words = "of each label, what most rows have is answered to every row"
        yield plateau("accuracy", "share of right answers, mean over labels", words, share, 1)
    words = "one answer for every row" + (", of each label" if K > 1 else "")
    yield plateau("balanced accuracy", "mean of both recalls", words, 0.5, 2)


def class_counts(columns: Sequence[Sequence[float]]) -> list[int] | None:
    """How many rows each class has, where the targets may be numbers of classes, or rows of one 1 among 0s.

    >>> class_counts([[0.0, 1.0, 2.0, 2.0]]), class_counts([[1.0, 0.0, 0.0], [0.0, 1.0, 1.0]]), class_counts([[0.5]])
    ([1, 1, 2], [1, 2], None)
    """
    if len(columns) == 1:
        counts = Counter(columns[0])
        whole = all(value.is_integer() and value >= 0 for value in counts)
        return [counts[value] for value in sorted(counts)] if whole and 2 < len(counts) <= CLASSES else None
    one_hot = all(set(row) == {0.0, 1.0} and sum(row) == 1 for row in zip(*columns, strict=True))
    return [int(sum(column)) for column in columns] if one_hot else None


def _entropy(p: float) -> float:
    return -p * math.log(p) if p > 0 else 0.0
