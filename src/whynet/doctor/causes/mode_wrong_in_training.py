"""The network is trained in evaluation mode.

**What it means.** Dropout does nothing, and batch normalisation goes by numbers that no training brings up to date.

**How it is seen.** Steps are taken while the module is in evaluation mode, and there it answers otherwise than in
training mode.

**Why it happens.** `model.eval()` for a validation in the middle of an epoch, and no `model.train()` after it.

**What to change.** `model.train()` at the start of each epoch and after each validation.

**Not to be confused with.** Single layers that are frozen on purpose while the module as a whole is in training mode. A
module without dropout or batch normalisation: to it the mode is all one.

**An example.** A validation before the first step that leaves evaluation mode on: every step is taken in it.

**Sources.** PyTorch documentation, Module.eval
"""

from __future__ import annotations

from whynet.doctor.case import Case
from whynet.doctor.cause import CERTAIN, Suspicion
from whynet.doctor.change import Change

KIND = "measured"
FAMILY = "network"
QUESTION = None


def suspect(case: Case) -> Suspicion | None:
    if case.value("steps-in-evaluation-mode") > 0:
        return Suspicion(CERTAIN, case.evidence("steps-in-evaluation-mode", "modes-apart"))
    return None


def changes(case: Case) -> list[Change]:
    return [Change("mend", {"mistakes": ("train in training mode, evaluate in evaluation mode",)})]


SICK = {"steps-in-evaluation-mode": 0.5, "modes-apart": 2.0}
WELL = {"steps-in-evaluation-mode": 0.0, "modes-apart": 2.0}
PLANT = None
