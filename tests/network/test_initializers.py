from __future__ import annotations

import math

import numpy as np
import pytest

from whynet.errors import UsageError
from whynet.network.initializers import INITIALIZERS, initializer


@pytest.mark.parametrize(
    ("text", "mean", "sd"),
    [
        ("normal", 0, 1),
        ("normal(0.5, 0.01)", 0.5, 0.01),
        ("scaled-normal", 0, 1 / math.sqrt(400)),
        ("glorot", 0, math.sqrt(2 / (400 + 300))),
        ("he", 0, math.sqrt(2 / 400)),
        ("lecun", 0, 1 / math.sqrt(400)),
        ("scaled-uniform", 0, 1 / math.sqrt(3 * 400)),
        ("uniform(0, 0.4)", 0.2, 0.4 / math.sqrt(12)),
        ("constant(0.3)", 0.3, 0),
        ("zeros", 0, 0),
    ],
)
def test_mean_and_spread_are_as_defined(text, mean, sd, rng):
    weights = initializer(text)(rng, (400, 300), 400, 300)
    assert weights.shape == (400, 300)
    assert weights.mean() == pytest.approx(mean, abs=5 * sd / math.sqrt(weights.size) + 1e-12)
    assert weights.std() == pytest.approx(sd, rel=0.02, abs=1e-12)


@pytest.mark.parametrize(
    "text",
    ["", "hee", "uniform", "uniform(1)", "uniform(2,1)", "uniform(0,nan)", "constant(x)", "he(3)", "normal(1)",
     "normal(0,-1)", "normal(0,1", "__import__('os')"],
)  # fmt: skip
def test_nonsense_is_refused_with_a_sentence(text):
    with pytest.raises(UsageError):
        initializer(text)


@pytest.mark.parametrize("shape", [(30, 20), (20, 30), (7, 7)])
def test_orthogonal_weights_are_at_right_angles(shape, rng):
    W = initializer("orthogonal")(rng, shape, *shape)
    assert W.shape == shape
    few = W.T @ W if shape[0] >= shape[1] else W @ W.T
    np.testing.assert_allclose(few, np.eye(min(shape)), atol=1e-12)
    assert initializer("orthogonal")(rng, (5,), 3, 5).shape == (5,)


def test_every_name_is_listed_when_one_is_misspelt():
    with pytest.raises(UsageError) as caught:
        initializer("glorott")
    assert all(name in str(caught.value) for name in INITIALIZERS)
    assert "Did you mean 'glorot'" in str(caught.value)


def test_same_generator_same_weights():
    draws = [initializer("he")(np.random.default_rng([7, 0, 1]), (5, 4), 5, 4) for _ in range(2)]
    np.testing.assert_array_equal(*draws)
