"""How the recipe `table` was chosen: candidates in five folds of nine made-up sets.

    python benchmarks/table_recipe.py            # a line for each candidate
    python benchmarks/table_recipe.py --peer     # scikit-learn's perceptron too, with its own settings

None of the sets is one that `benchmarks/tables.py` reports on.
"""

from __future__ import annotations

import statistics
from typing import Any

import click
import numpy as np
from tables import folds, ours, theirs

from whynet.data.dataset import Dataset
from whynet.data.features import FloatFeatures
from whynet.data.problem import Classification, MultiLabel, Regression
from whynet.training.recipe import Recipe

CANDIDATES: tuple[dict[str, Any], ...] = (
    {"learning_rate": 0.003, "epochs": 40, "l2": 1e-4},
    {"learning_rate": 0.003, "epochs": 100, "l2": 1e-3},
    {"learning_rate": 0.01, "epochs": 60, "l2": 1e-3},
    {"learning_rate": 0.01, "l2": 0.01},
    {"learning_rate": 0.01, "l2": 0.01, "dropout": 0.1},
    {"learning_rate": 0.01, "l2": 0.001, "dropout": 0.2},
    {"learning_rate": 0.01, "l2": 0.02},
    {"learning_rate": 0.01, "l2": 0.02, "dropout": 0.1},
    {"learning_rate": 0.01, "l2": 0.03},
    {"learning_rate": 0.01, "l2": 0.01, "batch_size": 64},
    {"learning_rate": 0.01, "l2": 0.01, "batch_size": 16, "epochs": 60},
    {"learning_rate": 0.02, "l2": 0.02},
    {"learning_rate": 0.01, "l2": 0.0, "optimizer": "adamw", "weight_decay": 1.0},
    {"learning_rate": 0.01, "l2": 0.01, "activation": "tanh", "init": "glorot"},
)


def sets() -> dict[str, Dataset]:
    """Small and noisy, as tables are: four of classes, four of numbers, one of labels."""
    from sklearn import datasets as made

    found: dict[str, Dataset] = {}
    for name, (X, y) in {
        "moons": made.make_moons(200, noise=0.25, random_state=1),
        "few": made.make_classification(300, 20, n_informative=6, n_classes=3, random_state=1),
        "many": made.make_classification(1500, 30, n_informative=10, n_classes=4, random_state=2, flip_y=0.05),
        "blobs": made.make_blobs(120, n_features=4, centers=3, cluster_std=3.5, random_state=3),
    }.items():
        problem = Classification(tuple(map(str, range(int(y.max()) + 1))))
        found[name] = Dataset(FloatFeatures(X), y, problem=problem)
    rows = np.random.default_rng(1).normal(size=(300, 10))
    noisy = 2 * rows[:, 0] + np.sin(3 * rows[:, 1]) + np.random.default_rng(0).normal(0, 2, 300)
    for name, (X, y) in {
        "noisy": (rows, noisy),
        "friedman2": made.make_friedman2(600, noise=100, random_state=1),
        "friedman3": made.make_friedman3(600, noise=0.1, random_state=1),
        "line": made.make_regression(400, 15, n_informative=8, noise=80, random_state=1),
    }.items():
        found[name] = Dataset(FloatFeatures(X), y, problem=Regression(("y",)))
    X, y = made.make_multilabel_classification(600, n_features=15, n_classes=3, random_state=5)
    found["labels"] = Dataset(FloatFeatures(X), y, problem=MultiLabel(tuple("abc")))
    return found


@click.command()
@click.option("--peer", is_flag=True, help="scikit-learn's perceptron as well.")
def main(peer: bool) -> None:
    """Measure, and print a line for each candidate."""
    tables, base = sets(), Recipe.named("table").but(dropout=0.0, epochs=100)
    assert base.hidden is not None
    hidden = base.hidden
    click.echo(" ".join(f"{name:>9}" for name in (*tables, "mean", "seconds")))

    def line(name: str, figures: list[tuple[float, float]]) -> None:
        means = [statistics.mean(q for q, _ in figures[i : i + 5]) for i in range(0, len(figures), 5)]
        seconds = sum(seconds for _, seconds in figures)
        click.echo(" ".join(f"{one:>9.3f}" for one in (*means, statistics.mean(means), seconds)) + f"  {name}")

    parts = [(data, *part) for data in tables.values() for part in folds(data, 5, 0)]
    if peer:
        line("scikit-learn", [theirs(hidden, data, train, test, 0) for data, train, test in parts])
    for edits in CANDIDATES:
        name = ", ".join(f"{key} {value}" for key, value in edits.items())
        line(name, [ours(base.but(**edits), data, train, test, 0) for data, train, test in parts])


if __name__ == "__main__":
    main()
