"""There is no activation function between the layers.

**What it means.** However deep, the network is one linear map.

**How it is seen.** Half way between two images, the output pre-activations are the mean of theirs; accuracy stays at
that of softmax regression, about 92 %.

**Why it happens.** A product of matrices is a matrix.

**What to change.** An activation: `activation = "relu"` or `"tanh"`.

**Not to be confused with.** Underfitting because of too few units.

**An example.** 784-30-10 without activation: 91 % after five epochs; with the sigmoid 96 %.

**Sources.** Bishop (2006), section 5.1
"""

from __future__ import annotations

from whynet.doctor.case import Case
from whynet.doctor.cause import Suspicion
from whynet.doctor.change import Change

KIND = "measured"
FAMILY = "network"
QUESTION = None


def suspect(case: Case) -> Suspicion | None:
    if case.layers > 1 and case.settings.activation == "identity":
        return Suspicion(0.9, case.evidence("bend", "accuracy", "linear-accuracy"))
    return None


def changes(case: Case) -> list[Change]:
    return [Change("activation", {"name": name}) for name in ("tanh", "relu")]


SICK = {"settings": {"activation": "identity"}, "layers": 3, "bend": 0.0}
WELL = {"settings": {"activation": "leaky-relu"}, "layers": 3, "bend": 0.1}
PLANT = {"edits": {"activation": "identity"}, "only": ("sigmoid-30", "tanh-50-30")}
