"""scikit-learn's perceptrons: fitted or not, alone or in a pipeline, images or tables."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.compose import TransformedTargetRegressor, make_column_transformer
from sklearn.datasets import load_wine
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import r2_score
from sklearn.model_selection import GridSearchCV
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import whynet
from plants.wards import agreement, changes_in_words, false_alarms, healthy_estimators, in_sklearn, sklearn_patient
from whynet.doctor.change import Change
from whynet.doctor.diagnosis import Settings
from whynet.errors import UsageError, WhynetError
from whynet.report.diagnosis import diagnosis_in_words
from whynet.report.wording.remarks import all_in_words
from whynet.subjects.frameworks import scikit
from whynet.subjects.frameworks.scikit import diagnose_sklearn
from whynet.subjects.plants import SOUND, plants
from whynet.subjects.recipe import diagnose_recipe


def test_pixels_that_are_not_scaled_are_named_in_its_words(digits):
    estimator = MLPClassifier(
        (30,), solver="sgd", activation="logistic", learning_rate_init=0.5, max_iter=20, n_iter_no_change=20
    )
    before = estimator.get_params()
    found = diagnose_sklearn(estimator, data=(digits.inputs, digits.labels))
    assert (found.verdict[0].cause, found.verdict[0].status) == ("input-not-scaled", "proved")
    assert changes_in_words(found) == ["`X = X / 255`"]
    assert estimator.get_params() == before
    assert not hasattr(estimator, "coefs_")


def test_a_penalty_is_said_as_alpha(digits):
    estimator = MLPClassifier((30,), alpha=1e4, batch_size=20, max_iter=20)
    found = diagnose_sklearn(estimator, data=(digits.inputs / 255, digits.labels))
    assert found.verdict[0].cause == "regularisation-too-strong", diagnosis_in_words(found, verbose=True)
    assert changes_in_words(found)[:1] == ["`MLPClassifier(alpha=0)`"], diagnosis_in_words(found, verbose=True)


def test_a_fitted_one_is_understood_and_its_own_epochs_are_taken(digits):
    names = np.array(list("abcdefghij"))[digits.labels]
    estimator = MLPClassifier((20,), max_iter=200, tol=0.05, random_state=0).fit(digits.inputs / 255, names)
    found = diagnose_sklearn(estimator, data=(digits.inputs / 255, names), trials=False)
    settings = found.settings
    assert settings.epochs == estimator.n_iter_ < 200
    assert (settings.optimizer, settings.batch, settings.activation) == ("adam", 200, "relu")
    assert any("stopped by itself" in remark for remark in all_in_words(found))
    estimator.coefs_[0] *= 2
    assert diagnose_sklearn(estimator, data=(digits.inputs / 255, names), trials=False).settings == settings


def test_tables_are_tried_by_scikit_learn_itself():
    X, y = load_wine(return_X_y=True)
    found = diagnose_sklearn(MLPClassifier((20,), max_iter=300, random_state=0), data=(X, y))
    assert (found.verdict[0].cause, found.verdict[0].status) == ("input-not-scaled", "proved")
    assert changes_in_words(found) == ["`make_pipeline(StandardScaler(), MLPClassifier())`"]
    scaled = make_pipeline(StandardScaler(), MLPClassifier((20,), max_iter=100, random_state=0))
    assert diagnose_sklearn(scaled, data=(X, y)).state == "healthy"


@pytest.mark.parametrize("kind", [MLPClassifier, MLPRegressor])
def test_tables_with_one_hot_targets_are_recipes_of_outputs_each_for_itself(kind, digits):
    perceptron = kind(hidden_layer_sizes=(50,), learning_rate_init=0.01, max_iter=30, random_state=0)
    data = (digits.inputs, np.eye(10)[digits.labels])
    found = diagnose_sklearn(make_pipeline(StandardScaler(), perceptron), data=data)
    assert (found.state, found.verdict) == ("healthy", [])
    assert "whynet's engine" in found.used["trials"]


def test_a_regressor_is_spoken_of_as_one(digits):
    estimator = MLPRegressor(hidden_layer_sizes=(30,), alpha=1e4, batch_size=20, max_iter=20)
    found = diagnose_sklearn(estimator, data=(digits.inputs / 255, np.eye(10)[digits.labels]))
    assert found.verdict[0].cause == "regularisation-too-strong", diagnosis_in_words(found, verbose=True)
    assert changes_in_words(found)[0] == "`MLPRegressor(alpha=0)`"


def numbers(rng, n=400):
    X = rng.normal(size=(n, 4))
    return X, 3 * X[:, 0] - X[:, 1] ** 2 + np.sin(2 * X[:, 2]) + rng.normal(0, 0.1, n)


@pytest.mark.parametrize("columns", [0, 1, 2])
def test_a_regression_is_a_recipe_that_takes_the_very_steps(columns, rng):
    X, y = numbers(rng)
    y = y if not columns else np.stack([y, 2 * X[:, 3]], axis=1)[:, :columns]
    estimator = MLPRegressor(hidden_layer_sizes=(30,), learning_rate_init=0.01, max_iter=60, random_state=0)
    found = diagnose_sklearn(estimator, data=(X, y), test=(X[:50], y[:50]), trials=False)
    assert "whynet's engine" in found.used["trials"]
    assert found.used["problem"].startswith("a regression of 2 numbers" if columns == 2 else "a regression of 1 number")
    assert (found.state, found.before.metric.name) == ("healthy", "R2")
    assert found.before.quality > 0.9
    assert found.before.test_quality > 0.9
    assert found.before.recalls == ()


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_r2_is_that_of_scikit_learn(rng):
    X, y = numbers(rng)
    estimator = MLPRegressor(hidden_layer_sizes=(20,), max_iter=30, random_state=0)
    what = scikit.told(estimator, y)
    settings = Settings(batch=32, epochs=30, widths=(4, 20, 1), rate=0.001)
    adapter = scikit.ScikitAdapter(estimator, settings, what)
    plain, scaled = (
        adapter.train(X, what.y, changes, seed=0, steps=30 * 13, stop=lambda: False)
        for changes in ((), (Change("scale-targets", {"scheme": "standard"}),))
    )
    for trained in (plain, scaled):
        assert what.problem.r2(trained.scores(X), what.y) == pytest.approx(r2_score(y, trained.scores(X)[:, 0]))
    around = TransformedTargetRegressor(clone(estimator), transformer=StandardScaler())
    around.regressor.set_params(n_iter_no_change=31, random_state=np.random.RandomState(0))
    assert scaled.scores(X)[:, 0] == pytest.approx(around.fit(X, y).predict(X), abs=1e-6)


def test_targets_that_are_not_scaled_are_scaled_around_the_estimator(rng):
    X, y = numbers(rng)
    estimator = MLPRegressor(hidden_layer_sizes=(30,), learning_rate_init=0.01, max_iter=40, random_state=0)
    settings = Settings(batch=32, epochs=40, widths=(4, 30, 1), rate=0.01)
    what = scikit.told(estimator, 1000 * y + 5000)
    adapter = scikit.ScikitAdapter(estimator, settings, what)
    scale = Change("scale-targets", {"scheme": "standard"})
    assert adapter.why_not((scale,)) is None
    assert "no setting" in adapter.why_not((Change("cost", {"name": "huber"}),))
    before, after = (
        adapter.train(X, what.y, changes, seed=0, steps=40 * 13, stop=lambda: False) for changes in ((), (scale,))
    )
    assert what.problem.quality(before.scores(X), what.y) < 0.2
    assert what.problem.quality(after.scores(X), what.y) > 0.9


def test_what_stands_around_a_regressor_is_seen_through(rng):
    X, y = numbers(rng)
    inner = make_pipeline(
        StandardScaler(), MLPRegressor(hidden_layer_sizes=(30,), learning_rate_init=0.01, max_iter=60)
    )
    around = TransformedTargetRegressor(inner, transformer=StandardScaler())
    found = diagnose_sklearn(around, data=(X, 1e6 * y), test=(X[:40], 1e6 * y[:40]), trials=False)
    assert (found.used["before it"], found.used["targets"]) == ("StandardScaler", "transformed by StandardScaler")
    assert found.before.test_quality > 0.9


def test_a_column_of_words_is_for_the_steps_before(rng):
    pandas = pytest.importorskip("pandas", reason="tables with names are tested with pandas")
    table = pandas.DataFrame({"size": rng.normal(size=300), "kind": ["house", "flat", "barn"] * 100})
    y = (table["size"] + (table["kind"] == "flat") > 0).to_numpy().astype(int)
    columns = make_column_transformer((OneHotEncoder(), ["kind"]), (StandardScaler(), ["size"]))
    estimator = make_pipeline(columns, MLPClassifier((10,), learning_rate_init=0.03, max_iter=60, random_state=0))
    found = diagnose_sklearn(estimator, data=(table[:200], y[:200]), test=(table[200:], y[200:]), trials=False)
    assert found.settings.widths == (4, 10, 1) and found.before.test_quality > 0.7
    with pytest.raises(UsageError, match="X holds something else than numbers"):
        diagnose_sklearn(MLPClassifier((10,), max_iter=5), data=(table, y), trials=False)
    with pytest.raises(UsageError, match="a step before the perceptron fails: StandardScaler"):
        diagnose_sklearn(make_pipeline(StandardScaler(), MLPClassifier()), data=(table, y), trials=False)


def test_several_labels_are_judged_each_for_itself(rng):
    X = rng.normal(size=(500, 6))
    y = (X[:, :3] + X[:, 3:] > 0.3).astype(int)
    estimator = MLPClassifier((20,), learning_rate_init=0.01, max_iter=60, random_state=0)
    found = diagnose_sklearn(estimator, data=(X, y), trials=False)
    assert "whynet's engine" in found.used["trials"]
    assert found.used["problem"] == "3 labels: rows of 0 and 1"
    assert (found.state, found.before.metric.name, len(found.before.recalls)) == ("healthy", "F1", 3)


def test_two_classes_have_one_output_and_another_solver_is_said(digits):
    even = digits.labels % 2 == 0
    found = diagnose_sklearn(MLPClassifier((20,), solver="lbfgs", max_iter=30), data=(digits.inputs / 255, even))
    assert found.settings.widths == (64, 20, 1)
    assert "lbfgs" in found.used["trials"]


@pytest.mark.parametrize(
    ("options", "who"),
    [({"solver": "sgd", "momentum": 0.0}, "whynet's engine"), ({"solver": "sgd"}, "whynet's engine"),
     ({"solver": "sgd", "nesterovs_momentum": False}, "whynet's engine"), ({"alpha": 1.0}, "whynet's engine"),
     ({"activation": "logistic"}, "whynet's engine"), ({"activation": "tanh", "batch_size": 2000}, "whynet's engine"),
     ({"epsilon": 0.1}, "scikit-learn itself"), ({"beta_2": 0.5}, "scikit-learn itself"),
     ({"solver": "sgd", "learning_rate": "invscaling"}, "scikit-learn itself")],
)  # fmt: skip
def test_a_recipe_stands_in_only_where_it_takes_the_very_steps(digits, options, who):
    estimator = MLPClassifier((20,), max_iter=3, **options)
    found = diagnose_sklearn(estimator, data=(digits.inputs / 255, digits.labels), trials=False)
    assert who in found.used["trials"]
    assert {"estimator", "classes", "rows"} <= set(found.used)
    assert [gap.why for gap in found.not_examined] == ["there is no test set"]


def test_a_change_that_is_not_made_is_declined_with_a_sentence():
    settings = Settings(batch=10, epochs=3, widths=(1, 5, 1), rate=0.1)
    estimator = MLPClassifier((5,))
    adapter = scikit.ScikitAdapter(estimator, settings, scikit.told(estimator, np.array([0, 1, 1])))
    for change in (
        Change("weights", {"scheme": "he"}), Change("dropout", {"rate": 0.2}), Change("cost", {"name": "quadratic"}),
        Change("activation", {"name": "leaky-relu"}),
    ):  # fmt: skip
        assert len(adapter.why_not((change,))) > 20
    assert adapter.why_not((Change("rate", {"times": 10.0}), Change("scale-inputs", {"scheme": "standard"}))) is None


def test_what_makes_no_sense_is_refused_with_a_sentence(digits):
    X, y = digits.inputs / 255, digits.labels
    for estimator, X_given, y_given, says in (
        (LogisticRegression(), X, y, "no multilayer perceptron"),
        (MLPClassifier, X, y, "no multilayer perceptron"),
        (GridSearchCV(MLPClassifier(), {"alpha": [0, 1]}), X, y, "Hand over its .estimator"),
        (MLPClassifier(solver="sdg"), X, y, "settings make no sense"),
        (MLPClassifier(batch_size="many"), X, y, "settings make no sense"),
        (MLPClassifier(learning_rate_init=None), X, y, "settings make no sense"),
        (MLPClassifier((30, 0)), X, y, "no units"),
        (make_pipeline(PCA(200), MLPClassifier()), X, y, "PCA"),
        (MLPClassifier(), X, np.where(y == 3, np.nan, y), "no classes"),
        (MLPClassifier(), X, y + 0.5, "no classes"),
        (MLPClassifier(), X, y[:-1], "do not fit together"),
        (MLPClassifier(), X[0], y, "do not fit together"),
        (MLPClassifier(), [["a"]], [1], "something else than numbers"),
        (MLPRegressor(), X, np.where(y == 3, np.nan, y), "is missing"),
        (MLPRegressor(), X, np.array(list("0123456789"))[y], "no numbers"),
    ):
        with pytest.raises(WhynetError, match=says):
            diagnose_sklearn(estimator, data=(X_given, y_given))
    with pytest.raises(UsageError, match="this is a class"):
        whynet.diagnose(MLPClassifier, (X, y))
    with pytest.raises(UsageError, match="no test data"):
        diagnose_sklearn(MLPClassifier(), data=(X, y), test=3)


@pytest.mark.slow
@pytest.mark.matrix
@pytest.mark.timeout(900)
def test_planted_mistakes_are_named_as_in_whynets_own_networks(digits):
    """Initial weights are scikit-learn's own, so the networks are not the same: the answers are."""
    pairs, as_right = [], {}
    for (net, sound), plant in [(item, plant) for item in SOUND.items() for plant in plants().values()]:
        recipe = plant.spoil(sound.but(epochs=15))
        if net not in plant.only or not in_sklearn(recipe) or recipe.train_size:
            continue
        own = diagnose_recipe(recipe, digits)
        theirs = diagnose_sklearn(**sklearn_patient(recipe, digits))
        name = f"{plant.cause} in {net}"
        as_right[name] = (plant.cause, *plant.also)
        pairs.append((name, own, theirs))
    share, wrong = agreement(pairs, as_right)
    assert len(pairs) > 20
    assert share >= 0.95, wrong


@pytest.mark.slow
@pytest.mark.matrix
@pytest.mark.mnist
@pytest.mark.timeout(1200)
def test_fifty_healthy_estimators_raise_no_alarm(digits, mnist):
    good, alarmed = false_alarms(
        (f"{estimator} of {len(X):,} rows", diagnose_sklearn(estimator, data=(X, y)))
        for estimator, X, y in healthy_estimators(digits, mnist)
    )
    assert good >= 45
    assert not alarmed, alarmed


def test_inputs_and_targets_may_be_two_arguments_as_in_scikit_learn(digits):
    X, y = digits.images.reshape(len(digits), -1)[:300], digits.labels[:300]
    apart = whynet.diagnose(MLPClassifier((5,), max_iter=2), X, y, trials=False)
    together = whynet.diagnose(MLPClassifier((5,), max_iter=2), (X, y), trials=False)
    assert (apart.state, apart.before.cost) == (together.state, together.before.cost)
