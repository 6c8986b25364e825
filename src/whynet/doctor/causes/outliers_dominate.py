"""A few values that are far from all others outweigh the rest.

**What it means.** A squared error counts a row that is off by 100 as much as 10,000 rows that are off by 1: the network
is fitted to the few. Among the inputs, such a value decides the scaling of its feature, and all others become small.

**How it is seen.** Most of the squared deviation of the targets, or of a feature, is owed to rows that lie more than
six robust standard deviations from the median.

**Why it happens.** A misplaced decimal point, another unit, -999 for a missing number; or a quantity that is like this,
as incomes are.

**What to change.** Look at these rows, and leave out or correct those that are wrong. Where they are right: a cost that
grows more slowly, `cost = "huber"` or `"absolute"`, or the logarithm of the targets.

**Not to be confused with.** Noise: there the errors are of one size. A learning rate that is too high: there every row
is thrown about.

**An example.** One target in fifty is a hundred standard deviations too high: R2 of the other rows 0 with the squared
error, 0.8 with the absolute one.

**Sources.** Huber, Robust Estimation of a Location Parameter (1964); Hampel et al., Robust Statistics (1986)
"""

from __future__ import annotations

from whynet.doctor.case import Case
from whynet.doctor.cause import LIKELY, Suspicion
from whynet.doctor.change import Change

KIND = "setting"
FAMILY = "data"
QUESTION = None
ROBUST = ("absolute", "huber")


def suspect(case: Case) -> Suspicion | None:
    evidence = case.evidence("target-outliers", "input-outliers")
    if case.problem == "regression" and case.settings.cost not in ROBUST:
        share = case.value("target-outliers")
        if share > 0.9:
            return Suspicion(0.98, evidence)
        if share > 0.5:
            return Suspicion(LIKELY, evidence)
    if case.value("input-outliers") > 0.99 and case.state != "healthy":
        return Suspicion(0.5, evidence)
    return None


def changes(case: Case) -> list[Change]:
    if case.problem == "regression" and case.value("target-outliers") > 0.5:
        return [Change("cost", {"name": name}) for name in ("huber", "absolute")]
    return [Change("mend", {"mistakes": ("leave out or correct the values that are far from all others",)})]


SICK = {"problem": "regression", "classes": 0, "settings": {"cost": "quadratic"}, "target-outliers": 0.98}
WELL = {"problem": "regression", "classes": 0, "settings": {"cost": "quadratic"}, "target-outliers": 0.3}
PLANT = None
