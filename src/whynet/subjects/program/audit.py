"""The step audit: what a parameter really did, as its old value, its gradient and what is kept, each times a number.

The numbers are read off the tape: reverse mode from the new value, up to the exact gradient. A step that is no sum of
multiples, as that of Adam is not, is left alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from whynet.subjects.program.judged import some
from whynet.subjects.program.judgement import Judged, Step
from whynet.subjects.program.match import factor, flat
from whynet.subjects.program.reverse import reverse
from whynet.subjects.program.text import Text
from whynet.subjects.program.unmoved import Blame
from whynet.types import Array

SHRINKS = 0.05
"""So much of its old value a parameter may lose or win in a step where it also leans on weights that were kept."""
CLEAR = 1e-9
FEW, CLEARLY = 4, 1e-5


@dataclass
class Made:
    """A value as a sum of multiples: of leaves, and of the gradient.

    >>> Made({-1: 1.0}, -0.1).leaves
    {-1: 1.0}
    """

    leaves: dict[int, float] = field(default_factory=dict)
    gradient: float = 0.0


def audited(one: Judged, text: Text) -> list[Blame]:
    """What is wrong with steps beside their gradients: decays that grow, momentum that keeps something else.

    >>> from whynet.subjects.program.loop import Flow
    >>> from whynet.subjects.program.tape import Tape
    >>> audited(Judged(Flow([Tape(0, 1)]), [], [], []), Text([]))
    []
    """
    found: list[Blame] = []
    for step in one.steps:
        for path in some(step.group.paths)[:1]:
            found += _of(one, step, path, text)
    return found


def _of(one: Judged, step: Step, path: str, text: Text) -> Iterator[Blame]:
    """What is wrong with the step of one parameter."""
    tape = one.tape
    own, end = tape.start[path], tape.end.get(path)
    if end is None or end < 0:
        return
    cut = _gradient(one, own, end)
    made = _made(one, end, cut)
    if made is None or not made.gradient or own not in made.leaves:
        return
    name, kept = step.group.name, _kept(one, own, made)
    constant = _constant(one, step, path, made, cut)
    if constant is not None:
        site = text.site(constant)
        words = f"each step moves all of {name} by the same number: a penalty without the weights in it"
        yield Blame("penalty-wrong", site.file, site.line, name, name, words, constant)
    weights = made.leaves[own] + sum(
        share for leaf, share in made.leaves.items() if leaf in kept and _holds(one, kept[leaf], path)
    )
    for leaf, share in made.leaves.items():
        if leaf not in kept:
            continue
        where = kept[leaf]
        if _holds(one, where, path):
            if abs(weights - 1) > SHRINKS:
                words = f"it keeps {name} itself, not the step that was taken"
                yield _stored(one, where, step, words, text)
                return
            continue
        yield from _momentum(one, step, leaf, share, made, where, text)
    if abs(1 - made.leaves[own]) > SHRINKS and weights == made.leaves[own]:
        alias = _alias(one, step, own, end, text)
        if alias is not None:
            yield alias
            return
    yield from _never_stored(one, step, own, end, made, text)
    if made.leaves[own] > 1 + CLEAR and abs(weights - 1) > CLEAR:
        node = _grows(one, own, end, cut)
        site = text.site(node)
        words = f"each step multiplies {name} by {made.leaves[own]:.6g}: a decay with its sign turned"
        yield Blame("decay-grows", site.file, site.line, text.names.get(node, name), name, words, node)


def _gradient(one: Judged, own: int, end: int) -> set[int]:
    """Where what a step is made of ends: at the gradient, and at what the forward pass computed."""
    before = one.flow.before([end])
    mine = {node for node in before & set(one.exact) if one.exact[node][0] == own}
    first = {node for node in mine if not one.flow.inputs[node] & mine}
    return first | (one.forward & before)


def _made(one: Judged, end: int, cut: set[int]) -> Made | None:
    """A value as a sum of multiples; None if it is none. Of single numbers, all iterations are laid side by side."""
    tape = one.tape
    rng = np.random.default_rng(0)
    many = [rng.normal(size=np.shape(each.value(end))) for each in one.flow.tapes]
    found = [reverse(each, {end: seed}, cut) for each, seed in zip(one.flow.tapes, many, strict=True)]
    if any(adj.opaque for adj in found):
        return None
    made = Made()
    truth = flat(many)
    scales: dict[int, float] = {}
    for node in sorted(found[0].values):
        size = np.size(tape.value(node))
        if (node >= 0 and node not in cut) or size != np.size(tape.value(end)) or not _counts(one, node):
            continue
        parts = [adj.at(node) for adj in found]
        if any(part is None for part in parts) or not np.any(flat([part for part in parts if part is not None])):
            continue
        share = _share(flat([part for part in parts if part is not None]), truth, size)
        if share is None:
            return None
        if node < 0:
            made.leaves[node] = share
        elif node not in one.forward:
            scales[node] = share * one.exact[node][1]
    made.gradient = sum(scales.values())
    return made


def _counts(one: Judged, node: int) -> bool:
    """Whether a leaf is more than a number that scales others."""
    return node >= 0 or not one.tape.leaves[-node - 1].constant


def _share(ours: Array, truth: Array, size: int) -> float | None:
    if size > 1:
        return factor(ours, truth)
    with np.errstate(all="ignore"):
        shares = ours / truth
    return float(shares[0]) if np.allclose(shares, shares[0], rtol=1e-9, atol=0) else None


def _constant(one: Judged, step: Step, path: str, made: Made, cut: set[int]) -> int | None:
    """Where the same number joins the gradient of all weights; None if nothing else is left of the step."""
    tape = one.tape
    own, end = tape.start[path], int(tape.end[path] or 0)
    exact = one.at(path)[0]
    if step.node is None or exact is None or np.size(tape.value(end)) < FEW:
        return None
    known = [share * np.asarray(tape.value(leaf), dtype=float) for leaf, share in made.leaves.items()]
    rest = np.asarray(tape.value(end), dtype=float) - sum(known) - made.gradient * exact
    moved = float(np.max(np.abs(np.subtract(tape.value(end), tape.value(own)))))
    if not np.all(np.isfinite(rest)) or abs(float(np.mean(rest))) < CLEARLY * moved or np.ptp(rest) > CLEARLY * moved:
        return None
    for node in sorted(one.flow.before([end]) - cut - one.forward):
        op = tape.ops[node]
        plain = [read for read in op.inputs if np.size(tape.value(read)) == 1 and read not in one.carriers]
        if op.name in ("add", "sub") and len(op.inputs) == 2 and len(plain) == 1 and node in one.carriers:
            return node
    return None


def _kept(one: Judged, own: int, made: Made) -> dict[int, str]:
    """Leaves that a step leans on and that it changes: momentum, sums, weights of before."""
    found: dict[int, str] = {}
    for path, leaf in one.tape.start.items():
        end = one.tape.end.get(path)
        if leaf in made.leaves and leaf != own and end is not None and end != leaf:
            found.setdefault(leaf, path)
    return found


def _holds(one: Judged, where: str, path: str) -> bool:
    """Whether what is kept is the parameter: its value before or after the step."""
    tape = one.tape
    value = tape.value(int(tape.end[where] or 0))
    return any(
        np.shape(value) == np.shape(tape.value(node)) and np.array_equal(value, tape.value(node))
        for node in (tape.start[path], int(tape.end[path] or 0))
    )


def _momentum(one: Judged, step: Step, leaf: int, share: float, made: Made, where: str, text: Text) -> Iterator[Blame]:
    """A velocity whose share of the step is larger than that of the gradient, or of the other sign."""
    tape = one.tape
    end = int(tape.end[where] or 0)
    cut = _gradient(one, tape.start[step.group.paths[0]], end) if end >= 0 else set()
    if end < 0 or np.shape(tape.value(end)) != np.shape(tape.value(leaf)):
        return
    kept = _made(one, end, cut)
    if end in cut and end in one.exact and end not in one.forward:
        kept = Made({}, one.exact[end][1])
    if kept is None or not kept.gradient:
        return
    before = share * kept.gradient / made.gradient
    if before > 1 + 1e-6:
        words = (
            f"it keeps the gradient without the learning rate: the gradient of the step before counts {before:.3g} "
            "times as much as that of this step"
        )
        yield _stored(one, where, step, words, text, "momentum-unscaled")
    elif before < -1e-6 and kept.leaves.get(leaf):
        node = _joined(one, leaf, int(tape.end[step.group.paths[0]] or 0))
        site = text.site(node)
        words = f"momentum works against the steps before: {text.named(leaf)} is taken with the wrong sign"
        name = text.names.get(node, step.group.name)
        yield Blame("momentum-wrong", site.file, site.line, name, step.group.name, words, node)


def _alias(one: Judged, step: Step, own: int, end: int, text: Text) -> Blame | None:
    """A parameter that is kept under another name too, and leaned on by the next step as if it were a velocity."""
    node = _joined(one, own, end)
    users = [read for read in one.flow.before([node, end]) - one.forward if own in one.flow.leaves[read]]
    used: dict[bool, set[str]] = {True: set(), False: set()}
    for read in users:
        used[one.tape.ops[read].name == "mul"].update(text.site(read).operands)
    for kept, name, site in one.tape.names:
        name = name.removeprefix("= ")
        if kept == end and used[False] and name in used[True] - used[False]:
            words = f"it keeps {step.group.name} itself, not the step that was taken"
            place = text.sites[site]
            return Blame("momentum-wrong", place.file, place.line, name, step.group.name, words, end)
    return None


def _never_stored(one: Judged, step: Step, own: int, end: int, made: Made, text: Text) -> Iterator[Blame]:
    """A velocity that is read, and stays what it was at the start: all zeros."""
    tape = one.tape
    for leaf in made.leaves:
        value = np.asarray(tape.value(leaf))
        if leaf == own or value.size < 2 or np.any(value):
            continue
        users = [node for node in sorted(one.flow.before([end])) if leaf in one.flow.leaves[node]]
        decayed = [node for node in users if tape.ops[node].name == "mul" and _decays(one, node, leaf)]
        paths = [path for path, node in tape.start.items() if node == leaf]
        same = all(not np.any(each.value(each.start[path])) for each in one.flow.tapes for path in paths[:1]
                   if path in each.start)  # fmt: skip
        if not decayed or not same or len(one.flow.tapes) < 2 or any(tape.end.get(path) != leaf for path in paths):
            continue
        node = text.statement(decayed[0], one.flow.after({leaf}) & one.flow.before([end]))
        site = text.site(node)
        words = "the velocity is computed and not kept: every step begins again from zeros"
        name = text.names.get(node, text.named(leaf))
        yield Blame("momentum-wrong", site.file, site.line, name, step.group.name, words, node)
        return


def _decays(one: Judged, node: int, leaf: int) -> bool:
    others = [read for read in one.tape.ops[node].inputs if read != leaf]
    return len(others) == 1 and np.size(one.tape.value(others[0])) == 1 and 0 < np.max(one.tape.value(others[0])) < 1


def _joined(one: Judged, leaf: int, end: int) -> int:
    """The first value that what is kept and the error are both part of, the forward pass aside."""
    found: set[int] = set()
    for node in sorted(one.flow.before([end]) - one.forward):
        if leaf in one.flow.leaves[node] or one.flow.inputs[node] & found:
            found.add(node)
            if any(read in one.carriers and read not in found for read in one.flow.inputs[node]):
                return node
    return end


def _grows(one: Judged, own: int, end: int, cut: set[int]) -> int:
    """The first value that is a parameter times more than one, or where its decay meets the gradient."""
    before = one.flow.before([end]) - cut
    for node in sorted(before):
        if node in one.carriers or own not in set().union(*(one.flow.leaves[i] for i in one.flow.before([node]))):
            continue
        made = _made(one, node, cut) if np.shape(one.tape.value(node)) == np.shape(one.tape.value(own)) else None
        if made is not None and made.leaves.get(own, 0.0) > 1 + CLEAR:
            return node
    return _joined(one, own, end)


def _stored(one: Judged, where: str, step: Step, words: str, text: Text, kind: str = "momentum-wrong") -> Blame:
    """The line in which something is kept."""
    node = int(one.tape.end[where] or 0)
    last = re.findall(r"\w+", re.sub(r"(\[[^\[\]]*\])+$", "", where))[-1]
    lines = [
        site
        for kept, name, site in one.tape.names
        if kept == node and re.findall(r"\w+", name.removeprefix("= ").partition("[")[0])[-1:] == [last]
    ]
    site = text.sites[lines[-1]] if lines else text.site(node)
    return Blame(kind, site.file, site.line, where, step.group.name, words, node)
