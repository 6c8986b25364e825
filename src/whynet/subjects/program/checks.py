"""A program's own check of its gradient: what is moved, by how much, and what the difference is divided by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from whynet.subjects.program.loop import Flow
from whynet.subjects.program.match import factor
from whynet.subjects.program.metrics import LATER
from whynet.subjects.program.reverse import reverse
from whynet.subjects.program.sites import Site
from whynet.subjects.program.tape import Ref, Tape
from whynet.subjects.program.unmoved import Blame

LARGEST = 0.05
"""A step so large that the slope of a cost changes along it."""
NOISE = 0.1
"""A share of the slope that may come from the last digits of the cost."""
MOST = 400
FIRST = 6
"""So many quotients are looked into; of those that follow in the same line only the value counts."""


@dataclass(frozen=True)
class Moved:
    """By how much a cost's parameter was moved, and whether a whole array was.

    >>> Moved(4, 1e-5, False).by
    1e-05
    """

    node: int
    by: float
    whole: bool


@dataclass(frozen=True)
class Quotient:
    """The difference of two costs over a number.

    >>> Quotient(9, 2e-5, None, None).above is None
    True
    """

    node: int
    over: float
    above: Moved | None
    below: Moved | None


def checked(tape: Tape, sites: Sequence[Site]) -> list[Blame]:
    """What is wrong with a check, not with the gradient.

    >>> checked(Tape(0, 1), [])
    []
    """
    flow = Flow([tape])
    found = quotients(tape)
    if not found:
        return []
    ends = flow.before([end for end in tape.end.values() if end is not None])
    found = [one for one in found if one.node not in ends]
    told = None
    for one in found:
        told = _whole(tape, flow, one) or _distance(tape, one)
        if told is not None:
            break
    told = told or _digits(tape, found) or _other_cost(tape, flow, found)
    if told is None:
        return []
    node, words = told
    site = sites[tape.ops[node].site]
    return [Blame("gradient-check-invalid", site.file, site.line, site.text, "", words, LATER)]


def quotients(tape: Tape) -> list[Quotient]:
    """The difference quotients of a tape: of two single numbers, at least one of which was moved by about as much.

    >>> quotients(Tape(0, 1))
    []
    """
    found: list[Quotient] = []
    known: dict[int, bool] = {}
    for node, op in enumerate(tape.ops):
        if op.name != "div" or np.size(op.value) != 1 or len(op.args) != 2 or known.get(op.site) is False:
            continue
        top, over = op.args
        if not isinstance(top, Ref) or not isinstance(over, Ref) or top < 0 or tape.ops[top].name != "sub":
            continue
        size = float(np.max(tape.value(int(over))))
        costs = tape.ops[top].args
        if not all(isinstance(one, Ref) and one >= 0 for one in costs) or not size > 0:
            continue
        if len(found) < FIRST:
            ways = [_way(tape, int(one)) for one in costs]
            above, below = _moved(tape, ways[0] - ways[1], size), _moved(tape, ways[1] - ways[0], size)
            if above is None and below is not None:  # moved to one side, and on from there to the other
                above, below = below, None
            known[op.site] = above is not None or known.get(op.site, False)
            found += [Quotient(node, size, above, below)] if above is not None else []
        elif known.get(op.site) and len(found) < MOST:
            found.append(Quotient(node, size, None, None))
    return found


def _way(tape: Tape, cost: int) -> set[int]:
    """The values by which a cost would change: what was overwritten in between is none of them."""
    return {node for node, value in reverse(tape, {cost: 1.0}).values.items() if node >= 0 and np.any(value)}


def _moved(tape: Tape, own: set[int], over: float) -> Moved | None:
    """The first value of one cost alone that is another plus or minus a number like the divisor."""
    for node in sorted(own):
        op = tape.ops[node]
        if op.name not in ("add", "sub") or len(op.args) != 2 or not all(isinstance(one, Ref) for one in op.args):
            continue
        old, step = (np.asarray(tape.value(int(one)), dtype=float) for one in op.args)
        if step.size == old.size > 1 and np.count_nonzero(step) == 1:
            step = step[step != 0]
        elif step.size != 1:
            continue
        by = float(step.reshape(-1)[0]) * (1 if op.name == "add" else -1)
        if np.shape(op.value) == old.shape and any(abs(abs(by) * times / over - 1) < 1e-6 for times in (0.5, 1, 2, 4)):
            single = np.size(tape.value(int(op.args[1]))) > 1
            return Moved(node, by, old.size > 1 and not single)
    return None


def _whole(tape: Tape, flow: Flow, one: Quotient) -> tuple[int, str] | None:
    """All numbers of an array are moved at once: that is the sum of its derivatives."""
    if one.above is None or not one.above.whole:
        return None
    for node in flow.after({one.node}) - {one.node}:
        op = tape.ops[node]
        others = [read for read in op.inputs if read >= 0 and tape.ops[read].name in ("sum", "total")]
        if op.name == "sub" and others:
            return None  # with a sum it may be compared
    shape = np.shape(tape.ops[one.above.node].value)
    words = (
        f"all {int(np.prod(shape))} weights are moved at once: the quotient is the sum of their derivatives, and is no "
        "measure of any"
    )
    first = int(tape.ops[one.above.node].args[0])
    before = tape.ops[first] if first >= 0 else None
    there = before is not None and before.name in ("add", "sub") and np.size(tape.value(before.inputs[-1])) == 1
    return (first if there else one.above.node), words


def _distance(tape: Tape, one: Quotient) -> tuple[int, str] | None:
    """The divisor is not how far the two costs are apart, or the two are too far apart."""
    if one.above is None:
        return None
    apart = one.above.by - (one.below.by if one.below is not None else 0.0)
    if apart == 0:
        return None
    if abs(one.over / abs(apart) - 1) > 1e-6:
        return one.node, f"the two costs are {abs(apart):g} apart, and their difference is divided by {one.over:g}"
    far = max(abs(one.above.by), abs(one.below.by)) if one.below is not None else apart / 2
    if abs(far) >= LARGEST:
        return one.node, f"the weights are moved by {abs(far):g}: on so long a way the slope changes"
    return None


def _digits(tape: Tape, found: Sequence[Quotient]) -> tuple[int, str] | None:
    """A step so small that the costs differ in their last digits only."""
    slopes = [abs(float(np.max(tape.value(one.node)))) for one in found]
    noise = []
    for one in found:
        top = int(tape.ops[one.node].args[0])
        costs = [tape.value(int(cost)) for cost in tape.ops[top].args]
        single = any(getattr(cost, "dtype", None) == np.float32 for cost in costs)
        last = max(abs(float(np.max(cost))) for cost in costs) * (6e-8 if single else 1.1e-16)
        noise.append(last / one.over)
    if not found or not float(np.median(noise)) > NOISE * float(np.median(slopes)) or not np.any(slopes):
        return None
    return found[
        0
    ].node, f"the weights are moved by so little ({found[0].over:g}) that the costs differ by rounding only"


def _other_cost(tape: Tape, flow: Flow, found: Sequence[Quotient]) -> tuple[int, str] | None:
    """The differences are those of another cost than the gradient's: all of them by the same factor."""
    ours, theirs = [], []
    for one in found:
        value = float(np.max(tape.value(one.node)))
        for node in sorted(flow.after({one.node}) - {one.node}):
            op = tape.ops[node]
            if op.name == "sub" and one.node in op.inputs and np.size(op.value) == 1:
                other = next(read for read in op.inputs if read != one.node)
                ours.append(value)
                theirs.append(float(np.max(tape.value(other))))
                break
    c = factor(np.array(ours), np.array(theirs), single=True) if len(ours) > 3 else _arrays(tape, flow, found)
    if c is None or abs(c - 1) < 0.01:
        return None
    return found[0].node, f"the differences are those of another cost: each is {c:.4g} times the derivative"


def _arrays(tape: Tape, flow: Flow, found: Sequence[Quotient]) -> float | None:
    """Quotients that are put into an array, which is compared with the gradient."""
    put = {node for one in found for node in flow.after({one.node}) if tape.ops[node].name == "setitem"}
    if not put or len(found) < 4:
        return None
    last = max(put)
    for node in sorted(flow.after({last}) - {last}):
        op = tape.ops[node]
        if op.name != "sub" or last not in op.inputs or np.shape(op.value) != np.shape(tape.value(last)):
            continue
        other = next((read for read in op.inputs if read != last), last)
        numeric, exact = (np.ravel(np.asarray(tape.value(one), dtype=float)) for one in (last, other))
        if np.count_nonzero(numeric) == numeric.size == exact.size:
            return factor(numeric, exact, single=True)
    return None
