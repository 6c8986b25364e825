"""How often the doctor is right about convolutional networks, on the embedded digits (8 x 8 pixels).

    python -m benchmarks.convolutions planted build/convolutions.jsonl --seeds 0,1,2
    python -m benchmarks.convolutions planted build/convolutions.jsonl --seeds 0 --name pool
    python -m benchmarks.convolutions healthy build/convolutions-healthy.jsonl
    python -m benchmarks.convolutions scores build/convolutions.jsonl

Each patient is a line that is added to the file: a run that was interrupted goes on where it stopped. A planted mistake
does harm where the sound network is clearly better on the rows held back; one that does none is right where it is named
first, or where nothing is proved.
"""

from __future__ import annotations

import itertools
import json
import statistics
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import click

import whynet
from whynet.doctor.budget import TIMES
from whynet.doctor.change import Wording
from whynet.doctor.diagnosis import Diagnosis
from whynet.errors import WhynetError
from whynet.subjects.picture_plants import PLANTS, SOUND, PicturePlant
from whynet.subjects.recipe import diagnose_recipe

HARM = 0.03
FILE = click.argument("file", type=click.Path(path_type=Path, dir_okay=False))


@click.group()
def main() -> None:
    """Measure the doctor on convolutional networks."""


def lines(file: Path) -> list[dict[str, Any]]:
    """The patients that are written down."""
    return [json.loads(line) for line in file.read_text("utf-8").splitlines()] if file.exists() else []


def add(file: Path, row: dict[str, Any]) -> None:
    """Write one down."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a", encoding="utf-8") as out:
        out.write(json.dumps(row) + "\n")
    click.echo(json.dumps(row))


@main.command()
@FILE
@click.option("--seeds", default="0,1,2")
@click.option("--name", default="", help="Only plants with this in their name.")
@click.option("--effort", default=TIMES)
def planted(file: Path, seeds: str, name: str, effort: float) -> None:
    """Every plant x seeds."""
    known = {(row["planted"], row["seed"]) for row in lines(file)}
    for seed, plant in itertools.product(map(int, seeds.split(",")), PLANTS):
        if name in plant.name and (plant.name, seed) not in known:
            add(file, diagnosed(plant, seed, effort))
    report(lines(file))


@cache
def sound(net: Any, seed: int) -> tuple[float, float]:
    """What the sound network reaches on the rows held back, and its standard error."""
    before = diagnose_recipe(SOUND[net].but(seed=seed), whynet.load("digits"), trials=False).before
    assert before is not None
    return before.quality, before.error


def diagnosed(plant: PicturePlant, seed: int, effort: float) -> dict[str, Any]:
    """One patient."""
    try:
        found = diagnose_recipe(plant.patient(seed), whynet.load("digits"), effort=effort)
    except WhynetError as error:  # a miss, however polite
        found = Diagnosis(f"refused: {error.message}", wording=Wording())
    healthy, error = sound(plant.net, seed)
    said = [finding.cause for finding in found.verdict]
    guilty = [one.cause for one in found.verdict if one.status in ("proved", "found")]
    before = found.before.quality if found.before else 0.0
    harm = plant.certain or not healthy - before <= max(HARM, 2 * error)
    none = not harm and not set(guilty) - set(plant.right)
    first = next((one for one in found.verdict if one.cause in plant.right), None)
    return {
        "planted": plant.name, "net": plant.net, "seed": seed, "state": found.state, "harm": harm,
        "certain": plant.certain, "said": [(one.cause, one.status) for one in found.verdict[:4]],
        "detail": "" if first is None else first.detail, "at": plant.at,
        "first": bool(said and said[0] in plant.right) or none, "third": bool(set(plant.right) & set(said[:3])) or none,
        "wrongly": sorted({*guilty} - {*plant.right}),
        "before": before, "after": found.after.quality if found.after else None, "sound": healthy, "error": error,
        "linear": found.yardstick, "effort": found.effort, "seconds": found.seconds,
    }  # fmt: skip


def report(rows: list[dict[str, Any]]) -> None:
    """Top-1, top-3, repairs, what was wrongly said to be proved or found."""
    harmed = [row for row in rows if row["harm"]]
    sick = [row for row in harmed if not row["certain"]]
    if not sick:
        return
    for what, some in (("all", rows), ("harmed", harmed)):
        first, third = (statistics.mean(row[key] for row in some) for key in ("first", "third"))
        click.echo(f"{what}: {len(some)} patients: first answer right {first:.1%}, among the first three {third:.1%}")
    mended = [
        row["after"] is not None and row["after"] >= min(row["linear"], row["sound"]) - max(HARM, 2 * row["error"])
        for row in sick
    ]
    click.echo(f"{len(sick)} of them can be mended: repaired {statistics.mean(mended):.1%}")
    missed = Counter(
        (row["planted"], row["said"][0][0] if row["said"] else row["state"]) for row in rows if not row["first"]
    )
    for (plant, cause), count in sorted(missed.items()):
        click.echo(f"  {plant}: {cause} x {count}")
    wrong = Counter((row["planted"], *row["wrongly"]) for row in rows if row["wrongly"])
    click.echo(f"another cause said to be proved or found, of {sum(wrong.values())}: " + "; ".join(map(str, wrong)))
    placed = [row for row in rows if row["at"] and row["said"]]
    if placed:
        named = [all(f"layer {at}" in row["detail"] for at in row["at"]) for row in placed]
        click.echo(f"the layer is named of {statistics.mean(named):.1%} of {len(placed)}")
    seconds = [row["seconds"] for row in rows]
    click.echo(f"median seconds {statistics.median(seconds):.1f}, largest {max(seconds):.1f}")


@main.command()
@FILE
def scores(file: Path) -> None:
    """The scores of what is written down."""
    report(lines(file))


GRID = {
    "layers": [
        ("conv 8 3x3", "pool 2", "dense 32"), ("conv 6 5x5 same", "pool 2", "conv 12 3x3", "dense 20"),
        ("conv 8 3x3 same", "average-pool 2", "conv 16 3x3 same", "global-average-pool"),
        ("conv 8 3x3 stride 2", "dense 32"), ("conv 8 3x3", "conv 8 3x3", "pool 2 stride 1", "dense 24"),
    ],
    "activation": ["relu", "tanh", "leaky-relu"],
    "optimizer": [("adam", 0.003), ("sgd", 0.1), ("nesterov", 0.03)],
    "batch_norm": [False, True],
}  # fmt: skip


@main.command()
@FILE
@click.option("--every", default=1)
@click.option("--trials/--no-trials", default=False)
@click.option("--seed", "start", default=0, help="That of the first network.")
def healthy(file: Path, every: int, trials: bool, start: int) -> None:
    """Sound networks over a grid; those that are as good as the yardstick on the test images count."""
    known = {row["seed"] for row in lines(file)}
    grid = list(itertools.product(*GRID.values()))
    for seed, (layers, activation, (optimizer, rate), norm) in list(enumerate(grid, start))[::every]:
        if seed in known:
            continue
        recipe = whynet.Recipe(
            layers=layers, activation=activation, optimizer=optimizer, learning_rate=rate, batch_norm=norm, seed=seed,
            init="scaled-normal" if activation == "tanh" else "he", batch_size=20, epochs=25,
        )  # fmt: skip
        found = diagnose_recipe(recipe, whynet.load("digits"), trials=trials)
        assert found.before is not None and found.before.test_accuracy is not None
        add(file, {
            "seed": seed, "net": str((layers, activation, optimizer, rate, norm)), "state": found.state,
            "sound": found.before.test_accuracy >= found.yardstick - 0.015, "test": found.before.test_accuracy,
            "linear": found.yardstick, "said": [(one.cause, one.status) for one in found.verdict[:4]],
        })  # fmt: skip
    rows = [row for row in lines(file) if row["sound"]]
    alarms = [row for row in rows if row["said"] or row["state"] != "healthy"]
    click.echo(
        f"{len(lines(file))} networks of a grid, {len(rows)} of them sound: {len(alarms)} alarms "
        f"({len(alarms) / max(len(rows), 1):.1%})"
    )


if __name__ == "__main__":
    main()
