"""What a recorder knows of a running program: which loops take steps, and which value is which node of the tape.

Data flow follows the identity of objects, so that lists, dictionaries, objects and returns need no rule of their own.
An array that was changed behind the recorder's back, through a view for instance, no longer equals what was noted: it
is a leaf from then on.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any, Protocol

import numpy as np

from whynet.subjects.program.sites import Sites
from whynet.subjects.program.tape import Leaf, Op, Ref, Tape
from whynet.subjects.program.walk import at_work_beside, is_number, numbers, roots

TAKEN = (1, 2, 3, 5, 9, 17, 33, 65)
"""Iterations of a loop that are recorded; the first is left out: whole numbers become floats in it, rates warm up."""
UNDECIDED = 3
LONGEST = 80_000
"""Operations; a longer iteration is an epoch, or computed without arrays and large."""
LARGEST = 1_500_000_000
"""Bytes of a tape."""
SMALL = 20_000
"""Numbers in an array that is copied and compared whole; of larger ones a sample."""
SHARED = 2_000


class Ticking(Protocol):
    """What is told of loops."""

    def over(self, loop: int, values: Any) -> Any:
        """What a loop runs over."""

    def tick(self, loop: int) -> bool:
        """An iteration begins; whether it is looked at."""

    def done(self, loop: int) -> None:
        """An iteration that was looked at has ended."""

    def passed(self, loop: int) -> bool:
        """Whether a loop is of no interest."""


def ticked(told: Ticking, loop: int, values: Any) -> Iterator[Any]:
    """The values of a loop; between one and the next is an iteration.

    >>> list(ticked(Notes(Sites(), set()), 3, "ab"))
    ['a', 'b']
    """
    rest = iter(told.over(loop, values))
    for value in rest:
        looked_at = told.tick(loop)
        try:
            yield value
        finally:
            if looked_at:
                told.done(loop)
        if told.passed(loop):
            yield from rest


class Notes:
    """Values, by their identity, and the tape that they are on.

    >>> notes = Notes(Sites(), set())
    >>> notes.begin(0, 1, None)
    >>> weight = np.array([0.5])
    >>> notes.ref(weight), notes.ref(weight), notes.ref(2.0, literal=True)
    (Ref(-1), Ref(-1), Ref(-2))
    """

    def __init__(
        self, sites: Sites, files: set[str], taken: Callable[[Tape], bool] = bool, leave: Callable[[], bool] = bool
    ) -> None:
        self.sites, self.files, self.taken, self.leave = sites, files, taken, leave
        self.owned = {"__main__"}
        self.on = False
        self.tape = Tape(0, 0)
        self.ids: dict[int, tuple[int, Any]] = {}
        self.paths: dict[int, str] = {}
        self.lying: dict[str, Any] = {}
        self.names_of: dict[str, Any] = {}
        self.opened: dict[int, Any] = {}
        self.context: tuple[int, ...] = ()
        self.bytes = 0
        self.counts: dict[int, int] = {}
        self.decided: dict[int, bool] = {}
        self.inner: dict[int, set[int]] = {}
        self.began: dict[int, dict[str, tuple[int, ...]]] = {}
        """Loop -> the shapes of the arrays that lay in the program when it began."""
        self.running: list[int] = []
        self.enough = False
        """Set by whoever takes the tapes: the rest of the run would say nothing new."""
        self.crowded = False
        """Whether an iteration was passed over: threads of the program were at work beside it."""

    only = None
    """All places are noted."""

    # Loops.

    def over(self, loop: int, values: Any) -> Iterator[Any]:
        """What a loop runs over; until it has, all others that begin are inside."""
        self.running.append(loop)
        try:
            yield from values
        finally:
            self.running.remove(loop)

    def rounds(self, loop: int, values: Any) -> Iterator[Any]:
        """What a comprehension runs over: each round is an iteration."""
        return iter(values) if self.on or self.passed(loop) else ticked(self, loop, values)

    def passed(self, loop: int) -> bool:
        """Whether a loop that begins is known to take no steps."""
        return self.decided.get(loop) is False

    def tick(self, loop: int) -> bool:
        """An iteration of a loop begins; whether it is recorded."""
        count = self.counts.get(loop, -1) + 1
        self.counts[loop] = count
        if count == 0:
            if loop not in self.running:  # `while` says no end
                self.running.append(loop)
            for outer in self.running:
                if outer != loop:
                    self.inner.setdefault(outer, set()).add(loop)
            if not self.enough:
                lying = self.numbers(sys._getframe(1), {})
                self.began[loop] = {path: one.shape for path, one in lying.items() if isinstance(one, np.ndarray)}
        if self.enough:
            return self.leave()
        if self.on or count not in TAKEN or self.decided.get(loop) is False:
            return False
        if count <= UNDECIDED:
            for inner in self.inner.get(loop, ()):
                if self.decided.get(inner):  # the steps are taken further inside
                    return False
        if any(self.decided.get(inner, self.counts[inner] < UNDECIDED) for inner in self.inner.get(loop, ())):
            return False
        if at_work_beside(self.files):
            self.crowded = True
            return False
        self.begin(loop, count, sys._getframe(1))
        return True

    def begin(self, loop: int, iteration: int, frame: FrameType | None) -> None:
        """Start a tape."""
        self.tape = Tape(loop, iteration)
        self.ids, self.context, self.bytes = {}, (), 0
        self.names_of, self.opened = dict(reversed(roots(frame, self.files))), {}
        self.lying = self.numbers(frame, self.opened)
        self.paths = {}
        for path, value in self.lying.items():
            self.paths.setdefault(id(value), path)
        self.on = True

    def numbers(self, frame: FrameType | None, opened: dict[int, Any]) -> dict[str, Any]:
        """What lies in the program. Names that loops give to one layer after the other say least, and come last."""
        found = sorted(roots(frame, self.files), key=lambda one: one[0] in self.sites.runners)
        steady = [one for one in found if one[0] not in self.sites.runners]
        lying = numbers(steady, self.owned, opened)
        return lying | numbers(found[len(steady) :], self.owned, opened)

    def done(self, loop: int) -> None:
        """The iteration that was recorded has ended, perhaps by an error."""
        if not self.on or loop != self.tape.loop:
            return
        self.on = False
        error = sys.exc_info()[1]
        self.tape.crash = f"{type(error).__name__}: {error}" if error is not None else ""
        self.finish(sys._getframe(1))
        if not self.tape.crash:
            good = self.taken(self.tape)
            if good or self.counts[loop] > 1:
                self.decided[loop] = good or self.decided.get(loop, False)
        self.ids, self.lying, self.paths, self.opened, self.names_of = {}, {}, {}, {}, {}

    def finish(self, frame: FrameType | None) -> None:
        """Note what lies where the leaves lay."""
        now = self.numbers(frame, {})
        names = dict(reversed(roots(frame, self.files)))
        first = self.began.get(self.tape.loop, {})
        for path, leaf in self.tape.start.items():
            if first.get(path, shape := np.shape(self.tape.value(leaf))) != shape:
                self.tape.grown[path] = first[path]
            value = now.get(path)
            root = names.get(re.split(r"[.\[]", path)[0])
            if value is None or (
                id(root) in self.opened and root is not self.names_of.get(re.split(r"[.\[]", path)[0])
            ):
                continue  # a loop's name has gone on to another layer
            node, known = self.ids.get(id(value), (0, None))
            same = known is value and self.unchanged(node, value)
            self.tape.end[path] = node if same else None

    def give_up(self, loop: int) -> None:
        """An iteration is too long to be recorded."""
        self.on = False
        self.decided[loop] = False
        self.tape, self.ids = Tape(0, 0), {}

    def stop(self) -> None:
        """Nothing more is recorded."""
        self.on, self.enough = False, True

    # Nodes.

    def ref(self, value: Any, literal: bool = False) -> Ref:
        """The node of an operand; a leaf if nothing recorded made it."""
        if literal or isinstance(value, int):
            return Ref(self.tape.leaf(Leaf(value, "", literal)))
        node, known = self.ids.get(id(value), (0, None))
        if known is value and self.unchanged(node, value):
            return Ref(node)
        path = self.paths.get(id(value), "")
        node = self.tape.leaf(Leaf(self.kept(value), path))
        self.ids[id(value)] = (node, value)
        if path:
            self.tape.start.setdefault(path, node)
        return Ref(node)

    def unchanged(self, node: int, value: Any) -> bool:
        """Whether an array still is what was noted of it."""
        if not isinstance(value, np.ndarray):
            return True
        noted = self.tape.value(node)
        if noted is value:
            return True
        if np.shape(noted) != value.shape:
            return False
        if value.size > SMALL:
            step = value.size // SHARED
            return bool(np.array_equal(noted.flat[::step], value.flat[::step], equal_nan=value.dtype.kind == "f"))
        return bool(np.array_equal(noted, value, equal_nan=value.dtype.kind == "f"))

    def kept(self, value: Any) -> Any:
        """What is noted of a value: a copy of a small array, a large one itself."""
        if not isinstance(value, np.ndarray):
            return value
        if value.size > SMALL:
            return value
        self.bytes += value.nbytes
        return np.array(value)

    def protect(self, value: Any) -> None:
        """Copy what is noted of an array before it is changed."""
        if not isinstance(value, np.ndarray):
            return
        node, known = self.ids.get(id(value), (0, None))
        if known is value and self.tape.value(node) is value:
            copied = np.array(value)
            if node >= 0:
                self.tape.ops[node].value = copied
            else:
                self.tape.leaves[-node - 1].value = copied

    def coded(self, value: Any) -> Any:
        """An argument as a template."""
        if isinstance(value, np.ndarray):
            return self.ref(value) if value.dtype.kind in "fiub" else "array"
        if isinstance(value, (float, np.generic)) and is_number(value):
            return self.ref(value)
        if isinstance(value, (list, tuple)):
            if len(value) > SHARED:
                return self.ref(np.asarray(value)) if is_number(np.asarray(value)) else "list"
            return type(value)(self.coded(part) for part in value) if type(value) in (list, tuple) else list(value)
        if isinstance(value, range):
            return self.ref(np.arange(value.start, value.stop, value.step))
        if isinstance(value, slice):
            ends = (value.start, value.stop, value.step)
            return slice(*(int(end) if end is not None else None for end in ends))
        if isinstance(value, (int, str, bool, type(None), type(...))):
            return value
        return f"<{type(value).__name__}>"

    def note(self, name: str, site: int, args: tuple[Any, ...], kwargs: dict[str, Any], value: Any) -> Any:
        """Append an operation whose arguments are coded."""
        if len(self.tape.ops) >= LONGEST or self.bytes > LARGEST:
            self.give_up(self.tape.loop)
            return value
        self.bytes += value.nbytes if np.size(value) > SMALL and value.base is None else 0
        node = self.tape.add(Op(name, site, args, kwargs, self.kept(value), self.context))
        self.ids[id(value)] = (node, value)
        return value
