"""A program's text as a concrete syntax tree: parts are found in the tree, and exchanged in the text.

So whatever is not exchanged stays as it was written: comments, blank lines, quotes.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import libcst as cst
from libcst.metadata import CodeRange, MetadataWrapper, ParentNodeProvider, PositionProvider

from whynet.errors import UsageError

NEWLINE = re.compile(r"\r\n|\r|\n")


class Splice(NamedTuple):
    """A piece of text that is put in the place of what stands between two offsets.

    >>> Splice(0, 1, "y").new
    'y'
    """

    start: int
    end: int
    new: str


class Source:
    """A program's text and its parts.

    >>> source = Source("loss = f(x)  # the loss\\nloss.backward()\\n")
    >>> call = source.calls("backward")[0]
    >>> source.line(call), source.code(call), source.receiver(call)
    (2, 'loss.backward()', 'loss')
    >>> print(source.but(source.before(call, "optimizer.zero_grad()")), end="")
    loss = f(x)  # the loss
    optimizer.zero_grad()
    loss.backward()

    Raises
    ------
    UsageError
        It is not Python.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        try:
            wrapper = MetadataWrapper(cst.parse_module(text), unsafe_skip_copy=True)
        except cst.ParserSyntaxError as error:
            raise UsageError("this is not Python", found=str(error)) from None
        self.module = wrapper.module
        self._ranges: Any = wrapper.resolve(PositionProvider)
        self._parents: Any = wrapper.resolve(ParentNodeProvider)
        self._starts = [0, *(one.end() for one in NEWLINE.finditer(text))]
        self.nodes: list[cst.CSTNode] = list(_walk(self.module))
        """All parts, in the order of the text."""

    # ---- where

    def range(self, node: cst.CSTNode) -> CodeRange:
        """Where a part stands, in lines and columns."""
        found: CodeRange = self._ranges[node]
        return found

    def line(self, node: cst.CSTNode) -> int:
        """The line that a part begins in."""
        return int(self.range(node).start.line)

    def covers(self, node: cst.CSTNode, line: int) -> bool:
        """Whether a line belongs to a part."""
        return bool(self.range(node).start.line <= line <= self.range(node).end.line)

    def span(self, node: cst.CSTNode) -> tuple[int, int]:
        """Its first character, and the one behind its last."""
        whole = self.range(node)
        return self._offset(whole.start), self._offset(whole.end)

    def _offset(self, place: Any) -> int:
        if place.line > len(self._starts):  # a module ends with a line that its text may not have
            return len(self.text)
        return int(self._starts[place.line - 1] + place.column)

    def code(self, node: cst.CSTNode) -> str:
        """What is written there."""
        start, end = self.span(node)
        return self.text[start:end]

    # ---- parts

    def parent(self, node: cst.CSTNode) -> cst.CSTNode | None:
        """What a part belongs to."""
        found: cst.CSTNode | None = self._parents.get(node)
        return found

    def outer(self, node: cst.CSTNode, *kinds: type) -> Any:
        """The innermost part of such a kind that a part lies in; None where there is none."""
        found = self.parent(node)
        while found is not None and not isinstance(found, kinds):
            found = self.parent(found)
        return found

    def statement(self, node: cst.CSTNode) -> cst.CSTNode:
        """The statement that a part belongs to, with its line."""
        whole: Any = node
        if not isinstance(node, (cst.BaseSmallStatement, cst.SimpleStatementLine, cst.BaseCompoundStatement)):
            whole = self.outer(node, cst.BaseSmallStatement, cst.BaseCompoundStatement) or node
        line = self.parent(whole)
        return line if isinstance(line, cst.SimpleStatementLine) else whole

    def function(self, node: cst.CSTNode) -> cst.CSTNode:
        """The function that a part belongs to; else the module."""
        found = self.outer(node, cst.FunctionDef)
        return self.module if found is None else found

    def inside(self, node: cst.CSTNode, *kinds: type) -> list[Any]:
        """All parts of such kinds in a part."""
        return [one for one in _walk(node) if isinstance(one, kinds)]

    def all(self, *kinds: type) -> list[Any]:
        """All parts of such kinds."""
        return [one for one in self.nodes if isinstance(one, kinds)]

    def calls(self, *names: str, within: cst.CSTNode | None = None) -> list[cst.Call]:
        """The calls of functions, classes and methods of these names, in the order of the text."""
        nodes = self.nodes if within is None else list(_walk(within))
        return [one for one in nodes if isinstance(one, cst.Call) and called(one) in names]

    def at(self, found: Sequence[Any], line: int | None) -> list[Any]:
        """Parts, those first that such a line belongs to, then those nearest to it."""
        if line is None:
            return list(found)
        return sorted(found, key=lambda one: (not self.covers(one, line), abs(self.line(one) - line)))

    def receiver(self, call: cst.Call) -> str:
        """Whose method is called: `optimizer` of `optimizer.step()`."""
        return self.code(call.func.value) if isinstance(call.func, cst.Attribute) else ""

    # ---- exchanged

    def put(self, node: cst.CSTNode, new: str) -> Splice:
        """Something else in the place of a part."""
        return Splice(*self.span(node), new)

    def before(self, node: cst.CSTNode, new: str) -> Splice:
        """A new line before the statement of a part, as far to the right."""
        start, _ = self.span(self.statement(node))
        begin = self._starts[self.line(self.statement(node)) - 1]
        blank = self.text[begin:start]
        if blank.strip():  # in the line of its `for` or `if`
            return Splice(start, start, f"{new}; ")
        return Splice(begin, begin, f"{blank}{new}{self._newline()}")

    def after(self, node: cst.CSTNode, new: str) -> Splice:
        """A new line after the statement of a part."""
        whole = self.statement(node)
        start, end = self.span(whole)
        blank = self.text[self._starts[self.line(whole) - 1] : start]
        if blank.strip():
            return Splice(end, end, f"; {new}")
        last = self.range(whole).end.line
        if last >= len(self._starts):  # the last line, which is not ended
            return Splice(len(self.text), len(self.text), f"{self._newline()}{blank}{new}")
        place = self._starts[last]
        return Splice(place, place, f"{blank}{new}{self._newline()}")

    def without(self, node: cst.CSTNode) -> Splice:
        """The statement of a part taken away, with its line; where it is alone in its block, `pass` in its place."""
        whole = self.statement(node)
        small = node if isinstance(node, cst.BaseSmallStatement) else self.outer(node, cst.BaseSmallStatement) or node
        several = isinstance(whole, cst.SimpleStatementLine) and len(whole.body) > 1
        block = self.parent(whole)
        alone = isinstance(block, cst.IndentedBlock) and len(block.body) == 1
        if several or alone or not isinstance(whole, (cst.SimpleStatementLine, cst.BaseCompoundStatement)):
            return self.put(small if several or alone else whole, "pass")
        begin = self._starts[self.line(whole) - 1]
        last = self.range(whole).end.line
        return Splice(begin, self._starts[last] if last < len(self._starts) else len(self.text), "")

    def condition(self, node: cst.CSTNode) -> cst.If | None:
        """The `if` without an `else` whose only statement a part is."""
        block = self.parent(self.statement(node))
        around = None if block is None else self.parent(block)
        if not isinstance(block, cst.IndentedBlock) or len(block.body) > 1 or not isinstance(around, cst.If):
            return None
        chained = isinstance(self.parent(around), cst.If)  # an `elif`
        return None if around.orelse is not None or chained else around

    def without_item(self, node: cst.CSTNode) -> Splice:
        """An element or an argument taken away, with its comma; with its line, where it stands alone in one."""
        start, end = self.span(node)
        rest = re.compile(r"[ \t]*,[ \t]*").match(self.text, end)
        behind = rest.end() if rest else end
        begin = self.text.rfind("\n", 0, start) + 1
        line_end = self.text.find("\n", behind)
        tail = self.text[behind : line_end if line_end >= 0 else len(self.text)].strip()
        if not self.text[begin:start].strip() and (not tail or tail.startswith("#")) and line_end >= 0:
            return Splice(begin, line_end + 1, "")
        comma = re.search(r",\s*\Z", self.text[:start])
        if comma:  # what stands before it keeps no comma more than it had
            return Splice(comma.start(), end, "")
        return Splice(start, behind, "")

    def but(self, *splices: Splice) -> str:
        """The text with those pieces exchanged; empty where they overlap, or where it is no longer Python."""
        text, end = self.text, len(self.text) + 1
        for one in sorted(splices, key=lambda piece: (piece.start, piece.end), reverse=True):
            if one.end > end:
                return ""
            text, end = text[: one.start] + one.new + text[one.end :], one.start
        try:
            ast.parse(text)
        except (SyntaxError, ValueError):
            return ""
        return text

    def _newline(self) -> str:
        found = NEWLINE.search(self.text)
        return found.group() if found else "\n"


def called(call: cst.Call) -> str:
    """The last name of what is called.

    >>> called(cst.parse_expression("nn.functional.relu(x)"))
    'relu'
    """
    return last_name(call.func)


def last_name(node: cst.CSTNode) -> str:
    """The last of its names.

    >>> last_name(cst.parse_expression("self.fc1")), last_name(cst.parse_expression("3"))
    ('fc1', '')
    """
    if isinstance(node, cst.Attribute):
        return node.attr.value
    return node.value if isinstance(node, cst.Name) else ""


def argument(call: cst.Call, name: str, place: int | None = None) -> cst.Arg | None:
    """An argument of a call, by its name or its place.

    >>> call = cst.parse_expression("DataLoader(data, 32, shuffle=True)")
    >>> argument(call, "shuffle").value.value, argument(call, "batch_size", 1).value.value
    ('True', '32')
    """
    for number, one in enumerate(call.args):
        if one.star:
            break
        if one.keyword is None and number == place:
            return one
    return next((one for one in call.args if one.keyword is not None and one.keyword.value == name), None)


def _walk(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    yield node
    for one in node.children:
        yield from _walk(one)
