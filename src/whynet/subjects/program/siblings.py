"""Layers that lie in one list: which of them a loop leaves out, and where that loop begins."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np

from whynet.subjects.program.judgement import Judged
from whynet.subjects.program.loop import Group
from whynet.subjects.program.rewrite import IF
from whynet.subjects.program.text import Text

ACCESS = re.compile(r"\.\w+|\[[^\[\]]*\]")


def alike(path: str) -> dict[str, int]:
    """The path with one of its numbers left open, and how many steps lead on from there.

    >>> alike("net.layers[0].W"), alike("w[0][1]")
    ({'net.layers[].W': 1}, {'w[][1]': 1, 'w[0][]': 0})
    """
    found = {}
    for match in re.finditer(r"\[\d+\]", path):
        found[f"{path[: match.start()]}[]{path[match.end() :]}"] = len(ACCESS.findall(path[match.end() :]))
    return found


def left_out(one: Judged, group: Group, computed: int | None, text: Text) -> tuple[str, int] | None:
    """The loop that moves the others of a list and leaves this one out: file and line; None if no loop does.

    >>> from whynet.subjects.program.loop import Flow
    >>> from whynet.subjects.program.tape import Tape
    >>> one = Judged(Flow([Tape(0, 1)]), [], [], [])
    >>> left_out(one, Group("W[0]", ["W[0]"], False), None, Text([], one)) is None
    True
    """
    mine, parent = alike(group.paths[0]), group.paths[0].rpartition("[")[0]
    if any(path.rpartition("[")[0] == parent and np.ndim(one.tape.value(one.tape.start[path])) == 0
           for step in one.steps for path in step.group.paths):  # fmt: skip
        return None  # a bias at the end of a list of weights
    for step in one.steps:
        for path in step.group.paths[:1]:
            shared = [mine[pattern] for pattern in alike(path) if pattern in mine]
            end = one.tape.end.get(path)
            if not shared or end is None or end < 0:
                continue
            moving = _moving(one, end, shared[0], text)
            if moving is None or computed is not None or np.ndim(one.tape.value(end)) == 0:
                return moving  # around the gradients of single numbers, loops run over numbers
            held = [node for node, hit in one.exact.items() if hit[0] == one.tape.start[path]]
            return _around(one, min(held, default=end), text) or moving
    return None


def conditional(one: Judged, group: Group, text: Text) -> bool:
    """Whether others of a list are moved under a condition: a layer may be frozen on purpose.

    >>> from whynet.subjects.program.loop import Flow
    >>> from whynet.subjects.program.tape import Tape
    >>> one = Judged(Flow([Tape(0, 1)]), [], [], [])
    >>> conditional(one, Group("W[0]", ["W[0]"], False), Text([], one))
    False
    """
    mine = set(alike(group.paths[0]))
    for step in one.steps:
        path = step.group.paths[0]
        end = one.tape.end.get(path)
        if end is None or end < 0 or not mine & set(alike(path)):
            continue
        outside = _outside(one, text)
        here = text.site(end)
        for file, around, _ in [(here.file, here.around, ""), *_calls(one, end, text)]:
            if any(names == IF and (file, line) not in outside for line, names in around):
                return True
    return False


def _outside(one: Judged, text: Text) -> set[tuple[str, int]]:
    """The loop that takes the steps, and what lies around it."""
    step = text.sites[one.tape.loop]
    return {(step.file, step.line), *((step.file, line) for line, _ in step.around)}


def _moving(one: Judged, end: int, further: int, text: Text) -> tuple[str, int] | None:
    """The loop over the members of a list, around the line that moves one of them."""
    named = [(name, site) for node, name, site in one.tape.names if node == end]
    if not named:
        return _around(one, end, text)
    name, number = named[-1]
    steps = list(ACCESS.finditer(name))
    whole = name[: steps[-further].start()] if 0 < further <= len(steps) else name
    here = text.sites[number]
    return _loop(one, end, [(here.file, here.around, whole)], text)


def _around(one: Judged, node: int, text: Text) -> tuple[str, int] | None:
    here = text.site(node)
    return _loop(one, node, [(here.file, here.around, here.text)], text)


def _loop(
    one: Judged, node: int, first: list[tuple[str, tuple[tuple[int, str], ...], str]], text: Text
) -> tuple[str, int] | None:
    """The innermost loop, in the function or around its call, that gives a value to a name that is used there."""
    outside = _outside(one, text)
    for file, around, said in [*first, *_calls(one, node, text)]:
        used = set(re.findall(r"[A-Za-z_]\w*", said))
        for line, names in reversed(around):
            if names == IF:
                return None  # perhaps it is left out on purpose
            if used & set(names.split()) and (file, line) not in outside:
                return file, line
    return None


def _calls(one: Judged, node: int, text: Text) -> Iterator[tuple[str, tuple[tuple[int, str], ...], str]]:
    for number in reversed(one.tape.ops[node].context):
        site = text.sites[number]
        yield site.file, site.around, site.text.partition("(")[0]
