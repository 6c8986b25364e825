"""Convolution: small kernels that look at every place of a picture with the same weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np

from whynet.errors import UsageError, did_you_mean
from whynet.network.activations import activation
from whynet.network.initializers import initializer
from whynet.network.layers.base import Plain, Shape, Window, named
from whynet.network.layers.windows import Geometry, Sides, check_fit, geometry, picture_shape, put_back, sides, windows
from whynet.noise import Noise
from whynet.types import Array

PADDINGS = ("same", "valid")


class ConvMemo(NamedTuple):
    """What a convolution saw and said: the `patches (batch x places, kernel x channels)`, weighted inputs `z (batch,
    outputs)`, and the activation's own memo.

    >>> layer = Conv2D((2, 2, 1), filters=1, kernel=2, init="constant(1)")
    >>> _, memo = layer.forward(layer.initialize(np.random.default_rng(0)), np.array([[1.0, 2.0, 3.0, 4.0]]))
    >>> memo.patches, memo.z
    (array([[1., 2., 3., 4.]]), array([[10.]]))
    """

    patches: Array
    z: Array
    activation: Any


@dataclass(frozen=True)
class Conv2D(Plain):
    """A convolution: each of `filters` kernels is laid on every place of the picture, and what it says of a place is
    the weighted sum of what lies under it (LeCun et al. 1998):

        z[r, c, f] = b[f] + sum over i, j, k of x[r stride + i, c stride + j, k] W[(i, j, k), f],   y = activation(z)

    (Strictly it is a cross-correlation: no kernel is turned round.) With the picture cut into `patches`, one row for
    each place, that is the dense layer's `z = patches @ W + b`: the same weights for every place.

    Shapes: x (batch, rows x columns x channels), W (kernel rows x kernel columns x channels, filters) with its rows in
    the order (row, column, channel), b (filters,), z and y (batch, places down x places across x filters).

    `padding`: `valid` lays the kernel only where all of it fits; `same` puts zeros round the picture, so that with a
    stride of 1 the output has as many rows and columns. A softmax is one over all outputs of an example.

    >>> layer = Conv2D((28, 28, 1), filters=16, kernel=5, activation="relu")
    >>> layer.out_shape, layer.shapes()
    ((24, 24, 16), {'W': (25, 16), 'b': (16,)})
    >>> edges = Conv2D((1, 4, 1), filters=1, kernel=(1, 2))
    >>> params = {"W": np.array([[-1.0], [1.0]]), "b": np.zeros(1)}
    >>> edges.forward(params, np.array([[0.0, 0.0, 1.0, 1.0]]))[0]  # where it becomes brighter
    array([[0., 1., 0.]])

    Raises
    ------
    UsageError
        A kernel that is larger than the picture, an input that is no picture, a number below 1, or a name that does not
        exist.
    """

    in_shape: Shape
    filters: int
    kernel: Sides
    stride: Sides = (1, 1)
    padding: str = "valid"
    activation: str = "identity"
    init: str = "scaled-normal"
    bias_init: str = "zeros"
    kind: ClassVar[str] = "conv2d"
    written: ClassVar[str] = "conv 16 5x5"
    weight_names: ClassVar[tuple[str, ...]] = ("W",)

    def __post_init__(self) -> None:
        object.__setattr__(self, "in_shape", picture_shape(self.in_shape, "a convolution"))
        object.__setattr__(self, "kernel", sides(self.kernel, "the kernel of a convolution"))
        object.__setattr__(self, "stride", sides(self.stride, "the stride of a convolution"))
        if not isinstance(self.filters, int | np.integer) or self.filters < 1:
            raise UsageError("a convolution needs filters", expected="1 or more", found=repr(self.filters))
        if self.padding not in PADDINGS:
            raise UsageError(f"there is no padding '{self.padding}'", do=did_you_mean(self.padding, PADDINGS))
        if self.padding == "valid":
            do = "Use a smaller kernel, the padding same, or fewer pools before it"
            check_fit("the kernel", self.in_shape, self.kernel, do)
        named(self, "activation", "init", "bias_init")
        activation(self.activation), initializer(self.init), initializer(self.bias_init)

    @property
    def geometry(self) -> Geometry:
        """Where the kernel is laid."""
        return geometry(self.in_shape, self.kernel, self.stride, self.padding)

    @property
    def out_shape(self) -> Shape:
        return (*self.geometry.places, self.filters)

    @property
    def window(self) -> Window:
        (above, _), (left, _) = self.geometry.padding
        return Window(self.kernel, self.stride, (above, left))

    @property
    def fan_in(self) -> int:
        return self.kernel[0] * self.kernel[1] * self.in_shape[2]

    @property
    def room(self) -> int:
        down, across = self.geometry.places
        return max(self.inputs, down * across * max(self.fan_in, self.filters))

    @property
    def multiply_adds(self) -> int:
        return self.outputs * self.fan_in

    def shapes(self) -> dict[str, Shape]:
        return {"W": (self.fan_in, self.filters), "b": (self.filters,)}

    def initialize(self, rng: np.random.Generator) -> dict[str, Array]:
        """First parameters in float64: W drawn before b, both from `rng`; an input feeds kernel x filters units."""
        fan_out = self.kernel[0] * self.kernel[1] * self.filters
        return {
            name: initializer(text)(rng, self.shapes()[name], self.fan_in, fan_out)
            for name, text in (("W", self.init), ("b", self.bias_init))
        }

    def patches(self, x: Array) -> Array:
        """What lies under the kernel at each place, (batch x places, kernel x channels)."""
        pictures = x.reshape(-1, *self.in_shape)
        above, beside = self.geometry.padding
        if any((*above, *beside)):
            pictures = np.pad(pictures, ((0, 0), above, beside, (0, 0)))
        return windows(pictures, self.kernel, self.stride).reshape(-1, self.fan_in)

    def forward(self, params: Mapping[str, Array], x: Array, noise: Noise | None = None) -> tuple[Array, ConvMemo]:
        patches = self.patches(x)
        z = patches @ params["W"]
        z += params["b"]
        z = z.reshape(len(x), -1)
        y, activation_memo = activation(self.activation).forward(z)
        return y, ConvMemo(patches, z, activation_memo)

    def backward(
        self, params: Mapping[str, Array], memo: ConvMemo, dy: Array, *, want_dx: bool = True
    ) -> tuple[Array | None, dict[str, Array]]:
        """The dense layer's chain rule, with places of pictures for rows; each place's derivative is put back where its
        patch was cut, and patches overlap:

            dz = dy through the activation       (batch x places, filters)
            dW = patches.T @ dz                  summed over all places: they share the weights
            db = sum over rows of dz
            dpatches = dz @ W.T,   dx[pixel] = sum of dpatches over the patches that the pixel is in

        What falls on the zeros of the padding is dropped.
        """
        dz = activation(self.activation).backward(memo.activation, dy).reshape(-1, self.filters)
        gradients = {"W": memo.patches.T @ dz, "b": dz.sum(axis=0)}
        if not want_dx:
            return None, gradients
        (rows, columns, channels), ((above, below), (left, right)) = self.in_shape, self.geometry.padding
        dpatches = (dz @ params["W"].T).reshape(len(dy), *self.geometry.places, *self.kernel, channels)
        dx = put_back(dpatches, (len(dy), rows + above + below, columns + left + right, channels), self.stride)
        return dx[:, above : above + rows, left : left + columns].reshape(len(dy), -1), gradients

    def products(self, memo: ConvMemo) -> tuple[Array, Array]:
        return memo.patches, memo.z.reshape(-1, self.filters)

    def tensors(self, arrays: Mapping[str, Array]) -> dict[str, Array]:
        turned = arrays["W"].reshape(*self.kernel, self.in_shape[2], self.filters).transpose(3, 2, 0, 1)
        return {"weight": turned, "bias": arrays["b"]}
