"""The arrays that travel through the house, by the names that say their shape.

Images    (n, rows, columns)     uint8, as they lie in the file
Inputs    (n, inputs)            bytes of images, or floats: as they were handed over, not yet scaled
Features  (batch, features)      float: one example a row; a picture's pixels row by row, its channels side by side
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
Inputs: TypeAlias = NDArray[Any]
Features: TypeAlias = NDArray[np.floating[Any]]
Scores: TypeAlias = NDArray[np.floating[Any]]
Targets: TypeAlias = NDArray[np.floating[Any]]
Labels: TypeAlias = NDArray[np.integer[Any]]
Rows: TypeAlias = NDArray[np.integer[Any]]


@dataclass(frozen=True)
class Scaling:
    """How an input becomes a feature: `(input - offset) / divisor`, in the arithmetic of the features' type.

    Of pixels 0..255 there are 256 outcomes, so an engine may as well look them up in `table`: the bits are the same.
    Of numbers that are no bytes, offset and divisor are tuples: one of each for each feature, or one for all.

    >>> Scaling("-1..1", offset=127.5, divisor=127.5).table("float64")[[0, 255]]
    array([-1.,  1.])
    >>> Scaling("standard", offset=(2.0, 50.0), divisor=(1.0, 10.0)).apply(np.array([[3.0, 40.0]]), "float64")
    array([[ 1., -1.]])
    """

    name: str
    offset: float | tuple[float, ...]
    divisor: float | tuple[float, ...]

    @property
    def of_floats(self) -> bool:
        """Whether it is for numbers that are no bytes."""
        return isinstance(self.offset, tuple)

    def table(self, dtype: DTypeLike) -> Array:
        """The features of the pixels 0..255, shape (256,)."""
        table: Array = self.apply(np.arange(256, dtype=np.uint8)[np.newaxis], dtype)[0]
        return table

    def apply(self, inputs: Array, dtype: DTypeLike) -> Features:
        """`inputs (n, ...)` -> features (n, numbers of each)."""
        if isinstance(self.offset, tuple) or isinstance(self.divisor, tuple):  # float32 loses digits far from 0
            wide = inputs.reshape(len(inputs), -1).astype(np.float64)
            scaled: Features = ((wide - np.array(self.offset)) / np.array(self.divisor)).astype(dtype)
            return scaled
        features: Features = inputs.reshape(len(inputs), -1).astype(dtype)
        if self.offset:
            features -= features.dtype.type(self.offset)
        if self.divisor != 1:
            features /= features.dtype.type(self.divisor)
        return features
