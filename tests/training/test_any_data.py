"""Training on tables, numbers and labels: what it comes to, against closed forms and scikit-learn."""

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_diabetes, make_multilabel_classification
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import whynet
from whynet.data.dataset import Dataset
from whynet.data.features import FloatFeatures
from whynet.data.problem import Classification, MultiLabel, Regression
from whynet.errors import UsageError
from whynet.training.checking import check
from whynet.training.prepare import prepare
from whynet.training.recipe import Recipe
from whynet.training.run import Run
from whynet.training.yardstick import linear_quality


def numbers(test=True):
    X, y = load_diabetes(return_X_y=True, scaled=False)
    data = Dataset(FloatFeatures(X), y, "diabetes", Regression(("progression",)))
    rest, held = data.split(88, seed=0)
    return Dataset(rest.X, rest.y, "diabetes", rest.problem, held if test else None)


def classes():
    X, y = load_breast_cancer(return_X_y=True)
    rest, held = Dataset(FloatFeatures(X), y, "cancer", Classification(("malignant", "benign"))).split(113, seed=0)
    return Dataset(rest.X, rest.y, "cancer", rest.problem, held)


def labels():
    X, y = make_multilabel_classification(400, n_features=12, n_classes=3, random_state=0)
    rest, held = Dataset(FloatFeatures(X), y, "labels", MultiLabel(tuple("abc"))).split(100, seed=0)
    return Dataset(rest.X, rest.y, "labels", rest.problem, held)


KINDS = pytest.mark.parametrize("make", [numbers, classes, labels])


@pytest.mark.slow
def test_a_line_under_the_quadratic_cost_becomes_that_of_least_squares():
    data = numbers()
    recipe = Recipe(
        hidden=(), cost="quadratic", scaling="standard", target_scaling="standard", init="zeros",
        learning_rate=0.2, batch_size="full", epochs=20_000, dtype="float64",
    )  # fmt: skip
    run = whynet.fit(recipe, data)
    X = np.column_stack([data.inputs, np.ones(len(data))])
    solution, *_ = np.linalg.lstsq(X, data.y, rcond=None)
    expected = np.column_stack([data.test.inputs, np.ones(len(data.test))]) @ solution
    np.testing.assert_allclose(run.network.predict(data.test.inputs), expected, rtol=1e-3)


def test_the_yardsticks_are_those_of_scikit_learn():
    data = numbers()
    ridge = make_pipeline(StandardScaler(), Ridge(alpha=1.0)).fit(data.inputs, data.y)
    assert linear_quality(Recipe(), data, data.test) == pytest.approx(ridge.score(data.test.inputs, data.test.y), 1e-3)
    data = classes()
    logistic = make_pipeline(StandardScaler(), LogisticRegression()).fit(data.inputs, data.y)
    expected = logistic.score(data.test.inputs, data.test.y)
    assert linear_quality(Recipe(), data, data.test) == pytest.approx(expected, abs=0.02)
    data = labels()
    said = [
        make_pipeline(StandardScaler(), LogisticRegression()).fit(data.inputs, data.y[:, k]).predict(data.test.inputs)
        for k in range(3)
    ]
    expected = data.problem.quality(np.column_stack(said), data.test.y)
    assert linear_quality(Recipe(), data, data.test) == pytest.approx(expected, abs=0.04)


@KINDS
def test_the_recipe_for_tables_is_as_good_as_a_linear_model(make):
    data = make()
    last = whynet.fit("table", data).history[-1]
    assert last.test_quality > linear_quality(Recipe(), data, data.test) - 0.06
    assert last.metric.name == {"numbers": "R2", "classes": "accuracy", "labels": "F1"}[make.__name__]
    assert (last.test_accuracy is None) == (make is not classes)


@KINDS
def test_both_engines_take_the_same_steps(make):
    recipe = Recipe.named("table").but(epochs=3, dtype="float64")
    vectors = [
        whynet.fit(recipe.but(engine=engine), make()).network.params.vector for engine in ("native", "reference")
    ]
    np.testing.assert_allclose(*vectors, atol=1e-9)


@KINDS
def test_the_gradients_of_the_recipe_are_right(make):
    assert check(prepare(Recipe.named("table").but(activation="tanh"), make())).passed


@pytest.mark.parametrize("cost", ["absolute", "huber", "quadratic"])
def test_costs_of_numbers_have_the_floor_of_their_constant_answer(cost):
    data = numbers()
    prepared = prepare(Recipe.named("table").but(cost=cost), data)
    z = (data.y - data.y.mean()) / data.y.std()
    of = {
        "quadratic": lambda e: e**2 / 2, "absolute": np.abs,
        "huber": lambda e: np.where(np.abs(e) <= 1, e**2 / 2, np.abs(e) - 0.5),
    }[cost]  # fmt: skip
    least = min(float(of(z - c).mean()) for c in np.linspace(-1, 1, 4001))
    assert prepared.floor == pytest.approx(least, abs=1e-5)


def test_scaling_knows_nothing_of_rows_held_back():
    data = numbers()
    wild = Dataset(
        FloatFeatures(data.test.inputs * 1000), data.test.y * 1000, "diabetes", data.problem
    )  # fmt: skip
    other = Dataset(data.X, data.y, "diabetes", data.problem, wild)
    recipe = Recipe.named("table").but(epochs=1, validation_size=60)
    first, second = whynet.fit(recipe, data).network, whynet.fit(recipe, other).network
    assert (first.scaling, first.problem) == (second.scaling, second.problem)
    rest, _ = data.split(60, seed=0)
    assert first.scaling.offset == pytest.approx(rest.inputs.mean(axis=0).tolist())
    assert first.problem.offset == (pytest.approx(rest.y.mean()),)


@KINDS
def test_a_model_file_is_all_that_is_needed_to_predict(make, tmp_path):
    data = make()
    network = whynet.fit(Recipe.named("table").but(epochs=2), data).network
    network.save(tmp_path / "m.safetensors")
    again = whynet.Network.load(tmp_path / "m.safetensors")
    np.testing.assert_array_equal(again.predict(data.test.inputs), network.predict(data.test.inputs))
    assert (again.problem, again.scaling) == (network.problem, network.scaling)
    again.save(tmp_path / "n.safetensors")
    assert (tmp_path / "m.safetensors").read_bytes() == (tmp_path / "n.safetensors").read_bytes()


@KINDS
def test_patience_keeps_the_epoch_of_the_best_quality(make):
    recipe = Recipe.named("table").but(epochs=30, patience=3, validation_size=80, learning_rate=0.05)
    run = whynet.fit(recipe, make())
    qualities = run.history["validation_quality"]
    assert qualities[run.best_epoch] == max(qualities)


def test_a_run_on_numbers_reads_its_own_records_back(tmp_path):
    run = whynet.fit(Recipe(data="diabetes", cost="auto", epochs=3, scaling="standard"), whynet.load("diabetes"))
    run.directory = None
    lines = b"".join(epoch.to_json() + b"\n" for epoch in run.history).decode()
    from whynet.training.history import History

    assert History.from_json_lines(lines, "here").epochs == run.history.epochs


def test_one_output_for_two_classes_is_an_ordinary_case():
    data = classes()
    recipe = Recipe.named("table").but(hidden=None, sizes=(30, 20, 1), cost="sigmoid-cross-entropy")
    run = whynet.fit(recipe, data)
    assert run.history[-1].test_accuracy > 0.93
    share = data.y.mean()
    assert run.floor == pytest.approx(-share * np.log(share) - (1 - share) * np.log(1 - share))
    assert set(run.network.predict(data.test.inputs)) == {0, 1}


def test_weights_of_rows_count():
    data = numbers()
    half = np.where(np.arange(len(data)) % 2, 2.0, 0.0)
    heavy = Dataset(data.X, data.y, "w", data.problem, data.test, weights=half)
    recipe = Recipe(
        hidden=(), cost="quadratic", scaling="standard", target_scaling="standard", init="zeros",
        learning_rate=0.2, batch_size="full", epochs=5000, dtype="float64",
    )  # fmt: skip
    found = whynet.fit(recipe, heavy).network.predict(data.test.inputs)
    odd = data.take(slice(1, None, 2))
    X = np.column_stack([odd.inputs, np.ones(len(odd))])
    solution, *_ = np.linalg.lstsq(X, odd.y, rcond=None)
    expected = np.column_stack([data.test.inputs, np.ones(len(data.test))]) @ solution
    np.testing.assert_allclose(found, expected, rtol=0.02)


@pytest.mark.parametrize(
    ("changes", "make", "says"),
    [
        ({"cost": "softmax-cross-entropy"}, numbers, "is for classes"),
        ({"cost": "sigmoid-cross-entropy"}, numbers, "targets from 0 to 1"),
        ({"label_smoothing": 0.1}, numbers, "label smoothing is for classes"),
        ({"class_weights": "balanced"}, labels, "class weights is for classes"),
        ({"rotation": 5.0}, classes, "only grey images"),
        ({"hidden": None, "sizes": (12, 5, 1)}, labels, "do not fit the data"),
        ({"hidden": None, "sizes": (30, 5, 3)}, classes, "do not fit the data"),
    ],
)
def test_what_makes_no_sense_for_such_data_is_refused(changes, make, says):
    with pytest.raises(UsageError, match=says):
        Run.create(Recipe.named("table").but(**changes), make())
