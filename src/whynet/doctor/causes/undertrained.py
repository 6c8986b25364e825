"""Training ended before the network had learned.

**What it means.** The cost was still falling.

**How it is seen.** A few hundred steps in all, or a cost that falls to the end.

**Why it happens.** Networks need thousands of steps.

**What to change.** More epochs, or smaller batches, which are more steps for the same work.

**Not to be confused with.** A low learning rate: then longer training helps as well, and a higher rate more.

**An example.** Five full-batch steps learn the class frequencies, nothing else.

**Sources.** Goodfellow et al. (2016), section 8.1
"""

from __future__ import annotations

from whynet.doctor import recommended
from whynet.doctor.case import Case
from whynet.doctor.cause import Suspicion
from whynet.doctor.change import Change

KIND = "limit"
FAMILY = "steps"
QUESTION = "epochs"


def suspect(case: Case) -> Suspicion | None:
    judged_early = 0 < case.steps[0] < case.steps[1] and not case.value("stopped-early") > 0
    if case.state == "healthy" or judged_early:  # only the end shows whether it was too short
        return None
    evidence = case.evidence("steps", "still-falling", "progress")
    if case.state in ("diverged", "non-finite"):  # more of the same leads further away
        return Suspicion(0.25, evidence)
    if case.value("steps") < 500:
        return Suspicion(0.7, evidence)
    early = case.value("still-falling") > 0.02 and case.value("steps") < 5000
    return Suspicion(0.5 if early else 0.25, evidence)


def changes(case: Case) -> list[Change]:
    return recommended.epochs(case.settings, (3, 10, 30, 100))


SICK = {"state": "undertrained", "steps": (252, 252), "still-falling": 0.1}
WELL = {"state": "undertrained", "steps": (94, 252), "still-falling": 0.1}
PLANT = None
