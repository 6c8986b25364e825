"""Features: what a training's figures look like, as names that evidence can be weighed by. What was not printed has no
feature, so that it speaks for nothing and against nothing."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterator
from itertools import pairwise

from whynet.logs.course import Course, share_of
from whynet.logs.scales import at_low
from whynet.logs.states import as_if_lost, double_softmax, unsure

EDGES: dict[str, tuple[float, ...]] = {
    "end/floor": (0.0, 0.02, 0.05, 0.16, 0.3, 0.6, 0.8, 0.95, 0.985, 0.997, 1.003, 1.02, 1.08, 1.3, 2, 4, 20),
    "end/start": (0.0, 0.02, 0.1, 0.3, 0.6, 0.85, 0.95, 0.99, 0.999, 1.001, 1.02, 1.2, 2.0, 10.0),
    "start/usual": (0.5, 0.9, 0.98, 0.9996, 1.0004, 1.03, 1.1, 1.3, 2, 4, 20),
    "falling": (-0.5, -0.1, -0.01, -0.001, 0.0001, 0.002, 0.01, 0.03, 0.1, 0.3),
    "rising": (-0.1, -0.02, -0.005, 0.005, 0.02, 0.05, 0.15),
    "learned": (-0.02, 0.005, 0.03, 0.1),
    "gap": (-0.1, -0.03, -0.01, 0.01, 0.03, 0.05, 0.15, 0.4),
    "accuracy": (0.2, 0.35, 0.5, 0.65, 0.78, 0.85, 0.9, 0.92, 0.95, 0.98),
    "training accuracy": (0.2, 0.5, 0.8, 0.92, 0.98, 0.999),
    "times chance": (0.55, 0.9, 1.1, 1.35, 1.7, 2.5, 4.0),
    "held-out cost": (0.9, 1.1, 1.3, 2, 5),
    "held-out rise": (1.003, 1.05, 1.3, 2),
    "figures": (2, 3, 5, 11),
    "classes": (3, 5, 11),
    "epochs": (3, 8, 21, 101),
    "best accuracy above the last": (0.02, 0.05, 0.15),
}
"""Where the bins of each number end."""


def features_of(course: Course, state: str, words: frozenset[str], epochs: int | None) -> list[str]:
    """All that is seen: the bins of the numbers, and what holds.

    >>> from whynet.doctor.diagnosis import Series
    >>> from whynet.logs.course import course_of
    >>> course = course_of((Series("loss", "cost", "", (2.4, 2.31, 2.30)),), labels="mnist", classes=10, linear=0.92)
    >>> "end/floor 10" in features_of(course, "constant-answer", frozenset(), None)
    True
    """
    numbers = _numbers(course, epochs)
    found = [f"{name} {bisect_right(EDGES[name], value)}" for name, value in numbers.items() if not math.isnan(value)]
    return ["always", f"state {state}", *found, *_kinds(course), *(f"it {name}" for name in _holds(course, words))]


def _numbers(course: Course, epochs: int | None) -> dict[str, float]:
    facts, accuracies = course.facts, course.facts.accuracies
    return {
        "end/floor": facts.end / course.floor,
        "end/start": facts.end / facts.start if len(facts.costs) > 1 and facts.start > 0 else math.nan,
        "start/usual": facts.start / course.usual if len(facts.costs) > 1 else math.nan,
        "falling": facts.falling,
        "rising": facts.rising,
        "learned": facts.learned,
        "gap": facts.gap,
        "accuracy": facts.accuracy,
        "training accuracy": facts.train,
        "times chance": facts.accuracy * facts.classes if facts.accuracy * facts.classes < 6 else math.nan,
        "held-out cost": facts.val_end / facts.end if facts.end > 0 else math.nan,
        "held-out rise": facts.val_end / facts.val_least if facts.val_least > 0 else math.nan,
        "figures": max(len(facts.costs), len(accuracies)),
        "classes": facts.classes,
        "epochs": math.nan if epochs is None else epochs,
        "best accuracy above the last": max(accuracies) - accuracies[-1] if accuracies else math.nan,
    }


def _kinds(course: Course) -> Iterator[str]:
    """What kind of figures there are, and of answers."""
    facts = course.facts
    scale = course.scale
    yield f"cost {'not printed' if not facts.costs else 'unknown' if scale is None else scale.cost}"
    if scale is not None and facts.costs:
        yield f"averaging {'sum' if scale.summed else scale.averaging.split(',')[0]}"
    yield f"accuracy {'printed' if course.known else 'not printed'}"
    yield f"problem {course.problem}"
    shares = [share_of(one) for one in facts.accuracies[-4:]]
    if shares and facts.classes == 10:
        changes = len(set(shares)) > 1
        one = {None: "no share", 0: "the zeros", 1: "the ones"}.get(shares[-1], "another class")
        yield f"answers {'several' if changes and None not in shares else 'some' if changes else one}"
    if facts.broken:
        finite = course.finite
        yield f"broken {min(len(finite), 3) if len(facts.costs) > 1 else 'alone'}"
        if len(finite) > 1:
            way = "fell" if finite[-1] < 0.9 * finite[0] else "rose" if finite[-1] > finite[0] else "stood"
            yield f"before that {way}"


def _holds(course: Course, words: frozenset[str]) -> Iterator[str]:
    """What is true of the course, by name."""
    facts, scale = course.facts, course.scale
    stands = abs(facts.falling) < 0.005 and not facts.rising > 0.02
    tests = {
        "is frozen": facts.frozen,
        "has never moved": facts.still,
        "is smooth": course.smooth,
        "is level": course.level,
        "is steady": course.steady,
        "rose all along": course.rose,
        "began high": course.high_start,
        "is at chance": course.chance,
        "is at the floor": course.at_floor,
        "has all outputs at 0": scale is not None and at_low(facts, scale),
        "has fallen far": course.fell,
        "is clipped": facts.certain,
        "is the majority": facts.majority,
        "counts zeros": course.zeros_counted,
        "has one accuracy": course.one_accuracy,
        "is unsure": unsure(course),
        "is a softmax of a softmax": course.known and double_softmax(course),
        "stands as if a class were lost": course.known and stands and as_if_lost(facts.accuracy, facts.classes),
        "stands": stands,
        "answers alike": facts.answers.alike,
        "leaves a class out": facts.answers.missing,
        "is negative": facts.end < 0,
        "has none right": facts.none_right,
        "costs nothing": facts.end == 0,
        "climbs": len(facts.accuracies) > 2 and all(b > a for a, b in pairwise(facts.accuracies)),
        "is of XOR": "xor" in words,
        "overflows": {"overflow", "exp"} <= words,
        "is of squares": "mse" in words,
    }  # fmt: skip
    return (name for name, holds in tests.items() if holds)
