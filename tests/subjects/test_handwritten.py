"""Hand-written networks as people bring them: objects of their own classes, or arrays and functions."""

import itertools
import random
import sys

import numpy as np
import pytest

import whynet
from plants.handmade import Network, examples
from support import ROOT
from whynet.subjects.own_code.objects import adapt

sys.path.insert(0, str(ROOT / "examples" / "sick"))

import neuron_by_neuron
import never_below_3_24
import vectorised


@pytest.fixture(scope="module")
def digits():
    return whynet.load("digits")


def named(diagnosis):
    return {finding.cause: finding.status for finding in diagnosis.verdict}


class FromTheBook:
    """Lists of weights (out, in) and biases (out, 1), columns, one example at a time, lists made anew at every step."""

    def __init__(self, sizes, sign=-1):
        rng = np.random.default_rng(0)
        self.sizes, self.sign = sizes, sign
        self.biases = [rng.normal(size=(y, 1)) for y in sizes[1:]]
        self.weights = [rng.normal(size=(y, x)) for x, y in itertools.pairwise(sizes)]

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
        for x, y in mini_batch:
            nabla_b, nabla_w = self.backprop(x, y)
            self.weights = [w + self.sign * eta * g for w, g in zip(self.weights, nabla_w, strict=True)]
            self.biases = [b + self.sign * eta * g for b, g in zip(self.biases, nabla_b, strict=True)]


def test_parameters_of_the_books_class_are_found(digits):
    network = FromTheBook([64, 12, 10])
    adapted = adapt(network, digits)
    assert adapted.form == "column" and adapted.code.gradients is not None and adapted.code.step is not None
    assert sorted(array.shape for array in adapted.code.arrays) == [(10, 1), (10, 12), (12, 1), (12, 64)]


def test_a_right_gradient_is_said_to_be_right_and_a_step_uphill_is_seen(digits):
    found = whynet.diagnose(FromTheBook([64, 12, 10]), digits, learning_rate=3.0, trials=False)
    assert not any(name.startswith("gradient") for name in named(found))
    assert any("stop looking there" in remark for remark in found.as_dict()["remarks"])
    uphill = whynet.diagnose(FromTheBook([64, 12, 10], sign=1), digits, learning_rate=3.0, trials=False)
    assert "gradient-sign-flipped" in named(uphill)


def test_the_vectorised_program_has_three_faults(digits):
    network = vectorised.Network((64, 30, 10))
    before = [layer.w.copy() for layer in network.layers]
    found = whynet.diagnose(network, digits, learning_rate=0.0001, trials=False)
    assert {"momentum-unscaled", "gradient-check-invalid"} <= set(named(found))
    check = next(one for one in found.verdict if one.cause == "gradient-check-invalid")
    assert "your gradient is right" in check.detail and "whole gradient" in check.detail
    momentum = next(one for one in found.verdict if one.cause == "momentum-unscaled")
    assert any(abs(one.value - 0.3001) < 1e-3 for one in momentum.evidence)
    assert all(np.array_equal(a, layer.w) for a, layer in zip(before, network.layers, strict=True))


def test_neurons_that_are_objects_are_diagnosed_from_their_training_alone(digits):
    random.seed(0)
    found = whynet.diagnose(neuron_by_neuron.Network(64, 8, 8, 10), digits, trials=False)
    assert any("harmless" in remark for remark in found.as_dict()["remarks"])
    assert "gradient-missing-derivative" not in named(found)


def test_functions_over_matrices_with_a_row_of_biases(digits):
    rng = np.random.default_rng(0)
    W = [rng.random((65, 5)) / 100, rng.random((6, 10)) / 100]
    X, y = 2 * digits.inputs / 255 - 1, np.eye(10)[digits.labels]
    found = whynet.diagnose(
        parameters=W, loss=never_below_3_24.J, gradients=never_below_3_24.gradients, data=(X, y),
        learning_rate=2.0, batch_size=len(X), epochs=5,
    )  # fmt: skip
    assert any("the gradients are right" in remark for remark in found.as_dict()["remarks"])
    assert found.state in ("constant-answer", "not-started", "undertrained", "stalled", "underfits")
    assert {"batch-too-large", "undertrained", "init-too-small", "lr-too-high"} & {
        finding.cause for finding in found.verdict if finding.status == "proved"
    }


def test_a_wrong_gradient_is_proved_by_training_with_the_right_one():
    network = Network((12, 8, 5), "sigmoid", "quadratic", bug="wrong sign", layer=0)
    rng = np.random.default_rng(3)
    centres = rng.normal(0, 2, (5, 12))
    labels = rng.integers(5, size=400)
    X, y = centres[labels] + rng.normal(0, 1, (400, 12)), np.eye(5)[labels]
    found = whynet.diagnose(
        parameters=network.parameters, loss=network.loss, gradients=network.gradients, data=(X, y), learning_rate=1.0
    )
    assert named(found)["gradient-sign-flipped"] in ("proved", "found")
    assert "parameters[0]" in found.verdict[0].detail


def test_the_audit_of_steps_sees_layers_that_stay_put():
    network = Network((12, 8, 5), "tanh", "binary")

    def step(X, y):
        for number, (array, g) in enumerate(zip(network.parameters, network.gradients(X, y), strict=True)):
            if number != 1:
                array -= 0.1 * g

    found = whynet.diagnose(
        parameters=network.parameters, loss=network.loss, gradients=network.gradients, step=step,
        data=examples(network), trials=False,
    )  # fmt: skip
    assert "layer-not-updated" in named(found)


def own_check(network, wrong):
    def check(X, y):
        slopes = []
        for array in network.parameters:
            slope = np.zeros_like(array)
            if wrong:
                kept = array.copy()
                costs = []
                for sign in (1, -1):
                    array[...] = kept + sign * 1e-4
                    costs.append(network.loss(X, y))
                array[...] = kept
                slope[...] = (costs[0] - costs[1]) / 2e-4
            else:
                for index in np.ndindex(array.shape):
                    kept, costs = array[index], []
                    for sign in (1, -1):
                        array[index] = kept + sign * 1e-5
                        costs.append(network.loss(X, y))
                    array[index] = kept
                    slope[index] = (costs[0] - costs[1]) / 2e-5
            slopes.append(slope)
        return slopes

    return check


@pytest.mark.parametrize("wrong", [False, True])
def test_the_check_is_checked(wrong):
    network = Network((6, 4, 3), "sigmoid", "quadratic")
    rng = np.random.default_rng(0)
    data = (rng.random((60, 6)), np.eye(3)[rng.integers(3, size=60)])
    found = whynet.diagnose(
        parameters=network.parameters, loss=network.loss, gradients=network.gradients, data=data,
        check=own_check(network, wrong), trials=False,
    )  # fmt: skip
    assert ("gradient-check-invalid" in named(found)) == wrong


@pytest.mark.parametrize("kind", ["numbers", "yes or no", "one number", "both", "differences"])
@pytest.mark.parametrize("bug", [None, "wrong sign"])
def test_a_sound_check_is_never_accused(kind, bug):
    network = Network((6, 4, 3), "sigmoid", "quadratic", bug=bug)
    numeric = own_check(network, wrong=False)

    def check(X, y):
        n, g = numeric(X, y), network.gradients(X, y)
        off = max(float(np.abs(a - b).max()) for a, b in zip(n, g, strict=True))
        differences = [a - b for a, b in zip(n, g, strict=True)]
        answers = {"numbers": n, "yes or no": off < 1e-6, "one number": off, "both": (n, g), "differences": differences}
        return answers[kind]

    rng = np.random.default_rng(0)
    found = whynet.diagnose(
        parameters=network.parameters, loss=network.loss, gradients=network.gradients, check=check, trials=False,
        data=(rng.random((60, 6)), np.eye(3)[rng.integers(3, size=60)]),
    )  # fmt: skip
    assert "gradient-check-invalid" not in named(found)


class Descent:
    """One hidden layer; `rule` says how it steps."""

    def __init__(self, rule):
        rng = np.random.default_rng(0)
        self.rule, self.count = rule, 0
        self.params = {
            "W1": rng.normal(0, 0.4, (6, 5)),
            "b1": np.zeros(5),
            "W2": rng.normal(0, 0.4, (5, 3)),
            "b2": np.zeros(3),
        }
        self.v = {name: np.zeros_like(array) for name, array in self.params.items()}
        self.s = {name: np.zeros_like(array) for name, array in self.params.items()}

    def predict(self, X):
        return self.scores(X).argmax(axis=1)

    def scores(self, X):
        return np.tanh(X @ self.params["W1"] + self.params["b1"]) @ self.params["W2"] + self.params["b2"]

    def loss(self, X, y=None):
        e = np.exp(self.scores(X))
        p, n = e / e.sum(axis=1, keepdims=True), len(X)
        h = np.tanh(X @ self.params["W1"] + self.params["b1"])
        error = (p - y) / n
        hidden = error @ self.params["W2"].T * (1 - h * h)
        grads = {"b1": hidden.sum(axis=0), "b2": error.sum(axis=0), "W1": X.T @ hidden, "W2": h.T @ error}
        return -np.sum(y * np.log(p)) / n, grads

    def fit(self, X, y, lr=0.01, epochs=20):
        for _ in range(epochs):
            self.count += 1
            for name, g in self.loss(X, y)[1].items():
                self.params[name] = self.params[name] + self.move(name, g, lr, len(X))

    def move(self, name, g, lr, n):
        v, s = self.v, self.s
        if self.rule == "adam":
            v[name], s[name] = 0.9 * v[name] + 0.1 * g, 0.999 * s[name] + 0.001 * g * g
            return -lr * v[name] / (1 - 0.9**self.count) / (np.sqrt(s[name] / (1 - 0.999**self.count)) + 1e-8)
        before, v[name] = v[name], 0.9 * v[name] - lr * g
        return {
            "plain": -lr * g,
            "momentum": v[name],
            "nesterov": 1.9 * v[name] - 0.9 * before,
            "weight decay": -lr * (g + 0.1 * self.params[name]),
            "sum": -lr * g * n,
        }[self.rule]


@pytest.mark.thinned(3)
@pytest.mark.parametrize(
    ("rule", "remark", "cause"),
    [
        ("plain", "", None),
        ("momentum", "", None),
        ("nesterov", "", None),
        ("weight decay", "takes 0.01 of the weights", None),
        ("adam", "steps are adaptive", None),
        ("sum", "", "gradient-not-averaged"),
    ],
)
def test_the_rule_of_the_steps_is_told(rule, remark, cause):
    rng = np.random.default_rng(1)
    labels = rng.integers(3, size=60)
    X = rng.normal(size=(3, 6))[labels] + 0.5 * rng.normal(size=(60, 6))
    found = whynet.diagnose(Descent(rule), (X, np.eye(3)[labels]), learning_rate=0.1, trials=False)
    code = {one.cause for one in found.verdict if one.status == "found"}
    assert code & {"momentum-unscaled", "gradient-not-averaged", "gradient-sign-flipped"} == (
        {cause} if cause else set()
    )
    assert remark in " ".join(found.as_dict()["remarks"]) and "gradients are right" in " ".join(
        found.as_dict()["remarks"]
    )


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"loss": lambda X, y: np.zeros(3)}, "the loss must be one number"),
        ({"gradients": lambda X, y: [np.zeros(2)]}, "the gradients do not fit the parameters"),
        ({"gradients": lambda X, y: 1 / 0}, "gradients failed: ZeroDivisionError"),
        ({"loss": None}, "there is none"),
        ({"data": None}, "needs examples"),
        ({"data": (np.zeros((4, 12)), np.zeros((3, 5)))}, "do not fit together"),
        ({"parameters": [[1.0, 2.0]]}, "NumPy arrays"),
        ({"parameters": []}, "there are no parameters"),
        ({"loss": 3.0}, "loss must be a function"),
        ({"loss": lambda X, y: 1 + 2j}, "the loss must be one number"),
        ({"loss": lambda X, y: sys.exit(3)}, "loss failed: SystemExit"),
        ({"loss": lambda X, y: random.random()}, "another number at every call"),
        ({"gradients": lambda X, y: None}, "the gradients do not fit the parameters"),
        ({"data": (np.zeros((0, 12)), np.zeros((0, 5)))}, "no data for a network"),
        ({"data": (np.zeros((2, 12)), np.array(["a", "b"]))}, "no data for a network"),
        ({"learning_rate": "0.1"}, "learning_rate must be a number"),
        ({"batch_size": 0}, "batch_size must be at least 1"),
    ],
)
def test_bad_input_is_a_sentence(change, sentence):
    network = Network((12, 8, 5), "sigmoid", "quadratic")
    asked = {
        "parameters": network.parameters, "loss": network.loss, "gradients": network.gradients,
        "data": examples(network), "trials": False,
    }  # fmt: skip
    before = [array.copy() for array in network.parameters]
    with pytest.raises(whynet.WhynetError, match=sentence):
        whynet.diagnose(**{**asked, **change})
    assert all(np.array_equal(a, b) for a, b in zip(before, network.parameters, strict=True))


def test_an_object_that_cannot_predict_is_a_sentence(digits):
    class Nothing:
        pass

    with pytest.raises(whynet.WhynetError, match="has no method that predicts"):
        whynet.diagnose(Nothing(), digits)


@pytest.mark.parametrize("columns", [False, True])
def test_rows_are_told_from_columns_where_there_are_as_many_inputs_as_outputs(columns):
    network = Network((5, 4, 5), "sigmoid", "quadratic", columns=columns)
    X, y = examples(network, n=40, inputs=5)
    found = whynet.diagnose(
        parameters=network.parameters, loss=network.loss, gradients=network.gradients, data=(X, y), trials=False
    )
    assert any("gradients are right" in remark for remark in found.as_dict()["remarks"])
