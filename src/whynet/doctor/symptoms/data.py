"""What is fed to a network: ranges, blanks, classes, order, neighbours, copies."""

from __future__ import annotations

import math

import numpy as np

from whynet.data.dataset import Dataset
from whynet.data.features import ByteImages
from whynet.data.problem import Classification
from whynet.data.protocol import Problem
from whynet.doctor.case import Case
from whynet.doctor.diagnosis import Gap
from whynet.doctor.normal import About, Above, AtLeast, Below, Exactly
from whynet.doctor.symptom import Symptom
from whynet.doctor.symptoms.targets import by_neighbours
from whynet.types import Array, Labels

LARGEST_INPUT = Symptom("largest-input", "largest input", normal=Below(10))
FEATURE_SIZE = Symptom("feature-size", "size of the largest feature", "root mean square", Below(5))
INPUT_OFFSET = Symptom("input-offset", "distance of the inputs' mean from 0", "sd", Below(1))
FEATURE_SCALES = Symptom("feature-scales", "largest feature to a small one", "times", Below(100))
CONSTANT_FEATURES = Symptom(
    "constant-features", "features that are the same in every row", "fraction of the features", Below(0.5)
)
BLANK_ROWS = Symptom("blank-rows", "rows of one single value", "fraction", Exactly(0))
ROWS_NOT_FINITE = Symptom("rows-not-finite", "rows with NaN or infinity", "rows", Exactly(0))
CLASS_BALANCE = Symptom("class-balance", "evenness of the classes (entropy)", "of the most possible", Above(0.9))
LARGEST_CLASS = Symptom("largest-class", "fraction of the largest class", "fraction", About(factor=1.6))
ROWS = Symptom("rows", "training examples", "examples", AtLeast(1000))
ROWS_VISITED = Symptom(
    "rows-visited", "different training examples in an epoch", "fraction of an epoch's rows", Above(0.6)
)
DIFFERENT_ROWS = Symptom("different-rows", "different rows among all that come", "rows", Above(64))
CLASSES_PER_BATCH = Symptom(
    "classes-per-batch", "different classes in a batch, of shuffled ones", "of shuffled ones", About(1, factor=1.4)
)
SAME_CLASS_IN_A_ROW = Symptom("same-class-in-a-row", "neighbouring examples of one class", "fraction", About())
NEIGHBOURING_PIXELS = Symptom("neighbouring-pixels", "correlation of neighbouring pixels", "correlation", Above(0.15))
NEAREST_NEIGHBOUR = Symptom(
    "nearest-neighbour", "accuracy of the nearest neighbour", "fraction right", Above(why="the largest class")
)
NEIGHBOURS_AGREE = Symptom("neighbours-agree", "nearest neighbours of the same label", "fraction", Above(0.75))
FORETOLD = Symptom("labels-foretold", "accuracy of a linear classifier made from the rows as they are fed", "fraction")
TEST_SET_DIFFERS = Symptom("test-set-differs", "distance of the test set from the training set", "sd", Below(0.3))
TEST_IN_TRAINING = Symptom(
    "test-images-in-training", "test examples among the training examples", "fraction, beyond what chance gives",
    Exactly(0, rounding=0.01),
)  # fmt: skip
HELD_IN_TRAINING = Symptom(
    "held-rows-in-training", "validation examples among the training examples", "fraction", Below(0.05)
)

ENOUGH = 50  # rows: of fewer, the nearest one says nothing about labels
MOST_NEIGHBOURS = 1500  # rows of which the nearest other one is looked for
SOME = 1000  # rows that are looked for among the others
BEYOND_NOISE = 3.0  # standard errors
SMALL = 0.25  # of the features, a quarter are as small or smaller than a small one


@np.errstate(all="ignore")
def measure_inputs(case: Case, X: Array, *, pictures: bool) -> None:
    """The numbers (rows, features) as they are fed to the network. Only of `pictures` is a blank row a mistake: other
    rows may well be of zeros alone.

    >>> from whynet.doctor.diagnosis import Settings
    >>> case = Case(Settings(), layers=2, rows=3, available=3, classes=2, features=3)
    >>> measure_inputs(case, np.array([[0.0, 7.0, 1e4], [1.0, 7.0, 0.0], [0.5, 7.0, 2.0]]), pictures=False)
    >>> case.value("largest-input"), case.value("feature-scales"), round(case.value("constant-features"), 2)
    (10000.0, 10000.0, 0.33)
    """
    case.note(LARGEST_INPUT, np.abs(X).max())
    case.note(FEATURE_SIZE, np.sqrt((X**2).mean(axis=0)).max())
    case.note(INPUT_OFFSET, abs(float(X.mean())) / max(float(X.std()), 1e-12))
    if pictures and X.shape[1] >= 16:  # of a few features, all may be equal by chance
        case.note(BLANK_ROWS, np.mean(X.max(axis=1) == X.min(axis=1)))
    low, high = X.min(axis=0), X.max(axis=0)
    case.note(CONSTANT_FEATURES, np.mean(low == high))
    sizes = np.sort(np.maximum(np.abs(low), np.abs(high))[low < high])
    if len(sizes) > 1:
        case.note(FEATURE_SCALES, sizes[-1] / sizes[int(SMALL * (len(sizes) - 1))])


def measure_classes(case: Case, labels: Labels, classes: int) -> None:
    """How many rows each class has.

    >>> from whynet.doctor.diagnosis import Settings
    >>> case = Case(Settings(), layers=2, rows=4, available=4, classes=2, features=3)
    >>> measure_classes(case, np.array([0, 1, 1, 1]), 2)
    >>> case.value("largest-class"), round(case.value("class-balance"), 3)
    (0.75, 0.811)
    """
    shares = np.bincount(labels, minlength=classes) / len(labels)
    known = shares[shares > 0]
    case.note(CLASS_BALANCE, -float(np.sum(known * np.log(known))) / math.log(max(len(shares), 2)))
    case.note(LARGEST_CLASS, shares.max(), at=1 / len(shares))


def measure_order(case: Case, labels: Labels, order: Array, size: int) -> None:
    """Whether the rows come mixed: `order` is that of an epoch, `size` the rows of a batch.

    >>> from whynet.doctor.diagnosis import Settings
    >>> case = Case(Settings(), layers=2, rows=8, available=8, classes=2, features=3)
    >>> measure_order(case, np.array([0, 0, 0, 0, 1, 1, 1, 1]), np.arange(8), 1)
    >>> round(case.value("same-class-in-a-row"), 2)
    0.86
    """
    n = len(labels)
    size = min(size, max(n // 4, 1), 200)
    if size > 1:
        batches = order[: len(order) // size * size].reshape(-1, size)[:200]
        mixed = np.random.default_rng(0).integers(n, size=batches.shape)
        own, chance = (float(np.mean([len(np.unique(labels[row])) for row in rows])) for rows in (batches, mixed))
        case.note(CLASSES_PER_BATCH, own / chance)
    elif len(order) > 1:
        runs = labels[order[:2000]]
        shares = np.bincount(labels) / n
        case.note(SAME_CLASS_IN_A_ROW, np.mean(runs[1:] == runs[:-1]), at=float(np.sum(shares**2)))


@np.errstate(all="ignore")
def measure_pixels(case: Case, X: Array, across: int) -> None:
    """Whether pixels beside each other are alike, in images (rows, pixels) that are so many pixels wide.

    >>> from whynet.doctor.diagnosis import Settings
    >>> case = Case(Settings(), layers=2, rows=1, available=1, classes=2, features=4)
    >>> measure_pixels(case, np.array([[0.0, 0.0, 1.0, 1.0]]), 2)
    >>> case.value("neighbouring-pixels")
    1.0
    """
    images = X.reshape(len(X), -1, across)
    left, right = images[:, :, :-1].ravel(), images[:, :, 1:].ravel()
    together = float(np.mean((left - left.mean()) * (right - right.mean())))
    case.note(NEIGHBOURING_PIXELS, together / max(float(left.std() * right.std()), 1e-12))


def neighbours_agree(X: Array, labels: Labels) -> float:
    """The fraction of rows whose nearest other row has the same label.

    >>> neighbours_agree(np.array([[0.0], [0.1], [5.0], [5.2]]), np.array([0, 0, 1, 0]))
    0.5
    """
    among = (X * X).sum(axis=1) - 2 * (X @ X.T)
    np.fill_diagonal(among, np.inf)
    return float(np.mean(labels[among.argmin(axis=1)] == labels))


def nearest_neighbour(X: Array, labels: Labels, held: Array, known: Labels) -> float:
    """The fraction right when each row held back is predicted as its nearest training row.

    >>> nearest_neighbour(np.array([[0.0], [5.0]]), np.array([0, 1]), np.array([[1.0], [4.0]]), np.array([0, 0]))
    0.5
    """
    return float(np.mean(labels[_nearest(X, held)] == known))


def _nearest(X: Array, held: Array) -> Array:
    """The number of the row of X that is nearest to each row held back."""
    distances = (X * X).sum(axis=1) - 2 * (held @ X.T)
    nearest: Array = distances.argmin(axis=1)
    return nearest


def measure_copies(case: Case, X: Array, held: Array, test: Array | None) -> None:
    """How many of the rows held back, and of the test set, stand among the training rows as well.

    Some rows are alike by chance, those held back as much as those of the test set: of these, what is beyond that, and
    beyond the noise of so few rows.

    >>> from whynet.doctor.diagnosis import Settings
    >>> case = Case(Settings(), layers=2, rows=3, available=3, classes=2, features=1)
    >>> X, held, test = (np.arange(*ends, dtype=float)[:, None] for ends in ((0, 50), (60, 80), (40, 60)))
    >>> measure_copies(case, X, held, test)
    >>> case.value("held-rows-in-training"), case.value("test-images-in-training")
    (0.0, 0.5)
    """
    ours = copies(X, held)
    case.note(HELD_IN_TRAINING, ours)
    if test is not None and len(test):
        theirs, n, m = copies(X, test), min(len(test), SOME), min(len(held), SOME)
        both = (theirs * n + ours * m) / (n + m)
        noise = math.sqrt(both * (1 - both) * (1 / n + 1 / m))
        case.note(TEST_IN_TRAINING, theirs - ours if theirs - ours > BEYOND_NOISE * noise else 0.0)
    else:
        case.not_examined.append(Gap("whether test rows were trained on", "there is no test set"))


def copies(X: Array, others: Array) -> float:
    """The fraction of the other rows (a thousand of them at most) that are among these, byte for byte.

    >>> copies(np.array([[1, 2], [3, 4]]), np.array([[3, 4], [4, 3]]))
    0.5
    """
    some = np.linspace(0, len(others) - 1, min(len(others), SOME)).astype(np.intp)
    asked, rows = others[some].reshape(len(some), -1).astype(X.dtype), X.reshape(len(X), -1)
    column = int(asked.std(axis=0).argmax())  # only rows that are alike here can be alike
    known = {row.tobytes() for row in rows[np.isin(rows[:, column], asked[:, column])]}
    return sum(row.tobytes() in known for row in asked) / len(asked)


def measure_neighbours(case: Case, train: Dataset, held: Dataset, test: Dataset | None) -> None:
    """Can these data be learned at all? One nearest neighbour, and whether all sets look alike.

    >>> from whynet.data.sources import load
    >>> from whynet.subjects.recipe import RecipeSubject
    >>> from whynet.training.recipe import Recipe
    >>> case = RecipeSubject(Recipe(epochs=1), load("digits")).examine()
    >>> case.value("nearest-neighbour") > 0.9, case.value("test-set-differs") < 0.3
    (True, True)
    """
    rng = np.random.default_rng(0)
    some = np.sort(rng.choice(len(train), min(len(train), 4000), replace=False))
    asked = np.sort(rng.choice(len(held), min(len(held), 800), replace=False))
    scaling = None if isinstance(train.X, ByteImages) else train.X.scaling("standard")
    A, B = (
        rows.astype(np.float32) if scaling is None else scaling.apply(rows, "float32")
        for rows in (train.inputs[some], held.inputs[asked])
    )
    measure_nearest(case, train.problem, A, train.y[some], B, held.y[asked])
    measure_copies(case, train.inputs, held.inputs, None if test is None else test.inputs)
    if test is not None and train.are_pictures:
        case.note(TEST_SET_DIFFERS, _difference(train, test))


def measure_nearest(case: Case, problem: Problem, X: Array, y: Array, held: Array, held_y: Array) -> None:
    """How good it is to answer each row held back as its nearest training row is, and whether neighbours agree. Numbers
    are answered with the mean of the nearest ten.

    >>> from whynet.data.problem import Classification
    >>> from whynet.doctor.diagnosis import Settings
    >>> case = Case(Settings(), layers=2, rows=2, available=2, classes=2, features=1)
    >>> X, y = np.array([[0.0], [5.0]]), np.array([0, 1])
    >>> measure_nearest(case, Classification(("a", "b")), X, y, np.array([[1.0], [4.0]]), np.array([0, 0]))
    >>> case.value("nearest-neighbour")
    0.5
    """
    if problem.kind == "regression":  # a single neighbour has noise of its own
        answers = by_neighbours(X, problem.targets(y, problem.outputs), held)
    else:
        answers = problem.targets(y[_nearest(X, held)], max(problem.outputs, 2))
    case.note(NEAREST_NEIGHBOUR, problem.quality(answers, held_y), at=problem.constant_quality(y))
    if len(X) >= ENOUGH and isinstance(problem, Classification):
        case.note(NEIGHBOURS_AGREE, neighbours_agree(X[:MOST_NEIGHBOURS], y[:MOST_NEIGHBOURS]))


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
