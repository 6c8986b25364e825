"""In a notebook: `%load_ext whynet`, and then `%%diagnose` before a cell says which of its lines is wrong.

The cell runs in a process of its own, after the cells that ran before it, as one program in a copy of the notebook's
folder. Nothing of what it does reaches the notebook.
"""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

from whynet.doctor.diagnosis import Diagnosis
from whynet.errors import BadFile, UsageError
from whynet.subjects.program.diagnose import SECONDS
from whynet.subjects.program.notebook import Source, of_texts
from whynet.subjects.program.rewrite import NAME
from whynet.subjects.program.verdict import diagnosis_of
from whynet.subjects.program.xray import examine

MAGIC = "diagnose"
CELL = "notebook"


class _Options(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UsageError(f"%%{MAGIC} does not know that", expected="%%diagnose [--seconds N] [-q]", found=message)


def load(shell: Any) -> None:
    """Register the magic with a shell of IPython."""
    failed: set[int] = set()

    def note(result: Any) -> None:
        if not result.success and result.execution_count:
            failed.add(result.execution_count)

    def diagnose(line: str, cell: str) -> Diagnosis | None:
        try:
            return diagnosed(line, cell, _before(shell, failed), shell.execution_count)
        except (UsageError, BadFile) as error:
            print(error, file=sys.stderr)
            return None

    shell.events.register("post_run_cell", note)
    shell.register_magic_function(diagnose, magic_kind="cell", magic_name=MAGIC)


def _before(shell: Any, failed: set[int]) -> dict[int, str]:
    """The cells that ran before this one, by their numbers, without those that failed or were only diagnosed."""
    raw = shell.history_manager.input_hist_raw
    cells = {number: text for number, text in enumerate(raw) if 0 < number < shell.execution_count}
    return {
        number: text
        for number, text in cells.items()
        if number not in failed and not text.lstrip().startswith(f"%%{MAGIC}")
    }


def diagnosed(line: str, cell: str, before: Mapping[int, str], number: int) -> Diagnosis:
    """Run a cell after others, and say what is wrong in it.

    >>> cell = '''for step in range(100):
    ...     error = X @ w - y
    ...     w = w + 0.1 * X.T @ error / 20
    ... '''
    >>> data = '''import numpy as np
    ... X = np.random.randn(20, 3)
    ... y, w = X @ np.array([1.0, -2.0, 0.5]), np.zeros(3)
    ... '''
    >>> found = diagnosed("-q", cell, {1: data}, 2)
    >>> found.verdict[0].cause, found.verdict[0].where.file, found.verdict[0].where.line
    ('gradient-sign-flipped', 'notebook, cell 2', 4)

    Raises
    ------
    UsageError, BadFile
        An option is unknown, or the cells are not Python.
    """
    options = _Options(add_help=False)
    options.add_argument("--seconds", type=float, default=SECONDS)
    options.add_argument("-q", dest="quiet", action="store_true")
    asked = options.parse_args(shlex.split(line))
    source = of_texts({**before, number: f"%%{MAGIC} {line}\n{cell}"}, CELL)
    # what was trained before is only repeated, and not recorded: it is this cell that is asked about
    rows, first = source.text.split("\n"), next(i for i, (of, _) in enumerate(source.cells) if of == number)
    rows[first] = f"vars({NAME}).pop('tick', None)"
    rows.insert(0, f"{NAME}.tick = lambda loop: False")
    source = Source("\n".join(rows), CELL, ((0, 0), *source.cells))
    try:
        compile(source.text, CELL, "exec")
    except (SyntaxError, ValueError) as error:
        place, within = source.where(getattr(error, "lineno", 0) or 0)
        raise BadFile("a cell is not valid Python", where=f"{place}, line {within}", found=str(error)) from error
    path = Path(CELL).absolute()
    seen = examine(path, (), asked.seconds, echo=not asked.quiet, text=source.text)
    return diagnosis_of(seen, source, Path(CELL))
