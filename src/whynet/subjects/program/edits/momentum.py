"""What momentum keeps of a step: the step that was taken, not its gradient alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from whynet.subjects.program.edits.names import last
from whynet.subjects.program.edits.source import Source
from whynet.subjects.program.edits.terms import bound, left

Terms = list[tuple[int, str]]


def kept(source: Source, statement: Any) -> Iterator[str | None]:
    """Texts in which a statement keeps the whole step that another one takes, and is used in.

    >>> source = Source("w = w - rate * g - mu * old\\nold = g\\n")
    >>> next(kept(source, source.statement(2)))
    'w = w - rate * g - mu * old\\nold = rate * g + mu * old\\n'
    """
    own, value = source.target(statement), source.value(statement)
    plain = _plain(own)
    for update in source.statements:
        terms = _step(source, update)
        mine = [sign for sign, text in terms if re.search(rf"\b{re.escape(plain)}\b", text)] if plain else []
        if update is statement or len(mine) != 1 or len(terms) < 2:
            continue
        yield source.put(value, _joined([(sign * mine[0], text) for sign, text in terms]))
        scaled = [(sign * mine[0], text) for sign, text in terms if not re.search(rf"\b{re.escape(plain)}\b", text)]
        yield source.put(value, _joined(scaled))


def _plain(name: str) -> str:
    return last(re.sub(r"(\[[^\[\]]*\])+$", "", name))


def _step(source: Source, statement: Any) -> Terms:
    """What a statement adds to what it moves, as terms with their signs; empty where it moves nothing."""
    cst = source.cst
    for small in source.small(statement):
        if isinstance(small, cst.AugAssign) and isinstance(small.operator, (cst.AddAssign, cst.SubtractAssign)):
            sign = 1 if isinstance(small.operator, cst.AddAssign) else -1
            return _terms(source, small.value, sign)
    value, target = source.value(statement), source.target(statement)
    found = _terms(source, value, 1) if value is not None and target else []
    return [one for one in found if one != (1, target)] if (1, target) in found else []


def _terms(source: Source, node: Any, sign: int) -> Terms:
    cst = source.cst
    if isinstance(node, cst.BinaryOperation) and isinstance(node.operator, (cst.Add, cst.Subtract)):
        turned = sign if isinstance(node.operator, cst.Add) else -sign
        return [*_terms(source, node.left, sign), *_terms(source, node.right, turned)]
    if isinstance(node, cst.UnaryOperation) and isinstance(node.operator, cst.Minus):
        return _terms(source, node.expression, -sign)
    return [(sign, source.code(node))]


def _joined(terms: Terms) -> str:
    """A sum, what is added before what is taken away."""
    if not terms:
        return ""
    (sign, first), *rest = sorted(terms, key=lambda term: -term[0])
    start = first if sign > 0 else f"-{left(bound(first))}"
    return start + "".join(f" {'+' if sign > 0 else '-'} {text}" for sign, text in rest)
