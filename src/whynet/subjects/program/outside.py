"""An optimiser from outside that asks the program for costs and gradients: each of its questions is an iteration.

The flat vector that it hands over is taken apart as the program takes it apart, and the gradient that comes back as it
was put together: so there are layers and steps as in a loop of the program's own, and the cost is known.
"""

from __future__ import annotations

import functools
import inspect
import itertools
import sys
from collections.abc import Callable
from dataclasses import replace
from types import CodeType, ModuleType
from typing import Any

import numpy as np

from whynet.subjects.program.recorder import Recorder
from whynet.subjects.program.sites import Site
from whynet.subjects.program.tape import Leaf, Op, Ref, Tape
from whynet.types import Array

OPTIMISERS = {
    "minimize": ("fun", "jac"),
    "fmin_l_bfgs_b": ("func", "fprime"),
    "fmin_tnc": ("func", "fprime"),
    "fmin_cg": ("f", "fprime"),
    "fmin_bfgs": ("f", "fprime"),
    "fmin_ncg": ("f", "fprime"),
}
"""Functions of `scipy.optimize`: what they call the cost and its gradient."""
TOGETHER = {"fmin_l_bfgs_b", "fmin_tnc"}
"""Without a gradient of its own, the cost gives back both."""
TAKEN = 8
"""Questions that are recorded."""


def watch(module: ModuleType, recorder: Recorder) -> None:
    """From now on, what `scipy.optimize` asks of the program is recorded.

    >>> from whynet.subjects.program.sites import Sites
    >>> module = ModuleType("optimize")
    >>> watch(module, Recorder(Sites(), set()))
    >>> vars(module).get("minimize") is None
    True
    """
    for name, keys in OPTIMISERS.items():
        original = getattr(module, name, None)
        if original is not None:
            setattr(module, name, _watched(original, name, *keys, recorder))


def _watched(original: Callable[..., Any], name: str, cost: str, slope: str, recorder: Recorder) -> Callable[..., Any]:
    signature = inspect.signature(original)

    @functools.wraps(original)
    def optimiser(*args: Any, **kwargs: Any) -> Any:
        try:
            bound = signature.bind(*args, **kwargs)
        except TypeError:
            return original(*args, **kwargs)
        given = bound.arguments
        fun, jac = given.get(cost), given.get(slope)
        both = jac is True or (jac is None and name in TOGETHER and not given.get("approx_grad"))
        code = _code(fun)
        if code is None or code.co_filename not in recorder.files or not (both or callable(jac)):
            return original(*args, **kwargs)
        assert fun is not None
        asked = Asked(recorder, code, fun, None if both else jac)
        given[cost] = asked.cost
        if not both:
            given[slope] = asked.slope
        return original(*bound.args, **bound.kwargs)

    return optimiser


def _code(function: Any) -> CodeType | None:
    """A function's code, through methods and partial ones."""
    while isinstance(function, functools.partial):
        function = function.func
    code = getattr(getattr(function, "__func__", function), "__code__", None)
    return code if isinstance(code, CodeType) else None


class Asked:
    """The cost of a program and its gradient, as an optimiser asks for them.

    >>> from whynet.subjects.program.sites import Sites
    >>> asked = Asked(Recorder(Sites(), set()), _code(lambda w: w), lambda w: (w @ w, 2 * w), None)
    >>> float(asked.cost(np.ones(2))[0]), asked.recorder.counts
    (2.0, {0: 0})
    """

    def __init__(
        self, recorder: Recorder, code: CodeType, fun: Callable[..., Any], jac: Callable[..., Any] | None
    ) -> None:
        self.recorder, self.fun, self.jac = recorder, fun, jac
        first = [name for name in code.co_varnames[: code.co_argcount] if name not in ("self", "cls")]
        self.name = first[0] if first else "theta"
        known = recorder.sites.known
        self.place = len(known)
        known.append(Site(code.co_filename, code.co_firstlineno, code.co_firstlineno, f"def {code.co_name}"))
        self.open: tuple[Array, Any] | None = None
        self.done = 0

    def cost(self, x: Any, *args: Any) -> Any:
        """The cost, and its gradient where the program gives both at once."""
        recorder = self.recorder
        recorder.counts[self.place] = recorder.counts.get(self.place, -1) + 1
        if recorder.enough:
            recorder.leave()
        if recorder.on or recorder.enough or self.done >= TAKEN:
            return self.fun(x, *args)
        vector = np.array(x, dtype=float)
        recorder.begin(self.place, recorder.counts[self.place], sys._getframe(1))
        recorder.paths[id(vector)] = self.name
        recorder.lying[self.name] = vector
        value = self._asked(self.fun, vector, args)
        if self.jac is None and isinstance(value, tuple) and len(value) == 2:
            self._end(vector, *value)
        self.open = (vector, value)
        return value

    def slope(self, x: Any, *args: Any) -> Any:
        """The gradient where the cost was asked for before."""
        recorder = self.recorder
        if self.open is None or recorder.on or not np.array_equal(self.open[0], x) or self.jac is None:
            return self.jac(x, *args) if self.jac is not None else None
        vector, cost = self.open
        self.open, recorder.on = None, True
        value = self._asked(self.jac, vector, args)
        self._end(vector, cost, value)
        return value

    def _asked(self, function: Callable[..., Any], vector: Array, args: tuple[Any, ...]) -> Any:
        try:
            return function(vector, *args)
        finally:
            self.recorder.on = False

    def _end(self, vector: Array, cost: Any, slope: Any) -> None:
        """A question was answered: the tape, with the steps that the gradient means."""
        recorder = self.recorder
        nodes = [recorder.ids.get(id(value), (0, None)) for value in (vector, cost, slope)]
        if all(known is value for (_, known), value in zip(nodes, (vector, cost, slope), strict=True)):
            tape = taken_apart(recorder.tape, self.name, *(node for node, _ in nodes))
            if tape is not None and recorder.taken(tape):
                self.done += 1
                recorder.enough = recorder.enough or self.done >= TAKEN
        recorder.ids, recorder.lying, recorder.paths = {}, {}, {}


def taken_apart(tape: Tape, name: str, whole: int, cost: int, slope: int) -> Tape | None:
    """A tape on which each part of the flat vector is a parameter, and is moved against its part of the gradient.

    >>> tape = Tape(0, 0, leaves=[Leaf(np.array([1.0, 2.0]), "w")])
    >>> _ = tape.add(Op("inner", 0, (Ref(-1), Ref(-1)), {}, 5.0))
    >>> _ = tape.add(Op("mul", 0, (Ref(-1), 2), {}, np.array([2.0, 4.0])))
    >>> taken_apart(tape, "w", -1, 0, 1).end
    {'w': 2}
    """
    if whole >= 0 or cost < 0 or slope < 0 or np.shape(tape.value(slope)) != np.shape(tape.value(whole)):
        return None
    tape.cost, tape.gradient = cost, slope
    tape.start.pop(name, None)
    pieces = _pieces(tape, whole)
    put = dict(_put(tape, slope))
    places = [((0, np.size(tape.value(whole))), [whole], "C")] if pieces is None else pieces
    for (start, stop), nodes, order in places:
        node = nodes[0]
        value = tape.value(node)
        path = name if node == whole else _name(tape, nodes) or f"{name}[{start}:{stop}]"
        if path in tape.start:
            path = f"{name}[{start}:{stop}]"
        leaf = node if node == whole else tape.leaf(Leaf(value, path))
        if node != whole:
            _exchange(tape, set(nodes), leaf)
        site = tape.ops[slope].site
        part = np.reshape(np.asarray(tape.value(slope))[start:stop], np.shape(value), order=order)  # type: ignore[call-overload]
        of = put.get((start, stop))
        if of is None and node == whole:
            of = slope
        elif of is None:
            of = tape.add(Op("getitem", site, (Ref(slope), slice(start, stop)), {}, np.ravel(part, order)))  # type: ignore[call-overload]
        if np.shape(tape.value(of)) != np.shape(part):
            of = tape.add(Op("reshape", site, (Ref(of), np.shape(part)), {"order": order}, part))
        tape.start[path] = leaf
        tape.end[path] = tape.add(Op("sub", site, (Ref(leaf), Ref(of)), {}, value - part))
        tape.pieces[path] = start
    return tape


Piece = tuple[tuple[int, int], list[int], str]


def _pieces(tape: Tape, whole: int) -> list[Piece] | None:
    """Where the flat vector is cut, and the values that its parts become; None if it is used whole, or they overlap."""
    size = np.size(tape.value(whole))
    found: dict[tuple[int, int], tuple[list[int], str]] = {}
    for node, op in enumerate(tape.ops):
        if whole not in op.inputs:
            continue
        if op.name != "getitem" or not isinstance(op.args[1], slice):
            return None
        start, stop, step = op.args[1].indices(size)
        if step != 1:
            return None
        users = [user for user, other in enumerate(tape.ops) if node in other.inputs]
        order = "C"
        if len(users) == 1 and tape.ops[users[0]].name == "reshape":
            order = str(tape.ops[users[0]].kwargs.get("order", "C"))
            node = users[0]
        nodes, known = found.setdefault((start, stop), ([], order))
        if order != known or (nodes and np.shape(tape.value(nodes[0])) != np.shape(tape.value(node))):
            return None
        nodes.append(node)
    cuts = sorted(found)
    if any(first[1] > second[0] for first, second in itertools.pairwise(cuts)) or not cuts:
        return None
    return [(cut, *found[cut]) for cut in cuts]


def _put(tape: Tape, slope: int) -> list[tuple[tuple[int, int], int]]:
    """Of a gradient that was joined from parts: where each lies in it."""
    op = tape.ops[slope]
    if op.name not in ("concatenate", "hstack", "append"):
        return []
    found, at = [], 0
    for node in op.inputs:
        size = np.size(tape.value(node))
        found.append(((at, at + size), node))
        at += size
    return found


def _name(tape: Tape, nodes: list[int]) -> str:
    return next((name.removeprefix("= ") for node, name, _ in tape.names if node in nodes and " " not in name), "")


def _exchange(tape: Tape, old: set[int], new: int) -> None:
    """Wherever a value was read, another is."""

    def turned(template: Any) -> Any:
        if isinstance(template, Ref):
            return Ref(new) if int(template) in old else template
        if isinstance(template, (list, tuple)):
            return type(template)(turned(part) for part in template)
        return {key: turned(part) for key, part in template.items()} if isinstance(template, dict) else template

    tape.ops[:] = [replace(op, args=turned(op.args), kwargs=turned(op.kwargs)) for op in tape.ops]
    tape.names = [(new if node in old else node, name, site) for node, name, site in tape.names]
