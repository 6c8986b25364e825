"""`whynet data`: which data there are, and what is in them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from whynet.interfaces.cli.screen import SHADES, Screen, screen_options

if TYPE_CHECKING:
    from whynet.data.dataset import Dataset

SHEET_COLUMNS = 20


@click.command(short_help="List the data sets, or describe one.")
@click.argument("name", required=False)
@click.option("--download", is_flag=True, help="Fetch NAME if it is not here yet.")
@click.option("--target", help="Of a table: the column to predict, or several with commas between.")
@click.option(
    "--problem", default="auto", help="What kind of target that is: auto, classification, regression, labels."
)
@click.option("--missing", default="refuse", help="Missing cells of a table: refuse, or fill in the median.")
@click.option("--show", is_flag=True, help="Draw the first image of each class.")
@click.option("--sheet", type=click.Path(path_type=Path), help="Write a PNG with the first 20 images of each class.")
@screen_options
def data(
    screen: Screen,
    name: str | None,
    download: bool,
    target: str | None,
    problem: str,
    missing: str,
    show: bool,
    sheet: Path | None,
) -> None:
    """List the data sets that whynet knows and where they would come from, or describe NAME.

    NAME is auto, mnist, fashion-mnist, digits, iris, wine, breast-cancer, diabetes, xor, a file (.csv, .tsv, .parquet,
    .npz), or a folder with IDX files or with a folder of pictures for each class.

    \b
    Examples:
      whynet data
      whynet data mnist --download
      whynet data digits --show
      whynet data path/to/folder --sheet sheet.png
      whynet data prices.csv --target price
    """
    from whynet.data.sources import available, load
    from whynet.data.tables import described, is_table
    from whynet.interfaces.cli import tables

    if name is None:
        for option, given in (("--download", download), ("--show", show), ("--sheet", sheet is not None)):
            if given:
                raise click.UsageError(f"{option} needs the name of a data set, such as mnist")
        sets = available()
        lines = [f"{one['name']:<15}{one['status']:<12}{one['source']}" for one in sets]
        screen.result({"sets": sets}, "\n".join(lines))
        screen.next("whynet data mnist --download", "fetch and check MNIST")
        return
    table = described(Path(name)) if is_table(Path(name)) and Path(name).exists() else None
    shown_table = "" if table is None else tables.in_words(table, name)
    if table is not None and target is None:
        screen.result({"sets": [], "table": table}, shown_table)
        screen.next("whynet data {} --target NAME", "what is there to predict, and from what", name)
        return
    bar = None if screen.quiet else DownloadBar()
    dataset = load(name, target=target, problem=problem, missing=missing, say=screen.say, progress=bar)
    summary = dataset.summary()
    text = in_words(summary) if "rows" in summary else tables.targets_in_words(summary)
    text = f"{shown_table}\n\n{text}" if shown_table else text
    if show:
        text += "\n\n" + drawn(dataset)
    if sheet is not None:
        from whynet import files
        from whynet.report import pictures

        shown = pictures.of_each_class(dataset.images, dataset.labels, len(dataset.classes), SHEET_COLUMNS)
        files.write(sheet, pictures.png(pictures.sheet(shown, SHEET_COLUMNS)))
        screen.say(f"sheet  {sheet}")
    screen.result({"sets": [summary]} | ({} if table is None else {"table": table}), text)
    if target:
        screen.next("whynet train --data {} --target {}", "train on these", name, target)
    else:
        screen.next("whynet train --data {}", "train on these", name)


def drawn(dataset: Dataset) -> str:
    """The first image of each class in characters, as many side by side as the terminal is wide.

    A character is twice as high as wide: it stands for two pixels, one above the other; a pixel of a small image takes
    two characters.
    """
    import shutil

    import numpy as np

    first = [int(np.argmax(dataset.labels == label)) for label in range(len(dataset.classes)) if dataset.counts[label]]
    rows, columns = dataset.images.shape[1:3]
    down, wide = (2, 1) if rows >= 16 else (1, 2)
    columns *= wide
    across = max(1, shutil.get_terminal_size().columns // (columns + 2))
    lines: list[str] = []
    for start in range(0, len(first), across):
        part = first[start : start + across]
        lines.append("  ".join(f"{dataset.classes[dataset.labels[row]]:<{columns}.{columns}}" for row in part).rstrip())
        for top in range(0, rows, down):
            strips = [grey(dataset.images[row])[top : top + down].max(axis=0) for row in part]
            shaded = ("".join(SHADES[int(v) * len(SHADES) // 256] * wide for v in strip) for strip in strips)
            lines.append("  ".join(shaded).rstrip())
    return "\n".join(lines)


def grey(image: Any) -> Any:
    """One image as (rows, columns): the mean of its colours."""
    return image if image.ndim == 2 else image.mean(axis=2)


def in_words(summary: dict[str, Any]) -> str:
    """A summary as lines."""
    lines = [
        f"{summary['name']}: {summary['examples']:,} training and {summary['test_examples'] or 0:,} test images of "
        f"{summary['rows']} x {summary['columns']} pixels",
        f"from {summary['source']}",
        f"pixels: mean {summary['pixel_mean']:.1f}, sd {summary['pixel_sd']:.1f}, "
        f"{summary['zero_share']:.1%} exactly 0",
        "",
        "class       images fraction",
    ]
    for label, count, fraction in zip(summary["classes"], summary["counts"], summary["shares"], strict=True):
        lines.append(f"{label:<11}{count:>7,}{fraction:>9.2%}")
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
