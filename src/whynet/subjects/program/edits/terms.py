"""Texts of products, quotients and differences, with brackets where they are needed."""

from __future__ import annotations

import ast
from typing import Any

from whynet.subjects.program.edits.source import Source


def bound(text: str) -> str:
    """An expression that may stand beside any operator.

    >>> bound("a"), bound("a + b"), bound("(a + b)"), bound("f(a)[0]"), bound("-a")
    ('a', '(a + b)', '(a + b)', 'f(a)[0]', '(-a)')
    """
    return text if _atomic(text) else f"({text})"


def _atomic(text: str) -> bool:
    try:
        node = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError):
        return False
    if isinstance(node, (ast.Name, ast.Attribute, ast.Subscript, ast.Call, ast.Constant, ast.List, ast.ListComp)):
        return True
    return text.startswith("(") and _closes(text)


def _closes(text: str) -> bool:
    """Whether the first bracket is closed by the last character."""
    depth = 0
    for index, letter in enumerate(text):
        depth += (letter in "([{") - (letter in ")]}")
        if depth == 0:
            return index == len(text) - 1
    return False


def left(text: str) -> str:
    """An expression that may stand before `*` or `/`.

    >>> left("a * b"), left("a @ b"), left("a - b")
    ('a * b', '(a @ b)', '(a - b)')
    """
    try:
        node = ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError):
        return f"({text})"
    fine = isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Mult, ast.Div))
    return text if fine else bound(text)


def times(text: str, factor: str) -> str:
    """A product.

    >>> times("d @ W.T", "a * (1 - a)"), times("g", "1 / (1 + z)"), times("d", "z > 0")
    ('(d @ W.T) * a * (1 - a)', 'g / (1 + z)', 'd * (z > 0)')
    """
    if factor.startswith("1 / "):
        return f"{left(text)} / {bound(factor[4:])}"
    return f"{left(text)} * {left(factor)}"


def factors(source: Source, node: Any, inner: bool = False) -> list[Any]:
    """The factors of a product, from the left; the node alone if it is none.

    >>> source = Source("y = a * b * (1 - b)")
    >>> [source.code(one) for one in factors(source, source.value(source.statement(1)))]
    ['a', 'b', '(1 - b)']
    """
    cst = source.cst
    if isinstance(node, cst.BinaryOperation) and isinstance(node.operator, cst.Multiply):
        return (
            [node] if inner and node.lpar else [*factors(source, node.left, True), *factors(source, node.right, True)]
        )
    if isinstance(node, cst.Call) and source.code(node.func) in ("np.multiply", "numpy.multiply"):
        return [one for arg in node.args[:2] for one in factors(source, arg.value, True)]
    return [node]


def signed(source: Source, node: Any) -> str:
    """An expression with its sign turned, as one would write it.

    >>> source = Source("y = a - b")
    >>> signed(source, source.value(source.statement(1)))
    '-(a - b)'
    """
    text = source.code(node)
    if text.startswith("-") and _atomic(text[1:].strip()):
        return text[1:].strip()
    first = factors(source, node)[0]
    return f"-{text}" if first is not node or _atomic(text) else f"-{bound(text)}"
