"""Statements: the Python in a text, as far as it parses: whole programs, pieces of them, between prose and output."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator, Sequence
from typing import NamedTuple

LONGEST = 12
"""Lines that one statement of a piece may take."""
MOST = 5_000
"""Lines that are looked at."""
LINE = 2_000
"""Characters of a line of code."""
PROMPT = re.compile(r"^\s*(?:>>>|\.\.\.|In \[\d*\]:)\s?")
PRINT = re.compile(r"^(\s*)print\s+(?![=(])(.*)$")
HEADER = re.compile(r"^(?:if|for|while|with|def|class|try|else|elif|except|finally|async)\b.*:\s*(?:#.*)?$")
LIKE_CODE = re.compile(r"[=(.\[]|^\s*(?:import|from|for|if|def|class|return|while|with)\b")
KEEPERS = {"else", "elif", "except", "finally"}


class Statement(NamedTuple):
    """One statement, the number of its first line, and that line.

    >>> statements("eta = 0.5")[0].line
    1
    """

    node: ast.stmt
    line: int
    text: str


def statements(text: str) -> list[Statement]:
    """All simple statements of the Python in a text, and the heads of the others, in their order.

    A text that parses as a whole is read as a whole; of any other, every line (or few lines) that parses by itself and
    looks like code. `print x` of Python 2, prompts and lost indentation are no obstacle.

    >>> [one.text for one in statements("I wrote this:\\nW = np.zeros((3, 4))\\n  for x in X:\\nprint 'cost', c")]
    ['W = np.zeros((3, 4))', 'for x in X:', "print('cost', c)"]
    """
    lines = [PRINT.sub(r"\1print(\2)", PROMPT.sub("", line[:LINE])) for line in text.split("\n")[:MOST]]
    whole = _parsed("\n".join(lines)) if any(LIKE_CODE.search(line) for line in lines) else None
    if whole is not None:
        return [Statement(node, node.lineno, lines[node.lineno - 1].strip()) for node in _flat(whole.body)]
    found: list[Statement] = []
    at = 0
    while at < len(lines):
        taken, nodes = _piece(lines, at)
        found += [Statement(node, at + 1, lines[at].strip()) for node in nodes]
        at += taken
    return found


def _piece(lines: Sequence[str], at: int) -> tuple[int, list[ast.stmt]]:
    """How many lines the statement takes that begins at a line, and what it is; nothing where it is no code."""
    first = lines[at].strip()
    if not first or first.startswith("#") or not LIKE_CODE.search(first):
        return 1, []
    if HEADER.match(first):
        word = re.split(r"\W", first, maxsplit=1)[0]
        if word in KEEPERS or word == "try":
            return 1, []
        tree = _parsed(f"{first}\n    pass")
        return 1, tree.body[:1] if tree else []
    piece = first
    for more in range(1, LONGEST + 1):
        tree = _parsed(piece)
        if tree is not None:
            return more, [node for node in tree.body if _is_code(node)]
        if at + more >= len(lines) or _balance(piece) <= 0:
            break
        piece += " " + lines[at + more].strip()
    return 1, []


def _is_code(node: ast.stmt) -> bool:
    """Whether it is more than a word or a number of prose or output."""
    return not (isinstance(node, ast.Expr) and not isinstance(node.value, ast.Call)) and not isinstance(
        node, ast.AnnAssign
    )


def _balance(text: str) -> int:
    """How many brackets are open."""
    return sum(text.count(one) for one in "([{") - sum(text.count(one) for one in ")]}")


def _parsed(text: str) -> ast.Module | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of odd escapes in somebody's strings
            return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _flat(body: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
    """Statements within others too; the outer ones without their bodies are still whole, so heads come as they are."""
    for node in body:
        yield node
        for field in ("body", "orelse", "finalbody"):
            yield from _flat([one for one in getattr(node, field, []) if isinstance(one, ast.stmt)])
        for handler in getattr(node, "handlers", []):
            yield from _flat(handler.body)
