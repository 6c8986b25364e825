"""Run somebody's program in a process of its own, in a copy of its folder, under limits; give back what it computed."""

from __future__ import annotations

import codecs
import contextlib
import ctypes
import hashlib
import io
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import threading
import time
import tokenize
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from whynet.errors import BadFile, UsageError
from whynet.subjects.program.autodiff import Descent
from whynet.subjects.program.place import place_of
from whynet.subjects.program.sites import Site
from whynet.subjects.program.tape import Tape
from whynet.subjects.program.writes import Written, written
from whynet.types import Array

MEMORY = 8 << 30
SHOWN = 200_000
"""Characters of the program's output that are passed on."""
PATIENCE = 3.0
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
ROUNDS = 20
"""A process may start another one while it is being ended."""
DIES_WITH_PARENT = 1
"""Linux' PR_SET_PDEATHSIG."""
MARK = "WHYNET_PROGRAM"
"""In the environment of whatever a program starts: so that is found, and ended with it."""


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
    inner: dict[int, list[int]] = field(default_factory=dict)
    """Of each loop the loops that ran inside it."""
    seconds: float = 0.0
    output: str = ""
    file: str = ""
    """Of the line that crashed."""
    cut: str = ""
    """`time` or `interrupt` where it was ended from outside."""
    place: str = ""
    """Where it ran, in words."""
    wrote: list[Written] = field(default_factory=list)
    """Paths outside the copy of its folder."""
    crowded: bool = False
    """Whether threads of its own were at work beside its loop, which was not recorded then."""
    descents: list[Descent] = field(default_factory=list)
    """What the gradients that JAX took for it were used for."""


def run(
    path: str | Path,
    args: Sequence[str] = (),
    seconds: float = 60.0,
    *,
    memory: int = MEMORY,
    echo: bool = True,
    text: str | None = None,
    beside: Mapping[str, str] | None = None,
    look: tuple[str, int] | None = None,
) -> Ran:
    """Run a program as it is and give back its tapes; its output goes to stderr.

    `text` stands in for what is in the file, as the cells of a notebook do; then there need be no file. `beside` stands
    in for what is in files of its folder, by their names in it. `look`, the file and the line of its loop: it takes one
    step, and what it says of itself is recorded.

    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "f.py"
    ...     _ = file.write_text('''
    ... import numpy as np
    ... x, t, w = np.array([1.0, 2.0]), np.float64(0.5), np.zeros(2)
    ... for i in range(40):
    ...     w = w - 0.1 * (x @ w - t) * x
    ... ''')
    ...     ran = run(file, echo=False)
    >>> ran.how, len(ran.tapes) > 4
    ('ended', True)
    """
    path = Path(path)
    if text is None and not path.is_file():
        raise UsageError("there is no such program", expected="a file of Python source", found=str(path))
    if seconds <= 0:
        raise UsageError("a program needs time to run", expected="more than 0 seconds", found=str(seconds))
    with tempfile.TemporaryDirectory(prefix="whynet-", ignore_cleanup_errors=True) as scratch:
        tapes = Path(scratch) / "tapes"
        tapes.mkdir()
        place = place_of(path)
        script, current = place.copy(Path(scratch) / "home")
        script = placed(script, text, beside)
        began = time.monotonic()
        asked = [str(tapes), str(script), *args]
        if look is not None:
            asked = ["--look", str(tapes), str(script), look[0], str(look[1]), *args]
        code, output, cut = ended_in(started(asked, current, resource.RLIMIT_AS, memory), seconds, echo=echo)
        ran = _read(tapes, code, output, time.monotonic() - began)
        ran.cut, ran.place, ran.wrote = cut, place.words, written(tapes)
        ran.sites = [replace(one, file=os.path.relpath(one.file, script.parent)) for one in ran.sites]
        if cut and ran.how == "killed":
            ran.error = ""  # it was not asked how it wants to end
        return ran


def placed(script: Path, text: str | None, beside: Mapping[str, str] | None) -> Path:
    """Put texts in the place of a program's, and of files beside it, in a copy of its folder; the program's file there.

    >>> with tempfile.TemporaryDirectory() as folder:
    ...     placed(Path(folder) / "look.ipynb", "x = 1", {"net.py": "w = 2"}).name
    'look.ipynb.py'
    """
    for name, other in (beside or {}).items():
        (script.parent / name).write_bytes(encoded(other))
    if text is not None:
        script = script if script.suffix in (".py", ".pyw") else script.with_name(f"{script.name}.py")
        script.write_bytes(encoded(text))
    return script


def encoded(text: str) -> bytes:
    """A program's text as bytes, in the encoding that its first lines name.

    >>> encoded("# -*- coding: latin-1 -*-\\n# \u00e9").endswith(b"\\xe9")
    True
    """
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(text.encode()).readline)
        return text.encode(encoding)
    except (SyntaxError, UnicodeError):
        return text.encode()


def ended_in(process: subprocess.Popen[bytes], seconds: float, *, echo: bool) -> tuple[int, str, str]:
    """Wait for a program's end, and end it and all that it started when its time is over: its status, the end of what
    it printed, and `time` or `interrupt` where it was ended from outside.

    >>> with subprocess.Popen(["echo", "done"], stdout=subprocess.PIPE, start_new_session=True) as process:
    ...     ended_in(process, 5.0, echo=False)
    (0, 'done\\n', '')
    """
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
        finished(process, reader)
    return process.returncode, "".join(said), cut


def started(
    arguments: Sequence[str], folder: Path, limit: int, memory: int, *, threads: int = 0
) -> subprocess.Popen[bytes]:
    """The process that runs a program (`child`), in a folder and under a limit of memory, of this kind; with so many
    threads for its arrays, 0 for as many as it likes.

    >>> process = started([], Path(), resource.RLIMIT_AS, MEMORY)  # nothing to run
    >>> "ValueError" in process.communicate()[0].decode(), process.returncode
    (True, 1)
    """
    command = [sys.executable, "-m", "whynet.subjects.program.child", *arguments]
    source = Path(__file__).parents[3]
    paths = [str(source), *filter(None, [os.environ.get("PYTHONPATH")])]
    env = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(paths),
        "PYTHONHASHSEED": "0",
        "MPLBACKEND": "Agg",
        MARK: _mark(command),
        "PYTHONUNBUFFERED": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        **(dict.fromkeys(THREADS, str(threads)) if threads else {}),
    }

    system = ctypes.CDLL(None) if sys.platform.startswith("linux") else None

    def limited() -> None:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # a shell's background jobs are started deaf to it
        if system is not None:
            system.prctl(DIES_WITH_PARENT, signal.SIGKILL)  # even if whynet itself is killed
        resource.setrlimit(limit, (memory, memory))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

    return subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=folder,
        env=env,
        start_new_session=True,
        preexec_fn=limited,
    )


def finished(process: subprocess.Popen[bytes], reader: threading.Thread) -> None:
    """End a program, and whatever it started: its group, and what left that group but has its mark.

    >>> process = started([], Path(), resource.RLIMIT_AS, MEMORY)  # nothing to run
    >>> reader = threading.Thread(target=pass_on, args=(process, [], False))
    >>> reader.start()
    >>> finished(process, reader)
    >>> process.returncode is not None, reader.is_alive()
    (True, False)
    """
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    for _ in range(ROUNDS):
        left = _marked(f"{MARK}={_mark(process.args)}".encode())
        for number in left:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(number, signal.SIGKILL)
        if not left:
            break
    reader.join(PATIENCE)
    if process.stdout is not None and not reader.is_alive():
        process.stdout.close()


def _mark(command: object) -> str:
    return hashlib.sha256(repr(command).encode()).hexdigest()[:16]  # the folder of its run is among the words


def _marked(mark: bytes) -> list[int]:
    """Processes of this mark that still run, where the system tells (Linux)."""
    found = []
    for one in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if mark in (one / "environ").read_bytes().split(b"\0"):
                found.append(int(one.name))
    return found


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
    shown, decoder = 0, codecs.getincrementaldecoder("utf-8")(errors="replace")
    while data := process.stdout.read1(65536):  # type: ignore[attr-defined]
        text = decoder.decode(data)
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
    ran.file, ran.crowded = ended.get("file", ""), ended.get("crowded", False)
    ran.descents = [Descent.read(one) for one in ended.get("descents", ())]
    ran.loops = {int(loop): count for loop, count in ended.get("loops", {}).items()}
    ran.inner = {int(loop): inner for loop, inner in ended.get("inner", {}).items()}
    with contextlib.suppress(OSError, ValueError):
        said = json.loads((tapes / "sites.json").read_text(encoding="utf-8"))
        for file, line, statement, text, operands, around in said:
            loops = tuple((int(at), str(names)) for at, names in around)
            ran.sites.append(Site(file, line, statement, text, tuple(operands), loops))
    known: dict[str, Array] = {}
    for path in sorted(tapes.glob("tape*.npz")):
        with contextlib.suppress(OSError, ValueError, BadFile):
            ran.tapes.append(Tape.read(path, known))
    if not ended:
        ran.error = _status(code)
    return ran


def _status(code: int) -> str:
    """Why a process came to no end of its own.

    >>> _status(-11), _status(0)
    ('by a signal: segmentation fault', 'without an end (os._exit, or a library)')
    """
    if code < 0:
        return f"by a signal: {(signal.strsignal(-code) or str(-code)).lower()}"
    return "without an end (os._exit, or a library)" + (f", with status {code}" if code else "")
