"""Where in a picture an answer comes from."""

from __future__ import annotations

import numpy as np
import pytest

import whynet
from whynet.errors import UsageError
from whynet.network.architectures import Style, convnet
from whynet.network.attribution import contributions

LINES = ["conv 4 3x3 same", "pool 2", "conv 6 3x3 stride 2", "average-pool 2", "dense 12"]


def network_of(lines, activation="relu", **more):
    layers = convnet((10, 10, 2), lines, 5, Style(activation, init="he", **more))
    return whynet.Network(layers=layers, seed=3, dtype="float64")


def test_without_biases_they_add_up_to_the_score(rng):
    network = network_of(LINES)  # biases begin at 0
    X = rng.random((7, 200))
    for output in range(5):
        found = contributions(network, X, np.full(7, output))
        np.testing.assert_allclose(found.sum(axis=1), network.scores(X)[:, output], rtol=1e-10)


def test_with_biases_they_add_up_to_what_the_biases_leave(rng):
    network = network_of(["conv 4 3x3"], activation="identity")
    network.params.vector[:] = rng.normal(size=network.params.vector.size)
    X = rng.random((7, 200))
    nothing = network.scores(np.zeros((1, 200)))[0, 2]
    found = contributions(network, X, np.full(7, 2))
    np.testing.assert_allclose(found.sum(axis=1) + nothing, network.scores(X)[:, 2], rtol=1e-10)


@pytest.mark.parametrize("batch_norm", [False, True])
def test_they_are_slopes_times_inputs(rng, batch_norm):
    network = network_of(LINES, activation="tanh", batch_norm=batch_norm)
    network.params.vector[:] += 0.1 * rng.normal(size=network.params.vector.size)
    x, step = rng.random((1, 200)), 1e-6
    found = contributions(network, x, np.array([1]), blank=0.25)[0]
    for feature in range(0, 200, 7):
        moved = [x + sign * step * (np.arange(200) == feature) for sign in (1, -1)]
        slope = (network.scores(moved[0])[0, 1] - network.scores(moved[1])[0, 1]) / (2 * step)
        assert found[feature] == pytest.approx((x[0, feature] - 0.25) * slope, rel=1e-5, abs=1e-8)


def test_the_last_activation_has_no_part_in_it(rng):
    network = whynet.Network([4, 3, 2], output_activation="sigmoid", cost="quadratic", dtype="float64", seed=1)
    plain = whynet.Network([4, 3, 2], output_activation="identity", cost="quadratic", dtype="float64", seed=1)
    X = rng.random((3, 4))
    assert (contributions(network, X, np.zeros(3, int)) == contributions(plain, X, np.zeros(3, int))).all()


def test_an_output_that_does_not_exist():
    with pytest.raises(UsageError, match="no such output"):
        contributions(network_of(LINES), np.zeros((1, 200)), np.array([5]))
