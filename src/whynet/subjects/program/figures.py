"""The figures of a program's own training: how its cost went, and its quality beside that of simple answers."""

from __future__ import annotations

import math

import numpy as np

from whynet.doctor.case import Case
from whynet.doctor.symptoms.outcome import (
    COST,
    FLOOR,
    HIGHEST_COST,
    LINEAR_ACCURACY,
    PROGRESS,
    START_COST,
    STILL_FALLING,
)
from whynet.doctor.symptoms.quality import measure_quality
from whynet.subjects.program.answers import Answers, cost_of
from whynet.subjects.program.trial import Ended
from whynet.subjects.program.yardstick import yardstick

ALIKE = 1e-9


def course(case: Case, total: int) -> None:
    """How its cost went, in so many steps.

    >>> course.__annotations__["total"]
    'int'
    """
    assert case.before is not None
    costs = [cost for _, cost in case.before.curve]
    if not costs:
        return
    start, end = costs[0], case.before.cost
    case.note(START_COST, start)
    case.note(COST, end)
    case.note(PROGRESS, (start - costs[-1]) / max(abs(start), 1e-12))
    case.note(HIGHEST_COST, max(costs) / max(abs(start), 1e-12))
    halves = [cost for begun, cost in case.before.curve if begun <= total / 2]
    half = halves[-1] if halves else start
    case.note(STILL_FALLING, (half - costs[-1]) / max(abs(half), 1e-12))


def figures(case: Case, answers: Answers | None, cost: str, ended: Ended) -> None:
    """Its quality beside that of simple answers.

    >>> figures.__annotations__["cost"]
    'str'
    """
    assert case.before is not None and answers is not None
    problem = answers.problem
    y = answers.asked(ended.targets[-1] if np.isfinite(ended.targets[-1]).all() else ended.targets[0])
    measure_quality(
        case, case.before, fitted=case.before.quality, error=case.before.error, names=problem.names,
        constant=problem.constant_quality(y),
    )  # fmt: skip
    if answers.classes:
        shares = np.bincount(y, minlength=answers.classes) / len(y)
        if cost in ("softmax", "logistic"):
            known = shares[shares > 0]
            both = np.concatenate([known, (1 - shares)[shares < 1]]) if cost == "logistic" else known
            if cost == "softmax":
                case.note(FLOOR, float(-np.sum(known * np.log(known))))
            elif ended.targets[-1].shape[1] > 1:
                case.note(FLOOR, float(-np.sum(both * np.log(both))))
            else:
                case.note(FLOOR, float(-np.sum(known * np.log(known))))
    best, case.yardstick = yardstick(problem, ended.inputs, y, case.yardstick)
    case.note(LINEAR_ACCURACY, best)


def repeats(cost: str, *ends: Ended) -> bool:
    """Whether a program did the same twice, as far as both ran and until it is judged.

    >>> one, two = np.ones((2, 1)), np.zeros((2, 1))
    >>> repeats("squares", Ended("ended", outputs=[one, one], targets=[two, two]), Ended("ended"))
    True
    """
    first, second = ([cost_of(cost, o, t) for o, t in zip(one.outputs, one.targets, strict=True)] for one in ends)
    short = max(0, min(len(first), len(second)) - 1)
    both = zip(first[:short], second[:short], strict=True)
    return all(abs(a - b) <= ALIKE * max(abs(a), 1e-12) for a, b in both if math.isfinite(a) and math.isfinite(b))
