"""The targets are written in another way than the loss reads them.

**What it means.** A loss of class numbers takes 0 to K - 1, one of rows a 1 for each class that is there, a binary
cross-entropy 0 and 1. Targets in another form stop the training with an error, or pull the outputs to a place that the
loss has no least value at.

**How it is seen.** The loss cannot be computed of the targets, and can of the same targets in another form. Targets
below 0 or above 1 under a cross-entropy of shares: the loss falls below 0 without end.

**Why it happens.** Labels that count from 1, or are -1 and 1. One-hot rows where class numbers are meant, or class
numbers as floats. Rows with several labels under a softmax.

**What to change.** The targets, to the form that the loss takes: `y - 1`, `(y + 1) / 2`, `y.argmax(dim=1)`, `y.long()`.

**Not to be confused with.** Too few output units: there the labels are right. Targets of another shape but of the
right form.

**An example.** Labels -1 and 1 under a binary cross-entropy of scores: the loss passes 0 and goes on to -1,000.

**Sources.** PyTorch documentation, CrossEntropyLoss and BCEWithLogitsLoss
"""

from __future__ import annotations

from whynet.doctor.case import Case
from whynet.doctor.cause import CERTAIN, Suspicion
from whynet.doctor.change import Change

KIND = "measured"
FAMILY = "output"
QUESTION = None


def suspect(case: Case) -> Suspicion | None:
    if case.value("targets-not-taken") > 0:
        return Suspicion(CERTAIN, case.evidence("targets-not-taken"))
    return None


def changes(case: Case) -> list[Change]:
    return [Change("mend", {"mistakes": ("write the targets as the loss reads them",)})]


SICK = {"targets-not-taken": 0.5}
WELL = {"targets-not-taken": 0.0}
PLANT = None
