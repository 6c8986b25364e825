"""Most labels are wrong, or all are the same.

**What it means.** Only the labels that are still right can teach anything.

**How it is seen.** An image's nearest neighbour has another label much more often than it should, but agrees more
often than at random.

**Why it happens.** A stale file, a cast, an off-by-one, a scaled column.

**What to change.** Read the labels again, and look at a few pictures beside their labels.

**Not to be confused with.** Destroyed features: there the pictures look wrong. Labels in another order: there labels
are right only by chance.

**An example.** 88 % of the labels random: 18 % where 94 % is possible.

**Sources.** Zhang et al., Understanding deep learning requires rethinking generalization (2017)
"""

from __future__ import annotations

from whynet.doctor.agreement import unlike_their_likes
from whynet.doctor.case import Case
from whynet.doctor.cause import CERTAIN, POSSIBLE, Suspicion
from whynet.doctor.change import Change

KIND = "setting"
FAMILY = "data"
QUESTION = None


def suspect(case: Case) -> Suspicion | None:
    if case.value("largest-class") == 1:
        return Suspicion(CERTAIN, case.evidence("largest-class"))
    if not case.value("neighbouring-pixels") < 0.15 and unlike_their_likes(case):
        strength = CERTAIN if case.value("nearest-neighbour") > 1.5 / case.classes else POSSIBLE
        return Suspicion(strength, case.evidence("neighbours-agree", "nearest-neighbour"))
    return None


def changes(case: Case) -> list[Change]:
    return [Change("mend", {"mistakes": ("random-labels",)})]


SICK = {"neighbours-agree": 0.12, "nearest-neighbour": 0.4}
WELL = {"neighbours-agree": 0.55, "nearest-neighbour": 0.6}
PLANT = {"mistakes": ("random-labels",)}
