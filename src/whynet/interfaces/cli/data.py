"""`whynet data`: which data there are, and what is in them."""

from __future__ import annotations

from typing import Any

import click

from whynet.interfaces.cli.screen import Screen, screen_options


@click.command(short_help="List the data sets, or describe one.")
@click.argument("name", required=False)
@click.option("--download", is_flag=True, help="Fetch NAME if it is not here yet.")
@screen_options
def data(screen: Screen, name: str | None, download: bool) -> None:
    """List the data sets that whynet knows and where they would come from, or describe NAME.

    NAME is auto, mnist, fashion-mnist, digits, xor, or a folder with IDX files.

    \b
    Examples:
      whynet data
      whynet data mnist --download
      whynet data path/to/folder
    """
    from whynet.data.sources import available, load

    if name is None:
        if download:
            raise click.UsageError("--download needs the name of a data set: mnist or fashion-mnist")
        sets = available()
        lines = [f"{one['name']:<15}{one['status']:<12}{one['source']}" for one in sets]
        screen.result({"sets": sets}, "\n".join(lines))
        screen.next("whynet data mnist --download", "fetch and check MNIST")
        return
    dataset = load(name, say=screen.say, progress=None if screen.quiet else DownloadBar())
    summary = dataset.summary()
    screen.result({"sets": [summary]}, in_words(summary))
    screen.next(f"whynet train --data {name}", "train on these")


def in_words(summary: dict[str, Any]) -> str:
    """A summary as lines."""
    lines = [
        f"{summary['name']}: {summary['examples']:,} training and {summary['test_examples'] or 0:,} test images of "
        f"{summary['rows']} x {summary['columns']} pixels",
        f"from {summary['source']}",
        f"pixels: mean {summary['pixel_mean']:.1f}, sd {summary['pixel_sd']:.1f}, "
        f"{summary['zero_share']:.1%} exactly 0",
        "",
        "class       images   share",
    ]
    for label, count, share in zip(summary["classes"], summary["counts"], summary["shares"], strict=True):
        lines.append(f"{label:<11}{count:>7,}{share:>8.2%}")
    return "\n".join(lines)


class DownloadBar:
    """A download's progress, in the form that pooch drives; drawn only on a terminal."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

        console = Console(stderr=True)
        self._progress = Progress(
            TextColumn("downloading"),
            BarColumn(),
            DownloadColumn(),
            TransferSpeedColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._job = self._progress.add_task("", total=None)
        self._total = 0.0

    @property
    def total(self) -> float:
        return self._total

    @total.setter
    def total(self, size: float) -> None:
        self._total = size
        self._progress.start()
        self._progress.update(self._job, total=size)

    def update(self, size: float) -> None:
        self._progress.update(self._job, advance=size)

    def reset(self) -> None:
        self._progress.reset(self._job)

    def close(self) -> None:
        self._progress.stop()
