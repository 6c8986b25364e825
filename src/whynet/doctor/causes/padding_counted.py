"""What fills up short sequences is counted by the loss.

**What it means.** Sequences of different lengths are filled up with one value to make a batch. Where the loss counts
these places, predicting that value is the easiest way to make it small, and the mean is taken over places that mean
nothing.

**How it is seen.** One value of the targets only occurs at the ends of the rows, where the inputs are all alike as
well, and the gradient of the loss there is not 0.

**Why it happens.** The loss is not told which value to leave out.

**What to change.** `nn.CrossEntropyLoss(ignore_index=padding)`, or a mask that the loss is multiplied by.

**Not to be confused with.** A class that is common everywhere, such as background: it occurs at other places too.

**An example.** Sentences of 3 to 30 words in batches of 30 places: at the start nine of ten correct predictions are of
the padding.

**Sources.** PyTorch documentation, CrossEntropyLoss, ignore_index
"""

from __future__ import annotations

from whynet.doctor.case import Case
from whynet.doctor.cause import Suspicion
from whynet.doctor.change import Change

KIND = "measured"
FAMILY = "cost"
QUESTION = None


def suspect(case: Case) -> Suspicion | None:
    if case.value("padding-counted") > 0.3:
        return Suspicion(0.8, case.evidence("padding-counted"))
    return None


def changes(case: Case) -> list[Change]:
    return [Change("mend", {"mistakes": ("leave the places that only fill up out of the loss",)})]


SICK = {"padding-counted": 0.6}
WELL = {"padding-counted": 0.0}
PLANT = None
