"""What `whynet train` prints of a training: an epoch, and the end."""

from __future__ import annotations

import shlex
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from whynet.report.wording.problems import WORDS, cost, decimals

if TYPE_CHECKING:
    from whynet.network.network import Network
    from whynet.training.history import Epoch
    from whynet.training.run import Run


def epoch_line(epoch: Epoch, floor: float, epochs: int, kind: str = "classification") -> str:
    """One epoch in one line; `kind` is that of its problem.

    >>> from whynet.training.history import Epoch
    >>> epoch_line(Epoch(epoch=0, steps=6000, cost=0.21, learning_rate=3.0, seconds=0.4), 0.45, 30)
    'Epoch  1/30  cost 0.2100 (floor 0.4500)  rate 3  0.40 s'
    >>> epoch = Epoch(epoch=0, steps=60, cost=0.2, learning_rate=3.0, seconds=0.4, test_quality=0.3)
    >>> epoch_line(epoch, 0.5, 30, "regression")
    'Epoch  1/30  cost 0.2000 (floor 0.5000)  R2: test 0.3000  rate 3  0.40 s'
    """
    text = f"Epoch {epoch.epoch + 1:>{len(str(epochs))}}/{epochs}  cost {cost(epoch.cost)} (floor {cost(floor)})"
    if kind != "classification" and (epoch.validation_quality, epoch.test_quality) != (None, None):
        text += f"  {WORDS[kind].quality}:"
    if epoch.validation_quality is not None:
        text += f"{_gap(text)}validation {decimals(epoch.validation_quality, kind)}"
    if epoch.test_correct is not None and epoch.test_total:
        text += f"  test {epoch.test_correct} / {epoch.test_total}"
    elif epoch.test_quality is not None:
        text += f"{_gap(text)}test {decimals(epoch.test_quality, kind)}"
    return f"{text}  rate {epoch.learning_rate:.3g}  {epoch.seconds:.2f} s"


def _gap(text: str) -> str:
    return " " if text.endswith(":") else "  "


def _first(*values: float | None) -> float | None:
    return next((value for value in values if value is not None), None)


def _qualities(run: Run, last: Epoch) -> list[str]:
    """How good it is where there are no classes: on the test set, else on the validation set."""
    from whynet.report import answers

    problem, test, validation = run.network.problem, run.data.test, run.prepared.validation
    if run.best_epoch is None and test is not None and run.state is None:
        return [answers.in_words(run.network, test)[0]]
    quality = _first(last.test_quality, last.validation_quality)
    if quality is None:
        return []
    held, which = (validation, "validation") if last.test_quality is None else (test, "test")
    shown = decimals(quality, problem.kind)
    return [f"{problem.quality_name} {shown} on {len(held) if held else 0:,} {which} {run.data.word}"]


def one_of(run: Run) -> str:
    """What one of its examples is called."""
    return run.data.word.removesuffix("s")


def as_json(run: Run, report: Path, seconds: float, state: str | None) -> dict[str, Any]:
    """The one object of `whynet train --json`."""
    history = run.history
    last = history[-1 if run.best_epoch is None else run.best_epoch] if len(history) else None
    return {
        "data": run.data.name,
        "sizes": run.network.sizes,
        "base": run.base,
        "engine": run.engine,
        "engine_reason": run.engine_reason,
        "seed": run.recipe.seed,
        "epochs_run": len(history),
        "seconds": seconds,
        "epoch_seconds": history["seconds"],
        "train_cost": last and last.cost,
        "floor": run.floor,
        "test_correct": history["test_correct"],
        "test_total": len(run.data.test) if run.data.test else None,
        "test_accuracy": last and last.test_accuracy,
        "validation_accuracy": last.validation_accuracy if last is not None and run.data.classes else None,
        "problem": run.network.problem.kind,
        "quality_name": run.network.problem.quality_name,
        "quality": last and _first(last.validation_quality, last.test_quality),
        "test_quality": last and last.test_quality,
        "validation_quality": last and last.validation_quality,
        "metric": None if last is None or last.metric is None else last.metric._asdict(),
        "run": str(run.directory),
        "report": str(report),
        "best_epoch": run.best_epoch,
        "rate_search": None if run.rate_search is None else asdict(run.rate_search),
        "state": run.state or state,
        "message": run.message,
    }


def in_words(run: Run, report: Path, judgement: str) -> str:
    """The same in lines."""
    lines = []
    if len(run.history):
        last = run.history[-1 if run.best_epoch is None else run.best_epoch]
        if run.best_epoch is not None:
            early = "stopped early: " if len(run.history) < run.recipe.epochs else ""
            lines.append(f"{early}the best of {len(run.history)} epochs, number {run.best_epoch + 1}, is kept")
        if last.test_accuracy is not None:
            right = f"{last.test_correct:,} of {last.test_total:,} test {run.data.word} right"
            lines.append(f"{right} ({last.test_accuracy:.2%})")
        elif not run.data.classes:
            lines += _qualities(run, last)
        lines.append(
            f"cost {cost(last.cost)}; the floor, the same prediction for every {one_of(run)}, is {cost(run.floor)}"
        )
        if judgement:
            lines.append(judgement)
    lines.append(f"run     {run.directory}")
    lines.append(f"report  {report}")
    return "\n".join(lines)


def network_of(run: Path) -> Network:
    """The trained network of a run's directory, or of a model file.

    Raises
    ------
    BadFile
        The folder holds no run, or one that has no network yet; or the file is no model.
    """
    from whynet.errors import BadFile
    from whynet.network.network import Network

    model = run / "model.safetensors"
    if run.is_dir() and not model.is_file():
        begun = (run / "recipe.toml").is_file()
        raise BadFile(
            "this run has not been finished" if begun else "this folder is no run",
            where=str(run), expected="a folder that `whynet train` left, with a model.safetensors in it",
            do=f"Go on with it: whynet train --resume {shlex.quote(str(run))}" if begun else "Runs lie in runs/",
        )  # fmt: skip
    return Network.load(model if run.is_dir() else run)
