"""The printed accuracy is computed wrongly.

**What it means.** The network may well have learned.

**How it is seen.** Recomputed from the outputs, the accuracy is different.

**Why it happens.** argmax along the wrong axis, a threshold, labels in another order.

**What to change.** Recompute it from outputs and labels.

**Not to be confused with.** Any other cause: the network itself may be fine.

**An example.** Ten outputs counted one by one: 90 % for a network that predicts "no" for every class.

**Sources.** Pineau et al., Improving Reproducibility (2021)
"""

from __future__ import annotations

from whynet.doctor.case import Case
from whynet.doctor.cause import CERTAIN, Suspicion
from whynet.doctor.change import Change

KIND = "measured"
FAMILY = "result"
QUESTION = None


def suspect(case: Case) -> Suspicion | None:
    if case.value("accuracy-misreported") > 0.01:
        return Suspicion(CERTAIN, case.evidence("accuracy-misreported"))
    return None


def changes(case: Case) -> list[Change]:
    return [Change("mend", {"mistakes": ("argmax-over-images",)})]


SICK = {"accuracy-misreported": 0.8}
WELL = {"accuracy-misreported": 0.005}
PLANT = {"mistakes": ("argmax-over-images",)}
