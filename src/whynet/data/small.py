"""Small sets that lie inside scikit-learn as files: they are read without importing it, which would take two seconds.

    iris, wine, breast-cancer    classes
    diabetes                     a regression, of the numbers as they were measured

Every fifth row of each class is a test row; of the regression every fifth in the order of the targets.
"""

from __future__ import annotations

import warnings
import zlib
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from whynet.data.columns import Column, Columns
from whynet.data.dataset import Dataset
from whynet.data.features import FloatFeatures
from whynet.data.problem import Classification, Regression
from whynet.data.protocol import Problem
from whynet.data.tables import Held, halves
from whynet.errors import BadFile, ResourceError
from whynet.types import Array

OF_CELLS = (
    "radius", "texture", "perimeter", "area", "smoothness", "compactness", "concavity", "concave points", "symmetry",
    "fractal dimension",
)  # fmt: skip
FEATURES = {
    "iris": ("sepal length (cm)", "sepal width (cm)", "petal length (cm)", "petal width (cm)"),
    "wine": (
        "alcohol", "malic_acid", "ash", "alcalinity_of_ash", "magnesium", "total_phenols", "flavanoids",
        "nonflavanoid_phenols", "proanthocyanins", "color_intensity", "hue", "od280/od315_of_diluted_wines", "proline",
    ),
    "breast-cancer": (
        *(f"mean {name}" for name in OF_CELLS), *(f"{name} error" for name in OF_CELLS),
        *(f"worst {name}" for name in OF_CELLS),
    ),
    "diabetes": ("age", "sex", "bmi", "bp", "s1", "s2", "s3", "s4", "s5", "s6"),
}  # fmt: skip
FILES = {
    "iris": ("iris.csv",),
    "wine": ("wine_data.csv",),
    "breast-cancer": ("breast_cancer.csv",),
    "diabetes": ("diabetes_data_raw.csv.gz", "diabetes_target.csv.gz"),
}
SHAPES = {  # rows to train on and to test on, and features
    "iris": (120, 30, 4),
    "wine": (144, 34, 13),
    "breast-cancer": (456, 113, 30),
    "diabetes": (353, 89, 10),
}
ABOUT = {  # rows in all, and what they are
    "iris": "150 flowers of three kinds, by four lengths",
    "wine": "178 wines of three growers, by 13 analyses",
    "breast-cancer": "569 tumours, malignant or benign, by 30 measures of their cells",
    "diabetes": "442 patients and how far their disease had got a year later, a regression",
}


def small(name: str) -> Dataset:
    """One of the sets, with a fifth of it as `test`.

    >>> iris = small("iris")
    >>> iris.classes, len(iris), len(iris.test), iris.X.names[0]
    (('setosa', 'versicolor', 'virginica'), 120, 30, 'sepal length (cm)')
    >>> small("diabetes").problem
    Regression(names=('target',), offset=None, divisor=None)

    Raises
    ------
    ResourceError
        scikit-learn is not installed.
    BadFile
        Its files are damaged.
    """
    features = FEATURES[name]
    if name == "diabetes":
        X, y = (_numbers(_file(file), None) for file in FILES[name])
        return _dataset(name, X, y[:, 0], Regression(("target",)), _by_order(y[:, 0]))
    path = _file(FILES[name][0])
    try:
        with path.open(encoding="ascii") as stream:
            classes = tuple(stream.readline().strip().split(",")[2:])
    except (OSError, UnicodeDecodeError):
        raise _damaged(path) from None
    table = _numbers(path, ",")
    if table.shape[1] != len(features) + 1 or len(classes) < 2:
        raise _damaged(path)
    y = table[:, -1].astype(np.intp)
    return _dataset(name, table[:, :-1], y, Classification(classes), every_fifth(y))


def every_fifth(labels: Array) -> Held:
    """Every fifth row of each class is held back.

    >>> every_fifth(np.array([0] * 6 + [1] * 5)).test
    array([ 4, 10])
    """
    within_class = np.zeros(len(labels), dtype=np.intp)
    for label in np.unique(labels):
        rows = np.flatnonzero(labels == label)
        within_class[rows] = np.arange(len(rows))
    held = within_class % 5 == 4
    return Held(np.flatnonzero(~held), np.flatnonzero(held))


def file_in_scikit_learn(name: str, what: str) -> Path:
    """A file of scikit-learn's own data.

    >>> file_in_scikit_learn("iris.csv", "the irises").is_file()
    True

    Raises
    ------
    ResourceError
        scikit-learn is not installed, or has no such file.
    """
    spec = find_spec("sklearn")
    folders = list(spec.submodule_search_locations or ()) if spec else []
    path = Path(folders[0]) / "datasets" / "data" / name if folders else None
    if path is None or not path.is_file():
        raise ResourceError(f"{what} are not to be had", do="Install them with: pip install scikit-learn")
    return path


def _file(name: str) -> Path:
    return file_in_scikit_learn(name, "the small sets inside scikit-learn")


def _numbers(path: Path, delimiter: str | None) -> Array:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # of a file without a number it only warns
            return np.loadtxt(path, delimiter=delimiter, dtype=np.float64, skiprows=int(delimiter is not None), ndmin=2)
    except (OSError, EOFError, ValueError, UserWarning, zlib.error):
        raise _damaged(path) from None


def _by_order(y: Array) -> Held:
    """Every fifth by the targets' order, from the second on: the least and the largest are trained on or next to it."""
    held = np.zeros(len(y), dtype=bool)
    held[np.argsort(y, kind="stable")[1::5]] = True
    return Held(np.flatnonzero(~held), np.flatnonzero(held))


def _dataset(name: str, X: Array, y: Array, problem: Problem, held: Held) -> Dataset:
    names = FEATURES[name]
    features = FloatFeatures(X, names, Columns(tuple(Column(one, "number") for one in names)))
    return halves(features, y, problem, held, name=name, source=f"the file inside scikit-learn: {FILES[name][0]}")


def _damaged(path: Path) -> BadFile:
    return BadFile(
        "a file of scikit-learn is damaged", where=str(path),
        do="Install it again with: pip install --force-reinstall scikit-learn",
    )  # fmt: skip
