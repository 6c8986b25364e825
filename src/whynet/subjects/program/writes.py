"""In a program's process: what it writes, removes or renames outside the copy of its folder is noted, with the line.

Only what Python itself opens is seen: a library's own code (HDF5, a checkpoint written in C++) is not.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import Any

NOTED = "wrote.json"
MOST = 20
NAMED = 5
DEVICES = ("/dev/", "/proc/", "/sys/")
CHANGES = {"os.remove": 0, "os.rename": 1, "os.rmdir": 0, "os.truncate": 0, "shutil.rmtree": 0, "sqlite3.connect": 0}
"""Events of Python's audit, beside `open`, that change a file; and which of their arguments is its path."""

Written = tuple[str, str, int]
"""A path, and the file and line of the program that wrote to it."""


class Writes:
    """Notes each path outside of the folders that a program may change freely.

    >>> with tempfile.TemporaryDirectory() as folder:
    ...     writes = Writes(Path(folder), Path(folder), [Path(folder) / "copy"])
    ...     writes.note("/home/me/net/weights.npy", "train.py", 12)
    ...     written(Path(folder))
    [('/home/me/net/weights.npy', 'train.py', 12)]
    """

    def __init__(self, out: Path, home: Path, free: list[Path]) -> None:
        self.out, self.home = out, str(home) + os.sep
        self.free = [str(one) + os.sep for one in free]
        self.noted: list[Written] = []
        self.busy = False

    def watch(self) -> None:
        """From here on."""
        sys.addaudithook(self.heard)

    def heard(self, event: str, args: tuple[Any, ...]) -> None:
        """One event of the audit."""
        if event == "open":
            path, mode, flags = args
            if not (mode if isinstance(mode, str) else flags & (os.O_WRONLY | os.O_RDWR)):
                return
            if isinstance(mode, str) and not set(mode) & set("wax+"):
                return
        elif event in CHANGES:
            path = args[CHANGES[event]]
        else:
            return
        if self.busy or isinstance(path, int) or len(self.noted) >= MOST:
            return
        self.busy = True
        try:
            with contextlib.suppress(OSError, ValueError, TypeError):
                self.told(os.path.realpath(os.fsdecode(path)), sys._getframe(1))
        finally:
            self.busy = False

    def told(self, path: str, frame: FrameType | None) -> None:
        """A path that is written to; noted if the program asked for it, and not Python as it imports."""
        if path.startswith((*DEVICES, *self.free)) or (frame and frame.f_globals.get("__name__") == tempfile.__name__):
            return
        while frame is not None and not frame.f_code.co_filename.startswith(self.home):
            if frame.f_code.co_filename.startswith("<frozen importlib"):
                return  # a library's cache
            frame = frame.f_back
        if frame is not None:
            self.note(path, os.path.relpath(frame.f_code.co_filename, self.home), frame.f_lineno)

    def note(self, path: str, file: str, line: int) -> None:
        """Note a path, at once: the process may not come to its end."""
        if path not in [one for one, _, _ in self.noted]:
            self.noted.append((path, file, line))
            (self.out / NOTED).write_text(json.dumps(self.noted), encoding="utf-8")


def written(out: Path) -> list[Written]:
    """What was noted.

    >>> written(Path("nowhere"))
    []
    """
    with contextlib.suppress(OSError, ValueError):
        return [(path, file, line) for path, file, line in json.loads((out / NOTED).read_text(encoding="utf-8"))]
    return []


def in_words(noted: Sequence[Written]) -> str:
    """What was noted, as a sentence.

    >>> in_words([("/home/me/weights.npy", "train.py", 12)])
    'It writes outside its copy, as when you run it yourself: /home/me/weights.npy (train.py, line 12).'
    """
    places = ", ".join(f"{path} ({file}, line {line})" for path, file, line in noted[:NAMED])
    more = f" and {len(noted) - NAMED} more" if len(noted) > NAMED else ""
    return f"It writes outside its copy, as when you run it yourself: {places}{more}."
