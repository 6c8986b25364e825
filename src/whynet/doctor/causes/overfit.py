"""Training accuracy is well above validation accuracy.

**What it means.** The network has learned what is true of its training examples only.

**How it is seen.** A gap of more than five points, with data that look alike.

**Why it happens.** A network with enough capacity fits the noise as well.

**What to change.** A penalty, dropout, distortions, more data, fewer epochs.

**Not to be confused with.** Too little data, the usual reason; data that differ.

**An example.** 784-100-10 on 1,000 images: 100 % of them, 89 % of the test images.

**Sources.** Srivastava et al. (2014)
"""

from __future__ import annotations

from whynet.doctor.case import Case
from whynet.doctor.cause import Suspicion
from whynet.doctor.change import Change

KIND = "limit"
FAMILY = "result"
QUESTION = None


def suspect(case: Case) -> Suspicion | None:
    if case.value("gap") > 0.05:
        return Suspicion(0.5, case.evidence("gap", "train-accuracy", "accuracy"))
    return None


def changes(case: Case) -> list[Change]:
    return [Change("dropout", {"rate": 0.2}), Change("penalty", {"l2": 0.001})]


SICK = {"gap": 0.2, "train-accuracy": 1.0, "accuracy": 0.8}
WELL = {"gap": 0.04, "train-accuracy": 0.96, "accuracy": 0.92}
PLANT = None
