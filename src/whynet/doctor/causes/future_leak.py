"""The answer to be predicted is among the inputs.

**What it means.** A network that is to say the next step, and sees it, copies it: the loss falls to nothing, and
nothing was learned.

**How it is seen.** The targets are the inputs one step on, and an output changes when a later input is changed.

**Why it happens.** No causal mask, a recurrent layer in both directions, a convolution with padding on both sides.

**What to change.** `is_causal` and a mask for attention, `bidirectional=False`, padding on the left alone.

**Not to be confused with.** Words that are masked out and guessed from both sides. Overfitting.

**An example.** A small language model without a mask: its loss falls far below what the text allows, and it writes
nonsense.

**Sources.** Vaswani et al., Attention is all you need (2017), section 3.2.3
"""

from __future__ import annotations

from whynet.doctor.case import Case
from whynet.doctor.cause import CERTAIN, Suspicion
from whynet.doctor.change import Change

KIND = "measured"
FAMILY = "network"
QUESTION = None


def suspect(case: Case) -> Suspicion | None:
    if case.value("future-steps") > 1e-3:
        return Suspicion(CERTAIN, case.evidence("future-steps"))
    return None


def changes(case: Case) -> list[Change]:
    return [Change("mend", {"mistakes": ("hide later steps from earlier outputs",)})]


SICK = {"future-steps": 0.5}
WELL = {"future-steps": 1e-7}
PLANT = None
