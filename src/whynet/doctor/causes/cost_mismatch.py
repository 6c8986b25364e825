"""The loss gradient vanishes where the prediction is confidently wrong (squared error on saturated outputs).

**What it means.** Squared error after a sigmoid or softmax is flat where the output is saturated and wrong. Of several
labels, a softmax allows one alone: its probabilities sum to 1.

**How it is seen.** The gradient at the output is much smaller than probability minus target.

**Why it happens.** The derivative of the sigmoid or softmax, almost 0 at saturation, multiplies the error.

**What to change.** `cost = "softmax-cross-entropy"`; of several labels, or of one output, `"sigmoid-cross-entropy"`.

**Not to be confused with.** A learning rate that is too low: there every unit is slow, not the saturated ones only.

**An example.** 784-100-10 with squared error and U(-1, 1): 21 to 34 %; cross-entropy 90 %.

**Sources.** Nielsen, Neural Networks and Deep Learning, chapter 3, The cross-entropy cost function
"""

from __future__ import annotations

from whynet.doctor import recommended
from whynet.doctor.case import Case
from whynet.doctor.cause import LIKELY, Suspicion
from whynet.doctor.change import Change

KIND = "slow"
FAMILY = "cost"
QUESTION = None


def suspect(case: Case) -> Suspicion | None:
    settings = case.settings
    if case.problem == "labels" and settings.cost == "softmax-cross-entropy":  # its probabilities sum to 1
        return Suspicion(0.95, case.evidence("outputs-sum", "start-cost", "lost-classes"))
    if case.problem == "regression" or settings.cost != "quadratic":
        return None
    sure = case.value("output-weighted-input") > 4 or bool(case.lost)
    strength = LIKELY if settings.output in ("softmax", "relu") else 0.4 if sure else 0.2
    return Suspicion(strength, case.evidence("output-weighted-input", "lost-classes"))


def changes(case: Case) -> list[Change]:
    return [Change("cost", {"name": recommended.cross_entropy(case)})]


SICK = {"settings": {"cost": "quadratic", "output": "sigmoid"}, "output-weighted-input": 6.0}
WELL = {"settings": {"cost": "sigmoid-cross-entropy", "output": "identity"}, "output-weighted-input": 6.0}
PLANT = None
