"""Trials: every suspect's change alone, in the sizes that it is made in; and what all trials of a subject share."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from whynet.doctor import recommended
from whynet.doctor.arms import EXPECTED, Arms, merged
from whynet.doctor.budget import Effort
from whynet.doctor.case import Case
from whynet.doctor.cause import CERTAIN, Suspicion
from whynet.doctor.causes import cause
from whynet.doctor.change import Change
from whynet.doctor.diagnosis import UNKNOWN, Diagnosis, Gap, Remark
from whynet.doctor.proof import NOISE, SEEDS
from whynet.doctor.states import LOST, learns
from whynet.doctor.subject import Subject
from whynet.doctor.suspects import CLEAR, HARM, Suspect, changes_for, is_measured
from whynet.types import Array

GOOD = 0.03  # so far below the yardstick, learning counts as restored
OF_THE_FALL = 0.1  # of a loss, down to the best that is known: a smaller gain is not worth the name
SINGLES = 0.35  # part of the effort that may be spent when all single changes are tried

MUCH = 0.9  # of the usual arm's share of the effort: then trainings take long
SHORT, LESS_CUT = 5000, 2.5  # steps: so short a training is cut less, where few arms are run
SPEAKS = 0.5  # so strong evidence speaks for a cause


@dataclass
class Trial:
    """One suspect with one change, and the quality that the change comes to alone.

    >>> Trial("lr-too-low", Change("rate", {"times": 10}), Suspicion(0.3, ())).alone
    nan
    """

    cause: str
    change: Change
    suspicion: Suspicion
    alone: float = float("nan")

    @property
    def strength(self) -> float:
        """That of the evidence."""
        return self.suspicion.strength

    @property
    def is_of_steps(self) -> bool:
        """Whether it is about too few steps, or too short ones."""
        return cause(self.cause).FAMILY == "steps"


def changes_of(trials: Sequence[Trial]) -> tuple[Change, ...]:
    """Their changes, in order.

    >>> changes_of([Trial("lr-too-low", Change("rate", {"times": 10}), Suspicion(0.3, ()))])[0].kind
    'rate'
    """
    return tuple(trial.change for trial in trials)


def compatible(trials: Sequence[Trial]) -> bool:
    """Whether no two of them change the same thing.

    >>> rate = Trial("lr-too-low", Change("rate", {"times": 10}), Suspicion(0.3, ()))
    >>> compatible([rate]), compatible([rate, rate])
    (True, False)
    """
    touched = [name for trial in trials for name in trial.change.touches]
    return len(touched) == len(set(touched))


class Trials:
    """The trials of one subject: what they start from, what was tried, and what is good enough.

    >>> Trials.__init__.__annotations__["subject"]
    'Subject'
    """

    def __init__(
        self,
        subject: Subject,
        case: Case,
        suspects: Sequence[Suspect],
        diagnosis: Diagnosis,
        effort: Effort,
        say: Callable[[str], None],
    ) -> None:
        self.subject, self.case, self.suspects = subject, case, suspects
        self.diagnosis, self.effort, self.say = diagnosis, effort, say
        few = getattr(subject, "slow", False) and subject.steps(()) < SHORT
        self.arms = Arms(subject, case, effort, most=0.3 if learns(case) else LESS_CUT if few else 1.0)
        self.noise = NOISE
        """Of a network that learns: a smaller gain is none."""
        self.least = max(2 * NOISE, 3 * case.value("standard-error"))
        """A smaller gain is noise."""
        self.yardstick = case.value("linear-accuracy")
        if case.problem == UNKNOWN and case.before is not None:
            self.noise = self.least = max(OF_THE_FALL, 3 * case.before.error)
            self.yardstick = 1.0  # what its own training comes to, at the best of the rates that gave the scale
        apart = case.value("yardstick-error")
        self.good = self.yardstick - max(GOOD, 2 * (case.value("standard-error") if math.isnan(apart) else apart))
        """From here on learning counts as restored."""
        self.before = 0.0
        self.mended: list[Trial] = []
        """Mistakes that the trials are made without, because nothing hangs on them."""
        self.extra: list[Trial] = []
        """Changes beside the proved one that gain more."""
        self.singles: list[Trial] = []

    def set_aside(self) -> None:
        """Where the patient without its measured mistakes ends just as badly, they are not what stops the learning;
        the trials are then made without them."""
        defects: list[Trial] = []
        for sizes in self.of([one for one in self.suspects if is_measured(*one) and one[1].strength >= HARM]):
            if sizes[-1].change.kind == "mend" and compatible([*defects, sizes[-1]]):
                defects.append(sizes[-1])
        if not defects:
            return
        mends = [trial.change for trial in defects]
        to_the_end = self.case.before is not None and self.case.before.whole
        patient, other = self.arms.run([self.arms.arm(one, whole=to_the_end) for one in ((), mends)])
        close = abs(other.cost - patient.cost) <= 0.05 * abs(patient.cost)
        if not close or abs(self.arms.score(other) - self.arms.score(patient)) > NOISE:
            return
        self.say("without " + " and ".join(trial.cause for trial in defects) + " it does just the same")
        self.mended = defects
        self.arms.set_aside(merged(mends))
        self.diagnosis.remarks.append(
            Remark("set-aside", {
                "changes": tuple(mends), "cost": (patient.cost, other.cost),
                "quality": (self.arms.score(patient), self.arms.score(other)),
            })
        )  # fmt: skip

    def of(self, suspects: Sequence[Suspect]) -> list[list[Trial]]:
        """For each suspect its change in all its sizes; those that alter nothing, or cannot be made, are left out."""
        found = []
        for name, suspicion in suspects:
            sizes: list[Trial] = []
            reasons: list[str] = []
            for change in changes_for(name, self.case):
                together = merged([*self.arms.base, change])
                why_not = self.subject.why_not(together)
                if why_not is not None:
                    reasons.append(why_not)
                elif not self.subject.alike(together, self.arms.base):
                    sizes.append(Trial(name, change, suspicion))
            if sizes:
                found.append(sizes)
            if reasons:
                self._not_tried(name, "; ".join(dict.fromkeys(reasons)))
        return found

    def _not_tried(self, name: str, why_not: str) -> None:
        if name not in {gap.what for gap in self.diagnosis.not_examined}:
            self.diagnosis.not_examined.append(Gap(name, why_not))

    def alone(self) -> list[Trial]:
        """Every suspect's change alone, in the size that does best."""
        suspects = self.suspects
        if learns(self.case):  # nothing is wrong; but what is certain to be odd may cost something
            suspects = [item for item in suspects if item[1].strength >= CLEAR]
        found = self.of(suspects)
        if found:
            self.say("trying one change at a time: " + ", ".join(sizes[0].cause for sizes in found))

        def first(sizes: list[Trial]) -> list[Change]:
            return [trial.change for trial in (sizes[:1] if recommended.is_ladder(sizes[0].change) else sizes)]

        def cost() -> float:
            return self.arms.cost([self.arms.arm((change,)) for sizes in found for change in first(sizes)])

        if self._by_likelihood(found):
            tried = [[trial for trial in sizes if trial.alone == trial.alone] for sizes in found]
            return [max(sizes, key=lambda trial: trial.alone) for sizes in tried if sizes]
        likely = self._fewer(found)
        few, found = likely is not found, likely
        while not few and found and cost() > SINGLES * self.effort.limit:
            self._not_tried(found.pop()[0].cause, "it was the least likely, and the effort did not reach for it")
        flat = [trial for sizes in found if not recommended.is_ladder(sizes[0].change) for trial in sizes]
        if self._try(flat):
            self._climb([sizes for sizes in found if recommended.is_ladder(sizes[0].change)])
            self._between([sizes for sizes in found if sizes[0].change.kind == "rate"])
        tried = [[trial for trial in sizes if trial.alone == trial.alone] for sizes in found]
        return [max(sizes, key=lambda trial: trial.alone) for sizes in tried if sizes]

    def _by_likelihood(self, found: list[list[Trial]]) -> bool:
        """Whether one of the changes that the evidence speaks for most restores learning; of subjects whose trials take
        long, the others are not tried then."""
        if not getattr(self.subject, "slow", False) or learns(self.case):
            return False
        likely = [sizes[0] for sizes in found if sizes[0].strength >= CERTAIN]
        return self._try(likely) and any(
            trial.alone >= self.good and trial.alone > self.before + self.least for trial in likely
        )

    def _fewer(self, found: list[list[Trial]]) -> list[list[Trial]]:
        """Where trainings take long, and the evidence speaks for something that is no limit: that, and the rate in one
        size. What else is needed shows in the sets."""
        costly = self.arms.usual >= MUCH * self.effort.limit / EXPECTED
        kept = [sizes for sizes in found if cause(sizes[0].cause).KIND != "limit"]
        if not (costly and getattr(self.subject, "slow", False)) or learns(self.case):
            return found
        if all(sizes[0].strength < SPEAKS for sizes in kept):
            return found
        return [sizes[:1] if recommended.is_ladder(sizes[0].change) else sizes for sizes in kept]

    def _try(self, trials: Sequence[Trial]) -> bool:
        """Each alone; False where the effort ended before."""
        for start in range(0, len(trials), 4):
            if not self.effort.allows("single changes: " + ", ".join(trial.cause for trial in trials[start:])):
                return False
            some = trials[start : start + 4]
            for trial, score in zip(some, self.arms.scores([(trial.change,) for trial in some]), strict=True):
                trial.alone = score
        return True

    def _climb(self, ladders: list[list[Trial]]) -> None:
        """Sizes one after the other: each ladder is left where the last size went too far, where it is good and no
        better than the one before, and where the next one would cost too much."""
        for rung in range(max(map(len, ladders), default=0)):
            room = self._room()
            steps: list[list[Trial]] = []
            for sizes in ladders:
                cost = self.arms.cost([self.arms.arm((sizes[rung].change,))])
                if rung == 0 or (cost <= room and not self.arms.is_cut((sizes[rung].change,))):
                    steps.append(sizes)
                    room -= cost
            if not self._try([sizes[rung] for sizes in steps]):
                return
            ladders = [sizes for sizes in steps if len(sizes) > rung + 1 and self._goes_on(sizes[: rung + 1])]

    def _between(self, ladders: list[list[Trial]]) -> None:
        """Rates between those of a ladder, on either side of the best, where that helps and is not good enough."""
        for sizes in ladders:
            best = max((t for t in sizes if t.alone == t.alone), key=lambda trial: trial.alone, default=None)
            if best is None or not self.before + self.least <= best.alone < self.good:
                continue
            factors = tuple(float(f"{best.change.numbers['times'] * by:.3g}") for by in (10**-0.5, 10**0.5))
            changes = recommended.rates(self.case.settings, factors)
            if self.arms.cost([self.arms.arm((change,)) for change in changes]) > self._room():
                continue
            more = [replace(best, change=change, alone=float("nan")) for change in changes]
            if not self._try(more):
                return
            sizes += more

    def _room(self) -> float:
        """Work that single changes may still take."""
        return SINGLES * self.effort.limit - self.effort.used

    def _goes_on(self, tried: Sequence[Trial]) -> bool:
        """Whether a larger size may do better than these."""
        *earlier, last = (self.before, *(trial.alone for trial in tried))
        best = max(earlier)
        return last >= best - 2 * NOISE and not (best >= self.good and last <= best + NOISE)

    def seeds(self) -> list[int]:
        """The patient's own seed and the next ones. Which classes are lost, and whether any, is the seed's doing: of
        such a patient those seeds come first that lose classes too."""
        first = self.subject.seed
        if self.case.state != "classes-missing":
            return [first + step for step in range(2 * SEEDS)]
        seeds = [first + step for step in range(3 * SEEDS)]
        ends = self.arms.run([self.arms.arm((), seed) for seed in seeds])
        losing = [seed for seed, end in zip(seeds, ends, strict=True) if min(end.recalls, default=1.0) < LOST]
        return [*losing, *(seed for seed in seeds if seed not in losing)][: 2 * SEEDS]

    def table(self, sets: Sequence[Sequence[Change]], seeds: Sequence[int]) -> Array:
        """The quality of each set from each seed, (seeds, sets)."""
        flat = self.arms.run([self.arms.arm(changes, seed) for seed in seeds for changes in sets])
        return np.array([self.arms.score(one) for one in flat]).reshape(len(seeds), len(sets))
