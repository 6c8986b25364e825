"""Where the numbers of a loss or its derivatives stop being finite: told by what the operations in its graph kept."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, NamedTuple

MOST_NODES = 2000  # that are looked at
NEAR = 60  # nodes from the loss on: where a loss that is written out has its logarithms
LOGARITHMS = {"LogBackward0": 0.0, "Log2Backward0": 0.0, "Log10Backward0": 0.0, "Log1PBackward0": -1.0}
"""And the number at which each is infinite."""


EDGES = (*LOGARITHMS, "DivBackward0", "PowBackward0", "ExpBackward0", "SqrtBackward0")
"""Operations that have numbers at which they, or their derivatives, are not finite."""


class Break(NamedTuple):
    """An operation that was given finite numbers, and made infinite ones or NaN, or such derivatives, of `broken`.

    >>> Break("the logarithm of 0", 3, 32).words
    'the logarithm of 0 is taken, of 3 of 32 numbers'
    """

    what: str
    broken: int
    total: int

    @property
    def words(self) -> str:
        """A sentence without its end."""
        return f"{self.what} is taken, of {self.broken:,} of {self.total:,} numbers"


def break_in(value: Any, torch: Any) -> Break | None:
    """The first operation of those that made `value` that turns finite numbers into others, where it keeps what it was
    given: logarithms, divisions, powers, exponentials. To be asked before the gradient is computed, which frees it.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> p = torch.tensor([0.5, 0.0, 1.0], requires_grad=True)
    >>> break_in(-(p.log() * p).sum(), torch)
    Break(what='the logarithm of 0', broken=1, total=3)
    >>> break_in((p / (p - p)).mean().exp(), torch).what
    'a quotient by 0'
    >>> break_in(-(p + 1).log().sum(), torch) is None
    True
    """
    found: list[tuple[int, Break]] = []
    for node in _nodes(value, MOST_NODES):
        with suppress(RuntimeError, AttributeError):  # what was freed is no more to be had
            made = _break_at(node, torch) if node.name() in EDGES else None
            if made is not None and made.broken:
                found.append((node._sequence_nr(), made))
    return min(found, key=lambda one: one[0])[1] if found else None


class Breaks:
    """The last break in the losses of a loop, where one of them was not finite at last.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> breaks, p = Breaks(torch), torch.tensor([0.0, 0.5], requires_grad=True)
    >>> breaks.see(1, p.log()[1]), breaks.of_end
    (None, None)
    >>> breaks.see(2, (p * torch.nan).sum()), breaks.of_end
    (None, (1, Break(what='the logarithm of 0', broken=1, total=2)))
    """

    def __init__(self, torch: Any) -> None:
        self.torch = torch
        self.ended: int | None = None
        """The first step that was looked at with a loss that is not finite."""
        self._last: tuple[int, Break] | None = None
        self._edges: bool | None = None

    def see(self, step: int, value: Any) -> None:
        """The loss of one more step, before its gradient is computed."""
        if self.ended is not None:
            return
        finite = bool(self.torch.isfinite(value.detach()).all())
        if self._edges is None:
            self._edges = any(node.name() in EDGES for node in _nodes(value, NEAR))
        if self._edges or not finite:
            made = break_in(value, self.torch)
            self._last = (step, made) if made is not None else self._last
        self.ended = None if finite else step

    @property
    def of_end(self) -> tuple[int, Break] | None:
        """The break that ended it, in the same step or right before: then the derivatives were not finite."""
        if self.ended is None or self._last is None or self.ended - self._last[0] > 1:
            return None
        return self._last


def _nodes(value: Any, most: int) -> Iterator[Any]:
    """Those of the graph, the loss first, no more than so many."""
    start = value.grad_fn
    if start is None:
        return
    seen, todo = {start}, deque([start])
    while todo:
        node = todo.popleft()
        yield node
        for after, _ in node.next_functions:
            if after is not None and after not in seen and len(seen) < most:
                seen.add(after)
                todo.append(after)


def _break_at(node: Any, torch: Any) -> Break | None:
    name = node.name()
    if name in LOGARITHMS:
        given, edge = node._saved_self, LOGARITHMS[name]
        if not bool(torch.isfinite(given).all()):
            return None
        below = int((given < edge).sum())
        what = "the logarithm of a negative number" if below else "the logarithm of 0"
        return Break(what, below or int((given == edge).sum()), given.numel())
    if name == "DivBackward0":
        by = node._saved_other
        return Break("a quotient by 0", int((by == 0).sum()), by.numel())
    if name == "PowBackward0":
        given, power = node._saved_self, float(node._saved_exponent)
        if power < 0:
            return Break(f"0 to the power of {power:g}", int((given == 0).sum()), given.numel())
        broken = int((given < 0).sum()) if power % 1 else 0
        return Break(f"a negative number to the power of {power:g}", broken, given.numel())
    if name == "SqrtBackward0":
        made = node._saved_result
        return Break("the root of 0, whose derivative is infinite,", int((made == 0).sum()), made.numel())
    if name == "ExpBackward0":
        made = node._saved_result
        return Break("the exponential of a number too large for it", int(torch.isinf(made).sum()), made.numel())
    return None
