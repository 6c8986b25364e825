"""Softmax over a single output is always 1.

**What it means.** The prediction is the same for every input, and the gradient is zero.

**How it is seen.** The output is exactly 1 and the gradient exactly 0.

**Why it happens.** exp(z) / exp(z) = 1.

**What to change.** A sigmoid: `cost = "sigmoid-cross-entropy"`.

**Not to be confused with.** Dead units: there other units are active.

**An example.** One softmax unit: cost 7.628 from the first step to the last.

**Sources.** Bishop (2006), section 4.2
"""

from __future__ import annotations

from whynet.doctor.case import Case
from whynet.doctor.cause import CERTAIN, Change, Suspicion


def suspect(case: Case) -> Suspicion | None:
    sizes, recipe = case.recipe.sizes, case.recipe
    softmax = recipe.cost == "softmax-cross-entropy" or recipe.output_activation == "softmax"
    if sizes is not None and sizes[-1] == 1 and softmax:
        return Suspicion(CERTAIN, case.evidence("start-cost"))
    return None


def changes(case: Case) -> list[Change]:
    return [Change("a sigmoid for the single output", {"cost": "sigmoid-cross-entropy", "output_activation": None})]
