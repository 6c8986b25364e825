"""Run somebody's program in a process of its own, in a copy of its folder, under limits; give back what it computed."""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from whynet.errors import BadFile, UsageError
from whynet.subjects.program.rewrite import Site
from whynet.subjects.program.tape import Tape

MEMORY = 8 << 30
COPIED = 200 << 20
"""Bytes of a folder that is copied; a program in a larger one is not run, as it might write over what lies there."""
FILES = 20_000
SHOWN = 200_000
"""Characters of the program's output that are passed on."""
PATIENCE = 3.0
DIES_WITH_PARENT = 1
"""Linux' PR_SET_PDEATHSIG."""
SKIPPED = {".git", ".venv", "venv", "node_modules", "__pycache__", ".mypy_cache", ".ipynb_checkpoints"}


@dataclass
class Ran:
    """What a program did.

    >>> Ran("crashed", "ValueError: no", 3).how
    'crashed'
    """

    how: str
    """`ended`, `enough` (all was seen), `stopped` (time or Ctrl-C), `crashed`, `exited`, `killed`."""
    error: str = ""
    line: int = 0
    tapes: list[Tape] = field(default_factory=list)
    sites: list[Site] = field(default_factory=list)
    loops: dict[int, int] = field(default_factory=dict)
    """Of each loop, by its place, how many iterations began."""
    seconds: float = 0.0
    output: str = ""
    file: str = ""
    """Of the line that crashed."""
    cut: str = ""
    """`time` or `interrupt` where it was ended from outside."""


def run(
    path: str | Path,
    args: Sequence[str] = (),
    seconds: float = 60.0,
    *,
    memory: int = MEMORY,
    echo: bool = True,
    text: str | None = None,
) -> Ran:
    """Run a program as it is and give back its tapes; its output goes to stderr.

    `text` stands in for what is in the file, as the cells of a notebook do.

    >>> folder = tempfile.mkdtemp()
    >>> file = Path(folder) / "f.py"
    >>> _ = file.write_text('''
    ... import numpy as np
    ... x, t, w = np.array([1.0, 2.0]), np.float64(0.5), np.zeros(2)
    ... for i in range(40):
    ...     w = w - 0.1 * (x @ w - t) * x
    ... ''')
    >>> ran = run(file, echo=False)
    >>> shutil.rmtree(folder)
    >>> ran.how, len(ran.tapes) > 4
    ('ended', True)
    """
    path = Path(path)
    if not path.is_file():
        raise UsageError("there is no such program", expected="a file of Python source", found=str(path))
    if seconds <= 0:
        raise UsageError("a program needs time to run", expected="more than 0 seconds", found=str(seconds))
    with tempfile.TemporaryDirectory(prefix="whynet-", ignore_cleanup_errors=True) as scratch:
        tapes = Path(scratch) / "tapes"
        tapes.mkdir()
        home = copied(path.resolve().parent, Path(scratch) / "home")
        script = home / path.name
        if text is not None:
            script = home / f"{path.name}.py"
            script.write_text(text, encoding="utf-8")
        began = time.monotonic()
        code, output, cut = _child(script, args, tapes, seconds, memory, echo)
        ran = _read(tapes, code, output, time.monotonic() - began)
        ran.cut = cut
        if cut and ran.how == "killed":
            ran.error = ""  # it was not asked how it wants to end
        return ran


def copied(folder: Path, to: Path) -> Path:
    """A scratch copy of a folder, so that nothing of the user's is overwritten.

    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = (Path(folder) / "a.py").write_text("x = 1")
    ...     copied(Path(folder), Path(folder) / "home").name
    'home'

    Raises
    ------
    UsageError
        It is too large, or holds a link to itself.
    """
    size, count, seen = 0, 0, set()
    for root, folders, files in os.walk(folder, followlinks=True):
        real = os.path.realpath(root)
        folders[:] = [] if real in seen else [one for one in folders if one not in SKIPPED]
        if real in seen:
            raise UsageError(
                "the program's folder holds a link to itself, and cannot be copied", where=root,
                do="Put the program, and what it reads, into a folder of its own",
            )  # fmt: skip
        seen.add(real)
        for file in files:
            with contextlib.suppress(OSError):
                size, count = size + (Path(root) / file).stat().st_size, count + 1
        if size > COPIED or count > FILES:
            raise UsageError(
                "the program's folder is too large: it would be run in a copy, so that nothing of yours is overwritten",
                where=str(folder), expected=f"at most {COPIED >> 20} MB in {FILES:,} files", found="more",
                do="Put the program, and what it reads, into a folder of its own",
            )  # fmt: skip
    with contextlib.suppress(shutil.Error):  # pipes, sockets, what may not be read
        shutil.copytree(folder, to, ignore=shutil.ignore_patterns(*SKIPPED), ignore_dangling_symlinks=True)
    return to


def _child(
    script: Path, args: Sequence[str], tapes: Path, seconds: float, memory: int, echo: bool
) -> tuple[int, str, str]:
    arguments = [str(tapes), str(script), *args]
    process = started(arguments, script.parent, resource.RLIMIT_AS, memory)
    said: list[str] = []
    reader = threading.Thread(target=pass_on, args=(process, said, echo), daemon=True)
    reader.start()
    cut = ""
    try:
        process.wait(seconds)
    except (subprocess.TimeoutExpired, KeyboardInterrupt) as reason:
        cut = "interrupt" if isinstance(reason, KeyboardInterrupt) else "time"
        _end(process)
    finally:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)  # what it forked
        process.wait()
        reader.join(PATIENCE)
        if process.stdout is not None and not reader.is_alive():
            process.stdout.close()
    return process.returncode, "".join(said), cut


def started(arguments: Sequence[str], folder: Path, limit: int, memory: int) -> subprocess.Popen[bytes]:
    """The process that runs a program (`child`), in a folder and under a limit of memory, of this kind.

    >>> process = started([], Path(), resource.RLIMIT_AS, MEMORY)  # nothing to run
    >>> "ValueError" in process.communicate()[0].decode(), process.returncode
    (True, 1)
    """
    source = Path(__file__).parents[3]
    paths = [str(source), *filter(None, [os.environ.get("PYTHONPATH")])]
    env = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(paths),
        "PYTHONHASHSEED": "0",
        "MPLBACKEND": "Agg",
        "PYTHONUNBUFFERED": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
    }

    system = ctypes.CDLL(None) if sys.platform.startswith("linux") else None

    def limited() -> None:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # a shell's background jobs are started deaf to it
        if system is not None:
            system.prctl(DIES_WITH_PARENT, signal.SIGKILL)  # even if whynet itself is killed
        resource.setrlimit(limit, (memory, memory))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

    return subprocess.Popen(
        [sys.executable, "-m", "whynet.subjects.program.child", *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=folder,
        env=env,
        start_new_session=True,
        preexec_fn=limited,
    )


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ask it to stop, as Ctrl-C would; a program that does not heed is killed by the caller."""
    with contextlib.suppress(ProcessLookupError):
        process.send_signal(signal.SIGINT)
    with contextlib.suppress(subprocess.TimeoutExpired, KeyboardInterrupt):
        process.wait(PATIENCE)


def pass_on(process: subprocess.Popen[bytes], said: list[str], echo: bool) -> None:
    """Read all that a process prints, pass on the beginning, keep the end.

    >>> said: list[str] = []
    >>> with subprocess.Popen(["echo", "loss 0.5"], stdout=subprocess.PIPE) as process:
    ...     pass_on(process, said, False)
    >>> said
    ['loss 0.5\\n']
    """
    assert process.stdout is not None
    shown = 0
    while data := process.stdout.read1(65536):  # type: ignore[attr-defined]
        text = data.decode(errors="replace")
        if echo and shown < SHOWN:
            with contextlib.suppress(OSError):  # nobody reads it any more; the program is still to be watched
                sys.stderr.write(text[: SHOWN - shown])
                if shown + len(text) >= SHOWN:
                    sys.stderr.write("\n(it prints more than is shown here)\n")
            shown += len(text)
        said.append(text)
        if len(said) > 64:
            del said[1:33]


def _read(tapes: Path, code: int, output: str, seconds: float) -> Ran:
    ended: dict[str, Any] = {}
    with contextlib.suppress(OSError, ValueError):
        ended = json.loads((tapes / "ended.json").read_text(encoding="utf-8"))
    ran = Ran(ended.get("how", "killed"), ended.get("error", ""), ended.get("line", 0), seconds=seconds, output=output)
    ran.file = ended.get("file", "")
    ran.loops = {int(loop): count for loop, count in ended.get("loops", {}).items()}
    with contextlib.suppress(OSError, ValueError):
        for file, line, statement, text, operands in json.loads((tapes / "sites.json").read_text(encoding="utf-8")):
            ran.sites.append(Site(Path(file).name, line, statement, text, tuple(operands)))
    for path in sorted(tapes.glob("tape*.npz")):
        with contextlib.suppress(OSError, ValueError, BadFile):
            ran.tapes.append(Tape.read(path))
    if not ended and code not in (0, None):
        ran.error = f"it ended with status {code}"
    return ran
