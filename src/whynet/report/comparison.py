"""Several runs side by side: where their recipes differ, what came of each, and their curves in one chart."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from whynet import files
from whynet.errors import BadFile
from whynet.report.page import chart, page, text
from whynet.report.wording.problems import cost, decimals
from whynet.training.history import Epoch, History
from whynet.training.recipe import Recipe
from whynet.training.run import read_environment

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#8a6d3b", "#7f7f7f")  # told apart by all
MOST = 16
WIDEST = 8  # columns of the table on the screen
UNSAID = ("threads", "engine")  # what changes how fast it is, and nothing else


@dataclass(frozen=True)
class Recorded:
    """A run as its directory records it; nothing is trained, no data are read."""

    name: str
    recipe: Recipe
    history: History
    data: str = ""
    """Which data it was trained on: their fingerprint, else what they are called."""

    @staticmethod
    def read(directory: Path) -> Recorded:
        """Raises
        ------
        BadFile
            There is no run, or no epoch of it.
        """
        if not (directory / "recipe.toml").is_file() or not (directory / "metrics.jsonl").is_file():
            raise BadFile(
                "there is no run here", where=str(directory), expected="a folder with recipe.toml and metrics.jsonl"
            )
        content = files.read(directory / "metrics.jsonl", 1 << 30).decode("utf-8", "replace")
        history = History.from_json_lines(content, str(directory / "metrics.jsonl"))
        if not len(history):
            raise BadFile("this run has not finished an epoch", where=str(directory))
        recipe = Recipe.read(directory / "recipe.toml")
        data = str(read_environment(directory).get("data_fingerprint") or recipe.data)
        return Recorded(str(directory), recipe, history, data)

    @property
    def kept(self) -> Epoch:
        """The epoch whose network is kept: the best on the validation set under patience, else the last."""
        if self.recipe.patience is None:
            return self.history[-1]
        return max(self.history, key=lambda epoch: epoch.validation_quality or -math.inf)

    @property
    def kind(self) -> str:
        """Whether its figures are those of classes or of numbers."""
        metric = self.kept.metric
        return "classification" if metric is None or metric.name == "accuracy" else metric.name


def differing(runs: Sequence[Recorded]) -> list[str]:
    """The fields of their recipes that are not the same in all."""
    values = [run.recipe.as_dict() for run in runs]
    names = dict.fromkeys(name for one in values for name in one)
    return [
        name for name in names if name not in UNSAID and any(one.get(name) != values[0].get(name) for one in values)
    ]


def compared(runs: Sequence[Recorded]) -> dict[str, Any]:
    """All of it as plain values."""
    fields = differing(runs)
    rows = [
        {
            "run": run.name, "differs": {name: run.recipe.as_dict().get(name) for name in fields},
            "epochs": len(run.history), "cost": run.kept.cost, "validation_quality": run.kept.validation_quality,
            "test_quality": run.kept.test_quality, "test_correct": run.kept.test_correct,
            "seconds": sum(run.history["seconds"]),
        }
        for run in runs
    ]  # fmt: skip
    on, best = best_of(runs)
    return {"fields": fields, "runs": rows, "best": best and best.name, "judged_by": on}


def best_of(runs: Sequence[Recorded]) -> tuple[str | None, Recorded | None]:
    """The best, and what it is judged by: the validation set where all have one, else the test set; where they were
    trained on different data, none is."""
    if len({run.data for run in runs}) > 1 or len({run.kind for run in runs}) > 1:
        return None, None
    for name in ("validation_quality", "test_quality"):
        values = [getattr(run.kept, name) for run in runs]
        if all(value is not None for value in values):
            return name, runs[values.index(max(values))]
    return None, None


def table(runs: Sequence[Recorded]) -> tuple[list[str], list[list[str]]]:
    """A heading and a row for each run."""
    fields = differing(runs)
    validated = any(run.kept.validation_quality is not None for run in runs)
    heads = ["run", *(name.replace("_", " ") for name in fields), "epochs trained", "cost"]
    heads += [*(["validation"] if validated else []), "test", "seconds"]
    rows = []
    for run in runs:
        own, last = run.recipe.as_dict(), run.kept
        figures = [decimals(last.validation_quality, run.kind)] if validated else []
        figures.append(decimals(last.test_quality, run.kind))
        cells = [run.name, *(_shown(own.get(name)) for name in fields), str(len(run.history)), cost(last.cost)]
        rows.append([*cells, *(figure or "-" for figure in figures), f"{sum(run.history['seconds']):.2f}"])
    return heads, rows


def in_words(runs: Sequence[Recorded]) -> str:
    """The best first, then the table."""
    heads, rows = table(runs)
    whole = [heads, *rows]
    if len(heads) > WIDEST:  # a column for each run
        whole = [list(column) for column in zip(*whole, strict=True)]
    widths = [max(len(row[at]) for row in whole) for at in range(len(whole[0]))]
    shown = ["  ".join(f"{cell:<{w}}" for cell, w in zip(row, widths, strict=True)).rstrip() for row in whole]
    return "\n".join([verdict(runs), "", *shown])


def verdict(runs: Sequence[Recorded]) -> str:
    """Which is best, in a sentence."""
    on, best = best_of(runs)
    if best is None or on is None:
        return "These runs cannot be ranked: they have other data, or no figures in common."
    which = on.removesuffix("_quality")
    return f"{best.name} is best: {decimals(getattr(best.kept, on), best.kind)} on the {which} set."


def comparison_page(runs: Sequence[Recorded]) -> str:
    """The table, and the curves of all runs in one chart each."""
    heads, rows = table(runs)
    body = f"<h1>{len(runs)} runs</h1><p>{text(verdict(runs))}</p>"
    body += '<div class="scroll"><table><tr>' + "".join(f"<th>{text(head)}</th>" for head in heads) + "</tr>"
    body += "".join("<tr>" + "".join(f"<td>{text(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    body += '</table></div><div class="charts">'
    costs = {run.recipe.cost for run in runs}
    charts = [("cost", "Training cost")] if len(costs) == 1 else []
    charts += [("validation_quality", "Validation quality"), ("test_quality", "Test quality")]
    for name, title in charts:
        if any(value is not None for run in runs for value in run.history[name]):
            body += _overlaid(name, title, runs)
    if len(costs) > 1:
        body += (
            f'<p class="faint">Costs of different kinds ({text(", ".join(sorted(costs)))}) are not drawn together.</p>'
        )
    return page(f"whynet: {len(runs)} runs compared", body + "</div>", charts=True)


def _overlaid(name: str, title: str, runs: Sequence[Recorded]) -> str:
    longest = max(len(run.history) for run in runs)
    series = []
    for place, run in enumerate(runs):
        values = [value if value is None or math.isfinite(value) else None for value in run.history[name]]
        padded = values + [None] * (longest - len(values))
        series.append((run.name, COLOURS[place % len(COLOURS)], place >= len(COLOURS), padded))
    percent = name != "cost" and all(run.kind == "classification" for run in runs)
    return chart(name, title, [float(epoch + 1) for epoch in range(longest)], series, percent=percent)


def _shown(value: Any) -> str:
    if value is None:
        return "-"
    return ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
