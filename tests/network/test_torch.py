"""PyTorch as a second opinion: its automatic derivatives against our backpropagation, in float64."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from whynet.network.layers import BatchNorm, Dense, Dropout
from whynet.network.network import Network
from whynet.noise import Noise
from whynet.optimizers.constraints import Constraints
from whynet.optimizers.optimizers import optimizer
from whynet.params import Params

pytestmark = pytest.mark.slow
torch = pytest.importorskip("torch", reason="PyTorch is not installed; it is a peer, not a dependency")
F = torch.nn.functional

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
THEIR_COSTS = {  # of each row
    "quadratic": lambda s, t: F.mse_loss(s, t, reduction="none").sum(dim=1) / 2,
    "sigmoid-cross-entropy": lambda s, t: F.binary_cross_entropy_with_logits(s, t, reduction="none").sum(dim=1),
    "softmax-cross-entropy": lambda s, t: F.cross_entropy(s, t, reduction="none"),
    "absolute": lambda s, t: F.l1_loss(s, t, reduction="none").sum(dim=1),
    "huber": lambda s, t: F.huber_loss(s, t, reduction="none").sum(dim=1),
}
LAYERS = {
    "dense": {},
    "batch norm": {"batch_norm": True},
    "dropout": {"dropout": 0.4, "input_dropout": 0.2},
    "noise": {"noise": 0.3, "input_noise": 0.3},
    "all": {"batch_norm": True, "dropout": 0.4, "noise": 0.3},
}


def theirs(network, X, targets, noise, weights):
    """Their cost and gradient of the same network on the same batch."""
    leaves = {name: torch.tensor(array, requires_grad=True) for name, array in network.params.named()}
    y = torch.tensor(X)
    for index, layer in enumerate(network.layers):
        still = noise and noise.at(index)
        if isinstance(layer, Dense):
            y = THEIR_ACTIVATIONS[layer.activation](F.linear(y, leaves[f"{index}.W"].T, leaves[f"{index}.b"]))
        elif isinstance(layer, BatchNorm):
            mean, variance = (torch.tensor(network.statistics[index][name]) for name in ("mean", "variance"))
            scale, shift = leaves[f"{index}.scale"], leaves[f"{index}.shift"]
            y = F.batch_norm(y, mean, variance, scale, shift, training=still is not None, eps=layer.epsilon)
            y = THEIR_ACTIVATIONS[layer.activation](y)
        elif isinstance(layer, Dropout):
            y = y * torch.tensor(layer.forward({}, np.ones(y.shape), still)[0])
        else:
            y = y + torch.tensor(layer.forward({}, np.zeros(y.shape), still)[0])
    cost = (THEIR_COSTS[network.cost_name](y, torch.tensor(targets)) * torch.tensor(weights)).mean()
    cost.backward()
    return cost.item(), {name: leaf.grad.numpy() for name, leaf in leaves.items()}


@pytest.mark.parametrize("noise", [None, Noise(seed=4, step=2)], ids=["evaluating", "training"])
@pytest.mark.parametrize(("kind", "activation", "cost"), list(product(LAYERS, THEIR_ACTIVATIONS, THEIR_COSTS)))
def test_gradients_agree_to_1e_10(kind, activation, cost, noise, rng):
    network = Network([7, 6, 5, 4], activation=activation, cost=cost, dtype="float64", seed=5, **LAYERS[kind])
    network.params.vector[:] += rng.normal(0, 0.3, network.params.vector.size)
    X, targets, weights = rng.normal(0, 1, (9, 7)), np.eye(4)[rng.integers(4, size=9)], rng.random(9)
    value, gradients = theirs(network, X, targets, noise, weights)
    trace = network.forward(X, noise)
    assert network.cost.value(trace.scores, targets, weights) == pytest.approx(value, rel=1e-10)
    whole = np.sqrt(sum(float(np.sum(g**2)) for g in gradients.values()))  # a bias before BatchNorm has a gradient of 0
    for name, ours in network.gradients(X, targets, noise, weights).named():
        scale = max(np.linalg.norm(gradients[name]), 1e-3 * whole)
        assert np.linalg.norm(ours - gradients[name]) <= 1e-10 * scale, name


THEIR_OPTIMIZERS = {
    "sgd": lambda p: torch.optim.SGD(p, lr=0.05),
    "sgd 0.9": lambda p: torch.optim.SGD(p, lr=0.05, momentum=0.9),
    "nesterov 0.9": lambda p: torch.optim.SGD(p, lr=0.05, momentum=0.9, nesterov=True),
    "adam": lambda p: torch.optim.Adam(p, lr=0.05),
    "adamw": lambda p: torch.optim.AdamW(p, lr=0.05, weight_decay=0.1),
    "rmsprop 0.5": lambda p: torch.optim.RMSprop(p, lr=0.05, alpha=0.9, momentum=0.5),
}


@pytest.mark.parametrize("name", THEIR_OPTIMIZERS)
def test_optimizers_take_the_same_steps(name, rng):
    kind, _, momentum = name.partition(" ")
    ours, params = optimizer(kind, float(momentum or 0)), Params(({"W": (2, 3)},), rng.normal(0, 1, 6))
    leaf = torch.tensor(params.vector.copy(), requires_grad=True)
    their, state = THEIR_OPTIMIZERS[name]([leaf]), ours.init(params)
    for _ in range(30):
        gradient = rng.normal(0, 1, 6) + params.vector
        leaf.grad = torch.tensor(gradient)
        their.step()
        gradients = Params(params.shapes, gradient)
        Constraints(weight_decay=0.1 if kind == "adamw" else 0.0).before_step(params, gradients, 0.05)
        ours.update(params, gradients, state, 0.05)
    np.testing.assert_allclose(params.vector, leaf.detach().numpy(), rtol=1e-9)
