"""Parameters that no line moves: biases that are forgotten, gradients that are computed and not used."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from whynet.subjects.program.judgement import Judged
from whynet.subjects.program.loop import PRODUCTS, Group
from whynet.subjects.program.match import factor, flat
from whynet.subjects.program.meant import Meant
from whynet.subjects.program.siblings import alike, conditional, left_out
from whynet.subjects.program.text import Text

FLAT = 1e-12
ARRANGING = {"insert", "append", "concatenate", "hstack", "vstack", "column_stack", "stack", "pad", "reshape", "ravel",
             "T", "transpose", "copy"}  # fmt: skip


@dataclass(frozen=True)
class Blame:
    """A wrong line: the kind of mistake, the name of what is wrong, and the parameter whose step it spoils.

    >>> Blame("sign", "train.py", 12, "W1", "W1", "it goes uphill", 7).line
    12
    """

    kind: str
    file: str
    line: int
    name: str
    parameter: str
    words: str
    node: int
    """The first wrong value; of what never happens, a large number."""
    meant: Meant = Meant()


def unmoved(one: Judged, text: Text) -> list[Blame]:
    """Parameters that no line moves.

    >>> from whynet.subjects.program.loop import Flow
    >>> from whynet.subjects.program.tape import Tape
    >>> one = Judged(Flow([Tape(0, 1)]), [], [], [])
    >>> unmoved(one, Text([], one))
    []
    """
    found: list[Blame] = []
    if len(one.flow.tapes) < 2:  # of one iteration, it cannot be known what never moves
        return found
    for group in one.kept:
        leaf = one.tape.start[group.paths[0]]
        values = [tape.value(tape.start[group.paths[0]]) for tape in one.flow.tapes if group.paths[0] in tape.start]
        same = len(values) == len(one.flow.tapes) and all(np.array_equal(value, values[0]) for value in values)
        users = [node for node in sorted(one.forward) if leaf in one.flow.leaves[node]]
        if not users or not same or _is_data(one, leaf, users):
            continue
        exact = [value for value in one.at(group.paths[0]) if value is not None]
        if not exact or max(float(np.max(np.abs(value))) for value in exact) < FLAT:
            continue  # there is nowhere to go
        computed = _computed(one, group)
        if computed is None and conditional(one, group, text):
            continue
        line = left_out(one, group, computed, text)
        if line is not None:
            words = "this loop leaves it out: " + (
                "its gradient is computed, and no line moves it" if computed is not None else "no line moves it"
            )
            meant = Meant() if computed is None else Meant(value=text.named(computed))
            found.append(Blame("missing-update", *line, group.name, group.name, words, 10**9, meant))
        elif computed is not None:
            site = text.site(computed)
            words = "its gradient is computed, and no line moves it"
            meant = Meant(value=text.named(computed))
            found.append(Blame("missing-update", site.file, site.line, group.name, group.name, words, 10**9, meant))
        elif (group.list and group.list in {other.list for other in one.moved}) or _is_bias(one, group, leaf, users):
            site = text.site(users[0])
            words = "it never moves: no line updates it"
            found.append(Blame("missing-update", site.file, site.line, group.name, group.name, words, 10**9))
    return found


def _is_data(one: Judged, leaf: int, users: Sequence[int]) -> bool:
    """Whether a leaf is multiplied by a parameter, or has a place for each example, as the outputs have."""
    moved = {one.tape.start[path] for group in one.moved for path in group.paths}
    listed = {pattern for group in one.moved for pattern in alike(group.paths[0])}
    moved |= {one.tape.start[group.paths[0]] for group in one.kept if listed & set(alike(group.paths[0]))}
    if leaf in moved:
        return False
    met, arranged = set(users), {user for user in users if one.tape.ops[user].name in ARRANGING}
    for node in sorted(one.forward):  # a column of ones may be put in front before it is multiplied
        if one.flow.inputs[node] & arranged:
            met.add(node)
            arranged |= {node} if one.tape.ops[node].name in ARRANGING else set()
    if any(one.tape.ops[user].name in PRODUCTS and one.flow.leaves[user] & moved for user in met):
        return True
    value = np.asarray(one.tape.value(leaf))
    if value.dtype.kind in "iub":
        return True
    rows = {np.shape(one.tape.value(output)) for output in one.outputs}
    many = {n for shape in rows for n in shape if n > 1}
    if one.tape.ops[users[0]].name == "getitem":
        return True
    if one.tape.ops[users[0]].name == "add" and value.shape != np.shape(one.tape.value(users[0])):
        return False  # the same for all examples
    first = next(iter(rows), ())
    return len(first) == 2 and value.ndim == 2 and min(first) == 1 and bool(set(value.shape) & many)


def _computed(one: Judged, group: Group) -> int | None:
    """The gradient of a parameter that moves none; its running mean may be kept."""
    exact = [value for value in one.at(group.paths[0]) if value is not None]
    if len(exact) < len(one.flow.tapes):
        return None
    truth = flat(exact)
    used = one.flow.before([end for other in one.moved for end in one.ends(other)]) | one.forward
    for node in range(max(one.outputs), len(one.tape.ops)):
        shape = np.shape(one.tape.value(node))
        if node not in used and shape == np.shape(exact[0]) and factor(flat(one.values(node)), truth) is not None:
            return node
    return None


def _is_bias(one: Judged, group: Group, leaf: int, users: Sequence[int]) -> bool:
    """Whether a number that stays is added to sums of products, as other biases are that move."""
    op = one.tape.ops[users[0]]
    others = [node for node in op.inputs if node != leaf]
    if op.name != "add" or (len(users) > 1 and any(one.tape.ops[user].name != "add" for user in users)):
        return False
    if len(others) != 1 or others[0] < 0:
        return False
    shape, whole = np.shape(one.tape.value(leaf)), np.shape(op.value)
    name = group.name.replace("self.", "").rpartition(".")[2].lower().lstrip("_")
    called = name.startswith(("b", "theta", "offset", "intercept")) or "bias" in name
    spread = shape != whole or np.size(op.value) == 1 or min(shape, default=1) == 1
    summed = any(one.tape.ops[node].name in ("matmul", "dot", "total", "sum", "einsum", "inner")
                 for node in one.flow.before(others))  # fmt: skip
    return called and spread and (summed or np.size(op.value) == 1)
