"""The check-up at the end of a training: its state, from what is there already. No trials, nothing proved."""

from __future__ import annotations

import math

import numpy as np

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
from whynet.subjects.edits import settings_of
from whynet.training.prepare import prepare
from whynet.training.run import Run
from whynet.training.yardstick import linear_quality, quality, scores_of

SURE = 0.95  # from this accuracy on, a linear classifier need not be asked


def checkup(run: Run) -> Diagnosis | None:
    """The state of a finished run and the figures it rests on; None if there is nothing to judge by.

    It is judged on the run's validation examples, else on the test images.

    >>> from whynet.data.sources import load
    >>> from whynet.training.recipe import Recipe
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
    case = _case(run, held)
    assert case.before is not None
    sure = case.before.quality >= SURE
    linear = math.nan if sure else linear_quality(recipe.but(validation_size=0, patience=None), run.data, held)
    case.note(LINEAR_ACCURACY, 0.0 if sure else linear)
    lost = [name for name, recall in zip(held.problem.names, case.before.recalls, strict=False) if recall < LOST]
    examples = Wording(examples="images" if run.data.are_pictures else "examples")
    return Diagnosis(
        state_of(case), run.floor, before=case.before, yardstick=linear, symptoms=case.symptoms,
        settings=case.settings, lost=tuple(lost), wording=examples,
        problem=case.problem,
    )  # fmt: skip


def _case(run: Run, held: Dataset) -> Case:
    recipe, history, train = run.recipe, run.history, run.prepared.train
    case = Case(
        settings_of(recipe, run.network.layers, len(train)),
        layers=len(run.network.sizes) - 1,
        rows=len(train),
        available=len(run.data),
        classes=len(run.data.classes),
        features=run.data.features,
        problem=run.data.problem.kind,
    )
    before, task = prepare(recipe, run.data).network, run.prepared.task
    rows = np.linspace(0, len(train) - 1, min(len(train), PROBE_ROWS)).astype(np.intp)
    X = task.examples.features(rows, before.dtype)
    targets = task.examples.targets[task.examples.labels[rows]]
    with np.errstate(all="ignore"):
        case.note(START_COST, before.cost.value(before.forward(X).scores, targets))
        case.note(COST, run.network.cost.value(run.network.forward(X).scores, targets))
    costs = [cost for cost in history["cost"] if cost is not None]
    half = costs[len(costs) // 2] if len(costs) > 1 else case.value("start-cost")
    case.note(STILL_FALLING, (half - costs[-1]) / max(abs(half), 1e-12))
    case.note(FLOOR, run.floor)
    if train.classes:
        measure_classes(case, train.labels, len(train.classes))
    problem, middle, scores = run.network.problem, run.network.cost.middle, scores_of(run.network, held)
    case.before = Outcome(
        case.value("cost"), problem.quality(scores, held.y, middle),
        metric=None if held.classes else problem.metric(scores, held.y, middle),
        recalls=problem.recalls(scores, held.y, middle), one_answer=problem.one_answer(scores, middle),
    )  # fmt: skip
    some = train.take(np.linspace(0, len(train) - 1, min(len(train), 5000)).astype(np.intp))
    case.note(TRAIN_ACCURACY, quality(run.network, some))
    case.note(GAP, case.value("train-accuracy") - case.before.quality)
    case.note(CONSTANT_ACCURACY, problem.constant_quality(held.y))
    case.note(STANDARD_ERROR, problem.standard_error(scores, held.y, middle))
    return case
