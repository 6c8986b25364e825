"""Objects as they stand before they are trained: layers behind zeros or saturated units, steps on lists of examples,
networks without a loss that can be asked."""

import itertools

import numpy as np
import pytest

import whynet
from whynet.subjects.own_code.objects import adapt


class Book:
    """As the book has it: an example a column, a step on a list of them that divides by how many they are."""

    def __init__(self, sizes, draw, sign=-1, mean=True):
        rng = np.random.default_rng(0)
        self.sizes, self.sign, self.mean = sizes, sign, mean
        self.biases = [rng.normal(size=(n, 1)) for n in sizes[1:]]
        self.weights = [draw(rng, (n, m)) for m, n in itertools.pairwise(sizes)]

    def feedforward(self, a):
        for b, w in zip(self.biases, self.weights, strict=True):
            a = 1 / (1 + np.exp(-(w @ a + b)))
        return a

    def backprop(self, x, y):
        activations = [x]
        for b, w in zip(self.biases, self.weights, strict=True):
            activations.append(1 / (1 + np.exp(-(w @ activations[-1] + b))))
        delta = (activations[-1] - y) * activations[-1] * (1 - activations[-1])
        nabla_b, nabla_w = [delta], [delta @ activations[-2].T]
        for layer in range(2, len(self.sizes)):
            a = activations[-layer]
            delta = (self.weights[-layer + 1].T @ delta) * a * (1 - a)
            nabla_b.insert(0, delta)
            nabla_w.insert(0, delta @ activations[-layer - 1].T)
        return nabla_b, nabla_w

    def update_mini_batch(self, mini_batch, eta):
        found = [self.backprop(x, y) for x, y in mini_batch]
        rate = self.sign * eta / (len(mini_batch) if self.mean else 1)
        for index in range(len(self.weights)):
            self.biases[index] = self.biases[index] + rate * sum(b[index] for b, _ in found)
            self.weights[index] = self.weights[index] + rate * sum(w[index] for _, w in found)


def usual(rng, shape):
    return rng.normal(0, 1 / np.sqrt(shape[1]), shape)


def zeros(rng, shape):
    return np.zeros(shape)


def positive(rng, shape):
    return rng.random(shape)


@pytest.fixture(scope="module")
def digits():
    return whynet.load("digits")


def statuses(diagnosis):
    return {finding.cause: finding.status for finding in diagnosis.verdict}


@pytest.mark.parametrize("draw", [usual, zeros, positive])
def test_a_layer_that_nothing_can_be_seen_of_is_found(draw, digits):
    network = Book([64, 12, 10], draw)
    before = [array.copy() for array in network.weights + network.biases]
    shapes = sorted(array.shape for array in adapt(network, digits).code.arrays)
    assert shapes == [(10, 1), (10, 12), (12, 1), (12, 64)]
    assert all(np.array_equal(a, b) for a, b in zip(before, network.weights + network.biases, strict=True))


def test_weights_between_0_and_1_are_the_cause(digits):
    found = whynet.diagnose(Book([64, 30, 10], positive), digits, learning_rate=3.0, batch_size=10, epochs=5)
    assert statuses(found)["init-positive-saturation"] == "proved"


def test_weights_of_zero_between_random_biases_are_no_illness(digits):
    found = whynet.diagnose(Book([64, 30, 10], zeros), digits, learning_rate=3.0, batch_size=10, epochs=30)
    assert found.state == "healthy"


def test_the_batch_is_the_one_that_was_said(digits):
    """At 3 times the gradient of one example this network is lost; at 3 times the mean of ten it learns."""
    found = whynet.diagnose(Book([64, 30, 10], usual), digits, learning_rate=3.0, batch_size=10, epochs=20)
    assert (found.state, found.settings.batch) == ("healthy", 10)
    assumed = whynet.diagnose(Book([64, 30, 10], usual), digits, learning_rate=3.0, epochs=1, trials=False)
    assert next(one for one in assumed.remarks if one.kind == "assumed").numbers == {"batch_size": 10}


def test_a_step_uphill_is_proved_with_the_batch_that_was_said(digits):
    network = Book([64, 30, 10], usual, sign=1)
    found = whynet.diagnose(network, digits, learning_rate=3.0, batch_size=10, epochs=5)
    assert next(iter(statuses(found).items())) == ("gradient-sign-flipped", "proved")


def test_a_step_that_sums_over_the_list_is_as_long_as_it_is(digits):
    """Ten times the rate, said or not: the sum at 0.3 goes where the mean at 3 goes."""
    quick = {"batch_size": 10, "epochs": 2, "trials": False}
    mean = whynet.diagnose(Book([64, 30, 10], usual), digits, learning_rate=3.0, **quick)
    total = whynet.diagnose(Book([64, 30, 10], usual, mean=False), digits, learning_rate=0.3, **quick)
    assert total.before.quality == pytest.approx(mean.before.quality, abs=0.01)


class Alone(Book):
    """A step that takes the first of its examples, whatever it is handed."""

    def update_mini_batch(self, mini_batch, eta):
        super().update_mini_batch(mini_batch[:1], eta)


def test_a_batch_that_no_step_takes_is_said(digits):
    found = whynet.diagnose(Alone([64, 12, 10], usual), digits, learning_rate=0.3, batch_size=10, trials=False)
    assert found.settings.batch == 1
    assert any("the batch size of 10 is not used" in remark for remark in found.as_dict()["remarks"])


class Odd:
    """Hidden units that no table knows, and no loss."""

    def __init__(self):
        rng = np.random.default_rng(0)
        self.W = [rng.normal(0, 1 / np.sqrt(m), (m, n)) for m, n in itertools.pairwise([4, 12, 3])]

    def predict(self, X):
        self.z = X @ self.W[0]
        self.h = np.sin(self.z) * np.exp(-(self.z**2) / 9)
        return 1 / (1 + np.exp(-self.h @ self.W[1]))

    def train_step(self, X, y, lr):
        delta = (self.predict(X) - y) / len(X)
        slope = (np.cos(self.z) - np.sin(self.z) * 2 * self.z / 9) * np.exp(-(self.z**2) / 9)
        first = X.T @ (delta @ self.W[1].T * slope)
        self.W[1] -= lr * self.h.T @ delta
        self.W[0] -= lr * first


def test_without_a_loss_nothing_has_blown_up():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(400, 4))
    Y = np.eye(3)[(X[:, 0] > 0) * 1 + (X[:, 1] > 0)]
    found = whynet.diagnose(Odd(), (X, Y), learning_rate=0.3, batch_size=10, epochs=2, effort=5)
    assert found.state != "non-finite" and np.isnan(found.before.cost)
    assert "NaN" not in str(found) and "not a number" not in str(found) and "no longer" not in str(found)
