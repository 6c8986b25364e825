"""Published and measured, side by side: as text and as a page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from whynet.casebook.experiments import Outcome
from whynet.report.page import chart, page, text


def shown(figures: dict[str, Any]) -> str:
    """An experiment's figures in one line.

    >>> shown({"test_correct": [816, None, 2532]})
    '816 ... 2532'
    """
    parts = []
    if "cost" in figures:
        parts.append("cost " + _list([None if v is None else f"{v:.4g}" for v in figures["cost"]]))
    if "test_correct" in figures:
        counts = figures["test_correct"]
        if len(counts) > 6:
            counts = [*counts[:3], None, *counts[-3:]]
        parts.append(_list(counts))
    if "test_accuracy" in figures:
        parts.append(f"{figures['test_accuracy']:.2%} right")
    if "train_accuracy" in figures:
        parts.append(f"{figures['train_accuracy']:.2%} of the training images right")
    if "text" in figures:
        parts.append(figures["text"])
    return "; ".join(parts)


def spread_shown(outcome: Outcome) -> str:
    """Mean and standard deviation over the seeds in one line; empty for a single seed."""
    parts = []
    for key, one in (outcome.over_seeds or {}).items():
        fraction = key.endswith("accuracy")
        mean, sd = (f"{one[name]:.2%}" if fraction else f"{one[name]:.4g}" for name in ("mean", "sd"))
        values = ", ".join(f"{value:.2%}" if fraction else f"{value:.4g}" for value in one["values"])
        parts.append(f"{key.replace('_', ' ')} {mean} +- {sd} ({values})")
    return "; ".join(parts)


def _list(values: Sequence[Any]) -> str:
    """Values with each run of missing ones as dots."""
    words: list[str] = []
    for value in values:
        if value is not None:
            words.append(str(value))
        elif not words or words[-1] != "...":
            words.append("...")
    return " ".join(words)


def reproduction_page(outcomes: Sequence[Outcome], skipped: Sequence[str]) -> str:
    """The outcomes as one HTML page with the learning curves of those that have them."""
    rows, curves = [], []
    for number, outcome in enumerate(outcomes):
        experiment = outcome.experiment
        rows.append(
            f'<tr><td class="text"><b>{text(experiment.name)}</b></td>'
            f'<td class="text">{text(shown(experiment.published))}</td>'
            f'<td class="text">{text(shown(outcome.measured))}'
            f"{'<br>' + text(spread_shown(outcome)) if outcome.over_seeds else ''}</td>"
            f'<td class="short">{outcome.floor:.4f}</td><td class="text">{text(experiment.means)}</td>'
            f'<td class="short">{outcome.seconds:.1f} s</td></tr>'
        )
        if "test_correct" in experiment.published:
            published = experiment.published["test_correct"]
            measured = outcome.measured["test_correct"]
            series = [("measured", "--accent", False, measured), ("published", "--second", False, published)]
            curves.append(chart(f"curve-{number}", experiment.name, list(range(len(measured))), series))
    left_out = f"<p>Left out: {text(', '.join(skipped))}.</p>" if skipped else ""
    body = (
        "<h1>The experiments of people who got stuck, run again</h1>"
        "<p>Each row is a network that somebody described, with the figures published and the figures measured here. "
        "The floor is the cost of the same prediction for every image, the class frequencies.</p>"
        '<div class="scroll"><table><tr><th class="text">experiment</th><th class="text">published</th>'
        '<th class="text">measured</th><th>floor</th><th class="text">what it means</th><th>time</th></tr>'
        f"{''.join(rows)}</table></div>{left_out}"
    )
    if curves:
        body += f'<h2>Correct predictions of 10,000, epoch by epoch</h2><div class="charts">{"".join(curves)}</div>'
    return page("whynet: published and measured", body, charts=bool(curves))
