"""The test set is preprocessed differently from the training set.

**What it means.** The network is tested on pictures unlike any that it was trained on.

**How it is seen.** Validation is fine and the test set is not; brightness or centre of mass differ.

**Why it happens.** Scaling, centring or inverting was applied to one of the two only.

**What to change.** Pass both through the same function.

**Not to be confused with.** Overfitting: there the test set looks like the training set.

**An example.** Digits that are not centred: 22 % where 96 % is possible.

**Sources.** LeCun et al., the MNIST database: images are centred by their centre of mass
"""

from __future__ import annotations

from whynet.doctor.case import Case
from whynet.doctor.cause import CERTAIN, Suspicion
from whynet.doctor.change import Change

KIND = "measured"
FAMILY = "data"
QUESTION = None


def suspect(case: Case) -> Suspicion | None:
    if case.value("test-loss") > 0.05 and case.value("test-set-differs") > 0.5:
        return Suspicion(CERTAIN, case.evidence("test-loss", "test-set-differs"))
    return None


def changes(case: Case) -> list[Change]:
    return [Change("mend", {"mistakes": ("inverted-test-images", "off-centre-test-images")})]


SICK = {"test-loss": 0.4, "test-set-differs": 0.9}
WELL = {"test-loss": 0.04, "test-set-differs": 0.9}
PLANT = {"mistakes": ("inverted-test-images",)}
