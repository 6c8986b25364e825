"""What a cause is: a reason for not learning, how it is suspected, and the one change that would cure it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from whynet.doctor.case import Case, Symptom
from whynet.training.recipe import Recipe

CERTAIN, LIKELY, POSSIBLE = 1.0, 0.6, 0.3  # how far the evidence goes by itself; trials decide


class Suspicion(NamedTuple):
    """How strongly the evidence points here, 0..1, and the evidence.

    >>> Suspicion(LIKELY, ()).strength
    0.6
    """

    strength: float
    evidence: tuple[Symptom, ...]


@dataclass(frozen=True)
class Change:
    """One change: fields of the recipe, or known mistakes taken away; `words` tell a person what to do.

    >>> Change("a tenth of the learning rate", {"learning_rate": 0.01}).apply(Recipe()).learning_rate
    0.01
    """

    words: str
    edits: Mapping[str, Any] = field(default_factory=dict)
    without: tuple[str, ...] = ()

    def apply(self, recipe: Recipe) -> Recipe:
        """The recipe with the change made; the same one if it changes nothing."""
        faults = tuple(fault for fault in recipe.faults if fault not in self.without)
        edits = {**self.edits, "hidden": None} if "sizes" in self.edits else self.edits
        return recipe.but(**edits, faults=faults)


class Cause(Protocol):
    """The seam that every module in `causes/` fills. Its docstring is its page."""

    __doc__: str | None

    def suspect(self, case: Case) -> Suspicion | None:
        """None if nothing points here."""
        ...

    def changes(self, case: Case) -> list[Change]:
        """What would cure it: one change, or one change in several sizes to choose from; empty if none is known."""
        ...
