"""Which loops of a program may take its steps: they are asked at each iteration."""

from __future__ import annotations

import ast
from typing import Any

STATEMENTS = 4
"""So many in a loop's body may be a step; a sum of products has one or two."""
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


def _within(node: ast.AST) -> Any:
    """The nodes of a body that run when it runs: not those of functions that it defines."""
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, (*FUNCTIONS, ast.ClassDef)):
            yield child
            yield from _within(child)


def own(tree: ast.Module) -> set[str]:
    """The functions and methods that a program defines.

    >>> own(ast.parse("def f(x): return x"))
    {'f'}
    """
    return {node.name for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))}


def rounds(node: ast.AST, functions: set[str]) -> bool:
    """Whether a comprehension may take the steps: for each of its values it calls a function of the program's own.

    >>> of = [ast.parse(text, mode="eval").body for text in ("[f(x) for x in xs]", "[abs(x) for x in xs]")]
    >>> [rounds(node, {"f"}) for node in of]
    [True, False]
    """
    if not isinstance(node, (ast.ListComp, ast.GeneratorExp)) or len(node.generators) != 1:
        return False
    if node.generators[0].is_async:
        return False
    called = [inner.func for inner in (node.elt, *_within(node.elt)) if isinstance(inner, ast.Call)]
    names = {getattr(one, "id", getattr(one, "attr", "")) for one in called}
    return bool(names & functions)


def ticks(node: ast.AST, tree: ast.Module) -> bool:
    """Whether a loop may be the one that takes the steps; ticking a loop over a few products would cost too much.

    >>> tree = ast.parse("for i in range(9): w -= f(w)")
    >>> ticks(tree.body[0], tree)
    True
    """
    if not isinstance(node, (ast.For, ast.While)):
        return False
    body = [inner for statement in node.body for inner in (statement, *_within(statement))]
    if any(isinstance(inner, (ast.Yield, ast.YieldFrom)) for inner in body):
        return False
    kinds = (ast.Call, ast.For, ast.While, ast.MatMult)
    return (
        len(node.body) >= STATEMENTS
        or any(isinstance(inner, kinds) for inner in body)
        or not any(
            isinstance(outer, (ast.For, ast.While)) and node is not outer and node in set(ast.walk(outer))
            for outer in ast.walk(tree)
        )
    )
