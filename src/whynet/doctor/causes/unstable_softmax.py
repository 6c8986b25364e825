"""Softmax is computed along the wrong axis, or overflows.

**What it means.** Probabilities sum to 1 over the batch, not over the classes; or exp of a large score is infinite.

**How it is seen.** Sums of a row are not 1; or infinities with moderate scores.

**Why it happens.** exp(z) needs the row's largest z subtracted, and the sum belongs to the row.

**What to change.** Subtract the row's maximum, sum over the row.

**Not to be confused with.** A learning rate that is too high also overflows, but later.

**An example.** Summed over the batch: 10 %; over the row: 86 %.

**Sources.** Goodfellow et al. (2016), section 4.1
"""

from __future__ import annotations

from whynet.doctor.case import Case
from whynet.doctor.cause import CERTAIN, Suspicion
from whynet.doctor.change import Change

KIND = "measured"
FAMILY = "output"
QUESTION = None


def suspect(case: Case) -> Suspicion | None:
    softmax = case.settings.cost == "softmax-cross-entropy"
    if softmax and case.value("rows-sum") > 0.01:
        return Suspicion(CERTAIN, case.evidence("rows-sum"))
    return None


def changes(case: Case) -> list[Change]:
    return [Change("mend", {"mistakes": ("softmax-over-batch",)})]


SICK = {"settings": {"cost": "softmax-cross-entropy"}, "rows-sum": 0.9}
WELL = {"settings": {"cost": "softmax-cross-entropy"}, "rows-sum": 0.005}
PLANT = {"mistakes": ("softmax-over-batch",), "only": ("sigmoid-30", "relu-100")}
