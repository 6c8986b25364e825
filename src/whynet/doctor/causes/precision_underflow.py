"""Numbers of sixteen bits cannot hold what is learned from: derivatives, or steps, become 0.

**What it means.** Most weights are left as they are, however long the training takes.

**How it is seen.** Derivatives that float32 has are 0, or nearly so, in float16; weights with a gradient are the same
after a step.

**Why it happens.** float16 has nothing below 6e-8, and few digits below 6e-5; next to a weight of 0.1, bfloat16 has
nothing nearer than 0.0005.

**What to change.** Weights in float32, and `torch.autocast` for the computation; with float16 a `GradScaler`.

**Not to be confused with.** A learning rate that is too low: in float32 the same steps move the weights.

**An example.** A dense layer in bfloat16 at a learning rate of 0.00001: no weight moves.

**Sources.** Micikevicius et al., Mixed precision training (2018)
"""

from __future__ import annotations

from whynet.doctor.case import Case
from whynet.doctor.cause import CERTAIN, Suspicion
from whynet.doctor.change import Change

KIND = "measured"
FAMILY = "update"
QUESTION = None


def suspect(case: Case) -> Suspicion | None:
    if case.value("gradients-lost") > 0.5 or case.value("weights-left-by-step") > 0.5:
        return Suspicion(CERTAIN, case.evidence("gradients-lost", "weights-left-by-step"))
    return None


def changes(case: Case) -> list[Change]:
    return [Change("mend", {"mistakes": ("keep the weights in float32",)})]


SICK = {"gradients-lost": 0.9}
WELL = {"gradients-lost": 0.1}
PLANT = None
