"""Between a step and the exact derivatives that it is made of: where those are put together wrongly."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from whynet.subjects.program.judgement import Judged
from whynet.subjects.program.match import factor, flat
from whynet.types import Array

GATHERED = {"add", "total", "sum", "copy", "reshape", "T", "transpose", "stack", "concatenate", "ravel", "pad",
            "sliding_window_view", "as_strided"}  # fmt: skip
MOVED = {"reshape", "T", "transpose", "ravel", "swapaxes", "moveaxis"}
FEW = 12


def region(one: Judged, ends: Sequence[int]) -> tuple[set[int], set[int]]:
    """The values before an update that are no exact derivative, and the exact ones that they start from.

    >>> from whynet.subjects.program.loop import Flow
    >>> from whynet.subjects.program.tape import Tape
    >>> region(Judged(Flow([Tape(0, 1)]), [], [], []), [])
    (set(), set())
    """
    bad: set[int] = set()
    good: set[int] = set()
    todo = list(ends)
    while todo:
        node = todo.pop()
        if node in bad or node in good or node not in one.carriers:
            continue
        if node in one.exact and node not in ends:
            good.add(node)
            continue
        bad.add(node)
        todo.extend(one.flow.inputs[node])
    return bad, good


def told(one: Judged, bad: set[int], good: set[int]) -> set[int]:
    """Bad values without partial sums of good ones: those are no derivative, and yet right.

    >>> from whynet.subjects.program.loop import Flow
    >>> from whynet.subjects.program.tape import Tape
    >>> told(Judged(Flow([Tape(0, 1)]), [], [], []), set(), set())
    set()
    """
    fine = set(good)
    for node in sorted(bad):
        read = one.flow.inputs[node] & one.carriers
        if (
            one.tape.ops[node].name in GATHERED
            and read
            and read <= fine
            and belongs(one, read & good)
            and misordered(one, node) is None
        ):
            fine.add(node)
    ends = {end for step in one.steps for end in one.ends(step.group)}
    return bad - fine - ends


def belongs(one: Judged, parts: set[int]) -> bool:
    """Whether derivatives may be added up: those of one value, or what comes to one value by its several ways.

    >>> from whynet.subjects.program.loop import Flow
    >>> from whynet.subjects.program.tape import Tape
    >>> belongs(Judged(Flow([Tape(0, 1)]), [], [], []), set())
    True
    """
    meant = {one.exact[here][0] for here in parts}
    if len(parts) < 2 or (len(meant) == 1 and len({one.exact[here][1] > 0 for here in parts}) == 1):
        return True
    ways: dict[int, list[Array]] = {node: [] for node in meant}
    for use, node in one.adjoints[0].parts:
        if node in ways and all((use, node) in adj.parts for adj in one.adjoints):
            ways[node].append(flat([adj.parts[use, node] for adj in one.adjoints]))
    for node, found in ways.items():
        whole = [adj.at(node) for adj in one.adjoints]
        found += [flat(whole)] if all(value is not None for value in whole) else []
        scales = [[c for way in found if (c := factor(flat(one.values(here)), way)) is not None] for here in parts]
        if all(scales) and len({c > 0 for own in scales for c in own}) == 1:
            return True
    return False


def same_before(one: Judged, nodes: set[int]) -> list[int]:
    """These exact values, and those before them that are the same but for a factor or an order.

    >>> from whynet.subjects.program.loop import Flow
    >>> from whynet.subjects.program.tape import Tape
    >>> same_before(Judged(Flow([Tape(0, 1)]), [], [], []), set())
    []
    """
    found: list[int] = []
    todo = sorted(nodes)
    while todo:
        here = todo.pop(0)
        found.append(here)
        todo += [
            read for read in one.flow.inputs[here] if read in one.exact and one.exact[read][0] == one.exact[here][0]
        ]
    return found


def misordered(one: Judged, node: int) -> int | None:
    """The value of the forward pass whose derivative lies in a rearranged array, each number in another's place.

    >>> from whynet.subjects.program.loop import Flow
    >>> from whynet.subjects.program.tape import Tape
    >>> misordered(Judged(Flow([Tape(0, 1)]), [], [], []), 0) is None
    True
    """
    if node < 0 or node >= len(one.tape.ops) or one.tape.ops[node].name not in MOVED:
        return None
    ours = np.ravel(one.tape.value(node))
    if np.ndim(one.tape.value(node)) < 2 or np.size(ours) < FEW:
        return None
    found = None
    for other in sorted(one.forward):
        exact = one.adjoints[0].at(other) if np.shape(one.tape.value(other)) == np.shape(one.tape.value(node)) else None
        if exact is None:
            continue
        if factor(ours, np.ravel(exact)) is not None:
            return None
        if factor(np.sort(np.abs(ours)), np.sort(np.abs(np.ravel(exact)))) is not None:
            found = other
    return found


def odd_one(one: Judged, node: int) -> int | None:
    """Of derivatives of one value that are added up, the one whose sign the others do not have.

    >>> from whynet.subjects.program.loop import Flow
    >>> from whynet.subjects.program.tape import Tape
    >>> odd_one(Judged(Flow([Tape(0, 1)]), [], [], []), 0) is None
    True
    """
    parts = sorted(one.flow.inputs[node] & one.carriers) if one.flow.inputs[node:] else []
    whole = node
    for later in range(node + 1, len(one.flow.inputs)):  # a sum goes on
        if whole in one.flow.inputs[later] and one.tape.ops[later].name == "add" and later in one.carriers:
            parts += sorted((one.flow.inputs[later] & set(one.exact)) - {whole})
            whole = later
    if len(parts) < 2 or not set(parts) <= set(one.exact) or len({one.exact[here][0] for here in parts}) > 1:
        return None
    down = [here for here in parts if one.exact[here][1] < 0]
    up = [here for here in parts if one.exact[here][1] > 0]
    fewer = min(down, up, key=len)
    return fewer[0] if len(fewer) == 1 and len(parts) > 2 else None


def at_odds(one: Judged) -> bool:
    """Whether a step is made of derivatives that do not belong together: of other values, or one with its sign turned.

    >>> from whynet.subjects.program.loop import Flow
    >>> from whynet.subjects.program.tape import Tape
    >>> at_odds(Judged(Flow([Tape(0, 1)]), [], [], []))
    False
    """
    for step in one.steps:
        bad, good = region(one, one.ends(step.group)[:8])
        for node in bad:
            parts = one.flow.inputs[node] & one.carriers
            if one.tape.ops[node].name in GATHERED and parts and parts <= good and not belongs(one, parts):
                return True
    return False
