"""The biases are never updated.

**What it means.** Decision boundaries cannot shift.

**How it is seen.** Biases are the same after a step although their gradient is not zero.

**Why it happens.** The new value went into another variable.

**What to change.** Update them like the weights.

**Not to be confused with.** No biases at all.

**An example.** Often harmless on MNIST: weights of lit pixels take their place.

**Sources.** Nielsen, chapter 2, equation BP3
"""

from __future__ import annotations

from whynet.doctor.case import Case
from whynet.doctor.cause import CERTAIN, Suspicion
from whynet.doctor.change import Change

KIND = "measured"
FAMILY = "gradient"
QUESTION = None


def suspect(case: Case) -> Suspicion | None:
    if "forgotten-bias" in case.fitting:
        return Suspicion(CERTAIN, case.evidence("biases-move", "gradient-error"))
    return None


def changes(case: Case) -> list[Change]:
    return [Change("mend", {"mistakes": ("forgotten-bias",)})]


SICK = {"fitting": ("forgotten-bias",), "gradient-error": 0.2}
WELL = {"fitting": ("frozen-layer",), "gradient-error": 0.2}
PLANT = None
