"""What is known of a step loop: its parameters, the cost that explains it, and how each parameter is moved."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from whynet.subjects.program.costs import Cost
from whynet.subjects.program.loop import Flow, Group
from whynet.subjects.program.reverse import Adjoints
from whynet.subjects.program.tape import Tape
from whynet.types import Array


@dataclass
class Step:
    """How a parameter is moved: right if what moves it is its derivative, downhill.

    >>> Step(Group("W", ["W"], True)).right
    False
    """

    group: Group
    node: int | None = None
    """The value that is the derivative, up to `factor`."""
    factor: float = 0.0
    rate: float | None = None
    """The step as a multiple of the derivative, where it is one."""
    downhill: bool = True
    scale: float | None = None
    """The step as a multiple of the derivative, momentum and decay aside."""

    lengths: tuple[float, ...] = ()
    """Of an array, how far it is moved along its derivative in each iteration."""
    untold: bool = False
    """Whether there are too few numbers, or too equal ones, to tell."""

    @property
    def matched(self) -> bool:
        """Whether it is a multiple of the derivative, up or down."""
        return self.node is not None or self.rate is not None

    @property
    def right(self) -> bool:
        """Whether it goes down the slope."""
        return self.matched and self.downhill


@dataclass
class Judged:
    """A loop and the cost that explains it best.

    >>> Judged(Flow([Tape(0, 1)]), [], [], []).steps
    []
    """

    flow: Flow
    moved: list[Group]
    kept: list[Group]
    state: list[Group]
    """What is moved and no parameter: momentum, sums, counters."""
    cost: Cost | None = None
    adjoints: list[Adjoints] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    exact: dict[int, tuple[int, float, bool]] = field(default_factory=dict)
    """Backward value -> the forward node whose derivative it is, the factor, and whether it is transposed."""
    forward: set[int] = field(default_factory=set)
    carriers: set[int] = field(default_factory=set)
    """What hangs on the error: deltas, gradients, steps."""
    partial: set[int] = field(default_factory=set)
    """Of these, those that are the derivative by way of one of several uses."""
    shared: set[int] = field(default_factory=set)
    """Leaves on which another output hangs too, that meets a target of its own."""
    outputs: list[int] = field(default_factory=list)
    lengths: tuple[float, ...] = ()

    @property
    def repeated(self) -> bool:
        """Whether an iteration takes several steps: what one has moved, the next predicts with."""
        pairs = self.cost.pairs if self.cost is not None else ()
        moved = self.flow.after({pair.node for pair in pairs})
        return any(pair.output in moved for pair in pairs)

    @property
    def tape(self) -> Tape:
        """The first of the tapes."""
        return self.flow.tapes[0]

    @property
    def parameters(self) -> list[Group]:
        """What steps move, and what they would move if its derivative were not 0."""
        return [*self.moved, *(group for group in self.kept if group.moved)]

    def values(self, node: int) -> list[Any]:
        """A node's value in each iteration."""
        return [tape.value(node) for tape in self.flow.tapes]

    def at(self, path: str) -> list[Array | None]:
        """The exact derivative of a parameter in each iteration."""
        return [
            adj.at(tape.start[path]) if path in tape.start else None
            for adj, tape in zip(self.adjoints, self.flow.tapes, strict=True)
        ]

    def ends(self, group: Group) -> list[int]:
        """The nodes that a parameter's new values are."""
        return [end for path in group.paths if (end := self.tape.end.get(path)) is not None and end >= 0]
