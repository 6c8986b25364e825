"""Some output units start saturated at 0 and stay there.

**What it means.** Their classes are never predicted; the others are learned.

**How it is seen.** Recall of a class is 0 and its output is near 0 for every image; accuracy rises in steps of a
tenth.

**Why it happens.** N(0, 1) weights from 100 active units add up to a standard deviation of 7; the gradient of the
squared error vanishes there.

**What to change.** Scale the output's initial weights: `output_init = "scaled-normal"`, or use cross-entropy.

**Not to be confused with.** Class imbalance: there the class is rare. A bottleneck: there classes are mixed up.

**An example.** 784-100-10 with N(0, 1): 87 % with a class or two never predicted; scaled 94 %.

**Sources.** Nielsen, Neural Networks and Deep Learning, chapter 3, Weight initialization
"""

from __future__ import annotations

from whynet.doctor.case import Case
from whynet.doctor.cause import POSSIBLE, Suspicion
from whynet.doctor.change import Change

KIND = "setting"
FAMILY = "start"
QUESTION = "initial weights"


def suspect(case: Case) -> Suspicion | None:
    if case.state == "classes-missing" and case.value("output-weighted-input") > 1.5:
        return Suspicion(0.95, case.evidence("lost-classes", "output-weighted-input"))
    if case.lost:
        return Suspicion(POSSIBLE, case.evidence("lost-classes"))
    return None


def changes(case: Case) -> list[Change]:
    return [Change("weights", {"scheme": "scaled-normal", "part": "output weights"})]


SICK = {"state": "classes-missing", "lost": ("3", "8"), "lost-classes": 2.0, "output-weighted-input": 3.0}
WELL = {"state": "underfits", "lost": (), "lost-classes": 0.0, "output-weighted-input": 1.4}
PLANT = None
