"""What is watched and changed in a trial of a program: the places that its tapes showed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from whynet.doctor.diagnosis import Settings
from whynet.subjects.program.costs import LOOKS, is_turned, marked
from whynet.subjects.program.health import layers
from whynet.subjects.program.judgement import Judged
from whynet.subjects.program.loop import PRODUCTS, Pair
from whynet.subjects.program.tape import Ref, Tape, filled
from whynet.subjects.program.weights import Drawn, weights

MOVING = {"T", "transpose", "getitem", "copy", "reshape", "take"}
"""Operations that move numbers and leave them as they are."""


@dataclass(frozen=True)
class Watched:
    """Operands of one place in the text: which operand, and at which of the times that it runs in an iteration.

    >>> Watched(3, 0, (0,), 1).times
    1
    """

    site: int
    operand: int
    at: tuple[int, ...]
    times: int


@dataclass(frozen=True)
class Plan:
    """Where a program's steps are taken, and where its outputs meet their targets. `rows` is the axis of the examples
    in an output, `input_rows` in the inputs; None where each is one example.

    >>> Plan(0, Watched(3, 0, (0,), 1), Watched(3, 1, (0,), 1)).epochs
    0
    """

    loop: int
    output: Watched
    target: Watched
    """Of `p[rows, labels] -= 1` the place where it stands, operand -1."""
    inputs: tuple[Watched, ...] = ()
    examples: int = 1
    """Of an iteration, where it computes one after the other."""
    turned: bool = False
    """Whether targets stand there with a minus sign."""
    rows: int | None = None
    input_rows: int | None = None
    epochs: int = 0
    """The loop whose iterations are epochs; the loop of the steps itself where each sees all examples."""
    weights: tuple[Drawn, ...] = ()
    moved: tuple[str, ...] = ()
    """Where the parameters lie."""
    data: str = ""
    """Where the inputs of all examples lie; empty if that is not known."""
    features: int = -1
    """The axis of the features there."""
    examples_there: int = 0
    """How many examples lie there."""
    same: bool = False
    """Whether every iteration sees the same examples."""
    answers: str = ""
    """Where the targets of all examples lie; empty if that is not known."""

    def as_dict(self) -> dict[str, Any]:
        """As JSON has it."""
        return asdict(self)

    @classmethod
    def read(cls, said: dict[str, Any]) -> Plan:
        """What `as_dict` said.

        >>> plan = Plan(0, Watched(3, 0, (0,), 1), Watched(3, 1, (0,), 1), weights=(Drawn(("W",), 2),))
        >>> Plan.read(plan.as_dict()) == plan
        True
        """

        def watched(one: dict[str, Any]) -> Watched:
            return Watched(**{**one, "at": tuple(one["at"])})

        output, target = watched(said["output"]), watched(said["target"])
        weights = tuple(Drawn(tuple(one["paths"]), one["fan_in"]) for one in said["weights"])
        places = {"output": output, "target": target, "inputs": tuple(map(watched, said["inputs"])), "weights": weights}
        return cls(**{**said, **places, "moved": tuple(said["moved"])})


def plan_of(one: Judged, outer: Sequence[int]) -> Plan | None:
    """What to watch; None if no output meets a target there. `outer` are the loops around, the nearest first.

    >>> from whynet.subjects.program.loop import Flow
    >>> plan_of(Judged(Flow([Tape(0, 1)]), [], [], []), []) is None
    True
    """
    if one.cost is None or not one.cost.pairs:
        return None
    if one.cost.name == "recorded":  # it may be computed in a pass of its own
        one = replace(one, forward=one.flow.before(one.outputs))
    tape = one.tape
    examples = _examples(one)
    pairs = [pair for group in examples.values() for pair in group]
    name, site = tape.ops[pairs[0].met].name, tape.ops[pairs[0].met].site
    ran = [index for index, op in enumerate(tape.ops) if op.site == site and op.name == name]
    at = tuple(ran.index(pair.met) for pair in pairs)
    operand = _operand(tape, pairs[0].met, pairs[0].output)
    if operand is None or len({len(group) for group in examples.values()}) > 1:
        return None
    target = -1 if pairs[0].labels else 1 - operand
    fed, rows, input_rows = _inputs(one, list(examples))
    output_rows = None
    if rows is not None and len(pairs) == 1:
        output_rows = _axis(np.shape(tape.value(pairs[0].output)), rows, input_rows)
    shape = np.shape(tape.value(pairs[0].output))
    if output_rows is None and len(pairs) == 1 and len(shape) > 1 and sorted(shape)[-2] > 1:
        output_rows = _by_the_target(tape, pairs[0], target)  # a convolution's inputs do not say which they are
        if output_rows is None:
            return None
        fed, input_rows = _whole_inputs(one, shape[output_rows]) or (fed, input_rows)
    if output_rows is None and len(pairs) == len(examples) == 1 and fed:
        fed, _ = _whole_inputs(one, None, _watched(tape, fed[0])) or (fed, None)  # a part of one example
    same = all(
        np.array_equal(_target(tape, pair, target), _target(other, pair, target))
        for other in one.flow.tapes
        for pair in pairs
    )
    if output_rows is None and len(examples) == 1:  # of two examples, the target may be the same
        same = same and all(_fed(other, fed) == _fed(tape, fed) for other in one.flow.tapes)
    epochs = tape.loop if same or not outer else outer[0]
    data, features, there = _data(one, fed[0] if len(fed) == 1 else None, input_rows)
    return Plan(
        tape.loop, Watched(site, operand, at, len(ran)), Watched(site, target, at, len(ran)), fed, len(examples),
        is_turned(pairs[0], tape), output_rows, input_rows, epochs, weights(one),
        tuple(path for group in one.parameters for path in group.paths),
        data, features, there, same, _answers(one, pairs[0], target, there),
    )  # fmt: skip


def settings_of(one: Judged, plan: Plan | None) -> Settings:
    """What the tapes say of the settings: the examples of a step, hidden activations, output and cost.

    >>> from whynet.subjects.program.loop import Flow
    >>> settings_of(Judged(Flow([Tape(0, 1)]), [], [], []), None).batch is None
    True
    """
    if one.cost is None or not one.cost.pairs:
        return Settings()
    output = one.cost.pairs[0].output
    batch = None
    if plan is not None:
        shape = np.shape(one.tape.value(output))
        batch = plan.examples if plan.rows is None else int(shape[plan.rows])
    named = {"logistic": "sigmoid-cross-entropy", "softmax": "softmax-cross-entropy", "squares": "quadratic"}
    squashed = one.cost.name == "squares" and output >= 0 and LOOKS["logistic"](one.flow, output) is not None
    return Settings(
        batch=batch, activation=_activation(one), cost=named.get(one.cost.name), output="sigmoid" if squashed else None
    )


def _activation(one: Judged) -> str | None:
    """That of the hidden units, `identity` where all that there are are sums; None where none is known."""
    hidden = [node for node in layers(one)[1] if node >= 0]
    for node in hidden:
        if {one.tape.ops[near].name for near in (node, *one.flow.inputs[node])} & {"maximum", "larger", "where"}:
            return "relu"
        for name, said in (("logistic", "sigmoid"), ("tanh", "tanh")):
            if LOOKS[name](one.flow, node) is not None:
                return said
    sums = {"add", "matmul", "dot", *MOVING}
    return "identity" if hidden and all(one.tape.ops[node].name in sums for node in hidden) else None


def _examples(one: Judged) -> dict[tuple[int, ...], list[Pair]]:
    """The pairs by the inputs that their outputs hang on: those of one example, or of one batch, go together."""
    assert one.cost is not None
    fed = set(layers(one)[0])
    found: dict[tuple[int, ...], list[Pair]] = {}
    for pair in one.cost.pairs:
        before = one.flow.before([pair.output])
        leaves = set().union(*(one.flow.leaves[node] for node in before)) if before else set()
        found.setdefault(tuple(sorted((before | leaves) & fed, key=_age)), []).append(pair)
    return found


def _age(node: int) -> tuple[bool, int]:
    """Leaves first, in the order in which they were read."""
    return node >= 0, abs(node)


def _target(tape: Tape, pair: Any, operand: int) -> Any:
    if operand < 0:
        return marked(pair, tape)
    return tape.value(int(tape.ops[pair.met].args[operand]))


def _fed(tape: Tape, fed: Sequence[Watched]) -> list[bytes]:
    """What is watched of the inputs, as a tape has it."""
    return [np.asarray(value).tobytes() for one in fed for value in _watched(tape, one)]


def _watched(tape: Tape, one: Watched) -> list[Any]:
    """The values of a place that is watched."""
    read = [op.args[one.operand] for op in tape.ops if op.site == one.site and len(op.args) > one.operand]
    return [tape.value(int(ref)) for ref in read if isinstance(ref, Ref)]


def _by_the_target(tape: Tape, pair: Pair, operand: int) -> int | None:
    """The axis of the examples, where each has one class: along the other one the target adds up to 1."""
    if operand < 0:  # `p[rows, labels] -= 1`
        index = filled(tape.ops[pair.met].args[1], tape)
        places = [np.asarray(one).ravel() for one in index] if isinstance(index, tuple) else []
        counted = [axis for axis, one in enumerate(places) if np.array_equal(one, np.arange(one.size))]
        return counted[0] if counted else None
    values = np.asarray(_target(tape, pair, operand), dtype=float)
    if values.ndim != 2:
        return None
    ones = [axis for axis in (0, 1) if np.all(values >= 0) and np.allclose(values.sum(axis=1 - axis), 1)]
    return ones[0] if len(ones) == 1 else None


def _operand(tape: Tape, node: int, output: int) -> int | None:
    args = tape.ops[node].args
    return next((index for index in (0, 1) if isinstance(args[index], Ref) and int(args[index]) == output), None)


def _inputs(one: Judged, examples: list[tuple[int, ...]]) -> tuple[tuple[Watched, ...], int | None, int | None]:
    """Where the inputs are multiplied by the first weights, how many examples are in them, and along which axis."""
    tape = one.tape
    fed = {node for nodes in examples for node in nodes}
    users = [
        (node, index)
        for node in sorted(one.forward)
        if tape.ops[node].name in PRODUCTS and len(tape.ops[node].args) >= 2
        for index in (0, 1)
        if isinstance(tape.ops[node].args[index], Ref) and int(tape.ops[node].args[index]) in fed
    ]
    if not users:
        return (), None, None
    node, index = users[0]
    op, value = tape.ops[node], np.asarray(tape.value(int(tape.ops[node].args[index])))
    if value.ndim == 0 and len(examples) == 1:
        return _single_inputs(one, users), None, None
    ran = _times(tape, node)
    first: dict[int, int] = {}
    for number, i in users:
        if (tape.ops[number].site, tape.ops[number].name, i) == (op.site, op.name, index):
            first.setdefault(int(tape.ops[number].args[i]), ran.index(number))
    at = [[first[read] for read in sorted(nodes, key=_age) if read in first] for nodes in examples]
    if not all(at) or len({len(one_example) for one_example in at}) > 1:
        return (), None, None
    if value.ndim:
        at = [one_example[:1] for one_example in at]
    watched = Watched(op.site, index, tuple(place for one_example in at for place in one_example), len(ran))
    if value.ndim != 2 or op.name not in ("matmul", "dot"):
        return (watched,), None, None
    axis = 0 if index == 0 else 1
    return (watched,), value.shape[axis], axis


def _times(tape: Tape, node: int) -> list[int]:
    """The operations of the place where one stands, in their order."""
    op = tape.ops[node]
    return [number for number, other in enumerate(tape.ops) if other.site == op.site and other.name == op.name]


def _single_inputs(one: Judged, users: list[tuple[int, int]]) -> tuple[Watched, ...]:
    """Where single numbers are multiplied: each of them once. What is equal in all iterations is the same number."""
    seen: set[tuple[float, ...]] = set()
    found: dict[tuple[int, int], list[int]] = {}
    for node, index in users:
        values = tuple(float(tape.value(int(tape.ops[node].args[index]))) for tape in one.flow.tapes)
        if values not in seen:
            seen.add(values)
            found.setdefault((one.tape.ops[node].site, index), []).append(node)
    watched = []
    for (site, index), nodes in found.items():
        ran = _times(one.tape, nodes[0])
        watched.append(Watched(site, index, tuple(ran.index(node) for node in nodes), len(ran)))
    return tuple(watched)


def _whole_inputs(
    one: Judged, rows: int | None, part: Sequence[Any] = ()
) -> tuple[tuple[Watched, ...], int | None] | None:
    """Where inputs with so many examples are first read, before windows are cut out of them, and the examples' axis; or
    those of one example, of which a window is known."""
    tape, known = one.tape, {one.tape.start[path] for group in one.parameters for path in group.paths}
    moved = one.flow.marks([group.paths for group in one.parameters])
    for node in sorted(one.flow.before(one.outputs)):
        op = tape.ops[node]
        for place, read in enumerate(op.args):
            if not isinstance(read, Ref) or (moved[read] if read >= 0 else int(read) in known):
                continue
            shape = np.shape(tape.value(int(read)))
            if len(shape) < 2 or (rows and (shape.count(rows) != 1 or np.prod(shape) == rows)):
                continue
            if not rows and (np.ndim(part[:1]) < 3 or np.prod(shape) <= np.size(part[0])):
                continue
            if len(op.args) < 2 or (place and op.name == "getitem"):
                continue
            ran = _times(tape, node)
            return (Watched(op.site, place, (ran.index(node),), len(ran)),), shape.index(rows) if rows else None
    return None


def fed_rows(one: Judged) -> tuple[int | None, int | None]:
    """How many examples are in the inputs of an iteration, and along which axis; None where each is one example.

    >>> from whynet.subjects.program.loop import Flow
    >>> fed_rows(Judged(Flow([Tape(0, 1)]), [], [], []))
    (None, None)
    """
    if one.cost is None or not one.cost.pairs:
        return None, None
    return _inputs(one, list(_examples(one)))[1:]


def _axis(shape: tuple[int, ...], rows: int, like: int | None) -> int | None:
    """The axis of the examples in an output."""
    if len(shape) == 1:
        return 0 if shape[0] == rows and rows > 1 else None
    if len(shape) != 2:
        return None
    if shape.count(rows) == 2:
        return like
    return shape.index(rows) if rows in shape else None


def _data(one: Judged, fed: Watched | None, rows: int | None) -> tuple[str, int, int]:
    """The array that all inputs are taken from, the axis of its features, how many examples it has."""
    if fed is None:
        return "", -1, 0
    found = {_taken_from(tape, fed, rows) for tape in one.flow.tapes}
    return found.pop() if len(found) == 1 else ("", -1, 0)


def _answers(one: Judged, pair: Pair, operand: int, examples: int) -> str:
    """The array that all targets are taken from."""
    found = set()
    for tape in one.flow.tapes:
        node = -1
        if operand < 0:  # `p[rows, labels] -= 1`
            node = max((read for read in tape.ops[pair.met].inputs if read not in (pair.output,)), default=-1)
        elif isinstance(tape.ops[pair.met].args[operand], Ref):
            node = int(tape.ops[pair.met].args[operand])
        while node >= 0 and tape.ops[node].name in {*MOVING, "neg"} and tape.ops[node].inputs:
            node = tape.ops[node].inputs[0]
        if node >= 0:
            return ""
        leaf = tape.leaves[-node - 1]
        found.add(leaf.path if examples > 1 and examples in np.shape(leaf.value) else "")
    return found.pop() if len(found) == 1 else ""


def _taken_from(tape: Tape, fed: Watched, rows: int | None) -> tuple[str, int, int]:
    op = [op for op in tape.ops if op.site == fed.site][fed.at[0]]
    node, turned = int(op.args[fed.operand]), 0
    size = np.size(tape.value(node))
    while node >= 0:
        here = tape.ops[node]
        if here.name not in MOVING or not here.inputs:
            return "", -1, 0
        turned += here.name in ("T", "transpose")
        node = here.inputs[0]
    path, value = tape.leaves[-node - 1].path, np.asarray(tape.leaves[-node - 1].value)
    if not path or value.ndim != 2 or 1 in value.shape or (rows is None and size not in value.shape):
        return "", -1, 0
    if rows is None:
        features = 1 if value.shape[1] == size else 0
    else:
        features = rows if turned % 2 else 1 - rows
    return path, features, int(value.shape[1 - features])
