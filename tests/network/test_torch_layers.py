"""Every layer of pictures against PyTorch's automatic derivatives, in float64 to 1e-10."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from plants.pictures import CONVOLUTIONS, EVERY, POOLS
from whynet.network.activations import ACTIVATIONS
from whynet.network.layers import AveragePool2D, BatchNorm, Conv2D, MaxPool2D
from whynet.noise import Noise

pytestmark = pytest.mark.slow
torch = pytest.importorskip("torch", reason="PyTorch is not installed; it is a peer, not a dependency")
F = torch.nn.functional
NOISE = Noise(seed=3, step=1)
THEIR_ACTIVATIONS = {
    "elu": F.elu,
    "gelu": lambda z: F.gelu(z, approximate="tanh"),
    "identity": lambda z: z,
    "leaky-relu": F.leaky_relu,
    "relu": F.relu,
    "scaled-tanh": lambda z: 1.7159 * torch.tanh(2 * z / 3),
    "sigmoid": torch.sigmoid,
    "softmax": lambda z: torch.softmax(z, dim=1),
    "tanh": torch.tanh,
}


def rows(pictures):
    """Theirs, (batch, channels, rows, columns), as ours."""
    return pictures.permute(0, 2, 3, 1).reshape(len(pictures), -1)


def conv2d(layer, leaves, y, noise):
    weight = leaves["W"].reshape(*layer.kernel, layer.in_shape[2], layer.filters).permute(3, 2, 0, 1)
    (above, below), (left, right) = layer.geometry.padding
    return rows(F.conv2d(F.pad(y, (left, right, above, below)), weight, leaves["b"], layer.stride))


def batch_norm(layer, leaves, y, noise):
    mean, variance = leaves["mean"].detach(), leaves["variance"].detach()
    return rows(F.batch_norm(y, mean, variance, leaves["scale"], leaves["shift"], noise is not None, 0, layer.epsilon))


THEIRS = {
    "average-pool2d": lambda layer, leaves, y, noise: rows(F.avg_pool2d(y, layer.size, layer.stride)),
    "batch-norm": batch_norm,
    "conv2d": conv2d,
    "dense": lambda layer, leaves, y, noise: F.linear(rows(y), leaves["W"].T, leaves["b"]),
    "dropout": lambda layer, leaves, y, noise: rows(y) * torch.tensor(layer.forward({}, np.ones((5, 60)), noise)[0]),
    "flatten": lambda layer, leaves, y, noise: rows(y),
    "gaussian-noise": lambda layer, leaves, y, noise: (
        rows(y) + torch.tensor(layer.forward({}, np.zeros((5, 60)), noise)[0])
    ),
    "global-average-pool": lambda layer, leaves, y, noise: F.adaptive_avg_pool2d(y, 1)[:, :, 0, 0],
    "max-pool2d": lambda layer, leaves, y, noise: rows(F.max_pool2d(y, layer.size, layer.stride)),
}


def agrees(layer, rng, noise=None):
    """Outputs, the gradient of every parameter, and what is handed back."""
    arrays = {name: rng.normal(size=shape) for name, shape in layer.shapes().items()}
    arrays |= {name: rng.random(array.shape) for name, array in layer.statistics().items()}
    x, dy = rng.normal(size=(5, 60)), rng.normal(size=(5, layer.outputs))
    y, memo = layer.forward(arrays, x, noise)
    dx, gradients = layer.backward(arrays, memo, dy)
    leaves = {name: torch.tensor(array, requires_grad=True) for name, array in arrays.items()}
    leaf = torch.tensor(x, requires_grad=True)
    theirs = THEIRS[layer.kind](layer, leaves, leaf.reshape(5, 6, 5, 2).permute(0, 3, 1, 2), noise)
    theirs = THEIR_ACTIVATIONS[layer.activation or "identity"](theirs)
    theirs.backward(torch.tensor(dy))
    np.testing.assert_allclose(y, theirs.detach(), rtol=1e-10, atol=1e-10)
    np.testing.assert_allclose(dx, leaf.grad, rtol=1e-10, atol=1e-10)
    for name in layer.shapes():
        np.testing.assert_allclose(gradients[name], leaves[name].grad, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("noise", [None, NOISE], ids=["evaluating", "training"])
@pytest.mark.parametrize("kind", EVERY)
def test_every_layer_agrees_to_1e_10(kind, noise, rng):
    agrees(EVERY[kind], rng, noise)


@pytest.mark.parametrize("layer", CONVOLUTIONS, ids=lambda c: f"{c.kernel} {c.stride} {c.padding}")
def test_every_convolution_agrees_to_1e_10(layer, rng):
    agrees(layer, rng)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_every_activation_of_pictures_agrees_to_1e_10(activation, rng):
    agrees(Conv2D((6, 5, 2), 3, (3, 2), 2, "same", activation), rng)
    for noise in (None, NOISE):
        agrees(BatchNorm((6, 5, 2), activation), rng, noise)


@pytest.mark.parametrize(("kind", "pool"), list(product([MaxPool2D, AveragePool2D], POOLS)))
def test_every_pool_agrees_to_1e_10(kind, pool, rng):
    agrees(kind((6, 5, 2), *pool), rng)
