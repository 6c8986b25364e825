"""The gradient grows from layer to layer during backpropagation, or from step to step of a sequence.

**What it means.** The first layers are thrown about by every step, while the last ones hardly move: no learning rate
suits both.

**How it is seen.** The gradient at the first layer's outputs is more than a thousand times as long as at the last's.

**Why it happens.** Each layer multiplies it by its weights: larger ones than a layer's width allows, many times over.

**What to change.** Initial weights that suit the width, a normalisation between the layers; gradients that are clipped.

**Not to be confused with.** Inputs that are not scaled: there the gradient of the first weights is long, that of its
outputs is not. A learning rate that is too high: there a smaller one mends it.

**An example.** Six dense layers of 20 units with weights of size 1: a factor of 3,000.

**Sources.** Bengio et al. (1994); Pascanu et al., On the difficulty of training recurrent neural networks (2013)
"""

from __future__ import annotations

from whynet.doctor.case import Case
from whynet.doctor.cause import LIKELY, Suspicion
from whynet.doctor.change import Change

KIND = "measured"
FAMILY = "network"
QUESTION = None


def suspect(case: Case) -> Suspicion | None:
    if case.value("gradient-growth") > 1e3:
        return Suspicion(LIKELY, case.evidence("gradient-growth"))
    return None


def changes(case: Case) -> list[Change]:
    return [Change("clip", {"norm": 1.0}), Change("weights", {"scheme": "scaled-normal"})]


SICK = {"gradient-growth": 5e4}
WELL = {"gradient-growth": 50.0}
PLANT = None
