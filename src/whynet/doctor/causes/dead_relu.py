"""ReLU units are dead: their activation is 0 for every example.

**What it means.** They pass no signal forward and no gradient back, and cannot recover.

**How it is seen.** The fraction of units whose activation is 0 for all probe images; where they are dead at the first
step, the initial weights or the inputs are the reason, later the learning rate.

**Why it happens.** Below zero, a ReLU's derivative is 0.

**What to change.** A leaky ReLU: `activation = "leaky-relu"`; smaller steps; biases at 0.

**Not to be confused with.** Sparse activations: units that are 0 for most images are fine.

**An example.** 784-100-10 with biases of -10: 11 %; with biases of 0: 96 %.

**Sources.** Lu et al., Dying ReLU and Initialization (2020)
"""

from __future__ import annotations

from whynet.doctor.case import Case
from whynet.doctor.cause import Suspicion
from whynet.doctor.change import Change

KIND = "setting"
FAMILY = "network"
QUESTION = None


def suspect(case: Case) -> Suspicion | None:
    if case.value("dead-start") > 0.5:
        return Suspicion(0.9, case.evidence("dead-start", "dead-end"))
    if case.value("dead-end") > 0.5:
        return Suspicion(0.5, case.evidence("dead-start", "dead-end"))
    return None


def changes(case: Case) -> list[Change]:
    start = [Change("weights", {"scheme": "zeros", "part": "biases"})] if case.value("dead-start") > 0.5 else []
    return [*start, Change("activation", {"name": "leaky-relu"})]


SICK = {"dead-start": 0.9, "dead-end": 0.95}
WELL = {"dead-start": 0.4, "dead-end": 0.45}
PLANT = {"edits": {"bias_init": "constant(-10)"}, "only": ("relu-100",)}
