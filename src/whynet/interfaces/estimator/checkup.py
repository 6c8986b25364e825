"""The doctor at the end of a fit: a warning from what is there already, the check-up, and the trials."""

from __future__ import annotations

from copy import copy
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from whynet.data.dataset import Dataset
from whynet.data.features import FloatFeatures
from whynet.data.protocol import Problem
from whynet.doctor.change import Wording
from whynet.doctor.diagnosis import Diagnosis, Outcome
from whynet.doctor.diagnosis import Settings as Described
from whynet.interfaces.estimator.course import Course, Given, Held, scores_of
from whynet.interfaces.estimator.settings import BadSetting, Settings
from whynet.network.costs import floor
from whynet.network.network import Network
from whynet.optimizers.optimizers import Adam, Nesterov
from whynet.report.wording.states import sentence
from whynet.subjects.checkup import SURE, Trained, falling_of, judge
from whynet.training.recipe import Recipe
from whynet.types import Array

PROBE = 2000  # rows that a cost is measured on
MOST = 20_000  # rows that the yardstick is trained and judged on
FALLING = 0.01  # of the loss, over the last half of the epochs
SHARE = 0.2  # of all that the loss has fallen


class Patient(NamedTuple):
    """A fit as the doctor sees it: whose it is, its settings, how it went, its rows and what was to be learned.

    >>> Patient._fields
    ('name', 'settings', 'course', 'given', 'held', 'problem')
    """

    name: str
    settings: Settings
    course: Course
    given: Given
    held: Held | None
    problem: Problem

    @property
    def wording(self) -> Wording:
        """In the words of scikit-learn; its penalty is one for each batch."""
        batch = self.settings.batch_of(self.given.rows) * self.given.mean_weight
        return Wording("scikit-learn", estimator=self.name, penalty=batch)

    @property
    def floor(self) -> float:
        """The least cost of an answer that is the same for every row."""
        given = self.given
        mass = np.bincount(given.labels, weights=given.weights, minlength=len(given.targets))
        return float(mass.sum()) / given.rows * floor(self.course.network.cost, given.targets, mass)

    @property
    def unlearned(self) -> float:
        """The cost before the first epoch."""
        return self.course.first_cost

    def y_of(self, labels: Array, targets: Array) -> Array:
        """Answers as the problem has them."""
        return labels if self.problem.kind == "classification" else targets


def probe_of(given: Given, most: int = PROBE) -> Given:
    """Some of the rows, evenly spread.

    >>> probe_of(Given(np.zeros((9, 1)), np.arange(9), np.zeros((9, 1))), 3).labels
    array([0, 4, 8])
    """
    return given.take(np.linspace(0, given.rows - 1, min(given.rows, most)).astype(np.intp))


def cost_of(network: Network, given: Given) -> float:
    """The mean cost of some of the rows.

    >>> given = Given(np.zeros((4, 2)), np.array([0, 1, 0, 1]), np.array([[0.0], [1.0]]))
    >>> round(cost_of(Network([2, 1], init="zeros", cost="sigmoid-cross-entropy"), given), 3)  # log 2
    0.693
    """
    some = probe_of(given)
    with np.errstate(all="ignore"):
        return network.cost.value(scores_of(network, some.X), some.per_row, some.weights)


def warning(patient: Patient) -> str:
    """What is plainly wrong, in the doctor's words, from a look at some rows; empty if nothing is.

    It says no more than was measured: whether it is as good as a linear model, only the check-up knows.
    """
    course = patient.course
    ask = f"{patient.name}.explain() tries out why."
    if course.blown_up:
        return (
            f"Training stopped after {course.epochs} epochs: {course.blown_up}. The parameters are the last finite "
            f"ones. A smaller learning_rate_init, or scaled inputs, may help; {ask}"
        )
    state, before = _plainly(patient)
    if state is None:
        return ""
    found = Diagnosis(
        state, patient.floor, before=before, wording=patient.wording, problem=patient.problem.kind,
        settings=Described(cost=course.network.cost_name),
    )  # fmt: skip
    words = sentence(found)
    epochs = f"{course.epochs} epoch{'s' if course.epochs != 1 else ''}"
    more = "Give it more epochs (max_iter); " if state == "undertrained" else ""
    return f"After {epochs}: {words}. {more}{ask}"


def _plainly(patient: Patient) -> tuple[str | None, Outcome | None]:
    """A state that needs no yardstick, None where there is nothing to be said, and the figures."""
    course, problem, some = patient.course, patient.problem, probe_of(patient.given)
    network = course.outcome
    y = patient.y_of(some.labels, some.per_row)
    with np.errstate(all="ignore"):
        scores = scores_of(network, some.X)
        cost = network.cost.value(scores, some.per_row, some.weights)
        good = problem.quality(scores, y, network.cost.middle)
    classes = len(problem.names) if problem.kind == "classification" else 0
    one_answer, constant = problem.one_answer(scores, network.cost.middle), problem.constant_quality(y)
    before = Outcome(
        cost, good, metric=None if classes else problem.metric(scores, y, network.cost.middle), one_answer=one_answer
    )
    if good >= SURE or constant >= SURE:
        return None, before
    if cost > 1.02 * course.first_cost:
        return "diverged", before
    at_floor = abs(cost - patient.floor) <= 0.02 * abs(patient.floor) and not good > constant + 0.05
    if at_floor or (classes > 2 and one_answer > max(0.95, min(1.0, constant + 0.02))):
        return "constant-answer", before
    if not course.finished and _unfinished(course):
        return "undertrained", before
    return None, before


def _unfinished(course: Course) -> bool:
    """Whether the last half of the epochs made a difference: to the loss, or of all that it has fallen."""
    fell = falling_of(course.curve, course.first_cost)
    whole = course.first_cost - course.curve[-1] if course.curve else 0.0
    return fell > FALLING or fell * abs(course.curve[-1]) > SHARE * whole > 0


def checkup(patient: Patient) -> Diagnosis:
    """The state and the figures that it rests on, judged by the rows held back, else by those it was trained on."""
    course, problem = patient.course, patient.problem
    if course.blown_up:
        return Diagnosis("non-finite", patient.floor, wording=patient.wording, problem=problem.kind)
    train = data_of(patient, MOST)
    held = train
    if patient.held is not None:
        held = _data(patient.held.X, patient.y_of(patient.held.labels, patient.held.targets), problem, None)
    network = copy(course.outcome)
    network.problem = problem
    falling = 0.0 if course.finished else falling_of(course.curve, course.first_cost)
    return judge(
        Trained(
            recipe_of(patient), network, train, held, train, course.first_cost, cost_of(network, patient.given),
            falling, patient.floor, patient.wording,
        )
    )  # fmt: skip


def explain(patient: Patient, **asked: Any) -> Diagnosis:
    """The trials: the same network from the same weights in the same order, with one thing changed at a time. `asked`
    is what `diagnose_recipe` may be: `effort`, `budget`, `trials`, `say`."""
    from whynet.subjects.recipe import diagnose_recipe

    if patient.settings.solver == "lbfgs":
        raise BadSetting(
            "the steps of the solver 'lbfgs' cannot be taken again one by one", do="Fit it with solver='adam', then ask"
        )
    return replace(diagnose_recipe(recipe_of(patient), data_of(patient), **asked), wording=patient.wording)


def recipe_of(patient: Patient) -> Recipe:
    """The fit as a recipe of whynet's own."""
    settings, course, given = patient.settings, patient.course, patient.given
    optimizer, network = settings.optimizer, course.network
    batch = settings.batch_of(given.rows)
    adam = isinstance(optimizer, Adam)
    outputs = network.sizes[-1] if network.cost_name == "quadratic" else 1  # scikit-learn's is the mean over them
    return Recipe(
        scaling="raw",
        sizes=network.sizes,
        activation=settings.activation,  # type: ignore[arg-type]
        output_activation="identity",
        init="glorot",
        bias_init="scaled-uniform",
        dropout=settings.dropout,
        cost=network.cost_name,  # type: ignore[arg-type]
        optimizer="adam" if adam else "nesterov" if isinstance(optimizer, Nesterov) else "sgd",
        learning_rate=settings.rate if adam else settings.rate / outputs,
        momentum=optimizer.beta1 if isinstance(optimizer, Adam) else getattr(optimizer, "momentum", 0.0),
        l2=outputs * settings.alpha / (batch * given.mean_weight),
        batch_size=batch,
        epochs=max(1, course.epochs),
        order="shuffled" if settings.shuffle else "file",
        seed=course.seed,
        dtype=network.dtype.name,  # type: ignore[arg-type]
        threads=settings.threads,
    )


def data_of(patient: Patient, most: int | None = None) -> Dataset:
    """The rows that it was trained on, or so many of them."""
    given = patient.given if most is None else probe_of(patient.given, most)
    weights = given.weights
    if weights is not None and np.ptp(weights) == 0:
        weights = None
    return _data(given.X, patient.y_of(given.labels, given.per_row), patient.problem, weights)


def _data(X: Any, y: Array, problem: Problem, weights: Array | None) -> Dataset:
    rows = X if isinstance(X, np.ndarray) else X.toarray()
    return Dataset(FloatFeatures(rows), y, problem=problem, weights=weights)
