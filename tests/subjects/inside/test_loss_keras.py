"""Keras' own losses, which refuse little: whether outputs and targets fit them is found all the same."""

from __future__ import annotations

import importlib.util
import os
import warnings

import numpy as np
import pytest

from plain_probe import PlainProbe, sigmoid, softmax
from whynet.subjects.inside.loss import fits

if not os.environ.get("KERAS_BACKEND"):
    os.environ["KERAS_BACKEND"] = "jax" if importlib.util.find_spec("jax") else "torch"
if importlib.util.find_spec(os.environ["KERAS_BACKEND"]) is None:
    pytest.skip("Keras has no backend here", allow_module_level=True)
keras = pytest.importorskip("keras", reason="Keras is not installed; it is a guest, not a dependency")

rng = np.random.default_rng(0)
N = 12
X = rng.standard_normal((N, 5)).astype(np.float32)
CLASSES, BITS = np.arange(N) % 3, (np.arange(N) % 2)[:, None].astype(np.float32)
ONE_HOT, NUMBERS = np.eye(3, dtype=np.float32)[CLASSES], rng.standard_normal((N, 3)).astype(np.float32)
LABELS = (rng.random((N, 3)) < 0.5).astype(np.float32)
MISSING, TWICE = "missing-output-activation", "wrong-output-activation"
ENCODING, SHAPE = "label-encoding-mismatch", "output-shape-mismatch"


def seen(name, y, outputs, activation=None, **options):
    loss = getattr(keras.losses, name)(**options)

    def asked(z, y):
        with warnings.catch_warnings():  # Keras says of one output that it is one
            warnings.simplefilter("ignore")
            given = keras.ops.convert_to_tensor(np.asarray(z, dtype=np.float32))
            return keras.ops.convert_to_numpy(loss(keras.ops.convert_to_tensor(y), given))

    looked = fits(PlainProbe(X, y, asked, outputs, activation, name))
    assert not looked.gaps, looked.gaps
    return list(looked.findings)


@pytest.mark.parametrize(
    "name, y, outputs, activation, options, cause, words",
    [
        ("SparseCategoricalCrossentropy", CLASSES, 3, None, {}, MISSING, "`from_logits=True` in the loss"),
        ("SparseCategoricalCrossentropy", CLASSES[:, None], 3, None, {}, MISSING, "`activation='softmax'`"),
        ("SparseCategoricalCrossentropy", CLASSES, 3, np.tanh, {}, MISSING, "is given scores"),
        ("CategoricalCrossentropy", ONE_HOT, 3, None, {}, MISSING, "`activation='softmax'`"),
        ("CategoricalFocalCrossentropy", ONE_HOT, 3, None, {}, MISSING, "`activation='softmax'`"),
        ("BinaryCrossentropy", BITS, 1, None, {}, MISSING, "`activation='sigmoid'`"),
        ("BinaryCrossentropy", LABELS, 3, None, {"label_smoothing": 0.1}, MISSING, "`activation='sigmoid'`"),
        ("BinaryFocalCrossentropy", BITS, 1, None, {}, MISSING, "`activation='sigmoid'`"),
        ("KLDivergence", softmax(NUMBERS), 3, None, {}, MISSING, "takes probabilities"),
        ("SparseCategoricalCrossentropy", CLASSES, 3, softmax, {"from_logits": True}, TWICE, "axis=1"),
        ("BinaryCrossentropy", BITS, 1, sigmoid, {"from_logits": True}, TWICE, "a sigmoid of its own"),
        ("BinaryCrossentropy", BITS, 1, softmax, {}, "softmax-single-unit", "`activation='sigmoid'`"),
        ("CategoricalCrossentropy", BITS, 1, sigmoid, {}, "softmax-single-unit", "BinaryCrossentropy"),
        ("CategoricalCrossentropy", ONE_HOT, 3, lambda z: softmax(z, 0), {}, "unstable-softmax", "along axis=1"),
        ("CategoricalCrossentropy", LABELS, 3, softmax, {}, ENCODING, "for several labels"),
        ("CategoricalCrossentropy", CLASSES, 3, softmax, {}, ENCODING, "`keras.ops.one_hot(y, 3)`"),
        ("CategoricalCrossentropy", CLASSES[:, None], 3, softmax, {}, ENCODING, "one_hot(y.squeeze(1), 3)"),
        ("SparseCategoricalCrossentropy", ONE_HOT, 3, softmax, {}, ENCODING, "`y.argmax(axis=1)`"),
        ("SparseCategoricalCrossentropy", CLASSES + 1, 3, softmax, {}, ENCODING, "`y - 1`"),
        ("SparseCategoricalCrossentropy", CLASSES, 2, None, {"from_logits": True}, SHAPE, "needs 3 outputs"),
        ("BinaryCrossentropy", 2 * BITS - 1, 1, sigmoid, {}, ENCODING, "`(y + 1) / 2`"),
        ("BinaryCrossentropy", 2 * BITS - 1, 1, None, {"from_logits": True}, ENCODING, "`(y + 1) / 2`"),
        ("MeanSquaredError", NUMBERS, 3, sigmoid, {}, "output-range-mismatch", "a sigmoid"),
        ("MeanSquaredError", NUMBERS[:, 0], 1, sigmoid, {}, "output-range-mismatch", "a sigmoid"),
        ("BinaryCrossentropy", BITS[:, 0], 1, None, {}, MISSING, "`activation='sigmoid'`"),
        ("BinaryCrossentropy", 1 + BITS[:, 0], 1, sigmoid, {}, ENCODING, "`y - 1`"),
    ],
)
def test_what_does_not_fit_is_found_and_nothing_else(name, y, outputs, activation, options, cause, words):
    found = seen(name, y, outputs, activation, **options)
    assert [one.cause for one in found] == [cause]
    assert words in found[0].detail


@pytest.mark.parametrize(
    "name, y, outputs, activation, options",
    [
        ("SparseCategoricalCrossentropy", CLASSES, 3, softmax, {}),
        ("SparseCategoricalCrossentropy", CLASSES, 3, None, {"from_logits": True}),
        ("SparseCategoricalCrossentropy", np.where(CLASSES == 1, 3, CLASSES), 3, softmax, {"ignore_class": 3}),
        ("SparseCategoricalCrossentropy", np.where(CLASSES == 1, 255, CLASSES), 3, softmax, {"ignore_class": 255}),
        ("CategoricalCrossentropy", ONE_HOT, 3, softmax, {"label_smoothing": 0.1}),
        ("CategoricalCrossentropy", ONE_HOT, 3, sigmoid, {}),
        ("CategoricalFocalCrossentropy", ONE_HOT, 3, softmax, {}),
        ("BinaryCrossentropy", BITS, 1, sigmoid, {}),
        ("BinaryCrossentropy", LABELS, 3, None, {"from_logits": True}),
        ("BinaryFocalCrossentropy", BITS, 1, sigmoid, {}),
        ("KLDivergence", softmax(NUMBERS), 3, softmax, {}),
        ("MeanSquaredError", NUMBERS, 3, None, {}),
        ("MeanSquaredError", NUMBERS[:, 0], 1, None, {}),
        ("BinaryCrossentropy", BITS[:, 0].astype(np.int64), 1, sigmoid, {}),
        ("MeanSquaredLogarithmicError", np.abs(NUMBERS), 3, None, {}),
        ("Huber", NUMBERS, 3, None, {}),
        ("LogCosh", NUMBERS, 3, None, {}),
        ("CosineSimilarity", NUMBERS, 3, None, {}),
        ("Poisson", np.abs(NUMBERS).round(), 3, lambda z: np.logaddexp(0, z), {}),
        ("Hinge", 2 * BITS - 1, 1, None, {}),
        ("SquaredHinge", BITS, 1, np.tanh, {}),
        ("CategoricalHinge", ONE_HOT, 3, None, {}),
        ("Dice", LABELS, 3, sigmoid, {}),
        ("Tversky", LABELS, 3, sigmoid, {}),
    ],
)
def test_nothing_is_said_of_what_fits(name, y, outputs, activation, options):
    assert seen(name, y, outputs, activation, **options) == []


def test_padding_is_found_under_probabilities():
    lengths = 2 + np.arange(6) % 4
    words = np.where(np.arange(6) < lengths[:, None], rng.integers(1, 3, (6, 6)), 0)
    loss = keras.losses.SparseCategoricalCrossentropy

    def causes(**options):
        def asked(z, y):
            return keras.ops.convert_to_numpy(loss(**options)(y, keras.ops.convert_to_tensor(z.astype(np.float32))))

        return [one.cause for one in fits(PlainProbe(words, words, asked, 3, softmax)).findings]

    assert causes() == ["padding-counted"]
    assert causes(ignore_class=0) == []
