"""Steps that come to nothing: rows that are moved several times at once, numbers that nothing reads."""

from __future__ import annotations

import numpy as np

from whynet.subjects.program.judgement import Judged
from whynet.subjects.program.layout import whole_index
from whynet.subjects.program.loop import Group
from whynet.subjects.program.tape import Ref, Tape, filled, reads_back
from whynet.subjects.program.text import Text
from whynet.subjects.program.unmoved import Blame


def lost(one: Judged, text: Text) -> list[Blame]:
    """Parameters whose steps are taken, and lost.

    >>> from whynet.subjects.program.loop import Flow
    >>> lost(Judged(Flow([Tape(0, 1)]), [], [], []), Text([]))
    []
    """
    found = []
    for group in one.moved:
        for end in one.ends(group)[:1]:
            if _written_twice(one.tape, end):
                site = text.site(end)
                words = "rows that come several times get only the last of their steps: NumPy writes each row once"
                found.append(Blame("lost-steps", site.file, site.line, group.name, group.name, words, end))
    for group in one.state:
        reader = _unread(one, group)
        if reader is not None:
            site = text.site(reader)
            words = f"{group.name} is moved by the error, and nothing that is computed reads it: it is left out here"
            found.append(Blame("unread", site.file, site.line, group.name, group.name, words, reader))
    return found


def _written_twice(tape: Tape, end: int) -> bool:
    """Whether `w[rows] -= steps` has a row twice, with other steps: of these only the last is kept."""
    op = tape.ops[end]
    if op.name != "setitem" or not isinstance(op.args[2], Ref) or op.args[2] < 0 or not reads_back(tape, op):
        return False
    rows = whole_index(filled(op.args, tape)[1])
    value = np.asarray(tape.value(int(op.args[2])))
    if not isinstance(rows, np.ndarray) or rows.dtype.kind not in "iu" or value.shape[: rows.ndim] != rows.shape:
        return False
    steps = np.column_stack([rows.ravel(), value.reshape(rows.size, -1)])
    return len(np.unique(rows)) < len(np.unique(steps, axis=0))


def _unread(one: Judged, group: Group) -> int | None:
    """Where the other numbers of its list are read on the way forward; None if it is read itself, or has none."""
    leaves = {one.tape.start[path] for path in group.paths}
    ends = set(one.ends(group))
    if not group.list or not ends & one.carriers:
        return None
    after = one.flow.after(leaves) - one.flow.before(list(ends))
    beside = {one.tape.start[path] for other in one.moved if other.list == group.list for path in other.paths}
    readers = [node for node in sorted(one.forward) if one.flow.leaves[node] & beside]
    return readers[0] if readers and not after else None
