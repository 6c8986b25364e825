"""One term of the loss drowns the others.

**What it means.** A loss is the sum of several terms, and the gradient of one of them is hundreds of times as long as
that of the others: these are not learned before it is as small as it can be, if ever.

**How it is seen.** The gradient of each term by itself, at the start; and whether it is another with other targets: a
penalty that drowns what has the targets in it is a mistake from 100 times on, one target beside another from 1,000
times on.

**Why it happens.** Terms in different units are added: squared pixels and shares, a sum over the batch and a mean.

**What to change.** A weight for each term that brings their gradients to the same size; the mean for each of them, or
the sum for each.

**Not to be confused with.** A term that is at its least value already: its gradient is small because nothing is left to
be learned.

**An example.** Squared errors of prices in euros beside a cross-entropy: 1,000,000 against 0.7.

**Sources.** Kendall, Gal, Cipolla, Multi-Task Learning Using Uncertainty (2018); Chen et al., GradNorm (2018)
"""

from __future__ import annotations

from whynet.doctor.case import Case
from whynet.doctor.cause import LIKELY, Suspicion
from whynet.doctor.change import Change

KIND = "measured"
FAMILY = "cost"
QUESTION = None


def suspect(case: Case) -> Suspicion | None:
    if case.value("dominated-term") > 100:
        return Suspicion(LIKELY, case.evidence("dominated-term"))
    return None


def changes(case: Case) -> list[Change]:
    return [
        Change("mend", {"mistakes": ("a weight for each term of the loss, so that their gradients are of one size",)})
    ]


SICK = {"dominated-term": 1e6}
WELL = {"dominated-term": 20.0}
PLANT = None
