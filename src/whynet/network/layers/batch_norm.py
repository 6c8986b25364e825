"""Batch normalisation: over the batch, and over the pixels of a picture."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np

from whynet.errors import UsageError
from whynet.network.activations import activation
from whynet.network.layers.base import Plain, Shape, named, shape_of
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
class BatchNorm(Plain):
    """Brings each unit to mean 0 and variance 1 over the batch, then lets the network choose its own scale and shift
    (Ioffe and Szegedy 2015); of a picture each channel, over the pixels of all examples:

        x_hat = (x - mean) / sqrt(variance + epsilon),   z = scale * x_hat + shift,   y = activation(z)

    While training, mean and variance are the batch's own. While evaluating they are running averages, the layer's
    `statistics`: no gradient reaches them, and after each step the engine blends in `blend` of the batch's.

    Shapes: x, y (batch, inputs), looked at as (batch x pixels, channels); scale, shift, mean, variance (channels,).

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

    shape: Shape
    activation: str = "identity"
    blend: float = 0.1
    epsilon: float = 1e-5
    kind: ClassVar[str] = "batch-norm"

    def __post_init__(self) -> None:
        object.__setattr__(self, "shape", shape_of(self.shape, "normalisation"))
        if not 0 < self.blend <= 1 or not 0 < self.epsilon < 1:
            raise UsageError(
                "this normalisation makes no sense",
                expected="a share above 0 and up to 1, an epsilon above 0 and below 1",
                found=f"share {self.blend}, epsilon {self.epsilon}",
            )
        named(self, "activation")
        activation(self.activation)

    @property
    def in_shape(self) -> Shape:
        return self.shape

    @property
    def out_shape(self) -> Shape:
        return self.shape

    def shapes(self) -> dict[str, tuple[int, ...]]:
        return {"scale": self.shape[-1:], "shift": self.shape[-1:]}

    def initialize(self, rng: np.random.Generator) -> dict[str, Array]:
        return {"scale": np.ones(self.shape[-1]), "shift": np.zeros(self.shape[-1])}

    def statistics(self) -> dict[str, Array]:
        """The running averages before the first step."""
        return {"mean": np.zeros(self.shape[-1]), "variance": np.ones(self.shape[-1])}

    def blend_in(self, statistics: Mapping[str, Array], memo: BatchNormMemo) -> None:
        """Move the running averages, in place, towards those of a batch; its variance is made unbiased first."""
        if memo.mean is None or memo.variance is None:
            return
        n = len(memo.x_hat)
        statistics["mean"][...] += self.blend * (memo.mean - statistics["mean"])
        statistics["variance"][...] += self.blend * (memo.variance * (n / max(n - 1, 1)) - statistics["variance"])

    def forward(self, params: Mapping[str, Array], x: Array, noise: Noise | None = None) -> tuple[Array, BatchNormMemo]:
        batch, x = len(x), x.reshape(-1, self.shape[-1])
        mean = variance = None
        if noise is not None:
            mean, variance = x.mean(axis=0), x.var(axis=0)
        inverse_sd = 1 / np.sqrt((params["variance"] if variance is None else variance) + x.dtype.type(self.epsilon))
        x_hat = (x - (params["mean"] if mean is None else mean)) * inverse_sd
        z = (params["scale"] * x_hat + params["shift"]).reshape(batch, self.outputs)
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
        dz = activation(self.activation).backward(memo.activation, dy).reshape(memo.x_hat.shape)
        gradients = {"scale": (dz * memo.x_hat).sum(axis=0), "shift": dz.sum(axis=0)}
        if not want_dx:
            return None, gradients
        dx = dz * params["scale"]
        if memo.mean is not None:
            dx = dx - dx.mean(axis=0) - memo.x_hat * (dx * memo.x_hat).mean(axis=0)
        return (dx * memo.inverse_sd).reshape(dy.shape), gradients

    def tensors(self, arrays: Mapping[str, Array]) -> dict[str, Array]:
        return {
            "weight": arrays["scale"],
            "bias": arrays["shift"],
            "running_mean": arrays["mean"],
            "running_var": arrays["variance"],
        }
