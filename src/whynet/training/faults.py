"""Known mistakes, made on purpose: what the programs of people who got stuck really computed.

Each replaces one function of a sound training and leaves the rest alone, so that the cure (taking it away) can be
tried like any other change. Only the readable engine runs them. To add one: write it, add a line to `FAULTS`, and its
name to `FaultName` in `training/recipe.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from whynet.engines.base import Task
from whynet.errors import UsageError
from whynet.network.activations import Activation, Sigmoid, activation
from whynet.network.layers import Dense, DenseMemo
from whynet.network.network import Network
from whynet.noise import Noise
from whynet.optimizers.optimizers import SGD, State
from whynet.params import Params
from whynet.types import Array, Features, Targets


class NaiveSigmoid:
    """The sigmoid with its slope written as `exp(z) / (1 + exp(z))^2`: NaN (inf / inf) from z = 355, in float32 44.

    >>> NaiveSigmoid().backward(np.array([[0.0, 800.0]]), np.ones((1, 2)))
    array([[0.25,  nan]])
    """

    kinked = False

    def forward(self, z: Array) -> tuple[Array, Array]:
        return Sigmoid().forward(z)[0], z

    def backward(self, memo: Array, da: Array) -> Array:
        with np.errstate(over="ignore", invalid="ignore"):
            e = np.exp(memo)
            dz: Array = da * (e / (1 + e) ** 2)
        return dz


class NoSlope:
    """An activation whose gradient is passed on as if its slope were 1: `dz = da`.

    >>> sound = NoSlope(Sigmoid())
    >>> sound.backward(sound.forward(np.zeros((1, 2)))[1], np.ones((1, 2)))  # not 0.25
    array([[1., 1.]])
    """

    def __init__(self, sound: Activation) -> None:
        self.sound = sound
        self.kinked = sound.kinked

    def forward(self, z: Array) -> tuple[Array, None]:
        return self.sound.forward(z)[0], None

    def backward(self, memo: None, da: Array) -> Array:
        return da


@dataclass(frozen=True)
class DenseWith:
    """A Dense layer, `linear` (its activation is identity), followed by an activation that no recipe can name.

    >>> DenseWith(Dense(3, 2), NaiveSigmoid()).outputs
    2
    """

    linear: Dense
    activation: Activation

    @property
    def inputs(self) -> int:
        return self.linear.inputs

    @property
    def outputs(self) -> int:
        return self.linear.outputs

    def shapes(self) -> dict[str, tuple[int, ...]]:
        return self.linear.shapes()

    def initialize(self, rng: np.random.Generator) -> dict[str, Array]:
        return self.linear.initialize(rng)

    def forward(self, params: Mapping[str, Array], x: Array, noise: Noise | None = None) -> tuple[Array, DenseMemo]:
        z, memo = self.linear.forward(params, x, noise)
        y, activation_memo = self.activation.forward(z)
        return y, memo._replace(activation=activation_memo)

    def backward(
        self, params: Mapping[str, Array], memo: DenseMemo, dy: Array, *, want_dx: bool = True
    ) -> tuple[Array | None, dict[str, Array]]:
        dz = self.activation.backward(memo.activation, dy)
        return self.linear.backward(params, memo._replace(activation=None), dz, want_dx=want_dx)


@dataclass(frozen=True)
class RawMomentum:
    """Momentum added as `m` times the previous *raw* gradient, to the weights alone:

        W <- W - rate * g - m * g_previous;   b <- b - rate * g

    The step that lasts is rate + m for weights and rate for biases, whatever the rate is.

    >>> params, gradients = Params(({"W": (1, 1)},), np.array([1.0])), Params(({"W": (1, 1)},), np.array([2.0]))
    >>> raw = RawMomentum(0.3)
    >>> state = raw.init(params)
    >>> for step in range(2):
    ...     raw.update(params, gradients, state, rate=0.0001)
    >>> params.vector.round(4)  # the second step is 0.3 * 2, whatever the rate
    array([0.3996])
    """

    momentum: float

    def init(self, params: Params) -> State:
        return {"previous": np.zeros_like(params.vector)}

    def update(self, params: Params, gradients: Params, state: State, rate: float) -> None:
        previous = Params(params.shapes, state["previous"])
        params.vector -= rate * gradients.vector
        for W, dW_previous in zip(params.weights(), previous.weights(), strict=True):
            W -= self.momentum * dW_previous
        state["previous"][...] = gradients.vector


def whole_matrix_check(network: Network, X: Features, targets: Targets, step: float = 1e-4) -> list[float]:
    """A gradient check that cannot work: it shifts all entries of a matrix W together by +-step, and compares that
    one number with the whole gradient, as `|dW - n| / |dW + n|`, once for each layer.

    What it measures is the sum of dW's entries; an exact gradient scores near 1, or 0 / 0 where all is saturated.

    >>> network = Network([3, 2], cost="quadratic", dtype="float64", init="normal")
    >>> ratios = whole_matrix_check(network, np.ones((1, 3)), np.array([[0.0, 1.0]]))
    >>> len(ratios), bool(ratios[0] > 0.1)  # an exact gradient, found wrong
    (1, True)
    """

    def cost() -> float:
        return network.cost.value(network.scores(X), targets)

    gradients = network.gradients(X, targets)
    ratios = []
    for W, dW in zip(network.params.weights(), gradients.weights(), strict=True):
        kept = W.copy()
        shifted = []
        for sign in (1, -1):
            W[...] = kept + sign * step
            shifted.append(cost())
        W[...] = kept
        numeric = (shifted[0] - shifted[1]) / (2 * step)
        with np.errstate(invalid="ignore", divide="ignore"):
            ratios.append(float(np.linalg.norm(dW - numeric) / np.linalg.norm(dW + numeric)))
    return ratios


def _naive_sigmoid(task: Task) -> Task:
    layers = [
        DenseWith(replace(layer, activation="identity"), NaiveSigmoid())
        if isinstance(layer, Dense) and layer.activation == "sigmoid"
        else layer
        for layer in task.network.layers
    ]
    return task._replace(network=task.network.sharing(layers))


def _no_output_slope(task: Task) -> Task:
    *layers, last = task.network.layers
    if isinstance(last, DenseWith):
        last = replace(last, activation=NoSlope(last.activation))
    elif isinstance(last, Dense):
        last = DenseWith(replace(last, activation="identity"), NoSlope(activation(last.activation)))
    return task._replace(network=task.network.sharing([*layers, last]))


def _raw_momentum(task: Task) -> Task:
    if not isinstance(task.optimizer, SGD):
        raise UsageError("the fault raw-momentum is one of SGD's", found=type(task.optimizer).__name__)
    return task._replace(optimizer=RawMomentum(task.optimizer.momentum))


def _whole_matrix_check(task: Task) -> Task:
    return task  # training is untouched; `check-gradients` and the casebook use `whole_matrix_check` in its place


FAULTS: dict[str, Callable[[Task], Task]] = {
    "naive-sigmoid": _naive_sigmoid,
    "no-output-slope": _no_output_slope,
    "raw-momentum": _raw_momentum,
    "whole-matrix-check": _whole_matrix_check,
}


def with_faults(task: Task, faults: Sequence[str]) -> Task:
    """The same task with these mistakes made; its network shares the parameters of the sound one.

    >>> from whynet.data.sources import load
    >>> from whynet.training.loop import build, make_task
    >>> from whynet.training.recipe import Recipe
    >>> data = load("digits")
    >>> task = make_task(build(Recipe(), data), data, Recipe(momentum=0.3))
    >>> with_faults(task, ["raw-momentum"]).optimizer
    RawMomentum(momentum=0.3)
    """
    for fault in faults:
        task = FAULTS[fault](task)
    return task
