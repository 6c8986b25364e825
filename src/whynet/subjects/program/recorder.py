"""The recorder: what a program's taped copy calls. It does what the program does, and notes it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from whynet.subjects.program.calls import CHANGING, COMPARE, IN_PLACE, PLAIN, Kind, joining, kind_of
from whynet.subjects.program.notes import SHARED, Notes
from whynet.subjects.program.tape import Ref, refs
from whynet.subjects.program.walk import flattened, is_number


class Recorder(Notes):
    """Notes what runs while it is on.

    >>> from whynet.subjects.program.sites import Sites
    >>> recorder = Recorder(Sites(), set())
    >>> recorder.begin(0, 1, None)
    >>> w = 0.5
    >>> y = recorder.bin(0, "mul", w, 3.0, 2)
    >>> [(op.name, op.value) for op in recorder.tape.ops], [leaf.constant for leaf in recorder.tape.leaves]
    ([('mul', 1.5)], [False, True])
    """

    slice = slice

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
        if self.on and (name := joining(whose, index)):
            return self.note(name, site, (self.coded(list(index)),), {}, value)
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
        if name in CHANGING and args and isinstance(args[0], np.ndarray):
            given, said = tuple(self.operand(one) for one in args), {key: self.coded(kwargs[key]) for key in kwargs}
            self.protect(args[0])
            function(*args, **kwargs)
            self.note(name, site, given, said, args[0])
            return None
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
        if any(value is one for one in flattened(whole)) and value is not out:
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
