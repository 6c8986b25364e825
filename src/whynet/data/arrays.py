"""Arrays of people's own: an `.npz` file, `(X, y)`, or what scikit-learn's loaders return.

X    (n, features) numbers, or (n, rows, columns) and (n, rows, columns, channels) bytes: pictures
y    (n,) whole numbers or texts: classes; numbers: a regression; (n, several): labels, or several numbers
"""

from __future__ import annotations

import math
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

import numpy as np

from whynet.data import memory
from whynet.data.columns import Column, Columns
from whynet.data.dataset import Dataset
from whynet.data.features import ByteImages, FloatFeatures, features_of
from whynet.data.frames import cells_of, is_frame, rows_in_memory, table_of
from whynet.data.problem import Classification
from whynet.data.table import Say, Table
from whynet.data.tables import Held, dataset_of, halves, hold_back
from whynet.data.targets import Target, target_of
from whynet.errors import BadFile, UsageError
from whynet.types import Array

NAMES = (("x_train", "y_train", "x_test", "y_test"), ("x", "y"))
MOST_DEFLATED = 1_100  # how many times smaller zlib can make anything, and a little


def of_arrays(
    X: Any,
    y: Any,
    X_test: Any = None,
    y_test: Any = None,
    *,
    names: Sequence[str] = (),
    classes: Sequence[str] = (),
    problem: str = "auto",
    missing: str = "refuse",
    name: str = "arrays",
    source: str = "",
    say: Say = lambda _: None,
) -> Dataset:
    """The rows of arrays to train on, with those of `X_test` as `test`, or else a fifth of all.

    `names` are those of the features, `classes` those of the classes 0, 1, ...

    >>> data = of_arrays(np.eye(10), np.arange(10) % 2, classes=("even", "odd"))
    >>> data.classes, len(data), len(data.test)
    (('even', 'odd'), 8, 2)

    Raises
    ------
    UsageError, BadFile
        They are no numbers, do not fit each other, or one of them is missing.
    """
    if is_frame(X):
        return _of_frame(X, y, classes, problem, missing, name, source, say)
    both, targets = [features_of(rows_in_memory(X))], [_column(y)]
    if X_test is not None and y_test is not None:
        both.append(features_of(rows_in_memory(X_test)))
        targets.append(_column(y_test))
    for part, of_part in zip(both, targets, strict=True):
        _check_fit(part, of_part, both[0], targets[0], source)
    found = _target(np.concatenate(targets), isinstance(both[0], ByteImages), classes, problem, source, say)
    if len(both) > 1:
        n = len(both[0])
        held = Held(np.arange(n), np.arange(n, n + len(both[1])))
        every = both[0].with_rows(np.concatenate([both[0].rows, both[1].rows]))
    else:
        held, every = hold_back(found.y, found.problem, say, source), both[0]
    if isinstance(every, FloatFeatures):
        every = _filled(every, held, names, missing, source)
    return halves(every, found.y, found.problem, held, name=name, source=source)


def of_bunch(
    bunch: Mapping[str, Any], *, problem: str = "auto", missing: str = "refuse", say: Say = lambda _: None
) -> Dataset:
    """What scikit-learn's `load_...` and `fetch_...` return: `data`, `target`, and the names if there are any.

    >>> bunch = {"data": np.eye(10), "target": np.arange(10) % 2, "target_names": ["even", "odd"]}
    >>> of_bunch(bunch).classes
    ('even', 'odd')

    Raises
    ------
    UsageError, BadFile
        As of any arrays.
    """
    return of_arrays(
        bunch["data"],
        bunch["target"],
        names=_texts(bunch.get("feature_names")),
        classes=_texts(bunch.get("target_names")),
        problem=problem,
        missing=missing,
        name="bunch",
        source="scikit-learn",
        say=say,
    )


def load_npz(path: Path, *, problem: str = "auto", missing: str = "refuse", say: Say = lambda _: None) -> Dataset:
    """The arrays `X` and `y`, or `x_train`, `y_train`, `x_test` and `y_test`, of an `.npz` file.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "pictures.npz"
    >>> np.savez(path, X=np.zeros((20, 4, 4), np.uint8), y=np.arange(20) % 2)
    >>> load_npz(path).images.shape
    (16, 4, 4)

    Raises
    ------
    BadFile
        It is no such file, claims what it does not hold, or lacks an array.
    ResourceError
        It is too large for this machine's memory.
    """
    arrays = read_npz(path)
    for wanted in NAMES:
        if all(name in arrays for name in wanted[:2]):
            given = [arrays.get(name) for name in wanted]
            return of_arrays(*given, problem=problem, missing=missing, name=path.stem, source=str(path), say=say)
    raise BadFile(
        "the arrays that are needed are not in this file", where=str(path),
        expected="X and y, or x_train, y_train, x_test and y_test", found=", ".join(arrays) or "none",
        do="Save them with: np.savez(path, X=X, y=y)",
    )  # fmt: skip


def read_npz(path: Path) -> dict[str, Array]:
    """The arrays of an `.npz` file by their names in small letters; nothing of it is trusted or executed.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "one.npz"
    >>> np.savez(path, A=np.arange(3))
    >>> read_npz(path)
    {'a': array([0, 1, 2])}

    Raises
    ------
    BadFile
        An array is pickled, or its header claims something else than is there.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            infos = {info.filename.removesuffix(".npy").lower(): info for info in archive.infolist()}
            for info in infos.values():
                _check_member(archive, info, path)
            memory.check(sum(info.file_size for info in infos.values()), str(path))
            return {name: _member(archive, info) for name, info in infos.items()}
    except (OSError, EOFError, ValueError, NotImplementedError, RuntimeError, zipfile.BadZipFile, zlib.error) as error:
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise BadFile(f"this .npz file cannot be read: {reason}", where=str(path)) from None


def _member(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Array:
    with archive.open(info) as stream:
        array: Array = np.lib.format.read_array(stream, allow_pickle=False)
    return array


def _check_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, path: Path) -> None:
    """Refuse an array whose header, or whose entry in the zip, claims what the file cannot hold."""
    where = f"{path}, {info.filename}"
    packed = info.compress_size
    most = {zipfile.ZIP_STORED: packed, zipfile.ZIP_DEFLATED: MOST_DEFLATED * packed + 64}.get(info.compress_type, -1)
    if packed > path.stat().st_size or info.file_size > most:
        raise BadFile(
            "the header claims more than the file can hold", where=where,
            expected=f"at most {memory.in_words(max(most, 0))} in {memory.in_words(packed)}",
            found=memory.in_words(info.file_size),
        )  # fmt: skip
    with archive.open(info) as stream:
        shape, dtype = _header(stream, where)
        length = stream.tell()
    if dtype.hasobject:
        raise BadFile(
            "this array is pickled: reading it could run anything", where=where, expected="numbers or texts",
            found="Python objects", do="Save it as numbers: np.savez(path, X=X.astype(float), y=y)",
        )  # fmt: skip
    claimed = math.prod(shape) * dtype.itemsize
    if claimed != info.file_size - length:
        raise BadFile(
            "the header claims another size than the file holds", where=where,
            expected=f"{' x '.join(map(str, shape)) or '1'} = {claimed:,} bytes", found=f"{info.file_size - length:,}",
            do="The file is damaged: fetch or write it again",
        )  # fmt: skip


def _header(stream: IO[bytes], where: str) -> tuple[tuple[int, ...], np.dtype[Any]]:
    try:
        version = np.lib.format.read_magic(stream)
        readers = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
        shape, _, dtype = readers[version](stream)
    except zipfile.BadZipFile:
        raise
    except Exception:  # NumPy parses the header as Python's literals, which can go wrong in many ways
        raise BadFile("this is no array of NumPy's", where=where, expected="a .npy header") from None
    if any(size < 0 for size in shape):
        raise BadFile("the header claims a size below 0", where=where, found=str(shape))
    return shape, dtype


def _column(y: Any) -> Array:
    array = np.asarray(y.to_numpy() if hasattr(y, "to_numpy") else y)
    return array[:, 0] if array.ndim == 2 and array.shape[1] == 1 else array


def _check_fit(
    X: ByteImages | FloatFeatures, y: Array, first: ByteImages | FloatFeatures, of_first: Array, where: str
) -> None:
    if y.ndim not in (1, 2) or len(y) != len(X):
        raise BadFile(
            "X and y do not agree in number", where=where or None, expected=f"{len(X):,} targets for {len(X):,} rows",
            found=" x ".join(map(str, y.shape)) or "one",
        )  # fmt: skip
    if X.shape != first.shape or type(X) is not type(first) or y.shape[1:] != of_first.shape[1:]:
        raise BadFile(
            "rows to train on and to test on differ", where=where or None,
            expected=f"{' x '.join(map(str, first.shape))} of {first.array.dtype}",
            found=f"{' x '.join(map(str, X.shape))} of {X.array.dtype}",
        )  # fmt: skip


def _target(y: Array, pictures: bool, classes: Sequence[str], problem: str, where: str, say: Say) -> Target:
    """The problem; of pictures, whole numbers are classes, however many."""
    rows = Table((), range(len(y)), where)
    if y.ndim == 1:
        if problem == "auto" and y.dtype.kind in "iu" and (pictures or _numbered(y, classes)):
            problem = "classification"
        name = classes[0] if len(classes) == 1 else "y"
        found = target_of(Table((cells_of(name, y, rows),), rows.lines, where), problem, say)
        if isinstance(found.problem, Classification) and _numbered(y, classes):
            return Target(Classification(tuple(classes)), y.astype(np.intp))
        return found
    given = len(classes) == y.shape[1]
    names = tuple(classes) if given else tuple(f"y {place}" for place in range(y.shape[1]))
    one_hot = problem == "auto" and np.isin(y, (0, 1)).all() and (y.sum(axis=1) == 1).all() and y.shape[1] > 1
    if one_hot:
        say(f"Each row of y has a single 1: {y.shape[1]} classes; --problem labels says otherwise.")
        problem = "classification"
        names = names if given else tuple(map(str, range(y.shape[1])))
    columns = tuple(cells_of(name, y[:, place], rows) for place, name in enumerate(names))
    return target_of(Table(columns, rows.lines, where), problem, say)


def _numbered(y: Array, classes: Sequence[str]) -> bool:
    """Whether the labels are the numbers of these classes."""
    return len(classes) > 1 and y.dtype.kind in "iu" and int(y.min()) >= 0 and int(y.max()) < len(classes)


def _filled(X: FloatFeatures, held: Held, names: Sequence[str], missing: str, where: str) -> FloatFeatures:
    """Without missing numbers, and with the names of the columns where they are known."""
    rows, fills = X.rows, [None] * X.rows.shape[1]
    if missing == "median":
        known = np.where(np.isinf(rows), np.nan, rows)[held.train]
        if np.isnan(known).all(axis=0).any():
            column = int(np.flatnonzero(np.isnan(known).all(axis=0))[0])
            raise BadFile("this column is empty in all rows to train on", where=f"{where or 'X'}, column {column}")
        medians = np.nanmedian(known, axis=0)
        fills = medians.tolist()
        rows = np.where(np.isnan(rows), medians, rows).astype(X.array.dtype)
    if X.array.ndim != 2 or len(names) != rows.shape[1]:
        return X.with_rows(rows).checked(where)
    columns = tuple(Column(str(name), "number", fill) for name, fill in zip(names, fills, strict=True))
    return FloatFeatures(rows, tuple(map(str, names)), Columns(columns)).checked(where)


def _of_frame(
    X: Any, y: Any, classes: Sequence[str], problem: str, missing: str, name: str, source: str, say: Say
) -> Dataset:
    """A frame of features beside an array or a series of targets."""
    table = table_of(X, source or "the frame")
    target = str(getattr(y, "name", None) or "y")
    array = np.asarray(y.to_numpy() if hasattr(y, "to_numpy") else y)
    if array.ndim != 1 or len(array) != len(table):
        raise BadFile(
            "X and y do not agree in number", where=source or None, expected=f"{len(table):,} targets, one a row",
            found=" x ".join(map(str, array.shape)) or "one",
        )  # fmt: skip
    if target in table.names:
        raise UsageError(f"the column '{target}' is among the features as well", do="Leave it out there")
    if _numbered(array, classes):
        array = np.array(classes, dtype=object)[array]
    both = Table((*table.columns, cells_of(target, array, table)), table.lines, table.where)
    return dataset_of(both, target, problem, missing, name=name, source=source, say=say)


def _texts(found: Any) -> tuple[str, ...]:
    return () if found is None else tuple(str(one) for one in found)
