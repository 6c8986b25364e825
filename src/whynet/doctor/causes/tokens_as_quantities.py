"""Numbers of words are fed as if they were quantities.

**What it means.** Word 4,000 is not twice word 2,000: as a number it is merely large, and neighbouring numbers have
nothing in common.

**How it is seen.** Whole numbers of many kinds, of the same range at every place and without order, go into a dense or
recurrent layer.

**Why it happens.** A tokenizer gives whole numbers, and a layer that takes floats takes them too.

**What to change.** `nn.Embedding(words, size)` as the first layer.

**Not to be confused with.** Counts, and values of pixels: these are quantities.

**An example.** Reviews as 100 numbers of words each, fed to a dense layer: word 4,000 counts a thousand times word 4.

**Sources.** Bengio et al., A neural probabilistic language model (2003)
"""

from __future__ import annotations

from whynet.doctor.case import Case
from whynet.doctor.cause import LIKELY, Suspicion
from whynet.doctor.change import Change

KIND = "measured"
FAMILY = "data"
QUESTION = None


def suspect(case: Case) -> Suspicion | None:
    if case.value("codes-as-numbers") >= 50:
        return Suspicion(LIKELY, case.evidence("codes-as-numbers"))
    return None


def changes(case: Case) -> list[Change]:
    return [Change("mend", {"mistakes": ("an embedding as the first layer",)})]


SICK = {"codes-as-numbers": 800.0}
WELL = {"codes-as-numbers": 10.0}
PLANT = None
