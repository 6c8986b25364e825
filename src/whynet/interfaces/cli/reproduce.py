"""`whynet reproduce`: the published experiments, run again."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from whynet.errors import ResourceError
from whynet.interfaces.cli.screen import Screen, screen_options

if TYPE_CHECKING:
    from whynet.casebook.experiments import Experiment, Outcome
    from whynet.data.dataset import Dataset

QUICK_SECONDS = 20.0


@click.command(short_help="Run the published experiments again: published beside measured.")
@click.argument("names", nargs=-1)
@click.option("--seed", type=click.IntRange(0), help="Another seed than the published one.")
@click.option("--seeds", default=1, show_default=True, type=click.IntRange(1), help="From so many seeds: mean and sd.")
@click.option("--quick", is_flag=True, help=f"Leave out what takes more than {QUICK_SECONDS:.0f} seconds.")
@click.option("--no-diagnose", is_flag=True, help="Do not diagnose them (not done with --quick either).")
@click.option("--data", help="Where MNIST is (default: as for `whynet train --data mnist`).")
@click.option("--page", type=click.Path(path_type=Path), help="Also write the outcome as an HTML page.")
@screen_options
def reproduce(
    screen: Screen,
    names: tuple[str, ...],
    seed: int | None,
    seeds: int,
    quick: bool,
    no_diagnose: bool,
    data: str | None,
    page: Path | None,
) -> None:
    """Run the networks of people who asked why theirs does not learn, and the tutorial's; all of them, or NAMES.

    Networks with a published accuracy take minutes and are run only by name: advice-250-350, reference-800,
    reference-800-distorted, dropout-1024x3, batch-norm-noise.

    \b
    Examples:
      whynet reproduce --quick
      whynet reproduce tutorial-rate-0.001 --json
      whynet reproduce vectorised --seed 1 --page outcome.html
      whynet reproduce reference-800 --seeds 5
    """
    from whynet import files
    from whynet.casebook.experiments import EXPERIMENTS, find
    from whynet.report.reproduction import reproduction_page, shown, spread_shown

    experiments = find(list(names))
    sets = _load({e.recipe().data for e in experiments}, data, screen)
    estimates = {e.name: seeds * e.estimate(sets[e.recipe().data]) for e in experiments}
    skipped = [e.name for e in experiments if quick and estimates[e.name] > QUICK_SECONDS]
    chosen = [e for e in experiments if e.name not in skipped]
    total = sum(estimates[e.name] for e in chosen)
    screen.say(f"{len(chosen)} experiments, about {total:.0f} seconds")
    if skipped:
        screen.say("Left out as too long: " + ", ".join(f"{n} ({estimates[n]:.0f} s)" for n in skipped))

    if not names:
        screen.say("Run by name only: " + ", ".join(e.name for e in EXPERIMENTS.values() if e.long))

    outcomes: list[Outcome] = []
    with _rows(screen) as (tick_for, finish):
        for experiment in chosen:
            dataset = sets[experiment.recipe().data]
            outcome = experiment.run(dataset, seed=seed, seeds=seeds, tick=tick_for(experiment))
            if not (no_diagnose or quick or experiment.long):
                outcome = _diagnosed(outcome, dataset, seed)
            outcomes.append(outcome)
            finish(outcome)
    lines = []
    for outcome in outcomes:
        lines += [
            f"{outcome.experiment.name}  ({outcome.seconds:.1f} s)",
            f"  published  {shown(outcome.experiment.published)}",
            f"  measured   {shown(outcome.measured)}",
            *([f"  over seeds {spread_shown(outcome)}"] if outcome.over_seeds else []),
            f"  floor      {outcome.floor:.5f}",
            *_wrapped(outcome.experiment.means),
            *_doctor_says(outcome),
            "",
        ]
    screen.result(
        {"experiments": [outcome.as_dict() for outcome in outcomes], "left_out": skipped},
        "\n".join(lines).rstrip("\n"),
    )
    if page is not None:
        files.write(page, reproduction_page(outcomes, skipped))
        screen.say(f"page  {page}")
    screen.next(
        "whynet train vectorised",
        "train one of them yourself, with a report; any recipe can be changed by options",
    )


def _diagnosed(outcome: Outcome, data: Dataset, seed: int | None) -> Outcome:
    from whynet.subjects.recipe import diagnose_recipe

    found = diagnose_recipe(outcome.experiment.recipe(seed), data).as_dict()
    return replace(outcome, verdict=found["verdict"], fixed=found["fix"])


def _doctor_says(outcome: Outcome) -> list[str]:
    if outcome.verdict is None:
        return []
    said = ", ".join(f"{finding['cause']} ({finding['status']})" for finding in outcome.verdict) or "nothing is wrong"
    lines = [f"  doctor     {said}"]
    if outcome.fixed is not None:
        after = outcome.fixed["after"]["test_accuracy"]
        changes = "; ".join(change["words"] for change in outcome.fixed["changes"])
        lines.append(f"  fixed      {changes}: {after:.2%} of the test images right")
    return lines


def _load(wanted: set[str], folder: str | None, screen: Screen) -> dict[str, Dataset]:
    """The data sets that the experiments need; nothing takes the place of MNIST here."""
    from whynet.data.sources import load

    sets = {}
    for name in sorted(wanted):
        try:
            sets[name] = load(folder if folder and name == "mnist" else name, say=screen.say)
        except ResourceError as error:
            raise ResourceError(
                f"the published figures are MNIST's, and it is not to be had: {error.message}",
                where=error.where,
                expected=error.expected,
                found=error.found,
                do=error.do,
            ) from None
    return sets


@contextmanager
def _rows(
    screen: Screen,
) -> Iterator[tuple[Callable[[Experiment], Callable[[float], None]], Callable[[Outcome], None]]]:
    """One live line a row on a terminal; elsewhere a plain line when it is done."""

    def plain(outcome: Outcome) -> None:
        screen.say(f"{outcome.experiment.name}: {outcome.seconds:.1f} s")

    if screen.quiet or not sys.stderr.isatty():
        yield (lambda _: lambda _: None), plain
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = TextColumn("{task.description:<20}"), BarColumn(bar_width=30), TimeElapsedColumn()
    with Progress(*columns, console=Console(stderr=True)) as bar:

        def tick_for(experiment: Experiment) -> Callable[[float], None]:
            job = bar.add_task(experiment.name, total=1.0)
            return lambda fraction: bar.update(job, completed=fraction)

        def finish(outcome: Outcome) -> None:
            bar.update(bar.task_ids[-1], completed=1.0)

        yield tick_for, finish


def _wrapped(sentence: str) -> list[str]:
    import textwrap

    return textwrap.wrap(sentence, 100, initial_indent="  means      ", subsequent_indent="             ")
