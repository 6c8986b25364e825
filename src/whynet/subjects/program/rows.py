"""Which examples a program trains on, and in which order: what the rows that were seen say of its data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from whynet.doctor.diagnosis import Finding
from whynet.types import Array

SEEN_AGAIN = 20
"""Rows that were seen twice; fewer say nothing."""
CHANGED, FEW = 0.3, 0.5


@dataclass(frozen=True)
class Rows:
    """Of windows of iterations: a key of each row of the inputs, and its target (rows, numbers). `known` are the rows
    that the program has, 0 if that is not known.

    >>> Rows([np.array([1, 2])], [np.eye(2)], 100).findings(classes=2)
    []
    """

    keys: Sequence[Array]
    targets: Sequence[Array]
    known: int = 0

    def findings(self, classes: int) -> list[Finding]:
        """What is wrong with them."""
        found = [self.exchanged(numbers=not classes), self.always_the_same()]
        return [one for one in found if one is not None]

    def exchanged(self, numbers: bool = False) -> Finding | None:
        """Whether the target of a row is another one from epoch to epoch: inputs were shuffled without their targets.
        `numbers`: it is no class but a number, which has to be that of other rows then, and not one drawn anew.

        >>> keys = [np.arange(40), np.arange(40)]
        >>> targets = [np.eye(2)[np.arange(40) % 2], np.eye(2)[np.arange(40) // 20]]
        >>> Rows(keys, targets).exchanged().cause
        'label-order-mismatch'
        >>> Rows(keys, [np.arange(40.0)[:, None], np.arange(40.0)[::-1, None]]).exchanged(numbers=True).cause
        'label-order-mismatch'
        """
        first: dict[int, Array] = {}
        again = changed = elsewhere = 0
        known = {np.asarray(target).tobytes() for targets in self.targets[:-1] for target in targets}
        for keys, targets in zip(self.keys, self.targets, strict=True):
            for key, target in zip(keys, targets, strict=False):
                if int(key) not in first:
                    first[int(key)] = target
                    continue
                again += 1
                other = not np.array_equal(first[int(key)], target)
                changed += other
                elsewhere += other and np.asarray(target).tobytes() in known
        if again < SEEN_AGAIN or changed < CHANGED * again or (numbers and elsewhere < CHANGED * changed):
            return None
        if numbers and len(known) < FEW * len(first):
            return None  # a number that many rows have
        what = "target" if numbers else "class"
        words = (
            f"of {again:,} rows that came again, {changed:,} had another {what} than before: inputs and targets are "
            "not shuffled alike"
        )
        return Finding("label-order-mismatch", "found", detail=words)

    def always_the_same(self) -> Finding | None:
        """Whether most rows that the program has are never trained on.

        >>> Rows([np.arange(40) % 8] * 3, [np.zeros((40, 1))] * 3, known=400).always_the_same().cause
        'data-index-bug'
        """
        drawn = sum(len(keys) for keys in self.keys)
        if not self.known or drawn < 2 * self.known or len(self.keys) < 3:
            return self._within_an_epoch()
        distinct = len(np.unique(np.concatenate(self.keys)))
        return self._never_seen(distinct) if distinct < FEW * self.known else None

    def _within_an_epoch(self) -> Finding | None:
        """Where only parts of epochs were seen: rows come again in the same window, all the time."""
        if self.known < SEEN_AGAIN or not self.keys:
            return None
        sizes = [(len(np.unique(keys)), len(keys)) for keys in self.keys if len(keys) > 1]
        drawn, distinct = sum(size for _, size in sizes), len(np.unique(np.concatenate(self.keys)))
        expected = self.known * (1 - (1 - 1 / self.known) ** drawn)  # drawn with replacement
        return self._never_seen(distinct) if sizes and distinct < FEW / 2 * expected else None

    def _never_seen(self, distinct: int) -> Finding:
        words = f"of {self.known:,} rows only {distinct:,} are ever trained on: batches are always taken from these"
        return Finding("data-index-bug", "found", detail=words)

    def in_one_order(self) -> bool:
        """Whether a row that comes again is followed by the same row as before.

        >>> Rows([np.arange(40), np.arange(40)], []).in_one_order()
        True
        """
        after: dict[int, int] = {}
        again = same = 0
        for keys in self.keys:
            for key, following in pairwise(keys.tolist()):
                if key in after:
                    again += 1
                    same += after[key] == following
                after.setdefault(key, following)
        return again >= SEEN_AGAIN and same > 0.9 * again
