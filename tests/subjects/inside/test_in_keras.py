"""What Keras models make of rows, of the order of a sequence, and of pictures: the sick are named, no sound one is."""

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

from keras import layers as L  # noqa: E402, N812
from keras import ops  # noqa: E402

from whynet.subjects.frameworks.keras_probe import KerasProbe  # noqa: E402
from whynet.subjects.inside.companions import mixed_batch, small_batches  # noqa: E402
from whynet.subjects.inside.pictures import confused_axes, nothing_left, words_as_numbers  # noqa: E402
from whynet.subjects.inside.sequences import future_leak, no_positions, wrong_end  # noqa: E402

pytestmark = pytest.mark.filterwarnings("default")  # Keras warns of what its backends do
WORDS, STEPS = 20, 12


@pytest.fixture(autouse=True)
def _seeded():
    keras.utils.set_random_seed(0)


def rows(*shape):
    return np.random.default_rng(0).random(shape).astype(np.float32)


def words(steps=STEPS, padded=False):
    X = np.random.default_rng(0).integers(1, WORDS, (12, steps)).astype(np.int32)
    if padded:
        for row in range(len(X)):
            X[row, 2 + row % 4 :] = 0
    return X


def model(shape, *body, integer=False):
    """A functional model: functions or layers, one after the other, and two classes."""
    given = made = keras.Input(shape, dtype="int32" if integer else "float32")
    for one in body:
        made = one(made)
    return keras.Model(given, made)


def reads(*body, steps=STEPS, outputs=2, mask=False):
    first = L.Embedding(WORDS, 8, mask_zero=mask, embeddings_initializer="random_normal")
    return model((steps,), first, *body, L.Dense(outputs, activation="softmax"), integer=True)


def of(net, X, y=None):
    net.compile("adam", "sparse_categorical_crossentropy")
    return KerasProbe.of(keras, net, (X, np.arange(len(X)) % 2 if y is None else y))


def causes(seen):
    assert not seen.gaps
    return [(one.cause, one.status) for one in seen.findings]


def told(seen):
    return seen.findings[0].detail


class Turned(keras.Model):
    """Time first, as other libraries have it."""

    def __init__(self):
        super().__init__()
        self.mix, self.out = L.SimpleRNN(8, return_sequences=True, name="mix"), L.Dense(2, activation="softmax")

    def call(self, x):
        return self.out(self.mix(ops.transpose(x, (1, 0, 2)))[-1])


class Reshaped(keras.Model):
    def __init__(self):
        super().__init__()
        self.inner, self.out = L.Dense(8, name="inner"), L.Dense(2, activation="softmax", name="outer")

    def call(self, x):
        return self.out(ops.mean(ops.reshape(self.inner(x), (5, len(x), 8)), 0))


@pytest.mark.parametrize(
    ("build", "shape", "said"),
    [
        (Turned, (12, 5, 3), "`mix` (SimpleRNN) takes axis 0 for the batch"),
        (Reshaped, (12, 5, 3), "between `inner` and `outer`"),
        (lambda: model((3,), L.Dense(2), L.Softmax(axis=0)), (12, 3), "`Softmax(axis=-1)`"),
        (lambda: model((5, 3), L.SimpleRNN(8), L.Dense(2, activation="softmax")), (12, 5, 3), ""),
        (lambda: model((3,), L.Dense(4), L.BatchNormalization(), L.Dropout(0.5), L.Dense(2)), (12, 3), ""),
    ],
)
def test_rows_that_are_mixed(build, shape, said):
    seen = mixed_batch(of(build(), rows(*shape)))
    assert causes(seen) == [("batch-mixed", "found")] * bool(said) and (not said or said in told(seen))


@pytest.mark.parametrize(("n", "frozen", "found"), [(1, False, 1), (2, False, 1), (2, True, 0), (16, False, 0)])
def test_a_few_rows_that_are_normalised(n, frozen, found):
    body = L.Dense(8, activation="relu"), L.BatchNormalization(trainable=not frozen), L.Dense(2, activation="softmax")
    seen = small_batches(of(model((3,), *body), rows(n, 3)))
    assert causes(seen) == [("batch-norm-small-batch", "found")] * found


class Positions(L.Layer):
    def __init__(self):
        super().__init__()
        self.table = L.Embedding(64, 8)

    def call(self, x):
        return x + self.table(ops.arange(x.shape[1]))


def attends(**how):
    layer = L.MultiHeadAttention(2, 4)
    return lambda h: layer(h, h, **how)


@pytest.mark.parametrize(
    ("body", "outputs", "expected"),
    [
        (lambda: [attends()], WORDS, [("no-positions", "found")]),
        (lambda: [attends(), L.GlobalAveragePooling1D()], 2, [("no-positions", "suspected")]),
        (lambda: [Positions(), attends(), L.GlobalAveragePooling1D()], 2, []),
        (lambda: [attends(use_causal_mask=True)], WORDS, []),
        (lambda: [L.SimpleRNN(8)], 2, []),
    ],
)
def test_attention_and_the_order_of_steps(body, outputs, expected):
    X = words()
    assert causes(no_positions(of(reads(*body(), outputs=outputs), X, X if outputs == WORDS else None))) == expected


@pytest.mark.parametrize(
    ("body", "padded", "mask", "said"),
    [
        (lambda: [L.GRU(8, return_sequences=True), lambda h: h[:, 0]], False, False, "return_sequences=False"),
        (lambda: [L.GRU(8)], True, False, "mask_zero=True"),
        (lambda: [L.GRU(8)], True, True, ""),
        (lambda: [L.GRU(8)], False, False, ""),
    ],
)
def test_the_end_at_which_a_sequence_is_read(body, padded, mask, said):
    seen = wrong_end(of(reads(*body(), steps=40, mask=mask), words(40, padded)))
    assert causes(seen) == [("wrong-time-step", "found")] * bool(said) and (not said or said in told(seen))


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (lambda: attends(), "use_causal_mask=True"),
        (lambda: L.Bidirectional(L.SimpleRNN(8, return_sequences=True)), "without `keras.layers.Bidirectional`"),
        (lambda: L.Conv1D(8, 3, padding="same"), "padding='causal'"),
        (lambda: attends(use_causal_mask=True), ""),
        (lambda: L.SimpleRNN(8, return_sequences=True), ""),
        (lambda: L.Conv1D(8, 3, padding="causal"), ""),
    ],
)
def test_a_next_word_that_is_seen(body, said):
    X = words(STEPS + 1)
    seen = future_leak(of(reads(Positions(), body(), outputs=WORDS), X[:, :-1], X[:, 1:]))
    assert len(seen.facts) == 1
    assert causes(seen) == [("future-leak", "found")] * bool(said) and (not said or said in told(seen))


def pictures():
    """Smooth ones, colours last."""
    x, y = np.meshgrid(np.linspace(0, 3, 24), np.linspace(0, 3, 24))
    rng = np.random.default_rng(0)
    waves = [[np.sin(a * x + b * y + c) for a, b, c in rng.uniform(0.5, 2, (3, 3))] for _ in range(8)]
    return np.moveaxis(np.array(waves, dtype=np.float32), 1, -1)


@pytest.mark.parametrize(
    ("turn", "said"),
    [
        (lambda X: X, ""),
        (lambda X: X.swapaxes(1, 2), ""),
        (lambda X: np.moveaxis(X, -1, 1), "`pixels` takes the columns of the pictures for colours"),
        (lambda X: np.moveaxis(X, -1, 1).reshape(X.shape), "in place of `reshape`"),
    ],
)
def test_colours_at_either_end(turn, said):
    X = turn(pictures())
    body = L.Conv2D(4, 3, padding="same", name="pixels"), L.GlobalAveragePooling2D(), L.Dense(2, activation="softmax")
    seen = confused_axes(of(model(X.shape[1:], *body), X))
    assert causes(seen) == [("image-axes-confused", "found")] * bool(said) and (not said or said in told(seen))


@pytest.mark.parametrize(("by", "found"), [(8, 1), (4, 0)])
def test_a_filter_over_a_single_place(by, found):
    filters = L.Conv2D(4, 3, padding="same"), L.MaxPooling2D(by), L.Conv2D(4, 3, padding="same", name="last")
    seen = nothing_left(of(model((8, 8, 1), *filters, L.Flatten(), L.Dense(2)), rows(4, 8, 8, 1)))
    assert causes(seen) == [("too-much-pooling", "found")] * found
    assert not found or "of 8 x 8 places, `last` sees 1" in told(seen)


def test_places_that_are_made_of_a_code_are_not_pooled():
    narrow = L.Conv2D(4, 3, strides=2, padding="same"), L.Flatten(), L.Dense(8), L.Reshape((1, 1, 8))
    net = model((8, 8, 1), *narrow, L.Conv2DTranspose(4, 8), L.Conv2D(1, 3, padding="same"))
    net.compile("adam", "mse")
    X = rows(4, 8, 8, 1)
    assert causes(nothing_left(KerasProbe.of(keras, net, (X, X)))) == []


def test_numbers_of_words_in_a_dense_layer():
    X = np.minimum(np.random.default_rng(0).zipf(1.3, (64, 30)), 20000)
    plain = model((30,), L.Dense(8, activation="relu"), L.Dense(2, activation="softmax"))
    seen = words_as_numbers(of(plain, X))
    assert causes(seen) == [("tokens-as-quantities", "found")] and "keras.layers.Embedding" in told(seen)
    embedded = model((30,), L.Embedding(20001, 4), L.Flatten(), L.Dense(2, activation="softmax"), integer=True)
    assert causes(words_as_numbers(of(embedded, X))) == []
