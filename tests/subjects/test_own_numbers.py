"""Hand-written code that predicts numbers, or several labels."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import r2_score

from whynet.data.problem import Regression
from whynet.subjects.own_code.diagnose import diagnose_code


class Net:
    """One hidden layer of tanh, as people write it; the loss is half the squared error of a row."""

    def __init__(self, rng, inputs=3, hidden=16, outputs=1):
        self.W1, self.b1 = rng.normal(0, np.sqrt(1 / inputs), (inputs, hidden)), np.zeros(hidden)
        self.W2, self.b2 = rng.normal(0, np.sqrt(1 / hidden), (hidden, outputs)), np.zeros(outputs)

    def predict(self, X):
        self.a = np.tanh(X @ self.W1 + self.b1)
        return self.out(self.a @ self.W2 + self.b2)

    def out(self, z):
        return z

    def loss(self, X, y):
        return 0.5 * np.mean(np.sum((self.predict(X) - y) ** 2, axis=1))

    def delta(self, out, y):
        return out - y

    def train(self, X, y, learning_rate=0.1):
        d2 = self.delta(self.predict(X), y) / len(X)
        d1 = d2 @ self.W2.T * (1 - self.a**2)
        self.W2 -= learning_rate * self.a.T @ d2
        self.b2 -= learning_rate * d2.sum(axis=0)
        self.W1 -= learning_rate * X.T @ d1
        self.b1 -= learning_rate * d1.sum(axis=0)


class Absolute(Net):
    def loss(self, X, y):
        return np.mean(np.sum(np.abs(self.predict(X) - y), axis=1))

    def delta(self, out, y):
        return np.sign(out - y)


class Labels(Net):
    def out(self, z):
        return 1 / (1 + np.exp(-z))

    def loss(self, X, y):
        a = self.predict(X)
        return -np.mean(np.sum(y * np.log(a) + (1 - y) * np.log(1 - a), axis=1))


def numbers(rng, outputs=1):
    X = rng.normal(size=(400, 3))
    y = np.stack([np.sin(2 * X[:, 0]) + 0.5 * X[:, 1], X[:, 2] - X[:, 1]], axis=1)
    return X, y[:, :outputs] + rng.normal(0, 0.05, (400, outputs))


def asked(net, data, **options):
    return diagnose_code(net, data, learning_rate=0.1, batch_size=20, epochs=60, **options)


@pytest.mark.parametrize("outputs", [1, 2])
@pytest.mark.parametrize("kind", [Net, Absolute])
def test_a_regression_is_a_recipe_that_takes_the_very_steps(kind, outputs, rng):
    data = numbers(rng, outputs)
    found = asked(kind(rng, outputs=outputs), data, trials=False)
    assert "whynet's engine" in found.used["trials"]
    assert found.used["problem"].startswith("a regression of 1 number" if outputs == 1 else "a regression of 2 numbers")
    assert (found.state, found.before.metric.name, found.before.recalls) == ("healthy", "R2", ())
    assert found.before.quality > 0.9


def test_several_labels_are_judged_each_for_itself(rng):
    X = rng.normal(size=(400, 3))
    y = (np.stack([X[:, 0] + X[:, 1], X[:, 2], X[:, 0] ** 2], axis=1) > 0.4).astype(float)
    found = asked(Labels(rng, outputs=3), (X, y), trials=False)
    assert found.used["problem"].startswith("3 labels")
    assert (found.before.metric.name, len(found.before.recalls)) == ("F1", 3)
    assert found.before.quality > 0.85


class Fourth(Net):
    def loss(self, X, y):
        return np.mean((self.predict(X) - y) ** 4)

    def delta(self, out, y):
        return 4 * (out - y) ** 3


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # its own arithmetic overflows
@pytest.mark.parametrize(("rate", "state"), [(0.01, "healthy"), (10.0, "non-finite")])
def test_where_a_recipe_has_no_such_cost_the_code_itself_is_trained(rate, state, rng):
    net, (X, y) = Fourth(rng), numbers(rng)
    found = diagnose_code(net, (X, y), learning_rate=rate, batch_size=20, epochs=60, trials=False)
    assert "your own code" in found.used["trials"]
    assert (found.state, found.before.metric.name) == (state, "R2")


def test_r2_is_that_of_scikit_learn(rng):
    net, (X, y) = Net(rng), numbers(rng)
    problem = Regression(("y",))
    for _ in range(3):
        assert problem.r2(net.predict(X), y) == pytest.approx(r2_score(y, net.predict(X)))
        net.train(X, y)


def test_inputs_that_saturate_are_proved_of_a_regression(rng):
    X, y = numbers(rng)
    found = asked(Net(rng), (X * np.array([1000.0, 300.0, 50.0]) + 2000, 20 + 5 * y))
    assert (found.verdict[0].cause, found.verdict[0].status) == ("input-not-scaled", "proved")
    assert found.after.quality > 0.8
