"""Subject: whatever can be examined. The search knows nothing else of a patient."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

from whynet.doctor.case import Case
from whynet.doctor.change import Change, Wording
from whynet.doctor.diagnosis import Outcome


class Arm(NamedTuple):
    """One training of a trial: the changes (none: the patient as it is), the seed, how many steps it takes.

    >>> Arm((Change("rate", {"times": 10}),), seed=1, steps=500).seed
    1
    """

    changes: tuple[Change, ...] = ()
    seed: int = 0
    steps: int = 1


class Subject(Protocol):
    """Whatever can be examined: a recipe, somebody's module, hand-written code."""

    seed: int
    """That of the patient; trials with other seeds count on from it."""
    wording: Wording

    def examine(self, stop: Callable[[], bool]) -> Case:
        """Train it as it is, to its own end unless `stop()` says otherwise, and measure. What was used as what, and
        what could not be looked at, stands in the case."""
        ...

    def why_not(self, changes: Sequence[Change]) -> str | None:
        """None if it can be trained with these changes, or the reason as a sentence."""
        ...

    def alike(self, first: Sequence[Change], second: Sequence[Change]) -> bool:
        """Whether both sets of changes make the same training: then there is nothing to try."""
        ...

    def steps(self, changes: Sequence[Change]) -> int:
        """How many steps its whole training takes with these changes."""
        ...

    def work(self, arm: Arm) -> float:
        """What an arm costs, in the units of `doctor/budget.py`."""
        ...

    def run(self, arms: Sequence[Arm], stop: Callable[[], bool]) -> list[Outcome]:
        """The outcomes, in this order. All is done on copies; the subject decides what runs side by side. An arm that
        `stop()` ends early is not `whole`."""
        ...
