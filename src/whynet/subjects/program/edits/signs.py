"""A turned sign put right: plus for minus, the difference the other way round, a minus before a product."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from whynet.subjects.program.edits.source import Source
from whynet.subjects.program.edits.terms import signed


def signs(source: Source, statement: Any) -> Iterator[str | None]:
    """Texts in which one sign of a statement is turned, likeliest first.

    >>> source = Source("w += rate * (y - p) @ x")
    >>> list(signs(source, source.statement(1)))[:2]
    ['w -= rate * (y - p) @ x', 'w += rate * (p - y) @ x']
    """
    cst = source.cst
    for small in source.small(statement):
        if isinstance(small, cst.AugAssign):
            yield _augmented(source, small)
    nodes = source.expressions(statement)
    sums = [node for node in nodes if isinstance(node, cst.BinaryOperation)]
    sums = [node for node in sums if isinstance(node.operator, (cst.Add, cst.Subtract))]
    own = source.target(statement)
    for node in sums:  # the step itself: `w = w + rate * g`, `b + rate * g`
        error = isinstance(node.operator, cst.Subtract) and source.is_value(node.right)
        if (source.code(node.left) == own or source.is_value(node.left)) and not error:
            yield _turned(source, node)
    for node in nodes:
        if isinstance(node, cst.UnaryOperation) and isinstance(node.operator, cst.Minus):
            yield source.put(node, source.code(node.expression))
    for node in sums:
        number = isinstance(node.left, (cst.Integer, cst.Float))  # of a slope, as in `1 - a`
        if isinstance(node.operator, cst.Subtract) and source.code(node.left) != own and not number:
            yield source.put(node, _around(node, f"{source.code(node.right)} - {source.code(node.left)}"))
    value = source.value(statement)
    if value is not None and not isinstance(value, cst.Tuple):
        yield source.put(value, signed(source, value))
    for node in sums:
        yield _turned(source, node)


def shared(source: Source, statements: Sequence[Any]) -> Iterator[str | None]:
    """Texts in which a number that several statements share by name has the other sign, where it is defined: a 1, or
    what is negative.

    >>> source = Source("sign = 1\\nw += sign * g\\nb += sign * d\\n")
    >>> next(shared(source, [source.statement(2), source.statement(3)])).split("\\n")[0]
    'sign = -1'
    """
    cst = source.cst
    named = [{source.code(node) for node in source.expressions(one) if source.is_value(node)} for one in statements]
    names = set.intersection(*named)
    for one in source.statements:
        if one in statements or source.target(one) not in names:
            continue
        for node in source.expressions(one):
            if isinstance(node, cst.UnaryOperation) and isinstance(node.operator, cst.Minus):
                yield source.put(node, source.code(node.expression))
            alone = not isinstance(source.parents.get(node), (cst.UnaryOperation, cst.BinaryOperation))
            if isinstance(node, (cst.Integer, cst.Float)) and float(node.evaluated_value) == 1 and alone:
                yield source.put(node, f"-{source.code(node)}")


def _around(node: Any, text: str) -> str:
    return f"({text})" if node.lpar else text


def _turned(source: Source, node: Any) -> str | None:
    other = "+" if isinstance(node.operator, source.cst.Subtract) else "-"
    return source.put(node, _around(node, f"{source.code(node.left)} {other} {source.code(node.right)}"))


def _augmented(source: Source, small: Any) -> str | None:
    cst = source.cst
    kinds = {cst.AddAssign: cst.SubtractAssign, cst.SubtractAssign: cst.AddAssign}
    kind = kinds.get(type(small.operator))
    if kind is None:
        return None
    old = small.operator
    new = kind(whitespace_before=old.whitespace_before, whitespace_after=old.whitespace_after)
    return source.replaced({old: new})
