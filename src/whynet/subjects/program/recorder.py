"""The recorder: what a program's taped copy calls. It does what the program does, and notes it.

Data flow follows the identity of objects, so that lists, dictionaries, objects and returns need no rule of their own.
An array that was changed behind the recorder's back, through a view for instance, no longer equals what was noted: it
is a leaf from then on.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

import numpy as np

from whynet.subjects.program.calls import COMPARE, IN_PLACE, PLAIN, Kind, kind_of
from whynet.subjects.program.rewrite import Sites
from whynet.subjects.program.tape import Leaf, Op, Ref, Tape, refs
from whynet.subjects.program.walk import is_number, numbers, roots

TAKEN = (1, 2, 3, 5, 9, 17, 33, 65)
"""Iterations of a loop that are recorded; the first is left out: whole numbers become floats in it, rates warm up."""
UNDECIDED = 3
LONGEST = 60_000
"""Operations; a longer iteration is an epoch, or computed without arrays and large."""
LARGEST = 300_000_000
"""Bytes of a tape."""
SMALL = 20_000
"""Numbers in an array that is copied and compared whole; of larger ones a sample is compared."""
SHARED = 2_000


class Enough(BaseException):
    """All that is needed was recorded.

    >>> issubclass(Enough, Exception)
    False
    """


class Recorder:
    """Notes what runs while it is on.

    >>> recorder = Recorder(Sites(), set())
    >>> recorder.begin(0, 1, None)
    >>> w = 0.5
    >>> y = recorder.bin(0, "mul", w, 3.0, 2)
    >>> [(op.name, op.value) for op in recorder.tape.ops], [leaf.constant for leaf in recorder.tape.leaves]
    ([('mul', 1.5)], [False, True])
    """

    def __init__(self, sites: Sites, files: set[str], taken: Callable[[Tape], bool] = lambda tape: True) -> None:
        self.sites, self.files, self.taken = sites, files, taken
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
        self.begun: dict[int, list[int]] = {}
        self.decided: dict[int, bool] = {}
        self.inner: dict[int, set[int]] = {}
        self.running: list[int] = []
        self.slice = slice
        self.enough = False
        """Set by whoever takes the tapes: the rest of the run would say nothing new."""

    # Loops.

    def tick(self, loop: int) -> bool:
        """An iteration of a loop begins; whether it is recorded."""
        count = self.counts.get(loop, -1) + 1
        self.counts[loop] = count
        if count == 0:
            self.running.append(loop)
            for outer in self.running[:-1]:
                self.inner.setdefault(outer, set()).add(loop)
        if self.enough:
            raise Enough
        if self.on or count not in TAKEN or self.decided.get(loop) is False:
            return False
        if count <= UNDECIDED:
            for inner in self.inner.get(loop, ()):
                if self.decided.get(inner):  # the steps are taken further inside
                    return False
        if any(self.decided.get(inner, self.counts[inner] < UNDECIDED) for inner in self.inner.get(loop, ())):
            return False
        self.begin(loop, count, sys._getframe(1))
        return True

    def begin(self, loop: int, iteration: int, frame: FrameType | None) -> None:
        """Start a tape."""
        self.tape = Tape(loop, iteration)
        self.ids, self.context, self.bytes = {}, (), 0
        self.names_of, self.opened = dict(reversed(roots(frame, self.files))), {}
        self.lying = numbers(roots(frame, self.files), self.owned, self.opened)
        self.paths = {}
        for path, value in self.lying.items():
            self.paths.setdefault(id(value), path)
        self.on = True

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
        now = numbers(roots(frame, self.files), self.owned)
        names = dict(reversed(roots(frame, self.files)))
        for path in self.tape.start:
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
        self.bytes += value.nbytes
        return np.array(value) if value.size <= SMALL else value

    def protect(self, value: Any) -> None:
        """Copy what is noted of an array before it is changed."""
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
        node = self.tape.add(Op(name, site, args, kwargs, self.kept(value), self.context))
        self.ids[id(value)] = (node, value)
        return value

    # What the taped copy calls.

    def bin(self, site: int, name: str, a: Any, b: Any, literal: int = 0) -> Any:
        """A binary operation."""
        if not self.on:
            return PLAIN[name](a, b)
        value = PLAIN[name](a, b)
        if not is_number(value):
            return value
        pair = (self.operand(a, bool(literal & 1)), self.operand(b, bool(literal & 2)))
        return self.note(name, site, pair, {}, value)

    def operand(self, value: Any, literal: bool = False) -> Any:
        """An operand as a template."""
        return self.ref(value, literal) if literal or isinstance(value, int) else self.coded(value)

    def negative(self, site: int, a: Any) -> Any:
        """A minus sign."""
        value = -a
        return self.note("neg", site, (self.operand(a),), {}, value) if self.on and is_number(value) else value

    def compare(self, site: int, name: str, a: Any, b: Any) -> Any:
        """A comparison; of numbers it only steers the program."""
        value = COMPARE[name](a, b)
        if self.on and isinstance(value, np.ndarray) and value.dtype.kind == "b":
            return self.note(name, site, (self.operand(a), self.operand(b)), {}, value)
        return value

    def transposed(self, site: int, a: Any) -> Any:
        """`.T`"""
        value = a.T
        return self.note("T", site, (self.coded(a),), {}, value) if self.on and isinstance(a, np.ndarray) else value

    def item(self, site: int, whose: Any, index: Any) -> Any:
        """A part of an array; from lists and dictionaries, objects come as they are."""
        value = whose[index]
        if self.on and isinstance(whose, np.ndarray) and is_number(value):
            return self.note("getitem", site, (self.coded(whose), self.coded(index)), {}, value)
        return value

    def iter(self, site: int, values: Any) -> Any:
        """What a loop runs over: an array's rows are its parts."""
        if self.on and isinstance(values, np.ndarray) and values.ndim and is_number(values):
            return self.rows(site, values)
        return values

    def rows(self, site: int, values: Any) -> Iterator[Any]:
        """An array's rows, one after the other."""
        return (self.item(site, values, index) for index in range(len(values)))

    def name(self, site: int, text: str, value: Any) -> Any:
        """A value gets a name."""
        if self.on and is_number(value):
            node, known = self.ids.get(id(value), (0, None))
            if known is value:
                self.tape.names.append((node, text, site))
        return value

    def again(self, site: int, text: str, value: Any) -> Any:
        """A value that has a name gets another, or is returned as it came."""
        return self.name(site, f"= {text}", value)

    def names(self, site: int, texts: tuple[str, ...], value: Any) -> Any:
        """Several values get names at once."""
        if not self.on:
            return value
        if isinstance(value, np.ndarray) and value.ndim and is_number(value):
            value = list(self.rows(site, value))
        if isinstance(value, (list, tuple)) and len(value) == len(texts):
            for text, part in zip(texts, value, strict=True):
                self.name(site, text, part)
        return value

    def setitem(self, site: int, value: Any, whose: Any, index: Any) -> None:
        """Something is put into an array, a list or a dictionary."""
        if not self.on or not isinstance(whose, np.ndarray) or not is_number(whose):
            whose[index] = value
            return
        args = (self.coded(whose), self.coded(index), self.operand(value))
        self.protect(whose)
        whose[index] = value
        self.note("setitem", site, args, {}, whose)

    def augment(self, site: int, name: str, old: Any, value: Any, text: str = "", literal: int = 0) -> Any:
        """`old += value` and its kin."""
        if not self.on or not (is_number(old) or is_number(value)):
            return IN_PLACE[name](old, value)
        args = (self.operand(old), self.operand(value, bool(literal)))
        self.protect(old)
        new = IN_PLACE[name](old, value)
        if is_number(new):
            self.note(name, site, args, {}, new)
            self.name(site, text, new)
        return new

    def augment_attribute(
        self, site: int, name: str, whose: Any, attribute: str, value: Any, text: str, literal: int
    ) -> None:
        """`whose.attribute += value`."""
        setattr(whose, attribute, self.augment(site, name, getattr(whose, attribute), value, text, literal))

    def augment_item(self, site: int, name: str, whose: Any, index: Any, value: Any, text: str, literal: int) -> None:
        """`whose[index] += value`."""
        if not self.on or not isinstance(whose, np.ndarray) or not is_number(whose):
            whose[index] = self.augment(site, name, whose[index], value, text, literal)
            return
        args = (self.coded(whose), self.coded(index))
        operand = self.operand(value, bool(literal))
        old = self.note("getitem", site, args, {}, whose[index])
        node = self.ids[id(old)][0]
        self.protect(whose)
        if isinstance(old, np.ndarray):
            self.tape.ops[node].value = np.array(old)
        new = IN_PLACE[name](old, value)
        noted = self.note(name, site, (Ref(node), operand), {}, new)
        changed = self.ids[id(noted)][0]
        whose[index] = new
        self.note("setitem", site, (*args, Ref(changed)), {}, whose)
        self.name(site, text, whose)

    def call(self, site: int, function: Any, *args: Any, **kwargs: Any) -> Any:
        """A call: the program's own run taped, those of NumPy and `math` are noted, all else is opaque."""
        if not self.on:
            return function(*args, **kwargs)
        kind, name, first = kind_of(function, self.files)
        if kind is Kind.OWN:
            outer, self.context = self.context, (*self.context, site)
            try:
                return function(*args, **kwargs)
            finally:
                self.context = outer
        if kind is Kind.ROWS:
            return function(*(self.iter(site, one) for one in args), **kwargs)
        if kind is Kind.NONE:
            return function(*args, **kwargs)
        if args and hasattr(args[0], "__next__"):
            args = (list(args[0]), *args[1:])
        return self.noted(kind, name, site, function, (*first, *args), args, kwargs)

    def noted(
        self, kind: Kind, name: str, site: int, function: Any, whole: tuple[Any, ...], args: Any, kwargs: dict[str, Any]
    ) -> Any:
        """A call that is noted."""
        if kind is Kind.OPAQUE:
            return self.opaque(site, function, whole, kwargs, function(*args, **kwargs))
        coded = tuple(self.coded(one) for one in whole)
        keys = {key: self.coded(one) for key, one in kwargs.items() if key not in ("out", "dtype")}
        out = kwargs.get("out")
        if isinstance(out, np.ndarray):
            self.protect(out)
        value = function(*args, **kwargs)
        if not self.on or not any(True for _ in refs((coded, keys))):
            return value
        if isinstance(value, (list, tuple)):
            return self.opaque(site, function, whole, kwargs, value)
        if isinstance(value, int) and name in ("larger", "smaller", "abs"):
            value = float(value)  # max(0, z): the zero must be a number of its own
        if not is_number(value):
            return value
        if any(value is one for one in _flat(whole)) and value is not out:
            if isinstance(value, np.ndarray):
                return value
            value = np.array(value)[()] if isinstance(value, np.generic) else value + 0.0
        return self.note(name, site, coded, keys, value)

    def opaque(self, site: int, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any], value: Any) -> Any:
        """A call of something unknown: what it returns hangs on what it got."""
        parts = value if isinstance(value, (list, tuple)) and len(value) <= SHARED else [value]
        new = [part for part in parts if is_number(part) and id(part) not in self.ids and id(part) not in self.paths]
        given = [one for one in (*args, *kwargs.values()) if is_number(one)]
        if not new or not given:
            return value
        refs = tuple(self.ref(one) for one in given)
        for part in new:
            self.note(f"<{getattr(function, '__name__', type(function).__name__)}>", site, refs, {}, part)
        return value


def _flat(values: tuple[Any, ...]) -> Iterator[Any]:
    for one in values:
        yield one
        if isinstance(one, (list, tuple)):
            yield from one
