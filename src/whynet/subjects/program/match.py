"""Whether numbers are others times a factor: what a hand-written gradient is judged by."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from whynet.types import Array

SAME = 1e-6
SAME_SINGLE = 2e-3
SAME_FEW = 1e-9
"""For a few single numbers: they resemble each other, so they must agree to be the same."""
SPREAD = 1e-7
MOST = 4096


def flat(values: Sequence[Any]) -> Array:
    """The values of several iterations, one after the other; of large arrays a sample.

    >>> flat([np.ones((2, 2)), np.zeros((2, 2))])
    array([1., 1., 1., 1., 0., 0., 0., 0.])
    """
    parts = [np.asarray(value, dtype=float).reshape(-1) for value in values]
    size = parts[0].size
    step = max(1, size // MOST)
    return np.concatenate([part[::step] for part in parts])


def factor(ours: Array, exact: Array, single: bool = False) -> float | None:
    """The number c with `ours = c * exact`; None if there is none, or too little to tell.

    >>> factor(np.array([2.0, 4.0, -6.0]), np.array([1.0, 2.0, -3.0]))
    2.0
    >>> factor(np.array([2.0, 4.0, 6.0]), np.array([1.0, 2.0, -3.0])) is None
    True
    """
    if ours.shape != exact.shape or not (np.all(np.isfinite(ours)) and np.all(np.isfinite(exact))):
        return None
    square = float(exact @ exact)
    if square == 0 or not np.any(ours) or not tells(exact):
        return None
    c = float(ours @ exact) / square
    limit = SAME_SINGLE if single else SAME if exact.size > 12 else SAME_FEW * 10
    return c if float(np.max(np.abs(ours - c * exact))) <= limit * float(np.max(np.abs(ours))) and c != 0 else None


def tells(values: Array) -> bool:
    """Whether numbers differ enough among themselves that a match with others means something.

    >>> tells(np.array([1.0, 1.0, 1.0 + 1e-9])), tells(np.array([1.0, 2.0]))
    (False, True)
    """
    if values.size < 2:
        return False
    top = float(np.max(np.abs(values)))
    return top > 0 and float(np.max(values) - np.min(values)) > SPREAD * top


def is_single(values: Sequence[Any]) -> bool:
    """Whether a program computes in float32.

    >>> is_single([np.zeros(2, dtype=np.float32)])
    True
    """
    return any(getattr(value, "dtype", None) == np.float32 for value in values)


class Exact:
    """Exact derivatives, sorted by their number, to be looked up by what a program computed.

    >>> exact = Exact()
    >>> exact.add("dW", [np.array([[1.0, 2.0], [3.0, 5.0]])])
    >>> exact.find([np.array([[2.0, 6.0], [4.0, 10.0]])])
    [('dW', 2.0, True)]
    """

    def __init__(self) -> None:
        self.rows: dict[int, list[tuple[Any, Array, bool]]] = {}
        self.tables: dict[int, Array] = {}

    def add(self, key: Any, values: Sequence[Any]) -> None:
        """Keep a derivative, and it transposed."""
        straight = flat(values)
        if not np.all(np.isfinite(straight)) or not np.any(straight) or not tells(straight):
            return
        self.rows.setdefault(straight.size, []).append((key, straight, False))
        first = np.asarray(values[0])
        if first.ndim == 2 and min(first.shape) > 1:
            turned = flat([np.asarray(value).T for value in values])
            self.rows[straight.size].append((key, turned, True))
        self.tables.pop(straight.size, None)

    def find(self, values: Sequence[Any], single: bool = False) -> list[tuple[Any, float, bool]]:
        """The derivatives that these values are, with the factor and whether they are transposed."""
        ours = flat(values)
        rows = self.rows.get(ours.size)
        norm = float(np.linalg.norm(ours)) if rows and np.all(np.isfinite(ours)) else 0.0
        if not rows or norm == 0:
            return []
        if ours.size not in self.tables:
            table = np.stack([row for _, row, _ in rows])
            self.tables[ours.size] = table / np.linalg.norm(table, axis=1, keepdims=True)
        near = np.abs(self.tables[ours.size] @ ours) / norm
        found = []
        for index in np.nonzero(near > (1 - 1e-4 if single else 1 - 1e-8))[0]:
            key, row, turned = rows[index]
            c = factor(ours, row, single)
            if c is not None:
                found.append((key, c, turned))
        return found
