from __future__ import annotations

import subprocess
import sys
from dataclasses import fields
from typing import get_type_hints

import pytest

import whynet
from whynet.data.features import OF_BYTES
from whynet.engines.choice import ENGINES
from whynet.errors import BadFile, UsageError
from whynet.mistakes.catalogue import CATALOGUE, NAMED, WHOLE
from whynet.network.activations import ACTIVATIONS
from whynet.network.costs import COSTS
from whynet.optimizers.optimizers import OPTIMIZERS
from whynet.optimizers.schedules import SCHEDULES
from whynet.training.recipe import LEARNING_RATES, Recipe, recipe_names
from whynet.training.values import choices


@pytest.mark.parametrize(
    ("field", "table"),
    [
        ("activation", ACTIVATIONS), ("output_activation", ACTIVATIONS), ("optimizer", OPTIMIZERS),
        ("cost", {*COSTS, "auto"}),
        ("schedule", SCHEDULES), ("scaling", OF_BYTES),
        ("faults", {*CATALOGUE, *NAMED, *WHOLE}),
        ("engine", ["auto", *(engine.name for engine in ENGINES)]),
    ],
)  # fmt: skip
def test_the_choices_are_the_keys_of_their_table(field, table):
    assert sorted(choices(get_type_hints(Recipe)[field])) == sorted(table)


def test_every_optimizer_has_a_usual_rate():
    assert sorted(LEARNING_RATES) == sorted(OPTIMIZERS)


@pytest.mark.parametrize("name", recipe_names())
def test_shipped_recipes_survive_a_round_trip(name, tmp_path):
    recipe = Recipe.named(name)
    (tmp_path / "r.toml").write_text(recipe.to_toml())
    assert Recipe.read(tmp_path / "r.toml") == recipe == Recipe.find(name)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"cost": "quadratik"}, "Did you mean 'quadratic'"),
        ({"activation": "sigmod"}, "Did you mean 'sigmoid'"),
        ({"epochs": -1}, "0 or more"),
        ({"epochs": 1.5}, "whole"),
        ({"batch_size": 0}, "or full"),
        ({"batch_size": "ful"}, "full"),
        ({"learning_rate": 0}, "above 0"),
        ({"learning_rate": float("nan")}, "above 0"),
        ({"learning_rate": float("inf")}, "above 0"),
        ({"momentum": 1.0}, "below 1"),
        ({"l2": -1.0}, "0 or more"),
        ({"l1": float("nan")}, "0 or more"),
        ({"max_norm": 0.0}, "above 0"),
        ({"label_smoothing": 1.0}, "below 1"),
        ({"dropout": 1.0}, "below 1"),
        ({"input_noise": -0.1}, "0 or more"),
        ({"sizes": (784, 0, 10)}, "1 to"),
        ({"sizes": (784, 10), "hidden": (30,)}, "give one of"),
        ({"layers": ("dense 30",), "hidden": (30,)}, "give one of"),
        ({"layers": ("dense 30", "")}, "lines of words"),
        ({"faults": ("no-such-fault",)}, "no-output-slope"),
        ({"epoch": 3}, "Did you mean 'epochs'"),
    ],
)
def test_nonsense_is_refused_with_what_would_do(change, says):
    with pytest.raises(UsageError) as caught:
        Recipe().but(**change)
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("epochs = ", "not TOML"),
        ("epoch = 3", "Did you mean 'epochs'"),
        ('epochs = "3"', "epochs"),
        ('cost = "quadratik"', "Did you mean 'quadratic'"),
        ("learning_rate = -1.0", "above 0"),
        ("sizes = [784.5]", "sizes"),
        ("\x00\xff", "r.toml"),
    ],
)
def test_a_bad_file_is_named(text, says, tmp_path):
    (tmp_path / "r.toml").write_bytes(text.encode("latin-1"))
    with pytest.raises(BadFile) as caught:
        Recipe.read(tmp_path / "r.toml")
    assert says in str(caught.value)
    assert "r.toml" in str(caught.value)


def test_lists_and_numpys_numbers_are_as_good_as_pythons():
    import numpy as np

    recipe = Recipe(hidden=[np.int64(5), 4], epochs=np.int32(2), learning_rate=np.float32(0.5), l2=np.float64(0.1))
    assert recipe == Recipe(hidden=(5, 4), epochs=2, learning_rate=0.5, l2=0.1)
    assert type(recipe.hidden[0]) is type(recipe.epochs) is int
    assert hash(recipe)
    assert "l2 = 0.1\n" in recipe.to_toml()


def test_ends_come_from_the_data():
    assert Recipe(hidden=(5, 4)).full_sizes(64, 10) == (64, 5, 4, 10)
    assert Recipe().full_sizes(784, 10) == (784, 30, 10)
    assert Recipe(hidden=()).full_sizes(784, 10) == (784, 10)
    assert Recipe(sizes=(2, 2, 1)).full_sizes(2, 2) == (2, 2, 1)
    with pytest.raises(UsageError, match="Try --sizes 64,5,10"):
        Recipe(sizes=(784, 5, 10)).full_sizes(64, 10)


def test_every_field_says_what_it_is_for():
    assert all(one.metadata["help"].endswith(")") or one.metadata["help"].endswith(".") for one in fields(Recipe))


def test_importing_a_recipe_loads_no_numpy():
    code = "import sys, whynet.training.recipe as r; r.Recipe(); sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_unknown_recipes_are_answered_with_the_known_ones():
    with pytest.raises(UsageError, match="Did you mean 'vectorised'"):
        whynet.Recipe.find("vectorized")
