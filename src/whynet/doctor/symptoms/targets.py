"""What a network is to answer: how large the targets are, how far some lie out, which an output can reach, and whether
inputs tell anything about them.

Every function takes arrays, so that all subjects can note the same: targets (rows, outputs) as the network is trained
on them.
"""

from __future__ import annotations

import math

import numpy as np

from whynet.doctor.case import Case
from whynet.doctor.normal import Above, Below, Between, Exactly
from whynet.doctor.symptom import Symptom
from whynet.types import Array

TARGET_SPREAD = Symptom("target-spread", "standard deviation of the targets as they are trained on",
                        normal=Between(0.1, 5))  # fmt: skip
TARGET_OFFSET = Symptom("target-offset", "distance of the targets' mean from 0", "sd", Below(3))
TARGET_OUTLIERS = Symptom(
    "target-outliers", "squared deviation of the targets owed to those far from the rest",
    "fraction of the squared deviation", Below(0.5),
)  # fmt: skip
INPUT_OUTLIERS = Symptom(
    "input-outliers", "squared deviation of a feature owed to values far from the rest",
    "fraction of the squared deviation", Below(0.9),
)  # fmt: skip
CONSTANT_TARGETS = Symptom(
    "constant-targets", "targets that are the same in every row", "fraction of the outputs", Exactly(0)
)
REACHABLE = Symptom(
    "reachable", "targets that the output activation can reach", "fraction of the targets", Exactly(1, rounding=0.01)
)
RAREST_LABEL = Symptom("rarest-label", "rows with the rarest label, or without the commonest", "fraction", Above(0.05))
LEARNABLE = Symptom(
    "learnable", "correlation of the targets with what inputs tell of them on rows left out", "correlation",
    Above(why="what chance gives"),
)  # fmt: skip

MANY = 10  # outputs: of more, such as pixels, some seldom change
FAR = 6.0  # robust standard deviations from the median: of a normal spread, two rows in a thousand million
MAD = 0.6745  # the median distance from the median of a normal spread, in standard deviations
RANGES = {
    "sigmoid": (0.0, 1.0), "softmax": (0.0, 1.0), "tanh": (-1.0, 1.0), "scaled-tanh": (-1.7159, 1.7159),
    "relu": (0.0, math.inf), "elu": (-1.0, math.inf), "gelu": (-0.17, math.inf),
}  # fmt: skip
"""What the activations of a last layer can come to, where that is not everything."""
FOLDS, NEIGHBOURS, MOST_ROWS = 5, 10, 1000
FEWEST = 20  # rows: of fewer, chance tells as much


@np.errstate(all="ignore")
def measure_targets(case: Case, targets: Array, output: str | None) -> None:
    """Numbers (rows, outputs) as the network is trained on them, beside a start that answers about 0.

    >>> from whynet.doctor.diagnosis import Settings
    >>> case = Case(Settings(), layers=2, rows=4, available=4, classes=0, features=3, problem="regression")
    >>> measure_targets(case, np.array([[100.0], [300.0], [200.0], [200.0]]), "sigmoid")
    >>> round(case.value("target-spread")), round(case.value("target-offset"), 1), case.value("reachable")
    (71, 2.8, 0.0)
    """
    sd, mean = targets.std(axis=0), targets.mean(axis=0)
    same = sd <= 1e-12 * np.maximum(np.abs(mean), 1e-300)
    few = targets.shape[1] <= MANY or np.mean(same) > 0.5
    case.note(CONSTANT_TARGETS, float(np.mean(same)) if few else 0.0)
    if not same.all():
        sizes, offsets = sd[~same], np.abs(mean[~same]) / sd[~same]
        far = outliers(targets[:, ~same])
        if targets.shape[1] > MANY:  # as the loss counts them: a pixel that seldom changes is none to be scaled
            weights = (sizes / sizes.max()) ** 2
            sizes = np.sqrt([(sizes**2).mean()])
            offsets = np.sqrt([(mean[~same] ** 2).mean()]) / sizes
            far = np.average(far, weights=weights, keepdims=True)
        case.note(TARGET_SPREAD, sizes[np.abs(np.log(np.maximum(sizes, 1e-300))).argmax()])
        case.note(TARGET_OFFSET, offsets.max())
        case.note(TARGET_OUTLIERS, far.max())
    low, high = RANGES.get(output or "identity", (-math.inf, math.inf))
    case.note(REACHABLE, float(np.mean((targets >= low) & (targets <= high))))


@np.errstate(all="ignore")
def measure_input_outliers(case: Case, X: Array) -> None:
    """The features (rows, features): that of which most is owed to a few values. Of a feature that mostly has one value
    nothing is said.

    >>> from whynet.doctor.diagnosis import Settings
    >>> case = Case(Settings(), layers=2, rows=4, available=4, classes=0, features=3, problem="regression")
    >>> measure_input_outliers(case, np.array([[1.0], [2.0], [3.0], [4.0], [1000.0]]))
    >>> round(case.value("input-outliers"), 3)
    1.0
    """
    case.note(INPUT_OUTLIERS, outliers(X).max(initial=0.0))


def outliers(values: Array) -> Array:
    """The fraction of the squared distance from the median, of each column, that is owed to rows `FAR` from it.

    >>> outliers(np.array([[1.0, 1.0], [2.0, 2.0], [3.0, 3.0], [4.0, 4.0], [1000.0, 5.0]])).round(2).tolist()
    [1.0, 0.0]
    """
    away = np.abs(values - np.median(values, axis=0))
    robust = np.median(away, axis=0) / MAD
    squares = np.minimum(away, 1e150) ** 2
    far = np.where((away > FAR * robust) & (robust > 0), squares, 0.0)
    found: Array = far.sum(axis=0) / np.maximum(squares.sum(axis=0), 1e-300)
    return found


def measure_labels(case: Case, labels: Array) -> None:
    """How rare the rarest of several labels (rows, labels) is, or its absence.

    >>> from whynet.doctor.diagnosis import Settings
    >>> case = Case(Settings(), layers=2, rows=4, available=4, classes=0, features=3, problem="labels")
    >>> measure_labels(case, np.array([[1, 0], [0, 1], [0, 1], [0, 1]]))
    >>> case.value("rarest-label")
    0.25
    """
    fractions = labels.mean(axis=0)
    case.note(RAREST_LABEL, np.minimum(fractions, 1 - fractions).min())


@np.errstate(all="ignore")
def measure_learnable(case: Case, X: Array, targets: Array) -> None:
    """Whether the inputs (rows, features) tell anything about the targets (rows, outputs): the better of a linear model
    and the nearest neighbours, on rows that it was not made from. By ranks, so that no row counts more than another.

    >>> from whynet.doctor.diagnosis import Settings
    >>> case = Case(Settings(), layers=2, rows=4, available=4, classes=0, features=3, problem="regression")
    >>> X = np.random.default_rng(0).normal(size=(200, 3))
    >>> measure_learnable(case, X, np.exp(X[:, :1])); case.value("learnable") > 0.9
    True
    >>> measure_learnable(case, X, np.random.default_rng(1).normal(size=(200, 1))); case.symptoms["learnable"].unusual
    True
    """
    X, targets = X[:MOST_ROWS].astype(np.float64), ranks(targets[:MOST_ROWS].astype(np.float64))
    targets = targets[:, targets.std(axis=0) > 0]
    if len(X) < FEWEST or not targets.shape[1] or not np.isfinite(X).all():
        return
    sd = X.std(axis=0)
    X = (X - X.mean(axis=0)) / np.where(sd > 0, sd, 1.0)
    fold = np.random.default_rng(0).permutation(len(X)) % FOLDS
    linear, near = np.empty_like(targets), np.empty_like(targets)
    for one in range(FOLDS):
        out, rest = fold == one, fold != one
        mean = targets[rest].mean(axis=0)
        gram = X[rest].T @ X[rest] + np.eye(X.shape[1])
        linear[out] = mean + X[out] @ np.linalg.solve(gram, X[rest].T @ (targets[rest] - mean))
        near[out] = by_neighbours(X[rest], targets[rest], X[out])
    best = max(_correlation(answers, targets) for answers in (linear, near))
    case.note(LEARNABLE, best, at=3 / math.sqrt(len(X)))


def by_neighbours(X: Array, targets: Array, asked: Array, count: int = NEIGHBOURS) -> Array:
    """The mean target of the nearest rows of X, for each row asked.

    >>> by_neighbours(np.array([[0.0], [1.0], [9.0]]), np.array([[1.0], [3.0], [50.0]]), np.array([[0.4]]), 2).tolist()
    [[2.0]]
    """
    count = min(count, len(X))
    distances = (X * X).sum(axis=1) - 2 * (asked @ X.T)
    nearest = np.argpartition(distances, count - 1, axis=1)[:, :count]
    answers: Array = targets[nearest].mean(axis=1)
    return answers


def ranks(values: Array) -> Array:
    """The rank of each number in its column; equal numbers have the same.

    >>> ranks(np.array([[5.0], [1.0], [5.0]])).ravel().tolist()
    [1.5, 0.0, 1.5]
    """
    ordered = np.sort(values, axis=0)
    columns = [
        (np.searchsorted(one, own, "left") + np.searchsorted(one, own, "right") - 1) / 2
        for one, own in zip(ordered.T, values.T, strict=True)
    ]
    return np.stack(columns, axis=1)


def _correlation(answers: Array, targets: Array) -> float:
    """The largest over the outputs."""
    a, t = answers - answers.mean(axis=0), targets - targets.mean(axis=0)
    sizes = np.sqrt((a**2).sum(axis=0) * (t**2).sum(axis=0))
    return float(((a * t).sum(axis=0) / np.maximum(sizes, 1e-300)).max())
