"""A recipe of whynet's as a subject: the same network from the same seed in the same order, with one thing changed.

Trials are judged on validation examples that no arm trains on; the test set is only reported.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Event
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from whynet.casebook.cases import recipe_of
from whynet.data.dataset import Dataset
from whynet.data.protocol import error_between
from whynet.data.sources import load_for
from whynet.doctor.budget import STEP, TIMES, work_of
from whynet.doctor.case import Case
from whynet.doctor.change import Change, Wording
from whynet.doctor.diagnose import examine
from whynet.doctor.diagnosis import Diagnosis, Gap, Outcome, Remark
from whynet.doctor.subject import Arm
from whynet.doctor.symptoms.course import Watch, pauses
from whynet.doctor.symptoms.data import (
    ROWS,
    ROWS_VISITED,
    measure_inputs,
    measure_neighbours,
    measure_order,
    measure_pixels,
)
from whynet.doctor.symptoms.gradient import audit_gradient
from whynet.doctor.symptoms.outcome import (
    ACCURACY_MISREPORTED,
    FLOOR,
    HIGHEST_COST,
    LINEAR_ACCURACY,
    NARROWEST,
    OWN_STEPS,
    PROGRESS,
    STEPS,
    STEPS_PER_EPOCH,
    STILL_FALLING,
    STOPPED_EARLY,
    YARDSTICK_ERROR,
)
from whynet.doctor.symptoms.quality import measure_quality
from whynet.doctor.symptoms.update import audit_update
from whynet.engines.choice import FASTEST
from whynet.errors import Interrupted, NonFinite, WhynetError
from whynet.mistakes.catalogue import in_code
from whynet.processors import processors
from whynet.subjects.answers import contributions, measure_answers, measure_foretold
from whynet.subjects.edits import POSSIBLE, beyond, changed, settings_of
from whynet.subjects.records import misreported, recorded
from whynet.training.loop import Training
from whynet.training.prepare import check_fit, layers_of, prepare
from whynet.training.recipe import Recipe
from whynet.training.yardstick import is_reconstruction, linear_answers, quality, scores_of

HELD_BACK, FEW_HELD = 10_000, 20
FEW = 16  # features: no straight line may separate the classes (XOR), and the nearest neighbour is the yardstick
READABLE, PER_WEIGHT = 2e6, 150.0  # work of a step where a mistake has the readable engine take it: NumPy's, and memory
AFFORDED = 5e11  # work of the patient's own training by that engine; a longer one is judged before its end
NUDGE = 1e-6  # relative: a change of the first weights that means nothing
NUDGED = 2e9  # work: how long the nudged training is followed
CHAOTIC, CHAOTIC_COST = 0.03, 0.2  # in quality, and in the cost, relatively


class RecipeSubject:
    """A recipe and its data, split once.

    >>> from whynet.data.sources import load
    >>> subject = RecipeSubject(Recipe(epochs=2, learning_rate=0.5), load("digits"))
    >>> wide, narrow = subject.run([Arm((), 0, 260), Arm((Change("width", {"widths": (64, 2, 10)}),), 0, 260)])
    >>> wide.quality > narrow.quality
    True
    """

    def __init__(
        self, recipe: Recipe, data: Dataset, *, wording: Wording | None = None, misreport: float = math.nan
    ) -> None:
        self.recipe, self.data, self.seed = recipe.fitting(data.problem), data, recipe.seed
        self.misreport = misreport
        self.wording = wording or Wording("whynet", examples="images" if data.are_pictures else "examples")
        n = len(data)
        few = n < 10 * FEW_HELD or data.X.array.ndim == 2  # of tables there is seldom enough
        size = HELD_BACK if n >= 5 * HELD_BACK else n // 5 if few else n // 10
        if n >= FEW_HELD:
            self.rest, self.held = data.split(size, seed=recipe.seed)
        else:  # a handful of examples: there is nothing to hold back
            self.rest = self.held = data

    # ---- what an arm is

    def fitted(self, changes: Sequence[Change], seed: int | None = None) -> Recipe:
        """The recipe as an arm runs it: no more examples than there are, and validation of its own only to stop by."""
        recipe = changed(self.recipe, changes)
        most = len(self.rest)
        own = 0 if recipe.patience is None else min(recipe.validation_size, most // 3)
        size = recipe.train_size
        asked = any(change.kind == "rows" for change in changes)
        classes = len(self.data.classes)
        few = bool(asked and size is not None and classes and self.rest.counts.min() * classes < size)
        return recipe.but(
            seed=self.seed if seed is None else seed,
            subset="first" if few else recipe.subset,
            validation_size=own,
            patience=recipe.patience if own else None,
            train_size=None if size is None or size >= most - own else size,
        ).fitting(self.data.problem)

    def why_not(self, changes: Sequence[Change]) -> str | None:
        """None if the recipe can be trained with these changes, or the reason."""
        if any(change.kind not in POSSIBLE for change in changes):
            kinds = ", ".join(sorted({change.kind for change in changes} - POSSIBLE))
            return f"a recipe has no such change ({kinds})"
        try:
            recipe = self.fitted(changes)
            layers_of(recipe, self.data)
            check_fit(recipe, self.data)
        except WhynetError as error:
            return error.message
        return None

    def alike(self, first: Sequence[Change], second: Sequence[Change]) -> bool:
        """Whether both sets of changes make the same recipe."""
        return self.fitted(first) == self.fitted(second)

    def _rows(self, recipe: Recipe) -> tuple[int, int]:
        """Training examples, and those of a batch."""
        rest = len(self.rest) - recipe.validation_size
        rows = rest if recipe.train_size is None else min(recipe.train_size, rest)
        return rows, rows if recipe.batch_size == "full" else min(int(recipe.batch_size), rows)

    def steps(self, changes: Sequence[Change]) -> int:
        """How many steps the whole training takes with these changes."""
        recipe = self.fitted(changes)
        rows, batch = self._rows(recipe)
        return -(-rows // batch) * recipe.epochs

    def work(self, arm: Arm) -> float:
        """What an arm costs."""
        recipe = self.fitted(arm.changes)
        layers = [layer for _, layer in layers_of(recipe, self.data)]
        each = sum(layer.multiply_adds for layer in layers)
        weights = sum(math.prod(layer.shapes()[name]) for layer in layers for name in layer.weight_names)
        step = READABLE + PER_WEIGHT * weights if self._by_the_readable_engine(recipe) else STEP
        return work_of(arm.steps, self._rows(recipe)[1], each, step=step)

    def _by_the_readable_engine(self, recipe: Recipe) -> bool:
        return any(map(in_code, recipe.faults))

    # ---- trials

    def training(self, recipe: Recipe, *, nudged: bool = False) -> Training:
        """An arm, ready to start; `nudged` by next to nothing, to see whether that matters."""
        prepared = prepare(recipe, self.rest)
        if nudged:
            vector = prepared.network.params.vector
            vector *= 1 + NUDGE * np.random.default_rng(0).choice([-1.0, 1.0], vector.size).astype(vector.dtype)
        training = Training(prepared)
        training.test = None  # it is looked at where an arm is judged, not after every epoch
        return training

    def run(self, arms: Sequence[Arm], stop: Callable[[], bool] = lambda: False) -> list[Outcome]:
        """The outcomes, as many at once as there are processors; what is interrupted ends at once."""
        halted = Event()

        def one(arm: Arm) -> Outcome:
            training = self.training(self.fitted(arm.changes, arm.seed))
            return self.finish(training, arm.steps, lambda: halted.is_set() or stop())

        with threadpool_limits(1), ThreadPoolExecutor(processors()) as pool:
            try:
                return list(pool.map(one, arms))
            except KeyboardInterrupt:
                halted.set()
                raise

    def finish(self, training: Training, last: int, stop: Callable[[], bool]) -> Outcome:
        """Train to step `last`, or until `stop()`, and judge."""
        started = time.perf_counter()
        training.pauses = sorted({*training.pauses, last})
        training.stop = lambda: training.steps >= last or stop()
        curve: list[tuple[int, float]] = []
        finite = True
        try:
            curve.extend((training.steps, epoch.cost) for epoch in training)
        except Interrupted:
            pass
        except NonFinite:
            finite = False
        costs = training.position.costs
        if len(costs) and training.position.batch:
            curve.append((training.steps, float(costs[-200:].mean())))
        whole = training.steps >= last or training.position.finished(training.recipe) or not finite
        seconds = time.perf_counter() - started
        return self.judge(training, finite, whole=whole, seconds=seconds, curve=curve)

    def judge(
        self, training: Training, finite: bool, *, whole: bool, seconds: float, curve: Sequence[tuple[int, float]]
    ) -> Outcome:
        """The outcome of a training as it stands."""
        network = training.outcome
        problem, middle = network.problem, network.cost.middle
        held, tested = training.prepared.as_read(self.held), training.prepared.test
        found = scores_of(network, held)
        n = len(training.train)
        rows = np.linspace(0, n - 1, min(n, 2000)).astype(np.intp)
        scores = FASTEST.scores(network, np.ascontiguousarray(training.train.inputs[rows]))
        targets = training.task.examples.targets[training.task.examples.labels[rows]]
        with np.errstate(all="ignore"):
            cost = network.cost.value(scores, targets)
        return Outcome(
            cost=cost if finite else math.nan,
            quality=problem.quality(found, held.y, middle),
            metric=None if held.classes else problem.metric(found, held.y, middle),
            error=problem.standard_error(found, held.y, middle),
            test_quality=None if tested is None else quality(network, tested),
            recalls=problem.recalls(found, held.y, middle),
            one_answer=problem.one_answer(found, middle),
            steps=training.steps,
            finite=finite,
            whole=whole,
            seconds=seconds,
            curve=tuple(curve),
        )

    # ---- the patient as it is

    def examine(self, stop: Callable[[], bool] = lambda: False) -> Case:
        """The unchanged arm, measured as it trains."""
        recipe = self.fitted(())
        training = self.training(recipe)
        total = training.prepared.batches * recipe.epochs
        training.pauses = pauses(total)
        settings = settings_of(recipe, training.network.layers, len(training.train))
        case = Case(
            settings,
            layers=len(settings.widths or ()) - 1,
            rows=len(training.train),
            available=len(self.rest),
            classes=len(self.data.classes),
            features=self.data.features,
            problem=self.data.problem.kind,
        )
        self._data(case, training)
        audit_gradient(case, training)
        audit_update(case, training)
        watch = Watch(case, training)
        training.look = watch.look
        nudged = self.training(recipe, nudged=True)
        followed = min(total, max(1, int(NUDGED * total / max(self.work(Arm((), self.seed, total)), 1.0))))
        with threadpool_limits(1), ThreadPoolExecutor(processors()) as pool:
            twin = pool.submit(self.finish, nudged, followed, stop)
            outcome = self.finish(training, self._afforded(recipe, total), stop)
            ended = training.steps >= total or training.position.finished(recipe) or not outcome.finite
            outcome = replace(outcome, whole=outcome.whole and ended)
            case.before, case.steps = outcome, (training.steps, total)
            watch.finish()
            other = twin.result()
            alone = outcome if followed == total else self.finish(self.training(recipe), followed, stop)
        self._chaos(case, alone, other)
        self._course(case, training, watch)
        self._figures(case, training)
        held = f"{len(self.held):,} held back to judge by"
        if self.held is self.rest:
            held = "judged by the same: there are too few to hold any back"
        case.used = {"rows": f"{case.rows:,} to train on, {held}"}
        case.not_examined += [Gap(name, "no change of it is tried") for name in beyond(recipe)]
        return case

    def _data(self, case: Case, training: Training) -> None:
        """What is fed to the network, as its mistakes leave it."""
        examples, data, n = training.task.examples, training.train, len(training.train)
        X = examples.features(np.linspace(0, n - 1, min(n, 2000)).astype(np.intp), np.dtype(np.float64))
        measure_inputs(case, X, pictures=data.X.array.ndim > 2)
        order = next(training.prepared.orders())
        case.note(ROWS, n)
        case.note(ROWS_VISITED, len(np.unique(order)) / n)
        measure_answers(case, training, X)
        measure_order(case, data.problem.strata(data.y), order, training.prepared.batch_size)
        if data.X.array.ndim == 3 and min(data.X.shape) > 1:
            measure_pixels(case, X, data.X.shape[1])

    def _afforded(self, recipe: Recipe, total: int) -> int:
        """The steps of its whole training, or as many as are afforded."""
        if not self._by_the_readable_engine(recipe):
            return total
        return max(1, min(total, int(total * AFFORDED / self.work(Arm((), self.seed, total)))))

    def _chaos(self, case: Case, alone: Outcome, other: Outcome) -> None:
        """Whether next to nothing, a millionth of the first weights, alters how it ends: then so does the engine."""
        apart = abs(alone.quality - other.quality)
        costs = abs(alone.cost - other.cost) > CHAOTIC_COST * max(abs(alone.cost), abs(other.cost))
        if apart > max(CHAOTIC, 4 * alone.error) or costs or alone.finite != other.finite:
            case.remarks.append(Remark("chaotic", {"spread": apart, "costs": (alone.cost, other.cost)}))

    def _course(self, case: Case, training: Training, watch: Watch) -> None:
        """How the costs went, and how many steps there were."""
        assert case.before is not None
        taken, total = case.steps
        case.note(STEPS, taken)
        case.note(STEPS_PER_EPOCH, training.prepared.batches)
        hidden = case.settings.hidden
        if hidden:
            case.note(NARROWEST, min(hidden), at=self.data.problem.outputs)
        start, end = watch.costs[0], watch.costs[-1]  # of the same rows
        case.note(PROGRESS, (start - end) / max(abs(start), 1e-12))
        usual = max(abs(start), training.prepared.floor, 1e-12)
        worst = max((c for c in watch.costs if math.isfinite(c)), default=math.nan)
        case.note(HIGHEST_COST, worst / usual)
        later = [c for s, c in zip(watch.steps, watch.costs, strict=True) if s >= taken // 2]
        if len(later) > 1:
            case.note(STILL_FALLING, (later[0] - later[-1]) / max(abs(later[0]), 1e-12))
        case.note(FLOOR, training.prepared.floor)
        asked = taken / max(total, 1)
        if training.recipe.patience is not None:
            case.note(STOPPED_EARLY, 1 - asked if training.position.finished(training.recipe) else 0.0)
        case.note(OWN_STEPS, 1.0 if training.position.finished(training.recipe) else asked)

    def _figures(self, case: Case, training: Training) -> None:
        """What is right and wrong at the end, and whether the data can be learned at all."""
        outcome, recipe, train = case.before, training.recipe, training.train
        assert outcome is not None
        some = train.take(np.linspace(0, len(train) - 1, min(len(train), 5000)).astype(np.intp))
        network, held = training.outcome, training.prepared.as_read(self.held)
        measure_quality(
            case, outcome, fitted=quality(network, some), error=outcome.error, names=self.data.problem.names,
            constant=network.problem.constant_quality(self.held.y),
        )  # fmt: skip
        count = training.prepared.count_right
        misreported = 0.0 if count is None else abs(count(network, held, FASTEST) / len(held) - outcome.quality)
        case.note(ACCURACY_MISREPORTED, np.nanmax([misreported, self.misreport]))
        measure_neighbours(case, train, held, training.prepared.test)
        answers = linear_answers(recipe, self.rest, self.held)
        linear = answers.quality(self.held.y)
        if is_reconstruction(self.rest):
            case.yardstick = "the mean of the targets"
        if not held.classes:  # of an accuracy it is that of a fraction, whoever is asked
            case.note(YARDSTICK_ERROR, error_between(contributions(network, held), answers.each(self.held.y)))
        if case.problem == "regression":
            case.yardstick = "a linear regression"
        if case.features < FEW and case.value("nearest-neighbour") > linear:
            linear, case.yardstick = case.value("nearest-neighbour"), "the nearest neighbour"
        case.note(LINEAR_ACCURACY, linear)
        measure_foretold(case, recipe, linear)


def diagnose_recipe(
    patient: Recipe | str,
    data: Dataset | str | None = None,
    *,
    edits: Mapping[str, Any] | None = None,
    effort: float = TIMES,
    budget: float | None = None,
    trials: bool = True,
    say: Callable[[str], None] = lambda _: None,
) -> Diagnosis:
    """Why does this not learn? Train it, measure, suspect, and prove by training again with one thing changed.

    `patient` is a `Recipe`, a run's folder, a recipe file or the name of a shipped recipe; `data` a `Dataset` or what
    `whynet.load` takes, `edits` what differs from that recipe; the rest as `doctor.diagnose.examine` has it.

    >>> from whynet.data.sources import load
    >>> found = diagnose_recipe(Recipe(data="digits", init="zeros", epochs=3, learning_rate=0.5), load("digits"))
    >>> found.verdict[0].cause, found.verdict[0].status
    ('symmetric-init', 'proved')
    """
    name = patient if isinstance(patient, str) else ""
    recipe = (recipe_of(patient) if isinstance(patient, str) else patient).but(**(edits or {}))
    if not isinstance(data, Dataset):
        data = load_for(recipe, data)
    remark = recorded(name, recipe, data) if name else None
    subject = RecipeSubject(recipe, data, misreport=misreported(name, data) if name else math.nan)
    diagnosis = examine(subject, effort=effort, budget=budget, trials=trials, say=say)
    diagnosis.patient = name
    diagnosis.remarks[:0] = [] if remark is None else [remark]
    if diagnosis.fix is not None:
        diagnosis.fix = replace(diagnosis.fix, recipe=changed(recipe, diagnosis.fix.changes).to_toml())
    return diagnosis
