"""There are too few training examples.

**What it means.** The training examples are memorised; what they do not show stays unknown.

**How it is seen.** Training accuracy is far above validation accuracy, and more rows close the gap.

**Why it happens.** A network has the capacity to memorise thousands of examples.

**What to change.** More examples: `train_size` left out; else distortions, which make new ones of those that there
are.

**Not to be confused with.** Overfitting in general; more epochs do not help, more rows do.

**An example.** 100 images: 66 to 69 % on the test set; 1,000: 79 to 82 %; 60,000, a part of one epoch: 89 %.

**Sources.** Cortes et al., Learning Curves (1994)
"""

from __future__ import annotations

from whynet.doctor.case import Case
from whynet.doctor.cause import LIKELY, POSSIBLE, Suspicion
from whynet.doctor.change import Change

KIND = "limit"
FAMILY = "steps"
QUESTION = "examples"


def suspect(case: Case) -> Suspicion | None:
    if case.rows >= case.available or case.rows > 10_000:
        return None
    few = case.rows <= 1000 and 4 * case.rows <= case.available
    strength = 0.9 if few else LIKELY if case.value("gap") > 0.05 else POSSIBLE
    return Suspicion(strength, case.evidence("rows", "gap"))


def changes(case: Case) -> list[Change]:
    return [Change("rows", {"rows": case.available})]


SICK = {"rows": 100, "available": 60_000, "gap": 0.3}
WELL = {"rows": 12_000, "available": 60_000, "gap": 0.04}
PLANT = {"edits": {"train_size": 100}, "also": ("overfit",)}
