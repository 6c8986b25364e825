"""Frames of pandas and polars, and Parquet files -> tables.

Neither library is imported here but for Parquet: a frame is known by where its type comes from, and read by its own
methods.
"""

from __future__ import annotations

import datetime
import numbers
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np

from whynet.data import memory
from whynet.data.table import Cells, Table, check_names
from whynet.errors import BadFile, ResourceError, UsageError
from whynet.types import Array

MOST_PACKED = 1_000  # a file that claims so many times its own size, and much of it, claims too much
MUCH = 100_000_000  # bytes
READ = "import sys, polars; polars.read_parquet(sys.argv[1], glob=False, hive_partitioning=False)"


def is_frame(thing: Any) -> bool:
    """Whether this is a frame of pandas or polars.

    >>> is_frame(np.zeros((2, 2)))
    False
    """
    kind = type(thing)
    return kind.__module__.partition(".")[0] in ("pandas", "polars") and kind.__name__.endswith("Frame")


def table_of(frame: Any, where: str = "the frame", first: int = 0) -> Table:
    """The columns of a frame; `first` is the number of its first row in messages.

    >>> import polars
    >>> table = table_of(polars.DataFrame({"age": [31, None], "well": [True, False]}))
    >>> table["age"].numbers, table["well"].texts
    (array([31., nan]), ['true', 'false'])

    Raises
    ------
    BadFile
        A column holds something else than numbers and texts.
    UsageError
        It is a frame that holds no rows yet.
    """
    if type(frame).__name__ == "LazyFrame":
        raise UsageError("a LazyFrame holds no rows yet", do="Give frame.collect()")
    names = [str(name) for name in frame.columns]
    check_names(names, where)
    rows = range(first, first + len(frame))
    empty = Table((), rows, where)
    columns = [cells_of(name, frame[label], empty) for name, label in zip(names, frame.columns, strict=True)]
    return Table(tuple(columns), rows, where).checked()


def cells_of(name: str, values: Any, table: Table) -> Cells:
    """A column from an array or a series, whatever its type; errors say where it stands in the table.

    >>> cells_of("y", np.array([True, False]), Table((), range(2))).texts
    ['true', 'false']

    Raises
    ------
    BadFile
        It holds something else than numbers, texts, truth values and dates.
    """
    array = np.asarray(values.to_numpy() if hasattr(values, "to_numpy") else values)
    if array.dtype.kind in "fiu":
        return Cells(name, array.astype(np.float64))
    if array.dtype.kind == "b":
        return Cells(name, texts=["true" if one else "false" for one in array.tolist()])
    if array.dtype.kind == "M":
        texts = np.datetime_as_string(array, unit="s").tolist()
        return Cells(name, texts=[None if text == "NaT" else text for text in texts])
    if array.dtype.kind == "S":
        array = np.char.decode(array, "utf-8", "replace")
    found = array.tolist() if array.dtype.kind in "UT" else array.astype(object).tolist()
    return _of_objects(name, found, _missing(values, found), table)


def _missing(values: Any, found: list[Any]) -> list[bool]:
    """Where a series or an array of objects has nothing, as its own library sees it."""
    for method in ("is_null", "isna"):
        if hasattr(values, method):
            return [bool(one) for one in np.asarray(getattr(values, method)())]
    return [one is None or (isinstance(one, float) and one != one) for one in found]


def _of_objects(name: str, found: list[Any], missing: list[bool], table: Table) -> Cells:
    texts = []
    for row, (one, without) in enumerate(zip(found, missing, strict=True)):
        if without or one is None:
            texts.append("")
        elif isinstance(one, (bool, np.bool_)):
            texts.append("true" if one else "false")
        elif isinstance(one, str):
            texts.append(one)
        elif isinstance(one, numbers.Real) or type(one).__name__ == "Decimal":
            texts.append(repr(float(one)))
        elif isinstance(one, (datetime.date, datetime.time)):
            texts.append(one.isoformat()[:19])
        else:
            raise table.bad(
                "a cell is neither a number nor a text", name, row, found=f"a {type(one).__name__}",
                do="Remove the column, or make numbers of it",
            )  # fmt: skip
    return Cells.of(name, texts)


def read_parquet(path: Path) -> Table:
    """The table in a Parquet file; rows are counted from 1.

    >>> import polars, tempfile
    >>> path = Path(tempfile.mkdtemp()) / "people.parquet"
    >>> polars.DataFrame({"age": [31.0, 40.0]}).write_parquet(path)
    >>> read_parquet(path)["age"].numbers
    array([31., 40.])

    Raises
    ------
    BadFile
        It is no Parquet file, or claims more than it can hold.
    ResourceError
        polars is not installed, or the table is larger than the memory.
    """
    try:
        import polars as pl
    except ImportError:
        raise ResourceError(
            "Parquet files are read by polars, which is not installed", where=str(path),
            do="Install it with: pip install polars; or save the table as CSV",
        ) from None  # fmt: skip
    if path.is_dir():
        raise BadFile("this is a folder, not a table", where=str(path), do="Give a file in it")
    try:
        size = path.stat().st_size
        rows = pl.scan_parquet(path, glob=False, hive_partitioning=False)
        columns, claimed = len(rows.collect_schema()), int(rows.select(pl.len()).collect().item())
        _check_size(8 * claimed * columns, size, path)
        _check_elsewhere(path)
        frame = pl.read_parquet(path, glob=False, hive_partitioning=False)
    except (BadFile, ResourceError, MemoryError):
        raise
    except OSError as error:
        raise BadFile(f"the file cannot be read: {error.strerror or error}", where=str(path)) from None
    except (Exception, pl.exceptions.PanicException) as error:  # whatever it says of bytes that it does not understand
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise BadFile("this is no sound Parquet file", where=str(path), found=reason[:200]) from None
    if frame.height != claimed:
        raise BadFile(
            "the file does not hold the rows that its header claims", where=str(path), expected=f"{claimed:,} rows",
            found=f"{frame.height:,}", do="Fetch or write the file again",
        )  # fmt: skip
    return table_of(frame, str(path), first=1)


def _check_size(needed: int, size: int, path: Path) -> None:
    if needed > max(MOST_PACKED * size, MUCH):
        raise BadFile(
            "the header claims more than the file can hold", where=str(path),
            expected=f"at most {memory.in_words(MOST_PACKED * size)} in {memory.in_words(size)}",
            found=memory.in_words(needed), do="Fetch or write the file again",
        )  # fmt: skip
    memory.check(2 * needed, str(path))


def _check_elsewhere(path: Path) -> None:
    """Read the file in another process first: one whose pages claim absurd sizes takes that process down, not this."""
    done = subprocess.run([sys.executable, "-P", "-c", READ, str(path)], capture_output=True, check=False)
    if done.returncode not in (0, 1):  # 1: an exception, which the same call here says in its words
        raise BadFile(
            "this is no sound Parquet file", where=str(path), found="pages that cannot be read",
            do="Fetch or write the file again",
        )  # fmt: skip


def rows_in_memory(X: Any) -> Array:
    """Whatever holds numbers as an array; sparse matrices are written out.

    >>> rows_in_memory([[1, 2], [3, 4]]).shape
    (2, 2)

    Raises
    ------
    UsageError
        It holds something else.
    """
    try:
        array = np.asarray(X.toarray() if hasattr(X, "toarray") else X)
        if array.dtype.kind == "O":
            array = array.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise UsageError(f"this is no array of numbers: {error}", found=type(X).__name__) from None
    return array
