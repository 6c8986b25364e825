"""Weights of any network drawn anew: by a named scheme, or as they were drawn, from another seed."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from whynet.subjects.adapter import drawn_like
from whynet.subjects.inside.probe import Layer, Network, is_real
from whynet.types import Array

SCHEMES = ("he", "scaled-normal", "glorot", "zeros")
DRAWN = ("dense", "convolution", "recurrent", "attention", "embedding")
"""The kinds of layers whose weights are drawn by a scheme."""


def matrix(W: Array, *, units_first: bool) -> Array:
    """An array of weights as (fan_in, units).

    >>> matrix(np.zeros((8, 3, 5, 5)), units_first=True).shape, matrix(np.zeros((5, 5, 3, 8)), units_first=False).shape
    ((75, 8), (75, 8))
    """
    return W.reshape(len(W), -1).T if units_first else W.reshape(-1, W.shape[-1])


def drawn(network: Network, scheme: str, part: str, *, units_first: bool, seed: int) -> dict[str, Array]:
    """The weights of a scheme: normal, with a spread by the fan-in of each array; biases of 0. `part`: all, output
    weights (those of the last layer), or biases alone.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> from whynet.subjects.frameworks.torch_probe import TorchProbe
    >>> batch = torch.ones(2, 400), torch.ones(2, 99)
    >>> probe = TorchProbe.of(torch, torch.nn.Linear(400, 99), torch.nn.MSELoss(), batch)
    >>> made = drawn(probe.copy(), "scaled-normal", "all", units_first=True, seed=0)
    >>> round(float(made["weight"].std()), 3), float(abs(made["bias"]).max())
    (0.05, 0.0)
    """
    rng, own = np.random.default_rng([seed, 7]), network.weights()
    layers = [layer for layer in network.layers if layer.kind in DRAWN]
    if part == "output weights":
        layers = [layer for layer in layers if layer.kind != "embedding"][-1:]
    found: dict[str, Array] = {}
    for layer in layers:
        for name in layer.parameters:
            if name not in own:
                continue
            W = own[name]
            if W.ndim < 2:
                found[name] = np.zeros_like(W)
            elif part != "biases" and not (layer.kind == "embedding" and float(np.std(W)) > 0):
                found[name] = rng.normal(0, _spread(W, layer, scheme, units_first), W.shape).astype(W.dtype)
    return found


def _spread(W: Array, layer: Layer, scheme: str, units_first: bool) -> float:
    if scheme == "zeros":
        return 0.0
    if layer.kind == "embedding":  # one row of it is an input: as large as any other
        return 1.0
    fan_in, units = matrix(W, units_first=units_first).shape
    if scheme == "glorot":
        return math.sqrt(2 / (fan_in + units))
    return math.sqrt((2.0 if scheme == "he" else 1.0) / fan_in)


def redrawn(network: Network, *, units_first: bool, seed: int) -> dict[str, Array]:
    """Weights of another seed, each array's with the spread that its owner gave it. What looks trained stays, and units
    that are alike stay so.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> from whynet.subjects.frameworks.torch_probe import TorchProbe
    >>> probe = TorchProbe.of(torch, torch.nn.Linear(9, 9), torch.nn.MSELoss(), (torch.ones(2, 9), torch.ones(2, 9)))
    >>> made = redrawn(probe.copy(), units_first=True, seed=3)
    >>> list(made), bool((made["weight"] == probe.copy().weights()["weight"]).any())
    (['weight'], False)
    """
    rng, own = np.random.default_rng([seed, 6]), network.weights()
    kept = {name for layer in network.layers if layer.trained for name in layer.parameters}
    found = {}
    for name, W in own.items():
        if name in kept or W.ndim < 2 or not is_real(W):
            continue
        units = matrix(W, units_first=units_first)
        alike = units.shape[1] > 1 and bool((units == units[:, :1]).all())
        found[name] = W if alike else drawn_like(W, rng)
    return found


def dense_layers(network: Network, *, units_first: bool) -> Sequence[tuple[Array, Array | None]]:
    """Weights (fan_in, units) and biases of dense and convolutional layers, in the order in which they are defined.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> from whynet.subjects.frameworks.torch_probe import TorchProbe
    >>> probe = TorchProbe.of(torch, torch.nn.Linear(4, 2), torch.nn.MSELoss(), (torch.ones(2, 4), torch.ones(2, 2)))
    >>> [(W.shape, b.shape) for W, b in dense_layers(probe.copy(), units_first=True)]
    [((4, 2), (2,))]
    """
    own, found = network.weights(), []
    for layer in network.layers:
        if layer.kind not in ("dense", "convolution"):
            continue
        arrays = [own[name] for name in layer.parameters if name in own]
        W = next((one for one in arrays if one.ndim > 1), None)
        if W is not None:
            found.append((matrix(W, units_first=units_first), next((one for one in arrays if one.ndim == 1), None)))
    return found
