"""Trials that begin at a program's first step: it is run up to there once, and each trial goes on from a copy.

So what a program does before its first step (imports, data) is paid for once, and all trials of a seed start from the
same numbers.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import random
import resource
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from whynet.subjects.program.place import place_of
from whynet.subjects.program.plan import Plan
from whynet.subjects.program.run import DIES_WITH_PARENT, MEMORY, PATIENCE, finished, pass_on, placed, started
from whynet.subjects.program.trial import Ended, Trial

ASKED, PROCESS, GONE, STANDS = "trial.json", "process", "gone", "stands"
"""What lies in the folder of a trial: what is asked for, which process it is, that it has gone. And the program's own
word that it stands before its first step."""
WAIT = 0.005


class Forks:
    """A program that stands before its first step. `close` ends it and all its copies.

    >>> from whynet.subjects.program.plan import Watched
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "f.py"
    ...     _ = file.write_text('''
    ... w = 0.0
    ... for i in range(9):
    ...     w -= 0.1 * (w * 2.0 - 3.0)
    ...     print(w)
    ... ''')
    ...     with Forks(file, [], Plan(0, Watched(2, 0, (0,), 1), Watched(2, 1, (0,), 1)), seed=0) as forks:
    ...         ends = [forks.run(Trial(rate=rate), 10.0) for rate in (1.0, 2.0)]
    >>> [(ended.how, ended.taken) for ended in ends]
    [('ended', 9), ('ended', 9)]
    """

    def __init__(
        self,
        path: Path,
        args: Sequence[str],
        plan: Plan,
        *,
        seed: int,
        text: str | None = None,
        beside: Mapping[str, str] | None = None,
    ) -> None:
        self.scratch = Path(tempfile.mkdtemp(prefix="whynet-"))
        self.out = self.scratch / "out"
        self.out.mkdir()
        script, current = place_of(path).copy(self.scratch / "home")
        script = placed(script, text, beside)
        (self.out / ASKED).write_text(json.dumps({"plan": plan.as_dict(), "seed": seed}), encoding="utf-8")
        self.begun = time.monotonic()
        self.process = started(
            ["--trials", str(self.out), str(script), *args], current, resource.RLIMIT_AS, MEMORY, threads=1
        )
        self.said: list[str] = []
        self.reader = threading.Thread(target=pass_on, args=(self.process, self.said, False), daemon=True)
        self.reader.start()
        self.count = 0
        self.lock = threading.Lock()

    def __enter__(self) -> Forks:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def stands(self, seconds: float) -> bool:
        """Whether it comes to its first step in this time."""
        while not (self.out / STANDS).exists():
            if self.process.poll() is not None or time.monotonic() > self.begun + seconds:
                return False
            time.sleep(WAIT)
        return True

    def run(self, trial: Trial, seconds: float, start: float = 60.0, stop: Callable[[], bool] = lambda: False) -> Ended:
        """A copy goes on with one thing changed, for at most so many seconds, or until it is to stop; the program
        itself may take `start` seconds to come to its first step."""
        if not self.stands(start):
            return Ended.read(self.out, time.monotonic() - self.begun)
        with self.lock:
            self.count += 1
            folder = self.out / f"{self.count:04}"
        part = self.out / f"part{folder.name}"
        part.mkdir()
        (part / ASKED).write_text(json.dumps(trial.as_dict()), encoding="utf-8")
        part.rename(folder)
        began = time.monotonic()
        while not (folder / GONE).exists() and self.process.poll() is None:
            if time.monotonic() > began + seconds or stop():
                self._end(folder)
                break
            time.sleep(WAIT)
        return Ended.read(folder, time.monotonic() - began)

    @staticmethod
    def _end(folder: Path) -> None:
        """Ask a copy to stop, as Ctrl-C would; one that does not heed is killed."""
        with contextlib.suppress(OSError, ValueError):
            process = int((folder / PROCESS).read_text(encoding="utf-8"))
            for sent in (signal.SIGINT, signal.SIGKILL):
                os.kill(process, sent)
                until = time.monotonic() + PATIENCE
                while not (folder / GONE).exists() and time.monotonic() < until:
                    time.sleep(WAIT)

    def close(self) -> None:
        """End it, and all that it started."""
        finished(self.process, self.reader)
        shutil.rmtree(self.scratch, ignore_errors=True)


def copy_at_the_first_step(out: Path) -> tuple[Trial, Path]:
    """Called in the program, before its first step: returns in a copy of it, once for each trial that is asked for,
    with the trial and its folder. The program itself never goes on.

    >>> copy_at_the_first_step.__annotations__["out"]
    'Path'
    """
    (out / STANDS).touch()
    known: set[str] = set()
    running: dict[int, Path] = {}
    while True:
        for folder in sorted(out.glob("[0-9]*")):
            if folder.name in known:
                continue
            known.add(folder.name)
            sys.stdout.flush()
            drawn = random.getstate()
            process = os.fork()
            if process == 0:
                random.setstate(drawn)  # which Python seeds anew in a copy
                _dies_with_parent()
                part = folder / f"{PROCESS}.part"
                part.write_text(str(os.getpid()), encoding="utf-8")
                part.rename(folder / PROCESS)
                return Trial.read(json.loads((folder / ASKED).read_text(encoding="utf-8"))), folder
            running[process] = folder
        with contextlib.suppress(ChildProcessError):
            gone, _ = os.waitpid(-1, os.WNOHANG)
            if gone in running:
                (running.pop(gone) / GONE).touch()
        time.sleep(WAIT)


def _dies_with_parent() -> None:
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(DIES_WITH_PARENT, signal.SIGKILL)
