import argparse

import numpy as np
from sklearn.datasets import make_moons
from sklearn.model_selection import cross_val_score, train_test_split
from sklearn.neural_network import MLPClassifier


def build(opts):
    return MLPClassifier(
        hidden_layer_sizes=(opts.units, opts.units),
        solver="sgd",
        learning_rate_init=opts.rate,
        max_iter=opts.iterations,
        random_state=opts.seed,
    )


def main():
    ap = argparse.ArgumentParser(description="two moons")
    ap.add_argument("--units", type=int, default=24)
    ap.add_argument("--rate", type=float, default=3.0)
    ap.add_argument("--iterations", type=int, default=200)
    ap.add_argument("--seed", type=int, default=4)
    opts = ap.parse_args()
    X, y = make_moons(700, noise=0.15, random_state=4)
    X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=4)
    model = build(opts)
    model.fit(X_train, y_train)
    print("predicted", np.bincount(model.predict(X_test), minlength=2))
    print("test accuracy", model.score(X_test, y_test))


if __name__ == "__main__":
    main()
