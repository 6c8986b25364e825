"""The activation's derivative is left out of the backpropagated error (delta).

**What it means.** The gradient is not the derivative of the cost.

**How it is seen.** Entry by entry it is the true one divided by that derivative.

**Why it happens.** The chain rule has a factor for every function.

**What to change.** Multiply by the derivative. (Left out at sigmoid outputs under squared error, the result is
exactly cross-entropy's gradient: harmless there.)

**Not to be confused with.** A cost that was chosen on purpose.

**An example.** 784-30-10 with the hidden derivatives left out: 85 % where 96 % is possible.

**Sources.** Nielsen, chapter 2, equation BP2
"""

from __future__ import annotations

from whynet.doctor.case import Case
from whynet.doctor.cause import CERTAIN, Suspicion
from whynet.doctor.change import Change

KIND = "measured"
FAMILY = "gradient"
QUESTION = None


def _harmless(case: Case) -> bool:
    """Whether it is exactly the gradient of the cross-entropy."""
    sigmoid = case.settings.output in (None, "sigmoid")  # what the quadratic cost takes by itself
    return case.settings.cost == "quadratic" and sigmoid and "no-hidden-slope" not in case.fitting


def suspect(case: Case) -> Suspicion | None:
    if "no-output-slope" in case.fitting or "no-hidden-slope" in case.fitting:
        strength = 0.35 if _harmless(case) else CERTAIN
        return Suspicion(strength, case.evidence("gradient-error", "gradient-length"))
    return None


def changes(case: Case) -> list[Change]:
    mend = Change("mend", {"mistakes": ("no-output-slope", "no-hidden-slope")})
    return [] if _harmless(case) else [mend]


SICK = {"fitting": ("no-hidden-slope",), "gradient-error": 0.8}
WELL = {"fitting": ("wrong-slope",), "gradient-error": 0.8}
PLANT = None
