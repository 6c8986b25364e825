"""Windows over pictures: the part of a picture that a kernel or a pool looks at, for every place where it looks.

`x` is (batch, rows, columns, channels), and its windows are (batch, places down, places across, rows and columns of the
window, channels). They are a view: the same numbers with other strides, so that a kernel at all places at once is one
matrix product (im2col).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from whynet.errors import UsageError
from whynet.network.layers.base import Shape
from whynet.types import Array

Sides = tuple[int, int]
"""Rows and columns."""


def windows(x: Array, size: Sides, stride: Sides) -> Array:
    """Every window of that size; those that do not fit at the far edges are left out.

    >>> picture = np.arange(16).reshape(1, 4, 4, 1)
    >>> windows(picture, (2, 2), (2, 2))[0, 0, 1, :, :, 0]  # the upper right one
    array([[2, 3],
           [6, 7]])
    """
    seen = np.lib.stride_tricks.sliding_window_view(x, size, axis=(1, 2))
    places: Array = seen[:, :: stride[0], :: stride[1]].transpose(0, 1, 2, 4, 5, 3)
    return places


def put_back(dwindows: Array, shape: Shape, stride: Sides) -> Array:
    """The derivative in the pictures of `shape` from that in their windows: a pixel's is the sum over all windows that
    it is in.

    >>> put_back(np.ones((1, 1, 2, 2, 2, 1)), (1, 2, 3, 1), (1, 1))[0, :, :, 0]  # the middle column is in both
    array([[1., 2., 1.],
           [1., 2., 1.]])
    """
    dx = np.zeros(shape, dwindows.dtype)
    _, down, across, rows, columns, _ = dwindows.shape
    for row in range(rows):
        for column in range(columns):
            ends = row + down * stride[0], column + across * stride[1]
            dx[:, row : ends[0] : stride[0], column : ends[1] : stride[1]] += dwindows[:, :, :, row, column]
    return dx


class Geometry(NamedTuple):
    """How many places down and across, and how many rows and columns of zeros are put before and after a picture.

    >>> geometry((28, 28, 1), (5, 5), (1, 1), "same")
    Geometry(places=(28, 28), padding=((2, 2), (2, 2)))
    """

    places: Sides
    padding: tuple[Sides, Sides]


def geometry(in_shape: Shape, size: Sides, stride: Sides, padding: str) -> Geometry:
    """Of windows over pictures of that shape. `valid`: only whole windows, `(in - size) // stride + 1` places along
    each side. `same`: `ceil(in / stride)` places, with as many zeros as that takes, half of them before, the odd one
    after.

    >>> geometry((28, 28, 1), (5, 5), (2, 2), "valid").places, geometry((7, 7, 1), (2, 2), (2, 2), "same")
    ((12, 12), Geometry(places=(4, 4), padding=((0, 1), (0, 1))))
    """
    places, zeros = [], []
    for length, window, step in zip(in_shape, size, stride, strict=False):
        if padding == "same":
            places.append(-(-length // step))
            total = max((places[-1] - 1) * step + window - length, 0)
            zeros.append((total // 2, total - total // 2))
        else:
            places.append((length - window) // step + 1)
            zeros.append((0, 0))
    return Geometry((places[0], places[1]), (zeros[0], zeros[1]))


def picture_shape(value: Any, what: str) -> Shape:
    """(rows, columns, channels) of the pictures that a layer takes; without channels, one.

    >>> picture_shape((28, 28), "a convolution")
    (28, 28, 1)

    Raises
    ------
    UsageError
        It is the shape of no picture.
    """
    shape = tuple(value) if isinstance(value, (tuple, list)) else (value,)
    shape = (*shape, 1) if len(shape) == 2 else shape
    if len(shape) != 3 or not all(isinstance(side, int | np.integer) and side >= 1 for side in shape):
        raise UsageError(
            f"{what} takes pictures",
            expected="an input of rows, columns and channels, each 1 or more",
            found=in_words(value),
            do="Put it before any dense layer, and give it pictures",
        )
    return tuple(int(side) for side in shape)


def sides(value: Any, what: str) -> Sides:
    """Rows and columns from one number for both or from two.

    >>> sides(2, "a pool"), sides((5, 3), "a kernel")
    ((2, 2), (5, 3))

    Raises
    ------
    UsageError
        A number below 1.
    """
    two = tuple(value) if isinstance(value, (tuple, list)) else (value, value)
    if len(two) != 2 or not all(isinstance(one, int | np.integer) and one >= 1 for one in two):
        raise UsageError(f"{what} makes no sense", expected="a number of 1 or more, or two", found=repr(value))
    return int(two[0]), int(two[1])


def check_fit(what: str, in_shape: Shape, size: Sides, do: str) -> None:
    """Refuse a window that is larger than the picture.

    >>> check_fit("a pool", (2, 2, 8), (3, 3), do="Use a smaller one")
    Traceback (most recent call last):
    whynet.errors.UsageError: a pool of 3x3 is larger than its input (expected 3 rows and 3 columns or more; found ...

    Raises
    ------
    UsageError
        With the window's size, the picture's shape, and what to do.
    """
    if size[0] > in_shape[0] or size[1] > in_shape[1]:
        raise UsageError(
            f"{what} of {in_words(size)} is larger than its input",
            expected=f"{size[0]} rows and {size[1]} columns or more",
            found=in_words(in_shape),
            do=do,
        )


def in_words(shape: Any) -> str:
    """A shape as people write it.

    >>> in_words((28, 28, 1)), in_words(30)
    ('28x28x1', '30')
    """
    return "x".join(map(str, shape)) if isinstance(shape, (tuple, list)) else str(shape)
