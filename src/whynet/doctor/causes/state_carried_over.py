"""The network remembers the batch before.

**What it means.** Hidden numbers of one batch are the start of the next, whose examples have nothing to do with them.

**How it is seen.** In evaluation mode the same batch is answered otherwise the second time, by the same weights.

**Why it happens.** A hidden state kept in `self` to have it at hand, and never cleared.

**What to change.** Begin with zeros at each call; keep it only where the next batch is the continuation, and
`.detach()` it.

**Not to be confused with.** Text that is read on from batch to batch on purpose. Dropout that acts in evaluation mode.

**An example.** A GRU that keeps `self.hidden`: the second answer to the same eight sequences is 0.2 of their spread
away.

**Sources.** PyTorch documentation, GRU
"""

from __future__ import annotations

from whynet.doctor.case import Case
from whynet.doctor.cause import LIKELY, Suspicion
from whynet.doctor.change import Change

KIND = "measured"
FAMILY = "network"
QUESTION = None


def suspect(case: Case) -> Suspicion | None:
    if case.value("second-call") > 1e-3:
        return Suspicion(LIKELY, case.evidence("second-call"))
    return None


def changes(case: Case) -> list[Change]:
    return [Change("mend", {"mistakes": ("begin each batch with a hidden state of zeros",)})]


SICK = {"second-call": 0.2}
WELL = {"second-call": 1e-7}
PLANT = None
