"""The verdict: a set of changes held against other seeds, its rivals, what is found beside it, what is innocent."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from whynet.doctor import proof
from whynet.doctor.causes import cause
from whynet.doctor.change import Change
from whynet.doctor.diagnosis import UNKNOWN, Acquittal, Finding, Remark, Status
from whynet.doctor.proof import NOISE, SEEDS
from whynet.doctor.suspects import CLEAR, WORTH, changes_for, is_measured, unproved
from whynet.doctor.trials import GOOD, OF_THE_FALL, Trial, Trials, changes_of, compatible
from whynet.types import Array

COMPUTING = ("gradient", "network", "output", "update")
"""Families of causes in how a network computes."""
MORE = ("undertrained", "lr-too-low", "batch-too-large", "underfit", "capacity-minimal", "bottleneck")
"""Causes that more of something takes away: steps, or units; it carries any network further, whatever else is wrong."""
LITTLE = 0.1  # of R2, or of a balanced accuracy above chance: what a few rows held back can feign


def is_of_the_code(finding: Finding) -> bool:
    """Whether it is a defect, found by looking, in how the network computes.

    >>> is_of_the_code(Finding("gradient-cut", "found")), is_of_the_code(Finding("too-little-data", "found"))
    (True, False)
    """
    return finding.status == "found" and cause(finding.cause).FAMILY in COMPUTING


class Verdict:
    """Writes findings and acquittals into the diagnosis.

    >>> Verdict.__init__.__annotations__["trials"]
    'Trials'
    """

    def __init__(self, trials: Trials) -> None:
        self.trials = trials
        self.arms, self.case, self.diagnosis = trials.arms, trials.case, trials.diagnosis

    def prove(self, best: list[Trial], needed_too: list[Trial], after: float) -> tuple[Status, list[Trial]]:
        """Other seeds; then the verdict, the strongest first. Returns how far the set is proved, and the set without
        what other seeds can do without."""
        before = self.trials.before
        seeds = self.trials.seeds()
        sets: list[Sequence[Change]] = [(), changes_of(best)]
        if len(best) > 1:
            sets += [changes_of([t for t in best if t is not out]) for out in best]
        names = {trial.cause for trial in best}
        rivals = [
            trial
            for trial in sorted(self.trials.singles, key=lambda t: -t.alone)
            if trial.alone >= before + 0.5 * (after - before) and trial.cause not in names
        ]
        if len(best) == 1 and best[0].is_of_steps:  # all that is as good as the cheapest stands beside it
            few = [trial for trial in rivals if trial.is_of_steps]
            rivals = [*few, *(trial for trial in rivals if not trial.is_of_steps)][: max(2, len(few))]
        else:
            rivals = rivals[:2]
        sets += [(rival.change,) for rival in rivals]
        table = self.trials.table(sets, seeds[:SEEDS])
        sure = proof.is_sure(table[:, 1] - table[:, 0], self.trials.least)
        if not sure and (table[:, 1] > table[:, 0]).all():  # gains that differ much ask for more of them
            table = np.concatenate([table, self.trials.table(sets, seeds[SEEDS:])])
            sure = proof.is_sure(table[:, 1] - table[:, 0], self.trials.least)
        gains = table[:, 1] - table[:, 0]
        if sure and len(best) > 1:
            least = proof.spare(table[:, 1 : 2 + len(best)], float(gains.mean()))
            if least is not None:
                smaller = self.prove([one for i, one in enumerate(best) if i != least], needed_too, after)
                if smaller[0] == "proved":
                    return smaller
        status = self._status(sure, table, best)
        mine, others = self.arms.outcome(()), self.arms.outcome(changes_of(best))
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
        beside = self._beside(found, after)
        first = [] if status == "proved" else [one for one in beside if is_of_the_code(one)]
        self.diagnosis.verdict = [*first, *found, *(one for one in beside if one not in first)]
        if status == "helps":
            self.diagnosis.remarks.append(Remark("gain-elsewhere", {"gain": float(gains.mean()), "goal": self.goal}))
        return status, best

    @property
    def goal(self) -> float:
        """What can be reached: the better of the yardstick and the best arm."""
        reached = [self.arms.score(one) for one in self.arms.known.values()]
        return max([one for one in (self.trials.yardstick, *reached) if one == one], default=1.0)

    def _status(self, sure: bool, table: Array, best: list[Trial]) -> Status:
        if not sure:
            return "suspected"
        least = self.trials.least if self.case.classes else max(self.trials.least, LITTLE)
        if float(table[:, 1].mean()) <= self._constant() + least:
            return "suspected"  # a gain up to a constant prediction is no learning
        if self.case.problem == UNKNOWN and not self.clearly_less(table, best):
            return "suspected"
        if self._code_is_wrong(best):
            return "suspected"
        if self._output_is_wrong([*best, *self.trials.mended]):
            return "helps"
        before, after = float(table[:, 0].mean()), float(table[:, 1].mean())
        well = self.case.problem != UNKNOWN and proof.learns_well(before, self._constant(), self.goal)
        if well and all(trial.is_of_steps or cause(trial.cause).KIND == "limit" for trial in best):
            return "suspected"
        return "proved" if proof.restores(before, after, self.goal) else "helps"

    def clearly_less(self, table: Array, best: list[Trial]) -> bool:
        """Whether a loss is less by two standard errors over what is held back, and a tenth of its fall to the best."""
        ends = [self.arms.outcome(()), self.arms.outcome(changes_of(best))]
        error = math.hypot(*(end.error for end in ends))
        return float((table[:, 1] - table[:, 0]).mean()) > max(2 * error, OF_THE_FALL * self.goal)

    def _code_is_wrong(self, mended: Sequence[Trial]) -> bool:
        """Whether a defect was found in how it computes that no trial can take out: what helps beside it is no cure."""
        tried = {trial.cause for trial in [*self.trials.singles, *mended, *self.trials.mended]}
        return any(is_of_the_code(one) and one.cause not in tried for one in self.case.findings)

    def _output_is_wrong(self, mended: Sequence[Trial]) -> bool:
        """Whether a defect of the output or the loss is measured that these changes leave as it is."""
        named, touched = {trial.cause for trial in mended}, {name for t in mended for name in t.change.touches}
        for name, suspicion in self.trials.suspects:
            if cause(name).FAMILY != "output" or suspicion.strength < CLEAR or name in named:
                continue
            if not any(change.touches & touched for change in changes_for(name, self.case)):
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
            near = table[:, first + index].mean() >= min(self.trials.good - GOOD, table[:, 1].mean() - 0.02)
            alike = near and own.mean() >= 0.5 * gains.mean() and rival.strength >= 0.25
            pair = table[:, [0, first + index]]
            if alike and self._status(proof.is_sure(own, self.trials.least), pair, [rival]) == "proved":
                found.append(rival)
        return found

    def _beside(self, found: list[Finding], after: float) -> list[Finding]:
        """Findings beside the proved ones: what was measured, then what gained alone."""
        named = {finding.cause for finding in found}
        more = [unproved(self.case, *one) for one in self.trials.suspects if one[0] not in named and is_measured(*one)]
        named |= {finding.cause for finding in more}
        mine, before = self.arms.outcome(()), self.trials.before
        clearly = before + max(0.05, 0.2 * (after - before), self.trials.least)
        return more + [
            Finding(
                trial.cause, "suspected", trial.suspicion.evidence, trial.change, mine,
                self.arms.outcome((trial.change,)),
            )
            for trial in sorted(self.trials.singles, key=lambda t: -t.alone)
            if trial.cause not in named and trial.alone > clearly
        ]  # fmt: skip

    def _needed(self, best: list[Trial], after: float) -> list[Trial]:
        """Those of the mistakes set aside beside which the cure does not work."""
        if not self.trials.mended:
            return []
        base, self.arms.base = self.arms.base, ()
        kept = [
            self.arms.arm(changes_of([*(t for t in self.trials.mended if t is not out), *best]))
            for out in self.trials.mended
        ]
        self.arms.base = base
        steps = min(arm.steps for arm in kept)  # with a mistake left in, an arm may reach less far
        arms = [arm._replace(steps=steps) for arm in (self.arms.arm(changes_of(best)), *kept)]
        whole, *beside = map(self.arms.score, self.arms.run(arms))
        if whole < self.trials.before + 0.5 * (after - self.trials.before):
            return []  # so few steps do not tell
        least = whole - max(0.5 * (whole - self.trials.before), 2 * NOISE)
        return [trial for trial, score in zip(self.trials.mended, beside, strict=True) if score < least]

    def clear(self, best: list[Trial], after: float) -> None:
        """Those whose change does nothing, alone or beside the cure; and gains beside the cure."""
        names = {trial.cause for trial in best}
        accused = {one.cause for one in self.diagnosis.verdict if one.status != "suspected"}
        rest = [
            trial for trial in self.trials.singles if trial.cause not in names | accused and compatible([*best, trial])
        ]
        if not self.trials.effort.allows("clearing what is innocent", 0.9):
            return
        scores = self.arms.scores([changes_of([*best, trial]) for trial in rest])
        base = self.arms.outcome(())
        for trial, score in zip(rest, scores, strict=True):
            alone, beside = trial.alone - self.trials.before, score - after
            if proof.changes_nothing(alone, beside, self.trials.before):
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

    def only_suspected(self) -> list[Finding]:
        return [
            unproved(self.case, *one) for one in self.trials.suspects if one[1].strength >= WORTH or is_measured(*one)
        ]
