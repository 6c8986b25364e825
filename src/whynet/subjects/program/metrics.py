"""What a program says of itself: the cost that it prints, and how it counts what it got right."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from whynet.subjects.program.judgement import Judged
from whynet.subjects.program.loop import Flow
from whynet.subjects.program.match import factor, flat
from whynet.subjects.program.reverse import reverse
from whynet.subjects.program.sites import Site
from whynet.subjects.program.tape import Op, Ref, Tape
from whynet.subjects.program.text import Text
from whynet.subjects.program.unmoved import Blame
from whynet.types import Array

COSTS = re.compile(r"cost|loss|err(?!_)|entropy|nll|mse|^[JLE]$", re.IGNORECASE)
"""What people call what falls as a network learns."""
GAINS = re.compile(r"likelihood|reward|score|gain|objective|log_?p|ll$", re.IGNORECASE)
PASSED = {"copy", "reshape", "ravel", "squeeze", "getitem", "T", "transpose", "mul", "expand_dims", "item"}
"""What a decision, or a target, goes through on its way to a comparison."""
DECIDED = {"argmax", "round", "rint", "around", "gt", "ge", "lt", "le"}
SUMS = {"matmul", "dot", "total", "einsum", "inner"}
LATER = 10**8
"""What is printed spoils no step: it comes after all that does."""


def cost_upside_down(one: Judged, text: Text) -> list[Blame]:
    """A cost that falls where the network gets worse.

    >>> from whynet.subjects.program.tape import Tape
    >>> cost_upside_down(Judged(Flow([Tape(0, 1)]), [], [], []), Text([]))
    []
    """
    if one.tape.cost is not None or not one.moved or not all(step.right for step in one.steps):
        return []
    used = one.flow.before([end for group in (*one.moved, *one.state) for end in one.ends(group)])
    paths = [group.paths[0] for group in one.moved if np.size(one.tape.value(one.tape.start[group.paths[0]])) > 1]
    for node, op in enumerate(one.tape.ops):
        if node in used or np.ndim(op.value) or one.flow.after({node}) != {node}:
            continue
        names = [name for at, name, _ in one.tape.names if at == node] + [text.site(node).text]
        if not any(COSTS.search(name) for name in names[:-1]) or any(GAINS.search(name) for name in names):
            continue
        found = [reverse(tape, {node: 1.0}) for tape in one.flow.tapes]
        turned = []
        for path in paths:
            ours = [adj.at(tape.start[path]) for adj, tape in zip(found, one.flow.tapes, strict=True)]
            exact = one.at(path)
            if any(value is None for value in (*ours, *exact)):
                continue
            turned.append(_ratio(ours, exact))
        if turned and all(ratio is not None and ratio < 0 for ratio in turned):
            site = text.site(node)
            words = "it falls where the cost rises that the steps go down: its sign is turned"
            name = text.named(node)
            return [Blame("metric-wrong", site.file, site.line, name, "", words, LATER)]
    return []


def _ratio(ours: Sequence[Array | None], exact: Sequence[Array | None]) -> float | None:
    return factor(flat([value for value in ours if value is not None]), flat([v for v in exact if v is not None]))


@dataclass(frozen=True)
class Counted:
    """A comparison of what was decided with what is right.

    >>> Counted(5, 3, -2).decided
    3
    """

    node: int
    decided: int
    target: int


def accuracies(tape: Tape, sites: Sequence[Site]) -> list[Blame]:
    """Lines that count wrongly what a network got right.

    >>> accuracies(Tape(0, 1), [])
    []
    """
    found: list[Blame] = []
    flow = Flow([tape])
    computed = _computed(tape)
    for counted in _comparisons(tape, computed):
        told = next(_mistakes(tape, flow, counted), None)
        if told is None:
            continue
        node, words = told
        site = sites[tape.ops[node].site]
        if (site.file, site.line) not in [(one.file, one.line) for one in found]:
            found.append(Blame("metric-wrong", site.file, site.line, site.text, "", words, LATER))
    return found


def _computed(tape: Tape) -> list[bool]:
    """Of each operation, whether sums of products went into it: an output does, a label does not."""
    found = [False] * len(tape.ops)
    for index, op in enumerate(tape.ops):
        found[index] = op.name in SUMS or any(found[node] for node in op.inputs if node >= 0)
    return found


def _comparisons(tape: Tape, computed: Sequence[bool]) -> Iterator[Counted]:
    for node, op in enumerate(tape.ops):
        if op.name != "eq" or len(op.args) != 2 or not all(isinstance(one, Ref) for one in op.args):
            continue
        pair = [int(one) for one in op.inputs]
        for decided, target in (pair, pair[::-1]):
            made = decided >= 0 and computed[decided] and not (target >= 0 and computed[target])
            if made and tape.ops[_source(tape, decided)[0]].name in DECIDED:
                yield Counted(node, decided, target)


def _source(tape: Tape, node: int) -> tuple[int, list[int]]:
    """What a value was before it was passed on, and what it was passed through."""
    way = []
    while node >= 0 and tape.ops[node].name in PASSED and isinstance(tape.ops[node].args[0], Ref):
        way.append(node)
        node = int(tape.ops[node].args[0])
    return node, way


def _mistakes(tape: Tape, flow: Flow, counted: Counted) -> Iterator[tuple[int, str]]:
    """The wrong value, and what is wrong with it."""
    value = tape.ops[counted.node].value
    decided, _ = _source(tape, counted.decided)
    target, way = _source(tape, counted.target)
    shapes = [np.shape(tape.value(one)) for one in (counted.decided, counted.target)]
    n = max(np.size(tape.value(counted.decided)), 1)
    if np.size(value) == n * n > 1 and np.size(tape.value(counted.target)) == n:
        yield counted.node, f"shapes {shapes[0]} and {shapes[1]} give {np.shape(value)}: each output meets every label"
        return
    op = tape.ops[decided]
    if op.name == "argmax":
        yield from _axes(tape, decided, target)
        yield from _labels(tape, decided, counted, target, way)
    elif np.ndim(value) == 2 and _one_hot(tape.value(counted.target), 1) and np.shape(value)[1] > 2:
        whole = [node for node in flow.after({counted.node}) if _whole(tape.ops[node], counted.node)]
        if whole:
            words = (
                f"the {np.shape(value)[1]} outputs of an example are counted one by one, most of which are rightly 0"
            )
            yield whole[0], words
    yield from _divided(tape, flow, counted, way)


def _whole(op: Op, node: int) -> bool:
    """Whether this is the sum or mean of all of a value."""
    return op.name in ("mean", "sum") and op.inputs[:1] == [node] and np.ndim(op.value) == 0


def _axis(op: Op) -> int | None:
    axis = op.kwargs.get("axis", op.args[1] if len(op.args) > 1 else None)
    return int(axis) if isinstance(axis, int) else None


def _one_hot(value: object, axis: int) -> bool:
    """Whether there is one 1 along an axis, and else nothing."""
    array = np.asarray(value, dtype=float)
    if array.ndim <= axis or array.shape[axis] < 2:
        return False
    return bool(np.all((array == 0) | (array == 1)) and np.all(array.sum(axis=axis) == 1))


def _axes(tape: Tape, decided: int, target: int) -> Iterator[tuple[int, str]]:
    """An argmax over the examples."""
    if target < 0 or tape.ops[target].name != "argmax":
        return
    labels = np.asarray(tape.value(int(tape.ops[target].args[0])))
    outputs = np.shape(tape.value(int(tape.ops[decided].args[0])))
    if labels.ndim != 2 or labels.shape != outputs or min(outputs) < 2:
        return
    classes = [axis for axis in (0, 1) if _one_hot(labels, axis)]
    if len(classes) != 1:
        return
    for node in (decided, target):
        axis = _axis(tape.ops[node])
        if axis is None or axis % 2 != classes[0]:
            over = "of all numbers" if axis is None else f"over axis {axis}"
            yield node, f"the argmax is taken {over}: the classes lie along axis {classes[0]}"
            return


def _labels(tape: Tape, decided: int, counted: Counted, target: int, way: Sequence[int]) -> Iterator[tuple[int, str]]:
    """A class compared with one of the numbers of a one-hot row."""
    outputs = np.asarray(tape.value(int(tape.ops[decided].args[0])))
    axis = _axis(tape.ops[decided])
    classes = outputs.size if axis is None else outputs.shape[axis]
    taken = [node for node in way if tape.ops[node].name == "getitem"]
    if classes < 3 or not taken:
        return
    whole = np.asarray(tape.value(int(tape.ops[taken[0]].args[0])))
    row = whole.size == classes == max(whole.shape) and _one_hot(whole.reshape(1, -1), 1)
    rows = whole.ndim == 2 and whole.shape[1] == classes != whole.size and _one_hot(whole, 1)
    size = np.size(tape.value(counted.target))
    if (row and size == 1) or (rows and size == len(whole) and size != whole.size):
        yield counted.node, "the number of a class is compared with a number of a one-hot row, which is 0 or 1"


def _divided(tape: Tape, flow: Flow, counted: Counted, way: Sequence[int]) -> Iterator[tuple[int, str]]:
    """What was right, divided by something else than the number of examples."""
    n = np.size(tape.ops[counted.node].value)
    if n < 2 or any(tape.ops[node].name == "getitem" for node in way):
        return
    for node in sorted(flow.after({counted.node})):
        op = tape.ops[node]
        if op.name != "div" or not op.inputs or op.inputs[0] < 0 or not isinstance(op.args[1], Ref):
            continue
        if not _whole(tape.ops[op.inputs[0]], counted.node) or tape.ops[op.inputs[0]].name != "sum":
            continue
        by = float(np.max(tape.value(int(op.args[1]))))
        sizes = {np.size(leaf.value) for leaf in tape.leaves if np.ndim(leaf.value) == 2 and n in np.shape(leaf.value)}
        if by > n and by in sizes:
            yield node, f"what is right of {n} examples is divided by {by:g}, the number of all numbers in an array"
            return
