"""A program's syntax tree with every function and loop body twice: plain, and taped.

The plain copy costs what the program costs. The taped copy hands each operation to the recorder, which notes operands,
value and line. A loop asks at each iteration which of the two it shall take; a function takes the taped copy while an
iteration is being recorded. So a program that is watched runs at its own speed but for a few iterations.
"""

from __future__ import annotations

import ast
import copy
from dataclasses import dataclass, field
from typing import Any, TypeVar

NAME = "__whynet__"
"""The recorder's name in the program's modules."""
LEFT_ALONE = {"super", "locals", "globals", "vars", "dir", "eval", "exec", "input", "breakpoint"}
"""What reads the frame that calls it: it must be called from the program itself."""
STATEMENTS = 4
"""So many in a loop's body may be a step; a sum of products has one or two."""
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)

Some = TypeVar("Some", bound=ast.AST)


@dataclass(frozen=True)
class Site:
    """A place in the program's text: one operation, call or assignment.

    >>> Site("train.py", 12, 12, "a @ b", ("a", "b")).text
    'a @ b'
    """

    file: str
    line: int
    statement: int
    text: str
    operands: tuple[str, ...] = ()


@dataclass
class Sites:
    """The places of all programs' texts, by number; both copies of a place have the same.

    >>> tree = ast.parse("x = 1")
    >>> sites = Sites()
    >>> sites.number("a.py", tree.body[0], 1), sites.number("a.py", tree.body[0], 1), len(sites.known)
    (0, 0, 1)
    """

    known: list[Site] = field(default_factory=list)
    numbers: dict[tuple[Any, ...], int] = field(default_factory=dict)

    def number(self, file: str, node: ast.AST, statement: int) -> int:
        """The number of a node's place."""
        assert isinstance(node, (ast.expr, ast.stmt))
        where = (file, type(node).__name__, node.lineno, node.col_offset, node.end_lineno, node.end_col_offset)
        if where not in self.numbers:
            parts = [getattr(node, name, None) for name in ("left", "right", "operand", "value", "target")]
            parts += list(getattr(node, "args", [])) if isinstance(node, ast.Call) else []
            texts = tuple(_text(part) for part in parts if isinstance(part, ast.AST))
            self.numbers[where] = len(self.known)
            self.known.append(Site(file, node.lineno, statement, _text(node), texts))
        return self.numbers[where]


def rewritten(source: str | bytes, file: str, sites: Sites) -> ast.Module:
    """The tree of a source text, with doubled bodies.

    >>> print(ast.unparse(rewritten("def f(a):\\n    return a * 2", "f.py", Sites())))
    def f(a):
        if __whynet__.on:
            return __whynet__.bin(0, 'mul', a, 2, 2)
        else:
            return a * 2
    """
    tree = ast.parse(source, file)
    loops = {
        (node.lineno, node.col_offset)
        for node in ast.walk(tree)
        if isinstance(node, (ast.For, ast.While)) and _ticks(node, tree)
    }
    return ast.fix_missing_locations(_Plain(file, sites, loops).whole(tree))


def _text(node: ast.AST) -> str:
    text = ast.unparse(node)
    return text if len(text) <= 160 else text[:157] + "..."


def _within(node: ast.AST) -> Any:
    """The nodes of a body that run when it runs: not those of functions that it defines."""
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, (*FUNCTIONS, ast.ClassDef)):
            yield child
            yield from _within(child)


def _ticks(node: ast.AST, tree: ast.Module) -> bool:
    """Whether a loop may be the one that takes the steps; ticking a loop over a few products would cost too much."""
    if not isinstance(node, (ast.For, ast.While)):
        return False
    body = [inner for statement in node.body for inner in (statement, *_within(statement))]
    if any(isinstance(inner, (ast.Yield, ast.YieldFrom, ast.Await)) for inner in body):
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


def _ask(method: str, *arguments: ast.expr) -> ast.Call:
    return ast.Call(ast.Attribute(ast.Name(NAME, ast.Load()), method, ast.Load()), list(arguments), [])


def _is_scope(node: ast.AST) -> bool:
    return isinstance(node, (ast.Global, ast.Nonlocal))


class _WithoutScopes(ast.NodeTransformer):
    """`global` stands before the first use in both copies, so it is moved to the function's top."""

    def __init__(self) -> None:
        self.found: list[ast.stmt] = []

    def visit(self, node: ast.AST) -> Any:
        if _is_scope(node):
            self.found.append(node)  # type: ignore[arg-type]
            return ast.copy_location(ast.Pass(), node)
        return node if isinstance(node, (*FUNCTIONS, ast.ClassDef)) else self.generic_visit(node)


class _Both(ast.NodeTransformer):
    def __init__(self, file: str, sites: Sites, loops: set[tuple[int, int]], owner: str = "") -> None:
        self.file, self.sites, self.loops, self.owner = file, sites, loops, owner
        self.statement = 0
        self.given: dict[str, str] = {}
        """Arguments of the function around, to its name: `return` of one is a line of its own."""

    def visit(self, node: ast.AST) -> Any:
        if isinstance(node, ast.stmt):
            self.statement = node.lineno
        return super().visit(node)

    def all(self, nodes: list[Some]) -> list[Any]:
        """The nodes of a body, each visited."""
        found: list[Any] = []
        for node in nodes:
            new = self.visit(node)
            found += new if isinstance(new, list) else [new]
        return found

    def pair(self, body: list[Some]) -> tuple[list[Any], list[Any]]:
        """A body taped, and plain."""
        rest = (self.file, self.sites, self.loops, self.owner)
        taped, plain = _Taped(*rest), _Plain(*rest)
        taped.given = plain.given = self.given
        return taped.all(copy.deepcopy(body)), plain.all(body)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        body, head = node.body, []
        given = {one.arg for one in (*node.args.args, *node.args.kwonlyargs)}
        given -= {
            inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store)
        }
        outer, self.given = self.given, dict.fromkeys(given, node.name)
        if body and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant):
            head, body = [body[0]], body[1:]
        scopes = _WithoutScopes()
        body = [scopes.visit(statement) for statement in body]
        if body:
            taped, plain = self.pair(body)
            both = ast.If(ast.Attribute(ast.Name(NAME, ast.Load()), "on", ast.Load()), taped, plain)
            node.body = [*head, *scopes.found, both]
        self.given = outer
        return node

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        return node

    def visit_Lambda(self, node: ast.Lambda) -> ast.AST:
        taped, plain = self.pair([node.body])
        node.body = ast.IfExp(ast.Attribute(ast.Name(NAME, ast.Load()), "on", ast.Load()), taped[0], plain[0])
        return node

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        rest = (self.file, self.sites, self.loops, node.name)
        node.body = _Plain(*rest).all(node.body)
        return node

    def visit_match_case(self, node: ast.match_case) -> ast.AST:
        node.body = self.all(node.body)
        return node


class _Plain(_Both):
    def whole(self, tree: ast.Module) -> ast.Module:
        scopes = _WithoutScopes()  # at a module's level they say nothing
        tree.body = self.all([scopes.visit(statement) for statement in tree.body])
        return tree

    def loop(self, node: ast.For | ast.While) -> ast.AST:
        if (node.lineno, node.col_offset) in self.loops:
            place = ast.Constant(self.sites.number(self.file, node, node.lineno))
            taped, plain = self.pair(node.body)
            ended = ast.Try(taped, [], [], [ast.Expr(_ask("done", place))])
            node.body = [ast.If(_ask("tick", place), [ended], plain)]
        else:
            node.body = self.all(node.body)
        node.orelse = self.all(node.orelse)
        return node

    def visit_For(self, node: ast.For) -> ast.AST:
        return self.loop(node)

    def visit_While(self, node: ast.While) -> ast.AST:
        return self.loop(node)


class _Taped(_Both):
    def place(self, node: ast.AST) -> ast.Constant:
        return ast.Constant(self.sites.number(self.file, node, self.statement))

    def visit_Return(self, node: ast.Return) -> ast.AST:
        if isinstance(node.value, ast.Name) and node.value.id in self.given:
            said = ast.Constant(f"what {self.given[node.value.id]} returns")
            node.value = _ask("again", self.place(node), said, node.value)
            return node
        return self.generic_visit(node)

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        place = self.place(node)
        literal = sum(bit for bit, part in ((1, node.left), (2, node.right)) if _is_literal(part))
        left, right = self.visit(node.left), self.visit(node.right)
        return _ask("bin", place, _operation(node.op), left, right, ast.Constant(literal))

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:
        if not isinstance(node.op, ast.USub) or _is_literal(node):
            return self.generic_visit(node)
        return _ask("negative", self.place(node), self.visit(node.operand))

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        if len(node.ops) != 1 or not isinstance(node.ops[0], (ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Eq, ast.NotEq)):
            return self.generic_visit(node)
        place = self.place(node)
        name = ast.Constant(type(node.ops[0]).__name__.lower().replace("lte", "le").replace("gte", "ge"))
        return _ask("compare", place, name, self.visit(node.left), self.visit(node.comparators[0]))

    def visit_Call(self, node: ast.Call) -> ast.AST:
        if isinstance(node.func, ast.Name) and node.func.id in LEFT_ALONE:
            return node
        place = self.place(node)
        call = _ask("call", place, self.visit(node.func), *self.all(node.args))
        call.keywords = self.all(node.keywords)
        return call

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        if not isinstance(node.ctx, ast.Load) or any(isinstance(part, ast.Starred) for part in ast.walk(node.slice)):
            return self.generic_visit(node)
        return _ask("item", self.place(node), self.visit(node.value), self.index(node.slice))

    def index(self, node: ast.expr) -> ast.expr:
        """What stands between the brackets, as an expression of its own."""
        if isinstance(node, ast.Slice):
            ends = [self.visit(end) if end else ast.Constant(None) for end in (node.lower, node.upper, node.step)]
            return _ask("slice", *ends)
        if isinstance(node, ast.Tuple):
            return ast.Tuple([self.index(part) for part in node.elts], ast.Load())
        found: ast.expr = self.visit(node)
        return found

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        if node.attr != "T" or not isinstance(node.ctx, ast.Load):
            return self.generic_visit(node)
        return _ask("transposed", self.place(node), self.visit(node.value))

    def visit_For(self, node: ast.For) -> ast.AST:
        node.iter = _ask("iter", self.place(node.iter), self.visit(node.iter))
        node.body, node.orelse = self.all(node.body), self.all(node.orelse)
        return node

    def visit_comprehension(self, node: ast.comprehension) -> ast.AST:
        node.iter = _ask("iter", self.place(node.iter), self.visit(node.iter))
        node.ifs = self.all(node.ifs)
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        if node.value is None:
            return node
        found: ast.AST = self.visit_Assign(ast.copy_location(ast.Assign([node.target], node.value), node))
        return found

    def visit_Assign(self, node: ast.Assign) -> Any:
        target, place = node.targets[0], self.place(node)
        if isinstance(target, (ast.Tuple, ast.List)):
            parts = target.elts
            if any(isinstance(part, ast.Starred) for part in parts):
                return self.generic_visit(node)
            if isinstance(node.value, ast.Tuple) and len(node.value.elts) == len(parts):
                values = [self.named(place, part, self.visit(one)) for part, one in zip(parts, node.value.elts)]  # noqa: B905
                node.value = ast.Tuple(values, ast.Load())
            else:
                texts = ast.Tuple([ast.Constant(_text(part)) for part in parts], ast.Load())
                node.value = _ask("names", place, texts, self.visit(node.value))
            return node
        if isinstance(target, ast.Subscript) and len(node.targets) == 1:
            value = self.named(place, target, self.visit(node.value))
            whose, index = self.visit(target.value), self.index(target.slice)
            return ast.copy_location(ast.Expr(_ask("setitem", place, value, whose, index)), node)
        node.value = self.named(place, target, self.visit(node.value))
        return node

    def named(self, place: ast.Constant, target: ast.expr, value: ast.expr) -> ast.expr:
        """A value that gets a name; of one that has a name already, a second."""
        again = isinstance(value, (ast.Name, ast.Attribute)) and isinstance(target, ast.Name)
        return _ask("again" if again else "name", place, ast.Constant(_text(target)), value)

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.AST:
        place, kind, target = self.place(node), _operation(node.op), node.target
        literal = ast.Constant(2 if _is_literal(node.value) else 0)
        value = self.visit(node.value)
        new: ast.stmt
        if isinstance(target, ast.Name):
            old = ast.Name(target.id, ast.Load())
            new = ast.Assign([target], _ask("augment", place, kind, old, value, ast.Constant(target.id), literal))
        elif isinstance(target, ast.Attribute):
            name = target.attr
            if name.startswith("__") and not name.endswith("__") and self.owner.strip("_"):
                name = f"_{self.owner.lstrip('_')}{name}"
            whose, text = self.visit(target.value), ast.Constant(_text(target))
            new = ast.Expr(_ask("augment_attribute", place, kind, whose, ast.Constant(name), value, text, literal))
        else:
            whose, text = self.visit(target.value), ast.Constant(_text(target))
            index = self.index(target.slice)
            new = ast.Expr(_ask("augment_item", place, kind, whose, index, value, text, literal))
        return ast.copy_location(new, node)


def _operation(op: ast.operator) -> ast.Constant:
    name = type(op).__name__.lower()
    return ast.Constant({"mult": "mul", "matmult": "matmul"}.get(name, name))


def _is_literal(node: ast.expr) -> bool:
    if isinstance(node, ast.UnaryOp):
        return _is_literal(node.operand)
    return isinstance(node, ast.Constant) and isinstance(node.value, (int, float))
