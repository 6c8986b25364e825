"""Adapter: what trains copies of somebody's network, in the library or the code that it is written in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from whynet.data.protocol import Problem
from whynet.doctor.change import Change, Wording
from whynet.doctor.diagnosis import Settings
from whynet.subjects.inputs import standardising
from whynet.types import Array

STEP = 2e6
"""Work of a step in a library, whatever its size: some hundred times that of whynet's engines."""
FASTER = 10.0
"""A library's multiplications take so many times less than a small network's in whynet's engines."""


Hidden = Sequence[tuple[str, Array]]
"""Of each hidden layer its activation and its pre-activations, (rows, units)."""


@dataclass(frozen=True)
class Inside:
    """What a network is inside before its first step, seen on probe rows; None or empty what cannot be seen, with the
    reason in `unseen`.

    `layers` are weights (fan_in, fan_out) and biases, `inputs` (rows, fan_in) what reaches the first of them and
    `first` what it makes of that; `gradients` are those of each layer's weights; `step` are weights before and after
    one step.

    >>> Inside(unseen={"gradients": "it has none"}).hidden is None
    True
    """

    layers: Sequence[tuple[Array, Array | None]] = ()
    inputs: Array | None = None
    first: Array | None = None
    hidden: Hidden | None = None
    gradients: Sequence[Array] = ()
    step: Sequence[tuple[Array, Array]] = ()
    unseen: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Trained:
    """How a training ended: `scores(X) -> (n, outputs)`, the cost of the probe rows before and after, and on the way;
    `hidden(X)` are the hidden units, where they can be seen.

    >>> Trained(lambda X: X, 2.3, 0.1, ((10, 0.5),), 10, True).steps
    10
    """

    scores: Callable[[Array], Array]
    start: float
    cost: float
    curve: tuple[tuple[int, float], ...]
    steps: int
    finite: bool
    finished: bool = False
    """Whether a stopping rule of its own ended it."""
    hidden: Callable[[Array], Hidden] | None = None


class Adapter(Protocol):
    """What one library, or hand-written code, does for the doctor."""

    settings: Settings
    wording: Wording
    fitting: tuple[str, ...]
    """Mistakes that were measured, by the names that `mend` takes; the unchanged training makes them."""
    middle: float
    """Of one output for two classes: the score where the prediction changes."""

    def why_not(self, changes: Sequence[Change]) -> str | None:
        """None if a copy can be trained with these changes, or the reason as a sentence."""
        ...

    def multiply_adds(self) -> float:
        """Those of one row on its way forward."""
        ...

    def weights(self) -> Mapping[str, Array]:
        """The initial weights of each layer, (fan_in, fan_out), by the names that their owner gave them."""
        ...

    def inside(self, X: Array, y: Array) -> Inside:
        """What a copy is inside, on these rows."""
        ...

    def train(
        self, X: Array, y: Array, changes: Sequence[Change], *, seed: int, steps: int, stop: Callable[[], bool]
    ) -> Trained:
        """Train a copy for so many steps, or until `stop()`. Rows come in the order of `orders(...)`."""
        ...

    def steps_from(
        self,
        layers: Sequence[tuple[Array, Array]],
        X: Array,
        y: Array,
        steps: int,
        *,
        times: float = 1.0,
        dropout: bool = True,
    ) -> Trained:
        """A few steps from these weights, `(W (in, out), b)` of each layer, on the rows as they lie, with so many times
        the learning rate: to be held against whynet's own. Where there is `dropout`, it is switched off."""
        ...


def orders(n: int, seed: int, epoch: int, *, shuffled: bool) -> Array:
    """The order of the rows in an epoch: the same as whynet's own, so that trainings can be held against each other.

    >>> orders(4, 0, 0, shuffled=False)
    array([0, 1, 2, 3])
    """
    return np.random.default_rng([seed, 2, epoch]).permutation(n) if shuffled else np.arange(n)


def number(changes: Sequence[Change], kind: str, name: str) -> float | None:
    """What the last change of a kind says.

    >>> number([Change("rate", {"times": 0.1})], "rate", "times")
    0.1
    """
    found = [change.numbers[name] for change in changes if change.kind == kind and name in change.numbers]
    return found[-1] if found else None


def scheme(changes: Sequence[Change], kind: str) -> str:
    """By which scheme the last change of a kind draws or scales; empty where there is no such change.

    >>> scheme([Change("scale-inputs", {"scheme": "0..1"})], "scale-inputs")
    '0..1'
    """
    found = [str(change.numbers.get("scheme", "standard")) for change in changes if change.kind == kind]
    return found[-1] if found else ""


def has(changes: Sequence[Change], kind: str) -> bool:
    """Whether there is a change of this kind.

    >>> has([Change("shuffle")], "shuffle")
    True
    """
    return any(change.kind == kind for change in changes)


def times(changes: Sequence[Change]) -> float:
    """How many times the learning rate is as large.

    >>> times([Change("rate", {"times": 10.0, "rate": 1.0})])
    10.0
    """
    return number(changes, "rate", "times") or 1.0


def mended(fitting: Sequence[str], changes: Sequence[Change]) -> tuple[str, ...]:
    """The mistakes that are left.

    >>> mended(("frozen-layer", "stale-gradients"), [Change("mend", {"mistakes": ("frozen-layer",)})])
    ('stale-gradients',)
    """
    gone = {name for change in changes for name in change.mistakes}
    return tuple(name for name in fitting if name not in gone)


def targets_as(problem: Problem, y: Array, changes: Sequence[Change]) -> Problem:
    """The problem as a copy is trained on it: its numbers are scaled, where a change asks for it, by what these are.

    >>> from whynet.data.problem import Regression
    >>> y = np.array([[10.0], [30.0]])
    >>> targets_as(Regression(("price",)), y, [Change("scale-targets", {"scheme": "standard"})]).targets(y, 1)
    array([[-1.],
           [ 1.]])
    """
    return problem.fitted(y, "standard" if has(changes, "scale-targets") else "raw")


def drawn_like(own: Array, rng: np.random.Generator) -> Array:
    """Numbers drawn anew with the mean, the spread and the shape of the distribution (flat or normal) of these.

    >>> drawn_like(np.zeros((2, 2)), np.random.default_rng(0)).tolist()
    [[0.0, 0.0], [0.0, 0.0]]
    """
    mean, sd = float(np.mean(own)), float(np.std(own))
    if own.size < 2 or sd == 0:
        return own
    flat = float(np.mean(((own - mean) / sd) ** 4)) < 2.2  # uniform 1.8, normal 3
    half = sd * 3**0.5
    drawn = rng.uniform(mean - half, mean + half, own.shape) if flat else rng.normal(mean, sd, own.shape)
    return drawn.astype(own.dtype)


def prepared(X: Array, changes: Sequence[Change]) -> Callable[[Array], Array]:
    """What is done to the inputs before they are fed to the network.

    >>> prepared(np.array([[0.0], [2.0]]), [])(np.array([[5.0]]))
    array([[5.]])
    """
    how = scheme(changes, "scale-inputs")
    return standardising(X, how) if how else (lambda rows: rows)
