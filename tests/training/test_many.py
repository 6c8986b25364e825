"""Many trainings at once are the single ones."""

from __future__ import annotations

import threading

import numpy as np
import pytest

import whynet
from whynet.errors import UsageError


def test_runs_are_bit_for_bit_those_of_fit(digits):
    recipes = [
        whynet.Recipe(hidden=(12,), epochs=2, seed=seed, engine=engine, validation_size=100)
        for seed in range(4)
        for engine in ("auto", "reference")
    ]
    for recipe, run in zip(recipes, whynet.train_many(recipes, digits, workers=3), strict=True):
        alone = whynet.fit(recipe, digits)
        np.testing.assert_array_equal(run.network.params.vector, alone.network.params.vector)
        for name in ("cost", "validation_cost", "test_correct"):
            assert run.history[name] == alone.history[name]


def test_each_recipe_gets_its_own_data():
    runs = whynet.train_many([whynet.Recipe(data="digits", epochs=1), whynet.Recipe(data="xor", epochs=1)])
    assert [run.network.sizes for run in runs] == [(64, 30, 10), (2, 30, 2)]


def test_one_bad_recipe_stops_all_with_its_reason(digits):
    good = whynet.Recipe(epochs=1_000_000, hidden=(200,))
    with pytest.raises(UsageError, match="sizes do not fit"):
        whynet.train_many([good, whynet.Recipe(sizes=(7, 10))], digits, workers=2)
    assert not any(thread.name.startswith("ThreadPoolExecutor") for thread in threading.enumerate())
