"""The search: from suspicions to the smallest set of changes that makes a subject learn. One for every subject.

Single changes; if none is enough, sets; what can be left out is left out; other seeds (`proof.py`); then the cure,
trained to the end, and once more on seeds that had no part in finding it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from whynet.doctor import proof, recommended
from whynet.doctor.arms import Arms, merged
from whynet.doctor.budget import Effort
from whynet.doctor.case import Case
from whynet.doctor.cause import CERTAIN, Suspicion
from whynet.doctor.causes import cause, names
from whynet.doctor.diagnosis import Acquittal, Change, Diagnosis, Finding, Fix, Gap, Remark, Status, said
from whynet.doctor.proof import NOISE, SEEDS
from whynet.doctor.states import LOST, learns
from whynet.doctor.subject import Subject
from whynet.types import Array

GOOD = 0.03  # so far below the yardstick, learning counts as restored
SETS = 16  # about so many sets of changes are tried
CLEAR = 0.85  # evidence so strong that even a network that learns is tried without it
HARM = 0.4  # defects with weaker evidence may well be harmless
WORTH = 0.35  # weaker suspicions are not named where no trial speaks for them
SINGLES, BY_SETS, BY_MORE = 0.35, 0.5, 0.6  # parts of the effort that may be spent by the end of each
WHOLE = 0.25  # part of what is left that one training to its end may take


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


Suspect = tuple[str, Suspicion]


def suspects_of(case: Case, diagnosis: Diagnosis) -> list[Suspect]:
    """All causes that something points to, the strongest first. A cause that crashes is a remark, not the end.

    >>> from whynet.doctor.diagnosis import Settings
    >>> case = Case(Settings(), layers=2, rows=1000, available=1000, classes=10, features=64)
    >>> case.note("largest-input", 255.0)
    >>> suspects_of(case, Diagnosis("underfits"))[0][0]
    'input-not-scaled'
    """
    found = []
    for name in names():
        try:
            suspicion = cause(name).suspect(case)
        except Exception as error:
            diagnosis.remarks.append(said(f"{name} could not be judged: {type(error).__name__}: {error}"))
            continue
        if suspicion is not None:
            found.append((name, suspicion))
    return sorted(found, key=lambda item: -item[1].strength)


def is_measured(name: str, suspicion: Suspicion) -> bool:
    """Whether it is a defect that was measured directly.

    >>> is_measured("no-bias", Suspicion(0.6, ())), is_measured("lr-too-low", Suspicion(0.6, ()))
    (True, False)
    """
    return cause(name).KIND == "measured" and suspicion.strength >= WORTH


def unproved(case: Case, name: str, suspicion: Suspicion) -> Finding:
    """The finding of a cause that no trial has proved.

    >>> from whynet.doctor.diagnosis import Settings
    >>> unproved(Case(Settings(), 2, 100, 100, 10, 64), "no-bias", Suspicion(0.6, ())).status
    'found'
    """
    change = next(iter(cause(name).changes(case)), None)
    status: Status = "found" if is_measured(name, suspicion) else "suspected"
    return Finding(name, status, suspicion.evidence, change)


class Search:
    """The course of the trials of one subject; what it finds is written into the diagnosis.

    >>> Search.__init__.__annotations__["subject"]
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
        self.arms = Arms(subject, case, effort, most=0.3 if learns(case) else 1.0)
        self.least = max(2 * NOISE, 3 * case.value("standard-error"))
        """A smaller gain is noise."""
        self.yardstick = case.value("linear-accuracy")
        self.good = self.yardstick - GOOD
        self.before = 0.0
        self.mended: list[Trial] = []
        """Mistakes that the trials are made without, because nothing hangs on them."""
        self.extra: list[Trial] = []
        """Changes beside the proved one that gain more."""
        self.singles: list[Trial] = []

    # ---- the course

    def run(self) -> None:
        """All of it, as far as the effort reaches."""
        if not learns(self.case):
            self._set_aside()
        self.before = self.arms.scores([()])[0]
        self.singles = self._alone()
        self.diagnosis.tried = [(trial.cause, trial.change, trial.alone) for trial in self.singles]
        if learns(self.case):
            self._what_it_loses()
        else:
            self._what_restores_it()

    def _set_aside(self) -> None:
        """Where the patient without its measured mistakes ends just as badly, they are not what stops the learning;
        the trials are then made without them."""
        defects: list[Trial] = []
        for sizes in self._trials_of([one for one in self.suspects if is_measured(*one) and one[1].strength >= HARM]):
            if sizes[-1].change.kind == "mend" and _compatible([*defects, sizes[-1]]):
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

    def _trials_of(self, suspects: Sequence[Suspect]) -> list[list[Trial]]:
        """For each suspect its change in all its sizes; those that alter nothing, or cannot be made, are left out."""
        found = []
        for name, suspicion in suspects:
            sizes = []
            for change in cause(name).changes(self.case):
                together = merged([*self.arms.base, change])
                why_not = self.subject.why_not(together)
                if why_not is not None:
                    self._not_tried(name, why_not)
                elif not self.subject.alike(together, self.arms.base):
                    sizes.append(Trial(name, change, suspicion))
            if sizes:
                found.append(sizes)
        return found

    def _not_tried(self, name: str, why_not: str) -> None:
        gap = Gap(name, why_not)
        if gap not in self.diagnosis.not_examined:
            self.diagnosis.not_examined.append(gap)

    def _alone(self) -> list[Trial]:
        """Every suspect's change alone, in the size that does best."""
        suspects = self.suspects
        if learns(self.case):  # nothing is wrong; but what is certain to be odd may cost something
            suspects = [item for item in suspects if item[1].strength >= CLEAR]
        found = self._trials_of(suspects)
        if found:
            self.say("trying one change at a time: " + ", ".join(sizes[0].cause for sizes in found))

        def first(sizes: list[Trial]) -> list[Change]:
            return [trial.change for trial in (sizes[:1] if recommended.is_ladder(sizes[0].change) else sizes)]

        def cost() -> float:
            return self.arms.cost([self.arms.arm((change,)) for sizes in found for change in first(sizes)])

        while found and cost() > SINGLES * self.effort.limit:
            self._not_tried(found.pop()[0].cause, "it was the least likely, and the effort did not reach for it")
        flat = [trial for sizes in found if not recommended.is_ladder(sizes[0].change) for trial in sizes]
        if self._try(flat):
            self._climb([sizes for sizes in found if recommended.is_ladder(sizes[0].change)])
            self._between([sizes for sizes in found if sizes[0].change.kind == "rate"])
        tried = [[trial for trial in sizes if trial.alone == trial.alone] for sizes in found]
        return [max(sizes, key=lambda trial: trial.alone) for sizes in tried if sizes]

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

    # ---- a patient that learns

    def _what_it_loses(self) -> None:
        """What a network that learns loses all the same: a single change, clearly wrong before, that gains points."""
        best = max(self.singles, key=lambda trial: trial.alone, default=None)
        if best is None or best.alone < self.before + NOISE:
            return
        table = self._table([(), (best.change,)], self._seeds()[:SEEDS])
        gains = table[:, 1] - table[:, 0]
        if not proof.is_sure(gains, max(NOISE, self.case.value("standard-error"))):
            return
        end = self.arms.score(self.arms.run([self.arms.arm((best.change,), whole=True)], free=True)[0])
        own = self.case.before.quality if self.case.before is not None else end
        if end < own + max(NOISE, self.case.value("standard-error")):
            return  # in the end it makes no difference
        before, after = self.arms.outcome(()), self.arms.outcome((best.change,))
        first = Finding(best.cause, "proved", best.suspicion.evidence, best.change, before, after, seeds=len(table))
        others = [finding for finding in self.diagnosis.verdict if finding.cause != best.cause]
        self.diagnosis.verdict = [first, *others]
        self.diagnosis.remarks.append(Remark("loses", {"cause": best.cause, "points": float(gains.mean())}))
        self._cure([best])

    # ---- a patient that does not

    def _what_restores_it(self) -> None:
        best = self._smallest_set()
        after = self.arms.scores([_changes(best)])[0] if best else self.before
        if not best or after < self.before + self.least or not self.effort.allows("the proof with other seeds"):
            self.say("no change, and no set of changes, makes a difference")
            self.diagnosis.verdict = self._only_suspected()
            if self.singles:
                self.diagnosis.remarks.append(Remark("tried", {"changes": _changes(self.singles)}))
            return  # without a cure nobody can be cleared: what does nothing alone may be a part of it
        self.say("proving it with other seeds: " + " and ".join(trial.cause for trial in best))
        status, best = self._prove(best, self._needed(best, after), after)
        after = self.arms.scores([_changes(best)])[0]
        if status == "suspected":
            changes = _changes(best)
            self.diagnosis.remarks.append(
                Remark("best-tried", {"changes": changes, "before": self.before, "after": after})
            )
            return
        self._clear(best, after)
        if status == "proved":
            self._cure(best)

    def _only_suspected(self) -> list[Finding]:
        return [unproved(self.case, *one) for one in self.suspects if one[1].strength >= WORTH or is_measured(*one)]

    def _smallest_set(self) -> list[Trial]:
        """One change if one restores learning; else the smallest set that does; else the best there is."""
        singles = self.singles
        enough = [trial for trial in singles if trial.alone >= self.good and trial.alone > self.before + NOISE]
        if enough:
            return [self._likeliest(enough)]
        ranked = sorted(singles, key=self._promise, reverse=True)[:7]
        if not ranked:
            return []
        single = self._likeliest(ranked)
        if self._enough_in_the_end(single):
            return [single]
        sized = [self._sizes(trial) for trial in ranked]
        self.say("no single change is enough: trying sets")
        best: tuple[float, list[Trial]] = (single.alone, [single])
        best = self._best_of(self._strongest(sized), best, until=BY_SETS)
        if best[0] - self.before < 0.6 * (self.good - self.before):
            pairs = [[a, b] for first, second in combinations(sized, 2) for a in first for b in second]
            pairs.sort(key=lambda pair: -sum(map(self._promise, pair)))
            best = self._best_of(pairs[: 2 * SETS], best, until=BY_SETS)
        for _ in range(2):
            if best[0] >= self.good:
                break
            chosen = {trial.cause for trial in best[1]}
            restored = best[0] - self.before >= 0.5 * (self.good - self.before)
            more = [
                [*best[1], one]
                for sizes in sized
                for one in sizes
                if one.cause not in chosen and not (restored and cause(one.cause).KIND == "limit")
            ]
            grown = self._best_of(more, best, until=BY_MORE)
            if grown[0] < best[0] + 0.03:
                break
            best = grown
        best = (best[0], self._minimal(best[1]))
        certain = any(trial.strength >= CERTAIN for trial in best[1] if trial.cause != single.cause)
        if not certain and single.alone - self.before >= 0.6 * (best[0] - self.before) > 0:
            self.extra = [trial for trial in best[1] if trial.cause != single.cause]
            return [single]
        return best[1]

    def _enough_in_the_end(self, single: Trial) -> bool:
        """Whether a change that is not enough in a shortened trial is, in the whole training."""
        arm = self.arms.arm((single.change,), whole=True)
        too_long = self.subject.work(arm) > WHOLE * self.effort.left
        if self.arms.share == 1 or too_long or single.alone < self.before + self.least:
            return False
        return self.arms.score(self.arms.run([arm])[0]) >= self.good

    def _promise(self, trial: Trial) -> float:
        return max(trial.alone - self.before, 0) + 0.5 * trial.strength

    def _likeliest(self, trials: Sequence[Trial]) -> Trial:
        """Of those that do about as well as the best, the one that the evidence speaks for most. Those that all mean
        too few steps are one: the cheapest of them, with the strongest evidence that any of them has."""
        top = max(trial.alone for trial in trials)
        near = [trial for trial in trials if trial.alone >= top - max(0.04, 0.25 * (top - self.before))]
        few = [trial for trial in near if trial.is_of_steps]
        if not few:
            return max(near, key=lambda trial: (trial.strength, trial.alone))
        cheapest = self._cheapest(few)
        strength = max(trial.strength for trial in few)
        rest = [trial for trial in near if not trial.is_of_steps]
        best = max(rest, key=lambda trial: (trial.strength, trial.alone), default=cheapest)
        return cheapest if (strength, cheapest.alone) >= (best.strength, best.alone) else best

    def _cheapest(self, few: Sequence[Trial]) -> Trial:
        """More rows count only where they do as well in as many steps: else it is the steps that they bring."""
        for trial in sorted(few, key=lambda trial: recommended.price(trial.change)):
            if trial.change.kind != "rows" or len(few) == 1:
                return trial
            arm = self.arms.arm((trial.change,))
            equal = arm._replace(steps=min(arm.steps, self.arms.arm(()).steps))
            if self.arms.score(self.arms.run([equal])[0]) >= trial.alone - max(2 * NOISE, GOOD):
                return trial
        return min(few, key=lambda trial: (trial.change.kind == "rows", recommended.price(trial.change)))

    def _strongest(self, sized: list[list[Trial]]) -> list[list[Trial]]:
        """Everything that the evidence speaks for at once, with the rate as it is and in other sizes: what can be left
        out of it is found later."""
        strong: list[Trial] = []
        for sizes in sorted(sized, key=lambda sizes: -sizes[0].strength):
            first = sizes[0]
            if first.strength >= 0.5 and cause(first.cause).KIND != "limit" and _compatible([*strong, first]):
                strong.append(first)
        rates = [one for sizes in sized for one in sizes if one.change.kind == "rate"]
        others = [t for t in strong if t.change.kind != "rate"]
        return [strong, *([*others, one] for one in rates if one not in strong)]

    def _sizes(self, trial: Trial) -> list[Trial]:
        """The trial again; where it is about the rate, in its first sizes: which one suits may depend on the others."""
        if trial.change.kind != "rate":
            return [trial]
        changes = cause(trial.cause).changes(self.case)
        down = changes[0].numbers["times"] < 1
        return [replace(trial, change=change) for change in changes[: 3 if down else 1]]

    def _best_of(
        self, sets: list[list[Trial]], best: tuple[float, list[Trial]], *, until: float
    ) -> tuple[float, list[Trial]]:
        """The best of these sets; of sets that are about as good, the one with the stronger evidence. It ends when so
        much of the effort is spent."""
        distinct = [one for one in sets if len(one) > 1 and _compatible(one)]
        scores: list[float] = []
        for start in range(0, len(distinct), 4):
            if max(scores, default=0) >= self.good or not self.effort.allows("more sets of changes", until):
                distinct = distinct[:start]
                break
            scores += self.arms.scores([_changes(one) for one in distinct[start : start + 4]])

        def rank(score: float, chosen: list[Trial]) -> float:
            return min(score, self.good + 0.02) + 0.1 * sum(t.strength for t in chosen) / len(chosen)

        for score, chosen in zip(scores, distinct, strict=True):
            better = score > best[0] + 0.02 if len(chosen) > len(best[1]) else rank(score, chosen) > rank(*best)
            if better:
                best = (score, chosen)
        return best

    def _minimal(self, chosen: list[Trial]) -> list[Trial]:
        """What can be left out without loss is left out."""
        while len(chosen) > 1:
            whole = self.arms.scores([_changes(chosen)])[0]
            rests = [[t for t in chosen if t is not out] for out in chosen]
            least = proof.can_go(whole, self.arms.scores([_changes(rest) for rest in rests]), self.before)
            if least is None:
                return chosen
            chosen = rests[least]
        return chosen

    # ---- other seeds

    def _seeds(self) -> list[int]:
        """The patient's own seed and the next ones. Which classes are lost, and whether any, is the seed's doing: of
        such a patient those seeds come first that lose classes too."""
        first = self.subject.seed
        if self.case.state != "classes-missing":
            return [first + step for step in range(2 * SEEDS)]
        seeds = [first + step for step in range(3 * SEEDS)]
        ends = self.arms.run([self.arms.arm((), seed) for seed in seeds])
        losing = [seed for seed, end in zip(seeds, ends, strict=True) if min(end.recalls, default=1.0) < LOST]
        return [*losing, *(seed for seed in seeds if seed not in losing)][: 2 * SEEDS]

    def _table(self, sets: Sequence[Sequence[Change]], seeds: Sequence[int]) -> Array:
        """The quality of each set from each seed, (seeds, sets)."""
        flat = self.arms.run([self.arms.arm(changes, seed) for seed in seeds for changes in sets])
        return np.array([self.arms.score(one) for one in flat]).reshape(len(seeds), len(sets))

    def _prove(self, best: list[Trial], needed_too: list[Trial], after: float) -> tuple[Status, list[Trial]]:
        """Other seeds; then the verdict, the strongest first. Returns how far the set is proved, and the set without
        what other seeds can do without."""
        before = self.before
        seeds = self._seeds()
        sets: list[Sequence[Change]] = [(), _changes(best)]
        if len(best) > 1:
            sets += [_changes([t for t in best if t is not out]) for out in best]
        names = {trial.cause for trial in best}
        rivals = [
            trial
            for trial in sorted(self.singles, key=lambda t: -t.alone)
            if trial.alone >= before + 0.5 * (after - before) and trial.cause not in names
        ]
        if len(best) == 1 and best[0].is_of_steps:  # all that is as good as the cheapest stands beside it
            few = [trial for trial in rivals if trial.is_of_steps]
            rivals = [*few, *(trial for trial in rivals if not trial.is_of_steps)][: max(2, len(few))]
        else:
            rivals = rivals[:2]
        sets += [(rival.change,) for rival in rivals]
        table = self._table(sets, seeds[:SEEDS])
        sure = proof.is_sure(table[:, 1] - table[:, 0], self.least)
        if not sure and (table[:, 1] > table[:, 0]).all():  # gains that differ much ask for more of them
            table = np.concatenate([table, self._table(sets, seeds[SEEDS:])])
            sure = proof.is_sure(table[:, 1] - table[:, 0], self.least)
        gains = table[:, 1] - table[:, 0]
        if sure and len(best) > 1:
            least = proof.spare(table[:, 1 : 2 + len(best)], float(gains.mean()))
            if least is not None:
                smaller = self._prove([one for i, one in enumerate(best) if i != least], needed_too, after)
                if smaller[0] == "proved":
                    return smaller
        status = self._status(sure, table, best)
        mine, others = self.arms.outcome(()), self.arms.outcome(_changes(best))
        order = sorted(
            best,
            key=lambda t: (cause(t.cause).KIND == "slow", -(t.alone - before > 0.05) * (t.alone - before), -t.strength),
        )
        alternatives = self._rivals(rivals, table, gains) if status == "proved" else []
        found = [
            Finding(
                trial.cause, "found" if status == "suspected" and is_measured(trial.cause, trial.suspicion) else status,
                trial.suspicion.evidence, trial.change, mine, others, seeds=len(table),
                with_=tuple(t.cause for t in [*best, *needed_too] if t is not trial),
                alternatives=tuple(rival.cause for rival in alternatives),
            )
            for trial in [*order, *needed_too]
        ]  # fmt: skip
        found += [
            Finding(
                rival.cause, "proved", rival.suspicion.evidence, rival.change, mine,
                self.arms.outcome((rival.change,)), seeds=len(table),
            )
            for rival in alternatives
        ]  # fmt: skip
        self.diagnosis.verdict = [*found, *self._beside(found, after)]
        if status == "helps":
            self.diagnosis.remarks.append(Remark("gain-elsewhere", {"gain": float(gains.mean()), "goal": self.goal}))
        return status, best

    @property
    def goal(self) -> float:
        """What can be reached: the better of the yardstick and the best arm."""
        reached = [self.arms.score(one) for one in self.arms.known.values()]
        return max([one for one in (self.yardstick, *reached) if one == one], default=1.0)

    def _status(self, sure: bool, table: Array, best: list[Trial]) -> Status:
        if not sure:
            return "suspected"
        if float(table[:, 1].mean()) <= self._constant() + self.least:
            return "suspected"  # a gain up to a constant prediction is no learning
        if self._output_is_wrong([*best, *self.mended]):
            return "helps"
        enough = proof.restores(float(table[:, 0].mean()), float(table[:, 1].mean()), self.goal)
        return "proved" if enough else "helps"

    def _output_is_wrong(self, mended: Sequence[Trial]) -> bool:
        """Whether a defect of the output or the loss is measured that these changes leave as it is."""
        named, touched = {trial.cause for trial in mended}, {name for t in mended for name in t.change.touches}
        for name, suspicion in self.suspects:
            if cause(name).FAMILY != "output" or suspicion.strength < CLEAR or name in named:
                continue
            if not any(change.touches & touched for change in cause(name).changes(self.case)):
                return True
        return False

    def _constant(self) -> float:
        """The quality of the best constant prediction."""
        constant = self.case.value("constant-accuracy")
        return constant if constant == constant else 0.0

    def _rivals(self, rivals: list[Trial], table: Array, gains: Array) -> list[Trial]:
        """Single changes that do as well as the set, over the same seeds."""
        first = table.shape[1] - len(rivals)
        found = []
        for index, rival in enumerate(rivals):
            own = table[:, first + index] - table[:, 0]
            near = table[:, first + index].mean() >= min(self.good - GOOD, table[:, 1].mean() - 0.02)
            alike = near and own.mean() >= 0.5 * gains.mean() and rival.strength >= 0.25
            pair = table[:, [0, first + index]]
            if alike and self._status(proof.is_sure(own, self.least), pair, [rival]) == "proved":
                found.append(rival)
        return found

    def _beside(self, found: list[Finding], after: float) -> list[Finding]:
        """Findings beside the proved ones: what was measured, then what gained alone."""
        named = {finding.cause for finding in found}
        more = [unproved(self.case, *one) for one in self.suspects if one[0] not in named and is_measured(*one)]
        named |= {finding.cause for finding in more}
        mine = self.arms.outcome(())
        return more + [
            Finding(
                trial.cause, "suspected", trial.suspicion.evidence, trial.change, mine,
                self.arms.outcome((trial.change,)),
            )
            for trial in sorted(self.singles, key=lambda t: -t.alone)
            if trial.cause not in named and trial.alone > self.before + max(0.05, 0.2 * (after - self.before))
        ]  # fmt: skip

    def _needed(self, best: list[Trial], after: float) -> list[Trial]:
        """Those of the mistakes set aside beside which the cure does not work."""
        if not self.mended:
            return []
        base, self.arms.base = self.arms.base, ()
        kept = [self.arms.arm(_changes([*(t for t in self.mended if t is not out), *best])) for out in self.mended]
        self.arms.base = base
        steps = min(arm.steps for arm in kept)  # with a mistake left in, an arm may reach less far
        arms = [arm._replace(steps=steps) for arm in (self.arms.arm(_changes(best)), *kept)]
        whole, *beside = map(self.arms.score, self.arms.run(arms))
        if whole < self.before + 0.5 * (after - self.before):
            return []  # so few steps do not tell
        least = whole - max(0.5 * (whole - self.before), 2 * NOISE)
        return [trial for trial, score in zip(self.mended, beside, strict=True) if score < least]

    # ---- what is innocent

    def _clear(self, best: list[Trial], after: float) -> None:
        """Those whose change does nothing, alone or beside the cure; and gains beside the cure."""
        names = {trial.cause for trial in best}
        accused = {one.cause for one in self.diagnosis.verdict if one.status != "suspected"}
        rest = [trial for trial in self.singles if trial.cause not in names | accused and _compatible([*best, trial])]
        if not self.effort.allows("clearing what is innocent", 0.9):
            return
        scores = self.arms.scores([_changes([*best, trial]) for trial in rest])
        base = self.arms.outcome(())
        for trial, score in zip(rest, scores, strict=True):
            alone, beside = trial.alone - self.before, score - after
            if proof.changes_nothing(alone, beside, self.before):
                cost = self.arms.outcome((trial.change,)).cost - base.cost
                same = trial.change.kind != "cost"
                self.diagnosis.acquitted.append(
                    Acquittal(
                        trial.cause, trial.change, alone, beside, cost if same else float("nan"),
                        equal_steps=self.arms.equal_steps((trial.change,)),
                    )
                )  # fmt: skip
            elif beside > 0.03:
                self.diagnosis.remarks.append(
                    Remark("beside", {
                        "cause": trial.cause, "change": trial.change, "points": beside, "before": after,
                        "after": after + beside,
                    })
                )  # fmt: skip

    # ---- the cure

    def _cure(self, best: list[Trial]) -> None:
        """The mended patient, trained to its end, and once more on seeds that had no part in finding it."""
        after = self.arms.scores([_changes(best)])[0]
        best = self._defects_mended(best, after)
        plain = [trial for trial in best if trial.change.kind != "rate"]  # what is short of steps likes other rates
        sets = [plain, best] if 0 < len(plain) < len(best) else [best]
        if self.extra:
            sets.append([*best, *(t for t in self.extra if _compatible([*best, t]))])
        self.say("training it with the cure to the end")
        ends = self.arms.run([self.arms.arm(_changes(one), whole=True) for one in sets], free=True)
        top = max(map(self.arms.score, ends))
        chosen = next(index for index, one in enumerate(ends) if self.arms.score(one) >= top - NOISE)
        cure, end = sets[chosen], ends[chosen]
        base, self.arms.base = self.arms.base, ()
        unchanged = self.arms.run([self.arms.arm((), whole=True)], free=True)[0]
        self.arms.base = base
        if self.arms.score(unchanged) >= self.arms.score(end) - NOISE:  # it was only judged too early
            self.diagnosis.verdict = [
                replace(one, status="suspected", with_=()) if one.status == "proved" else one
                for one in self.diagnosis.verdict
            ]
            self.diagnosis.remarks.append(Remark("catches-up", {"quality": self.arms.score(unchanged)}))
            return
        if not self._holds(cure):
            self.diagnosis.remarks.append(Remark("not-on-fresh-seeds", {"changes": _changes(cure)}))
            return
        self._release({trial.cause for trial in best} - {trial.cause for trial in cure})
        changes = merged([*self.arms.base, *_changes(cure)])
        self.diagnosis.fix = Fix(changes, unchanged, end)
        self._lays_bare(cure)

    def _holds(self, cure: list[Trial]) -> bool:
        """Whether the cure is better than nothing on seeds that had no part in finding it."""
        fresh = [self.subject.seed + 3 * SEEDS + step for step in range(2)]
        table = self._table([(), _changes(cure)], fresh)
        return bool(table[:, 1].mean() > table[:, 0].mean())

    def _defects_mended(self, best: list[Trial], after: float) -> list[Trial]:
        """The set, and what else is measured to be wrong, where mending it costs nothing."""
        names = {trial.cause for trial in [*best, *self.mended]}
        for sizes in self._trials_of([one for one in self.suspects if one[0] not in names and is_measured(*one)]):
            sets = [[*best, trial] for trial in sizes if _compatible([*best, trial])]
            scores = self.arms.scores([_changes(one) for one in sets])
            if max(scores, default=0.0) >= after - NOISE:
                best = sets[scores.index(max(scores))]
        return best

    def _release(self, causes: set[str]) -> None:
        """Causes that the whole training shows not to be needed in the set."""
        self.diagnosis.verdict = [
            replace(finding, with_=tuple(name for name in finding.with_ if name not in causes))
            for finding in self.diagnosis.verdict
            if finding.cause not in causes
        ]

    def _lays_bare(self, cure: list[Trial]) -> None:
        """What mending a mistake alone would lay bare: a learning rate that was never in effect."""
        for trial in [*self.mended, *cure]:
            real = trial.change.numbers.get("rate")
            if trial.change.kind != "mend" or real is None:
                continue
            nominal = replace(trial, change=Change("mend", {"mistakes": trial.change.mistakes}))
            base, self.arms.base = self.arms.base, ()
            every = [*self.mended, *cure]
            bare, whole = self.arms.scores([_changes([nominal if t is trial else t for t in every]), _changes(every)])
            self.arms.base = base
            if bare > whole - 0.1:
                continue
            numbers = {
                "cause": trial.cause,
                "rate": self.case.settings.rate,
                "real": real,
                "bare": bare,
                "whole": whole,
            }
            self.diagnosis.remarks.append(Remark("lays-bare", numbers))


def _changes(trials: Sequence[Trial]) -> tuple[Change, ...]:
    return tuple(trial.change for trial in trials)


def _compatible(trials: Sequence[Trial]) -> bool:
    """Not two changes of the same thing."""
    touched = [name for trial in trials for name in trial.change.touches]
    return len(touched) == len(set(touched))
