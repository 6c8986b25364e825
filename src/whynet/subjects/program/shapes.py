"""Shapes that spread: outputs that meet all targets, and biases that get a number for each example."""

from __future__ import annotations

import math

import numpy as np

from whynet.subjects.program.costs import LOOKS
from whynet.subjects.program.judgement import Judged, Step
from whynet.subjects.program.meant import Meant
from whynet.subjects.program.plan import fed_rows
from whynet.subjects.program.sites import Site
from whynet.subjects.program.text import Text
from whynet.subjects.program.unmoved import Blame

FEWEST = 4
"""Examples in a batch; of fewer, an axis of their number may be any."""
MANY_TRUE = 0.3
SCALED = {"mul", "div", "neg"}
SUMMED = {"sum", "mean", "einsum"}


def shapes(one: Judged, text: Text) -> list[Blame]:
    """Lines that make a shape wrong.

    >>> from whynet.subjects.program.loop import Flow
    >>> from whynet.subjects.program.tape import Tape
    >>> shapes(Judged(Flow([Tape(0, 1)]), [], [], []), Text([]))
    []
    """
    return _spread(one, text) or _grown(one, text) or _several(one, text)


def _spread(one: Judged, text: Text) -> list[Blame]:
    """A column of outputs minus a row of targets: every output meets every target."""
    found = []
    for pair in one.cost.pairs if one.cost else ():
        if pair.kind == "spread":
            site = text.site(pair.node)
            given = [np.shape(one.tape.value(node)) for node in (pair.output, pair.target, pair.node)]
            words = f"shapes {given[0]} and {given[1]} give {given[2]}: each output meets every target"
            name = text.names.get(pair.node, site.text)
            meant = Meant(value=text.named(pair.target), argument=text.named(pair.output))
            found.append(Blame("shapes-spread", site.file, site.line, name, "", words, pair.node, meant))
    return found


def _several(one: Judged, text: Text) -> list[Blame]:
    """Shares that add up to one, where several of an example's classes are true at once."""
    if one.cost is None or len(one.cost.pairs) != 1 or any(step.right for step in one.steps):
        return []
    pair = one.cost.pairs[0]
    place = LOOKS["softmax"](one.flow, pair.output) if pair.kind == "sub" and pair.output >= 0 else None
    targets = np.asarray(one.tape.value(pair.target))
    if place is None or targets.ndim != 2 or not np.all(np.isin(targets, (0, 1))):
        return []
    given = np.asarray(one.tape.value(pair.output))
    for axis in range(2):
        together = targets.sum(axis=axis)
        if np.allclose(given.sum(axis=axis), 1) and np.mean(together > 1) > MANY_TRUE:
            site = text.site(text.statement(pair.output, one.forward))
            name = text.named(pair.output)
            words = (
                f"the shares of a softmax add up to 1, and of {len(together)} examples {int(np.sum(together > 1))} "
                "have several classes: each class needs a sigmoid of its own"
            )
            return [Blame("several-true", site.file, site.line, name, "", words, pair.output)]
    return []


def _grown(one: Judged, text: Text) -> list[Blame]:
    """A bias that has a number for each example, or more than it began with: its gradient is not summed over them."""
    rows, axis = fed_rows(one)
    tape, found = one.tape, []
    for step in one.steps:
        leaf = tape.start[step.group.paths[0]]
        shape = np.shape(tape.value(leaf))
        users = [node for node in sorted(one.forward) if leaf in one.flow.leaves[node]]
        if len(users) != 1 or tape.ops[users[0]].name != "add" or len(step.group.paths) > 1:
            continue
        whole = np.shape(tape.value(users[0]))
        along = axis if len(shape) > 1 else 0
        began = tape.grown.get(step.group.paths[0])
        made = {tape.ops[read].name for read in tape.ops[users[0]].inputs if read in one.forward}
        product = not made.isdisjoint({"matmul", "dot"})
        if began is not None and math.prod(began) < math.prod(shape) and _fits(shape, whole):
            words = f"its shape was {began} and is {shape} after a step: its gradient is not summed over all axes"
        elif rows is not None and along is not None and rows >= FEWEST and product and shape == whole != ():
            if shape[along] != rows:
                continue
            words = f"its shape is {shape}, a number for each of {rows} examples: its gradient is not summed over them"
        else:
            continue
        end = one.ends(step.group)[0]
        site = _unsummed(one, step, text)
        found.append(Blame("shape-grows", site.file, site.line, step.group.name, step.group.name, words, end))
    return found


def _fits(shape: tuple[int, ...], whole: tuple[int, ...]) -> bool:
    """Whether an array is spread over another without making it larger."""
    try:
        return np.broadcast_shapes(shape, whole) == whole
    except ValueError:
        return False


def _unsummed(one: Judged, step: Step, text: Text) -> Site:
    """Where an error is handed on as a bias's gradient, or the step itself."""
    node, last = step.node, None
    while node is not None:
        if node in text.again:
            return text.sites[text.again[node][1]]
        op = one.tape.ops[node]
        read = [here for here in op.inputs if here in one.carriers]
        if op.name in SUMMED and read:
            return text.site(node)
        scaled = all(np.size(one.tape.value(here)) == 1 for here in op.inputs if here not in read)
        if op.name not in SCALED or len(read) != 1 or not scaled:
            break
        node, last = read[0], node
    return text.site(one.ends(step.group)[0] if last is None else last)
