"""The batches of somebody's training that were looked at, and what they tell."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from whynet.errors import UsageError
from whynet.subjects.frameworks.torch_nested import rows_of, tensors_in
from whynet.types import Array

MEGABYTES = 100
LARGEST = 4  # a batch may have such a part of the memory: of larger ones some rows are kept
MOST_NUMBERS = 2048
EACH = 300  # bytes that a batch takes beside its numbers
SINGLE = "the module is called with single examples: hand them over as batches of one, X[None] and y[None]"
PLAIN = (str, bytes, bool, int, float, complex, type(None))


class Batch(NamedTuple):
    """Inputs and targets of the step that is counted so.

    >>> Batch(np.zeros((2, 3)), np.zeros(2), step=7).step
    7
    """

    X: Any
    y: Any
    step: int


class Numbers:
    """Numbers that come one after the other, for ever: when there are too many, every second is forgotten.

    >>> numbers = Numbers(most=4)
    >>> for step in range(10):
    ...     numbers.add(step, 2.0 * step)
    >>> numbers.kept, len(numbers)
    ([(0, 0.0), (4, 8.0), (8, 16.0)], 10)
    """

    def __init__(self, most: int = MOST_NUMBERS) -> None:
        self.most, self.kept = most, list[tuple[int, Any]]()
        self._seen, self._every = 0, 1

    def add(self, step: int, value: Any) -> None:
        """One more."""
        if self._seen % self._every == 0:
            self.kept.append((step, value))
            if len(self.kept) > self.most:
                del self.kept[1::2]
                self._every *= 2
        self._seen += 1

    def __len__(self) -> int:
        return self._seen


class Batches:
    """Copies of batches, as a loop may write into its own tensors; no more than so many megabytes.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> batches = Batches(torch)
    >>> X = torch.tensor([[0.0, 1.0], [1.0, 0.0]])
    >>> batches.keep(X, torch.tensor([0, 1]), 1), batches.keep(X, torch.tensor([0, 1]), 2)
    (2, 2)
    >>> len(batches.tensors()[0]), batches.bytes
    (4, 664)
    >>> batches.epoch(batches.tensors()[0])  # two rows, twice, in the same order
    (array([0, 1]), 'file')
    """

    def __init__(self, torch: Any, megabytes: float = MEGABYTES) -> None:
        self.torch = torch
        self.most = int(1e6 * megabytes)
        self.kept: list[Batch] = []
        self.bytes = 0
        self.cut = False
        """Whether batches were too large to be kept whole."""
        self.full = False

    def keep(self, X: Any, y: Any, step: int) -> int:
        """Keep a copy, while there is room; how many rows the batch has."""
        torch = self.torch
        if isinstance(X, torch.Tensor) and isinstance(y, torch.Tensor):
            rows = len(X)
            size = X.numel() * X.element_size() + y.numel() * y.element_size()
        else:
            rows = rows_of(X, y, torch)
            size = sum(one.numel() * one.element_size() for one in (*tensors_in(X, torch), *tensors_in(y, torch)))
        room = self.most - self.bytes
        part = min(room, self.most // LARGEST)
        if size > room and (self.kept or room <= 0):
            self.full = True
            return rows
        few = rows
        if size > part:
            few, self.cut = max(1, int(rows * part / size)), True

        def own(one: Any) -> Any:
            one = one.detach()
            one = one[:few] if few < rows and one.ndim and len(one) == rows else one
            self.bytes += one.numel() * one.element_size()
            return one.to("cpu", copy=True)

        self.bytes += EACH
        self.kept.append(Batch(_copied(X, own, torch), _copied(y, own, torch), step))
        return rows

    def tensors(self) -> tuple[Any, Any]:
        """All inputs and all targets, as they came.

        Raises
        ------
        UsageError
            They are no rows of one kind.
        """
        torch = self.torch
        one = self.kept[0]
        if not all(isinstance(part, torch.Tensor) for batch in self.kept for part in (batch.X, batch.y)):
            raise UsageError(
                "the module is called with something else than one tensor, or the targets are none",
                expected="X (n, ...) and as many targets", found=f"{_kind(one.X)} and {_kind(one.y)}",
            )  # fmt: skip
        shapes = {(tuple(one.X.shape[1:]), tuple(one.y.shape[1:])) for one in self.kept}
        fit = all(one.X.ndim > 1 and one.y.ndim and len(one.X) == len(one.y) for one in self.kept)
        if len(shapes) > 1 or not fit:
            raise UsageError(
                "the batches are no rows of one kind" if one.X.ndim > 1 else SINGLE,
                expected="X (n, ...) and as many targets, the same shape in every batch",
                found=f"{len(shapes)} shapes" if fit else f"X {tuple(one.X.shape)} and y {tuple(one.y.shape)}",
            )
        return torch.cat([one.X for one in self.kept]), torch.cat([one.y for one in self.kept])

    def epoch(self, X: Any) -> tuple[Array, str]:
        """The rows that were seen first, in that order; and whether they come in the same order again."""
        known: dict[bytes, int] = {}
        flat = np.ascontiguousarray(X.numpy().reshape(len(X), -1))
        numbers = np.array([known.setdefault(row.tobytes(), len(known)) for row in flat])
        _, first = np.unique(numbers, return_index=True)
        steps = np.concatenate([np.full(len(one.X), one.step) for one in self.kept])
        before = np.where(np.diff(steps, prepend=-1) > 1, -1, np.roll(numbers, 1))  # -1: nobody knows who came before
        before[0] = -1
        then = before[first[numbers]]
        again = (np.arange(len(numbers)) != first[numbers]) & (before >= 0) & (then >= 0)
        same = not again.any() or float(np.mean(before[again] == then[again])) > 0.9  # seen once: as it came
        return first, "file" if same else "shuffled"

    def __iter__(self) -> Iterator[tuple[Any, Any]]:
        return ((one.X, one.y) for one in self.kept)

    def __len__(self) -> int:
        return len(self.kept)


def _copied(values: Any, own: Any, torch: Any) -> Any:
    """Tensors by `own`, however they are nested; other things that may change as copies."""
    if isinstance(values, torch.Tensor):
        return own(values)
    if isinstance(values, Mapping):
        return {key: _copied(one, own, torch) for key, one in values.items()}
    if isinstance(values, tuple) and hasattr(values, "_fields"):
        return type(values)(*(_copied(one, own, torch) for one in values))
    if isinstance(values, (tuple, list)):
        return type(values)(_copied(one, own, torch) for one in values)
    return values if isinstance(values, PLAIN) else copy.deepcopy(values)


def _kind(values: Any) -> str:
    return f"{len(values)} things" if isinstance(values, tuple) else type(values).__name__
