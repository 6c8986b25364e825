"""Classes that were predicted: the confusion matrix, and the surest mistakes as pictures or as rows."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from whynet.data.dataset import Dataset
from whynet.report import pictures
from whynet.report.page import text
from whynet.report.rows import Column, rows_table
from whynet.training import metrics
from whynet.types import Array, Labels

MISTAKES = 24


def confusion_html(predictions: Labels, test: Dataset) -> str:
    """The confusion matrix, with the recall of each class."""
    classes = max(len(test.classes), int(predictions.max()) + 1)
    table = metrics.confusion(predictions, test.labels, classes)
    recall = metrics.recall(table)
    names = [*test.classes, *map(str, range(len(test.classes), classes))]
    off_diagonal = table - np.diag(np.diag(table))
    largest = max(int(off_diagonal.max()), 1)
    head = "".join(f"<th>{text(name)}</th>" for name in names)
    rows = []
    for actual, name in enumerate(names):
        cells = []
        for predicted in range(classes):
            count = int(table[actual, predicted])
            if actual == predicted:
                cells.append(f'<td class="right">{count}</td>')
            else:
                opacity = 0.75 * math.sqrt(count / largest)
                shade = f' style="background: rgb(214 69 65 / {opacity:.2f})"' if count else ""
                cells.append(f"<td{shade}>{count or '·'}</td>")
        known = not math.isnan(recall[actual])
        width = 8 * float(recall[actual]) if known else 0.0
        label = f"{recall[actual]:.1%}" if known else "none"
        bar = f'<td class="text"><span class="bar" style="width:{width:.2f}rem"></span> {label}</td>'
        rows.append(f"<tr><th>{text(name)}</th>{''.join(cells)}{bar}</tr>")
    return (
        f"<h2>Confusion matrix</h2><p>Rows: the true class of a test {test.word.removesuffix('s')}. Columns: the "
        "predicted class. "
        "Recall: the fraction of the class that is predicted as that class.</p>"
        f'<div class="scroll"><table class="confusion"><tr><th></th>{head}<th class="text">recall</th></tr>'
        f"{''.join(rows)}</table></div>"
    )


def mistakes_html(probabilities: Array, predictions: Labels, test: Dataset, columns: Sequence[Column]) -> str:
    """The mistakes with the highest probability."""
    wrong = np.flatnonzero(predictions != test.labels)
    if not len(wrong):
        return f"<h2>Worst mistakes</h2><p>None: every prediction on the test {test.word} is right.</p>"
    one_output = probabilities.shape[1] == 1
    sure = np.abs(probabilities[wrong, 0] - 0.5) + 0.5 if one_output else probabilities[wrong, predictions[wrong]]
    order = np.argsort(-sure, kind="stable")[:MISTAKES]
    told = (
        f"<h2>Worst mistakes</h2><p>{len(wrong):,} test {test.word} are predicted wrong; these are the mistakes with "
        "the highest probability.</p>"
    )
    if not test.are_pictures:
        said = [
            ("class", [test.classes[test.labels[wrong[place]]] for place in order]),
            ("predicted", [test.classes[predictions[wrong[place]]] for place in order]),
            ("probability", [f"{sure[place]:.1%}" for place in order]),
        ]
        return told + rows_table(test, wrong[order], said, columns)
    shown = []
    for place, uri in zip(order, pictures.digits(test.images[wrong[order]]), strict=True):
        row = wrong[place]
        is_, said = test.classes[test.labels[row]], test.classes[predictions[row]]
        shown.append(
            f'<figure><img class="pixels" src="{uri}" alt="test image {row}"><figcaption>{text(is_)}, predicted '
            f"{text(said)}<br>probability {sure[place]:.1%}</figcaption></figure>"
        )
    return f'{told}<div class="mistakes">{"".join(shown)}</div>'
