"""Whether what a network says of one example hangs on others of its batch: a reshape that lays arrays out wrongly."""

from __future__ import annotations

import numpy as np

from whynet.subjects.program.costs import base
from whynet.subjects.program.judgement import Judged
from whynet.subjects.program.loop import Pair
from whynet.subjects.program.reverse import Adjoints, reverse
from whynet.subjects.program.tape import Tape, filled
from whynet.subjects.program.text import Text
from whynet.subjects.program.unmoved import Blame
from whynet.types import Array

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
    shared = _shared_out(one, text)
    if shared:
        return shared
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


def _shared_out(one: Judged, text: Text) -> list[Blame]:
    """Outputs that are shares: those of an example should add up to one, as its targets do, and those of a batch do."""
    pair = one.cost.pairs[0] if one.cost is not None and len(one.cost.pairs) == 1 else None
    if pair is None or np.ndim(one.tape.value(pair.output)) != 2 or min(np.shape(one.tape.value(pair.output))) < 2:
        return []
    axes = [_classes(tape, pair) for tape in one.flow.tapes]
    if axes[0] is None or axes.count(axes[0]) < len(axes):
        return []
    node = pair.output
    for tape in one.flow.tapes:
        out = np.asarray(tape.value(node), dtype=float)
        own, other, whole = out.sum(axis=axes[0]), out.sum(axis=1 - axes[0]), out.sum()
        if np.min(out) < 0 or _is_one(own) or not (_is_one(other) or _is_one(whole)):
            return []
    share = base(one.tape, node)
    op = one.tape.ops[share]
    below = op.inputs[-1] if op.name == "div" and len(op.inputs) == 2 else share
    site = text.site(below if below >= 0 else share)
    words = "the shares of all examples together add up to 1, not those of each: the axis is that of the examples"
    return [Blame("examples-mixed", site.file, site.line, text.named(node), "", words, below if below >= 0 else share)]


def _is_one(sums: Array) -> bool:
    return bool(np.allclose(sums, 1, rtol=0, atol=1e-3))


def _classes(tape: Tape, pair: Pair) -> int | None:
    """The axis along which the targets of an example add up to one; None if that is none or both."""
    shape = np.shape(tape.value(pair.output))
    if pair.labels:
        index = tape.ops[pair.met].args[1]
        parts = list(filled(index, tape)) if isinstance(index, tuple) and len(index) == 2 else []
        rows = [axis for axis, part in enumerate(parts) if np.array_equal(part, np.arange(shape[axis]))]
        return 1 - rows[0] if len(rows) == 1 else None
    target = np.asarray(tape.value(pair.target), dtype=float)
    if target.shape != shape or np.min(target) < 0:
        return None
    axes = [axis for axis in (0, 1) if _is_one(target.sum(axis=axis))]
    return axes[0] if len(axes) == 1 else None


def _rows(adj: Adjoints, node: int, axis: int) -> int:
    """On how many rows the seeded output hangs."""
    value = adj.at(node)
    return (
        0
        if value is None
        else int(np.any(np.moveaxis(value, axis, 0).reshape(value.shape[axis], -1) != 0, axis=1).sum())
    )
