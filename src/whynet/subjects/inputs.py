"""What somebody's network is fed: pictures or a table of numbers, and how either is scaled.

Nothing is guessed: numbers go as they are. Only pictures whose numbers are bytes, or bytes over 255, to the last digit
are bytes again: so they keep their fast path.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from whynet.data.features import ByteImages, FloatFeatures
from whynet.types import Array

EXACT = 1e-6  # float32 rounds a byte over 255 by less
LEAST_SIDE = 8  # of a square of numbers that may be a picture
BLANK = 0.2  # of a picture, at least so much is background

Sides = tuple[int, int]


def are_images(X: Array) -> bool:
    """Whether rows look like images: rows and columns of pixels, or a square of them with a blank background.

    >>> are_images(np.zeros((5, 1, 8, 8))), are_images(np.ones((5, 30)))
    (True, False)
    """
    if X.ndim == 4:
        return bool(min(sorted(X.shape[1:])[1:]) > 1)
    side = math.isqrt(int(np.prod(X.shape[1:])))
    square = side >= LEAST_SIDE and (X.shape[1:] == (side, side) or X.shape[1:] == (side * side,))
    some = X[:1000]
    low, high = float(some.min()), float(some.max())
    pixels = low == 0 and high <= 255 and (high <= 1 or np.array_equal(some, np.rint(some)))
    return bool(square and pixels and np.mean(some == 0) > BLANK)


def sides_of(X: Array, picture: Sides | None = None) -> Sides | None:
    """Rows and columns of the picture that a row is; None where it is a row of a table.

    >>> sides_of(np.zeros((5, 64))), sides_of(np.ones((5, 64))), sides_of(np.ones((5, 6)), picture=(2, 3))
    ((8, 8), None, (2, 3))
    """
    if picture is not None:
        return picture
    if X.ndim == 2 and are_images(X):
        side = math.isqrt(X.shape[1])
        return side, side
    return None


def picture_of(X: Array, features: int) -> Sides | None:
    """Rows and columns of the one picture with so many pixels that a row of somebody's inputs is, whatever is done to
    them on the way; None if it is none.

    >>> picture_of(np.zeros((5, 1, 6, 7)), 42), picture_of(np.zeros((5, 64)), 64), picture_of(np.zeros((5, 64)), 8)
    ((6, 7), (8, 8), None)
    """
    sides = tuple(side for side in X.shape[1:] if side > 1 or X.ndim == 3)
    if X.ndim > 2:
        return (int(sides[0]), int(sides[1])) if len(sides) == 2 and sides[0] * sides[1] == features else None
    return sides_of(X) if X.shape[1] == features else None


def fed(
    X: Array, X_test: Array | None = None, picture: Sides | None = None
) -> tuple[str, ByteImages | FloatFeatures, ByteImages | FloatFeatures | None]:
    """`(scaling, features, those of the test set)` of rows (n, features) as they are fed to a network: the scaling
    gives these very numbers again.

    >>> scaling, features, _ = fed(np.array([[0.5, -3.0], [7.0, 12.5]], np.float32))
    >>> scaling, features.rows.tolist()
    ('raw', [[0.5, -3.0], [7.0, 12.5]])
    >>> scaling, features, _ = fed(np.array([[0.0, 1 / 255], [1.0, 0.0]]), picture=(1, 2))
    >>> scaling, features.array.tolist()
    ('0..1', [[[0, 1]], [[255, 0]]])
    """
    sides = sides_of(X, picture)
    if sides is not None:
        for scaling, by in (("0..1", 255), ("raw", 1)):
            parts = [_bytes(part, by) for part in (X, X_test) if part is not None]
            known = [part for part in parts if part is not None]
            if len(known) == len(parts):
                images = [ByteImages(part.reshape(-1, *sides)) for part in known]
                return scaling, images[0], images[1] if len(images) > 1 else None
    return "raw", numbers(X, sides), None if X_test is None else numbers(X_test, sides)


def numbers(X: Array, sides: Sides | None = None) -> FloatFeatures:
    """Rows as numbers; of pictures with their rows and columns, so that they are scaled all alike.

    >>> numbers(np.zeros((3, 6), np.float32), (2, 3)).array.shape
    (3, 2, 3)
    """
    X = X if X.dtype in (np.float32, np.float64) else X.astype(np.float64)
    return FloatFeatures(np.ascontiguousarray(X if sides is None else X.reshape(len(X), *sides)))


def standardising(X: Array, scheme: str = "standard") -> Callable[[Array], Array]:
    """Inputs scaled as a recipe scales them, by what these rows are: feature by feature, one for all pixels.

    >>> standardising(np.array([[0.0, 1000.0], [2.0, 3000.0]]))(np.array([[1.0, 4000.0]]))
    array([[0., 2.]])
    >>> standardising(np.array([[0.0, 1000.0], [2.0, 3000.0]]), "0..1")(np.array([[1.0, 4000.0]]))
    array([[0.5, 1.5]])
    """
    sides = sides_of(X) if X.ndim == 2 else None
    dtype = X.dtype if X.dtype in (np.float32, np.float64) else np.dtype(np.float64)
    scaling = numbers(X, sides).scaling(scheme)
    return lambda rows: scaling.apply(rows, dtype).reshape(rows.shape)


def _bytes(X: Array, by: int) -> Array | None:
    """The bytes that these numbers are, each over `by`; None if they are none."""
    low, high = float(X.min()), float(X.max())
    if low < 0 or high > 255 / by + EXACT or (by == 1 and high <= 1):
        return None
    pixels = np.rint(X.astype(np.float64) * by)
    return pixels.astype(np.uint8) if np.abs(X - pixels / by).max() <= EXACT else None
