"""The page of learning curves."""

from __future__ import annotations

from collections.abc import Sequence

from whynet.report.page import chart, page, text
from whynet.report.wording.problems import WORDS
from whynet.subjects.curves import Curves, Point


def curves_page(name: str, curves: Curves) -> str:
    """Both curves as one HTML page."""
    body = f"<h1>Learning curves of {text(name)}</h1><p>{text(curves.reading)}</p>" + '<div class="charts">'
    body += _chart("examples", "over training examples", curves.over_examples, curves)
    if len(curves.over_epochs) > 1:
        body += _chart("epochs", "over epochs", curves.over_epochs, curves)
    return page(f"whynet: learning curves of {name}", body + "</div>", charts=True)


def _chart(name: str, title: str, points: Sequence[Point], curves: Curves) -> str:
    words = WORDS[curves.problem]
    series = [
        ("training", "--second", False, [point.train for point in points]),
        ("validation", "--accent", False, [point.validation for point in points]),
        (words.linear, "--faint", True, [curves.linear] * len(points)),
    ]
    x = [float(point.examples if name == "examples" else point.epochs) for point in points]
    return chart(
        name, f"{words.quality} {title}", x, series, x_label=name, percent=words.percent, log_x=name == "examples"
    )
