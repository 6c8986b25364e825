from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import product

import numpy as np
import pytest

import whynet
from whynet.interfaces.cli.check import in_words
from whynet.network.activations import ACTIVATIONS
from whynet.network.costs import COSTS
from whynet.network.layers import Plain
from whynet.network.network import Network
from whynet.noise import Noise
from whynet.params import Params

STARTS = [
    ("normal", "normal"), ("scaled-normal", "zeros"), ("glorot", "zeros"), ("he", "zeros"), ("zeros", "normal"),
    ("uniform(0, 0.4)", "zeros"), ("uniform(-0.5, 0.5)", "uniform(-1, 1)"), ("constant(0.1)", "constant(0.5)"),
    ("normal(0, 0.01)", "zeros"), ("lecun", "lecun"), ("orthogonal", "zeros"),
]  # fmt: skip


def digit_like(rng, rows=10, features=784, outputs=10):
    """Features that are mostly zero, as pixels are."""
    X = rng.random((rows, features)) * (rng.random((rows, features)) < 0.2)
    return X, np.eye(outputs)[rng.integers(outputs, size=rows)]


@pytest.mark.thinned(7)
@pytest.mark.parametrize(("activation", "cost"), list(product(ACTIVATIONS, COSTS)))
def test_backpropagation_is_right_to_1e_7(activation, cost, rng):
    X, targets = digit_like(rng)
    for init, bias_init in STARTS:
        network = Network([784, 15, 12, 10], activation=activation, cost=cost, init=init, bias_init=bias_init, seed=2)
        check = whynet.check_gradients(network, X, targets, sample=12)
        assert check.passed, (init, check.arrays)
        assert check.relative_error <= 1e-7
        assert [one.array for one in check.arrays] == ["0.W", "0.b", "1.W", "1.b", "2.W", "2.b"]
        if init in ("scaled-normal", "glorot", "he"):  # sound starts: nothing is too small to see
            assert all(one.verdict == "right" for one in check.arrays)


def test_a_saturated_start_is_called_saturated_and_not_wrong(rng):
    X, targets = digit_like(rng)
    network = Network([784, 30, 10], activation="sigmoid", cost="quadratic", init="uniform(0, 0.4)", seed=0)
    check = whynet.check_gradients(network, X, targets)
    verdicts = {one.array: one.verdict for one in check.arrays}
    assert verdicts == {"0.W": "too-small", "0.b": "too-small", "1.W": "right", "1.b": "right"}
    assert check.passed


def negated(params: Params, name: str) -> None:
    for full_name, array in params.named():
        if full_name == name:
            array *= -1


def planted(change):
    """Backpropagation with a bug: `change(gradients, network)` spoils what came out."""

    def gradients(network, X, targets):
        found = network.gradients(X, targets)
        change(found, network)
        return found

    return gradients


BUGS = {
    "sign of one matrix": lambda g, n: negated(g, "1.W"),
    "sign of one bias": lambda g, n: negated(g, "0.b"),
    "sum for mean": lambda g, n: np.multiply(g.vector, 10, out=g.vector),
    "one bias skipped": lambda g, n: g[1]["b"].fill(0),
    "one layer skipped": lambda g, n: g[0]["W"].fill(0),
    "one unit off by a per mille": lambda g, n: np.multiply(g[1]["W"], 1.001, out=g[1]["W"]),
    "penalty on biases": lambda g, n: np.add(g[0]["b"], 0.01, out=g[0]["b"]),
    "not a number": lambda g, n: g[1]["W"].fill(np.nan),
}


@pytest.mark.parametrize("bug", BUGS)
@pytest.mark.parametrize("activation", ["sigmoid", "relu"])
def test_a_planted_bug_is_caught_and_located(bug, activation, rng):
    X, targets = rng.random((10, 8)), np.eye(3)[rng.integers(3, size=10)]
    network = Network([8, 6, 5, 3], activation=activation, seed=1, bias_init="normal(0, 0.1)")
    check = whynet.check_gradients(network, X, targets, gradients=planted(BUGS[bug]))
    assert not check.passed
    wrong = {one.array for one in check.arrays if one.verdict == "wrong"}
    named = {"sign of one matrix": {"1.W"}, "one bias skipped": {"1.b"}, "one layer skipped": {"0.W"}}
    assert wrong == named.get(bug, wrong)
    if bug != "not a number":
        assert check.worst.array in wrong


def test_a_missing_slope_is_caught(rng):
    X, targets = rng.random((10, 8)), np.eye(3)[rng.integers(3, size=10)]
    network = Network([8, 6, 3], cost="quadratic", seed=1)

    def without_slope(network, X, targets):
        blind = network.sharing([*network.layers[:-1], replace(network.layers[-1], activation="identity")])
        trace = network.forward(X)
        return blind.backward(
            trace._replace(memos=(*trace.memos[:-1], trace.memos[-1]._replace(activation=None))),
            network.cost.gradient(trace.scores, targets),
        )

    assert not whynet.check_gradients(network, X, targets, gradients=without_slope).passed


@pytest.mark.parametrize("activation", ["sigmoid", "relu", "gelu"])
def test_gradients_are_right_with_dropout_and_noise_held_still(activation, rng):
    X, targets = rng.random((10, 8)), np.eye(3)[rng.integers(3, size=10)]
    network = Network([8, 20, 16, 3], activation=activation, dropout=0.4, input_dropout=0.2, input_noise=0.3, seed=3)
    check = whynet.check_gradients(network, X, targets, noise=Noise(seed=1, step=5))
    assert check.passed, check.arrays
    assert check.relative_error <= 1e-7
    still = network.gradients(X, targets, Noise(seed=1, step=5)).vector
    other = network.gradients(X, targets, Noise(seed=1, step=6)).vector
    assert (still != other).any()


def test_kinks_are_set_aside_and_counted():
    """A unit exactly at its kink: no difference, however small its step, measures one side only."""
    network = Network([2, 2, 2], activation="relu", cost="quadratic", init="zeros", bias_init="zeros")
    network.params[0]["b"][:] = [0.0, 1.0]
    network.params[1]["W"][:] = 1.0
    check = whynet.check_gradients(network, np.ones((3, 2)), np.eye(2)[[0, 1, 0]])
    assert check.kinks == 3  # two weights and the bias of the first unit
    assert check.passed


@dataclass(frozen=True)
class Cut(Plain):
    """A ReLU that is a layer of its own: the check does not know that it has kinks."""

    units: int
    kind = "cut"

    @property
    def in_shape(self):
        return (self.units,)

    out_shape = in_shape

    def forward(self, params, x, noise=None):
        return np.maximum(x, 0), x > 0

    def backward(self, params, memo, dy, *, want_dx=True):
        return dy * memo, {}


def test_kinks_that_cannot_be_seen_are_said_to_be():
    """All units stand almost at their kinks: the differences scatter, though the gradient is not small."""
    network = Network(layers=[whynet.Dense(2, 2), Cut(2), whynet.Dense(2, 2)], cost="quadratic")
    network.params[0]["W"][:] = 1.0
    network.params[0]["b"][:] = -1.9998
    network.params[2]["W"][:] = [[1.0, 2.0], [3.0, 4.0]]
    check = whynet.check_gradients(network, np.ones((3, 2)), np.eye(2)[[0, 1, 0]])
    verdicts = {one.array: one.verdict for one in check.arrays}
    assert (verdicts["0.W"], verdicts["0.b"], verdicts["2.b"]) == ("kinks-unseen", "kinks-unseen", "right")
    assert check.unseen == ("Cut",)
    assert "Cut layers, if any, cannot be seen" in in_words(check)
    assert "0.b not checked" in in_words(check)
    saturated = np.full((3, 2), -1.0)  # no unit is on: the gradient is 0, and that is no kink's fault
    assert whynet.check_gradients(network, saturated, np.eye(2)[[0, 1, 0]]).arrays[0].verdict == "too-small"


def test_a_batch_that_does_not_fit_is_refused():
    with pytest.raises(whynet.WhynetError, match="does not fit"):
        whynet.check_gradients(Network([3, 2]), np.zeros((4, 5)), np.zeros((4, 2)))


def test_the_network_is_left_as_it_was(rng):
    network = Network([5, 4, 3], seed=4)
    before = network.params.vector.copy()
    whynet.check_gradients(network, rng.random((4, 5)), np.eye(3)[[0, 1, 2, 0]])
    np.testing.assert_array_equal(network.params.vector, before)
