"""Data of somebody else's that are ill themselves: no trial can take a mistake out of them, so they come first."""

from __future__ import annotations

from whynet.doctor.case import Case
from whynet.doctor.cause import CERTAIN
from whynet.doctor.causes import cause

DATA = (
    "bad-inputs", "features-destroyed", "preprocess-mismatch", "labels-corrupted", "label-order-mismatch",
    "data-index-bug",
)  # fmt: skip


def ill_causes(case: Case) -> tuple[str, ...]:
    """Causes in the data themselves, of which the evidence is certain.

    >>> from whynet.doctor.diagnosis import Settings
    >>> case = Case(Settings(), layers=2, rows=1000, available=1000, classes=10, features=64)
    >>> case.note("blank-rows", 0.3)
    >>> ill_causes(case)
    ('bad-inputs',)
    """
    mixed = cause("class-imbalance").suspect(case) is not None  # another mix of classes looks different too
    found = []
    for name in DATA:
        suspicion = cause(name).suspect(case)
        if suspicion is not None and suspicion.strength >= CERTAIN and not (mixed and name == "preprocess-mismatch"):
            found.append(name)
    return tuple(found)
