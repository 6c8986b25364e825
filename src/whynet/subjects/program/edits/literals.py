"""Where a number comes from: from the name that is used, back to what is written in the text."""

from __future__ import annotations

import ast
import math
import operator
import re
from collections.abc import Callable, Iterator
from typing import Any

from whynet.subjects.program.edits.names import last
from whynet.subjects.program.edits.source import Source

DEEPEST = 8
SIGNS: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv, ast.Pow: math.pow,
}  # fmt: skip


def number(source: Source, node: Any) -> float | None:
    """The number that is written there; None if it is none.

    >>> source = Source("x = 2 * 1e-3")
    >>> number(source, source.value(source.statement(1)))
    0.002
    """
    try:
        tree = ast.parse(source.code(node), mode="eval")
    except (SyntaxError, ValueError):
        return None
    try:
        return _computed(tree.body)
    except (ArithmeticError, ValueError):
        return None


def _computed(node: ast.expr) -> float:
    """What numbers and signs come to; a ValueError where there is anything else."""
    if isinstance(node, ast.Constant) and isinstance(node.value, (int, float)) and not isinstance(node.value, bool):
        return float(node.value)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.UAdd)):
        return _computed(node.operand) * (-1 if isinstance(node.op, ast.USub) else 1)
    if isinstance(node, ast.BinOp) and type(node.op) in SIGNS:
        return SIGNS[type(node.op)](_computed(node.left), _computed(node.right))
    raise ValueError


def literals(source: Source, node: Any, depth: int = 0) -> list[Any]:
    """The numbers in the text that a value comes from.

    >>> source = Source("def fit(x, lr=0.1):\\n    w = lr * x\\nfit(2, lr=0.5)")
    >>> used = source.value(source.statement(2)).left
    >>> [source.code(one) for one in literals(source, used)]
    ['0.5']
    """
    cst = source.cst
    if number(source, node) is not None:
        return [node]
    if depth > DEEPEST:
        return []
    found: list[Any] = []
    if isinstance(node, cst.Name):
        found = list(_of_name(source, node))
    elif isinstance(node, cst.Attribute):
        found = list(_of_attribute(source, node))
    elif isinstance(node, cst.Subscript):
        key = re.search(r"\[(['\"])(\w+)\1\]$", source.code(node))
        found = list(_keyed(source, key[2])) if key else []
    elif isinstance(node, cst.Call) and source.code(node.func) in ("int", "float") and node.args:
        found = [node.args[0].value]
    elif isinstance(node, cst.BinaryOperation):
        found = [node.left] if isinstance(node.operator, cst.Divide) else [node.left, node.right]
    deeper = [one for inner in found if inner is not node for one in literals(source, inner, depth + 1)]
    return list(dict.fromkeys(deeper))


def _of_name(source: Source, node: Any) -> Iterator[Any]:
    """What a name is given in its function, by its callers, or in the module."""
    function = source.function(node)
    name = node.value
    given = list(_given(source, function, name))
    if given:
        yield from given
    elif function is not source.module:
        for place, param in enumerate([*function.params.params, *function.params.kwonly_params]):
            if param.name.value == name:
                yield from _passed(source, function, name, place, param)
                return
        yield from _given(source, source.module, name)


def _given(source: Source, function: Any, name: str) -> Iterator[Any]:
    """The values that a name is assigned in a function's own lines."""
    for one in source.statements:
        if source.function(one) is not function or source.owner(one) is not source.owner(function):
            continue
        for small in source.small(one):
            if isinstance(small, source.cst.AnnAssign) and source.code(small.target) == name and small.value:
                yield small.value
            if not isinstance(small, source.cst.Assign):
                continue
            for target in small.targets:
                if source.code(target.target) == name:
                    yield small.value
                elif isinstance(target.target, source.cst.Tuple) and isinstance(small.value, source.cst.Tuple):
                    for left, right in zip(target.target.elements, small.value.elements, strict=False):
                        if source.code(left.value) == name:
                            yield right.value


def _passed(source: Source, function: Any, name: str, place: int, param: Any) -> Iterator[Any]:
    """What callers pass for a parameter, or its default where none does."""
    calls = list(callers(source, function))
    some = False
    method = source.owner(function) is not None
    for call in calls:
        positional = [arg for arg in call.args if arg.keyword is None]
        named = [arg for arg in call.args if arg.keyword is not None and arg.keyword.value == name]
        at = place - 1 if method else place
        if named:
            some = True
            yield named[0].value
        elif 0 <= at < len(positional):
            some = True
            yield positional[at].value
    if not some and param.default is not None:
        yield param.default


def callers(source: Source, function: Any) -> Iterator[Any]:
    """The calls of a function, a method, or the class that it makes objects of.

    >>> source = Source("def f(x):\\n    return x\\n\\ny = f(1)")
    >>> [source.code(call) for call in callers(source, source.statement(1))]
    ['f(1)']
    """
    owner = source.owner(function)
    name = owner.name.value if owner is not None and function.name.value == "__init__" else function.name.value
    for node in source.walk():
        if isinstance(node, source.cst.Call) and last(source.code(node.func)) == name:
            yield node


def _of_attribute(source: Source, node: Any) -> Iterator[Any]:
    """What `self.x` is given in its class, or `args.x` by its parser."""
    name = node.attr.value
    found = []
    for one in source.statements:
        for small in source.small(one):
            if isinstance(small, source.cst.Assign):
                for target in small.targets:
                    if isinstance(target.target, source.cst.Attribute) and target.target.attr.value == name:
                        found.append(small.value)
                    elif isinstance(target.target, source.cst.Tuple) and isinstance(small.value, source.cst.Tuple):
                        found += [
                            right.value
                            for left, right in zip(target.target.elements, small.value.elements, strict=False)
                            if isinstance(left.value, source.cst.Attribute) and left.value.attr.value == name
                        ]
            in_class = source.owner(one) is not None and source.function(one) is source.module
            if in_class and source.target(one) == name and source.value(one) is not None:
                found.append(source.value(one))
    yield from found or _keyed(source, name)


def _keyed(source: Source, name: str) -> Iterator[Any]:
    """What stands under a name in a dictionary, or as a default of the command line."""
    for node in source.walk():
        if isinstance(node, source.cst.DictElement) and source.code(node.key).strip("'\"") == name:
            yield node.value
        if not isinstance(node, source.cst.Call):
            continue
        called = last(source.code(node.func))
        if called == "add_argument":
            flags = [source.code(arg.value).strip("'\"") for arg in node.args if arg.keyword is None]
            if name in {flag.lstrip("-").replace("-", "_") for flag in flags}:
                yield from (
                    arg.value for arg in node.args if arg.keyword is not None and arg.keyword.value == "default"
                )
        elif called in ("dict", "SimpleNamespace", "Namespace"):
            yield from (arg.value for arg in node.args if arg.keyword is not None and arg.keyword.value == name)
