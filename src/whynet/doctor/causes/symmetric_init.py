"""The units of a layer start with identical weights, and stay identical.

**What it means.** A layer of identical units can do no more than one unit.

**How it is seen.** Weights into the units of a layer are identical.

**Why it happens.** Identical units get identical gradients.

**What to change.** Random initial weights: `init = "scaled-normal"`. (Without hidden layers, zeros are fine.)

**Not to be confused with.** Weights that are too small: there units differ a little, and grow apart in time.

**An example.** 784-10-10 from zeros: 10 to 11 %; from random weights 75 to 90 %.

**Sources.** Goodfellow et al. (2016), section 8.4
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
    if case.layers > 1 and case.value("identical-units") > 0.5:
        return Suspicion(CERTAIN, case.evidence("identical-units"))
    return None


def changes(case: Case) -> list[Change]:
    return [recommended.start(case)]


SICK = {"layers": 2, "identical-units": 1.0}
WELL = {"layers": 2, "identical-units": 0.4}
PLANT = {"edits": {"init": "zeros"}}
