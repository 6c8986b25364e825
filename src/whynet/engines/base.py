"""What every engine is handed and what it offers."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol

import numpy as np

from whynet.errors import NonFinite
from whynet.network.network import Network, Trace
from whynet.optimizers.averages import Average
from whynet.optimizers.constraints import Constraints
from whynet.optimizers.optimizers import Optimizer, State
from whynet.optimizers.penalties import Penalty
from whynet.params import Params
from whynet.types import Array, Features, Inputs, Labels, Rows, Scaling, Scores, Targets


class Examples(NamedTuple):
    """What an engine reads: `inputs (n, features)`, bytes with the scaling that makes features of them, or features
    ready to use; `labels (n,)` and the targets of each label, `targets (labels, outputs)`; what each example counts,
    `weights (n,)`, or None for 1 each.

    Where every example has targets of its own, as numbers to predict are, each is its own label.

    >>> examples = Examples(np.array([[0, 255]], np.uint8), Scaling("0..1", 0, 255), np.array([1]), np.eye(2))
    >>> examples.features(np.array([0]), np.dtype(np.float64))
    array([[0., 1.]])
    """

    inputs: Inputs
    scaling: Scaling | None
    labels: Labels
    targets: Targets
    weights: Array | None = None

    def features(self, rows: Array, dtype: np.dtype[np.floating]) -> Features:
        """The features of those rows, (len(rows), features)."""
        if self.scaling is None:
            return self.inputs[rows].astype(dtype, copy=False)
        return self.scaling.apply(self.inputs[rows], dtype)


def backpropagate(
    network: Network, trace: Trace, targets: Targets, weights: Array | None = None, out: Params | None = None
) -> Params:
    """The gradient of the cost on a batch that has been through the network; into `out` where given.

    >>> network, X = Network([2, 1]), np.ones((3, 2))
    >>> backpropagate(network, network.forward(X), np.ones((3, 1)))[0]["W"].shape
    (2, 1)
    """
    return network.backward(trace, network.cost.gradient(trace.scores, targets, weights), out)


class Task(NamedTuple):
    """What is trained, and how each step is taken; the same from the first step to the last.

    >>> from whynet.data.sources import load
    >>> from whynet.training.prepare import prepare
    >>> from whynet.training.recipe import Recipe
    >>> task = prepare(Recipe(l2=0.1, seed=3, momentum=0.9, average=0.99), load("xor")).task
    >>> task.penalty, task.seed, sorted(task.first_state())
    (Penalty(l1=0.0, l2=0.1), 3, ['average', 'velocity'])
    """

    network: Network
    optimizer: Optimizer
    penalty: Penalty
    constraints: Constraints
    average: Average
    examples: Examples
    seed: int
    threads: int = 1
    backward: Callable[..., Params] = backpropagate
    """How the gradient is computed; anything else than `backpropagate` is a mistake made on purpose."""

    def first_state(self) -> State:
        """The optimizer's memory before the first step, and that of the running average."""
        return self.optimizer.init(self.network.params) | self.average.init(self.network.params)


class Blowup(NamedTuple):
    """Where a number stopped being finite: the step within this call, the layer (0 = first), the quantity.

    >>> Blowup(step=3, layer=0, quantity="activation a")
    Blowup(step=3, layer=0, quantity='activation a')
    """

    step: int
    layer: int | None
    quantity: str


class Engine(Protocol):
    """The seam that every engine fills."""

    name: str
    path: str | None
    """The instruction set that it computes with; None if it leaves that to others."""

    def why_not(self, task: Task) -> str | None:
        """None if this engine can do the task, else the reason as a sentence."""
        ...

    def advance(self, task: Task, state: State, batches: Rows, rates: Array, first_step: int) -> Array:
        """Take one step for each row of `batches (steps, batch)` at the learning rate in `rates (steps,)`.

        `first_step` is the number of the first of them since training began.

        Changes the network's parameters and the optimizer's `state` in place. Returns the mean cost of each batch
        before its step, (steps,) float64, without the penalty.

        Raises
        ------
        NonFinite
            A NaN or an infinity appeared. The parameters and the state are those before that batch; the exception's
            `blowup` says where it happened.
        """
        ...

    def scores(self, network: Network, inputs: Inputs) -> Scores:
        """What the network puts out for each example, (n, outputs); `inputs (n, features)` bytes or floats, scaled by
        its own `scaling`. A network that this engine does not know is computed in NumPy."""
        ...


class BatchBlewUp(NonFinite):
    """A batch led to a NaN or an infinity; `blowup` says where, `costs` are those of the steps before it.

    >>> raise BatchBlewUp(Blowup(step=3, layer=0, quantity="activation a"), np.zeros(3))
    Traceback (most recent call last):
    whynet.engines.base.BatchBlewUp: the activation a in layer 1 became NaN or infinite. Try a smaller learning rate ...
    """

    def __init__(self, blowup: Blowup, costs: Array) -> None:
        layer = "" if blowup.layer is None else f" in layer {blowup.layer + 1}"
        super().__init__(
            f"the {blowup.quantity}{layer} became NaN or infinite",
            do="Try a smaller learning rate or smaller initial weights",
        )
        self.blowup = blowup
        self.costs = costs
