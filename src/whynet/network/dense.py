"""Dense: what a layer is, and the fully connected one. Layers are frozen descriptions of structure that hold no arrays.

    shapes() -> the shapes of the layer's arrays by name
    initialize(rng) -> its first parameters
    forward(params, x, noise) -> (y, memo)
    backward(params, memo, dy) -> (dx, gradients by the same names)

`noise` says that this is training, and is where a layer takes chance from; without it, a layer evaluates.

Parameters and memos are passed in and handed back, so a layer can be used for many networks at once, and predicting
between a forward and a backward pass spoils nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np

from whynet.errors import UsageError
from whynet.network.activations import activation
from whynet.network.initializers import initializer
from whynet.noise import Noise
from whynet.types import Array


class Layer(Protocol):
    """The seam that every layer fills."""

    @property
    def inputs(self) -> int: ...

    @property
    def outputs(self) -> int: ...

    def shapes(self) -> dict[str, tuple[int, ...]]: ...

    def initialize(self, rng: np.random.Generator) -> dict[str, Array]: ...

    def forward(self, params: Mapping[str, Array], x: Array, noise: Noise | None = None) -> tuple[Array, Any]: ...

    def backward(
        self, params: Mapping[str, Array], memo: Any, dy: Array, *, want_dx: bool = True
    ) -> tuple[Array | None, dict[str, Array]]: ...


def sizes_of(layers: Sequence[Layer]) -> tuple[int, ...]:
    """Units from input to output; layers without weights, such as dropout, change no size.

    >>> sizes_of([Dense(3, 4), Dense(4, 2)])
    (3, 4, 2)
    """
    return (layers[0].inputs, *(layer.outputs for layer in layers if "W" in layer.shapes()))


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
class Dense:
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

    inputs: int
    outputs: int
    activation: str = "identity"
    init: str = "scaled-normal"
    bias_init: str = "zeros"

    def __post_init__(self) -> None:
        if not all(isinstance(size, int | np.integer) and size >= 1 for size in (self.inputs, self.outputs)):
            raise UsageError(
                "a layer needs at least one input and one output",
                expected="whole numbers of 1 or more",
                found=f"{self.inputs!r} inputs, {self.outputs!r} outputs",
            )
        activation(self.activation), initializer(self.init), initializer(self.bias_init)

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
