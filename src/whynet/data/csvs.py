"""CSV files -> tables. Python's own reader takes them apart: it says in which line a row is too short, where faster
ones fill it up in silence.

A column is numbers if all its cells are, or are missing; else it is texts, and what that means is decided elsewhere.
"""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import IO

import numpy as np

from whynet.data import memory
from whynet.data.idx import LOOKS_LIKE
from whynet.data.table import Cells, Table, as_numbers, as_texts, check_names
from whynet.errors import BadFile
from whynet.types import Array

ENDINGS = (".csv", ".tsv", ".csv.gz", ".tsv.gz")
PIECE = 20_000  # rows that are read before they are made into numbers
BYTES_OF_A_ROW = 200  # of memory, whatever is in it
TIMES = 4  # a cell of few characters becomes a number of eight bytes, and both exist for a moment


def read_csv(path: Path, texts: Collection[str] = ()) -> Table:
    """The table in a `.csv` or `.tsv` file, gzipped or not; columns named in `texts` stay as they are written.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "people.csv"
    >>> _ = path.write_text("age,colour\\n31,red\\n,blue\\n")
    >>> table = read_csv(path)
    >>> table["age"].numbers, table["colour"].texts, table.lines
    (array([31., nan]), ['red', 'blue'], [2, 3])

    Raises
    ------
    BadFile
        It is no such file, or its rows do not fit its first line; the row is named.
    ResourceError
        It is too large for this machine's memory.
    """
    lines = np.empty(0, dtype=np.intp)
    try:
        with _opened(path) as (stream, delimiter):
            reader = csv.reader(stream, delimiter=delimiter, strict=True)
            try:
                names, lines, columns = _columns(reader, path, frozenset(texts))
            except csv.Error as error:
                raise BadFile(
                    f"this row cannot be taken apart: {error}",
                    where=f"{path}, row {reader.line_num:,}",
                    do="A text with a quotation mark in it is written with two of them, between quotation marks",
                ) from None
    except UnicodeDecodeError:
        raise _no_utf8(path) from None
    except EOFError:
        raise BadFile("the gzip data end too early", where=str(path), do="Fetch the file again") from None
    except (OSError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or error
        raise BadFile(f"the file cannot be read: {reason}", where=str(path)) from None
    mixed = {
        name
        for name, pieces in zip(names, columns, strict=True)
        if len({isinstance(piece, list) for piece in pieces}) > 1
    }
    if mixed:  # numbers at first, texts later: of the numbers nobody knows any more how they were written
        return read_csv(path, {*texts, *mixed})
    cells = []
    for name, pieces in zip(names, columns, strict=True):
        if pieces and isinstance(pieces[0], list):
            cells.append(Cells(name, texts=list(chain.from_iterable(pieces))))
        else:
            cells.append(Cells(name, np.concatenate([np.empty(0), *pieces])))
    return Table(tuple(cells), lines.tolist(), str(path)).checked()


def _columns(
    reader: Iterator[list[str]], path: Path, texts: frozenset[str]
) -> tuple[list[str], Array, list[list[Array | list[str | None]]]]:
    """The columns' names, the line of each row, and the pieces of each column."""
    names: list[str] = []
    columns: list[list[Array | list[str | None]]] = []
    rows: list[list[str]] = []
    lines: list[int] = []
    size = 0

    def keep() -> None:
        nonlocal size
        if not rows:
            return
        size += sum(map(len, map("".join, rows)))
        if path.suffix.lower() == ".gz":  # only now is it known how much was in it
            memory.check(TIMES * size + BYTES_OF_A_ROW * len(lines), str(path))
        for name, column, cells in zip(names, columns, zip(*rows, strict=True), strict=True):
            numbers = None if name in texts else as_numbers(cells)
            column.append(as_texts(cells) if numbers is None else numbers)
        rows.clear()

    for row in reader:
        if not row:
            continue  # a blank line
        if not names:
            names = [name.strip() for name in row]
            check_names(names, str(path))
            columns = [[] for _ in names]
            continue
        if len(row) != len(names):
            raise BadFile(
                f"a row is too {'short' if len(row) < len(names) else 'long'}",
                where=f"{path}, row {_line(reader):,}",
                expected=f"{len(names):,} cells, as many as the first line has",
                found=f"{len(row):,}",
                do="A comma within a text? Put the text between quotation marks",
            )
        rows.append(row)
        lines.append(_line(reader))
        if len(rows) == PIECE:
            keep()
    keep()
    if not names:
        raise BadFile(
            "this table is empty", where=str(path), expected="a line with the columns' names, and rows below it",
            found="nothing",
        )  # fmt: skip
    return names, np.array(lines, dtype=np.intp), columns


def _line(reader: Iterator[list[str]]) -> int:
    return int(reader.line_num)  # type: ignore[attr-defined]


@contextmanager
def _opened(path: Path) -> Iterator[tuple[IO[str], str]]:
    """The file's text, and what stands between two cells."""
    if path.is_dir():
        raise BadFile("this is a folder, not a table", where=str(path), do="Give the file in it")
    if path.suffix.lower() != ".gz":
        size = path.stat().st_size
        memory.check(TIMES * size, str(path))
    unpacked = gzip.open if path.suffix.lower() == ".gz" else open
    with unpacked(path, "rb") as binary:
        start = binary.read(1 << 16)
    _check_start(start, path)
    first = start.split(b"\n", 1)[0]
    with unpacked(path, "rb") as binary, io.TextIOWrapper(binary, "utf-8-sig", newline="") as stream:
        tabs = path.name.lower().removesuffix(".gz").endswith(".tsv") or (b"\t" in first and b"," not in first)
        yield stream, "\t" if tabs else ";" if b";" in first and b"," not in first else ","


def _check_start(start: bytes, path: Path) -> None:
    """Refuse what is plainly no text."""
    likely = next((what for begins, what in LOOKS_LIKE if start.startswith(begins) and what != "text"), None)
    if likely is not None and (b"\0" in start or start.startswith(b"<")):
        raise BadFile("this is no table", where=str(path), expected="text, a row a line", found=likely)
    if b"\0" in start:
        raise BadFile(
            "this is no text", where=str(path), expected="a table as text (CSV), a row a line",
            found="bytes that are 0", do="Save it again as CSV, in UTF-8",
        )  # fmt: skip


def _no_utf8(path: Path) -> BadFile:
    """What is said of bytes that are no UTF-8; the first line with some is looked for."""
    unpacked = gzip.open if path.suffix.lower() == ".gz" else open
    with unpacked(path, "rb") as stream:
        for number, line in enumerate(stream, 1):
            try:
                line.decode("utf-8")
            except UnicodeDecodeError as error:
                found = f"{bytes(line)[error.start : error.start + 4].hex(' ')} in row {number:,}"
                break
        else:
            found = "other bytes"
    return BadFile(
        "this text is not UTF-8", where=str(path), expected="UTF-8", found=found,
        do="Save the file again in UTF-8 (in a spreadsheet: CSV UTF-8)",
    )  # fmt: skip
