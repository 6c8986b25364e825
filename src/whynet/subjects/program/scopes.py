"""`global` and `nonlocal` in a function whose body stands twice."""

from __future__ import annotations

import ast
from typing import Any

from whynet.subjects.program.ticks import FUNCTIONS


def _is_scope(node: ast.AST) -> bool:
    return isinstance(node, (ast.Global, ast.Nonlocal))


class WithoutScopes(ast.NodeTransformer):
    """`global` stands before the first use in both copies, so it is moved to the function's top.

    >>> scopes = WithoutScopes()
    >>> ast.unparse(scopes.visit(ast.parse("global w").body[0])), ast.unparse(scopes.found[0])
    ('pass', 'global w')
    """

    def __init__(self) -> None:
        self.found: list[ast.stmt] = []

    def visit(self, node: ast.AST) -> Any:
        if _is_scope(node):
            self.found.append(node)  # type: ignore[arg-type]
            return ast.copy_location(ast.Pass(), node)
        return node if isinstance(node, (*FUNCTIONS, ast.ClassDef)) else self.generic_visit(node)
