"""A network that its own library, or its own code, trains: as it is, and with one thing changed."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence

import numpy as np
from threadpoolctl import threadpool_limits

from whynet.doctor.budget import work_of
from whynet.doctor.case import Case
from whynet.doctor.diagnosis import Change, Finding, Gap, Metric, Outcome, Remark, Symptom
from whynet.doctor.proof import of_a_fraction
from whynet.doctor.states import LOST
from whynet.doctor.subject import Arm
from whynet.doctor.symptoms.data import ENOUGH
from whynet.subjects.adapter import FASTER, STEP, Adapter, Trained, number
from whynet.subjects.ill_data import ill_causes
from whynet.subjects.linear import linear_quality
from whynet.types import Array, Labels

HELD_BACK = 10_000
FEW_ROWS = 20  # fewer are not split
MOST_NEIGHBOURS, LEARNED = 1500, 0.2
FEW = 16  # features: the nearest neighbour is a yardstick too
MOST_ASKED = 5000
STEADY = 50  # rows of a batch, at least, from which its cost may be compared with another's


class AdaptedSubject:
    """Somebody's network with its data. `classes` is 0 where the targets are numbers.

    `found` are defects that were measured beside it, `noted` facts `(name, value, unit, normal)`.

    >>> AdaptedSubject.__init__.__annotations__["adapter"]
    'Adapter'
    """

    def __init__(
        self,
        adapter: Adapter,
        X: Array,
        y: Array,
        *,
        classes: int,
        test: tuple[Array, Array] | None = None,
        found: Sequence[Finding] = (),
        noted: Sequence[tuple[str, float, str, str]] = (),
        remarks: Sequence[Remark] = (),
        used: dict[str, str] | None = None,
        not_examined: Sequence[Gap] = (),
        step: float = STEP,
        most_epochs: int | None = None,
    ) -> None:
        self.adapter, self.classes, self.test, self.step = adapter, classes, test, step
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
        quality, metric = self.quality(scores, y)
        tested = None if self.test is None else self.quality(trained.scores(self.test[0]), self.test[1])[0]
        recalls: tuple[float, ...] = ()
        one = math.nan
        if self.classes:
            predicted = self.predictions(scores)
            right = predicted == y
            recalls = tuple(
                float(right[y == label].mean()) if np.any(y == label) else math.nan for label in range(self.classes)
            )
            one = float(np.bincount(predicted, minlength=2).max() / len(predicted))
        return Outcome(
            cost=trained.cost if trained.finite else math.nan,
            quality=quality,
            metric=metric,
            test_quality=tested,
            recalls=recalls,
            one_answer=one,
            steps=trained.steps,
            finite=finite,
            whole=trained.steps >= asked or trained.finished or not finite,
            seconds=seconds,
            curve=trained.curve,
        )

    def predictions(self, scores: Array) -> Labels:
        """The predicted class of each row."""
        scores = np.nan_to_num(scores, nan=-np.inf)
        if scores.shape[1] == 1:
            return (scores[:, 0] > self.adapter.middle).astype(np.intp)
        predicted: Labels = scores.argmax(axis=1)
        return predicted

    def quality(self, scores: Array, y: Array) -> tuple[float, Metric | None]:
        """The fraction predicted right; of numbers, R2 cut at 0."""
        if self.classes:
            return float(np.mean(self.predictions(scores) == y)), None
        targets = y.reshape(len(y), -1)
        rest, spread = float(np.mean((scores - targets) ** 2)), float(np.mean((targets - targets.mean(axis=0)) ** 2))
        r2 = 1 - rest / max(spread, 1e-300) if math.isfinite(rest) else 0.0
        return min(max(r2, 0.0), 1.0), Metric("R2", r2)

    # ---- the patient as it is

    def examine(self, stop: Callable[[], bool] = lambda: False) -> Case:
        """The unchanged arm, and what can be measured from outside: numbers in, scores out, costs, weights."""
        X, settings = self.X, self.adapter.settings
        weights = self.adapter.weights()
        case = Case(
            settings, layers=len(weights), rows=len(X), available=len(X), classes=self.classes,
            features=int(np.prod(X.shape[1:])), fitting=self.adapter.fitting, findings=self.found,
            used={**self.used, "rows": f"{len(X):,} to train on, {len(self.held[0]):,} held back to judge by"},
            not_examined=self.not_examined, remarks=self.remarks,
        )  # fmt: skip
        for fact in self.noted:
            case.note(*fact)
        if self._no_data(case):
            return case
        self._data(case)
        _starts(case, weights)
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
        return case

    def _no_data(self, case: Case) -> bool:
        """Whether nothing can be learned from the data: NaN or infinite features, labels that are all alike."""
        X, y = self.whole
        flat = X.reshape(len(X), -1)
        with np.errstate(all="ignore"):
            finite = np.isfinite(flat).all(axis=1)
        if not finite.all():
            row = int(np.flatnonzero(~finite)[0])
            what = f"rows with NaN or infinity, the first {row}"
            fact = Symptom("rows-not-finite", float(np.sum(~finite)), what, "0")
            detail = "leave out or mend the rows that hold NaN or infinite numbers"
            case.findings.append(Finding("bad-inputs", "found", (fact,), detail=detail))
            case.ill_data = ("bad-inputs",)
        elif self.classes and len(y) > 1 and len(np.unique(y)) == 1:
            fact = Symptom("largest-class", 1.0, "fraction of the labels", f"about {1 / self.classes:.2g}")
            detail = "read the labels again: they are all the same"
            case.findings.append(Finding("labels-corrupted", "found", (fact,), detail=detail))
            case.ill_data = ("labels-corrupted",)
        return bool(case.ill_data)

    def _data(self, case: Case) -> None:
        X, y = self.X, self.y
        case.note("largest-input", np.abs(X).max(), "", "about 1 to 3")
        case.note("input-offset", abs(float(X.mean())) / max(float(X.std()), 1e-12), "sd", "below 1")
        case.note("rows", len(X), "examples", "thousands")
        if self.classes:
            fractions = np.bincount(y, minlength=self.classes) / len(y)
            case.note("largest-class", fractions.max(), "fraction", f"about {1 / self.classes:.2g}")
            held = np.bincount(self.held[1], minlength=self.classes) / len(self.held[1])
            case.note("constant-accuracy", held.max(), "fraction", "")
            if case.settings.order == "file":
                _sorted(case, y, min(self._batch(()), max(len(y) // 4, 1)))

    def _course(self, case: Case, trained: Trained) -> None:
        case.note("start-cost", trained.start)
        case.note("cost", trained.cost)
        taken, total = case.steps
        case.note("steps", taken, "steps in all", "thousands")
        case.note("steps-per-epoch", -(-len(self.X) // self._batch(())), "steps", "hundreds")
        case.note("own-steps", taken / total, "of those asked for", "1")
        if trained.finished:
            case.note("stopped-early", 1 - taken / total, "of the epochs asked for were not trained", "0")
        costs = [trained.start, *(cost for _, cost in trained.curve)]
        case.note("progress", (costs[0] - trained.cost) / max(abs(costs[0]), 1e-12), "of the first cost", "above 0.5")
        finite = [cost for cost in costs if math.isfinite(cost)]
        if self._batch(()) >= STEADY or trained.cost > costs[0]:
            case.note("highest-cost", max(finite, default=math.nan) / max(abs(costs[0]), 1e-12), "of the first", "1")
        half = costs[len(costs) // 2]
        case.note("still-falling", (half - costs[-1]) / max(abs(half), 1e-12), "in the second half", "")

    def _figures(self, case: Case, trained: Trained) -> None:
        assert case.before is not None
        quality, (X, y) = case.before.quality, (self.X, self.y)
        some = slice(None, None, max(1, len(X) // MOST_ASKED))
        fitted = self.quality(trained.scores(X[some]), y[some])[0]
        error = of_a_fraction(len(self.held[1]))
        case.note("accuracy", quality, "fraction of the rows held back right" if self.classes else "R2", "")
        case.note("train-accuracy", fitted, "fraction" if self.classes else "R2", "")
        case.note("gap", fitted - quality, "fraction", "below 0.05")
        case.note("standard-error", error, "fraction", "")
        if self.classes:
            case.note("one-answer", case.before.one_answer, "of predictions alike", f"about {1 / self.classes:.2g}")
            lost = [i for i, recall in enumerate(case.before.recalls) if recall < LOST]
            case.lost = tuple(str(i) for i in lost) if len(lost) < self.classes - 1 else ()
            case.note("lost-classes", len(lost), "classes with recall below 0.05", "0")
        if "floor" not in case.symptoms:
            case.note("floor", self._floor(), "", "")
        linear = linear_quality(X, y, *self.held, classes=self.classes)
        if not self.classes:
            case.yardstick = "a linear regression"
        elif case.features < FEW:
            nearest = _nearest(X, y, *self.held)
            if nearest > linear:
                linear, case.yardstick = nearest, "the nearest neighbour"
        case.note("linear-accuracy", linear, "of a linear model on the same rows", "")
        if self.classes:
            self._neighbours(case)
        if case.before.test_quality is not None:
            case.note("test-loss", quality - case.before.test_quality, "fraction", "below 0.03")

    def _neighbours(self, case: Case) -> None:
        """Whether rows that are alike have the same label: else nothing can be learned from them."""
        own = slice(0, MOST_NEIGHBOURS)
        A, labels = self.X[own].reshape(len(self.X[own]), -1).astype(np.float64), self.y[own]
        if len(A) < ENOUGH:
            return
        A = (A - A.mean(axis=0)) / np.where(A.std(axis=0) > 0, A.std(axis=0), 1)
        among = (A * A).sum(axis=1) - 2 * (A @ A.T)
        np.fill_diagonal(among, np.inf)
        agree = float(np.mean(labels[among.argmin(axis=1)] == labels))
        case.note("neighbours-agree", agree, "fraction", "well above that of guessing")
        case.note("nearest-neighbour", _nearest(self.X, self.y, *self.held), "fraction right", "")
        learned = case.before is not None and case.before.quality > case.value("constant-accuracy") + LEARNED
        if agree < 0.3 and not learned:
            case.ill_data = ill_causes(case)

    def _floor(self) -> float:
        """The cost of the best constant prediction, where it is known which cost this is."""
        if not self.classes:
            return math.nan
        fractions = np.bincount(self.y, minlength=self.classes) / len(self.y)
        known = fractions[fractions > 0]
        cross = self.adapter.settings.cost in (None, "softmax-cross-entropy", "sigmoid-cross-entropy")
        return float(-np.sum(known * np.log(known))) if cross else math.nan


def _nearest(X: Array, y: Labels, held: Array, labels: Labels) -> float:
    """The fraction right when each held-back row is predicted as its nearest training row."""
    A, B = X[:2000].reshape(len(X[:2000]), -1).astype(float), held[:500].reshape(len(held[:500]), -1).astype(float)
    nearest = ((A * A).sum(axis=1) - 2 * B @ A.T).argmin(axis=1)
    return float(np.mean(y[:2000][nearest] == labels[:500]))


def _sorted(case: Case, y: Labels, size: int) -> None:
    """How many classes a batch has, beside batches of shuffled rows."""
    batches = y[: len(y) // size * size].reshape(-1, size)[:200]
    if size < 2 or len(batches) < 2:
        return
    mixed = np.random.default_rng(0).permutation(y)[: batches.size].reshape(batches.shape)
    own, chance = (float(np.mean([len(np.unique(row)) for row in rows])) for rows in (batches, mixed))
    case.note("classes-per-batch", own / chance, "of shuffled ones", "about 1")


def _starts(case: Case, weights: dict[str, Array] | object) -> None:
    """What the initial weights are: how wide, and whether units are alike."""
    arrays = list(weights.values()) if isinstance(weights, dict) else []
    known = [W.astype(np.float64) for W in arrays if W.ndim == 2 and W.size > 1]
    if not known:
        return
    gains = [float(W.std() * math.sqrt(W.shape[0])) for W in known]
    case.note("weight-gain", max(gains), "sd of weights x root of fan-in", "0.5 to 2")
    case.note("least-weight-gain", min(gains), "sd of weights x root of fan-in", "0.5 to 2")
    alike = [1 - (len(np.unique(W.T, axis=0)) - 1) / (W.shape[1] - 1) for W in known[:-1] if W.shape[1] > 1]
    if alike:
        case.note("identical-units", max(alike), "fraction of hidden units", "0")
