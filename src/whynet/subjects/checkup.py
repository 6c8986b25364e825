"""The check-up at the end of a training: its state, from what is there already. No trials, nothing proved."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from threadpoolctl import threadpool_limits

from whynet.data.dataset import Dataset
from whynet.doctor.case import Case
from whynet.doctor.change import Wording
from whynet.doctor.diagnosis import Diagnosis, Outcome
from whynet.doctor.states import LOST, state_of
from whynet.doctor.symptoms.course import PROBE_ROWS
from whynet.doctor.symptoms.data import measure_classes
from whynet.doctor.symptoms.outcome import (
    CONSTANT_ACCURACY,
    COST,
    FLOOR,
    GAP,
    LINEAR_ACCURACY,
    STANDARD_ERROR,
    START_COST,
    STILL_FALLING,
    TRAIN_ACCURACY,
)
from whynet.network.network import Network
from whynet.subjects.edits import settings_of
from whynet.training.prepare import prepare
from whynet.training.recipe import Recipe
from whynet.training.run import Run
from whynet.training.yardstick import linear_quality, quality, scores_of

SURE = 0.95  # from this accuracy on, a linear classifier need not be asked
SOME = 5000  # rows that the quality on the training set is taken of


class Trained(NamedTuple):
    """A training that has ended, by whatever loop: its settings as a `recipe`, the network that came of it, the rows it
    was trained on and those it is judged by, and its costs before the first step and now.

    `data` is what the yardstick, a linear model, is trained on: those rows of it that the recipe takes. `falling` is by
    how much the cost fell over the last half, relatively.

    >>> Trained._fields[:3]
    ('recipe', 'network', 'train')
    """

    recipe: Recipe
    network: Network
    train: Dataset
    held: Dataset
    data: Dataset
    start_cost: float
    cost: float
    falling: float
    floor: float
    wording: Wording


def checkup(run: Run) -> Diagnosis | None:
    """The state of a finished run and the figures it rests on; None if there is nothing to judge by.

    It is judged on the run's validation examples, else on the test images.

    >>> from whynet.data.sources import load
    >>> from whynet.training.run import fit
    >>> checkup(fit(Recipe(data="digits", epochs=20, learning_rate=0.5))).state
    'healthy'
    """
    recipe, prepared = run.recipe, run.prepared
    held = prepared.test if prepared.validation is None else prepared.validation
    if run.state == "non-finite":
        return Diagnosis("non-finite", run.floor)
    if held is None or not len(run.history):
        return None
    before, task, train = prepare(recipe, run.data).network, prepared.task, prepared.train
    rows = np.linspace(0, len(train) - 1, min(len(train), PROBE_ROWS)).astype(np.intp)
    X = task.examples.features(rows, before.dtype)
    targets = task.examples.targets[task.examples.labels[rows]]
    with np.errstate(all="ignore"), threadpool_limits(recipe.threads):
        start, end = (one.cost.value(one.forward(X).scores, targets) for one in (before, run.network))
    falling = falling_of([cost for cost in run.history["cost"] if cost is not None], start)
    words = Wording(examples="images" if run.data.are_pictures else "examples")
    judged = Trained(recipe, run.network, train, held, run.data, start, end, falling, run.floor, words)
    with threadpool_limits(recipe.threads):
        return judge(judged)


def falling_of(costs: Sequence[float], start: float) -> float:
    """By how much the cost fell over the last half of the epochs, relatively; `start` is that before the first.

    >>> falling_of([1.0, 0.8, 0.6, 0.4], 2.0)
    0.33333333333333326
    """
    half = costs[len(costs) // 2] if len(costs) > 1 else start
    return (half - costs[-1]) / max(abs(half), 1e-12) if costs else 0.0


def judge(trained: Trained) -> Diagnosis:
    """The state of any training that has ended, and the figures it rests on.

    >>> from whynet.data.sources import load
    >>> digits = load("digits")
    >>> network = prepare(Recipe(init="zeros"), digits).network
    >>> start = {"start_cost": 2.3, "cost": 2.3, "falling": 0.0, "floor": 2.3}
    >>> judge(Trained(Recipe(), network, digits, digits.test, digits, wording=Wording(), **start)).state
    'constant-answer'
    """
    recipe, network, held = trained.recipe, trained.network, trained.held
    case = _case(trained)
    assert case.before is not None
    sure = case.before.quality >= SURE
    linear = math.nan if sure else linear_quality(recipe.but(validation_size=0, patience=None), trained.data, held)
    case.note(LINEAR_ACCURACY, 0.0 if sure else linear)
    lost = [name for name, recall in zip(held.problem.names, case.before.recalls, strict=False) if recall < LOST]
    return Diagnosis(
        state_of(case), trained.floor, before=case.before, yardstick=linear, symptoms=case.symptoms,
        settings=case.settings, lost=tuple(lost), wording=trained.wording, problem=network.problem.kind,
    )  # fmt: skip


def _case(trained: Trained) -> Case:
    network, train, held = trained.network, trained.train, trained.held
    case = Case(
        settings_of(trained.recipe, network.layers, len(train)),
        layers=len(network.sizes) - 1,
        rows=len(train),
        available=len(trained.data),
        classes=len(trained.data.classes),
        features=trained.data.features,
        problem=trained.data.problem.kind,
    )
    case.note(START_COST, trained.start_cost)
    case.note(COST, trained.cost)
    case.note(STILL_FALLING, trained.falling)
    case.note(FLOOR, trained.floor)
    if train.classes:
        measure_classes(case, train.labels, len(train.classes))
    problem, middle, scores = network.problem, network.cost.middle, scores_of(network, held)
    case.before = Outcome(
        case.value("cost"), problem.quality(scores, held.y, middle),
        metric=None if held.classes else problem.metric(scores, held.y, middle),
        recalls=problem.recalls(scores, held.y, middle), one_answer=problem.one_answer(scores, middle),
    )  # fmt: skip
    some = train.take(np.linspace(0, len(train) - 1, min(len(train), SOME)).astype(np.intp))
    case.note(TRAIN_ACCURACY, quality(network, some))
    case.note(GAP, case.value("train-accuracy") - case.before.quality)
    case.note(CONSTANT_ACCURACY, problem.constant_quality(held.y))
    case.note(STANDARD_ERROR, problem.standard_error(scores, held.y, middle))
    return case
