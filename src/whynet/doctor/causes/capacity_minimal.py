"""The network has only just enough capacity.

**What it means.** Whether it learns depends on the seed.

**How it is seen.** The outcome flips with the seed; one more unit ends that.

**Why it happens.** Small networks have bad local minima; larger ones hardly do.

**What to change.** A unit or two more.

**Not to be confused with.** A low learning rate: that fails with every seed.

**An example.** 2-2-1 learns XOR from most seeds, 2-4-1 from all.

**Sources.** Hamey, XOR has no local minima (1998)
"""

from __future__ import annotations

from whynet.doctor import recommended
from whynet.doctor.case import Case
from whynet.doctor.cause import LIKELY, Suspicion
from whynet.doctor.change import Change

KIND = "limit"
FAMILY = "network"
QUESTION = "width"


def suspect(case: Case) -> Suspicion | None:
    sizes = case.settings.widths
    if sizes is not None and len(sizes) > 2 and (case.rows < 100 or case.features < 5) and min(sizes[1:-1]) <= 3:
        return Suspicion(LIKELY, case.evidence("rows", "narrowest"))
    return None


def changes(case: Case) -> list[Change]:
    return recommended.wide(case, lambda size: 2 * size)


SICK = {"settings": {"widths": (2, 2, 1)}, "rows": 4, "features": 2, "narrowest": 2.0}
WELL = {"settings": {"widths": (2, 4, 1)}, "rows": 4, "features": 2, "narrowest": 4.0}
PLANT = None
