"""Whether numbers are others times a factor: what a hand-written gradient is judged by."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any, cast

import numpy as np

from whynet.types import Array

SAME = 1e-6
SAME_SINGLE = 2e-3
SAME_FEW = 1e-9
"""For a few single numbers: they resemble each other, so they must agree to be the same."""
SPREAD = 1e-7
MOST = 4096
MANY = 2_000
"""Derivatives of one size; of more, one of each direction is kept."""


def flat(values: Sequence[Any]) -> Array:
    """The values of several iterations, one after the other; of large arrays a sample.

    >>> flat([np.ones((2, 2)), np.zeros((2, 2))])
    array([1., 1., 1., 1., 0., 0., 0., 0.])
    """
    if all(type(value) is float for value in values):
        return np.array(values)
    parts = [np.asarray(value) for value in values]
    step = max(1, parts[0].size // MOST)
    some = [(part.flat if step > 1 else part.reshape(-1))[::step] for part in parts]  # an array turned is not copied
    return np.concatenate(some).astype(float, copy=False)


def factor(ours: Array, exact: Array, single: bool = False) -> float | None:
    """The number c with `ours = c * exact`; None if there is none, or too little to tell.

    >>> factor(np.array([2.0, 4.0, -6.0]), np.array([1.0, 2.0, -3.0]))
    2.0
    >>> factor(np.array([2.0, 4.0, 6.0]), np.array([1.0, 2.0, -3.0])) is None
    True
    """
    if ours.shape != exact.shape or not (np.all(np.isfinite(ours)) and np.all(np.isfinite(exact))):
        return None
    if float(exact @ exact) == 0 or not np.any(ours) or not tells(exact):
        return None
    return _scale(ours, exact, single)


def _scale(ours: Array, exact: Array, single: bool) -> float | None:
    """As `factor`, of numbers that are known to tell."""
    c = float(ours @ exact) / float(exact @ exact)
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
        self.tables: dict[int, tuple[Array, Array, Array, Array]] = {}

    def sort(self, likelier: Callable[[Any, bool], Any]) -> None:
        """Of single numbers thousands may have one direction: only the likeliest of those is kept, and the likeliest of
        those that are not but one use of a value.

        >>> exact = Exact()
        >>> for number in range(3000):
        ...     exact.add(number, [1.0 + number, 2.0 + 2 * number])
        >>> exact.sort(lambda key, turned: -key)
        >>> exact.find([3000.0, 6000.0])
        [(2999, 1.0, False)]
        """
        for size, rows in self.rows.items():
            if len(rows) < MANY:
                continue
            kept: dict[tuple[bytes, bool], tuple[Any, Array, bool]] = {}
            table = np.stack([row for _, row, _ in rows])
            first = np.argmax(np.abs(table), axis=1)
            alike = np.round(table / table[np.arange(len(table)), first][:, np.newaxis], 11) + 0.0
            for row, direction in zip(rows, alike, strict=True):
                where = direction.tobytes(), isinstance(row[0], tuple)
                known = kept.get(where)
                if known is None or likelier(row[0], row[2]) < likelier(known[0], known[2]):
                    kept[where] = row
            self.rows[size] = list(kept.values())
            self.tables.pop(size, None)

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
        near = self._near(ours / norm, 1e-4 if single else 1e-8)
        if not near:
            return []
        some = self.tables[ours.size][3][near]  # all at once: of single numbers thousands may have one direction
        scales = (some @ ours) / np.einsum("ij,ij->i", some, some)
        limit = SAME_SINGLE if single else SAME if ours.size > 12 else SAME_FEW * 10
        apart = np.max(np.abs(ours - scales[:, np.newaxis] * some), axis=1)
        same = (apart <= limit * float(np.max(np.abs(ours)))) & (scales != 0)
        found = []
        for index, c in zip(np.array(near)[same].tolist(), scales[same].tolist(), strict=True):
            key, _, turned = rows[index]
            found.append((key, float(c), turned))
        return found

    def _near(self, ours: Array, limit: float) -> list[int]:
        """The rows of nearly the same direction, or the opposite one.

        Such rows are as near in their projection on any one direction, by which they are sorted: of the thousands that
        a training without arrays has, few are compared.
        """
        size = ours.size
        if size not in self.tables:
            rows = np.stack([row for _, row, _ in self.rows[size]])
            table = rows / np.linalg.norm(rows, axis=1, keepdims=True)
            shadow = table @ _direction(size)
            order = np.argsort(shadow, kind="stable")
            self.tables[size] = table[order], shadow[order], order, rows
        table, shadow, order, _ = self.tables[size]
        reach = 1.01 * math.sqrt(2 * limit)
        found: set[int] = set()
        for sign in (1, -1):
            own = sign * float(ours @ _direction(size))
            first, last = np.searchsorted(shadow, [own - reach, own + reach])
            near = np.nonzero(np.abs(table[first:last] @ ours) > 1 - limit)[0]
            found.update(order[first + near].tolist())
        return sorted(found)


@functools.cache
def _direction(size: int) -> Array:
    direction = np.random.default_rng(0).normal(size=size)
    return cast(Array, direction / np.linalg.norm(direction))


def rounded(ours: Array, old: Array, truth: Array) -> float | None:
    """The rate of a step so small that the new value minus the old has lost digits.

    >>> old, truth = np.array([1.0, 2.0, 3.0, 4.0]), np.array([1.0, -2.0, 0.5, 3.0])
    >>> round(rounded((old + 1e-9 * truth) - old, old, truth) * 1e9, 5)
    1.0
    """
    square = float(truth @ truth)
    if ours.size < 4 or square == 0 or not np.all(np.isfinite(ours)) or not np.all(np.isfinite(truth)):
        return None
    c = float(ours @ truth) / square
    top = float(np.max(np.abs(ours)))
    slack = 4e-16 * np.abs(old)
    fine = top > 0 and float(np.max(slack)) < 1e-4 * top and float(np.std(truth)) > 1e-3 * float(np.max(np.abs(truth)))
    return c if fine and bool(np.all(np.abs(ours - c * truth) <= slack + 1e-9 * top)) else None
