"""The axes of the pictures are not those that the convolution takes them for.

**What it means.** Neighbours are not beside each other: a filter of 3 x 3 looks at points from all over the picture.

**How it is seen.** Read with their axes in another order, the pictures that reach the first convolution are much
smoother.

**Why it happens.** Colours stand last in files and first in PyTorch. `reshape` gives the right shape and the wrong
pictures.

**What to change.** `X.permute(0, 3, 1, 2)` of what came from the file, no `reshape`.

**Not to be confused with.** Pixels that were permuted on purpose, and noise: no order of the axes makes them smooth.

**An example.** Pictures (32, 32, 3) brought to (3, 32, 32) by `reshape`: each channel is every picture's rows in
thirds.

**Sources.** PyTorch documentation, Conv2d
"""

from __future__ import annotations

from whynet.doctor.case import Case
from whynet.doctor.cause import LIKELY, Suspicion
from whynet.doctor.change import Change

KIND = "measured"
FAMILY = "data"
QUESTION = None


def suspect(case: Case) -> Suspicion | None:
    if case.value("axes-roughness") > 1.5:
        return Suspicion(LIKELY, case.evidence("axes-roughness"))
    return None


def changes(case: Case) -> list[Change]:
    return [Change("mend", {"mistakes": ("permute the axes of the pictures, do not reshape them",)})]


SICK = {"axes-roughness": 6.0}
WELL = {"axes-roughness": 0.4}
PLANT = None
