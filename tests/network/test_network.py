from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import whynet
from support import example
from whynet.errors import UsageError
from whynet.network.activations import ACTIVATIONS
from whynet.network.costs import COSTS
from whynet.noise import Noise
from whynet.types import Scaling

neuron_by_neuron = example("neuron_by_neuron")


def test_forward_and_gradients_agree_with_one_object_per_neuron(rng):
    """The example program, which knows no matrices, is the oracle; the batch's gradient is the mean of its own."""
    sizes = [6, 5, 4, 3]
    slow = neuron_by_neuron.Network(sizes, weight=(-1, 1), seed=3)
    fast = whynet.Network(sizes, activation="sigmoid", cost="quadratic", dtype="float64")
    for layer, arrays in zip(slow.layers, fast.params, strict=True):
        for index, neuron in enumerate(layer.neurons):
            neuron.bias = float(rng.normal())
            arrays["W"][:, index], arrays["b"][index] = neuron.weights, neuron.bias
    X, targets = rng.random((7, 6)), np.eye(3)[rng.integers(3, size=7)]
    np.testing.assert_allclose(fast.scores(X), [slow.predict(x) for x in X.tolist()], rtol=1e-12)
    of_examples = [slow.gradients(x, y) for x, y in zip(X.tolist(), targets.tolist(), strict=True)]
    for number, arrays in enumerate(fast.gradients(X, targets)):
        dW = np.mean([[dw for dw, _ in example[number]] for example in of_examples], axis=0).T
        db = np.mean([[b for _, b in example[number]] for example in of_examples], axis=0)
        np.testing.assert_allclose(arrays["W"], dW, rtol=1e-10, atol=1e-15)
        np.testing.assert_allclose(arrays["b"], db, rtol=1e-10, atol=1e-15)


@pytest.mark.parametrize(("activation", "cost"), list(product(ACTIVATIONS, COSTS)))
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_shapes_and_types(activation, cost, dtype, rng):
    network = whynet.Network([8, 6, 3], activation=activation, cost=cost, dtype=dtype)
    X = rng.random((5, 8)).astype(dtype)
    gradients = network.gradients(X, network.targets(np.array([0, 1, 2, 0, 1])))
    assert network.scores(X).shape == (5, 3)
    assert network.scores(X).dtype == gradients.vector.dtype == np.dtype(dtype)
    assert gradients.vector.shape == network.params.vector.shape
    assert set(network.predict(X)) <= {0, 1, 2}
    assert network.probabilities(X).shape == (5, 3)


def test_parameters_are_views_of_one_vector():
    network = whynet.Network([4, 3, 2], seed=1)
    network.params.vector[:] = np.arange(23)
    assert network.params[0]["W"][1, 0] == 3
    network.params[1]["b"][1] = -5
    assert network.params.vector[-1] == -5
    assert [name for name, _ in network.params.named()] == ["0.W", "0.b", "1.W", "1.b"]


def test_predicting_between_forward_and_backward_changes_nothing(rng):
    network = whynet.Network([5, 4, 3], dtype="float64")
    X, targets = rng.random((6, 5)), np.eye(3)[[0, 1, 2, 0, 1, 2]]
    expected = network.gradients(X, targets).vector
    trace = network.forward(X)
    network.scores(rng.random((9, 5)))
    gradient = network.backward(trace, network.cost.gradient(trace.scores, targets)).vector
    np.testing.assert_array_equal(gradient, expected)
    again = network.backward(trace, network.cost.gradient(trace.scores, targets)).vector
    np.testing.assert_array_equal(again, expected)


def test_widening_one_layer_leaves_the_next_ones_random_numbers_alone():
    narrow, wide = (whynet.Network([9, width, 6, 4], init="normal", seed=5) for width in (5, 7))
    np.testing.assert_array_equal(narrow.params[2]["W"], wide.params[2]["W"])


def test_dropout_and_noise_change_no_weights_and_no_answers(rng):
    plain = whynet.Network([6, 5, 4, 3], seed=2, dtype="float64")
    chancy = whynet.Network([6, 5, 4, 3], seed=2, dtype="float64", dropout=0.5, input_dropout=0.3, input_noise=1.0)
    X = rng.random((7, 6))
    np.testing.assert_array_equal(plain.params.vector, chancy.params.vector)
    np.testing.assert_array_equal(plain.scores(X), chancy.scores(X))
    assert chancy.sizes == plain.sizes == (6, 5, 4, 3)
    assert (chancy.forward(X, Noise(seed=0, step=0)).scores != plain.scores(X)).any()


def test_the_tutorials_order_of_drawing():
    rng = np.random.default_rng(11)
    biases = [rng.standard_normal((j, 1)) for j in (4, 2)]
    weights = [rng.standard_normal((j, k)) for j, k in ((4, 3), (2, 4))]
    network = whynet.Network(
        [3, 4, 2], init="normal", bias_init="normal", seed=11, dtype="float64", randomness="one-generator"
    )
    for arrays, W, b in zip(network.params, weights, biases, strict=True):
        np.testing.assert_array_equal(arrays["W"], W.T)
        np.testing.assert_array_equal(arrays["b"], b[:, 0])


@settings(deadline=None, max_examples=40)
@given(
    sizes=st.lists(st.integers(1, 6), min_size=2, max_size=5),
    rows=st.integers(1, 5),
    activation=st.sampled_from(sorted(ACTIVATIONS)),
    cost=st.sampled_from(sorted(COSTS)),
    seed=st.integers(0, 2**32),
)
def test_a_batch_is_its_rows_and_hidden_units_have_no_order(sizes, rows, activation, cost, seed):
    network = whynet.Network(sizes, activation=activation, cost=cost, seed=seed, dtype="float64")
    rng = np.random.default_rng(seed)
    X, targets = rng.normal(size=(rows, sizes[0])), rng.random((rows, sizes[-1]))
    one_by_one = [network.gradients(X[i : i + 1], targets[i : i + 1]).vector for i in range(rows)]
    np.testing.assert_allclose(network.gradients(X, targets).vector, np.mean(one_by_one, axis=0), atol=1e-12)
    if len(sizes) > 2:
        before = network.scores(X)
        order = rng.permutation(sizes[1])
        for array, axis in ((network.params[0]["W"], 1), (network.params[0]["b"], 0), (network.params[1]["W"], 0)):
            array[...] = np.take(array.copy(), order, axis=axis)
        np.testing.assert_allclose(network.scores(X), before, atol=1e-12)


def test_uint8_images_are_scaled_by_the_networks_own_table():
    network = whynet.Network([4, 2], scaling=Scaling("0..1", 0.0, 255.0), dtype="float64")
    images = np.array([[[0, 255], [51, 102]]], dtype=np.uint8)
    np.testing.assert_array_equal(network.scores(images), network.scores(np.array([[0, 1, 0.2, 0.4]])))
    with pytest.raises(UsageError, match="scale"):
        whynet.Network([4, 2]).scores(images)


@pytest.mark.parametrize(
    "make",
    [
        lambda: whynet.Network([784]),
        lambda: whynet.Network([784, 0, 10]),
        lambda: whynet.Network([784.0, 10]),
        lambda: whynet.Network("784,10"),
        lambda: whynet.Network(),
        lambda: whynet.Network([3, 2], layers=[whynet.Dense(3, 2)]),
        lambda: whynet.Network(layers=[]),
        lambda: whynet.Network(layers=[whynet.Dense(3, 2), whynet.Dense(3, 2)]),
        lambda: whynet.Network([3, 4, 2], activation="sigmod"),
        lambda: whynet.Network([3, 2], cost="msee"),
        lambda: whynet.Network([3, 2], init="he(1)"),
        lambda: whynet.Network([3, 2], dtype="int32"),
        lambda: whynet.Network([3, 4, 2], dropout=1.0),
        lambda: whynet.Network([3, 4, 2], input_noise=-1.0),
        lambda: whynet.Network([3, 2]).scores(np.zeros((1, 4))),
    ],
)
def test_what_makes_no_network_is_refused(make):
    with pytest.raises(UsageError):
        make()
