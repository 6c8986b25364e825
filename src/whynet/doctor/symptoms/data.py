"""What is fed to a network: ranges, blanks, classes, order, neighbours."""

from __future__ import annotations

import math

import numpy as np

from whynet.data.dataset import Dataset
from whynet.doctor.case import Case
from whynet.training.loop import Training
from whynet.types import Array

ENOUGH = 50  # rows: of fewer, the nearest one says nothing about labels


@np.errstate(all="ignore")
def measure_data(case: Case, training: Training, *, pixels_across: int) -> None:
    """What is fed to the network: ranges, blanks, classes, order, neighbours.

    >>> from whynet.subjects.recipe import RecipeSubject
    >>> from whynet.data.sources import load
    >>> from whynet.training.recipe import Recipe
    >>> case = RecipeSubject(Recipe(epochs=1), load("digits")).examine()
    >>> case.value("largest-input"), case.value("blank-rows")
    (1.0, 0.0)
    """
    examples, data = training.task.examples, training.train
    n = len(data)
    some = np.linspace(0, n - 1, min(n, 2000)).astype(np.intp)
    X = examples.features(some, np.dtype(np.float64))
    sd = float(X.std())
    case.note("largest-input", np.abs(X).max(), "", "about 1 to 3")
    case.note("input-offset", abs(X.mean()) / max(sd, 1e-12), "sd", "below 1")
    if X.shape[1] >= 16:  # of a few features, all may be equal by chance
        case.note("blank-rows", np.mean(X.max(axis=1) == X.min(axis=1)), "share", "0")
    shares = data.prior
    entropy = -float(np.sum(shares[shares > 0] * np.log(shares[shares > 0])))
    case.note("class-balance", entropy / math.log(max(len(shares), 2)), "of the most possible", "above 0.9")
    case.note("largest-class", shares.max(), "share", f"about {1 / len(shares):.2g}")
    case.note("rows", n, "examples", "thousands")
    order = training.peek()
    case.note("rows-visited", len(np.unique(order)) / n, "share of an epoch's rows", "above 0.6")
    size = min(training.batch_size, max(n // 4, 1), 200)
    if size > 1:
        batches = order[: len(order) // size * size].reshape(-1, size)[:200]
        rng = np.random.default_rng(0)
        mixed = rng.integers(n, size=batches.shape)
        own, chance = (float(np.mean([_kinds(data.labels[row]) for row in rows])) for rows in (batches, mixed))
        case.note("classes-per-batch", own / chance, "of shuffled ones", "about 1")
    else:
        runs = data.labels[order[:2000]]
        chance = float(np.sum(shares**2))
        case.note("same-class-in-a-row", np.mean(runs[1:] == runs[:-1]), "share", f"about {chance:.2f}")
    if pixels_across > 1:
        images = X.reshape(len(X), -1, pixels_across)
        left, right = images[:, :, :-1].ravel(), images[:, :, 1:].ravel()
        spread = float(left.std() * right.std())
        case.note(
            "neighbouring-pixels",
            float(np.mean((left - left.mean()) * (right - right.mean()))) / max(spread, 1e-12),
            "correlation",
            "above 0.5 in pictures",
        )


def _kinds(labels: Array) -> int:
    return len(np.unique(labels))


def measure_neighbours(case: Case, train: Dataset, held: Dataset, test: Dataset | None) -> None:
    """Can these data be learned at all? One nearest neighbour, and whether all sets look alike.

    >>> from whynet.subjects.recipe import RecipeSubject
    >>> from whynet.data.sources import load
    >>> from whynet.training.recipe import Recipe
    >>> case = RecipeSubject(Recipe(epochs=1), load("digits")).examine()
    >>> case.value("nearest-neighbour") > 0.9, case.value("test-set-differs") < 0.3
    (True, True)
    """
    rng = np.random.default_rng(0)
    some = np.sort(rng.choice(len(train), min(len(train), 4000), replace=False))
    asked = np.sort(rng.choice(len(held), min(len(held), 800), replace=False))
    A, B = train.pixels[some].astype(np.float32), held.pixels[asked].astype(np.float32)
    distances = (A * A).sum(axis=1) - 2 * (B @ A.T)
    case.note(
        "nearest-neighbour",
        np.mean(train.labels[some][distances.argmin(axis=1)] == held.labels[asked]),
        "share right",
        "above 0.9 on digits",
    )
    own = A[:1500] if len(A) >= ENOUGH else A[:0]
    if len(own):
        among = (own * own).sum(axis=1) - 2 * (own @ own.T)
        np.fill_diagonal(among, np.inf)
        mine = train.labels[some][:1500]
        case.note("neighbours-agree", np.mean(mine[among.argmin(axis=1)] == mine), "fraction", "above 0.9 on digits")
    if test is not None:
        case.note("test-set-differs", _difference(train, test), "sd", "below 0.3")
        ours, theirs = copies(train, held), copies(train, test)
        case.note("test-images-in-training", max(theirs - ours, 0.0), "share, beyond what chance gives", "0")


def copies(train: Dataset, others: Dataset) -> float:
    """The share of the other images that are among the training images, byte for byte.

    >>> from whynet.data.sources import load
    >>> data = load("digits")
    >>> copies(data, data.take(slice(10))), copies(data, data.test)
    (1.0, 0.0)
    """
    asked = others.pixels[np.linspace(0, len(others) - 1, min(len(others), 1000)).astype(np.intp)]
    ink, own = (pixels.sum(axis=1, dtype=np.uint32) for pixels in (asked, train.pixels))  # alike, if images are
    known = {row.tobytes() for row in train.pixels[np.isin(own, ink)]}
    return sum(row.tobytes() in known for row in asked) / len(asked)


def _difference(a: Dataset, b: Dataset) -> float:
    """How far apart two sets of images are: brightness and centre of mass, in standard deviations of the first."""

    def facts(data: Dataset) -> Array:
        images = data.images[:: max(1, len(data) // 2000)].astype(np.float64)
        mass = images.sum(axis=(1, 2)) + 1e-9
        rows = (images.sum(axis=2) * np.arange(images.shape[1])).sum(axis=1) / mass
        columns = (images.sum(axis=1) * np.arange(images.shape[2])).sum(axis=1) / mass
        return np.stack([mass, rows, columns], axis=1)

    first, second = facts(a), facts(b)
    return float(
        np.max(np.abs(first.mean(axis=0) - second.mean(axis=0)) / (first.std(axis=0) + 0.02 * a.images.shape[1]))
    )
