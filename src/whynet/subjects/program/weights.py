"""Which parameters are weights, and how many inputs a unit of each layer has: what they are drawn anew by."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from whynet.subjects.program.judgement import Judged
from whynet.subjects.program.loop import PRODUCTS, Group
from whynet.subjects.program.tape import Tape


@dataclass(frozen=True)
class Drawn:
    """The weights of a layer: where they lie, and how many inputs a unit of it has.

    >>> Drawn(("W1",), 784).fan_in
    784
    """

    paths: tuple[str, ...]
    fan_in: int


def weights(one: Judged) -> tuple[Drawn, ...]:
    """The groups that are multiplied by something: the rest are biases.

    >>> from whynet.subjects.program.loop import Flow
    >>> weights(Judged(Flow([Tape(0, 1)]), [], [], []))
    ()
    """
    tape, found = one.tape, []
    multiplied: dict[int, int] = {}
    for node in sorted(one.forward):
        op = tape.ops[node]
        if op.name not in PRODUCTS:
            continue
        for position, read in enumerate(op.inputs):
            leaf = _leaf(tape, read)
            if leaf < 0 and leaf not in multiplied:
                turned = np.shape(tape.value(read)) != np.shape(tape.value(leaf)) or _is_turned(tape, read)
                axis = -2 if position == 1 else -1  # of `x @ W`, and of `W @ x`
                multiplied[leaf] = {-2: -1, -1: -2}[axis] if turned else axis
    for group in one.parameters:
        leaves = [tape.start[path] for path in group.paths if path in tape.start]
        if not leaves or leaves[0] not in multiplied:
            continue
        found.append(Drawn(tuple(group.paths), _fan_in(tape, group, leaves[0], multiplied[leaves[0]])))
    return tuple(found)


def _fan_in(tape: Tape, group: Group, leaf: int, axis: int) -> int:
    shape = np.shape(tape.value(leaf))
    if len(shape) >= 2:
        return int(shape[axis])
    if len(shape) == 1:
        return int(shape[0])
    units = {path.rpartition("[")[0] for path in group.paths}
    return max(1, len(group.paths) // max(len(units), 1))


def _leaf(tape: Tape, node: int) -> int:
    """What a value is before it is turned."""
    while node >= 0 and tape.ops[node].name in ("T", "transpose", "reshape", "copy") and tape.ops[node].inputs:
        node = tape.ops[node].inputs[0]
    return node


def _is_turned(tape: Tape, node: int) -> bool:
    turns = 0
    while node >= 0 and tape.ops[node].name in ("T", "transpose", "reshape", "copy") and tape.ops[node].inputs:
        turns += tape.ops[node].name in ("T", "transpose")
        node = tape.ops[node].inputs[0]
    return turns % 2 == 1
