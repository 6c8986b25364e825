"""Run: one training with everything it leaves behind, in memory and, if wanted, in a directory.

recipe.toml              what was asked for, complete; written first
environment.json         versions, engine, data: where it ran
metrics.jsonl            one record an epoch
checkpoint.safetensors   where to go on: parameters, the optimizer's memory, the position
model.safetensors        the network, when training ends
rates.json               the search for the learning rate, if there was one
report.html              what it looks like
"""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Callable, Iterable
from dataclasses import InitVar, asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from whynet import files
from whynet.data.dataset import Dataset
from whynet.data.sources import NAMES, load_for
from whynet.errors import BadFile, Interrupted, NonFinite, UsageError
from whynet.training.callbacks import Callback
from whynet.training.checkpoint import read_checkpoint, write_checkpoint
from whynet.training.history import Epoch, History
from whynet.training.loop import Training
from whynet.training.position import Position
from whynet.training.prepare import Prepared, prepare
from whynet.training.rates import RateSearch
from whynet.training.recipe import Recipe
from whynet.version import __version__
from whynet.views import view

FILES = (
    "report.html",
    "model.safetensors",
    "checkpoint.safetensors",
    "metrics.jsonl",
    "rates.json",
    "environment.json",
    "recipe.toml",
)


@dataclass
class Run:
    """A training, from its recipe to its report.

    `network`, `history`, `recipe` and `data` are what their names say; `prepared` is what it started with, `floor` the
    cost of the best answer that is the same for all; `state` is None, or `"non-finite"` when training blew up.
    `directory` is None for a run that lives in memory alone.

    >>> from whynet.data.sources import load
    >>> run = Run.create(Recipe(epochs=1), load("digits"))
    >>> run.train()
    >>> run
    Run(Network(64-30-10, sigmoid, softmax-cross-entropy: 2,260 parameters, float32), 1 of 1 epochs, cost ...)
    """

    prepared: Prepared
    data: Dataset
    history: History = field(default_factory=History)
    directory: Path | None = None
    start: InitVar[Position | None] = None
    state: str | None = None
    message: str | None = None
    base: str = ""
    rate_search: RateSearch | None = None
    diagnosis: Any = None
    """The doctor's, if it was asked; the report shows it."""

    def __post_init__(self, start: Position | None) -> None:
        self.recipe, self.network = self.prepared.recipe, self.prepared.network
        self._training = Training(self.prepared, position=start)
        self.position = self._training.position
        self.engine, self.engine_reason = self._training.engine.name, self._training.engine_reason
        self.floor = self.prepared.floor

    @staticmethod
    def create(
        recipe: Recipe,
        data: Dataset,
        directory: Path | None = None,
        *,
        overwrite: bool = False,
        base: str = "",
        rate_search: RateSearch | None = None,
    ) -> Run:
        """A run about to start; its directory is made last, when recipe and data are known to be sound.

        Raises
        ------
        UsageError
            The recipe does not fit the data, or the directory holds something already.
        """
        recipe = _complete(recipe, data)
        run = Run(prepare(recipe, data), data, base=base or "recipe", rate_search=rate_search)
        if directory is not None:
            _make_folder(directory, recipe, overwrite=overwrite)
            run.directory = directory
            run._write_environment()
            run._write_rates()
        return run

    @staticmethod
    def open(directory: str | Path, *, say: Callable[[str], None] | None = None) -> Run:
        """A run from its directory, finished or not, with its data.

        Raises
        ------
        BadFile
            There is no run, a file of it is damaged, or the data are no longer the same.
        """
        directory = Path(directory)
        if not (directory / "recipe.toml").is_file():
            raise BadFile(
                "there is no run here",
                where=str(directory),
                expected="a folder with a recipe.toml in it",
                do="Start one with: whynet train --out FOLDER",
            )
        recipe = Recipe.read(directory / "recipe.toml")
        environment = read_environment(directory)
        data = load_for(recipe, say=say)
        if environment.get("data_fingerprint") not in (None, data.fingerprint()):
            raise BadFile(
                "the data are not those that this run was started with",
                where=data.source,
                expected=f"fingerprint {str(environment['data_fingerprint'])[:12]}",
                found=data.fingerprint()[:12],
            )
        prepared, checkpoint = prepare(recipe, data), directory / "checkpoint.safetensors"
        first = prepared.task.first_state()
        position = read_checkpoint(checkpoint, prepared.network, first) if checkpoint.exists() else None
        run = Run(prepared, data, directory=directory, start=position)
        run.base = str(environment.get("base", "recipe"))
        run.state, run.message = environment.get("state"), environment.get("message")
        run.rate_search = _read_rates(directory / "rates.json")
        metrics = directory / "metrics.jsonl"
        if metrics.exists():
            text = files.read(metrics, 1 << 30).decode("utf-8", "replace")
            run.history = History.from_json_lines(text, str(metrics))
        # A crash can fall between the record of an epoch and its checkpoint; the checkpoint decides.
        run.history = History(run.history[: run.position.epoch])
        if not (directory / "environment.json").exists():
            run._write_environment()
        if run.finished:
            run._training.settle()
        return run

    @property
    def best_epoch(self) -> int | None:
        """The epoch, counted from 0, whose parameters are kept; None for a recipe without patience."""
        return None if self.position.best is None else self.position.best.epoch

    @property
    def finished(self) -> bool:
        """Whether there is nothing left to train."""
        done = self.position.finished(self.recipe)
        return done and (self.directory is None or (self.directory / "model.safetensors").exists())

    def train(
        self,
        *,
        on_epoch: Callable[[Epoch], object] = lambda _: None,
        stop: Callable[[], bool] = lambda: False,
        look: Callable[[Training], None] = lambda _: None,
    ) -> None:
        """Take the steps that are left, keeping the directory up to date; a checkpoint after every epoch.

        It ends early where `on_epoch` returns True.

        Raises
        ------
        Interrupted
            `stop()` said yes; everything so far is saved.
        """
        training = self._training
        training.stop, training.look = stop, look
        if self.directory is not None:  # drop records that no checkpoint stands behind
            lines = b"".join(epoch.to_json() + b"\n" for epoch in self.history)
            files.write(self.directory / "metrics.jsonl", lines)
        try:
            for epoch in training:
                self.history.append(epoch)
                if self.directory is not None:
                    files.append(self.directory / "metrics.jsonl", epoch.to_json())
                    write_checkpoint(self.directory, self.network, self.position)
                if on_epoch(epoch) is True:
                    training.settle()
                    break
        except NonFinite as error:
            self.state, self.message = "non-finite", str(error)
            training.settle()
        except Interrupted:
            if self.directory is not None:
                write_checkpoint(self.directory, self.network, self.position)
                training.outcome.save(self.directory / "model.safetensors")
            raise
        if self.directory is not None:
            if self.state is not None:
                self._write_environment()
            elif not self.history:
                write_checkpoint(self.directory, self.network, self.position)
            self.network.save(self.directory / "model.safetensors")

    def save(self, directory: str | Path) -> Path:
        """Write a run that was made in memory to a directory, report included.

        Raises
        ------
        UsageError
            The directory holds something already.
        """
        directory = Path(directory)
        _make_folder(directory, self.recipe)
        self.directory = directory
        self._write_environment()
        self._write_rates()
        files.write(directory / "metrics.jsonl", b"".join(epoch.to_json() + b"\n" for epoch in self.history))
        write_checkpoint(self.directory, self.network, self.position)
        self.network.save(directory / "model.safetensors")
        self.report()
        return directory

    def report(self) -> str:
        """The run as one self-contained HTML page; also written to the run's directory if it has one."""
        with threadpool_limits(self.recipe.threads):
            page = str(view(self, "page"))
        if self.directory is not None:
            files.write(self.directory / "report.html", page)
        return page

    def _repr_html_(self) -> str:
        return str(view(self, "html"))

    def __repr__(self) -> str:
        last = f", cost {self.history[-1].cost:.4f}" if self.history else ""
        return f"Run({self.network!r}, {len(self.history)} of {self.recipe.epochs} epochs{last})"

    def _write_environment(self) -> None:
        assert self.directory is not None
        about = {
            "whynet": __version__,
            "python": platform.python_version(),
            "numpy": np.__version__,
            "platform": platform.platform(),
            "processors": os.cpu_count(),
            "engine": self.engine,
            "engine_reason": self.engine_reason,
            "instructions": self._training.engine.path,
            "base": self.base,
            "data": self.data.name,
            "data_source": self.data.source,
            "data_fingerprint": self.data.fingerprint(),
            "state": self.state,
            "message": self.message,
        }
        files.write(self.directory / "environment.json", json.dumps(about, indent=2) + "\n")

    def _write_rates(self) -> None:
        if self.rate_search is not None and self.directory is not None:
            files.write(self.directory / "rates.json", json.dumps(asdict(self.rate_search)) + "\n")


def fit(
    recipe: Recipe | str = "default",
    data: Any = None,
    *,
    out: str | Path | None = None,
    callbacks: Iterable[Callback] = (),
) -> Run:
    """Train what a recipe describes and hand back the run.

    `recipe` is a `Recipe`, the name of a shipped one or a recipe file; `data` a `Dataset` or what `whynet.load` takes,
    by default what the recipe names. Each callback is called with every `Epoch`; one that returns True ends the
    training. With `out`, the run is kept there.

    >>> run = fit(Recipe(epochs=2), data="digits")
    >>> len(run.history), run.network.predict(run.data.test.images).shape
    (2, (355,))

    Raises
    ------
    UsageError, BadFile, ResourceError
        As the recipe, the data or the disk give reason. A training that blows up does not raise: see `run.state`.
    """
    recipe = Recipe.find(recipe) if isinstance(recipe, str) else recipe
    if not isinstance(data, Dataset):
        data = load_for(recipe, data)
    run = Run.create(recipe, data, None if out is None else Path(out))
    calls = list(callbacks)

    def on_epoch(epoch: Epoch) -> bool:
        return True in [call(epoch) for call in calls]  # all of them are called

    run.train(on_epoch=on_epoch)
    if run.directory is not None:
        run.report()
    return run


def new_directory(parent: Path, recipe: Recipe) -> Path:
    """A name for a run's directory that is not taken: the time and the sizes.

    >>> new_directory(Path("runs"), Recipe(sizes=(64, 30, 10))).name[15:]
    '-64-30-10'
    """
    kinds = [line.split()[0] for line in recipe.layers or ()]
    sizes = "-".join(map(str, recipe.sizes or recipe.hidden or kinds))
    name = f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{sizes}".rstrip("-")
    directory, number = parent / name, 2
    while directory.exists():
        directory, number = parent / f"{name}-{number}", number + 1
    return directory


def _complete(recipe: Recipe, data: Dataset) -> Recipe:
    """The recipe with everything that was left open written in, so that its file alone repeats the run."""
    named = recipe.data
    if data.source and Path(data.source).exists() and (named == "auto" or named not in NAMES):
        named = str(Path(data.source).resolve())
    elif named == "auto":
        named = data.name or named
    recipe, encoding = recipe.sized(data), data.X.encoding
    if encoding is not None and encoding.targets and recipe.target is None:  # read in Python, by other words
        filled = any(column.fill is not None for column in encoding.columns)
        recipe = recipe.but(target=",".join(encoding.targets), missing="median" if filled else "refuse")
    if encoding is not None and encoding.targets:
        recipe = recipe.but(problem=data.problem.kind)
    return recipe.fitting(data.problem).but(data=named, learning_rate=recipe.rate, weight_decay=recipe.decay)


def _make_folder(directory: Path, recipe: Recipe, *, overwrite: bool = False) -> None:
    """The run's directory with its recipe in it. An old run makes room if told to; nobody else's file ever does."""
    taken = directory.exists() and (not directory.is_dir() or any(directory.iterdir()))
    if not taken:
        files.make_folder(directory, "recipe.toml", recipe.to_toml())
        return
    if not (directory / "recipe.toml").is_file():
        raise UsageError(
            "the folder for the run exists and holds something else" if directory.is_dir() else "this is no folder",
            where=str(directory),
            do="Choose another with --out; whynet only ever overwrites runs",
        )
    if not overwrite:
        raise UsageError(
            "the folder holds a run already",
            where=str(directory),
            do=f"Go on with it: whynet train --resume {directory}; or start anew with --overwrite",
        )
    for name in FILES:
        files.remove(directory / name)
    files.write(directory / "recipe.toml", recipe.to_toml())


def read_environment(directory: Path) -> dict[str, Any]:
    """What `environment.json` says of where a run ran; empty where it was killed before that was written.

    >>> read_environment(Path("nowhere"))
    {}

    Raises
    ------
    BadFile
        It is no JSON object.
    """
    path = directory / "environment.json"
    if not path.exists():
        return {}
    try:
        about = json.loads(files.read(path, 1 << 20))
    except ValueError as error:
        raise BadFile(f"this is not JSON: {error}", where=str(path)) from None
    if not isinstance(about, dict):
        raise BadFile("this is not the description of an environment", where=str(path))
    return about


def _read_rates(path: Path) -> RateSearch | None:
    import msgspec

    if not path.exists():
        return None
    try:
        return msgspec.json.decode(files.read(path, 1 << 24), type=RateSearch)
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise BadFile(f"this is no search for a learning rate: {error}", where=str(path)) from None
