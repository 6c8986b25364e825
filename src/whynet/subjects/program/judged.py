"""What a step loop computes, beside what it should: parameters, output, cost, and which values are derivatives."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import islice
from typing import Any

import numpy as np

from whynet.subjects.program.align import aligned, stays
from whynet.subjects.program.costs import Cost, base, costs, own_cost, recorded, seeds
from whynet.subjects.program.explain import explain
from whynet.subjects.program.judgement import Judged, Step
from whynet.subjects.program.loop import Flow, Group, Pair, groups, meeting, movers
from whynet.subjects.program.match import factor, flat, is_single, rounded, tells
from whynet.subjects.program.partly import partly_right
from whynet.subjects.program.region import at_odds
from whynet.subjects.program.reverse import Adjoints, conventions, reverse
from whynet.subjects.program.rules import RULES
from whynet.subjects.program.tape import TIES, Tape, filled
from whynet.types import Array

HEAVY = 1 << 25
"""Bytes of an array that is data, if no step moves it."""
MEMBERS = 48
"""So many of a layer's single numbers are looked at."""
ROUNDING = 1e-13
CUT = {"clip", "minimum", "maximum"}
LATEST = 60
"""So many of the values before an update are compared with its gradient."""


def judged(tapes: Sequence[Tape]) -> Judged | None:
    """What a loop's tapes say; None if nothing in it meets a target.

    >>> judged([Tape(0, 1)]) is None
    True
    """
    flow = Flow(aligned(tapes))
    tape = flow.tapes[0]
    found = movers(tape, flow)
    bits = flow.marks([group.paths for group in found])
    ends = [end for group in found for path in group.paths if (end := tape.end.get(path)) is not None]
    used = flow.before(ends)
    met = meeting(tape, bits, used)
    all_met = [base(tape, pair.output) for pair in met]
    met = _reaching(met, flow, found) if met else []
    most = max((bits[pair.output].bit_count() for pair in met), default=0)
    met = [pair for pair in met if bits[pair.output].bit_count() == most]
    own = own_cost(flow, used, bits) if not met else []
    if not met and not own:
        return None
    names = {group.name for group in found if not stays(group, flow.tapes)}
    found = [group for group in found if group.name in names]
    bits = flow.marks([group.paths for group in found])
    kept = [group for group in groups(tape) if group.name not in names]
    guesses = costs(flow, met)
    if tape.cost is not None and guesses:  # an optimiser from outside was told what it is
        guesses = [Cost("recorded", guesses[0].pairs, ((tape.cost, tape.cost),))]
    own = own or (recorded(flow, guesses[0].pairs, used, bits) if guesses else [])
    guesses = [guess for guess in guesses if guess.at]
    judgements: list[tuple[Judged, tuple[bool, ...], str]] = []
    most_right: tuple[bool, ...] = ()
    for ties in conventions(flow.tapes):
        for each in flow.tapes:
            each.ties = ties
        now = [_under(cost, flow, found, kept, bits, met, used) for cost in (*guesses, *own)]
        judgements += [(one, _from_the_output(one), ties) for one in now]
        most_right = max((right for _, right, _ in judgements), default=())
        if all(most_right):
            break
    best = _best([(one, ties) for one, right, ties in judgements if right == most_right])
    if best is not None and not any(step.right for step in best.steps):
        part = [one for one, _, _ in judgements if one.cost in own and partly_right(one) is not None]
        if not met and not part and not at_odds(best):
            return None  # a sum that nothing is moved by
        for best in part[:1]:  # the program's own cost, where a part of its error is that exactly
            explain(best)
    if best is None:
        return None
    near = best.forward | flow.after(set(best.outputs))
    for node in flow.before([output for output in all_met if output not in near]):
        best.shared |= flow.leaves[node]
    return best


def _best(judgements: Sequence[tuple[Judged, str]]) -> Judged | None:
    """The judgement that explains most values, and which of equal largest numbers it lets a maximum's derivative go to.
    Which parameters move as they should decides before."""
    best: Judged | None = None
    taken = TIES[0]
    rank: tuple[Any, ...] = ()
    for order, (one, ties) in enumerate(judgements):
        explain(one)
        new = (len(one.exact), _fits(one.cost, one), -order) if one.cost is not None else ()
        if best is None or new > rank:
            best, rank, taken = one, new, ties
    for each in best.flow.tapes if best is not None else ():
        each.ties = taken
    return best


def _reaching(met: list[Pair], flow: Flow, found: list[Group]) -> list[Pair]:
    """Those that many parameters are moved by: what divides one of them by the rate of another is no error."""
    end = flow.tapes[0].end
    ends = [[node for path in group.paths if (node := end.get(path) or -1) >= 0] for group in found]
    bits = flow.reach(ends)
    sites = [flow.tapes[0].ops[pair.node].site for pair in met]
    reach: dict[int, int] = {}
    for pair, site in zip(met, sites, strict=True):  # of the errors of one line, all
        reach[site] = max(reach.get(site, 0), bits[pair.node].bit_count())
    return [pair for pair, site in zip(met, sites, strict=True) if 2 * reach[site] >= max(reach.values())]


def _from_the_output(one: Judged) -> tuple[bool, ...]:
    """Which parameters move as they should, the last layer's first: what is wrong there spoils all before it."""
    first: dict[str, int] = {}
    where = {one.tape.start[path]: step.group.name for step in one.steps for path in step.group.paths}
    for node in sorted(one.forward):
        for leaf in one.flow.leaves[node]:
            if leaf in where:
                first.setdefault(where[leaf], node)
    return tuple(
        step.right or step.untold for step in sorted(one.steps, key=lambda step: -first.get(step.group.name, 0))
    )


def _fits(cost: Cost, one: Judged) -> int:
    """Where nothing decides: an error that is scaled element by element is that of squares."""
    tape = one.tape
    nodes = {pair.node for pair in cost.pairs}
    for index in sorted(one.carriers):
        op = tape.ops[index]
        if op.name == "mul" and nodes & set(op.inputs) and len(op.inputs) == 2:
            other = next((node for node in op.inputs if node not in nodes), 0)
            if other >= 0 and np.size(tape.value(other)) == np.size(op.value) and other not in one.carriers:
                return int(cost.name == "squares")
    return int(cost.name in ("logistic", "softmax"))


def _under(
    cost: Cost, flow: Flow, found: list[Group], kept: list[Group], bits: list[int], met: list[Pair], used: set[int]
) -> Judged:
    """The steps of a loop, judged by one cost."""
    tape = flow.tapes[0]
    outputs = [base(tape, pair.output) for pair in cost.pairs] or [node for node, _ in cost.at]
    mark = 0
    for output in outputs:
        mark |= bits[output]
    moved = [group for bit, group in enumerate(found) if mark >> bit & 1]
    state = [group for bit, group in enumerate(found) if not mark >> bit & 1]
    one = Judged(flow, moved, kept, state, cost, outputs=outputs)
    one.forward = flow.before([node for node, _ in cost.at] if cost.name == "recorded" else outputs)
    below = flow.after(set(outputs))
    meets = {pair.node for pair in met if pair.output in below}
    hangs = flow.after(meets) if met else {node for node, has in enumerate(bits) if has & mark}
    one.carriers = (hangs & used) - one.forward
    for group in list(one.moved):
        if not set(one.ends(group)) & one.carriers:  # a hidden state or a running mean: no error moves it
            one.moved.remove(group)
            one.state.append(group)
    idle = _heavy_data(flow, bits)
    one.adjoints = [reverse(each, seeds(cost, each), idle=idle) for each in flow.tapes]
    large = sorted(one.moved, key=lambda group: -len(group.paths) * np.size(tape.value(tape.start[group.paths[0]])))
    one.steps = [_step(one, group) for group in one.moved]
    one.lengths = next(
        (step.lengths for group in large for step in one.steps if step.group is group and step.lengths), ()
    )
    if one.lengths:  # single numbers may be stepped by what steps an array: a rate that falls, a norm that is clipped
        one.steps = [step if step.right else _step(one, step.group) for step in one.steps]
    return one


def _heavy_data(flow: Flow, bits: Sequence[int]) -> set[int]:
    """Arrays so large that they are data, and hang on no parameter: nobody asks for the derivative there."""
    tape = flow.tapes[0]
    nodes = [
        *(node for node in range(len(tape.ops)) if not bits[node]),
        *(-leaf - 1 for leaf in range(len(tape.leaves))),
    ]
    moved = {tape.start[path] for path, end in tape.end.items() if end != tape.start[path]}
    return {node for node in nodes if getattr(tape.value(node), "nbytes", 0) >= HEAVY and node not in moved}


def some(paths: Sequence[str]) -> list[str]:
    """A few of many members, evenly.

    >>> some([str(i) for i in range(100)])[:3]
    ['0', '3', '6']
    """
    return list(paths[:: len(paths) // MEMBERS + 1])


def _step(one: Judged, group: Group) -> Step:
    """Whether what moves a parameter is its derivative."""
    return step_by(one, group, one.adjoints)


def step_by(one: Judged, group: Group, adjoints: Sequence[Adjoints], turned: bool = False) -> Step:
    """Whether what moves a parameter is this derivative; `turned`: with rows and columns exchanged.

    >>> step_by(Judged(Flow([Tape(0, 1)]), [], [], []), Group("W", [], True), []).right
    False
    """
    paths = [path for path in some(group.paths) if (one.tape.end.get(path) or -1) >= 0]
    step = Step(group)
    exact = [[adj.at(tape.start[path]) for adj, tape in zip(adjoints, one.flow.tapes, strict=True)] for path in paths]
    if not paths or any(value is None for values in exact for value in values):
        return step
    if turned:
        exact = [[np.asarray(value).T for value in values] for values in exact]
    truth = np.concatenate([flat(values) for values in exact])
    single = is_single([one.tape.value(one.tape.start[paths[0]])])
    step.untold = not tells(truth) or _cancelled(one, paths, truth)
    moves = [
        [np.subtract(tape.value(int(tape.end[path] or 0)), tape.value(tape.start[path])) for tape in one.flow.tapes]
        for path in paths
    ]
    step.rate = factor(np.concatenate([flat(values) for values in moves]), truth, single)
    if step.rate is None:
        old = [flat([tape.value(tape.start[path]) for tape in one.flow.tapes]) for path in paths]
        step.rate = rounded(np.concatenate([flat(values) for values in moves]), np.concatenate(old), truth)
    if step.rate is None and len(one.flow.tapes) > 1:
        step.lengths = _rate_of_each(moves, exact, single)
        step.rate = step.lengths[0] if step.lengths else None
    candidates = [_before(one, path) for path in paths]
    for key, node in candidates[0].items():
        if not all(key in others for others in candidates):
            continue
        ours = np.concatenate([flat(one.values(others[key])) for others in candidates])
        c = factor(ours, truth, single)
        if c is None:
            continue
        direction = 1.0 if step.rate is not None else _carried(one, paths[0], node)
        if direction is not None:
            step.node, step.factor = node, c
            step.scale = step.rate if step.rate is not None else _scale(one, paths[0], node, c)
            step.lengths = step.lengths or (_lengths(one, paths[0], node) if step.downhill else ())
            step.downhill = (step.rate < 0) if step.rate is not None else direction * c <= 0
            break
    if step.node is None and step.rate is not None:
        step.downhill = step.rate < 0
    if step.node is None and step.rate is None and len(paths) == 1 and not turned:
        _by_part(one, step, paths[0], adjoints)
    return step


def _rate_of_each(moves: list[list[Array]], exact: list[list[Array | None]], single: bool) -> tuple[float, ...]:
    """The step of each iteration as a multiple of the derivative, where each is one: of a rate that changes."""
    found: list[float] = []
    for here in range(len(moves[0])):
        ours = np.concatenate([flat([values[here]]) for values in moves])
        each = factor(ours, np.concatenate([flat([values[here]]) for values in exact]), single)
        if each is None or (found and each * found[0] < 0):
            return ()
        found.append(each)
    return tuple(found)


def _cancelled(one: Judged, paths: Sequence[str], truth: Array) -> bool:
    """Whether a derivative is what rounding left of numbers that cancel out: the cost does not hang on this bias."""
    leaves = {one.tape.start[path] for path in paths}
    users = [node for node in one.forward if one.flow.leaves[node] & leaves]
    above = [float(np.max(np.abs(g))) for node in users for adj in one.adjoints if (g := adj.at(node)) is not None]
    return float(np.max(np.abs(truth), initial=0.0)) < ROUNDING * max(above, default=0.0)


def _by_part(one: Judged, step: Step, path: str, adjoints: Sequence[Adjoints]) -> None:
    """A parameter of which one part is read and moved, as the row of one user: that part's derivative is compared."""
    leaf = one.tape.start[path]
    users = [node for node in sorted(one.forward) if leaf in one.flow.leaves[node]]
    if len(users) != 1 or one.tape.ops[users[0]].name != "getitem":
        return
    exact = [value for adj in adjoints if (value := adj.at(users[0])) is not None]
    if len(exact) < len(one.flow.tapes):
        return
    truth = flat(exact)
    for node in _before(one, path, np.size(exact[0])).values():
        c = factor(flat(one.values(node)), truth)
        direction = _carried(one, path, node, users[0]) if c is not None else None
        if c is not None and direction is not None:
            step.node, step.factor, step.downhill = node, c, direction * c <= 0
            return


def _carried(one: Judged, path: str, node: int, part: int | None = None) -> float | None:
    """By how much a parameter moves along a value before it; None if that is bent on the way, and by no momentum."""
    slopes_found: list[tuple[Array, Array]] = []
    remembers = _remembers(one, path)
    bent = remembers or _is_clipped(one, node, int(one.tape.end[path] or 0))
    sizes = _sizes(one, node, int(one.tape.end[path] or 0)) if remembers else set()
    for tape in one.flow.tapes:
        end = int(tape.end[path] or 0)
        g = np.asarray(tape.value(node), dtype=float)
        if part is None:
            seed = np.reshape(g, np.shape(tape.value(end)))
        else:
            op = tape.ops[part]
            seed = RULES["getitem"](np.reshape(g, np.shape(op.value)), op.value, *filled(op.args, tape))[0]
        moved = reverse(tape, {end: seed}, sizes, down_to=node).at(node)
        if bent and moved is None and slopes_found:
            break  # cut off here
        if moved is None or not np.any(g):
            return None
        slopes_found.append((moved, g))
    first = float(np.sum(slopes_found[0][0] * slopes_found[0][1]))
    if bent:  # what divides by the size of gradients has no direction
        return first
    ours, exact = flat([moved for moved, _ in slopes_found[:1]]), flat([g for _, g in slopes_found[:1]])
    if ours.size == 1:
        ours, exact = flat([moved for moved, _ in slopes_found]), flat([g for _, g in slopes_found])
        if one.lengths and factor(ours, exact * np.array(one.lengths)) is not None:
            return first
    return first if factor(ours, exact) is not None else None


def _is_clipped(one: Judged, node: int, end: int) -> bool:
    """Whether a gradient is cut off at some size before it moves a parameter: that is bent, and meant so."""
    between = one.flow.before([end]) & one.flow.after({node})
    cut = [one.tape.ops[here] for here in between if one.tape.ops[here].name in CUT]
    return any(sum(not _is_number(one, read) for read in op.inputs) == 1 for op in cut)


def _sizes(one: Judged, node: int, end: int) -> set[int]:
    """Squares and absolute values between a gradient and the step: what a step is divided by."""
    between = one.flow.before([end]) & one.flow.after({node})
    ops = one.tape.ops
    return {
        here for here in between
        if ops[here].name in ("pow", "square", "abs") or (ops[here].name == "mul" and _is_square(one, here))
    }  # fmt: skip


def _is_square(one: Judged, node: int) -> bool:
    """Whether a product is one of a gradient and itself, or a multiple of it."""
    inputs = one.tape.ops[node].inputs
    if len(inputs) != 2 or not set(inputs) <= one.carriers:
        return False
    first, second = (flat(one.values(read)) for read in inputs)
    return first.shape == second.shape and (inputs[0] == inputs[1] or factor(first, second) is not None)


def _is_number(one: Judged, node: int) -> bool:
    return np.size(one.tape.value(node)) == 1 and node not in one.carriers and node not in one.forward


def _lengths(one: Judged, path: str, node: int) -> tuple[float, ...]:
    """How far a step goes along a value, in each iteration."""
    found = []
    for tape in one.flow.tapes:
        g = np.asarray(tape.value(node), dtype=float)
        end = int(tape.end[path] or 0)
        moved = reverse(tape, {end: np.reshape(g, np.shape(tape.value(end)))}, down_to=node).at(node)
        if moved is None or g.size < 2 or not np.any(g):
            return ()
        found.append(float(np.sum(moved * g) / np.sum(g * g)))
    return tuple(found)


def _scale(one: Judged, path: str, node: int, c: float) -> float | None:
    """The step along a value, as a multiple of the derivative that it is; None if it is no multiple."""
    tape = one.tape
    g = np.asarray(tape.value(node), dtype=float)
    end = int(tape.end[path] or 0)
    moved = reverse(tape, {end: np.reshape(g, np.shape(tape.value(end)))}, down_to=node).at(node)
    along = None if moved is None or g.size < 2 else factor(flat([moved]), flat([g]))
    return None if along is None else along * c


def _remembers(one: Judged, path: str) -> bool:
    """Whether a parameter's step hangs on something kept from before: momentum, a mean of squares."""
    leaves = {one.tape.start[where] for group in one.state for where in group.paths}
    if not leaves:
        return False
    end = int(one.tape.end[path] or 0)
    return any(one.flow.leaves[node] & leaves for node in one.flow.before([end]))


def _before(one: Judged, path: str, size: int | None = None) -> dict[tuple[Any, ...], int]:
    """The values before an update that may be its gradient, latest first, each by its place."""
    tape = one.tape
    size = np.size(tape.value(tape.start[path])) if size is None else size
    end = int(tape.end[path] or 0)
    found: dict[tuple[Any, ...], int] = {}
    count: Counter[tuple[int, tuple[int, ...]]] = Counter()
    fit = (node for node in one.flow.latest(end, one.carriers) if np.size(tape.value(node)) == size)
    for node in islice(fit, LATEST):
        where = (tape.ops[node].site, tape.ops[node].context)
        count[where] += 1
        found[(*where, count[where])] = node
    return found
