"""The cure: the mended patient, trained to its end, and once more on seeds that had no part in finding it."""

from __future__ import annotations

from dataclasses import replace

from whynet.doctor.arms import merged
from whynet.doctor.change import Change
from whynet.doctor.diagnosis import Fix, Remark
from whynet.doctor.proof import NOISE, SEEDS
from whynet.doctor.suspects import is_measured
from whynet.doctor.trials import Trial, Trials, changes_of, compatible


class Cure:
    """Writes the fix into the diagnosis.

    >>> Cure.__init__.__annotations__["trials"]
    'Trials'
    """

    def __init__(self, trials: Trials) -> None:
        self.trials = trials
        self.arms, self.case, self.diagnosis = trials.arms, trials.case, trials.diagnosis

    def find(self, best: list[Trial]) -> None:
        """The mended patient, trained to its end, and once more on seeds that had no part in finding it."""
        after = self.arms.scores([changes_of(best)])[0]
        best = self._defects_mended(best, after)
        plain = [trial for trial in best if trial.change.kind != "rate"]  # what is short of steps likes other rates
        sets = [plain, best] if 0 < len(plain) < len(best) else [best]
        if self.trials.extra:
            sets.append([*best, *(t for t in self.trials.extra if compatible([*best, t]))])
        self.trials.say("training it with the cure to the end")
        ends = self.arms.run([self.arms.arm(changes_of(one), whole=True) for one in sets], free=True)
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
            self.diagnosis.remarks.append(Remark("not-on-fresh-seeds", {"changes": changes_of(cure)}))
            return
        self._release({trial.cause for trial in best} - {trial.cause for trial in cure})
        changes = merged([*self.arms.base, *changes_of(cure)])
        self.diagnosis.fix = Fix(changes, unchanged, end)
        self._lays_bare(cure)

    def _holds(self, cure: list[Trial]) -> bool:
        """Whether the cure is better than nothing on seeds that had no part in finding it."""
        fresh = [self.trials.subject.seed + 3 * SEEDS + step for step in range(2)]
        table = self.trials.table([(), changes_of(cure)], fresh)
        return bool(table[:, 1].mean() > table[:, 0].mean())

    def _defects_mended(self, best: list[Trial], after: float) -> list[Trial]:
        """The set, and what else is measured to be wrong, where mending it costs nothing."""
        names = {trial.cause for trial in [*best, *self.trials.mended]}
        for sizes in self.trials.of([one for one in self.trials.suspects if one[0] not in names and is_measured(*one)]):
            sets = [[*best, trial] for trial in sizes if compatible([*best, trial])]
            scores = self.arms.scores([changes_of(one) for one in sets])
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
        for trial in [*self.trials.mended, *cure]:
            real = trial.change.numbers.get("rate")
            if trial.change.kind != "mend" or real is None:
                continue
            nominal = replace(trial, change=Change("mend", {"mistakes": trial.change.mistakes}))
            base, self.arms.base = self.arms.base, ()
            every = [*self.trials.mended, *cure]
            bare, whole = self.arms.scores(
                [changes_of([nominal if t is trial else t for t in every]), changes_of(every)]
            )
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
