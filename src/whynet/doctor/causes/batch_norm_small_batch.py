"""Batch normalisation goes by the mean of two or three values.

**What it means.** The mean and spread of so few are mostly chance: each step sees another network, and evaluation yet
another.

**How it is seen.** In training mode a layer of batch normalisation takes its means over fewer than four values.

**Why it happens.** Memory allows batches of one or two only. The last batch of an epoch is what was left over.

**What to change.** Batches of 16 or more, `drop_last=True`; or group or layer normalisation, which looks at one
example.

**Not to be confused with.** A small batch of large pictures: each place of a picture counts. A learning rate that is
too high.

**An example.** Two rows through `BatchNorm1d`: every unit is -1 for one and 1 for the other, whatever they were.

**Sources.** Wu and He, Group normalization (2018)
"""

from __future__ import annotations

from whynet.doctor.case import Case
from whynet.doctor.cause import CERTAIN, Suspicion
from whynet.doctor.change import Change

KIND = "measured"
FAMILY = "network"
QUESTION = None


def suspect(case: Case) -> Suspicion | None:
    if case.value("normalised-over") < 4:
        return Suspicion(CERTAIN, case.evidence("normalised-over"))
    return None


def changes(case: Case) -> list[Change]:
    return [Change("mend", {"mistakes": ("normalise over more examples, or over each one by itself",)})]


SICK = {"normalised-over": 2.0}
WELL = {"normalised-over": 16.0}
PLANT = None
