"""Attention does not know in which order the sequence stands.

**What it means.** To attention a sequence is a bag: 'dog bites man' and 'man bites dog' get the same answer.

**How it is seen.** The steps of a sequence change places, and the answer stays the same, or changes places with them.

**Why it happens.** Positions are to be added to the embeddings, and nothing complains when they are not.

**What to change.** Add an embedding of the position to what goes into the first attention layer.

**Not to be confused with.** Sets and clouds of points, which have no order. A causal mask, which tells of the order by
itself.

**An example.** A layer of attention over 12 words: the answers to shuffled words differ by rounding alone.

**Sources.** Vaswani et al., Attention is all you need (2017), section 3.5
"""

from __future__ import annotations

from whynet.doctor.case import Case
from whynet.doctor.cause import LIKELY, Suspicion
from whynet.doctor.change import Change

KIND = "measured"
FAMILY = "network"
QUESTION = None


def suspect(case: Case) -> Suspicion | None:
    if case.value("shuffled-sequence") < 1e-4:
        return Suspicion(LIKELY, case.evidence("shuffled-sequence"))
    return None


def changes(case: Case) -> list[Change]:
    return [Change("mend", {"mistakes": ("add an embedding of the position before the first attention layer",)})]


SICK = {"shuffled-sequence": 1e-7}
WELL = {"shuffled-sequence": 0.4}
PLANT = None
