"""Reverse mode over a tape: from seeds at some nodes, the exact derivative at all that they hang on."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from whynet.subjects.program.rules import FLAT, TIED, fitted
from whynet.subjects.program.tape import TIES, Op, Ref, Tape, filled
from whynet.subjects.program.windows import RULES
from whynet.types import Array

FAILS = (NotImplementedError, ValueError, TypeError, IndexError, AttributeError, KeyError)
"""What a rule raises that does not hold of a call."""


@dataclass
class Adjoints:
    """The derivative at each node, and the operations that no rule knows.

    >>> Adjoints({-1: np.ones(2)}, set()).at(-1)
    array([1., 1.])
    """

    values: dict[int, Any]
    """Arrays, and floats of single numbers."""
    opaque: set[str] = field(default_factory=set)
    parts: dict[tuple[int, int], Any] = field(default_factory=dict)
    """(user, node) -> what one use of a node adds to its derivative."""

    def at(self, node: int) -> Array | None:
        """The derivative at a node; None if nothing came through to it, or something by a way that is not known."""
        value = self.values.get(node)
        return np.asarray(value) if type(value) is float else value


def reverse(
    tape: Tape, seeds: Mapping[int, Any], cut: Collection[int] = (), down_to: int = -1, idle: Collection[int] = ()
) -> Adjoints:
    """The sum over seeds of (seed, derivative of the seed's node), at every node before them, up to those in `cut`, and
    down to a node: what comes before that is left out. Of `idle` nodes, such as large arrays of data, nobody asks.

    >>> from whynet.subjects.program.tape import Leaf, Op
    >>> tape = Tape(0, 0, leaves=[Leaf(np.array([1.0, 2.0]), "w")])
    >>> end = tape.add(Op("mul", 0, (Ref(-1), Ref(-1)), {}, np.array([1.0, 4.0])))
    >>> reverse(tape, {end: 1.0}).at(-1)
    array([2., 4.])
    """
    found: dict[int, Any] = {}  # of single numbers, floats
    opaque: set[str] = set()
    parts: dict[tuple[int, int], Any] = {}
    unknown: set[int] = set()  # what comes to these by way of something opaque is not known
    for node, seed in seeds.items():
        value = tape.value(node)
        found[node] = (
            float(np.max(seed))
            if type(value) is float and np.size(seed) == 1
            else np.array(np.broadcast_to(np.asarray(seed, dtype=float), np.shape(value)))
        )
    with np.errstate(all="ignore"):
        for node in range(max((node for node in seeds), default=-1), down_to, -1):
            g, op = found.get(node), tape.ops[node]
            if node in cut or node in idle or op.name in FLAT or (g is None and node not in unknown):
                continue
            if node in unknown:
                unknown.update(op.inputs)
            if g is None:
                continue
            if type(g) is float and (nodes := _single(tape, op)):
                both = SINGLE[op.name](g, *(tape.value(one) for one in nodes))
                if both is not None:
                    for one, part in zip(nodes, both, strict=True):
                        found[one] = found.get(one, 0.0) + part
                        parts[node, one] = part
                    continue
            rule = RULES.get(op.name)
            if rule is None:
                opaque.add(op.name)
                unknown.update(op.inputs)
                continue
            try:
                args = filled(op.args, tape)
                more: dict[str, Any] = {"ties": tape.ties} if op.name in TIED else {}
                if idle and op.name in LAZY:
                    more["idle"] = tuple(one in idle for one in op.args)
                given = rule(g, op.value, *args, **filled(op.kwargs, tape), **more)
            except FAILS:
                opaque.add(op.name)
                unknown.update(op.inputs)
                continue
            for template, part in zip(op.args, given, strict=False):
                _give(found, tape, template, part)
                if isinstance(template, Ref) and part is not None:
                    parts[node, int(template)] = fitted(part, tape.value(template))
    for node in unknown:
        found.pop(node, None)
    return Adjoints(found, opaque, {place: part for place, part in parts.items() if place[1] not in unknown})


def conventions(tapes: Sequence[Tape]) -> tuple[str, ...]:
    """Where a maximum's derivative may go; more than one of `TIES` only if several numbers are the largest.

    >>> from whynet.subjects.program.tape import Leaf, Op
    >>> tape = Tape(0, 0, leaves=[Leaf(np.array([1.0, 2.0, 2.0]), "w")])
    >>> _ = tape.add(Op("max", 0, (Ref(-1),), {}, np.array(2.0)))
    >>> conventions([tape])
    ('share', 'first', 'all', 'last')
    """
    for tape in tapes:
        for op in tape.ops:
            if op.name not in TIED:
                continue
            with suppress(*FAILS), np.errstate(all="ignore"):
                each = np.ones(np.shape(op.value))
                given = RULES[op.name](each, op.value, *filled(op.args, tape), **filled(op.kwargs, tape), ties="all")
                if sum(float(np.sum(part)) for part in given if part is not None) > each.size:
                    return TIES
    return TIES[:1]


LAZY = ("matmul", "dot")
"""Their rules can leave out an operand."""


def _divided(g: float, a: float, b: float) -> tuple[float, float] | None:
    return (g / b, -g * a / b / b) if b else None


SINGLE: dict[str, Callable[..., tuple[float, ...] | None]] = {
    "add": lambda g, a, b: (g, g),
    "sub": lambda g, a, b: (g, -g),
    "mul": lambda g, a, b: (g * b, g * a),
    "div": _divided,
    "neg": lambda g, a: (-g,),
}
"""The rules of single numbers, of which a training without arrays has tens of thousands."""


def _single(tape: Tape, op: Op) -> tuple[int, ...]:
    """The operands, if all of them are single numbers of Python's and there is a rule for such."""
    if op.name not in SINGLE or op.kwargs or not all(type(one) is Ref for one in op.args):
        return ()
    nodes = tuple(int(one) for one in op.args)
    return nodes if all(type(tape.value(one)) is float for one in nodes) else ()


def _give(found: dict[int, Any], tape: Tape, template: Any, part: Any) -> None:
    """Add an argument's adjoint to the nodes that it consists of."""
    if part is None:
        return
    if isinstance(template, Ref):
        node, value = int(template), tape.value(template)
        new = fitted(part, value) if type(value) is not float else float(np.sum(part))
        found[node] = found[node] + new if node in found else new
    elif isinstance(template, (list, tuple)):
        for one, inner in zip(template, part, strict=False):
            _give(found, tape, one, inner)
