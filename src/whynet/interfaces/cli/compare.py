"""`whynet compare`: several runs side by side."""

from __future__ import annotations

from pathlib import Path

import click

from whynet.errors import UsageError
from whynet.interfaces.cli.screen import Screen, screen_options


@click.command(short_help="Several runs side by side: what differs, and which is best.")
@click.argument("runs", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--page", type=click.Path(path_type=Path, dir_okay=False), help="Also write a page with all curves.")
@screen_options
def compare(screen: Screen, runs: tuple[Path, ...], page: Path | None) -> None:
    """Put RUNS (their directories) side by side: where their recipes differ, how good each became, how long it took.

    Nothing is trained: it is read from what each run recorded. The best is judged on the validation set where all runs
    have one, else on the test set.

    \b
    Examples:
      whynet compare runs/*
      whynet compare runs/a runs/b --page compared.html
    """
    from whynet import files
    from whynet.report.comparison import MOST, Recorded, best_of, compared, comparison_page, in_words

    if not 2 <= len(runs) <= MOST:
        raise UsageError("this compares several runs", expected=f"2 to {MOST} directories", found=str(len(runs)))
    read = [Recorded.read(directory) for directory in runs]
    screen.result(compared(read), in_words(read))
    if page is not None:
        files.write(page, comparison_page(read))
        screen.say(f"page  {page}")
    _, best = best_of(read)
    if best is None:
        screen.next("whynet evaluate {}", "the first of them, class by class", read[0].name)
    else:
        screen.next("whynet evaluate {}", "the best of them, class by class", best.name)
