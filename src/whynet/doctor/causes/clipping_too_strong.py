"""The gradient is clipped at every step, to a small part of itself.

**What it means.** With plain gradient descent all steps are of the same, small length: the learning rate is in truth
that much lower.

**How it is seen.** The gradient has the same length at every step, and was more than twenty times as long before.

**Why it happens.** A limit that was copied from another network, or meant for a loss that is averaged.

**What to change.** A limit that bites now and then: a few times the usual length of the gradient.

**Not to be confused with.** A learning rate that is too low. Adam and its like do not mind: they divide by the length.

**An example.** `clip_grad_norm_(model.parameters(), 0.001)` before steps of SGD at a rate of 0.1.

**Sources.** Pascanu et al., On the difficulty of training recurrent neural networks (2013)
"""

from __future__ import annotations

from whynet.doctor.case import Case
from whynet.doctor.cause import LIKELY, Suspicion
from whynet.doctor.change import Change

KIND = "measured"
FAMILY = "update"
QUESTION = None


def suspect(case: Case) -> Suspicion | None:
    if case.value("gradient-to-clipped") > 20:
        return Suspicion(LIKELY, case.evidence("gradient-to-clipped"))
    return None


def changes(case: Case) -> list[Change]:
    return [Change("penalty", {"off": True})]


SICK = {"gradient-to-clipped": 300.0}
WELL = {"gradient-to-clipped": 3.0}
PLANT = None
