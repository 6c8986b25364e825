"""A notebook as one program: its code cells in their order, and the way back from a line to its cell."""

from __future__ import annotations

import ast
import io
import json
import tokenize
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from whynet.errors import BadFile, UsageError

MAGIC = ("%", "!", "?")
LARGEST = 50 << 20
"""Bytes: a program's text is small; a notebook may hold pictures."""


@dataclass(frozen=True)
class Source:
    """A program's text, and whence its lines come.

    >>> Source("x = 1", "train.py").where(1), Source("x = 1", "a.ipynb", ((2, 1),)).where(1)
    (('train.py', 1), ('a.ipynb, cell 2', 1))
    """

    text: str
    name: str
    cells: tuple[tuple[int, int], ...] = ()
    """Of each line of a notebook's program, the number of its code cell and the line within it."""

    def where(self, line: int) -> tuple[str, int]:
        """The file, or the cell, and the line in it."""
        if not 0 < line <= len(self.cells):
            return self.name, line
        cell, within = self.cells[line - 1]
        return f"{self.name}, cell {cell}", within

    def line(self, line: int) -> str:
        """The text of a line; empty if there is none."""
        lines = self.text.split("\n")
        return lines[line - 1].strip() if 0 < line <= len(lines) else ""


def read_source(path: Path) -> Source:
    """The text of a program or notebook, which must be Python.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "a.ipynb"
    ...     _ = file.write_text('{"cells": [{"cell_type": "code", "source": ["%matplotlib inline\\\\n", "x = 1"]}]}')
    ...     read_source(file).text
    'pass  # %matplotlib inline\\nx = 1\\n'

    Raises
    ------
    UsageError, BadFile
        There is no such file, or it is not Python.
    """
    if not path.is_file():
        raise UsageError("there is no such program", expected="a file of Python source or a notebook", found=str(path))
    try:
        data = path.read_bytes() if path.stat().st_size <= LARGEST else b""
    except OSError as error:
        raise BadFile("the program cannot be read", where=str(path), found=error.strerror) from error
    if path.stat().st_size > LARGEST:
        raise BadFile("this is too large for a program", where=str(path), expected=f"at most {LARGEST >> 20} MB")
    source = _of_cells(data, path) if path.suffix.lower() == ".ipynb" else Source("", path.name)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(source.text if source.cells else data, path.name)
            text = "" if source.cells else decoded(data)  # `ast` does not read comments
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise _not_python(error, path, source) from error
    return source if source.cells else Source(text, path.name)


def imported(source: Source) -> set[str]:
    """The libraries that a program imports, with their rooms.

    >>> sorted(imported(Source("import torch.nn as nn\\nfrom sklearn.neural_network import MLPClassifier", "a.py")))
    ['sklearn', 'sklearn.neural_network', 'torch', 'torch.nn']
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        nodes = list(ast.walk(ast.parse(source.text)))
    whole = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    whole |= {node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module and not node.level}
    return whole | {name.partition(".")[0] for name in whole}


def runs_text(source: Source) -> int:
    """The line where a program runs a text as a program, which is no part of it; 0 if none does.

    >>> runs_text(Source("x = 1\\nexec('y = 2')", "train.py"))
    2
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        nodes = list(ast.walk(ast.parse(source.text)))
    called = [node for node in nodes if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)]
    return next((node.lineno for node in called if isinstance(node.func, ast.Name) and node.func.id == "exec"), 0)


def decoded(data: bytes) -> str:
    """A source text in the encoding that it names, or UTF-8.

    >>> decoded(b"# -*- coding: latin-1 -*-\\nname = 'K\\xe4se'")[-5:]
    "Käse'"
    """
    encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
    return io.TextIOWrapper(io.BytesIO(data), encoding).read()


def _not_python(error: Exception, path: Path, source: Source) -> BadFile:
    line = getattr(error, "lineno", None) or 0
    file, within = source.where(line)
    said = getattr(error, "msg", None) or str(error) or type(error).__name__
    if "decode" in said or "utf-8" in said.lower() or "encoding" in said:
        return BadFile(
            "the program's text is not UTF-8", where=str(path), found=said,
            do='Save it as UTF-8, or name its encoding in the first line: "# -*- coding: latin-1 -*-"',
        )  # fmt: skip
    where = f"{path}, line {line}" if not source.cells else f"{path.parent / file}, line {within}"
    return BadFile("the program is not valid Python", where=where if line else str(path), found=said)


def _of_cells(data: bytes, path: Path) -> Source:
    try:
        whole = json.loads(data)
        cells = whole["cells"] if "cells" in whole else whole["worksheets"][0]["cells"]
        texts = [_text(cell) for cell in cells if cell["cell_type"] == "code"]
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError) as error:
        raise BadFile("this is no notebook", where=str(path), expected="JSON with cells", found=str(error)) from error
    source = of_texts(dict(enumerate(texts, 1)), path.name)
    if not source.cells:
        raise BadFile("there is no code in this notebook", where=str(path))
    return source


def of_texts(texts: Mapping[int, str], name: str) -> Source:
    """Cells, by their numbers, as one program; magics are skipped, and `%%diagnose` before a cell is one of them.

    >>> source = of_texts({3: "%matplotlib inline\\nx = 1", 4: "%%diagnose\\ny = x"}, "notebook")
    >>> source.text
    'pass  # %matplotlib inline\\nx = 1\\npass  # %%diagnose\\ny = x\\n'
    >>> source.where(4)
    ('notebook, cell 4', 2)
    """
    lines: list[str] = []
    places: list[tuple[int, int]] = []
    for number, text in texts.items():
        rows = text.replace("\r\n", "\n").removesuffix("\n").split("\n")
        first = next((row.strip() for row in rows if row.strip()), "")
        other = first.startswith("%%") and not _is_python(first)
        magic = other or not _parses(text)
        for within, row in enumerate(rows, 1):
            lines.append(f"pass  # {row}" if other else _plain(row) if magic else row)
            places.append((number, within))
    return Source("\n".join(lines) + "\n", name, tuple(places))


def _text(cell: dict[str, Any]) -> str:
    source = cell.get("source", cell.get("input", ""))
    return source if isinstance(source, str) else "".join(source)


def _parses(text: str) -> bool:
    """Whether a cell is Python as it stands: then a `%` at the beginning of a line is a remainder."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def _is_python(magic: str) -> bool:
    """Whether a cell with this magic is Python that runs all the same."""
    return magic.split()[0] in ("%%time", "%%timeit", "%%capture", "%%prun", "%%diagnose")


def _plain(row: str) -> str:
    """A line without its magic; `pass` keeps the block that it stands in."""
    bare = row.lstrip()
    if bare.startswith("%time "):
        return row.replace("%time ", "", 1)
    if bare.startswith(MAGIC) or (bare.endswith("?") and bare.rstrip("?").replace(".", "").isidentifier()):
        return f"{row[: len(row) - len(bare)]}pass  # {bare}"
    return row
