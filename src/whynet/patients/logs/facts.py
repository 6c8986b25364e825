"""Facts: what the series of one training say, as numbers that rules can look at, and how its cost was computed."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from whynet.doctor.floors import (
    BATCHES,
    SHARES,
    quadratic_floor,
    sigmoid_cross_entropy_floor,
    softmax_cross_entropy_floor,
)
from whynet.doctor.series import Series
from whynet.doctor.states import AS_GOOD
from whynet.patients.logs.answers import Answers


@dataclass(frozen=True)
class Scale:
    """One way to compute a cost: what one answer for every image, a fresh start, and outputs all at 1 cost by it.

    >>> round(scales(10, "mnist", None)[0].floor, 4)
    0.4499
    """

    cost: str
    averaging: str
    floor: float
    start: float
    high: float

    @property
    def summed(self) -> bool:
        """Whether it is the sum over a batch, or over all images."""
        return self.averaging.startswith(("sum over a batch", "sum over all"))


def scales(classes: int, labels: str, cost: str | None) -> list[Scale]:
    """The ways that costs are computed, the commonest first.

    >>> [round(one.floor, 3) for one in scales(2, "balanced", "softmax-cross-entropy")][0]
    0.693
    """
    K = classes
    counts = SHARES[labels][0] if labels in SHARES and len(SHARES[labels][0]) == K else (1,) * K
    prior = [count / sum(counts) for count in counts]
    squared, ten, entropy = (
        2 * quadratic_floor(prior),
        sigmoid_cross_entropy_floor(prior),
        softmax_cross_entropy_floor(prior),
    )
    found = [
        Scale("quadratic", "half the sum over outputs, mean over images", squared / 2, K / 8, (K - 1) / 2),
        Scale("softmax-cross-entropy", "mean over images", entropy, math.log(K), math.inf),
        Scale("sigmoid-cross-entropy", "sum over outputs, mean over images", ten, K * math.log(2), math.inf),
        Scale("quadratic", "mean over outputs and images (MSE)", squared / K, 0.25, (K - 1) / K),
        Scale("quadratic", "sum over outputs, mean over images", squared, K / 4, K - 1),
        Scale("sigmoid-cross-entropy", "mean over outputs and images", ten / K, math.log(2), math.inf),
    ]
    for rows in BATCHES:
        name = f"sum over a batch of {rows}"
        found.append(Scale("softmax-cross-entropy", name, rows * math.log(K), rows * math.log(K), math.inf))
    for rows in (60_000, 50_000, 10_000):
        name = f"sum over all {rows:,} images"
        found.append(Scale("quadratic", name, rows * squared / 2, rows * K / 8, rows * (K - 1) / 2))
        found.append(Scale("softmax-cross-entropy", name, rows * entropy, rows * math.log(K), math.inf))
    if K == 2:  # two classes are often told apart by one output
        found.insert(0, Scale("sigmoid-cross-entropy", "mean over examples", math.log(2), math.log(2), math.inf))
        found.insert(0, Scale("quadratic", "mean over examples, not halved", 0.25, 0.25, 0.5))
        found.append(Scale("quadratic", "half the mean over examples", 0.125, 0.125, 0.25))
        found.append(Scale("quadratic", "sum over four examples", 1.0, 1.0, 2.0))
        found.append(
            Scale("sigmoid-cross-entropy", "sum over four examples", 4 * math.log(2), 4 * math.log(2), math.inf)
        )
    return [one for one in found if cost in (None, one.cost)]


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
    mean_gap: float = math.nan
    trend: float = 0.0
    """Of costs that go up and down: how many standard errors their slope is away from 0."""

    @property
    def accuracy(self) -> float:
        """On held-out examples if that was printed, else on those there are."""
        return self.train if math.isnan(self.held) else self.held

    @property
    def gap(self) -> float:
        """Training accuracy above that on held-out examples."""
        return self.mean_gap

    @property
    def certain(self) -> bool:
        """Whether wrong answers cost what the logarithm of a clipped 0 does: all outputs are exactly 0 or 1."""
        last = self.costs[-3:]
        accuracy = self.held if math.isnan(self.train) else self.train
        return len(last) > 1 and max(last) < 1.02 * min(last) and clipped(self.end, accuracy)

    @property
    def majority(self) -> bool:
        """Whether, of two classes, the larger one is always answered: the cost is that of its share."""
        share = self.accuracy
        if self.classes != 2 or not 0.55 <= share < 0.995 or not self.end > 0:
            return False
        entropy = -share * math.log(share) - (1 - share) * math.log(1 - share)
        return abs(self.end / entropy - 1) < 0.02

    @property
    def unmoved(self) -> bool:
        """Whether the accuracy is the same to the last of many digits each time, and far from perfect."""
        last = self.accuracies[-6:]
        digits = len(f"{last[-1]:.6g}") > 4 if last else False  # 0.79269, no 0.5
        return len(last) > 3 and len(set(last)) == 1 and digits and last[-1] < self.linear - 0.02

    @property
    def still(self) -> bool:
        """Whether the cost has never moved: it is the same to the last digit in every print."""
        return len(self.costs) > 3 and len(set(self.costs)) == 1 and math.isfinite(self.start)

    @property
    def outputs_whole(self) -> bool:
        """Whether every wrong answer costs exactly 1, as a squared error does whose outputs are all 0 or all 1."""
        return self.frozen and 0 < self.end < 1 and abs(self.end + self.train - 1) < 1e-5

    @property
    def thawing(self) -> bool:
        """Whether the accuracy goes up by a class at a time, and stands in between."""
        steps = [b - a for a, b in pairwise(self.accuracies)]
        jumps = [step for step in steps if 0.7 / self.classes <= step <= 1.25 / self.classes]
        return self.classes > 4 and len(jumps) >= 2 and sum(abs(step) < 0.2 / self.classes for step in steps) >= 2

    @property
    def good(self) -> bool:
        """Whether it has learned what a linear classifier would."""
        return self.accuracy >= self.linear - AS_GOOD

    def chance(self, accuracy: float) -> bool:
        """Whether an accuracy is what one answer, or no knowledge, gives."""
        return accuracy <= 1 / self.classes + (0.35 / self.classes if self.classes > 3 else 0.06)

    @property
    def frozen(self) -> bool:
        """Whether the last figures are the same to the last digit printed."""
        series = [values[-3:] for values in (self.costs, self.accuracies) if len(values) >= 3]
        return any(len(set(values)) == 1 for values in series)


def clipped(cost: float, accuracy: float) -> bool:
    """Whether every wrong answer costs the logarithm of 1e-7, as libraries clip it (15.3 to 16.1).

    Few wrong answers that cost much each may do the same by chance.

    >>> clipped(14.5063, 0.1), clipped(7.6667, 0.5), clipped(2.3026, 0.1)
    (True, True, False)
    """
    return accuracy < 0.8 and 14.8 <= cost / (1 - accuracy) <= 16.4


def facts_of(series: Sequence[Series], *, classes: int, linear: float, answers: Answers | None = None) -> Facts:
    """The facts of one training, from all its series.

    >>> facts_of((Series("acc", "accuracy", "train", (0.5, 0.99)),), classes=10, linear=0.92).good
    True
    """
    by = {
        (what, split): _longest(series, what, split)
        for what in ("cost", "accuracy")
        for split in ("train", "", "held-out")
    }
    seen = [one for one in series if one.what == "accuracy" and len(one.finite) > 2]
    if (
        len(seen) > 1
        and max(max(one.finite) for one in seen) < 0.15 / classes
        and any(s.what == "cost" for s in series)
    ):
        series = [one for one in series if one not in seen]  # of all examples, none right: that is no accuracy
        by.update({key: None for key in by if key[0] == "accuracy"})
    cost = by["cost", "train"] or by["cost", ""] or by["cost", "held-out"]
    other = _dearest(series) if cost is not by["cost", "held-out"] else None
    held = _worst(series, by["accuracy", "held-out"])
    train = by["accuracy", "train"] or (by["accuracy", ""] if held else None)
    if held is None:
        held = by["accuracy", ""]
    told = held or train
    values = cost.values if cost else ()
    finite = cost.finite if cost else ()
    last = finite[-max(1, len(finite) // 3) :]
    end = statistics.fmean(last) if last else math.nan
    accuracies = told.finite if told else ()
    return Facts(
        costs=values,
        start=values[0] if values else math.nan,
        end=finite[-1] if finite and (len(finite) < 6 or not _noise(finite[len(finite) // 2 :])) else end,
        noise=_noise(last if len(last) > 2 else finite[len(finite) // 3 :]),
        falling=_change(finite),
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
        mean_gap=_level(train) - _level(held),
        trend=_trend(finite),
    )  # fmt: skip


def _ends(series: Series | None) -> float:
    """The last value; of many that go up and down by more than a point, the mean of the last ones."""
    values = series.finite if series else ()
    last = values[-max(1, len(values) // 3) :]
    scattered = len(values) > 5 and _noise(tuple(-value for value in last)) > 0.01
    return statistics.fmean(last) if scattered else values[-1] if values else math.nan


def _level(series: Series | None) -> float:
    """Where a series ends: its last figure, of many the mean of the last ones."""
    values = series.finite if series else ()
    return statistics.fmean(values[-max(1, len(values) // 3) :] if len(values) > 5 else values[-1:] or (math.nan,))


def _trend(values: Sequence[float]) -> float:
    """The slope of a straight line through the values, in its standard errors; 0 of a few values."""
    rows = len(values)
    if rows < 8 or len(set(values)) < 2:
        return 0.0
    line = statistics.linear_regression(range(rows), values)
    rest = sum((value - line.intercept - line.slope * at) ** 2 for at, value in enumerate(values))
    error = math.sqrt(rest / (rows - 2) / (rows * (rows**2 - 1) / 12))
    return line.slope / error if error else math.copysign(math.inf, line.slope)


def _longest(series: Sequence[Series], what: str, split: str) -> Series | None:
    fitting = [one for one in series if one.what == what and one.split == split]
    return max(fitting, key=lambda one: len(one.values), default=None)


def _worst(series: Sequence[Series], longest: Series | None) -> Series | None:
    """The longest series of held-out accuracies, or that of other examples which are answered much worse."""
    held = [one for one in series if one.what == "accuracy" and one.split == "held-out" and one.finite]
    worst = min(held, key=lambda one: one.finite[-1], default=longest)
    if longest is None or worst is None or not longest.finite or worst.finite[-1] > longest.finite[-1] - 0.03:
        return longest
    return worst


def _dearest(series: Sequence[Series]) -> Series | None:
    """The held-out costs that end highest."""
    held = [one for one in series if one.what == "cost" and one.split == "held-out"]
    return max(held, key=lambda one: one.finite[-1] if one.finite else math.inf, default=None)


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


def scale_of(facts: Facts, known: Sequence[Scale], hinted: str | None) -> Scale | None:
    """How the cost was computed: the way in which its end is the floor, else in which its start makes sense.

    >>> facts = facts_of((Series("error", "cost", "", (1.3, 0.46, 0.45)),), classes=10, linear=0.92)
    >>> scale_of(facts, scales(10, "mnist", None), None).cost
    'quadratic'
    """
    if math.isnan(facts.end):
        return None
    first = facts.start if math.isfinite(facts.start) else facts.end
    fitting = [one for one in known if first <= max(one.high, one.start) * 1.25]
    low = facts.accuracy < 3.2 / facts.classes
    each = facts.classes > 4 and abs(facts.accuracy - 1 + 1 / facts.classes) < 0.002  # every output by itself
    if math.isnan(facts.accuracy) or low or each:
        ending = [one for one in fitting if at_floor(facts, one) and not _begun_above(facts, one)]
        if ending:
            return min(
                ending,
                key=lambda one: (
                    _odd_start(facts, one), hinted not in (None, one.cost), abs(facts.end - one.floor) / one.floor
                ),
            )  # fmt: skip
    named = [one for one in fitting if hinted == one.cost]
    if not named and not low and _like_squares(facts):
        return next((one for one in fitting if one.cost == "quadratic"), None)
    if not named and not low:  # from the start of a squared error to about its floor
        named = [one for one in fitting if one.start < 2 and _squared(facts, one)]
    if named and hinted == "quadratic" and not low and not math.isnan(facts.accuracy):
        known = [one for one in named if not one.summed] or named
        wrong = max(1 - facts.accuracy, 1e-3)
        return min(known, key=lambda one: abs(math.log(max(facts.end, 1e-9) / one.floor / wrong)))
    if low and hinted == "quadratic" and facts.classes > 2:
        near = [one for one in named if not one.summed and 0.85 <= facts.end / one.floor <= 1.15]
        named = sorted(near, key=lambda one: abs(facts.end / one.floor - 1)) or named
        if near:
            return named[0]
    if low and not named and not facts.val_end > 1.5 * facts.end:  # an accuracy that goes with this cost
        named = [one for one in fitting if one.floor < 1 and 0.7 <= facts.end / one.floor <= 1.25 and one.start > 1]
    usual = named or [one for one in fitting if one.cost != "quadratic" and one.start > 1.5]
    by_start = [one for one in usual if not one.summed and 0.85 <= first / one.start <= 1.6]
    if by_start:
        return min(by_start, key=lambda one: abs(math.log(first / one.start)))
    default = [one for one in known if one.cost == "softmax-cross-entropy"]
    usual = [*named, *default, *known]
    if not low and facts.accuracy > 0 and usual and facts.end > 20 * usual[0].start:
        return None  # a sum over who knows what: no network that knows so much costs so much
    return next(iter(usual), None)


def _like_squares(facts: Facts) -> bool:
    """Whether the cost stays at about three quarters of the share of wrong answers, as half a squared error does.

    A cross-entropy is two to four times that share, and falls far below it only where the examples are known by heart.
    """
    rows = min(len(facts.costs), len(facts.accuracies))
    if rows < 3 or len(facts.costs) != len(facts.accuracies):
        return False
    ratios = [cost / max(1 - share, 1e-9) for cost, share in zip(facts.costs, facts.accuracies, strict=True)]
    learned = max(facts.accuracies) - min(facts.accuracies) > 0.1 or (facts.rising > 0 and facts.falling > 0)
    return all(0.5 <= ratio <= 1.15 for ratio in ratios[rows // 3 :]) and learned


def _squared(facts: Facts, scale: Scale) -> bool:
    """Whether a squared error began where a fresh or a saturated network does, and went to about its floor."""
    begun = 0.9 <= facts.start / scale.start <= 1.1 or 0.9 <= facts.start / scale.high <= 1.1
    return scale.cost == "quadratic" and begun and 0.9 <= facts.end / scale.floor <= 1.15


def _odd_start(facts: Facts, scale: Scale) -> bool:
    """Whether a training computed in this way could not have begun where this one did."""
    return math.isfinite(facts.start) and facts.start < 0.93 * scale.floor


def _begun_above(facts: Facts, scale: Scale) -> bool:
    """Whether two classes cost more at first than they would by this scale, as they do by one without a half."""
    return facts.classes == 2 and scale.start < 0.2 and 1.6 * scale.start < facts.start < 0.5


def at_floor(facts: Facts, scale: Scale) -> bool:
    """Whether the cost ends at the floor: within 2 %, or within its own scatter, or no longer falling just above it.

    >>> facts = facts_of((Series("loss", "cost", "", (2.4, 2.31, 2.30)),), classes=10, linear=0.92)
    >>> at_floor(facts, scales(10, "mnist", "softmax-cross-entropy")[0])
    True
    """
    off = (facts.end - scale.floor) / scale.floor
    if scale.summed:  # there are many of these: only an exact one counts
        whole = scale.averaging.startswith("sum over all") and len(facts.costs) > 2 and abs(facts.falling) < 0.002
        begun = abs(facts.start / scale.start - 1) < 0.003
        return (abs(off) < 0.003 and (whole or begun)) or (begun and off < 0.08 and facts.chance(facts.accuracy))
    last = facts.costs[-3:]
    level = len(last) == 3 and max(last) - min(last) < 0.015 * scale.floor
    level = level or len(facts.costs) < 2 or abs(facts.falling) < 0.02 or facts.end > 0.98 * facts.start
    scatter = min(2 * facts.noise / scale.floor, 0.12) if level or abs(facts.falling) < 0.15 else 0.0
    begun = 0.7 * scale.start <= facts.start <= 1.5 * scale.start or facts.start >= 0.8 * scale.high
    saturated = 0.9 <= facts.start / scale.high <= 1.1 and abs(facts.falling) < 0.15  # it began with all outputs at 1
    passing = len(facts.costs) > 3 and facts.falling > 0.15 and not level
    near = (abs(off) <= 0.02 and not passing) or (begun and abs(off) <= scatter) or (saturated and abs(off) < 0.15)
    return near or (level and 0 <= off <= 0.06) or at_low(facts, scale)


def at_low(facts: Facts, scale: Scale) -> bool:
    """Whether every output is at 0: a squared error of just the one that should be 1.

    >>> facts = facts_of((Series("error", "cost", "", (0.5, 0.5)),), classes=10, linear=0.92)
    >>> at_low(facts, scales(10, "mnist", "quadratic")[0])
    True
    """
    low = scale.start * 4 / facts.classes
    return (
        scale.cost == "quadratic"
        and facts.classes > 2
        and abs(facts.end - low) <= 0.02 * low
        and (len(facts.costs) < 2 or abs(facts.falling) < 0.005)
    )
