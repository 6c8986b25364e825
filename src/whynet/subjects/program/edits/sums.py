"""Sums over the right axis, divided by the number of examples where the others are."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from whynet.subjects.program.edits.names import last
from whynet.subjects.program.edits.source import Source
from whynet.subjects.program.edits.terms import bound, left

AXES = ("axis=0", "axis=1, keepdims=True", "axis=0, keepdims=True", "axis=1")
PICTURES = ("axis=(0, 1, 2)", "axis=(0, 2, 3)", "axis=(0, 1)", "axis=(1, 2)")
"""Over examples and places, whether channels come last or first."""


def divided(source: Source, statement: Any, less: bool) -> Iterator[str | None]:
    """Texts in which a sum over examples is divided by their number; with `less`, is no longer.

    >>> source = Source("dW = X.T @ d / n\\ndb = d.sum(0)")
    >>> list(divided(source, source.statement(2), False))[1:2]
    ['dW = X.T @ d / n\\ndb = d.sum(0) / n']
    """
    cst = source.cst
    nodes = source.expressions(statement)
    if less:
        yield from _summed(source, nodes)
        for node in nodes:
            if isinstance(node, cst.BinaryOperation) and isinstance(node.operator, cst.Divide):
                yield source.put(node, source.code(node.left))
        return
    value = source.value(statement)
    steps = [node.right for node in nodes if isinstance(node, cst.BinaryOperation)
             and isinstance(node.operator, (cst.Add, cst.Subtract))]  # fmt: skip
    for node in nodes:
        if isinstance(node, cst.Call) and last(source.code(node.func)) == "sum":
            called = source.code(node.func)
            yield source.put(node, source.code(node).replace(called, called[:-3] + "mean", 1))
    for number in numbers(source, statement):
        for node in [*steps, *([value] if value is not None and value not in steps else [])]:
            if node is value and (steps and source.target(statement) == source.code(getattr(value, "left", value))):
                continue
            if not isinstance(node, (cst.Tuple, cst.ListComp, cst.Dict)):
                yield source.put(node, f"{left(source.code(node))} / {bound(number)}")


def shared(source: Source, statement: Any, among: str) -> Iterator[str | None]:
    """Texts in which what a statement assigns is divided by a number.

    >>> source = Source("dA[:, :2] += dP")
    >>> list(shared(source, source.statement(1), "4"))
    ['dA[:, :2] += dP / 4']
    """
    yield from scaled(source, statement, f"/ {among}")


def scaled(source: Source, statement: Any, by: str) -> Iterator[str | None]:
    """Texts in which what a statement assigns is scaled as the forward pass does it.

    >>> source = Source("dA = dA * mask")
    >>> list(scaled(source, source.statement(1), "/ keep"))
    ['dA = dA * mask / keep']
    """
    value = source.value(statement)
    if value is not None and not isinstance(value, (source.cst.Tuple, source.cst.ListComp, source.cst.Dict)):
        yield source.put(value, f"{left(source.code(value))} {by}")


def numbers(source: Source, statement: Any) -> list[str]:
    """What the program divides by where a statement stands, the nearest first.

    >>> source = Source("a = x / n\\nb = y / len(x)\\nc = 1 / m * y")
    >>> numbers(source, source.statement(2))
    ['len(x)', 'm', 'n']
    """
    here = source.first(statement)
    found: list[tuple[int, str]] = []
    for node in source.walk():
        if isinstance(node, source.cst.BinaryOperation) and isinstance(node.operator, source.cst.Divide):
            text = source.code(node.right)
            if re.fullmatch(r"[\w.\[\]]+|len\([\w.\[\]]+\)|float\(\w+\)", text) and text not in ("2", "2.0", "1"):
                found.append((abs(source.first(node) - here), text))
    used = [source.code(node) for node in source.expressions(statement) if source.is_value(node)]
    product = re.search(r"@|dot\(|sum\(", source.code(statement))
    shapes = [
        f"{name}.shape[{axis}]" for name in used if product and name != source.target(statement) for axis in (0, 1)
    ]
    near = [text for _, text in sorted(found)]
    return [text for text in dict.fromkeys([*near, *shapes]) if source.known(text, statement)]


def _summed(source: Source, nodes: list[Any]) -> Iterator[str | None]:
    """A sum in place of a mean."""
    for node in nodes:
        if isinstance(node, source.cst.Call) and last(source.code(node.func)) == "mean":
            called = source.code(node.func)
            yield source.put(node, source.code(node).replace(called, called[:-4] + "sum", 1))


def along(source: Source, statement: Any, sums_alone: bool = False) -> Iterator[str | None]:
    """Texts in which a sum runs along another axis, likeliest first.

    >>> source = Source("dW = d @ a.T\\ndb = np.sum(d)")
    >>> list(along(source, source.statement(2)))[0]
    'dW = d @ a.T\\ndb = np.sum(d, axis=0)'
    """
    nodes = source.expressions(statement)
    near = re.findall(r"(axis ?= ?(?:-?\d|\([\d, ]+\))(?:, ?keepdims ?= ?True)?)", source.text)
    axes = list(dict.fromkeys([*near, *AXES]))
    axes += [one for one in PICTURES if one not in axes] if "reshape" in source.text else []
    for node in nodes:
        if not isinstance(node, source.cst.Call) or last(source.code(node.func)) not in ("sum", "mean"):
            continue
        own = source.code(node.func).startswith(("np.", "numpy."))
        given = [source.code(arg).rstrip(", ") for arg in node.args if arg.keyword is None][: 1 if own else 0]
        for axis in axes:
            yield source.put(node, f"{source.code(node.func)}({', '.join([*given, axis])})")
    if sums_alone:
        return
    for node in nodes:  # one example in place of all
        if isinstance(node, source.cst.Subscript):
            value = source.value(statement)
            for axis in axes:
                summed = f"{source.code(node.value)}.sum({axis})"
                yield source.put(value, summed) if value is not None else None
                yield source.put(node, summed)
    value = source.value(statement)
    if value is not None and source.is_value(value):
        for axis in axes:
            yield source.put(value, f"{bound(source.code(value))}.sum({axis})")
