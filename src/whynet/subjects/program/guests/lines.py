"""Where in somebody's program something happens: the innermost frame whose file is the program's own."""

from __future__ import annotations

import ast
import sys
import traceback
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any

from whynet.doctor.diagnosis import Where
from whynet.subjects.program.place import SKIPPED

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Module)


class Places:
    """The files of a folder, and lines in them.

    >>> places = Places(Path(__file__).parent)
    >>> places.own(__file__), places.own(traceback.__file__)
    (True, False)
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._own: dict[str, bool] = {}
        self._trees: dict[str, ast.Module | None] = {}

    def own(self, file: str) -> bool:
        """Whether a file is the program's."""
        if file not in self._own:
            path = Path(file)
            inside = self.folder in path.parents
            parts = path.relative_to(self.folder).parts if inside else ()
            self._own[file] = inside and not any(part in SKIPPED or part == "site-packages" for part in parts)
        return self._own[file]

    def at(self, file: str, line: int) -> Where:
        """A line, in the program's own words."""
        return Where(str(Path(file).relative_to(self.folder)), line)

    def frame(self) -> FrameType | None:
        """The innermost frame of the program."""
        frame: FrameType | None = sys._getframe(1)
        while frame is not None and not self.own(frame.f_code.co_filename):
            frame = frame.f_back
        return frame

    def here(self) -> Where | None:
        """The line of the program that is at work; None where it is not."""
        frame = self.frame()
        return None if frame is None else self.at(frame.f_code.co_filename, frame.f_lineno)

    def of_class(self, kind: type) -> Where | None:
        """Where a class of the program begins; None where it is not the program's."""
        for one in vars(kind).values():
            code = getattr(one, "__code__", None)
            if code is not None and self.own(code.co_filename):
                for node in self._nodes(code.co_filename, ast.ClassDef):
                    if node.lineno <= code.co_firstlineno <= node.end_lineno and node.name == kind.__name__:
                        return self.at(code.co_filename, node.lineno)
        return None

    def call_in(self, function: Any, names: set[str]) -> Where | None:
        """The last call of one of these in a function of the program."""
        code = getattr(function, "__code__", None)
        if code is None or not self.own(code.co_filename):
            return None
        found = [
            node.lineno
            for outer in self._nodes(code.co_filename, ast.FunctionDef)
            if outer.name == code.co_name and outer.lineno <= code.co_firstlineno + 1 <= outer.end_lineno + 1
            for node in ast.walk(outer)
            if isinstance(node, ast.Call) and _called(node.func) in names
        ]
        return self.at(code.co_filename, max(found)) if found else None

    def made(self, frame: FrameType, method: str) -> Where | None:
        """Where the value was computed whose method this line calls: `loss = ...` of `loss.backward()`."""
        file, line = frame.f_code.co_filename, frame.f_lineno
        calls = [
            node.func
            for node in self._nodes(file, ast.Call)
            if isinstance(node.func, ast.Attribute) and node.func.attr == method and _covers(node, line)
        ]
        if not calls:
            return None
        value = calls[0].value
        while isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute) and value.args:
            value = value.args[0]  # scaler.scale(loss)
        if not isinstance(value, ast.Name):
            return self.at(file, line) if isinstance(value, ast.Call) else None
        inner = [node for node in self._nodes(file, *FUNCTIONS) if isinstance(node, ast.Module) or _covers(node, line)]
        lines = [
            node.lineno
            for node in ast.walk(inner[-1])
            if isinstance(node, (ast.Assign, ast.AnnAssign, ast.NamedExpr))
            and value.id in {name for part in ast.walk(node) for name in _stored(part)}
        ]
        before = [one for one in lines if one <= line]
        return self.at(file, max(before)) if before else None

    def trace(self, error: BaseException) -> Where | None:
        """The last line of the program on the way to an error; the traceback is printed from its first one on."""
        step: TracebackType | None = error.__traceback__
        while step is not None and not self.own(step.tb_frame.f_code.co_filename):
            step = step.tb_next
        traceback.print_exception(type(error), error, step)
        where = None
        while step is not None:
            if self.own(step.tb_frame.f_code.co_filename):
                where = self.at(step.tb_frame.f_code.co_filename, step.tb_lineno)
            step = step.tb_next
        if isinstance(error, SyntaxError) and error.filename and self.own(error.filename):
            where = self.at(error.filename, error.lineno or 0)
        return where

    def _nodes(self, file: str, *kinds: type) -> list[Any]:
        if file not in self._trees:
            try:
                self._trees[file] = ast.parse(Path(file).read_bytes())
            except (OSError, SyntaxError, ValueError):
                self._trees[file] = None
        tree = self._trees[file]
        return [] if tree is None else [node for node in ast.walk(tree) if isinstance(node, kinds)]


def _called(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _covers(node: Any, line: int) -> bool:
    return bool(node.lineno <= line <= node.end_lineno)


def _stored(node: ast.AST) -> tuple[str, ...]:
    return (node.id,) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) else ()
