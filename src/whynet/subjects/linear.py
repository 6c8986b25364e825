"""The yardstick for data that are not whynet's own: a linear model on the same rows."""

from __future__ import annotations

import warnings

import numpy as np

from whynet.types import Array

MOST = 4000  # rows


def linear_quality(X: Array, y: Array, held: Array, held_y: Array, *, classes: int) -> float:
    """What a logistic regression gets right of the rows held back; of numbers, the R2 of a ridge regression, cut at 0.

    >>> X = np.linspace(-1, 1, 100)[:, None]
    >>> linear_quality(X, (X[:, 0] > 0).astype(int), X, (X[:, 0] > 0).astype(int), classes=2) > 0.95
    True
    """
    from sklearn.linear_model import LogisticRegression, Ridge

    rows = np.linspace(0, len(X) - 1, min(len(X), MOST)).astype(np.intp)
    flat, asked = X[rows].reshape(len(rows), -1).astype(float), held.reshape(len(held), -1).astype(float)
    mean, sd = flat.mean(axis=0), flat.std(axis=0)
    sd = np.where(sd > 0, sd, 1)
    flat, asked = (flat - mean) / sd, (asked - mean) / sd
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if not classes:
            targets = y.reshape(len(y), -1)
            score = Ridge(alpha=1.0).fit(flat, targets[rows]).score(asked, held_y.reshape(len(held_y), -1))
            return float(min(max(score, 0.0), 1.0))
        if len(np.unique(y[rows])) < 2:
            return float(np.mean(held_y == y[0]))
        return float(np.mean(LogisticRegression(max_iter=100).fit(flat, y[rows]).predict(asked) == held_y))
