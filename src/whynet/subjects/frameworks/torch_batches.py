"""The batches of somebody's training that were looked at, and what they tell."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from whynet.errors import UsageError
from whynet.types import Array

MOST_BYTES = 400_000_000  # of inputs that are kept


class Batch(NamedTuple):
    """Inputs and targets of the step that is counted so.

    >>> Batch(np.zeros((2, 3)), np.zeros(2), step=7).step
    7
    """

    X: Any
    y: Any
    step: int


class Batches:
    """Copies of batches: a loop may write into its own tensors.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> batches = Batches(torch)
    >>> X = torch.tensor([[0.0, 1.0], [1.0, 0.0]])
    >>> batches.keep(X, torch.tensor([0, 1]), 1), batches.keep(X, torch.tensor([0, 1]), 2)
    (None, None)
    >>> len(batches.tensors()[0]), batches.bytes
    (4, 32)
    >>> batches.epoch(batches.tensors()[0])  # two rows, twice, in the same order
    (array([0, 1]), 'file')
    """

    def __init__(self, torch: Any) -> None:
        self.torch = torch
        self.kept: list[Batch] = []
        self.bytes = 0

    def keep(self, X: Any, y: Any, step: int) -> None:
        """Keep a copy, while there is room."""
        if self.bytes <= MOST_BYTES:
            X, y = X.detach().to("cpu", copy=True), y.detach().to("cpu", copy=True)
            self.kept.append(Batch(X, y, step))
            self.bytes += X.numel() * X.element_size()

    def tensors(self) -> tuple[Any, Any]:
        """All inputs and all targets, as they came.

        Raises
        ------
        UsageError
            They are no rows of one kind.
        """
        torch = self.torch
        shapes = {(tuple(one.X.shape[1:]), tuple(one.y.shape[1:])) for one in self.kept}
        fit = all(one.X.ndim > 1 and one.y.ndim and len(one.X) == len(one.y) for one in self.kept)
        if len(shapes) > 1 or not fit:
            one = self.kept[0]
            raise UsageError(
                "the batches are no rows of one kind",
                expected="X (n, ...) and as many targets, the same shape in every batch",
                found=f"{len(shapes)} shapes" if fit else f"X {tuple(one.X.shape)} and y {tuple(one.y.shape)}",
                do="Hand over single examples as batches of one: X[None], y[None]" if one.X.ndim < 2 else None,
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
