"""`whynet train`: the options are the recipe's fields."""

from __future__ import annotations

import math
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from whynet.errors import Interrupted, UsageError
from whynet.interfaces.cli.completion import completing, patients
from whynet.interfaces.cli.groups import DESCRIBING, Grouped
from whynet.interfaces.cli.options import recipe_options
from whynet.interfaces.cli.screen import Screen, screen_options
from whynet.interfaces.cli.trained import as_json, epoch_line, in_words
from whynet.interfaces.cli.watch import Watch
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


@click.command(cls=Grouped, short_help="Train a network; leave a run directory with a report.")
@click.argument("recipe", required=False, shell_complete=completing(patients, files=True))
@recipe_options
@click.option("--out", type=click.Path(path_type=Path), help="The run's directory (default: a new one in runs/).")
@click.option("--overwrite", is_flag=True, help="Replace the run that is there.")
@click.option("--find-rate", is_flag=True, help="Search for a learning rate first, and train with it.")
@click.option("--csv", type=click.Path(path_type=Path), help="Also keep the epochs' records in this CSV file.")
@click.option(
    "--tensorboard",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Also write the epochs' records there for TensorBoard (the extra tensorboard).",
)
@click.option(
    "--watch", is_flag=True, help="Stop after two epochs in a row at the floor or above it, all predictions equal."
)
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
    tensorboard: Path | None,
    watch: bool,
    diagnose: bool,
    resume: Path | None,
    **options: Any,
) -> None:
    """Train a network on handwritten digits, or on data of your own, and leave a run directory with a report.

    RECIPE is a shipped recipe's name (`whynet recipes` lists them), one of the real cases, or a TOML file; a file or a
    folder of data in its place stands for --data. Without a recipe it is `default`, fast and accurate, or of tables
    `table`; options about data, distortion or how long it is trained are laid over it. With an option that describes
    the network, its cost or its optimizer it is `plain`: sigmoid units, softmax cross-entropy (of tables the cost that
    goes with the problem), plain SGD, batches of 10.

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
        watched = Watch(run) if watch else None
        if run.finished and report.exists():
            screen.say(f"This run is finished, and left as it is: {run.directory}")
        else:
            code = _train(run, screen, stop, [*_logs(csv, tensorboard), *([] if watched is None else [watched])])
            if diagnose and code != 130:
                _diagnose(run, screen)
            run.report()
    seconds = time.perf_counter() - started
    state, judgement = (None, "") if code == 130 else _checkup(run)
    if watched is not None and code == 0 and state != "healthy":
        screen.say(watched.said or watched.why_not())
    screen.result(as_json(run, report, seconds, state), in_words(run, report, judgement))
    if code == 130:
        screen.next("whynet train --resume {}", "go on from the batch where it stopped", run.directory)
    elif state not in (None, "healthy") and run.diagnosis is None:
        screen.next("whynet diagnose {}", "find out why, by trials", run.directory)
    else:
        screen.next("whynet evaluate {}", EVALUATED[run.network.problem.kind], run.directory)
    if code:
        raise click.exceptions.Exit(code)


def _new(
    name: str | None, given: dict[str, Any], out: Path | None, overwrite: bool, find_rate: bool, screen: Screen
) -> Callable[[], Run]:
    """How to make the run that is asked for, once everything about it is known to make sense."""
    if find_rate and "learning_rate" in given:
        raise UsageError("--find-rate looks for what --learning-rate gives", do="Leave out one of them")
    from whynet.casebook.cases import recipe_of
    from whynet.data.features import FloatFeatures
    from whynet.data.sources import is_data, load_for

    if name is not None and name not in recipe_names() and not name.endswith(".toml") and is_data(name):
        if "data" in given:
            raise UsageError("data are given twice", found=f"{name} and --data {given['data']}", do="Leave out one")
        name, given = None, {"data": name, **given}
    describing = [option for option in given if option in DESCRIBING]
    base = name or ("plain" if describing else "default")
    recipe = recipe_of(base)
    said = {"sizes", "hidden", "layers"}
    if said & set(given):  # one of the three stands for those of the recipe
        given = {**dict.fromkeys(said), **given}
    recipe = recipe.but(**given)
    data = load_for(recipe, say=screen.say, progress=_download_progress(screen))
    if name is None and isinstance(data.X, FloatFeatures):
        base, recipe = _of_table(base, given)
    screen.say(_which(base, name, [option for option in given if given[option] is not None], describing))
    from whynet.training.run import Run, new_directory

    directory = out or new_directory(Path("runs"), recipe.sized(data))
    search = None
    if find_rate:
        from whynet.training import rates

        search = rates.find_rate(recipe, data)
        screen.say(f"Rate finder: {search.in_words()}")
        recipe = recipe.but(learning_rate=search.chosen or recipe.rate)
    return partial(Run.create, recipe, data, directory, overwrite=overwrite, base=base, rate_search=search)


def _which(base: str, name: str | None, given: list[str], describing: list[str]) -> str:
    """Which recipe it is, and why."""
    changed = ", ".join("--" + option.replace("_", "-") for option in given)
    why = ""
    if name is None and describing:
        why = f", not default: --{describing[0].replace('_', '-')} describes the network or its optimizer"
    return f"Recipe: {base}" + (f" with {changed}" if changed else "") + why


def _of_table(base: str, given: dict[str, Any]) -> tuple[str, Recipe]:
    """What stands in for `default` and `plain` where no pixels are learned: the cost follows from the problem."""
    if base == "default":
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


def _logs(csv: Path | None, tensorboard: Path | None) -> list[Callable[[Epoch], object]]:
    """What else is told of every epoch."""
    from whynet.training.callbacks import CsvLog, TensorBoardLog

    calls: list[Callable[[Epoch], object]] = []
    if csv is not None:
        calls.append(CsvLog(csv))
    if tensorboard is not None:
        calls.append(TensorBoardLog(tensorboard))
    return calls


def _train(run: Run, screen: Screen, stop: Callable[[], bool], calls: Sequence[Callable[[Epoch], object]]) -> int:
    """Train to the end, or until the user or a callback has had enough; returns the exit code."""
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
            told = [on_epoch, *calls]
            run.train(on_epoch=lambda epoch: True in [call(epoch) for call in told], stop=stop, look=look)
        except Interrupted as stopped:
            screen.say(f"Stopped in {stopped.where}; saved.")
            return 130
    if run.state is not None:
        screen.say(f"Stopped: {run.message}")
        return 4
    return 0


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
