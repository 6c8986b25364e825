"""All initial weights are positive, and their sum saturates the hidden units.

**What it means.** Every hidden activation is 1 for every image; only the output biases can learn, and they learn the
class frequencies.

**How it is seen.** The mean weight times the sum of an image's pixels is far above 4; the first cost is that of all
outputs at 1; then the floor.

**Why it happens.** About a hundred lit pixels times a mean weight of 0.25 is 25; the sigmoid's derivative there is
1e-11.

**What to change.** Weights around zero: `init = "scaled-normal"`.

**Not to be confused with.** Weights of large spread: there the weights cancel. A low learning rate: there the cost
moves.

**An example.** U(0, 0.4) in 784-30-10 is stuck at 0.45; N(0, 1 / fan-in) gives 92 %.

**Sources.** Glorot and Bengio (2010)
"""

from __future__ import annotations

from whynet.doctor import recommended
from whynet.doctor.case import Case
from whynet.doctor.cause import CERTAIN, Suspicion
from whynet.doctor.change import Change

KIND = "setting"
FAMILY = "start"
QUESTION = "initial weights"


def suspect(case: Case) -> Suspicion | None:
    if case.value("one-sided-push") > 4 and case.value("saturated-start") > 0.5:
        return Suspicion(CERTAIN, case.evidence("one-sided-push", "saturated-start", "start-cost", "spread-start"))
    if case.value("pre-activation-offset") > 4 and case.value("saturated-start") > 0.5:  # by the biases
        return Suspicion(0.9, case.evidence("pre-activation-offset", "saturated-start", "start-cost"))
    if case.value("one-sided-push") > 4:
        return Suspicion(0.7, case.evidence("one-sided-push", "start-cost-ratio"))
    return None


def changes(case: Case) -> list[Change]:
    return [recommended.start(case)]


SICK = {"one-sided-push": 12.0, "saturated-start": 0.95, "start-cost": 5.0}
WELL = {"one-sided-push": 3.5, "saturated-start": 0.45, "start-cost": 3.3}
PLANT = {"edits": {"init": "uniform(0, 1)"}, "only": ("sigmoid-30", "tanh-50-30")}
