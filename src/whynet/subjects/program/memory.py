"""Steps that are divided by the size of the gradients before: by the root of a mean of squares, and corrected by the
share with which that mean was made."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from whynet.subjects.program.judgement import Judged, Step
from whynet.subjects.program.reverse import reverse
from whynet.subjects.program.text import Text
from whynet.subjects.program.unmoved import Blame
from whynet.types import Array

EXPONENTS = {
    -1.0: "the step is divided by {} itself, a mean of squares: its root belongs there",
    0.5: "the step is multiplied by the root of {}, where it is divided by it",
    1.0: "the step is multiplied by {}, where it is divided by its root",
}
CLOSE = 0.1
SAME = 1e-9


def remembered(one: Judged, text: Text) -> list[Blame]:
    """What is wrong with the use of means of squares.

    >>> from whynet.subjects.program.loop import Flow
    >>> from whynet.subjects.program.tape import Tape
    >>> remembered(Judged(Flow([Tape(0, 1)]), [], [], []), Text([]))
    []
    """
    found: list[Blame] = []
    for step in one.steps:
        for path in step.group.paths[:1]:
            end = one.tape.end.get(path)
            if end is not None and end >= 0 and np.size(one.tape.value(end)) > 1 and not found:
                found += _of(one, step, path, end, text)
    return found


def _of(one: Judged, step: Step, path: str, end: int, text: Text) -> Iterator[Blame]:
    before, own = one.flow.before([end]), one.tape.start[path]
    kept = {}
    for group in one.state:
        for lying in group.paths:
            new, old = one.tape.end.get(lying), one.tape.start[lying]
            if new is not None and new in before and np.shape(one.tape.value(new)) == np.shape(one.tape.value(end)):
                share = _share(one, new, old)
                kept.update({new: (lying, share)} if share is not None else {})
    for new, (lying, _) in kept.items():
        words = EXPONENTS.get(_exponent(one, path, end, new) or 0.0) if _of_squares(one, new, own) else None
        if words is not None:
            node = text.statement(_met(one, new, end), one.carriers)
            site = text.site(node)
            name = text.names.get(node, step.group.name)
            yield Blame("wrong", site.file, site.line, name, step.group.name, words.format(lying), node)
            return
    yield from _corrected(one, step, end, kept, text)


def _share(one: Judged, new: int, old: int) -> float | None:
    """How much of what was kept is kept, where that is the same of all its numbers."""
    value = one.tape.value(new)
    found = reverse(one.tape, {new: np.ones(np.shape(value))}).at(old)
    if found is None or np.shape(found) != np.shape(value) or not np.all(np.isfinite(found)):
        return None
    first = float(np.ravel(found)[0])
    return first if 0 < first <= 1 and np.allclose(found, first, rtol=1e-6) else None


def _of_squares(one: Judged, new: int, own: int) -> bool:
    """Whether what is added to what is kept is the gradient of this parameter times itself."""
    ops = one.tape.ops
    exact = {node for node in one.carriers & set(one.exact) if one.exact[node][0] == own}
    slopes = one.flow.after(exact)
    for node in one.flow.before([new]) & slopes:
        read = ops[node].inputs
        if ops[node].name == "square" or (ops[node].name == "mul" and len(read) == 2 and set(read) <= slopes):
            return True
        if ops[node].name == "pow" and read[0] in slopes and np.size(one.tape.value(read[-1])) == 1:
            return bool(np.max(one.tape.value(read[-1])) == 2)
    return False


def _exponent(one: Judged, path: str, end: int, new: int) -> float | None:
    """The power of a mean of squares by which a step grows, if it is one of those that are mistakes."""
    found = []
    for tape in one.flow.tapes[-2:]:
        slope = reverse(tape, {end: np.ones(np.shape(tape.value(end)))}, down_to=new - 1).at(new)
        moved = np.subtract(tape.value(end), tape.value(tape.start[path]))
        if slope is None or np.shape(slope) != np.shape(moved):
            return None
        found.append(_middle(slope * tape.value(new), moved))
    near = [power for power in EXPONENTS if all(one_of is not None and abs(one_of - power) < CLOSE for one_of in found)]
    return near[0] if near else None


def _middle(grown: Array, moved: Array) -> float | None:
    """The middle one of the ratios, where something was moved."""
    with np.errstate(all="ignore"):
        large = np.abs(moved) > 1e-3 * np.max(np.abs(moved), initial=0.0)
        ratios = (grown / moved)[large & np.isfinite(grown) & np.isfinite(moved)]
    return float(np.median(ratios)) if ratios.size else None


def _met(one: Judged, new: int, end: int) -> int:
    """Where what is kept meets the gradient that it is to scale."""
    after = one.flow.after({new}) & one.flow.before([end])
    for node in sorted(after - {new}):
        if any(read in one.carriers and read not in after for read in one.flow.inputs[node]):
            return node
    return end


def _corrected(one: Judged, step: Step, end: int, kept: dict[int, tuple[str, float]], text: Text) -> Iterator[Blame]:
    """A mean that is divided by `1 - share ** steps` with the share of another mean."""
    ops = one.tape.ops
    said = {new: base for node in one.flow.before([end]) for new, base in _correction(one, node, kept)}
    for new, base in said.items():
        share = kept[new][1]
        others = [(other, kept[other][1]) for other in said if other != new]
        fine = [own for other, own in others if abs(own - said[other]) < SAME]
        if abs(share - base) < SAME or not fine:
            continue
        mixed = any(abs(share - own) < SAME for own in fine)  # it is made with the share of the other
        if not mixed and not any(abs(base - own) < SAME for own in fine):
            continue
        node = new if mixed else max(here for here in one.flow.before([end]) if new in ops[here].inputs)
        site = text.site(text.statement(node, one.carriers))
        what = f"{share:.6g} of {kept[new][0]} is kept, and it is divided by 1 - {base:.6g} ** steps"
        yield Blame("wrong", site.file, site.line, kept[new][0], step.group.name, what, node)
        return


def _correction(one: Judged, node: int, kept: dict[int, tuple[str, float]]) -> Iterator[tuple[int, float]]:
    """What is divided by `1 - base ** steps`, and the base."""
    op = one.tape.ops[node]
    if op.name != "div" or len(op.inputs) != 2 or op.inputs[0] not in kept or op.inputs[1] < 0:
        return
    below = one.tape.ops[op.inputs[1]]
    power = [one.tape.ops[read] for read in below.inputs if read >= 0 and one.tape.ops[read].name == "pow"]
    if below.name == "sub" and power and np.size(power[0].value) == 1 and power[0].inputs:
        yield op.inputs[0], float(np.max(one.tape.value(power[0].inputs[0])))
