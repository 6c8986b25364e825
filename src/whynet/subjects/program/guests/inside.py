"""In the program's process: watches the libraries as it runs, and diagnoses what it trained last."""

from __future__ import annotations

import itertools
import json
import math
import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import ModuleType
from typing import Any

from whynet.doctor.diagnosis import UNKNOWN, Diagnosis, Gap, Where, said
from whynet.subjects.frameworks.where import placed
from whynet.subjects.program.guests.guest import Guest, Told
from whynet.subjects.program.guests.keras import KerasGuest
from whynet.subjects.program.guests.lines import Places
from whynet.subjects.program.guests.sklearn import SklearnGuest
from whynet.subjects.program.guests.torch import TorchGuest
from whynet.subjects.program.writes import in_words, written

ENDED, FOUND = "ended.json", "found.json"


class Inside:
    """Watches, runs and examines one program.

    >>> sorted(Inside(Path("somewhere"), Path("train.py"), {}).wanted())[-1]
    'torch'
    """

    def __init__(self, folder: Path, script: Path, asked: dict[str, Any]) -> None:
        self.folder, self.asked = folder, asked
        self.places = Places(script.parent)
        clock = itertools.count(1)
        kinds: tuple[type[Guest], ...] = (TorchGuest, KerasGuest, SklearnGuest)
        self.guests: list[Guest] = [kind(self.places, clock) for kind in kinds]
        self.not_watched: list[Gap] = []
        self.process = os.getpid()

    def wanted(self) -> dict[str, Told]:
        """Modules of libraries, and what is done when one was imported."""
        return {name: self._safely(name, told) for guest in self.guests for name, told in guest.wanted().items()}

    def _safely(self, name: str, told: Told) -> Told:
        def safely(module: ModuleType) -> None:
            try:
                told(module)
            except Exception as error:  # a version unlike those that are known: the program runs all the same
                self.not_watched.append(Gap(name, f"it cannot be watched: {type(error).__name__}: {error}"))

        return safely

    def run(self, program: Callable[[], None]) -> int:
        """Run the program to its end, its error or Ctrl-C; then examine what was seen."""
        began, code = time.monotonic(), 0
        ended: dict[str, Any] = {"how": "ended", "error": "", "line": None}
        try:
            program()
        except KeyboardInterrupt:
            ended["how"] = "stopped"
        except SystemExit as error:
            code = error.code if isinstance(error.code, int) else int(error.code is not None)
            ended |= {"how": "exited" if code else "ended", "error": str(error.code) if code else ""}
        except BaseException as error:
            where = self.places.trace(error)
            code, ended = 1, {"how": "crashed", "error": f"{type(error).__name__}: {error}", "line": _plain(where)}
        if os.getpid() != self.process:  # forked by the program
            return code
        with suppress(ValueError):
            signal.signal(signal.SIGINT, signal.SIG_IGN)
        ended["seconds"] = time.monotonic() - began
        self._write(ENDED, ended)
        sys.stdout.flush()
        for guest in self.guests:
            guest.close()
        self._write(FOUND, self.found(ended))
        return code

    def found(self, ended: dict[str, Any]) -> dict[str, Any] | None:
        """The diagnosis as plain data; None where nothing of a library was there to train."""
        begun = [guest for guest in self.guests if guest.begun]
        if not begun:
            return None
        guest = max(begun, key=lambda one: one.last)
        lines = guest.lines()
        try:
            found = guest.diagnosis(self.asked)
        except Exception as error:  # what somebody handed to a library: it may be anything
            reason = getattr(error, "message", "") or f"{type(error).__name__}: {error}"
            found = Diagnosis("not-examined", problem=UNKNOWN, not_examined=[Gap("the training", reason)])
        placed(found, lines)
        found.not_examined += guest.others() + self.not_watched
        for other in begun:
            if other is not guest and other.last:
                words = f"{other.LIBRARY} trained something before; what was trained last is examined"
                found.not_examined.append(Gap(f"what {other.LIBRARY} trained", words))
        wrote = written(self.folder)
        if wrote:
            found.remarks.insert(0, said(in_words(wrote)))
        if ended["how"] == "crashed":
            at = f" in {ended['line']['file']}, line {ended['line']['line']}" if ended["line"] else ""
            found.remarks.insert(0, said(f"The program ended with an error{at}: {ended['error']}"))
        elif ended["how"] == "stopped":
            found.remarks.insert(0, said("The program was stopped; what it had done until then is examined."))
        course = guest.course()
        return found.as_dict() | {
            "library": guest.LIBRARY,
            "lines": {name: _plain(place) for name, place in lines.items()},
            "program": ended,
            "course": None if course is None else course._asdict(),
            "quality": None if found.before is None or math.isnan(found.before.uncut) else found.before.uncut,
            "text": str(found),
        }

    def _write(self, name: str, what: Any) -> None:
        part = self.folder / f"{name}.part"
        part.write_text(json.dumps(what), encoding="utf-8")
        part.replace(self.folder / name)  # whoever looks for it finds it whole


def _plain(where: Where | None) -> dict[str, Any] | None:
    return None if where is None else dict(where._asdict())
