"""Repairs of Keras models, each held against the same thing spelled out."""

import numpy as np
import pytest

keras = pytest.importorskip("keras")
from whynet.subjects.frameworks.keras_arrays import array_of  # noqa: E402
from whynet.subjects.frameworks.keras_mends import unlimited  # noqa: E402
from whynet.subjects.frameworks.keras_probe import KerasProbe  # noqa: E402

X = np.random.default_rng(0).normal(size=(6, 4)).astype(np.float32)
Y = np.arange(6) % 3


def _probe(after, units=3, loss="sparse_categorical_crossentropy", y=Y):
    x = keras.Input((4,))
    dense = keras.layers.Dense(units)
    model = keras.Model(x, after(dense(x)))
    model.compile(keras.optimizers.SGD(0.1), loss)
    W, b = (array_of(keras, one) for one in dense.weights)
    return KerasProbe.of(keras, model, (X, y)), X @ W + b


def _softmax(Z, axis=1):
    e = np.exp(Z - Z.max(axis, keepdims=True))
    return e / e.sum(axis, keepdims=True)


@pytest.mark.parametrize(
    "after, units, step, right",
    [
        (keras.layers.Softmax(), 3, ("bare",), lambda Z: Z),
        (keras.layers.Activation("sigmoid"), 1, ("bare",), lambda Z: Z),
        (lambda z: keras.ops.softmax(z, axis=0), 3, ("along", 1), _softmax),
        (keras.layers.Activation("softmax"), 1, ("alone",), lambda Z: 1 / (1 + np.exp(-Z))),
    ],
)
def test_what_squashes_at_the_end_is_another_on_the_copy_alone(after, units, step, right):
    probe, Z = _probe(after, units, loss="mse")
    network, before = probe.copy(), probe.copy().answers()
    assert network.mend([step])
    assert np.allclose(network.answers(), right(Z), atol=1e-5)
    assert np.allclose(probe.mended([step]).copy().answers(), network.answers())
    assert np.allclose(probe.copy().answers(), before)


def test_the_loss_is_given_what_it_reads():
    probe, Z = _probe(lambda z: z, y=Y + 1)
    network = probe.copy()
    assert network.mend([("softmax", 1), ("shift", -1)])
    assert network.loss() == pytest.approx(-np.log(_softmax(Z))[np.arange(6), Y].mean(), rel=1e-4)


def test_limits_and_schedules_are_taken_away():
    schedule = keras.optimizers.schedules.ExponentialDecay(0.5, 1, 0.5)
    own = keras.optimizers.SGD(schedule, clipnorm=1e-6)
    gone = frozenset({"clipped-away", "faded-rate"})
    _, config = unlimited(keras, type(own), own.get_config(), gone)
    assert config["clipnorm"] is None and config["learning_rate"] == pytest.approx(0.5)
    assert unlimited(keras, type(own), own.get_config(), frozenset())[1]["clipnorm"] == 1e-6


def test_a_term_of_the_loss_has_another_weight():
    x = keras.Input((4,))
    dense = keras.layers.Dense(1, activity_regularizer=keras.regularizers.L2(1000.0))
    model = keras.Model(x, dense(x))
    model.compile(keras.optimizers.SGD(1e-4), "mse")
    y = X[:, :1]
    probe = KerasProbe.of(keras, model, (X, y))
    network, first = probe.copy(), probe.copy().loss()
    place = list(probe.terms()).index("what layers add")
    assert network.mend([("evened", place, 0.25)])
    W, b = (array_of(keras, one) for one in dense.weights)
    fit = float(np.mean((X @ W + b - y) ** 2))
    assert first > 10 * fit
    assert network.loss() == pytest.approx(fit + 0.25 * (first - fit), rel=1e-4)
    losses = [network.loss(training=True) for _ in range(6)]  # compiled after some
    assert losses == pytest.approx([losses[0]] * 6, rel=1e-5)
    assert probe.copy().loss() == pytest.approx(first)
