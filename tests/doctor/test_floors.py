from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from whynet.doctor import floors
from whynet.doctor.floors import explain
from whynet.errors import UsageError
from whynet.network.costs import COSTS, floor

FLOORS = {
    "quadratic": floors.quadratic_floor,
    "sigmoid-cross-entropy": floors.sigmoid_cross_entropy_floor,
    "softmax-cross-entropy": floors.softmax_cross_entropy_floor,
}


@given(st.lists(st.floats(0, 1), min_size=2, max_size=12).filter(lambda shares: sum(shares) > 0.01))
def test_the_floors_are_those_of_the_costs(shares):
    prior = [share / sum(shares) for share in shares]
    for name, spelled in FLOORS.items():
        found = floor(COSTS[name], np.eye(len(prior)), np.array(prior))
        assert spelled(prior) == pytest.approx(found, rel=1e-12, abs=1e-12)


@pytest.mark.parametrize(
    ("number", "cost", "averaging", "exact", "words"),
    [
        ("0.45", "quadratic", "half the sum", 0.44986, "same answer"),
        ("0.4499", "quadratic", "half the sum", 0.44986, "same answer"),
        ("0.4686", "quadratic", "half the sum", None, None),
        ("4.5", "quadratic", "half the sum", 4.5, "at 1"),
        ("4.37", None, None, None, None),
        ("1.25", "quadratic", "half the sum", 1.25, "one half"),
        ("3.25", "sigmoid-cross-entropy", "sum over", 3.24924, "same answer"),
        ("3.24", "sigmoid-cross-entropy", "sum over", 3.24924, "same answer"),
        ("0.325", "sigmoid-cross-entropy", "mean over outputs", 0.324924, "same answer"),
        ("2.3026", "softmax-cross-entropy", "mean", math.log(10), "same probability"),
        ("2.3012", "softmax-cross-entropy", "mean", 2.30116, "same answer"),
        ("0.09", "quadratic", "MSE", 0.089971, "same answer"),
        ("0.9", "quadratic", "sum over", 0.89971, "same answer"),
        ("0.25", "quadratic", "not halved", 0.25, "XOR"),
        ("0.693", "sigmoid-cross-entropy", "mean", math.log(2), "XOR"),
        ("1.0986", "softmax-cross-entropy", "mean", math.log(3), "3 classes"),
        ("6.93", "sigmoid-cross-entropy", "sum over", 10 * math.log(2), "one half"),
        ("23.03", "softmax-cross-entropy", "batch of 10", 10 * math.log(10), "same probability"),
        ("1.4612", "softmax-cross-entropy", "mean", math.log(math.e + 9) - 1, "softmax of a softmax"),
        ("958 of 10000", "count", "10,000", 958, "sixes"),
        ("958 / 10,000", "count", "10,000", 958, "sixes"),
        ("958", "count", "10,000", 958, "sixes"),
        ("890", "count", "10,000", 892, "fives"),
        ("11.35%", "accuracy", "share", 0.1135, "ones"),
        ("11.35 %", "accuracy", "share", 0.1135, "ones"),
        ("0.1135", "accuracy", "share", 0.1135, "ones"),
        ("9.8%", "accuracy", "share", 0.098, "zeros"),
        ("87.47%", "accuracy", "share", 0.9, "never answered"),
    ],
)
def test_the_first_reading(number, cost, averaging, exact, words):
    readings = explain(number)
    if exact is None:
        assert all(abs(one.exact - float(number)) <= 0.05 * one.exact for one in readings)
        return
    first = readings[0]
    assert first.cost == cost
    assert averaging in first.averaging
    assert first.exact == pytest.approx(exact, rel=1e-4)
    assert words in first.meaning


def test_an_exact_count_is_not_also_a_near_one():
    assert [one.exact for one in explain("958 of 10000")] == [958]


def test_a_quarter_is_xor_or_ten_outputs_at_one_half():
    assert [one.averaging.split(",")[0] for one in explain("0.25")][:2] == [
        "mean over examples",
        "mean over outputs and images (MSE)",
    ]


def test_other_numbers_of_classes_and_other_labels():
    assert explain("0.333", classes=3)[0].exact == pytest.approx(0.5 * 3 * (1 / 3) * (2 / 3))
    assert explain("4.605", classes=100)[0].exact == pytest.approx(math.log(100))
    assert explain("10%", labels="fashion-mnist")[0].exact == 0.1
    skewed = explain("0.18", labels=[90, 10])[0]
    assert skewed.exact == pytest.approx(0.18)
    assert explain("900", labels=[900, 100])[0].exact == 900


@given(st.floats(0, 1e9, allow_nan=False))
def test_any_number_gets_at_most_six_readings_near_it(number):
    readings = explain(number)
    assert len(readings) <= floors.MOST
    for one in readings:
        if one.cost not in ("accuracy", "count"):
            assert abs(one.exact - number) <= 0.05 * one.exact


@pytest.mark.parametrize(
    "number",
    ["", "abc", "0.4.5", "958 of", "11000 of 10000", "nan", "inf", "1 2", "5 of 0", "1e400", "9" * 50],
)
def test_what_is_no_number_is_refused(number):
    with pytest.raises(UsageError):
        explain(number)


@pytest.mark.parametrize(
    "options",
    [{"classes": 1}, {"labels": "mnst"}, {"labels": [1]}, {"labels": [1, -1]}, {"labels": [1, 1], "classes": 3}],
)
def test_labels_that_make_no_sense_are_refused(options):
    with pytest.raises(UsageError):
        explain("0.45", **options)


def test_a_number_is_no_plateau():
    assert explain("0.2345678") == []
