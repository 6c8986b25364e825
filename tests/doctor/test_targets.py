"""What is measured of targets, and the causes that rest on it: numbers, labels, nothing to learn."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import Ridge
from sklearn.model_selection import cross_val_predict
from sklearn.neighbors import KNeighborsRegressor

from whynet.doctor.agreement import above_chance, nothing_to_learn, unlike_their_likes
from whynet.doctor.causes import cause, names
from whynet.doctor.diagnosis import Outcome
from whynet.doctor.example import case_like
from whynet.doctor.states import state_of
from whynet.doctor.symptoms.targets import (
    FAR,
    MAD,
    by_neighbours,
    measure_input_outliers,
    measure_learnable,
    measure_targets,
    outliers,
    ranks,
)

REGRESSION = {"problem": "regression", "classes": 0, "settings": {"widths": (8, 20, 1), "output": "identity"}}


def measured(targets, output="identity"):
    case = case_like(REGRESSION)
    measure_targets(case, np.asarray(targets, dtype=float).reshape(len(targets), -1), output)
    return case


def test_the_spread_that_is_noted_is_the_one_furthest_from_one():
    both = np.array([[1.0, 0.001], [-1.0, -0.001], [1.0, 0.001], [-1.0, -0.001]])
    assert measured(both).value("target-spread") == pytest.approx(0.001)
    assert measured(1000 * both).value("target-spread") == pytest.approx(1000)


@given(st.lists(st.floats(-1e6, 1e6), min_size=3, max_size=40))
def test_outliers_are_counted_as_a_loop_counts_them(values):
    column = sorted(values)
    middle = float(np.median(column))
    away = [abs(value - middle) for value in column]
    robust = float(np.median(away)) / MAD
    squares = sum(a * a for a in away)
    far = sum(a * a for a in away if robust > 0 and a > FAR * robust)
    expected = far / max(squares, 1e-300)  # squares of next to nothing vanish
    assert outliers(np.array(values)[:, None])[0] == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("draw", ["normal", "uniform", "exponential", "laplace"])
def test_ordinary_spreads_have_no_outliers_to_speak_of(draw):
    values = getattr(np.random.default_rng(0), draw)(size=(5000, 3))
    assert outliers(values).max() < 0.3


@given(st.lists(st.sampled_from([0.0, 1.0, 2.5, 7.0]), min_size=1, max_size=30))
def test_ranks_are_means_over_equal_numbers(values):
    order = sorted(values)
    expected = [np.mean([place for place, other in enumerate(order) if other == value]) for value in values]
    assert ranks(np.array(values)[:, None]).ravel() == pytest.approx(expected)


def test_neighbours_answer_as_scikit_learns_do():
    rng = np.random.default_rng(0)
    X, y, asked = rng.normal(size=(80, 4)), rng.normal(size=(80, 2)), rng.normal(size=(15, 4))
    theirs = KNeighborsRegressor(7).fit(X, y).predict(asked)
    assert by_neighbours(X, y, asked, 7) == pytest.approx(theirs)


def test_learnable_is_what_a_cross_validated_ridge_finds():
    rng = np.random.default_rng(1)
    X = rng.normal(size=(300, 5))
    y = X @ rng.normal(size=5) + rng.normal(size=300)
    case = case_like(REGRESSION)
    measure_learnable(case, X, y[:, None])
    theirs = np.corrcoef(cross_val_predict(Ridge(1.0), X, y, cv=5), y)[0, 1]
    assert case.value("learnable") == pytest.approx(theirs, abs=0.04)


def test_what_only_neighbours_find_is_found():
    X = np.random.default_rng(2).uniform(-1, 1, size=(400, 2))
    case = case_like(REGRESSION)
    measure_learnable(case, X, np.sin(4 * X[:, :1]) * np.sin(4 * X[:, 1:]))
    assert case.value("learnable") > 0.5


@pytest.mark.parametrize("seed", range(20))
def test_noise_is_not_learnable(seed):
    rng = np.random.default_rng(seed)
    case = case_like(REGRESSION)
    measure_learnable(case, rng.normal(size=(200, 6)), rng.normal(size=(200, 1)))
    assert case.symptoms["learnable"].unusual


def test_extreme_numbers_are_survived():
    for targets in ([[1e300], [-1e300], [0.0]], [[7.0]] * 4, [[0.0], [0.0], [1e-300]]):
        case = measured(targets, "sigmoid")
        assert 0 <= case.value("reachable") <= 1
    case = case_like(REGRESSION)
    measure_input_outliers(case, np.zeros((5, 3)))
    measure_learnable(case, np.full((30, 2), np.nan), np.arange(30.0)[:, None])
    assert case.value("input-outliers") == 0 and "learnable" not in case.symptoms


@pytest.mark.parametrize(
    ("output", "expected"), [("identity", 1.0), ("sigmoid", 0.5), ("tanh", 0.75), ("relu", 0.75), ("leaky-relu", 1.0)]
)
def test_what_an_output_can_reach(output, expected):
    assert measured([[0.0], [1.0], [-1.0], [5.0]], output).value("reachable") == expected


# ---- the causes


OF_CLASSES = {
    "label-noise", "label-order-mismatch", "labels-corrupted", "class-imbalance", "cost-mismatch",
    "missing-output-activation", "wrong-output-activation", "output-shape-mismatch", "output-units-saturated",
    "features-destroyed",
}  # fmt: skip
OF_NUMBERS = {"target-not-scaled", "output-range-mismatch", "constant-target", "useless-target"}


def sound_regression():
    case = measured(np.random.default_rng(0).normal(size=200))
    case.before, case.state = Outcome(cost=0.1, quality=0.8), "underfits"
    case.settings = type(case.settings)(widths=(8, 20, 1), cost="quadratic", output="identity", rate=0.1, epochs=10)
    for name, value in {"nearest-neighbour": 0.2, "learnable": 0.9, "test-loss": 0.0, "standard-error": 0.05}.items():
        case.note(symptom(name), value)
    return case


def symptom(name):
    from whynet.doctor.symptoms.declared import SYMPTOMS

    return SYMPTOMS[name]


@pytest.mark.parametrize("name", sorted(OF_CLASSES | OF_NUMBERS))
def test_of_a_sound_regression_nothing_is_said_that_is_about_classes(name):
    assert cause(name).suspect(sound_regression()) is None


def test_no_cause_crashes_where_there_are_no_classes():
    for problem in ("regression", "labels"):
        case = sound_regression()
        case.problem = problem
        for name in names():
            cause(name).suspect(case)
            cause(name).changes(case)


@pytest.mark.parametrize("name", sorted(OF_NUMBERS))
def test_of_classes_nothing_is_said_that_is_about_numbers(name):
    sick = {**cause(name).SICK, "classes": 3, "problem": "classification"}
    assert cause(name).suspect(case_like(sick)) is None


def test_a_softmax_over_several_labels_is_a_mismatch():
    labels = {"problem": "labels", "classes": 0, "settings": {"cost": "softmax-cross-entropy", "output": "identity"}}
    case = case_like({**labels, "outputs-sum": 0.7})
    assert cause("cost-mismatch").suspect(case).strength > 0.9
    assert cause("cost-mismatch").changes(case)[0].numbers["name"] == "sigmoid-cross-entropy"


def test_a_rare_label_that_is_lost_is_an_imbalance():
    rare = {"problem": "labels", "classes": 0, "rarest-label": 0.01, "lost": ("b",), "state": "classes-missing"}
    assert cause("class-imbalance").suspect(case_like(rare)).strength > 0.85
    assert cause("class-imbalance").suspect(case_like({**rare, "rarest-label": 0.2})) is None


def test_few_classes_agree_often_by_chance():
    two = case_like({"classes": 2, "largest-class": 0.5, "neighbours-agree": 0.52, "nearest-neighbour": 0.5})
    ten = case_like({"classes": 10, "largest-class": 0.1, "neighbours-agree": 0.52})
    assert unlike_their_likes(two) and not unlike_their_likes(ten)
    assert above_chance(two) < 0.1 < 0.4 < above_chance(ten)
    assert cause("label-order-mismatch").suspect(two) is not None


@pytest.mark.parametrize("unit", [{"validation-spread": 16.0}, {"validation-spread": 1.0, "validation-offset": 40.0}])
def test_a_test_set_in_another_unit_says_nothing_of_the_order_of_its_labels(unit):
    assert cause("label-order-mismatch").suspect(case_like({"test-loss": 0.6})) is not None
    assert cause("label-order-mismatch").suspect(case_like({"test-loss": 0.6, **unit})) is None
    assert cause("validation-unlike-training").suspect(case_like({"test-loss": 0.6, **unit})) is not None


def test_labels_that_a_model_foretells_belong_to_their_rows_whatever_neighbours_show():
    hidden = {"classes": 2, "largest-class": 0.5, "neighbours-agree": 0.55, "nearest-neighbour": 0.6}
    names = ("label-order-mismatch", "labels-corrupted")
    assert [cause(name).suspect(case_like(hidden)) is None for name in names] == [False, False]
    partly = case_like({**hidden, "labels-foretold": 0.7, "standard-error": 0.02})
    assert [cause(name).suspect(partly) is None for name in names] == [True, False]
    mostly = case_like({**hidden, "labels-foretold": 0.89, "standard-error": 0.02})
    assert [cause(name).suspect(mostly) is None for name in names] == [True, True]
    pictures = {**hidden, "features": 64, "neighbouring-pixels": 0.02, "nearest-neighbour": 0.55}
    assert cause("features-destroyed").suspect(case_like(pictures)) is not None
    assert cause("features-destroyed").suspect(case_like({**pictures, "labels-foretold": 0.89})) is None


def test_labels_that_a_linear_model_explains_are_not_corrupted():
    hard = {"classes": 2, "largest-class": 0.5, "neighbours-agree": 0.6, "nearest-neighbour": 0.6}
    assert cause("labels-corrupted").suspect(case_like({**hard, "learnable": 0.5})) is None
    assert cause("labels-corrupted").suspect(case_like({**hard, "learnable": 0.01})) is not None


def test_nothing_to_learn_is_bad_data_and_a_network_that_learns_all_the_same_is_not():
    useless = {**cause("useless-target").SICK, "linear-accuracy": 0.0, "start-cost": 1.0, "cost": 0.1, "floor": 0.5}
    case = case_like(useless)
    case.before = Outcome(cost=0.1, quality=0.0)
    assert nothing_to_learn(case) and state_of(case) == "bad-data"
    case.before = Outcome(cost=0.1, quality=0.7)
    assert not nothing_to_learn(case) and state_of(case) == "healthy"


def test_no_better_than_a_constant_is_not_healthy_however_bad_the_yardstick():
    case = case_like({**REGRESSION, "linear-accuracy": 0.0, "constant-accuracy": 0.0, "start-cost": 1.0, "floor": 0.5})
    case.before = Outcome(cost=0.5, quality=0.0)
    case.note(symptom("cost"), 0.5)
    assert state_of(case) == "constant-answer"
