"""Dropout: units switched off at random while training."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from whynet.errors import UsageError
from whynet.network.layers.base import NO_KINKS, Plain, Shape, shape_of
from whynet.noise import Noise
from whynet.types import Array


@dataclass(frozen=True)
class Dropout(Plain):
    """Switches each unit off with probability `rate` while training, anew for every example and step; those
    that stay on are scaled by 1 / (1 - rate), so that nothing need change when evaluating (Srivastava et al. 2014).

    `y = x * mask`, `dx = dy * mask` with mask 0 or 1 / (1 - rate).

    >>> y, mask = Dropout(6, rate=0.5).forward({}, np.ones((1, 6)), Noise(seed=0, step=0))
    >>> sorted(set(y.ravel().tolist()))
    [0.0, 2.0]

    Raises
    ------
    UsageError
        A size below 1 or a rate outside [0, 1).
    """

    shape: Shape
    rate: float
    kind: ClassVar[str] = "dropout"
    written: ClassVar[str] = "dropout 0.5"
    stochastic: ClassVar[bool] = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "shape", shape_of(self.shape, "dropout"))
        if not 0 <= self.rate < 1:
            raise UsageError(
                "this dropout makes no sense", expected="a rate of 0 or more, below 1", found=f"rate {self.rate}"
            )

    @property
    def in_shape(self) -> Shape:
        return self.shape

    @property
    def out_shape(self) -> Shape:
        return self.shape

    def forward(self, params: Mapping[str, Array], x: Array, noise: Noise | None = None) -> tuple[Array, Array | None]:
        if noise is None:
            return x, None
        on = noise.uniform(*x.shape) >= np.float32(self.rate)
        mask = on * x.dtype.type(1 / (1 - self.rate))
        return x * mask, mask

    def backward(
        self, params: Mapping[str, Array], memo: Array | None, dy: Array, *, want_dx: bool = True
    ) -> tuple[Array | None, dict[str, Array]]:
        return (dy if memo is None else dy * memo), {}

    def sides(self, memo: object) -> Array:
        return NO_KINKS
