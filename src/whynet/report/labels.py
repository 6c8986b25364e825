"""Several labels: how often each is found, how often it is wrongly said, and which occur together."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from whynet.data.dataset import Dataset
from whynet.report.page import text
from whynet.report.rows import Column, shown
from whynet.types import Array

WORST = 12
TOGETHER = 20  # labels; of more the table of pairs does not fit


class LabelFigures(NamedTuple):
    """Of one label: rows that have it, recall, precision, F1; NaN where there is nothing to count.

    >>> label_figures(np.array([[1], [1], [0]]), np.array([[1], [0], [0]]), ("red",))[0].precision
    0.5
    """

    name: str
    rows: int
    recall: float
    precision: float
    f1: float


def label_figures(predictions: Array, y: Array, names: Sequence[str]) -> list[LabelFigures]:
    """Those of each label: `predictions` and `y` are (n, labels) of 0 and 1."""
    both = (predictions * y.astype(np.int64)).sum(axis=0)
    true, said = y.sum(axis=0, dtype=np.int64), predictions.sum(axis=0, dtype=np.int64)
    with np.errstate(divide="ignore", invalid="ignore"):
        recall, precision, f1 = both / true, both / said, 2 * both / (true + said)
    return [
        LabelFigures(name, int(true[at]), float(recall[at]), float(precision[at]), float(f1[at]))
        for at, name in enumerate(names)
    ]


def labels_table(found: Sequence[LabelFigures]) -> tuple[list[str], list[list[str]]]:
    """The same as a table of texts, with its heads."""
    heads = ["label", "rows", "recall", "precision", "F1"]
    return heads, [
        [one.name, f"{one.rows:,}", _percent(one.recall), _percent(one.precision), _decimals(one.f1)] for one in found
    ]


def _percent(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.1%}"


def _decimals(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.4f}"


def labels_html(predictions: Array, scores: Array, middle: float, test: Dataset, columns: Sequence[Column]) -> str:
    """The whole part of a page."""
    found = label_figures(predictions, test.y, test.problem.names)
    whole = (predictions == test.y).all(axis=1)
    rows = []
    for one in found:
        bars = "".join(
            f'<td>{_percent(value)}</td><td class="text">{_bar(value)}</td>' for value in (one.recall, one.precision)
        )
        rows.append(
            f'<tr><td class="text">{text(one.name)}</td><td>{one.rows:,}</td>{bars}<td>{_decimals(one.f1)}</td>'
        )
    word = test.word
    return (
        f"<h2>Each label</h2><p>{int(whole.sum()):,} of {len(test):,} test {word} ({whole.mean():.1%}) are right in "
        f"all labels. Recall: of the {word} that have the label, the fraction that are said to have it. Precision: of "
        "those that are said to have it, the fraction that do.</p>"
        f'<div class="scroll"><table class="labels"><tr><th class="text">label</th><th>{word}</th>'
        f"<th>recall</th><th></th><th>precision</th><th></th><th>F1</th></tr>{'</tr>'.join(rows)}</tr></table></div>"
        + _together(predictions, test)
        + _worst(predictions, scores, middle, test, columns)
    )


def _bar(value: float) -> str:
    return "" if math.isnan(value) else f'<span class="bar" style="width:{6 * value:.2f}rem"></span>'


def together(labels: Array) -> Array:
    """In how many rows each two labels occur together, (labels, labels); on the diagonal, in how many each occurs.

    >>> together(np.array([[1, 1], [0, 1]])).tolist()
    [[1, 1], [1, 2]]
    """
    whole = labels.astype(np.int64)
    counts: Array = whole.T @ whole
    return counts


def _together(predictions: Array, test: Dataset) -> str:
    names = test.problem.names
    if not 1 < len(names) <= TOGETHER:
        return ""
    true, said = together(test.y), together(predictions)
    largest = max(int(true.max()), int(said.max()), 1)
    tables = "".join(
        f"<div><h3>{title}</h3>{_heat(counts, names, largest)}</div>"
        for title, counts in (("True", true), ("Predicted", said))
    )
    return (
        f"<h2>Labels that occur together</h2><p>In how many test {test.word} both labels are; on the diagonal, the "
        f'label itself.</p><div class="charts">{tables}</div>'
    )


def _heat(counts: Array, names: Sequence[str], largest: int) -> str:
    head = "".join(f"<th>{text(name)}</th>" for name in names)
    rows = []
    for name, row in zip(names, counts.tolist(), strict=True):
        cells = []
        for count in row:
            shade = f"background: rgb(29 111 184 / {0.7 * math.sqrt(count / largest):.2f})" if count else ""
            cells.append(f'<td style="{shade}">{count:,}</td>' if shade else "<td>·</td>")
        rows.append(f"<tr><th>{text(name)}</th>{''.join(cells)}</tr>")
    return f'<div class="scroll"><table class="confusion"><tr><th></th>{head}</tr>{"".join(rows)}</table></div>'


def _worst(predictions: Array, scores: Array, middle: float, test: Dataset, columns: Sequence[Column]) -> str:
    """The rows with the surest mistakes."""
    wrong = predictions != test.y
    rows = np.flatnonzero(wrong.any(axis=1))
    if not len(rows):
        return f"<h2>Worst mistakes</h2><p>None: all labels of all test {test.word} are right.</p>"
    sure = np.where(wrong, np.abs(scores - middle), 0.0).max(axis=1)
    order = rows[np.argsort(-sure[rows], kind="stable")[:WORST]]
    names = test.problem.names
    said = [
        ("labels", [_names(test.y[row], names) for row in order]),
        ("predicted", [_names(predictions[row], names) for row in order]),
    ]
    return (
        f"<h2>Worst mistakes</h2><p>{len(rows):,} test {test.word} have a wrong label; these are the surest "
        "mistakes.</p>" + shown(test, order, said, columns)
    )


def _names(row: Array, names: Sequence[str]) -> str:
    return ", ".join(names[int(at)] for at in np.flatnonzero(row)) or "none"
