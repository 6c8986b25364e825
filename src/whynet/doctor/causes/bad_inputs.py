"""Some rows carry no information: they are constant, blank or broken.

**What it means.** The network is asked to tell identical inputs apart.

**How it is seen.** A fraction of the rows has one value throughout.

**Why it happens.** A reader that stops early, a file half written, a join that found nothing.

**What to change.** Drop or repair these rows.

**Not to be confused with.** Sparse images are not blank.

**An example.** 784-30-10 with half of the images blank: 93 % after two epochs, 95 % without them.

**Sources.** Sculley et al., Hidden Technical Debt (2015)
"""

from __future__ import annotations

from whynet.doctor.case import Case
from whynet.doctor.cause import CERTAIN, Suspicion
from whynet.doctor.change import Change

KIND = "measured"
FAMILY = "data"
QUESTION = None


def suspect(case: Case) -> Suspicion | None:
    if case.value("blank-rows") > 0.02:
        return Suspicion(CERTAIN, case.evidence("blank-rows"))
    return None


def changes(case: Case) -> list[Change]:
    return [Change("mend", {"mistakes": ("blank-rows",)})]


SICK = {"blank-rows": 0.3}
WELL = {"blank-rows": 0.02}
PLANT = {"mistakes": ("blank-rows",)}
