"""The numbers to predict are far from the size of one, or far from zero.

**What it means.** A network starts with answers of about 0 that differ by about 1. Targets of size 100 give errors, and
so gradients, a hundred times as large as its rate is meant for; of targets around 1,000 it first has to learn the mean.

**How it is seen.** The standard deviation of the targets as it is trained on them is above 5 or below 0.1, or their
mean is several of it from 0.

**Why it happens.** Inputs are scaled by habit, prices and temperatures are left in their own units.

**What to change.** Train on `(y - mean) / sd`, with the mean and standard deviation of the training rows, and take
predictions back: `target_scaling = "standard"`.

**Not to be confused with.** A learning rate that is too high, or too low: another rate helps as well, but then it suits
this unit alone. Inputs that are not scaled.

**An example.** 442 patients with a progression of 25 to 346, mean 152: R2 0 after 40 epochs; scaled, 0.4.

**Sources.** LeCun et al., Efficient BackProp (1998), section 4.3; Bishop (1995), section 8.2
"""

from __future__ import annotations

from whynet.doctor.case import Case
from whynet.doctor.cause import LIKELY, Suspicion
from whynet.doctor.change import Change

KIND = "setting"
FAMILY = "data"
QUESTION = None


def suspect(case: Case) -> Suspicion | None:
    if case.problem != "regression":
        return None
    spread, offset = case.value("target-spread"), case.value("target-offset")
    evidence = case.evidence("target-spread", "target-offset", "start-cost")
    if spread > 10 or spread < 0.05 or (offset > 10 and offset * spread > 10):
        return Suspicion(0.95, evidence)
    if spread > 3 or spread < 0.2 or (offset > 2 and offset * spread > 2):
        return Suspicion(LIKELY, evidence)
    return None


def changes(case: Case) -> list[Change]:
    return [Change("scale-targets", {"scheme": "standard"})]


SICK = {"problem": "regression", "classes": 0, "target-spread": 77.0, "target-offset": 2.0}
WELL = {"problem": "regression", "classes": 0, "target-spread": 1.2, "target-offset": 0.5}
PLANT = None
