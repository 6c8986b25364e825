"""Facts: what the series of one training say, as numbers that rules can look at."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from whynet.doctor.diagnosis import Series
from whynet.logs.answers import Answers
from whynet.logs.roles import is_measured, kinds

AS_GOOD = 0.015  # so far below a linear classifier still counts as being as good: the doctor's own number
BY_CHANCE = 0.005  # two standard errors of an accuracy of 92 %, on ten thousand examples
WORSE = -0.3  # of R2
ROWS = 10_000  # held-out examples, where their number is not known


@dataclass(frozen=True)
class Facts:
    """What the series of one training say. Numbers that were not printed are NaN.

    `falling` and `rising` are the change of cost and accuracy over the second half of the log, `flat` the spread of the
    cost over its last part; `noise` is the standard error of `end`.

    >>> facts = facts_of((Series("loss", "cost", "", (2.31, 2.30, 2.30)),), classes=10, linear=0.92)
    >>> facts.start, facts.end, facts.held
    (2.31, 2.3, nan)
    """

    costs: tuple[float, ...]
    start: float
    end: float
    noise: float
    falling: float
    broken: bool
    train: float
    held: float
    accuracies: tuple[float, ...]
    rising: float
    val_start: float
    val_end: float
    val_least: float
    val_falling: float
    classes: int
    linear: float
    answers: Answers = Answers()
    cost_name: str = ""
    """What the cost is called."""
    learned: float = math.nan
    """By how much the accuracy on training examples has risen over the second half of the log."""
    gap: float = math.nan
    """Training accuracy above that on held-out examples."""
    doubt: float = 0.0
    """Two standard errors of the accuracy on held-out examples."""
    agreement: float = math.nan
    """What R2, Dice and their like have come to at most, over the last figures."""
    trend: float = 0.0
    """Of costs that go up and down: how many standard errors their slope is away from 0."""
    none_right: bool = False
    """Whether of all examples none is said to be right, time and again: what is counted is no accuracy."""

    worse: bool = False
    """Whether R2 is far below 0: one answer for all would be better."""

    @property
    def accuracy(self) -> float:
        """On held-out examples if that was printed, else on those there are."""
        return self.train if math.isnan(self.held) else self.held

    @property
    def apart(self) -> bool:
        """Whether training examples are answered better than others of their kind: by five points and the doubt."""
        return self.gap > 0.05 + self.doubt

    @property
    def certain(self) -> bool:
        """Whether wrong answers cost what the logarithm of a clipped 0 does: all outputs are exactly 0 or 1."""
        last = self.costs[-3:]
        accuracy = self.held if math.isnan(self.train) else self.train
        return len(last) > 1 and max(last) < 1.02 * min(last) and clipped(self.end, accuracy)

    @property
    def majority(self) -> bool:
        """Whether the larger of two classes is always answered: the cost is that of its share.

        An accuracy that has stopped moving at nearly all of them allows for other classes, and for some doubt.
        """
        share, last = self.accuracy, self.accuracies[-5:]
        if not 0.55 <= share < 0.995 or not self.end > 0:
            return False
        entropy = -share * math.log(share) - (1 - share) * math.log(1 - share)
        stopped = len(last) > 4 and len(set(last)) == 1 and share > 0.8
        if self.classes != 2 and not stopped:
            return False
        costs = (entropy, share * (1 - share), share * (1 - share) / 2) if stopped else (entropy,)
        return any(abs(self.end / cost - 1) < (0.12 if stopped else 0.02) for cost in costs)

    @property
    def unmoved(self) -> bool:
        """Whether the accuracy is the same to the last of many digits each time, and far from perfect."""
        last = self.accuracies[-4:]
        digits = len(f"{last[-1]:.6g}") > 4 if last else False  # 0.79269, no 0.5
        moved = sum(one != last[-1] for one in self.accuracies) > len(self.accuracies) / 3 if last else False
        return len(last) > 3 and len(set(last)) == 1 and digits and not moved and last[-1] < self.linear - 0.02

    @property
    def still(self) -> bool:
        """Whether the cost has never moved: it is the same to the last digit in every print."""
        return len(self.costs) > 3 and len(set(self.costs)) == 1 and math.isfinite(self.start)

    @property
    def good(self) -> bool:
        """Whether it has learned what a linear classifier would, but for chance."""
        return self.accuracy >= self.linear - AS_GOOD - BY_CHANCE

    def chance(self, accuracy: float) -> bool:
        """Whether an accuracy is what one answer, or no knowledge, gives."""
        return accuracy <= 1 / self.classes + (0.35 / self.classes if self.classes > 3 else 0.06)

    @property
    def frozen(self) -> bool:
        """Whether the last figures are the same to the last digit printed."""
        series = [values[-3:] for values in (self.costs, self.accuracies) if len(values) >= 3]
        return any(len(set(values)) == 1 for values in series)


def clipped(cost: float, accuracy: float) -> bool:
    """Whether every wrong answer costs the logarithm of 1e-7, as libraries clip it (15.3 to 16.1), or PyTorch's 100.

    Few wrong answers that cost much each may do the same by chance.

    >>> clipped(14.5063, 0.1), clipped(7.6667, 0.5), clipped(2.3026, 0.1)
    (True, True, False)
    """
    price = cost / (1 - accuracy) if accuracy < 0.8 else 0.0
    return 14.8 <= price <= 16.4 or 99 <= price <= 101


def facts_of(series: Sequence[Series], *, classes: int, linear: float, answers: Answers | None = None) -> Facts:
    """The facts of one training, from all its series.

    >>> facts_of((Series("acc", "accuracy", "train", (0.5, 0.99)),), classes=10, linear=0.92).good
    True
    """
    far_off = [one for one in series if _agrees(one) and one.finite and one.finite[-1] < WORSE]
    series = [one for one in series if one not in far_off]  # no share says that
    series = [replace(one, values=tuple(max(0.0, v) for v in one.values)) if _agrees(one) else one for one in series]
    by = {
        (what, split): _longest(series, what, split)
        for what in ("cost", "accuracy")
        for split in ("train", "", "held-out")
    }
    seen = [one for one in series if one.what == "accuracy" and len(one.finite) > 2 and not _agrees(one)]
    none_right = bool(seen) and max(max(one.finite) for one in seen) < 0.15 / classes
    none_right = none_right and any(one.what == "cost" for one in series)
    if none_right:
        series = [one for one in series if one not in seen]  # of all examples, none right: that is no accuracy
        by.update({key: None for key in by if key[0] == "accuracy"})
    cost = by["cost", "train"] or by["cost", ""] or by["cost", "held-out"]
    other = _dearest(series, cost) if cost is not by["cost", "held-out"] else None
    held = min(
        (one for one in series if one.what == "accuracy" and one.split == "held-out" and one.finite),
        key=lambda one: one.finite[-1],
        default=None,
    )  # of several kinds of held-out examples those that are answered worst
    train = by["accuracy", "train"] or (by["accuracy", ""] if held else None)
    if held is None:
        held = by["accuracy", ""]
    told = held or train
    values = cost.values if cost else ()
    finite = cost.finite if cost else ()
    last = _tail(finite)
    end = _middle(last)
    accuracies = told.finite if told else ()
    return Facts(
        costs=values,
        start=values[0] if values else math.nan,
        end=finite[-1] if finite and (len(finite) < 6 or not _noise(finite[len(finite) // 2 :])) else end,
        noise=_noise(last if len(last) > 2 else finite[len(finite) // 3 :]),
        falling=0.0 if 2 * len(last) > len(finite) > 5 else _change(finite),
        broken=any(not math.isfinite(value) for value in (*values, *(other.values if other else ()))),
        train=_ends(train),
        held=_ends(held),
        accuracies=accuracies,
        rising=accuracies[-1] - accuracies[max(0, (len(accuracies) - 1) // 2)] if len(accuracies) > 1 else math.nan,
        val_start=other.values[0] if other else math.nan,
        val_end=other.values[-1] if other else math.nan,
        val_falling=_change(other.finite) if other else math.nan,
        val_least=min(other.finite, default=math.nan) if other else math.nan,
        classes=classes,
        linear=linear,
        answers=answers or Answers(),
        cost_name=cost.name if cost else "",
        learned=train.finite[-1] - train.finite[(len(train.finite) - 1) // 2] if train and train.finite else math.nan,
        gap=_level(train) - _level(held),
        doubt=_doubt(held),
        agreement=_agreement(series),
        trend=_trend(finite),
        none_right=none_right,
        worse=bool(far_off),
    )  # fmt: skip


def _agrees(series: Series) -> bool:
    """Whether it is a measure that is 0 where nothing is told apart."""
    return bool(kinds("agreement") & set(series.name.split()))


def _agreement(series: Sequence[Series]) -> float:
    """The best of the last figures of a measure that is 0 where nothing is told apart: of held-out examples, if it was
    printed of them."""
    known = [one for one in series if _agrees(one) and len(one.finite) > (0 if "r2" in one.name.split() else 2)]
    held = [one for one in known if one.split == "held-out"] or known
    return max((value for one in held for value in one.finite[-max(2, len(one.finite) // 3) :]), default=math.nan)


def _ends(series: Series | None) -> float:
    """The last value; of many that go up and down by more than a point, the mean of the last ones."""
    values = series.finite if series else ()
    last = values[-max(1, len(values) // 3) :]
    scattered = len(values) > 5 and _noise(tuple(-value for value in last)) > 0.01
    return statistics.fmean(last) if scattered else values[-1] if values else math.nan


def _doubt(series: Series | None) -> float:
    """Two standard errors of the last accuracy; of how many examples, if that is not said, is taken from MNIST."""
    share = min(max(_ends(series), 0.0), 1.0)
    return 0.0 if math.isnan(share) else 2 * math.sqrt(share * (1 - share) / ((series and series.total) or ROWS))


def _level(series: Series | None) -> float:
    """Where a series ends: its last figure, of many the mean of the last ones."""
    values = series.finite if series else ()
    return statistics.fmean(values[-max(1, len(values) // 3) :] if len(values) > 5 else values[-1:] or (math.nan,))


def _tail(values: tuple[float, ...]) -> tuple[float, ...]:
    """The last third; or as much more of the end as goes up and down around one value."""
    third = max(1, len(values) // 3)
    for begin in range(len(values) - third):
        tail = values[begin:]
        if len(tail) > 5 and _noise(tail) and abs(_slope(tail)) < 1.5:
            return tail
    return values[-third:]


def _middle(values: Sequence[float]) -> float:
    """Their mean; the median where one of them is far off the others."""
    if not values:
        return math.nan
    mean, median = statistics.fmean(values), statistics.median(values)
    return median if abs(mean - median) > 0.5 * abs(median) else mean


def _trend(values: Sequence[float]) -> float:
    """The slope of a straight line through the values, in its standard errors; 0 of a few values."""
    return _slope(values) if len(values) > 7 else 0.0


def _slope(values: Sequence[float]) -> float:
    rows = len(values)
    if len(set(values)) < 2:
        return 0.0
    line = statistics.linear_regression(range(rows), values)
    rest = sum((value - line.intercept - line.slope * at) ** 2 for at, value in enumerate(values))
    error = math.sqrt(rest / (rows - 2) / (rows * (rows**2 - 1) / 12))
    return line.slope / error if error else math.copysign(math.inf, line.slope)


def _longest(series: Sequence[Series], what: str, split: str) -> Series | None:
    fitting = [one for one in series if one.what == what and one.split == split]
    return max(fitting, key=lambda one: len(one.values), default=None)


def _dearest(series: Sequence[Series], like: Series | None) -> Series | None:
    """The held-out costs that end highest, of those called as the others are, if any."""
    held = [one for one in series if one.what == "cost" and one.split == "held-out"]
    name = _measured(like) if like else set()
    held = [one for one in held if _measured(one) == name] or [one for one in held if not _apart(one, like)]
    return max(held, key=lambda one: one.finite[-1] if one.finite else math.inf, default=None)


def _apart(one: Series, other: Series | None) -> bool:
    """Whether two costs begin so far from each other that they are computed in different ways."""
    if other is None or not one.finite or not other.finite or other.finite[0] <= 0:
        return False
    return not 0.1 < one.finite[0] / other.finite[0] < 10


def _measured(series: Series) -> set[str]:
    """The words of its name that say what is measured."""
    return {word for word in series.name.split() if is_measured([word])}


def _noise(values: Sequence[float]) -> float:
    """Standard error of the mean of costs that go up and down; 0 of those that only fall."""
    if len(values) < 3 or all(b <= a for a, b in pairwise(values)):
        return 0.0
    return statistics.stdev(values) / math.sqrt(len(values))


def _change(values: Sequence[float]) -> float:
    """Relative fall over the second half, by the means of its first and last parts; 0 if it is within their scatter."""
    if len(values) < 2:
        return math.nan
    later = values[len(values) // 2 if len(values) > 3 else (len(values) - 1) // 2 :]
    part = max(1, len(later) // 3)
    first, last = statistics.fmean(later[:part]), statistics.fmean(later[-part:])
    if part > 2 and abs(first - last) < 2 * math.hypot(*(_noise(one) for one in (later[:part], later[-part:]))):
        return 0.0
    return (first - last) / max(abs(first), 1e-12)
