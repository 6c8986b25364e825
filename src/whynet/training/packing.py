"""Packing: features that are bytes in disguise, as bytes again: an engine skips the zeros of those."""

from __future__ import annotations

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


def _bytes(X: Array, scaling: Scaling) -> Array | None:
    """The bytes that are these numbers under the scaling, to the last bit; None if there are none."""
    found, piece = np.empty(X.shape, np.uint8), max(1, PIECE // X.shape[1])
    for start in range(0, len(X), piece):  # a piece fits into the processor's cache
        some = X[start : start + piece]
        if not (some.min() >= 0 and some.max() * scaling.divisor <= 255):
            return None
        own = found[start : start + piece]
        own[...] = some * scaling.divisor + 0.5
        if not np.array_equal(scaling.apply(own, X.dtype), some):
            return None
    return found
