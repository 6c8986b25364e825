from __future__ import annotations

import gzip

import numpy as np
import pytest

from support import MNIST, example
from whynet.book import mnist, network
from whynet.data import idx
from whynet.errors import ResourceError, UsageError


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
