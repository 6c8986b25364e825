"""Parameters: named arrays for people, one flat vector for machines."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import overload

import numpy as np

from whynet.types import Array

Shapes = tuple[dict[str, tuple[int, ...]], ...]


class Params(Sequence[dict[str, Array]]):
    """The arrays of each layer by name, all of them views of one flat `vector`.

    To write into an array is to write into the vector, and the other way round; that one vector is what optimizers
    update, checkpoints save and engines point at. Gradients and optimizer states have the same form.

    >>> params = Params(({"W": (3, 2), "b": (2,)},), np.zeros(8))
    >>> params[0]["b"][:] = 7
    >>> params.vector
    array([0., 0., 0., 0., 0., 0., 7., 7.])
    """

    def __init__(self, shapes: Shapes, vector: Array) -> None:
        self.shapes = shapes
        self.vector = vector
        self._layers: list[dict[str, Array]] = []
        start = 0
        for layer in shapes:
            arrays = {}
            for name, shape in layer.items():
                stop = start + math.prod(shape)
                arrays[name] = vector[start:stop].reshape(shape)
                start = stop
            self._layers.append(arrays)
        if start != vector.size or vector.ndim != 1:
            raise ValueError(f"these shapes need a vector of {start} numbers, not one of shape {vector.shape}")

    @overload
    def __getitem__(self, layer: int) -> dict[str, Array]: ...
    @overload
    def __getitem__(self, layer: slice) -> list[dict[str, Array]]: ...
    def __getitem__(self, layer: int | slice) -> dict[str, Array] | list[dict[str, Array]]:
        return self._layers[layer]

    def __len__(self) -> int:
        return len(self._layers)

    def named(self) -> Iterator[tuple[str, Array]]:
        """Every array with its full name, `"0.W"`, `"0.b"`, `"1.W"` ..., in the order of the vector."""
        for index, arrays in enumerate(self._layers):
            for name, array in arrays.items():
                yield f"{index}.{name}", array

    def weights(self) -> Iterator[Array]:
        """The weight matrices alone, without biases or scales, which are vectors: what a penalty acts on."""
        for arrays in self._layers:
            yield from (array for array in arrays.values() if array.ndim > 1)

    def zeros(self) -> Params:
        """Arrays of the same shapes and type, all zero."""
        return Params(self.shapes, np.zeros_like(self.vector))

    def copy(self) -> Params:
        """The same numbers in a vector of their own."""
        return Params(self.shapes, self.vector.copy())

    def __reduce__(self) -> tuple[type[Params], tuple[Shapes, Array]]:
        """A deep copy, too, must have arrays that are views of its own vector.

        >>> from copy import deepcopy
        >>> params = deepcopy(Params(({"b": (2,)},), np.zeros(2)))
        >>> params[0]["b"][0] = 7
        >>> params.vector
        array([7., 0.])
        """
        return Params, (self.shapes, self.vector)

    def __repr__(self) -> str:
        arrays = ", ".join(f"{name} {array.shape}" for name, array in self.named())
        return f"Params({self.vector.size:,} {self.vector.dtype} numbers: {arrays})"
