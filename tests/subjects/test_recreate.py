"""Somebody's network as a recipe: what is recognised, and what is refused with a sentence."""

from __future__ import annotations

import numpy as np
import pytest

from whynet.data.features import ByteImages, FloatFeatures
from whynet.data.problem import MultiLabel, Regression
from whynet.errors import BadFile, NoRecipe, UsageError
from whynet.network.initializers import initializer
from whynet.network.network import Network
from whynet.subjects.inputs import fed, standardising
from whynet.subjects.losses import recognise
from whynet.subjects.recreate import Description, fit_init, recreate


def described(data, *, scaling="0..1", activation="relu", **options):
    network = Network([64, 30, 20, 10], activation=activation, **options.pop("network", {}))
    X = data.X.scaling(scaling).apply(data.images, "float32")
    layers = [(arrays["W"], arrays["b"]) for arrays in network.params]
    return Description(
        layers=layers, X=X, y=data.labels, outputs=network.scores(X[:40]), activation=activation, **options
    )


@pytest.mark.parametrize("scaling", ["0..1", "-1..1", "standard", "raw"])
def test_features_stay_the_numbers_that_they_are(scaling, digits):
    d = described(digits, scaling=scaling)
    recipe, again = recreate(d)
    features = again.X.scaling(recipe.scaling).apply(again.inputs, "float32")
    assert np.abs(features - d.X).max() <= 1e-7 * np.abs(d.X).max()
    assert isinstance(again.X, ByteImages) == (scaling in ("0..1", "raw"))
    assert again.X.shape == ((8, 8) if scaling in ("0..1", "raw") else (64,))


def test_a_table_stays_a_table_of_numbers_and_bytes_of_pictures_stay_bytes(rng):
    table = rng.normal(0, 1e6, (50, 64))
    scaling, features, _ = fed(table)
    assert (scaling, features.array.dtype) == ("raw", np.float64)
    assert (features.rows == table).all()
    flags = rng.integers(0, 2, (50, 9)).astype(float)  # zeros and ones may be bytes over 255, and are none
    assert isinstance(fed(flags)[1], FloatFeatures)
    pixels = rng.integers(0, 256, (20, 12)).astype(np.float32) / 255
    scaling, features, test = fed(pixels, pixels[:3] * np.float32(0.5), (3, 4))  # of the test set they are no bytes
    assert (scaling, features.shape, type(test)) == ("raw", (3, 4), FloatFeatures)


@pytest.mark.parametrize("shape", [(40, 5), (40, 64), (40, 1, 8, 8), (40, 150)])
@pytest.mark.parametrize("scheme", ["standard", "0..1"])
def test_inputs_are_scaled_by_pytorch_and_by_a_recipe_alike(shape, scheme, rng):
    X = np.maximum(rng.normal(0.5, 1, shape), 0).astype(np.float32)
    X /= X.max()
    made = standardising(X, scheme)(X)
    _, features, _ = fed(X.reshape(len(X), -1), picture=(8, 8) if X.ndim > 2 else None)
    scaled = features.scaling(scheme).apply(features.rows, "float32")
    assert np.abs(made.reshape(len(X), -1) - scaled).max() < 1e-6 * np.abs(scaled).max()
    assert made.shape == X.shape


@pytest.mark.parametrize(
    "text",
    ["zeros", "constant(0.5)", "uniform(0, 1)", "uniform(-0.5, 0.5)", "normal(0, 0.01)", "normal", "normal(0, 5)", "he",
     "glorot", "scaled-normal", "scaled-uniform"],
)  # fmt: skip
@pytest.mark.parametrize("seed", range(5))
def test_initial_weights_are_recognised(text, seed):
    fans = [(784, 50), (50, 31)]
    arrays = [initializer(text)(np.random.default_rng([seed, layer]), fan, *fan) for layer, fan in enumerate(fans)]
    found = initializer(fit_init(arrays, fans))
    for layer, fan in enumerate(fans):
        again = found(np.random.default_rng(layer), fan, *fan)
        assert again.mean() == pytest.approx(arrays[layer].mean(), abs=0.01 + 0.1 * arrays[layer].std())
        assert again.std() == pytest.approx(arrays[layer].std(), rel=0.12)


@pytest.mark.parametrize("seed", range(20))
def test_a_handful_of_biases_is_enough_to_know_pytorchs_rule(seed):
    rng = np.random.default_rng(seed)
    fans = [(64, 20), (20, 10)]
    biases = [rng.uniform(-1, 1, fan_out) / np.sqrt(fan_in) for fan_in, fan_out in fans]
    assert fit_init(biases, fans) == "scaled-uniform"


def test_learning_rates_and_penalties_are_those_of_the_cost(digits):
    """Their loss is a fifth of the cost: five times the rate makes the same steps."""
    recipe, _ = recreate(described(digits, factor=0.2, learning_rate=0.5, l2=0.01))
    assert recipe.rate == pytest.approx(0.1)
    assert recipe.l2 == pytest.approx(0.05)
    recipe, _ = recreate(described(digits, factor=0.2, learning_rate=0.5, optimizer="adam"))
    assert recipe.rate == 0.5


def test_an_undefined_rate_and_a_negative_loss_are_mistakes(digits):
    assert recreate(described(digits, learning_rate=float("nan")))[0].faults == ("undefined-rate",)
    assert recreate(described(digits, factor=-1.0))[0].faults == ("flipped-gradient",)


def test_what_cannot_be_said_is_refused(digits):
    good = described(digits)
    numbers, of_numbers = Regression(tuple("abcdefghij")), np.zeros((len(good.y), 10))
    for wrong, error, says in (
        ({"outputs": good.outputs + 1}, NoRecipe, "not understood"),
        ({"X": np.where(good.X > 0.5, np.nan, good.X)}, NoRecipe, "NaN"),
        ({"X": good.X[:, :60]}, UsageError, "do not fit"),
        ({"y": good.y + 1}, BadFile, "out of range"),
        ({"problem": Regression(("a", "b")), "y": np.zeros(len(good.y))}, UsageError, "no numbers to predict"),
        ({"problem": numbers, "y": of_numbers, "cost": "softmax-cross-entropy"}, NoRecipe, "the loss squashes them"),
        ({"problem": numbers, "y": of_numbers, "cost": "quadratic", "last": "tanh"}, NoRecipe, "the loss squashes"),
        ({"learning_rate": 0.0}, NoRecipe, "no step"),
    ):
        with pytest.raises(error, match=says):
            recreate(Description(**{**vars(good), **wrong}))


def softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


LOSSES = {
    "cross-entropy": (
        lambda Z, t: -np.mean(np.log(softmax(Z))[range(len(t)), t]), ("softmax-cross-entropy", "identity"), 1,
    ),
    "summed": (lambda Z, t: -np.sum(np.log(softmax(Z))[range(len(t)), t]), ("softmax-cross-entropy", "identity"), 1),
    "softmax twice": (
        lambda Z, t: -np.mean(np.log(softmax(softmax(Z)))[range(len(t)), t]), ("softmax-cross-entropy", "softmax"), 1,
    ),
    "mean square of raw outputs": (lambda Z, t: np.mean((Z - np.eye(5)[t]) ** 2), ("quadratic", "identity"), 0.4),
    "upside down": (lambda Z, t: -np.mean((np.tanh(Z) - np.eye(5)[t]) ** 2), ("quadratic", "tanh"), -0.4),
}  # fmt: skip


@pytest.mark.parametrize("name", LOSSES)
def test_losses_are_recognised_by_their_values(name):
    loss, expected, factor = LOSSES[name]
    found = recognise(loss, 5)
    assert (found.cost, found.output_activation) == expected
    assert found.factor == pytest.approx(factor, rel=1e-3)
    assert found.summed == (name == "summed")


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def huber(e, delta=1.0):
    return np.where(np.abs(e) <= delta, e * e / 2, delta * (np.abs(e) - delta / 2))


OF_NUMBERS = {
    "MSELoss": (lambda Z, y: np.mean((Z - y) ** 2), ("quadratic", "identity"), 2 / 3, False),
    "L1Loss": (lambda Z, y: np.mean(np.abs(Z - y)), ("absolute", "identity"), 1 / 3, False),
    "HuberLoss": (lambda Z, y: np.mean(huber(Z - y)), ("huber", "identity"), 1 / 3, False),
    "summed squares": (lambda Z, y: np.sum((Z - y) ** 2), ("quadratic", "identity"), 2, True),
    "half of squares": (lambda Z, y: 0.5 * np.mean((Z - y) ** 2), ("quadratic", "identity"), 1 / 3, False),
    "squares of relu": (lambda Z, y: np.mean((np.maximum(Z, 0) - y) ** 2), ("quadratic", "relu"), 2 / 3, False),
    "squares of sigmoid": (lambda Z, y: np.mean((sigmoid(Z) - y) ** 2), ("quadratic", "sigmoid"), 2 / 3, False),
}


@pytest.mark.parametrize("name", OF_NUMBERS)
def test_losses_of_numbers_are_recognised(name):
    loss, expected, factor, summed = OF_NUMBERS[name]
    found = recognise(loss, 3, problem=Regression(("a", "b", "c")))
    assert (found.cost, found.output_activation, found.summed) == (*expected, summed)
    assert found.factor == pytest.approx(factor, rel=1e-3)


def test_cross_entropies_of_labels_of_one_unit_and_of_shares_are_recognised():
    def binary(Z, y):
        return float(np.mean(np.logaddexp(0, Z) - np.reshape(y, Z.shape) * Z))

    labels = recognise(binary, 4, problem=MultiLabel(tuple("abcd")))
    assert labels[:2] == ("sigmoid-cross-entropy", "identity")
    assert labels.factor == pytest.approx(0.25)
    assert recognise(binary, 1)[:2] == ("sigmoid-cross-entropy", "identity")
    shares = recognise(binary, 2, problem=Regression(("a", "b")), shares=True)
    assert shares[:2] == ("sigmoid-cross-entropy", "identity")


def test_losses_of_numbers_that_a_recipe_has_not_are_refused():
    for loss in (
        lambda Z, y: np.mean(huber(Z - y, delta=0.1)),
        lambda Z, y: np.mean(np.abs(Z - y) ** 3),
        lambda Z, y: np.mean((Z[:, :, None] - y[:, None]) ** 2),
        lambda Z, y: np.mean(np.exp(Z) - y * Z),
        lambda Z, y: -np.mean(Z * y),
    ):
        with pytest.raises(NoRecipe):
            recognise(loss, 2, problem=Regression(("a", "b")))


def test_other_losses_are_refused():
    for loss in (
        lambda Z, t: np.mean(np.abs(Z - np.eye(5)[t]) ** 3),
        lambda Z, t: -np.mean(softmax(Z)[range(len(t)), t]),
        lambda Z, t: float("nan"),
    ):
        with pytest.raises(NoRecipe):
            recognise(loss, 5)
