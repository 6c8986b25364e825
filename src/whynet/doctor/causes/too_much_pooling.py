"""Nothing is left of the picture before the last convolutions.

**What it means.** A filter of 3 x 3 over a single place multiplies by its middle and by padding: the layer is a small
dense one.

**How it is seen.** What goes into a convolution with a filter larger than 1 x 1 is one place high and wide.

**Why it happens.** Layers and strides were taken from a network for larger pictures.

**What to change.** Fewer poolings, stride 1 in the first layers, or larger pictures.

**Not to be confused with.** A pooling of everything before the last dense layer, and filters of 1 x 1 after one: both
are meant.

**An example.** Five poolings of pictures of 32 x 32, then a convolution of 3 x 3: it sees 1 place.

**Sources.** He et al., Deep residual learning (2016), section 4.2: other first layers for small pictures
"""

from __future__ import annotations

from whynet.doctor import recommended
from whynet.doctor.case import Case
from whynet.doctor.cause import CERTAIN, Suspicion
from whynet.doctor.change import Change

KIND = "measured"
FAMILY = "network"
QUESTION = None


def suspect(case: Case) -> Suspicion | None:
    if case.value("on-one-place") > 0:
        return Suspicion(CERTAIN, case.evidence("on-one-place"))
    return None


def changes(case: Case) -> list[Change]:
    known = recommended.fewer_poolings(case)
    return known or [Change("mend", {"mistakes": ("fewer poolings before the last convolution",)})]


SICK = {"on-one-place": 2.0}
WELL = {"on-one-place": 0.0}
PLANT = None
