"""Outcomes in words: how good it was, and is with a change."""

from __future__ import annotations

import math

from whynet.doctor.diagnosis import Outcome
from whynet.report.wording.problems import quality, words_of_outcome
from whynet.report.wording.states import quality_of


def end(outcome: Outcome) -> str:
    """One outcome: what people print; where there is none, the cost.

    >>> end(Outcome(0.1, 0.97)), end(Outcome(0.25, math.nan)), end(Outcome(math.nan, 0.1, finite=False))
    ('97 %', 'cost 0.25', 'numbers that are not finite')
    """
    if never_ran(outcome):
        return "no loss that could be computed"
    if not outcome.finite:
        return "numbers that are not finite"
    return quality_of(outcome) or (f"cost {outcome.cost:.4g}" if math.isfinite(outcome.cost) else "nothing measured")


def never_ran(outcome: Outcome | None) -> bool:
    """Whether not even the loss before the first step could be computed.

    >>> never_ran(Outcome(math.nan, 0.0, finite=False, curve=((0, math.nan),))), never_ran(Outcome(0.1, 0.9))
    (True, False)
    """
    return outcome is not None and not outcome.finite and not outcome.steps and len(outcome.curve) == 1


def way(before: Outcome, after: Outcome) -> str:
    """From one outcome to another.

    >>> way(Outcome(2.3, 0.098), Outcome(0.3, 0.922))
    '9.8 % -> 92.2 %'
    """
    return f"{end(before)} -> {end(after)}"


def whole_way(before: Outcome, after: Outcome) -> str:
    """The same with everything that was measured.

    >>> whole_way(Outcome(2.3, 0.098), Outcome(0.3, 0.922, test_quality=0.93))
    'validation 9.8 % -> 92.2 %, test 93 %, cost 2.3 -> 0.3'
    """
    parts = [f"validation {way(before, after)}" if after.metric is None else way(before, after)]
    if after.test_quality is not None and math.isfinite(after.test_quality):
        parts.append(f"test {tested(after)}")
    if math.isfinite(before.cost) and math.isfinite(after.cost):
        parts.append(f"cost {before.cost:.4g} -> {after.cost:.4g}")
    return ", ".join(parts)


def tested(outcome: Outcome) -> str:
    """How good it is on the test set; empty where there is none.

    >>> tested(Outcome(0.3, 0.92, test_quality=0.926))
    '92.6 %'
    """
    if outcome.test_quality is None or not math.isfinite(outcome.test_quality):
        return ""
    return quality(outcome.test_quality, words_of_outcome(outcome))
