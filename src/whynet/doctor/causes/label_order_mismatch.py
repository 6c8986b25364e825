"""Examples and labels are in different orders.

**What it means.** Every example has the label of another one; or the test predictions are compared with labels in
another order.

**How it is seen.** Nearest neighbours agree no more often than at random; or training and validation go well and the
test accuracy is at chance level.

**Why it happens.** One of two arrays was shuffled, or folders were listed in different orders.

**What to change.** Shuffle both with one permutation.

**Not to be confused with.** Labels that follow the inputs in a way that no neighbour shows: a model foretells them
better than chance. Corrupted labels: there some are right. A wrong metric: there the predictions are right.
Test inputs in another unit: they are answered wrongly
whatever the order of their labels. Numbers in another order cannot be told from numbers that have nothing to do with
the inputs: a useless target.

**An example.** Labels of the test set in another order: 10 % where 94 % is true.

**Sources.** Northcutt et al., Pervasive Label Errors (2021)
"""

from __future__ import annotations

import math

from whynet.doctor.agreement import in_another_unit, told_beyond_chance, unlike_their_likes
from whynet.doctor.case import Case
from whynet.doctor.cause import CERTAIN, POSSIBLE, Suspicion
from whynet.doctor.change import Change

KIND = "measured"
FAMILY = "data"
QUESTION = None


def suspect(case: Case) -> Suspicion | None:
    known = not case.value("neighbouring-pixels") < 0.15
    if known and unlike_their_likes(case) and not told_beyond_chance(case):
        strength = CERTAIN if case.value("nearest-neighbour") <= 1.5 / case.classes else POSSIBLE
        return Suspicion(strength, case.evidence("neighbours-agree", "nearest-neighbour"))
    noise = 3 * case.value("standard-error")
    if (
        case.value("test-loss") > 0.2 + (0.0 if math.isnan(noise) else noise)
        and not case.value("test-set-differs") > 0.5
        and not in_another_unit(case)
    ):
        return Suspicion(CERTAIN, case.evidence("test-loss", "test-set-differs"))
    return None


def changes(case: Case) -> list[Change]:
    return [Change("mend", {"mistakes": ("shuffled-labels", "shuffled-test-labels")})]


SICK = {"neighbours-agree": 0.1, "nearest-neighbour": 0.1}
WELL = {"neighbours-agree": 0.55, "nearest-neighbour": 0.6}
PLANT = {"mistakes": ("shuffled-labels",)}
