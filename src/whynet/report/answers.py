"""How good the answers to the test rows are: the part of a run's page that hangs on what is predicted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from whynet.data.dataset import Dataset
from whynet.data.protocol import Problem
from whynet.engines.choice import FASTEST
from whynet.errors import UsageError
from whynet.metric import Metric
from whynet.network.network import Network
from whynet.report.classes import confusion_html, mistakes_html
from whynet.report.importance import Importance, importance_html, importances
from whynet.report.labels import label_figures, labels_html, labels_table
from whynet.report.numbers import errors_of, errors_table, number_short, numbers_html
from whynet.report.rows import Column, columns_of
from whynet.types import Array

if TYPE_CHECKING:
    from whynet.training.run import Run

FEWEST = 10  # test rows; of fewer shuffling says nothing
WIDEST = 5_000  # features; more are hardly columns of a table


class Answers(NamedTuple):
    """The answers of a network to examples, and what the problem measures on them.

    >>> from whynet.data.sources import load
    >>> digits = load("digits").test
    >>> answers_of(Network([64, 10], init="zeros", scaling=digits.X.scaling("0..1")), digits).quality < 0.2
    True
    """

    predictions: Array
    quality: float
    metric: Metric
    metrics: dict[str, Any]


def answers_of(network: Network, data: Dataset) -> Answers:
    """What the network answers, and how good that is.

    Raises
    ------
    UsageError
        The network answers another kind of question than these data ask.
    """
    problem, middle = network.problem, network.cost.middle
    if problem.kind != data.problem.kind or (problem.kind != "classification" and problem.outputs != data.y.shape[1]):
        raise UsageError(
            "this network does not answer what these data ask", expected=_asked(data.problem), found=_asked(problem)
        )
    scores = FASTEST.scores(network, data.inputs)
    return Answers(
        problem.predictions(scores, middle), problem.quality(scores, data.y, middle),
        problem.metric(scores, data.y, middle), problem.metrics(scores, data.y, middle),
    )  # fmt: skip


def _asked(problem: Problem) -> str:
    return f"{problem.kind}: {', '.join(problem.names[:6])}{' ...' if len(problem.names) > 6 else ''}"


def in_words(network: Network, data: Dataset, found: Answers | None = None) -> list[str]:
    """How good the answers are where there are no classes: a sentence, and a table line by line.

    >>> from whynet.data.dataset import Dataset
    >>> from whynet.data.problem import Regression
    >>> y = np.array([1.0, 2.0, 3.0, 6.0])
    >>> data = Dataset(np.arange(4.0).reshape(4, 1), y, problem=Regression(("price",)))
    >>> network = Network([1, 1], init="zeros", cost="quadratic", output_activation="identity", problem=data.problem)
    >>> np.copyto(network.params[0]["W"], 1)
    >>> print(*in_words(network, data), sep=chr(10))
    R2 0.1429 on 4 test rows: RMSE 1.732, MAE 1.5
    <BLANKLINE>
             RMSE   MAE       R2   sd of the targets
    price   1.732   1.5   0.1429               1.871
    """
    found = found or answers_of(network, data)
    problem, where = network.problem, f"on {len(data):,} test {data.word}"
    if problem.kind == "regression":
        each = errors_of(found.predictions, data.y, problem.names)
        own = f": RMSE {number_short(each[0].rmse)}, MAE {number_short(each[0].mae)}" if len(each) == 1 else ""
        first, table = f"R2 {found.metric.value:.4f} {where}{own}", errors_table(each)
    else:
        whole = f"F1 {found.metric.value:.4f}; {found.metrics['rows_right']:.2%} right in all labels"
        first = f"{problem.quality_name} {found.quality:.2%} {where} ({whole})"
        table = labels_table(label_figures(found.predictions, data.y, problem.names))
    return [first, "", *_aligned(*table)]


def _aligned(heads: list[str], rows: list[list[str]]) -> list[str]:
    """A table of texts as lines; the first column starts at the left, the others end at the right."""
    table = [heads, *rows]
    widths = [max(len(row[place]) for row in table) for place in range(len(heads))]
    return [
        f"{row[0]:<{widths[0]}}"
        + "".join(f"{cell:>{width + 3}}" for cell, width in zip(row[1:], widths[1:], strict=True))
        for row in table
    ]


def answers_html(run: Run, test: Dataset) -> str:
    """The answers to the test rows, and what each column of a table is good for."""
    network = run.network
    problem, scores = network.problem, FASTEST.scores(network, test.inputs)
    if not np.isfinite(scores).all():
        return f"<p>Its scores for the test {test.word} are not finite, so there are no predictions to show.</p>"
    predictions = problem.predictions(scores, network.cost.middle)
    found = _importances(run, test)
    columns = _by_importance(test, found)
    if problem.kind == "regression":
        told = numbers_html(predictions, test, columns)
    elif problem.kind == "labels":
        told = labels_html(predictions, scores, network.cost.middle, test, columns)
    else:
        told = confusion_html(predictions, test)
        told += mistakes_html(network.cost.probabilities(scores), predictions, test, columns)
    name = "R2" if problem.kind == "regression" else f"the {problem.quality_name}"
    return told + importance_html(found, name, percent=problem.kind != "regression")


def _importances(run: Run, test: Dataset) -> list[Importance]:
    if test.are_pictures or len(test) < FEWEST or test.features > WIDEST:
        return []
    return importances(run.network, test, columns_of(test), run.recipe.seed)


def _by_importance(test: Dataset, found: list[Importance]) -> list[Column]:
    """The columns of a table, those first that matter most."""
    columns = [] if test.are_pictures else columns_of(test)
    known = [one.column for one in found]
    return [*known, *(column for column in columns if column not in known)]
