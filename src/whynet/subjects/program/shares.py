"""Means within an example, such as those of an average pool: each number has its share of what comes back."""

from __future__ import annotations

import numpy as np

from whynet.subjects.program.judgement import Judged
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
            words = (
                f"each of {k:g} numbers of a mean gets the whole error, not its share"
                if more
                else f"it is divided by the {k:g} numbers of a mean once more"
            )
            return [Blame("factor", site.file, site.line, name, step, words, node)]
    return []


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
