"""A hidden layer is too narrow for what it must pass on.

**What it means.** Classes that the layer cannot keep apart are confused.

**How it is seen.** A hidden layer has fewer units than there are classes, labels or numbers to tell apart; doubling it
gains points that longer training does not.

**Why it happens.** A layer of h units can span h dimensions.

**What to change.** Wider layers.

**Not to be confused with.** Too few steps: train longer first. Such networks often reach 85 %.

**An example.** 784-5-5-10 stops near 84 %.

**Sources.** Bishop (2006), section 5.1
"""

from __future__ import annotations

from whynet.doctor import recommended
from whynet.doctor.case import Case
from whynet.doctor.cause import LIKELY, Suspicion
from whynet.doctor.change import Change

KIND = "limit"
FAMILY = "network"
QUESTION = "width"
USUAL = 10  # units, at least, of a layer that is made wider


def suspect(case: Case) -> Suspicion | None:
    sizes = case.settings.widths
    if sizes is None or len(sizes) < 3 or case.rows < 100:
        return None
    least = min(sizes[1:-1])
    apart = recommended.told_apart(case)
    if least < apart:
        alone = 0.87 if least == 1 else LIKELY  # whatever comes after it sees a single number
        return Suspicion(alone, case.evidence("rank", "narrowest"))
    return Suspicion(0.2, case.evidence("rank", "narrowest")) if least < 3 * apart else None


def changes(case: Case) -> list[Change]:
    return recommended.wide(case, lambda size: max(size, 3 * recommended.told_apart(case), USUAL))


SICK = {"settings": {"widths": (64, 2, 10)}, "classes": 10, "narrowest": 2.0}
WELL = {"settings": {"widths": (64, 30, 10)}, "classes": 10, "narrowest": 30.0}
PLANT = {"edits": {"hidden": (2,)}, "also": ("underfit",)}
