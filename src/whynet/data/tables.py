"""Tables of people's own: a file with columns, of which some are to be predicted from the others.

    .csv .tsv (.gz)    read by Python itself
    .parquet           read by polars, if it is installed
    .npz               arrays X and y, or x_train, y_train, x_test, y_test: see `whynet.data.arrays`

Such files have no test set, so a fifth of the rows is held back, of each class by its share. What is fitted (medians,
the words of a column) is fitted to the other rows.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from whynet.data import csvs
from whynet.data.columns import Columns, fit_columns, kind_of
from whynet.data.csvs import read_csv
from whynet.data.dataset import Dataset
from whynet.data.features import ByteImages, FloatFeatures
from whynet.data.frames import read_parquet
from whynet.data.protocol import Problem
from whynet.data.table import Say, Table
from whynet.data.targets import target_names, target_of, targets_like
from whynet.errors import BadFile, UsageError, WhynetError
from whynet.types import Array

ENDINGS = (*csvs.ENDINGS, ".parquet")
HELD_BACK = 5  # one row of so many is a test row
PREVIEW = 5


class Held(NamedTuple):
    """Row numbers to train on and to test on.

    >>> Held(np.array([0, 2, 3]), np.array([1])).test
    array([1])
    """

    train: Array
    test: Array


def is_table(path: Path) -> bool:
    """Whether a file is a table by the ending of its name.

    >>> is_table(Path("prices.CSV")), is_table(Path("recipe.toml"))
    (True, False)
    """
    return path.name.lower().endswith(ENDINGS)


def read_table(path: Path, texts: tuple[str, ...] = ()) -> Table:
    """The table in a file, whatever it is called; columns named in `texts` are read as they are written.

    >>> read_table(Path("nowhere.csv"))
    Traceback (most recent call last):
    whynet.errors.BadFile: the file cannot be read: No such file or directory (in nowhere.csv)

    Raises
    ------
    BadFile
        It is no table.
    ResourceError
        polars is needed and not there, or the table is larger than the memory.
    """
    return read_parquet(path) if path.name.lower().endswith(".parquet") else read_csv(path, texts)


def load_table(
    path: Path,
    *,
    target: str | None = None,
    problem: str = "auto",
    missing: str = "refuse",
    say: Say = lambda _: None,
) -> Dataset:
    """A file's rows to train on, with a fifth of them as `test`.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "fruit.csv"
    >>> _ = path.write_text("weight,colour,kind\\n" + "150,red,apple\\n120,yellow,lemon\\n" * 20)
    >>> data = load_table(path, target="kind", say=print)
    Target 'kind': 2 different texts: classes.
    A fifth of the rows, 8 of 40, is held back to test on.
    >>> data.X.names, data.classes, len(data), len(data.test)
    (('weight', 'colour=red', 'colour=yellow'), ('apple', 'lemon'), 32, 8)

    Raises
    ------
    UsageError
        No target is given.
    BadFile
        The file is not what it should be.
    ResourceError
        See `read_table`.
    """
    return dataset_of(read_table(path), target, problem, missing, name=path.name, source=str(path), say=say)


def dataset_of(
    table: Table,
    target: str | None,
    problem: str = "auto",
    missing: str = "refuse",
    *,
    name: str = "table",
    source: str = "",
    say: Say = lambda _: None,
) -> Dataset:
    """The rows of a table to train on, with a fifth of them as `test`.

    >>> from whynet.data.table import Cells
    >>> sizes, prices = Cells.of("size", ["1", "2", "3", "4", "6"]), Cells.of("price", ["3", "5", "7", "9", "13"])
    >>> data = dataset_of(Table((sizes, prices), range(2, 7)), "price")
    >>> data.problem.kind, len(data), len(data.test), data.X.encoding.names
    ('regression', 4, 1, ('size',))

    Raises
    ------
    UsageError, BadFile
        See `load_table`.
    """
    names = target_names(target, table.names, table.where)
    kind, y = target_of(table.only(names), problem, say)
    features = table.without(names)
    held = hold_back(y, kind, say, table.where)
    encoding = replace(fit_columns(features, held.train, missing, say), targets=names)
    return encoded(encoding, features, kind, y, held, name=name, source=source, say=say)


def encoded(
    encoding: Columns,
    table: Table,
    problem: Problem,
    y: Array,
    held: Held,
    *,
    name: str,
    source: str,
    say: Say = lambda _: None,
) -> Dataset:
    """The data set of columns whose encoding is known.

    >>> from whynet.data.table import Cells
    >>> table = Table((Cells.of("size", ["1", "2", "3"]),), range(2, 5))
    >>> held = Held(np.array([0, 2]), np.array([1]))
    >>> encoded(fit_columns(table), table, ("no", "yes"), np.array([0, 1, 1]), held, name="sizes", source="").X.names
    ('size',)
    """
    features = FloatFeatures(encoding.transform(table, say), encoding.names, encoding)
    return halves(features, y, problem, held, name=name, source=source)


def halves(X: ByteImages | FloatFeatures, y: Array, problem: Problem, held: Held, *, name: str, source: str) -> Dataset:
    """The rows to train on with those to test on.

    >>> X = FloatFeatures(np.arange(3.0)[:, None])
    >>> len(halves(X, np.array([0, 1, 1]), ("a", "b"), Held(np.array([0, 2]), np.array([1])), name="", source=""))
    2
    """
    test = Dataset(X.take(held.test), y[held.test], name, problem, None, source)
    return Dataset(X.take(held.train), y[held.train], name, problem, test, source)


def hold_back(y: Array, problem: Problem, say: Say = lambda _: None, where: str = "") -> Held:
    """A fifth of the rows to test on, of each class by its share; which ones depends on the targets alone.

    >>> from whynet.data.problem import Classification
    >>> hold_back(np.array([0, 1] * 5), Classification(("a", "b")), print).test
    A fifth of the rows, 2 of 10, is held back to test on.
    array([8, 9])

    Raises
    ------
    BadFile
        There are fewer than two rows.
    """
    if len(y) < 2:
        raise BadFile(
            "one row can be trained on or tested on, not both", where=where or None, expected="two rows or more",
            found=f"{len(y)}",
        )  # fmt: skip
    size = max(1, len(y) // HELD_BACK)
    numbers = FloatFeatures(np.arange(len(y), dtype=np.float64)[:, np.newaxis])
    rest, test = Dataset(numbers, y, problem=problem).split(size, seed=0)
    say(f"A fifth of the rows, {size:,} of {len(y):,}, is held back to test on.")
    return Held(rest.inputs[:, 0].astype(np.intp), test.inputs[:, 0].astype(np.intp))


def described(path: Path) -> dict[str, Any]:
    """What a file holds, before anything is to be predicted: each column's kind and missing cells, the first rows.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "fruit.csv"
    >>> _ = path.write_text("weight,colour\\n150,red\\n,yellow\\n")
    >>> found = described(path)
    >>> found["rows"], found["columns"][0]
    (2, {'name': 'weight', 'kind': 'number', 'missing': 1, 'different': 1, 'note': None})
    >>> found["first"][1]
    [None, 'yellow']

    Raises
    ------
    BadFile
        It is no table.
    """
    table = read_table(path)
    columns = []
    for cells in table.columns:
        missing, note = int(cells.missing.sum()), None
        try:
            kind: str | None = "empty" if missing == len(cells) else kind_of(cells, table)
        except WhynetError as error:
            kind, note = None, error.message
        columns.append(
            {"name": cells.name, "kind": kind, "missing": missing, "different": len(cells.different()), "note": note}
        )
    first = [cells.take(slice(0, PREVIEW)).spelt() for cells in table.columns]
    return {"rows": len(table), "columns": columns, "first": [list(row) for row in zip(*first, strict=True)]}


def features_of_file(path: Path, encoding: Columns, say: Say = lambda _: None) -> tuple[Array, Table]:
    """The rows of a file as a network was trained on such rows, (n, features), and the table that they were.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "fruit.csv"
    >>> _ = path.write_text("colour,weight\\nred,150\\n")
    >>> from whynet.data.columns import Column
    >>> columns = Columns((Column("weight", "number"), Column("colour", "words", None, ("green", "red"))))
    >>> features_of_file(path, columns)[0]
    array([[150.,   0.,   1.]])

    Raises
    ------
    BadFile
        A column is missing, or not as it was.
    """
    table = read_table(path, encoding.texts)
    return encoding.transform(table, say), table


def load_like(path: Path, encoding: Columns, problem: Problem, say: Say = lambda _: None) -> Dataset:
    """All rows of a file as a network was trained on such rows, with what is to be predicted: to test it on them.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "fruit.csv"
    >>> _ = path.write_text("kind,weight\\nlemon,150\\n")
    >>> from whynet.data.columns import Column
    >>> from whynet.data.problem import Classification
    >>> encoding = Columns((Column("weight", "number"),), ("kind",))
    >>> load_like(path, encoding, Classification(("apple", "lemon"))).labels
    array([1])

    Raises
    ------
    BadFile
        A column is missing, or not as it was.
    """
    table = read_table(path, (*encoding.texts, *(encoding.targets if problem.kind == "classification" else ())))
    y = targets_like(table.only(encoding.targets), problem)
    features = FloatFeatures(encoding.transform(table, say), encoding.names, encoding)
    return Dataset(features, y, path.name, problem, None, str(path))


def check_missing(missing: str) -> None:
    """Refuse a word that is no way to treat missing cells.

    >>> check_missing("median")

    Raises
    ------
    UsageError
        Which ones there are.
    """
    if missing not in ("refuse", "median"):
        raise UsageError(f"missing cells cannot be treated by '{missing}'", expected="refuse or median")
