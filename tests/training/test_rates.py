from __future__ import annotations

import numpy as np
import pytest

import whynet
from whynet.errors import UsageError
from whynet.training import rates
from whynet.training.rates import RateSearch, find_rate


@pytest.mark.parametrize(
    "options",
    [
        {}, {"cost": "quadratic"}, {"activation": "relu", "init": "he"}, {"activation": "relu", "momentum": 0.9},
        {"optimizer": "adam", "activation": "relu", "init": "he"}, {"optimizer": "rmsprop"}, {"batch_size": 100},
        {"batch_norm": True, "batch_size": 50, "activation": "tanh"},
    ],
)  # fmt: skip
def test_training_with_the_rate_it_finds_learns(options, digits):
    recipe = whynet.Recipe(epochs=15, **options)
    search = find_rate(recipe, digits)
    run = whynet.fit(recipe.but(learning_rate=search.chosen), digits)
    assert run.history[-1].test_accuracy > 0.88


def test_the_search_is_the_same_every_time_and_depends_on_the_seed(digits):
    recipe = whynet.Recipe()
    assert find_rate(recipe, digits) == find_rate(recipe, digits)
    assert find_rate(recipe, digits) != find_rate(recipe.but(seed=1), digits)


@pytest.mark.parametrize("init", ["normal(0, 100)", "normal(0, 1e18)", "constant(1e30)"])
def test_numbers_that_blow_up_end_the_search_and_not_the_program(init, digits):
    search = find_rate(whynet.Recipe(activation="relu", init=init, hidden=(30, 30, 30)), digits)
    assert len(search.costs) == len(search.rates) == len(search.smooth)
    assert search.in_words()


def test_where_no_rate_helps_it_says_that_the_rate_is_not_the_reason(digits):
    recipe = whynet.Recipe(
        activation="relu", init="zeros", bias_init="constant(-5)", cost="quadratic", class_weights=(1,) + (0,) * 9
    )
    search = rates._judged(np.geomspace(1e-6, 1, 100), np.full(100, 2.3))
    assert search.chosen is None
    assert "the rate is not the reason" in search.in_words()
    assert RateSearch((), (), (), None).in_words()
    assert find_rate(recipe, digits) is not None


def test_faults_are_refused(digits):
    with pytest.raises(UsageError, match="faults"):
        find_rate(whynet.Recipe(faults=("no-output-slope",)), digits)
