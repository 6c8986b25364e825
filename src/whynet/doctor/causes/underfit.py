"""Too little capacity.

**What it means.** The network cannot represent the relation: training and validation accuracy are equally low, and
flat.

**How it is seen.** Ten times the steps change nothing; more units do.

**Why it happens.** Too few units, or too strong a penalty.

**What to change.** More units.

**Not to be confused with.** Undertrained: there the cost still falls.

**An example.** 784-2-10 stops at 40 %.

**Sources.** Goodfellow et al. (2016), section 5.2
"""

from __future__ import annotations

from whynet.doctor.case import Case
from whynet.doctor.cause import Change, Suspicion


def suspect(case: Case) -> Suspicion | None:
    if case.state == "underfits":
        return Suspicion(0.4, case.evidence("train-accuracy", "accuracy", "narrowest"))
    return None


def changes(case: Case) -> list[Change]:
    sizes = case.recipe.sizes
    assert sizes is not None
    return [Change("four times as many hidden units", {"sizes": (sizes[0], *(4 * s for s in sizes[1:-1]), sizes[-1])})]
