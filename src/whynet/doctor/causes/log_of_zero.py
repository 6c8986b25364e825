"""Arithmetic overflows: the logarithm of zero, or exp of a large number.

**What it means.** A NaN appears and spreads to every weight.

**How it is seen.** Cost and gradient are fine until a step, then NaN; in a numerically stable form, the same step is
fine.

**Why it happens.** log(0) = -inf, inf / inf = NaN.

**What to change.** Numerically stable formulas: log-softmax, and `a (1 - a)` for the sigmoid's derivative.

**Not to be confused with.** A learning rate that is too high: there the weights grow first.

**An example.** exp(z) / (1 + exp(z))^2 is NaN from z = 355.

**Sources.** Higham, Accuracy and Stability of Numerical Algorithms
"""

from __future__ import annotations

from whynet.doctor.case import Case
from whynet.doctor.cause import CERTAIN, Suspicion
from whynet.doctor.change import Change

KIND = "measured"
FAMILY = "cost"
QUESTION = None


def suspect(case: Case) -> Suspicion | None:
    if case.value("overflows") > 0:
        strength = CERTAIN if case.state in ("non-finite", "diverged") else 0.4
        return Suspicion(strength, case.evidence("overflows", "gradient-finite", "saturated-start"))
    return None


def changes(case: Case) -> list[Change]:
    return [Change("mend", {"mistakes": ("naive-sigmoid",)})]


SICK = {"state": "non-finite", "overflows": 3.0, "saturated-start": 0.9}
WELL = {"state": "non-finite", "overflows": 0.0, "saturated-start": 0.9}
PLANT = {"mistakes": ("naive-sigmoid",), "only": ("sigmoid-30",)}
