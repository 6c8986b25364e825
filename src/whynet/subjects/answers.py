"""What a recipe's network is to answer, as it is trained on it: classes, labels or numbers, and whether the features
tell anything about them."""

from __future__ import annotations

import numpy as np

from whynet.data.dataset import Dataset
from whynet.data.features import ByteImages
from whynet.data.protocol import Problem
from whynet.doctor.case import Case
from whynet.doctor.symptoms.data import FORETOLD, measure_classes
from whynet.doctor.symptoms.targets import (
    MOST_ROWS,
    measure_input_outliers,
    measure_labels,
    measure_learnable,
    measure_targets,
)
from whynet.mistakes.data import DATA
from whynet.network.network import Network
from whynet.training.loop import Training
from whynet.training.recipe import Recipe
from whynet.training.yardstick import scores_of
from whynet.types import Array, Scores


def measure_answers(case: Case, training: Training, X: Array) -> None:
    """The targets, with the mistakes that the recipe makes; X are its features as they are fed, spread evenly over the
    training rows. Numbers that are all the same cannot be learned by any change: that is noted too.

    >>> from whynet.data.problem import Regression
    >>> from whynet.doctor.example import case_like
    >>> from whynet.training.prepare import prepare
    >>> from whynet.training.recipe import Recipe
    >>> case = case_like({"classes": 0, "problem": "regression"})
    >>> data = Dataset(np.ones((4, 3)), np.full(4, 7.0), problem=Regression(("price",)))
    >>> measure_answers(case, Training(prepare(Recipe(cost="auto"), data)), np.ones((4, 3)))
    >>> case.value("constant-targets"), case.ill_data
    (1.0, ('constant-target',))
    """
    examples, data, n = training.task.examples, training.train, len(training.train)
    if data.classes:
        measure_classes(case, data.labels, len(data.classes))
    elif case.problem == "labels":
        measure_labels(case, data.y)
    else:
        measure_targets(case, examples.targets[examples.labels].astype(np.float64), case.settings.output)
        if case.value("constant-targets") == 1:
            case.ill_data = ("constant-target",)
    if isinstance(data.X, ByteImages):
        return
    measure_input_outliers(case, X)
    rows = np.linspace(0, n - 1, len(X)).astype(np.intp)
    some = np.linspace(0, len(X) - 1, min(len(X), MOST_ROWS)).astype(np.intp)
    measure_learnable(case, X[some], data.problem.targets(data.y[rows[some]], max(data.problem.outputs, 2)))


def measure_foretold(case: Case, recipe: Recipe, linear: float) -> None:
    """What a linear model makes of the labels. Where a mistake is made on purpose that spoils rows it is not told: that
    model was made from sound ones.

    >>> from whynet.doctor.example import case_like
    >>> case = case_like({})
    >>> measure_foretold(case, Recipe(faults=("random-labels",)), 0.9); case.value("labels-foretold")
    nan
    >>> measure_foretold(case, Recipe(), 0.9); case.value("labels-foretold")
    0.9
    """
    if case.classes and not any(name in DATA and DATA[name].part in ("train", "loader") for name in recipe.faults):
        case.note(FORETOLD, linear)


def contributions(network: Network, held: Dataset) -> Array:
    """What each row contributes to the quality of the network's answers, (n,). An R2 below 0 counts as 0, and so its
    rows as those of the mean: how far off they are says nothing about chance.

    >>> from whynet.data.problem import Regression
    >>> from whynet.training.prepare import prepare
    >>> from whynet.training.recipe import Recipe
    >>> data = Dataset(np.ones((4, 3)), np.array([9.0, 8.0, 9.0, 8.0]), problem=Regression(("price",)))
    >>> contributions(prepare(Recipe(cost="auto"), data).network, data)  # it answers about 0
    array([0., 0., 0., 0.])
    """
    return contributed(network.problem, scores_of(network, held), held.y, network.cost.middle)


def contributed(problem: Problem, scores: Scores, y: Array, middle: float) -> Array:
    """The same of scores that are known.

    >>> from whynet.data.problem import Regression
    >>> contributed(Regression(("y",)), np.array([[1.0], [9.0]]), np.array([[9.0], [1.0]]), 0.5)
    array([0., 0.])
    """
    if problem.kind == "regression" and not problem.quality(scores, y) > 0:
        scores = problem.targets(np.broadcast_to(y.mean(axis=0), y.shape), scores.shape[1])
    return problem.each(scores, y, middle)
