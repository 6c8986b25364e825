"""Forward: mistakes on the way from the features to the cost, of which the gradient may know nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, cast

import numpy as np

from whynet.errors import UsageError
from whynet.mistakes.kind import Kind
from whynet.network.costs import SoftmaxCrossEntropy, batch_average, batch_gradient
from whynet.network.layers import Dense, DenseMemo, Layer, Plain, Shape
from whynet.network.network import Network
from whynet.noise import Noise
from whynet.types import Array, Scores, Targets


@dataclass(frozen=True)
class Unbiased(Plain):
    """A dense layer without biases: those that the parameters hold do nothing, and get no gradient.

    >>> layer, params = Unbiased(Dense(1, 2)), {"W": np.ones((1, 2)), "b": np.array([5.0, 5.0])}
    >>> layer.forward(params, np.zeros((1, 1)))[0]
    array([[0., 0.]])
    """

    sound: Dense

    kind: ClassVar[str] = "dense without biases"
    weight_names: ClassVar[tuple[str, ...]] = ("W",)

    @property
    def in_shape(self) -> Shape:
        return self.sound.in_shape

    @property
    def out_shape(self) -> Shape:
        return self.sound.out_shape

    @property
    def activation(self) -> str:
        return self.sound.activation

    def shapes(self) -> dict[str, tuple[int, ...]]:
        return self.sound.shapes()

    def initialize(self, rng: np.random.Generator) -> dict[str, Array]:
        return self.sound.initialize(rng)

    def forward(self, params: Mapping[str, Array], x: Array, noise: Noise | None = None) -> tuple[Array, DenseMemo]:
        return self.sound.forward({**params, "b": np.zeros_like(params["b"])}, x, noise)

    def products(self, memo: DenseMemo) -> tuple[Array, Array]:
        return self.sound.products(memo)

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
    middle = 0.5
    kinks = ()

    def value(self, scores: Scores, targets: Targets, weights: Array | None = None) -> float:
        logs = scores - np.logaddexp.reduce(scores, axis=None)
        return batch_average(-np.einsum("ij,ij->i", targets, logs), weights)

    def gradient(self, scores: Scores, targets: Targets, weights: Array | None = None) -> Array:
        return batch_gradient(self.probabilities(scores) - targets, weights)

    def probabilities(self, scores: Scores) -> Array:
        shares: Array = np.exp(scores - np.logaddexp.reduce(scores, axis=None))
        return shares

    def best_constant(self, targets: Targets, weights: Array | None = None) -> Array:
        return SoftmaxCrossEntropy().best_constant(targets, weights)


def without_biases(network: Network) -> Network:
    """The network without biases; its own are set to 0, for whoever computes with them.

    >>> network = without_biases(Network([2, 1], bias_init="constant(3)"))
    >>> float(network.params[0]["b"][0])
    0.0
    """
    for arrays in network.params:
        if "b" in arrays:
            arrays["b"][...] = 0
    return unbiased(network)


def unbiased(network: Network) -> Network:
    """The network that ignores its biases, on the very same parameters.

    >>> unbiased(Network([2, 1])).layers[0].forward({"W": np.ones((2, 1)), "b": np.ones(1)}, np.zeros((1, 2)))[0]
    array([[0.]])
    """
    layers: list[Layer] = [
        Unbiased(cast(Dense, layer)) if layer.kind == Dense.kind else layer for layer in network.layers
    ]
    return network.sharing(layers)


def over_the_batch(network: Network) -> Network:
    """The network under a softmax of the whole batch.

    >>> over_the_batch(Network([2, 2])).cost_name
    'softmax over the batch'

    Raises
    ------
    UsageError
        It has another cost.
    """
    if network.cost_name != "softmax-cross-entropy":
        raise UsageError("the fault softmax-over-batch is one of the cost softmax-cross-entropy")
    return network.under("softmax over the batch", SharesOfTheBatch())


FORWARD: dict[str, Kind] = {
    "no-biases": Kind("forward", "no-bias", "there are no biases", without_biases),
    "softmax-over-batch": Kind(
        "forward", "unstable-softmax", "the softmax is divided by the sum over the whole batch", over_the_batch
    ),
}
