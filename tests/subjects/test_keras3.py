"""Keras models: layers, losses and optimizers as they are compiled."""

from __future__ import annotations

import importlib.util
import os
import sys

import numpy as np
import pytest

from wards import (
    EXPRESSIBLE,
    agreement,
    false_alarms,
    healthy_data,
    healthy_recipes,
    in_keras,
    keras_patient,
)
from whynet.casebook.plants import PLANTS, SOUND
from whynet.doctor.verdict import diagnose
from whynet.errors import ResourceError, UsageError
from whynet.subjects.frameworks.keras3 import diagnose_keras


def test_without_keras_one_sentence_says_so(monkeypatch):
    monkeypatch.setitem(sys.modules, "keras", None)
    with pytest.raises(ResourceError, match="Keras cannot be imported"):
        diagnose_keras(None, data=None)


if not os.environ.get("KERAS_BACKEND"):
    os.environ["KERAS_BACKEND"] = "jax" if importlib.util.find_spec("jax") else "torch"
if importlib.util.find_spec(os.environ["KERAS_BACKEND"]) is None:
    pytest.skip("Keras has no backend here", allow_module_level=True)
keras = pytest.importorskip("keras", reason="Keras is not installed; it is a guest, not a dependency")
Dense = keras.layers.Dense
pytestmark = pytest.mark.filterwarnings("default")  # Keras warns of what its backends do


def compiled(*layers, rate=0.1, loss="sparse_categorical_crossentropy", features=(64,)):
    model = keras.Sequential([keras.Input(features), *layers])
    model.compile(optimizer=keras.optimizers.SGD(rate), loss=loss)
    return model


def test_a_model_is_understood_by_what_its_layers_do(digits):
    layers = keras.layers
    model = compiled(
        layers.Rescaling(1 / 255), layers.Flatten(), Dense(20), layers.Activation("tanh"), layers.Dropout(0.25),
        Dense(10, activation="softmax"), features=(8, 8),
    )  # fmt: skip
    before = model.get_weights()
    found = diagnose_keras(model, data=(digits.images, digits.labels), epochs=2, trials=False, budget=5)
    recipe = found.case.recipe
    assert recipe.sizes == (64, 20, 10)
    assert (recipe.activation, recipe.dropout, recipe.scaling) == ("tanh", 0.25, "0..1")
    assert (recipe.cost, recipe.output_activation, recipe.init) == ("softmax-cross-entropy", None, "glorot")
    assert all((one == other).all() for one, other in zip(before, model.get_weights(), strict=True))


def test_a_softmax_too_many_is_seen_and_said_in_its_words(digits):
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model = compiled(Dense(20, activation="relu"), Dense(10, activation="softmax"), loss=loss, rate=0.05)
    found = diagnose_keras(model, data=(digits.pixels / 255, digits.labels), epochs=8, budget=8)
    assert found.verdict[0].cause == "wrong-output-activation"
    assert "from_logits" in found.fix_changes[0]


def test_other_networks_are_tried_by_keras_itself(digits):
    keras.utils.set_random_seed(0)
    layers = keras.layers
    model = compiled(
        layers.Conv2D(4, 3, activation="relu"), layers.Flatten(), Dense(10, activation="softmax"), rate=1e-4,
        features=(8, 8, 1),
    )  # fmt: skip
    data = (digits.images[..., None] / 255, digits.labels)
    found = diagnose_keras(model, data=data, epochs=3, budget=25)
    assert found.verdict[0].cause == "lr-too-low"
    assert "Conv2D" in found.remarks[0]
    assert found.fix_changes[0].startswith("`keras.optimizers.SGD(learning_rate=")


def test_what_makes_no_sense_is_refused_with_a_sentence(digits):
    X, y = digits.pixels / 255, digits.labels
    good = compiled(Dense(10, activation="softmax"))
    fresh = keras.Sequential([keras.Input((64,)), Dense(10)])
    inputs = keras.Input((64,))
    two, broken = keras.Model(inputs, [Dense(3)(inputs), Dense(2)(inputs)]), compiled(Dense(10))
    two.compile(optimizer="sgd", loss=["mse", "mse"])
    broken.set_weights([array * np.nan for array in broken.get_weights()])
    for model, data, says in (
        (3, (X, y), "no model"),
        (fresh, (X, y), "not compiled"),
        (good, X, "no data"),
        (compiled(Dense(10), loss=["mse", "mse"]), (X, y), "expected one loss"),
        (two, (X, y), "several outputs"),
        (broken, (X, y), "hold NaN"),
        (compiled(Dense(10), features=(60,)), (X, y), "incompatible with the layer"),
        (good, ([[0.0], [0.0, 1.0]], y), "no array"),
        (good, (X, y[:-1]), "do not fit together"),
        (good, (X[:, :60], y), "cannot be called"),
        (good, (X, y + 1), "out of range"),
        (good, (X, np.random.default_rng(0).random(len(X))), "no classes"),
    ):
        with pytest.raises(UsageError, match=says):
            diagnose_keras(model, data=data)
    with pytest.raises(UsageError, match="epochs"):
        diagnose_keras(good, data=(X, y), epochs=0)


@pytest.mark.slow
@pytest.mark.matrix
@pytest.mark.timeout(1200)
def test_planted_mistakes_are_named_as_in_whynets_own_networks(digits):
    pairs = []
    for (net, sound), plant in [(item, plant) for item in SOUND.items() for plant in PLANTS.values()]:
        recipe = plant.spoil(sound.but(epochs=15))
        if net not in plant.only or set(recipe.faults) - EXPRESSIBLE or not in_keras(recipe) or recipe.train_size:
            continue
        own = diagnose(recipe, digits, budget=15)
        theirs = diagnose_keras(**keras_patient(keras, recipe, digits), budget=15)
        pairs.append((f"{plant.cause} in {net}", own, theirs))
    share, wrong = agreement(pairs)
    assert len(pairs) > 50
    assert share >= 0.95, wrong


@pytest.mark.slow
@pytest.mark.matrix
@pytest.mark.mnist
@pytest.mark.timeout(1200)
def test_fifty_healthy_models_raise_no_alarm(digits, mnist):
    good, alarmed = false_alarms(
        (
            f"{recipe}",
            diagnose_keras(**keras_patient(keras, recipe, healthy_data(number, digits, mnist)), budget=10),
        )
        for number, recipe in enumerate(healthy_recipes())
    )
    assert good >= 45
    assert not alarmed, alarmed
