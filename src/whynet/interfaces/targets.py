"""Targets out of a file: numbers one a line, a column of a CSV file, or an array."""

from __future__ import annotations

import csv
import math
from pathlib import Path

from whynet import files
from whynet.errors import BadFile, UsageError, did_you_mean

LARGEST = 1 << 28  # bytes
DELIMITERS = (",", "\t", ";")


def read_targets(path: Path, column: str | None = None) -> list[list[float]]:
    """The targets in a file, a row of numbers each: `.npy`, or text with a number a line or columns.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "houses.csv"
    >>> _ = path.write_text("rooms,price\\n3,210.5\\n4,300\\n")
    >>> read_targets(path, "price")
    [[210.5], [300.0]]

    Raises
    ------
    BadFile
        It cannot be read, or a cell is no number.
    UsageError
        There are several columns, and none is named.
    """
    if path.suffix.lower() == ".npy":
        return _array(path, column)
    try:
        text = files.read(path, LARGEST).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BadFile("this is no text", where=str(path), expected="numbers, one a line, or a CSV file") from None
    lines = [line for line in text.splitlines() if line.strip()]
    if not lines:
        raise BadFile("there is no target in this file", where=str(path), expected="numbers, one a line")
    delimiter = next((one for one in DELIMITERS if one in lines[0]), ",")
    rows = list(csv.reader(lines, delimiter=delimiter))
    head = None if all(_is_number(cell) for cell in rows[0]) else [cell.strip() for cell in rows[0]]
    place = _place(path, head, len(rows[0]), column)
    if len(rows) == (head is not None):
        raise BadFile("there is no target in this file", where=str(path), expected="rows after the names")
    return [
        [_number(path, row, place, line)] for line, row in enumerate(rows[head is not None :], 1 + (head is not None))
    ]


def _place(path: Path, head: list[str] | None, width: int, column: str | None) -> int:
    """Which column is meant."""
    if column is not None and head is None:
        raise UsageError("the columns have no names", where=str(path), do="Leave out --target, or add a line of names")
    if column is not None and head is not None:
        if column not in head:
            raise UsageError(f"there is no column '{column}'", where=str(path), do=did_you_mean(column, head))
        return head.index(column)
    if width != 1:
        listed = ", ".join(head[:20]) if head else f"{width} columns without names"
        raise UsageError("which column holds the targets?", where=str(path), found=listed, do="Use --target COLUMN")
    return 0


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _number(path: Path, row: list[str], place: int, line: int) -> float:
    cell = row[place].strip() if place < len(row) else ""
    value = float(cell) if _is_number(cell) else math.nan
    if not math.isfinite(value):
        raise BadFile("a target is no finite number", where=f"{path}, line {line:,}", found=repr(cell[:40]))
    return value


def _array(path: Path, column: str | None) -> list[list[float]]:
    import numpy as np

    if column is not None:
        raise UsageError("an array has no columns with names", where=str(path), do="Leave out --target")
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
        numbers = np.asarray(array, dtype=np.float64)
    except (OSError, ValueError, EOFError, TypeError) as error:
        raise BadFile(f"this array cannot be read: {error}", where=str(path), expected="numbers (n,)") from None
    if numbers.ndim not in (1, 2) or not numbers.size:
        raise BadFile("these are no targets", where=str(path), expected="numbers (n,)", found=f"shape {numbers.shape}")
    if not np.isfinite(numbers).all():
        row = int(np.argwhere(~np.isfinite(numbers.reshape(len(numbers), -1)))[0][0])
        raise BadFile("a target is no finite number", where=f"{path}, row {row:,}")
    found: list[list[float]] = numbers.reshape(len(numbers), -1).tolist()
    return found
