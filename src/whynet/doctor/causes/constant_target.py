"""The number to predict is the same in every row.

**What it means.** The best answer is that number, whatever the inputs are: there is nothing to learn, and no measure of
how well it was learned.

**How it is seen.** A target has a standard deviation of 0.

**Why it happens.** The wrong column, a cast that cuts all numbers to 0, a join that found one row for all.

**What to change.** Read the targets again, and count their different values.

**Not to be confused with.** A network that gives a constant answer to targets that do differ. Classes that are all
alike: those are corrupted labels.

**An example.** Fractions of 0.2 to 0.8 read as whole numbers: 0 in every row, and a cost of 0.

**Sources.** Sculley et al., Hidden Technical Debt (2015)
"""

from __future__ import annotations

from whynet.doctor.case import Case
from whynet.doctor.cause import CERTAIN, LIKELY, Suspicion
from whynet.doctor.change import Change

KIND = "measured"
FAMILY = "data"
QUESTION = None


def suspect(case: Case) -> Suspicion | None:
    same = case.value("constant-targets")
    if case.classes or not same > 0:
        return None
    return Suspicion(CERTAIN if same == 1 else LIKELY, case.evidence("constant-targets"))


def changes(case: Case) -> list[Change]:
    return [Change("mend", {"mistakes": ("read the targets again: they are the same in every row",)})]


SICK = {"problem": "regression", "classes": 0, "constant-targets": 1.0}
WELL = {"problem": "regression", "classes": 0, "constant-targets": 0.0}
PLANT = None
