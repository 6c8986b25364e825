"""Flatten: a picture as a row of numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from whynet.network.layers.base import NO_KINKS, Plain, Shape, shape_of
from whynet.noise import Noise
from whynet.types import Array


@dataclass(frozen=True)
class Flatten(Plain):
    """From (rows, columns, channels) to a row of units: `y = x`, `dx = dy`. Between layers an example is such a row in
    any case; this layer only says so, and a dense layer takes pictures without it.

    >>> Flatten((4, 4, 8)).out_shape
    (128,)
    """

    in_shape: Shape
    kind: ClassVar[str] = "flatten"

    def __post_init__(self) -> None:
        object.__setattr__(self, "in_shape", shape_of(self.in_shape, "flattening"))

    @property
    def out_shape(self) -> Shape:
        return (self.inputs,)

    def forward(self, params: Mapping[str, Array], x: Array, noise: Noise | None = None) -> tuple[Array, None]:
        return x, None

    def backward(
        self, params: Mapping[str, Array], memo: None, dy: Array, *, want_dx: bool = True
    ) -> tuple[Array | None, dict[str, Array]]:
        return dy, {}

    def sides(self, memo: None) -> Array:
        return NO_KINKS
