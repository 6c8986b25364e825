"""The activation function does not suit hidden layers.

**What it means.** Softmax makes units compete for a sum of 1; exp explodes.

**How it is seen.** Hidden activations sum to 1, or the first non-finite layer is a hidden one.

**Why it happens.** The layer passes on little more than which unit is largest, and gradients shrink by the number of
units.

**What to change.** ReLU or tanh.

**Not to be confused with.** Vanishing gradients in deep networks.

**An example.** Softmax hidden units from zero weights: 10 %; sigmoid 34 %, with random weights 91 %.

**Sources.** Goodfellow et al. (2016), section 6.3
"""

from __future__ import annotations

from whynet.doctor.case import Case
from whynet.doctor.cause import Suspicion
from whynet.doctor.change import Change

KIND = "setting"
FAMILY = "network"
QUESTION = None


def suspect(case: Case) -> Suspicion | None:
    if case.layers > 1 and case.value("hidden-shares") > 0:
        return Suspicion(0.9, case.evidence("hidden-shares", "spread-start"))
    return None


def changes(case: Case) -> list[Change]:
    return [Change("activation", {"name": name}) for name in ("tanh", "relu")]


SICK = {"layers": 2, "hidden-shares": 1.0, "spread-start": 0.01}
WELL = {"layers": 2, "hidden-shares": 0.0, "spread-start": 0.1}
PLANT = {"edits": {"activation": "softmax"}, "only": ("sigmoid-30", "tanh-50-30")}
