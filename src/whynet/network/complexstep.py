"""The cost in complex numbers: its slope along a parameter without a difference, so that no digits are lost.

For a function that can be written with analytic formulas, `f(w + ih) = f(w) + ih f'(w) + O(h^2)`: with a tiny h the
imaginary part over h is the slope to the last digit or two (Squire and Trapp 1998). The formulas below are a second
spelling of the network's, from the textbook and not from `activations.py` or `costs.py`, and know no backpropagation.
Smooth activations only: at a kink the imaginary part would depend on which way z = 0 was rounded. Where the cost has
kinks, each side is spelled out, and an error of exactly 0 has the slope 0; of several pixels that are the largest of
their window, the first is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from whynet.errors import UsageError
from whynet.network.network import Network
from whynet.noise import Noise
from whynet.types import Array, Features, Targets

STEP = 1e-30


def _sigmoid(z: Array) -> Array:
    small = np.exp(np.where(z.real > 0, -z, z))  # never overflows
    return np.where(z.real > 0, 1 / (1 + small), small / (1 + small))


def _softmax(z: Array) -> Array:
    e = np.exp(z - z.real.max(axis=1, keepdims=True))
    shares: Array = e / e.sum(axis=1, keepdims=True)
    return shares


def _gelu(z: Array) -> Array:
    gelu: Array = 0.5 * z * (1 + np.tanh(np.sqrt(2 / np.pi) * (z + 0.044715 * z**3)))
    return gelu


def _softplus(z: Array) -> Array:
    return np.where(z.real > 0, z, 0) + np.log1p(np.exp(np.where(z.real > 0, -z, z)))


ACTIVATIONS: dict[str, Callable[[Array], Array]] = {
    "gelu": _gelu,
    "identity": lambda z: z,
    "scaled-tanh": lambda z: 1.7159 * np.tanh(2 * z / 3),
    "sigmoid": _sigmoid,
    "softmax": _softmax,
    "tanh": np.tanh,
}


def _log_softmax_cost(s: Array, t: Array) -> Array:
    top = s.real.max(axis=1, keepdims=True)
    logs = top + np.log(np.exp(s - top).sum(axis=1, keepdims=True))
    costs: Array = (t * (logs - s)).sum(axis=1)
    return costs


def _absolute(e: Array) -> Array:
    """An error of 0 has the slope 0; products of two steps may leave a trace of one."""
    signs = np.where(np.abs(e.real) > STEP, np.sign(e.real), 0.0)
    return signs * e


def _huber(e: Array) -> Array:
    return np.where(np.abs(e.real) <= 1, e**2 / 2, np.sign(e.real) * e - 0.5)


COSTS: dict[str, Callable[[Array, Array], Array]] = {  # the cost of each row
    "quadratic": lambda s, t: ((s - t) ** 2).sum(axis=1) / 2,
    "sigmoid-cross-entropy": lambda s, t: (_softplus(s) - t * s).sum(axis=1),
    "softmax-cross-entropy": _log_softmax_cost,
    "absolute": lambda s, t: _absolute(s - t).sum(axis=1),
    "huber": lambda s, t: _huber(s - t).sum(axis=1),
}


def _dense(layer: Any, arrays: dict[str, Array], y: Array, noise: Noise | None) -> Array:
    z: Array = y @ arrays["W"] + arrays["b"]
    return z


def _batch_norm(layer: Any, arrays: dict[str, Array], y: Array, noise: Noise | None) -> Array:
    y, shape = y.reshape(-1, len(arrays["scale"])), y.shape
    mean, variance = arrays["mean"], arrays["variance"]
    if noise is not None:
        mean = y.mean(axis=0)
        variance = ((y - mean) ** 2).mean(axis=0)
    normal = (y - mean) / np.sqrt(variance + layer.epsilon)
    z: Array = (arrays["scale"] * normal + arrays["shift"]).reshape(shape)
    return z


def _dropout(layer: Any, arrays: dict[str, Array], y: Array, noise: Noise | None) -> Array:
    kept: Array = y * layer.forward({}, np.ones(y.shape), noise)[0]
    return kept


def _gaussian_noise(layer: Any, arrays: dict[str, Array], y: Array, noise: Noise | None) -> Array:
    moved: Array = y + layer.forward({}, np.zeros(y.shape), noise)[0]
    return moved


def _looks(pictures: Array, size: tuple[int, int], stride: tuple[int, int], places: tuple[int, int]) -> Iterator[Array]:
    """The pixel at each place of a window, row by row: one picture of all places for each."""
    for row, column in np.ndindex(*size):
        rows, columns = (
            slice(at, at + (count - 1) * step + 1, step)
            for at, count, step in zip((row, column), places, stride, strict=True)
        )
        yield pictures[:, rows, columns]


def _conv2d(layer: Any, arrays: dict[str, Array], y: Array, noise: Noise | None) -> Array:
    *places, filters = layer.out_shape
    z = np.zeros((len(y), *layer.out_shape), complex) + arrays["b"]
    pictures = np.pad(y.reshape(-1, *layer.in_shape), ((0, 0), *layer.geometry.padding, (0, 0)))
    kernel = arrays["W"].reshape(-1, layer.in_shape[2], filters)
    for W, seen in zip(kernel, _looks(pictures, layer.kernel, layer.stride, places), strict=True):
        z += np.einsum("nrck,kf->nrcf", seen, W)
    return z.reshape(len(y), -1)


def _max_pool2d(layer: Any, arrays: dict[str, Array], y: Array, noise: Noise | None) -> Array:
    first, *others = _looks(y.reshape(-1, *layer.in_shape), layer.size, layer.stride, layer.out_shape[:2])
    for one in others:
        first = np.where(one.real > first.real, one, first)
    return first.reshape(len(y), -1)


def _average_pool2d(layer: Any, arrays: dict[str, Array], y: Array, noise: Noise | None) -> Array:
    seen = list(_looks(y.reshape(-1, *layer.in_shape), layer.size, layer.stride, layer.out_shape[:2]))
    mean: Array = np.sum(seen, axis=0) / len(seen)
    return mean.reshape(len(y), -1)


def _global_average_pool(layer: Any, arrays: dict[str, Array], y: Array, noise: Noise | None) -> Array:
    mean: Array = y.reshape(-1, *layer.in_shape).sum(axis=(1, 2)) / (layer.in_shape[0] * layer.in_shape[1])
    return mean


LAYERS: dict[str, Callable[[Any, dict[str, Array], Array, Noise | None], Array]] = {
    "average-pool2d": _average_pool2d,
    "batch-norm": _batch_norm,
    "conv2d": _conv2d,
    "dense": _dense,
    "dropout": _dropout,
    "flatten": lambda layer, arrays, y, noise: y,
    "gaussian-noise": _gaussian_noise,
    "global-average-pool": _global_average_pool,
    "max-pool2d": _max_pool2d,
}


def complex_cost(
    network: Network, X: Features, targets: Targets, noise: Noise | None = None, weights: Array | None = None
) -> Callable[[Array], complex]:
    """A function from a complex parameter vector to the network's mean cost on the batch.

    >>> network = Network([3, 4, 2], activation="tanh", dtype="float64")
    >>> X, targets = np.eye(3), np.eye(3)[:, :2]
    >>> cost = complex_cost(network, X, targets)
    >>> w = network.params.vector.astype(complex)
    >>> w[0] += STEP * 1j
    >>> slope = cost(w).imag / STEP
    >>> bool(np.isclose(slope, network.gradients(X, targets).vector[0], rtol=1e-13))
    True

    Raises
    ------
    UsageError
        A layer, activation or cost that has no complex spelling here.
    """
    if network.cost_name not in COSTS:
        raise UsageError(f"the cost '{network.cost_name}' is not spelled out in complex numbers")
    for layer in network.layers:
        if layer.kind not in LAYERS or layer.activation not in (None, *ACTIVATIONS):
            raise UsageError(
                "complex steps do not know a layer of this network",
                expected=f"{', '.join(LAYERS)}, with smooth activations: {', '.join(ACTIVATIONS)}",
                found=str(layer),
                do="Use differences: leave out --complex-step",
            )
    shares = np.full(len(X), 1 / len(X)) if weights is None else weights / len(X)

    def cost(vector: Array) -> complex:
        y: Array = X
        params = network.having(vector, network.statistics.vector).params
        for index, layer in enumerate(network.layers):
            arrays = {**params[index], **network.statistics[index]}
            y = LAYERS[layer.kind](layer, arrays, y, noise and noise.at(index))
            if layer.activation is not None:
                y = ACTIVATIONS[layer.activation](y)
        return complex(shares @ COSTS[network.cost_name](y, targets))

    return cost
