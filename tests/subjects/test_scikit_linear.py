"""scikit-learn's linear models that are trained by steps: what perceptrons are told wrong, these are told wrong too."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, make_regression
from sklearn.linear_model import SGDClassifier, SGDRegressor
from sklearn.metrics import hinge_loss, log_loss
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from whynet.data.problem import Classification, Regression
from whynet.doctor.change import Change
from whynet.errors import UsageError
from whynet.subjects.frameworks.scikit import diagnose_sklearn
from whynet.subjects.frameworks.scikit_linear import COSTS, LinearAdapter

CANCER = load_breast_cancer(return_X_y=True)


def test_raw_columns_are_proved_and_scaled_ones_are_sound():
    own = SGDClassifier(loss="log_loss", max_iter=30, tol=None, random_state=0)
    found = diagnose_sklearn(own, data=CANCER, budget=20)
    assert (found.verdict[0].cause, found.verdict[0].status) == ("input-not-scaled", "proved")
    assert found.fix_changes[0].kind == "scale-inputs"
    sound = diagnose_sklearn(make_pipeline(StandardScaler(), own), data=CANCER, budget=20)
    assert sound.state == "healthy" and not sound.verdict


def test_a_rate_that_is_too_low_is_proved_where_it_is_a_number(digits):
    own = SGDClassifier(learning_rate="constant", eta0=1e-6, max_iter=5, random_state=0)
    found = diagnose_sklearn(own, data=(digits.inputs[:600] / 255, digits.labels[:600]), budget=20)
    assert (found.verdict[0].cause, found.verdict[0].status) == ("lr-too-low", "proved")


@pytest.mark.parametrize("classes", [2, 4])
@pytest.mark.parametrize("power", [0, 3])
def test_sound_ones_are_not_accused(classes, power, rng):
    X = rng.normal(size=(500, 6))
    y = (X[:, :classes] * 10.0**power).argmax(1)
    found = diagnose_sklearn(make_pipeline(StandardScaler(), SGDClassifier(random_state=0)), data=(X, y), budget=20)
    assert not [one for one in found.verdict if one.status in ("proved", "found")]
    assert classes > 2 or found.state == "healthy"  # of several, a hinge for each comes to less than a softmax


def test_a_regression_of_targets_of_any_size(rng):
    X, y = make_regression(300, 5, noise=3, random_state=0)
    found = diagnose_sklearn(SGDRegressor(random_state=0), data=(X, y), budget=20)
    assert found.state == "healthy" and found.used["problem"].startswith("a regression of 1 number: SGDRegressor")


def adapted(own, problem, features=3):
    return LinearAdapter(own, problem, features=features, epochs=4)


def test_its_cost_is_that_of_scikit_learn(rng):
    X, y = rng.normal(size=(80, 3)), rng.integers(0, 2, 80)
    for loss in ("log_loss", "hinge"):
        adapter = adapted(SGDClassifier(loss=loss, tol=None), Classification(("a", "b")))
        trained = adapter.train(X, y, (), seed=0, steps=320, stop=lambda: False)
        z = trained.scores(X)[:, 1]
        theirs = hinge_loss(y, z) if loss == "hinge" else log_loss(y, 1 / (1 + np.exp(-z)))
        assert trained.cost == pytest.approx(theirs, rel=1e-4) and trained.steps == 320  # they cut probabilities off
    assert set(COSTS) >= {"log_loss", "hinge", "squared_error"}


def test_steps_from_given_weights_are_those_of_the_formula(rng):
    X, y = rng.normal(size=(20, 3)), rng.normal(size=(20, 1))
    own = SGDRegressor(learning_rate="constant", eta0=0.01, alpha=0.0, penalty=None, tol=None)
    w, b = rng.normal(size=3), 0.5
    trained = adapted(own, Regression(("y",))).steps_from([(w[:, None], np.array([b]))], X, y, 20, times=2.0)
    for row, target in zip(X, y[:, 0], strict=True):
        error = row @ w + b - target
        w, b = w - 0.02 * error * row, b - 0.02 * error
    assert np.allclose(trained.scores(X)[:, 0], X @ w + b)


def test_what_it_has_no_setting_for_is_declined_with_a_sentence():
    adapter = adapted(SGDClassifier(), Classification(("a", "b")))
    assert "takes its rate from alpha" in (adapter.why_not([Change("rate", {"times": 2.0})]) or "")
    assert "no such setting" in (adapter.why_not([Change("width", {"widths": (3, 5, 2)})]) or "")
    assert adapter.why_not([Change("scale-inputs", {"scheme": "standard"}), Change("shuffle")]) is None


def test_several_targets_are_refused():
    with pytest.raises(UsageError, match="one target for each row"):
        diagnose_sklearn(SGDClassifier(), data=(np.eye(3), np.eye(3)))
