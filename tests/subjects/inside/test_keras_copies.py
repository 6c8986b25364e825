"""Copies of Keras models: they answer as the model does, whatever its layers hold beside their weights."""

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

from whynet.subjects.frameworks import keras_copies  # noqa: E402
from whynet.subjects.frameworks.keras_model import put_weights, weights_of  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore")  # Keras' own
L = keras.layers


def adapted():
    """Inputs around 50, which a layer of the model's standardises."""
    X = np.random.default_rng(0).normal(50, 10, (64, 6, 1)).astype(np.float32)
    norm = L.Normalization(axis=-1)
    norm.adapt(X)
    return X, keras.Sequential([keras.Input((6, 1)), norm, L.Flatten(), L.Dense(3, activation="tanh")])


def augmented():
    X = np.random.default_rng(0).random((8, 6, 6, 3)).astype(np.float32)
    layers = L.RandomFlip(), L.RandomRotation(0.1), L.Rescaling(2.0), L.Conv2D(2, 3), L.Flatten()
    return X, keras.Sequential([keras.Input((6, 6, 3)), *layers])


@pytest.mark.parametrize("way", [keras_copies._whole, keras_copies._cloned])
@pytest.mark.parametrize("made", [adapted, augmented])
def test_layers_that_prepare_inputs_are_copied_with_what_they_know(made, way):
    X, model = made()
    model.compile("sgd", "mse")
    other = way(keras, model)
    assert keras_copies._is_another(model, other)
    np.testing.assert_array_equal(*(np.asarray(one(X, training=False)) for one in (other, model)))


def test_what_a_layer_computes_of_its_weights_follows_them():
    X, model = adapted()
    moved = [one + 50 if place == 0 else one for place, one in enumerate(weights_of(keras, model))]
    put_weights(model, moved)
    by_hand = (X - moved[0]) / np.sqrt(moved[1])
    np.testing.assert_allclose(np.asarray(model.layers[0](X)), by_hand, rtol=1e-5)
