"""The activation's derivative is wrong.

**What it means.** The gradient is not the derivative of the cost.

**How it is seen.** The ratio to the true gradient is a function of the activation.

**Why it happens.** s(a) (1 - s(a)) where a is the sigmoid's output already; a ReLU's derivative taken at the wrong
array.

**What to change.** a (1 - a) for the sigmoid.

**Not to be confused with.** A missing derivative.

**An example.** The sigmoid of a sigmoid is between 0.5 and 0.73: the derivative is never small.

**Sources.** Nielsen, chapter 2
"""

from __future__ import annotations

from whynet.doctor.case import Case
from whynet.doctor.cause import CERTAIN, Suspicion
from whynet.doctor.change import Change

KIND = "measured"
FAMILY = "gradient"
QUESTION = None


def suspect(case: Case) -> Suspicion | None:
    if "wrong-slope" in case.fitting:
        return Suspicion(CERTAIN, case.evidence("gradient-error", "gradient-cosine", "gradient-length"))
    return None


def changes(case: Case) -> list[Change]:
    return [Change("mend", {"mistakes": ("wrong-slope",)})]


SICK = {"fitting": ("wrong-slope",), "gradient-error": 0.8}
WELL = {"fitting": ("no-hidden-slope",), "gradient-error": 0.8}
PLANT = None
