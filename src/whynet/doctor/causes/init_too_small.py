"""The initial weights are so small that hidden activations hardly differ between examples.

**What it means.** The cost stays at the floor until the weights have grown.

**How it is seen.** The spread of hidden activations over images is below 2 % of their size; then the cost drops
suddenly.

**Why it happens.** Signals shrink from layer to layer, gradients on the way back.

**What to change.** Weights of standard deviation 1 / sqrt(fan-in): `init = "scaled-normal"`.

**Not to be confused with.** Too few steps: often both are true, and only changing both helps.

**An example.** U(0, 0.01) in 784-5-5-10 with five steps stays at 11 %.

**Sources.** Glorot and Bengio (2010)
"""

from __future__ import annotations

from whynet.doctor import recommended
from whynet.doctor.case import Case
from whynet.doctor.cause import LIKELY, Suspicion
from whynet.doctor.change import Change

KIND = "setting"
FAMILY = "start"
QUESTION = "initial weights"


def suspect(case: Case) -> Suspicion | None:
    if case.layers < 2 or case.value("identical-units") > 0.5 or case.value("dead-start") > 0.5:
        return None
    if case.value("spread-start") < 0.02 and not case.value("saturated-start") > 0.5:
        return Suspicion(0.8, case.evidence("spread-start", "least-weight-gain"))
    if case.value("least-weight-gain") < 0.1:
        return Suspicion(LIKELY, case.evidence("least-weight-gain", "spread-start"))
    return None


def changes(case: Case) -> list[Change]:
    return [recommended.start(case)]


SICK = {"layers": 3, "spread-start": 0.001, "least-weight-gain": 0.001}
WELL = {"layers": 3, "spread-start": 0.03, "least-weight-gain": 0.15}
PLANT = {"edits": {"init": "normal(0, 0.00001)"}, "also": ("vanishing-gradients",), "only": ("tanh-50-30",)}
