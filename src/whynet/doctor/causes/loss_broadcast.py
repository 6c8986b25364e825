"""The loss compares each output with every target.

**What it means.** Outputs of the shape (n, 1) against targets of the shape (n,) are broadcast to (n, n): no output
knows which target is its own, and the best answer for all of them is the mean.

**How it is seen.** The loss stays the same when the targets of a batch change places; of targets in the shape of the
outputs it does not.

**Why it happens.** A column of a table lost its second dimension, or `squeeze()` took it from the outputs. Most losses
only warn.

**What to change.** Targets in the shape of the outputs: `y = y.reshape(outputs.shape)`.

**Not to be confused with.** Targets that nothing can be learned about: there, too, the mean is all that is learned.
Losses that are meant to compare all with all, as contrastive ones do.

**An example.** The sum of three numbers by one linear layer: the loss stops at 0.24, the variance of the targets; with
targets (n, 1) it goes to 0.

**Sources.** NumPy documentation, Broadcasting; PyTorch documentation, MSELoss
"""

from __future__ import annotations

from whynet.doctor.case import Case
from whynet.doctor.cause import CERTAIN, Suspicion
from whynet.doctor.change import Change

KIND = "measured"
FAMILY = "output"
QUESTION = None
CROSSED = "crossed-targets"


def suspect(case: Case) -> Suspicion | None:
    if CROSSED in case.fitting:
        return Suspicion(CERTAIN, case.evidence("loss-of-exchanged-targets"))
    return None


def changes(case: Case) -> list[Change]:
    return [Change("mend", {"mistakes": (CROSSED,)})]


SICK = {"fitting": (CROSSED,), "loss-of-exchanged-targets": 1.0}
WELL = {"fitting": (), "loss-of-exchanged-targets": 1.8}
PLANT = None
