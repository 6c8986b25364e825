"""Networks in words: what a line means, and what is said of one that means nothing or does not fit."""

from __future__ import annotations

import numpy as np
import pytest

import whynet
from whynet.errors import UsageError
from whynet.network.architectures import Style, convnet, mlp, words
from whynet.network.layers import LAYERS, BatchNorm, Conv2D, Dense, Dropout, GaussianNoise, MaxPool2D
from whynet.network.network import Network

RELU = Style("relu", init="he")


def middle(line, shape=(12, 12, 3)):
    return convnet(shape, [line], 10, RELU)[:-1]


@pytest.mark.parametrize(
    ("line", "layers"),
    [
        ("conv 16 5x5", [Conv2D((12, 12, 3), 16, 5, activation="relu", init="he")]),
        ("conv 16 5", [Conv2D((12, 12, 3), 16, 5, activation="relu", init="he")]),
        ("conv 16 5x3 stride 2", [Conv2D((12, 12, 3), 16, (5, 3), 2, activation="relu", init="he")]),
        ("conv 16 5 same stride 2x1", [Conv2D((12, 12, 3), 16, 5, (2, 1), "same", "relu", "he")]),
        ("conv 16 5 valid tanh init glorot", [Conv2D((12, 12, 3), 16, 5, 1, "valid", "tanh", "glorot")]),
        ("conv kernel 5 16", [Conv2D((12, 12, 3), 16, 5, activation="relu", init="he")]),
        ("pool 2", [MaxPool2D((12, 12, 3), 2)]),
        ("  pool   3x2  stride 1 ", [MaxPool2D((12, 12, 3), (3, 2), 1)]),
        ("dense 20", [Dense(432, 20, "relu", "he")]),
        ("dense 20 sigmoid bias-init zeros", [Dense(432, 20, "sigmoid", "he")]),
        ("dense 20 dropout 0.5", [Dense(432, 20, "relu", "he"), Dropout((20,), 0.5)]),
        (
            "conv 4 3 batch-norm noise 0.1",
            [
                Conv2D((12, 12, 3), 4, 3, init="he"),
                BatchNorm((10, 10, 4), "relu"),
                GaussianNoise((10, 10, 4), 0.1),
            ],
        ),
        ("dropout 0.5", [Dropout((12, 12, 3), 0.5)]),
        ("noise 1", [GaussianNoise((12, 12, 3), 1.0)]),
        ("batch-norm relu epsilon 0.001", [BatchNorm((12, 12, 3), "relu", epsilon=0.001)]),
    ],
)
def test_what_a_line_means(line, layers):
    assert middle(line) == layers


@pytest.mark.parametrize("kind", LAYERS)
def test_every_layer_can_be_written_and_writes_itself(kind):
    word = next(word for word, layer in words().items() if layer.kind == kind)
    first, *_ = middle(LAYERS[kind].written or word)
    assert first.kind == kind and first.text.split()[0] == word
    assert middle(first.text)[0] == first


def test_dense_lines_are_hidden_sizes():
    assert convnet((64,), ["dense 30", "dense 20"], 10, RELU) == mlp([64, 30, 20, 10], RELU)
    style = Style("tanh", batch_norm=True, dropout=0.2, input_dropout=0.1, noise=0.3, input_noise=0.4)
    assert convnet((64,), ["dense 30"], 10, style) == mlp([64, 30, 10], style)
    one, other = (Network(layers=make, seed=4) for make in (mlp([64, 30, 10]), convnet((64,), ["dense 30"], 10)))
    np.testing.assert_array_equal(one.params.vector, other.params.vector)
    np.testing.assert_array_equal(one.params.vector, Network([64, 30, 10], seed=4).params.vector)


def test_no_lines_are_a_linear_network():
    assert convnet((8, 8, 1), [], 10, RELU) == [Dense(64, 10, "identity", "he")]


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        (["conv 8 20x20"], r"layer 1 \(conv 8 20x20\): the kernel of 20x20 is larger .* found 12x12x3.*smaller kernel"),
        (["pool 2", "pool 2", "pool 4"], r"layer 3 \(pool 4\): a pool of 4x4 is larger .* found 3x3x3"),
        (["dense 9", "conv 3 3"], r"layer 2 \(conv 3 3\): a convolution takes pictures .* found 9"),
        (["dense 9", "pool 2"], "a pool takes pictures"),
        (["konv 3 3"], "there is no such layer.*Did you mean 'conv'"),
        (["conv"], "not the numbers that it needs.*conv 16 5x5"),
        (["conv 8"], "not the numbers that it needs"),
        (["conv 8 3 3"], "not the numbers that it needs"),
        (["conv 8 3x3x3"], "the kernel of a convolution makes no sense"),
        (["conv 8.5 3"], "8.5 is no whole number"),
        (["conv -8 3"], "needs filters"),
        (["conv 8 3 stride"], "stride of a convolution makes no sense|is no whole number"),
        (["conv 8 3 ssame"], "'ssame' means nothing here.*Did you mean 'same'"),
        (["conv 8 3 batchnorm"], "Did you mean 'batch-norm'"),
        (["conv 8 3 dropout"], "dropout needs a number"),
        (["dense 8 dropout 2"], "this dropout makes no sense"),
        (["dense 8 same"], "'same' means nothing here"),
        (["pool 2 relu"], "'relu' means nothing here"),
        (["dense 1e400"], "no whole number|no finite"),
        (["dense nan"], "means nothing here"),
        (["dropout half"], "means nothing here"),
    ],
)
def test_what_does_not_fit_is_said(lines, says):
    with pytest.raises(UsageError, match=says) as caught:
        convnet((12, 12, 3), lines, 10, RELU)
    assert "12x12x3" in str(caught.value)


def test_a_network_of_pictures_says_what_it_is():
    layers = convnet((28, 28, 1), ["conv 16 5x5", "pool 2", "dense 128 dropout 0.5"], 10, RELU)
    assert repr(Network(layers=layers)) == (
        "Network(28x28x1, conv 16 5x5, pool 2x2, dense 128, dense 10, relu, softmax-cross-entropy: "
        "296,746 parameters, float32)"
    )


def test_pictures_of_other_shapes_are_refused(digits):
    network = whynet.Network(layers=convnet((4, 16, 1), ["conv 2 3"], 10, RELU))
    with pytest.raises(UsageError, match=r"another shape .*expected 4x16x1; found 8x8x1"):
        whynet.train(network, digits, whynet.Recipe(epochs=1))
