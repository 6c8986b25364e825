"""A program's syntax tree with every function and loop body twice: plain, and taped.

The plain copy costs what the program costs. The taped copy hands each operation to the recorder, which notes operands,
value and line. A loop asks at each iteration which of the two it shall take; a function takes the taped copy while an
iteration is being recorded. So a program that is watched runs at its own speed but for a few iterations. An innermost
loop that has been found to take no steps, such as one over the inputs of a neuron, does not ask any more.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Container
from typing import Any, TypeVar

from whynet.subjects.program.scopes import WithoutScopes
from whynet.subjects.program.sites import LOOPS, Sites, text_of
from whynet.subjects.program.ticks import own, rounds, ticks

IF = "if"
"""What stands for the names of a loop where there is none, but a condition."""
NAME = "__whynet__"
"""The recorder's name in the program's modules."""
LEFT_ALONE = {"super", "locals", "globals", "vars", "dir", "eval", "exec", "input", "breakpoint"}
"""What reads the frame that calls it: it must be called from the program itself."""

Some = TypeVar("Some", bound=ast.AST)


def rewritten(
    source: str | bytes, file: str, sites: Sites, kind: type[Plain] | None = None, only: Container[int] | None = None
) -> ast.Module:
    """The tree of a source text, with doubled bodies; `kind` makes the plain copies. `only`: the places that are handed
    over, and the loops that ask; all other operations run as they are, in both copies.

    >>> print(ast.unparse(rewritten("def f(a):\\n    return a * 2", "f.py", Sites())))
    def f(a):
        if __whynet__.on:
            return __whynet__.bin(0, 'mul', a, 2, 2)
        else:
            return a * 2
    """
    tree = ast.parse(source, file)
    functions = own(tree)
    asking = (node for node in ast.walk(tree) if ticks(node, tree) or rounds(node, functions))
    loops = {(node.lineno, node.col_offset) for node in asking if isinstance(node, LOOPS)}
    for node in ast.walk(tree):
        if isinstance(node, (ast.For, ast.comprehension)):
            sites.runners |= {part.id for part in ast.walk(node.target) if isinstance(part, ast.Name)}
    if only is not None:
        rewritten(source, file, sites, kind)  # so that all places have their numbers
        places = sites.at(file)
        loops = {place for place in loops if places.get(place) in only}
    plain = (kind or Plain)(file, sites, loops)
    plain.kind, plain.only = kind or Plain, only
    return ast.fix_missing_locations(plain.whole(tree))


def ask(method: str, *arguments: ast.expr) -> ast.Call:
    """A call of the recorder.

    >>> ast.unparse(ask("done", ast.Constant(3)))
    '__whynet__.done(3)'
    """
    return ast.Call(ast.Attribute(ast.Name(NAME, ast.Load()), method, ast.Load()), list(arguments), [])


class _Both(ast.NodeTransformer):
    def __init__(self, file: str, sites: Sites, loops: set[tuple[int, int]], owner: str = "") -> None:
        self.file, self.sites, self.loops, self.owner = file, sites, loops, owner
        self.statement = 0
        self.around: tuple[tuple[int, str], ...] = ()
        self.within = False
        """Whether this is the body of a function."""
        self.kind: type[Plain] = Plain
        """How plain copies are made."""
        self.only: Container[int] | None = None
        """The places that are handed over; None if all are."""
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
        taped, plain = Taped(*rest) if self.only is None else Chosen(*rest), self.kind(*rest)
        for one in (taped, plain):
            one.only, one.kind, one.given, one.around, one.within = (
                self.only,
                self.kind,
                self.given,
                self.around,
                self.within,
            )
        return taped.all(copy.deepcopy(body)), plain.all(body)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        return self.function(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        return self.function(node)

    def function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> ast.AST:
        """A function whose body stands twice."""
        body, head = node.body, []
        given = {one.arg for one in (*node.args.args, *node.args.kwonlyargs)}
        given -= {
            inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store)
        }
        outer, self.given = self.given, dict.fromkeys(given, node.name)
        if body and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant):
            head, body = [body[0]], body[1:]
        scopes = WithoutScopes()
        body = [scopes.visit(statement) for statement in body]
        if body:
            outside, self.around, self.within = (self.around, self.within), (), True
            taped, plain = self.pair(body)
            self.around, self.within = outside
            both = ast.If(ast.Attribute(ast.Name(NAME, ast.Load()), "on", ast.Load()), taped, plain)
            node.body = [*head, *scopes.found, both]
        self.given = outer
        return node

    def inside(self, node: ast.For | ast.While) -> tuple[tuple[int, str], ...]:
        """The loops around the body of a loop."""
        parts = [*([node.target] if isinstance(node, ast.For) else []), *node.body]
        stored = [inner for part in parts for inner in ast.walk(part) if isinstance(inner, ast.Name)]
        names = dict.fromkeys(name.id for name in stored if isinstance(name.ctx, ast.Store))
        return (*self.around, (node.lineno, " ".join(names)))

    def body(self, node: ast.For | ast.While) -> None:
        """The statements in a loop, each visited."""
        outer, self.around = self.around, self.inside(node)
        node.body = self.all(node.body)
        self.around = outer
        node.orelse = self.all(node.orelse)

    def visit_If(self, node: ast.If) -> ast.AST:
        node.test = self.visit(node.test)
        outer, self.around = self.around, (*self.around, (node.lineno, IF))
        node.body, node.orelse = self.all(node.body), self.all(node.orelse)
        self.around = outer
        return node

    def visit_Lambda(self, node: ast.Lambda) -> ast.AST:
        taped, plain = self.pair([node.body])
        node.body = ast.IfExp(ast.Attribute(ast.Name(NAME, ast.Load()), "on", ast.Load()), taped[0], plain[0])
        return node

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        rest = (self.file, self.sites, self.loops, node.name)
        inner = self.kind(*rest)
        inner.kind, inner.only = self.kind, self.only
        node.body = inner.all(node.body)
        return node

    def visit_match_case(self, node: ast.match_case) -> ast.AST:
        node.body = self.all(node.body)
        return node


class Plain(_Both):
    """Makes copies that run at the program's own speed, but for the ticks of their loops.

    >>> Plain("f.py", Sites(), set()).file
    'f.py'
    """

    def whole(self, tree: ast.Module) -> ast.Module:
        scopes = WithoutScopes()  # at a module's level they say nothing
        tree.body = self.all([scopes.visit(statement) for statement in tree.body])
        return tree

    def loop(self, node: ast.For | ast.While) -> ast.AST:
        if (node.lineno, node.col_offset) in self.loops:
            place = ast.Constant(self.sites.number(self.file, node, node.lineno, self.around))
            innermost = not any(isinstance(one, (ast.For, ast.While)) for part in node.body for one in ast.walk(part))
            as_it_is = self.without_ticks(copy.deepcopy(node)) if innermost else None
            outer, self.around = self.around, self.inside(node)
            taped, plain = self.pair(node.body)
            self.around = outer
            ended = ast.Try(taped, [], [], [ast.Expr(ask("done", place))])
            node.body = [ast.If(ask("tick", place), [ended], plain)]
            if isinstance(node, ast.For):
                node.iter = ask("over", place, node.iter)
            node.orelse = self.all(node.orelse)
            if as_it_is is not None:
                return ast.copy_location(ast.If(ask("passed", place), [as_it_is], [node]), node)
            return node
        return self.without_ticks(node)

    def without_ticks(self, node: ast.For | ast.While) -> ast.For | ast.While:
        """A loop that does not ask."""
        self.body(node)
        return node

    def visit_For(self, node: ast.For) -> ast.AST:
        return self.loop(node)

    def visit_While(self, node: ast.While) -> ast.AST:
        return self.loop(node)

    def visit_ListComp(self, node: ast.ListComp) -> ast.AST:
        return self.rounds(node)

    def visit_GeneratorExp(self, node: ast.GeneratorExp) -> ast.AST:
        return self.rounds(node)

    def rounds(self, node: ast.ListComp | ast.GeneratorExp) -> ast.AST:
        """A comprehension, of which each round may be a step."""
        if (node.lineno, node.col_offset) not in self.loops:
            return self.generic_visit(node)
        place = ast.Constant(self.sites.number(self.file, node, node.lineno, self.around))
        taped, plain = self.pair([node.elt])
        node.elt = ast.IfExp(ast.Attribute(ast.Name(NAME, ast.Load()), "on", ast.Load()), taped[0], plain[0])
        values = node.generators[0]
        values.iter, values.ifs = ask("rounds", place, self.visit(values.iter)), self.all(values.ifs)
        return node


class Taped(_Both):
    """Makes copies that hand each operation to the recorder.

    >>> ast.unparse(Taped("f.py", Sites(), set()).visit(ast.parse("a + b", mode="eval").body))
    "__whynet__.bin(0, 'add', a, b, 0)"
    """

    def place(self, node: ast.AST) -> ast.Constant:
        return ast.Constant(self.sites.number(self.file, node, self.statement, self.around))

    def visit_Return(self, node: ast.Return) -> ast.AST:
        if isinstance(node.value, ast.Name) and node.value.id in self.given:
            said = ast.Constant(f"what {self.given[node.value.id]} returns")
            node.value = ask("again", self.place(node), said, node.value)
            return node
        return self.generic_visit(node)

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        place = self.place(node)
        literal = sum(bit for bit, part in ((1, node.left), (2, node.right)) if _is_literal(part))
        left, right = self.visit(node.left), self.visit(node.right)
        return ask("bin", place, _operation(node.op), left, right, ast.Constant(literal))

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:
        if not isinstance(node.op, ast.USub) or _is_literal(node):
            return self.generic_visit(node)
        return ask("negative", self.place(node), self.visit(node.operand))

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        if len(node.ops) != 1 or not isinstance(node.ops[0], (ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Eq, ast.NotEq)):
            return self.generic_visit(node)
        place = self.place(node)
        name = ast.Constant(type(node.ops[0]).__name__.lower().replace("lte", "le").replace("gte", "ge"))
        return ask("compare", place, name, self.visit(node.left), self.visit(node.comparators[0]))

    def visit_Call(self, node: ast.Call) -> ast.AST:
        if isinstance(node.func, ast.Name) and node.func.id in LEFT_ALONE:
            return node
        place = self.place(node)
        call = ask("call", place, self.visit(node.func), *self.all(node.args))
        call.keywords = self.all(node.keywords)
        return call

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        if not isinstance(node.ctx, ast.Load) or any(isinstance(part, ast.Starred) for part in ast.walk(node.slice)):
            return self.generic_visit(node)
        return ask("item", self.place(node), self.visit(node.value), self.index(node.slice))

    def index(self, node: ast.expr) -> ast.expr:
        """What stands between the brackets, as an expression of its own."""
        if isinstance(node, ast.Slice):
            ends = [self.visit(end) if end else ast.Constant(None) for end in (node.lower, node.upper, node.step)]
            return ask("slice", *ends)
        if isinstance(node, ast.Tuple):
            return ast.Tuple([self.index(part) for part in node.elts], ast.Load())
        found: ast.expr = self.visit(node)
        return found

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        if node.attr != "T" or not isinstance(node.ctx, ast.Load):
            return self.generic_visit(node)
        return ask("transposed", self.place(node), self.visit(node.value))

    def visit_For(self, node: ast.For) -> ast.AST:
        node.iter = ask("iter", self.place(node.iter), self.visit(node.iter))
        self.body(node)
        return node

    def visit_While(self, node: ast.While) -> ast.AST:
        node.test = self.visit(node.test)
        self.body(node)
        return node

    def visit_comprehension(self, node: ast.comprehension) -> ast.AST:
        node.iter = ask("iter", self.place(node.iter), self.visit(node.iter))
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
                texts = ast.Tuple([ast.Constant(text_of(part)) for part in parts], ast.Load())
                node.value = ask("names", place, texts, self.visit(node.value))
            return node
        if isinstance(target, ast.Subscript) and len(node.targets) == 1:
            value = self.named(place, target, self.visit(node.value))
            whose, index = self.visit(target.value), self.index(target.slice)
            return ast.copy_location(ast.Expr(ask("setitem", place, value, whose, index)), node)
        node.value = self.named(place, target, self.visit(node.value))
        return node

    def named(self, place: ast.Constant, target: ast.expr, value: ast.expr) -> ast.expr:
        """A value that gets a name; of one that has a name already, a second. Of `a if ... else b`, each of both."""
        if isinstance(value, ast.IfExp):
            value.body, value.orelse = (self.named(place, target, one) for one in (value.body, value.orelse))
            return value
        again = isinstance(value, (ast.Name, ast.Attribute)) and isinstance(target, ast.Name)
        return ask("again" if again else "name", place, ast.Constant(text_of(target)), value)

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.AST:
        place, kind, target = self.place(node), _operation(node.op), node.target
        literal = ast.Constant(2 if _is_literal(node.value) else 0)
        value = self.visit(node.value)
        new: ast.stmt
        if isinstance(target, ast.Name):
            old = ast.Name(target.id, ast.Load())
            new = ast.Assign([target], ask("augment", place, kind, old, value, ast.Constant(target.id), literal))
        elif isinstance(target, ast.Attribute):
            name = target.attr
            if name.startswith("__") and not name.endswith("__") and self.owner.strip("_"):
                name = f"_{self.owner.lstrip('_')}{name}"
            whose, text = self.visit(target.value), ast.Constant(text_of(target))
            new = ast.Expr(ask("augment_attribute", place, kind, whose, ast.Constant(name), value, text, literal))
        else:
            whose, text = self.visit(target.value), ast.Constant(text_of(target))
            index = self.index(target.slice)
            new = ast.Expr(ask("augment_item", place, kind, whose, index, value, text, literal))
        return ast.copy_location(new, node)


AS_THEY_ARE = (ast.For, ast.While, ast.Return, ast.UnaryOp, ast.Compare, ast.Subscript, ast.Attribute, ast.AnnAssign,
               ast.comprehension)  # fmt: skip


class Chosen(Taped):
    """Makes copies that hand a few operations over.

    >>> chosen = Chosen("f.py", Sites(), set())
    >>> chosen.only = {1}
    >>> ast.unparse(chosen.visit(ast.parse("-(a + b) * c", mode="eval").body))
    "-__whynet__.bin(1, 'add', a, b, 0) * c"
    """

    def visit(self, node: ast.AST) -> Any:
        if isinstance(node, (ast.BinOp, ast.Call, ast.AugAssign, ast.Assign)):
            self.statement = getattr(node, "lineno", 0)
            if self.place(node).value not in (self.only or ()):
                return self.generic_visit(node)
        elif isinstance(node, AS_THEY_ARE) and not self._is_watched_part(node):
            return self.generic_visit(node)
        return super().visit(node)

    def _is_watched_part(self, node: ast.AST) -> bool:
        return isinstance(node, ast.Subscript) and self.place(node).value in (self.only or ())


def _operation(op: ast.operator) -> ast.Constant:
    name = type(op).__name__.lower()
    return ast.Constant({"mult": "mul", "matmult": "matmul"}.get(name, name))


def _is_literal(node: ast.expr) -> bool:
    if isinstance(node, ast.UnaryOp):
        return _is_literal(node.operand)
    return isinstance(node, ast.Constant) and isinstance(node.value, (int, float))
