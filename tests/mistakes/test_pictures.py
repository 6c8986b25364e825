"""Mistakes in convolutions and pools: each changes the gradient where it can be made, and the check sees it."""

from __future__ import annotations

import numpy as np
import pytest

import whynet
from whynet.engines.base import backpropagate
from whynet.mistakes.pictures import PICTURES, spoilt_pictures
from whynet.network.layers import AveragePool2D, Conv2D, Dense, GlobalAveragePool, MaxPool2D
from whynet.network.network import Network
from whynet.training.checking import check
from whynet.training.loop import Training
from whynet.training.prepare import prepare

SEEDS = range(2)


def network_of(seed, act="tanh"):
    """Everything that can be got wrong: padding, strides, channels, overlap, each kind of pool."""
    drawn = {"activation": act, "init": "he", "bias_init": "normal(0, 0.2)"}
    layers = [
        Conv2D((9, 9, 2), 4, 3, padding="same", **drawn),
        MaxPool2D((9, 9, 4), 3, stride=2),
        Conv2D((4, 4, 4), 4, 3, padding="same", **drawn),
        AveragePool2D((4, 4, 4), 2, stride=1),
        Conv2D((3, 3, 4), 5, 2, stride=2, padding="same", **drawn),
        GlobalAveragePool((2, 2, 5)),
        Dense(5, 3),
    ]
    return Network(layers=layers, dtype="float64", seed=seed)


def batch(seed):
    rng = np.random.default_rng([seed, 5])
    return rng.normal(size=(6, 162)), np.eye(3)[rng.integers(3, size=6)]


def test_there_are_many():
    assert len(PICTURES) >= 20


@pytest.mark.thinned(6)
@pytest.mark.parametrize("name", PICTURES)
def test_every_mistake_is_caught_by_the_gradient_check(name):
    for seed in SEEDS:
        network, (X, targets) = network_of(seed), batch(seed)
        wrong = spoilt_pictures(name, network)
        theirs = wrong.gradients(X, targets).vector
        right = network.gradients(X, targets).vector
        assert np.linalg.norm(theirs - right) > 1e-3 * np.linalg.norm(right), "the mistake changes nothing here"

        def gradients(double, X, targets, wrong=wrong):
            own = wrong.having(double.params.vector, double.statistics.vector)
            return backpropagate(own, own.forward(X), targets)

        for complex_step in (False, True):
            found = whynet.check_gradients(
                network, X, targets, gradients=gradients, sample=8, complex_step=complex_step
            )
            assert not found.passed
        own = whynet.check_gradients(wrong, X, targets, sample=8)  # nobody need know the right network
        assert not own.passed


def test_without_a_mistake_it_is_right():
    for seed in SEEDS:
        assert whynet.check_gradients(network_of(seed), *batch(seed), sample=8).passed
        assert whynet.check_gradients(network_of(seed, "relu"), *batch(seed), sample=8).passed


@pytest.mark.parametrize("name", ["kernel-turned", "stride-ignored", "pool-to-all"])
def test_a_recipe_trains_with_it(name, digits):
    recipe = whynet.Recipe(
        layers=("conv 4 3x3", "conv 4 3x3 stride 2 same", "pool 2 stride 1", "dense 8"),
        activation="tanh",
        faults=(name,),
        epochs=1,
    )
    prepared = prepare(recipe, digits)
    assert not check(prepared).passed
    training = Training(prepared)
    assert np.isfinite(next(training).cost) and training.engine.name == "reference"
    assert training.network.params is prepared.task.network.params


def test_networks_that_cannot_make_it_are_left_alone(digits):
    recipe = whynet.Recipe(hidden=(8,), faults=("pool-to-all", "stride-ignored"))
    assert check(prepare(recipe, digits)).passed
