"""Raw scores go into a cost that expects probabilities.

**What it means.** The cost is computed from numbers outside 0..1.

**How it is seen.** Outputs lie outside 0..1 at the first step.

**Why it happens.** The activation was left out of the last layer, or of the cost.

**What to change.** Leave `output_activation` out: each cost has its own.

**Not to be confused with.** Large initial weights: after a sigmoid or softmax, outputs stay within 0..1 all the same.

**An example.** With squared error of raw scores it learns, slowly, and swings at high rates.

**Sources.** Goodfellow et al. (2016), section 6.2.2
"""

from __future__ import annotations

from whynet.doctor import recommended
from whynet.doctor.case import Case
from whynet.doctor.cause import LIKELY, Suspicion
from whynet.doctor.change import Change

KIND = "setting"
FAMILY = "network"
QUESTION = None


def suspect(case: Case) -> Suspicion | None:
    settings = case.settings
    if case.problem != "regression" and settings.cost == "quadratic" and settings.output == "identity":
        outside = case.value("least-output") < -0.5 or case.value("largest-output") > 1.5
        return Suspicion(0.9 if outside else LIKELY, case.evidence("least-output", "largest-output"))
    return None


def changes(case: Case) -> list[Change]:
    return [Change("output", {"name": recommended.output(case)})]


SICK = {"settings": {"cost": "quadratic", "output": "identity"}, "least-output": -0.8, "largest-output": 1.9}
WELL = {"settings": {"cost": "quadratic", "output": "sigmoid"}, "least-output": 0.1, "largest-output": 0.9}
PLANT = None
