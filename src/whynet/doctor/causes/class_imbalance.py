"""One class makes up most of the examples.

**What it means.** Always predicting it is right that often, and the others are hardly ever seen.

**How it is seen.** The largest class has more than half of the examples, and recall of the others is low. Of several
labels, one is there, or missing, in fewer than one row in twenty.

**Why it happens.** The cost counts examples, not classes.

**What to change.** Weight the classes: `class_weights = "balanced"`, or take as many examples of each.

**Not to be confused with.** Output units that are saturated: there the classes are balanced.

**An example.** 97 % of the examples of one class: 42 % on a balanced test set; as many of each class: 95 %.

**Sources.** King and Zeng, Logistic Regression in Rare Events Data (2001)
"""

from __future__ import annotations

from whynet.doctor.case import Case
from whynet.doctor.cause import CERTAIN, POSSIBLE, Suspicion
from whynet.doctor.change import Change

KIND = "setting"
FAMILY = "data"
QUESTION = None


def suspect(case: Case) -> Suspicion | None:
    if case.classes > 2 and case.value("largest-class") > 0.5:
        mixed = ("test-set-differs",)  # another mix of classes looks like other data
        return Suspicion(CERTAIN, case.evidence("largest-class", "class-balance"), explains=mixed)
    if case.problem == "labels" and case.value("rarest-label") < 0.05:
        lost = bool(case.lost) or case.state == "classes-missing"
        return Suspicion(0.9 if lost else POSSIBLE, case.evidence("rarest-label", "lost-classes"))
    return None


def changes(case: Case) -> list[Change]:
    if case.problem == "labels":
        return [
            Change("mend", {"mistakes": ("more rows that have the rare label, or count those that there are more",)})
        ]
    return [Change("cost", {"class_weights": "balanced"}), Change("mend", {"mistakes": ("one-class-mostly",)})]


SICK = {"classes": 10, "largest-class": 0.6, "class-balance": 0.05}
WELL = {"classes": 10, "largest-class": 0.45, "class-balance": 0.1}
PLANT = {"mistakes": ("one-class-mostly",)}
