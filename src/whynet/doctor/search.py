"""The search: from suspicions to the smallest set of changes that makes a subject learn. One for every subject.

Single changes (`trials.py`); if none is enough, sets, and what can be left out is left out (`sets.py`); other seeds
(`verdict.py`, `proof.py`); then the cure, trained to the end, and once more on fresh seeds (`cure.py`).
"""

from __future__ import annotations

from whynet.doctor import proof
from whynet.doctor.cure import Cure
from whynet.doctor.diagnosis import UNKNOWN, Finding, Remark, Status
from whynet.doctor.proof import SEEDS
from whynet.doctor.sets import Sets
from whynet.doctor.states import learns
from whynet.doctor.trials import Trial, Trials, changes_of
from whynet.doctor.verdict import Verdict, is_of_the_code
from whynet.types import Array

GOOD = 0.95  # a quality that a network is not ill with
LACKING = 0.25  # of what it lacks of 1


class Search:
    """The course of the trials of one subject; what it finds is written into the diagnosis.

    >>> Search.__init__.__annotations__["trials"]
    'Trials'
    """

    def __init__(self, trials: Trials) -> None:
        self.trials = trials
        self.arms, self.case, self.diagnosis = trials.arms, trials.case, trials.diagnosis
        self.sets, self.verdict, self.cure = Sets(trials), Verdict(trials), Cure(trials)
        self.unproved: Remark | None = None
        """What the best set of changes comes to, while it is being proved."""

    def run(self) -> None:
        """All of it, as far as the effort reaches."""
        if not learns(self.case):
            self.trials.set_aside()
        self.trials.before = self.arms.scores([()])[0]
        self.trials.singles = self.trials.alone()
        self.diagnosis.tried = [(trial.cause, trial.change, trial.alone) for trial in self.trials.singles]
        if learns(self.case):
            self._what_it_loses()
        else:
            self._what_restores_it()

    def _what_it_loses(self) -> None:
        """What a network that learns loses all the same: a single change, clearly wrong before, that gains points."""
        best = max(self.trials.singles, key=lambda trial: trial.alone, default=None)
        noise = self.trials.noise
        self._say_what_is_idle(noise)
        if best is None or best.alone < self.trials.before + noise:
            return
        table = self.trials.table([(), (best.change,)], self.trials.seeds()[:SEEDS])
        gains = table[:, 1] - table[:, 0]
        if not proof.is_sure(gains, max(noise, self.case.value("standard-error"))):
            return
        end = self.arms.score(self.arms.run([self.arms.arm((best.change,), whole=True)], free=True)[0])
        own = self.case.before.quality if self.case.before is not None else end
        if end < own + max(noise, self.case.value("standard-error")):
            return  # in the end it makes no difference
        before, after = self.arms.outcome(()), self.arms.outcome((best.change,))
        status = self._of_one_that_learns(best, table)
        first = Finding(best.cause, status, best.suspicion.evidence, best.change, before, after, seeds=len(table))
        others = [finding for finding in self.diagnosis.verdict if finding.cause != best.cause]
        self.diagnosis.verdict = [first, *others]
        self.diagnosis.remarks.append(Remark("loses", {"cause": best.cause, "points": float(gains.mean())}))
        if status == "proved":
            self.cure.find([best])

    def _say_what_is_idle(self, noise: float) -> None:
        """Defects that were found, and mended for a trial, in which that made no difference."""
        found = {one.cause for one in self.case.findings if one.status == "found"}
        idle = [one for one in self.trials.singles if one.cause in found and one.alone < self.trials.before + noise]
        if idle:
            self.diagnosis.remarks.append(
                Remark("makes-no-difference", {"changes": tuple(dict.fromkeys(changes_of(idle)))})
            )

    def _of_one_that_learns(self, best: Trial, table: Array) -> Status:
        """How far a gain tells what is wrong with it: nothing is, where it lacks little without the change, or much
        with it; and a defect that was found in how it computes is not mended by a setting."""
        before, after = (float(one) for one in table.mean(axis=0))
        code = [one for one in self.case.findings if is_of_the_code(one)]
        if code:
            mended = all(one.cause == best.cause or one.change == best.change for one in code)
            return "proved" if mended and best.cause in {one.cause for one in code} else "suspected"
        if self.case.problem == UNKNOWN:  # its qualities are a scale of losses, on which nobody knows what is good
            return "proved" if self.verdict.clearly_less(table, [best]) else "helps"
        return "proved" if before < GOOD and after - before >= LACKING * (1 - before) else "helps"

    def _what_restores_it(self) -> None:
        best = self.sets.smallest()
        after = self.arms.scores([changes_of(best)])[0] if best else self.trials.before
        if (
            not best
            or after < self.trials.before + self.trials.least
            or not self.trials.effort.allows("the proof with other seeds")
        ):
            self.trials.say("no change, and no set of changes, makes a difference")
            self.diagnosis.verdict = self.verdict.only_suspected()
            if self.trials.singles:
                self.diagnosis.remarks.append(Remark("tried", {"changes": changes_of(self.trials.singles)}))
            return  # without a cure nobody can be cleared: what does nothing alone may be a part of it
        self.trials.say("proving it with other seeds: " + " and ".join(trial.cause for trial in best))
        numbers = {"changes": changes_of(best), "before": self.trials.before, "after": after}
        self.unproved = Remark("best-tried", numbers)
        status, best = self.verdict.prove(best, self.verdict._needed(best, after), after)
        self.unproved = None
        after = self.arms.scores([changes_of(best)])[0]
        if status == "suspected":
            changes = changes_of(best)
            self.diagnosis.remarks.append(
                Remark("best-tried", {"changes": changes, "before": self.trials.before, "after": after})
            )
            return
        self.verdict.clear(best, after)
        if status == "proved":
            self.cure.find(best)
