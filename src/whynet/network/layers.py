"""The layers that a network can do without: normalisation over the batch, dropout, noise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from whynet.errors import UsageError
from whynet.network.activations import activation
from whynet.noise import Noise
from whynet.types import Array


class BatchNormMemo(NamedTuple):
    """What a BatchNorm layer saw and said: normalised inputs `x_hat`, one over their spread, `z` and the activation's
    memo; while training also the batch's `mean` and `variance`, else None.

    >>> arrays = {"scale": np.ones(1), "shift": np.zeros(1), "mean": np.zeros(1), "variance": np.ones(1)}
    >>> _, memo = BatchNorm(1).forward(arrays, np.array([[1.0], [3.0]]), Noise(seed=0, step=0))
    >>> memo.mean, memo.variance
    (array([2.]), array([1.]))
    """

    x_hat: Array
    inverse_sd: Array
    z: Array
    activation: Any
    mean: Array | None
    variance: Array | None


@dataclass(frozen=True)
class BatchNorm:
    """Brings each of `size` features to mean 0 and variance 1 over the batch, then lets the network choose its own
    scale and shift (Ioffe and Szegedy 2015):

        x_hat = (x - mean) / sqrt(variance + epsilon),   z = scale * x_hat + shift,   y = activation(z)

    While training, mean and variance are the batch's own. While evaluating they are running averages, the layer's
    `statistics`: no gradient reaches them, and after each step the engine blends in `blend` of the batch's.

    Shapes: x, y (batch, size); scale, shift, mean and variance (size,).

    >>> layer = BatchNorm(2)
    >>> arrays = layer.initialize(np.random.default_rng(0)) | layer.statistics()
    >>> y, memo = layer.forward(arrays, np.array([[1.0, 10.0], [3.0, 30.0]]), Noise(seed=0, step=0))
    >>> y.round(2)
    array([[-1., -1.],
           [ 1.,  1.]])

    Raises
    ------
    UsageError
        A size below 1, a share outside (0, 1], or a name that does not exist.
    """

    size: int
    activation: str = "identity"
    blend: float = 0.1
    epsilon: float = 1e-5

    def __post_init__(self) -> None:
        if self.size < 1 or not 0 < self.blend <= 1 or not 0 < self.epsilon < 1:
            raise UsageError(
                "this normalisation makes no sense",
                expected="a size of 1 or more, a share above 0 and up to 1, an epsilon above 0 and below 1",
                found=f"size {self.size}, share {self.blend}, epsilon {self.epsilon}",
            )
        activation(self.activation)

    @property
    def inputs(self) -> int:
        return self.size

    @property
    def outputs(self) -> int:
        return self.size

    def shapes(self) -> dict[str, tuple[int, ...]]:
        return {"scale": (self.size,), "shift": (self.size,)}

    def initialize(self, rng: np.random.Generator) -> dict[str, Array]:
        return {"scale": np.ones(self.size), "shift": np.zeros(self.size)}

    def statistics(self) -> dict[str, Array]:
        """The running averages before the first step."""
        return {"mean": np.zeros(self.size), "variance": np.ones(self.size)}

    def blend_in(self, statistics: Mapping[str, Array], memo: BatchNormMemo) -> None:
        """Move the running averages, in place, towards those of a batch; its variance is made unbiased first."""
        if memo.mean is None or memo.variance is None:
            return
        n = len(memo.x_hat)
        statistics["mean"][...] += self.blend * (memo.mean - statistics["mean"])
        statistics["variance"][...] += self.blend * (memo.variance * (n / max(n - 1, 1)) - statistics["variance"])

    def forward(self, params: Mapping[str, Array], x: Array, noise: Noise | None = None) -> tuple[Array, BatchNormMemo]:
        mean = variance = None
        if noise is not None:
            mean, variance = x.mean(axis=0), x.var(axis=0)
        inverse_sd = 1 / np.sqrt((params["variance"] if variance is None else variance) + x.dtype.type(self.epsilon))
        x_hat = (x - (params["mean"] if mean is None else mean)) * inverse_sd
        z = params["scale"] * x_hat + params["shift"]
        y, activation_memo = activation(self.activation).forward(z)
        return y, BatchNormMemo(x_hat, inverse_sd, z, activation_memo, mean, variance)

    def backward(
        self, params: Mapping[str, Array], memo: BatchNormMemo, dy: Array, *, want_dx: bool = True
    ) -> tuple[Array | None, dict[str, Array]]:
        """The chain rule, through the batch's mean and variance too, which every row has a part in:

            dz = dy through the activation,   dscale = sum over rows of dz x_hat,   dshift = sum over rows of dz
            dx_hat = dz scale,   dx = (dx_hat - mean(dx_hat) - x_hat mean(dx_hat x_hat)) / sd

        While evaluating, mean and variance are constants: `dx = dx_hat / sd`.
        """
        dz = activation(self.activation).backward(memo.activation, dy)
        gradients = {"scale": (dz * memo.x_hat).sum(axis=0), "shift": dz.sum(axis=0)}
        if not want_dx:
            return None, gradients
        dx = dz * params["scale"]
        if memo.mean is not None:
            dx = dx - dx.mean(axis=0) - memo.x_hat * (dx * memo.x_hat).mean(axis=0)
        return dx * memo.inverse_sd, gradients


@dataclass(frozen=True)
class Dropout:
    """Switches each of `size` units off with probability `rate` while training, anew for every example and step; those
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

    size: int
    rate: float

    def __post_init__(self) -> None:
        if self.size < 1 or not 0 <= self.rate < 1:
            raise UsageError(
                "this dropout makes no sense",
                expected="a size of 1 or more, a rate of 0 or more, below 1",
                found=f"size {self.size}, rate {self.rate}",
            )

    @property
    def inputs(self) -> int:
        return self.size

    @property
    def outputs(self) -> int:
        return self.size

    def shapes(self) -> dict[str, tuple[int, ...]]:
        return {}

    def initialize(self, rng: np.random.Generator) -> dict[str, Array]:
        return {}

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


@dataclass(frozen=True)
class GaussianNoise:
    """Adds N(0, sd^2) to each of `size` features while training, anew for every example and step: `dx = dy`.

    >>> x = np.zeros((1000, 50))
    >>> y, _ = GaussianNoise(50, sd=0.3).forward({}, x, Noise(seed=0, step=0))
    >>> float(y.std().round(2))
    0.3

    Raises
    ------
    UsageError
        A size below 1 or a negative sd.
    """

    size: int
    sd: float

    def __post_init__(self) -> None:
        if self.size < 1 or not 0 <= self.sd < float("inf"):
            raise UsageError(
                "this noise makes no sense",
                expected="a size of 1 or more, a finite sd of 0 or more",
                found=f"size {self.size}, sd {self.sd}",
            )

    @property
    def inputs(self) -> int:
        return self.size

    @property
    def outputs(self) -> int:
        return self.size

    def shapes(self) -> dict[str, tuple[int, ...]]:
        return {}

    def initialize(self, rng: np.random.Generator) -> dict[str, Array]:
        return {}

    def forward(self, params: Mapping[str, Array], x: Array, noise: Noise | None = None) -> tuple[Array, None]:
        if noise is None:
            return x, None
        return x + (self.sd * noise.normal(*x.shape)).astype(x.dtype), None

    def backward(
        self, params: Mapping[str, Array], memo: None, dy: Array, *, want_dx: bool = True
    ) -> tuple[Array | None, dict[str, Array]]:
        return dy, {}
