"""Where a program's settings come into its training: the rate, the inputs and targets, the weights."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

import numpy as np

from whynet.subjects.program.judgement import Judged, Step
from whynet.subjects.program.loop import PRODUCTS
from whynet.subjects.program.text import Text

ALONG = {"T", "transpose", "reshape", "getitem", "copy"}


@dataclass(frozen=True)
class Place:
    """An expression in a program's text, and the number that it was.

    >>> Place("train.py", 12, "lr", 0.1).value
    0.1
    """

    file: str
    line: int
    text: str
    value: float = 0.0


@dataclass(frozen=True)
class Origins:
    """Where the settings of a training stand.

    >>> Origins().inputs
    ''
    """

    rate: tuple[Place, ...] = ()
    inputs: str = ""
    """What the inputs are called where they are used, whole: not the batch that is taken from them."""
    targets: str = ""
    shape: tuple[int, ...] = ()
    examples: int = 0
    """The axis of the inputs that the examples lie along."""
    line: int = 0
    """Where the inputs are first multiplied by weights."""
    file: str = ""
    fans: dict[str, int] = field(default_factory=dict)
    """Of each matrix of weights, the axis along which a unit's inputs lie."""
    output: str = ""
    """The last of them."""
    whole: tuple[str, ...] = ()
    """Where a step sees all examples: what they are called, inputs first."""


def origins(one: Judged, text: Text) -> Origins:
    """What a training's tapes say of where its settings stand.

    >>> from whynet.subjects.program.loop import Flow
    >>> from whynet.subjects.program.tape import Tape
    >>> one = Judged(Flow([Tape(0, 1)]), [], [], [])
    >>> origins(one, Text([], one))
    Origins(rate=(), inputs='', targets='', shape=(), examples=0, line=0, file='', fans={}, output='', whole=())
    """
    leaves = {one.tape.start[path]: group.name for group in one.parameters for path in group.paths}
    below = one.flow.after(set(leaves))
    fans: dict[str, int] = {}
    inputs, examples, line, file = "", 0, 0, ""
    shape: tuple[int, ...] = ()
    state = {path for group in one.state for path in group.paths}  # a hidden state is no input
    for node in sorted(one.forward):
        op = one.tape.ops[node]
        if op.name not in PRODUCTS or len(op.inputs) != 2:
            continue
        for place, read in enumerate(op.inputs):
            whose, turned = _base(one, read)
            other = op.inputs[1 - place]
            if whose not in leaves:
                continue
            if np.ndim(one.tape.value(whose)) == 2 and op.name in ("matmul", "dot"):
                fans[leaves[whose]] = place if turned else 1 - place
            if other in below:
                continue
            data, data_turned = _base(one, other)
            leaf = one.tape.leaves[-data - 1] if data < 0 else None
            if not inputs and leaf is not None and not leaf.constant and leaf.path not in state:
                shape = np.shape(leaf.value)
                inputs = one.tape.leaves[-data - 1].path
                examples = int((place == 0) != data_turned)
                line, file = text.site(node).line, text.site(node).file
    targets = ""
    for pair in one.cost.pairs if one.cost else ():
        whole, _ = _base(one, pair.target)
        if whole < 0 and not targets:
            targets = one.tape.leaves[-whole - 1].path
    last = next(reversed(fans), "")
    return Origins(_rates(one, text), inputs, targets, shape, examples, line, file, fans, last, _whole(one))


def _whole(one: Judged) -> tuple[str, ...]:
    """The arrays that have a row for each output, and are the same in all iterations."""
    outputs = [np.shape(one.tape.value(output)) for output in one.outputs]
    if len(outputs) != 1 or len(outputs[0]) != 2 or outputs[0][0] < 2:
        return ()
    parameters = {path for group in (*one.parameters, *one.state) for path in group.paths}
    found: dict[str, int] = {}
    for path in one.tape.start:
        values = [tape.value(tape.start[path]) for tape in one.flow.tapes if path in tape.start]
        same = len(values) == len(one.flow.tapes) and all(np.array_equal(value, values[0]) for value in values)
        if path not in parameters and same and np.shape(values[0])[:1] == outputs[0][:1]:
            found[path] = -np.size(values[0])
    return tuple(sorted(found, key=lambda path: found[path]))


def _base(one: Judged, node: int) -> tuple[int, bool]:
    """The leaf that a value is a part of, and whether it is turned."""
    turned = False
    while node >= 0 and one.tape.ops[node].name in ALONG and one.tape.ops[node].inputs:
        turned ^= one.tape.ops[node].name in ("T", "transpose")
        node = one.tape.ops[node].inputs[0]
    return node, turned


def _rates(one: Judged, text: Text) -> tuple[Place, ...]:
    """The numbers that steps are multiplied by, of those that all parameters share where there are such."""
    each = [_scalars(one, step, text) for step in one.steps]
    each = [found for found in each if found]
    if not each:
        return ()
    shared = [value for value in {place.value for place in each[0]} if all(
        any(place.value == value for place in found) for found in each)]  # fmt: skip
    found = dict.fromkeys(place for places in each for place in places if not shared or place.value in shared)
    return tuple(found)


def _scalars(one: Judged, step: Step, text: Text) -> list[Place]:
    ends = one.ends(step.group)[:1]
    leaves = {one.tape.start[path] for path in step.group.paths}
    moved = {one.tape.start[path] for group in one.moved for path in group.paths}
    mine = one.flow.before(ends) & one.carriers
    first = min((node for node in mine if node in one.exact and one.exact[node][0] in leaves), default=-1)
    fed = one.flow.before([first]) - {first}
    found: list[Place] = []
    for node in sorted(mine | set(ends), reverse=True):
        op = one.tape.ops[node]
        if op.name not in ("mul", "div") or node in fed:
            continue
        site = text.site(node)
        for place, read in enumerate(op.inputs[:1] if op.name == "div" else op.inputs):
            words = site.operands[place] if place < len(site.operands) else ""
            found += _numbers(one, read, words, text, node, moved)
    return found


def _numbers(one: Judged, node: int, words: str, text: Text, user: int, moved: Collection[int]) -> list[Place]:
    """The single numbers that a factor is made of."""
    if np.size(one.tape.value(node)) != 1 or node in one.carriers or node in one.forward:
        return []
    if node >= 0:
        site, op = text.site(node), one.tape.ops[node]
        if op.name not in ("mul", "div", "sub", "neg", "copy", "add"):
            return []
        parts = [(read, site.operands[i] if i < len(site.operands) else "") for i, read in enumerate(op.inputs)]
        return [
            place
            for read, own in (parts[:1] if op.name == "div" else parts)
            for place in _numbers(one, read, own, text, node, moved)
        ]
    value = float(np.ravel(one.tape.value(node))[0])
    if node in moved:
        return []  # a weight that is a single number
    if not words or value in (0.0, 1.0) or abs(value) > 1e3:
        return []
    return [Place(text.site(user).file, text.site(user).line, words, value)]
