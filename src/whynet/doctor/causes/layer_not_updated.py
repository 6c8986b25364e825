"""A layer's weights are never updated.

**What it means.** The layer stays at its random initial values.

**How it is seen.** Its arrays are the same after a step.

**Why it happens.** Left out of the list of parameters, or frozen.

**What to change.** Hand all layers to the optimizer.

**Not to be confused with.** Vanishing gradients: there it moves a little.

**An example.** 784-30-10 with its first layer left as it was drawn: 71 %.

**Sources.** Huang et al., Extreme learning machine (2006)
"""

from __future__ import annotations

from whynet.doctor.case import Case
from whynet.doctor.cause import CERTAIN, Suspicion
from whynet.doctor.change import Change

KIND = "measured"
FAMILY = "gradient"
QUESTION = None


def suspect(case: Case) -> Suspicion | None:
    if "frozen-layer" in case.fitting:
        return Suspicion(CERTAIN, case.evidence("gradient-error", "gradient-cosine"))
    return None


def changes(case: Case) -> list[Change]:
    return [Change("mend", {"mistakes": ("frozen-layer",)})]


SICK = {"fitting": ("frozen-layer",), "gradient-error": 0.5}
WELL = {"fitting": ("forgotten-bias",), "gradient-error": 0.5}
PLANT = None
