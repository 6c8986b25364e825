"""A Keras model as a probe, against numeric differences, forwards written out, and `fit` itself."""

from __future__ import annotations

import importlib.util
import os

import numpy as np
import pytest

if not os.environ.get("KERAS_BACKEND"):
    os.environ["KERAS_BACKEND"] = "jax" if importlib.util.find_spec("jax") else "torch"
if importlib.util.find_spec(os.environ["KERAS_BACKEND"]) is None:
    pytest.skip("Keras has no backend here", allow_module_level=True)
keras = pytest.importorskip("keras", reason="Keras is not installed; it is a guest, not a dependency")

from whynet.subjects.frameworks.keras_arrays import Weighted, array_of  # noqa: E402
from whynet.subjects.frameworks.keras_probe import KerasProbe  # noqa: E402
from whynet.subjects.inside.probe import ProbeError, arrays_in, mapped  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore")  # Keras' own
L, ops = keras.layers, keras.ops
RNG = np.random.default_rng(3)
N = 6


def numbers(*shape):
    return RNG.normal(size=shape).astype(np.float32)


@pytest.fixture(autouse=True)
def _drawn_alike():
    global RNG
    RNG = np.random.default_rng(3)
    keras.utils.set_random_seed(4)


def dense():
    model = keras.Sequential([keras.Input((4,)), L.Dense(5, activation="relu"), L.Dense(3, activation="softmax")])
    model.compile(keras.optimizers.SGD(0.1, momentum=0.9), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model, (numbers(N, 4), np.array([0, 1, 2, 0, 1, 2]))


def onehot():
    model = keras.Sequential([L.Dense(5, activation="tanh"), L.Dense(3)])  # unbuilt
    model.compile("adam", keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.1))
    return model, (numbers(N, 4).astype(np.float64), np.eye(3)[[0, 1, 2, 0, 1, 2]])


def weighted():
    model = keras.Sequential([keras.Input((4,)), L.Dense(1, kernel_regularizer="l2", activity_regularizer="l2")])
    model.compile("rmsprop", "mse")
    return model, (numbers(N, 4), numbers(N), np.array([1.0, 2, 0, 1, 3, 1]))


def several():
    a, b = keras.Input((4,), name="a"), keras.Input((3,), name="b")
    shared = L.Dense(4, activation="tanh", name="shared")
    h = L.Concatenate()([shared(a), L.Dense(4)(b)])
    outputs = [L.Dense(2, name="first")(h), L.Dense(1, name="second")(shared(h[:, :4]))]
    model = keras.Model([a, b], outputs)
    model.compile("adam", {"first": "mse", "second": "mae"}, loss_weights={"first": 0.5, "second": 2.0})
    return model, ({"a": numbers(N, 4), "b": numbers(N, 3)}, {"first": numbers(N, 2), "second": numbers(N, 1)})


def listed():
    a, b = keras.Input((4,)), keras.Input((3,))
    model = keras.Model([a, b], [L.Dense(2)(a), L.Dense(1)(b)])
    model.compile("sgd", [None, keras.losses.Huber()])
    return model, ((numbers(N, 4), numbers(N, 3)), (numbers(N, 2), numbers(N, 1)))


class Inner(L.Layer):
    def __init__(self):
        super().__init__()
        self.dense = L.Dense(4)

    def call(self, x):
        h = ops.relu(self.dense(x))
        self.add_loss(0.01 * ops.sum(ops.square(h)))
        return h


class Own(keras.Model):
    """Subclassed, unbuilt, without get_config, with a list of layers."""

    def __init__(self, width):
        super().__init__()
        self.width, self.blocks, self.out = width, [Inner(), L.Dense(width)], L.Dense(1)

    def call(self, x, training=False):
        for block in self.blocks:
            x = block(x)
        return self.out(x)


def subclassed():
    model = Own(3)
    model.compile("sgd", lambda y, z: ops.mean(ops.square(y - z)))
    return model, (numbers(N, 4), numbers(N, 1))


class Costs(keras.Model):
    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None):
        return ops.mean(ops.square(y - y_pred)) + 0.1 * ops.mean(ops.abs(x))


def costly():
    x = keras.Input((4,))
    model = Costs(x, L.Dense(2)(L.Dense(3, activation="relu")(x)))
    model.compile("sgd")
    return model, (numbers(N, 4), numbers(N, 2))


def nested_models():
    encoder = keras.Sequential([keras.Input((4,)), L.Dense(3, name="in"), L.BatchNormalization()], name="encoder")
    x = keras.Input((4,))
    model = keras.Model(x, L.Dense(1)(L.Dropout(0.4, seed=5)(encoder(x))))
    model.compile("sgd", "mse")
    return model, (numbers(N, 4), numbers(N, 1))


def tokens():
    x = keras.Input((5,), dtype="int32")
    h = L.Embedding(7, 4, mask_zero=True)(x)
    h = L.Bidirectional(L.LSTM(3, return_sequences=True))(h)
    h = L.GRU(4, return_sequences=True)(h)
    model = keras.Model(x, L.Dense(1, activation="sigmoid")(L.SimpleRNN(3)(h)))
    model.compile("adam", "binary_crossentropy")
    rows = RNG.integers(1, 7, size=(N, 5))
    rows[0, 3:] = 0
    return model, (rows, RNG.integers(0, 2, size=N))


def tagged():
    model = keras.Sequential([keras.Input((5,), dtype="int32"), L.Embedding(7, 4, mask_zero=True), L.LSTM(3, return_sequences=True), L.Dense(2)])  # fmt: skip  # noqa: E501
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    rows = RNG.integers(1, 7, size=(N, 5))
    rows[0, 3:] = 0
    return model, (rows, RNG.integers(0, 2, size=(N, 5)))


def attending():
    x = keras.Input((5, 4))
    h = L.MultiHeadAttention(2, 3, dropout=0.1, seed=5)(x, x)
    model = keras.Model(x, L.Dense(1)(L.GlobalAveragePooling1D()(L.LayerNormalization()(h + x))))
    model.compile("adam", "mse")
    return model, (numbers(N, 5, 4), numbers(N, 1))


def pictures():
    model = keras.Sequential([
        keras.Input((8, 8, 1)), L.Conv2D(3, 3, padding="same", use_bias=False), L.BatchNormalization(), L.ReLU(),
        L.MaxPooling2D(), L.SeparableConv2D(4, 3, activation="relu"), L.SpatialDropout2D(0.2, seed=5), L.Flatten(),
        L.Dense(2), L.Activation("softmax"),
    ])  # fmt: skip
    model.compile(
        keras.optimizers.Adam(keras.optimizers.schedules.ExponentialDecay(0.01, 10, 0.9)), "categorical_crossentropy"
    )
    return model, (numbers(N, 8, 8, 1), np.eye(2)[[0, 1, 0, 1, 1, 0]])


def causal():
    model = keras.Sequential([keras.Input((6, 2)), L.Conv1D(3, 3, padding="causal"), L.TimeDistributed(L.Dense(2))])
    model.compile("sgd", "mse")
    return model, (numbers(N, 6, 2), numbers(N, 6, 2))


ALL = [dense, onehot, weighted, several, listed, subclassed, costly, nested_models, tokens, tagged, attending, pictures,
       causal]  # fmt: skip
every = pytest.mark.parametrize("made", ALL, ids=lambda one: one.__name__)


def probe_of(made):
    model, batch = made()
    return KerasProbe.of(keras, model, batch)


def state_of(model):
    own = getattr(model, "optimizer", None)
    every = [*model.variables, *(own.variables if own is not None else []), *model.metrics_variables]
    return [array_of(keras, one) for one in every], [one.built for one in [model, *model._flatten_layers()]]


@pytest.mark.slow
@every
def test_the_original_stays_as_it_was(made):
    import random

    model, batch = made()
    before, drawn, numpy = state_of(model), random.getstate(), np.random.get_state()[1].copy()  # noqa: NPY002
    probe = KerasProbe.of(keras, model, batch)
    network = probe.copy()
    network.gradients(), network.passed(), network.arriving(), network.through_time(), network.rectified()
    network.stepping()(probe.X, probe.y)
    network.put({name: values + 1 for name, values in network.weights().items()})
    assert probe.value(probe.Z) > 0 and probe.slope(probe.Z) is not None and probe.refusal() == ""
    network.attends(), network.rounds(), probe.terms()
    after = state_of(model)
    assert all(np.array_equal(*pair) for pair in zip(before[0], after[0], strict=True)) and before[1] == after[1]
    assert random.getstate() == drawn and np.array_equal(np.random.get_state()[1], numpy)  # noqa: NPY002


@every
def test_it_costs_what_keras_says(made):
    model, batch = made()
    probe = KerasProbe.of(keras, model, batch)
    x, y, weight = (*batch, None)[:3]
    if not model.built:  # it draws its weights when it is first called
        model(x)
        probe.model.set_weights([array_of(keras, one) for one in model.weights])
    expected = model.evaluate(x, y, sample_weight=weight, verbose=0, return_dict=True, batch_size=N)["loss"]
    assert probe.copy().loss() == pytest.approx(expected, rel=1e-5)
    assert probe.copy().loss(training=True) == pytest.approx(probe.value(probe.Z), rel=1e-5)


@every
def test_one_step_is_what_fit_takes(made):
    model, batch = made()
    if not model.built:
        model(mapped(batch[0], ops.convert_to_tensor))
    probe = KerasProbe.of(keras, model, batch)
    network = probe.copy()
    first = network.stepping()(probe.X, probe.y)
    x, y, weight = (*batch, None)[:3]
    history = model.fit(x, y, sample_weight=weight, batch_size=N, epochs=1, verbose=0, shuffle=False)
    assert first == pytest.approx(history.history["loss"][0], rel=1e-4)
    for one, other in zip(network.model.weights, model.weights, strict=True):
        np.testing.assert_allclose(array_of(keras, one), array_of(keras, other), rtol=1e-3, atol=2e-5)


@every
def test_steps_that_are_compiled_are_those_that_fit_takes(made):
    """No dropout: what is drawn once a step is drawn otherwise in another order."""
    model, (x, y, *weight) = made()
    if not model.built:
        model(mapped(x, ops.convert_to_tensor))
    for layer in model._flatten_layers():
        if "Dropout" in type(layer).__name__:
            layer.rate = 0.0
    network = KerasProbe.of(keras, model, (x, y, *weight)).copy()
    step = network.stepping()
    for _ in range(6):
        step(network.probe.X, network.probe.y)
    if keras.backend.backend() == "jax":
        assert step.left == 0
    model.fit(x, y, sample_weight=(*weight, None)[0], batch_size=N, epochs=6, verbose=0, shuffle=False)
    for one, other in zip(network.model.weights, model.weights, strict=True):
        np.testing.assert_allclose(array_of(keras, one), array_of(keras, other), rtol=5e-3, atol=1e-4)


def test_steps_at_another_rate_of_a_schedule_are_compiled_too():
    if keras.backend.backend() != "jax":
        pytest.skip("only on JAX does Keras have its steps compiled here")
    moved = {}
    for times, rate in ((1.0, 0.2), (4.0, 0.2), (1.0, 0.8)):
        model = keras.Sequential([keras.Input((3,)), L.Dense(1, kernel_initializer="ones")])
        model.compile(keras.optimizers.SGD(keras.optimizers.schedules.ExponentialDecay(rate, 5, 0.5)), "mse")
        probe = KerasProbe.of(keras, model, (np.eye(3, dtype=np.float32), np.zeros((3, 1), np.float32)))
        network = probe.copy()
        step = network.stepping(times=times)
        for _ in range(6):
            step(probe.X, probe.y)
        assert step.left == 0
        moved[times, rate] = array_of(keras, network.model.weights[0])
    np.testing.assert_allclose(moved[4.0, 0.2], moved[1.0, 0.8], rtol=1e-5)
    assert np.abs(moved[1.0, 0.2] - moved[4.0, 0.2]).max() > 0.01


@every
def test_gradients_are_those_of_differences(made):
    network = probe_of(made).copy()
    found = network.gradients()
    assert found.connected and found.value == pytest.approx(network.loss(training=True), rel=1e-4)
    weights, step = network.weights(), 2e-3
    for name in weights:
        gradient = found.by[name]
        if gradient is None:
            continue
        along = np.sign(gradient) if gradient.any() else np.ones_like(gradient)
        along = along / np.sqrt(along.size)
        costs = []
        for sign in (1, -1):
            network.put({name: weights[name] + sign * step * along})
            costs.append(network.loss(training=True))
        network.put({name: weights[name]})
        expected = float((gradient * along).sum())
        assert (costs[0] - costs[1]) / (2 * step) == pytest.approx(expected, rel=0.05, abs=5e-3), name


@every
def test_the_slope_is_that_of_differences(made):
    probe = probe_of(made)
    Z, slope = probe.Z.astype(np.float64), probe.slope(probe.Z)
    step = 1e-2 * min(1.0, float(np.abs(Z).max()))
    if (probe.loss_name or "").endswith("crossentropy"):
        step = 1e-2 * float(np.minimum(Z, 1 - Z).min() if Z.max() <= 1 else Z.min())  # stays a probability
    for place in [tuple(int(RNG.integers(size)) for size in Z.shape) for _ in range(3)]:
        other = np.zeros_like(Z)
        other[place] = step
        difference = (probe.value(Z + other) - probe.value(Z - other)) / (2 * step)
        if probe.loss_name == "categorical_crossentropy":
            continue  # it divides by the sum, so that a difference there is another one
        assert difference == pytest.approx(float(slope[place]), rel=0.1, abs=5e-3)


def test_the_forward_written_out():
    probe = probe_of(dense)
    network = probe.copy()
    w1, b1, w2, b2 = network.weights().values()
    hidden = np.maximum(probe.X @ w1 + b1, 0)
    scores = hidden @ w2 + b2
    shares = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    said = network.passed()
    assert [(one.layer.name, one.part) for one in said] == [
        (layer.name, part) for layer in network.layers for part in ("in", "out")
    ]
    for one, expected in zip(said, (probe.X, hidden, hidden, shares), strict=True):
        np.testing.assert_allclose(one.array, expected, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(network.answers(), shares, rtol=1e-4, atol=1e-6)
    (rectified,) = network.rectified()
    np.testing.assert_allclose(rectified, hidden, rtol=1e-4, atol=1e-6)
    shares[np.arange(N), probe.y] -= 1
    by_hidden = {layer.name: values for layer, values in network.arriving()}[network.layers[0].name]
    np.testing.assert_allclose(by_hidden, shares / N @ w2.T, rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("made", [subclassed, nested_models, tokens, attending, pictures, several, causal])
def test_what_arrives_is_that_of_differences(made):
    """A layer's last weights are a bias where it has one: what arrives at its outputs sums to the gradient by it."""
    network = probe_of(made).copy()
    by, arriving = network.gradients().by, {layer.name: one for layer, one in network.arriving()}
    checked = 0
    for layer in network.layers:
        calls = [one for one in network.passed() if one.layer.name == layer.name and one.part == "out"]
        if layer.own == "Dense" and not layer.activation and len(calls) == 1:
            values = arriving[layer.name]
            expected = by[layer.parameters[1]]
            np.testing.assert_allclose(values.reshape(-1, values.shape[-1]).sum(axis=0), expected, rtol=1e-3, atol=1e-6)
            assert values.shape == calls[0].array.shape
            checked += 1
    assert checked or made in (causal, tokens)
    assert len(arriving) > 1


def test_through_time():
    network = probe_of(tokens).copy()
    found = network.through_time()
    assert [layer.own for layer, _ in found] == ["Bidirectional", "GRU", "SimpleRNN"]
    assert found[0][1].shape == (N, 5, 4) and all(np.abs(values).max() > 0 for _, values in found)
    by = dict(network.gradients().by)
    rows = network.probe.X  # what arrives at the inputs of the first comes to the rows of the embedding
    summed = np.zeros((7, 4))
    np.add.at(summed, rows, found[0][1])
    np.testing.assert_allclose(summed, by[network.layers[0].parameters[0]], rtol=1e-3, atol=1e-6)


def test_what_layers_are():
    kinds = {one.own: one for made in (pictures, tokens, attending, causal, nested_models) for one in probe_of(made).copy().layers}  # fmt: skip  # noqa: E501
    assert kinds["Conv2D"].kernel == (3, 3) and kinds["Conv2D"].pads_both_ends and kinds["Conv2D"].channels_last
    assert kinds["SeparableConv2D"].kind == "convolution" and not kinds["SeparableConv2D"].pads_both_ends
    assert kinds["SeparableConv2D"].activation == "relu" and kinds["ReLU"].activation == "relu"
    assert not kinds["Conv1D"].pads_both_ends and kinds["Conv1D"].kernel == (3,)
    assert kinds["Activation"].kind == "softmax" and kinds["Activation"].axis == -1
    assert kinds["SpatialDropout2D"].kind == "dropout" and kinds["Dropout"].kind == "dropout"
    assert kinds["Bidirectional"].bidirectional and kinds["Bidirectional"].kind == kinds["GRU"].kind == "recurrent"
    assert kinds["GRU"].batch_first and kinds["Embedding"].kind == "embedding"
    assert kinds["MultiHeadAttention"].kind == "attention" and len(kinds["MultiHeadAttention"].parameters) == 8
    assert kinds["BatchNormalization"].kind == "batch-norm" and kinds["TimeDistributed"].kind == "dense"
    assert not any(one.trained for one in kinds.values())
    names = [one.name for one in probe_of(nested_models).copy().layers]
    assert "encoder/in" in names and not next(one for one in probe_of(nested_models).copy().layers if one.name == "encoder").leaf  # fmt: skip  # noqa: E501


def test_trained_layers_look_so():
    model, (x, y) = dense()
    model.fit(x, y, verbose=0)
    assert all(one.trained for one in KerasProbe.of(keras, model, (x, y)).copy().layers)


def test_attention_is_seen_where_no_layer_says_so():
    assert probe_of(attending).copy().attends()
    x = keras.Input((5, 4))
    shares = ops.softmax(ops.matmul(x, ops.transpose(x, (0, 2, 1))))
    model = keras.Model(x, L.Dense(1)(ops.mean(ops.matmul(shares, x), axis=1)))
    model.compile("sgd", "mse")
    assert KerasProbe.of(keras, model, (numbers(N, 5, 4), numbers(N, 1))).copy().attends()
    assert not probe_of(dense).copy().attends()


def test_what_is_remembered_moves_in_training_alone():
    network = probe_of(nested_models).copy()
    first = network.remembered()
    assert [name.rsplit("/", 1)[-1] for name in first] == ["moving_mean", "moving_variance"]
    network.answers()
    assert all(np.array_equal(first[name], values) for name, values in network.remembered().items())
    network.answers(training=True)
    moved = network.remembered()
    inner = next(one.array for one in network.passed() if one.layer.name == "encoder/in" and one.part == "out")
    name = next(iter(first))
    np.testing.assert_allclose(moved[name], 0.99 * first[name] + 0.01 * inner.mean(axis=0), rtol=1e-3, atol=1e-6)


def test_chance_repeats_itself():
    network = probe_of(nested_models).copy()
    first, again, other = (network.answers(training=True, chance=one) for one in (0, 0, 1))
    assert np.array_equal(first, again) and not np.array_equal(first, other)
    assert np.array_equal(network.answers(), network.answers(chance=1))


def test_rounding_is_seen():
    class Rounded(keras.Model):
        def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
            return ops.mean(ops.square(y - ops.round(y_pred)))

    class Through(keras.Model):
        def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
            whole = y_pred + ops.stop_gradient(ops.round(y_pred) - y_pred)
            return ops.mean(ops.square(y - whole)) + ops.mean(ops.round(y))

    x = keras.Input((4,))
    for kind, expected in ((Rounded, True), (Through, False)):
        model = kind(x, L.Dense(1)(x))
        model.compile("sgd")
        probe = KerasProbe.of(keras, model, (numbers(N, 4), numbers(N, 1)))
        assert probe.copy().rounds() is expected
    assert not any(probe_of(made).copy().rounds() for made in (dense, tokens))


def test_weights_on_which_the_loss_does_not_hang():
    x = keras.Input((4,))
    kept = ops.stop_gradient(L.Dense(3, name="cut")(x))
    model = keras.Model(x, L.Dense(1, name="out")(kept))
    model.get_layer("out").trainable = True
    model.compile("sgd", "mse")
    network = KerasProbe.of(keras, model, (numbers(N, 4), numbers(N, 1))).copy()
    by = network.gradients().by
    assert [values is None for values in by.values()] == [True, True, False, False]
    model.get_layer("out").trainable = False
    probe = KerasProbe.of(keras, model, (numbers(N, 4), numbers(N, 1)))
    assert not probe.copy().gradients().connected and len(probe.held) == 2 and len(probe.copy().weights()) == 4


def test_rows_of_a_batch():
    probe = probe_of(weighted)
    assert isinstance(probe.y, Weighted) and probe.part([0, 0, 1]).rows == 3
    network, single = probe.copy(), probe.part([4])
    plain = network.loss() - network.loss(probe.X, Weighted(probe.y.targets, np.zeros(N)))
    rows = [probe.part([row]).copy().loss() for row in range(N)]
    assert all(np.isfinite(rows)) and single.copy().loss() == pytest.approx(rows[4]) and plain > 0
    x, y = probe_of(several).take([1, 2])
    assert x["a"].shape == (2, 4) and y["second"].shape == (2, 1)


def test_terms_of_a_loss():
    probe = probe_of(several)
    terms = probe.terms()
    assert len(terms) == 2 and all(length > 0 for length in terms.values())
    assert "what layers add" in probe_of(subclassed).terms() and probe_of(dense).terms() == {}


def test_the_main_output_is_the_first_with_a_loss():
    assert probe_of(listed).Z.shape == (N, 1) and probe_of(several).Z.shape == (N, 2)
    assert not probe_of(several).answer_is_plain and probe_of(dense).answer_is_plain


def test_whole_numbers_stay_whole():
    assert probe_of(tokens).X.dtype.kind == "i" and probe_of(onehot).X.dtype == np.float32


def test_steps_at_another_rate():
    probe = probe_of(weighted)
    moved = []
    for times in (1.0, 2.0):
        network = probe.copy()
        first = network.weights()
        network.stepping(times=times)(probe.X, probe.y)
        moved.append(sum(np.abs(values - first[name]).sum() for name, values in network.weights().items()))
    assert moved[1] == pytest.approx(2 * moved[0], rel=1e-3)
    assert probe_of(pictures).copy().stepping(times=3.0) is not None


def test_what_is_refused():
    model, (x, y) = dense()
    with pytest.raises(ProbeError, match="cannot be called with these data"):
        KerasProbe.of(keras, model, (numbers(N, 3), y))
    wrong = KerasProbe.of(keras, model, (x, numbers(N, 7)))
    with pytest.raises(ProbeError, match="cannot be computed"):
        wrong.copy().loss()
    assert wrong.refusal() and np.isnan(wrong.value(wrong.Z)) and wrong.slope(wrong.Z) is None
    with pytest.raises(ProbeError, match="empty"):
        KerasProbe.of(keras, model, (x[:0], y[:0]))

    class Steps(keras.Model):
        def train_step(self, *data):
            return {}

    inputs = keras.Input((4,))
    own = Steps(inputs, L.Dense(1)(inputs))
    own.compile("sgd", "mse")
    probe = KerasProbe.of(keras, own, (x, numbers(N, 1)))
    assert probe.Z.shape == (N, 1)
    with pytest.raises(ProbeError, match="train_step of its own"):
        probe.copy().loss()
    bare = keras.Sequential([inputs, L.Dense(1)])
    with pytest.raises(ProbeError, match="no loss"):
        KerasProbe.of(keras, bare, (x, numbers(N, 1))).copy().loss()
    assert KerasProbe.of(keras, bare, (x, numbers(N, 1))).copy().stepping() is None


def test_a_loss_in_the_place_of_the_models_own():
    model, (x, _) = dense()
    probe = KerasProbe.of(keras, model, (x, numbers(N, 3)), loss="mse")
    assert probe.loss_name == "mse" and model.loss == "sparse_categorical_crossentropy"
    assert probe.copy().loss() == pytest.approx(float(np.mean((probe.Z - probe.y) ** 2)), rel=1e-5)
    assert len(arrays_in(probe.X)) == 1
