"""Means within an example, such as those of an average pool, and what is scaled on the way forward, such as what a
dropout leaves: each number has its share of what comes back."""

from __future__ import annotations

import numpy as np

from whynet.subjects.program.judgement import Judged
from whynet.subjects.program.meant import Meant
from whynet.subjects.program.text import Text
from whynet.subjects.program.unmoved import Blame

CLOSE = 1e-5
MEANS = {"mean", "average"}


def shares(one: Judged, text: Text) -> list[Blame]:
    """Where an error goes back through a mean and is not divided by how many numbers that is of, or is once more; what
    lies above gets its own size, so that it is no rate.

    >>> from whynet.subjects.program.loop import Flow
    >>> from whynet.subjects.program.tape import Tape
    >>> shares(Judged(Flow([Tape(0, 1)]), [], [], []), Text([]))
    []
    """
    tape = one.tape
    means = {}
    for node in one.forward:
        op = tape.ops[node]
        inputs = [here for here in op.inputs if here >= 0]
        if op.name in MEANS and len(inputs) == 1:
            k = np.size(tape.value(inputs[0])) / max(1, np.size(op.value))
            means.update({node: (inputs[0], k)} if k > 1 else {})
        means |= scalings(one, node)
    for node in sorted(one.exact) if means else ():
        above = _from(one, node)
        ratios = [abs(one.exact[node][1] / one.exact[here][1]) for here in above]
        for mean, (read, k) in sorted(means.items()):
            more, less = (all(abs(ratio / times - 1) < CLOSE for ratio in ratios) for times in (k, 1 / k))
            if not above or not (more or less) or not _between(one, node, above, mean, read):
                continue
            step = _scaled(one, node, k if more else 1 / k)
            if step is None:
                continue
            site = text.site(text.statement(node, one.carriers))
            name = text.names.get(node, step)
            number = _number(one, mean)
            if number is not None:
                sign = "/" if one.tape.ops[mean].name == "div" else "*"
                with_it = f"{sign} {text.named(number)}"
                words = f"{text.named(mean)} is scaled ({with_it}), and its derivative " + (
                    "is not" if more else "is twice"
                )
                meant = Meant(value=with_it if more else "")
                return [Blame("factor", site.file, site.line, name, step, words, node, meant)]
            words = (
                f"each of {k:g} numbers of a mean gets the whole error, not its share"
                if more
                else f"it is divided by the {k:g} numbers of a mean once more"
            )
            return [Blame("factor", site.file, site.line, name, step, words, node)]
    return []


def scalings(one: Judged, node: int) -> dict[int, tuple[int, float]]:
    """Of a value of the forward pass that is another times a number that stays: the other, and what it is divided by.

    >>> from whynet.subjects.program.loop import Flow
    >>> from whynet.subjects.program.tape import Leaf, Op, Ref, Tape
    >>> tape = Tape(0, 1, leaves=[Leaf(np.ones(3)), Leaf(0.5)])
    >>> tape.ops = [Op("copy", 0, (Ref(-1),), {}, np.ones(3)), Op("div", 0, (Ref(0), Ref(-2)), {}, 2 * np.ones(3))]
    >>> scalings(Judged(Flow([tape]), [], [], []), 1)
    {1: (0, 0.5)}
    """
    number = _number(one, node)
    if number is None:
        return {}
    op = one.tape.ops[node]
    read = next(here for here in op.inputs if here != number)
    value = float(np.max(one.tape.value(number)))
    steady = all(float(np.max(tape.value(int(tape.ops[node].inputs[op.inputs.index(number)]))) ) == value
                 for tape in one.flow.tapes)  # fmt: skip
    if not steady or value <= 0 or abs(value - 1) < CLOSE:
        return {}
    return {node: (read, value if op.name == "div" else 1 / value)}


def _number(one: Judged, node: int) -> int | None:
    """The single number that an array is multiplied with, or divided by; None if that is no such operation."""
    op = one.tape.ops[node]
    if op.name not in ("mul", "div") or len(op.inputs) != 2 or np.size(op.value) == 1:
        return None
    single = [here for here in op.inputs if np.size(one.tape.value(here)) == 1]
    moved = {one.tape.start[path] for group in one.moved for path in group.paths}
    if len(single) != 1 or single[0] in moved or single[0] in one.forward:
        return None
    if op.name == "div" and single[0] != op.inputs[1]:
        return None
    other = next(here for here in op.inputs if here != single[0])
    return single[0] if other >= 0 else None


def _from(one: Judged, node: int) -> set[int]:
    """The nearest exact derivatives that a value is computed from."""
    found: set[int] = set()
    seen: set[int] = set()
    todo = list(one.flow.inputs[node] & one.carriers)
    while todo:
        here = todo.pop()
        if here in seen:
            continue
        seen.add(here)
        if here in one.exact:
            found.add(here)
        else:
            todo.extend(one.flow.inputs[here] & one.carriers)
    return found


def _between(one: Judged, node: int, above: set[int], mean: int, read: int) -> bool:
    """Whether a mean lies between what a derivative is of and what those before it are of."""
    meant, wholes = one.exact[node][0], [one.exact[here][0] for here in above]
    below = one.flow.before([read])
    return meant in below and all(whole == mean or mean in one.flow.before([whole]) for whole in wholes if whole >= 0)


def _scaled(one: Judged, node: int, times: float) -> str | None:
    """A parameter that steps so many times as far as one that has nothing to do with a value, as it goes through it."""
    with_it: list[tuple[str, float]] = []
    without: list[float] = []
    for step in one.steps:
        if step.scale is None:
            return None
        if node in one.flow.before(one.ends(step.group)):
            with_it.append((step.group.name, abs(step.scale)))
        else:
            without.append(abs(step.scale))
    small = {rate for rate in without if all(abs(big / rate / times - 1) < CLOSE for _, big in with_it)}
    return with_it[0][0] if with_it and len(small) == len(set(without)) > 0 else None
