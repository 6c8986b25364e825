"""A network: a chain of layers and their parameters. Images in, scores out, gradients back."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from copy import copy
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import DTypeLike

from whynet.aliases import meant
from whynet.data.problem import Classification
from whynet.data.protocol import Problem
from whynet.errors import UsageError
from whynet.network import storage
from whynet.network.architectures import Style, mlp
from whynet.network.costs import Cost
from whynet.network.costs import cost as cost_named
from whynet.network.initializers import initializer
from whynet.network.layers import BatchNorm, Dense, Layer, sizes_of
from whynet.noise import Noise
from whynet.params import Params
from whynet.types import Array, Features, Scaling, Scores
from whynet.views import view

Randomness = Literal["by-purpose", "one-generator"]
ROWS_AT_ONCE = 2048  # bounds the memory of predicting; a batch of this size keeps a BLAS busy
NUMBERS_AT_ONCE = 1 << 26  # and that of a layer of pictures, which needs far more for each


class Trace(NamedTuple):
    """All that a forward pass leaves behind: the scores, and one memo a layer.

    >>> trace = Network([3, 4, 2]).forward(np.zeros((5, 3), np.float32))
    >>> trace.scores.shape, len(trace.memos)
    ((5, 2), 2)
    """

    scores: Scores
    memos: tuple[Any, ...]


class Network:
    """Layers, the name of the cost they are trained for, and parameters.

    Parameters
    ----------
    sizes
        Units from input to output, such as `[784, 30, 10]`. Give these or `layers`.
    layers
        The layers themselves, each taking what the one before puts out.
    activation, output_activation
        Names from `ACTIVATIONS`. The output's default depends on the cost: sigmoid under `quadratic`, identity
        under the cross-entropies, which squash inside.
    init, bias_init
        Initial weights and biases, see `initializers`.
    output_init
        Initial weights of the last layer, if other than `init`.
    batch_norm
        Normalise each hidden layer's weighted inputs over the batch before the activation.
    dropout, input_dropout
        Share of hidden units and of features switched off while training.
    noise, input_noise
        Standard deviation of the noise added to hidden activations and to the features while training.
    cost
        A name from `COSTS`; it also says how scores become answers.
    seed
        The layer l of those with weights draws from `default_rng([seed, 0, l])`; None leaves every parameter at 0.
    dtype
        `"float32"` or `"float64"`.
    randomness
        `"one-generator"` is the tutorial's order of drawing: one `default_rng(seed)`, all biases, then all weights
        in (out, in) shape.
    scaling
        How images or rows of numbers, as they were handed over, become features.
    problem
        What the outputs are: classes, labels or numbers; by default classes without names.
    encoding
        How the columns of a table were made into numbers.

    >>> network = Network([784, 30, 10], activation="sigmoid", seed=0)
    >>> network
    Network(784-30-10, sigmoid, softmax-cross-entropy: 23,860 parameters, float32)
    >>> network.scores(np.zeros((2, 784))).shape
    (2, 10)

    Raises
    ------
    UsageError
        Sizes that do not chain, or a name that does not exist.
    """

    def __init__(
        self,
        sizes: Sequence[int] | None = None,
        *,
        layers: Sequence[Layer] | None = None,
        activation: str = "sigmoid",
        output_activation: str | None = None,
        init: str = "scaled-normal",
        bias_init: str = "zeros",
        output_init: str | None = None,
        batch_norm: bool = False,
        dropout: float = 0.0,
        input_dropout: float = 0.0,
        noise: float = 0.0,
        input_noise: float = 0.0,
        cost: str = "softmax-cross-entropy",
        seed: int | None = 0,
        dtype: DTypeLike = "float32",
        randomness: Randomness = "by-purpose",
        scaling: Scaling | None = None,
        problem: Problem | None = None,
        encoding: Any = None,
    ) -> None:
        self.cost_name = meant("cost", cost)
        self._cost = cost_named(self.cost_name)
        if (sizes is None) == (layers is None):
            raise UsageError("a network is made from sizes or from layers: give one of the two")
        if layers is None:
            assert sizes is not None
            last = output_activation or self.cost.output_activation
            style = Style(
                activation, last, init, bias_init, output_init, batch_norm, dropout, input_dropout, noise, input_noise
            )
            layers = mlp(sizes, style)
        _check_chain(layers)
        if np.dtype(dtype) not in (np.float32, np.float64):
            raise UsageError("networks compute in float32 or float64", expected="float32 or float64", found=str(dtype))
        self.layers: tuple[Layer, ...] = tuple(layers)
        self.scaling = scaling
        self.problem: Problem = Classification() if problem is None else problem
        self.encoding = encoding
        shapes = tuple(layer.shapes() for layer in self.layers)
        size = sum(math.prod(shape) for arrays in shapes for shape in arrays.values())
        self.params = Params(shapes, np.zeros(size, dtype=dtype))
        if seed is not None:
            in_one = randomness == "one-generator"
            drawn = draw_in_one(self.layers, np.random.default_rng(seed)) if in_one else _draw(self.layers, seed)
            for arrays, values in zip(self.params, drawn, strict=True):
                for name, value in values.items():
                    arrays[name][...] = value
        averages = [layer.statistics() for layer in self.layers]
        flat = [array for arrays in averages for array in arrays.values()]
        self.statistics = Params(
            tuple({name: array.shape for name, array in arrays.items()} for arrays in averages),
            np.concatenate([np.zeros(0), *flat]).astype(dtype),
        )

    @property
    def cost(self) -> Cost:
        """The cost that this network's scores are made for."""
        return self._cost

    @property
    def sizes(self) -> tuple[int, ...]:
        """Units from input to output; layers without weights, such as dropout, change no size."""
        return sizes_of(self.layers)

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of every number inside."""
        return self.params.vector.dtype

    def forward(self, X: Features, noise: Noise | None = None) -> Trace:
        """From features `X (batch, features)` to scores, keeping what `backward` needs; with `noise` as in training."""
        memos = []
        for index, layer in enumerate(self.layers):
            X, memo = layer.forward(self.arrays(index), X, noise and noise.at(index))
            memos.append(memo)
        return Trace(X, tuple(memos))

    def arrays(self, index: int) -> dict[str, Array]:
        """All that a layer computes with, by name: its parameters and, if it keeps any, its running statistics."""
        statistics = self.statistics[index]
        return {**self.params[index], **statistics} if statistics else self.params[index]

    def blend_in(self, trace: Trace) -> None:
        """Let the running statistics follow the batch just trained on; for engines, right after the update."""
        for layer, statistics, memo in zip(self.layers, self.statistics, trace.memos, strict=True):
            if statistics:
                layer.blend_in(statistics, memo)

    def backward(self, trace: Trace, dscores: Array, out: Params | None = None) -> Params:
        """From `dscores = dC/dscores (batch, outputs)` back to the gradient of every parameter.

        The gradient is written into `out` where given, so that a loop need not make a new one each step.
        """
        gradients = self.params.zeros() if out is None else out
        dy: Array | None = dscores
        for index in reversed(range(len(self.layers))):
            assert dy is not None
            dy, named = self.layers[index].backward(self.arrays(index), trace.memos[index], dy, want_dx=index > 0)
            for name, value in named.items():
                gradients[index][name][...] = value
        return gradients

    def gradients(
        self, X: Features, targets: Array, noise: Noise | None = None, weights: Array | None = None
    ) -> Params:
        """The gradient of the cost on one batch: forward, then backward; `weights (batch,)` are what the rows count."""
        trace = self.forward(X, noise)
        return self.backward(trace, self.cost.gradient(trace.scores, targets, weights))

    def targets(self, y: Array) -> Array:
        """What the outputs should say, (n, outputs); `y (n, ...)` as the problem has it."""
        return self.problem.targets(y, self.layers[-1].outputs).astype(self.dtype)

    def scores(self, X: Array) -> Scores:
        """What the last layer puts out, (n, outputs).

        `X` holds examples as they are handed over: the network's own `scaling` makes features of them. Floats are
        features ready to use where that scaling is one of bytes, or where there is none.
        """
        X = np.asarray(X)
        if X.ndim != 2:
            X = X.reshape(len(X), -1)
        if X.shape[1] != self.layers[0].inputs:
            raise UsageError(
                "these examples do not fit the network",
                expected=f"{self.layers[0].inputs} features each",
                found=f"{X.shape[1]}",
            )
        with np.errstate(over="ignore", invalid="ignore"):  # scores that overflow are infinite: that says it
            room = max(layer.room for layer in self.layers)
            rows = max(1, min(ROWS_AT_ONCE, NUMBERS_AT_ONCE // room))
            parts = [self.forward(self._features(X[start : start + rows])).scores for start in range(0, len(X), rows)]
        return np.concatenate(parts) if parts else np.zeros((0, self.layers[-1].outputs), self.dtype)

    def predict(self, X: Array) -> Array:
        """The answer to each example: its class (n,), its labels or its numbers (n, outputs); `X` as in `scores`."""
        return self.problem.predictions(self.scores(X), self.cost.middle)

    def probabilities(self, X: Array) -> Array:
        """How sure the network is of each class, (n, outputs); `X` as in `scores`."""
        return self.cost.probabilities(self.scores(X))

    def astype(self, dtype: DTypeLike) -> Network:
        """A copy whose parameters have that type."""
        return self.having(self.params.vector.astype(dtype), self.statistics.vector.astype(dtype))

    def having(self, params: Array, statistics: Array) -> Network:
        """The same layers with these two flat vectors for parameters and running statistics."""
        other = copy(self)
        other.params = Params(self.params.shapes, params)
        other.statistics = Params(self.statistics.shapes, statistics)
        return other

    def take_over(self, other: Network) -> None:
        """Take the numbers of another network of the same layers, in place."""
        self.params.vector[...] = other.params.vector
        self.statistics.vector[...] = other.statistics.vector

    def sharing(self, layers: Sequence[Layer]) -> Network:
        """A network that computes with other `layers` on the very same parameters."""
        other = copy(self)
        other.layers = tuple(layers)
        return other

    def under(self, name: str, cost: Cost) -> Network:
        """The same network, with the very same parameters, under another cost."""
        other = copy(self)
        other.cost_name, other._cost = name, cost
        return other

    def save(self, path: str | Path) -> None:
        """Write the network to one `.safetensors` file; see `storage`."""
        arrays = tuple(self.arrays(index) for index in range(len(self.layers)))
        model = storage.Model(
            self.layers, arrays, self.cost_name, self.dtype.name, self.scaling, self.problem, self.encoding
        )
        storage.save(model, Path(path))

    @staticmethod
    def load(path: str | Path) -> Network:
        """Read what `save` wrote.

        Raises
        ------
        BadFile
            The file is not a whole, finite network of whynet's.
        """
        model = storage.load(Path(path))
        network = Network(
            layers=model.layers,
            cost=model.cost,
            seed=None,
            dtype=model.dtype,
            scaling=model.scaling,
            problem=model.problem,
            encoding=model.encoding,
        )
        for index, read in enumerate(model.arrays):
            for name, array in network.arrays(index).items():
                array[...] = read[name]
        return network

    def _features(self, X: Array) -> Features:
        if self.scaling is not None and self.scaling.of_floats:
            return self.scaling.apply(X, self.dtype)
        if X.dtype != np.uint8:
            return X.astype(self.dtype, copy=False)
        if self.scaling is None:
            raise UsageError(
                "these are uint8 pixels, and the network does not know how to scale them",
                do="Give features as floats, or set network.scaling",
            )
        return self.scaling.apply(X, self.dtype)

    def _repr_html_(self) -> str:
        return str(view(self, "html"))

    def __repr__(self) -> str:
        shaped = [layer.text for layer in self.layers if len(layer.in_shape) > 1 or layer.weight_names]
        first = self.layers[0].in_shape
        pictures = len(first) > 1 or any(len(layer.out_shape) > 1 for layer in self.layers)
        sizes = ", ".join(["x".join(map(str, first)), *shaped]) if pictures else "-".join(map(str, self.sizes))
        kinds = [layer.activation for layer in self.layers[:-1] if layer.activation is not None]
        if any(layer.kind == BatchNorm.kind for layer in self.layers):
            kinds = ["batch norm", *(kind for kind in kinds if kind != "identity")]
        hidden = "".join(f", {name}" for name in dict.fromkeys(kinds))
        return f"Network({sizes}{hidden}, {self.cost_name}: {self.params.vector.size:,} parameters, {self.dtype.name})"


def _check_chain(layers: Sequence[Layer]) -> None:
    if not layers:
        raise UsageError("a network needs at least one layer")
    for index, (before, after) in enumerate(pairwise(layers)):
        flat = 1 in (len(before.out_shape), len(after.in_shape))  # a row of numbers is no picture, and fits any
        if before.outputs != after.inputs or not (flat or before.out_shape == after.in_shape):
            of = [str(one[0] if len(one) == 1 else one) for one in (before.out_shape, after.in_shape)]
            raise UsageError(
                f"layers {index + 1} and {index + 2} do not fit together",
                expected=f"layer {index + 2} to take the {of[0]} outputs of the one before",
                found=f"{of[1]} inputs",
            )


def _draw(layers: Sequence[Layer], seed: int) -> Iterator[dict[str, Array]]:
    """Each layer from a generator of its own: widening one leaves the others' numbers as they were."""
    index = 0
    for layer in layers:
        yield layer.initialize(np.random.default_rng([seed, 0, index]))
        index += 1 if layer.weight_names else 0


def draw_in_one(layers: Sequence[Layer], rng: np.random.Generator) -> list[dict[str, Array]]:
    """The tutorial's order: one generator, all biases, then all weights in (out, in) shape.

    >>> rng = np.random.default_rng(0)
    >>> first = draw_in_one([Dense(3, 2, init="normal", bias_init="normal")], np.random.default_rng(0))[0]
    >>> bool((first["b"] == rng.standard_normal(2)).all())  # the biases come first
    True
    """
    dense = [layer for layer in layers if isinstance(layer, Dense)]
    biases = [initializer(d.bias_init)(rng, (d.outputs, 1), d.inputs, d.outputs)[:, 0] for d in dense]
    weights = [initializer(d.init)(rng, (d.outputs, d.inputs), d.inputs, d.outputs).T for d in dense]
    drawn = ({"W": W, "b": b} for W, b in zip(weights, biases, strict=True))
    return [next(drawn) if isinstance(layer, Dense) else layer.initialize(rng) for layer in layers]
