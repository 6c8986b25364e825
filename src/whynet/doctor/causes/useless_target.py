"""The inputs seem to tell nothing about what is to be predicted: there may be nothing to learn.

**What it means.** Neither a linear model, nor the nearest neighbours, nor this network does better than one constant
answer on rows that it was not trained on. Rows and targets in different orders look exactly the same.

**How it is seen.** What a linear model, or the nearest neighbours, predict on rows left out has no more to do with the
targets than chance gives; the network's quality on rows held back is that of the best constant answer, however well it
fits the rows that it was trained on.

**Why it happens.** Rows and targets were shuffled apart, or joined by the wrong key; the column is noise, or hangs on
what is not among the inputs.

**What to change.** Check that each row has its own target: look at some by eye. If so, look for inputs that have to do
with it. A relation that only a network can find remains possible; no trial has found one.

**Not to be confused with.** A network that does not learn: there a yardstick does. Overfitting: there it is better than
the constant answer on rows held back. Of classes, labels in another order.

**An example.** 442 patients with their progressions shuffled: R2 0.9 on the rows trained on, below 0 on others.

**Sources.** Ojala and Garriga, Permutation Tests for Studying Classifier Performance (2010)
"""

from __future__ import annotations

from whynet.doctor.agreement import nothing_to_learn
from whynet.doctor.case import Case
from whynet.doctor.cause import CERTAIN, Suspicion
from whynet.doctor.change import Change

KIND = "measured"
FAMILY = "data"
QUESTION = None


def suspect(case: Case) -> Suspicion | None:
    if not nothing_to_learn(case) or case.value("constant-targets") > 0:
        return None
    return Suspicion(CERTAIN, case.evidence("learnable", "accuracy", "linear-accuracy", "train-accuracy"))


def changes(case: Case) -> list[Change]:
    return [Change("mend", {"mistakes": ("check that each row has its own target, and whether inputs tell of it",)})]


SICK = {
    "problem": "regression",
    "classes": 0,
    "rows": 400,
    "learnable": 0.02,
    "accuracy": 0.0,
    "constant-accuracy": 0.0,
}
WELL = {"problem": "regression", "classes": 0, "rows": 400, "learnable": 0.6, "accuracy": 0.0, "constant-accuracy": 0.0}
PLANT = None
