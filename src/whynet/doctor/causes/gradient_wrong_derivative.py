"""The slope is that of something else.

**What it means.** The gradient is not the slope of the cost.

**How it is seen.** The ratio to the true gradient is a function of the activation.

**Why it happens.** s(a) (1 - s(a)) of a value that is squashed already; a ReLU's slope of the wrong array.

**What to change.** a (1 - a) for the sigmoid.

**Not to be confused with.** A missing slope.

**An example.** The sigmoid of a sigmoid is between 0.5 and 0.73: the slope is never small.

**Sources.** Nielsen, chapter 2
"""

from __future__ import annotations

from whynet.doctor.case import Case
from whynet.doctor.cause import CERTAIN, Change, Suspicion


def suspect(case: Case) -> Suspicion | None:
    if "wrong-slope" in case.fitting:
        return Suspicion(CERTAIN, case.evidence("gradient-error", "gradient-cosine", "gradient-length"))
    return None


def changes(case: Case) -> list[Change]:
    return [Change("the slope a (1 - a) of the sigmoid", without=("wrong-slope",))]
