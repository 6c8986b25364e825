"""A network that its own library, or its own code, trains: as it is, and with one thing changed."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence

import numpy as np
from threadpoolctl import threadpool_limits

from whynet.data.problem import Classification
from whynet.data.protocol import Problem, error_between
from whynet.doctor.budget import work_of
from whynet.doctor.case import Case
from whynet.doctor.change import Change
from whynet.doctor.diagnosis import Finding, Gap, Outcome, Remark
from whynet.doctor.subject import Arm
from whynet.doctor.symptom import Measured
from whynet.doctor.symptoms.data import FORETOLD
from whynet.doctor.symptoms.outcome import (
    COST,
    FLOOR,
    HIGHEST_COST,
    LINEAR_ACCURACY,
    OWN_STEPS,
    PROGRESS,
    START_COST,
    STEPS,
    STEPS_PER_EPOCH,
    STILL_FALLING,
    STOPPED_EARLY,
    YARDSTICK_ERROR,
)
from whynet.doctor.symptoms.quality import measure_quality
from whynet.doctor.symptoms.units import measure_units
from whynet.doctor.symptoms.weights import measure_first_layer, measure_gradients, measure_step, measure_weights
from whynet.subjects.adapter import FASTER, STEP, Adapter, Hidden, Inside, Trained, number
from whynet.subjects.answers import contributed
from whynet.subjects.given import Given
from whynet.subjects.inside.through_time import forgets
from whynet.training.recipe import Recipe
from whynet.training.yardstick import is_reconstruction, linear_answers
from whynet.types import Array

HELD_BACK = 10_000
FEW_ROWS = 20  # fewer are not split
FEW = 16  # features: the nearest neighbour is a yardstick too
MOST_ASKED = 5000
PROBE = 500  # rows on which units and gradients are looked at
PARTS = {
    "layers": "its initial weights",
    "hidden": "its hidden units",
    "gradients": "its gradient, layer by layer",
    "step": "how far a step moves its weights",
}
"""What cannot be looked into, as it is said."""
STEADY = 50  # rows of a batch, at least, from which its cost may be compared with another's


class AdaptedSubject:
    """Somebody's network with its data. `classes` is 0 where the targets are numbers.

    `found` are defects that were measured beside it, `noted` what was measured there.

    >>> AdaptedSubject.__init__.__annotations__["adapter"]
    'Adapter'
    """

    def __init__(
        self,
        adapter: Adapter,
        X: Array,
        y: Array,
        *,
        problem: Problem,
        test: tuple[Array, Array] | None = None,
        found: Sequence[Finding] = (),
        noted: Sequence[Measured] = (),
        remarks: Sequence[Remark] = (),
        used: dict[str, str] | None = None,
        not_examined: Sequence[Gap] = (),
        step: float = STEP,
        most_epochs: int | None = None,
    ) -> None:
        self.adapter, self.problem, self.test, self.step = adapter, problem, test, step
        self.classes = problem.outputs if isinstance(problem, Classification) else 0
        self.most_epochs = most_epochs
        self.seed, self.wording = 0, adapter.wording
        self.found, self.noted, self.remarks = list(found), list(noted), list(remarks)
        self.used, self.not_examined = dict(used or {}), list(not_examined)
        self.whole = (X, y)
        order = np.random.default_rng([self.seed, 1]).permutation(len(X))
        size = HELD_BACK if len(X) >= 5 * HELD_BACK else max(len(X) // 5, 1)
        held, rest = np.sort(order[:size]), np.sort(order[size:])
        if len(X) < FEW_ROWS:
            held = rest = np.arange(len(X))
        self.rest = rest
        self.X, self.y, self.held = X[rest], y[rest], (X[held], y[held])
        self.given = Given(problem, self.X, self.y, self.held, test)

    # ---- what an arm is

    def why_not(self, changes: Sequence[Change]) -> str | None:
        """None if a copy can be trained with these changes, or the reason."""
        return self.adapter.why_not(changes)

    def alike(self, first: Sequence[Change], second: Sequence[Change]) -> bool:
        """Whether both sets of changes make the same training."""
        return self._effect(first) == self._effect(second)

    def _effect(self, changes: Sequence[Change]) -> tuple[Change, ...]:
        return tuple(change for change in changes if not self._idle(change))

    def _idle(self, change: Change) -> bool:
        """Whether a change alters nothing."""
        settings, numbers = self.adapter.settings, change.numbers
        if change.kind == "mend":
            return not set(change.mistakes) & set(self.adapter.fitting)
        if change.kind == "shuffle":
            return settings.order in ("shuffled", "random")
        if change.kind == "batch":
            return bool(settings.batch == min(numbers["size"], len(self.X)))
        if change.kind == "activation":
            return bool(settings.activation == numbers["name"])
        if change.kind == "output":
            return bool(settings.output == numbers["name"])
        if change.kind == "penalty":
            regular = settings.l2 or settings.decay or settings.dropout or settings.input_dropout or settings.l1
            return not regular if numbers.get("off") else bool(settings.l2 == numbers["l2"])
        if change.kind == "cost" and "name" in numbers:
            return bool(settings.cost == numbers["name"])
        if change.kind == "rows":
            return bool(numbers["rows"] >= len(self.X))
        if change.kind == "dropout":
            return bool(settings.dropout == numbers["rate"])
        return change.kind == "epochs" and "early_stop" in numbers and settings.patience is None

    def _rows(self, changes: Sequence[Change]) -> int:
        return min(int(number(changes, "rows", "rows") or len(self.X)), len(self.X))

    def _batch(self, changes: Sequence[Change]) -> int:
        return min(int(number(changes, "batch", "size") or self.adapter.settings.batch or 32), self._rows(changes))

    def steps(self, changes: Sequence[Change]) -> int:
        """How many steps the whole training takes with these changes."""
        epochs = number(changes, "rows", "epochs") or self.most_epochs or self.adapter.settings.epochs or 1
        epochs *= number(changes, "epochs", "times") or 1
        return max(1, math.ceil(-(-self._rows(changes) // self._batch(changes)) * epochs))

    def work(self, arm: Arm) -> float:
        """What an arm costs."""
        return work_of(arm.steps, self._batch(arm.changes), self.adapter.multiply_adds() / FASTER, step=self.step)

    # ---- trials

    def run(self, arms: Sequence[Arm], stop: Callable[[], bool] = lambda: False) -> list[Outcome]:
        """The outcomes, one after the other: libraries use the processors themselves."""
        return [self._one(arm, stop) for arm in arms]

    def _one(self, arm: Arm, stop: Callable[[], bool]) -> Outcome:
        started = time.perf_counter()
        trained = self._train(arm.changes, arm.seed, arm.steps, stop)
        return self.judge(trained, arm.steps, time.perf_counter() - started)

    def _train(self, changes: Sequence[Change], seed: int, steps: int, stop: Callable[[], bool]) -> Trained:
        X, y, rows = self.X, self.y, self._rows(changes)
        if rows < len(X):
            some = np.sort(np.random.default_rng([self.seed, 4]).permutation(len(X))[:rows])
            X, y = X[some], y[some]
        with threadpool_limits(1), np.errstate(all="ignore"):
            return self.adapter.train(X, y, changes, seed=seed, steps=steps, stop=stop)

    def judge(self, trained: Trained, asked: int, seconds: float) -> Outcome:
        """The outcome of a training as it stands."""
        X, y = self.held
        scores = trained.scores(X)
        finite = trained.finite and bool(np.isfinite(scores).all())
        problem, middle = self.problem, self.adapter.middle
        scores = np.nan_to_num(scores, nan=-np.inf, posinf=np.inf, neginf=-np.inf)
        return Outcome(
            cost=trained.cost if trained.finite else math.nan,
            quality=problem.quality(scores, y, middle),
            metric=None if self.classes else problem.metric(scores, y, middle),
            error=problem.standard_error(scores, y, middle),
            test_quality=None if self.test is None else self.quality(trained, *self.test),
            recalls=problem.recalls(scores, y, middle),
            one_answer=problem.one_answer(scores, middle),
            steps=trained.steps,
            finite=finite,
            whole=trained.steps >= asked or trained.finished or not finite,
            seconds=seconds,
            curve=trained.curve,
        )

    def quality(self, trained: Trained, X: Array, y: Array) -> float:
        """That of its answers to these rows."""
        return self.problem.quality(self._scores(trained, X), y, self.adapter.middle)

    @staticmethod
    def _scores(trained: Trained, X: Array) -> Array:
        """Its scores; a NaN is the least of all."""
        scores: Array = np.nan_to_num(trained.scores(X), nan=-np.inf, posinf=np.inf, neginf=-np.inf)
        return scores

    # ---- the patient as it is

    def examine(self, stop: Callable[[], bool] = lambda: False) -> Case:
        """The unchanged arm, and what can be measured from outside: numbers in, scores out, costs, weights."""
        X, settings = self.X, self.adapter.settings
        weights = self.adapter.weights()
        case = Case(
            settings, layers=len(weights), rows=len(X), available=len(X), classes=self.classes,
            features=int(np.prod(X.shape[1:])), problem=self.problem.kind,
            fitting=self.adapter.fitting, findings=self.found,
            used={**self.used, "rows": f"{len(X):,} to train on, {len(self.held[0]):,} held back to judge by"},
            not_examined=self.not_examined, remarks=self.remarks,
        )  # fmt: skip
        case.keep(*self.noted)
        if self.given.are_ill(case, self.whole):
            return case
        self.given.measure(case, pictures=self.wording.examples == "images", batch=self._batch(()))
        self._inside(case)
        total = self.steps(())
        started = time.perf_counter()
        try:
            trained = self._train((), self.seed, total, stop)
        except Exception as error:  # somebody else's code
            what = " ".join(str(error).splitlines()[:1])
            why = f"a copy could not be trained: {type(error).__name__}: {what}"
            case.not_examined.append(Gap("the training", why))
            return case
        case.before, case.steps = self.judge(trained, total, time.perf_counter() - started), (trained.steps, total)
        self._course(case, trained)
        self._figures(case, trained)
        self._hidden_at_the_end(case, trained)
        forgotten = forgets(case)
        case.findings = [*case.findings, *([] if forgotten is None else [forgotten])]
        return case

    def _probe(self) -> Array:
        n = len(self.X)
        return np.linspace(0, n - 1, min(n, PROBE)).astype(np.intp)

    def _inside(self, case: Case) -> None:
        """The weights, the hidden units and the gradient before the first step; what cannot be seen is said."""
        rows = self._probe()
        try:
            with threadpool_limits(1), np.errstate(all="ignore"):
                inside = self.adapter.inside(self.X[rows], self.y[rows])
        except Exception as error:  # somebody else's code
            why = f"a copy could not be looked into: {type(error).__name__}"
            inside = Inside(unseen=dict.fromkeys(("layers", "hidden", "gradients", "step"), why))
        case.not_examined += [Gap(PARTS[part], why) for part, why in inside.unseen.items()]
        with np.errstate(all="ignore"):
            if inside.layers:
                measure_weights(case, inside.layers)
            if inside.inputs is not None and inside.layers:
                measure_first_layer(case, inside.layers[0][0].astype(np.float64), inside.inputs, inside.first)
            if inside.hidden is not None and _finite(inside.hidden):
                measure_units(case, "start", inside.hidden)
            measure_gradients(case, inside.gradients)
            if inside.step:
                measure_step(case, [before for before, _ in inside.step], [after for _, after in inside.step])

    def _hidden_at_the_end(self, case: Case, trained: Trained) -> None:
        if trained.hidden is None:
            return
        with np.errstate(all="ignore"):
            hidden = trained.hidden(self.X[self._probe()])
            if _finite(hidden):
                measure_units(case, "end", hidden)

    def _course(self, case: Case, trained: Trained) -> None:
        taken, total = case.steps
        case.note(STEPS, taken)
        case.note(STEPS_PER_EPOCH, -(-len(self.X) // self._batch(())))
        case.note(OWN_STEPS, taken / total)
        if trained.finished:
            case.note(STOPPED_EARLY, 1 - taken / total)
        if trained.finite and math.isnan(trained.start) and math.isnan(trained.cost):
            return  # no loss can be asked
        case.note(START_COST, trained.start)
        case.note(COST, trained.cost)
        costs = [trained.start, *(cost for _, cost in trained.curve)]
        case.note(PROGRESS, (costs[0] - trained.cost) / max(abs(costs[0]), 1e-12))
        finite = [cost for cost in costs if math.isfinite(cost)]
        if self._batch(()) >= STEADY or trained.cost > costs[0]:
            case.note(HIGHEST_COST, max(finite, default=math.nan) / max(abs(costs[0]), 1e-12))
        half = costs[len(costs) // 2]
        case.note(STILL_FALLING, (half - costs[-1]) / max(abs(half), 1e-12))

    def _figures(self, case: Case, trained: Trained) -> None:
        assert case.before is not None
        X, y = self.X, self.y
        some = slice(None, None, max(1, len(X) // MOST_ASKED))
        measure_quality(
            case, case.before, fitted=self.quality(trained, X[some], y[some]), error=case.before.error,
            names=self.problem.names, constant=self.problem.constant_quality(self.held[1]),
        )  # fmt: skip
        if "floor" not in case.symptoms:
            case.note(FLOOR, self._floor())
        rows = np.linspace(0, len(X) - 1, min(len(X), MOST_ASKED)).astype(np.intp)
        answers = linear_answers(Recipe(), self.given.table(X[rows], y[rows]), self.given.table(*self.held))
        linear = answers.quality(self.held[1])
        if self.problem.kind == "regression":
            again = is_reconstruction(self.given.table(X[rows], y[rows]))
            case.yardstick = "the mean of the targets" if again else "a linear regression"
        if not self.classes:
            own = contributed(self.problem, self._scores(trained, self.held[0]), self.held[1], self.adapter.middle)
            with np.errstate(all="ignore"):  # numbers that overflow are infinitely far off
                case.note(YARDSTICK_ERROR, error_between(own, answers.each(self.held[1])))
        nearest = self.given.nearest() if case.features < FEW else math.nan
        if nearest > linear:
            linear, case.yardstick = nearest, "the nearest neighbour"
        case.note(LINEAR_ACCURACY, linear)
        if self.classes:
            case.note(FORETOLD, linear)
        if self.classes:
            self.given.neighbours(case)

    def _floor(self) -> float:
        """The cost of the best constant prediction, where it is known which cost this is."""
        if not self.classes:
            return math.nan
        fractions = np.bincount(self.y, minlength=self.classes) / len(self.y)
        known = fractions[fractions > 0]
        cross = self.adapter.settings.cost in (None, "softmax-cross-entropy", "sigmoid-cross-entropy")
        return float(-np.sum(known * np.log(known))) if cross else math.nan


def _finite(hidden: Hidden) -> bool:
    return all(bool(np.isfinite(z).all()) for _, z in hidden)
