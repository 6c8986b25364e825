"""A program's text as a tree that keeps every character: its statements, its expressions, and what they name."""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import libcst as cst

MODULES = {"np", "numpy", "math", "random", "self", "cls", "plt", "time", "sys", "os"}


class Source:
    """A text that is taken apart and put together again.

    >>> source = Source("def f(x):\\n    y = x * 2  # twice\\n    return y\\n")
    >>> line = source.statement(2)
    >>> source.code(source.expressions(line)[0])
    'x * 2'
    >>> print(source.put(source.expressions(line)[0], "x * 3"))
    def f(x):
        y = x * 3  # twice
        return y
    <BLANKLINE>
    """

    def __init__(self, text: str) -> None:
        import libcst as cst
        from libcst.metadata import MetadataWrapper, ParentNodeProvider, PositionProvider

        self.text, self.cst = text, cst
        wrapper = MetadataWrapper(cst.parse_module(text), unsafe_skip_copy=False)
        self.module = wrapper.module
        self.places = wrapper.resolve(PositionProvider)
        self.parents = wrapper.resolve(ParentNodeProvider)
        self.lines = text.split("\n")

    # Where things stand.

    def first(self, node: cst.CSTNode) -> int:
        """The line that a node begins in."""
        return int(self.places[node].start.line)

    def last(self, node: cst.CSTNode) -> int:
        """The line that a node ends in."""
        return int(self.places[node].end.line)

    def code(self, node: cst.CSTNode) -> str:
        """A node's text, with its own brackets."""
        return self.module.code_for_node(node).strip()

    def walk(self, node: cst.CSTNode | None = None) -> Iterator[Any]:
        """All nodes below one, and itself."""
        node = self.module if node is None else node
        yield node
        for child in node.children:
            yield from self.walk(child)

    @cached_property
    def statements(self) -> list[Any]:
        """All statements, in the order of the text."""
        return [node for node in self.walk() if isinstance(node, self.cst.BaseStatement)]

    def statement(self, line: int) -> Any:
        """The innermost statement that a line belongs to; None if there is none."""
        found = [one for one in self.statements if self.first(one) <= line <= self.last(one)]
        return max(found, key=lambda one: (self.first(one), -self.last(one)), default=None)

    def function(self, node: cst.CSTNode) -> Any:
        """The function that a node stands in, or the module."""
        return self._around(node, (self.cst.FunctionDef,)) or self.module

    def block(self, node: cst.CSTNode) -> list[Any]:
        """The statements beside a statement, itself among them."""
        body = getattr(self.parents.get(node), "body", ())
        return [one for one in body if isinstance(one, self.cst.BaseStatement)]

    def owner(self, node: cst.CSTNode) -> Any:
        """The class that a node stands in, or None."""
        return self._around(node, (self.cst.ClassDef,))

    def loops(self, node: cst.CSTNode) -> list[Any]:
        """The loops around a node, the inner first."""
        found, here = [], self.parents.get(node)
        while here is not None:
            if isinstance(here, (self.cst.For, self.cst.While)):
                found.append(here)
            here = self.parents.get(here)
        return found

    def _around(self, node: cst.CSTNode, kinds: tuple[Any, ...]) -> Any:
        here = self.parents.get(node)
        while here is not None and not isinstance(here, kinds):
            here = self.parents.get(here)
        return here

    # What stands there.

    def expressions(self, statement: cst.CSTNode) -> list[Any]:
        """A statement's expressions, the outer first; not those of its body."""
        found: list[Any] = []

        def down(node: Any) -> None:
            for child in node.children:
                if isinstance(child, (self.cst.BaseSuite, self.cst.AssignTarget, self.cst.Annotation)):
                    continue
                if isinstance(child, self.cst.BaseExpression) and not (
                    isinstance(node, self.cst.AugAssign) and child is node.target
                ):
                    found.append(child)
                down(child)

        down(statement)
        return found

    def small(self, statement: cst.CSTNode) -> list[Any]:
        """The assignments and returns in a statement's line."""
        return list(statement.body) if isinstance(statement, self.cst.SimpleStatementLine) else []

    def target(self, statement: cst.CSTNode) -> str:
        """The name that a statement gives a value to; empty if it is no assignment of one."""
        for one in self.small(statement):
            if isinstance(one, self.cst.Assign):
                return self.code(one.targets[0].target)
            if isinstance(one, (self.cst.AugAssign, self.cst.AnnAssign)):
                return self.code(one.target)
        return ""

    def value(self, statement: cst.CSTNode) -> Any:
        """The value that a statement assigns or returns, or None."""
        for one in self.small(statement):
            value = getattr(one, "value", None)
            if isinstance(one, (self.cst.Assign, self.cst.AugAssign, self.cst.Return, self.cst.AnnAssign)):
                return value
        return None

    def is_value(self, node: cst.CSTNode) -> bool:
        """Whether a node is a value by name: `x`, `self.x`, `x[i]`, no function and no module."""
        if not isinstance(node, (self.cst.Name, self.cst.Attribute, self.cst.Subscript)):
            return False
        parent = self.parents.get(node)
        if isinstance(parent, self.cst.Call) and parent.func is node:
            return False
        if isinstance(parent, self.cst.Attribute) and (parent.attr is node or self.code(node) in MODULES):
            return False
        if isinstance(parent, (self.cst.Arg,)) and parent.keyword is node:
            return False
        if isinstance(parent, (self.cst.Param, self.cst.FunctionDef, self.cst.ClassDef)):
            return False
        root = re.match(r"\w+", self.code(node))
        if root is not None and root[0] in MODULES - {"self", "cls"}:
            return False
        return self.code(node) not in MODULES and not (
            isinstance(node, self.cst.Attribute) and node.attr.value in ("T", "shape", "size", "ndim")
        )

    def assigned(self, function: cst.CSTNode) -> set[str]:
        """The names that a function, or the module's own lines, give values to."""
        found = set()
        for node in self.walk(function):
            if isinstance(node, (self.cst.AssignTarget, self.cst.NamedExpr, self.cst.CompFor, self.cst.For)):
                found |= set(re.findall(r"\b[A-Za-z_]\w*", self.code(node.target)))
            elif isinstance(node, self.cst.Param):
                found.add(node.name.value)
            elif isinstance(node, self.cst.WithItem) and node.asname:
                found.add(self.code(node.asname.name))
        return found

    def known(self, text: str, where: cst.CSTNode) -> bool:
        """Whether the names in an expression mean something where a node stands."""
        try:
            names = {node.id for node in ast.walk(ast.parse(text, mode="eval")) if isinstance(node, ast.Name)}
        except (SyntaxError, ValueError):
            return False
        function = self.function(where)
        here = self.assigned(function) | self.globals | self._read(function)
        if self.owner(where) is None or function is self.module:
            here -= {"self"}
        else:
            attributes = set(re.findall(r"\bself\.(\w+)", text))
            if not attributes <= set(self.attributes(where)):
                return False
        return names <= here | set(dir(builtins))

    def _read(self, function: cst.CSTNode) -> set[str]:
        return {
            self.code(node) for node in self.walk(function) if isinstance(node, self.cst.Name) and self.is_value(node)
        }

    @cached_property
    def globals(self) -> set[str]:
        """The names that the module's own lines give."""
        found = set()
        for one in self.module.body:
            if isinstance(one, (self.cst.FunctionDef, self.cst.ClassDef)):
                found.add(one.name.value)
            else:
                found |= self.assigned(one)
                for node in self.walk(one):
                    if isinstance(node, self.cst.ImportAlias):
                        alias = node.asname.name if node.asname else node.name
                        found.add(self.code(alias).partition(".")[0])
        return found

    def attributes(self, node: cst.CSTNode) -> list[str]:
        """What the class around a node puts into `self`."""
        owner = self.owner(node)
        if owner is None:
            return []
        return list(dict.fromkeys(re.findall(r"\bself\.(\w+)\s*(?:[-+*/]?=[^=]|,)", self.code(owner))))

    # Other texts.

    def put(self, old: cst.CSTNode, new: str) -> str | None:
        """The text with another expression in place of one; None if that is no Python."""
        return self.put_all([(old, new)])

    def put_all(self, pairs: Sequence[tuple[Any, str]]) -> str | None:
        """The text with several expressions replaced; none of them may be within another."""
        try:
            return self.replaced({old: self.cst.parse_expression(new) for old, new in pairs})
        except (self.cst.ParserSyntaxError, self.cst.CSTValidationError, AttributeError):
            return None

    def replaced(self, new: Mapping[Any, Any]) -> str | None:
        """The text with other nodes in place of some."""

        class Replacing(self.cst.CSTTransformer):  # type: ignore[name-defined, misc]
            def on_leave(self, original: Any, updated: Any) -> Any:
                return new.get(original, updated)

        return valid(self.module.visit(Replacing()).code)

    @cached_property
    def functions(self) -> set[str]:
        """The names of what the program calls or defines as a function or class."""
        kinds = (self.cst.FunctionDef, self.cst.ClassDef)
        made = {node.name.value for node in self.walk() if isinstance(node, kinds)}
        called = [node.func for node in self.walk() if isinstance(node, self.cst.Call)]
        return made | {node.value for node in called if isinstance(node, self.cst.Name)} | set(dir(builtins))

    def counted(self, function: cst.CSTNode, statement: cst.CSTNode) -> set[str]:
        """Names that only comprehensions of other statements know."""
        own = {id(node) for node in self.walk(statement)}
        comps = [node for node in self.walk(function) if isinstance(node, self.cst.CompFor)]
        names = {
            name
            for node in comps
            if id(node) not in own
            for name in re.findall(r"[A-Za-z_]\w*", self.code(node.target))
        }
        kept = {
            name for node in comps if id(node) in own for name in re.findall(r"[A-Za-z_]\w*", self.code(node.target))
        }
        for node in self.walk(function):
            if isinstance(node, (self.cst.AssignTarget, self.cst.For)):
                kept |= set(re.findall(r"[A-Za-z_]\w*", self.code(node.target)))
            elif isinstance(node, self.cst.Param):
                kept.add(node.name.value)
        return names - kept

    def indent(self, statement: cst.CSTNode) -> str:
        """The blanks that a statement's line begins with."""
        line = self.lines[self.first(statement) - 1]
        return line[: len(line) - len(line.lstrip())]

    def with_lines(self, *edits: tuple[int, int, Sequence[str]]) -> str | None:
        """The text with lines from `first` up to before `end` replaced; several such edits at once."""
        lines = list(self.lines)
        for first, end, new in sorted(edits, key=lambda edit: -edit[0]):
            lines[first - 1 : end - 1] = new
        return valid("\n".join(lines))

    def own_lines(self, statement: cst.CSTNode) -> list[str]:
        """A statement's lines."""
        return self.lines[self.first(statement) - 1 : self.last(statement)]


def valid(text: str) -> str | None:
    """The text, if it is Python.

    >>> valid("x = 1"), valid("x =")
    ('x = 1', None)
    """
    try:
        compile(text, "program", "exec", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError):
        return None
    return text


def unreadable() -> tuple[type[Exception], ...]:
    """What is raised of a text that cannot be taken apart: newer grammar than is known, or nested too deep.

    >>> [one.__name__ for one in unreadable()]
    ['ParserSyntaxError', 'CSTValidationError', 'RecursionError']
    """
    import libcst

    return libcst.ParserSyntaxError, libcst.CSTValidationError, RecursionError
