"""What convolutions are written with: a kernel turned round or not, the other of two functions, a part of an array."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from whynet.subjects.program.edits.source import Source

OTHER = {
    "correlate": "convolve", "correlate2d": "convolve2d", "convolve": "correlate", "convolve2d": "correlate2d",
}  # fmt: skip
"""Functions that differ in whether they turn the kernel."""
TURNS = re.compile(r"\[(\s*(:|\.\.\.)\s*,)*\s*::\s*-1\s*(,\s*(::\s*-1|:)\s*)*\]$")


def kernels(source: Source, statement: Any) -> Iterator[str | None]:
    """Texts in which a statement turns a kernel, or no longer does, or adds up where it wrote over.

    >>> source = Source("g = correlate2d(d, k, 'full')")
    >>> next(kernels(source, source.statement(1)))
    "g = convolve2d(d, k, 'full')"
    >>> source = Source("dk += d[f, r, c] * x[r:r + 3, c:c + 3][::-1, ::-1]")
    >>> next(kernels(source, source.statement(1)))
    'dk += d[f, r, c] * x[r:r + 3, c:c + 3]'
    >>> source = Source("dx = np.einsum('nhwab,ab->nhw', windows, k)")
    >>> next(kernels(source, source.statement(1)))
    "dx = np.einsum('nhwab,ab->nhw', windows, k[..., ::-1, ::-1])"
    """
    cst = source.cst
    for node in source.expressions(statement):
        if isinstance(node, cst.Call):
            name = node.func.attr if isinstance(node.func, cst.Attribute) else node.func
            if source.code(name) in OTHER:
                yield source.put(name, OTHER[source.code(name)])
            if source.code(name) == "reshape" and isinstance(node.func, cst.Attribute):  # filters beside patches
                yield source.put(node.func.value, f"{source.code(node.func.value)}.T")
            if source.code(name) in ("einsum", "tensordot") and re.search("window|strided", source.text):
                for arg in reversed([arg for arg in node.args if arg.keyword is None and source.is_value(arg.value)]):
                    yield source.put(arg.value, f"{source.code(arg.value)}[..., ::-1, ::-1]")
            if source.code(name) in ("flip", "rot90", "fliplr", "flipud") and node.args:
                yield source.put(node, source.code(node.args[0].value))
        if isinstance(node, cst.Subscript) and TURNS.search(source.code(node)[len(source.code(node.value)) :]):
            yield source.put(node, source.code(node.value))
    yield from _added(source, statement)
    yield from windows(source, statement)


def _added(source: Source, statement: Any) -> Iterator[str | None]:
    """`dW[f] = ...` in a loop, where the parts of a sum are added."""
    cst = source.cst
    for small in source.small(statement):
        if (
            isinstance(small, cst.Assign)
            and len(small.targets) == 1
            and isinstance(small.targets[0].target, cst.Subscript)
        ):
            yield source.put(small, f"{source.code(small.targets[0].target)} += {source.code(small.value)}")


def windows(source: Source, statement: Any) -> Iterator[str | None]:
    """Texts in which another part of an array is taken, as another line takes it.

    >>> source = Source("a = x[i * s:i * s + k]\\nb = x[i:i + k]")
    >>> list(windows(source, source.statement(2)))
    ['a = x[i * s:i * s + k]\\nb = x[i * s:i * s + k]']
    """
    cst = source.cst
    for node in source.expressions(statement):
        if not isinstance(node, cst.Subscript) or ":" not in source.code(node):
            continue
        seen = {source.code(node)}
        for other in source.walk():
            text = source.code(other) if isinstance(other, cst.Subscript) else ""
            if (
                text not in seen
                and isinstance(other, cst.Subscript)
                and source.code(other.value) == source.code(node.value)
            ):
                seen.add(text)
                if len(other.slice) == len(node.slice) and ":" in text:
                    yield source.put(node, text)
