"""A penalty's part in a gradient, as the cost has it: of `c * sum(w ** 2)` it is `2 * c * w`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from whynet.subjects.program.edits.names import last
from whynet.subjects.program.edits.source import Source
from whynet.subjects.program.edits.terms import left


class Penalty(NamedTuple):
    """What is squared and summed, and the factor before it.

    >>> Penalty("lam / 2", "w").weights
    'w'
    """

    factor: str
    weights: str


def penalised(source: Source, statement: Any) -> Iterator[str | None]:
    """Texts in which a gradient has the part that a penalty of the cost asks for.

    >>> text = "cost = e @ e / n + lam / (2 * n) * np.sum(w[1:] ** 2)\\ng = X.T @ e / n\\n"
    >>> source = Source(text)
    >>> print(next(penalised(source, source.statement(2))).split("\\n")[2])
    g[1:] += lam / n * w[1:]
    """
    cst, value = source.cst, source.value(statement)
    if value is None:
        return
    small = source.small(statement)[0]
    blanks, name = source.indent(statement), source.target(statement) or "gradient"
    for one in penalties(source):
        if not source.known(f"({one.factor}) * {one.weights}", statement):
            continue
        part = re.search(r"\[[^\[\]]*:[^\[\]]*\]$", one.weights)
        term = f"{left(_doubled(one.factor))} * {one.weights}"
        if part is None:
            yield source.put(value, f"{source.code(value)} + {term}")
            continue
        first, end = source.first(statement), source.last(statement) + 1
        added = f"{blanks}{name}{part[0]} += {term}"
        if isinstance(small, cst.Return):
            lines = [f"{blanks}{name} = {source.code(value)}", added, f"{blanks}return {name}"]
            yield source.with_lines((first, end, lines))
        else:
            yield source.with_lines((first, end, [*source.own_lines(statement), added]))


def weighed(source: Source, statement: Any) -> Iterator[str | None]:
    """Texts in which a number that a step adds is multiplied by what the statement moves.

    >>> source = Source("w -= rate * (g + lam)")
    >>> next(weighed(source, source.statement(1)))
    'w -= rate * (g + lam * w)'
    """
    cst, target = source.cst, source.target(statement)
    for node in source.expressions(statement):
        if isinstance(node, cst.BinaryOperation) and isinstance(node.operator, (cst.Add, cst.Subtract)) and target:
            for one in (node.right, node.left):
                if source.code(one) != target and (source.is_value(one) or isinstance(one, cst.Float)):
                    yield source.put(one, f"{source.code(one)} * {target}")


def penalties(source: Source) -> Iterator[Penalty]:
    """The sums of squares that a factor stands before.

    >>> list(penalties(Source("J = 0.5 * lam * (np.sum(a ** 2) + (b ** 2).sum())")))
    [Penalty(factor='0.5 * lam', weights='a'), Penalty(factor='0.5 * lam', weights='b')]
    """
    cst = source.cst
    for node in source.walk():
        if isinstance(node, cst.BinaryOperation) and isinstance(node.operator, cst.Multiply):
            for factor, rest in ((node.left, node.right), (node.right, node.left)):
                yield from (Penalty(source.code(factor), weights) for weights in _squared(source, rest))


def _squared(source: Source, node: Any) -> list[str]:
    """What is squared in a sum of sums of squares; empty if it is none."""
    cst = source.cst
    if isinstance(node, cst.BinaryOperation) and isinstance(node.operator, cst.Add):
        both = [_squared(source, one) for one in (node.left, node.right)]
        return [*both[0], *both[1]] if all(both) else []
    if not isinstance(node, cst.Call) or last(source.code(node.func)) != "sum":
        return []
    inner = node.func.value if not node.args and isinstance(node.func, cst.Attribute) else None
    inner = node.args[0].value if node.args and inner is None else inner
    if isinstance(inner, cst.BinaryOperation) and isinstance(inner.operator, cst.Power):
        return [source.code(inner.left)] if source.code(inner.right) in ("2", "2.0") else []
    if isinstance(inner, cst.Call) and last(source.code(inner.func)) == "square" and inner.args:
        return [source.code(inner.args[0].value)]
    return []


def _doubled(factor: str) -> str:
    """Twice a factor, as one would write it.

    >>> _doubled("lam / (2 * m)"), _doubled("0.5 * lam"), _doubled("lam / 2"), _doubled("lam")
    ('lam / m', 'lam', 'lam', '2 * lam')
    """
    for old, new in ((r" / \(2(?:\.0?)? \* ([\w.]+)\)$", r" / \1"), (r"^0?\.5 \* ", ""), (r" / 2(?:\.0?)?$", "")):
        found, count = re.subn(old, new, factor)
        if count:
            return found
    return f"2 * {left(factor)}"
