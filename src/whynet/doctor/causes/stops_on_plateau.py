"""Early stopping ends training on the first plateau.

**What it means.** The network would have gone on to learn.

**How it is seen.** Training ended by its rule, early, at the floor.

**Why it happens.** The cost is flat until the hidden units have become different from each other.

**What to change.** A longer patience.

**Not to be confused with.** Few epochs by choice.

**An example.** A rule of less than 0.001 of change stops at 0.46.

**Sources.** Prechelt, Early Stopping - But When? (1998)
"""

from __future__ import annotations

from whynet.doctor.case import Case
from whynet.doctor.cause import Suspicion
from whynet.doctor.change import Change

KIND = "setting"
FAMILY = "steps"
QUESTION = "epochs"


def suspect(case: Case) -> Suspicion | None:
    if case.state != "healthy" and case.value("stopped-early") > 0.2:
        return Suspicion(0.9, case.evidence("stopped-early", "steps"))
    return None


def changes(case: Case) -> list[Change]:
    return [Change("epochs", {"early_stop": False})]


SICK = {"state": "stalled", "stopped-early": 0.8}
WELL = {"state": "stalled", "stopped-early": 0.15}
PLANT = {
    "edits": {"hidden": (30, 30, 30), "train_size": 1200, "validation_size": 200, "epochs": 40, "patience": 1},
    "also": ("too-little-data",),
    "only": ("sigmoid-30",),
}
