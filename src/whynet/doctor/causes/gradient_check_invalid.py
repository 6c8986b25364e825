"""The gradient check is wrong, not the gradient.

**What it means.** A correct gradient is called wrong, and is then changed.

**How it is seen.** The check fails for a network whose gradient is known to be correct.

**Why it happens.** It shifts a whole matrix at once, takes the difference on one side only, in float32, or across a
kink.

**What to change.** One entry at a time, both sides, float64: `whynet check-gradients`.

**Not to be confused with.** A wrong gradient.

**An example.** A whole matrix shifted: an exact gradient scores 0.93.

**Sources.** Stanford CS231n notes, Gradient checks
"""

from __future__ import annotations

from whynet.doctor.case import Case
from whynet.doctor.cause import CERTAIN, Suspicion
from whynet.doctor.change import Change

KIND = "measured"
FAMILY = "gradient"
QUESTION = None


def suspect(case: Case) -> Suspicion | None:
    if case.value("own-check") > 0.1 and case.value("gradient-error") < 1e-4:
        return Suspicion(CERTAIN, case.evidence("own-check", "gradient-error"))
    return None


def changes(case: Case) -> list[Change]:
    return [Change("mend", {"mistakes": ("whole-matrix-check",)})]


SICK = {"own-check": 0.9, "gradient-error": 1e-07}
WELL = {"own-check": 0.05, "gradient-error": 1e-07}
PLANT = {"mistakes": ("whole-matrix-check",)}
