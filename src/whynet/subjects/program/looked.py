"""A program's syntax tree for a look at its evaluation: every statement twice, and loops that can be left early.

It is run once more for this, and takes one step only: what it prints of its cost and accuracy, before the steps, at the
first of them and after the last, is recorded as a step is. Speed does not matter here.
"""

from __future__ import annotations

import ast
import copy
from typing import Any

from whynet.subjects.program.rewrite import NAME, Plain, Taped, ask

SIMPLE = (ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Expr, ast.Return)


class Looked(Plain):
    """Makes the copies.

    >>> from whynet.subjects.program.rewrite import rewritten
    >>> from whynet.subjects.program.sites import Sites
    >>> print(ast.unparse(rewritten("x = a * 2", "f.py", Sites(), Looked)))
    if __whynet__.on:
        x = __whynet__.name(0, 'x', __whynet__.bin(1, 'mul', a, 2, 2))
    else:
        x = a * 2
    """

    def visit(self, node: ast.AST) -> Any:
        """A simple statement becomes two, whichever is asked for."""
        if isinstance(node, SIMPLE) and not _constant(node):
            self.statement = node.lineno
            asked = ast.Attribute(ast.Name(NAME, ast.Load()), "on", ast.Load())
            both = ast.If(asked, [self.taped(copy.deepcopy(node))], [self.generic_visit(node)])  # type: ignore[list-item]
            return ast.copy_location(both, node)
        return super().visit(node)

    def taped(self, node: ast.AST) -> Any:
        """What is recorded where that is on."""
        maker = Taped(self.file, self.sites, self.loops, self.owner)
        maker.kind, maker.around, maker.given, maker.within = self.kind, self.around, self.given, self.within
        maker.statement = getattr(node, "lineno", self.statement)
        return maker.visit(node)

    def visit_If(self, node: ast.If) -> ast.AST:  # noqa: N802 - as `ast` has it
        """What a branch asks is recorded too."""
        test = self.taped(node.test)
        node.test = ast.copy_location(ast.Constant(True), node.test)
        found = super().visit_If(node)
        node.test = test
        return found

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:  # noqa: N802
        """A function that compares a gradient with differences is recorded from its beginning."""
        checks = is_check(node)
        found = super().visit_FunctionDef(node)
        if checks:
            node.body.insert(0, ast.Expr(ask("enter")))
        return found

    def rounds(self, node: ast.ListComp | ast.GeneratorExp) -> ast.AST:
        """A comprehension cannot be left."""
        return self.generic_visit(node)

    def loop(self, node: ast.For | ast.While) -> ast.AST:
        """A loop, from which `Left` leads on to what comes after it."""
        if isinstance(node, ast.For):
            place = ast.Constant(self.sites.number(self.file, node.iter, node.lineno, self.around))
            node.iter = ask("iter", place, self.taped(node.iter))
        check = not self.within and is_check(node)
        found = super().loop(node)
        if (node.lineno, node.col_offset) not in self.loops:
            return found
        place = ast.Constant(self.sites.number(self.file, node, node.lineno, self.around))
        left = ast.Attribute(ast.Name(NAME, ast.Load()), "Left", ast.Load())
        caught = ast.ExceptHandler(left, None, [ast.Expr(ask("left", place))])
        tried: Any = ast.Try([found], [caught], [], [])  # type: ignore[list-item]
        if check:  # it stands in no function
            tried = ast.If(ast.Constant(True), [ast.Expr(ask("enter")), tried, ast.Expr(ask("checked"))], [])
        placed: ast.AST = ast.copy_location(tried, node)
        return placed


def _constant(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def is_check(tree: ast.AST) -> bool:
    """Whether differences are divided by something small that numbers are moved by: `(above - below) / (2 * eps)`.

    >>> is_check(ast.parse("up = f(w + eps); down = f(w - eps); slope = (up - down) / (2 * eps)"))
    True
    >>> is_check(ast.parse("X = (X - mean) / std"))
    False
    """
    steps: set[str] = set()
    for node in ast.walk(tree):
        divided = node.left if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div) else None
        if isinstance(node, ast.BinOp) and isinstance(divided, ast.BinOp) and isinstance(divided.op, ast.Sub):
            steps |= _names(node.right)
    moved: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Sub)):
            moved |= _names(node.right)
        elif isinstance(node, ast.AugAssign) or (
            isinstance(node, ast.Assign) and any(isinstance(target, ast.Subscript) for target in node.targets)
        ):
            moved |= _names(node.value)
    return bool(steps & moved)


def _names(node: ast.AST) -> set[str]:
    """The names in a product."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
        return _names(node.left) | _names(node.right)
    if isinstance(node, ast.Attribute):
        return {node.attr}
    return {node.id} if isinstance(node, ast.Name) else set()


def worth_a_look(source: str) -> bool:
    """Whether a program compares predictions with labels, or differences with a gradient.

    >>> worth_a_look("acc = (p.argmax(1) == y).mean()"), worth_a_look("w = w - rate * g")
    (True, False)
    """
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return False
    if is_check(tree):
        return True
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare) and any(isinstance(op, ast.Eq) for op in node.ops):
            sides = [node.left, *node.comparators]
            if not any(isinstance(side, (ast.Constant, ast.JoinedStr)) or _remainder(side) for side in sides):
                return True
    return False


def _remainder(node: ast.AST) -> bool:
    return isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod)
