"""A weight matrix is not transposed in backpropagation, or is reshaped instead.

**What it means.** Backpropagated errors (deltas) reach the wrong units.

**How it is seen.** The last layer's gradient is right, the ones before are not; with the matrix transposed they
are.

**Why it happens.** reshape changes the shape and mixes the entries; transpose keeps who is connected to whom.

**What to change.** `dz @ W.T`.

**Not to be confused with.** A wrong term.

**An example.** 784-30-30-10, reshaped: 93.1 % after an epoch where 94.4 % is possible: it learns, worse.

**Sources.** Nielsen, chapter 2, equation BP2
"""

from __future__ import annotations

from whynet.doctor.case import Case
from whynet.doctor.cause import CERTAIN, Suspicion
from whynet.doctor.change import Change

KIND = "measured"
FAMILY = "gradient"
QUESTION = None


def suspect(case: Case) -> Suspicion | None:
    if "wrong-transpose" in case.fitting:
        return Suspicion(CERTAIN, case.evidence("gradient-error", "gradient-cosine"))
    return None


def changes(case: Case) -> list[Change]:
    return [Change("mend", {"mistakes": ("wrong-transpose",)})]


SICK = {"fitting": ("wrong-transpose",), "gradient-error": 0.8}
WELL = {"fitting": ("wrong-term",), "gradient-error": 0.8}
PLANT = None
