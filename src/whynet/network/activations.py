"""Activations: what a unit makes of its weighted input `z`, and how a gradient comes back through it.

Each is a class with two methods a few lines long:

    forward(z) -> (a, memo)        z, a (batch, units)
    backward(memo, da) -> dz       da = dC/da, dz = dC/dz, both (batch, units)

`memo` is whatever `backward` needs; nothing is kept on the object. To add one: write the class, add a line
to `ACTIVATIONS`, and its name to `ActivationName` in `training/recipe.py`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import numpy as np

from whynet.errors import UsageError, did_you_mean
from whynet.types import Array

ROOT_2_OVER_PI = math.sqrt(2 / math.pi)


class Activation(Protocol):
    """The seam that every activation fills."""

    @property
    def kinked(self) -> bool:
        """Whether the slope, or its slope, jumps at z = 0: a gradient check must keep clear of such points."""
        ...

    def forward(self, z: Array) -> tuple[Array, Any]: ...

    def backward(self, memo: Any, da: Array) -> Array: ...


class Identity:
    """`a = z`, `dz = da`.

    >>> Identity().forward(np.array([[-2.0, 3.0]]))[0]
    array([[-2.,  3.]])
    """

    kinked = False

    def forward(self, z: Array) -> tuple[Array, None]:
        return z, None

    def backward(self, memo: None, da: Array) -> Array:
        return da


class Sigmoid:
    """`a = 1 / (1 + exp(-z))`, `dz = da * a (1 - a)`.

    For z < -709 (float32: -88) exp overflows to infinity and `a` is exactly 0, which is the right limit;
    only NumPy's warning about it is silenced.

    >>> Sigmoid().forward(np.array([[-1e4, 0.0, 1e4]]))[0]
    array([[0. , 0.5, 1. ]])
    """

    kinked = False

    def forward(self, z: Array) -> tuple[Array, Array]:
        with np.errstate(over="ignore"):
            a = 1 / (1 + np.exp(-z))
        return a, a

    def backward(self, memo: Array, da: Array) -> Array:
        a = memo
        dz: Array = da * a * (1 - a)
        return dz


class Tanh:
    """`a = tanh(z)`, `dz = da (1 - a^2)`.

    >>> Tanh().forward(np.array([[-20.0, 0.0, 20.0]]))[0]
    array([[-1.,  0.,  1.]])
    """

    kinked = False

    def forward(self, z: Array) -> tuple[Array, Array]:
        a = np.tanh(z)
        return a, a

    def backward(self, memo: Array, da: Array) -> Array:
        a = memo
        dz: Array = da * (1 - a * a)
        return dz


class ScaledTanh:
    """`a = 1.7159 tanh(2 z / 3)`: passes through (1, 1) and (-1, -1), where it is far from flat (LeCun et al. 1998).

    With t = tanh(2 z / 3), `dz = da * 1.7159 * 2/3 (1 - t^2)`.

    >>> ScaledTanh().forward(np.array([[-1.0, 0.0, 1.0]]))[0].round(4)
    array([[-1.,  0.,  1.]])
    """

    kinked = False

    def forward(self, z: Array) -> tuple[Array, Array]:
        t = np.tanh(z * (2 / 3))
        return 1.7159 * t, t

    def backward(self, memo: Array, da: Array) -> Array:
        t = memo
        dz: Array = da * (1.7159 * 2 / 3) * (1 - t * t)
        return dz


class ReLU:
    """`a = max(z, 0)`, `dz = da` where z > 0, else 0.

    >>> ReLU().forward(np.array([[-2.0, 3.0]]))[0]
    array([[0., 3.]])
    """

    kinked = True

    def forward(self, z: Array) -> tuple[Array, Array]:
        a = np.maximum(z, 0)
        return a, a

    def backward(self, memo: Array, da: Array) -> Array:
        a = memo
        return da * (a > 0)


@dataclass(frozen=True)
class LeakyReLU:
    """`a = z` where z > 0, else `leak z`: a unit that is off still learns (Maas et al. 2013, with a leak of 1/100).

    >>> LeakyReLU().forward(np.array([[-2.0, 3.0]]))[0]
    array([[-0.02,  3.  ]])
    """

    leak: float = 0.01
    kinked: ClassVar[bool] = True

    def forward(self, z: Array) -> tuple[Array, Array]:
        a = np.where(z > 0, z, self.leak * z)
        return a, a

    def backward(self, memo: Array, da: Array) -> Array:
        a = memo
        return np.where(a > 0, da, self.leak * da)


class ELU:
    """`a = z` where z > 0, else `exp(z) - 1`; there `dz = da * (a + 1)` (Clevert et al. 2016, with alpha = 1).

    The slope is continuous at 0; its own slope jumps, which is enough to mislead a difference.

    >>> ELU().forward(np.array([[-20.0, 3.0]]))[0]
    array([[-1.,  3.]])
    """

    kinked = True

    def forward(self, z: Array) -> tuple[Array, Array]:
        a = np.where(z > 0, z, np.expm1(np.minimum(z, 0)))
        return a, a

    def backward(self, memo: Array, da: Array) -> Array:
        a = memo
        return np.where(a > 0, da, da * (a + 1))


class GELU:
    """`a = z/2 (1 + tanh(u))`, `u = sqrt(2/pi) (z + 0.044715 z^3)`: z times about the share of a normal variable
    that lies below z (Hendrycks and Gimpel 2016, in their tanh form; PyTorch's `approximate="tanh"`).

    With t = tanh(u), `dz = da (1/2 (1 + t) + z/2 (1 - t^2) du/dz)`, `du/dz = sqrt(2/pi) (1 + 3 * 0.044715 z^2)`.

    >>> GELU().forward(np.array([[-1.0, 0.0, 1.0]]))[0].round(3)
    array([[-0.159,  0.   ,  0.841]])
    """

    kinked = False

    def forward(self, z: Array) -> tuple[Array, tuple[Array, Array]]:
        t = np.tanh(ROOT_2_OVER_PI * (z + 0.044715 * z * z * z))
        return 0.5 * z * (1 + t), (z, t)

    def backward(self, memo: tuple[Array, Array], da: Array) -> Array:
        z, t = memo
        du = ROOT_2_OVER_PI * (1 + 3 * 0.044715 * z * z)
        dz: Array = da * (0.5 * (1 + t) + 0.5 * z * (1 - t * t) * du)
        return dz


class Softmax:
    """`a_i = exp(z_i) / sum_j exp(z_j)` along each row, `dz = a (da - sum_j da_j a_j)`.

    Subtracting the row's largest z first changes nothing and keeps exp from overflowing.

    >>> Softmax().forward(np.array([[0.0, np.log(3.0)]]))[0]
    array([[0.25, 0.75]])
    """

    kinked = False

    def forward(self, z: Array) -> tuple[Array, Array]:
        e = np.exp(z - z.max(axis=1, keepdims=True))
        a = e / e.sum(axis=1, keepdims=True)
        return a, a

    def backward(self, memo: Array, da: Array) -> Array:
        a = memo
        dz: Array = a * (da - (da * a).sum(axis=1, keepdims=True))
        return dz


ACTIVATIONS: dict[str, Activation] = {
    "elu": ELU(),
    "gelu": GELU(),
    "identity": Identity(),
    "leaky-relu": LeakyReLU(),
    "relu": ReLU(),
    "scaled-tanh": ScaledTanh(),
    "sigmoid": Sigmoid(),
    "softmax": Softmax(),
    "tanh": Tanh(),
}


def activation(name: str) -> Activation:
    """The activation of that name.

    >>> activation("relu").kinked
    True

    Raises
    ------
    UsageError
        There is none; the message lists those there are.
    """
    if name not in ACTIVATIONS:
        raise UsageError(f"there is no activation '{name}'", do=did_you_mean(name, ACTIVATIONS))
    return ACTIVATIONS[name]
