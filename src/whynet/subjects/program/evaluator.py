"""Records what a program says of itself: before its steps, in the first of them, and after the loop that takes them.

It runs in a second look, on a copy that can leave the loop after one step (`looked`). The parameters are as good as
untrained then; whether an accuracy is counted rightly does not hang on them.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import numpy as np

from whynet.subjects.program.calls import COMPARE
from whynet.subjects.program.recorder import Recorder
from whynet.subjects.program.sites import Sites
from whynet.subjects.program.tape import Op, Tape

LONGEST = 20_000
BEFORE, FIRST, AFTER = -1, 0, -2
"""What stands for the number of an iteration."""


class Left(BaseException):
    """The loop that takes the steps is left.

    >>> issubclass(Left, Exception)
    False
    """


class Evaluator(Recorder):
    """Notes what runs in one step, in checks before it, and after the loop. `at` is the loop: its file and line.

    >>> evaluator = Evaluator(Sites(), ("train.py", 7), lambda tape: None)
    >>> evaluator.on, evaluator.enter(), evaluator.on
    (False, None, True)
    """

    Left = Left

    def __init__(
        self, sites: Sites, at: tuple[str, int], kept: Callable[[Tape], None], leave: Callable[[], bool] = bool
    ) -> None:
        super().__init__(sites, set(), leave=leave)
        self.at, self.keep = (os.path.normpath(at[0]), at[1]), kept
        self.leaving: set[int] = set()
        self.now = BEFORE
        self.full = False
        self.first: FrameType | None = None
        """The frame in which the tape began."""

    def tick(self, loop: int) -> bool:
        """An iteration begins; whether it is recorded."""
        count = self.counts[loop] = self.counts.get(loop, -1) + 1
        if loop in self.leaving:
            raise Left
        if self.enough:
            return self.leave()
        if self.now == AFTER:
            return self.on
        place = self.sites.known[loop]
        over = self._holds(loop) or not _runs(self.first, sys._getframe(1))
        if self.now == BEFORE and self.on and over:
            self.close()  # the check is over
        if (os.path.normpath(place.file), place.line) != self.at:
            return self.on
        if count == 0:
            self.close()
            self.start(FIRST, sys._getframe(1), loop)
            return True
        self.leaving = self._around(sys._getframe(1)) | {loop}
        raise Left

    def done(self, loop: int) -> None:
        """The step that was recorded has ended."""
        if self.now == FIRST and loop == self.tape.loop:
            self.close()

    def left(self, loop: int) -> None:
        """A loop was left: all is recorded from here on, also what those around it say of an epoch."""
        self.leaving.discard(loop)
        if self.now != AFTER:
            self.start(AFTER, sys._getframe(1), loop)

    def enter(self) -> None:
        """A function begins that checks a gradient."""
        if self.now == BEFORE and not self.on and not self.full:
            self.start(BEFORE, sys._getframe(1), -1)

    def checked(self) -> None:
        """A check that stands in no function has ended."""
        if self.now == BEFORE:
            self.close()

    def start(self, now: int, frame: FrameType | None, loop: int) -> None:
        """Begin a tape."""
        self.now, self.full, self.first = now, False, frame
        self.begin(loop, now, frame)

    def stop(self) -> None:
        """Nothing more is recorded."""
        super().stop()
        self.full, self.now, self.leaving = False, AFTER, set()

    def close(self) -> None:
        """End a tape and keep it."""
        if self.on or self.full:
            self.on = False
            self.finish(sys._getframe(1))
            self.keep(self.tape)
        self.full, self.first = False, None

    def give_up(self, loop: int) -> None:
        """A tape is long enough."""
        self.on, self.full = False, True
        self.enough = self.now == AFTER

    def note(self, name: str, site: int, args: tuple[Any, ...], kwargs: dict[str, Any], value: Any) -> Any:
        """Append an operation whose arguments are coded."""
        if len(self.tape.ops) >= LONGEST:
            self.give_up(self.tape.loop)
            return value
        return super().note(name, site, args, kwargs, value)

    def compare(self, site: int, name: str, a: Any, b: Any) -> Any:
        """A comparison; here those of single numbers count too."""
        value = COMPARE[name](a, b)
        if not self.on or isinstance(value, np.ndarray) or name != "eq":
            return value if not self.on else super().compare(site, name, a, b)
        if any(isinstance(one, (np.generic, np.ndarray)) for one in (a, b)) and isinstance(value, (bool, np.bool_)):
            pair = (self.operand(a), self.operand(b))
            self.tape.add(Op(name, site, pair, {}, float(value), self.context))
        return value

    def _holds(self, loop: int) -> bool:
        """Whether the loop that takes the steps lies in another."""
        for (file, kind, first, _, last, _), number in self.sites.numbers.items():
            if number == loop and kind in ("For", "While") and os.path.normpath(file) == self.at[0]:
                return bool(first <= self.at[1] <= last)
        return False

    def _around(self, frame: FrameType | None) -> set[int]:
        """The loops in which a frame, or one that called it, is."""
        found = set()
        while frame is not None:
            for key, number in self.sites.numbers.items():
                file, kind, first, _, last, _ = key
                if kind in ("For", "While") and file == frame.f_code.co_filename and first <= frame.f_lineno <= last:
                    found.add(number)
            frame = frame.f_back
        return found


def _runs(first: FrameType | None, frame: FrameType | None) -> bool:
    """Whether a frame is still among those that called another."""
    while frame is not None and frame is not first:
        frame = frame.f_back
    return frame is not None
