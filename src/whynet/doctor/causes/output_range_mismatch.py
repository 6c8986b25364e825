"""The output activation cannot come to the numbers that are to be predicted.

**What it means.** A sigmoid answers between 0 and 1, a tanh between -1 and 1, a ReLU nothing below 0. Targets beyond
that are never met, however long it trains; a ReLU whose answer is 0 for every row has no gradient at all.

**How it is seen.** A part of the targets, as the network is trained on them, lies outside of what its last layer can
come to.

**Why it happens.** The last layer was copied from a classifier, or the targets were scaled to another range than the
activation has.

**What to change.** No activation after the last layer: `output_activation = "identity"`. Where targets have bounds that
are known, scale them to the activation's range instead.

**Not to be confused with.** Targets that are not scaled: there the last layer could come to them. A wrong output
activation of a classifier: there a cross-entropy applies its own.

**An example.** Standardised targets under a sigmoid: the half that is below 0 is answered with 0; R2 0.4 where 0.9 is
possible.

**Sources.** Goodfellow et al. (2016), section 6.2.2.1; Bishop (1995), section 6.1
"""

from __future__ import annotations

from whynet.doctor.case import Case
from whynet.doctor.cause import Suspicion
from whynet.doctor.change import Change

KIND = "setting"
FAMILY = "output"
QUESTION = None


def suspect(case: Case) -> Suspicion | None:
    if case.problem != "regression" or case.settings.output in (None, "identity"):
        return None
    reached = case.value("reachable")
    evidence = case.evidence("reachable", "target-spread", "target-offset")
    if reached < 0.9:
        return Suspicion(0.97, evidence)
    return Suspicion(0.7, evidence) if reached < 0.99 else None


def changes(case: Case) -> list[Change]:
    return [Change("output", {"name": "identity"})]


SICK = {"problem": "regression", "classes": 0, "settings": {"output": "sigmoid"}, "reachable": 0.4}
WELL = {"problem": "regression", "classes": 0, "settings": {"output": "sigmoid"}, "reachable": 1.0}
PLANT = None
