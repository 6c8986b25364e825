"""The plateaus of somebody's own targets, beside NumPy's and scikit-learn's figures and the costs themselves."""

from __future__ import annotations

import math
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, log_loss, mean_absolute_error, mean_squared_error, r2_score

from whynet.doctor.floors import MOST, explain
from whynet.doctor.target_floors import class_counts, columns_of, of_targets, spread_of
from whynet.errors import UsageError
from whynet.network.costs import COSTS, floor

SKEWED = [3.0, 3.5, 4.0, 4.0, 5.5, 30.0]
numbers = st.lists(st.floats(-1e6, 1e6).map(lambda value: round(value, 3)), min_size=1, max_size=40)


def first(number, targets):
    return explain(number, targets=targets)[0]


@given(numbers)
def test_the_spread_is_that_of_numpy_and_of_the_costs(values):
    y, spread = np.array(values), spread_of(values)
    close = {"rel": 1e-7, "abs": 1e-6}
    assert spread.variance == pytest.approx(y.var(), **close)
    assert spread.deviation == pytest.approx(np.abs(y - np.median(y)).mean(), **close)
    for cost, found in (("quadratic", spread.variance / 2), ("absolute", spread.deviation), ("huber", spread.huber)):
        assert found == pytest.approx(floor(COSTS[cost], y[:, np.newaxis]), **close)


def test_the_first_reading_is_what_people_mean():
    y = np.array(SKEWED)
    same, middle = np.full(6, y.mean()), np.full(6, np.median(y))
    cases = [
        (mean_squared_error(y, same), "quadratic", "mean over rows (MSE)", "variance of the targets: the mean, 8.3"),
        (mean_squared_error(y, same) / 2, "quadratic", "half, mean over rows", "half the variance of the targets"),
        (math.sqrt(mean_squared_error(y, same)), "RMSE", "root", "the standard deviation of the targets"),
        (mean_absolute_error(y, middle), "absolute", "MAE", "from their median: the median, 4,"),
        (mean_absolute_error(y, same), "absolute", "MAE", "from their mean: the mean, 8.33333,"),
        (1.0, "quadratic", "MSE", "targets in standard deviations"),
        (0.5, "quadratic", "half", "half the variance of targets in standard deviations"),
        (0.0, "R2", "", "nothing is learned"),
        (np.mean(y**2), "quadratic", "MSE", "0 is answered to everything"),
    ]  # fmt: skip
    for number, cost, averaging, meaning in cases:
        found = first(f"{number:.6g}", SKEWED)
        assert found.cost == cost and averaging in found.averaging and meaning in found.meaning, found
        assert found.exact == pytest.approx(number, rel=1e-5, abs=1e-12)
    assert r2_score(y, same) == 0


def test_a_quarter_is_the_variance_of_zeros_and_ones():
    found = first("0.25", [0, 1, 0, 1])
    assert found.meaning == "the variance of the targets: the base rate, 0.5, is answered to everything"
    assert found.exact == 0.25


def test_zeros_and_ones_have_entropies_and_accuracies():
    y = [1, 0, 0, 0]
    entropy = first(f"{log_loss(y, [0.25] * 4):.5f}", y)
    assert (entropy.cost, entropy.averaging) == ("sigmoid-cross-entropy", "mean over rows")
    assert "the entropy of the targets: the base rate, 0.25," in entropy.meaning
    assert "one half" in first("0.6931", y).meaning
    right = first("75%", y)
    assert right.cost == "accuracy" and right.exact == accuracy_score(y, [0] * 4)
    assert "0 is answered" in right.meaning
    assert explain("50%", targets=y)[0].cost == "balanced accuracy"


def test_several_outputs_are_summed_or_averaged():
    rows = np.array([[1.0, 10.0], [3.0, 30.0], [5.0, 20.0]])
    total = rows.var(axis=0).sum()
    assert first(f"{total:.5g}", rows).averaging.startswith("sum over outputs")
    assert first(f"{total / 2 / 2:.5g}", rows).averaging.startswith("half, mean over outputs and rows")
    labels = np.array([[1, 0], [1, 1], [0, 0], [1, 0]])
    share = np.mean([max(column.mean(), 1 - column.mean()) for column in labels.T])
    assert first(f"{100 * share}%", labels).exact == share
    entropy = sum(log_loss(column, [column.mean()] * 4) for column in labels.T)
    assert first(f"{entropy:.5g}", labels).cost == "sigmoid-cross-entropy"


def test_numbers_of_classes_have_the_plateaus_of_classes_too():
    y = [0] * 5 + [1] * 3 + [2] * 2
    entropy = -sum(p * math.log(p) for p in (0.5, 0.3, 0.2))
    found = first(f"{entropy:.5f}", y)
    assert found.cost == "softmax-cross-entropy" and "every row gets the same answer" in found.meaning
    assert first("50%", y).meaning == "every row is answered with class 0"
    assert first("3 of 10", y).cost == "count"
    assert class_counts(columns_of(np.eye(3)[y])) == [5, 3, 2]
    assert class_counts([[0.5, 1.0, 2.0]]) is None
    assert not any("image" in one.meaning + one.averaging for one in explain(f"{entropy:.3f}", targets=y))


@given(numbers, st.floats(0, 1e7))
def test_any_number_gets_at_most_six_readings(targets, number):
    found = explain(number, targets=targets)
    assert len(found) <= MOST
    assert all(math.isfinite(one.exact) for one in found)
    assert all(math.isfinite(one.reading.exact) for one in of_targets([targets]))


@pytest.mark.parametrize(
    "targets", [[], "abc", [1, "x"], [1, math.nan], [[1, 2], [3]], [[]], 5, [math.inf], {"y": [1]}, [None]], ids=repr
)
def test_what_are_no_targets_is_refused(targets):
    with pytest.raises(UsageError):
        explain("0.25", targets=targets)


def test_classes_beside_targets_make_no_sense():
    with pytest.raises(UsageError):
        explain("0.25", targets=[1, 2], classes=3)


def test_targets_need_no_numpy():
    code = "import sys, whynet.doctor.floors as f; f.explain(1, targets=[1, 2]); print('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"
