"""`whynet train`: the options are the recipe's fields."""

from __future__ import annotations

import math
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from whynet.errors import Interrupted, UsageError
from whynet.interfaces.cli.options import recipe_options
from whynet.interfaces.cli.screen import Screen, screen_options
from whynet.interfaces.cli.trained import as_json, epoch_line, in_words, one_of
from whynet.report.wording.problems import decimals
from whynet.training.recipe import Recipe, recipe_names

if TYPE_CHECKING:
    from whynet.training.history import Epoch
    from whynet.training.loop import Training
    from whynet.training.run import Run

EVALUATED = {  # what `whynet evaluate` shows
    "classification": "the confusion matrix, and the recall of each class",
    "labels": "recall, precision and F1 of each label",
    "regression": "RMSE and MAE in the units of the targets",
}
WATCHED = 3  # epochs at the floor after which --watch stops
# Options that say where, on what data or from which seed, but nothing about the network or how it is trained.
NEUTRAL = {
    "data",
    "target",
    "problem",
    "missing",
    "train_size",
    "subset",
    "validation_size",
    "seed",
    "engine",
    "threads",
}
HOW_LONG = {"epochs", "patience", "dtype"}


@click.command(short_help="Train a network; leave a run directory with a report.")
@click.argument("recipe", required=False)
@recipe_options
@click.option("--out", type=click.Path(path_type=Path), help="The run's directory (default: a new one in runs/).")
@click.option("--overwrite", is_flag=True, help="Replace the run that is there.")
@click.option("--find-rate", is_flag=True, help="Search for a learning rate first, and train with it.")
@click.option("--csv", type=click.Path(path_type=Path), help="Also keep the epochs' records in this CSV file.")
@click.option("--watch", is_flag=True, help="Stop early when the network is stuck at the floor.")
@click.option("--diagnose", is_flag=True, help="Afterwards find out, by trials, why it does not learn.")
@click.option("--resume", type=click.Path(path_type=Path), help="Go on with the run in this directory.")
@screen_options
def train(
    screen: Screen,
    recipe: str | None,
    out: Path | None,
    overwrite: bool,
    find_rate: bool,
    csv: Path | None,
    watch: bool,
    diagnose: bool,
    resume: Path | None,
    **options: Any,
) -> None:
    """Train a network on handwritten digits, or on data of your own, and leave a run directory with a report.

    RECIPE is a shipped recipe's name or a TOML file; a file or a folder of data in its place stands for --data. Without
    a recipe, and without any option about the network or its training, it is `default`, fast and accurate, or of tables
    `table`. With such an option it is `plain`: sigmoid units, softmax cross-entropy (of tables the cost that goes with
    the problem), plain SGD, batches of 10.

    \b
    Examples:
      whynet train
      whynet train --data digits --epochs 20
      whynet train --sizes 784,30,10 --cost quadratic --learning-rate 3 --epochs 5
      whynet train --hidden 100 --find-rate --csv log.csv
      whynet train prices.csv --target price
      whynet train --resume runs/20260101-120000-784-30-10
    """
    given = {name: value for name, value in options.items() if value is not None}
    if resume is not None:
        make = _resumed(resume, recipe, given, out, overwrite or find_rate or csv is not None, screen)
    else:
        make = _new(recipe, given, out, overwrite, find_rate, screen)
    started = time.perf_counter()
    code = 0
    with _stoppable() as stop:  # from the moment on when there is a directory
        run = make()
        assert run.directory is not None
        report = run.directory / "report.html"
        if run.finished and report.exists():
            screen.say(f"This run is finished, and left as it is: {run.directory}")
        else:
            code = _train(run, screen, csv, stop, watch)
            if diagnose and code != 130:
                _diagnose(run, screen)
            run.report()
    seconds = time.perf_counter() - started
    state, judgement = (None, "") if code == 130 else _checkup(run)
    screen.result(as_json(run, report, seconds, state), in_words(run, report, judgement))
    if code == 130:
        screen.next(f"whynet train --resume {run.directory}", "go on from the batch where it stopped")
    elif state not in (None, "healthy"):
        screen.next(f"whynet diagnose {run.directory}", "find out why, by trials")
    else:
        screen.next(f"whynet evaluate {run.directory}", EVALUATED[run.network.problem.kind])
    if code:
        raise click.exceptions.Exit(code)


def _new(
    name: str | None, given: dict[str, Any], out: Path | None, overwrite: bool, find_rate: bool, screen: Screen
) -> Callable[[], Run]:
    """How to make the run that is asked for, once everything about it is known to make sense."""
    if find_rate and "learning_rate" in given:
        raise UsageError("--find-rate looks for what --learning-rate gives", do="Leave out one of them")
    from whynet.data.features import FloatFeatures
    from whynet.data.sources import is_data, load_for

    if name is not None and name not in recipe_names() and not name.endswith(".toml") and is_data(name):
        if "data" in given:
            raise UsageError("data are given twice", found=f"{name} and --data {given['data']}", do="Leave out one")
        name, given = None, {"data": name, **given}
    base = name or ("plain" if set(given) - NEUTRAL else "default")
    recipe = Recipe.find(base)
    said = {"sizes", "hidden", "layers"}
    if said & set(given):  # one of the three stands for those of the recipe
        given = {**dict.fromkeys(said), **given}
    recipe = recipe.but(**given)
    data = load_for(recipe, say=screen.say, progress=_download_progress(screen))
    if name is None and isinstance(data.X, FloatFeatures):
        base, recipe = _of_table(base, given)
    changed = ", ".join("--" + option.replace("_", "-") for option in given if given[option] is not None)
    screen.say(f"Recipe: {base}" + (f" with {changed}" if changed else ""))
    from whynet.training.run import Run, new_directory

    directory = out or new_directory(Path("runs"), recipe.sized(data))
    search = None
    if find_rate:
        from whynet.training import rates

        search = rates.find_rate(recipe, data)
        screen.say(f"Rate finder: {search.in_words()}")
        recipe = recipe.but(learning_rate=search.chosen or recipe.rate)
    return partial(Run.create, recipe, data, directory, overwrite=overwrite, base=base, rate_search=search)


def _of_table(base: str, given: dict[str, Any]) -> tuple[str, Recipe]:
    """What stands in for `default` and `plain` where no pixels are learned: the cost follows from the problem. Options
    that say how long it is trained leave it at the recipe for tables."""
    if not set(given) - NEUTRAL - HOW_LONG:
        return "table", Recipe.named("table").but(**given)
    return base, Recipe.named(base).but(**{"cost": "auto", "target_scaling": "standard", **given})


def _resumed(
    directory: Path,
    name: str | None,
    given: dict[str, Any],
    out: Path | None,
    overwrite: bool,
    screen: Screen,
) -> Callable[[], Run]:
    if name is not None or given or out is not None or overwrite:
        raise UsageError(
            "a resumed run keeps its own recipe and directory",
            where="--resume",
            do="Leave out the recipe and all options but --json, -q and -v",
        )
    from whynet.training.run import Run

    run = Run.open(directory, say=screen.say)
    screen.say(f"Recipe: {run.base}, resumed at epoch {run.position.epoch}, batch {run.position.batch}")
    return lambda: run


def _train(run: Run, screen: Screen, csv: Path | None, stop: Callable[[], bool], watch: bool) -> int:
    """Train to the end, or until the user has had enough; returns the exit code."""
    from whynet.training.callbacks import CsvLog

    log = CsvLog(csv) if csv is not None else None
    screen.say(f"{run.network!r}")
    screen.say(
        f"{run.data.name}: {len(run.prepared.train):,} {run.data.word} to train on, "
        f"{len(run.data.test) if run.data.test else 0:,} to test; {run.engine} engine"
    )
    if getattr(run.network.problem, "offset", None) is not None:
        screen.say("Trained on targets in standard deviations from their mean; predictions are in their own units.")
    screen.detail(f"data from {run.data.source}; {run.engine} engine: {run.engine_reason}; into {run.directory}")
    if run.recipe.engine == "auto" and run.engine == "reference":
        screen.say(f"The reference engine takes the steps: {run.engine_reason}.")
    with progress(run, screen) as (look, on_epoch):
        try:
            calls: list[Callable[[Epoch], object]] = [on_epoch] if log is None else [on_epoch, log]
            if watch:
                calls.append(_hopeless(run, screen))
            run.train(on_epoch=lambda epoch: True in [call(epoch) for call in calls], stop=stop, look=look)
        except Interrupted as stopped:
            screen.say(f"Stopped in {stopped.where}; saved.")
            return 130
    if run.state is not None:
        screen.say(f"Stopped: {run.message}")
        return 4
    return 0


def _hopeless(run: Run, screen: Screen) -> Callable[[Epoch], bool]:
    """Says, after an epoch, whether training is stuck: three epochs at the floor without a change of the cost."""
    costs: list[float] = []

    def stop(epoch: Epoch) -> bool:
        costs.append(epoch.cost)
        last = costs[-WATCHED:]
        at_floor = run.floor > 0 and all(abs(cost - run.floor) <= 0.02 * run.floor for cost in last)
        still = max(last) - min(last) <= 0.002 * max(last)
        if len(last) < WATCHED or not (at_floor and still):
            return False
        screen.say(
            f"Stopped: for {WATCHED} epochs the cost has been {costs[-1]:.4g}, the floor is {run.floor:.4g}: every "
            f"{one_of(run)} gets the same prediction, and the cost no longer changes."
        )
        return True

    return stop


def _checkup(run: Run) -> tuple[str | None, str]:
    """The state of the run, and a sentence."""
    from whynet.report.wording.contradictions import checked
    from whynet.report.wording.states import sentence
    from whynet.subjects.checkup import checkup

    found = checkup(run)
    if found is None:
        return None, ""
    if math.isfinite(found.yardstick):  # else it is so good that no yardstick was asked
        found = checked(found)
    words = sentence(found)
    return found.state, f"{words[:1].upper()}{words[1:]}."


def _diagnose(run: Run, screen: Screen) -> None:
    from whynet.interfaces.cli.diagnose import BUDGET
    from whynet.report.diagnosis import diagnosis_in_words
    from whynet.subjects.recipe import diagnose_recipe

    run.diagnosis = diagnose_recipe(run.recipe, run.data, budget=BUDGET, say=screen.say)
    screen.say(diagnosis_in_words(run.diagnosis, verbose=screen.verbose))


@contextmanager
def _stoppable() -> Iterator[Callable[[], bool]]:
    """The first Ctrl-C (or SIGTERM) asks for a stop after the batch; the second stops at once."""
    asked = False

    def ask(number: int, frame: object) -> None:
        nonlocal asked
        if asked:
            raise KeyboardInterrupt
        asked = True

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield lambda: asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def progress(run: Run, screen: Screen) -> Iterator[tuple[Callable[[Training], None], Callable[[Epoch], None]]]:
    """A live line on a terminal, plain lines elsewhere."""

    kind = run.network.problem.kind

    def plain(epoch: Epoch) -> None:
        screen.say(epoch_line(epoch, run.floor, run.recipe.epochs, kind))

    if screen.quiet or not sys.stderr.isatty():
        yield (lambda _: None), plain
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    with Progress(
        TextColumn("epoch {task.fields[epoch]}/{task.fields[epochs]}"),
        BarColumn(bar_width=24),
        TextColumn("cost {task.fields[cost]} (floor {task.fields[floor]:.4f}){task.fields[right]}"),
        TextColumn("rate {task.fields[rate]:.2g}"),
        TextColumn("{task.fields[speed]:,.0f} " + f"{run.data.word}/s"),
        TimeRemainingColumn(),
        console=console,
        transient=True,
    ) as bar:
        training = run._training
        total = run.recipe.epochs * training.prepared.batches
        job = bar.add_task(
            "",
            total=total,
            epoch=run.position.epoch + 1,
            epochs=run.recipe.epochs,
            cost="-",
            right="",
            floor=run.floor,
            rate=run.recipe.rate,
            speed=0.0,
        )

        def look(training: Training) -> None:
            recent = training.position.costs[-200:]
            done = training.position.batch * training.prepared.batch_size
            bar.update(
                job,
                completed=training.steps,
                epoch=training.position.epoch + 1,
                cost=f"{recent.mean():.4f}" if len(recent) else "-",
                speed=done / max(training.seconds, 1e-9),
            )

        def on_epoch(epoch: Epoch) -> None:
            quality = epoch.test_quality if epoch.validation_quality is None else epoch.validation_quality
            name = f" {run.network.problem.quality_name} "
            bar.update(job, rate=epoch.learning_rate, right="" if quality is None else name + decimals(quality, kind))
            console.print(epoch_line(epoch, run.floor, run.recipe.epochs, kind), highlight=False)

        yield look, on_epoch


def _download_progress(screen: Screen) -> Any:
    if screen.quiet or not sys.stderr.isatty():
        return None
    from whynet.interfaces.cli.data import DownloadBar

    return DownloadBar()
