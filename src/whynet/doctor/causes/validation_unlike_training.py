"""Validation rows are other numbers than training rows.

**What it means.** A network answers what it was trained on; rows in another unit get any answer, and validation fails
from the start.

**How it is seen.** The spread of the validation inputs is less than half or more than twice that of the training
inputs, or their mean is more than one of it away.

**Why it happens.** One of the two was divided by 255, or scaled by its own mean and spread.

**What to change.** The same function for both, with the numbers of the training rows.

**Not to be confused with.** Overfitting: there the inputs are alike. Other hospitals, other years: the difference is
real.

**An example.** Training pictures in 0..1, validation pictures in 0..255: 255 times the spread.

**Sources.** scikit-learn documentation, Common pitfalls: inconsistent preprocessing
"""

from __future__ import annotations

from whynet.doctor.agreement import in_another_unit
from whynet.doctor.case import Case
from whynet.doctor.cause import CERTAIN, Suspicion
from whynet.doctor.change import Change

KIND = "measured"
FAMILY = "data"
QUESTION = None


def suspect(case: Case) -> Suspicion | None:
    if in_another_unit(case):
        return Suspicion(CERTAIN, case.evidence("validation-spread", "validation-offset"))
    return None


def changes(case: Case) -> list[Change]:
    return [Change("mend", {"mistakes": ("prepare the validation rows as the training rows",)})]


SICK = {"validation-spread": 255.0, "validation-offset": 0.2}
WELL = {"validation-spread": 1.1, "validation-offset": 0.2}
PLANT = None
