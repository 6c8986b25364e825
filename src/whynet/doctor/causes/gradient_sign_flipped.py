"""The step goes along the gradient instead of against it.

**What it means.** The cost rises, however small the rate.

**How it is seen.** The gradient's cosine with the true one is -1.

**Why it happens.** A wrong sign in delta or in the update.

**What to change.** Subtract the gradient.

**Not to be confused with.** A learning rate that is too high: a small step then helps.

**An example.** 784-30-10 with the sign flipped ends above its first cost, at 10 %.

**Sources.** Nielsen, chapter 2
"""

from __future__ import annotations

from whynet.doctor.case import Case
from whynet.doctor.cause import CERTAIN, Suspicion
from whynet.doctor.change import Change

KIND = "measured"
FAMILY = "gradient"
QUESTION = None


def suspect(case: Case) -> Suspicion | None:
    if "flipped-gradient" in case.fitting:
        return Suspicion(CERTAIN, case.evidence("gradient-cosine", "gradient-error"))
    return None


def changes(case: Case) -> list[Change]:
    return [Change("mend", {"mistakes": ("flipped-gradient",)})]


SICK = {"fitting": ("flipped-gradient",), "gradient-cosine": -1.0}
WELL = {"fitting": ("wrong-term",), "gradient-cosine": -0.2}
PLANT = {"mistakes": ("flipped-gradient",)}
