"""Mistakes made on purpose in the exact gradient: the one that gives the program's numbers is the one it makes.

Each suspect is a set of adjoints as a mistaken program would have them: a derivative left out, or taken at another
value; a wrong operand beside a delta; a bias that sums what it should not.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from whynet.subjects.program.activations import SMOOTH, within_activations
from whynet.subjects.program.costs import LOOKS, residual
from whynet.subjects.program.judgement import Judged
from whynet.subjects.program.loop import PRODUCTS, Group
from whynet.subjects.program.meant import Meant
from whynet.subjects.program.returned import terms_left_out
from whynet.subjects.program.reverse import FAILS, Adjoints, reverse
from whynet.subjects.program.rules import FLAT, RULES, fitted
from whynet.subjects.program.tape import Op, Ref, Tape, filled

NEAR = 9
"""Operations between what goes into an activation and what comes out."""
MOST = 220


def _sigmoid(v: Any) -> Any:
    return 1 / (1 + np.exp(-np.clip(v, -500, 500)))


SLOPES: dict[str, Callable[[Any], Any]] = {
    "{} * (1 - {})": lambda v: v * (1 - v),
    "1 - {} ** 2": lambda v: 1 - v * v,
    "the sigmoid's slope at {}": lambda v: _sigmoid(v) * (1 - _sigmoid(v)),
    "tanh's slope at {}": lambda v: 1 - np.tanh(v) ** 2,
    "{} > 0": lambda v: np.greater(v, 0) * 1.0,
    "{} itself": lambda v: v,
    "{} * {}": lambda v: v * v,
    "1 - {}": lambda v: 1 - v,
}
"""What people multiply by where an activation's derivative belongs."""


@dataclass(frozen=True)
class Suspect:
    """A mistake and the adjoints that it would give.

    >>> Suspect("derivative-left-out", "it is left out", 3, ()).kind
    'derivative-left-out'
    """

    kind: str
    words: str
    node: int
    """The forward node whose derivative is meant."""
    adjoints: tuple[Adjoints, ...]
    meant: Meant = Meant()
    edge: tuple[Sequence[int], Sequence[int]] = ((), ())
    """The values before and after the activation whose derivative is meant."""


def suspects(one: Judged, group: Group, named: Callable[[int], str], begins: Collection[int] = ()) -> Iterator[Suspect]:
    """What may be wrong with the gradient of a parameter, likeliest first. `begins`: the forward values whose exact
    derivatives it is made of.

    >>> from whynet.subjects.program.loop import Flow
    >>> list(suspects(Judged(Flow([Tape(0, 1)]), [], [], []), Group("W", [], True), str))
    []
    """
    leaves = {one.tape.start[path] for path in group.paths}
    below = sorted(one.flow.after(leaves) & one.forward)
    if not below or len(below) > MOST:
        return
    edges = list(_activations(one, below))
    for node, adjoints in terms_left_out(one):
        words = f"the term {named(node)} of the cost has no part in it"
        yield Suspect("regularisation-missing", words, node, adjoints)
    yield from _left_out(one, edges, named)
    yield from _operands(one, group, below, named)
    yield from _biases(one, group, below)
    yield from _slopes(one, edges, named)
    yield from _slopes_too_many(one, named)
    yield from _weights(one, below, named)
    yield from _left_out(one, list(_further(one, leaves, below, begins)), named)


def _further(
    one: Judged, leaves: set[int], below: Sequence[int], begins: Collection[int]
) -> Iterator[tuple[list[int], list[int]]]:
    """The sum that a parameter has a part in, and a later value whose derivative may stand there in place of its own:
    between them is more than one operation, as in a normalisation."""
    users = [node for node in below if one.flow.leaves[node] & leaves]
    if len(users) != 1:
        return
    later = one.flow.after({users[0]})
    own = np.sort(np.ravel(one.tape.value(users[0])))
    for node in begins:
        if node in later and node != users[0] and one.tape.ops[node].name not in PRODUCTS:
            if np.array_equal(np.sort(np.ravel(one.tape.value(node))), own):
                continue  # the same numbers in another order
            yield [users[0]], [node]


def _site(op: Op) -> tuple[Any, ...]:
    return op.site, op.context


def _activations(one: Judged, below: Sequence[int]) -> Iterator[tuple[list[int], list[int]]]:
    """Values before and after an element-wise function, the nearest first; of loops, all rounds at once."""
    tape = one.tape
    found: dict[Any, dict[int, int]] = {}
    inner = within_activations(one.flow, one.forward)
    for node in below:
        if node in inner:
            continue
        for other in _smooth(one, node, below):
            if other in inner:
                continue
            key = (_site(tape.ops[node]), _site(tape.ops[other]), np.shape(tape.value(node)))
            found.setdefault(key, {})[other] = node  # of a sum that is built in a loop, the last
    for chosen in found.values():
        own = {other: node for other, node in chosen.items() if not one.flow.before([node]) & (set(chosen) - {other})}
        if own and own != chosen:  # of layers that share their lines, the first
            yield list(own.values()), list(own)
        yield list(chosen.values()), list(chosen)


def _smooth(one: Judged, node: int, below: Sequence[int]) -> list[int]:
    found: list[int] = []
    front = {node}
    size = np.size(one.tape.value(node))
    hanging = one.flow.after({node})
    for other in below:
        if other > node and len(found) < NEAR and one.flow.inputs[other] & front:
            op = one.tape.ops[other]
            if op.name in FLAT and np.size(op.value) == size:
                front.add(other)  # a mask
                continue
            if one.flow.inputs[other] & hanging - front:  # a share of a sum: softmax is not element by element
                continue
            if op.name in SMOOTH and np.size(op.value) == size and not _with_parameter(one, other):
                front.add(other)
                found.append(other)
    return found


def _with_parameter(one: Judged, node: int) -> bool:
    """Whether an operation takes a parameter in: then it is a layer's, not an activation's."""
    leaves = {one.tape.start[path] for group in (*one.moved, *one.kept) for path in group.paths}
    whole = {leaf for leaf in leaves if not one.tape.leaves[-leaf - 1].constant}
    return bool(one.flow.leaves[node] & whole)


def _put(one: Judged, nodes: Sequence[int], value: Callable[[int, int, Any], Any]) -> tuple[Adjoints, ...] | None:
    """Reverse mode from other values at some nodes: `value(tape number, index, node's own adjoint)`."""
    found = []
    for number, tape in enumerate(one.flow.tapes):
        put = {}
        for index, node in enumerate(nodes):
            new = value(number, index, one.adjoints[number].at(node))
            if new is None or np.size(new) != np.size(tape.value(node)) or not np.all(np.isfinite(new)):
                return None
            put[node] = np.reshape(new, np.shape(tape.value(node)))
        found.append(reverse(tape, put))
    return tuple(found)


def _left_out(one: Judged, edges: list[Any], named: Callable[[int], str]) -> Iterator[Suspect]:
    for before, after in edges:
        adjoints = _put(one, before, lambda n, i, _, after=after: one.adjoints[n].at(after[i]))  # type: ignore[misc]
        if adjoints:
            words = f"the derivative of {named(after[0])} with respect to {named(before[0])} is left out"
            meant = Meant("", named(after[0]), named(before[0]))
            yield Suspect("derivative-left-out", words, after[0], adjoints, meant, (before, after))


def _slopes(one: Judged, edges: list[Any], named: Callable[[int], str]) -> Iterator[Suspect]:
    for before, after in edges:
        for which in (after, before):
            for text, slope in SLOPES.items():

                def put(n: int, i: int, _: Any, which: Any = which, slope: Any = slope, after: Any = after) -> Any:
                    above = one.adjoints[n].at(after[i])
                    with np.errstate(all="ignore"):
                        return None if above is None else above * slope(np.asarray(one.flow.tapes[n].value(which[i])))

                adjoints = _put(one, before, put)
                if adjoints:
                    name = named(which[0])
                    words = f"in place of the derivative of {named(after[0])} stands {text.format(name, name)}"
                    meant = Meant(name, named(after[0]), named(before[0]))
                    yield Suspect("derivative-wrong", words, before[0], adjoints, meant, (before, after))


def _without_the_largest(tape: Tape, node: int) -> int:
    """What an exponential is of, before the largest is taken away from all."""
    op = tape.ops[node]
    read = op.inputs
    largest = op.name == "sub" and len(read) == 2 and read[1] >= 0 and tape.ops[read[1]].name in ("larger", "max")
    return read[0] if largest and read[0] >= 0 else node


def _slopes_too_many(one: Judged, named: Callable[[int], str]) -> Iterator[Suspect]:
    """A sigmoid's derivative behind the error of a softmax: with its cross-entropy the error has none."""
    if one.cost is None or one.cost.name not in ("softmax", "squares"):
        return
    outputs = [output for output, _ in one.cost.at]
    found = [LOOKS["softmax"](one.flow, output) for output in outputs]
    places = [_without_the_largest(one.tape, place) for place in found if place is not None]
    if len(places) < len(outputs):
        return
    pairs = one.cost.pairs

    def put(n: int, i: int, _: Any) -> Any:
        a = np.asarray(one.flow.tapes[n].value(outputs[i]), dtype=float)
        return np.reshape(residual(pairs[i], one.flow.tapes[n]), a.shape) * a * (1 - a)

    adjoints = _put(one, places, put)
    if adjoints:
        name = named(outputs[0])
        words = (
            f"{name} * (1 - {name}) is too much: the derivative of a softmax and its cross-entropy is the error itself"
        )
        yield Suspect("derivative-wrong", words, places[0], adjoints, Meant(name, "1"))


def _operands(one: Judged, group: Group, below: Sequence[int], named: Callable[[int], str]) -> Iterator[Suspect]:
    """Another value of the same shape beside the delta; in a loop over examples, in each round."""
    tape = one.tape
    leaves = {tape.start[path] for path in group.paths}
    users = [node for node in below if one.flow.leaves[node] & leaves and tape.ops[node].name in PRODUCTS]
    if not users or len({tape.ops[user].site for user in users}) != 1:
        return
    right = [next((node for node in tape.ops[user].inputs if node not in leaves), None) for user in users]
    if right[0] is None:
        return
    shape = np.shape(tape.value(right[0]))
    for others in _beside(one, users):
        if others[0] == right[0] or np.shape(tape.value(others[0])) not in (shape, shape[::-1]):
            continue
        found = []
        for each, adj in zip(one.flow.tapes, one.adjoints, strict=True):
            parts = [_swapped(each, adj, group, user, other) for user, other in zip(users, others, strict=True)]
            if any(part is None for part in parts):
                break
            whole: dict[int, Any] = {}
            for leaf, part in [part for part in parts if part is not None]:
                whole[leaf] = whole[leaf] + part if leaf in whole else part
            found.append(Adjoints(whole))
        if len(found) == len(one.flow.tapes):
            words = f"it uses {named(others[0])} where {named(right[0])} belongs"
            meant = Meant(named(others[0]), named(right[0]))
            yield Suspect("wrong-operand", words, users[0], tuple(found), meant)


def _beside(one: Judged, users: Sequence[int]) -> Iterator[list[int]]:
    """Values that are no errors, one for each round of a product: the next of a place, or the last before."""
    ends = {end for end in one.tape.end.values() if end is not None}
    places: dict[Any, list[int]] = {}
    for node, op in enumerate(one.tape.ops):
        if node not in one.carriers and node not in ends:
            places.setdefault((_site(op), np.shape(op.value)), []).append(node)
    if len(users) == 1:
        yield from ([node] for nodes in places.values() for node in nodes)
        yield from ([-i - 1] for i, leaf in enumerate(one.tape.leaves) if not leaf.constant)
        return
    yield from ([-i - 1] * len(users) for i, leaf in enumerate(one.tape.leaves) if not leaf.constant)
    for nodes in places.values():
        if len(nodes) == len(users):
            yield nodes
        after = [next((node for node in nodes if node > user), None) for user in users]
        if None not in after:
            yield [node for node in after if node is not None]
        before = [next((node for node in reversed(nodes) if node < user), None) for user in users]
        if None not in before:
            yield [node for node in before if node is not None]


def _swapped(tape: Tape, adj: Adjoints, group: Group, user: int, other: int) -> tuple[int, Any] | None:
    """What a parameter's derivative would be with another operand in a product."""
    op, g = tape.ops[user], adj.at(user)
    own = {tape.start[path] for path in group.paths if path in tape.start}
    where = next((i for i, ref in enumerate(op.args) if isinstance(ref, Ref) and ref in own), None)
    if where is None or g is None:
        return None
    args = list(filled(op.args, tape))
    for index, ref in enumerate(op.args):
        if index != where and isinstance(ref, Ref):
            new, shape = np.asarray(tape.value(other)), np.shape(args[index])
            args[index] = new if new.shape == shape else new.T
            if np.shape(args[index]) != shape:
                return None
    try:
        with np.errstate(all="ignore"):
            parts = RULES[op.name](g, op.value, *args, **filled(op.kwargs, tape))
    except FAILS:
        return None
    leaf = int(op.args[where])
    return leaf, fitted(parts[where], tape.value(leaf))


def _biases(one: Judged, group: Group, below: Sequence[int]) -> Iterator[Suspect]:
    """A bias that takes the sum over all, or over examples of one only."""
    tape = one.tape
    leaves = {tape.start[path] for path in group.paths}
    users = [node for node in below if one.flow.leaves[node] & leaves and tape.ops[node].name == "add"]
    if len(users) != 1 or len(group.paths) != 1:
        return
    shape = np.shape(tape.value(next(iter(leaves))))
    for words, take in (
        ("it sums over units as well as over examples", lambda g: np.full(shape, g.sum())),
        ("it takes the last example alone", lambda g: np.broadcast_to(g[-1], shape) if g.ndim > 1 else None),
        ("it takes the first example alone", lambda g: np.broadcast_to(g[0], shape) if g.ndim > 1 else None),
    ):
        found = []
        for each, adj in zip(one.flow.tapes, one.adjoints, strict=True):
            g = adj.at(users[0])
            try:
                value = None if g is None else take(g)
            except ValueError:
                value = None
            if value is None or np.size(value) == 1:
                break
            found.append(Adjoints({each.start[group.paths[0]]: np.array(value)}))
        if len(found) == len(one.flow.tapes):
            yield Suspect("bias-summed-wrong", words, users[0], tuple(found))


def _weights(one: Judged, below: Sequence[int], named: Callable[[int], str]) -> Iterator[Suspect]:
    """An error that is sent back through other weights, or through none."""
    tape = one.tape
    weights = {tape.start[path]: path for group in one.moved for path in group.paths[:1]}
    for user in below:
        op = tape.ops[user]
        if op.name not in PRODUCTS or len(op.args) != 2:
            continue
        own = [node for node in op.inputs if node in weights]
        back = [node for node in op.inputs if node >= 0 and node in below]
        if len(own) != 1 or len(back) != 1:
            continue
        place = list(op.inputs).index(back[0])
        for leaf, path in [*weights.items(), (0, ""), (0, "ones")]:
            if leaf == own[0] or (leaf and np.shape(tape.value(leaf)) != np.shape(tape.value(own[0]))):
                continue

            def put(n: int, i: int, _: Any, user: int = user, place: int = place, path: str = path) -> Any:
                each, g = one.flow.tapes[n], one.adjoints[n].at(user)
                if g is None:
                    return None
                if not path:
                    return g
                args = list(filled(each.ops[user].args, each))
                args[1 - place] = np.ones_like(args[1 - place]) if path == "ones" else each.value(each.start[path])
                more = filled(each.ops[user].kwargs, each)
                try:
                    return RULES[each.ops[user].name](g, each.ops[user].value, *args, **more)[place]
                except FAILS:  # a convolution with other weights gives something else
                    return None

            adjoints = _put(one, back, put)
            if adjoints:
                path = path if leaf else ""
                said = f"{path} where" if path else "no weights where"
                words = f"the error is sent back through {said} {named(own[0])} belongs"
                kind = "wrong-weights" if path else "weights-left-out"
                yield Suspect(kind, words, back[0], adjoints, Meant(path, named(own[0])))
