"""Convolution, pooling, flattening; and what every layer of the table says of itself."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import whynet
from plants.pictures import CONVOLUTIONS, EVERY, POOLS
from whynet.errors import UsageError
from whynet.network.layers import (
    LAYERS,
    AveragePool2D,
    Conv2D,
    Dense,
    Flatten,
    GlobalAveragePool,
    MaxPool2D,
)
from whynet.network.network import Network
from whynet.noise import Noise

NOISE = Noise(seed=3, step=1)


def slowly(layer, x, W, b):
    """The formula of a convolution, number by number."""
    pictures = x.reshape(-1, *layer.in_shape)
    (above, _), (left, _) = layer.geometry.padding
    rows, columns, channels = layer.in_shape
    kernel = W.reshape(*layer.kernel, channels, layer.filters)
    z = np.zeros((len(x), *layer.out_shape))
    for n, r, c, f in np.ndindex(*z.shape):
        z[n, r, c, f] = b[f]
        for i, j, k in np.ndindex(*kernel.shape[:3]):
            row, column = r * layer.stride[0] + i - above, c * layer.stride[1] + j - left
            if 0 <= row < rows and 0 <= column < columns:
                z[n, r, c, f] += pictures[n, row, column, k] * kernel[i, j, k, f]
    return z.reshape(len(x), -1)


def network_of(layer, **options):
    """The layer in the middle of a small network, so that gradients go through it and beyond."""
    first = Conv2D((6, 5, 1), 2, 3, padding="same", activation="tanh", init="glorot", bias_init="normal(0, 0.3)")
    return Network(layers=[first, layer, Dense(layer.outputs, 3)], dtype="float64", seed=2, **options)


@pytest.mark.parametrize("layer", CONVOLUTIONS, ids=lambda c: f"{c.kernel} {c.stride} {c.padding}")
def test_a_convolution_is_its_formula(layer, rng):
    x, W, b = rng.normal(size=(2, 60)), rng.normal(size=layer.shapes()["W"]), rng.normal(size=3)
    y, memo = layer.forward({"W": W, "b": b}, x)
    np.testing.assert_allclose(y, slowly(layer, x, W, b), atol=1e-12)
    assert y.shape == (2, layer.outputs) and memo.z.shape == y.shape
    if layer.padding == "same":
        assert layer.out_shape[:2] == tuple(-(-n // s) for n, s in zip((6, 5), layer.stride, strict=True))


@pytest.mark.parametrize(("size", "stride"), POOLS)
def test_pools_are_their_formulas(size, stride, rng):
    x = rng.normal(size=(3, 60))
    largest, mean = MaxPool2D((6, 5, 2), size, stride), AveragePool2D((6, 5, 2), size, stride)
    pictures, (most, _), (averages, _) = x.reshape(3, 6, 5, 2), largest.forward({}, x), mean.forward({}, x)
    assert largest.out_shape == mean.out_shape
    for n, r, c, k in np.ndindex(3, *largest.out_shape):
        row, column = r * largest.stride[0], c * largest.stride[1]
        window = pictures[n, row : row + largest.size[0], column : column + largest.size[1], k]
        assert window.shape == largest.size
        assert most.reshape(3, *largest.out_shape)[n, r, c, k] == window.max()
        assert averages.reshape(3, *mean.out_shape)[n, r, c, k] == pytest.approx(window.mean())


def test_a_tie_goes_to_the_first():
    layer = MaxPool2D((2, 2, 1), 2)
    _, memo = layer.forward({}, np.array([[0.0, 7.0, 7.0, 7.0]]))
    assert layer.backward({}, memo, np.ones((1, 1)))[0].tolist() == [[0.0, 1.0, 0.0, 0.0]]


@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("activation", ["tanh", "relu", "gelu", "softmax"])
def test_gradients_of_convolutions_are_right(activation, stride, padding, rng):
    layer = Conv2D((6, 5, 2), 3, (3, 2), stride, padding, activation)
    network, X, targets = network_of(layer), rng.normal(size=(7, 30)), np.eye(3)[rng.integers(3, size=7)]
    check = whynet.check_gradients(network, X, targets, sample=15)
    assert {one.verdict for one in check.arrays} == {"right"} and check.projection is not None
    if activation != "relu":
        assert whynet.check_gradients(network, X, targets, complex_step=True).passed


def check_of(layer, rng, **options):
    network, X, targets = network_of(layer), rng.normal(size=(7, 30)), np.eye(3)[rng.integers(3, size=7)]
    network.params.vector[...] += rng.normal(0, 0.1, network.params.vector.size)
    network.statistics.vector[...] += rng.random(network.statistics.vector.size)
    return whynet.check_gradients(network, X, targets, **options)


@pytest.mark.parametrize("noise", [None, NOISE], ids=["evaluating", "training"])
@pytest.mark.parametrize("complex_step", [False, True], ids=["differences", "complex"])
@pytest.mark.parametrize("kind", LAYERS)
def test_every_layer_is_checked_through_and_through(kind, complex_step, noise, rng):
    check = check_of(EVERY[kind], rng, sample=10, noise=noise, complex_step=complex_step)
    assert {one.verdict for one in check.arrays} == {"right"}
    assert check.unseen == ()


def test_kinks_of_a_pool_are_set_aside_and_counted():
    """Two pixels of the window almost tie: a step of the difference makes another one the largest."""
    first = Dense(2, 4)
    network = Network(layers=[first, MaxPool2D((2, 2, 1), 2), Dense(1, 1)], cost="quadratic", dtype="float64")
    network.params[0]["W"][...] = [[1.0, 1.0, -1.0, -1.0], [2.0, -3.0, -1.0, -1.0]]
    network.params[0]["b"][...] = [1e-6, 0.0, 0.0, 0.0]
    network.params[2]["W"][...] = 1.0
    check = whynet.check_gradients(network, np.array([[1.0, 0.0]]), np.zeros((1, 1)))
    assert check.passed and check.kinks == 4  # the first row of W and b of the two that tie


def test_blank_borders_tie_without_being_kinks(digits):
    """All patches of a blank border say the same: that is no kink as long as they are the same unit."""
    layers = [Conv2D((8, 8, 1), 4, 3, activation="tanh", bias_init="normal"), MaxPool2D((6, 6, 4), 2), Dense(36, 10)]
    network = Network(layers=layers, dtype="float64", seed=1)
    for blank in (0.0, -1.0):
        X = np.where(digits.inputs[:10] == 0, blank, digits.inputs[:10] / 255)
        check = whynet.check_gradients(network, X, np.eye(10)[digits.labels[:10]])
        assert {one.verdict for one in check.arrays} == {"right"}
        assert check.kinks < 10


@pytest.mark.parametrize("kind", LAYERS)
def test_what_a_layer_says_of_itself(kind, rng):
    layer = EVERY[kind]
    assert LAYERS[kind] is type(layer) and layer.kind == kind
    assert (layer.inputs, layer.outputs) == (60, np.prod(layer.out_shape))
    arrays = {**layer.initialize(rng), **layer.statistics()}
    assert {name: array.shape for name, array in layer.initialize(rng).items()} == layer.shapes()
    assert layer.weight_names == tuple(name for name, shape in layer.shapes().items() if len(shape) > 1)
    x = rng.normal(size=(4, 60))
    y, memo = layer.forward(arrays, x)
    trained, _ = layer.forward(arrays, x, NOISE)
    assert y.shape == (4, layer.outputs)
    if layer.stochastic or layer.statistics():
        assert not np.array_equal(y, trained)
    else:
        np.testing.assert_array_equal(y, trained)
    z = layer.preactivation(memo)
    assert (z is None) == (layer.activation is None)
    if z is not None:
        np.testing.assert_allclose(np.tanh(z), y)
    products = layer.products(memo)
    assert (products is None) == (not layer.weight_names)
    if products is not None:
        seen, z = products
        np.testing.assert_allclose(seen @ arrays["W"] + arrays["b"], z)
        assert seen.shape[1] == layer.fan_in and layer.multiply_adds == seen[0].size * z.size / len(x)
    dx, gradients = layer.backward(arrays, memo, np.ones_like(y))
    assert dx.shape == x.shape and set(gradients) == set(layer.shapes())
    assert type(layer).from_dict(layer.as_dict(), layer.in_shape) == layer
    assert len(layer.tensors(arrays)) == len(arrays)


@pytest.mark.parametrize("kind", LAYERS)
def test_every_layer_is_saved_and_read_back(kind, tmp_path, rng):
    network = network_of(EVERY[kind])
    network.params.vector[...] = rng.normal(size=network.params.vector.size)
    network.statistics.vector[...] = rng.random(network.statistics.vector.size)
    network.save(tmp_path / "model.safetensors")
    read = Network.load(tmp_path / "model.safetensors")
    assert read.layers == network.layers
    X = rng.normal(size=(3, 30))
    np.testing.assert_array_equal(read.scores(X), network.scores(X))


def test_weights_of_a_filter_are_drawn_for_what_it_sees(rng):
    layer = Conv2D((20, 20, 3), 64, 5, init="he")
    assert layer.fan_in == 75
    assert layer.initialize(rng)["W"].std() == pytest.approx(np.sqrt(2 / 75), rel=0.05)
    glorot = replace(layer, init="glorot").initialize(rng)["W"]
    assert glorot.std() == pytest.approx(np.sqrt(2 / (75 + 25 * 64)), rel=0.05)


def test_pictures_of_the_wrong_shape_do_not_chain():
    first = Conv2D((6, 6, 1), 4, 3)
    with pytest.raises(UsageError, match=r"layer 2 to take the \(4, 4, 4\) outputs .* found \(8, 8, 1\) inputs"):
        Network(layers=[first, MaxPool2D((8, 8, 1), 2)])
    flat = Network(layers=[first, Dense(64, 16), Conv2D((4, 4, 1), 2, 3), Dense(8, 3)])
    assert flat.scores(np.zeros((2, 36))).shape == (2, 3)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: Conv2D((3, 3, 8), 16, 5), "kernel of 5x5 is larger than its input .*found 3x3x8.* padding same"),
        (lambda: Conv2D((64,), 16, 5), "a convolution takes pictures .*found 64.* before any dense layer"),
        (lambda: Conv2D((8, 8, 1), 0, 5), "needs filters"),
        (lambda: Conv2D((8, 8, 1), 4, 0), "the kernel of a convolution makes no sense"),
        (lambda: Conv2D((8, 8, 1), 4, 3, 0), "the stride of a convolution makes no sense"),
        (lambda: Conv2D((8, 8, 1), 4, 3, padding="full"), "no padding 'full'"),
        (lambda: MaxPool2D((2, 2, 8), 3), "a pool of 3x3 is larger than its input .*found 2x2x8.* smaller pool"),
        (lambda: AveragePool2D((8, 8, 1), (9, 1)), "a pool of 9x1 is larger"),
        (lambda: MaxPool2D((8, 8, 1), 2, -1), "the stride of a pool makes no sense"),
        (lambda: GlobalAveragePool((64,)), "takes pictures"),
        (lambda: Flatten((0, 3)), "makes no sense"),
    ],
)
def test_what_makes_no_sense_is_refused(make, says):
    with pytest.raises(UsageError, match=says):
        make()


def test_predicting_many_pictures_takes_little_memory(monkeypatch, rng):
    """The patches of all of them at once would not fit."""
    seen = []
    network = Network(layers=[Conv2D((28, 28, 1), 8, 5), Dense(8 * 576, 10)], seed=0)
    forward = Conv2D.forward
    monkeypatch.setattr(Conv2D, "forward", lambda self, p, x, n=None: seen.append(len(x)) or forward(self, p, x, n))
    X = rng.random((5000, 784), dtype=np.float32)
    assert network.scores(X).shape == (5000, 10)
    assert max(seen) * 576 * 25 <= 1 << 26 and sum(seen) == 5000
