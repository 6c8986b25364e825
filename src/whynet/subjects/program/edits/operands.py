"""Another of the program's values in place of an operand; weights that an error is sent back through."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import zip_longest
from typing import Any

from whynet.subjects.program.edits.names import last, like, others, pool
from whynet.subjects.program.edits.slopes import fitting, swapped
from whynet.subjects.program.edits.source import Source
from whynet.subjects.program.edits.terms import bound, factors, times
from whynet.subjects.program.meant import Meant

NEAR = 8
RATE = re.compile(r"(?i)^(lr|rate|eta|alpha|step_?size|learning_?rate|gamma|epsilon)$")


def conditions(source: Source, statement: Any) -> Iterator[str | None]:
    """Texts in which one side of a condition always holds.

    >>> source = Source("g = a if n else b")
    >>> list(conditions(source, source.statement(1)))
    ['g = b', 'g = a']
    """
    for node in source.expressions(statement):
        if isinstance(node, source.cst.IfExp):
            yield source.put(node, source.code(node.orelse))
            yield source.put(node, source.code(node.body))


def operands(source: Source, statement: Any, meant: Meant) -> Iterator[str | None]:
    """Texts in which one operand of a statement is another value, likeliest first.

    >>> source = Source("dW = z1.T @ d")
    >>> next(operands(source, source.statement(1), Meant("z1", "a1")))
    'dW = a1.T @ d'
    """
    yield from conditions(source, statement)
    yield from swapped(source, statement, meant.used, [meant.value])
    names = [name for name in pool(source, statement) if name != source.target(statement)]
    nodes = [node for node in source.expressions(statement) if source.is_value(node)]
    counters = {id(inner) for node in nodes for one in source.walk(node) if isinstance(one, source.cst.SubscriptElement)
                for inner in source.walk(one)}  # fmt: skip
    nodes = [node for node in nodes[::-1] if not isinstance(source.parents.get(node), source.cst.Subscript)]
    nodes = [node for node in nodes if id(node) not in counters]
    nodes = [node for node in nodes if not RATE.match(last(source.code(node)))]
    nodes.sort(key=lambda node: last(source.code(node)) != last(meant.used))
    tried = []
    for node in nodes:
        text = source.code(node)
        found = list(dict.fromkeys(others(source, statement, text, like(meant.value, names))))
        found.sort(key=lambda name: last(name) != last(meant.value) or not meant.value)
        tried.append([source.put(node, fitting(source, node, other)) for other in found[:NEAR]])
    for some in zip_longest(*tried):
        yield from some


def fewer(source: Source, statement: Any) -> Iterator[str | None]:
    """Texts in which a product lacks one of its factors.

    >>> source = Source("d = e * a * b")
    >>> list(fewer(source, source.statement(1)))
    ['d = e * a', 'd = e * b']
    """
    for node in source.expressions(statement):
        parts = factors(source, node)
        if len(parts) < 2 or _is_part(source, node):
            continue
        for left_out in range(len(parts) - 1, 0, -1):
            if re.search(r"@|dot\(", source.code(parts[left_out])):
                continue
            kept = [source.code(part) for i, part in enumerate(parts) if i != left_out]
            text = kept[0]
            for one in kept[1:]:
                text = times(text, one)
            yield source.put(node, bound(text) if node.lpar else text)


def _is_part(source: Source, node: Any) -> bool:
    parent = source.parents.get(node)
    return isinstance(parent, source.cst.BinaryOperation) and isinstance(parent.operator, source.cst.Multiply) and (
        not node.lpar
    )  # fmt: skip


def turned(source: Source, statement: Any) -> Iterator[str | None]:
    """Texts in which an array is transposed, or no longer is, or a product is the other way round.

    >>> source = Source("dW = d @ x")
    >>> list(turned(source, source.statement(1)))[0]
    'dW = (d @ x).T'
    """
    cst = source.cst
    value = source.value(statement)
    if value is not None and re.search(r"@|dot\(", source.code(value)) and not isinstance(value, (cst.Tuple, cst.Dict)):
        yield source.put(value, f"{bound(source.code(value))}.T")
    for node in source.expressions(statement):
        if isinstance(node, cst.Attribute) and node.attr.value == "T":
            yield source.put(node, source.code(node.value))
        if isinstance(node, cst.BinaryOperation) and isinstance(node.operator, cst.MatrixMultiply):
            for side in (node.left, node.right):
                if source.is_value(side):
                    yield source.put(side, f"{source.code(side)}.T")
            text = f"{source.code(node.right)} @ {source.code(node.left)}"
            yield source.put(node, f"({text})" if node.lpar else text)
        if isinstance(node, cst.Call) and last(source.code(node.func)) == "dot" and len(node.args) == 2:
            a, b = (source.code(arg.value) for arg in node.args)
            yield source.put(node, f"{source.code(node.func)}({b}, {a})")
            for arg in node.args:
                if source.is_value(arg.value):
                    yield source.put(arg.value, f"{source.code(arg.value)}.T")


def compared(source: Source, statement: Any) -> Iterator[str | None]:
    """Texts in which a comparison is the other way round.

    >>> source = Source("d[h > 0] = 0")
    >>> list(compared(source, source.statement(1)))
    ['d[h <= 0] = 0']
    """
    other = {">": "<=", "<": ">", ">=": "<", "<=": ">=", "==": "!=", "!=": "=="}
    for node in source.walk(statement):
        if isinstance(node, source.cst.Comparison) and len(node.comparisons) == 1:
            part = node.comparisons[0]
            sign = source.code(part.operator)
            if sign in other:
                text = f"{source.code(node.left)} {other[sign]} {source.code(part.comparator)}"
                yield source.put(node, f"({text})" if node.lpar else text)


def weights(source: Source, statement: Any, meant: Meant, parameters: list[str]) -> Iterator[str | None]:
    """Texts in which an error is sent back through weights, likeliest first.

    >>> source = Source("v = B @ u\\ndu = dv.sum() * u")
    >>> next(weights(source, source.statement(2), Meant("", "B"), [])).split("\\n")[1]
    'du = (dv @ B.T) * u'
    """
    value = source.value(statement)
    if value is None:
        return
    if meant.used:
        yield from swapped(source, statement, meant.used, [meant.value])
    known = [name for name in [meant.value, *parameters] if name and source.known(name, statement)]
    known += [
        name
        for name in pool(source, statement)
        if last(name) in {last(one) for one in parameters} and name not in known
    ]
    names = [name for name in known if not re.match(r"b\d*$|.*[Bb]ias", last(name))]
    calls = bool(re.search(r"np\.dot\(", source.text)) and " @ " not in source.text
    for chain in (value, *[node for node in source.expressions(statement) if len(factors(source, node)) > 1]):
        parts = factors(source, chain)
        for name in names[:2]:
            for at, part in enumerate(parts[:2]):
                errors = [source.code(node) for node in source.expressions(part) if source.is_value(node)]
                errors = [source.code(part)] if source.is_value(part) else errors
                if not meant.value:
                    errors = [one for one in errors if re.match(r"d|g(rad)?$|err|grad", last(one))]
                for error in [one for one in errors if one != name][:2]:
                    rest = [source.code(one) for i, one in enumerate(parts) if i != at]
                    rest = [one for one in rest if one not in ("0", "0.0")]
                    for first, second in ((error, f"{name}.T"), (f"{name}.T", error), (error, name), (name, error),
                                          (name, f"{error}.T")):  # fmt: skip
                        text = f"np.dot({first}, {second})" if calls else f"({first} @ {second})"
                        for one in rest:
                            text = times(text, one)
                        yield source.put(chain, text if rest or calls else text[1:-1])
