"""The outputs do not match the targets: another number of them, or another shape.

**What it means.** One output unit can tell two classes apart; ten classes need ten. Outputs of the shape (n, 1) against
targets of the shape (n,) are broadcast to (n, n): every output is compared with every target, and the best answer is
the mean.

**How it is seen.** One output for more than two classes; targets outside 0..1; a cost below zero. A loss that stays the
same when the targets of a batch change places.

**Why it happens.** The class number was used as the target. A column of a table lost its second dimension.

**What to change.** One output for each class, targets one-hot. Targets in the shape of the outputs.

**Not to be confused with.** A wrong cost: the number of outputs decides. Targets that nothing can be learned about:
there, too, the mean is all that is learned.

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
CROSSED = "crossed-targets"


def suspect(case: Case) -> Suspicion | None:
    if CROSSED in case.fitting:
        return Suspicion(CERTAIN, case.evidence("loss-of-exchanged-targets"))
    sizes = case.settings.widths
    if sizes is not None and sizes[-1] != case.classes and case.classes > 2:
        return Suspicion(CERTAIN, case.evidence("start-cost"))
    return None


def changes(case: Case) -> list[Change]:
    if CROSSED in case.fitting:
        return [Change("mend", {"mistakes": (CROSSED,)})]
    widths = case.settings.widths
    return [] if widths is None else [Change("width", {"widths": (*widths[:-1], case.classes)})]


SICK = {"settings": {"widths": (64, 30, 11)}, "classes": 10, "start-cost": 2.5}
WELL = {"settings": {"widths": (64, 30, 10)}, "classes": 10, "start-cost": 2.4}
PLANT = None
