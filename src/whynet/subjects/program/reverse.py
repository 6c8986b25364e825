"""Reverse mode over a tape: from seeds at some nodes, the exact derivative at all that they hang on."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from whynet.subjects.program.layout import RULES
from whynet.subjects.program.rules import FLAT, fitted
from whynet.subjects.program.tape import Ref, Tape, filled
from whynet.types import Array


@dataclass
class Adjoints:
    """The derivative at each node, and the operations that no rule knows.

    >>> Adjoints({-1: np.ones(2)}, set()).at(-1)
    array([1., 1.])
    """

    values: dict[int, Array]
    opaque: set[str] = field(default_factory=set)
    parts: dict[tuple[int, int], Array] = field(default_factory=dict)
    """(user, node) -> what one use of a node adds to its derivative."""

    def at(self, node: int) -> Array | None:
        """The derivative at a node; None if nothing came through to it, or something by a way that is not known."""
        return self.values.get(node)


def reverse(tape: Tape, seeds: Mapping[int, Any], cut: Collection[int] = ()) -> Adjoints:
    """The sum over seeds of (seed, derivative of the seed's node), at every node before them, up to those in `cut`.

    >>> from whynet.subjects.program.tape import Leaf, Op
    >>> tape = Tape(0, 0, leaves=[Leaf(np.array([1.0, 2.0]), "w")])
    >>> end = tape.add(Op("mul", 0, (Ref(-1), Ref(-1)), {}, np.array([1.0, 4.0])))
    >>> reverse(tape, {end: 1.0}).at(-1)
    array([2., 4.])
    """
    found: dict[int, Array] = {}
    opaque: set[str] = set()
    parts: dict[tuple[int, int], Array] = {}
    unknown: set[int] = set()  # what comes to these by way of something opaque is not known
    for node, seed in seeds.items():
        found[node] = np.array(np.broadcast_to(np.asarray(seed, dtype=float), np.shape(tape.value(node))))
    with np.errstate(all="ignore"):
        for node in range(max((node for node in seeds), default=-1), -1, -1):
            g, op = found.get(node), tape.ops[node]
            if node in cut or op.name in FLAT or (g is None and node not in unknown):
                continue
            if node in unknown:
                unknown.update(op.inputs)
            if g is None:
                continue
            rule = RULES.get(op.name)
            if rule is None:
                opaque.add(op.name)
                unknown.update(op.inputs)
                continue
            try:
                args = filled(op.args, tape)
                given = rule(g, op.value, *args, **filled(op.kwargs, tape))
            except (NotImplementedError, ValueError, TypeError, IndexError, AttributeError, KeyError):
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


def _give(found: dict[int, Array], tape: Tape, template: Any, part: Any) -> None:
    """Add an argument's adjoint to the nodes that it consists of."""
    if part is None:
        return
    if isinstance(template, Ref):
        new = fitted(part, tape.value(template))
        node = int(template)
        found[node] = found[node] + new if node in found else new
    elif isinstance(template, (list, tuple)):
        for one, inner in zip(template, part, strict=False):
            _give(found, tape, one, inner)
