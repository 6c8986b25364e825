"""A program that trains a network of its own making, as a patient: trials run it again with one thing changed.

It is judged by what it predicts for its own examples while it trains: outputs and targets are read off the program,
quality and cost are computed here.
"""

from __future__ import annotations

import math
import os
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from dataclasses import replace
from functools import partial

import numpy as np

from whynet.doctor.case import Case
from whynet.doctor.change import Change, Wording
from whynet.doctor.diagnosis import Finding, Gap, Outcome, Remark, Settings
from whynet.doctor.subject import Arm
from whynet.doctor.symptom import Measured
from whynet.doctor.symptoms.data import measure_order
from whynet.doctor.symptoms.outcome import STEPS, STEPS_PER_EPOCH
from whynet.subjects.adapter import has, number, scheme, times
from whynet.subjects.program.answers import Answers, cost_of
from whynet.subjects.program.figures import course, figures, repeats
from whynet.subjects.program.forks import Forks
from whynet.subjects.program.overrides import SPREADS
from whynet.subjects.program.patient import Program
from whynet.subjects.program.plan import Plan
from whynet.subjects.program.rows import Rows
from whynet.subjects.program.trial import Ended, Trial

SECOND = 3.3e9
"""Work that a second of one processor is, in the units of `doctor/budget.py`."""
SEEN, JUDGED = 400, 2000
"""Examples that are looked at from time to time, and by which it is judged at the end: an epoch, if that is less."""
START_UP = 0.05
"""Seconds until a trial takes its first step."""
STANDING = 16
"""Programs that stand before their first step; more are ended, the oldest first."""
LONG, AGAIN = 6.0, 2.0
"""A program that takes so many seconds is run once, and so many seconds of it a second time."""
PACE = 0.7
LAST = 7.0
"""Of its own training, so many times are kept for that with the patch."""
LEAST, LONGER = 30.0, 8.0
"""Seconds that an arm may take: so many, or so many times what is expected."""
LEAST_STEP = 2e-4
"""Seconds of a step on a few examples."""
HEAVY = 500
"""Inputs of an iteration that are read one by one."""
JUDGING = 2.0
"""Seconds that it may take to judge a training, if more than `SEEN` examples are judged."""
IN_PLACE = ("rate", "epochs", "weights", "scale-inputs", "shuffle")
"""Changes of a running program; others are made in its text."""


class ProgramSubject:
    """A program, and the places in it that its tapes showed. `health` are the symptoms of its start.

    >>> ProgramSubject.__init__.__annotations__["plan"]
    'Plan'
    """

    seed = 0
    slow = True
    """Whether trials end as soon as the likeliest change restores learning."""

    def __init__(
        self,
        program: Program,
        plan: Plan,
        *,
        cost: str,
        settings: Settings,
        health: Sequence[Measured] = (),
        seconds: float = 60.0,
        batch: int = 1,
        edit: Callable[[Change], tuple[str, Plan] | None] = lambda change: None,
        looked: float = 0.0,
    ) -> None:
        self.program, self.plan, self.cost, self.settings = program, plan, cost, settings
        self.health, self.seconds, self.batch, self.edit = list(health), seconds, batch, edit
        self.looked = looked
        """Seconds that it took to look into it."""
        self.wording = Wording("NumPy")
        self.whole = plan.same
        self.window = 1 if self.whole else max(1, math.ceil(SEEN / batch))
        self.heavy = sum(one.times for one in plan.inputs) > HEAVY
        """Whether noting the inputs costs more than the program's own work."""
        self.apart = 1
        if self.heavy and not self.whole:
            self.window, self.apart = max(1, math.ceil(SEEN / 8 / batch)), 8
        self.judged = 1 if self.whole else max(1, math.ceil(JUDGED / batch))
        self.more = 0
        self.total = 1
        self.per_step = 0.01
        self.answers: Answers | None = None
        self.refused: dict[str, str | None] = {}
        self.until = math.inf
        """When no more texts are looked at."""
        self.edited: dict[Change, tuple[str, Plan] | None] = {}
        self.case: Case | None = None
        self.standing: dict[tuple[str | None, int, bool], Forks] = {}
        self.lock = threading.Lock()
        self.starter = ThreadPoolExecutor(1)
        """The thread that starts them all: they end with the one that started them."""
        self.workers = max(1, min(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 2, 4))

    @property
    def pace(self) -> float:
        """Work that may be planned for a second: arms side by side wait for each other, and are judged."""
        return PACE * SECOND * self.workers

    @property
    def reserve(self) -> float:
        """Seconds that the cured program needs to be looked into and run to its end, longer than it was."""
        return self.looked + LAST * self.total * self.per_step

    def seconds_of(self, changes: Sequence[Change]) -> float:
        """About how long it takes to look into it with these changes, and to train it to its end."""
        work = self.work(Arm(tuple(changes), self.seed, self.steps(changes)))
        return self.looked + work / SECOND

    # ---- what an arm is

    def why_not(self, changes: Sequence[Change]) -> str | None:
        """None if it can be run with these changes, or the reason."""
        for change in changes:
            reason = self._why_not(change)
            if reason is not None:
                return reason
        return None

    def _why_not(self, change: Change) -> str | None:
        if change.kind in IN_PLACE and self._in_place(change):
            key = change.kind
            if key not in self.refused:
                self.refused[key] = self._tried(change)
            if self.refused[key] is None:
                return None
        if self._in_the_text(change) is not None:
            return None
        late = change not in self.edited
        why = "there was no time to look at a changed text" if late else "it could not be changed in the text"
        return self.refused.get(change.kind) or DECLINED.get(change.kind, why)

    @staticmethod
    def _in_place(change: Change) -> bool:
        """Whether it can be made in the running program."""
        if change.kind == "weights":
            return change.numbers.get("part", "all") == "all" and change.numbers.get("scheme") in SPREADS
        if change.kind == "epochs":
            return "times" in change.numbers and float(change.numbers["times"]).is_integer()
        return True

    def _tried(self, change: Change) -> str | None:
        """Whether it can be made, seen in a run of a few steps."""
        if change.kind in ("scale-inputs", "shuffle") and not self.plan.data:
            return "its inputs do not lie in one array"
        if change.kind == "shuffle" and not self.plan.answers:
            return "its targets do not lie in one array"
        if change.kind == "weights" and not self.plan.weights:
            return "none of its parameters is known to be weights"
        ended = self._run(Arm((change,), self.seed, 3))
        if ended.cannot:
            return ended.cannot
        return None if ended.taken else f"the program does not run with it: {ended.error or ended.how}"

    def _in_the_text(self, change: Change) -> tuple[str, Plan] | None:
        if change not in self.edited:
            if time.monotonic() > self.until:
                return None  # the changed text has to be looked at first, and there is no time for that
            self.edited[change] = self.edit(change)
        return self.edited[change]

    def alike(self, first: Sequence[Change], second: Sequence[Change]) -> bool:
        """Whether both sets of changes make the same training."""
        return self._effect(first) == self._effect(second)

    def _effect(self, changes: Sequence[Change]) -> tuple[Change, ...]:
        return tuple(one for one in changes if not (one.kind == "batch" and one.numbers.get("size") == self.batch))

    def steps(self, changes: Sequence[Change]) -> int:
        """How many steps its whole training takes with these changes."""
        size = number(changes, "batch", "size")
        smaller = math.ceil(self.batch / size) if size and self.whole else 1
        return max(1, math.ceil(self.total * smaller * (number(changes, "epochs", "times") or 1)))

    def work(self, arm: Arm) -> float:
        """What an arm costs."""
        size = number(arm.changes, "batch", "size")
        each = max(self.per_step * size / self.batch, LEAST_STEP) if size and self.whole else self.per_step
        return SECOND * (START_UP + arm.steps * each + self.judged * self.per_step)

    # ---- trials

    def run(self, arms: Sequence[Arm], stop: Callable[[], bool] = lambda: False) -> list[Outcome]:
        """The outcomes; as many at a time as there are processors."""
        found: dict[Arm, Ended] = {}

        def one(arm: Arm) -> Callable[[], None]:
            def work() -> None:
                if not stop():
                    found[arm] = self._run(arm, stop)

            return work

        with ThreadPoolExecutor(self.workers) as pool:
            for work in [pool.submit(one(arm)) for arm in dict.fromkeys(arms)]:
                work.result()
        return [self.judge(found.get(arm, Ended("killed")), arm) for arm in arms]

    def _run(self, arm: Arm, stop: Callable[[], bool] = lambda: False) -> Ended:
        plan, text = self.plan, self.program.text
        kept = []
        for change in arm.changes:
            in_place = self._in_place(change) and self.refused.get(change.kind, "not asked") in (None, "not asked")
            if in_place and change.kind in IN_PLACE:
                kept.append(change)
                continue
            made = self._in_the_text(change)
            if made is not None:
                text, plan = made
        again = number(kept, "epochs", "times")
        size = number(arm.changes, "batch", "size") if self.whole and not plan.same else None
        window, judged = (math.ceil(SEEN / size), math.ceil(JUDGED / size)) if size else (self.window, self.judged)
        trial = Trial(
            arm.seed, arm.steps, window, self.apart, judged, self.more, times(kept), int(again or 1),
            weights=scheme(kept, "weights"), scaling=scheme(kept, "scale-inputs"),
            shuffle=has(kept, "shuffle"),
        )  # fmt: skip
        expected = arm.steps * self.per_step
        limit = max(LEAST, LONGER * expected) if self.total > 1 else self.seconds
        if self.heavy and self.answers is not None:
            plan = replace(plan, inputs=())  # they are known
        return self._forks(text, plan, arm.seed).run(trial, limit, self.seconds, stop)

    def _forks(self, text: str | None, plan: Plan, seed: int) -> Forks:
        """The program of this text and seed, before its first step."""
        with self.lock:
            key = (text, seed, bool(plan.inputs))
            if key not in self.standing:
                while len(self.standing) >= STANDING:
                    self.standing.pop(next(iter(self.standing))).close()
                program = self.program
                begun = partial(Forks, program.path, program.args, plan, seed=seed, text=text, beside=program.beside)
                self.standing[key] = self.starter.submit(begun).result()
            return self.standing[key]

    def close(self) -> None:
        """End all programs that stand before their first step."""
        for one in self.standing.values():
            one.close()
        self.standing.clear()
        self.starter.shutdown(wait=False)

    def judge(self, ended: Ended, arm: Arm) -> Outcome:
        """The outcome of a training as it stands."""
        costs = [cost_of(self.cost, one, two) for one, two in zip(ended.outputs, ended.targets, strict=True)]
        curve = tuple((start, cost) for start, cost in zip(ended.starts, costs, strict=True) if math.isfinite(cost))
        whole = ended.taken >= arm.steps or ended.how in ("ended", "enough")
        answers = self.answers
        finite = bool(costs) and math.isfinite(costs[-1]) and ended.how != "crashed"
        if not finite or answers is None:
            blew_up = ended.how == "crashed" or (bool(costs) and not math.isfinite(costs[-1]))
            return Outcome(  # what was cut off before it could be judged did not blow up
                math.nan, 0.0, steps=ended.taken, finite=not blew_up, whole=whole and blew_up, seconds=ended.seconds,
                curve=curve,
            )  # fmt: skip
        scores, y = ended.outputs[-1], answers.asked(ended.targets[-1])
        problem, middle = answers.problem, answers.middle
        return Outcome(
            costs[-1], problem.quality(scores, y, middle),
            metric=None if answers.classes else problem.metric(scores, y, middle),
            error=problem.standard_error(scores, y, middle), recalls=problem.recalls(scores, y, middle),
            one_answer=problem.one_answer(scores, middle), steps=ended.taken, finite=True, whole=whole,
            seconds=ended.seconds, curve=curve,
        )  # fmt: skip

    # ---- the patient as it is

    def examine(self, stop: Callable[[], bool] = lambda: False) -> Case:
        """The unchanged program to its end, and what its predictions say; a second time for whether it repeats. It is
        done once: who asks again gets a copy of the same case."""
        if self.case is None:
            self.case = self._examined(stop)
        return deepcopy(self.case)

    def _examined(self, stop: Callable[[], bool]) -> Case:
        forks = self._forks(self.program.text, self.plan, self.seed)
        nested = self.plan.epochs != self.plan.loop
        watched = Trial(
            self.seed, window=self.window, apart=self.apart, restarts=nested, judged=self.judged,
            more=1 if self.whole or nested else self.judged, long=LONG, judging=JUDGING,
        )  # fmt: skip
        first = forks.run(watched, self.seconds, self.seconds, stop)
        self.total = max(first.taken, 1)
        self.per_step = max(first.seconds, 0.002) / self.total
        self._judged_at_the_end(first)
        if first.judged:
            begun = Trial(self.seed, max(1, int(AGAIN / self.per_step)), self.window, self.apart)
            ended, second = first, forks.run(begun, self.seconds, self.seconds, stop)
        else:
            second = self._run(Arm((), self.seed, self.total), stop)
            ended = second if second.outputs else first
        case = Case(
            replace(self.settings, epochs=ended.epochs or None), layers=max(len(self.plan.weights), 1), rows=1,
            available=1, classes=0, features=0,
        )  # fmt: skip
        case.keep(*self.health)
        if not ended.outputs or ended.outputs[-1].shape[1] == 0:
            why = "its outputs could not be laid beside its targets"
            case.not_examined.append(Gap("the trials", why if ended.taken else f"{ended.error or ended.how}"))
            return case
        if not repeats(self.cost, first, second):
            words = "Run twice, it did not do the same, though its seeds were set: arms are unpaired, over seeds."
            case.remarks.append(Remark("said", {"text": words}))
        self._describe(case, ended)
        self._rows(case, first)
        if first.restarts:
            words = "its weights are set anew at the beginning of every epoch: what was learned before is lost"
            case.findings.append(Finding("layer-not-updated", "found", detail=words))
        arm = Arm((), self.seed, self.total)
        case.before, case.steps = replace(self.judge(ended, arm), whole=True), (self.total, self.total)
        course(case, self.total)
        figures(case, self.answers, self.cost, ended)
        if case.settings.activation == "identity" and case.before.quality >= case.value("linear-accuracy"):
            case.settings = replace(case.settings, activation=None)  # layers that are linear on purpose
        return case

    def like(self, other: ProgramSubject, steps: int) -> Outcome:
        """The end of a training that is much like another's, after so many steps."""
        self.total, self.per_step = steps, other.per_step
        self.judged = other.judged if self.whole == other.whole else math.ceil(JUDGED / self.batch)
        self.more = other.more
        arm = Arm((), self.seed, steps)
        return self.judge(self._run(arm), arm)

    def _judged_at_the_end(self, first: Ended) -> None:
        """How many iterations an epoch has: it is judged by one of them, after its last step."""
        if self.whole:
            self.more = 1
            return
        in_time = int(JUDGING / self.per_step)
        self.judged = min(self.judged, max(in_time, math.ceil(SEEN / self.batch)))
        per_epoch = max(1, round(first.taken / max(first.epochs, 1)))
        if self.plan.epochs != self.plan.loop:
            self.judged = min(self.judged, per_epoch)
            self.more = 1
        else:
            self.more = self.judged

    def _describe(self, case: Case, ended: Ended) -> None:
        targets = np.concatenate(ended.targets[-3:]) if self.whole is False else ended.targets[-1]
        targets = targets if np.isfinite(targets).all() else ended.targets[0]
        self.answers = answers = Answers.of(targets)
        case.problem, case.classes = answers.problem.kind, answers.classes
        known = self.plan.epochs != self.plan.loop
        per_epoch = self.total / max(ended.epochs, 1) if known else 1 if self.whole else self.total
        rows = max(1, round(per_epoch * self.batch))
        case.rows = case.available = rows
        case.features = 0 if ended.inputs is None else ended.inputs.shape[1]
        case.note(STEPS, self.total)
        case.note(STEPS_PER_EPOCH, per_epoch)
        count = len(ended.outputs[-1])
        case.used["rows"] = f"judged by its predictions for {count:,} of its own examples, after its last step"

    def _rows(self, case: Case, first: Ended) -> None:
        """Which examples it trains on, and in which order."""
        assert self.answers is not None
        seen = [(keys, targets) for keys, targets in zip(first.keys, first.targets, strict=True) if len(keys)]
        rows = Rows([keys for keys, _ in seen], [targets for _, targets in seen], self.plan.examples_there)
        if self.whole or not seen:
            return
        case.findings += rows.findings(self.answers.classes)
        if rows.in_one_order():
            case.settings = replace(case.settings, order="file")
            if self.answers.classes:
                labels = self.answers.asked(seen[0][1])
                measure_order(case, labels, np.arange(len(labels)), self.batch)


DECLINED = {
    "activation": "activations are not exchanged in a running program",
    "output": "the output's activation is not exchanged in a running program",
    "cost": "no other cost is tried in a running program",
    "width": "layers are not made wider in a running program",
    "depth": "layers are not taken away in a running program",
    "optimizer": "no other optimizer is tried in a running program",
    "rows": "no examples are added",
    "mend": "what is wrong there has to be changed in the text",
}
