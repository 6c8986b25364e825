from __future__ import annotations

from itertools import product

import numpy as np
import pytest

import whynet
from whynet.errors import UsageError
from whynet.network import complexstep
from whynet.network.activations import ACTIVATIONS
from whynet.network.costs import COSTS
from whynet.network.layers import Plain
from whynet.network.network import Network
from whynet.noise import Noise
from whynet.optimizers.penalties import Penalty

STARTS = [
    ("normal", "normal"), ("scaled-normal", "zeros"), ("glorot", "zeros"), ("he", "zeros"), ("zeros", "normal"),
    ("uniform(0, 0.4)", "zeros"), ("uniform(-0.5, 0.5)", "uniform(-1, 1)"), ("constant(0.1)", "constant(0.5)"),
    ("normal(0, 0.01)", "zeros"), ("lecun", "lecun"), ("orthogonal", "zeros"),
]  # fmt: skip


SMOOTH = sorted(complexstep.ACTIVATIONS)


def test_what_is_smooth_and_ships_has_a_second_spelling():
    assert SMOOTH == ["gelu", "identity", "scaled-tanh", "sigmoid", "softmax", "tanh"]
    assert not any(ACTIVATIONS[name].kinked for name in SMOOTH)
    assert list(complexstep.COSTS) == list(COSTS)


@pytest.mark.parametrize(("activation", "cost"), list(product(SMOOTH, complexstep.COSTS)))
def test_backpropagation_is_right_to_1e_12(activation, cost, rng):
    X, targets = rng.normal(0, 1, (10, 12)), np.eye(4)[rng.integers(4, size=10)]
    for init, bias_init in STARTS:
        network = Network([12, 7, 6, 4], activation=activation, cost=cost, init=init, bias_init=bias_init, seed=2)
        check = whynet.check_gradients(network, X, targets, complex_step=True)
        assert check.passed, (init, check.arrays)
        assert check.relative_error <= 1e-12
        assert check.projection <= 1e-12
        assert check.kinks == 0


@pytest.mark.parametrize("noise", [None, Noise(1, 5)], ids=["evaluating", "training"])
@pytest.mark.parametrize("activation", SMOOTH)
def test_with_normalisation_dropout_and_noise(activation, noise, rng):
    X, targets = rng.normal(0, 1, (10, 8)), np.eye(3)[rng.integers(3, size=10)]
    network = Network(
        [8, 9, 7, 3], activation=activation, batch_norm=True, dropout=0.3, noise=0.2, input_dropout=0.1,
        input_noise=0.1, seed=3,
    )  # fmt: skip
    check = whynet.check_gradients(network, X, targets, noise=noise, weights=rng.random(10), complex_step=True)
    assert check.passed, check.arrays


def test_a_penalty_is_included(rng):
    network, penalty = Network([4, 3, 2], dtype="float64"), Penalty(l2=0.3)

    def gradients(network, X, targets):
        found = network.gradients(X, targets)
        penalty.add_gradient(network.params, found)
        return found

    options = {"penalty": penalty.value, "complex_step": True, "tolerance": 1e-9}
    X, targets = rng.random((5, 4)), np.eye(2)[[0, 1, 0, 1, 1]]
    assert whynet.check_gradients(network, X, targets, gradients=gradients, **options).passed
    assert not whynet.check_gradients(network, X, targets, **options).passed


def test_a_layer_without_a_spelling_is_declined():
    class Strange(Plain):
        kind = "strange"
        in_shape = out_shape = (3,)

        def forward(self, params, x, noise=None):
            return x, None

        def backward(self, params, memo, dy, *, want_dx=True):
            return dy, {}

    for network in (Network(layers=[Strange()]), Network([3, 3, 3], activation="relu")):
        with pytest.raises(UsageError, match="smooth activations"):
            whynet.check_gradients(network, np.eye(3), np.eye(3), complex_step=True)
