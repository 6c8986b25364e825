"""What is read off hand-written code: in which way it is asked, what its steps are, and that nothing false is said."""

import math

import numpy as np
import pytest

import whynet
from whynet.subjects.own_code.diagnose import _faults
from whynet.subjects.own_code.losses import settle, ways_of_asking
from whynet.subjects.own_code.objects import adapt
from whynet.subjects.own_code.reading import UNASKED, UNTAUGHT, read


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def blobs(n=60, features=5, classes=3, seed=1):
    rng = np.random.default_rng(seed)
    labels = rng.integers(classes, size=n)
    return rng.normal(size=(classes, features))[labels] + 0.3 * rng.normal(size=(n, features)), labels


def one_hot(classes=3):
    X, labels = blobs(classes=classes)
    return X, np.eye(classes)[labels]


class Tanh:
    """Hidden layer of tanh; outputs of softmax or sigmoid; weights in a dict."""

    outputs, rate, squash = 3, 0.2, staticmethod(softmax)

    def __init__(self, seed=0):
        rng = np.random.default_rng(seed)
        self.p = {
            "V": rng.normal(0, 0.5, (5, 4)), "c": np.zeros(4), "W": rng.normal(0, 0.5, (4, self.outputs)),
            "d": np.zeros(self.outputs),
        }  # fmt: skip

    def forward(self, X):
        self.x = X
        self.hidden = np.tanh(X @ self.p["V"] + self.p["c"])
        return self.squash(self.hidden @ self.p["W"] + self.p["d"])

    def descend(self, delta, rate=None):
        rate = self.rate if rate is None else rate
        below = delta @ self.p["W"].T * (1 - self.hidden**2)
        for name, g in (
            ("W", self.hidden.T @ delta),
            ("d", delta.sum(0)),
            ("V", self.x.T @ below),
            ("c", below.sum(0)),
        ):
            self.p[name] = self.p[name] - rate * g


def causes(audit):
    return {finding.cause for finding in audit.findings}


def said(audit):
    return " ".join([*audit.remarks, *(finding.detail for finding in audit.findings)])


# ---- what forward returns


@pytest.mark.parametrize(
    ("returned", "way"),
    [
        (lambda a, h: (a, h), "[0]"),
        (lambda a, h: (h, a), "[1]"),
        (lambda a, h: {"hidden": h, "out": a}, "['out']"),
        (lambda a, h: (np.log(a), a, [h]), "[1]"),
        (lambda a, h: [h, a], "[1]"),
    ],
)
@pytest.mark.parametrize("outputs", [3, 4])  # 4: as many as hidden units
def test_the_outputs_are_found_in_what_forward_returns(returned, way, outputs):
    class Net(Tanh):
        def feed(self, X):
            return super().forward(X)

        def forward(self, X):
            a = self.feed(X)
            return returned(a, self.hidden)

        def train(self, X, y):
            self.descend((self.feed(X) - y) / len(X))

    Net.outputs = outputs
    audit = read(Net(), one_hot(outputs))
    assert audit.used["predict"] == f"forward(X){way}"
    assert sorted(audit.code.names) == ["p['V']", "p['W']", "p['c']", "p['d']"] and not audit.findings


# ---- how the loss is asked


def cross_entropy(p, t):
    return -np.mean(np.sum(t * np.log(np.clip(p, 1e-9, 1)), axis=1))


LOSSES = {
    "prediction first": (lambda self, y_pred, y_true: cross_entropy(y_pred, y_true), "(y_pred, y_true)"),
    "target first": (lambda self, target, output: cross_entropy(output, target), "(y_true, y_pred)"),
    "names that say nothing": (lambda self, u, v: cross_entropy(u, v), "(y_pred, y_true)"),
    "the same, exchanged": (lambda self, u, v: cross_entropy(v, u), "(y_true, y_pred)"),
    "inputs": (lambda self, X, y: cross_entropy(self.forward(X), y), "(X, y)"),
}


@pytest.mark.parametrize("kind", LOSSES)
@pytest.mark.parametrize("features", [5, 3])  # 3: as many inputs as outputs
def test_the_loss_is_asked_in_its_own_order(kind, features):
    function, words = LOSSES[kind]

    class Net(Tanh):
        loss = function

        def __init__(self):
            super().__init__()
            self.p["V"] = self.p["V"][:features].copy()

        def train(self, X, y):
            self.descend((self.forward(X) - y) / len(X))

    X, y = one_hot()
    audit = read(Net(), (X[:, :features], y))
    assert audit.used["loss"] == f"loss{words}" and not audit.assumed_cost
    assert audit.anatomy.cost == "softmax-cross-entropy" and audit.update.follows and not audit.findings


def test_a_loss_with_a_penalty_and_the_predictions_is_not_asked_about_the_inputs():
    class Net(Tanh):
        outputs = 5

        def loss(self, guess, wanted):
            return np.mean((guess - wanted) ** 2) + 0.01 * np.sum(self.p["W"] ** 2)

    adapted = adapt(Net(), one_hot(5))
    assert adapted.used["loss"] in ("loss(y_pred, y_true)", "loss(y_true, y_pred)")


def test_functions_may_take_predictions_too():
    net = Tanh()

    def mse(prediction, actual):
        return np.mean((prediction - actual) ** 2)

    def forward(X):
        return net.hidden, net.forward(X)

    def gradients(X, y):
        a = net.forward(X)
        e = 2 * (a - y) / y.size
        delta = a * (e - (a * e).sum(axis=1, keepdims=True))
        below = delta @ net.p["W"].T * (1 - net.hidden**2)
        return [X.T @ below, below.sum(0), net.hidden.T @ delta, delta.sum(0)]

    X, y = one_hot()
    net.forward(X)
    parts = {"parameters": list(net.p.values()), "loss": mse, "gradients": gradients, "data": (X, y)}
    audit = read(**parts, predict=lambda X: net.forward(X))
    assert audit.used["loss"] == "loss(y_pred, y_true)" and audit.gradient.right


def test_labels_are_handed_over_as_labels_where_the_loss_wants_them():
    class Net(Tanh):
        def loss(self, y_hat, y):
            return -np.mean(np.log(y_hat[np.arange(len(y)), y]))

        def train(self, X, y):
            self.descend((self.forward(X) - np.eye(3)[y]) / len(X))

    audit = read(Net(), blobs())
    assert audit.classes == 3 and audit.update.follows and audit.used["loss"] == "loss(y_pred, y_true)"


def test_a_backward_pass_and_an_update_of_their_own_are_a_step():
    class Net(Tanh):
        def loss(self, y_pred, y):
            return cross_entropy(y_pred, y)

        def backward(self, y):
            self.delta = (self.squash(self.hidden @ self.p["W"] + self.p["d"]) - y) / len(y)

        def update(self, learning_rate):
            self.descend(self.delta, learning_rate)

    audit = read(Net(), one_hot(), learning_rate=0.3)
    assert audit.used["step"] == "predicting, then backward(y), then update()"
    assert audit.update.follows and audit.update.rate == pytest.approx(0.3)


# ---- one neuron at a time


class Unit:
    def __init__(self, n, rng, kind):
        weights = [float(w) for w in rng.normal(0, 0.8, n)]
        self.weights = weights if kind == "list" else np.array(weights)
        self.bias = 0.2

    def activate(self, x):
        self.inputs = [float(v) for v in x]
        self.value = math.tanh(math.fsum(w * v for w, v in zip(self.weights, self.inputs, strict=True)) + self.bias)
        return self.value


@pytest.mark.parametrize("kind", ["list", "array"])
@pytest.mark.parametrize("outputs", [1, 2])
@pytest.mark.parametrize("bare", [False, True])
def test_neurons_of_a_layer_of_one_and_examples_of_zeros(kind, outputs, bare):
    class Net:
        def __init__(self):
            rng = np.random.default_rng(0)
            self.layers = [[Unit(3, rng, kind) for _ in range(2)], [Unit(2, rng, kind) for _ in range(outputs)]]

        def predict(self, x):
            for layer in self.layers:
                x = [unit.activate(x) for unit in layer]
            return x[0] if bare and outputs == 1 else x

        def train(self, x, y):
            self.predict(x)
            wanted = np.ravel(y)
            top = [(u.value - float(t)) * (1 - u.value**2) for u, t in zip(self.layers[1], wanted, strict=True)]
            hidden = [
                sum(d * u.weights[i] for d, u in zip(top, self.layers[1], strict=True)) * (1 - below.value**2)
                for i, below in enumerate(self.layers[0])
            ]
            for layer, deltas in zip(self.layers, (hidden, top), strict=True):
                for unit, d in zip(layer, deltas, strict=True):
                    unit.weights = [w - 0.1 * d * v for w, v in zip(unit.weights, unit.inputs, strict=True)]
                    if kind == "array":
                        unit.weights = np.array(unit.weights)
                    unit.bias -= 0.1 * d

    rng = np.random.default_rng(3)
    X = np.concatenate([np.zeros((1, 3)), np.eye(3), rng.random((6, 3)).round()])
    y = (X.sum(axis=1) > 1) * 1.0
    data = [(list(x), [t, 1 - t][:outputs]) for x, t in zip(X, y, strict=True)]
    audit = read(Net(), data)
    shapes = sorted(array.shape for array in audit.code.arrays)
    assert shapes == sorted([(2, 3), (2,), (outputs, 2), (outputs,)])
    assert audit.used["cost"] == "half the squared error, told from the steps"
    assert audit.update.follows and audit.update.rate == pytest.approx(0.1) and not audit.findings


# ---- odd shapes


@pytest.mark.parametrize("features", [7, 1])
@pytest.mark.parametrize("turned", [False, True])
def test_one_neuron_over_columns(features, turned):
    class Logistic:
        def __init__(self):
            self.w = np.full((1, features) if turned else (features, 1), 0.01)
            self.b = np.zeros((1, 1))

        def predict(self, X):
            return sigmoid((self.w if turned else self.w.T) @ X + self.b)

        def fit(self, X, Y, num_iterations, m, learning_rate):
            for _ in range(num_iterations):
                error = self.predict(X) - Y
                g = X @ error.T / m
                self.w = self.w - learning_rate * (g.T if turned else g)
                self.b = self.b - learning_rate * error.sum() / m

    X = np.random.default_rng(0).normal(size=(50, features))
    audit = read(Logistic(), (X, (X[:, :1] > 0) * 1.0), learning_rate=0.5)
    assert audit.anatomy.shape.sizes == (features, 1) and audit.update.rate == pytest.approx(0.5)
    assert audit.used["cost"] == "cross-entropy, told from the steps" and not audit.findings


def test_arithmetic_that_does_not_go_through_is_said(monkeypatch):
    def broken(*_):
        raise ValueError("shapes (3,4) and (5,6) not aligned")

    monkeypatch.setattr("whynet.subjects.own_code.reading.examine", broken)
    monkeypatch.setattr("whynet.subjects.own_code.reading.audit_step", broken)
    net = Tanh()
    X, y = one_hot()
    parts = {"parameters": net.p, "loss": lambda X, y: cross_entropy(net.forward(X), y), "data": (X, y)}
    audit = read(**parts, gradients=lambda X, y: list(net.p.values()), step=lambda X, y: None)
    assert [gap.what for gap in audit.not_examined] == ["the gradient", "the step"]


# ---- arrays of one number


@pytest.mark.parametrize("wrong", ["weight", "bias"])
def test_one_number_equal_by_a_ratio_is_no_factor(wrong):
    W, b = np.array([[0.5]]), np.array([0.1])

    def loss(X, y):
        return 0.5 * np.mean((np.tanh(X @ W + b) - y) ** 2)

    def gradients(X, y):
        a = np.tanh(X @ W + b)
        delta = (a - y) * (1 - a * a) / len(X)
        dW, db = X.T @ delta, delta.sum(axis=0)
        return [np.array([[np.sin(7 * dW[0, 0]) - 0.4]]) if wrong == "weight" else dW,
                np.array([1.7 * db[0]]) if wrong == "bias" else db]  # fmt: skip

    X = np.random.default_rng(0).normal(size=(30, 1))
    audit = read(parameters=[W, b], loss=loss, gradients=gradients, data=(X, np.sign(X)))
    assert causes(audit) == {"gradient-wrong-term"}
    assert "not the derivative of the loss" in said(audit) and "times the true" not in said(audit)
    assert audit.gradient.wrong == (("parameters[0]",) if wrong == "weight" else ("parameters[1]",))


def test_a_factor_that_several_arrays_of_one_number_share_is_named():
    W, b = np.array([[0.5]]), np.array([0.1])

    def gradients(X, y):
        a = np.tanh(X @ W + b)
        delta = -3 * (a - y) * (1 - a * a) / len(X)
        return [X.T @ delta, delta.sum(axis=0)]

    X = np.random.default_rng(0).normal(size=(30, 1))
    parts = {"parameters": [W, b], "data": (X, np.sign(X)), "gradients": gradients}
    audit = read(**parts, loss=lambda X, y: 0.5 * np.mean((np.tanh(X @ W + b) - y) ** 2))
    assert causes(audit) == {"gradient-sign-flipped"} and "every array" in said(audit)


def test_without_an_anatomy_one_number_is_no_factor_either():
    w = [np.array([1.0]), np.array([0.5, -0.5])]

    def loss(X, y):
        return float(np.mean(np.cosh(X @ w[1] * w[0] - y) ** 1.5))

    def gradients(X, y):
        numeric = []
        for array in w:
            g = np.zeros_like(array)
            for i in range(array.size):
                kept, costs = array[i], []
                for sign in (1, -1):
                    array[i] = kept + sign * 1e-6
                    costs.append(loss(X, y))
                array[i] = kept
                g[i] = (costs[0] - costs[1]) / 2e-6
            numeric.append(g)
        return [numeric[0] * -0.3 + 0.2, numeric[1]]

    X = np.random.default_rng(0).normal(size=(30, 2))
    audit = read(parameters=w, loss=loss, gradients=gradients, data=(X, X[:, 0]))
    assert causes(audit) == {"gradient-wrong-term"} and "parameters[0]: not the derivative" in said(audit)


# ---- what a step does


def parts_of(net, **more):
    X, y = one_hot()
    return {
        "parameters": net.p, "loss": lambda X, y: cross_entropy(net.forward(X), y), "data": (X, y), **more
    }  # fmt: skip


def stepper(net, updates, order="rows"):
    """A step on arrays that stay where they are."""

    def update(X, y):
        live, net.p = net.p, dict(net.p)
        net.descend((net.forward(X) - y) / len(X))
        for name, array in live.items():
            array[...] = net.p[name]
        net.p = live

    def step(X, y):
        if order == "batch":
            for _ in range(updates):
                update(X, y)
            return
        for _ in range(updates):
            for i in range(len(X)) if order == "rows" else reversed(range(len(X))):
                update(X[i : i + 1], y[i : i + 1])

    return step


@pytest.mark.parametrize("order", ["rows", "last row first"])
@pytest.mark.parametrize("rate", [0.2, 1e-4])
def test_a_step_that_loops_over_the_rows_is_so_many_updates(order, rate):
    net = Tanh()
    net.rate = rate
    audit = read(**parts_of(net, step=stepper(net, 1, order)), learning_rate=rate)
    update = audit.update
    assert update.by_row and update.updates == update.called > 1 and update.rows == 1
    assert update.rate == pytest.approx(rate) and update.momentum == update.previous == 0 and not audit.findings


@pytest.mark.parametrize("order", ["batch", "rows"])
def test_a_step_that_loops_over_the_same_examples_is_taken_apart(order):
    net = Tanh()
    audit = read(**parts_of(net, step=stepper(net, 4, order)), learning_rate=0.2)
    update = audit.update
    assert update.updates == 4 * (update.called if order == "rows" else 1) and update.by_row == (order == "rows")
    assert update.rate == pytest.approx(0.2, rel=1e-3) and not audit.findings
    assert f"makes {update.updates} updates" in said(audit)


@pytest.mark.parametrize("momentum", [0, 0.8])
def test_a_step_on_all_the_data_each_time_is_not_fitted_by_what_is_not_there(momentum):
    net = Tanh()
    X, y = one_hot()
    velocity = {name: np.zeros_like(array) for name, array in net.p.items()}

    def step():
        before = {name: array.copy() for name, array in net.p.items()}
        live = net.p
        net.p = dict(before)
        net.descend((net.forward(X) - y) / len(X))
        for name, array in live.items():
            velocity[name] = momentum * velocity[name] + net.p[name] - before[name]
            array[...] = before[name] + velocity[name]
        net.p = live

    audit = read(**parts_of(net, step=step), learning_rate=0.2)
    assert not audit.findings and audit.update.previous == 0
    if not momentum:
        assert audit.update.momentum == 0 and audit.update.rate == pytest.approx(0.2)


@pytest.mark.parametrize("own", [False, True])
@pytest.mark.parametrize("wrong", ["V", "W"])
@pytest.mark.parametrize("how", ["noise", "sign"])
def test_of_a_step_that_is_half_wrong_the_half_is_named(own, wrong, how):
    net = Tanh()

    def gradients(X, y):
        delta = (net.forward(X) - y) / len(X)
        below = delta @ net.p["W"].T * (1 - net.hidden**2)
        return {"V": X.T @ below, "c": below.sum(0), "W": net.hidden.T @ delta, "d": delta.sum(0)}

    def step(X, y):
        for name, g in gradients(X, y).items():
            turned = g[::-1] + 0.05 if how == "noise" else -g
            net.p[name] -= 0.2 * (turned if name == wrong else g)

    audit = read(**parts_of(net, step=step, **({"gradients": gradients} if own else {})), learning_rate=0.2)
    assert audit.findings and all(finding.detail.startswith(f"parameters['{wrong}']") for finding in audit.findings)
    assert "uphill: its sign" not in said(audit) and not audit.update.uphill


@pytest.mark.parametrize("own", [False, True])
def test_a_step_of_which_every_array_goes_the_wrong_way_is_uphill(own):
    net = Tanh()
    net.rate = -0.2

    def gradients(X, y):
        delta = (net.forward(X) - y) / len(X)
        below = delta @ net.p["W"].T * (1 - net.hidden**2)
        return {"V": X.T @ below, "c": below.sum(0), "W": net.hidden.T @ delta, "d": delta.sum(0)}

    parts = parts_of(net, step=stepper(net, 1, "batch"), **({"gradients": gradients} if own else {}))
    audit = read(**parts, learning_rate=0.2)
    assert causes(audit) == {"gradient-sign-flipped"} and audit.update.uphill


@pytest.mark.parametrize("wrong", [False, True])
def test_steps_of_a_network_that_is_not_identified_are_held_against_differences(wrong):
    net = Tanh()
    net.squash = lambda z: z

    def step(X, y):
        live, kept = net.p, {name: array.copy() for name, array in net.p.items()}
        net.p = kept
        net.descend(4 * (net.forward(X) - y) ** 3 / len(X), 0.01)
        for name, array in live.items():
            array[...] = array - 0.01 * np.abs(array) if wrong and name == "V" else net.p[name]
        net.p = live

    audit = read(
        **{**parts_of(net, step=step), "loss": lambda X, y: np.mean(np.sum((net.forward(X) - y) ** 4, axis=1))}
    )
    assert audit.anatomy is None and audit.update.rate == pytest.approx(0.01, rel=1e-3)
    assert audit.update.wrong == (("parameters['V']",) if wrong else ()) and audit.update.known
    assert causes(audit) == ({"gradient-wrong-term"} if wrong else set())


@pytest.mark.thinned(3)
@pytest.mark.parametrize("rule", ["rmsprop", "clipped", "sign"])
def test_rules_that_are_not_known_are_not_called_wrong(rule):
    net = Tanh()
    squares = {name: np.zeros_like(array) for name, array in net.p.items()}

    def step(X, y):
        delta = (net.forward(X) - y) / len(X)
        below = delta @ net.p["W"].T * (1 - net.hidden**2)
        for name, g in {"V": X.T @ below, "c": below.sum(0), "W": net.hidden.T @ delta, "d": delta.sum(0)}.items():
            squares[name] = 0.5 * squares[name] + 0.5 * g * g
            norm = np.linalg.norm(g)
            net.p[name] -= {
                "rmsprop": 0.01 * g / (np.sqrt(squares[name]) + 1e-2),
                "clipped": 0.1 * g * min(1, 0.2 / norm),
                "sign": 0.01 * np.sign(g),
            }[rule]

    audit = read(**parts_of(net, step=step))
    assert not audit.findings


# ---- a cost that cannot be asked


class Told(Tanh):
    """Trains, and says its cost of the last batch alone."""

    hidden_wrong = False

    def delta(self, a, y):
        return a - y

    def cost_function(self):
        return float(np.mean((self.y - self.a) ** 2))

    def train(self, X, y):
        self.y, self.a = y, self.forward(X)
        self.descend(self.delta(self.a, y) / len(X))
        if self.hidden_wrong:
            self.p["V"] = self.p["V"] + 0.1 * np.cos(self.p["V"])


COSTS = {
    "cross-entropy of softmax": (softmax, lambda self, a, y: a - y, "cross-entropy"),
    "cross-entropy of sigmoids": (sigmoid, lambda self, a, y: a - y, "cross-entropy"),
    "squares": (sigmoid, lambda self, a, y: (a - y) * a * (1 - a), "half the squared error"),
    "none": (sigmoid, lambda self, a, y: (a - y) ** 3 + 0.1, None),
}


@pytest.mark.parametrize("cost", COSTS)
@pytest.mark.parametrize("wrong", [False, True])
def test_a_cost_is_told_from_the_steps_or_not_at_all(cost, wrong):
    squash, delta, words = COSTS[cost]
    kind = type("Net", (Told,), {"squash": staticmethod(squash), "delta": delta, "hidden_wrong": wrong})
    audit = read(kind(), one_hot(), learning_rate=0.2)
    if words is None:
        assert audit.assumed_cost and not audit.findings and "cost" not in audit.used
        assert ("the gradient", UNASKED) in audit.not_examined
    else:
        assert audit.used["cost"] == f"{words}, told from the steps" and not audit.assumed_cost
        assert [finding.detail.split(":")[0] for finding in audit.findings] == (["p['V']"] if wrong else [])


def test_a_network_that_only_predicts_is_not_accused():
    audit = read(Tanh(), one_hot())
    assert audit.assumed_cost and not audit.findings and ("the gradient", UNTAUGHT) in audit.not_examined


def test_a_sum_over_the_batch_is_no_mistake_where_the_cost_is_not_known():
    class Net(Tanh):
        def train(self, X, y):
            self.descend(self.forward(X) - y)

    audit = read(Net(), one_hot(), learning_rate=0.2)
    assert not audit.findings and not audit.anatomy.mean


# ---- what is learned


@pytest.mark.parametrize(
    ("y", "classes"),
    [
        (np.array([0, 1, 1, 0]), 2), (np.eye(3)[[0, 1, 2, 2]], 3), (np.array([2, 0, 1, 1]), 3),
        (np.where(np.eye(3)[[0, 1, 2, 2]] > 0, 0.99, 0.01), 3), (np.sin(np.arange(4.0)), None),
        (np.random.default_rng(0).random((4, 3)), None), (np.array([[1.0], [-1.0], [1.0], [1.0]]), 2),
        (np.array([12.0, 840.0, 77.0, 3.0]), None),
    ],
)  # fmt: skip
def test_classes_are_told_from_numbers(y, classes):
    W, b = np.zeros((2, 3 if y.ndim == 2 and y.shape[1] == 3 else 1)), np.zeros(1)
    audit = read(parameters=[W], loss=lambda X, y: float(np.sum((X @ W) ** 2) + b[0]), data=(np.ones((4, 2)), y))
    assert audit.classes == classes


def test_a_regression_that_climbs_is_found():
    W, b = np.zeros((3, 1)), np.zeros((1, 1))
    X = np.random.default_rng(0).normal(size=(40, 3))
    y = X @ np.array([[1.0], [2.0], [-1.0]]) + 0.5

    def step(X, y):
        error = X @ W + b - y
        W[...] += 0.01 * X.T @ error / len(X)
        b[...] += 0.01 * error.mean()

    audit = read(
        parameters=[W, b], loss=lambda X, y: 0.5 * np.mean((X @ W + b - y) ** 2), step=step, data=(X, y),
        learning_rate=0.01,
    )  # fmt: skip
    assert causes(audit) == {"gradient-sign-flipped"} and audit.classes is None


# ---- arithmetic


def naive(z):
    e = np.exp(z)
    return e / e.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("stable", [False, True])
def test_unstable_arithmetic_stays_and_ends_nothing(stable):
    net = Tanh()

    def loss(X, y):
        z = net.hidden_of(X)
        return -np.mean(
            np.sum(y * (z - np.logaddexp.reduce(z, axis=1, keepdims=True) if stable else np.log(naive(z))), 1)
        )

    net.hidden_of = lambda X: np.tanh(X @ net.p["V"] + net.p["c"]) @ net.p["W"] + net.p["d"]
    audit = read(**{**parts_of(net), "loss": loss})
    assert audit.anatomy.cost == "softmax-cross-entropy" and audit.unstable != stable
    assert audit.code.loss is loss


def test_points_at_which_the_loss_is_no_number_are_left_out():
    net = Tanh()

    def loss(X, y):
        said = cross_entropy(net.forward(X), y)
        return np.nan if net.p["V"][0, 0] > 0.3 else said

    audit = read(**{**parts_of(net), "loss": loss})
    assert audit.anatomy is not None and audit.anatomy.cost == "softmax-cross-entropy"


# ---- no biases


def test_a_network_without_biases_is_tried_without():
    rng = np.random.default_rng(0)
    V, W = rng.normal(0, 0.5, (5, 4)), rng.normal(0, 0.5, (4, 3))

    def loss(X, y):
        return 0.5 * np.mean(np.sum((sigmoid(sigmoid(X @ V) @ W) - y) ** 2, axis=1))

    X, y = one_hot()
    X = np.clip((X - X.min()) / np.ptp(X), 0, 1)
    audit = read(parameters=[V, W], loss=loss, data=(np.rint(255 * X) / 255, y))
    assert _faults(audit) == ("no-biases",)


def test_both_orders_of_a_symmetric_loss_will_do():
    net = Tanh()
    X, y = one_hot()
    adapted = adapt(net, (X, y))
    found = settle(list(ways_of_asking("mse", lambda u, v: np.mean((u - v) ** 2), adapted.code)), adapted.code)
    assert {one.words for one in found} == {"mse(y_pred, y_true)", "mse(y_true, y_pred)"}


def test_the_diagnosis_still_comes_of_it():
    found = whynet.diagnose(Told(), one_hot(), learning_rate=0.2, trials=False)
    assert not [one for one in found.verdict if one.status == "found"]
