"""Too little capacity.

**What it means.** The network cannot represent the relation: training and validation accuracy are equally low, and
flat.

**How it is seen.** Ten times the steps change nothing; more units do.

**Why it happens.** Too few units, or too strong a penalty.

**What to change.** More units.

**Not to be confused with.** Undertrained: there the cost still falls.

**An example.** 784-2-10 stops at 40 %.

**Sources.** Goodfellow et al. (2016), section 5.2
"""

from __future__ import annotations

from whynet.doctor import recommended
from whynet.doctor.case import Case
from whynet.doctor.cause import Suspicion
from whynet.doctor.change import Change

KIND = "limit"
FAMILY = "result"
QUESTION = None


def suspect(case: Case) -> Suspicion | None:
    if case.state == "underfits":
        return Suspicion(0.4, case.evidence("train-accuracy", "accuracy", "narrowest"))
    return None


def changes(case: Case) -> list[Change]:
    return recommended.wide(case, lambda size: 4 * size)


SICK = {"settings": {"widths": (64, 5, 10)}, "state": "underfits", "train-accuracy": 0.6, "accuracy": 0.6}
WELL = {"settings": {"widths": (64, 5, 10)}, "state": "overfits", "train-accuracy": 0.93, "accuracy": 0.86}
PLANT = None
