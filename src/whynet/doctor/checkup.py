"""The check-up at the end of a training: its state, from what is there already. No trials, nothing proved."""

from __future__ import annotations

import math

import numpy as np

from whynet.data.dataset import Dataset
from whynet.doctor.case import Case
from whynet.doctor.states import IN_WORDS, state_of
from whynet.doctor.symptoms import PROBE_ROWS
from whynet.doctor.trials import Laboratory
from whynet.engines.choice import FASTEST
from whynet.network.network import Network
from whynet.training.loop import build, make_task, split
from whynet.training.run import Run

SURE = 0.95  # from this accuracy on, a linear classifier need not be asked


def checkup(run: Run) -> tuple[str | None, str]:
    """The state of a finished run and a sentence; `(None, "")` if there is nothing to judge by.

    It is judged on the run's validation examples, else on the test images.

    >>> from whynet.data.sources import load
    >>> from whynet.training.recipe import Recipe
    >>> from whynet.training.run import fit
    >>> checkup(fit(Recipe(data="digits", epochs=20, learning_rate=0.5)))[0]
    'healthy'
    """
    held = split(run.data, run.recipe)[1] or run.data.test
    if run.state == "non-finite":
        return run.state, IN_WORDS[run.state]
    if held is None or not len(run.history):
        return None, ""
    train = split(run.data, run.recipe)[0]
    case = _case(run, train, held)
    accuracy = case.value("accuracy")
    linear = 0.0 if accuracy >= SURE else _linear(run, held)
    answers = _answers(run.network, held)
    recalls = tuple(
        float(np.mean(answers[held.labels == label] == label)) if np.any(held.labels == label) else math.nan
        for label in range(len(held.classes))
    )
    lost = [held.classes[i] for i, recall in enumerate(recalls) if recall < 0.05]
    state = state_of(case, linear=linear, finite=True, recalls=recalls)
    words = IN_WORDS[state]
    if state == "constant-answer":
        words += f" A cost of {case.value('cost'):.4g} where {case.value('floor'):.4g} is the floor."
    elif state == "classes-missing":
        words += " Hardly ever or never answered right: " + ", ".join(lost) + "."
    elif state == "overfits":
        words += (
            f" {case.value('train-accuracy'):.1%} of the training examples are right, {accuracy:.1%} of the others."
        )
    elif state != "healthy" and linear:
        words += f" {accuracy:.1%} are right; a linear classifier has {linear:.1%}."
    return state, words


def _case(run: Run, train: Dataset, held: Dataset) -> Case:
    recipe, history = run.recipe, run.history
    case = Case(
        recipe.but(faults=()),
        layers=len(run.network.sizes) - 1,
        rows=len(train),
        available=len(run.data),
        classes=len(run.data.classes),
        features=run.data.features,
    )
    before = build(recipe, run.data)
    task = make_task(before, train, recipe.but(faults=()))
    rows = np.linspace(0, len(train) - 1, min(len(train), PROBE_ROWS)).astype(np.intp)
    X = task.examples.features(rows, before.dtype)
    targets = task.examples.targets[task.examples.labels[rows]]
    with np.errstate(all="ignore"):
        case.note("start-cost", before.cost.value(before.scores(X), targets))
        case.note("cost", run.network.cost.value(run.network.scores(X), targets))
    costs = [cost for cost in history["cost"] if cost is not None]
    half = costs[len(costs) // 2] if len(costs) > 1 else case.value("start-cost")
    case.note("still-falling", (half - costs[-1]) / max(abs(half), 1e-12))
    case.note("own-steps", len(history) / max(recipe.epochs, 1))
    case.note("floor", run.floor)
    case.note("largest-class", train.prior.max())
    answers = _answers(run.network, held)
    case.note("accuracy", float(np.mean(answers == held.labels)))
    case.note("one-answer", float(np.bincount(answers, minlength=2).max() / len(answers)))
    some = train.take(np.linspace(0, len(train) - 1, min(len(train), 5000)).astype(np.intp))
    case.note("train-accuracy", float(np.mean(_answers(run.network, some) == some.labels)))
    case.note("gap", case.value("train-accuracy") - case.value("accuracy"))
    case.note("doubt", math.sqrt(0.05 * 0.95 / len(held)))
    return case


def _answers(network: Network, data: Dataset) -> np.ndarray:
    with np.errstate(all="ignore"):
        return network.cost.predictions(np.nan_to_num(FASTEST.scores(network, data.pixels), nan=-np.inf))


def _linear(run: Run, held: Dataset) -> float:
    laboratory = Laboratory(run.data, seed=run.recipe.seed, budget=5.0)
    laboratory.rest, laboratory.held = run.data, held
    return laboratory.linear(run.recipe.but(validation_size=0, patience=None))
