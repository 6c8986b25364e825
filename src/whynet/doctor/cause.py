"""What a cause is: a reason for not learning, how it is suspected, and the one change that would cure it."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from whynet.doctor.case import Case
from whynet.doctor.diagnosis import Change, Symptom

CERTAIN, LIKELY, POSSIBLE = 1.0, 0.6, 0.3  # how far the evidence goes by itself; trials decide


class Suspicion(NamedTuple):
    """How strongly the evidence points here, 0..1, and the evidence.

    >>> Suspicion(LIKELY, ()).strength
    0.6
    """

    strength: float
    evidence: tuple[Symptom, ...]


class Cause(Protocol):
    """The seam that every module in `causes/` fills. Its docstring is its page."""

    __doc__: str | None

    def suspect(self, case: Case) -> Suspicion | None:
        """None if nothing points here."""
        ...

    def changes(self, case: Case) -> list[Change]:
        """What would cure it: one change, or one change in several sizes to choose from; empty if none is known."""
        ...
