"""A hyperparameter is NaN.

**What it means.** The first step makes every weight NaN.

**How it is seen.** Cost and gradient are finite before the step, the weights are not after it.

**Why it happens.** Anything times NaN is NaN.

**What to change.** Print the settings that reach the update.

**Not to be confused with.** Overflow: there something grew first.

**An example.** A learning rate that was never set.

**Sources.** IEEE 754
"""

from __future__ import annotations

from whynet.doctor.case import Case
from whynet.doctor.cause import CERTAIN, Suspicion
from whynet.doctor.change import Change

KIND = "measured"
FAMILY = "update"
QUESTION = None


def suspect(case: Case) -> Suspicion | None:
    if case.value("update-finite") == 0 and case.value("gradient-finite") == 1:
        return Suspicion(CERTAIN, case.evidence("gradient-finite", "update-finite"))
    return None


def changes(case: Case) -> list[Change]:
    return [Change("mend", {"mistakes": ("undefined-rate",)})]


SICK = {"gradient-finite": 1.0, "update-finite": 0.0}
WELL = {"gradient-finite": 1.0, "update-finite": 1.0}
PLANT = {"mistakes": ("undefined-rate",)}
