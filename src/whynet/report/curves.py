"""The page of learning curves."""

from __future__ import annotations

from collections.abc import Sequence

from whynet.report.page import chart, page, text
from whynet.subjects.curves import Curves, Point


def curves_page(name: str, curves: Curves) -> str:
    """Both curves as one HTML page."""
    body = f"<h1>Learning curves of {text(name)}</h1><p>{text(curves.reading)}</p>" + '<div class="charts">'
    body += _chart("examples", "over training examples", curves.over_examples, curves.linear)
    if len(curves.over_epochs) > 1:
        body += _chart("epochs", "over epochs", curves.over_epochs, curves.linear)
    return page(f"whynet: learning curves of {name}", body + "</div>", charts=True)


def _chart(name: str, title: str, points: Sequence[Point], linear: float) -> str:
    series = [
        ("training", "--second", False, [point.train for point in points]),
        ("validation", "--accent", False, [point.validation for point in points]),
        ("a linear classifier", "--faint", True, [linear] * len(points)),
    ]
    x = [float(point.examples if name == "examples" else point.epochs) for point in points]
    return chart(name, title, x, series, x_label=name, percent=True, log_x=name == "examples")
