"""Pooling: what is left of a picture when only the largest, or the mean, of each window is kept."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from whynet.network.layers.base import NO_KINKS, Plain, Shape, Window
from whynet.network.layers.windows import Sides, check_fit, geometry, picture_shape, put_back, sides, windows
from whynet.noise import Noise
from whynet.types import Array

DO = "Use a smaller pool, or fewer pools before it"


@dataclass(frozen=True)
class MaxPool2D(Plain):
    """Keeps the largest of each window, channel by channel: whether something was seen, and not quite where. Windows of
    `size` lie `stride` apart, by default side by side; rows and columns that no longer fill one are left out.

        y = max over the window of x,   dx = dy at the pixel that was the largest, 0 at the others

    Of several that are largest, the first by rows and then by columns gets it.

    >>> y, memo = MaxPool2D((2, 4, 1), size=2).forward({}, np.array([[1.0, 5.0, 2.0, 2.0, 0.0, 3.0, 2.0, 1.0]]))
    >>> y
    array([[5., 2.]])
    >>> MaxPool2D((2, 4, 1), size=2).backward({}, memo, np.array([[10.0, 20.0]]))[0].reshape(2, 4)
    array([[ 0., 10., 20.,  0.],
           [ 0.,  0.,  0.,  0.]])

    Raises
    ------
    UsageError
        A window larger than the picture, an input that is no picture, or a number below 1.
    """

    in_shape: Shape
    size: Sides
    stride: Sides = ()  # type: ignore[assignment]  # as the size
    kind: ClassVar[str] = "max-pool2d"
    written: ClassVar[str] = "pool 2"

    def __post_init__(self) -> None:
        _made_sense(self)

    @property
    def out_shape(self) -> Shape:
        return _pooled(self)

    @property
    def window(self) -> Window:
        return Window(self.size, self.stride)

    def forward(self, params: Mapping[str, Array], x: Array, noise: Noise | None = None) -> tuple[Array, Array]:
        seen = _seen(self, x)
        winner = seen.argmax(axis=3, keepdims=True)
        return np.take_along_axis(seen, winner, axis=3).reshape(len(x), -1), winner

    def backward(
        self, params: Mapping[str, Array], memo: Array, dy: Array, *, want_dx: bool = True
    ) -> tuple[Array | None, dict[str, Array]]:
        if not want_dx:
            return None, {}
        winner = memo
        dseen = np.zeros((*winner.shape[:3], math.prod(self.size), winner.shape[-1]), dy.dtype)
        np.put_along_axis(dseen, winner, dy.reshape(winner.shape), axis=3)
        return _put_back(self, dseen, len(dy)), {}

    def sides(self, memo: Array) -> Array:
        """Which pixel of each window is the largest: where another becomes it, the slope jumps."""
        return memo


@dataclass(frozen=True)
class AveragePool2D(Plain):
    """Keeps the mean of each window, channel by channel; windows as those of `MaxPool2D`.

        y = mean over the window of x,   dx = dy / (rows x columns of the window), for every pixel in it

    >>> AveragePool2D((2, 4, 1), size=2).forward({}, np.arange(8.0)[np.newaxis])[0]
    array([[2.5, 4.5]])

    Raises
    ------
    UsageError
        A window larger than the picture, an input that is no picture, or a number below 1.
    """

    in_shape: Shape
    size: Sides
    stride: Sides = ()  # type: ignore[assignment]  # as the size
    kind: ClassVar[str] = "average-pool2d"
    written: ClassVar[str] = "average-pool 2"

    def __post_init__(self) -> None:
        _made_sense(self)

    @property
    def out_shape(self) -> Shape:
        return _pooled(self)

    @property
    def window(self) -> Window:
        return Window(self.size, self.stride)

    def forward(self, params: Mapping[str, Array], x: Array, noise: Noise | None = None) -> tuple[Array, None]:
        return _seen(self, x).mean(axis=3).reshape(len(x), -1), None

    def backward(
        self, params: Mapping[str, Array], memo: None, dy: Array, *, want_dx: bool = True
    ) -> tuple[Array | None, dict[str, Array]]:
        if not want_dx:
            return None, {}
        shares = (dy / math.prod(self.size)).reshape(len(dy), *self.out_shape)[:, :, :, np.newaxis]
        each = np.broadcast_to(shares, (*shares.shape[:3], math.prod(self.size), shares.shape[-1]))
        return _put_back(self, each, len(dy)), {}

    def sides(self, memo: None) -> Array:
        return NO_KINKS


@dataclass(frozen=True)
class GlobalAveragePool(Plain):
    """The mean of each channel over the whole picture (Lin et al. 2014): `dx = dy / (rows x columns)`, everywhere.

    >>> GlobalAveragePool((2, 2, 2)).forward({}, np.arange(8.0)[np.newaxis])[0]
    array([[3., 4.]])

    Raises
    ------
    UsageError
        An input that is no picture.
    """

    in_shape: Shape
    kind: ClassVar[str] = "global-average-pool"

    def __post_init__(self) -> None:
        object.__setattr__(self, "in_shape", picture_shape(self.in_shape, "a global average"))

    @property
    def out_shape(self) -> Shape:
        return self.in_shape[-1:]

    def forward(self, params: Mapping[str, Array], x: Array, noise: Noise | None = None) -> tuple[Array, None]:
        return x.reshape(len(x), -1, self.outputs).mean(axis=1), None

    def backward(
        self, params: Mapping[str, Array], memo: None, dy: Array, *, want_dx: bool = True
    ) -> tuple[Array | None, dict[str, Array]]:
        pixels = self.inputs // self.outputs
        return (np.tile(dy / pixels, pixels) if want_dx else None), {}

    def sides(self, memo: None) -> Array:
        return NO_KINKS


def _made_sense(pool: Any) -> None:
    object.__setattr__(pool, "in_shape", picture_shape(pool.in_shape, "a pool"))
    object.__setattr__(pool, "size", sides(pool.size, "the size of a pool"))
    object.__setattr__(pool, "stride", sides(pool.stride or pool.size, "the stride of a pool"))
    check_fit("a pool", pool.in_shape, pool.size, DO)


def _pooled(pool: Any) -> Shape:
    return (*geometry(pool.in_shape, pool.size, pool.stride, "valid").places, pool.in_shape[2])


def _seen(pool: Any, x: Array) -> Array:
    """What lies in each window, (batch, places down, places across, pixels of the window, channels)."""
    seen = windows(x.reshape(-1, *pool.in_shape), pool.size, pool.stride)
    return seen.reshape(*seen.shape[:3], math.prod(pool.size), pool.in_shape[2])


def _put_back(pool: Any, dseen: Array, batch: int) -> Array:
    dwindows = dseen.reshape(*dseen.shape[:3], *pool.size, pool.in_shape[2])
    return put_back(dwindows, (batch, *pool.in_shape), pool.stride).reshape(batch, -1)
