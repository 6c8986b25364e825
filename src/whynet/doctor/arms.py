"""Arms: the trainings of one diagnosis, paired, remembered, and paid for in work."""

from __future__ import annotations

import math
from collections.abc import Sequence

from whynet.doctor.budget import Effort
from whynet.doctor.case import Case
from whynet.doctor.change import Change
from whynet.doctor.diagnosis import Outcome
from whynet.doctor.subject import Arm, Subject

EXPECTED = 80  # arms of a diagnosis, among which the effort is shared
LONGEST = 12.0  # times the usual arm: what a change that asks for more steps may take
OF_ALL = 1 / 24  # of the effort: what an arm of more epochs or rows may take in any case
FEW = 50  # steps: so short a training is not cut

Changes = tuple[Change, ...]


class OutOfTime(Exception):
    """The cap in seconds is reached in the middle of a trial.

    >>> issubclass(OutOfTime, Exception)
    True
    """


class Arms:
    """Runs trials of one subject: each arm takes the same fraction of its own training, from the same seeds.

    `base` are changes that all arms share: mistakes mended because nothing hangs on them.

    >>> from whynet.data.sources import load
    >>> from whynet.subjects.recipe import RecipeSubject
    >>> from whynet.training.recipe import Recipe
    >>> subject = RecipeSubject(Recipe(epochs=2), load("digits"))
    >>> arms = Arms(subject, subject.examine(), Effort(own=1e9))
    >>> arms.arm((Change("epochs", {"times": 3}),)).steps == 3 * arms.arm(()).steps
    True
    """

    def __init__(self, subject: Subject, case: Case, effort: Effort, *, most: float = 1.0) -> None:
        self.subject, self.case, self.effort = subject, case, effort
        self.base: Changes = ()
        self.known: dict[Arm, Outcome] = {}
        self.most = most
        self.set_aside(())
        if case.before is not None and case.before.whole:
            self.known[self.arm((), whole=True)] = case.before

    def set_aside(self, base: Changes) -> None:
        """From here on all arms share these changes; how far an arm goes is what the effort allows."""
        self.base, case = base, self.case
        own = max(self.subject.work(Arm(base, self.subject.seed, max(self.subject.steps(base), 1))), 1.0)
        taken, of = case.steps
        self.share = min(1.0, self.most * self.effort.limit / EXPECTED / own)
        if case.before is not None and not case.before.whole:
            self.share = min(self.share, taken / max(of, 1))
        if 0 < taken < FEW and taken == of:
            self.share = 1.0
        self.usual = self.share * own

    def arm(self, changes: Sequence[Change], seed: int | None = None, *, whole: bool = False) -> Arm:
        """The arm of these changes beside those that all share."""
        together = merged([*self.base, *changes])
        steps = max(1, math.ceil(self.subject.steps(together) * (1.0 if whole else self.share)))
        arm = Arm(together, self.subject.seed if seed is None else seed, steps)
        work, most = self.subject.work(arm), LONGEST * self.usual
        if any(change.kind in ("epochs", "rows") for change in together):
            most = max(most, OF_ALL * self.effort.limit)
        if work > most and not whole:
            arm = arm._replace(steps=max(1, int(steps * most / work)))
        return arm

    def is_cut(self, changes: Sequence[Change]) -> bool:
        """Whether the arm of these changes takes fewer steps than they ask for."""
        asked = self.subject.steps(merged([*self.base, *changes])) * self.share
        return self.arm(changes).steps < asked

    def cost(self, arms: Sequence[Arm]) -> float:
        """The work of those that were not run yet."""
        return sum(self.subject.work(arm) for arm in dict.fromkeys(arms) if arm not in self.known)

    def run(self, arms: Sequence[Arm], *, free: bool = False) -> list[Outcome]:
        """The outcomes; what is known is not trained again. The patient and its cure, to their ends, are `free`."""
        new = [arm for arm in dict.fromkeys(arms) if arm not in self.known]
        for arm in new:
            self.effort.spend(0.0 if free else self.subject.work(arm))
        outcomes = self.subject.run(new, stop=self.effort.over)
        if self.effort.over() and not all(one.whole or not one.finite for one in outcomes):
            raise OutOfTime  # what was cut short is no outcome
        self.known.update(zip(new, outcomes, strict=True))
        return [self.known[arm] for arm in arms]

    def outcome(self, changes: Sequence[Change], seed: int | None = None) -> Outcome:
        """The outcome of one arm."""
        return self.run([self.arm(changes, seed)])[0]

    def scores(self, sets: Sequence[Sequence[Change]], seed: int | None = None) -> list[float]:
        """The quality that each set of changes comes to."""
        return [self.score(one) for one in self.run([self.arm(changes, seed) for changes in sets])]

    def score(self, outcome: Outcome) -> float:
        """The quality on rows held back; of a training that blew up, that of guessing."""
        if outcome.finite:
            return outcome.quality
        if self.case.classes:
            return 1 / self.case.classes
        return 0.5 if self.case.problem == "labels" else 0.0

    def equal_steps(self, changes: Sequence[Change]) -> bool:
        """Whether an arm with these changes takes as many steps as the patient's."""
        return self.arm(changes).steps == self.arm(()).steps


def merged(changes: Sequence[Change]) -> Changes:
    """The changes in order, each once; a later change of the same thing takes the place of an earlier one.

    >>> [one.numbers["times"] for one in merged([Change("rate", {"times": 10}), Change("rate", {"times": 2})])]
    [2]
    """
    found: list[Change] = []
    for change in changes:
        found = [one for one in found if one.kind == "mend" or not one.touches <= change.touches]
        if change not in found:
            found.append(change)
    return tuple(found)
