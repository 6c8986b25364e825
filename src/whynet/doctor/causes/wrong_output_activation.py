"""The output activation does not fit the cost.

**What it means.** A cross-entropy of scores applies the sigmoid or softmax itself: a second one, or a ReLU, before it
bounds the scores or cuts them off.

**How it is seen.** Scores lie between 0 and 1, or none is below 0; the highest probability cannot pass e / (e + K -
1) = 0.23.

**Why it happens.** The sigmoid or softmax is applied twice, or the wrong function is.

**What to change.** Leave `output_activation` out.

**Not to be confused with.** A learning rate that is too low: there the scores are not bounded.

**An example.** ReLU outputs under cross-entropy: NaN after 73 steps; without it 92 %.

**Sources.** Goodfellow et al., Deep Learning (2016), section 6.2.2
"""

from __future__ import annotations

from whynet.doctor import recommended
from whynet.doctor.case import Case
from whynet.doctor.cause import LIKELY, Suspicion
from whynet.doctor.change import Change

KIND = "setting"
FAMILY = "output"
QUESTION = None


def suspect(case: Case) -> Suspicion | None:
    settings = case.settings
    if settings.output is None or case.problem == "regression":
        return None
    squashes = settings.cost not in ("quadratic", "absolute", "huber") and settings.output != "identity"
    cuts = settings.output in ("relu", "leaky-relu", "elu", "gelu")
    odd = settings.cost == "quadratic" and settings.output in ("tanh", "scaled-tanh", "softmax")
    if squashes or cuts:
        return Suspicion(0.9, case.evidence("least-output", "largest-output", "outputs-sum"))
    return Suspicion(LIKELY, case.evidence("least-output", "largest-output")) if odd else None


def changes(case: Case) -> list[Change]:
    return [Change("output", {"name": recommended.output(case)})]


SICK = {"settings": {"cost": "softmax-cross-entropy", "output": "softmax"}, "least-output": 0.0, "largest-output": 1.0}
WELL = {
    "settings": {"cost": "softmax-cross-entropy", "output": "identity"},
    "least-output": -3.0,
    "largest-output": 5.0,
}
PLANT = {"edits": {"output_activation": "relu", "rate_times": 3}, "only": ("sigmoid-30",)}
