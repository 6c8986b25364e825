"""The steps are too long.

**What it means.** A step overshoots: costs rise or swing, units are driven into saturation and stay there, or numbers
overflow.

**How it is seen.** The cost rises above its start, or units saturate or die within the first steps, or it settles far
above what a lower rate comes to; a tenth of the rate works.

**Why it happens.** A step lowers the cost only while it is shorter than the valley of the cost is wide.

**What to change.** A tenth of the learning rate.

**Not to be confused with.** Inputs that are not scaled, weights that are too large, gradients that are summed:
correct those first.

**An example.** 784-15-10 at rate 100 predicts the same class for every image: 958, 890.

**Sources.** Goodfellow et al. (2016), section 11.4.1
"""

from __future__ import annotations

from whynet.doctor import recommended
from whynet.doctor.case import Case
from whynet.doctor.cause import POSSIBLE, Suspicion
from whynet.doctor.change import Change

KIND = "setting"
FAMILY = "update"
QUESTION = "rate too high"


def suspect(case: Case) -> Suspicion | None:
    if case.state == "healthy":
        return None
    thrown = case.value("saturated-end") > 0.5 and case.value("saturated-start") < 0.3
    died = case.value("dead-end") > 0.5 and case.value("dead-start") < 0.3
    wild = case.value("highest-cost") > 1.5 or case.state in ("non-finite", "diverged")
    lower = case.value("lower-rate") < 1
    shown = [
        *(["lower-rate"] if lower else []),
        *(["highest-cost"] if wild else []),
        *(["saturated-start", "saturated-end"] if thrown else []),
        *(["dead-start", "dead-end"] if died else []),
        "effective-rate",
        "moved",
    ]
    return Suspicion(0.65 if thrown or died or wild or lower else POSSIBLE, case.evidence(*shown))


def changes(case: Case) -> list[Change]:
    return recommended.rates(case.settings, (0.1, 0.01, 0.001, 1e-5))


SICK = {"state": "diverged", "highest-cost": 3.0, "effective-rate": 100.0}
WELL = {"state": "healthy", "highest-cost": 1.4, "effective-rate": 2.0}
PLANT = {"edits": {"rate_times": 1000}}
