"""The outputs do not match the targets: another number of them, or another shape.

**What it means.** One output unit can tell two classes apart; ten classes need ten. A loss that is given targets of
another shape than it takes cannot be computed.

**How it is seen.** One output for more than two classes; targets outside 0..1; a cost below zero. A loss that can be
computed of the same targets in another shape.

**Why it happens.** The class number was used as the target. A column of a table lost its second dimension.

**What to change.** One output for each class, targets one-hot. Targets in the shape of the outputs.

**Not to be confused with.** A wrong cost: the number of outputs decides. A loss that is computed of the two shapes
all the same, of each output with every target.

**An example.** 784-64-1 with binary cross-entropy on the labels 0..9: cost -54, 11 %.

**Sources.** Bishop, Pattern Recognition and Machine Learning (2006), section 4.3
"""

from __future__ import annotations

from whynet.doctor.case import Case
from whynet.doctor.cause import CERTAIN, Suspicion
from whynet.doctor.change import Change

KIND = "setting"
FAMILY = "output"
QUESTION = None


def suspect(case: Case) -> Suspicion | None:
    sizes = case.settings.widths
    if sizes is not None and sizes[-1] != case.classes and case.classes > 2:
        return Suspicion(CERTAIN, case.evidence("start-cost"))
    return None


def changes(case: Case) -> list[Change]:
    widths = case.settings.widths
    return [] if widths is None else [Change("width", {"widths": (*widths[:-1], case.classes)})]


SICK = {"settings": {"widths": (64, 30, 11)}, "classes": 10, "start-cost": 2.5}
WELL = {"settings": {"widths": (64, 30, 10)}, "classes": 10, "start-cost": 2.4}
PLANT = None
