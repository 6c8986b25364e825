"""Dense: the fully connected layer, the four equations of backpropagation."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, NamedTuple

import numpy as np

from whynet.errors import UsageError
from whynet.network.activations import activation
from whynet.network.initializers import initializer
from whynet.network.layers.base import Plain, Shape, named, typed
from whynet.noise import Noise
from whynet.types import Array


class DenseMemo(NamedTuple):
    """What a Dense layer saw and said: inputs `x`, weighted inputs `z`, and the activation's own memo.

    >>> _, memo = Dense(1, 1).forward({"W": np.array([[2.0]]), "b": np.array([1.0])}, np.array([[3.0]]))
    >>> memo.z
    array([[7.]])
    """

    x: Array
    z: Array
    activation: Any


@dataclass(frozen=True)
class Dense(Plain):
    """A fully connected layer: `z = x @ W + b`, `y = activation(z)`.

    Shapes: x (batch, inputs), W (inputs, outputs), b (outputs,), z and y (batch, outputs).

    >>> layer = Dense(3, 2, activation="sigmoid")
    >>> params = layer.initialize(np.random.default_rng(0))
    >>> y, memo = layer.forward(params, np.ones((5, 3)))
    >>> y.shape
    (5, 2)

    Raises
    ------
    UsageError
        A size below 1, or a name that does not exist.
    """

    inputs: int = field()
    outputs: int = field()
    activation: str = "identity"
    init: str = "scaled-normal"
    bias_init: str = "zeros"
    kind: ClassVar[str] = "dense"
    written: ClassVar[str] = "dense 128"
    weight_names: ClassVar[tuple[str, ...]] = ("W",)

    def __post_init__(self) -> None:
        if not all(isinstance(size, int | np.integer) and size >= 1 for size in (self.inputs, self.outputs)):
            raise UsageError(
                "a layer needs at least one input and one output",
                expected="whole numbers of 1 or more",
                found=f"{self.inputs!r} inputs, {self.outputs!r} outputs",
            )
        named(self, "activation", "init", "bias_init")
        activation(self.activation), initializer(self.init), initializer(self.bias_init)

    @property
    def in_shape(self) -> Shape:
        return (self.inputs,)

    @property
    def out_shape(self) -> Shape:
        return (self.outputs,)

    @property
    def multiply_adds(self) -> int:
        return self.inputs * self.outputs

    def shapes(self) -> dict[str, tuple[int, ...]]:
        return {"W": (self.inputs, self.outputs), "b": (self.outputs,)}

    def initialize(self, rng: np.random.Generator) -> dict[str, Array]:
        """First parameters in float64: W drawn before b, both from `rng`."""
        return {
            name: initializer(text)(rng, self.shapes()[name], self.inputs, self.outputs)
            for name, text in (("W", self.init), ("b", self.bias_init))
        }

    def forward(self, params: Mapping[str, Array], x: Array, noise: Noise | None = None) -> tuple[Array, DenseMemo]:
        z = x @ params["W"]
        z += params["b"]
        y, activation_memo = activation(self.activation).forward(z)
        return y, DenseMemo(x, z, activation_memo)

    def backward(
        self, params: Mapping[str, Array], memo: DenseMemo, dy: Array, *, want_dx: bool = True
    ) -> tuple[Array | None, dict[str, Array]]:
        """The chain rule through `y = activation(x @ W + b)`, given `dy = dC/dy (batch, outputs)`:

            dz = dy through the activation    (batch, outputs)
            dW = x.T @ dz                     (inputs, outputs)
            db = sum over rows of dz          (outputs,)
            dx = dz @ W.T                     (batch, inputs); None when nobody wants it

        (Nielsen, equations BP1 to BP4, with examples as rows.)
        """
        dz = activation(self.activation).backward(memo.activation, dy)
        gradients = {"W": memo.x.T @ dz, "b": dz.sum(axis=0)}
        return (dz @ params["W"].T if want_dx else None), gradients

    def products(self, memo: DenseMemo) -> tuple[Array, Array]:
        return memo.x, memo.z

    def tensors(self, arrays: Mapping[str, Array]) -> dict[str, Array]:
        return {"weight": arrays["W"].T, "bias": arrays["b"]}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any], in_shape: Shape) -> Dense:
        names = (typed(values[key], str) for key in ("activation", "init", "bias_init"))
        return cls(math.prod(in_shape), typed(values["outputs"], int), *names)
