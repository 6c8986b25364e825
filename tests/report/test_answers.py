"""The page of a run by what it predicts: its figures beside scikit-learn's, its parts, and nothing that breaks it."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from sklearn import datasets
from sklearn.metrics import (
    balanced_accuracy_score,
    f1_score,
    mean_absolute_error,
    precision_score,
    r2_score,
    recall_score,
    root_mean_squared_error,
)

import whynet
from whynet.data.features import ByteImages, FloatFeatures
from whynet.data.problem import Classification, MultiLabel, Regression
from whynet.errors import UsageError
from whynet.report.answers import answers_of, in_words
from whynet.report.importance import DRAWS, importances
from whynet.report.labels import label_figures, together
from whynet.report.numbers import errors_of
from whynet.report.rows import columns_of
from whynet.report.svg import histogram, scatter, ticks

EVIL = "</script><script>alert(1)</script>"


def held(data, size):
    rest, test = data.split(size, seed=0)
    return replace(rest, test=test)


def houses(names=("price", "years left")):
    rng, n = np.random.default_rng(0), 300
    colour, size = rng.integers(0, 3, n), rng.normal(10, 3, n)
    X = np.column_stack([size, rng.normal(size=n), colour == 0, colour == 1, colour == 2]).astype(float)
    y = np.column_stack([size * 1e5 * (1 + colour), rng.normal(size=n) - size])
    features = FloatFeatures(X, ("size", "noise", "colour=blue", "colour=green", "colour=red"))
    return held(whynet.Dataset(features, y, "houses", Regression(names)), 90)


def tags():
    rng, n = np.random.default_rng(1), 400
    X = rng.normal(size=(n, 4))
    y = (X @ rng.normal(size=(4, 3)) > np.array([0, 1, 2])).astype(int)
    return held(whynet.Dataset(FloatFeatures(X, tuple("abcd")), y, "tags", MultiLabel(("beach", "rare", "a & b"))), 100)


def wine():
    b = datasets.load_wine()
    features = FloatFeatures(b.data, tuple(b.feature_names))
    return held(whynet.Dataset(features, b.target, "wine", Classification(tuple(b.target_names))), 50)


def coloured():
    rng = np.random.default_rng(0)
    y, X = rng.integers(0, 3, 120), rng.integers(0, 100, (120, 6, 6, 3))
    for row, colour in enumerate(y):
        X[row, 2:5, 2:5, colour] += 90
    return held(whynet.Dataset(ByteImages(X.astype(np.uint8)), y, "blobs", Classification(("r", "g", "b"))), 40)


DATA = {"numbers": houses, "labels": tags, "table": wine, "colour": coloured}


@pytest.fixture(scope="module")
def runs():
    found = {}
    for name, make in DATA.items():
        data = make()
        recipe = whynet.Recipe(hidden=(8,), epochs=4, learning_rate=0.1) if name == "colour" else table(60)
        found[name] = whynet.fit(recipe.but(validation_size=20), data)
    return found


def table(epochs):
    return whynet.Recipe.named("table").but(hidden=(16,), sizes=None, epochs=epochs)


# ---- figures


def test_errors_are_those_of_scikit_learn():
    rng = np.random.default_rng(3)
    y, predicted = rng.normal(size=(50, 2)) * [1, 1000], rng.normal(size=(50, 2)) * [1, 1000]
    for at, one in enumerate(errors_of(predicted, y, ("a", "b"))):
        assert one.rmse == pytest.approx(root_mean_squared_error(y[:, at], predicted[:, at]))
        assert one.mae == pytest.approx(mean_absolute_error(y[:, at], predicted[:, at]))
        assert one.r2 == pytest.approx(r2_score(y[:, at], predicted[:, at]))
        assert one.sd == pytest.approx(np.std(y[:, at]))
    assert math.isnan(errors_of(np.array([[1.0]]), np.array([[2.0]]), ("a",))[0].r2)


def test_label_figures_are_those_of_scikit_learn():
    rng = np.random.default_rng(4)
    y, said = rng.integers(0, 2, (60, 3)), rng.integers(0, 2, (60, 3))
    for at, one in enumerate(label_figures(said, y, tuple("abc"))):
        assert one.rows == y[:, at].sum()
        assert one.recall == pytest.approx(recall_score(y[:, at], said[:, at]))
        assert one.precision == pytest.approx(precision_score(y[:, at], said[:, at]))
        assert one.f1 == pytest.approx(f1_score(y[:, at], said[:, at]))
    never = label_figures(np.array([[0]]), np.array([[0]]), ("a",))[0]
    assert math.isnan(never.recall) and math.isnan(never.precision) and math.isnan(never.f1)
    counts = together(y)
    for i in range(3):
        for j in range(3):
            assert counts[i, j] == sum(1 for row in y if row[i] and row[j])


def test_answers_are_those_of_scikit_learn(runs):
    run = runs["numbers"]
    test, found = run.data.test, answers_of(run.network, run.data.test)
    predicted = run.network.predict(test.inputs)
    assert found.metrics["rmse"]["price"] == pytest.approx(
        root_mean_squared_error(test.y[:, 0], predicted[:, 0]), rel=1e-5
    )
    assert f"{root_mean_squared_error(test.y[:, 0], predicted[:, 0]):,.0f}" in "\n".join(in_words(run.network, test))
    run = runs["labels"]
    test, said = run.data.test, run.network.predict(run.data.test.inputs)
    found = answers_of(run.network, test)
    balanced = np.mean([balanced_accuracy_score(test.y[:, at], said[:, at]) for at in range(3)])
    assert found.quality == pytest.approx(balanced)
    assert found.metric.value == pytest.approx(f1_score(test.y, said, average="macro", zero_division=1.0))
    assert f"{balanced:.2%}" in in_words(run.network, test)[0]


def test_a_network_that_answers_something_else_is_refused(runs):
    with pytest.raises(UsageError, match="does not answer"):
        answers_of(runs["numbers"].network, runs["labels"].data.test)
    one = whynet.Dataset(np.zeros((9, 5)), np.arange(9.0), problem=Regression(("a",)))
    with pytest.raises(UsageError, match="does not answer"):
        answers_of(runs["numbers"].network, one)


# ---- importance


def test_importances_are_the_falls_by_hand(runs):
    run = runs["numbers"]
    test, network = run.data.test, run.network
    columns = columns_of(test)
    assert [column.features for column in columns] == [(0,), (1,), (2, 3, 4)]
    found = {one.column.name: one for one in importances(network, test, columns, 5)}

    def r2(X):  # each output in its own standard deviations: all together are the mean of both
        predicted = network.predict(X)
        return np.mean([r2_score(test.y[:, at], predicted[:, at]) for at in range(2)])

    rng = np.random.default_rng([5, 11])
    for column in columns:
        falls = []
        for _ in range(DRAWS):
            order, X = rng.permutation(len(test)), test.inputs.copy()
            for row in range(len(X)):
                for place in column.features:
                    X[row, place] = test.inputs[order[row], place]
            falls.append(r2(test.inputs) - r2(X))
        assert found[column.name].fall == pytest.approx(np.mean(falls), abs=1e-6)
        assert found[column.name].sd == pytest.approx(np.std(falls, ddof=1), abs=1e-6)
    assert found["size"].fall > found["noise"].fall and found["colour"].fall > found["noise"].fall


def test_columns_are_those_that_the_encoding_knows():
    kind = SimpleNamespace
    encoding = kind(columns=(
        kind(name="a=b", kind="number", features=("a=b",), words=()),
        kind(name="colour", kind="words", features=("colour=blue", "colour=red"), words=("blue", "red")),
    ))  # fmt: skip
    X = FloatFeatures(np.array([[1.5, 0, 1], [2, 0, 0]]), ("a=b", "colour=blue", "colour=red"), encoding)
    first, second = columns_of(whynet.Dataset(X, np.array([0, 1]), problem=("n", "y")))
    assert (first.name, first.shown(X.rows[0]), second.shown(X.rows[0]), second.shown(X.rows[1])) == (
        "a=b", "1.5", "red", "another",
    )  # fmt: skip
    bare = whynet.Dataset(np.zeros((3, 2)), np.array([0, 1, 0]), problem=("n", "y"))
    assert [one.name for one in columns_of(bare)] == ["column 1", "column 2"]


# ---- pages

HEADINGS = {
    "numbers": ("How far the predictions are off", "Predicted against true", "Residuals", "Worst rows",
                "What each column is good for", "R2 on 90 test rows", "colour"),
    "labels": ("Each label", "Labels that occur together", "are right in all labels", "Worst mistakes", "a &amp; b",
               "What each column is good for"),
    "table": ("Confusion matrix", "Worst mistakes", "What each column is good for", "flavanoids", "of a test row"),
    "colour": ("Confusion matrix", "What the units look for", "light of a pixel"),
}  # fmt: skip


@pytest.mark.parametrize("name", DATA)
def test_a_page_has_what_belongs_to_its_problem(runs, name):
    page = runs[name].report()
    for heading in HEADINGS[name]:
        assert heading in page, heading
    words = re.sub(r"<script.*?</script>|<style.*?</style>|<[^>]+>", " ", page, flags=re.DOTALL)
    assert not re.search(r"\bnan\b|\{_?[a-z]+", words), re.findall(r".{20}(?:nan|\{).{20}", words)
    if name != "colour":
        assert "image" not in words and "What the units look for" not in page
    if name == "numbers":
        assert "Confusion" not in page and "accuracy" not in words
        assert page.count("<circle") == 2 * 2 * 90
    outside = re.findall(r'(?:src|href)="(?!data:)[^"]*"|@import|url\((?!data:)', page.split("<script>")[0])
    assert outside == []


def test_names_cannot_break_a_page():
    data = houses((EVIL, "b"))
    X = FloatFeatures(data.X.array, (EVIL, "noise", f"{EVIL}=1", f"{EVIL}=2", "c"))
    test = replace(data.test, X=FloatFeatures(data.test.X.array, X.names))
    data = replace(data, X=X, name=EVIL, source=EVIL, test=test)
    run = whynet.fit(table(2), data)
    for shown in (run.report(), data._repr_html_(), run._repr_html_()):
        assert "alert(1)</script>" not in shown


@pytest.mark.parametrize(
    "data",
    [
        lambda: held(whynet.Dataset(np.arange(24.0).reshape(12, 2), np.ones(12), problem=Regression(("a",))), 3),
        lambda: held(whynet.Dataset(np.arange(24.0).reshape(12, 2), np.arange(12.0), problem=Regression(("a",))), 1),
        lambda: held(whynet.Dataset(np.zeros((40, 2)), np.arange(40.0) * 1e9, problem=Regression(("a",))), 20),
        lambda: whynet.Dataset(np.zeros((40, 2)), np.arange(40.0), problem=Regression(("a",))),
        lambda: held(whynet.Dataset(np.zeros((40, 2)), np.zeros((40, 1), int), problem=MultiLabel(("a",))), 20),
        lambda: held(whynet.Dataset(np.ones((40, 2)), np.ones((40, 30), int), problem=MultiLabel(tuple(
            f"l{at}" for at in range(30)))), 20),
        lambda: held(whynet.Dataset(np.arange(960.0).reshape(60, 4, 4), np.arange(60) % 2, problem=("n", "y")), 30),
        lambda: held(whynet.Dataset(ByteImages(np.arange(640).reshape(40, 4, 4).astype(np.uint8)), np.arange(40.0),
                                    problem=Regression(("a",))), 20),
        lambda: held(whynet.Dataset(ByteImages(np.arange(640).reshape(40, 4, 4).astype(np.uint8)),
                                    np.arange(80).reshape(40, 2) % 2, problem=MultiLabel(("a", "b"))), 20),
    ],
    ids=["one number", "one row", "nothing to see", "no test", "no label", "many labels", "float pictures", "pictures",
         "labelled pictures"],
)  # fmt: skip
def test_every_odd_table_has_a_page_and_a_cell(data):
    data = data()
    run = whynet.fit(table(2).but(scaling="raw") if data.are_pictures else table(2), data)
    words = re.sub(r"<script.*?</script>", " ", run.report(), flags=re.DOTALL)
    assert words.startswith("<!doctype html>")
    assert not re.search(r">\s*(nan|none)\b|NaN", words)
    assert data._repr_html_() and run.history._repr_html_()


def test_numbers_that_blew_up_have_a_page():
    data = houses()
    run = whynet.fit(table(3).but(optimizer="sgd", learning_rate=1e30, activation="identity"), data)
    assert "not finite" in run.report() or "How far" in run.report()


def test_a_table_shows_itself_in_a_notebook(runs):
    shown = runs["numbers"].data._repr_html_()
    assert "210 rows of 3 columns, 90 more to test" in shown
    for word in ("size", "colour", "price", "years left", "numbers are predicted"):
        assert word in shown
    assert "class_1" in runs["table"].data._repr_html_()
    assert "data:image/png" in runs["colour"].data._repr_html_()
    assert "R2 " in runs["numbers"]._repr_html_()
    history = runs["numbers"].history
    assert f"<td>{history[-1].test_quality:.4f}</td>" in history._repr_html_()


# ---- drawing


def test_ticks_are_round_and_inside():
    rng = np.random.default_rng(0)
    for _ in range(200):
        low, width = rng.normal() * 10.0 ** rng.integers(-6, 9), 10.0 ** rng.uniform(-6, 9)
        found = ticks(low, low + width)
        assert 2 <= len(found) <= 12
        assert all(low - 1e-6 * width <= one <= low + width * (1 + 1e-6) for one in found)
    assert ticks(3.0, 3.0) == [3.0]


def test_points_lie_inside_their_picture():
    x, y = np.array([0.0, 5.0, 5.0]), np.array([1e6, -1e6, 0.0])
    drawn = scatter(x, y, x_label="x", y_label="y", titles=["<a>", "b", "c"])
    places = [(float(a), float(b)) for a, b in re.findall(r'cx="([\d.]+)" cy="([\d.]+)"', drawn)]
    assert len(places) == 3 and all(0 <= a <= 360 and 0 <= b <= 270 for a, b in places)
    assert places[0][0] < places[1][0] and places[0][1] < places[1][1]  # up is less
    assert "&lt;a&gt;" in drawn
    counts = [int(one) for one in re.findall(r": (\d+)</title>", histogram(np.array([1.0, 1, 2, 9]), x_label="x"))]
    assert sum(counts) == 4
