"""Functions of each number by itself: what stands within an activation is nobody's delta."""

from __future__ import annotations

import numpy as np

from whynet.subjects.program.loop import Flow

SMOOTH = {"add", "sub", "mul", "div", "neg", "exp", "tanh", "pow", "maximum", "minimum", "where", "larger", "smaller",
          "expit", "expm1", "sinh", "cosh", "arctan", "cos", "logaddexp", "copy", "abs", "log", "sqrt", "reciprocal",
          "clip", "log1p", "square", "sin"}  # fmt: skip
"""Operations on each number by itself: activations are made of them."""


def within_activations(flow: Flow, forward: set[int]) -> set[int]:
    """Values that stand between what goes into an activation and what comes out: nobody's delta is meant for them.

    >>> from whynet.subjects.program.tape import Tape
    >>> within_activations(Flow([Tape(0, 0)]), set())
    set()
    """
    tape = flow.tapes[0]
    named = {node for node, _, _ in tape.names}
    whole = {leaf for leaf in tape.start.values() if np.ndim(tape.value(leaf)) or not tape.leaves[-leaf - 1].constant}
    users: dict[int, set[int]] = {}
    for node in forward:
        for read in flow.inputs[node]:
            users.setdefault(read, set()).add(node)
    found, lying = set(), set(tape.start.values())
    for node in forward:
        after = users.get(node, set())
        smooth = tape.ops[node].name in SMOOTH and all(tape.ops[read].name in SMOOTH for read in flow.inputs[node])
        if smooth and node not in named and after and not flow.leaves[node] & whole:
            alike = all(tape.ops[one].name in SMOOTH and flow.leaves[one].isdisjoint(lying) for one in after)
            if alike and flow.inputs[node]:
                found.add(node)
    return found
