"""scikit-learn as an independent client: its own multilayer perceptrons beside whynet's estimators, same settings.

    python -m benchmarks.estimators [--folds 5] [--epochs 10]

Five folds of five sets. Both are handed the same arrays of float64, by the same `Pipeline`, and fitted in turn, one
thread each. Printed are the seconds of all fits, their ratio, and the score with the standard error of the difference
between the two over the folds. MNIST's first 20,000 images take `--epochs` epochs, all others 200 at most.
"""

from __future__ import annotations

import argparse
import time
import warnings
from typing import Any

import numpy as np
from sklearn.base import clone, is_classifier
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_iris
from sklearn.model_selection import KFold, StratifiedKFold
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from threadpoolctl import threadpool_limits

import whynet
from whynet.errors import ResourceError

TABLES = {
    "iris": load_iris, "digits": load_digits, "breast-cancer": load_breast_cancer, "diabetes": load_diabetes,
}  # fmt: skip


def works(epochs: int, rows: int = 20_000) -> dict[str, tuple[Any, Any, Any, dict[str, Any]]]:
    """Each set: what stands before the estimator, X, y, and the settings that are no defaults."""
    found = {name: (StandardScaler(), *load(return_X_y=True), {}) for name, load in TABLES.items()}
    try:
        mnist = whynet.load("mnist")
    except ResourceError as error:
        print(f"no MNIST: {error}")
        return found
    X = mnist.inputs[:rows] / 255
    return {**found, "MNIST": (FunctionTransformer(), X, mnist.labels[:rows], {"max_iter": epochs})}


def race(before: Any, X: Any, y: Any, settings: dict[str, Any], folds: int, numbers: bool) -> dict[str, Any]:
    """Seconds and scores of both over the folds, in turn."""
    kinds = (MLPRegressor, whynet.WhyNetRegressor) if numbers else (MLPClassifier, whynet.WhyNetClassifier)
    seconds, scores = np.zeros((2, folds)), np.zeros((2, folds))
    split = (KFold if numbers else StratifiedKFold)(folds, shuffle=True, random_state=0)
    for fold, (train, test) in enumerate(split.split(X, y)):
        for which in (0, 1) if fold % 2 else (1, 0):
            model = make_pipeline(clone(before), kinds[which](random_state=fold, **settings))
            started = time.perf_counter()
            model.fit(X[train], y[train])
            seconds[which, fold] = time.perf_counter() - started
            scores[which, fold] = model.score(X[test], y[test])
    return {"seconds": seconds, "scores": scores, "classifies": is_classifier(kinds[0]())}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--only", default="")
    asked = parser.parse_args()
    print(f"{'':14} {'seconds':>17} {'times':>7}   {'score':>15} {'difference':>17}")
    print(f"{'':14} {'sklearn':>8} {'whynet':>8} {'faster':>7}   {'sklearn':>7} {'whynet':>7} {'standard error':>17}")
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, work in works(asked.epochs).items():
            if asked.only not in name:
                continue
            found = race(*work, asked.folds, numbers=name == "diabetes")
            (theirs, ours), (score, own) = found["seconds"].sum(axis=1), found["scores"].mean(axis=1)
            apart = found["scores"][1] - found["scores"][0]
            error = apart.std(ddof=1) / np.sqrt(asked.folds)
            print(
                f"{name:14} {theirs:8.2f} {ours:8.2f} {theirs / ours:7.2f}   {score:7.4f} {own:7.4f} "
                f"{apart.mean():+9.4f} {error:7.4f}"
            )


if __name__ == "__main__":
    main()
