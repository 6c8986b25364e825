"""`whynet predict`: what a network predicts for pictures, or for the rows of a table."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from whynet.errors import UsageError
from whynet.interfaces.cli.screen import SHADES, Screen, screen_options

if TYPE_CHECKING:
    from whynet.network.network import Network
    from whynet.types import Array, Images


@click.command(short_help="Predict the classes of pictures, or the rows of a table, with a trained network.")
@click.argument("run", type=click.Path(path_type=Path))
@click.argument("images", nargs=-1, type=click.Path(path_type=Path))
@click.option("--show", is_flag=True, help="Draw what the network saw.")
@click.option(
    "--why", type=click.Path(path_type=Path, dir_okay=False), metavar="PNG", help="Also draw which pixels spoke for it."
)
@screen_options
def predict(screen: Screen, run: Path, images: tuple[Path, ...], show: bool, why: Path | None) -> None:
    """Predict the classes of IMAGES (PNG, JPEG or IDX, any size and colour) with the network of RUN (a run's directory,
    or a model file).

    Each picture is first made as MNIST's were: bright ink on black, scaled into a box, its centre of mass in the
    middle; of a network that was trained on a folder of pictures it is taken as it is, and has the size of those. A
    network that was trained on a table takes files with the same columns instead (.csv, .tsv, .parquet); the
    column that is predicted may be missing.

    --why writes each picture, and below it where the answer comes from: ink on red pixels speaks for it, on blue ones
    against it.

    \b
    Examples:
      whynet predict runs/20260101-120000-784-320-10 four.png
      whynet predict model.safetensors *.jpg --show
      whynet predict model.safetensors four.png --why why.png
      whynet predict runs/20260101-120000-9-30-1 houses.csv
    """
    from whynet.data import drawing, folders
    from whynet.data.sources import is_pictures
    from whynet.interfaces.cli.data import grey
    from whynet.interfaces.cli.trained import network_of
    from whynet.training.recipe import Recipe

    if not images:
        raise UsageError(
            "a trained network and pictures are needed", expected="whynet predict RUN IMAGE...", found=str(run),
            do="RUN is the directory of a run, or its model.safetensors, and stands first",
        )  # fmt: skip
    network = network_of(run)
    if network.encoding is not None:
        _rows(screen, network, run, images, show or why is not None)
        return
    size = math.isqrt(network.sizes[0])
    read: Callable[[Path, int], Images] = drawing.read
    if run.is_dir() and is_pictures(Recipe.read(run / "recipe.toml").data):
        size, read = network.sizes[0], folders.as_trained
    elif size * size != network.sizes[0] or network.scaling is None or network.scaling.of_floats:
        raise UsageError(
            "this network does not take square images", where=str(run), found=f"{network.sizes[0]} features"
        )
    predictions: list[dict[str, Any]] = []
    lines = []
    seen: list[Images] = []
    for path in images:
        pictures = read(path, size)
        seen.append(pictures)
        probabilities = network.probabilities(pictures)
        for number, (picture, row) in enumerate(zip(pictures, probabilities, strict=True)):
            file = str(path) if len(pictures) == 1 else f"{path}[{number}]"
            answer, words = _answer(network, network.predict(picture[None])[0], row)
            predictions.append({"file": file, "answer": answer, "probabilities": row.tolist()})
            if network.problem.kind == "regression":
                del predictions[-1]["probabilities"]
            lines.append(f"{file}: {words}")
            if show:
                lines += [
                    "".join(SHADES[int(v) * len(SHADES) // 256] * 2 for v in line).rstrip() for line in grey(picture)
                ]
    if why is not None:
        _why(network, seen, why)
        screen.say(f"why    {why}")
    screen.result({"images": predictions}, "\n".join(lines))
    if show:
        screen.next("whynet evaluate {}", "how often it is right", run)
    else:
        screen.next("whynet predict {} {} --show", "see what the network saw", run, images[0])


def _why(network: Network, pictures: list[Images], path: Path) -> None:
    """Draw where the answers come from."""
    import numpy as np

    from whynet import files
    from whynet.report.pictures import png
    from whynet.report.sources import why

    files.write(path, png(why(network, np.concatenate(pictures))))


def _answer(network: Network, predicted: Array, probabilities: Array) -> tuple[Any, str]:
    """The answer to one picture as a plain value, and in words."""
    problem, names = network.problem, network.problem.names
    if problem.kind == "classification":
        label = int(predicted)
        probability = float(
            probabilities[label] if len(probabilities) > 1 else max(*probabilities, 1 - probabilities[0])
        )
        return label, f"{names[label] if label < len(names) else label} (probability {probability:.1%})"
    if problem.kind == "labels":
        there = [name for name, one in zip(names, predicted, strict=True) if one]
        return there, ", ".join(there) or "none"
    numbers = [float(one) for one in predicted]
    words = ", ".join(f"{name} {one:.6g}" for name, one in zip(names, numbers, strict=True))
    return numbers[0] if len(names) == 1 else dict(zip(names, numbers, strict=True)), words


def _rows(screen: Screen, network: Network, run: Path, paths: tuple[Path, ...], show: bool) -> None:
    """The answers to the rows of tables."""
    from whynet.interfaces.cli.tables import predictions

    if show:
        raise UsageError("rows of a table cannot be drawn", do="Leave out --show and --why")
    rows: list[dict[str, Any]] = []
    lines: list[str] = []
    for path in paths:
        found, words = predictions(network, path, screen.say)
        several = len(paths) > 1
        rows += [{"file": str(path), **one} for one in found] if several else found
        lines += [f"{path}, {line}" for line in words] if several else words
    screen.result({"names": list(network.problem.names), "rows": rows}, "\n".join(lines))
    screen.next("whynet evaluate {}", "how often it is right", run)
