"""The gradient buffer is not reset: gradients of earlier batches add up.

**What it means.** The step is the sum of all gradients so far: momentum 1.

**How it is seen.** The same batch gives another step the second time; the step is not proportional to the batch's
gradient.

**Why it happens.** A buffer that is not cleared, or is an alias of the zeros.

**What to change.** Clear it before each batch.

**Not to be confused with.** Momentum: there old gradients decay.

**An example.** tanh network: 8 % untrained, then 9.8 % for the rest of training.

**Sources.** PyTorch documentation, Optimizer.zero_grad
"""

from __future__ import annotations

from whynet.doctor.case import Case
from whynet.doctor.cause import CERTAIN, Suspicion
from whynet.doctor.change import Change

KIND = "measured"
FAMILY = "gradient"
QUESTION = None


def suspect(case: Case) -> Suspicion | None:
    if "stale-gradients" in case.fitting:
        return Suspicion(CERTAIN, case.evidence("effective-rate", "fitted-rate", "fitted-momentum"))
    return None


def changes(case: Case) -> list[Change]:
    return [Change("mend", {"mistakes": ("stale-gradients",)})]


SICK = {"fitting": ("stale-gradients",), "effective-rate": 2.0}
WELL = {"fitting": ("raw-momentum",), "effective-rate": 2.0}
PLANT = {"mistakes": ("stale-gradients",), "only": ("sigmoid-30", "tanh-50-30")}
