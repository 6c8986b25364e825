"""Which numbers of a tape are parameters, and whether its loop is the one that takes the steps."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush

import numpy as np

from whynet.subjects.program.tape import Ref, Tape, reads_back

PRODUCTS = {"matmul", "dot", "mul", "outer", "inner", "einsum", "tensordot", "convolve", "correlate"}
KEEPING = {"add", "sub", "setitem", "getitem", "copy", "clip", "minimum", "maximum", "reshape", "T"}
MEMBERS = 24
STEADY = 0.02
"""A number so small that scales a parameter is a rate or a decay, no input."""


@dataclass
class Group:
    """Numbers that are one parameter: an array, or the floats of a list or of a layer's neurons.

    >>> Group("W1", ["W1"], moved=True).name
    'W1'
    """

    name: str
    paths: list[str]
    moved: bool
    list: str = ""
    """The list of which it is a part, where other parts of it are moved by other lines, or by none."""


@dataclass(frozen=True)
class Pair:
    """Where an output meets a target: the node, the output's node, the target's.

    >>> Pair(5, 3, -2, "sub").kind
    'sub'
    """

    node: int
    output: int
    target: int
    kind: str

    @property
    def labels(self) -> bool:
        """Whether the target is named by the place of a one: `p[rows, labels] -= 1`, `-1 / p[label]`."""
        return self.kind in ("one-hot", "picked", "chosen")

    @property
    def met(self) -> int:
        """The operation that has the output, and the target or its place, as operands."""
        return self.target if self.kind == "picked" else self.node


def stem(path: str, scalar: bool) -> str:
    """The parameter that a number belongs to: arrays stand for themselves, floats for their list and their layer.

    >>> stem("net.weights[1]", False), stem("net.layers[0][3].w[5]", True)
    ('net.weights[1]', 'net.layers[0][].w[]')
    """
    if not scalar:
        return path
    found = [match.span() for match in re.finditer(r"\[\d+\]", path)]
    for start, end in reversed(found[-2:]):
        path = path[:start] + "[]" + path[end:]
    return path


def groups(tape: Tape) -> list[Group]:
    """The numbers that an iteration reads and changes, and those that it reads and leaves.

    >>> from whynet.subjects.program.tape import Leaf
    >>> tape = Tape(0, 1, leaves=[Leaf(np.zeros(2), "w")], start={"w": -1}, end={"w": -1})
    >>> groups(tape)
    [Group(name='w', paths=['w'], moved=False, list='')]
    """
    places: dict[tuple[str, int | None], Group] = {}
    seen: set[int] = set()
    for path, leaf in tape.start.items():
        if leaf in seen:
            continue
        seen.add(leaf)
        end = tape.end.get(path)
        moved = end is not None and end >= 0 and np.shape(tape.value(end)) == np.shape(tape.value(leaf))
        name = stem(path, np.ndim(tape.value(leaf)) == 0)
        key = (name, tape.ops[end].site if moved and end is not None else None)
        places.setdefault(key, Group(name, [], moved)).paths.append(path)
    found = list(places.values())
    many = Counter(group.name for group in found)
    taken: set[str] = set()
    for group in found:  # a list's last number may be its bias, moved by a line of its own or by none
        if many[group.name] > 1:
            group.list, group.name = group.name, _narrow(group)
            if group.name in taken:
                group.name = group.paths[0]
        taken.add(group.name)
    return found


def _narrow(group: Group) -> str:
    """A name for a part of a list: with the index that all its numbers have."""
    last = {path.rpartition("[")[2] for path in group.paths}
    if len(last) == 1 and group.name.endswith("[]"):
        return f"{group.name[:-1]}{next(iter(last))}"
    return group.name


@dataclass
class Flow:
    """What hangs on what, over tapes of iterations that did the same.

    >>> Flow([Tape(0, 1)]).inputs
    []
    """

    tapes: Sequence[Tape]
    inputs: list[set[int]] = field(init=False)
    """Of each operation, the operations that it reads in any of the tapes."""
    leaves: list[set[int]] = field(init=False)
    """Of each operation, the leaves that it reads in the first tape."""

    def __post_init__(self) -> None:
        first = self.tapes[0]
        self.inputs = [set() for _ in first.ops]
        self.leaves = [set() for _ in first.ops]
        for tape in self.tapes:
            for index, op in enumerate(tape.ops):
                read = op.inputs
                self.inputs[index].update(node for node in read if node >= 0)
                if tape is first:
                    self.leaves[index].update(node for node in read if node < 0)

    def before(self, nodes: Sequence[int]) -> set[int]:
        """The operations that these hang on, themselves among them."""
        found: set[int] = set()
        todo = [node for node in nodes if node >= 0]
        while todo:
            node = todo.pop()
            if node not in found:
                found.add(node)
                todo.extend(self.inputs[node])
        return found

    def latest(self, node: int, within: Container[int]) -> Iterator[int]:
        """The operations that one hangs on by way of these alone, the latest first."""
        todo = [-read for read in self.inputs[node] if read in within]
        heapify(todo)
        last = -1
        while todo:
            here = -heappop(todo)
            if here != last:
                last = here
                yield here
                for read in self.inputs[here]:
                    if read in within:
                        heappush(todo, -read)

    def after(self, nodes: set[int]) -> set[int]:
        """The operations that hang on any of these, themselves among them."""
        found = {node for node in nodes if node >= 0}
        for index, read in enumerate(self.inputs):
            if index not in found and (read & found or self.leaves[index] & nodes):
                found.add(index)
        return found

    def reach(self, ends: Sequence[Sequence[int]]) -> list[int]:
        """Of each operation, as bits, the sets of values that hang on it."""
        bits = [0] * len(self.inputs)
        for bit, nodes in enumerate(ends):
            for node in nodes:
                bits[node] |= 1 << bit
        for index in reversed(range(len(bits))):
            for read in self.inputs[index] if bits[index] else ():
                bits[read] |= bits[index]
        return bits

    def marks(self, kinds: Sequence[Sequence[str]]) -> list[int]:
        """Of each operation, as bits, the sets of paths that it hangs on."""
        bits = [0] * len(self.inputs)
        for tape in self.tapes:
            of_leaf: dict[int, int] = {}
            for bit, paths in enumerate(kinds):
                for path in paths:
                    if path in tape.start:
                        of_leaf[tape.start[path]] = of_leaf.get(tape.start[path], 0) | (1 << bit)
            for index, op in enumerate(tape.ops):
                for node in op.inputs:
                    bits[index] |= bits[node] if node >= 0 else of_leaf.get(node, 0)
        return bits


def movers(tape: Tape, flow: Flow) -> list[Group]:
    """The groups whose new value hangs on their old one.

    >>> movers(Tape(0, 0), Flow([Tape(0, 0)]))
    []
    """
    found = []
    for group in groups(tape):
        if not group.moved:
            continue
        leaves = {tape.start[path] for path in group.paths}
        ends = [end for path in group.paths if (end := tape.end.get(path)) is not None and end >= 0]
        if any(_stepped(tape, end, leaves) for end in ends[:MEMBERS]):
            found.append(group)
    return found


def _stepped(tape: Tape, end: int, leaves: set[int]) -> bool:
    """Whether a new value is the old one plus something; a hidden state is a function of the old one."""
    todo, seen = [end], {end}
    while todo:
        node = todo.pop()
        op = tape.ops[node]
        if op.name in ("mul", "div"):
            near = [
                one for one in op.inputs if np.size(tape.value(one)) == 1 and abs(np.max(tape.value(one)) - 1) <= 0.5
            ]
            read = [one for one in op.inputs if near and one != near[0]]
        elif op.name == "setitem":  # what else lies there is not moved by it
            read = [int(op.args[2])] if isinstance(op.args[2], Ref) else []
        else:
            read = op.inputs if op.name in KEEPING else []
        if leaves & set(read):
            return True
        todo += [one for one in read if one >= 0 and one not in seen]
        seen.update(read)
    return False


def pairs(tape: Tape, bits: Sequence[int]) -> list[Pair]:
    """Where something that hangs on parameters meets something of its shape that does not.

    >>> pairs(Tape(0, 0), [])
    []
    """
    finals = {end for end in tape.end.values() if end is not None}
    layered = mixed(tape, bits)
    moved = changed(tape)
    sums = _summed_up(tape)
    found: list[Pair] = []
    grown: list[Pair] = []
    chosen: list[Pair] = []
    for index, op in enumerate(tape.ops):
        if op.name == "setitem":
            found += _one_hot(tape, index, bits)
        if op.name == "div":
            found += _picked(tape, index, bits, layered)
        if op.name == "getitem":
            chosen += _chosen(tape, index, bits, layered)
        if op.name not in ("sub", "add", "div", "mul") or index in finals or len(op.args) != 2:
            continue
        nodes = [int(one) if isinstance(one, Ref) else None for one in op.args]
        both = ((nodes[0], nodes[1]), (nodes[1], nodes[0]))
        for output, target in both[1:] if op.name == "div" else both:  # a target over an output, as a logarithm has it
            if output is None or target is None or output < 0 or not bits[output] or not layered[output]:
                continue
            if (target >= 0 and bits[target]) or target in moved or _constant(tape, target) or _scaled(tape, output):
                continue
            if index in sums and not np.any(tape.value(target)):
                continue
            if op.name == "add" and not _negated(tape, target):
                continue  # a sum
            size = np.size(tape.value(output))
            if size == np.size(tape.value(target)) == np.size(op.value):
                found.append(Pair(index, output, target, op.name))
            elif op.name == "sub" and size == np.size(tape.value(target)) and size**2 == np.size(op.value):
                found.append(Pair(index, output, target, "spread"))  # a column minus a row is a square
            elif op.name == "sub" and size == np.size(tape.value(target)) ** 2 == np.size(op.value) > 1:
                grown.append(Pair(index, output, target, "spread"))  # and so are the outputs, from then on
    return [*(found or grown), *chosen]


def _summed_up(tape: Tape) -> set[int]:
    """What is written to where one of its operands was read: `dW[word] += delta`. On blank paper nothing is met."""
    return {
        int(op.args[2])
        for op in tape.ops
        if op.name == "setitem" and isinstance(op.args[2], Ref) and op.args[2] >= 0 and reads_back(tape, op)
    }


def changed(tape: Tape) -> set[int]:
    """What is another number at the end; not names that stand for one target, or one number of the text, after another.

    >>> changed(Tape(0, 0))
    set()
    """
    ends = ((tape.start[path], end) for path, end in tape.end.items() if end is not None)
    return {start for start, end in ends if end != start and (end >= 0 or tape.leaves[-end - 1].path)}


def mixed(tape: Tape, bits: Sequence[int]) -> list[bool]:
    """Of each operation, whether it hangs on a parameter times something of the data: momentum and decays do not.

    >>> mixed(Tape(0, 0), [])
    []
    """
    found = [False] * len(tape.ops)
    moved = changed(tape)
    steady = _settings(tape)
    for index, op in enumerate(tape.ops):
        inputs = op.inputs
        found[index] = any(node >= 0 and found[node] for node in inputs)
        if found[index] or op.name not in PRODUCTS or not bits[index]:
            continue
        own = [node for node in inputs if (bits[node] if node >= 0 else node in moved)]
        rest = [node for node in inputs if node not in own and not _constant(tape, node) and node not in steady]
        size = max((np.size(tape.value(node)) for node in own), default=0)
        found[index] = any(np.size(tape.value(node)) > 1 or size == 1 for node in rest) or len(own) > 1
    return found


def _negated(tape: Tape, node: int) -> bool:
    """Whether something stands there with a minus sign: `-t`, `-1 * t`."""
    op = tape.ops[node] if node >= 0 else None
    if op is None or op.name not in ("neg", "mul"):
        return False
    return op.name == "neg" or any(_constant(tape, read) and np.max(tape.value(read)) < 0 for read in op.inputs)


def _settings(tape: Tape) -> set[int]:
    """Single numbers that have a name of their own and keep their value: rates and shares, no data."""
    return {
        leaf
        for path, leaf in tape.start.items()
        if "[" not in path and tape.end.get(path) == leaf and np.size(tape.value(leaf)) == 1 and "." in path
    }


def meeting(tape: Tape, bits: Sequence[int], used: Container[int]) -> list[Pair]:
    """The pairs that steps hang on; scores of the right class only where there is no other.

    >>> meeting(Tape(0, 0), [], set())
    []
    """
    met = [pair for pair in pairs(tape, bits) if pair.node in used and pair.kind != "mul"]
    return [pair for pair in met if pair.kind != "chosen"] or met


def _constant(tape: Tape, node: int) -> bool:
    return node < 0 and tape.leaves[-node - 1].constant


def _scaled(tape: Tape, node: int) -> bool:
    """Whether a node is a parameter times a small number: a decay."""
    op = tape.ops[node]
    if op.name not in ("mul", "div", "neg"):
        return False
    inputs = op.inputs
    if any(one >= 0 for one in inputs):
        return False
    return any(np.size(tape.value(one)) == 1 and np.all(np.abs(tape.value(one)) < STEADY) for one in inputs)


def _one_hot(tape: Tape, index: int, bits: Sequence[int]) -> list[Pair]:
    """`p[rows, labels] -= 1`: the target is one where the labels say."""
    op = tape.ops[index]
    whole, value = op.args[0], op.args[2]
    if not isinstance(value, Ref) or not isinstance(whole, Ref) or value < 0 or whole < 0 or not bits[whole]:
        return []
    step = tape.ops[value]
    one = step.name == "sub" and len(step.inputs) == 2 and np.all(np.equal(tape.value(step.inputs[1]), 1))
    return [Pair(index, int(whole), index, "one-hot")] if one else []


def _picked(tape: Tape, index: int, bits: Sequence[int], layered: Sequence[bool]) -> list[Pair]:
    """`-1 / p[label]`, the derivative of a logarithm where the label says."""
    above, below = tape.ops[index].args
    if not isinstance(below, Ref) or below < 0 or tape.ops[below].name != "getitem":
        return []
    output = tape.ops[below].args[0]
    one = not isinstance(above, Ref) or _constant(tape, int(above)) or np.ndim(tape.value(int(above))) == 0
    if not one or not isinstance(output, Ref) or output < 0 or not bits[output] or not layered[output]:
        return []
    value = float(np.max(tape.value(int(above)))) if isinstance(above, Ref) else float(above)
    return [Pair(index, int(output), int(below), "picked")] if abs(value) == 1 else []


def _chosen(tape: Tape, index: int, bits: Sequence[int], layered: Sequence[bool]) -> list[Pair]:
    """`scores[rows, labels]`: the score of the right class, as a margin has it."""
    op = tape.ops[index]
    whole, where = op.args[0], op.args[1]
    if not isinstance(whole, Ref) or whole < 0 or not bits[whole] or not layered[whole]:
        return []
    labels = where[1] if isinstance(where, tuple) and len(where) == 2 else None
    if not isinstance(labels, Ref) or (labels >= 0 and bits[labels]) or np.ndim(op.value) != 1:
        return []
    return [Pair(index, int(whole), index, "chosen")] if np.ndim(tape.value(int(whole))) == 2 else []
