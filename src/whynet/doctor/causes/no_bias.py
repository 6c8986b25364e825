"""The units have no biases.

**What it means.** Every decision boundary passes through the origin.

**How it is seen.** There is no bias parameter, and an input of zeros always gives the same output.

**Why it happens.** W x is 0 for x = 0.

**What to change.** Give the layers biases.

**Not to be confused with.** Biases that are never updated.

**An example.** XOR without biases fails in some seeds.

**Sources.** Bishop (2006), section 5.1
"""

from __future__ import annotations

from whynet.doctor.case import Case
from whynet.doctor.cause import LIKELY, Suspicion
from whynet.doctor.change import Change

KIND = "measured"
FAMILY = "network"
QUESTION = None


def suspect(case: Case) -> Suspicion | None:
    if case.value("biases") == 0:
        return Suspicion(LIKELY, case.evidence("biases"))
    return None


def changes(case: Case) -> list[Change]:
    return [Change("biases")]


SICK = {"biases": 0.0}
WELL = {"biases": 1.0}
PLANT = {"mistakes": ("no-biases",)}
