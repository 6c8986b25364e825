"""Tables: this library's recipe `table` beside scikit-learn's perceptron of the same size, in five folds.

    python benchmarks/tables.py            # every set, as it is
    python benchmarks/tables.py --folds 5 --seeds 3 --json tables.json

Both see the same rows, standardised by those they are trained on, and have the same hidden units; the times are those
of fitting alone, taken one after the other in one run. Quality: accuracy, balanced accuracy, R2.
"""

from __future__ import annotations

import json
import statistics
import time
import warnings
from pathlib import Path
from typing import Any

import click
import numpy as np

from whynet.data.dataset import Dataset
from whynet.data.features import FloatFeatures
from whynet.data.problem import Classification, MultiLabel, Regression
from whynet.training.recipe import Recipe
from whynet.training.run import fit


def sets() -> dict[str, Dataset]:
    """Those inside scikit-learn, and two that are made: numbers that no line gives, and several labels."""
    from sklearn import datasets

    found: dict[str, Dataset] = {}
    for name in ("iris", "wine", "breast_cancer"):
        bunch = getattr(datasets, f"load_{name}")()
        problem = Classification(tuple(map(str, bunch.target_names)))
        found[name.replace("_", "-")] = Dataset(FloatFeatures(bunch.data), bunch.target, problem=problem)
    bunch = datasets.load_diabetes(scaled=False)
    found["diabetes"] = Dataset(FloatFeatures(bunch.data), bunch.target, problem=Regression(("progression",)))
    X, y = datasets.make_friedman1(1000, noise=1.0, random_state=0)
    found["friedman"] = Dataset(FloatFeatures(X), y, problem=Regression(("y",)))
    X, y = datasets.make_multilabel_classification(1000, n_features=20, n_classes=4, random_state=0)
    found["labels"] = Dataset(FloatFeatures(X), y, problem=MultiLabel(tuple("abcd")))
    return found


def folds(data: Dataset, count: int, seed: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Row numbers to train on and to test on; classes by their share."""
    from sklearn.model_selection import KFold, StratifiedKFold

    kind = StratifiedKFold if data.classes else KFold
    return list(kind(count, shuffle=True, random_state=seed).split(data.inputs, data.y if data.classes else None))


def ours(recipe: Recipe, data: Dataset, train: np.ndarray, test: np.ndarray, seed: int) -> tuple[float, float]:
    """Quality on the test rows, and seconds."""
    rows, held = data.take(train), data.take(test)
    started = time.perf_counter()
    run = fit(recipe.but(seed=seed), rows)
    seconds = time.perf_counter() - started
    return data.problem.quality(*_scores(run.network, held)), seconds


def _scores(network: Any, held: Dataset) -> tuple[np.ndarray, np.ndarray, float]:
    if isinstance(held.problem, Regression):
        return network.predict(held.inputs), held.y, 0.5
    return network.scores(held.inputs), held.y, network.cost.middle


def theirs(
    hidden: tuple[int, ...], data: Dataset, train: np.ndarray, test: np.ndarray, seed: int, *, raw: bool = False
) -> tuple[float, float]:
    """The same of scikit-learn's, with its own settings; numbers to predict are standardised, unless `raw`."""
    from sklearn.compose import TransformedTargetRegressor
    from sklearn.neural_network import MLPClassifier, MLPRegressor
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    regression = isinstance(data.problem, Regression)
    made = (MLPRegressor if regression else MLPClassifier)(hidden_layer_sizes=hidden, random_state=seed)
    model = make_pipeline(StandardScaler(), made)
    if regression and not raw:
        model = TransformedTargetRegressor(model, transformer=StandardScaler())
    y = data.y[:, 0] if regression else data.y
    started = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(data.inputs[train], y[train])
    seconds = time.perf_counter() - started
    found = model.predict(data.inputs[test])
    if regression or found.ndim == 2:
        scores = found.reshape(len(test), -1)
    else:
        scores = np.eye(len(data.classes))[found]
    return data.problem.quality(scores, data.y[test]), seconds


@click.command()
@click.option("--folds", "count", default=5, show_default=True)
@click.option("--seeds", default=1, show_default=True)
@click.option("--recipe", default="table", show_default=True, help="A shipped recipe or a file.")
@click.option("--raw-targets", is_flag=True, help="Leave scikit-learn's targets as they are.")
@click.option("--json", "file", type=click.Path(path_type=Path), help="Keep the figures here.")
def main(count: int, seeds: int, recipe: str, raw_targets: bool, file: Path | None) -> None:
    """Measure, and print a line for each set."""
    own = Recipe.find(recipe)
    assert own.hidden is not None
    results = []
    click.echo(f"{'set':<14} {'rows':>5}  {'ours':>15}  {'scikit-learn':>15}  {'seconds':>15}  times as fast")
    for name, data in sets().items():
        figures = []
        for seed in range(seeds):
            for train, test in folds(data, count, seed):
                peer = theirs(own.hidden, data, train, test, seed, raw=raw_targets)
                figures.append((*ours(own, data, train, test, seed), *peer))
        a, s, b, t = (list(column) for column in zip(*figures, strict=True))
        apart = [x - y for x, y in zip(a, b, strict=True)]
        ratio = statistics.median(y / x for x, y in zip(s, t, strict=True))
        results.append({
            "set": name, "rows": len(data), "ours": statistics.mean(a), "theirs": statistics.mean(b),
            "apart": statistics.mean(apart), "error": statistics.stdev(apart) / len(apart) ** 0.5,
            "seconds": statistics.median(s), "their_seconds": statistics.median(t), "times_as_fast": ratio,
        })  # fmt: skip
        click.echo(
            f"{name:<14} {len(data):>5}  {statistics.mean(a):>7.4f} ±{statistics.stdev(a):.4f}"
            f"  {statistics.mean(b):>7.4f} ±{statistics.stdev(b):.4f}"
            f"  {statistics.median(s):>6.3f} / {statistics.median(t):<6.3f}  {ratio:.1f}"
        )
    if file is not None:
        file.write_text(json.dumps(results, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
