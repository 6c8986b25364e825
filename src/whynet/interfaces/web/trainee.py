"""A training that is watched: a run directory as `whynet train` leaves it, and what the page shows as it goes."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np

from whynet.data.dataset import Dataset
from whynet.data.sources import load_for
from whynet.engines.choice import FASTEST
from whynet.interfaces.web.control import Control, Say
from whynet.interfaces.web.pixels import ink, signed
from whynet.network.excitation import linear, masks
from whynet.network.network import Network
from whynet.network.patches import cut, strongest
from whynet.network.stages import stages
from whynet.report import pictures
from whynet.training.history import Epoch
from whynet.training.loop import Training
from whynet.training.recipe import Recipe
from whynet.training.run import Run, new_directory

APART, SLOW = 1 / 30, 0.6  # seconds between looks, and between looks at masks and recalls
TESTED, SHOWN, SEEN = 1_000, 24, 300  # examples for the recalls; masks; pictures that filters are shown
MEASURED = 8  # times in an epoch that a single step is measured
_loaded: dict[str, Dataset] = {}


def dataset(recipe: Recipe, path: str | None) -> Dataset:
    """The recipe's data, kept for the next job."""
    key = f"{path or recipe.data}|{recipe.target}|{recipe.problem}|{recipe.missing}"
    if key not in _loaded:
        if len(_loaded) >= 2:
            _loaded.pop(next(iter(_loaded)))
        _loaded[key] = load_for(recipe, path)
    return _loaded[key]


def train(order: dict[str, Any], say: Say, control: Control) -> None:
    """Train what was ordered into a new run directory, and say how it goes."""
    recipe = Recipe.from_dict(order["recipe"], "the form")
    data = dataset(recipe, order.get("path"))
    control.asks = True
    runs = Path(order["runs"])
    runs.mkdir(parents=True, exist_ok=True)
    run = Run.create(recipe, data, new_directory(runs, recipe.sized(data)))
    view = View(run, say, control, Path(order["snapshot"]))
    view.begin()
    try:
        run.train(on_epoch=view.epoch, stop=lambda: control.stopped, look=view.look)
    finally:
        view.end()
    run.report()
    say("result", **_checkup(run), directory=str(run.directory))


def _checkup(run: Run) -> dict[str, Any]:
    from whynet.report.wording.states import sentence
    from whynet.subjects.checkup import checkup

    if run.state is not None:
        return {"health": run.state, "words": f"Training stopped: {run.message}"}
    found = checkup(run)
    if found is None:
        return {"health": None, "words": ""}
    words = sentence(found)
    return {"health": found.state, "words": f"{words[:1].upper()}{words[1:]}."}


class View:
    """What is said of a run as it goes. `look` is what the training calls between a few steps."""

    def __init__(self, run: Run, say: Say, control: Control, snapshot: Path) -> None:
        self.run, self.say, self.control, self.snapshot = run, say, control, snapshot
        self.training: Training = run._training
        test = run.data.test if run.data.test is not None else run.data
        self.test = test.take(np.linspace(0, len(test) - 1, min(len(test), TESTED)).astype(np.intp))
        self.looked = self.slow = 0.0
        self.pending: dict[str, Any] | None = None
        self.before: tuple[int, Any] | None = None
        self.ratios: list[float | None] = []
        self.costs: list[float] = []

    def begin(self) -> None:
        """What there is before the first step."""
        run, training = self.run, self.training
        batches, total = training.prepared.batches, training.prepared.batches * run.recipe.epochs
        every = max(2, batches // MEASURED)
        starts = {1 << power for power in range(1, 12)} | set(range(every, total, every))
        self.starts = {step for step in starts if step < total}
        training.pauses = sorted(self.starts | {step + 1 for step in self.starts})
        self.say(
            "about", network=repr(run.network), floor=run.floor, epochs=run.recipe.epochs, batches=batches,
            data=run.data.name, examples=len(training.train), word=run.data.word, classes=list(run.data.classes),
            problem=run.network.problem.kind, quality=run.network.problem.quality_name, engine=run.engine,
            reason=run.engine_reason, layers=self.layers(), recipe=run.recipe.as_dict(), seed=run.recipe.seed,
        )  # fmt: skip
        self.show(training)

    def layers(self) -> list[str]:
        """The layers with weights, as they are called."""
        return [layer.text for layer in self.run.network.layers if layer.weight_names]

    def look(self, training: Training) -> None:
        """Between engine calls."""
        self.measure(training)
        now = time.monotonic()
        recent = training.position.costs[-200:]
        self.pending = {
            "step": training.steps, "cost": float(recent.mean()) if len(recent) else None, "ratios": self.ratios,
        }  # fmt: skip
        if now - self.looked >= APART:
            self.flush()
        if now - self.slow >= SLOW:
            self.show(training)
        if self.control.paused or self.control.steps:
            self.flush()
            self.show(training)
            self.say("paused", step=training.steps)
            self.control.wait()
            if self.control.stopped:
                return
            if self.control.paused:  # one step was asked for
                training.pauses = sorted({*training.pauses, training.steps + 1})
            self.say("running")

    def measure(self, training: Training) -> None:
        """The length of one step beside that of the weights, of each layer; usual is about a thousandth."""
        weights = [one[name] for one, layer in self._weighted(training.network) for name in layer.weight_names]
        if self.before is not None and training.steps == self.before[0] + 1:
            self.ratios = [
                float(np.linalg.norm(now - then) / max(float(np.linalg.norm(then)), 1e-30))
                for now, then in zip(weights, self.before[1], strict=True)
            ]
        self.before = (training.steps, [one.copy() for one in weights]) if training.steps in self.starts else None

    def _weighted(self, network: Network) -> list[tuple[Any, Any]]:
        return [(network.arrays(i), layer) for i, layer in enumerate(network.layers) if layer.weight_names]

    def flush(self) -> None:
        """Say what has not been said."""
        if self.pending is not None:
            self.say("look", **self.pending)
            self.pending, self.looked = None, time.monotonic()

    def show(self, training: Training) -> None:
        """How good it is by now, and what its first layer looks for."""
        network = training.evaluated
        with np.errstate(all="ignore"):
            scores = FASTEST.scores(network, self.test.inputs)
            problem, middle = network.problem, network.cost.middle
            recalls = problem.recalls(scores, self.test.y, middle) if self.test.classes else ()
            quality = problem.quality(scores, self.test.y, middle)
        self.say("progress", step=training.steps, quality=quality, recalls=list(recalls), tested=len(self.test))
        shown = looks_for(network, self.run.data)
        if shown:
            self.say("masks", step=training.steps, **shown)
        if np.isfinite(network.params.vector).all():
            network.save(self.snapshot)
            self.say("network", path=str(self.snapshot), step=training.steps)
        self.slow = time.monotonic()

    def epoch(self, epoch: Epoch) -> None:
        """The record of an epoch."""
        self.flush()
        self.say("epoch", **epoch.as_dict(), test_accuracy=epoch.test_accuracy)

    def end(self) -> None:
        """The last of everything is never lost."""
        self.flush()
        self.show(self.training)


def looks_for(network: Network, data: Dataset) -> dict[str, Any]:
    """The masks of the first layer's units, or of filters the weights, if they lie on the picture, and the parts of
    pictures that excite them most."""
    if not data.are_pictures:
        return {}
    shape = data.images.shape[1:]
    found = stages(network)
    if found:
        images = data.images[:SEEN]
        seen = strongest(network, network._features(data.inputs[:SEEN]), found[0], 4)
        cuts = cut(images, seen, found[0].window)[:SHOWN]
        return {"what": "filters", "layer": found[0].text, "parts": ink(_grey(cuts)), "total": len(seen.values)}
    if len(shape) != 2 or not linear(network):
        return {}
    W = masks(network, 0)
    chosen = pictures.strongest(W, SHOWN)
    return {"what": "masks", "units": chosen.tolist(), "total": W.shape[1],
            "masks": signed(W[:, chosen].T.reshape(-1, *shape))}  # fmt: skip


def _grey(cuts: Any) -> Any:
    return cuts if cuts.ndim == 4 else cuts.mean(axis=4).astype(np.uint8)
