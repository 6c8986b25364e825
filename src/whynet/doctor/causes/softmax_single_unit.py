"""Softmax over a single output is always 1.

**What it means.** The prediction is the same for every input, and the gradient is zero.

**How it is seen.** The output is exactly 1 and the gradient exactly 0.

**Why it happens.** exp(z) / exp(z) = 1.

**What to change.** A sigmoid: `cost = "sigmoid-cross-entropy"`.

**Not to be confused with.** Dead units: there other units are active.

**An example.** One softmax unit: cost 7.628 from the first step to the last.

**Sources.** Bishop (2006), section 4.2
"""

from __future__ import annotations

from whynet.doctor.case import Case
from whynet.doctor.cause import CERTAIN, Suspicion
from whynet.doctor.change import Change

KIND = "setting"
FAMILY = "output"
QUESTION = None


def suspect(case: Case) -> Suspicion | None:
    sizes, settings = case.settings.widths, case.settings
    softmax = settings.cost == "softmax-cross-entropy" or settings.output == "softmax"
    if sizes is not None and sizes[-1] == 1 and softmax:
        return Suspicion(CERTAIN, case.evidence("start-cost"))
    return None


def changes(case: Case) -> list[Change]:
    return [Change("cost", {"name": "sigmoid-cross-entropy"})]


SICK = {"settings": {"widths": (2, 3, 1), "cost": "softmax-cross-entropy"}, "classes": 2, "start-cost": 0.0}
WELL = {"settings": {"widths": (2, 3, 1), "cost": "sigmoid-cross-entropy"}, "classes": 2, "start-cost": 0.7}
PLANT = None
