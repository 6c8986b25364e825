"""What networks, data sets and histories show of themselves in a notebook's cell."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from whynet.report import pictures
from whynet.report.numbers import number_short
from whynet.report.page import text
from whynet.report.rows import columns_of, number, rows_table
from whynet.report.wording.problems import OF_METRIC, decimals

if TYPE_CHECKING:
    from whynet.data.dataset import Dataset
    from whynet.network.network import Network
    from whynet.training.history import History

EACH = 12  # examples of each class on a contact sheet
FIRST = 8  # rows of a table
KINDS = {
    "classification": "a class of each is predicted",
    "labels": "labels are predicted",
    "regression": "numbers are predicted",
}


def network_html(network: Network) -> str:
    """The network in a sentence, its layers, and the masks of the first one if it takes square images."""
    rows = "".join(
        f"<tr><td>{index}</td><td>{text(layer)}</td><td>{sum(a.size for a in arrays.values()):,}</td></tr>"
        for index, (layer, arrays) in enumerate(zip(network.layers, network.params, strict=True))
    )
    table = f"<table><tr><th></th><th>layer</th><th>parameters</th></tr>{rows}</table>"
    W = next(network.params.weights(), np.zeros((1, 1)))
    side = round(W.shape[0] ** 0.5)
    masks = ""
    if side >= 4 and side * side == W.shape[0]:
        W = W[:, pictures.strongest(W, most=30)]
        sheet = pictures.sheet(pictures.masks(W, side, side), columns=15)
        masks = f'<img style="image-rendering: pixelated" src="{pictures.data_uri(sheet)}" alt="masks">'
    return f"<b>{text(repr(network))}</b>{table}{masks}"


def dataset_html(data: Dataset) -> str:
    """Of images, the first of each class on a contact sheet, a row a class; of a table, its first rows."""
    if not data.are_pictures or not data.classes:
        return _rows_html(data)
    sheet = pictures.sheet(pictures.of_each_class(data.images, data.labels, len(data.classes), EACH), columns=EACH)
    counts = ", ".join(f"{name}: {count:,}" for name, count in zip(data.classes, data.counts, strict=True))
    rows_, columns = data.images.shape[1:3]
    return (
        f"<b>{text(data.name or 'data')}</b>: {len(data):,} images of {rows_} x {columns} pixels, "
        f"{len(data.test) if data.test else 0:,} more to test<br>{text(counts)}<br>"
        f'<img style="image-rendering: pixelated" src="{pictures.data_uri(sheet)}" alt="examples of each class">'
    )


def _rows_html(data: Dataset) -> str:
    """Columns and first rows of a table; of images without classes, the first of them."""
    rows = np.arange(min(FIRST, len(data)))
    names = data.problem.names
    if data.classes:
        said = [("class", [data.classes[label] for label in data.labels[rows]])]
    else:
        said = [(name, [number(float(value)) for value in data.y[rows, at]]) for at, name in enumerate(names)]
    columns = [] if data.are_pictures else columns_of(data)
    what = "" if data.are_pictures else f" of {len(columns):,} column{'s' if len(columns) != 1 else ''}"
    counts = ""
    if data.classes:
        counts = ", ".join(f"{name}: {count:,}" for name, count in zip(names, data.counts, strict=True))
    elif data.problem.kind == "labels":
        counts = ", ".join(f"{name}: {count:,}" for name, count in zip(names, data.y.sum(axis=0), strict=True))
    else:
        counts = "; ".join(
            f"{name}: {number_short(one.min())} to {number_short(one.max())}, mean {number_short(one.mean())}"
            for name, one in zip(names, data.y.T, strict=True)
        )
    return (
        f"<b>{text(data.name or 'data')}</b>: {len(data):,} {data.word}{what}, "
        f"{len(data.test) if data.test else 0:,} more to test; {text(KINDS[data.problem.kind])}<br>{text(counts)}<br>"
        f"{_sheet(data) if data.are_pictures else rows_table(data, rows, said, columns)}"
    )


def _sheet(data: Dataset) -> str:
    """The first pictures."""
    sheet = pictures.sheet(pictures.on_paper(data.images[: 4 * EACH]), columns=EACH)
    return f'<img style="image-rendering: pixelated" src="{pictures.data_uri(sheet)}" alt="the first images">'


def history_html(history: History) -> str:
    """The epochs as a table; of a long history, the first and the last ten."""
    epochs = list(history)
    kind = OF_METRIC.get(next((one.metric.name for one in epochs if one.metric is not None), "accuracy"), "")
    classes = kind == "classification"
    shown = epochs if len(epochs) <= 20 else [*epochs[:10], *epochs[-10:]]
    rows = "".join(
        f"<tr><td>{epoch.epoch + 1}</td><td>{epoch.cost:.4f}</td>"
        + "".join(
            f"<td>{decimals(quality, kind)}</td>"
            for quality in (epoch.validation_quality, epoch.test_accuracy if classes else epoch.test_quality)
        )
        + f"<td>{epoch.seconds:.2f}</td></tr>"
        for epoch in shown
    )
    head = "".join(f"<th>{name}</th>" for name in ("epoch", "cost", "validation", "test", "seconds"))
    left_out = f"<p>{len(epochs) - len(shown)} epochs in between</p>" if len(epochs) > len(shown) else ""
    return f"<table><tr>{head}</tr>{rows}</table>{left_out}"
