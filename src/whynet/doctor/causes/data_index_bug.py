"""Only a few rows are ever used for training.

**What it means.** The network memorises these.

**How it is seen.** Distinct rows in an epoch are few, or the data set is a few rows that come again and again; the
training cost falls to 0 and the validation accuracy stays low.

**Why it happens.** An index vector filled with something else, a slice that is too short, a generator that starts
anew.

**What to change.** Count the distinct rows of an epoch.

**Not to be confused with.** Too little data: there all rows are used, and there are few.

**An example.** A shuffle vector filled with 0..9: ten images, 41 %.

**Sources.** Zinkevich, Rules of Machine Learning
"""

from __future__ import annotations

from whynet.doctor.case import Case
from whynet.doctor.cause import CERTAIN, Suspicion
from whynet.doctor.change import Change

KIND = "measured"
FAMILY = "data"
QUESTION = "examples"


def suspect(case: Case) -> Suspicion | None:
    if case.value("rows-visited") < 0.5:
        return Suspicion(CERTAIN, case.evidence("rows-visited"))
    return None


def changes(case: Case) -> list[Change]:
    return [Change("mend", {"mistakes": ("few-rows",)})]


SICK = {"rows-visited": 0.1}
WELL = {"rows-visited": 0.55}
PLANT = {"mistakes": ("few-rows",)}
