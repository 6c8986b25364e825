"""Regularisation is too strong: the penalty is too large, or dropout switches off too many units.

**What it means.** Weights are drawn to zero as fast as they learn.

**How it is seen.** The penalty's gradient is as large as the data's; without it the cost falls.

**Why it happens.** L2 shrinks every weight by rate times lambda at each step.

**What to change.** A tenth of it, or none.

**Not to be confused with.** A weak penalty, which is often blamed: lambda / N = 3e-5 changes nothing.

**An example.** lambda 1 over 30,000 images is 3.3e-5: removing it changes nothing.

**Sources.** Krogh and Hertz (1992)
"""

from __future__ import annotations

from whynet.doctor.case import Case
from whynet.doctor.cause import Suspicion
from whynet.doctor.change import Change

KIND = "setting"
FAMILY = "update"
QUESTION = None


def suspect(case: Case) -> Suspicion | None:
    settings = case.settings
    given = [
        name
        for name in ("l1", "l2", "dropout", "input_dropout", "noise", "input_noise", "smoothing")
        if getattr(settings, name)
    ]
    if not (given or settings.decay or settings.max_norm or settings.clip):
        return None
    strong = max(settings.dropout, settings.input_dropout) > 0.7 or settings.smoothing > 0.5 or settings.noise > 2
    pulls = case.value("penalty-pull") > 0.5 and not case.value("penalty-at-start") < 0.3  # at a minimum any does
    if pulls or strong or (settings.clip or 1) < 0.01 or (settings.max_norm or 1) < 0.1:
        return Suspicion(0.75, case.evidence("penalty-pull", "penalty-at-start", "weights"))
    return Suspicion(0.15, case.evidence("penalty-pull", "penalty-at-start", "weights"))


def changes(case: Case) -> list[Change]:
    return [Change("penalty", {"off": True})]


SICK = {"settings": {"l2": 1.0}, "penalty-pull": 3.0}
WELL = {"settings": {"l2": 0.0}, "penalty-pull": 0.0}
PLANT = {"edits": {"l2": 1.0}}
