"""Gaussian noise, added while training."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from whynet.errors import UsageError
from whynet.network.layers.base import NO_KINKS, Plain, Shape, shape_of
from whynet.noise import Noise
from whynet.types import Array


@dataclass(frozen=True)
class GaussianNoise(Plain):
    """Adds N(0, sd^2) to each feature while training, anew for every example and step: `dx = dy`.

    >>> import numpy as np
    >>> x = np.zeros((1000, 50))
    >>> y, _ = GaussianNoise(50, sd=0.3).forward({}, x, Noise(seed=0, step=0))
    >>> float(y.std().round(2))
    0.3

    Raises
    ------
    UsageError
        A size below 1 or a negative sd.
    """

    shape: Shape
    sd: float
    kind: ClassVar[str] = "gaussian-noise"
    written: ClassVar[str] = "noise 0.1"
    stochastic: ClassVar[bool] = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "shape", shape_of(self.shape, "noise"))
        if not 0 <= self.sd < float("inf"):
            raise UsageError("this noise makes no sense", expected="a finite sd of 0 or more", found=f"sd {self.sd}")

    @property
    def in_shape(self) -> Shape:
        return self.shape

    @property
    def out_shape(self) -> Shape:
        return self.shape

    def forward(self, params: Mapping[str, Array], x: Array, noise: Noise | None = None) -> tuple[Array, None]:
        if noise is None:
            return x, None
        return x + (self.sd * noise.normal(*x.shape)).astype(x.dtype), None

    def backward(
        self, params: Mapping[str, Array], memo: None, dy: Array, *, want_dx: bool = True
    ) -> tuple[Array | None, dict[str, Array]]:
        return dy, {}

    def sides(self, memo: object) -> Array:
        return NO_KINKS
