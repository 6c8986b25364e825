"""Run somebody's program that trains with a library, in a process of its own, and read what was found there."""

from __future__ import annotations

import contextlib
import json
import re
import resource
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from whynet.doctor.budget import TIMES
from whynet.doctor.diagnosis import UNKNOWN, Diagnosis, Gap
from whynet.errors import UsageError
from whynet.subjects.program.guests.inside import ENDED, FOUND
from whynet.subjects.program.place import place_of
from whynet.subjects.program.run import MEMORY, finished, pass_on, placed, started

PATIENCE = 10.0
"""Seconds in which a program that is asked to stop must do so."""
LATE = 120.0
"""Seconds that a diagnosis may take beyond its budget."""
NAMES = re.compile(
    rb"\b(torch|keras|tensorflow|skorch|lightning|pytorch_lightning|transformers|fastai|accelerate"
    rb"|MLPClassifier|MLPRegressor|neural_network|SGDClassifier|SGDRegressor)\b"
)
IMPORTED = re.compile(rb"^[ \t]*(?:from|import)[ \t]+\.?([A-Za-z_][\w.]*)", re.MULTILINE)


def examine_guest(
    path: str | Path,
    args: Sequence[str] = (),
    seconds: float = 60.0,
    effort: float = TIMES,
    budget: float | None = None,
    trials: bool = True,
    *,
    text: str | None = None,
    instead: Mapping[str, str] | None = None,
    memory: int = MEMORY,
    echo: bool = True,
) -> dict[str, Any] | None:
    """Run a program of PyTorch, Keras or scikit-learn unchanged, and diagnose what it trained last.

    What comes back is the diagnosis as `Diagnosis.as_dict` has it, with the line of the program that each finding is
    about, and beside it `library`, `lines` (places of the program by name), `program` (how it ended), `course` (the
    loss at its beginning and its end, and the steps), `quality` (of what it learned, as it is; None where that is not
    known) and `text`. It is None where the program trains with no such library. After `seconds` it is stopped and
    examined. `text` stands in for what is in the file, as for a notebook; `instead`, for what is in files beside it.

    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "train.py"
    ...     _ = file.write_text("import numpy as np")
    ...     examine_guest(file) is None
    True

    Raises
    ------
    UsageError
        There is no such program.
    """
    path = Path(path)
    if not path.is_file():
        raise UsageError("there is no such program", expected="a file of Python source", found=str(path))
    if seconds <= 0:
        raise UsageError("a program needs time to run", expected="more than 0 seconds", found=str(seconds))
    path = path.resolve()
    if not names_a_library(path):
        return None
    asked = json.dumps({"effort": effort, "budget": budget, "trials": trials})
    with tempfile.TemporaryDirectory(prefix="whynet-", ignore_cleanup_errors=True) as scratch:
        out = Path(scratch) / "found"
        out.mkdir()
        script, current = place_of(path).copy(Path(scratch) / "home")
        script = placed(script, text, instead)
        process = started(["--guests", str(out), str(script), asked, *args], current, resource.RLIMIT_DATA, memory)
        said: list[str] = []
        reader = threading.Thread(target=pass_on, args=(process, said, echo), daemon=True)
        reader.start()
        try:
            heard: Heard = () if instead else (KeyboardInterrupt,)
            _wait(process, out, seconds, None if budget is None else budget + LATE, heard)
        finally:
            finished(process, reader)
        found = _read(out, process.returncode)
        return found if script.name == path.name else _called(found, script.name, path.name)


def names_a_library(path: Path) -> bool:
    """Whether a program, or a module beside it that it imports, speaks of a library that trains networks.

    >>> names_a_library(Path(__file__))
    True
    """
    seen: set[Path] = set()
    todo = [path]
    while todo:
        file = todo.pop()
        if file in seen or not file.is_file():
            continue
        seen.add(file)
        text = file.read_bytes()
        if NAMES.search(text):
            return True
        for name in IMPORTED.findall(text):
            stem = file.parent.joinpath(*name.decode().split("."))
            todo += [stem.with_suffix(".py"), stem / "__init__.py"]
    return False


Heard = tuple[type[BaseException], ...]
"""What only ends the program that is run: Ctrl-C; of a changed text nothing, so that it ends the search."""


def _wait(process: subprocess.Popen[bytes], out: Path, seconds: float, more: float | None, heard: Heard) -> None:
    """For the program's end, which is asked for when its time is over or at Ctrl-C; then for the diagnosis."""
    if not _ended(process, out, seconds, heard):
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGINT)
        if not _ended(process, out, PATIENCE, heard):
            return
    with contextlib.suppress(subprocess.TimeoutExpired, *heard):
        process.wait(more)


def _ended(process: subprocess.Popen[bytes], out: Path, seconds: float, heard: Heard) -> bool:
    """Whether the program comes to its end in so many seconds."""
    end = time.monotonic() + seconds
    with contextlib.suppress(*heard):
        while time.monotonic() < end:
            if (out / ENDED).exists():
                return True
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(0.05)
                return True
    return False


def _called(told: Any, name: str, path: str) -> Any:
    """What was told, with the file called as its owner calls it."""
    if isinstance(told, str):
        return told.replace(name, path)
    if isinstance(told, dict):
        return {key: _called(value, name, path) for key, value in told.items()}
    return [_called(one, name, path) for one in told] if isinstance(told, list) else told


def _read(out: Path, code: int) -> dict[str, Any] | None:
    with contextlib.suppress(OSError, ValueError):
        found: dict[str, Any] | None = json.loads((out / FOUND).read_text(encoding="utf-8"))
        return found
    ended: dict[str, Any] = {"how": "killed", "error": f"it ended with status {code}", "line": None}
    with contextlib.suppress(OSError, ValueError):
        ended = json.loads((out / ENDED).read_text(encoding="utf-8"))
    how = "the program did not stop when it was asked to" if code < 0 else f"the program ended with status {code}"
    why = "the diagnosis was cut off" if (out / ENDED).exists() else how
    lost = Diagnosis("not-examined", problem=UNKNOWN, not_examined=[Gap("the training", why)])
    return lost.as_dict() | {
        "library": "",
        "lines": {},
        "program": ended,
        "course": None,
        "quality": None,
        "text": str(lost),
    }
