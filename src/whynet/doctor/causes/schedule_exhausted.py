"""The schedule brings the learning rate to nothing long before the training ends.

**What it means.** Most of the steps are too short to change anything.

**How it is seen.** More than half of the steps were taken at less than a thousandth of the largest rate.

**Why it happens.** A decay meant for epochs is made after every batch; a cosine or a warm-up of too few steps.

**What to change.** `scheduler.step()` once an epoch, or as many steps in the schedule as the training takes.

**Not to be confused with.** A rate that is too low from the beginning; a schedule that ends in short steps.

**An example.** `ExponentialLR(gamma=0.95)` after each of 600 batches: the rate falls to a thousandth after 135.

**Sources.** PyTorch documentation, torch.optim: how to adjust the learning rate
"""

from __future__ import annotations

from whynet.doctor.case import Case
from whynet.doctor.cause import LIKELY, Suspicion
from whynet.doctor.change import Change

KIND = "measured"
FAMILY = "steps"
QUESTION = None


def suspect(case: Case) -> Suspicion | None:
    if case.value("rate-gone") > 0.5:
        return Suspicion(LIKELY, case.evidence("rate-gone"))
    return None


def changes(case: Case) -> list[Change]:
    return [Change("schedule", {"name": "constant"})]


SICK = {"rate-gone": 0.8}
WELL = {"rate-gone": 0.2}
PLANT = None
