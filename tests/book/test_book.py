from __future__ import annotations

import gzip
import json
import random

import numpy as np
import pytest

from support import MNIST, example
from whynet.book import mnist, mnist_loader, network, network2
from whynet.data import idx
from whynet.errors import BadFile, ResourceError, UsageError


def pairs(rng, n, inputs=6, outputs=3):
    labels = rng.integers(outputs, size=n)
    X = rng.random((n, inputs, 1))
    return list(zip(X, np.eye(outputs)[labels][:, :, np.newaxis], strict=True)), list(zip(X, labels, strict=True))


def test_shapes_are_as_published():
    net = network.Network([784, 15, 10], seed=0)
    assert net.num_layers == 3
    assert [w.shape for w in net.weights] == [(15, 784), (10, 15)]
    assert [b.shape for b in net.biases] == [(15, 1), (10, 1)]
    assert [a.shape for a in net.feedforward(np.zeros((784, 1)))] == [(784, 1), (15, 1), (10, 1)]


def test_biases_are_drawn_first_then_weights():
    rng = np.random.default_rng(4)
    biases = [rng.standard_normal((j, 1)) for j in (4, 2)]
    weights = [rng.standard_normal((j, k)) for j, k in ((4, 3), (2, 4))]
    net = network.Network([3, 4, 2], seed=4)
    for mine, theirs in zip([*net.biases, *net.weights], [*biases, *weights], strict=True):
        np.testing.assert_array_equal(mine, theirs)
    assert net.rng.bit_generator.state == rng.bit_generator.state


def test_weights_can_be_set_whole_by_item_and_in_place(rng):
    net = network.Network([3, 4, 2], seed=0)
    net.weights = [np.ones((4, 3)), np.ones((2, 4))]
    net.biases[1] = np.array([[5.0], [6.0]])
    net.weights[0][2, 1] = 9
    assert net.weights[0].sum() == 20
    assert net.core.params[0]["W"][1, 2] == 9
    assert net.biases[1].ravel().tolist() == [5, 6]


def test_backprop_is_that_of_one_object_per_neuron(rng):
    oracle = example("neuron_by_neuron").Network([6, 5, 3], weight=(-1, 1), seed=2)
    net = network.Network([6, 5, 3], seed=0)
    net.weights = [np.array([n.weights for n in layer.neurons]) for layer in oracle.layers]
    net.biases = [np.array([[n.bias] for n in layer.neurons]) for layer in oracle.layers]
    x, y = rng.random((6, 1)), np.array([[0.0], [1.0], [0.0]])
    nabla_b, nabla_w = net.backprop(x, y)
    for layer, of_layer in enumerate(oracle.gradients(x.ravel().tolist(), y.ravel().tolist())):
        np.testing.assert_allclose(nabla_w[layer], [dw for dw, _ in of_layer], rtol=1e-10)
        np.testing.assert_allclose(nabla_b[layer].ravel(), [db for _, db in of_layer], rtol=1e-10)


def test_a_mini_batch_moves_by_eta_over_its_stated_size(rng):
    net = network.Network([6, 5, 3], seed=1)
    batch, _ = pairs(rng, 4)
    before = [w.copy() for w in net.weights]
    total = [sum(gradients) for gradients in zip(*(net.backprop(x, y)[1] for x, y in batch), strict=True)]
    net.update_mini_batch(batch, 10, 3.0)  # a short batch at the end of an epoch
    for old, new, nabla in zip(before, net.weights, total, strict=True):
        np.testing.assert_allclose(new, old - 3.0 / 10 * nabla, rtol=1e-10, atol=1e-14)


def test_sgd_prints_the_tutorials_lines(rng, capsys):
    net = network.Network([6, 5, 3], seed=1)
    train, test = pairs(rng, 20)
    net.SGD(train, 2, 10, 3.0, test)
    net.SGD(train, 1, 10, 3.0)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("Epoch 0 : ")
    assert lines[1].endswith(f"{net.evaluate(test)} / 20") or lines[1].startswith("Epoch 1 : ")
    assert lines[2] == "Epoch 0 complete"


def test_the_loader_holds_back_as_many_as_asked(tmp_path):
    rng = np.random.default_rng(0)
    for part, kind in (("train", "images"), ("train", "labels"), ("t10k", "images"), ("t10k", "labels")):
        n = 50 if part == "train" else 7
        array = rng.integers(10, size=(n, 28, 28) if kind == "images" else n, dtype=np.uint8)
        path = tmp_path / f"{part}-{kind}-idx{array.ndim}-ubyte.gz"
        with gzip.open(path, "wb") as file:
            idx.write(file, array)
    train, validation, test = mnist.load_data(validation=20, data=str(tmp_path))
    assert (len(train), len(validation), len(test)) == (30, 20, 7)
    x, y = train[0]
    assert (x.shape, y.shape, x.dtype) == ((784, 1), (10, 1), np.float64)
    assert 0 <= x.min() <= x.max() <= 1
    assert [len(part) for part in mnist.load_data(validation=0, data=str(tmp_path))] == [50, 7]
    with pytest.raises(UsageError, match="held back"):
        mnist.load_data(validation=50, data=str(tmp_path))
    with pytest.raises(ResourceError):
        mnist.load_data()


@pytest.mark.mnist
def test_the_tutorials_first_counts_on_mnist(capsys):
    train_data, test_data = mnist.load_data(validation=0, data=str(MNIST))
    network.Network([784, 15, 10], seed=0).SGD(train_data, 3, 10, 0.001, test_data)
    counts = [line.split()[3] for line in capsys.readouterr().out.splitlines()]
    assert counts == ["816", "1040", "1217"]


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.mnist
def test_the_tutorials_last_counts_on_mnist(capsys):
    train_data, test_data = mnist.load_data(validation=0, data=str(MNIST))
    network.Network([784, 15, 10], seed=0).SGD(train_data, 30, 10, 0.001, test_data)
    counts = [line.split()[3] for line in capsys.readouterr().out.splitlines()]
    assert counts[:3] + counts[-3:] == ["816", "1040", "1217", "2438", "2487", "2532"]


class PerExample:
    """The book's descent, an example at a time, written from its description."""

    def __init__(self, net, cost):
        self.W, self.b = ([np.array(one) for one in arrays] for arrays in (net.weights, net.biases))
        self.cost = cost

    def forward(self, a):
        zs, activations = [], [a]
        for w, b in zip(self.W, self.b, strict=True):
            zs.append(w @ activations[-1] + b)
            activations.append(network.sigmoid(zs[-1]))
        return zs, activations

    def step(self, batch, eta, decay):
        grown = [np.zeros_like(w) for w in self.W], [np.zeros_like(b) for b in self.b]
        for x, y in batch:
            zs, activations = self.forward(x)
            delta = self.cost.delta(zs[-1], activations[-1], y)
            for layer in reversed(range(len(self.W))):
                grown[0][layer] += delta @ activations[layer].T
                grown[1][layer] += delta
                if layer:
                    delta = self.W[layer].T @ delta * network.sigmoid_prime(zs[layer - 1])
        for layer, (dw, db) in enumerate(zip(*grown, strict=True)):
            self.W[layer] = (1 - eta * decay) * self.W[layer] - eta / len(batch) * dw
            self.b[layer] = self.b[layer] - eta / len(batch) * db


@pytest.mark.parametrize("cost", [network2.QuadraticCost, network2.CrossEntropyCost])
def test_network2_takes_the_books_steps_in_the_order_it_leaves_the_examples_in(rng, cost):
    train, test = pairs(rng, 23)
    net = network2.Network([6, 5, 3], cost=cost)
    oracle = PerExample(net, cost)
    net.SGD(train, 1, 10, 0.5, lmbda=2.0)
    for start in range(0, 23, 10):
        oracle.step(train[start : start + 10], 0.5, 2.0 / 23)
    for mine, theirs in zip([*net.weights, *net.biases], [*oracle.W, *oracle.b], strict=True):
        np.testing.assert_allclose(mine, theirs, atol=1e-5)  # single precision
    outputs = [oracle.forward(x)[1][-1] for x, _ in test]
    mean = np.mean([cost.fn(a, np.eye(3)[:, [label]]) for a, (_, label) in zip(outputs, test, strict=True)])
    squares = sum((w**2).sum() for w in oracle.W)
    assert net.total_cost(test, 2.0, convert=True) == pytest.approx(mean + squares / 23, rel=1e-4)
    assert net.accuracy(test) == sum(int(np.argmax(a)) == y for a, (_, y) in zip(outputs, test, strict=True))


def test_network2_monitors_four_things_and_says_them(rng, capsys):
    train, test = pairs(rng, 40)
    net = network2.Network([6, 5, 3])
    found = net.SGD(
        train, 3, 10, 0.5, lmbda=0.1, evaluation_data=test, monitor_evaluation_cost=True,
        monitor_evaluation_accuracy=True, monitor_training_cost=True, monitor_training_accuracy=True,
    )  # fmt: skip
    assert [len(one) for one in found] == [3, 3, 3, 3]
    assert found[0][-1] == pytest.approx(net.total_cost(test, 0.1, convert=True), rel=1e-5)
    assert found[1][-1] == net.accuracy(test)
    assert found[2][-1] == pytest.approx(net.total_cost(train, 0.1), rel=1e-5)
    assert found[3][-1] == net.accuracy(train, convert=True)
    said = capsys.readouterr()
    assert said.out.splitlines()[:5] == [
        "Epoch 0 training complete",
        f"Cost on training data: {found[2][0]}",
        f"Accuracy on training data: {found[3][0]} / 40",
        f"Cost on evaluation data: {found[0][0]}",
        f"Accuracy on evaluation data: {found[1][0]} / 40",
    ]
    assert said.err.startswith("Doctor: ")
    assert net.SGD(train, 2, 10, 0.5) == ([], [], [], [])
    with pytest.raises(UsageError, match="evaluation_data"):
        net.SGD(train, 1, 10, 0.5, monitor_evaluation_cost=True)


def test_early_stopping_waits_so_many_epochs(rng):
    train, test = pairs(rng, 40)
    net = network2.Network([6, 5, 3])
    _, accuracy, _, _ = net.SGD(
        train, 500, 10, 1e-9, evaluation_data=test, monitor_evaluation_accuracy=True, early_stopping_n=4
    )
    assert len(accuracy) == 5 and len(set(accuracy)) == 1


def test_a_program_gets_the_same_run_again_from_pythons_and_numpys_seeds(rng):
    train, _ = pairs(rng, 30)
    ends = []
    for _ in range(2):
        random.seed(5)
        np.random.seed(5)  # noqa: NPY002
        net = network.Network([6, 5, 3])
        net.SGD(list(train), 2, 10, 3.0)
        ends.append(net.core.params.vector.copy())
    np.testing.assert_array_equal(*ends)


def test_the_books_network_hands_out_what_the_book_says(rng, capsys):
    net = network.Network([6, 5, 3])
    train, test = pairs(rng, 20)
    assert net.feedforward(train[0][0]).shape == (3, 1)
    oracle = PerExample(net, network2.QuadraticCost)
    oracle.step(train[:7], 3.0, 0)
    net.update_mini_batch(train[:7], 3.0)
    np.testing.assert_allclose(net.weights[0], oracle.W[0], rtol=1e-12)
    assert (net.cost_derivative(np.ones((3, 1)), np.zeros((3, 1))) == 1).all()
    net.SGD(
        zip(*zip(*train, strict=True), strict=True), 1, 10, 3.0, test_data=zip(*zip(*test, strict=True), strict=True)
    )
    assert capsys.readouterr().out.splitlines() == [f"Epoch 0: {net.evaluate(test)} / 20"]


def test_a_file_in_the_books_json_is_read_and_written(tmp_path):
    theirs = {
        "sizes": [2, 3, 1],
        "weights": [[[0.1, 0.2], [0.3, -0.4], [1 / 3, 6.0]], [[1e-30, 2.0, 3.0]]],
        "biases": [[[0.5], [0.25], [0.125]], [[-1.0]]],
        "cost": "QuadraticCost",
    }
    path = tmp_path / "net.json"
    path.write_text(json.dumps(theirs))
    net = network2.load(str(path))
    assert net.cost is network2.QuadraticCost
    z = np.array(theirs["weights"][0]) @ [[1.0], [2.0]] + np.array(theirs["biases"][0])
    out = network.sigmoid(np.array(theirs["weights"][1]) @ network.sigmoid(z) + np.array(theirs["biases"][1]))
    np.testing.assert_allclose(net.feedforward(np.array([[1.0], [2.0]])), out, rtol=1e-12)
    net.save(str(path))
    assert json.loads(path.read_text()) == theirs
    for bad in ("", "[]", json.dumps({**theirs, "cost": "__import__"}), json.dumps({**theirs, "sizes": [2, 2, 1]}),
                json.dumps(theirs).replace("6.0", "NaN"), "[" * 100_000):  # fmt: skip
        path.write_text(bad)
        with pytest.raises(BadFile):
            network2.load(path)


def test_a_cost_of_ones_own_is_refused_with_a_sentence():
    class Hinge:
        pass

    with pytest.raises(UsageError, match="Hinge"):
        network2.Network([2, 3, 2], cost=Hinge)


def test_numbers_that_blow_up_end_the_descent_and_the_doctor_says_so(rng, capsys):
    train, _ = pairs(rng, 20)
    net = network2.Network([6, 5, 3])
    net.SGD([(1e200 * x, y) for x, y in train], 3, 10, 1e200, lmbda=5.0)
    said = capsys.readouterr()
    assert "whynet: " in said.err
    assert np.isfinite(net.core.params.vector).all()
    with pytest.raises(UsageError, match="no example"):
        net.SGD([], 1, 10, 3.0)
    with pytest.raises(UsageError, match="pairs"):
        net.SGD([(np.zeros((6, 1)), 1), (np.zeros((5, 1)), 2)], 1, 10, 3.0)


@pytest.mark.mnist
def test_the_books_first_program_reaches_what_the_book_prints(capsys):
    training_data, validation_data, test_data = mnist_loader.load_data_wrapper(str(MNIST))
    assert (len(training_data), len(validation_data), len(test_data)) == (50_000, 10_000, 10_000)
    x, y = training_data[0]
    assert (x.shape, y.shape, float(max(x.max() for x, _ in training_data[:50]))) == ((784, 1), (10, 1), 255 / 256)
    random.seed(1)
    np.random.seed(1)  # noqa: NPY002
    net = network.Network([784, 30, 10])
    net.SGD(training_data, 30, 10, 3.0, test_data=test_data)
    said = capsys.readouterr()
    assert int(said.out.splitlines()[-1].split()[2]) >= 9_450
    assert said.err.startswith("Doctor: it learns")
