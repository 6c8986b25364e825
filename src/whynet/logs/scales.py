"""Scales: the ways in which people compute a cost, and which of them a training's figures show."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from whynet.doctor.floors import (
    BATCHES,
    SHARES,
    quadratic_floor,
    sigmoid_cross_entropy_floor,
    softmax_cross_entropy_floor,
)
from whynet.logs.facts import Facts


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


def scales(classes: int, labels: str, cost: str | None, rows: Sequence[int] = ()) -> list[Scale]:
    """The ways that costs are computed, the commonest first; some are sums over as many `rows`.

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
    for batch in BATCHES:
        name = f"sum over a batch of {batch}"
        found.append(Scale("softmax-cross-entropy", name, batch * math.log(K), batch * math.log(K), math.inf))
    for all_of_them in dict.fromkeys((60_000, 50_000, 10_000, *rows)):
        name = f"sum over all {all_of_them:,} images"
        found.append(
            Scale("quadratic", name, all_of_them * squared / 2, all_of_them * K / 8, all_of_them * (K - 1) / 2)
        )
        found.append(Scale("softmax-cross-entropy", name, all_of_them * entropy, all_of_them * math.log(K), math.inf))
    if K == 2:  # two classes are often told apart by one output
        found.insert(0, Scale("sigmoid-cross-entropy", "mean over examples", math.log(2), math.log(2), math.inf))
        found.insert(0, Scale("quadratic", "mean over examples, not halved", 0.25, 0.25, 0.5))
        found.append(Scale("quadratic", "half the mean over examples", 0.125, 0.125, 0.25))
        found.append(Scale("quadratic", "sum over four examples", 1.0, 1.0, 2.0))
        found.append(
            Scale("sigmoid-cross-entropy", "sum over four examples", 4 * math.log(2), 4 * math.log(2), math.inf)
        )
    return [one for one in found if cost in (None, one.cost)]


def scale_of(facts: Facts, known: Sequence[Scale], hinted: str | None) -> Scale | None:
    """How the cost was computed: the way in which its end is the floor, else in which its start makes sense.

    >>> from whynet.doctor.diagnosis import Series
    >>> from whynet.logs.facts import facts_of
    >>> facts = facts_of((Series("error", "cost", "", (1.3, 0.46, 0.45)),), classes=10, linear=0.92)
    >>> scale_of(facts, scales(10, "mnist", None), None).cost
    'quadratic'
    """
    if math.isnan(facts.end):
        return None
    first = facts.start if math.isfinite(facts.start) else facts.end
    fitting = [one for one in known if first <= max(one.high, one.start) * 1.25]
    low = facts.accuracy < min(3.2 / facts.classes, 0.7)
    if math.isnan(facts.accuracy) or low:
        ending = [one for one in fitting if at_floor(facts, one) and not _begun_above(facts, one)]
        if ending:
            return min(
                ending,
                key=lambda one: (
                    hinted not in (None, one.cost), abs(facts.end - one.floor) / one.floor
                ),
            )  # fmt: skip
    named = [one for one in fitting if hinted == one.cost]
    if not named and not low and _like_squares(facts):
        return next((one for one in fitting if one.cost == "quadratic"), None)
    if named and hinted == "quadratic" and not low and not math.isnan(facts.accuracy):
        known = [one for one in named if not one.summed] or named
        wrong = max(1 - facts.accuracy, 1e-3)
        part = 1.5 * wrong  # of the floor, that a network's mistakes cost
        return min(known, key=lambda one: abs(math.log(max(facts.end, 1e-9) / one.floor / part)))
    usual = named or [one for one in fitting if one.cost != "quadratic" and one.start > 1.5]
    by_start = [one for one in usual if not one.summed and 0.85 <= first / one.start <= 1.6]
    if by_start:
        return min(by_start, key=lambda one: abs(math.log(first / one.start)))
    default = [one for one in known if one.cost == "softmax-cross-entropy"]
    return next(iter([*named, *default, *known]), None)


def _like_squares(facts: Facts) -> bool:
    """Whether the cost stays at about three quarters of the share of wrong answers, as half a squared error does.

    A cross-entropy is two to four times that share, and falls far below it only where the examples are known by heart.
    """
    rows = len(facts.accuracies)
    if rows < 3 or len(facts.costs) != rows:
        return False
    ratios = [cost / max(1 - share, 1e-9) for cost, share in zip(facts.costs, facts.accuracies, strict=True)]
    most = 1.6 if facts.classes > 4 else 1.15
    return all(0.5 <= ratio <= most for ratio in ratios[rows // 3 :]) and not facts.chance(facts.accuracy)


def _begun_above(facts: Facts, scale: Scale) -> bool:
    """Whether two classes cost more at first than they would by this scale: by one without a half, or the log of 2."""
    halved = scale.start < 0.2 and 1.6 * scale.start < facts.start < 0.5
    entropy = scale.cost == "quadratic" and 0.88 < facts.start / math.log(2) < 1.12
    return facts.classes == 2 and (halved or entropy)


def at_floor(facts: Facts, scale: Scale) -> bool:
    """Whether the cost ends at the floor: within 2 %, or within its own scatter, or no longer falling just above it.

    >>> from whynet.doctor.diagnosis import Series
    >>> from whynet.logs.facts import facts_of
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
    sinking = len(last) == 3 and last[0] > last[1] > last[2]
    passing = len(facts.costs) > 3 and facts.falling > (0.08 if sinking else 0.15) and not level
    near = (abs(off) <= 0.02 and not passing) or (begun and abs(off) <= scatter) or (saturated and abs(off) < 0.15)
    return near or (level and 0 <= off <= 0.06) or at_low(facts, scale)


def at_low(facts: Facts, scale: Scale) -> bool:
    """Whether every output is at 0: a squared error of just the one that should be 1.

    >>> from whynet.doctor.diagnosis import Series
    >>> from whynet.logs.facts import facts_of
    >>> facts = facts_of((Series("error", "cost", "", (0.5, 0.5)),), classes=10, linear=0.92)
    >>> at_low(facts, scales(10, "mnist", "quadratic")[0])
    True
    """
    low = scale.start * 4 / facts.classes
    return (
        scale.cost == "quadratic"
        and facts.classes > 2
        and abs(facts.end - low) <= 0.02 * low
        and facts.noise < 0.004 * low
        and (len(facts.costs) < 2 or abs(facts.falling) < 0.005)
    )
