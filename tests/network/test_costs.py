from __future__ import annotations

import numpy as np
import pytest

from whynet.errors import UsageError
from whynet.network.costs import COSTS, cost, one_hot

PRIOR = np.array([5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]) / 60000


def spelled_out(name: str, scores: np.ndarray, targets: np.ndarray) -> float:
    """The costs as a textbook writes them, in plain loops and, for the cross-entropies, extended precision."""
    total = np.longdouble(0)
    for row, target in zip(np.longdouble(scores), np.longdouble(targets), strict=True):
        if name == "quadratic":
            total += sum((s - t) ** 2 for s, t in zip(row, target, strict=True)) / 2
        elif name == "sigmoid-cross-entropy":
            for s, t in zip(row, target, strict=True):
                a = 1 / (1 + np.exp(-s))
                total -= t * np.log(a) + (1 - t) * np.log(1 - a)
        else:
            total -= sum(t * np.log(np.exp(s) / np.exp(row).sum()) for s, t in zip(row, target, strict=True))
    return float(total / len(scores))


@pytest.mark.parametrize("name", COSTS)
def test_value_is_the_textbook_formula(name, rng):
    scores, targets = rng.normal(0, 3, (7, 4)), np.eye(4)[rng.integers(4, size=7)]
    assert cost(name).value(scores, targets) == pytest.approx(spelled_out(name, scores, targets), rel=1e-12)


@pytest.mark.parametrize("name", COSTS)
def test_gradient_is_the_slope_of_the_value(name, rng):
    scores, targets = rng.normal(0, 2, (5, 4)), rng.random((5, 4))  # soft targets too
    gradient = cost(name).gradient(scores, targets)
    for index in np.ndindex(*scores.shape):
        h = np.zeros_like(scores)
        h[index] = 1e-5
        numeric = (cost(name).value(scores + h, targets) - cost(name).value(scores - h, targets)) / 2e-5
        assert gradient[index] == pytest.approx(numeric, rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", ["sigmoid-cross-entropy", "softmax-cross-entropy"])
def test_huge_scores_give_the_exact_limit(name, dtype):
    scores = np.array([[1e4, -1e4, -1e4]], dtype=dtype)
    right, wrong = np.array([[1, 0, 0]], dtype=dtype), np.array([[0, 1, 0]], dtype=dtype)
    assert cost(name).value(scores, right) == 0
    assert cost(name).value(scores, wrong) == 2e4
    assert np.isfinite(cost(name).gradient(scores, wrong)).all()
    assert np.isfinite(cost(name).probabilities(scores)).all()


@pytest.mark.parametrize("name", COSTS)
def test_floor_is_the_least_cost_of_a_constant_answer(name, rng):
    """At the best constant scores the value over data with these shares equals the floor, and nowhere is it less."""
    best = {"quadratic": PRIOR, "sigmoid-cross-entropy": np.log(PRIOR / (1 - PRIOR))}.get(name, np.log(PRIOR))
    labels = np.repeat(np.arange(10), np.round(PRIOR * 60000).astype(int))
    targets = np.eye(10)[labels]
    floor = cost(name).floor(PRIOR)
    assert cost(name).value(np.tile(best, (60000, 1)), targets) == pytest.approx(floor, rel=1e-12)
    for _ in range(5):
        other = best + rng.normal(0, 0.1, 10)
        assert cost(name).value(np.tile(other, (60000, 1)), targets) > floor


@pytest.mark.parametrize("name", COSTS)
def test_smoothed_targets_have_a_floor_of_their_own(name, rng):
    targets = 0.9 * np.eye(10) + 0.01
    labels = np.repeat(np.arange(10), np.round(PRIOR * 60000).astype(int))
    mean_target = PRIOR @ targets
    best = {"quadratic": mean_target, "sigmoid-cross-entropy": np.log(mean_target / (1 - mean_target))}
    scores = np.tile(best.get(name, np.log(mean_target)), (60000, 1))
    assert cost(name).value(scores, targets[labels]) == pytest.approx(cost(name).floor(PRIOR, targets), rel=1e-12)
    np.testing.assert_allclose(cost(name).floor(PRIOR, np.eye(10)), cost(name).floor(PRIOR), rtol=1e-12)


def test_the_floor_of_any_targets_is_half_their_variance(rng):
    targets = rng.normal(3, 2, size=(50, 2))
    found = cost("quadratic").floor(np.full(50, 0.02), targets)
    assert found == pytest.approx(0.5 * targets.var(axis=0).sum())
    assert cost("quadratic").floor(np.full(50, 0.02), np.full((50, 2), 7.0)) == pytest.approx(0, abs=1e-25)


@pytest.mark.parametrize("name", COSTS)
def test_a_mean_target_is_not_taken_for_probabilities(name):
    with pytest.raises(UsageError, match="probabilities of the classes"):
        cost(name).floor(np.array([1.2, -0.1]))


@pytest.mark.parametrize(
    ("name", "floor"),
    [("quadratic", 0.44986), ("sigmoid-cross-entropy", 3.24924), ("softmax-cross-entropy", 2.30116)],
)
def test_the_floors_of_mnist(name, floor):
    assert round(cost(name).floor(PRIOR), 5) == floor


@pytest.mark.parametrize("name", COSTS)
def test_cost_does_not_depend_on_how_rows_are_batched(name, rng):
    scores, targets = rng.normal(size=(6, 3)), np.eye(3)[rng.integers(3, size=6)]
    halves = [cost(name).value(scores[part], targets[part]) for part in (slice(0, 3), slice(3, 6))]
    assert cost(name).value(scores, targets) == pytest.approx(np.mean(halves))


@pytest.mark.parametrize("name", COSTS)
def test_predictions_take_the_largest_score(name):
    assert cost(name).predictions(np.array([[0.1, 0.9, 0.3], [2.0, -1.0, 1.0]])).tolist() == [1, 0]


def test_a_single_output_answers_yes_above_one_half():
    assert cost("quadratic").predictions(np.array([[0.4], [0.6]])).tolist() == [0, 1]
    assert cost("sigmoid-cross-entropy").predictions(np.array([[-0.1], [0.1]])).tolist() == [0, 1]
    assert one_hot(np.array([0, 1]), 1, "float64").tolist() == [[0.0], [1.0]]


def test_one_class_alone_costs_nothing_and_is_not_minus_zero():
    assert str(cost("softmax-cross-entropy").floor(np.array([0.0, 1.0]))) == "0.0"
    assert cost("softmax-cross-entropy").floor(np.array([0.5])) == 0.0


def test_a_misspelt_cost_is_answered_with_the_right_one():
    with pytest.raises(UsageError, match="Did you mean 'quadratic'"):
        cost("quadratik")
