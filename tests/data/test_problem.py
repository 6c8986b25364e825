"""What is to be learned: every figure against scikit-learn's, or against loops that spell it out."""

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics

from whynet.data.problem import Classification, MultiLabel, Regression, problem_from
from whynet.data.protocol import error_between, names_of
from whynet.errors import BadFile, UsageError

CLASSES = Classification(("a", "b", "c"))
LABELS = MultiLabel(("red", "round", "rare"))
NUMBERS = Regression(("price", "rent"))


def answers(problem, n, rng):
    """Scores and targets at random, as a problem has them."""
    scores = rng.normal(size=(n, problem.outputs))
    if problem.kind == "classification":
        return scores, rng.integers(problem.outputs, size=n)
    if problem.kind == "labels":
        return scores, (rng.random((n, problem.outputs)) < (0.5, 0.3, 0.05)).astype(np.uint8)
    return scores, scores * (3, 20) + rng.normal(size=scores.shape) * (2, 9) + (0, 500)


@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 10_000), n=st.integers(2, 60))
def test_classes_are_judged_by_the_fraction_right(seed, n):
    scores, y = answers(CLASSES, n, np.random.default_rng(seed))
    said = scores.argmax(axis=1)
    assert CLASSES.quality(scores, y) == pytest.approx(metrics.accuracy_score(y, said))
    for label, recall in enumerate(CLASSES.recalls(scores, y)):
        of_it = [said[i] == label for i in range(n) if y[i] == label]
        assert recall == pytest.approx(np.mean(of_it)) if of_it else math.isnan(recall)


@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 10_000), n=st.integers(2, 60))
def test_labels_are_judged_by_the_mean_of_both_recalls_of_each(seed, n):
    scores, y = answers(LABELS, n, np.random.default_rng(seed))
    said = (scores > 0.5).astype(int)
    each = []
    for k in range(3):
        recalls = [
            np.mean([said[i, k] == side for i in range(n) if y[i, k] == side]) for side in (0, 1) if side in y[:, k]
        ]
        each.append(np.mean(recalls))
    assert LABELS.quality(scores, y) == pytest.approx(np.mean(each))
    f1 = [metrics.f1_score(y[:, k], said[:, k], zero_division=1.0) for k in range(3)]
    assert list(LABELS.metrics(scores, y)["f1"].values()) == pytest.approx(f1)
    assert LABELS.metric(scores, y).value == pytest.approx(np.mean(f1))


@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 10_000), n=st.integers(3, 60), scaled=st.booleans())
def test_numbers_are_judged_by_the_variance_that_is_predicted(seed, n, scaled):
    rng = np.random.default_rng(seed)
    scores, y = answers(NUMBERS, n, rng)
    problem = NUMBERS.fitted(y, "standard" if scaled else "raw")
    said = problem.predictions(scores)
    expected = metrics.r2_score(y / y.std(axis=0), said / y.std(axis=0), multioutput="uniform_average")
    assert problem.r2(scores, y) == pytest.approx(expected)
    assert problem.quality(scores, y) == pytest.approx(min(max(expected, 0), 1))
    found = problem.metrics(scores, y)
    for k, name in enumerate(problem.names):
        assert found["rmse"][name] == pytest.approx(metrics.root_mean_squared_error(y[:, k], said[:, k]))
        assert found["mae"][name] == pytest.approx(metrics.mean_absolute_error(y[:, k], said[:, k]))


@pytest.mark.parametrize("problem", [CLASSES, LABELS, NUMBERS], ids=lambda problem: problem.kind)
def test_what_each_row_contributes_adds_up_to_the_quality(problem, rng):
    scores, y = answers(problem, 200, rng)
    whole = problem.r2(scores, y) if problem.kind == "regression" else problem.quality(scores, y)
    assert problem.each(scores, y).mean() == pytest.approx(whole)


@pytest.mark.parametrize("problem", [LABELS, NUMBERS], ids=lambda problem: problem.kind)
def test_the_standard_error_is_about_that_of_drawing_other_rows(problem, rng):
    scores, y = answers(problem, 400, rng)
    scores = y + rng.normal(size=y.shape) * (0.6 if problem.kind == "labels" else (3, 12))
    drawn = [problem.quality(scores[rows], y[rows]) for rows in rng.integers(400, size=(300, 400))]
    assert 0.4 < problem.standard_error(scores, y) / np.std(drawn) < 2.5


def test_the_error_between_two_that_answer_alike_is_small(rng):
    scores, y = answers(NUMBERS, 300, rng)
    near = scores + rng.normal(size=scores.shape) * 0.01
    assert error_between(NUMBERS.each(scores, y), NUMBERS.each(near, y)) < NUMBERS.standard_error(scores, y) / 5
    assert error_between(NUMBERS.each(scores, y), NUMBERS.each(scores, y)) == 0


@pytest.mark.parametrize("problem", [CLASSES, LABELS, NUMBERS], ids=lambda problem: problem.kind)
def test_a_problem_survives_json_and_a_perfect_answer_is_perfect(problem, rng):
    _, y = answers(problem, 50, rng)
    fitted = problem.fitted(y, "standard")
    assert problem_from(json.loads(json.dumps(fitted.as_dict()))) == fitted
    targets = fitted.targets(y, fitted.outputs)
    assert fitted.quality(targets, y) == pytest.approx(1)
    np.testing.assert_allclose(fitted.predictions(targets), y)


@pytest.mark.parametrize("problem", [CLASSES, LABELS, NUMBERS], ids=lambda problem: problem.kind)
def test_no_constant_answer_is_better_than_the_constant_quality(problem, rng):
    _, y = answers(problem, 80, rng)
    targets = problem.targets(y, problem.outputs)
    tried = [*targets, targets.mean(axis=0)]
    best = max(problem.quality(np.tile(one, (80, 1)), y) for one in tried)
    assert best == pytest.approx(problem.constant_quality(y), abs=1e-9)


def test_strata_keep_the_spread_of_the_targets():
    y = np.arange(100.0)[::-1].copy()
    strata = NUMBERS.strata(y)
    assert np.bincount(strata).tolist() == [20] * 5
    assert all(strata[i] >= strata[j] for i in range(100) for j in range(i, 100))
    rows = np.array([[1, 0, 0]] * 30 + [[0, 1, 0]] * 30 + [[1, 1, 1]] * 3)
    assert len(set(LABELS.strata(rows))) == 3 and len(set(LABELS.strata(rows)[:30])) == 1


def test_a_single_output_stands_for_two_classes():
    problem, y = Classification(("no", "yes")), np.array([0, 1, 1])
    assert problem.targets(y, 1).tolist() == [[0], [1], [1]]
    logits = np.array([[-0.2], [0.2], [0.7]])
    assert problem.predictions(logits, middle=0.0).tolist() == [0, 1, 1]
    assert problem.predictions(logits, middle=0.5).tolist() == [0, 0, 1]


@pytest.mark.parametrize(
    ("problem", "y", "kind", "says"),
    [
        (CLASSES, np.array([0, 3]), BadFile, "3 at row 1"),
        (CLASSES, np.array([0.5, 1.0]), UsageError, "whole numbers"),
        (LABELS, np.array([[0, 1, 2]]), BadFile, "'rare' is neither there nor not"),
        (LABELS, np.array([0, 1]), UsageError, "several labels"),
        (NUMBERS, np.array([[1.0, np.nan]]), BadFile, "'rent' is missing"),
        (NUMBERS, np.array([["a", "b"]]), UsageError, "no numbers"),
    ],
)
def test_targets_of_another_kind_are_refused(problem, y, kind, says):
    with pytest.raises(kind, match=says):
        problem.checked(y)


@pytest.mark.parametrize(
    "about",
    [
        {"kind": "guessing", "names": ["a"]},
        {"kind": "labels", "names": [1]},
        {"kind": "regression", "names": ["a"], "offset": [1.0, 2.0], "divisor": [1.0]},
        {"kind": "regression", "names": ["a"], "offset": [1.0], "divisor": [0.0]},
        {"kind": "regression", "names": ["a"], "offset": [math.inf], "divisor": [1.0]},
    ],
)
def test_a_description_that_makes_no_sense_is_refused(about):
    with pytest.raises(ValueError):
        problem_from(about)


def test_scores_that_are_no_numbers_are_worth_nothing():
    y = np.array([[1.0, 2.0], [3.0, 4.0]])
    for bad in (np.nan, np.inf, -np.inf):
        assert NUMBERS.quality(np.full((2, 2), bad), y) == 0
        assert 0.3 < NUMBERS.standard_error(np.full((2, 2), bad), y) <= 1
    assert Regression(("x",)).r2(np.ones((3, 1)), np.ones((3, 1))) == 1  # a constant, answered right


def test_names_are_made_up_where_none_are_given():
    assert names_of(2, ("only one",)) == ("output 1", "output 2")


def test_of_many_outputs_one_that_hardly_changes_counts_for_little(rng):
    problem = Regression(names_of(50))
    y = rng.normal(size=(80, 50))
    y[:, 3] *= 1e-6
    said = y + rng.normal(size=y.shape) * 0.1
    assert problem.quality(said, y) == pytest.approx(metrics.r2_score(y, said, multioutput="variance_weighted"))
    assert problem.quality(said, y) > 0.98
