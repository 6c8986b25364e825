"""How often the doctor is right about tables: classes, labels, numbers, two classes on one output.

    python benchmarks/wards.py planted --seeds 0,1,2
    python benchmarks/wards.py planted --seeds 0 --every 3 --ward numbers
    python benchmarks/wards.py healthy

Each line is one patient as JSON, the last lines are the scores. A planted mistake does harm where the sound network is
clearly better on the rows held back; one that does none is right where it is named first, or where nothing is proved.
"""

from __future__ import annotations

import itertools
import json
import statistics
from collections import Counter
from functools import cache
from typing import Any

import click
import numpy as np
from sklearn import datasets

from whynet.data.dataset import Dataset
from whynet.data.features import FloatFeatures
from whynet.data.problem import Classification, MultiLabel, Regression
from whynet.doctor.budget import TIMES
from whynet.doctor.change import Wording
from whynet.doctor.diagnosis import Diagnosis
from whynet.errors import WhynetError
from whynet.subjects.recipe import diagnose_recipe
from whynet.subjects.table_plants import L2, PLANTS, WARDS, TablePlant, on_one_unit, sound
from whynet.training.recipe import Recipe

HARM = 0.05


def _classes(load: Any, name: str) -> Dataset:
    X, y = load(return_X_y=True)
    return Dataset(FloatFeatures(X), y, name, Classification(tuple(map(str, np.unique(y)))))


def _diabetes() -> Dataset:
    X, y = datasets.load_diabetes(return_X_y=True, scaled=False)
    return Dataset(FloatFeatures(X), y, "diabetes", Regression(("progression",)))


def _friedman() -> Dataset:
    X, y = datasets.make_friedman1(1000, noise=1.0, random_state=0)
    return Dataset(FloatFeatures(X), y, "friedman", Regression(("y",)))


def _many() -> Dataset:
    X, y = datasets.make_multilabel_classification(800, 20, n_classes=5, random_state=0)
    return Dataset(FloatFeatures(X), y, "multilabel", MultiLabel(tuple("abcde")))


def _signs() -> Dataset:
    """Four labels: two linear, a product, a distance."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(1000, 8))
    y = np.stack([X[:, 0] + X[:, 1] > 0, X[:, 2] > X[:, 3], X[:, 4] * X[:, 5] > 0, (X[:, 6:] ** 2).sum(1) < 1.4], 1)
    return Dataset(FloatFeatures(X), y.astype(np.uint8), "signs", MultiLabel(tuple("abcd")))


def _moons() -> Dataset:
    X, y = datasets.make_moons(600, noise=0.2, random_state=0)
    return Dataset(FloatFeatures(X), y, "moons", Classification(("up", "down")))


MAKERS = {
    "classes": [
        lambda: _classes(datasets.load_iris, "iris"), lambda: _classes(datasets.load_wine, "wine"),
        lambda: _classes(datasets.load_breast_cancer, "breast-cancer"),
    ],
    "numbers": [_diabetes, _friedman],
    "labels": [_many, _signs],
    "two": [lambda: _classes(datasets.load_breast_cancer, "breast-cancer"), _moons],
}  # fmt: skip


@cache
def tables(ward: str) -> tuple[Dataset, ...]:
    """The data sets of a ward."""
    return tuple(make() for make in MAKERS[ward])


@click.group()
def main() -> None:
    """Measure the doctor on tables."""


@main.command()
@click.option("--seeds", default="0,1,2")
@click.option("--ward", "wards", multiple=True, type=click.Choice(WARDS), default=WARDS)
@click.option("--every", default=1, help="Of the plants, one in so many.")
@click.option("--first", default=0, help="The first of them.")
@click.option("--name", default="", help="Only plants with this in their name.")
@click.option("--effort", default=TIMES)
def planted(seeds: str, wards: tuple[str, ...], every: int, first: int, name: str, effort: float) -> None:
    """Plants x kinds of data x seeds; the seed chooses the data set."""
    rows = []
    for ward, seed in itertools.product(wards, map(int, seeds.split(","))):
        here = [plant for plant in PLANTS if ward in plant.only]
        for number, plant in list(enumerate(here))[first::every]:
            if name in plant.name:
                rows.append(_diagnosed(ward, plant, tables(ward)[(number + seed) % len(tables(ward))], seed, effort))
                click.echo(json.dumps(rows[-1]))
    for ward in wards:
        scores(ward, [row for row in rows if row["ward"] == ward])
    scores("all", rows)


def _diagnosed(ward: Any, plant: TablePlant, table: Dataset, seed: int, effort: float) -> dict[str, Any]:
    recipe, data = plant.patient(ward, table, seed)
    try:
        found = diagnose_recipe(recipe, data, effort=effort)
    except WhynetError as error:  # a miss, however polite
        found = Diagnosis(f"refused: {error.message}", wording=Wording())  # type: ignore[arg-type]
    healthy = diagnose_recipe(sound(plant.net, ward, table).but(seed=seed), table, trials=False).before
    assert healthy is not None
    said = [finding.cause for finding in found.verdict]
    proved = [finding.cause for finding in found.verdict if finding.status == "proved"]
    before = found.before.quality if found.before else 0.0
    error = healthy.error
    harm = plant.certain or not healthy.quality - before <= max(HARM, 2 * error)
    mended = found.after.quality if found.after else None
    none = not harm and not set(proved) - set(plant.right)
    return {
        "ward": ward, "data": table.name, "planted": plant.name, "net": plant.net, "seed": seed, "state": found.state,
        "said": [(one.cause, one.status) for one in found.verdict[:4]], "harm": harm, "certain": plant.certain,
        "first": bool(said and said[0] in plant.right) or none, "third": bool(set(plant.right) & set(said[:3])) or none,
        "wrongly proved": sorted(set(proved) - set(plant.right)),
        "before": before, "after": mended, "sound": healthy.quality,
        "error": error, "linear": found.yardstick, "seconds": found.seconds,
    }  # fmt: skip


def scores(what: str, rows: list[dict[str, Any]]) -> None:
    """Top-1, top-3, repairs."""
    harmed = [row for row in rows if row["harm"]]
    sick = [row for row in harmed if not row["certain"]]
    if not sick:
        return
    first, third = (statistics.mean(row[key] for row in harmed) for key in ("first", "third"))
    every = statistics.mean(row["first"] for row in rows)
    mended = statistics.mean(
        row["after"] is not None and row["after"] >= min(row["linear"], row["sound"]) - max(0.03, 2 * row["error"])
        for row in sick
    )
    click.echo(
        f"{what}: {len(rows)} patients, {len(harmed)} of them harmed: first answer right {first:.1%}, among the first "
        f"three {third:.1%} (first, the harmless too: {every:.1%}); {len(sick)} can be mended: repaired {mended:.1%}"
    )
    missed = Counter(
        (row["planted"], row["said"][0][0] if row["said"] else row["state"]) for row in rows if not row["first"]
    )
    for (plant, cause), count in sorted(missed.items()):
        click.echo(f"  {plant}: {cause} x {count}")
    seconds = [row["seconds"] for row in rows]
    click.echo(f"  median seconds {statistics.median(seconds):.1f}, largest {max(seconds):.1f}")


GRID = {
    "hidden": [(20,), (50,), (20, 20)],
    "activation": ["relu", "tanh", "sigmoid"],
    "optimizer": [("adam", 0.005), ("adam", 0.001), ("sgd", 0.1), ("nesterov", 0.02)],
    "batch": [16, 32],
}


@main.command()
@click.option("--every", default=1)
@click.option("--ward", "wards", multiple=True, type=click.Choice(WARDS), default=WARDS)
@click.option("--seed", "start", default=0, help="That of the first network.")
@click.option("--penalty/--no-penalty", default=True, help="Some L2 penalty, which few rows want.")
def healthy(every: int, wards: tuple[str, ...], penalty: bool, start: int) -> None:
    """Sound networks over a grid; those that a plain training shows to be as good as the yardstick count."""
    runs = alarms = seen = 0
    for ward in wards:
        grid = list(itertools.product(*GRID.values()))
        for seed, (hidden, activation, (optimizer, rate), batch) in list(enumerate(grid, start))[::every]:
            table = tables(ward)[seed % len(tables(ward))]
            recipe = Recipe(
                hidden=hidden, activation=activation, optimizer=optimizer, learning_rate=rate, batch_size=batch,
                init="he" if activation == "relu" else "scaled-normal", scaling="standard", cost="auto",
                target_scaling="standard", epochs=60, l2=L2[ward] if penalty else 0.0, seed=seed,
            )  # fmt: skip
            recipe = on_one_unit(recipe, table) if ward == "two" else recipe
            found = diagnose_recipe(recipe, table, trials=False)
            seen += 1
            if not found.before or found.before.quality < found.yardstick - 0.015:
                continue
            runs += 1
            convicted = [finding.cause for finding in found.verdict]
            if found.state != "healthy" or convicted:
                alarms += 1
                click.echo(json.dumps({
                    "ward": ward, "data": table.name, "recipe": str((hidden, activation, optimizer, rate, batch)),
                    "state": found.state, "said": convicted[:4], "quality": found.before.quality,
                    "linear": found.yardstick,
                }))  # fmt: skip
    click.echo(f"{seen} networks of a grid, {runs} of them sound: {alarms} alarms ({alarms / max(runs, 1):.1%})")


if __name__ == "__main__":
    main()
