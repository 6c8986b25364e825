"""Matching: which of the `patterns` the figures of a training follow.

Each finder below knows the patterns of one kind and names one of them, or none; the first that names one decides.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from whynet.logs.course import Course, share_of, smooth
from whynet.logs.scales import at_low, costs_of_digits
from whynet.logs.states import as_if_lost, unsure
from whynet.logs.transcript import Transcript

TENDING = {"tends", "tending", "approaches", "approaching", "converges", "converging", "settles", "towards"}


@dataclass(frozen=True)
class Seen:
    """What finders look at: the figures, the state that they show, and the words and epochs beside them.

    >>> from whynet.doctor.diagnosis import Series
    >>> from whynet.logs.course import course_of
    >>> course = course_of((Series("loss", "cost", "", (2.4,)),), labels="mnist", classes=10, linear=0.92)
    >>> Seen(course, "undertrained", Transcript(())).course.facts.end
    2.4
    """

    course: Course
    state: str
    transcript: Transcript


Finder = Callable[[Seen], str | None]


def pattern_of(course: Course, state: str, transcript: Transcript) -> str | None:
    """The name of the pattern that the figures follow; None if nothing is wrong.

    >>> from whynet.doctor.diagnosis import Series
    >>> from whynet.logs.course import course_of
    >>> broken = Series("loss", "cost", "", (2.4, math.nan))
    >>> pattern_of(course_of((broken,), labels="mnist", classes=10, linear=0.92), "non-finite", Transcript(()))
    'nan-at-once'
    """
    if state == "healthy":
        return None
    seen = Seen(course, state, transcript)
    return next((name for finder in FINDERS if (name := finder(seen))), None) or _flat(course)


# ---- what the answers show, and numbers that are none


def _answers(seen: Seen) -> str | None:
    """Which answers are given, as far as their number and their price tell."""
    course, facts = seen.course, seen.course.facts
    if course.zeros_counted:
        return "zeros-counted"
    if facts.classes == 2 and facts.answers.alike:
        return "majority"
    if facts.certain or facts.outputs_whole:
        return "clipped-two" if facts.classes == 2 or facts.outputs_whole else "clipped"
    standing = course.one_accuracy and not facts.still and facts.end > 0
    if facts.majority or (standing and facts.accuracy > 1.5 / facts.classes):
        return "majority"
    if facts.end == 0 and facts.frozen and seen.state == "constant-answer":
        return "nothing-costs"
    same = seen.state == "constant-answer" and len(set(facts.accuracies)) == 1
    return "majority" if same and len(facts.accuracies) > 5 and facts.accuracy > 0.6 else None


def _one_class_at_a_time(seen: Seen) -> str | None:
    """The class that is answered changes, and the cost of the examples that it is trained on does not show it."""
    course, shares = seen.course, [share_of(one) for one in seen.course.facts.accuracies]
    if seen.state == "constant-answer" and len(set(shares) - {None}) > 2 and course.fell:
        return "learns-one-class"
    return None


def _broken(seen: Seen) -> str | None:
    """Costs that are no numbers, or below 0."""
    course, facts, finite = seen.course, seen.course.facts, seen.course.finite
    if seen.state == "non-finite":
        if not finite and {"overflow", "exp"} <= seen.transcript.words:
            return "nan-overflow"
        if not finite and len(facts.costs) > 2:
            return "nan-always"
        fallen = len(finite) >= 2 and finite[-1] < 0.9 * finite[0]
        low = len(finite) == 1 and finite[0] < 0.5 * course.usual
        return "nan-later" if fallen or low else "nan-at-once"
    return "negative" if math.isfinite(facts.end) and facts.end < 0 else None


def _contradictions(seen: Seen) -> str | None:
    """Held-out examples answered better than is possible, answers counted one by one, costs of other numbers."""
    course, facts, state = seen.course, seen.course.facts, seen.state
    if state == "bad-data":
        return "better-held-out" if facts.accuracy > 1 / facts.classes else "learns-at-chance"
    if state == "classes-missing" and facts.answers.missing:
        return "class-lost"
    if state != "constant-answer":
        return None
    if facts.answers.alike and (len(course.finite) < 3 or course.scale is None or course.scale.summed):
        return "one-answer"
    exact = facts.classes == 10 and any(abs(facts.end / cost - 1) < 0.02 for cost in costs_of_digits())
    numbers = facts.frozen and (("mse" in seen.transcript.words and 9.5 < facts.end < 100) or exact)
    return "numbers-for-classes" if numbers else None


# ---- costs that rise


def _diverging(seen: Seen) -> str | None:
    course, facts, finite = seen.course, seen.course.facts, seen.course.finite
    if seen.state == "diverged":
        grown = len(finite) > 1 and finite[-1] > 1.5 * finite[0] and (facts.falling < -0.1 or course.rose)
        steps = list(pairwise(finite))
        filled = course.scale is not None and facts.end > 0.95 * course.scale.high and all(b >= a for a, b in steps)
        if course.turned or grown or (filled and len(steps) > 2):
            return "growing"
        if facts.end < 1.3 * course.usual:
            return "above"
        return "dear" if course.entropy else "high"
    return "sawtooth" if course.sawtooth else None


# ---- training examples that are learned, and others that are not


def _overfitting(seen: Seen) -> str | None:
    course, facts = seen.course, seen.course.facts
    if seen.state != "overfits":
        return None
    if not course.known:
        return "gap"
    if facts.held < 1.5 / facts.classes and not facts.apart:
        return "learns-at-chance"
    if facts.end < 0.05 * course.floor and facts.train < facts.linear - 0.15:
        return "few-rows"
    if facts.held < (1.5 if facts.train < 0.9 else 2.5) / facts.classes and facts.train > 0.5:
        return "held-out-foreign"
    dear = course.scale is None or facts.end > 0.6 * course.floor
    if facts.train < 0.6 and dear and facts.held < 3.2 / facts.classes:
        return "nothing-general"
    cheap = bool(course.finite) and course.finite[0] < 0.2 * course.floor
    if not facts.train <= 0.95 and facts.held < 0.85 and cheap:
        return "lopsided" if facts.end > 0.01 * course.floor else "few-rows"
    return "gap"


def _learned_all_the_same(seen: Seen) -> str | None:
    """The cost is that of a training which goes well, the accuracy is not."""
    course, facts = seen.course, seen.course.facts
    if not course.known or not course.fell or (course.scale is not None and course.scale.summed):
        return None
    if course.chance or (facts.accuracy < 1.7 / facts.classes and facts.rising < 0.01):
        frozen = facts.frozen or facts.end < 0.01 * course.floor
        return "learns-one-class" if frozen and share_of(facts.accuracy) is not None else "learns-at-chance"
    if course.finite and facts.end < 0.1 * course.floor and facts.accuracy < 0.8:
        return "few-rows" if math.isnan(facts.train) or facts.train < 0.8 else "lopsided"
    return None


# ---- two classes


def _two_classes(seen: Seen) -> str | None:
    """As in XOR: nothing learned, a part of the examples, or too slowly."""
    course, facts = seen.course, seen.course.facts
    if facts.classes != 2 or not (course.finite or course.known):
        return None
    if facts.frozen and facts.start > 1.1 * course.floor > 1.099 * facts.end:
        return "two-classes-linear"
    if course.high_start:
        return "high-start"
    stuck = facts.end > 0.9 * course.floor
    if stuck and not course.smooth and len(facts.accuracies) > 4 and statistics.stdev(facts.accuracies) > 0.03:
        return "two-classes-linear"
    if seen.state in ("constant-answer", "not-started") or (stuck and abs(facts.falling) < 0.02):
        return "two-classes-stuck"
    return "two-classes-slow" if facts.falling > 0.1 else "two-classes-partly"


# ---- figures that tell by themselves, in several states


def _telling(seen: Seen) -> str | None:
    course, facts, state = seen.course, seen.course.facts, seen.state
    if course.known and _double_softmax(course):
        return "double-softmax"
    if facts.still and (not course.known or course.chance) and course.scale is not None and not course.at_floor:
        return "high-start-stuck" if course.high_start else "motionless"
    if state in ("constant-answer", "not-started") and _evenly(course.finite):
        return "creeping"
    best = max(facts.accuracies, default=0.0)
    if not facts.chance(best) and best > max(2 * facts.accuracy, 3 / facts.classes):
        return "collapsed"
    still = abs(facts.falling) < 0.005 and not facts.rising > 0.02
    if still and abs(facts.end / course.floor - 1) < 0.03 and 1.4 / facts.classes < facts.accuracy < 0.7:
        return "faint" if facts.accuracy > 2.2 / facts.classes else "slightly-better"
    return None


def _double_softmax(course: Course) -> bool:
    """Whether the cost is what a softmax of a softmax leaves at this accuracy: its least value, and 1 for an error."""
    facts = course.facts
    least = math.log(math.e + facts.classes - 1) - 1
    flat = abs(facts.falling) < 0.05 and len(facts.costs) > 1
    exact = len(facts.costs) > 2 and max(course.finite) < 1.001 * min(course.finite) and facts.classes < 50
    near = 0.12 if facts.accuracy > 0.4 else 0.003 if exact else 0.0  # where one answer is given, it is exact
    ends = (facts.end, facts.end if math.isnan(facts.val_end) else facts.val_end)
    return course.entropy and flat and any(abs(end - least - (1 - facts.accuracy)) < near for end in ends)


def _evenly(costs: Sequence[float]) -> bool:
    """Whether the cost falls by about the same little step every time, as where the steps are far too small."""
    steps = [a - b for a, b in pairwise(costs)]
    return len(steps) > 3 and min(steps) > 0 and max(steps) < 1.6 * min(steps) and costs[-1] > 0.9 * costs[0]


# ---- plateaus


def _plateau(seen: Seen) -> str | None:
    """Which kind of standing still."""
    course, facts = seen.course, seen.course.facts
    still = seen.state in ("not-started", "stalled") and (not course.known or course.chance)
    if seen.state != "constant-answer" and not still:
        return None
    others = facts.val_start == facts.val_end == facts.val_least and len(f"{facts.val_end:.7g}") > 5 and facts.noise > 0
    if (seen.state == "not-started" or (others and len(facts.accuracies) > 2)) and course.chance:
        return "nothing-moves"
    if _was_lower(course):
        return "collapsed"
    if course.scale is not None and _decays(course.finite, course.floor):
        return "penalty-decays"
    if course.high_start:
        return "high-start-stuck"
    apart = facts.gap > 0.01 or (math.isnan(facts.gap) and facts.falling > 0.001 and facts.val_falling < 0)
    apart = apart and facts.val_end > 1.0003 * facts.val_start and facts.end < 0.998 * facts.start
    if apart and smooth(course.finite):
        return "by-heart"
    if course.scale is not None and course.scale.summed:
        return "summed"
    if course.level and course.finite and 1.03 * course.usual < facts.end < 1.3 * course.usual:
        return "nothing-moves"
    if course.finite and facts.end > 1.08 * (course.usual if course.scale else math.inf):
        return "high" if facts.end > 1.3 * course.usual else "above"
    if course.scale is not None and at_low(facts, course.scale):
        return "outputs-at-zero"
    if TENDING & seen.transcript.words and len(course.finite) < 3:
        return "plateau-told"
    if len(course.finite) < 3 and course.shares and set(course.shares) <= {1}:
        return "frozen-majority"
    if not course.finite:
        return _plateau_of_counts(course)
    if course.scale is None or len(course.finite) < 2:
        return "plateau"
    return _moving_plateau(course) or _starting_plateau(seen) or _leaving_plateau(course) or _still_plateau(course)


def _was_lower(course: Course) -> bool:
    """It had learned something."""
    facts, costs = course.facts, course.finite
    if max(facts.accuracies, default=0.0) > 3 / facts.classes:
        return True
    medians = [statistics.median(costs[max(0, at - 1) : at + 2]) for at in range(len(costs))]
    return min(medians[1:-1], default=math.inf) < 0.6 * course.floor < 0.67 * facts.end


def _decays(costs: Sequence[float], floor: float) -> bool:
    """Whether the cost falls to the floor by the same share every time, as a penalty alone makes it."""
    above = [cost - floor for cost in costs if cost > 1.02 * floor]
    ratios = [b / a for a, b in pairwise(above)]
    return len(ratios) > 3 and max(ratios) < 0.97 and max(ratios) - min(ratios) < 0.25 and above[0] > floor


def _plateau_of_counts(course: Course) -> str:
    """No costs were printed."""
    shares = course.shares
    if len(shares) < 2:
        return "plateau"
    if len(set(shares[-3:])) == 1 and shares[-1] is not None:
        return {1: "frozen-majority", 0: "frozen-zero"}.get(shares[-1], "frozen-other")
    return _wandering(course, "plateau-noisy")


def _wandering(course: Course, one_answer: str) -> str:
    """Accuracies near chance that change: shares of classes, or not."""
    if None not in course.shares[-3:] or course.recurring:
        return one_answer
    return "below-chance" if course.facts.accuracy < 0.8 / course.facts.classes else "odd-labels"


def _moving_plateau(course: Course) -> str | None:
    """The cost creeps, though slowly, or nothing moves."""
    facts, costs = course.facts, course.finite
    falls = len(costs) > 4 and smooth(costs) and len(set(costs)) == len(costs)
    if (
        falls
        and facts.falling > 0.2 * (1 - costs[-1] / costs[0])
        and 0.995 * costs[0] < costs[-1] > 1.003 * course.floor
    ):
        return "creeping"
    if len(costs) > 2 and len(set(costs)) == 1 and facts.accuracies and None in course.shares:
        return "nothing-moves"
    if facts.trend < -2.5 and len(costs) > 7 and costs[0] < 1.02 * course.floor and not facts.accuracies:
        return "creeping"
    return None


def _starting_plateau(seen: Seen) -> str | None:
    """Where it began, or how often it was moved, tells more than where it stands."""
    course, facts, scale = seen.course, seen.course.facts, seen.course.scale
    if scale is None:
        return None
    uniform = math.log(facts.classes)
    if course.entropy and abs(uniform - scale.floor) > 0.001 > 2.5 * abs(facts.end - uniform):
        return "plateau-uniform"
    if scale.cost != "quadratic" and abs(facts.start / scale.start - 1) < 0.0004:
        return "plateau-even-start"
    many = seen.transcript.epochs is not None and seen.transcript.epochs > 20
    if many and course.finite[0] > 1.3 * scale.floor and smooth(course.finite):
        return "plateau-few-updates"
    return None


def _leaving_plateau(course: Course) -> str | None:
    """It is about to learn, or creeps."""
    facts, costs, floor = course.facts, course.finite, course.floor
    if facts.end < 0.999 * floor and facts.falling > 0.001 and facts.rising > 0.01:
        return "plateau-leaving"
    never_back = all(b >= a for a, b in pairwise(facts.accuracies))
    if facts.rising > 0.02 and smooth(costs) and never_back:
        return "leaving"
    steady = (costs[-2] - costs[-1]) * (len(costs) - 1) > 0.6 * (costs[0] - costs[-1])
    slowly = smooth(costs) and facts.falling > 0.005 and (steady or facts.end > 1.004 * floor)
    better = len(facts.accuracies) > 2 and all(b > a for a, b in pairwise(facts.accuracies))
    if slowly or (better and facts.val_falling > 0.001):
        return "creeping"
    return None


def _still_plateau(course: Course) -> str:
    """It stands: where, and whether answers change."""
    facts, costs, floor = course.facts, course.finite, course.floor
    if len(course.shares) > 2 and len(set(facts.accuracies[-4:])) > 1:
        return _wandering(course, "plateau-noisy")
    if course.known and not course.chance and facts.end < 0.998 * facts.start:
        return "leaving"
    off = abs(facts.end / floor - 1)
    if off < 0.006 and smooth(costs) and costs[0] > 1.03 * floor:
        return "plateau-from-above"
    squares = course.scale is not None and course.scale.cost == "quadratic"
    still = max(costs[-4:]) - min(costs[-4:]) < 0.0004 * floor or bool(facts.accuracies)
    if facts.frozen or (still and off < (0.006 if facts.accuracies else 0.0012)):
        return "plateau" if squares else "plateau-frozen"
    if facts.accuracies:
        return "plateau-noisy"
    if squares:
        return "plateau-squares"
    ratio = facts.end / floor
    return "below" if ratio < 0.975 else "just-below" if ratio < 0.996 else "plateau-noisy-costs"


# ---- above chance


def _above_chance(seen: Seen) -> str | None:
    """Something was learned, or the cost came from far above."""
    course, facts = seen.course, seen.course.facts
    if seen.state == "classes-missing":
        return "class-lost"
    if course.high_start:
        return "high-start"
    if _late(course):
        return "late"
    if _jumpy(course):
        return "jumpy"
    if facts.thawing and not course.entropy:
        return "thawing"
    if facts.gap < -0.1 and len(facts.accuracies) > 2:
        return "better-held-out"
    low = course.known and facts.accuracy < 3.2 / facts.classes and facts.end > 0.75 * course.floor
    if low and not facts.rising > 0.02 and not abs(facts.falling) > 0.1:
        return "odd-labels" if course.chance else _flat(course)
    lower = max(facts.accuracies, default=0.0) > facts.accuracy + 0.04
    if lower and course.smooth and not facts.gap > 0.05:
        return "shrinking"
    if lower and not facts.end < 1.1 * min(course.finite, default=math.inf):
        return "went-back"
    if unsure(course):
        return "unsure"
    return "near-linear" if facts.accuracy > 0.9 * facts.linear else None


def _jumpy(course: Course) -> bool:
    """Whether accuracies fall by three points and more again and again, and costs rise with them."""
    values, costs = course.facts.accuracies, course.finite
    drops = sum(b < a - 0.03 for a, b in pairwise(values))
    dear = not costs or any(b > 1.02 * a for a, b in pairwise(costs))
    return len(values) > 5 and drops >= max(2, len(values) / 6) and dear


def _late(course: Course) -> bool:
    """Whether half of the prints or more were at the floor before it began to learn."""
    costs, floor = course.finite, course.floor
    stood = sum(abs(cost / floor - 1) < 0.012 for cost in costs[: max(1, len(costs) - 1)])
    return len(costs) > 5 and stood >= len(costs) / 2 and costs[-1] < 0.95 * floor


def _improving(seen: Seen) -> str | None:
    """It gets better, but slowly or late."""
    course, facts = seen.course, seen.course.facts
    if seen.state != "undertrained":
        return None
    if facts.gap > 0.03:
        return "improving-few-rows"
    if abs(facts.falling) < 0.05 and not facts.rising > 0.03:
        return _flat(course)
    counts = not course.finite
    if counts and len(facts.accuracies) < 2 and as_if_lost(facts.accuracy, facts.classes):
        return "middling"
    if facts.accuracy > 0.78 * facts.linear:
        return "nearly"
    if _slowing(course):
        return "middling" if counts and facts.accuracy > 0.5 and facts.rising < 0.03 else _slow(course)
    return "improving" if math.isnan(facts.gap) else "improving-both"


def _slowing(course: Course) -> bool:
    """Whether the last step down is clearly smaller than the one before."""
    facts = course.facts
    values = facts.costs if len(facts.costs) > 2 else tuple(-one for one in facts.accuracies)
    if len(values) < 3:
        return False
    third = max(1, len(values) // 3)
    parts = (values[:third], values[third : 2 * third], values[-third:])
    first, middle, last = (statistics.fmean(part) for part in parts)
    return (middle - last) < 0.6 * (first - middle)


def _slow(course: Course) -> str:
    """Which kind of slow learning."""
    if course.facts.accuracy < 2.7 / course.facts.classes:
        return "slowing-low"
    return "slowing-both" if course.facts.costs and course.known else "slowing"


def _flat(course: Course) -> str:
    """Which kind of standing still above chance, by where it stands."""
    facts = course.facts
    if not course.known:
        least = math.log(math.e + facts.classes - 1) - 1
        if course.entropy and least < facts.end < 1.12 * least:
            return "double-softmax-costs"
        return "low-flat-costs" if course.scale is None or facts.end < 0.8 * course.floor else "below"
    if facts.accuracy < 2.7 / facts.classes:
        moves = facts.rising > 0.01 or facts.falling > 0.01 or course.steady
        return _slow(course) if moves else "slightly-better"
    near = facts.end > 0.85 * course.floor  # it has hardly left the plateau
    if facts.falling > (0.008 if near else 0.03):
        return _slow(course)
    if facts.accuracy > 0.5:
        return "middling"
    return "low-flat" if facts.costs else "low-flat-counts"


FINDERS: tuple[Finder, ...] = (
    _answers,
    _one_class_at_a_time,
    _broken,
    _contradictions,
    _diverging,
    _overfitting,
    _learned_all_the_same,
    _two_classes,
    _telling,
    _plateau,
    _above_chance,
    _improving,
)
