"""Does the gradient check catch what is wrong, and leave alone what is right?"""

from __future__ import annotations

import numpy as np
import pytest

import whynet
from plants.planted import BUGS, NOISE, PENALTY, ROWS, Backprop, sound
from whynet.network import complexstep
from whynet.network.activations import ACTIVATIONS
from whynet.network.costs import COSTS
from whynet.network.network import Network
from whynet.noise import Noise
from whynet.optimizers.penalties import Penalty

SEEDS = range(3)


def batch(seed):
    rng = np.random.default_rng([seed, 99])
    return rng.normal(0, 1, (ROWS, 5)), np.eye(5)[rng.integers(5, size=ROWS)]


def check(network, X, targets, gradients, **options):
    return whynet.check_gradients(
        network, X, targets, gradients=gradients, penalty=PENALTY.value, noise=NOISE, sample=10, **options
    )


def test_the_bank_is_large():
    assert len(BUGS) >= 40


@pytest.mark.thinned(3)
@pytest.mark.parametrize("name", BUGS)
def test_every_planted_bug_is_caught(name):
    for seed in SEEDS:
        network, (X, targets) = BUGS[name].network(seed), batch(seed)
        right, wrong = sound(network, X, targets).vector, Backprop(BUGS[name])(network, X, targets).vector
        assert not np.linalg.norm(wrong - right) < 1e-6 * np.linalg.norm(right), "the bug changes nothing here"
        assert not check(network, X, targets, Backprop(BUGS[name])).passed
        if BUGS[name].options.get("activation") != "relu":  # complex steps are for smooth activations
            assert not check(network, X, targets, Backprop(BUGS[name]), complex_step=True).passed


@pytest.mark.parametrize("options", [{}, *({tuple(b.options.items()): b.options for b in BUGS.values()}).values()])
def test_without_a_bug_the_bank_is_right(options):
    """Else the bank would prove nothing: it would be wrong with and without its bugs."""
    bug = next(bug for bug in BUGS.values() if bug.options == options)
    for seed in SEEDS:
        network, (X, targets) = bug.network(seed), batch(seed)
        np.testing.assert_allclose(
            Backprop()(network, X, targets).vector, sound(network, X, targets).vector, rtol=1e-10, atol=1e-14
        )
        assert check(network, X, targets, Backprop()).passed


def test_the_projection_finds_what_a_sample_misses():
    """One entry in 10,000 is wrong: 30 entries of each array hardly ever meet it; a random direction always does."""
    network, rng = Network([100, 100, 3], seed=0), np.random.default_rng(0)

    def one_wrong(network, X, targets):
        gradients = network.gradients(X, targets)
        gradients[0]["W"][57, 31] += 1.0
        return gradients

    check = whynet.check_gradients(network, rng.normal(0, 1, (5, 100)), np.eye(3)[[0, 1, 2, 0, 1]], gradients=one_wrong)
    assert all(one.verdict == "right" for one in check.arrays)
    assert check.projection > 1e-3
    assert not check.passed


def random_network(rng, names):
    """Any network with these activations, any batch, any penalty, in training or evaluation."""
    sizes = [int(size) for size in rng.integers(1, 9, size=rng.integers(2, 6))]
    inits = ["normal", "scaled-normal", "glorot", "he", "lecun", "orthogonal", "uniform(-1, 1)", "uniform(0, 0.4)"]
    inits += ["zeros", "constant(0.3)", "normal(0, 3)", "normal(0, 0.01)"]
    cost = str(rng.choice(sorted(COSTS)))
    network = Network(
        sizes,
        activation=str(rng.choice(names)),
        output_activation=None if rng.random() < 0.7 else str(rng.choice(names)),
        init=str(rng.choice(inits)),
        bias_init=str(rng.choice(inits[6:])),
        batch_norm=bool(rng.random() < 0.3),
        dropout=float(rng.choice([0.0, 0.0, 0.5])),
        input_dropout=float(rng.choice([0.0, 0.0, 0.2])),
        noise=float(rng.choice([0.0, 0.0, 0.3])),
        cost=cost,
        seed=int(rng.integers(1000)),
    )
    rows = int(rng.integers(1, 12))
    X = rng.normal(0, rng.choice([0.1, 1.0, 3.0]), (rows, sizes[0])) * (rng.random((rows, sizes[0])) < 0.7)
    targets = np.eye(sizes[-1])[rng.integers(sizes[-1], size=rows)] if sizes[-1] > 1 else rng.random((rows, 1))
    penalty = Penalty(l1=float(rng.choice([0.0, 0.01])), l2=float(rng.choice([0.0, 0.1])))
    noise = Noise(int(rng.integers(99)), int(rng.integers(99))) if rng.random() < 0.5 else None
    weights = rng.random(rows) * 2 if rng.random() < 0.2 else None
    return network, X, targets, penalty, noise, weights


def false_alarms(count, *, complex_step=False):
    """The random networks whose right gradient is called wrong."""
    alarms = []
    names = sorted(complexstep.ACTIVATIONS if complex_step else ACTIVATIONS)
    for number in range(count):
        network, X, targets, penalty, noise, weights = random_network(np.random.default_rng([7, number]), names)
        penalty = Penalty() if complex_step else penalty

        def gradients(network, X, targets, penalty=penalty, noise=noise, weights=weights):
            found = network.gradients(X, targets, noise, weights)
            penalty.add_gradient(network.params, found)
            return found

        found = whynet.check_gradients(
            network, X, targets, gradients=gradients, penalty=penalty.value, kinked_penalty=penalty.l1 > 0,
            noise=noise, weights=weights, sample=5, seed=number, complex_step=complex_step,
        )  # fmt: skip
        if not found.passed:
            alarms.append((number, network, found))
    return alarms


def test_no_false_alarm_in_sixty_random_networks():
    assert false_alarms(60) == []
    assert false_alarms(60, complex_step=True) == []


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_no_false_alarm_in_a_thousand_random_networks():
    assert false_alarms(1000) == []
    assert false_alarms(1000, complex_step=True) == []
