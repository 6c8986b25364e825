"""Somebody's network as a recipe: what is recognised, and what is refused with a sentence."""

from __future__ import annotations

import numpy as np
import pytest

from whynet.errors import NoRecipe, UsageError
from whynet.network.initializers import initializer
from whynet.network.network import Network
from whynet.subjects.losses import recognise
from whynet.subjects.recreate import Description, as_pixels, fit_init, recreate


def described(data, *, scaling="0..1", activation="relu", **options):
    network = Network([64, 30, 20, 10], activation=activation, **options.pop("network", {}))
    X = data.X.scaling(scaling).apply(data.images, "float32")
    layers = [(arrays["W"], arrays["b"]) for arrays in network.params]
    return Description(
        layers=layers, X=X, labels=data.labels, outputs=network.scores(X[:40]), activation=activation, **options
    )


@pytest.mark.parametrize("scaling", ["0..1", "-1..1", "standard", "raw"])
def test_features_become_the_pixels_they_were(scaling, digits):
    recipe, again = recreate(described(digits, scaling=scaling))
    assert recipe.scaling == scaling
    features = again.X.scaling(recipe.scaling).apply(again.images, "float32")
    assert features == pytest.approx(described(digits, scaling=scaling).X, abs=0.02)
    assert again.images.shape[1:] == (8, 8)


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
    for wrong, error, says in (
        ({"outputs": good.outputs + 1}, NoRecipe, "not understood"),
        ({"X": np.where(good.X > 0.5, np.nan, good.X)}, NoRecipe, "NaN"),
        ({"X": good.X * np.linspace(1, 1e6, 64)}, NoRecipe, "no pixels"),
        ({"X": good.X[:, :60]}, UsageError, "do not fit"),
        ({"labels": good.labels + 1}, UsageError, "out of range"),
        ({"learning_rate": 0.0}, NoRecipe, "no step"),
    ):
        with pytest.raises(error, match=says):
            recreate(Description(**{**vars(good), **wrong}))


def test_features_of_mean_0_that_are_no_image_are_put_on_256_levels(rng):
    scaling, pixels, test = as_pixels(rng.normal(0, 1, (500, 5)), rng.normal(0, 9, (20, 5)))
    assert (scaling, pixels.dtype, test.max()) == ("standard", np.uint8, 255)


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


def test_other_losses_are_refused():
    for loss in (
        lambda Z, t: np.mean(np.abs(Z - np.eye(5)[t]) ** 3),
        lambda Z, t: -np.mean(softmax(Z)[range(len(t)), t]),
        lambda Z, t: float("nan"),
    ):
        with pytest.raises(NoRecipe):
            recognise(loss, 5)
