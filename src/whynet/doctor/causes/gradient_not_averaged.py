"""The gradient is summed over the batch instead of averaged.

**What it means.** The learning rate means something else for every batch size.

**How it is seen.** The applied step is the batch size times the mean gradient.

**Why it happens.** A sum of B terms is B times their mean.

**What to change.** Divide by the number of rows.

**Not to be confused with.** A learning rate that is too high; dividing it by the batch size helps as well.

**An example.** 784-10 with the cost summed over the batch: NaN after two steps; with its mean 84 %.

**Sources.** Goyal et al., Accurate, Large Minibatch SGD (2017), section 2
"""

from __future__ import annotations

from whynet.doctor.case import Case
from whynet.doctor.cause import CERTAIN, Suspicion
from whynet.doctor.change import Change

KIND = "measured"
FAMILY = "update"
QUESTION = "rate too high"


def suspect(case: Case) -> Suspicion | None:
    if "summed-gradient" in case.fitting:
        return Suspicion(CERTAIN, case.evidence("gradient-length", "gradient-error"))
    return None


def changes(case: Case) -> list[Change]:
    return [Change("mend", {"mistakes": ("summed-gradient",)})]


SICK = {"fitting": ("summed-gradient",), "gradient-length": 10.0}
WELL = {"fitting": (), "gradient-length": 1.0}
PLANT = {"edits": {"rate_times": 10}, "mistakes": ("summed-gradient",), "also": ("lr-too-high",)}
