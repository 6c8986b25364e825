"""The report of one run."""

from __future__ import annotations

import math
import shlex
from typing import TYPE_CHECKING

import numpy as np

from whynet.data.distortions import contact_sheet
from whynet.engines.choice import FASTEST
from whynet.network.excitation import exciting_inputs, linear, masks
from whynet.report import pictures
from whynet.report.answers import answers_html
from whynet.report.diagnosis import diagnosis_html
from whynet.report.filters import filters_html
from whynet.report.page import chart, figures, page, text
from whynet.report.sources import sources_html
from whynet.report.wording.problems import cost, decimals
from whynet.types import Array

if TYPE_CHECKING:
    from whynet.training.history import Epoch
    from whynet.training.run import Run

LOOKED_AT = 1_000
"""Pictures among which those are chosen that are shown."""
INK = "Each unit's weights: ink on red pixels excites it, ink on blue pixels inhibits it."
CUT = " R2 is drawn from 0 up: below it, always predicting the mean would be better."
COLOUR = "Each unit's weights: where a pixel is grey they are 0; light of a pixel's own colour excites it."


def run_page(run: Run) -> str:
    """The run as one HTML page: outcome, curves, how good the answers are, masks, recipe."""
    parts = [_outcome(run), _curves(run)]
    if run.diagnosis is not None:
        parts.append(diagnosis_html(run.diagnosis))
    test = run.data.test
    if test is not None:
        parts.append(answers_html(run, test))
    parts += [_responses(run), _sources(run), _rates(run), _distortions(run), _recipe(run)]
    return page(f"whynet: {_title(run)}", "".join(parts), charts=True)


def run_summary(run: Run) -> str:
    """The run in a notebook's cell."""
    last = run.history[-1] if len(run.history) else None
    lines = [f"<b>{text(repr(run.network))}</b>", f"{len(run.history)} of {run.recipe.epochs} epochs"]
    if last is not None:
        lines.append(f"cost {cost(last.cost)} (floor {cost(run.floor)})")
        if last.test_accuracy is not None:
            lines.append(f"{last.test_accuracy:.2%} of {last.test_total:,} test {run.data.word} right")
        elif last.metric is not None and not run.data.classes:
            lines.append(f"{last.metric.name} {last.metric.value:.4f}")
    return "<br>".join(lines)


def _one(run: Run) -> str:
    return run.data.word.removesuffix("s")


def _qualities(run: Run, last: Epoch) -> list[tuple[str, str]]:
    """The large figures of a problem without classes."""
    kind, name, items = run.network.problem.kind, run.network.problem.quality_name, []
    if last.test_quality is not None and last.metric is not None and run.data.test is not None:
        shown = last.metric.value if last.metric.name == name else last.test_quality
        items.append((decimals(shown, kind), f"{name} on {len(run.data.test):,} test {run.data.word}"))
        if last.metric.name != name:
            items.append((f"{last.metric.value:.4f}", f"{last.metric.name} on the same"))
    if last.validation_quality is not None:
        items.append((decimals(last.validation_quality, kind), f"{name} on the validation {run.data.word}"))
    return items


def _scaled(run: Run) -> str:
    """How numbers are scaled while they are trained on: the cost is one of scaled numbers."""
    if getattr(run.network.problem, "offset", None) is None:
        return ""
    return " The cost is that of targets in standard deviations from their mean."


def _title(run: Run) -> str:
    words = ", ".join(run.recipe.layers or ()) or "-".join(map(str, run.network.sizes))
    return f"{words} on {run.data.name}"


def _outcome(run: Run) -> str:
    history = run.history
    last = history[-1 if run.best_epoch is None else run.best_epoch] if len(history) else None
    items = []
    if last is not None and last.test_accuracy is not None:
        items.append((f"{last.test_accuracy:.2%}", f"of {last.test_total:,} test {run.data.word} right"))
    if last is not None and last.validation_accuracy is not None and run.data.classes:
        items.append((f"{last.validation_accuracy:.2%}", f"of the validation {run.data.word} right"))
    if last is not None and not run.data.classes:
        items += _qualities(run, last)
    if last is not None:
        which = "last epoch" if run.best_epoch is None else f"best epoch, number {run.best_epoch + 1}: kept"
        items.append((cost(last.cost), f"cost in the {which}"))
    items.append((cost(run.floor), f"floor: the same prediction for every {_one(run)}"))
    if last is not None:
        took = f"for {len(history)} epochs, {history[-1].steps:,} steps"
        seconds = sum(history["seconds"])
        items.append((f"{seconds:.1f} s" if seconds >= 1 else f"{seconds:.2f} s", took))
    sentence = f"{_sentence(run)}{_scaled(run)}"
    warning = f'<p class="bad">Training stopped: {text(run.message)}</p>' if run.state else ""
    return f"<h1>{text(_title(run))}</h1>{warning}<p>{text(sentence)}</p>{figures(items)}"


def _sentence(run: Run) -> str:
    last = run.history[-1] if len(run.history) else None
    if last is None:
        return "No epoch has been finished: the network still has its initial weights."
    if run.floor == 0:
        return (
            "All training examples are of one class: always predicting it costs nothing, and there is nothing to learn."
        )
    if last.cost >= 0.98 * run.floor:
        return (
            f"The cost {cost(last.cost)} is no better than the floor {cost(run.floor)}, which is what the same "
            f"prediction for every {_one(run)} costs: the network has learned nothing about the {run.data.word}."
        )
    gone = 1 - last.cost / run.floor
    return (
        f"The cost went {gone:.1%} of the way from the floor, the same prediction for every {_one(run)}, down to zero. "
        f"Recipe {run.base}; seed {run.recipe.seed}; {run.engine} engine."
    )


def _curves(run: Run) -> str:
    history = run.history
    if not len(history):
        return ""
    x = [epoch.epoch + 1 for epoch in history]

    Series = list[float | None]

    def clean(values: Series) -> Series:
        return [None if value is None or not math.isfinite(value) else value for value in values]

    costs: list[tuple[str, str, bool, list[float | None]]] = [
        ("training cost", "--accent", False, clean(history["cost"])),
        ("floor", "--faint", True, [run.floor] * len(x)),
    ]
    problem, classes = run.network.problem, bool(run.data.classes)
    name = problem.quality_name
    tested = [epoch.test_accuracy if classes else epoch.test_quality for epoch in history]
    qualities: list[tuple[str, str, bool, list[float | None]]] = [(f"test {name}", "--accent", False, clean(tested))]
    if history[-1].validation_cost is not None:
        costs.insert(1, ("validation cost", "--second", False, clean(history["validation_cost"])))
        validated = clean(history["validation_accuracy" if classes else "validation_quality"])
        qualities.append((f"validation {name}", "--second", False, validated))
    drawn = chart("cost", "Cost", x, costs)
    if run.data.test is not None or len(qualities) > 1:
        title = f"{name[0].upper()}{name[1:]}"
        drawn += chart("accuracy" if classes else "quality", title, x, qualities, percent=problem.kind != "regression")
    return (
        f'<h2>Learning curves</h2><div class="charts">{drawn}</div>'
        '<p class="faint">The training cost is the mean over the batches of an epoch, each taken before its step.'
        f"{CUT if problem.kind == 'regression' else ''}</p>"
    )


def _responses(run: Run) -> str:
    """Masks and exciting inputs, layer by layer."""
    network = run.network
    if not _seen(run) or network.scaling is None:
        return ""
    shape = run.data.images.shape[1:]
    if not linear(network):
        return _convolutions(run)
    low, high = network.scaling.table(np.float64)[[0, 255]].tolist()  # plain numbers: no float32 becomes float64
    examples = network.scaling.apply(run.data.images[:1000], np.float64)
    parts = ["<h2>What the units look for</h2>"]
    outputs = network.sizes[1:]
    for number, units_there in enumerate(outputs):
        W = masks(network, number)
        units = pictures.strongest(W)
        name = "Output layer" if number == len(outputs) - 1 else f"Layer {number + 1}"
        which = ""
        if len(units) < units_there:
            which = f"The {len(units)} of {units_there} units with the largest masks. "
        elif name == "Output layer" and units_there == len(network.problem.names):
            which = f"From left to right: {text(', '.join(network.problem.names))}. "
        how = (
            (INK if len(shape) == 2 else COLOUR)
            if number == 0
            else "Weights as seen from the input, as if the layers before were linear."
        )
        inputs = exciting_inputs(network, number, units, examples, low, high)
        ink = np.clip(255 * (inputs - low) / (high - low), 0, 255).astype(np.uint8).reshape(-1, *shape)
        parts.append(
            f"<h3>{name}</h3><p>{which}{how}</p>{_sheet(pictures.masks(W[:, units], *shape), f'masks, {name}')}"
            f"<p>The image, among those with as much {'ink' if len(shape) == 2 else 'light'} as an ordinary one, that "
            "excites each of them most:</p>"
            f"{_sheet(pictures.on_paper(ink), f'exciting inputs, {name}')}"
        )
    return "".join(parts)


def _seen(run: Run) -> bool:
    """Whether there is something to see: pictures, and a network that has not blown up."""
    network, data = run.network, run.data
    if not data.are_pictures or network.scaling is None or network.sizes[0] != math.prod(data.images.shape[1:]):
        return False
    return min(data.images.shape[1:3]) >= 4 and bool(np.abs(network.params.vector).max() < 1e6)


def _convolutions(run: Run) -> str:
    """Filters, and maps of a picture that is answered rightly."""
    network, images = run.network, run.data.images[:LOOKED_AT]
    assert network.scaling is not None
    X = network.scaling.apply(images, network.dtype)
    right = np.arange(1)
    if run.data.classes:
        scores = FASTEST.scores(network, run.data.inputs[:LOOKED_AT])
        right = np.flatnonzero(network.problem.predictions(scores, network.cost.middle) == run.data.labels[: len(X)])
    return filters_html(network, images, X, int(right[0]) if len(right) else 0)


def _sources(run: Run) -> str:
    """Which pixels speak for the answers."""
    network, data = run.network, run.data.test or run.data
    if not _seen(run) or network.scaling is None or not data.classes or not data.are_pictures:
        return ""
    images = data.images[:LOOKED_AT]
    X = network.scaling.apply(images, network.dtype)
    blank = float(network.scaling.table(np.float64)[0])
    scores = FASTEST.scores(network, data.inputs[:LOOKED_AT])
    return sources_html(network, images, X, scores, data.labels[: len(X)], blank)


def _sheet(shown: Array, what: str, across: int | None = None) -> str:
    """Pictures side by side."""
    across = across or (15 if len(shown) > 12 else max(1, len(shown)))
    sheet = pictures.sheet(shown, across)
    size = max(2, 56 // shown.shape[2])  # of a pixel on the screen
    return (
        f'<img class="pixels" style="width:{min(sheet.shape[1] * size, 1040)}px" src="{pictures.data_uri(sheet)}" '
        f'alt="{text(what)}">'
    )


def _rates(run: Run) -> str:
    search = run.rate_search
    if search is None or len(search.rates) < 2:
        return ""
    shown = [None if not math.isfinite(c) or c > 3 * search.costs[0] else c for c in search.costs]
    series: list[tuple[str, str, bool, list[float | None]]] = [
        ("cost of the batch", "--line", False, shown),
        ("smoothed", "--accent", False, list(search.smooth)),
    ]
    drawn = chart("rates", "Cost while the learning rate grows", search.rates, series, x_label="rate", log_x=True)
    return f"<h2>The search for the learning rate</h2><p>{text(search.in_words())}.</p>{drawn}"


def _distortions(run: Run) -> str:
    distortions = run.prepared.distortions
    if not distortions:
        return ""
    train = run.data.images
    chosen = train[:: max(1, len(train) // 8)][:8]
    versions = 255 - contact_sheet(chosen, distortions, seed=run.recipe.seed, versions=11)
    shown = versions.reshape(-1, *versions.shape[2:])
    return (
        "<h2>Distorted training images</h2><p>Left: images of the data. Beside each: distorted as in training, "
        f"every epoch differently.</p>{_sheet(shown, 'distorted images', across=versions.shape[1])}"
    )


def _recipe(run: Run) -> str:
    rows = "".join(
        f'<tr><td class="text">{text(name)}</td><td class="text">'
        f"{text(', '.join(map(str, value)) if isinstance(value, list) else value)}</td></tr>"
        for name, value in run.recipe.as_dict().items()
        if value != []
    )
    again = ""
    if run.directory is not None:
        again = shlex.quote(str(run.directory / "recipe.toml"))
        again = f"<p>To repeat this run: <code>whynet train {text(again)}</code></p>"
    return (
        f"<h2>Recipe</h2><table>{rows}</table>{again}"
        f'<p class="faint">Data: {text(run.data.source)}. Engine: {text(run.engine)} ({text(run.engine_reason)}).</p>'
    )
