"""The places of a program's text that tapes speak of."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import Any

LOOPS = (ast.For, ast.While, ast.ListComp, ast.GeneratorExp)
"""What has rounds that may be steps."""


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
    around: tuple[tuple[int, str], ...] = ()
    """The loops around it in its function, from the outermost: the line, and the names that get values in a round."""

    @property
    def can_be_left(self) -> bool:
        """Whether it is a loop that stands in lines of its own, and no comprehension."""
        return self.text.startswith(("for ", "while "))


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
    runners: set[str] = field(default_factory=set)
    """Names that loops give to one thing after the other."""

    def number(self, file: str, node: ast.AST, statement: int, around: tuple[tuple[int, str], ...] = ()) -> int:
        """The number of a node's place."""
        assert isinstance(node, (ast.expr, ast.stmt))
        where = (file, type(node).__name__, node.lineno, node.col_offset, node.end_lineno, node.end_col_offset)
        if where not in self.numbers:
            parts = [getattr(node, name, None) for name in ("left", "right", "operand", "value", "target")]
            parts += list(getattr(node, "args", [])) if isinstance(node, ast.Call) else []
            texts = tuple(text_of(part) for part in parts if isinstance(part, ast.AST))
            self.numbers[where] = len(self.known)
            self.known.append(Site(file, node.lineno, statement, text_of(node), texts, around))
        return self.numbers[where]

    def at(self, file: str) -> dict[tuple[int, int], int]:
        """The loops of a file, by line and column.

        >>> sites = Sites()
        >>> _ = sites.number("a.py", ast.parse("while True: pass").body[0], 1)
        >>> sites.at("a.py")
        {(1, 0): 0}
        """
        return {
            (line, column): number
            for (own, kind, line, column, _, _), number in self.numbers.items()
            if own == file and kind in {one.__name__ for one in LOOPS}
        }


def text_of(node: ast.AST) -> str:
    """The text of a node; of a long one, its beginning.

    >>> text_of(ast.parse("a  @ b").body[0])
    'a @ b'
    """
    text = ast.unparse(node)
    return text if len(text) <= 160 else text[:157] + "..."
