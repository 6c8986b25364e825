"""Trials: the same network from the same seed in the same order, with one thing changed.

A trial may be cut short: every arm then takes the same share of its own steps, so that arms stay comparable. They are
judged on validation examples that no arm trains on; the test set is only reported.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from threadpoolctl import threadpool_limits

from whynet.data.dataset import Dataset
from whynet.doctor.case import Case
from whynet.doctor.symptoms import (
    Watch,
    audit_gradient,
    audit_update,
    measure_data,
    measure_neighbours,
    pauses,
)
from whynet.engines.choice import FASTEST
from whynet.errors import Interrupted, NonFinite
from whynet.network.network import Network
from whynet.processors import processors
from whynet.training.datafaults import with_loader_faults, with_test_faults
from whynet.training.loop import Training, build
from whynet.training.recipe import Recipe
from whynet.types import Labels

HELD_BACK = 10_000
LONGEST_ARM, LEAST_ARM = 6.0, 0.2  # seconds


@dataclass(frozen=True)
class Outcome:
    """How an arm ended. Accuracies are shares; `cost` is that of the probe rows, NaN if numbers blew up. The test
    accuracy is reported; nothing is judged by it.

    >>> Outcome(cost=0.1, validation_accuracy=0.97, test_accuracy=0.96, recalls=(), one_answer=0.1, steps=10).steps
    10
    """

    cost: float
    validation_accuracy: float
    test_accuracy: float | None
    recalls: tuple[float, ...]
    one_answer: float
    steps: int
    finite: bool = True
    whole: bool = True
    """Whether it took all the steps that were asked for."""
    seconds: float = 0.0
    curve: tuple[tuple[int, float], ...] = ()

    def as_dict(self) -> dict[str, float | None]:
        """As the JSON of a verdict has it."""
        return {
            "cost": self.cost,
            "validation_accuracy": self.validation_accuracy,
            "test_accuracy": self.test_accuracy,
        }


class Laboratory:
    """Where trials are run: the data split once, and every arm's outcome remembered.

    >>> from whynet.data.sources import load
    >>> laboratory = Laboratory(load("digits"), seed=0, budget=60)
    >>> recipe = Recipe(epochs=2, learning_rate=0.5)
    >>> one = laboratory.run([recipe, recipe.but(hidden=(5,))])[1]
    >>> 0 <= one.validation_accuracy <= 1
    True
    """

    def __init__(self, data: Dataset, *, seed: int, budget: float) -> None:
        self.data, self.test = data, data.test
        n = len(data)
        size = HELD_BACK if n >= 5 * HELD_BACK else n // 10
        if size >= 20:
            rest, self.held = data.split(size, seed=seed)
        else:  # a handful of examples: there is nothing to hold back
            rest, self.held = data, data
        self.rest = rest
        self.budget = budget
        self.deadline = time.perf_counter() + budget
        self.started = time.perf_counter()
        self.epochs_run = 0.0
        self.usual = self.longest = min(LONGEST_ARM, 0.15 * budget)
        """Seconds that an arm may take: usually at most, and now."""
        self._known: dict[tuple[Recipe, float], Outcome] = {}

    @property
    def left(self) -> float:
        """Seconds of the budget that are left."""
        return self.deadline - time.perf_counter()

    def fit(self, recipe: Recipe) -> Recipe:
        """The recipe as arms run it: no more examples than there are, and validation of its own only to stop by."""
        most = len(self.rest)
        own = 0 if recipe.patience is None else min(recipe.validation_size, most // 3)
        size = recipe.train_size
        return recipe.but(
            validation_size=own,
            patience=recipe.patience if own else None,
            train_size=None if size is None or size >= most - own else size,
        )

    def training(self, recipe: Recipe, stops: Sequence[int] = ()) -> Training:
        """An arm, ready to start."""
        recipe = self.fit(recipe)
        training = Training(build(recipe, self.rest), self.rest, recipe, pauses=stops)
        training.test = None
        return training

    def allow(self, arms: int, part: float) -> None:
        """From here on an arm may take so long that this many of them take this part of the time that is left."""
        fair = part * self.left * processors() / max(arms, 1)
        self.longest = max(LEAST_ARM, min(self.usual, fair))

    def run(self, recipes: Sequence[Recipe], *, share: float = 1.0) -> list[Outcome]:
        """The outcome of each, after this share of its steps; several at once."""
        wanted = [(self.fit(recipe), share) for recipe in recipes]
        new = [key for key in dict.fromkeys(wanted) if not self._settled(key)]
        with threadpool_limits(1), ThreadPoolExecutor(processors()) as pool:
            for key, outcome in zip(new, pool.map(lambda key: self._one(*key), new), strict=True):
                self._known[key] = outcome
        return [self._known[key] for key in wanted]

    def _settled(self, key: tuple[Recipe, float]) -> bool:
        """Whether an arm need not be trained again: it was whole, or would get little more time than it had."""
        known = self._known.get(key)
        return known is not None and (known.whole or not known.finite or known.seconds > 0.5 * self.longest)

    def _one(self, recipe: Recipe, share: float) -> Outcome:
        training = self.training(recipe)
        total = training.batches * training.recipe.epochs
        last = max(1, math.ceil(total * share))
        return self.finish(training, last)

    def finish(self, training: Training, last: int, *, longest: float | None = None) -> Outcome:
        """Train to step `last`, or until time is over, and judge."""
        started = time.perf_counter()
        end = started + (longest or self.longest)
        training.pauses = sorted({*training.pauses, last})
        training.stop = lambda: training.steps >= last or time.perf_counter() > end
        curve: list[tuple[int, float]] = []
        finite = True
        try:
            curve.extend((training.steps, epoch.cost) for epoch in training)
        except Interrupted:
            pass
        except NonFinite:
            finite = False
        if len(training.costs) and training.position.batch:
            curve.append((training.steps, float(training.costs[-min(len(training.costs), 200) :].mean())))
        self.epochs_run += training.steps / max(training.batches, 1)
        whole = training.steps >= last or training.finished
        return self.judge(training, finite, whole=whole, seconds=time.perf_counter() - started, curve=curve)

    def judge(
        self, training: Training, finite: bool, *, whole: bool, seconds: float, curve: Sequence[tuple[int, float]]
    ) -> Outcome:
        """The outcome of a training as it stands."""
        network, recipe = training.outcome, training.recipe
        held = with_loader_faults(self.held, recipe.faults, recipe.seed)
        answers = _answers(network, held)
        right = answers == held.labels
        recalls = tuple(
            float(right[held.labels == label].mean()) if np.any(held.labels == label) else math.nan
            for label in range(len(held.classes))
        )
        n = len(training.train)
        rows = np.linspace(0, n - 1, min(n, 2000)).astype(np.intp)
        scores = FASTEST.scores(network, np.ascontiguousarray(training.train.pixels[rows]))
        targets = training.task.examples.targets[training.task.examples.labels[rows]]
        with np.errstate(all="ignore"):
            cost = network.cost.value(scores, targets)
        tested = with_test_faults(self.test, recipe.faults, recipe.seed)
        return Outcome(
            cost=cost if finite else math.nan,
            validation_accuracy=float(right.mean()),
            test_accuracy=None if tested is None else float(np.mean(_answers(network, tested) == tested.labels)),
            recalls=recalls,
            one_answer=float(np.bincount(answers, minlength=2).max() / len(answers)),
            steps=training.steps,
            finite=finite,
            whole=whole,
            seconds=seconds,
            curve=tuple(curve),
        )

    def linear(self, recipe: Recipe) -> float:
        """Validation accuracy of a linear classifier on the same rows: the yardstick of the states."""
        rows = self.fit(recipe).train_size or len(self.rest)
        epochs = max(3, min(100, 200_000 // rows))
        plain = Recipe(
            data=recipe.data,
            train_size=recipe.train_size,
            subset=recipe.subset,
            hidden=(),
            init="zeros",
            optimizer="adam",
            learning_rate=0.003,
            schedule="linear",
            batch_size=100,
            epochs=epochs,
        )
        return self.run([plain])[0].validation_accuracy

    def watch(self, recipe: Recipe, longest: float) -> tuple[Case, Outcome]:
        """The unchanged arm, measured as it trains."""
        training = self.training(recipe)
        total = training.batches * training.recipe.epochs
        training.pauses = pauses(total)
        fitted = training.recipe
        sizes = training.network.sizes
        case = Case(
            fitted.but(faults=(), sizes=sizes, hidden=None),
            layers=len(sizes) - 1,
            rows=len(training.train),
            available=len(self.rest),
            classes=len(self.data.classes),
            features=self.data.features,
        )
        measure_data(case, training, pixels_across=self.data.images.shape[2])
        audit_gradient(case, training)
        audit_update(case, training)
        watch = Watch(case, training)
        training.look = watch.look
        outcome = self.finish(training, total, longest=longest)
        watch.finish()
        self._known[(fitted, 1.0)] = outcome
        case.note("steps", training.steps, "steps in all", "thousands")
        case.note("steps-per-epoch", training.batches, "steps", "hundreds")
        hidden = sizes[1:-1]
        if hidden:
            case.note("narrowest", min(hidden), "units in the narrowest hidden layer", f"{case.classes} or more")
        start, end = watch.costs[0], outcome.cost
        case.note("progress", (start - end) / max(abs(start), 1e-12), "of the first cost", "above 0.5")
        usual = max(abs(start), training.floor, 1e-12)
        worst = max((c for c in watch.costs if math.isfinite(c)), default=math.nan)
        case.note("highest-cost", worst / usual, "of the first", "1")
        later = [c for s, c in zip(watch.steps, watch.costs, strict=True) if s >= training.steps // 2]
        if len(later) > 1:
            case.note("still-falling", (later[0] - later[-1]) / max(abs(later[0]), 1e-12), "in the second half", "")
        case.note("floor", training.floor)
        asked = training.steps / max(total, 1)
        if training.recipe.patience is not None:
            stopped = 1 - asked if training.finished else 0.0
            case.note("stopped-early", stopped, "of the epochs asked for were not trained", "0")
        case.note("own-steps", 1.0 if training.finished else asked, "of those asked for", "1")
        train = training.train
        some = np.linspace(0, len(train) - 1, min(len(train), 5000)).astype(np.intp)
        answers = _answers(training.outcome, train.take(some))
        case.note("train-accuracy", float(np.mean(answers == train.labels[some])), "share", "")
        case.note("accuracy", outcome.validation_accuracy, "share of validation examples right", "above 0.92 on digits")
        doubt = math.sqrt(0.05 * 0.95 / len(self.held))  # of an accuracy near 95 % on so many rows
        case.note("doubt", doubt, "share", "")
        case.note("gap", case.value("train-accuracy") - outcome.validation_accuracy, "share", "below 0.05")
        if outcome.test_accuracy is not None:
            case.note("test-loss", outcome.validation_accuracy - outcome.test_accuracy, "share", "below 0.03")
        lost = [i for i, recall in enumerate(outcome.recalls) if recall < 0.05]
        case.lost = tuple(self.data.classes[i] for i in lost) if len(lost) < case.classes - 1 else ()
        case.note("lost-classes", len(lost), "classes with recall below 0.05", "0")
        case.note("one-answer", outcome.one_answer, "share of images answered alike", f"about {1 / case.classes:.2g}")
        held = with_loader_faults(self.held, recipe.faults, recipe.seed)
        counted = training.count(training.outcome, held, FASTEST) / len(held)
        case.note("accuracy-misreported", abs(counted - outcome.validation_accuracy), "share", "0")
        measure_neighbours(case, train, held, with_test_faults(self.test, recipe.faults, recipe.seed))
        return case, outcome


def _answers(network: Network, data: Dataset) -> Labels:
    with np.errstate(all="ignore"):
        single = network.astype("float32")  # twice as fast, and as good for saying which output is largest
        scores = FASTEST.scores(single if np.isfinite(single.params.vector).all() else network, data.pixels)
        return network.cost.predictions(np.nan_to_num(scores, nan=-np.inf))
