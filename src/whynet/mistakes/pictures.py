"""Pictures: mistakes in the code of a convolution or a pool, each as the layer that makes it.

To add one, add a line to `PICTURES`, and its name to `names.py`. What a layer cannot get wrong (the stride of one that
has none) is left as it is.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from whynet.mistakes.kind import Kind
from whynet.network.activations import activation
from whynet.network.layers import AveragePool2D, Conv2D, ConvMemo, GlobalAveragePool, MaxPool2D, Plain, Shape
from whynet.network.layers.windows import put_back
from whynet.network.network import Network
from whynet.noise import Noise
from whynet.types import Array

Backward = Callable[[Any, Mapping[str, Array], Any, Array], tuple[Array, dict[str, Array]]]
"""From a layer, its arrays, its memo and `dy` to dx and the gradients."""
Weights = Callable[[Conv2D, Array], Array]
"""From a convolution and its W to the W that is used in its stead."""


@dataclass(frozen=True)
class Spoilt(Plain):
    """A layer with a mistake in its way back or, if `used` changes its weights, in its way forward.

    >>> pool = Spoilt(MaxPool2D((2, 2, 1), 2), PICTURES["pool-to-all"].spoil)
    >>> _, memo = pool.forward({}, np.array([[1.0, 4.0, 3.0, 2.0]]))
    >>> pool.backward({}, memo, np.array([[5.0]]))[0].tolist()
    [[5.0, 5.0, 5.0, 5.0]]
    """

    sound: Any
    back: Backward | None = None
    used: Weights | None = None
    kind: ClassVar[str] = "spoilt"
    weight_names = property(lambda self: self.sound.weight_names)

    @property
    def in_shape(self) -> Shape:
        return self.sound.in_shape  # type: ignore[no-any-return]

    @property
    def out_shape(self) -> Shape:
        return self.sound.out_shape  # type: ignore[no-any-return]

    @property
    def activation(self) -> Any:
        return self.sound.activation

    @property
    def fan_in(self) -> int:
        return int(self.sound.fan_in)

    def shapes(self) -> dict[str, Shape]:
        return self.sound.shapes()  # type: ignore[no-any-return]

    def initialize(self, rng: np.random.Generator) -> dict[str, Array]:
        return self.sound.initialize(rng)  # type: ignore[no-any-return]

    def sides(self, memo: Any) -> Array | None:
        return self.sound.sides(memo)  # type: ignore[no-any-return]

    def products(self, memo: Any) -> tuple[Array, Array] | None:
        return self.sound.products(memo)  # type: ignore[no-any-return]

    def forward(self, params: Mapping[str, Array], x: Array, noise: Noise | None = None) -> tuple[Array, Any]:
        if self.used is not None:
            params = {**params, "W": self.used(self.sound, params["W"])}
        return self.sound.forward(params, x, noise)  # type: ignore[no-any-return]

    def backward(
        self, params: Mapping[str, Array], memo: Any, dy: Array, *, want_dx: bool = True
    ) -> tuple[Array | None, dict[str, Array]]:
        if self.back is None:
            return self.sound.backward(params, memo, dy, want_dx=want_dx)  # type: ignore[no-any-return]
        return self.back(self.sound, params, memo, dy)


# ---- convolutions


def _kernel(layer: Conv2D, W: Array) -> Array:
    """W with an axis for each of rows, columns, channels and filters."""
    return W.reshape(*layer.kernel, layer.in_shape[2], layer.filters)


def _turned(layer: Conv2D, W: Array) -> Array:
    return _kernel(layer, W)[::-1, ::-1].reshape(W.shape)


def _axes_exchanged(layer: Conv2D, W: Array) -> Array:
    return _kernel(layer, W).swapaxes(0, 1).reshape(W.shape)


def _channels_first(layer: Conv2D, W: Array) -> Array:
    """The numbers of W read in the order (channel, row, column)."""
    return W.reshape(layer.in_shape[2], *layer.kernel, layer.filters).transpose(1, 2, 0, 3).reshape(W.shape)


def _delta(layer: Conv2D, memo: ConvMemo, dy: Array) -> Array:
    """dz, (batch x places, filters)."""
    return activation(layer.activation).backward(memo.activation, dy).reshape(-1, layer.filters)


def _dx(layer: Conv2D, dz: Array, W: Array, **other: Any) -> Array:
    """dx as it should be, but for what is given: another `stride`, `start` of the picture, or way to `put` patches."""
    rows, columns, channels = layer.in_shape
    (above, below), (left, right) = layer.geometry.padding
    batch = len(dz) // math.prod(layer.geometry.places)
    patches = (dz @ W.T).reshape(batch, *layer.geometry.places, *layer.kernel, channels)
    shape = (batch, rows + above + below, columns + left + right, channels)
    dx = other.get("put", put_back)(patches, shape, other.get("stride", layer.stride))
    above, left = other.get("start", (above, left))
    return np.ascontiguousarray(dx[:, above : above + rows, left : left + columns]).reshape(batch, -1)


def _overwritten(patches: Array, shape: Shape, stride: tuple[int, int]) -> Array:
    """`put_back` with `=` for `+=`."""
    dx = np.zeros(shape, patches.dtype)
    _, down, across, rows, columns, _ = patches.shape
    for row, column in np.ndindex(rows, columns):
        ends = row + down * stride[0], column + across * stride[1]
        dx[:, row : ends[0] : stride[0], column : ends[1] : stride[1]] = patches[:, :, :, row, column]
    return dx


def _averaged(patches: Array, shape: Shape, stride: tuple[int, int]) -> Array:
    """`put_back`, divided by how many patches each pixel is in."""
    counts = put_back(np.ones_like(patches), shape, stride)
    return put_back(patches, shape, stride) / np.maximum(counts, 1)


def _convolution(change: Callable[[Conv2D, Mapping[str, Array], ConvMemo, Array], dict[str, Array]]) -> Backward:
    """The way back of a convolution with those of dx, W and b changed that `change` gives from the delta."""

    def backward(layer: Conv2D, params: Mapping[str, Array], memo: ConvMemo, dy: Array) -> Any:
        dz = _delta(layer, memo, dy)
        right = {"dx": _dx(layer, dz, params["W"]), "W": memo.patches.T @ dz, "b": dz.sum(axis=0)}
        found = {**right, **change(layer, params, memo, dz)}
        return found.pop("dx"), found

    return backward


def _with_delta(other: Callable[[Conv2D, ConvMemo, Array], Array]) -> Backward:
    """The way back with another delta."""

    def backward(layer: Conv2D, params: Mapping[str, Array], memo: ConvMemo, dy: Array) -> Any:
        dz = other(layer, memo, dy)
        return _dx(layer, dz, params["W"]), {"W": memo.patches.T @ dz, "b": dz.sum(axis=0)}

    return backward


def _places(layer: Conv2D, dz: Array) -> Array:
    """The delta as (batch, places, filters)."""
    return dz.reshape(-1, math.prod(layer.geometry.places), layer.filters)


def _filters_first(layer: Conv2D, memo: ConvMemo, dy: Array) -> Array:
    """The delta read in the order (filter, row, column)."""
    dz = _delta(layer, memo, dy).reshape(len(dy), layer.filters, -1)
    return np.ascontiguousarray(dz.transpose(0, 2, 1)).reshape(-1, layer.filters)


def _channels_summed(layer: Conv2D, W: Array) -> Array:
    """The same for all channels: the sum over them."""
    kernel = _kernel(layer, W)
    return np.broadcast_to(kernel.sum(axis=2, keepdims=True), kernel.shape).reshape(W.shape)


def _first_channel(layer: Conv2D, W: Array) -> Array:
    kernel = np.zeros_like(_kernel(layer, W))
    kernel[:, :, 0] = _kernel(layer, W)[:, :, 0]
    return kernel.reshape(W.shape)


def _first_patches(layer: Conv2D, memo: ConvMemo) -> Array:
    return memo.patches.reshape(-1, math.prod(layer.geometry.places), layer.fan_in)[:, 0]


def _shifted(layer: Conv2D, memo: ConvMemo) -> Array:
    """The patches, each with that of the place before it."""
    places = memo.patches.reshape(-1, math.prod(layer.geometry.places), layer.fan_in)
    return np.roll(places, 1, axis=1).reshape(memo.patches.shape)


# ---- pools


def _pool(make: Callable[[Any, Any, Array], Array]) -> Backward:
    """The way back of a pool: (batch, places, pixels of the window, channels) from the pool, its memo and dy."""

    def backward(pool: Any, params: Mapping[str, Array], memo: Any, dy: Array) -> Any:
        dseen = make(pool, memo, dy.reshape(len(dy), *pool.out_shape[:2], 1, pool.out_shape[2]))
        dwindows = dseen.reshape(*dseen.shape[:3], *pool.size, pool.in_shape[2])
        return put_back(dwindows, (len(dy), *pool.in_shape), pool.stride).reshape(len(dy), -1), {}

    return backward


def _put_otherwise(put: Callable[[Array, Shape, tuple[int, int]], Array]) -> Backward:
    """The way back of a pool whose windows are put back in another way."""

    def backward(pool: Any, params: Mapping[str, Array], memo: Any, dy: Array) -> Any:
        dwindows = _right(pool, memo, dy).reshape(len(dy), *pool.out_shape[:2], *pool.size, pool.in_shape[2])
        return put(dwindows, (len(dy), *pool.in_shape), pool.stride).reshape(len(dy), -1), {}

    return backward


def _right(pool: Any, memo: Any, dy: Array) -> Array:
    """What each pixel of each window should get."""
    pixels, dy = math.prod(pool.size), dy.reshape(len(dy), *pool.out_shape[:2], 1, pool.out_shape[2])
    if pool.kind == AveragePool2D.kind:
        return np.repeat(dy / pixels, pixels, axis=3)
    return _to(pool, memo, dy)


def _to(pool: Any, pixel: Array, dy: Array) -> Array:
    """All of dy to one pixel of each window."""
    dseen = np.zeros((*dy.shape[:3], math.prod(pool.size), dy.shape[-1]), dy.dtype)
    np.put_along_axis(dseen, pixel, dy, axis=3)
    return dseen


def _to_all(pool: Any, memo: Any, dy: Array) -> Array:
    return np.repeat(dy, math.prod(pool.size), axis=3)


def _axes_of_the_winner(pool: MaxPool2D, memo: Array, dy: Array) -> Array:
    row, column = np.divmod(memo, pool.size[1])
    return _to(pool, (column * pool.size[0] + row) % math.prod(pool.size), dy)


def _squeezed(dwindows: Array, shape: Shape, stride: tuple[int, int]) -> Array:
    """`put_back` as if windows lay a pixel apart."""
    return put_back(dwindows, shape, (1, 1))


def _of_global(make: Callable[[int, Array], Array]) -> Backward:
    def backward(pool: GlobalAveragePool, params: Mapping[str, Array], memo: None, dy: Array) -> Any:
        return make(pool.inputs // pool.outputs, dy), {}

    return backward


def _to_the_first(pixels: int, dy: Array) -> Array:
    return np.hstack([dy, np.zeros((len(dy), dy.shape[1] * (pixels - 1)), dy.dtype)])


TERM = "gradient-wrong-term"
PICTURES: dict[str, Kind] = {
    "kernel-turned": Kind("convolution", TERM, "the kernel is turned round on the way forward alone", _turned),
    "kernel-axes-exchanged": Kind(
        "convolution", TERM, "rows and columns of the kernel are exchanged on the way forward alone", _axes_exchanged),
    "kernel-channels-first": Kind(
        "convolution", TERM, "the kernel is read channel by channel on the way forward alone", _channels_first),
    "kernel-first-channel": Kind(
        "convolution", TERM, "only the first channel is looked at on the way forward", _first_channel),
    "kernel-turned-back": Kind("convolution", TERM, "the kernel is turned round on the way back", _convolution(
        lambda c, p, m, dz: {"dx": _dx(c, dz, _turned(c, p["W"]))})),
    "kernel-axes-exchanged-back": Kind(
        "convolution", TERM, "rows and columns of the kernel are exchanged on the way back", _convolution(
            lambda c, p, m, dz: {"dx": _dx(c, dz, _axes_exchanged(c, p["W"]))})),
    "kernel-not-transposed": Kind(
        "convolution", "gradient-wrong-transpose", "the kernel's matrix is reshaped where its transpose was meant",
        _convolution(lambda c, p, m, dz: {"dx": _dx(c, dz, p["W"].reshape(p["W"].shape[::-1]).T)})),
    "padding-off-by-one": Kind(
        "convolution", TERM, "the picture is cut out of the padded one a pixel too early", _convolution(
            lambda c, p, m, dz: {"dx": _dx(c, dz, p["W"], start=[max(one[0] - 1, 0) for one in c.geometry.padding])})),
    "padding-not-removed": Kind(
        "convolution", TERM, "the padding is not cut off on the way back", _convolution(
            lambda c, p, m, dz: {"dx": _dx(c, dz, p["W"], start=(0, 0))})),
    "stride-ignored": Kind("convolution", TERM, "the stride is forgotten on the way back", _convolution(
        lambda c, p, m, dz: {"dx": _dx(c, dz, p["W"], stride=(1, 1))})),
    "patches-overwritten": Kind("convolution", TERM, "where patches overlap, the last one counts alone", _convolution(
        lambda c, p, m, dz: {"dx": _dx(c, dz, p["W"], put=_overwritten)})),
    "patches-averaged": Kind("convolution", TERM, "where patches overlap, their mean is taken", _convolution(
        lambda c, p, m, dz: {"dx": _dx(c, dz, p["W"], put=_averaged)})),
    "patches-shifted": Kind("convolution", TERM, "the patches are those of the place before", _convolution(
        lambda c, p, m, dz: {"W": _shifted(c, m).T @ dz})),
    "channels-summed": Kind("convolution", TERM, "the gradient of all channels is added up for each", _convolution(
        lambda c, p, m, dz: {"W": _channels_summed(c, m.patches.T @ dz)})),
    "channels-summed-back": Kind("convolution", TERM, "every channel is handed back the sum for all", _convolution(
        lambda c, p, m, dz: {"dx": _dx(c, dz, _channels_summed(c, p["W"]))})),
    "first-channel-back": Kind("convolution", TERM, "only the first channel is handed anything back", _convolution(
        lambda c, p, m, dz: {"dx": _dx(c, dz, _first_channel(c, p["W"]))})),
    "filters-first": Kind("convolution", TERM, "the delta is read filter by filter", _with_delta(_filters_first)),
    "filters-without-slope": Kind(
        "convolution", "gradient-missing-derivative", "the derivative of the activation is left out", _with_delta(
            lambda c, m, dy: dy.reshape(-1, c.filters))),
    "filters-averaged": Kind("convolution", TERM, "their gradient is a mean over the places, not a sum", _convolution(
        lambda c, p, m, dz: {"W": m.patches.T @ dz / math.prod(c.geometry.places)})),
    "filters-first-place": Kind("convolution", TERM, "their gradient is that of the first place alone", _convolution(
        lambda c, p, m, dz: {"W": _first_patches(c, m).T @ _places(c, dz)[:, 0]})),
    "filters-zero": Kind("convolution", "layer-not-updated", "their gradient is 0", _convolution(
        lambda c, p, m, dz: {"W": np.zeros_like(p["W"])})),
    "bias-per-pixel": Kind("convolution", TERM, "a filter's bias gets the gradient of one place alone", _convolution(
        lambda c, p, m, dz: {"b": _places(c, dz)[:, 0].sum(axis=0)})),
    "bias-averaged-over-places": Kind(
        "convolution", TERM, "a filter's bias gets the mean over the places, not the sum", _convolution(
            lambda c, p, m, dz: {"b": _places(c, dz).mean(axis=1).sum(axis=0)})),
    "bias-of-filters-zero": Kind("convolution", "bias-not-updated", "the gradient of the filters' biases is 0",
        _convolution(lambda c, p, m, dz: {"b": np.zeros_like(p["b"])})),
    "pool-to-all": Kind("max-pool", TERM, "every pixel of the window gets the gradient", _pool(_to_all)),
    "pool-shared-out": Kind("max-pool", TERM, "the pixels of the window share the gradient", _pool(
        lambda pool, memo, dy: _to_all(pool, memo, dy) / math.prod(pool.size))),
    "pool-to-the-first": Kind("max-pool", TERM, "the first pixel of the window gets the gradient", _pool(
        lambda pool, memo, dy: _to(pool, np.zeros_like(memo), dy))),
    "pool-to-the-next": Kind("max-pool", TERM, "the pixel after the largest gets the gradient", _pool(
        lambda pool, memo, dy: _to(pool, (memo + 1) % math.prod(pool.size), dy))),
    "pool-axes-exchanged": Kind("max-pool", TERM, "the largest pixel's row and column are exchanged", _pool(
        _axes_of_the_winner)),
    "pool-overwritten": Kind(
        "pool", TERM, "where windows overlap, the last one counts alone", _put_otherwise(_overwritten)),
    "pool-stride-ignored": Kind(
        "pool", TERM, "windows are put back as if they lay a pixel apart", _put_otherwise(_squeezed)),
    "mean-not-divided": Kind("average-pool", TERM, "every pixel of the window gets all the gradient", _pool(_to_all)),
    "mean-to-the-first": Kind("average-pool", TERM, "the first pixel of the window gets the gradient", _pool(
        lambda pool, memo, dy: _to(pool, np.zeros((1, 1, 1, 1, 1), int), dy))),
    "global-mean-not-divided": Kind("global-pool", TERM, "every pixel gets all of the gradient", _of_global(
        lambda pixels, dy: np.tile(dy, pixels))),
    "global-mean-to-the-first": Kind(
        "global-pool", TERM, "the first pixel gets the gradient", _of_global(_to_the_first)),
}  # fmt: skip
OF_PART: dict[str, tuple[str, ...]] = {  # the kinds of layers that can make it
    "convolution": (Conv2D.kind,),
    "max-pool": (MaxPool2D.kind,),
    "average-pool": (AveragePool2D.kind,),
    "pool": (MaxPool2D.kind, AveragePool2D.kind),
    "global-pool": (GlobalAveragePool.kind,),
}
FORWARDS = (_turned, _axes_exchanged, _channels_first, _first_channel)
"""Those that change the weights on the way forward."""


def makers(name: str, network: Network) -> list[int]:
    """The layers that can make a mistake.

    >>> makers("pool-to-all", Network(layers=[Conv2D((4, 4, 1), 2, 3), MaxPool2D((2, 2, 2), 2)]))
    [1]
    """
    return [index for index, layer in enumerate(network.layers) if layer.kind in OF_PART[PICTURES[name].part]]


def spoilt_pictures(name: str, network: Network, only: Sequence[int] | None = None) -> Network:
    """The network with that mistake in every layer that can make it, or in these `only`, on the very same parameters.

    >>> layers = [Conv2D((4, 4, 1), 2, 3), MaxPool2D((2, 2, 2), 2)]
    >>> [type(layer).__name__ for layer in spoilt_pictures("pool-to-all", Network(layers=layers)).layers]
    ['Conv2D', 'Spoilt']
    """
    kind = PICTURES[name]

    layers = list(network.layers)
    for index in makers(name, network) if only is None else only:
        sound = layers[index]
        layers[index] = Spoilt(sound, used=kind.spoil) if kind.spoil in FORWARDS else Spoilt(sound, kind.spoil)
    return network.sharing(layers)
