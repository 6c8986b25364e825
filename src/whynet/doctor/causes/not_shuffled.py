"""The examples are sorted by class and not shuffled.

**What it means.** The network learns the class that it is being shown and forgets the ones before.

**How it is seen.** Batches hold fewer classes than shuffled ones would; the cost is a sawtooth.

**Why it happens.** Stochastic gradients assume that a batch is like the whole data set.

**What to change.** Shuffle every epoch: `order = "shuffled"`.

**Not to be confused with.** A learning rate that is too high makes the cost swing as well, but not with the classes.

**An example.** MNIST sorted by class, in batches of 32: 10 %; shuffled: 96 %.

**Sources.** Bottou, Stochastic Gradient Descent Tricks (2012)
"""

from __future__ import annotations

import math

from whynet.doctor.case import Case
from whynet.doctor.cause import CERTAIN, Suspicion
from whynet.doctor.change import Change

KIND = "measured"
FAMILY = "data"
QUESTION = None


def suspect(case: Case) -> Suspicion | None:
    known = case.symptoms.get("same-class-in-a-row")
    chance = getattr(known.normal, "number", math.nan) if known is not None else math.nan
    mixed = (1 / max(case.classes, 2) if math.isnan(chance) else chance) + 0.4
    if case.value("classes-per-batch") < 0.7 or case.value("same-class-in-a-row") > mixed:
        return Suspicion(CERTAIN, case.evidence("classes-per-batch", "same-class-in-a-row"))
    return None


def changes(case: Case) -> list[Change]:
    return [Change("shuffle")]


SICK = {"classes": 10, "classes-per-batch": 0.3, "same-class-in-a-row": 0.99}
WELL = {"classes": 10, "classes-per-batch": 0.75, "same-class-in-a-row": 0.45}
PLANT = {"edits": {"order": "file"}, "mistakes": ("sorted-rows",)}
