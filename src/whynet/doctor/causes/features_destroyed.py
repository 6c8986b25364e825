"""The features no longer represent what was recorded.

**What it means.** Training rows can be memorised, but nothing carries over to others.

**How it is seen.** Neighbouring pixels are not alike, and the nearest neighbour of an image is of another class.

**Why it happens.** A wrong reshape, stride or offset, or pixels shuffled for each row anew.

**What to change.** Look at a picture of what the network receives: `whynet data --show`.

**Not to be confused with.** Wrong labels: there the pictures look right. One fixed permutation of the pixels does
no harm at all.

**An example.** Pixels shuffled for each row: 20 %; one permutation for all: 95 %.

**Sources.** Zhang et al., Understanding deep learning requires rethinking generalization (2017)
"""

from __future__ import annotations

from whynet.doctor.agreement import MOST_RIGHT, foretold
from whynet.doctor.case import Case
from whynet.doctor.cause import CERTAIN, Suspicion
from whynet.doctor.change import Change

KIND = "setting"
FAMILY = "data"
QUESTION = None


def suspect(case: Case) -> Suspicion | None:
    if foretold(case) > MOST_RIGHT:
        return None
    if case.features >= 64 and case.value("neighbouring-pixels") < 0.15 and case.value("nearest-neighbour") < 0.6:
        return Suspicion(CERTAIN, case.evidence("neighbouring-pixels", "nearest-neighbour"))
    return None


def changes(case: Case) -> list[Change]:
    return [Change("mend", {"mistakes": ("scrambled-pixels",)})]


SICK = {"features": 784, "neighbouring-pixels": 0.02, "nearest-neighbour": 0.5}
WELL = {"features": 784, "neighbouring-pixels": 0.16, "nearest-neighbour": 0.7}
PLANT = {"mistakes": ("scrambled-pixels",)}
