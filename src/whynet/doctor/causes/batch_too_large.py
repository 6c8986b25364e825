"""The batches are so large that there are too few steps.

**What it means.** An epoch is a handful of steps.

**How it is seen.** Steps per epoch below ten.

**Why it happens.** A batch a hundred times as large gives a gradient ten times as exact, and a hundredth of the
steps.

**What to change.** Batches of 10 to 128.

**Not to be confused with.** Too few epochs: the count of steps is what matters. A gradient that is summed over the
batch: then a smaller batch is a smaller learning rate as well.

**An example.** Full batches of 60,000 for 75 epochs: 12 to 22 %; batches of 10 for 5: 92 %.

**Sources.** Masters and Luschi (2018)
"""

from __future__ import annotations

from whynet.doctor.case import Case
from whynet.doctor.cause import POSSIBLE, Suspicion
from whynet.doctor.change import Change

KIND = "setting"
FAMILY = "steps"
QUESTION = "epochs"
LARGE = 128


def suspect(case: Case) -> Suspicion | None:
    summed = case.value("gradient-length") > 2
    if case.rows <= 200 or summed:
        return None
    if case.value("steps-per-epoch") <= 20:
        return Suspicion(0.7, case.evidence("steps-per-epoch", "steps"))
    large = case.settings.batch is not None and case.settings.batch > LARGE
    return Suspicion(POSSIBLE, case.evidence("steps-per-epoch", "steps")) if large and case.state != "healthy" else None


def changes(case: Case) -> list[Change]:
    return [Change("batch", {"size": size}) for size in (10, 32)]


SICK = {"rows": 1000, "steps-per-epoch": 1.0}
WELL = {"rows": 1000, "steps-per-epoch": 21.0}
PLANT = {"edits": {"batch_size": "full", "epochs": 3}, "also": ("undertrained",)}
