"""The backpropagated error (delta) is replaced by another quantity.

**What it means.** The weights follow a quantity that is not the gradient.

**How it is seen.** One layer's gradient has nothing to do with the true one.

**Why it happens.** Variables such as a, z and delta are easily confused.

**What to change.** Check that layer's formula.

**Not to be confused with.** Labels that are wrong: there the gradient is right.

**An example.** dW from the layer's outputs in place of its deltas.

**Sources.** Nielsen, chapter 2, equation BP4
"""

from __future__ import annotations

from whynet.doctor.case import Case
from whynet.doctor.cause import CERTAIN, Suspicion
from whynet.doctor.change import Change

KIND = "measured"
FAMILY = "gradient"
QUESTION = None


def suspect(case: Case) -> Suspicion | None:
    if "wrong-term" in case.fitting:
        return Suspicion(CERTAIN, case.evidence("gradient-error", "gradient-cosine"))
    if case.value("gradient-error") > 0.01 and not case.fitting:  # wrong, and equal to no known mistake
        return Suspicion(0.5, case.evidence("gradient-error", "gradient-cosine"))
    return None


def changes(case: Case) -> list[Change]:
    return [Change("mend", {"mistakes": ("wrong-term",)})]


SICK = {"fitting": ("wrong-term",), "gradient-error": 0.8}
WELL = {"fitting": ("wrong-transpose",), "gradient-error": 0.8}
PLANT = {"mistakes": ("wrong-term",)}
