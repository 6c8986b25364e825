"""What the program descends on: its output and target, and the cost that fits what it computes best."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np

from whynet.subjects.program.loop import PRODUCTS, Flow, Pair, meeting, mixed, movers
from whynet.subjects.program.reverse import reverse
from whynet.subjects.program.tape import Op, Ref, Tape, filled
from whynet.types import Array

PASSED = {"T", "reshape", "ravel", "squeeze", "copy", "clip", "transpose", "expand_dims", "atleast_2d"}
"""What does not change what an output says."""
BACK = 14
TERMS = 4
TINY = 1e-6


@dataclass(frozen=True)
class Cost:
    """A cost as seeds: where, and by which rule, the derivative is known.

    >>> Cost("squares", (Pair(4, 3, -1, "sub"),), ((4, 3),)).name
    'squares'
    """

    name: str
    pairs: tuple[Pair, ...]
    at: tuple[tuple[int, int], ...]
    """Of each pair, the output's node and the node at which the seed is put."""


def seeds(cost: Cost, tape: Tape) -> dict[int, Array]:
    """The derivative of the cost where it is put, up to a factor.

    >>> from whynet.subjects.program.tape import Leaf, Op
    >>> tape = Tape(0, 0, leaves=[Leaf(3.0), Leaf(1.0)])
    >>> tape.ops = [Op("copy", 0, (Ref(-1),), {}, 3.0), Op("sub", 0, (Ref(0), Ref(-2)), {}, 2.0)]
    >>> float(seeds(Cost("squares", (Pair(1, 0, -2, "sub"),), ((0, 0),)), tape)[0])
    2.0
    """
    if cost.name == "recorded":
        return {output: np.array(1.0) for output, _ in cost.at}
    found: dict[int, Array] = {}
    for pair, (output, place) in zip(cost.pairs, cost.at, strict=True):
        error = residual(pair, tape)
        if cost.name == "absolute":
            error = np.sign(error)
        base = _passed(tape, pair.output, output, error)
        if base is None:
            continue
        if np.size(base) == np.size(tape.value(place)):
            base = np.reshape(base, np.shape(tape.value(place)))
            found[place] = found[place] + base if place in found else base
    return found


def residual(pair: Pair, tape: Tape) -> Array:
    """Output minus target, shaped as the output.

    >>> from whynet.subjects.program.tape import Leaf, Op
    >>> tape = Tape(0, 0, leaves=[Leaf(3.0), Leaf(1.0)])
    >>> tape.ops = [Op("sub", 0, (Ref(-2), Ref(-1)), {}, -2.0)]
    >>> float(residual(Pair(0, -1, -2, "sub"), tape))
    2.0
    """
    output = np.asarray(tape.value(pair.output), dtype=float)
    if pair.kind == "one-hot":
        return np.asarray(tape.value(pair.node), dtype=float)
    if pair.kind in ("picked", "chosen"):
        return output - marked(pair, tape)
    spread = pair.kind == "spread" and np.size(tape.value(pair.node)) == output.size
    if pair.kind in ("sub", "add") or spread:  # of `-t + o` too
        first = tape.ops[pair.node].args[0] == pair.output or pair.kind == "add"
        return np.reshape(np.asarray(tape.value(pair.node), dtype=float), output.shape) * (1.0 if first else -1.0)
    target = np.reshape(np.asarray(tape.value(pair.target), dtype=float), output.shape)
    return output + target if is_turned(pair, tape) else output - target


def marked(pair: Pair, tape: Tape) -> Array:
    """A one where the labels are, shaped as the output.

    >>> from whynet.subjects.program.tape import Leaf, Op
    >>> tape = Tape(0, 0, leaves=[Leaf(np.array([0.2, 0.8]))])
    >>> tape.ops = [Op("copy", 0, (Ref(-1),), {}, np.array([0.2, 0.8])), Op("getitem", 0, (Ref(0), 1), {}, 0.8)]
    >>> marked(Pair(2, 0, 1, "picked"), tape)
    array([0., 1.])
    """
    found = np.zeros(np.shape(tape.value(pair.output)))
    index = filled(tape.ops[pair.met].args[1], tape)
    parts = index if isinstance(index, tuple) else (index,)
    with suppress(IndexError):  # by something that no tape keeps
        found[tuple(_whole(part) for part in parts)] = 1.0
    return found


def _whole(part: object) -> Any:
    """A part of an index; on a tape numbers are floats."""
    return np.asarray(part).astype(int) if getattr(np.asarray(part).dtype, "kind", "") == "f" else part


def is_turned(pair: Pair, tape: Tape) -> bool:
    """Whether a target stands there with a minus sign: `-y / p`, the derivative of a logarithm, or `p + -1 * y`.

    >>> from whynet.subjects.program.tape import Leaf, Op
    >>> tape = Tape(0, 0, leaves=[Leaf(0.5), Leaf(1.0)])
    >>> tape.ops = [Op("neg", 0, (Ref(-2),), {}, -1.0), Op("div", 0, (Ref(0), Ref(-1)), {}, -2.0)]
    >>> is_turned(Pair(1, -1, 0, "div"), tape)
    True
    """
    if pair.kind == "add":
        return True
    return pair.kind == "div" and pair.target >= 0 and tape.ops[pair.target].name == "neg"


def slopes(cost: Cost, tape: Tape) -> dict[int, Array]:
    """The derivative at the output itself, where the seed is put before it: what `dA` should be.

    >>> slopes(Cost("squares", (), ()), Tape(0, 0))
    {}
    """
    found: dict[int, Array] = {}
    for pair, (output, place) in zip(cost.pairs, cost.at, strict=False):
        if cost.name == "recorded" or place == output or pair.kind == "one-hot":
            continue
        a = np.asarray(tape.value(pair.output), dtype=float)
        error = residual(pair, tape)
        with np.errstate(all="ignore"):
            here = error / (a * (1 - a)) if cost.name == "logistic" else -(a - error) / a
        if cost.name in ("logistic", "softmax") and np.all(np.isfinite(here)):
            found[pair.output] = here
    return found


def _passed(tape: Tape, start: int, end: int, error: Array) -> Array | None:
    return error if start == end else reverse(tape, {start: error}).at(end)


def base(tape: Tape, node: int) -> int:
    """The node that an output is before it is turned, clipped or copied.

    >>> base(Tape(0, 0), -1)
    -1
    """
    while node >= 0 and (op := tape.ops[node]).args and isinstance(op.args[0], Ref):
        if op.name not in PASSED and not _a_little_more(tape, op):
            break
        before = int(op.args[0])
        if before < 0:
            break
        node = before
    return node


def _a_little_more(tape: Tape, op: Op) -> bool:
    """Whether an operation adds next to nothing, so that what comes after does not divide by zero."""
    added = [one for one in op.args[1:] if isinstance(one, Ref) and one < 0 and tape.leaves[-one - 1].constant]
    return op.name == "add" and len(added) == 1 and abs(float(tape.value(int(added[0])))) <= TINY


def costs(flow: Flow, found: Sequence[Pair]) -> list[Cost]:
    """The costs that the pairs of a tape may mean.

    >>> costs(Flow([Tape(0, 0)]), [])
    []
    """
    tape = flow.tapes[0]
    places: dict[tuple[int, int], list[Pair]] = {}
    for pair in found:
        places.setdefault((tape.ops[pair.node].site, hash(pair.kind)), []).append(pair)
    result: list[Cost] = []
    for group in places.values():
        same = tuple(group)
        if same[0].kind == "chosen":  # what is made of it, the program says itself
            result.append(Cost("recorded", same, ()))
            continue
        ends = [base(tape, pair.output) for pair in same]
        known = len(result)
        together = _shared_out(flow, ends)
        if together:
            result.append(Cost("softmax", same, tuple(zip(ends, together, strict=True))))
        for name, look in LOOKS.items():
            before = [look(flow, end) for end in ends]
            if all(node is not None for node in before):
                result.append(
                    Cost(name, same, tuple((e, int(b)) for e, b in zip(ends, before, strict=True) if b is not None))
                )
        if (
            same[0].kind not in ("div", "picked") or len(result) == known
        ):  # a target over an output is a logarithm's derivative
            here = tuple((end, end) for end in ends)
            result += [Cost("squares", same, here), Cost("absolute", same, here)]
    return result


def recorded(flow: Flow, pairs: tuple[Pair, ...], used: set[int], bits: Sequence[int]) -> list[Cost]:
    """The cost that the program computes for itself: a sum or mean of what hangs on parameters, that no step uses.
    Of several the first, or all together, as the terms of one cost.

    >>> recorded(Flow([Tape(0, 0)]), (), set(), [])
    []
    """
    tape = flow.tapes[0]
    below = {node for node, hangs in enumerate(bits) if hangs}
    ends = [
        node
        for node in sorted(below - used)
        if np.size(tape.value(node)) == 1
        and not (flow.after({node}) - {node} - used)
        and np.ndim(tape.value(node)) == 0
    ]
    sums = [node for node in ends if any(_adds_up(tape, one) for one in flow.before([node]) & below)]
    together = [sums[:1], sums] if 1 < len(sums) <= TERMS else [sums[:1]] if sums else []
    return [Cost("recorded", pairs, tuple((node, node) for node in some)) for some in together]


def _adds_up(tape: Tape, node: int) -> bool:
    """Whether an operation makes one number of many, as a cost does."""
    op = tape.ops[node]
    if op.name in ("sum", "mean", "total"):
        return True
    many = any(np.size(tape.value(read)) > 1 for read in op.inputs)
    return op.name in PRODUCTS | {"norm", "average"} and np.size(op.value) == 1 and many


def takes_steps(tape: Tape) -> bool:
    """Whether an iteration looks like a step: something of what it changes meets a target, or a cost is made of it.

    >>> takes_steps(Tape(0, 1))
    False
    """
    flow = Flow([tape])
    found = movers(tape, flow)
    if not found:
        return False
    bits = flow.marks([group.paths for group in found])
    ends = [end for group in found for path in group.paths if (end := tape.end.get(path)) is not None]
    used = flow.before(ends)
    return bool(meeting(tape, bits, used) or own_cost(flow, used, bits))


def own_cost(flow: Flow, used: set[int], bits: Sequence[int]) -> list[Cost]:
    """The cost that a program computes where no output of it meets a target: it is told by nothing else then.

    >>> own_cost(Flow([Tape(0, 0)]), set(), [])
    []
    """
    layered = mixed(flow.tapes[0], bits)
    return [cost for cost in recorded(flow, (), used, bits) if any(layered[node] for node, _ in cost.at)]


def _near(flow: Flow, node: int) -> list[int]:
    """The operations shortly before one, nearest first."""
    found: list[int] = []
    todo = [node]
    while todo and len(found) < BACK:
        here = todo.pop(0)
        for one in sorted(flow.inputs[here], reverse=True):
            if one not in found:
                found.append(one)
                todo.append(one)
    return found


def _where(flow: Flow, node: int, formula: Callable[[Array], Array]) -> int | None:
    """The value before of which this one is the formula; where several fit, as all small numbers may, the closest."""
    size, best, least = np.size(flow.tapes[0].value(node)), None, np.inf
    with np.errstate(all="ignore"):
        for one in _near(flow, node):
            if np.size(flow.tapes[0].value(one)) != size:
                continue
            apart = 0.0
            for tape in flow.tapes:
                z, a = tape.value(one), tape.value(node)
                if np.shape(z) != np.shape(a):
                    continue
                made, single = formula(np.asarray(z, dtype=float)), _single(a)
                fits = np.allclose(made, a, rtol=1e-5 if single else 1e-6, atol=1e-6 if single else 1e-12)
                apart = max(apart, float(np.max(np.abs(made - a), initial=0.0))) if fits else np.inf
                if not apart < least:
                    break
            if apart < least:
                best, least = one, apart
    return best


def _single(value: object) -> bool:
    return getattr(value, "dtype", None) == np.float32


def _logistic(flow: Flow, node: int) -> int | None:
    return _where(flow, node, lambda z: 1 / (1 + np.exp(-z)))


def _tanh(flow: Flow, node: int) -> int | None:
    return _where(flow, node, np.tanh)


def _exponential(flow: Flow, node: int) -> int | None:
    return _where(flow, node, np.exp)


def _threshold(flow: Flow, node: int) -> int | None:
    values = np.unique(np.concatenate([np.ravel(tape.value(node)) for tape in flow.tapes]))
    if len(values) > 2 or np.size(flow.tapes[0].value(node)) < 2:
        return None
    found = _where(flow, node, lambda z: (z > 0) * 1.0)
    return found if found is not None else _where(flow, node, lambda z: (z >= 0) * 1.0)


def _softmax(flow: Flow, node: int) -> int | None:
    """The operand of the exponential whose share the output is."""
    tape = flow.tapes[0]
    shape = np.shape(tape.value(node))
    if node >= 0 and tape.ops[node].name == "softmax" and tape.ops[node].inputs[0] >= 0:  # SciPy's
        return tape.ops[node].inputs[0]
    whole = tape.ops[node] if node >= 0 else None
    if whole is not None and whole.name == "exp" and whole.inputs[0] >= 0 and _shares(flow, whole.inputs[0], node):
        return whole.inputs[0]  # of the logarithms of shares
    for one in _near(flow, node):
        op = tape.ops[one]
        if op.name != "exp" or not op.inputs or op.inputs[0] < 0 or np.shape(op.value) != shape:
            continue
        if tape.ops[node].name == "div" and (_is_share(tape, node, one, flow) or _shares(flow, op.inputs[0], node)):
            return op.inputs[0]
    return None


def _shares(flow: Flow, before: int, node: int) -> bool:
    """Whether values are a softmax along one of the axes."""
    for axis in range(np.ndim(flow.tapes[0].value(node))):
        right = True
        for tape in flow.tapes:
            z = np.asarray(tape.value(before), dtype=float)
            e = np.exp(z - z.max(axis=axis, keepdims=True))
            right &= np.allclose(e / e.sum(axis=axis, keepdims=True), tape.value(node), rtol=1e-4, atol=1e-6)
        if right:
            return True
    return False


def _shared_out(flow: Flow, ends: Sequence[int]) -> list[int]:
    """What the powers are of whose shares single numbers are: those of each example add up to one."""
    ops = flow.tapes[0].ops
    found = []
    for end in ends:
        above = ops[end].inputs[0] if end >= 0 and ops[end].name == "div" else -1
        if above < 0 or ops[above].name != "exp" or ops[above].inputs[0] < 0 or np.size(ops[end].value) != 1:
            return []
        found.append(ops[above].inputs[0])
    for tape in flow.tapes:
        total = float(sum(np.sum(tape.value(end)) for end in ends))
        if not 0.5 < total < len(ends) or abs(total - round(total)) > TINY:
            return []
    return found


def _is_share(tape: Tape, node: int, power: int, flow: Flow) -> bool:
    """Whether a quotient is a power over the sum of all: its denominator hangs on the power too."""
    inputs = tape.ops[node].inputs
    if len(inputs) != 2 or inputs[1] < 0:
        return False
    total = tape.ops[inputs[1]]
    beside = total.name == "add" and power in total.inputs and any(one < 0 for one in total.inputs)  # e / (1 + e)
    return power in flow.before([inputs[0]]) and power in flow.before([inputs[1]]) and not beside


LOOKS: dict[str, Callable[[Flow, int], int | None]] = {
    "logistic": _logistic,
    "softmax": _softmax,
    "tanh": _tanh,
    "exponential": _exponential,  # of counts
    "threshold": _threshold,
}
"""Costs whose derivative before the output's activation is the error itself."""
