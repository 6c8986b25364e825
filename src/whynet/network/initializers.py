"""Initial weights and biases: how they are drawn before the first step.

Each is a function

    (rng, shape, fan_in, fan_out, *numbers) -> float64 array of `shape`

where `fan_in` and `fan_out` are the numbers of units that feed a unit of the layer and that it feeds. The same
functions draw biases. A recipe names one as text, with its numbers in brackets: `"he"`, `"uniform(0, 0.4)"`.
To add one: write the function and add a line to `INITIALIZERS`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

import numpy as np

from whynet.errors import UsageError, did_you_mean
from whynet.types import Array

Initializer = Callable[..., Array]


def normal(
    rng: np.random.Generator,
    shape: tuple[int, ...],
    fan_in: int,
    fan_out: int,
    mean: float = 0.0,
    sd: float = 1.0,
) -> Array:
    """N(mean, sd^2) whatever the layer's size; N(0, 1) unless told.

    >>> normal(np.random.default_rng(0), (3,), 4, 3).round(2)
    array([ 0.13, -0.13,  0.64])
    """
    return mean + sd * rng.standard_normal(shape)


def scaled_normal(rng: np.random.Generator, shape: tuple[int, ...], fan_in: int, fan_out: int) -> Array:
    """N(0, 1 / fan_in): a unit's weighted input keeps the size of one input (Nielsen, chapter 3).

    >>> float(scaled_normal(np.random.default_rng(0), (400, 30), 400, 30).std().round(3))  # 1 / sqrt(400)
    0.05
    """
    return rng.standard_normal(shape) / math.sqrt(fan_in)


def glorot(rng: np.random.Generator, shape: tuple[int, ...], fan_in: int, fan_out: int) -> Array:
    """N(0, 2 / (fan_in + fan_out)): keeps signals and gradients alike in size (Glorot and Bengio 2010).

    >>> bool(np.abs(glorot(np.random.default_rng(0), (4, 2), 4, 2)).max() < 1)  # sqrt(6 / (4 + 2))
    True
    """
    return rng.standard_normal(shape) * math.sqrt(2 / (fan_in + fan_out))


def lecun(rng: np.random.Generator, shape: tuple[int, ...], fan_in: int, fan_out: int) -> Array:
    """Uniform with variance 1 / fan_in, that is between +-sqrt(3 / fan_in) (LeCun et al. 1998, section 4.6).

    >>> bool(np.abs(lecun(np.random.default_rng(0), (12, 2), 12, 2)).max() < 0.5)  # sqrt(3 / 12)
    True
    """
    bound = math.sqrt(3 / fan_in)
    return rng.uniform(-bound, bound, shape)


def scaled_uniform(rng: np.random.Generator, shape: tuple[int, ...], fan_in: int, fan_out: int) -> Array:
    """Uniform between +-1 / sqrt(fan_in): what PyTorch's `Linear` draws weights and biases from.

    >>> bool(np.abs(scaled_uniform(np.random.default_rng(0), (16, 2), 16, 2)).max() < 0.25)  # 1 / sqrt(16)
    True
    """
    bound = 1 / math.sqrt(fan_in)
    return rng.uniform(-bound, bound, shape)


def orthogonal(rng: np.random.Generator, shape: tuple[int, ...], fan_in: int, fan_out: int) -> Array:
    """Rows or columns, whichever are fewer, of length 1 and at right angles: no direction grows or shrinks
    (Saxe et al. 2014). Biases become one vector of length 1.

    >>> W = orthogonal(np.random.default_rng(0), (5, 3), 5, 3)
    >>> bool(np.allclose(W.T @ W, np.eye(3)))
    True
    """
    rows, columns = shape if len(shape) == 2 else (shape[0], 1)
    Q, R = np.linalg.qr(rng.standard_normal((max(rows, columns), min(rows, columns))))
    Q *= np.sign(np.diag(R))  # without this the angles are not evenly distributed
    return (Q if rows >= columns else Q.T).reshape(shape)


def he(rng: np.random.Generator, shape: tuple[int, ...], fan_in: int, fan_out: int) -> Array:
    """N(0, 2 / fan_in): makes up for the half that a ReLU cuts off (He et al. 2015, equation 10).

    >>> float(he(np.random.default_rng(0), (200, 50), 200, 50).std().round(2))  # sqrt(2 / 200)
    0.1
    """
    return rng.standard_normal(shape) * math.sqrt(2 / fan_in)


def uniform(
    rng: np.random.Generator, shape: tuple[int, ...], fan_in: int, fan_out: int, low: float, high: float
) -> Array:
    """Uniform between `low` and `high`.

    >>> drawn = uniform(np.random.default_rng(0), (1000,), 4, 2, 0.0, 0.4)
    >>> bool(drawn.min() >= 0), bool(drawn.max() < 0.4)
    (True, True)
    """
    return rng.uniform(low, high, shape)


def constant(rng: np.random.Generator, shape: tuple[int, ...], fan_in: int, fan_out: int, value: float) -> Array:
    """Every entry `value`; draws nothing.

    >>> constant(np.random.default_rng(0), (3,), 4, 3, 0.5)
    array([0.5, 0.5, 0.5])
    """
    return np.full(shape, value, dtype=np.float64)


def zeros(rng: np.random.Generator, shape: tuple[int, ...], fan_in: int, fan_out: int) -> Array:
    """Every entry 0; draws nothing. Usual for biases; for weights it makes all units of a layer alike.

    >>> zeros(np.random.default_rng(0), (3,), 4, 3)
    array([0., 0., 0.])
    """
    return np.zeros(shape)


INITIALIZERS: dict[str, tuple[Initializer, tuple[int, ...]]] = {  # function, how many numbers it may take
    "constant": (constant, (1,)),
    "glorot": (glorot, (0,)),
    "he": (he, (0,)),
    "lecun": (lecun, (0,)),
    "normal": (normal, (0, 2)),
    "orthogonal": (orthogonal, (0,)),
    "scaled-normal": (scaled_normal, (0,)),
    "scaled-uniform": (scaled_uniform, (0,)),
    "uniform": (uniform, (2,)),
    "zeros": (zeros, (0,)),
}


def initializer(text: str) -> Initializer:
    """The function that `text` names, its numbers filled in.

    >>> draw = initializer("uniform(0, 0.4)")
    >>> weights = draw(np.random.default_rng(0), (784, 30), fan_in=784, fan_out=30)
    >>> weights.mean().round(2)
    np.float64(0.2)

    Raises
    ------
    UsageError
        No such name, or numbers that do not fit it.
    """
    match = re.fullmatch(r"\s*([a-z-]+)\s*(?:\(([^()]*)\))?\s*", text)
    name = match[1] if match else text
    if match is None or name not in INITIALIZERS:
        raise UsageError(f"there is no way of initial weights '{text}'", do=did_you_mean(name, INITIALIZERS))
    function, counts = INITIALIZERS[name]
    written = [part for part in (match[2] or "").split(",") if part.strip()]
    try:
        numbers = [float(part) for part in written]
    except ValueError:
        numbers = [math.nan]
    if len(numbers) not in counts or not all(map(math.isfinite, numbers)):
        wanted = " or ".join(str(count) for count in counts)
        raise UsageError(
            f"the initial weights '{text}' do not have the numbers they need",
            expected=f"{wanted} finite numbers in brackets after '{name}'",
            found=match[2] or "none",
        )
    if name == "uniform" and numbers[0] > numbers[1]:
        raise UsageError(f"the initial weights '{text}' have their bounds the wrong way round")
    if name == "normal" and len(numbers) == 2 and numbers[1] < 0:
        raise UsageError(f"the initial weights '{text}' have a negative standard deviation")

    def draw(rng: np.random.Generator, shape: tuple[int, ...], fan_in: int, fan_out: int) -> Any:
        return function(rng, shape, fan_in, fan_out, *numbers)

    return draw
