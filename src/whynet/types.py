"""The arrays that travel through the house, by the names that say their shape.

Images    (n, rows, columns)     uint8, as they lie in the file
Features  (batch, features)      float: one example a row
Scores    (batch, outputs)       float: what the last layer puts out
Targets   (batch, outputs)       float: what it should have put out
Labels    (n,)                   integers 0 .. classes - 1
Rows      (steps, batch)         integers: which examples each step sees
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import DTypeLike, NDArray

Array: TypeAlias = NDArray[Any]
Images: TypeAlias = NDArray[np.uint8]
Features: TypeAlias = NDArray[np.floating[Any]]
Scores: TypeAlias = NDArray[np.floating[Any]]
Targets: TypeAlias = NDArray[np.floating[Any]]
Labels: TypeAlias = NDArray[np.integer[Any]]
Rows: TypeAlias = NDArray[np.integer[Any]]


@dataclass(frozen=True)
class Scaling:
    """How a pixel 0..255 becomes a feature: `(pixel - offset) / divisor`, in the arithmetic of the features' type.

    There are 256 outcomes, so an engine may as well look them up in `table`: the bits are the same.

    >>> Scaling("-1..1", offset=127.5, divisor=127.5).table("float64")[[0, 255]]
    array([-1.,  1.])
    """

    name: str
    offset: float
    divisor: float

    def table(self, dtype: DTypeLike) -> Array:
        """The features of the pixels 0..255, shape (256,)."""
        table: Array = self.apply(np.arange(256, dtype=np.uint8)[np.newaxis], dtype)[0]
        return table

    def apply(self, images: Images, dtype: DTypeLike) -> Features:
        """`images (n, ...)` uint8 -> features (n, pixels per image)."""
        features: Features = images.reshape(len(images), -1).astype(dtype)
        if self.offset:
            features -= features.dtype.type(self.offset)
        if self.divisor != 1:
            features /= features.dtype.type(self.divisor)
        return features
