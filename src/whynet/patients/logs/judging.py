"""Judging a log's figures: which state they show, by the doctor's own rules as far as they go, and which pattern.

The first condition that holds decides, in both; what each pattern commonly comes from is in `patterns.py`.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from itertools import pairwise

from whynet.doctor.floors import SHARES
from whynet.patients.logs.facts import Facts, Scale, at_floor, at_low
from whynet.patients.logs.transcript import Transcript

TENDING = {"tends", "tending", "approaches", "approaching", "converges", "converging", "settles", "towards"}


def state_of_log(facts: Facts, scale: Scale | None) -> str:
    """The state, by what was printed; the same lines as in `doctor/states.py`, in the same order.

    >>> from whynet.doctor.series import Series
    >>> from whynet.patients.logs.facts import facts_of, scales
    >>> facts = facts_of((Series("loss", "cost", "", (2.4, math.nan)),), classes=10, linear=0.92)
    >>> state_of_log(facts, scales(10, "mnist", None)[0])
    'non-finite'
    """
    accuracy = facts.accuracy
    known = not math.isnan(accuracy)
    end, start = facts.end, facts.start
    if facts.broken or (len(facts.costs) and math.isnan(end)):
        return "non-finite"
    if facts.answers.alike and (facts.classes == 2 or facts.answers.same or not facts.good):
        return "constant-answer"
    if known and (facts.certain or facts.majority or (facts.end == 0 and facts.chance(accuracy) and facts.frozen)):
        return "constant-answer"
    if _zeros_counted(facts, scale) or _one_accuracy(facts) or (facts.still and not known):
        return "constant-answer"
    running = facts.falling > 0.05 and len(facts.accuracies) < 2  # the mean over an epoch in which it learned
    if known and ((facts.held - facts.train > 0.15 and not running) or _better_than_its_cost(facts, scale)):
        return "bad-data"
    fell = math.isfinite(end) and scale is not None and end < 0.6 * scale.floor
    low = scale is not None and 0 <= end <= max(facts.val_end, end) < 0.16 * scale.floor and not scale.summed
    if known and facts.classes > 2 and facts.chance(accuracy) and low and facts.val_end < facts.val_start:
        return "healthy"  # by the cost of held-out examples; the accuracy is counted wrongly
    if known and facts.good:
        return "overfits" if facts.gap > 0.05 else "healthy"
    if not math.isnan(end) and end < 0:
        return "constant-answer" if known and facts.chance(accuracy) else "diverged"
    above = scale is not None and end > 1.08 * scale.floor
    if len(facts.costs) > 1 and end > 1.02 * start + 2 * facts.noise and (above or scale is None) and not _level(facts):
        return "diverged"
    if not facts.broken and (_rose(facts) or _turned(facts) or (facts.rising < -0.15 and facts.falling < -0.1)):
        return "diverged"
    if not facts.costs and len(facts.accuracies) > 4 and accuracy < facts.accuracies[0] - 0.1:
        return "diverged"
    if known and scale is not None and facts.chance(accuracy) and end > 4 * max(scale.start, scale.floor):
        return "diverged"
    usual = max(scale.start, scale.floor) if scale is not None else math.nan
    if not known and _smooth(facts.costs) and 1.5 * usual < end < 0.06 * start and not facts.val_end > 1.5 * end:
        return "healthy"  # whatever it is a sum over
    if not known and end > 4 * usual:
        return "diverged" if not facts.falling > 0.01 else "undertrained"
    above = scale is not None and end > 1.08 * max(scale.start, scale.floor)
    if (
        known
        and facts.chance(accuracy)
        and above
        and not all(share_of(one) is not None for one in facts.accuracies[-3:])
    ):
        return "diverged"
    if known and facts.chance(accuracy) and scale is not None and _unmoved(facts, scale):
        return "not-started"
    if known and accuracy < 2 / facts.classes and _sawtooth(facts, scale):
        return "constant-answer"
    if known and facts.chance(accuracy):
        rises = facts.val_end > 1.15 * facts.val_start and facts.end < 0.8 * min(start, scale.floor if scale else start)
        if (
            rises
            or (not facts.chance(facts.train) and facts.gap > 0.05)
            or (_known_by_heart(facts, scale) and not facts.frozen)
        ):
            return "overfits"
        if accuracy < 0.55 / facts.classes and facts.classes > 4:
            return "bad-data"  # so far below chance is no ignorance: labels or inputs are not what was trained on
        learning = facts.falling > 0.03 and scale is not None and not at_floor(facts, scale) and not fell
        if not learning or facts.frozen:
            return "constant-answer"
    saturated = scale is not None and abs(end - scale.high) < 0.02 * scale.high < math.inf and abs(facts.falling) < 0.02
    if not known and scale is not None and (at_floor(facts, scale) or saturated):
        return "constant-answer"
    if known and scale is not None and abs(end - scale.floor) <= 0.02 * scale.floor and accuracy < 3 / facts.classes:
        return "constant-answer"
    if (facts.answers.missing and accuracy > 3 / facts.classes) or (not facts.gap > 0.05 and _class_lost(facts, scale)):
        return "classes-missing"
    below = 0.05 if len(facts.costs) > 4 and _smooth(facts.costs) else 0.75
    left = scale is not None and end < below * scale.floor  # what was printed begins late
    if (
        not left
        and len(facts.costs) > 1
        and (abs(start - end) < 0.01 * abs(start) or (_level(facts) and not known and start < 1.3 * end))
        and not (known and (accuracy > 3 / facts.classes or facts.rising > 0.03))
    ):
        return "not-started"
    worse = bool(facts.costs) and end > 1.5 * min(facts.costs)  # of the training examples too
    if known and max(facts.accuracies) > accuracy + 0.08 and worse:
        return "underfits"
    if facts.gap > 0.05 or _known_by_heart(facts, scale):
        return "overfits"
    apart = facts.val_end > 1.5 * end and facts.val_end > 1.1 * facts.val_least
    if not known and (
        apart
        or (facts.val_end > 2.5 * end and not (facts.val_falling > 0.02 and facts.val_end < 0.97 * facts.val_start))
    ):
        return "overfits"
    if not known and fell and scale is not None and end < 0.16 * scale.floor and _learned(facts, scale):
        return "healthy"
    moving = (
        facts.falling > 0.01 or facts.rising > 0.05 or _steady(facts) if len(facts.costs) > 1 else facts.rising > 0.01
    )
    if moving or (len(facts.costs) < 2 and math.isnan(facts.rising)):
        return "undertrained"
    if math.isnan(facts.falling) and facts.rising > 0.01:
        return "undertrained"
    still = facts.falling < 0.002 if not math.isnan(facts.falling) else facts.rising < 0.005
    still = still and not facts.noise > 0.003 * abs(end)  # what goes up and down may still be falling
    if known:
        return "stalled" if still and accuracy < 0.5 * facts.linear else "underfits"
    return "stalled" if still and scale is not None and end > 0.6 * scale.floor else "underfits"


def _unmoved(facts: Facts, scale: Scale) -> bool:
    """Whether the cost has stayed where it began, above the floor, at no class's share."""
    usual, end = max(scale.floor, scale.start), facts.end
    stayed = len(facts.costs) > 2 and abs(facts.start - end) < 0.01 * end and 1.03 * usual < end < 1.5 * usual
    return stayed and scale.cost == "softmax-cross-entropy" and share_of(facts.accuracy) is None


def _one_accuracy(facts: Facts) -> bool:
    """Whether the accuracy stays the same to the last digit while the cost goes on, as where one answer is given."""
    stuck = facts.still and facts.chance(facts.accuracy)  # where nothing moves, it may not have started
    return facts.unmoved and not stuck and not facts.gap > 0.05 and not facts.end > 1.02 * facts.start


def _learned(facts: Facts, scale: Scale) -> bool:
    """Whether the cost was seen to fall, or is next to nothing: a low cost alone may be computed in another way."""
    return len(facts.costs) < 2 or facts.end < 0.9 * facts.start or facts.end < 0.05 * scale.floor


def _level(facts: Facts) -> bool:
    """Whether costs go up and down, and neither rise nor fall all in all."""
    spread = facts.noise * math.sqrt(len(facts.costs) / 3)
    return len(facts.costs) > 7 and 0 < spread < 0.03 * facts.end and abs(facts.trend) < 2


def _steady(facts: Facts) -> bool:
    """Whether the cost has fallen by more than 2 % and does so no slower at the end."""
    costs, steps = facts.costs, len(facts.costs) - 1
    if steps < 2 or not _smooth(costs):
        return False
    return costs[0] - costs[-1] > 0.02 * costs[0] and (costs[-2] - costs[-1]) * steps > 0.85 * (costs[0] - costs[-1])


def _rose(facts: Facts) -> bool:
    """Whether the cost rose from print to print, nearly always, to far above where it began."""
    steps = [b > a for a, b in pairwise(facts.costs)]
    return len(steps) >= 2 and facts.costs[-1] > 1.5 * facts.start and sum(steps) >= 0.75 * len(steps)


def _turned(facts: Facts) -> bool:
    """Whether the cost fell from print to print, and then rose from print to print to many times its least value."""
    costs = facts.costs
    least = costs.index(min(costs)) if len(costs) > 5 else 0
    falls, rises = pairwise(costs[: least + 1]), pairwise(costs[least:])
    smooth = all(b < a for a, b in falls) and all(b > a for a, b in rises)
    return 2 < least < len(costs) - 3 and smooth and costs[-1] > 3 * costs[least]


def _better_than_its_cost(facts: Facts, scale: Scale | None) -> bool:
    """Whether held-out examples are answered well while the training cost stands where nothing is learned."""
    stands = scale is not None and facts.end > 0.85 * scale.floor and abs(facts.falling) < 0.006
    return stands and math.isnan(facts.train) and facts.held > 0.45 and facts.classes > 4


def _zeros_counted(facts: Facts, scale: Scale | None) -> bool:
    """Whether the cost stays at the floor, and the accuracy where one output in K is wrong: 90 % of ten, each alone."""
    stays = scale is not None and facts.classes > 4 and at_floor(facts, scale) and abs(facts.falling) < 0.03
    return stays and abs(facts.accuracy - 1 + 1 / facts.classes) < 0.015


def _unsure(facts: Facts, scale: Scale | None) -> bool:
    """Whether the cost stays where answers cost that are right this often, and give the rest to all others alike:
    what labels at random leave, and weights that are kept small. A network's usual mistakes cost two thirds of it.
    """
    a, K = facts.accuracy, facts.classes
    if scale is None or scale.cost != "softmax-cross-entropy" or not 0.3 < a < 0.95 or K < 3 or facts.gap > 0.03:
        return False
    blind = -a * math.log(a) - (1 - a) * math.log((1 - a) / (K - 1))
    flat = len(facts.costs) > 4 and abs(facts.falling) < 0.025 and facts.rising < 0.01
    return flat and 0.85 < facts.end / blind < 1.4


def _known_by_heart(facts: Facts, scale: Scale | None) -> bool:
    """Whether the training examples are known, by their cost, and others are not."""
    if scale is None or facts.classes == 2 or facts.val_end < 1.3 * facts.end or facts.val_end < 0.3 * scale.floor:
        return False
    if math.isnan(facts.train):  # a cross-entropy is about 1.4 floors for every wrong answer
        return facts.end < min(0.3, 0.7 * (1 - facts.held)) * scale.floor and facts.held < facts.linear - 0.07
    return facts.end < 0.05 * scale.floor and facts.held < facts.linear - 0.15


def _class_lost(facts: Facts, scale: Scale | None) -> bool:
    """Whether accuracy stands where one or two of the classes are missing, and the rest is learned."""
    values, K = facts.accuracies, facts.classes
    if scale is not None and scale.cost == "softmax-cross-entropy" and facts.start > 0.4 * scale.floor < 4 * facts.end:
        return False  # no output of a softmax is lost for good
    if facts.rising > 0.05 and facts.falling > 0.1:
        return False
    if facts.val_end > 1.5 * facts.end or len(values) < 3 or K < 5 or max(values[-3:]) - min(values[-3:]) > 0.012:
        return False
    return _as_if_lost(values[-1], K)


def _as_if_lost(accuracy: float, classes: int) -> bool:
    """Whether an accuracy is what is reached where one, two or three classes are never answered."""
    return any((classes - n) / classes - 0.055 <= accuracy <= (classes - n) / classes + 0.003 for n in (1, 2, 3))


def pattern_of(facts: Facts, scale: Scale | None, state: str, transcript: Transcript) -> str | None:
    """The name of the pattern that the figures follow; None if nothing is wrong.

    >>> from whynet.doctor.series import Series
    >>> from whynet.patients.logs.facts import facts_of, scales
    >>> facts = facts_of((Series("loss", "cost", "", (2.4, math.nan)),), classes=10, linear=0.92)
    >>> pattern_of(facts, scales(10, "mnist", None)[0], "non-finite", Transcript(()))
    'nan-at-once'
    """
    finite = [value for value in facts.costs if math.isfinite(value)]
    usual = max(scale.start, scale.floor) if scale else math.nan
    known, accuracy = not math.isnan(facts.accuracy), facts.accuracy
    high = bool(finite) and scale is not None and high_start(facts, scale)
    fell = math.isfinite(facts.end) and scale is not None and facts.end < 0.6 * scale.floor
    if state == "healthy":
        return None
    if _zeros_counted(facts, scale):
        return "zeros-counted"
    if facts.classes == 2 and facts.answers.alike:
        return "majority"
    if facts.certain or facts.outputs_whole:
        return "clipped-two" if facts.classes == 2 or facts.outputs_whole else "clipped"
    if facts.majority or (
        _one_accuracy(facts) and not facts.still and accuracy > 1.5 / facts.classes and facts.end > 0
    ):
        return "majority"
    if facts.end == 0 and facts.frozen and state == "constant-answer":
        return "nothing-costs"
    if state == "non-finite" and not finite and {"overflow", "exp"} <= transcript.words:
        return "nan-overflow"
    if state == "non-finite":
        if not finite and len(facts.costs) > 2:
            return "nan-always"
        progress = (len(finite) >= 2 and finite[-1] < 0.9 * finite[0]) or (len(finite) == 1 and finite[0] < 0.5 * usual)
        return "nan-later" if progress else "nan-at-once"
    if math.isfinite(facts.end) and facts.end < 0:
        return "negative"
    if state == "bad-data":
        return "better-held-out" if accuracy > 1 / facts.classes else "learns-at-chance"
    if state == "classes-missing" and facts.answers.missing:
        return "class-lost"
    if state == "constant-answer" and facts.answers.alike and (len(finite) < 3 or scale is None or scale.summed):
        return "one-answer"
    if state == "constant-answer" and "mse" in transcript.words and facts.frozen and 9.5 < facts.end < 100:
        return "numbers-for-classes"
    if state == "diverged":
        if _turned(facts) or (
            len(finite) > 1 and finite[-1] > 1.5 * finite[0] and (facts.falling < -0.1 or _rose(facts))
        ):
            return "growing"
        if facts.end < 1.3 * usual:
            return "above"
        return "dear" if scale is not None and scale.cost == "softmax-cross-entropy" else "high"
    if _sawtooth(facts, scale):
        return "sawtooth"
    if state == "overfits":
        if not known:
            return "gap"
        if facts.held < 1.5 / facts.classes and not facts.gap > 0.05:
            return "learns-at-chance"
        if scale is not None and facts.end < 0.05 * scale.floor and facts.train < facts.linear - 0.15:
            return "few-rows"
        if facts.held < (1.5 if facts.train < 0.9 else 2.5) / facts.classes and facts.train > 0.5:
            return "held-out-foreign"
        if facts.train < 0.6 and (scale is None or facts.end > 0.6 * scale.floor) and facts.held < 3.2 / facts.classes:
            return "nothing-general"
        if not facts.train <= 0.95 and facts.held < 0.85 and finite and scale and finite[0] < 0.2 * scale.floor:
            return "lopsided" if facts.end > 0.01 * scale.floor else "few-rows"
        return "gap"
    if known and fell and (facts.chance(accuracy) or (accuracy < 1.7 / facts.classes and facts.rising < 0.01)):
        one = (facts.frozen or (scale is not None and facts.end < 0.01 * scale.floor)) and share_of(
            accuracy
        ) is not None
        return "learns-one-class" if one else "learns-at-chance"
    if known and fell and finite and scale and facts.end < 0.1 * scale.floor and accuracy < 0.8:
        return "few-rows" if math.isnan(facts.train) or facts.train < 0.8 else "lopsided"
    if facts.classes == 2 and (finite or known):
        return _two_classes(facts, scale, state, high)
    if known and not facts.chance(accuracy) and _double_softmax(facts, scale):
        return "double-softmax"
    if facts.still and not known and scale is not None and not at_floor(facts, scale):
        return "motionless"
    if state in ("constant-answer", "not-started") and _evenly(finite):
        return "creeping"
    still = abs(facts.falling) < 0.005 and not facts.rising > 0.02
    if not facts.chance(max(facts.accuracies, default=0.0)) and max(facts.accuracies) > max(
        2 * accuracy, 3 / facts.classes
    ):
        return "collapsed"
    faint = scale is not None and abs(facts.end / scale.floor - 1) < 0.03 and still
    if faint and 1.4 / facts.classes < accuracy < 0.7:
        return "faint" if accuracy > 2.2 / facts.classes else "slightly-better"
    if state == "constant-answer" or (state in ("not-started", "stalled") and (not known or facts.chance(accuracy))):
        return _plateau(facts, scale, high, transcript)
    if state == "classes-missing":
        return "class-lost"
    if high:
        return "high-start"
    if facts.thawing:
        return "thawing"
    low = known and accuracy < 3.2 / facts.classes
    if (
        low
        and not facts.rising > 0.02
        and not abs(facts.falling) > 0.1
        and scale is not None
        and facts.end > 0.75 * scale.floor
    ):
        return "odd-labels" if facts.chance(accuracy) else _flat(facts, scale)
    if _unsure(facts, scale):
        return "unsure"
    if known and accuracy > 0.9 * facts.linear:
        return "near-linear"
    if state == "undertrained":
        if facts.gap > 0.03:
            return "improving-few-rows"
        if abs(facts.falling) < 0.05 and not facts.rising > 0.03:
            return _flat(facts, scale)
        if not finite and len(facts.accuracies) < 2 and _as_if_lost(accuracy, facts.classes):
            return "middling"
        if known and accuracy > 0.78 * facts.linear:
            return "nearly"
        if _slowing(facts):
            stands = not finite and accuracy > 0.5 and facts.rising < 0.03
            return "middling" if stands else _slow(facts)
        return "improving-both" if not math.isnan(facts.gap) else "improving"
    return _flat(facts, scale)


def _flat(facts: Facts, scale: Scale | None) -> str:
    """Which kind of standing still above chance, by where it stands."""
    if not math.isnan(facts.accuracy):
        if facts.accuracy < 2.7 / facts.classes:
            slow = facts.rising > 0.01 or facts.falling > 0.01 or _steady(facts)
            return _slow(facts) if slow else "slightly-better"
        near = scale is not None and facts.end > 0.85 * scale.floor  # it has hardly left the plateau
        if facts.falling > (0.008 if near else 0.03):
            return _slow(facts)
        if facts.accuracy > 0.5:
            return "middling"
        return "low-flat" if facts.costs else "low-flat-counts"
    least = math.log(math.e + facts.classes - 1) - 1
    if scale is not None and scale.cost == "softmax-cross-entropy" and least < facts.end < 1.12 * least:
        return "double-softmax-costs"
    return "low-flat-costs" if scale is None or facts.end < 0.8 * scale.floor else "below"


def _slow(facts: Facts) -> str:
    """Which kind of slow learning."""
    if facts.accuracy < 2.7 / facts.classes:
        return "slowing-low"
    return "slowing-both" if facts.costs and not math.isnan(facts.accuracy) else "slowing"


def _two_classes(facts: Facts, scale: Scale | None, state: str, high: bool) -> str:
    """Two classes, as in XOR: nothing learned, a part of the examples, or too slowly."""
    if scale is not None and facts.frozen and facts.start > 1.1 * scale.floor > 1.099 * facts.end:
        return "two-classes-linear"
    if high:
        return "high-start"
    stuck = scale is not None and facts.end > 0.9 * scale.floor
    if stuck and not _smooth(facts.costs) and len(facts.accuracies) > 4 and statistics.stdev(facts.accuracies) > 0.03:
        return "two-classes-linear"
    if state in ("constant-answer", "not-started") or (stuck and abs(facts.falling) < 0.02):
        return "two-classes-stuck"
    return "two-classes-slow" if facts.falling > 0.1 else "two-classes-partly"


def _double_softmax(facts: Facts, scale: Scale | None) -> bool:
    """Whether the cost is what a softmax of a softmax leaves at this accuracy: its least value, and 1 for an error."""
    least = math.log(math.e + facts.classes - 1) - 1
    entropy = scale is not None and scale.cost == "softmax-cross-entropy" and len(facts.costs) > 1
    flat = abs(facts.falling) < 0.05 and facts.accuracy > 0.4
    return entropy and flat and abs(facts.end - least - (1 - facts.accuracy)) < 0.12


def _sawtooth(facts: Facts, scale: Scale | None) -> bool:
    """Whether the cost goes again and again from far below the floor to far above it."""
    if scale is None or len(facts.costs) < 5:
        return False
    marks = [1 if cost > 1.5 * scale.floor else -1 for cost in facts.costs
             if cost > 1.5 * scale.floor or cost < 0.2 * scale.floor]  # fmt: skip
    turns = sum(a != b for a, b in pairwise(marks))
    return turns >= 4 and turns >= len(facts.costs) / 12


def _slowing(facts: Facts) -> bool:
    """Whether the last step down is clearly smaller than the one before."""
    values = facts.costs if len(facts.costs) > 2 else tuple(-one for one in facts.accuracies)
    if len(values) < 3:
        return False
    third = max(1, len(values) // 3)
    first, middle, last = (
        statistics.fmean(part) for part in (values[:third], values[third : 2 * third], values[-third:])
    )
    return (middle - last) < 0.6 * (first - middle)


def high_start(facts: Facts, scale: Scale) -> bool:
    """Whether the first cost is far above that of a network that knows nothing.

    >>> from whynet.doctor.series import Series
    >>> from whynet.patients.logs.facts import facts_of, scales
    >>> facts = facts_of((Series("error", "cost", "", (4.37, 0.45)),), classes=10, linear=0.92)
    >>> high_start(facts, scales(10, "mnist", "quadratic")[0])
    True
    """
    if scale.cost == "quadratic":
        return facts.start > 0.7 * scale.high and facts.start > 1.5 * scale.start
    return facts.start > 2 * scale.start


def _plateau(facts: Facts, scale: Scale | None, high: bool, transcript: Transcript) -> str:
    """Which kind of standing still."""
    costs = [value for value in facts.costs if math.isfinite(value)]
    shares = [share_of(value) for value in facts.accuracies[-4:]]
    smooth = [statistics.median(costs[max(0, at - 1) : at + 2]) for at in range(len(costs))]
    if max(facts.accuracies, default=0.0) > 3 / facts.classes or (
        scale and min(smooth[1:-1], default=9e9) < 0.6 * scale.floor < 0.67 * facts.end
    ):
        return "collapsed"
    if scale is not None and _decays(costs, scale.floor):
        return "penalty-decays"
    if high:
        return "high-start-stuck"
    if (
        facts.gap > 0.01
        and facts.val_end > 1.002 * facts.val_start
        and facts.end < 0.998 * facts.start
        and _smooth(costs)
    ):
        return "by-heart"
    usual = max(scale.start, scale.floor) if scale else math.inf
    if scale is not None and scale.summed:
        return "summed"
    if _level(facts) and costs and 1.03 * usual < facts.end < 1.3 * usual:
        return "nothing-moves"
    if costs and facts.end > 1.08 * usual:
        return "high" if facts.end > 1.3 * usual else "above"
    if scale is not None and not high and at_low(facts, scale):
        return "outputs-at-zero"
    if TENDING & transcript.words and len(costs) < 3:
        return "plateau-told"
    if len(costs) < 3 and not set(shares) - {1} and shares:
        return "frozen-majority"
    if not costs:
        if len(shares) > 1 and len(set(shares[-3:])) == 1 and shares[-1] is not None:
            return {1: "frozen-majority", 0: "frozen-zero"}.get(shares[-1], "frozen-other")
        if len(shares) > 1:
            if facts.accuracy < 0.8 / facts.classes and None in shares:
                return "below-chance"
            return "plateau-noisy" if None not in shares else "odd-labels"
        return "plateau"
    if scale is None or len(costs) < 2:
        return "plateau"
    if (
        len(costs) > 4
        and _smooth(costs)
        and len(set(costs)) == len(costs)
        and facts.falling > 0.2 * (1 - costs[-1] / costs[0])
        and 0.995 * costs[0] < costs[-1] > 1.003 * scale.floor
    ):
        return "creeping"
    if len(costs) > 2 and len(set(costs)) == 1 and facts.accuracies and None in shares:
        return "nothing-moves"
    if facts.trend < -2.5 and len(costs) > 7 and costs[0] < 1.02 * scale.floor and not facts.accuracies:
        return "creeping"
    uniform = math.log(facts.classes)
    if scale.cost == "softmax-cross-entropy" and abs(uniform - scale.floor) > 0.001 > 2.5 * abs(facts.end - uniform):
        return "plateau-uniform"
    if scale.cost != "quadratic" and abs(facts.start / scale.start - 1) < 0.0004:
        return "plateau-even-start"
    few = transcript.epochs is not None and transcript.epochs > 20
    if few and costs[0] > 1.3 * scale.floor and _smooth(costs):
        return "plateau-few-updates"
    if facts.end < 0.999 * scale.floor and facts.falling > 0.001 and facts.rising > 0.01:
        return "plateau-leaving"
    if facts.rising > 0.02 and _smooth(costs) and all(b >= a for a, b in pairwise(facts.accuracies)):
        return "leaving"
    steady = (costs[-2] - costs[-1]) * (len(costs) - 1) > 0.6 * (costs[0] - costs[-1])
    slowly = _smooth(costs) and facts.falling > 0.005 and (steady or facts.end > 1.004 * scale.floor)
    better = len(facts.accuracies) > 2 and all(b > a for a, b in pairwise(facts.accuracies))
    if slowly or (better and facts.val_falling > 0.001):
        return "creeping"
    if len(shares) > 2 and len(set(facts.accuracies[-4:])) > 1:
        if facts.accuracy < 0.8 / facts.classes and None in shares[-3:]:
            return "below-chance"
        return "plateau-noisy" if None not in shares[-3:] else "odd-labels"
    if not math.isnan(facts.accuracy) and not facts.chance(facts.accuracy) and facts.end < 0.998 * facts.start:
        return "leaving"
    near = abs(facts.end / scale.floor - 1) < 0.006
    if near and _smooth(costs) and costs[0] > 1.03 * scale.floor:
        return "plateau-from-above"
    last = costs[-4:]
    still = max(last) - min(last) < 0.0004 * scale.floor or bool(facts.accuracies)
    if facts.frozen or (still and abs(facts.end / scale.floor - 1) < (0.006 if facts.accuracies else 0.0012)):
        return "plateau" if scale.cost == "quadratic" else "plateau-frozen"
    if facts.accuracies:
        return "plateau-noisy"
    if scale.cost == "quadratic":
        return "plateau-squares"
    ratio = facts.end / scale.floor
    return "below" if ratio < 0.975 else "just-below" if ratio < 0.996 else "plateau-noisy-costs"


def _decays(costs: Sequence[float], floor: float) -> bool:
    """Whether the cost falls to the floor by the same share every time, as a penalty alone makes it."""
    above = [cost - floor for cost in costs if cost > 1.02 * floor]
    ratios = [b / a for a, b in pairwise(above)]
    return len(ratios) > 3 and max(ratios) < 0.97 and max(ratios) - min(ratios) < 0.25 and above[0] > floor


def _evenly(costs: Sequence[float]) -> bool:
    """Whether the cost falls by about the same little step every time, as where the steps are far too small."""
    steps = [a - b for a, b in pairwise(costs)]
    return len(steps) > 3 and min(steps) > 0 and max(steps) < 1.6 * min(steps) and costs[-1] > 0.9 * costs[0]


def _smooth(costs: Sequence[float]) -> bool:
    return len(costs) > 2 and all(b <= a * 1.0005 for a, b in pairwise(costs))


def share_of(accuracy: float) -> int | None:
    """Which class of MNIST's test images this is the share of, to a twentieth of a point.

    >>> share_of(0.0958), share_of(0.5)
    (6, None)
    """
    shares = [count / 10_000 for count in SHARES["mnist"][1]]
    near = min(range(10), key=lambda label: abs(shares[label] - accuracy))
    return near if abs(shares[near] - accuracy) < 0.00055 else None
