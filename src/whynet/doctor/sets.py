"""Sets: the smallest set of changes that restores learning."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations

from whynet.doctor import proof, recommended
from whynet.doctor.cause import CERTAIN
from whynet.doctor.causes import cause
from whynet.doctor.proof import NOISE
from whynet.doctor.suspects import changes_for
from whynet.doctor.trials import GOOD, Trial, Trials, changes_of, compatible

COUNT = 16  # about so many sets of changes are tried
BY_SETS, BY_MORE = 0.5, 0.6  # parts of the effort that may be spent by the end of each
WHOLE = 0.25  # part of what is left that one training to its end may take


class Sets:
    """The search among sets, where no single change is enough.

    >>> Sets.__init__.__annotations__["trials"]
    'Trials'
    """

    def __init__(self, trials: Trials) -> None:
        self.trials = trials
        self.arms, self.case = trials.arms, trials.case

    def smallest(self) -> list[Trial]:
        """One change if one restores learning; else the smallest set that does; else the best there is."""
        singles = self.trials.singles
        enough = [
            trial for trial in singles if trial.alone >= self.trials.good and trial.alone > self.trials.before + NOISE
        ]
        if enough:
            return [self._likeliest(enough)]
        ranked = sorted(singles, key=self._promise, reverse=True)[:7]
        if not ranked:
            return []
        single = self._likeliest(ranked)
        if self._enough_in_the_end(single):
            return [single]
        sized = [self._sizes(trial) for trial in ranked]
        self.trials.say("no single change is enough: trying sets")
        best: tuple[float, list[Trial]] = (single.alone, [single])
        best = self._best_of(self._strongest(sized), best, until=BY_SETS)
        if best[0] - self.trials.before < 0.6 * (self.trials.good - self.trials.before):
            pairs = [[a, b] for first, second in combinations(sized, 2) for a in first for b in second]
            pairs.sort(key=lambda pair: -sum(map(self._promise, pair)))
            best = self._best_of(pairs[: 2 * COUNT], best, until=BY_SETS)
        for _ in range(2):
            if best[0] >= self.trials.good:
                break
            chosen = {trial.cause for trial in best[1]}
            restored = best[0] - self.trials.before >= 0.5 * (self.trials.good - self.trials.before)
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
        found = self._minimal(self._tuned(best[1]))
        reached = self.arms.scores([changes_of(found)])[0]
        others = [trial for trial in found if trial.cause != single.cause]
        certain = any(trial.strength >= CERTAIN for trial in others)
        restored = reached >= self.trials.good and any(cause(t.cause).KIND not in ("limit", "slow") for t in others)
        if not (certain or restored) and single.alone - self.trials.before >= 0.6 * (reached - self.trials.before) > 0:
            self.trials.extra = others
            return [single]
        return found

    def _enough_in_the_end(self, single: Trial) -> bool:
        """Whether a change that is not enough in a shortened trial is, in the whole training."""
        arm = self.arms.arm((single.change,), whole=True)
        too_long = self.trials.subject.work(arm) > WHOLE * self.trials.effort.left
        if self.arms.share == 1 or too_long or single.alone < self.trials.before + self.trials.least:
            return False
        return self.arms.score(self.arms.run([arm])[0]) >= self.trials.good

    def _promise(self, trial: Trial) -> float:
        return max(trial.alone - self.trials.before, 0) + 0.5 * trial.strength

    def _likeliest(self, trials: Sequence[Trial]) -> Trial:
        """Of those that do about as well as the best, the one that the evidence speaks for most. Those that all mean
        too few steps are one: the cheapest of them, with the strongest evidence that any of them has."""
        top = max(trial.alone for trial in trials)
        near = [trial for trial in trials if trial.alone >= top - max(0.04, 0.25 * (top - self.trials.before))]
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
            if self.arms.score(self.arms.run([equal])[0]) >= min(self.trials.good, trial.alone - GOOD):
                return trial
        return min(few, key=lambda trial: (trial.change.kind == "rows", recommended.price(trial.change)))

    def _strongest(self, sized: list[list[Trial]]) -> list[list[Trial]]:
        """Everything that the evidence speaks for at once, with the rate as it is and in other sizes: what can be left
        out of it is found later."""
        strong: list[Trial] = []
        for sizes in sorted(sized, key=lambda sizes: -sizes[0].strength):
            first = sizes[0]
            if first.strength >= 0.5 and cause(first.cause).KIND != "limit" and compatible([*strong, first]):
                strong.append(first)
        rates = [one for sizes in sized for one in sizes if one.change.kind == "rate"]
        others = [t for t in strong if t.change.kind != "rate"]
        return [strong, *([*others, one] for one in rates if one not in strong)]

    def _sizes(self, trial: Trial) -> list[Trial]:
        """The trial again; where it is about the rate, also in its first sizes: which one suits may depend on the
        others."""
        if trial.change.kind != "rate":
            return [trial]
        changes = changes_for(trial.cause, self.case)
        down = changes[0].numbers["times"] < 1
        more = [replace(trial, change=change) for change in changes[: 3 if down else 1] if change != trial.change]
        return [trial, *more]

    def _tuned(self, chosen: list[Trial]) -> list[Trial]:
        """The set with its rate further up, or down, its ladder, as far as that helps."""
        index = next((i for i, trial in enumerate(chosen) if trial.change.kind == "rate"), None)
        if index is None or not self.trials.effort.allows("the rate of the set", BY_MORE):
            return chosen
        rate, score = chosen[index], self.arms.scores([changes_of(chosen)])[0]
        own = abs(math.log(rate.change.numbers["times"]))
        for change in changes_for(rate.cause, self.case):
            if abs(math.log(change.numbers["times"])) <= own or score >= self.trials.good:
                continue
            further = [*chosen[:index], replace(rate, change=change), *chosen[index + 1 :]]
            reached = self.arms.scores([changes_of(further)])[0]
            if reached <= score + NOISE:
                break
            chosen, score = further, reached
        return chosen

    def _best_of(
        self, sets: list[list[Trial]], best: tuple[float, list[Trial]], *, until: float
    ) -> tuple[float, list[Trial]]:
        """The best of these sets; of sets that are about as good, the one with the stronger evidence. It ends when so
        much of the effort is spent."""
        distinct = [one for one in sets if len(one) > 1 and compatible(one)]
        scores: list[float] = []
        for start in range(0, len(distinct), 4):
            if max(scores, default=0) >= self.trials.good or not self.trials.effort.allows(
                "more sets of changes", until
            ):
                distinct = distinct[:start]
                break
            scores += self.arms.scores([changes_of(one) for one in distinct[start : start + 4]])

        def rank(score: float, chosen: list[Trial]) -> float:
            return min(score, self.trials.good + 0.02) + 0.1 * sum(t.strength for t in chosen) / len(chosen)

        for score, chosen in zip(scores, distinct, strict=True):
            better = score > best[0] + 0.02 if len(chosen) > len(best[1]) else rank(score, chosen) > rank(*best)
            if better:
                best = (score, chosen)
        return best

    def _minimal(self, chosen: list[Trial]) -> list[Trial]:
        """What can be left out without loss is left out."""
        while len(chosen) > 1:
            whole = self.arms.scores([changes_of(chosen)])[0]
            rests = [[t for t in chosen if t is not out] for out in chosen]
            least = proof.can_go(whole, self.arms.scores([changes_of(rest) for rest in rests]), self.trials.before)
            if least is None:
                return chosen
            chosen = rests[least]
        return chosen
