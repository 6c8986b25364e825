"""Planted faults of tables, from beginning to end: few rows, little effort."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import load_iris, make_friedman1

from whynet.data.dataset import Dataset
from whynet.data.features import FloatFeatures
from whynet.data.problem import Classification, MultiLabel, Regression
from whynet.subjects.recipe import RecipeSubject, diagnose_recipe
from whynet.subjects.table_plants import PLANTS, SOUND, WARDS, sound
from whynet.training.recipe import Recipe


def friedman(rows=400):
    X, y = make_friedman1(rows, noise=1.0, random_state=0)
    return Dataset(FloatFeatures(X), y, "friedman", Regression(("y",)))


def flowers():
    X, y = load_iris(return_X_y=True)
    return Dataset(FloatFeatures(X), y, "iris", Classification(("a", "b", "c")))


def signs():
    X = np.random.default_rng(0).normal(size=(300, 4))
    y = np.stack([X[:, 0] > 0, X[:, 1] > X[:, 2], X[:, 3] > 0.3], axis=1)
    return Dataset(FloatFeatures(X), y.astype(np.uint8), "signs", MultiLabel(("a", "b", "c")))


def two():
    X, y = load_iris(return_X_y=True)
    return Dataset(FloatFeatures(X[y < 2]), y[y < 2], "two", Classification(("a", "b")))


DATA = {"numbers": friedman, "classes": flowers, "labels": signs, "two": two}
BY_NAME = {plant.name: plant for plant in PLANTS}


@pytest.mark.parametrize("net", SOUND)
@pytest.mark.parametrize("ward", WARDS)
def test_a_sound_network_is_not_accused(ward, net):
    data = DATA[ward]()
    found = diagnose_recipe(sound(net, ward, data), data, trials=False)
    assert found.state in ("healthy", "overfits") and not [one for one in found.verdict if one.status == "found"]


@pytest.mark.thinned(4)
@pytest.mark.parametrize(
    ("ward", "name"),
    [
        ("numbers", "raw targets + 1000 sd"), ("numbers", "relu output"), ("numbers", "flipped"),
        ("numbers", "zeros"), ("classes", "rate too low"), ("labels", "softmax over labels"), ("two", "softmax of one"),
    ],
)  # fmt: skip
def test_a_planted_fault_is_named_first(ward, name):
    data = DATA[ward]()
    found = diagnose_recipe(*BY_NAME[name].patient(ward, data, 0), effort=6)
    assert found.verdict[0].cause in BY_NAME[name].right


@pytest.mark.parametrize("net", SOUND)
def test_shuffled_targets_are_useless_and_nothing_is_proved(net):
    recipe, data = BY_NAME["targets shuffled"].patient("numbers", friedman(), 3)
    found = diagnose_recipe(recipe.but(**{"hidden": SOUND[net].hidden, "activation": net}), data, effort=6)
    assert found.verdict[0].cause == "useless-target" and found.state == "bad-data"
    assert {one.status for one in found.verdict} <= {"found", "suspected"}
    assert found.fix is None


def test_constant_targets_end_the_examination():
    recipe, data = BY_NAME["constant target"].patient("numbers", friedman(), 0)
    found = diagnose_recipe(recipe, data)
    assert [(one.cause, one.status) for one in found.verdict] == [("constant-target", "found")]
    assert found.state == "bad-data" and not found.tried


def test_a_change_that_the_data_refuse_is_not_tried():
    from whynet.doctor.change import Change

    subject = RecipeSubject(Recipe(cost="auto", epochs=1, scaling="standard"), friedman())
    assert "classes" in subject.why_not([Change("cost", {"name": "softmax-cross-entropy"})])
    assert subject.why_not([Change("cost", {"name": "huber"})]) is None
    assert subject.why_not([Change("scale-targets", {"scheme": "standard"})]) is None
    assert "target scaling" in subject.why_not([Change("scale-targets", {"scheme": "0..1"})])


@pytest.mark.parametrize("ward", WARDS)
def test_there_are_plants_enough_of_every_kind(ward):
    assert sum(ward in plant.only for plant in PLANTS) >= 25
    names = [plant.name for plant in PLANTS]
    assert len(names) == len(set(names))
