"""The weights of the classes rise with how common they are.

**What it means.** Weights in the loss are to make up for classes that are rare. Turned round, they make the commonest
class count even more, and the rare ones are never predicted.

**How it is seen.** At equal scores the gradient of one example of a common class is larger than that of a rare one.

**Why it happens.** Counts are handed over where their inverse is meant; `pos_weight` is positives by negatives where it
is negatives by positives.

**What to change.** `weight = n / (classes * counts)`; `pos_weight = negatives / positives`.

**Not to be confused with.** Class imbalance: there the weights are equal. Costs that differ on purpose: there the
weights do not follow the counts.

**An example.** 900 and 100 examples with weights 0.9 and 0.1: the second class is predicted for none of its own.

**Sources.** King, Zeng, Logistic Regression in Rare Events Data (2001); PyTorch documentation, CrossEntropyLoss
"""

from __future__ import annotations

from whynet.doctor.case import Case
from whynet.doctor.cause import Suspicion
from whynet.doctor.change import Change

KIND = "measured"
FAMILY = "cost"
QUESTION = None


def suspect(case: Case) -> Suspicion | None:
    if case.value("weight-with-count") > 0.99:
        return Suspicion(0.9, case.evidence("weight-with-count"))
    return None


def changes(case: Case) -> list[Change]:
    return [Change("mend", {"mistakes": ("weights that fall with how common a class is",)})]


SICK = {"weight-with-count": 1.0}
WELL = {"weight-with-count": 0.0}
PLANT = None
