"""The loops of a program that count its epochs, and where their number is written."""

from __future__ import annotations

from typing import Any

from whynet.subjects.program.edits.literals import callers, literals, number
from whynet.subjects.program.edits.names import last
from whynet.subjects.program.edits.source import Source
from whynet.subjects.program.xray import Xray

MANY = 1e7
"""Iterations; a loop that would take more is left in another way."""


def counts(source: Source, loop: Any) -> list[Any]:
    """The numbers in the text that say how often a loop runs.

    >>> source = Source("for epoch in range(9):\\n    step()")
    >>> [source.code(one) for one in counts(source, source.statement(1))]
    ['9']
    """
    cst = source.cst
    if isinstance(loop, cst.For):
        if isinstance(loop.iter, cst.Call) and loop.iter.args:  # range, or a progress bar around it
            call = loop.iter
            while isinstance(call.args[0].value, cst.Call) and last(source.code(call.args[0].value.func)) == "range":
                call = call.args[0].value
            if last(source.code(call.func)) not in ("range", "trange", "tqdm"):
                return []
            found = literals(source, call.args[1 if len(call.args) > 1 else 0].value)
            return [one for one in found if 1 <= (number(source, one) or 0) <= MANY]
        return []
    parts = [node for node in source.walk(loop.test) if isinstance(node, cst.Comparison) and len(node.comparisons) == 1]
    limits = [one.comparisons[0] for one in parts]
    limits = [one for one in limits if isinstance(one.operator, (cst.LessThan, cst.LessThanEqual))]
    found = [one for limit in limits for one in literals(source, limit.comparator) if (number(source, one) or 0) >= 1]
    return sorted(found, key=lambda one: -(number(source, one) or 0))[:1]  # the smaller is a patience


def epoch_loops(source: Source, facts: Xray) -> list[Any]:
    """The loop that takes the steps and those around it that count, also where it is called; the outermost last.

    >>> source = Source("def fit():\\n    for x in data:\\n        step(x)\\nfor epoch in range(9):\\n    fit()")
    >>> [source.first(loop) for loop in epoch_loops(source, Xray("ended", loop_line=2))]
    [4]
    """
    loop = source.statement(facts.loop_line)
    found: list[Any] = []
    for _ in range(4):
        if loop is None:
            break
        around = [loop, *source.loops(loop)]
        found += [one for one in around if isinstance(one, (source.cst.For, source.cst.While)) and counts(source, one)]
        function = source.function(loop)
        if function is source.module:
            break
        calls = [call for call in callers(source, function) if source.loops(call)]
        loop = source.loops(calls[0])[0] if calls else None
    return found
