"""Permutation importance (Breiman 2001): how much worse it predicts where one column is shuffled over the rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from whynet.data.dataset import Dataset
from whynet.engines.choice import FASTEST
from whynet.network.network import Network
from whynet.report.page import text
from whynet.report.rows import Column
from whynet.types import Array

DRAWS = 5
ROWS = 2_000  # more are not needed
COLUMNS = 200  # of a wider table only the first are shuffled
SHOWN = 20


class Importance(NamedTuple):
    """What a column is good for: the mean fall of the quality over the draws, and their standard deviation.

    >>> Importance(Column("age", (0,)), 0.2, 0.01).fall
    0.2
    """

    column: Column
    fall: float
    sd: float


def importances(network: Network, data: Dataset, columns: Sequence[Column], seed: int) -> list[Importance]:
    """Of each column the fall, the largest first. The features of one column are shuffled together.

    Of numbers it is R2 that falls, also below 0; of classes and labels their quality.

    >>> from whynet.data.features import FloatFeatures
    >>> X = np.random.default_rng(0).normal(size=(400, 2))
    >>> data = Dataset(FloatFeatures(X, ("used", "unused")), (X[:, 0] > 0).astype(int), problem=("no", "yes"))
    >>> network = Network([2, 2], init="zeros", dtype="float64")
    >>> np.copyto(network.params[0]["W"], [[-1.0, 1.0], [0.0, 0.0]])
    >>> from whynet.report.rows import columns_of
    >>> [(one.column.name, round(one.fall, 1)) for one in importances(network, data, columns_of(data), 0)]
    [('used', 0.5), ('unused', 0.0)]
    """
    if len(data) > ROWS:
        data = data.take(np.linspace(0, len(data) - 1, ROWS).astype(np.intp))
    rng = np.random.default_rng([seed, 11])
    whole = goodness(network, data, data.inputs)
    found = []
    for column in columns[:COLUMNS]:
        places = list(column.features)
        falls = []
        for _ in range(DRAWS):
            X = data.inputs.copy()
            X[:, places] = X[rng.permutation(len(X))][:, places]
            falls.append(whole - goodness(network, data, X))
        found.append(Importance(column, float(np.mean(falls)), float(np.std(falls, ddof=1))))
    return sorted(found, key=lambda one: -one.fall)


def goodness(network: Network, data: Dataset, X: Array) -> float:
    """How good the answers to these inputs are: R2, or the quality."""
    problem, middle = network.problem, network.cost.middle
    scores = FASTEST.scores(network, X)
    if problem.kind == "regression":
        return problem.metric(scores, data.y, middle).value
    return problem.quality(scores, data.y, middle)


def importance_html(found: Sequence[Importance], quality: str, percent: bool) -> str:
    """The columns as a list of bars."""
    if not found:
        return ""
    largest = max(max(one.fall for one in found), 1e-12)
    lines = []
    for one in found[:SHOWN]:
        width = 16 * min(max(one.fall / largest, 0.0), 1.0)
        figure = f"{round(100 * one.fall, 1) + 0.0:+.1f} points" if percent else f"{round(one.fall, 3) + 0.0:+.3f}"
        sd = f"{100 * one.sd:.1f}" if percent else f"{one.sd:.3f}"
        lines.append(
            f'<tr><td class="text">{text(one.column.name)}</td><td class="text">'
            f'<span class="bar" style="width:{width:.2f}rem"></span></td><td>{figure}</td><td>{sd}</td></tr>'
        )
    left = len(found) - len(lines)
    more = f'<p class="faint">{left:,} more columns matter less.</p>' if left > 0 else ""
    return (
        f"<h2>What each column is good for</h2><p>How far {text(quality)} falls on the test rows where one column is "
        f"shuffled over them: the mean of {DRAWS} draws, with their standard deviation. Columns that say the same "
        "thing share what they are good for.</p>"
        f'<div class="scroll"><table class="importance"><tr><th class="text">column</th><th></th><th>fall</th>'
        f"<th>sd</th></tr>{''.join(lines)}</table></div>{more}"
    )
