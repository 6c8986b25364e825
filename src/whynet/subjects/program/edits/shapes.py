"""Arrays in the shape that was meant: targets as a column, examples that stay apart."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from typing import Any

from whynet.subjects.program.edits.names import last
from whynet.subjects.program.edits.source import Source
from whynet.subjects.program.edits.terms import bound
from whynet.subjects.program.meant import Meant


def columns(source: Source, statement: Any, meant: Meant, words: str) -> Iterator[str | None]:
    """Texts in which targets have the shape of the outputs.

    >>> source = Source("e = p - y")
    >>> words = "shapes (40, 1) and (40,) give (40, 40): each output meets every target"
    >>> list(columns(source, source.statement(1), Meant(value="y", argument="p"), words))[0]
    'e = p - y.reshape(-1, 1)'
    """
    shapes = re.findall(r"\([\d, ]*\)", words)
    column = bool(shapes) and shapes[0].endswith(", 1)")
    ways = ("{}.reshape(-1, 1)", "{}[:, None]") if column else ("{}.reshape(-1)", "{}.ravel()")
    nodes = [node for node in source.expressions(statement) if source.is_value(node)]
    nodes.sort(key=lambda node: source.code(node) != meant.value)
    for way in ways:
        for node in nodes:
            if source.code(node) == meant.value or last(source.code(node)) != last(meant.argument):
                yield source.put(node, way.format(source.code(node)))
    for node in source.expressions(statement):
        if isinstance(node, source.cst.BinaryOperation) and isinstance(node.operator, source.cst.Subtract):
            for side in (node.right, node.left):
                yield source.put(side, ways[0].format(bound(source.code(side))))


def apart(source: Source, statement: Any, words: str) -> Iterator[str | None]:
    """Texts in which axes are put in order before a reshape joins them, so that each example keeps its own.

    >>> source = Source("x = x.reshape(4, -1)")
    >>> words = "(4, 24, 6, 6) becomes (4, 864): examples of a batch are mixed, one output hangs on 24"
    >>> list(apart(source, source.statement(1), words))[0]
    'x = x.transpose(0, 2, 3, 1).reshape(4, -1)'
    """
    named = [[int(n) for n in re.findall(r"\d+", shape)] for shape in re.findall(r"\([\d, ]*\)", words)]
    if len(named) < 2:
        return  # no reshape is what mixes them
    before, after, *_ = named
    many = int((re.findall(r"hangs on (\d+)", words) or [0])[-1])
    orders = [order for order in itertools.permutations(range(len(before))) if list(order) != sorted(order)]

    def unlike(order: tuple[int, ...]) -> tuple[bool, bool, int]:
        """The axis that stays stays where it is, that of the examples moves, the rest keep their order."""
        kept = [before[i] for i in order][:1] == after[:1] or before[order[0]] == many
        rest = [i for i in order if before[i] != many]
        return (not kept, rest != sorted(rest), sum(a > b for a, b in itertools.combinations(order, 2)) * -1)

    orders.sort(key=unlike)
    for node in source.expressions(statement):
        if not isinstance(node, source.cst.Call) or not node.args:
            continue
        called = source.code(node.func)
        if called in ("np.reshape", "numpy.reshape"):
            whole = node.args[0].value
        elif isinstance(node.func, source.cst.Attribute) and node.func.attr.value in ("reshape", "flatten", "ravel"):
            whole = node.func.value
        else:
            continue
        for order in orders:
            yield source.put(whole, f"{bound(source.code(whole))}.transpose({', '.join(map(str, order))})")
