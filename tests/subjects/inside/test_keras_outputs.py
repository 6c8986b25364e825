"""Several outputs of a Keras model, each with a loss and targets of its own; rows that count differently."""

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

import whynet  # noqa: E402
from whynet.subjects.frameworks.keras_probe import KerasProbe  # noqa: E402
from whynet.subjects.inside.loss import fits  # noqa: E402

pytestmark = pytest.mark.filterwarnings("default")  # Keras warns of what its backends do
SPARSE, SCORES = "sparse_categorical_crossentropy", keras.losses.SparseCategoricalCrossentropy(from_logits=True)
rng = np.random.default_rng(0)
X = rng.normal(size=(40, 6)).astype(np.float32)
KINDS, SIZES, WEIGHTS = np.arange(40) % 3, X[:, :2].sum(1), rng.uniform(0.5, 2, 40).astype(np.float32)


def net(loss, named, activation="softmax"):
    """Two heads on a body, that of the classes first."""
    keras.utils.set_random_seed(0)
    x = keras.Input((6,))
    h = L.Dense(8, activation="relu")(x)
    kind, size = L.Dense(3, activation=activation, name="kind")(h), L.Dense(1, name="size")(h)
    model = keras.Model(x, {"kind": kind, "size": size} if named else [kind, size])
    model.compile("adam", loss)
    return model


def found(model, y, weights=None):
    seen = fits(KerasProbe.of(keras, model, (X, y) if weights is None else (X, y, weights)))
    return [(one.cause, one.detail) for one in seen.findings]


@pytest.mark.parametrize("loss", [[SPARSE, "mse"], {"size": "mse", "kind": SPARSE}])
@pytest.mark.parametrize(("named", "weights"), [(False, None), (True, None), (False, [WEIGHTS, WEIGHTS])])
def test_two_outputs_that_fit_their_losses_raise_no_alarm(loss, named, weights):
    if named and isinstance(loss, list):
        loss = {"kind": SPARSE, "size": "mse"}
    model, y = net(loss, named), {"kind": KINDS, "size": SIZES} if named else [KINDS, SIZES]
    assert found(model, y, weights) == []
    assert sorted(KerasProbe.of(keras, model, (X, y)).by_output()) == ["kind", "size"]


@pytest.mark.parametrize(
    ("loss", "activation", "kinds", "cause"),
    [
        (SPARSE, None, KINDS, "missing-output-activation"),
        (SCORES, "softmax", KINDS, "wrong-output-activation"),
        (SPARSE, "softmax", KINDS + 1, "label-encoding-mismatch"),
        (SPARSE, "softmax", np.eye(3)[KINDS], "label-encoding-mismatch"),
    ],
)
def test_what_is_wrong_with_one_output_is_said_of_that_one(loss, activation, kinds, cause):
    model = net({"kind": loss, "size": "mse"}, True, activation)
    ((name, detail),) = found(model, {"size": SIZES, "kind": kinds})
    assert name == cause
    assert detail.startswith("of the output 'kind': ")


@pytest.mark.parametrize(("loss", "y", "cause"), [
    (SPARSE, KINDS + 1, "label-encoding-mismatch"), (SCORES, KINDS, "wrong-output-activation"), (SPARSE, KINDS, None),
])  # fmt: skip
def test_rows_that_count_differently_hide_no_targets(loss, y, cause):
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((6,)), L.Dense(8, activation="relu"), L.Dense(3, activation="softmax")])
    model.compile("adam", loss, weighted_metrics=["accuracy"])
    assert [name for name, _ in found(model, y, WEIGHTS)] == [cause] * (cause is not None)
    told = whynet.diagnose(model, (X, y, WEIGHTS), epochs=1, trials=False)
    assert cause in {one.cause for one in told.verdict} or cause is None
