"""What a program returns to an optimiser: a gradient that is the derivative of its cost, joined as it was cut."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from whynet.subjects.program.judgement import Judged, Step
from whynet.subjects.program.reverse import Adjoints, reverse
from whynet.subjects.program.text import Text
from whynet.subjects.program.unmoved import Blame

CLOSE = 1e-5


def returned(one: Judged, text: Text) -> list[Blame]:
    """Mistakes that only an optimiser from outside brings.

    >>> from whynet.subjects.program.loop import Flow
    >>> from whynet.subjects.program.tape import Tape
    >>> returned(Judged(Flow([Tape(0, 1)]), [], [], []), Text([]))
    []
    """
    if one.tape.cost is None or one.tape.gradient is None:
        return []
    packed = _packed(one, text)
    if packed is not None:
        return [packed]
    wrong = [step for step in one.steps if step.right and step.rate is not None and abs(step.rate + 1) > CLOSE]
    found = []
    for step in wrong if len(wrong) < len(one.steps) else wrong[:1]:
        node = _first(one, step) if len(wrong) < len(one.steps) else one.tape.gradient
        site = text.site(node)
        words = f"it is {-float(step.rate or 0):.6g} times the derivative of the cost that is returned"
        name = text.names.get(node, step.group.name)
        found.append(Blame("factor", site.file, site.line, name, step.group.name, words, node))
    return found


def _first(one: Judged, step: Step) -> int:
    own = one.tape.start[step.group.paths[0]]
    held = [node for node, hit in one.exact.items() if hit[0] == own and node in one.flow.before(one.ends(step.group))]
    return min(held, default=one.ends(step.group)[0])


def _packed(one: Judged, text: Text) -> Blame | None:
    """A gradient whose parts are right and lie in another order than those of the vector."""
    tape, joined = one.tape, one.tape.gradient
    assert joined is not None
    op = tape.ops[joined]
    owners = {tape.start[path]: path for path in tape.pieces if path in tape.start}
    parts, at, moved = op.inputs, 0, []
    if op.name not in ("concatenate", "hstack", "append") or len(parts) < 2:
        return None
    for node in parts:
        hit = one.exact.get(node)
        path = owners.get(hit[0]) if hit is not None else None
        if path is None:
            return None
        if tape.pieces[path] != at:
            moved.append(path)
        at += np.size(tape.value(node))
    if not moved:
        return None
    site = text.site(joined)
    if len({tape.ops[node].site for node in parts if node >= 0}) == 1 and op.context:
        site = text.sites[op.context[-1]]  # joined by a function: whoever calls it gives the order
    words = f"the parts of the gradient lie in another order than those of the vector: {', '.join(moved)}"
    return Blame("packing-wrong", site.file, site.line, text.named(joined), moved[0], words, joined)


def terms_left_out(one: Judged) -> Iterator[tuple[int, tuple[Adjoints, ...]]]:
    """Terms of the cost that hang on no output, and the derivatives without them.

    >>> from whynet.subjects.program.loop import Flow
    >>> from whynet.subjects.program.tape import Tape
    >>> list(terms_left_out(Judged(Flow([Tape(0, 1)]), [], [], [])))
    []
    """
    if one.tape.cost is None:
        return
    outputs = set(one.outputs)
    for node in _terms(one, one.tape.cost):
        if not one.flow.before([node]) & outputs:
            yield node, tuple(reverse(tape, {int(tape.cost or 0): 1.0}, {node}) for tape in one.flow.tapes)


def _terms(one: Judged, cost: int) -> Sequence[int]:
    """The summands of a sum, and those of summands that are scaled."""
    found, todo = [], [cost]
    while todo:
        node = todo.pop()
        op = one.tape.ops[node]
        if op.name in ("add", "sub", "neg", "mul", "div") and np.ndim(op.value) == 0:
            todo += [read for read in op.inputs if read >= 0 and node != read]
        if node != cost:
            found.append(node)
    return found
