"""Numbers that were predicted: against the true ones, what is left over, and the rows that are furthest off."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from whynet.data.dataset import Dataset
from whynet.report.page import text
from whynet.report.rows import Column, number, shown
from whynet.report.svg import POINTS, histogram, scatter, thinned
from whynet.types import Array

WORST = 12
OUTPUTS = 6  # more are not drawn


class Errors(NamedTuple):
    """How far the predictions of one output are off, in its own units, beside its standard deviation.

    >>> errors_of(np.array([[1.0], [3.0]]), np.array([[1.0], [5.0]]), ("price",))[0].mae
    1.0
    """

    name: str
    rmse: float
    mae: float
    r2: float
    sd: float


def errors_of(predictions: Array, y: Array, names: Sequence[str]) -> list[Errors]:
    """Those of each output: `predictions` and `y` are (n, outputs) in the targets' own units."""
    error = predictions - y
    spread = ((y - y.mean(axis=0)) ** 2).mean(axis=0)
    squared = (error**2).mean(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        r2 = np.where(spread > 0, 1 - squared / spread, np.where(squared == 0, 1.0, np.nan))
    columns = np.sqrt(squared), np.abs(error).mean(axis=0), r2, np.sqrt(spread)
    return [Errors(name, *map(float, row)) for name, row in zip(names, np.stack(columns, axis=1), strict=True)]


def errors_table(found: Sequence[Errors]) -> tuple[list[str], list[list[str]]]:
    """The same as a table of texts, with its heads."""
    heads = ["", "RMSE", "MAE", "R2", "sd of the targets"]
    rows = [
        [
            one.name,
            number_short(one.rmse),
            number_short(one.mae),
            "-" if math.isnan(one.r2) else f"{one.r2:.4f}",
            number_short(one.sd),
        ]
        for one in found
    ]
    return heads, rows


def number_short(value: float) -> str:
    """An error with four digits.

    >>> number_short(61.2345), number_short(7843.2), number_short(123456.7), number_short(0.00012345)
    ('61.23', '7,843', '123,457', '0.0001234')
    """
    return f"{value:,.0f}" if abs(value) >= 10_000 else f"{value:,.4g}"


def numbers_html(predictions: Array, test: Dataset, columns: Sequence[Column]) -> str:
    """The whole part of a page: figures, points, residuals, worst rows."""
    names = test.problem.names
    heads, rows = errors_table(errors_of(predictions, test.y, names))
    head = "".join(f"<th{' class=text' if not name else ''}>{text(name)}</th>" for name in heads)
    body = "".join(
        f'<tr><td class="text">{text(row[0])}</td>{"".join(f"<td>{text(cell)}</td>" for cell in row[1:])}</tr>'
        for row in rows
    )
    parts = [
        "<h2>How far the predictions are off</h2><p>On the test set, in the units of the targets: the root of the mean "
        "squared error, the mean absolute error, and R2, the fraction of the variance that is predicted. Always "
        "predicting the mean would be off by the standard deviation (sd).</p>"
        f'<div class="scroll"><table class="errors"><tr>{head}</tr>{body}</table></div>'
    ]
    for output, name in list(enumerate(names))[:OUTPUTS]:
        parts.append(_pictures(name, predictions[:, output], test.y[:, output]))
    if len(names) > OUTPUTS:
        parts.append(f'<p class="faint">The other {len(names) - OUTPUTS} outputs are not drawn.</p>')
    if len(test) > POINTS:
        parts.append(f'<p class="faint">{POINTS:,} of {len(test):,} {test.word} are drawn.</p>')
    return "".join(parts) + _worst(predictions, test, columns)


def _pictures(name: str, predicted: Array, true: Array) -> str:
    titles = [""] * len(true)
    for row in thinned(len(true)):
        titles[row] = f"row {row:,}: true {number(float(true[row]))}, predicted {number_short(float(predicted[row]))}"
    left = true - predicted
    return (
        f"<h3>{text(name)}</h3>"
        '<div class="charts">'
        f"<div><p>Predicted against true: on the dashed line they are equal.</p>"
        f"{scatter(true, predicted, x_label=f'true {name}', y_label='predicted', titles=titles, diagonal=True)}</div>"
        "<div><p>Residuals, true minus predicted, against the prediction: a bend or a funnel is something not learned."
        f"</p>{scatter(predicted, left, x_label=f'predicted {name}', y_label='residual', titles=titles)}</div>"
        f"<div><p>How often residuals of each size occur.</p>{histogram(left, x_label='residual')}</div></div>"
    )


def _worst(predictions: Array, test: Dataset, columns: Sequence[Column]) -> str:
    """The rows furthest off, of several outputs in standard deviations of each."""
    sd = test.y.std(axis=0)
    off = (np.abs(predictions - test.y) / np.where(sd > 0, sd, 1.0)).max(axis=1)
    order = np.argsort(-off, kind="stable")[:WORST]
    said: list[tuple[str, list[str]]] = []
    for output, name in list(enumerate(test.problem.names))[:OUTPUTS]:
        said.append((f"true {name}", [number(float(value)) for value in test.y[order, output]]))
        said.append(("predicted", [number_short(float(value)) for value in predictions[order, output]]))
    return (
        f"<h2>Worst {test.word}</h2><p>The test {test.word} that are furthest off, the worst first.</p>"
        + shown(test, order, said, columns)
    )  # fmt: skip
