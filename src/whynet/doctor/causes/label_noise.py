"""A considerable fraction of the labels is wrong.

**What it means.** The cost cannot fall below what the wrong labels cost.

**How it is seen.** Nearest neighbours disagree more often than digits usually do, but most agree.

**Why it happens.** Labels made by hand in a hurry, or by another program.

**What to change.** Clean the labels of the rows with the highest cost.

**Not to be confused with.** Underfitting: there nearest neighbours agree.

**An example.** 30 % of the labels random: a training cost of 1.29 in place of 0.11, and 93.5 % in place of 95.8 %.

**Sources.** Northcutt et al., Pervasive Label Errors (2021)
"""

from __future__ import annotations

from whynet.doctor.case import Case
from whynet.doctor.cause import LIKELY, Suspicion
from whynet.doctor.change import Change

KIND = "limit"
FAMILY = "data"
QUESTION = None


def suspect(case: Case) -> Suspicion | None:
    if 0.5 <= case.value("neighbours-agree") < 0.75:
        return Suspicion(LIKELY, case.evidence("neighbours-agree", "nearest-neighbour"))
    return None


def changes(case: Case) -> list[Change]:
    return [Change("mend", {"mistakes": ("noisy-labels",)})]


SICK = {"neighbours-agree": 0.6, "nearest-neighbour": 0.6}
WELL = {"neighbours-agree": 0.78, "nearest-neighbour": 0.8}
PLANT = None
