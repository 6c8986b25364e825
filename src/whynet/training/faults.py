"""Known mistakes, made on purpose: what the programs of people who got stuck really computed.

Each replaces one function of a sound training and leaves the rest alone, so that the cure (taking it away) can be
tried like any other change. Only the readable engine runs those in `FAULTS`; mistakes in the data are in
`datafaults.py`. To add one: write it, add a line to its table, and its name to `FaultName` in `training/recipe.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from whynet.data.dataset import Dataset
from whynet.engines.base import Engine, Task
from whynet.errors import UsageError
from whynet.network.activations import Activation, Sigmoid, activation
from whynet.network.costs import SoftmaxCrossEntropy, batch_average, batch_gradient
from whynet.network.dense import Dense, DenseMemo
from whynet.network.network import Network
from whynet.noise import Noise
from whynet.optimizers.optimizers import SGD, Optimizer, State
from whynet.params import Params
from whynet.training.metrics import correct
from whynet.types import Array, Features, Labels, Scores, Targets


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


Twist = Callable[
    [Mapping[str, Array], DenseMemo, Array, Array | None, dict[str, Array]], tuple[Array | None, dict[str, Array]]
]
"""From a layer's parameters, memo, `dy` and right `(dx, gradients)` to wrong ones."""


@dataclass(frozen=True)
class Twisted:
    """A layer whose backward pass is spoilt afterwards; forward, it is the sound one.

    >>> layer = Twisted(Dense(3, 2), _flipped)
    >>> layer.inputs, layer.outputs
    (3, 2)
    """

    sound: Dense | DenseWith
    twist: Twist

    @property
    def inputs(self) -> int:
        return self.sound.inputs

    @property
    def outputs(self) -> int:
        return self.sound.outputs

    def shapes(self) -> dict[str, tuple[int, ...]]:
        return self.sound.shapes()

    def initialize(self, rng: np.random.Generator) -> dict[str, Array]:
        return self.sound.initialize(rng)

    def forward(self, params: Mapping[str, Array], x: Array, noise: Noise | None = None) -> tuple[Array, DenseMemo]:
        return self.sound.forward(params, x, noise)

    def backward(
        self, params: Mapping[str, Array], memo: DenseMemo, dy: Array, *, want_dx: bool = True
    ) -> tuple[Array | None, dict[str, Array]]:
        dx, gradients = self.sound.backward(params, memo, dy, want_dx=want_dx)
        return self.twist(params, memo, dy, dx, gradients)


def _flipped(
    params: Mapping[str, Array], memo: DenseMemo, dy: Array, dx: Array | None, gradients: dict[str, Array]
) -> tuple[Array | None, dict[str, Array]]:
    return dx, {name: -g for name, g in gradients.items()}


def _summed(
    params: Mapping[str, Array], memo: DenseMemo, dy: Array, dx: Array | None, gradients: dict[str, Array]
) -> tuple[Array | None, dict[str, Array]]:
    """Summed over the batch where the mean was meant."""
    return dx, {name: g * len(dy) for name, g in gradients.items()}


def _no_bias(
    params: Mapping[str, Array], memo: DenseMemo, dy: Array, dx: Array | None, gradients: dict[str, Array]
) -> tuple[Array | None, dict[str, Array]]:
    return dx, {**gradients, "b": np.zeros_like(gradients["b"])}


def _nothing(
    params: Mapping[str, Array], memo: DenseMemo, dy: Array, dx: Array | None, gradients: dict[str, Array]
) -> tuple[Array | None, dict[str, Array]]:
    return dx, {name: np.zeros_like(g) for name, g in gradients.items()}


def _wrong_transpose(
    params: Mapping[str, Array], memo: DenseMemo, dy: Array, dx: Array | None, gradients: dict[str, Array]
) -> tuple[Array | None, dict[str, Array]]:
    """dx by the numbers of W reshaped where the transpose was meant."""
    if dx is None:
        return dx, gradients
    W = params["W"]
    dz = np.linalg.lstsq(W, dx.T, rcond=None)[0].T if W.shape[0] >= W.shape[1] else dy
    return dz @ W.reshape(W.shape[1], W.shape[0]), gradients


def _wrong_term(
    params: Mapping[str, Array], memo: DenseMemo, dy: Array, dx: Array | None, gradients: dict[str, Array]
) -> tuple[Array | None, dict[str, Array]]:
    """dW with the layer's own weighted inputs where their error was meant."""
    return dx, {**gradients, "W": memo.x.T @ np.tanh(memo.z) / len(dy)}


class WrongSlope:
    """The sigmoid's slope taken at its value, `s(a) (1 - s(a))`, where `a (1 - a)` was meant.

    >>> sound = WrongSlope()
    >>> sound.backward(sound.forward(np.zeros((1, 1)))[1], np.ones((1, 1))).round(4)  # not 0.25
    array([[0.235]])
    """

    kinked = False

    def forward(self, z: Array) -> tuple[Array, Array]:
        a = Sigmoid().forward(z)[0]
        return a, a

    def backward(self, memo: Array, da: Array) -> Array:
        again = Sigmoid().forward(memo)[0]
        dz: Array = da * again * (1 - again)
        return dz


@dataclass(frozen=True)
class StaleGradients:
    """An optimizer that is handed the sum of all gradients so far: the buffer they are added up in is never cleared.

    >>> params, gradients = Params(({"W": (1, 1)},), np.array([0.0])), Params(({"W": (1, 1)},), np.array([1.0]))
    >>> stale = StaleGradients(SGD())
    >>> state = stale.init(params)
    >>> for step in range(2):
    ...     stale.update(params, gradients, state, rate=0.1)
    >>> params.vector.round(1)  # 0.1 * 1 + 0.1 * 2
    array([-0.3])
    """

    sound: Optimizer

    def init(self, params: Params) -> State:
        return self.sound.init(params) | {"stale": np.zeros_like(params.vector)}

    def update(self, params: Params, gradients: Params, state: State, rate: float) -> None:
        state["stale"] += gradients.vector
        self.sound.update(params, Params(params.shapes, state["stale"].copy()), state, rate)


@dataclass(frozen=True)
class UndefinedRate:
    """An optimizer whose learning rate is not a number.

    >>> UndefinedRate(SGD()).init(Params(({"W": (1, 1)},), np.array([0.0])))
    {}
    """

    sound: Optimizer

    def init(self, params: Params) -> State:
        return self.sound.init(params)

    def update(self, params: Params, gradients: Params, state: State, rate: float) -> None:
        self.sound.update(params, gradients, state, float("nan"))


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


@dataclass(frozen=True)
class Unbiased:
    """A dense layer without biases: those that the parameters hold do nothing, and get no gradient.

    >>> layer, params = Unbiased(Dense(1, 2)), {"W": np.ones((1, 2)), "b": np.array([5.0, 5.0])}
    >>> layer.forward(params, np.zeros((1, 1)))[0]
    array([[0., 0.]])
    """

    sound: Dense | DenseWith

    @property
    def inputs(self) -> int:
        return self.sound.inputs

    @property
    def outputs(self) -> int:
        return self.sound.outputs

    def shapes(self) -> dict[str, tuple[int, ...]]:
        return self.sound.shapes()

    def initialize(self, rng: np.random.Generator) -> dict[str, Array]:
        return self.sound.initialize(rng)

    def forward(self, params: Mapping[str, Array], x: Array, noise: Noise | None = None) -> tuple[Array, DenseMemo]:
        return self.sound.forward({**params, "b": np.zeros_like(params["b"])}, x, noise)

    def backward(
        self, params: Mapping[str, Array], memo: DenseMemo, dy: Array, *, want_dx: bool = True
    ) -> tuple[Array | None, dict[str, Array]]:
        dx, gradients = self.sound.backward(params, memo, dy, want_dx=want_dx)
        return dx, {**gradients, "b": np.zeros_like(gradients["b"])}


class SharesOfTheBatch:
    """Cross-entropy of softmax shares that were divided by the sum over the whole batch: `exp(z) / exp(z).sum()`,
    with the gradient `share - target` that belongs to shares of a row.

    >>> SharesOfTheBatch().probabilities(np.zeros((2, 2)))  # a row sums to a half
    array([[0.25, 0.25],
           [0.25, 0.25]])
    """

    output_activation = "identity"

    def value(self, scores: Scores, targets: Targets, weights: Array | None = None) -> float:
        logs = scores - np.logaddexp.reduce(scores, axis=None)
        return batch_average(-np.einsum("ij,ij->i", targets, logs), weights)

    def gradient(self, scores: Scores, targets: Targets, weights: Array | None = None) -> Array:
        return batch_gradient(self.probabilities(scores) - targets, weights)

    def predictions(self, scores: Scores) -> Labels:
        return SoftmaxCrossEntropy().predictions(scores)

    def probabilities(self, scores: Scores) -> Array:
        shares: Array = np.exp(scores - np.logaddexp.reduce(scores, axis=None))
        return shares

    def floor(self, prior: Array, targets: Array | None = None) -> float:
        return SoftmaxCrossEntropy().floor(prior, targets)


def argmax_over_images(network: Network, data: Dataset, engine: Engine) -> int:
    """Right answers counted along the wrong axis: for each class the image that has most of it, not for each image
    its class. What is printed is the share of classes for which scores and targets name the same image.

    >>> from whynet.data.sources import load
    >>> from whynet.engines.choice import FASTEST
    >>> from whynet.types import Scaling
    >>> network = Network([64, 10], scaling=Scaling("0..1", 0, 255))
    >>> argmax_over_images(network, load("digits").test, FASTEST) in range(0, 356)
    True
    """
    scores, targets = engine.scores(network, data.pixels), network.targets(data.labels)
    share = float(np.mean(scores.argmax(axis=0) == targets.argmax(axis=0)))
    return round(share * len(data))


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


def _with_activation(task: Task, layers: slice, of: str | None, make: Callable[[Activation], Activation]) -> Task:
    """The task with the activation of some dense layers replaced, all of them or those `of` that name."""
    changed = list(task.network.layers)
    dense = [index for index, layer in enumerate(changed) if isinstance(layer, Dense)][layers]
    for index in dense:
        layer = changed[index]
        assert isinstance(layer, Dense)
        if of in (None, layer.activation):
            changed[index] = DenseWith(replace(layer, activation="identity"), make(activation(layer.activation)))
    return task._replace(network=task.network.sharing(changed))


def _naive_sigmoid(task: Task) -> Task:
    return _with_activation(task, slice(None), "sigmoid", lambda _: NaiveSigmoid())


def _wrong_slope(task: Task) -> Task:
    return _with_activation(task, slice(None, -1), "sigmoid", lambda _: WrongSlope())


def _no_hidden_slope(task: Task) -> Task:
    return _with_activation(task, slice(None, -1), None, NoSlope)


def _twisted(twist: Twist, layers: slice = slice(None)) -> Callable[[Task], Task]:
    def spoil(task: Task) -> Task:
        changed = list(task.network.layers)
        for index in [i for i, layer in enumerate(changed) if isinstance(layer, (Dense, DenseWith))][layers]:
            layer = changed[index]
            assert isinstance(layer, (Dense, DenseWith))
            changed[index] = Twisted(layer, twist)
        return task._replace(network=task.network.sharing(changed))

    return spoil


def _no_biases(task: Task) -> Task:
    layers = [Unbiased(layer) if isinstance(layer, (Dense, DenseWith)) else layer for layer in task.network.layers]
    for arrays in task.network.params:
        if "b" in arrays:
            arrays["b"][...] = 0  # the sound network, which is evaluated, computes with them
    return task._replace(network=task.network.sharing(layers))


def _softmax_over_batch(task: Task) -> Task:
    if task.network.cost_name != "softmax-cross-entropy":
        raise UsageError("the fault softmax-over-batch is one of the cost softmax-cross-entropy")
    return task._replace(network=task.network.under("softmax over the batch", SharesOfTheBatch()))


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


FAULTS: dict[str, Callable[[Task], Task]] = {
    "flipped-gradient": _twisted(_flipped),
    "forgotten-bias": _twisted(_no_bias),
    "frozen-layer": _twisted(_nothing, slice(0, 1)),
    "naive-sigmoid": _naive_sigmoid,
    "no-biases": _no_biases,
    "no-hidden-slope": _no_hidden_slope,
    "no-output-slope": _no_output_slope,
    "raw-momentum": _raw_momentum,
    "softmax-over-batch": _softmax_over_batch,
    "stale-gradients": lambda task: task._replace(optimizer=StaleGradients(task.optimizer)),
    "summed-gradient": _twisted(_summed),
    "undefined-rate": lambda task: task._replace(optimizer=UndefinedRate(task.optimizer)),
    "wrong-slope": _wrong_slope,
    "wrong-term": _twisted(_wrong_term, slice(0, -1)),
    "wrong-transpose": _twisted(_wrong_transpose, slice(1, None)),
}
COUNT_FAULTS: dict[str, Callable[[Network, Dataset, Engine], int]] = {"argmax-over-images": argmax_over_images}
CHECK_FAULTS: dict[str, Callable[[Network, Features, Targets], list[float]]] = {
    "whole-matrix-check": whole_matrix_check
}
"""Training is untouched by these: a gradient check that comes with the program."""


def with_faults(task: Task, faults: Sequence[str]) -> Task:
    """The same task with these mistakes made; its network shares the parameters of the sound one.

    >>> from whynet.data.sources import load
    >>> from whynet.training.prepare import prepare
    >>> from whynet.training.recipe import Recipe
    >>> task = prepare(Recipe(momentum=0.3), load("digits")).task
    >>> with_faults(task, ["raw-momentum"]).optimizer
    RawMomentum(momentum=0.3)
    """
    for fault in faults:
        task = FAULTS[fault](task) if fault in FAULTS else task  # the others are elsewhere
    return task


def count_with_faults(faults: Sequence[str]) -> Callable[[Network, Dataset, Engine], int]:
    """Who counts the right answers: the sound function, or the mistaken one.

    >>> count_with_faults([]) is correct, count_with_faults(["argmax-over-images"]) is argmax_over_images
    (True, True)
    """
    return next((COUNT_FAULTS[fault] for fault in faults if fault in COUNT_FAULTS), correct)
