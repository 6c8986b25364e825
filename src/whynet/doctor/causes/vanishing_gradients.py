"""The gradient shrinks from layer to layer during backpropagation.

**What it means.** The first layers do not learn.

**How it is seen.** The first layer's gradient is less than a thousandth of the last's; in a recurrent layer hardly any
comes to the steps that tell the targets.

**Why it happens.** Each sigmoid multiplies by its derivative, at most 1/4.

**What to change.** ReLU with He initialisation, or fewer layers; in a recurrent network orthogonal recurrent weights,
an LSTM or a GRU, or shorter sequences.

**Not to be confused with.** A learning rate that is too low: there all layers are slow. A factor of ten is normal.

**An example.** Six layers of 30 sigmoid units: 10 % after two epochs; with a quarter of the layers 95 %.

**Sources.** Hochreiter (1991); Nielsen, Neural Networks and Deep Learning, chapter 5
"""

from __future__ import annotations

from whynet.doctor.case import Case
from whynet.doctor.cause import LIKELY, Suspicion
from whynet.doctor.change import Change

KIND = "setting"
FAMILY = "network"
QUESTION = None
NOT_LEARNED = ("constant-answer", "not-started", "stalled")
LOST_IN_TIME = 1e-12  # of the gradient at the last step of a sequence: sound recurrent layers may leave a millionth


def suspect(case: Case) -> Suspicion | None:
    squashing = case.settings.activation in ("sigmoid", "tanh", "scaled-tanh", "softmax")
    if case.layers > 3 and squashing and case.value("gradient-fall") < 0.01:
        return Suspicion(0.85 if case.value("gradient-fall") < 1e-3 else LIKELY, case.evidence("gradient-fall"))
    if case.state in NOT_LEARNED and case.value("gradient-left-in-time") < LOST_IN_TIME:
        return Suspicion(LIKELY, case.evidence("gradient-left-in-time"))
    return None


def changes(case: Case) -> list[Change]:
    return [Change("activation", {"name": "relu", "weights": "he"})]


SICK = {"settings": {"activation": "sigmoid"}, "layers": 7, "gradient-fall": 1e-05}
WELL = {"settings": {"activation": "sigmoid"}, "layers": 7, "gradient-fall": 0.02}
PLANT = {"edits": {"hidden": (30,) * 6, "activation": "sigmoid"}, "also": ("too-deep",), "only": ("sigmoid-30",)}
