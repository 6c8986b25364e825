"""Whether what a network says of one example hangs on others of its batch: a reshape that lays arrays out wrongly."""

from __future__ import annotations

import numpy as np

from whynet.subjects.program.judged import Judged
from whynet.subjects.program.reverse import Adjoints, reverse
from whynet.subjects.program.text import Text
from whynet.subjects.program.unmoved import Blame

FEWEST = 4
"""Examples in a batch; of fewer, an axis of their number may be any."""


STATISTICS = {"mean", "sum", "var", "std", "max", "min", "total"}


def mixed_examples(one: Judged, text: Text) -> list[Blame]:
    """The reshape that mixes a batch: one output hangs on several examples before it, and on one row after it.

    A mean over the batch, as in batch normalization, mixes on purpose.

    >>> from whynet.subjects.program.loop import Flow
    >>> from whynet.subjects.program.tape import Tape
    >>> mixed_examples(Judged(Flow([Tape(0, 1)]), [], [], []), Text([]))
    []
    """
    if len(one.outputs) != 1:
        return []
    output = one.outputs[0]
    shape = np.shape(one.tape.value(output))
    for axis in range(len(shape)):
        many = shape[axis]
        if len(shape) != 2 or many < FEWEST or shape[1 - axis] == many:
            continue
        seed = np.zeros(shape)
        np.moveaxis(seed, axis, 0)[1] = np.cos(np.arange(shape[1 - axis]) + 1.0)
        adj = reverse(one.tape, {output: seed})
        for node in sorted(one.forward):
            op = one.tape.ops[node]
            if op.name != "reshape" or not op.inputs:
                continue
            before = np.shape(one.tape.value(op.inputs[0]))
            if many not in before or many in op.value.shape or before.count(many) > 1:
                continue  # the axis of the examples is joined with others here
            rows = _rows(adj, op.inputs[0], before.index(many))
            below = sorted(one.flow.after({node}) & one.forward)
            later = [other for other in below if np.shape(one.tape.value(other)).count(many) == 1]
            if not later or any(one.tape.ops[other].name in STATISTICS for other in below if other < later[0]):
                continue
            after = [_rows(adj, other, np.shape(one.tape.value(other)).index(many)) for other in later]
            if rows > 1 and max(after) == 1:
                site = text.site(node)
                words = f"{before} becomes {op.value.shape}: examples of a batch are mixed, one output hangs on {rows}"
                return [Blame("examples-mixed", site.file, site.line, site.text, "", words, node)]
    return []


def _rows(adj: Adjoints, node: int, axis: int) -> int:
    """On how many rows the seeded output hangs."""
    value = adj.at(node)
    return (
        0
        if value is None
        else int(np.any(np.moveaxis(value, axis, 0).reshape(value.shape[axis], -1) != 0, axis=1).sum())
    )
