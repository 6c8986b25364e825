"""What a cause is: a reason for not learning, how it is suspected, and the one change that would cure it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple, Protocol

from whynet.doctor.case import Case
from whynet.doctor.change import Change
from whynet.doctor.symptom import Measured

CERTAIN, LIKELY, POSSIBLE = 1.0, 0.6, 0.3  # how far the evidence goes by itself; trials decide

Kind = Literal["setting", "measured", "limit", "slow"]
"""
    setting   something chosen: a trial shows whether it matters
    measured  a defect that is measured directly, whether or not it matters
    limit     what bounds how good a network gets: it joins a set of changes only where nothing restores learning
              without it
    slow      no defect, merely slow: of a set of changes it is named last
"""


class Suspicion(NamedTuple):
    """How strongly the evidence points here, 0..1, and the evidence.

    `explains` names symptoms that it brings about by itself: beside it they are no evidence of anything else.

    >>> Suspicion(LIKELY, ()).strength
    0.6
    """

    strength: float
    evidence: tuple[Measured, ...]
    explains: tuple[str, ...] = ()


class Cause(Protocol):
    """The seam that every module in `causes/` fills. Its docstring is its page.

    `suspect` sees what was measured and the settings, never a recipe or a planted mistake.
    """

    __doc__: str | None
    KIND: Kind
    FAMILY: str
    """One of `causes.FAMILIES`."""
    QUESTION: str | None
    """The everyday question (`doctor/questions.py`) that it answers yes to."""
    SICK: Mapping[str, Any]
    """An example of a patient that has it, as `example.case_like` takes it."""
    WELL: Mapping[str, Any]
    """A near miss: the same things known of a patient that does not have it."""
    PLANT: Mapping[str, Any] | None
    """How a sound recipe gets it, as `subjects.plants.Plant` takes it; None where it cannot be planted."""

    def suspect(self, case: Case) -> Suspicion | None:
        """None if nothing points here."""
        ...

    def changes(self, case: Case) -> list[Change]:
        """What would cure it: one change, or one change in several sizes to choose from; empty if none is known."""
        ...
