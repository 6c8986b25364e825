"""Packing: features that are bytes in disguise, as bytes again: an engine skips the zeros of those."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from whynet.types import Array, Inputs, Scaling

WIDE = 16  # features: from here on it is worth a look
PIECE = 50_000  # numbers
SCALINGS = (Scaling("0..1", 0.0, 255.0), Scaling("0..1", 0.0, 256.0), Scaling("raw", 0.0, 1.0))


def packed(X: Array, dtype: np.dtype[Any]) -> tuple[Inputs, Scaling | None]:
    """Rows as the engine takes them: bytes where those are the very same numbers (pixels, pixels over 255 or 256,
    counts), else as they are.

    >>> inputs, scaling = packed(np.arange(32.0).reshape(2, 16) / 255, np.dtype(np.float64))
    >>> inputs.dtype.name, scaling.divisor
    ('uint8', 255.0)
    """
    if X.shape[1] >= WIDE and X.dtype == dtype:
        for scaling in SCALINGS:
            if _bytes(X[:20], scaling) is not None:
                inputs = _bytes(X, scaling)
                if inputs is not None:
                    return inputs, scaling
    return np.ascontiguousarray(X, dtype=dtype), None


def packed_columns(columns: Sequence[Array]) -> tuple[Inputs, Scaling | None]:
    """The same of examples that are columns or rows of their own, without laying them all side by side first.

    >>> inputs, scaling = packed_columns([np.arange(16.0)[:, np.newaxis] / 255] * 3)
    >>> inputs.shape, inputs.dtype.name
    ((3, 16), 'uint8')
    """
    width = columns[0].size
    piece = max(1, PIECE // max(width, 1))
    alike = width >= WIDE and np.issubdtype(columns[0].dtype, np.floating)
    for scaling in SCALINGS if alike else ():
        found = np.empty((len(columns), width), np.uint8)
        for start in range(0, len(columns), piece):
            some = np.concatenate(columns[start : start + piece]).reshape(-1, width)
            own = _bytes(some, scaling)
            if own is None:
                break
            found[start : start + piece] = own
        else:
            return found, scaling
    return np.concatenate(columns).reshape(len(columns), -1), None


def _bytes(X: Array, scaling: Scaling) -> Array | None:
    """The bytes that are these numbers under the scaling, to the last bit; None if there are none."""
    found, piece, divisor = np.empty(X.shape, np.uint8), max(1, PIECE // X.shape[1]), X.dtype.type(scaling.divisor)
    numbers = np.empty((piece, X.shape[1]), X.dtype)  # a piece fits into the processor's cache
    with np.errstate(all="ignore"):  # what is no byte is found out below
        for start in range(0, len(X), piece):
            some, own = X[start : start + piece], found[start : start + piece]
            near = np.multiply(some, divisor, out=numbers[: len(some)])
            near += X.dtype.type(0.5)
            own[...] = near
            np.copyto(near, own)
            near /= divisor
            if not (near == some).all():
                return None
    return found
