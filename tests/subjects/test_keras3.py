"""Keras models: layers, losses and optimizers as they are compiled."""

from __future__ import annotations

import importlib.util
import os
import sys

import numpy as np
import pytest

from plants.wards import (
    EXPRESSIBLE,
    agreement,
    changes_in_words,
    false_alarms,
    healthy_data,
    healthy_recipes,
    in_keras,
    keras_patient,
)
from whynet.doctor.change import Change
from whynet.errors import ResourceError, UsageError
from whynet.subjects.frameworks.keras3 import diagnose_keras
from whynet.subjects.frameworks.keras_patient import Patient
from whynet.subjects.plants import SOUND, plants
from whynet.subjects.recipe import diagnose_recipe


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
    found = diagnose_keras(model, data=(digits.images, digits.labels), epochs=2, trials=False)
    settings = found.settings
    assert settings.widths == (64, 20, 10)
    assert (settings.activation, settings.dropout, settings.scaling) == ("tanh", 0.25, "0..1")
    assert (settings.cost, settings.output, settings.weights) == ("softmax-cross-entropy", "identity", "glorot")
    assert all((one == other).all() for one, other in zip(before, model.get_weights(), strict=True))


@pytest.mark.slow
def test_a_softmax_too_many_is_seen_and_said_in_its_words(digits):
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model = compiled(Dense(20, activation="relu"), Dense(10, activation="softmax"), loss=loss, rate=0.05)
    found = diagnose_keras(model, data=(digits.inputs / 255, digits.labels), epochs=8)
    assert found.verdict[0].cause == "wrong-output-activation"
    assert "from_logits" in str(found)


@pytest.mark.slow
def test_other_networks_are_tried_by_keras_itself(digits):
    keras.utils.set_random_seed(0)
    layers = keras.layers
    model = compiled(
        layers.Conv2D(4, 3, activation="relu"), layers.Flatten(), Dense(10, activation="softmax"), rate=1e-4,
        features=(8, 8, 1),
    )  # fmt: skip
    data = (digits.images[..., None] / 255, digits.labels)
    found = diagnose_keras(model, data=data, epochs=3)
    assert found.verdict[0].cause == "lr-too-low"
    assert "Conv2D" in found.used["trials"]
    assert changes_in_words(found)[0].startswith("`keras.optimizers.SGD(learning_rate=")


OPTIMIZERS = {
    "SGD": {"momentum": 0.0},
    "momentum": {"momentum": 0.9},
    "Nesterov": {"momentum": 0.9, "nesterov": True},
    "Adam": {},
    "AdamW": {},
}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_recipe_takes_the_very_steps_of_keras(digits, name):
    kind = name if hasattr(keras.optimizers, name) else "SGD"
    model = compiled(Dense(20, activation="tanh"), Dense(10, activation="softmax"))
    model.compile(
        getattr(keras.optimizers, kind)(0.01, **OPTIMIZERS[name]), "sparse_categorical_crossentropy", ["accuracy"]
    )
    found = diagnose_keras(model, data=(digits.inputs / 255, digits.labels), trials=False)
    assert "whynet's engine" in found.used["trials"]


@pytest.mark.parametrize(
    ("kind", "options"),
    [("SGD", {"momentum": 0.99, "weight_decay": 2.0}), ("SGD", {"gradient_accumulation_steps": 3}), ("RMSprop", {})],
    ids=["decayed biases", "gradients of several batches", "another epsilon"],
)
def test_a_training_that_does_something_else_is_left_to_keras(digits, kind, options):
    model = compiled(Dense(20, activation="tanh"), Dense(10, activation="softmax"))
    model.compile(getattr(keras.optimizers, kind)(0.01, **options), "sparse_categorical_crossentropy")
    found = diagnose_keras(model, data=(digits.inputs / 255, digits.labels), trials=False)
    assert "Keras itself" in found.used["trials"]


@pytest.mark.parametrize("shape", [(-1,), (-1, 1)])
def test_one_output_takes_targets_as_fit_does(digits, shape):
    model = compiled(Dense(16, activation="relu"), Dense(1, activation="sigmoid"), loss="binary_crossentropy")
    odd = (digits.labels % 2).reshape(shape)
    found = diagnose_keras(model, data=(digits.inputs / 255, odd), epochs=10, trials=False)
    assert "above 0.5" in found.used["predictions"]
    assert found.settings.cost == "sigmoid-cross-entropy"
    assert found.before.quality > 0.8


def convolution(last="softmax", **options):
    keras.utils.set_random_seed(0)
    layers = keras.layers
    return compiled(
        layers.Conv2D(8, 3, activation="relu"), layers.Dropout(0.2), layers.Flatten(), Dense(10, activation=last),
        features=(8, 8, 1), **options,
    )  # fmt: skip


@pytest.mark.slow
def test_a_softmax_too_many_is_first_also_where_keras_trains(digits):
    model = convolution(rate=0.3, loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    found = diagnose_keras(model, data=(digits.images[..., None] / 255, digits.labels), epochs=5, effort=4)
    assert "Keras itself" in found.used["trials"]
    assert found.verdict[0].cause == "wrong-output-activation"
    assert found.verdict[0].status in ("proved", "found")


def test_a_change_that_is_not_made_is_declined_with_a_sentence(digits):
    adapter = adapter_of(convolution(), digits)
    for change, says in (
        (Change("width", {"widths": (64, 20, 10)}), "wider"),
        (Change("cost", {"name": "quadratic"}), "loss"),
        (Change("output", {"name": "sigmoid"}), "after its last layer"),
        (Change("weights", {"scheme": "orthogonal"}), "no such start"),
    ):
        assert says in adapter.why_not((change,))
    assert adapter.why_not((Change("dropout", {"rate": 0.0}), Change("penalty", {"off": True}))) is None


def adapter_of(model, digits):
    data = (digits.images[..., None] / 255, digits.labels)
    return Patient(keras, model, data, None, 1, 32, True)._adapter()


def test_an_arm_depends_on_its_seed_alone(digits):
    """Clones are used again and again, dropout draws: nothing of an arm is left for the next."""
    adapter = adapter_of(convolution(), digits)
    X, y = digits.images[:200, ..., None].astype("float32") / 255, digits.labels[:200]
    rate, again = (Change("rate", {"times": 3.0}),), []
    for changes, seed in (((), 0), (rate, 1), ((), 0), ((), 1), (rate, 1)):
        trained = adapter.train(X, y, changes, seed=seed, steps=9, stop=lambda: False)
        again.append(trained.scores(X[:20]))
    assert np.array_equal(again[0], again[2])
    assert np.array_equal(again[1], again[4])
    assert not np.allclose(again[0], again[3])


def test_what_makes_no_sense_is_refused_with_a_sentence(digits):
    X, y = digits.inputs / 255, digits.labels
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
        (two, (X, y), "several outputs"),
        (broken, (X, y), "hold NaN"),
        (compiled(Dense(10), features=(60,)), (X, y), "incompatible with the layer"),
        (good, ([[0.0], [0.0, 1.0]], y), "do not fit together"),
        (good, (X, y[:-1]), "do not fit together"),
        (good, (X[:, :60], y), "cannot be called"),
    ):
        with pytest.raises(UsageError, match=says):
            diagnose_keras(model, data=data)
    with pytest.raises(UsageError, match="epochs"):
        diagnose_keras(good, data=(X, y), epochs=0)


def test_targets_that_are_no_class_numbers_are_said_to_be_so(digits):
    X, y = digits.inputs / 255, digits.labels
    for targets in (y + 1, np.random.default_rng(0).uniform(0, 9, len(X))):
        found = diagnose_keras(compiled(Dense(10, activation="softmax")), data=(X, targets), trials=False)
        assert found.verdict[0].cause == "label-encoding-mismatch"


@pytest.mark.slow
@pytest.mark.matrix
@pytest.mark.timeout(1200)
def test_planted_mistakes_are_named_as_in_whynets_own_networks(digits):
    pairs, as_right = [], {}
    for (net, sound), plant in [(item, plant) for item in SOUND.items() for plant in plants().values()]:
        recipe = plant.spoil(sound.but(epochs=15))
        if net not in plant.only or set(recipe.faults) - EXPRESSIBLE or not in_keras(recipe) or recipe.train_size:
            continue
        own = diagnose_recipe(recipe, digits)
        theirs = diagnose_keras(**keras_patient(keras, recipe, digits))
        name = f"{plant.cause} in {net}"
        as_right[name] = (plant.cause, *plant.also)
        pairs.append((name, own, theirs))
    share, wrong = agreement(pairs, as_right)
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
            diagnose_keras(**keras_patient(keras, recipe, healthy_data(number, digits, mnist))),
        )
        for number, recipe in enumerate(healthy_recipes())
    )
    assert good >= 45
    assert not alarmed, alarmed


# ---- numbers and labels


def numbers(rng):
    X = rng.normal(size=(400, 4)).astype("float32")
    return X, (3 * X[:, :2] - X[:, 2:] ** 2 + rng.normal(0, 0.1, (400, 2))).astype("float32")


@pytest.mark.parametrize("loss", ["mean_squared_error", "mean_absolute_error", "huber"])
def test_a_regression_is_a_recipe_that_takes_the_very_steps(loss, rng):
    X, y = numbers(rng)
    model = compiled(Dense(30, activation="tanh"), Dense(2), loss=loss, rate=0.1, features=(4,))
    found = diagnose_keras(model, data=(X, y), test=(X[:50], y[:50]), epochs=100, trials=False)
    assert "whynet's engine" in found.used["trials"]
    assert found.used["problem"].startswith("a regression of 2 numbers")
    assert (found.before.metric.name, found.before.recalls) == ("R2", ())
    assert found.before.quality > 0.7
    assert found.before.test_quality > 0.7


@pytest.mark.slow
def test_a_recurrent_layer_is_looked_past(rng):
    """Its activation takes its states, and cannot be taken away from it."""
    layers = keras.layers
    model = keras.Sequential([keras.Input((4, 3)), layers.GRU(4), layers.Dense(5, "relu"), layers.Dense(1, "sigmoid")])
    model.compile(keras.optimizers.Adam(0.05), "binary_crossentropy", metrics=["accuracy"])
    X = rng.normal(size=(120, 4, 3)).astype(np.float32)
    y = (X[:, :, 0].sum(axis=1) > 0).astype(int)
    found = diagnose_keras(model, data=(X, y), epochs=12, trials=False)
    assert found.before.quality > 0.7 and found.state != "not-examined"
    assert not any("could not be" in gap.why for gap in found.not_examined)


def test_several_labels_are_judged_each_for_itself(rng):
    X = rng.normal(size=(400, 4)).astype("float32")
    y = (X[:, :2] + X[:, 2:] > 0.3).astype("float32")
    last = Dense(2, activation="sigmoid")
    model = compiled(Dense(30, activation="tanh"), last, loss="binary_crossentropy", rate=1.0, features=(4,))
    found = diagnose_keras(model, data=(X, y), epochs=60, trials=False)
    assert found.used["problem"].startswith("2 labels")
    assert found.before.metric.name == "F1"
    assert found.before.quality > 0.9


def test_targets_are_scaled_for_training_and_predictions_scaled_back(rng):
    X, y = numbers(rng)
    y = 1e6 * y[:, :1]
    model = compiled(Dense(30, activation="tanh"), Dense(1), loss="mean_squared_error", rate=0.05, features=(4,))
    read = Patient(keras, model, (X, y), None, 30, 32, True)
    adapter, what = read._adapter(), read.what
    scale, robust = Change("scale-targets", {"scheme": "standard"}), Change("cost", {"name": "huber"})
    assert adapter.why_not((scale, robust)) is None
    before, after, huber = (
        adapter.train(X, what.y, changes, seed=0, steps=300, stop=lambda: False)
        for changes in ((), (scale,), (scale, robust))
    )
    assert not what.problem.quality(before.scores(X), what.y) > 0.5
    assert what.problem.quality(after.scores(X), what.y) > 0.7
    assert what.problem.quality(huber.scores(X), what.y) > 0.7
