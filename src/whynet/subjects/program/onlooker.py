"""Looks on while a program runs in a trial: it notes what the program predicts, and changes numbers in place.

It has the methods that a taped copy calls, as the recorder has. It computes what the program computes and keeps the
operands of a few places only, in windows of a few iterations, so that a trial takes hardly longer than the program.
"""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from types import FrameType
from typing import Any

import numpy as np

from whynet.subjects.program.calls import COMPARE, IN_PLACE, PLAIN
from whynet.subjects.program.notes import ticked
from whynet.subjects.program.plan import Plan, Watched
from whynet.subjects.program.tape import Enough
from whynet.types import Array

FURTHER = 1.12
"""A window begins when so many times the iterations of the one before it have passed."""
SAMPLE = 2_000
"""Examples of an iteration that are kept; of more, a sample at equal distances."""

Act = Callable[[FrameType], None]


class Window:
    """A few iterations next to each other: outputs, targets (examples, numbers) and inputs (examples, features).

    >>> window = Window(5)
    >>> window.add(np.ones((2, 1)), np.zeros((2, 1)), None)
    >>> window.add(np.ones((2, 1)), np.zeros((2, 1)), None)
    >>> window.joined()["outputs"].shape
    (4, 1)
    """

    def __init__(self, start: int) -> None:
        self.start = start
        self.parts: list[tuple[Array, Array, Array | None]] = []

    def add(self, outputs: Array, targets: Array, inputs: Array | None) -> None:
        """What one iteration showed."""
        self.parts.append((outputs, targets, inputs))

    def joined(self) -> dict[str, Array]:
        """All of it."""
        width = self.parts[0][0].shape[1]
        parts = [part for part in self.parts if part[0].shape == part[1].shape and part[0].shape[1] == width]
        found = {
            "outputs": np.concatenate([one[0] for one in parts]),
            "targets": np.concatenate([one[1] for one in parts]),
        }
        fed = [one[2] for one in parts if one[2] is not None]
        if len(fed) == len(parts) and len({one.shape[1] for one in fed}) == 1:
            inputs = np.concatenate(fed)
            if len(inputs) == len(found["outputs"]):
                found["inputs"] = inputs
                found["keys"] = np.array([hash(row.tobytes()) for row in np.ascontiguousarray(inputs)], dtype=np.int64)
        return found


class Onlooker:
    """Ends the program after `steps` iterations of its loop; `first` is done before the first of them, and may set all
    the rest; `each` is done before every one of them. `times`: so many times the epochs.

    Then it is judged: for `judged` more iterations `hold` holds the parameters as they are, so that all examples are
    predicted by the same network. Where the epochs are numbers or a list, they are `more` than the program has.

    >>> watched = Watched(0, 0, (0,), 1)
    >>> onlooker = Onlooker(Plan(7, watched, Watched(0, 1, (0,), 1)))
    >>> onlooker.tick(7), onlooker.bin(0, "sub", 3.0, 1.0), onlooker.done(7)
    (True, 2.0, None)
    >>> onlooker.windows[0].parts[0][:2]
    (array([[3.]]), array([[1.]]))
    """

    def __init__(self, plan: Plan, first: Act | None = None) -> None:
        self.plan, self.first = plan, first
        self.steps, self.window, self.judged, self.more, self.times = math.inf, 1, 0, 0, 1
        self.each: Act | None = None
        self.hold: Act | None = None
        self.watched: dict[int, list[tuple[str, Watched]]] = {}
        # `p[rows, labels] -= 1` is noted whole
        places = [("output", plan.output), ("target", plan.target)] if plan.target.operand >= 0 else []
        for name, one in [*places, *((f"inputs{place}", one) for place, one in enumerate(plan.inputs))]:
            self.watched.setdefault(one.site, []).append((name, one))
        self.only = {plan.loop, plan.epochs, plan.output.site, plan.target.site, *(one.site for one in plan.inputs)}
        """The places that it is told of."""
        self.files: set[str] = set()
        self.owned = {"__main__"}
        self.counts: dict[int, int] = {}
        self.on = False
        self.slice = slice
        self.windows: list[Window] = []
        self.seen: dict[str, list[Any]] = {}
        self.next, self.apart = 0, 1
        """Windows begin so many times their length after each other."""
        self.taken = 0
        self.extends = False
        """Whether its epochs can be run again."""
        self.epochs = 0
        """Those of the program itself, once they are over."""
        self.long, self.judging, self.began, self.ended = math.inf, math.inf, 0.0, 0.0
        """A training that took so many seconds is judged where its epochs end; judging takes about so many."""

    # Loops.

    def passed(self, loop: int) -> bool:
        """Whether a loop that begins is of no interest."""
        return loop not in (self.plan.loop, self.plan.epochs)

    def over(self, loop: int, values: Iterable[Any]) -> Iterable[Any]:
        """What a loop runs over; that of the epochs goes on after its end, if that is asked for."""
        if loop != self.plan.epochs:
            return values
        known = getattr(values, "iterable", values)  # of a progress bar
        self.extends = isinstance(known, (range, list, tuple, np.ndarray)) and len(known) > 0
        return self._further(values, known) if self.extends else values

    def rounds(self, loop: int, values: Any) -> Iterator[Any]:
        """What a comprehension runs over: each round is an iteration."""
        return iter(values) if self.passed(loop) else ticked(self, loop, values)

    def _further(self, values: Iterable[Any], known: Any) -> Iterator[Any]:
        yield from values
        count, more = len(known), self.more
        self.epochs = self.epochs or self.counts.get(self.plan.epochs, 0) + 1
        if self.long < math.inf and not self.ended:  # so far nobody knew how long it takes
            if time.monotonic() > self.began + self.long:
                self.steps, self.ended = self.counts.get(self.plan.loop, 0) + 1, time.monotonic()
            else:
                more = 0
        for place in range(count, count * self.times + more):
            yield known.start + known.step * place if isinstance(known, range) else known[place % count]

    def tick(self, loop: int) -> bool:
        """An iteration begins; whether it is looked at."""
        count = self.counts.get(loop, -1) + 1
        self.counts[loop] = count
        if loop != self.plan.loop:
            return False
        if count >= self.steps + self.judged or self._is_judged(count):
            raise Enough
        frame = sys._getframe(1)
        if frame.f_code is ticked.__code__ and frame.f_back is not None:
            frame = frame.f_back  # of a comprehension
        if count == 0 and self.first is not None:
            self.first(frame)
            self.began = time.monotonic()
        if self.each is not None and count <= self.steps:
            self.each(frame)
        if self.hold is not None and count >= self.steps:
            self.hold(frame)
        self.taken = min(count + 1, int(min(self.steps, count + 1)))
        self.on = self._is_looked_at(count)
        self.seen = {}
        return self.on

    def _is_judged(self, count: int) -> bool:
        """Whether what it predicts was looked at for long enough."""
        seen = count >= self.steps + self.window * self.apart
        return seen and self.ended > 0 and time.monotonic() > self.ended + self.judging

    def _is_looked_at(self, count: int) -> bool:
        judged = count >= self.steps
        if not self.windows or count == self.steps or (count >= self.next and not judged):
            self.windows.append(Window(count))
            self.next = max(count + self.window * self.apart, math.ceil(FURTHER * count))
        return judged or count < self.windows[-1].start + self.window

    def done(self, loop: int) -> None:
        """An iteration that was looked at has ended."""
        if not self.on or loop != self.plan.loop:
            return
        self.on = False
        outputs, targets = self._values("output", self.plan.output), self._values("target", self.plan.target)
        if outputs is None or targets is None:
            return
        inputs = self._fed()
        many = self.plan.examples
        rows = _in_rows(outputs, self.plan.rows, many)
        fed = None if inputs is None else _in_rows(inputs, self.plan.input_rows, many)
        answers = _in_rows(targets, self.plan.rows, many) * (-1.0 if self.plan.turned else 1.0)
        if rows.size == answers.size:
            part = slice(None, None, -(-len(rows) // SAMPLE))  # a sample is enough to judge by
            fed = fed[part] if fed is not None and len(fed) == len(rows) else fed
            self.windows[-1].add(rows[part], answers.reshape(rows.shape)[part], fed)

    def _fed(self) -> list[Any] | None:
        found: list[Any] = []
        for place, watched in enumerate(self.plan.inputs):
            values = self._values(f"inputs{place}", watched)
            if values is None:
                return None
            found += values
        return found or None

    def _values(self, name: str, watched: Watched) -> list[Any] | None:
        found = self.seen.get(name, [])
        return [found[index] for index in watched.at] if len(found) == watched.times else None

    def note(self, site: int, *operands: Any) -> None:
        """Keep the operands of a place that is watched."""
        for name, watched in self.watched.get(site, ()):
            if 0 <= watched.operand < len(operands):
                value = operands[watched.operand]
                self.seen.setdefault(name, []).append(value if type(value) is float else np.array(value, dtype=float))

    def _note_one_hot(self, site: int, whole: Any, index: Any) -> None:
        """`p[rows, labels] -= 1`, `-1 / p[label]`: what is there before, and where the labels are."""
        if self.plan.target.site != site or self.plan.target.operand >= 0:
            return
        target = np.zeros(np.shape(whole))
        target[index] = 1.0
        self.seen.setdefault("output", []).append(np.array(whole, dtype=float))
        self.seen.setdefault("target", []).append(target)

    # What a taped copy calls.

    def bin(self, site: int, name: str, a: Any, b: Any, literal: int = 0) -> Any:
        """A binary operation."""
        self.note(site, a, b)
        return PLAIN[name](a, b)

    def negative(self, site: int, a: Any) -> Any:
        """A minus sign."""
        return -a

    def compare(self, site: int, name: str, a: Any, b: Any) -> Any:
        """A comparison."""
        return COMPARE[name](a, b)

    def transposed(self, site: int, a: Any) -> Any:
        """`.T`"""
        return a.T

    def item(self, site: int, whose: Any, index: Any) -> Any:
        """A part of something."""
        if isinstance(whose, np.ndarray):
            self.note(site, whose)
            self._note_one_hot(site, whose, index)
        return whose[index]

    def iter(self, site: int, values: Any) -> Any:
        """What a loop runs over."""
        return values

    def rows(self, site: int, values: Any) -> Iterator[Any]:
        """An array's rows."""
        return iter(values)

    def name(self, site: int, text: str, value: Any) -> Any:
        """A value gets a name."""
        return value

    def again(self, site: int, text: str, value: Any) -> Any:
        """A value gets another name."""
        return value

    def names(self, site: int, texts: tuple[str, ...], value: Any) -> Any:
        """Several values get names at once."""
        return value

    def setitem(self, site: int, value: Any, whose: Any, index: Any) -> None:
        """Something is put into an array, a list or a dictionary."""
        if isinstance(whose, np.ndarray):
            self._note_one_hot(site, whose, index)
        whose[index] = value

    def augment(self, site: int, name: str, old: Any, value: Any, text: str = "", literal: int = 0) -> Any:
        """`old += value` and its kin."""
        self.note(site, old, value)
        return IN_PLACE[name](old, value)

    def augment_attribute(
        self, site: int, name: str, whose: Any, attribute: str, value: Any, text: str, literal: int
    ) -> None:
        """`whose.attribute += value`."""
        setattr(whose, attribute, self.augment(site, name, getattr(whose, attribute), value))

    def augment_item(self, site: int, name: str, whose: Any, index: Any, value: Any, text: str, literal: int) -> None:
        """`whose[index] += value`."""
        if isinstance(whose, np.ndarray):
            self._note_one_hot(site, whose, index)
        whose[index] = self.augment(site, name, whose[index], value)

    def call(self, site: int, function: Any, *args: Any, **kwargs: Any) -> Any:
        """A call."""
        if args and hasattr(getattr(function, "__self__", None), "shape"):
            self._note_call(site, (function.__self__, *args))
        elif len(args) >= 2:
            self._note_call(site, args)
        return function(*args, **kwargs)

    def _note_call(self, site: int, operands: tuple[Any, ...]) -> None:
        if site in self.watched:
            self.note(site, *operands)


def _in_rows(values: list[Any], axis: int | None, examples: int) -> Array:
    """Values of one iteration as (examples, numbers)."""
    if axis is None or len(values) > 1:
        return np.concatenate([np.ravel(one) for one in values]).reshape(examples, -1)
    value = np.asarray(values[0], dtype=float)
    return value.reshape(-1, 1) if value.ndim == 1 else np.moveaxis(value, axis, 0).reshape(value.shape[axis], -1)
