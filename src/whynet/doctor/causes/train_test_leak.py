"""Rows of the test set are among the training rows.

**What it means.** The test accuracy says how well they were memorised.

**How it is seen.** Images of the test set are found in the training set, byte for byte.

**Why it happens.** A split after augmentation, or by rows where people or pages should be split.

**What to change.** Remove the copies and test again.

**Not to be confused with.** A good network.

**An example.** A test set that was cut from the training set after copies had been made.

**Sources.** Kapoor and Narayanan, Leakage and the Reproducibility Crisis (2023)
"""

from __future__ import annotations

from whynet.doctor.case import Case
from whynet.doctor.cause import CERTAIN, Suspicion
from whynet.doctor.change import Change

KIND = "measured"
FAMILY = "result"
QUESTION = None


def suspect(case: Case) -> Suspicion | None:
    if case.value("test-images-in-training") > 0.01:
        return Suspicion(CERTAIN, case.evidence("test-images-in-training"))
    return None


def changes(case: Case) -> list[Change]:
    return [Change("mend", {"mistakes": ("leaked-test-images",)})]


SICK = {"test-images-in-training": 0.3}
WELL = {"test-images-in-training": 0.005}
PLANT = {"mistakes": ("leaked-test-images",)}
