"""The initial weights are too large.

**What it means.** Units start saturated, or scores start in the hundreds.

**How it is seen.** The standard deviation of the weights times the root of the fan-in is far above 2; the first cost
is far above that of uninformed predictions.

**Why it happens.** A unit adds up fan-in terms; their sum grows with its root.

**What to change.** Weights of standard deviation 1 / sqrt(fan-in): `init = "scaled-normal"`, He's for ReLU.

**Not to be confused with.** Inputs that are not scaled have the same effect; the inputs decide.

**An example.** N(0, 1) in three layers of 500 ReLU units: cost 42,000 at the start.

**Sources.** Nielsen, Neural Networks and Deep Learning, chapter 3, Weight initialization
"""

from __future__ import annotations

from whynet.doctor import recommended
from whynet.doctor.case import Case
from whynet.doctor.cause import POSSIBLE, Suspicion
from whynet.doctor.change import Change

KIND = "setting"
FAMILY = "start"
QUESTION = "initial weights"


def suspect(case: Case) -> Suspicion | None:
    if case.value("largest-input") > 10 and not case.value("feature-size") <= 5:
        scale = case.value("largest-input")  # large inputs have the same effect; the weights by themselves decide
        return Suspicion(0.4, case.evidence("weight-gain")) if case.value("weight-gain") > 4 and scale else None
    if case.value("one-sided-push") > 4 and case.value("saturated-start") > 0.5:
        return None  # one-sided, not wide
    if case.value("weight-gain") > 4:
        harm = case.value("saturated-start") > 0.3 or case.value("start-cost-ratio") > 2.5
        return Suspicion(0.8 if harm else POSSIBLE, case.evidence("weight-gain", "saturated-start", "start-cost-ratio"))
    return None


def changes(case: Case) -> list[Change]:
    return [recommended.start(case)]


SICK = {"weight-gain": 20.0, "saturated-start": 0.8, "start-cost-ratio": 4.0}
WELL = {"weight-gain": 3.5, "saturated-start": 0.2, "start-cost-ratio": 1.4}
PLANT = {"edits": {"init": "normal(0, 5)"}, "only": ("sigmoid-30", "tanh-50-30")}
