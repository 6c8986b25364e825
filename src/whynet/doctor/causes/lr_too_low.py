"""The steps are too short.

**What it means.** It learns, but far too slowly.

**How it is seen.** Weights hardly move; the cost falls evenly; ten times the rate falls ten times as fast.

**Why it happens.** The distance covered is the number of steps times their length.

**What to change.** Ten times the learning rate, again and again while it helps.

**Not to be confused with.** Vanishing gradients; too few epochs.

**An example.** 784-15-10 at rate 0.001 has 25 % after 30 epochs; at rate 3 it has 89 % after one.

**Sources.** Goodfellow et al. (2016), section 11.4.1
"""

from __future__ import annotations

from whynet.doctor import recommended
from whynet.doctor.case import Case
from whynet.doctor.cause import POSSIBLE, Suspicion
from whynet.doctor.change import Change

KIND = "setting"
FAMILY = "steps"
QUESTION = "rate too low"


def suspect(case: Case) -> Suspicion | None:
    if case.state in ("healthy", "diverged", "non-finite") or case.value("highest-cost") > 1.5:
        return None
    still = case.value("moved") < 0.1 and not case.value("saturated-start") > 0.9
    evidence = case.evidence("moved", "effective-rate", "progress", "still-falling")
    if still:
        return Suspicion(0.65, evidence)
    return Suspicion(POSSIBLE, evidence)


def changes(case: Case) -> list[Change]:
    return recommended.rates(case.settings, (10.0, 100.0, 1000.0, 10_000.0))


SICK = {"state": "undertrained", "highest-cost": 1.0, "moved": 0.01}
WELL = {"state": "healthy", "highest-cost": 1.0, "moved": 0.12}
PLANT = {"edits": {"rate_times": 0.001}, "also": ("undertrained",)}
