from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize

from whynet.data.problem import Classification
from whynet.errors import UsageError
from whynet.network.costs import COSTS, cost, floor, one_hot

PRIOR = np.array([5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]) / 60000


def spelled_out(name: str, scores: np.ndarray, targets: np.ndarray) -> float:
    """The costs as a textbook writes them, in plain loops and, for the cross-entropies, extended precision."""
    total = np.longdouble(0)
    for row, target in zip(np.longdouble(scores), np.longdouble(targets), strict=True):
        errors = [abs(s - t) for s, t in zip(row, target, strict=True)]
        if name == "quadratic":
            total += sum(e**2 for e in errors) / 2
        elif name == "absolute":
            total += sum(errors)
        elif name == "huber":
            total += sum(e**2 / 2 if e <= 1 else e - np.longdouble(0.5) for e in errors)
        elif name == "sigmoid-cross-entropy":
            for s, t in zip(row, target, strict=True):
                a = 1 / (1 + np.exp(-s))
                total -= t * np.log(a) + (1 - t) * np.log(1 - a)
        else:
            total -= sum(t * np.log(np.exp(s) / np.exp(row).sum()) for s, t in zip(row, target, strict=True))
    return float(total / len(scores))


def kinks(name: str, scores: np.ndarray, targets: np.ndarray) -> float:
    """How near the nearest error is to one where the cost's slope jumps."""
    return float(np.abs(scores - targets).min()) if name == "absolute" else np.inf


@pytest.mark.parametrize("name", COSTS)
def test_value_is_the_textbook_formula(name, rng):
    scores, targets = rng.normal(0, 3, (7, 4)), np.eye(4)[rng.integers(4, size=7)]
    assert cost(name).value(scores, targets) == pytest.approx(spelled_out(name, scores, targets), rel=1e-12)


@pytest.mark.parametrize("name", COSTS)
def test_gradient_is_the_slope_of_the_value(name, rng):
    scores, targets = rng.normal(0, 2, (5, 4)), rng.random((5, 4))  # soft targets too
    assert kinks(name, scores, targets) > 1e-4
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


def some_targets(name: str, rng: np.random.Generator, rows: int, outputs: int) -> np.ndarray:
    """Targets in 0..1 for the cross-entropies, else any numbers, some far off and some equal."""
    if "entropy" in name:
        targets = rng.random((rows, outputs))
        return targets / targets.sum(axis=1, keepdims=True) if "softmax" in name else targets
    return np.round(5 * rng.standard_t(2, (rows, outputs)), 1)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("outputs", [1, 3])
@pytest.mark.parametrize("name", COSTS)
def test_no_other_constant_costs_less_than_the_best(name, outputs, weighted, rng):
    """Nelder and Mead's search, which knows no derivative, from several places; and a look near by."""
    targets = some_targets(name, rng, 9, outputs)
    weights = rng.integers(0, 4, 9).astype(float) if weighted else None
    each = np.ones(9) if weights is None else weights

    def of(scores: np.ndarray) -> float:
        rows = zip(each, targets, strict=True)
        return sum(w * cost(name).value(scores[np.newaxis], t[np.newaxis]) for w, t in rows) / each.sum()

    best, least = cost(name).best_constant(targets, weights), floor(cost(name), targets, weights)
    assert best.shape == (outputs,)
    assert least == pytest.approx(of(best), rel=1e-12, abs=1e-12)
    found = min(minimize(of, start, method="Nelder-Mead").fun for start in (best, targets[0], targets[-1]))
    assert found == pytest.approx(least, rel=1e-6, abs=1e-9)
    assert found >= least - 1e-9
    for step in (1e-4, 1e-2, 1.0):
        assert of(best + rng.normal(0, step, outputs)) >= least - 1e-12


@pytest.mark.parametrize("name", COSTS)
def test_the_floor_is_the_cost_of_the_best_constant_on_all_rows(name, rng):
    labels = np.repeat(np.arange(10), np.round(PRIOR * 60000).astype(int))
    for targets in (np.eye(10), 0.9 * np.eye(10) + 0.01):  # certain, and smoothed
        scores = np.tile(cost(name).best_constant(targets, PRIOR), (60000, 1))
        expected = floor(cost(name), targets, PRIOR)
        assert cost(name).value(scores, targets[labels]) == pytest.approx(expected, rel=1e-12)
        assert floor(cost(name), targets, 60000 * PRIOR) == pytest.approx(expected, rel=1e-13)
        np.testing.assert_allclose(
            cost(name).best_constant(targets[labels]), cost(name).best_constant(targets, PRIOR), rtol=1e-9, atol=1e-12
        )


def test_the_floor_of_squares_is_half_the_variance_of_any_targets(rng):
    targets = rng.normal(3, 2, size=(50, 2))
    assert floor(cost("quadratic"), targets) == pytest.approx(0.5 * targets.var(axis=0).sum())
    assert floor(cost("quadratic"), np.full((50, 2), 7.0)) == pytest.approx(0, abs=1e-25)


def test_the_median_is_that_of_numpy_and_weights_are_repetitions(rng):
    for rows in (1, 2, 7, 8):
        targets, weights = rng.normal(size=(rows, 3)), rng.integers(1, 5, rows)
        np.testing.assert_array_equal(cost("absolute").best_constant(targets), np.median(targets, axis=0))
        repeated = np.median(np.repeat(targets, weights, axis=0), axis=0)
        np.testing.assert_array_equal(cost("absolute").best_constant(targets, weights), repeated)


def test_the_best_constant_of_hubers_cost_lies_between_mean_and_median():
    targets = np.array([[0.0], [0.5], [0.25], [40.0]])
    assert cost("absolute").best_constant(targets)[0] == 0.375
    assert cost("huber").best_constant(targets)[0] == pytest.approx((0.75 + 1) / 3)  # s - 0 + s - 1/2 + s - 1/4 = 1
    assert cost("quadratic").best_constant(targets)[0] == 10.1875


@pytest.mark.parametrize("name", COSTS)
def test_rows_that_count_nothing_cost_nothing(name):
    assert floor(cost(name), np.eye(3), np.zeros(3)) == 0


@pytest.mark.parametrize("name", ["sigmoid-cross-entropy", "softmax-cross-entropy"])
def test_a_cross_entropy_takes_probabilities_only(name):
    with pytest.raises(UsageError, match="one of probabilities"):
        cost(name).best_constant(np.array([[1.2], [-0.1]]))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("quadratic", 0.44986), ("sigmoid-cross-entropy", 3.24924), ("softmax-cross-entropy", 2.30116),
        ("absolute", 1.0), ("huber", 0.44986),
    ],
)  # fmt: skip
def test_the_floors_of_mnist(name, expected):
    assert round(floor(cost(name), np.eye(10), PRIOR), 5) == expected


@pytest.mark.parametrize("name", COSTS)
def test_cost_does_not_depend_on_how_rows_are_batched(name, rng):
    scores, targets = rng.normal(size=(6, 3)), np.eye(3)[rng.integers(3, size=6)]
    halves = [cost(name).value(scores[part], targets[part]) for part in (slice(0, 3), slice(3, 6))]
    assert cost(name).value(scores, targets) == pytest.approx(np.mean(halves))


def test_a_single_output_answers_yes_above_the_middle():
    two = Classification(("no", "yes"))
    for one in COSTS.values():
        assert two.predictions(np.array([[one.middle - 0.1], [one.middle + 0.1]]), one.middle).tolist() == [0, 1]
    assert (COSTS["quadratic"].middle, COSTS["sigmoid-cross-entropy"].middle) == (0.5, 0.0)
    assert one_hot(np.array([0, 1]), 1, "float64").tolist() == [[0.0], [1.0]]


def test_one_class_alone_costs_nothing_and_is_not_minus_zero():
    assert str(floor(cost("softmax-cross-entropy"), np.eye(2), np.array([0.0, 1.0]))) == "0.0"
    assert floor(cost("softmax-cross-entropy"), np.array([[0.0], [1.0]])) == 0.0


def test_a_misspelt_cost_is_answered_with_the_right_one():
    with pytest.raises(UsageError, match="Did you mean 'quadratic'"):
        cost("quadratik")
