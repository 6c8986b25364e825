"""Layers: frozen descriptions of structure that hold no arrays.

    shapes() -> the shapes of the layer's arrays by name
    initialize(rng) -> its first parameters
    forward(params, x, noise) -> (y, memo)
    backward(params, memo, dy) -> (dx, gradients by the same names)

`noise` is where a layer that needs chance takes it from while training; without it, a layer evaluates.

Parameters and memos are passed in and handed back, so a layer can be used for many networks at once, and predicting
between a forward and a backward pass spoils nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
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


class DenseMemo(NamedTuple):
    """What a Dense layer saw and said: inputs `x`, weighted inputs `z`, and the activation's own memo."""

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


@dataclass(frozen=True)
class Dropout:
    """Switches each of `size` units off with probability `rate` while training, anew for every example and step; those
    that stay on are scaled by 1 / (1 - rate), so that nothing need change when evaluating (Srivastava et al. 2014).

    `y = x * mask`, `dx = dy * mask` with mask 0 or 1 / (1 - rate).

    >>> y, mask = Dropout(6, rate=0.5).forward({}, np.ones((1, 6)), Noise(seed=0, step=0))
    >>> sorted(set(y.ravel().tolist()))
    [0.0, 2.0]

    Raises
    ------
    UsageError
        A size below 1 or a rate outside [0, 1).
    """

    size: int
    rate: float

    def __post_init__(self) -> None:
        if self.size < 1 or not 0 <= self.rate < 1:
            raise UsageError(
                "this dropout makes no sense",
                expected="a size of 1 or more, a rate of 0 or more, below 1",
                found=f"size {self.size}, rate {self.rate}",
            )

    @property
    def inputs(self) -> int:
        return self.size

    @property
    def outputs(self) -> int:
        return self.size

    def shapes(self) -> dict[str, tuple[int, ...]]:
        return {}

    def initialize(self, rng: np.random.Generator) -> dict[str, Array]:
        return {}

    def forward(self, params: Mapping[str, Array], x: Array, noise: Noise | None = None) -> tuple[Array, Array | None]:
        if noise is None:
            return x, None
        on = noise.uniform(*x.shape) >= self.rate
        mask = on.astype(x.dtype) / x.dtype.type(1 - self.rate)
        return x * mask, mask

    def backward(
        self, params: Mapping[str, Array], memo: Array | None, dy: Array, *, want_dx: bool = True
    ) -> tuple[Array | None, dict[str, Array]]:
        return (dy if memo is None else dy * memo), {}


@dataclass(frozen=True)
class GaussianNoise:
    """Adds N(0, sd^2) to each of `size` features while training, anew for every example and step: `dx = dy`.

    Raises
    ------
    UsageError
        A size below 1 or a negative sd.
    """

    size: int
    sd: float

    def __post_init__(self) -> None:
        if self.size < 1 or not 0 <= self.sd < float("inf"):
            raise UsageError(
                "this noise makes no sense",
                expected="a size of 1 or more, a finite sd of 0 or more",
                found=f"size {self.size}, sd {self.sd}",
            )

    @property
    def inputs(self) -> int:
        return self.size

    @property
    def outputs(self) -> int:
        return self.size

    def shapes(self) -> dict[str, tuple[int, ...]]:
        return {}

    def initialize(self, rng: np.random.Generator) -> dict[str, Array]:
        return {}

    def forward(self, params: Mapping[str, Array], x: Array, noise: Noise | None = None) -> tuple[Array, None]:
        if noise is None:
            return x, None
        return x + (self.sd * noise.normal(*x.shape)).astype(x.dtype), None

    def backward(
        self, params: Mapping[str, Array], memo: None, dy: Array, *, want_dx: bool = True
    ) -> tuple[Array | None, dict[str, Array]]:
        return dy, {}
