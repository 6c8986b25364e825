"""Batches of any form, read once: held back, cut into rows, mixed, and scaled, as far as their arrays allow that."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice, pairwise
from typing import Any

import numpy as np

from whynet.subjects.inside.probe import arrays_in, is_real, mapped
from whynet.types import Array

Batch = tuple[Any, Any]
"""Inputs and targets, each nested as it may be."""
Epoch = Callable[[], Iterator[Batch]]
PART = 5  # one of so many is held back
MOST_PIECES, FEWEST_PIECES = 20, 8  # in which the loss of what is held back is measured
MOST_BYTES = 5e8


@dataclass(frozen=True)
class Batches:
    """What is trained on, and what is held back, of one epoch; `rows` is 0 where batches cannot be cut into rows.

    >>> batches = Batches.read(lambda: iter([(np.ones((20, 3)), np.ones(20))] * 10), by_rows=True)
    >>> len(batches.train), len(batches.held), batches.rows, batches.size
    (8, 8, 160, 20)
    """

    train: Sequence[Batch]
    held: Sequence[Batch]
    """The pieces that are held back."""
    by_rows: bool
    same: bool = False
    """Whether what is held back is what is trained on, as there is too little of it."""

    @staticmethod
    def read(epoch: Epoch, *, by_rows: bool, most: int = 1000, stop: Callable[[], bool] = lambda: False) -> Batches:
        """The batches of an epoch, `most` of them at most; the first fifth is held back, of a few batches that of their
        rows. `by_rows`: rows lie along the first axis, if all arrays are as long."""
        read: list[Batch] = []
        size = 0
        for batch in islice(epoch(), most):
            read.append(batch)
            size += sum(one.nbytes for one in arrays_in(batch))
            if size > MOST_BYTES or (len(read) > 1 and stop()):
                break
        by_rows = by_rows and all(rows_in(batch) for batch in read)
        if len(read) >= PART:
            held, train = read[: len(read) // PART], read[len(read) // PART :]
        elif by_rows and all(rows_in(batch) >= PART for batch in read):
            firsts = [rows_in(batch) // PART for batch in read]
            held = [cut(batch, slice(first)) for batch, first in zip(read, firsts, strict=True)]
            train = [cut(batch, slice(first, None)) for batch, first in zip(read, firsts, strict=True)]
        elif len(read) > 1:
            held, train = read[:1], read[1:]
        else:
            return Batches(read, read, by_rows, same=True)
        return Batches(train, _pieces(held, by_rows), by_rows)

    @property
    def rows(self) -> int:
        """Rows to train on."""
        return sum(map(rows_in, self.train)) if self.by_rows else 0

    @property
    def size(self) -> int:
        """Rows of a batch, 0 where that is not known."""
        return rows_in(self.train[0]) if self.by_rows and self.train else 0

    @cached_property
    def table(self) -> Batch | None:
        """All rows as one batch; None where the shapes of the batches do not fit together."""
        if not self.by_rows or not self.train:
            return None
        shapes = {tuple(one.shape[1:] for one in arrays_in(batch)) for batch in self.train}
        if len(shapes) > 1:
            return None
        parts = iter([np.concatenate(group) for group in zip(*map(arrays_in, self.train), strict=True)])
        whole: Batch = mapped(self.train[0], lambda _: next(parts))
        return whole

    def why_not(self, size: int) -> str | None:
        """Why batches of this many rows cannot be made; None where they can."""
        if not self.by_rows:
            return "its batches cannot be cut into rows: their arrays are not all as long"
        if size > self.size and self.table is None:
            return "its batches cannot be put together: the shapes of their rows differ"
        return None

    def steps(self, size: int | None) -> int:
        """Steps of an epoch, in batches of that size, or as they are."""
        if not size or size == self.size:
            return len(self.train)
        if self.table is not None:
            return -(-self.rows // size)
        return sum(-(-rows_in(batch) // size) for batch in self.train)

    def epoch(self, seed: int, epoch: int, *, size: int | None = None, mixed: bool) -> Iterator[Batch]:
        """The batches of an epoch: as they come, or `mixed`, the rows where they can be, else the batches."""
        rng = np.random.default_rng([seed, 2, epoch])
        size = size if size and size != self.size else None
        table = self.table if mixed or size else None
        if table is not None:
            order = rng.permutation(self.rows) if mixed else np.arange(self.rows)
            size = size or self.size
            for first in range(0, self.rows, size):
                chosen = order[first : first + size]
                if len(chosen) > 1 or not first:  # a rest of one row, which normalisation cannot do
                    yield cut(table, chosen)
            return
        for place in rng.permutation(len(self.train)) if mixed else range(len(self.train)):
            batch = self.train[place]
            if size is None:
                yield batch
                continue
            for first in range(0, rows_in(batch), size):
                yield cut(batch, slice(first, first + size))


def _pieces(held: Sequence[Batch], by_rows: bool) -> list[Batch]:
    """In so many pieces that their losses tell how far the mean is certain."""
    if len(held) > MOST_PIECES:
        held = held[:: -(-len(held) // MOST_PIECES)]
    if len(held) >= FEWEST_PIECES or not by_rows:
        return list(held)
    each = -(-FEWEST_PIECES // len(held))
    found = []
    for batch in held:
        rows = rows_in(batch)
        bounds = np.linspace(0, rows, min(each, max(rows // 2, 1)) + 1).astype(int)
        found += [cut(batch, slice(a, b)) for a, b in pairwise(bounds)]
    return found


def rows_in(batch: Any) -> int:
    """How many rows a batch has, if all its arrays are as long; else 0.

    >>> rows_in((np.ones((5, 2)), {"y": np.ones(5)})), rows_in((np.ones((5, 2)), np.ones(3)))
    (5, 0)
    """
    lengths = {len(one) if one.ndim else 0 for one in arrays_in(batch)}
    return lengths.pop() if len(lengths) == 1 else 0


def cut(batch: Any, rows: Any) -> Any:
    """Those rows of it.

    >>> cut((np.arange(5), {"y": np.arange(5.0)}), slice(2))
    (array([0, 1]), {'y': array([0., 1.])})
    """
    return mapped(batch, lambda one: one[rows])


# ---- inputs, scaled


def scalable(inputs: Any) -> list[bool]:
    """Of each array of inputs, whether it may be scaled: real numbers that are no mask.

    >>> scalable((np.ones((2, 3)), np.array([[1, 2]]), np.array([[0.5, 7.0]])))
    [False, False, True]
    """
    return [is_real(one) and one.ndim > 1 and not bool(np.isin(one, (0, 1)).all()) for one in arrays_in(inputs)]


def standardised(batches: Sequence[Batch], scheme: str = "standard") -> Callable[[Any], Any]:
    """What scales inputs by what these are: each feature of a table; of more axes, all numbers of an array alike.

    >>> scale = standardised([(np.array([[0.0, 5.0], [2.0, 5.0]]), None)])
    >>> scale(np.array([[3.0, 5.0]]))
    array([[2., 0.]])
    """
    groups = list(zip(*(arrays_in(inputs) for inputs, _ in batches), strict=True))
    chosen = [any(kinds) for kinds in zip(*(scalable(inputs) for inputs, _ in batches), strict=True)]
    scales = [_scale(group, scheme) if use else None for group, use in zip(groups, chosen, strict=True)]

    def scale(inputs: Any) -> Any:
        parts = iter(scales)

        def one(array: Array) -> Array:
            known = next(parts)
            return array if known is None else ((array - known[0]) / known[1]).astype(array.dtype)

        return mapped(inputs, one)

    return scale


def _scale(group: Sequence[Array], scheme: str) -> tuple[Any, Any]:
    table = all(one.ndim == 2 for one in group) and len({one.shape[1] for one in group}) == 1
    rows = np.concatenate([one.reshape(len(one), -1) if table else one.reshape(-1, 1) for one in group])
    rows = rows.astype(np.float64)
    middle, size = (rows.min(0), np.ptp(rows, 0)) if scheme == "0..1" else (rows.mean(0), rows.std(0))
    size = np.where(size > 0, size, 1.0)
    return (middle, size) if table else (float(middle[0]), float(size[0]))
