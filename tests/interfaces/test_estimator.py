"""The estimators as an independent client sees them: scikit-learn's own checks, its tools, and what they promise."""

from __future__ import annotations

import io
import pickle
import re
import subprocess
import sys
import warnings

import numpy as np
import pytest
import scipy.sparse
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_iris, make_multilabel_classification
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator

import whynet
from whynet import WhyNetClassifier, WhyNetRegressor
from whynet.doctor.change import Change, Wording
from whynet.doctor.diagnosis import Settings
from whynet.interfaces.estimator import versions
from whynet.report.wording.scikit import say
from whynet.training.history import Epoch
from whynet.training.packing import packed

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
IRIS = load_iris(return_X_y=True)
X = StandardScaler().fit_transform(IRIS[0])
y = IRIS[1]
WAVE = np.linspace(-1, 1, 200)[:, np.newaxis]


def quick(**parameters):
    return WhyNetClassifier(**{"hidden_layer_sizes": 8, "max_iter": 4, "random_state": 0, **parameters})


def vector(model):
    return np.concatenate([array.ravel() for array in (*model.coefs_, *model.intercepts_)])


@pytest.mark.parametrize("estimator", [WhyNetClassifier(), WhyNetRegressor()], ids=lambda one: type(one).__name__)
def test_every_check_of_scikit_learn_passes(estimator):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = check_estimator(estimator, on_fail=None, on_skip=None)
    assert [one["check_name"] for one in found if one["status"] not in ("passed", "skipped")] == []
    skipped = {one["check_name"]: str(one["exception"]) for one in found if one["status"] == "skipped"}
    told = [name for name, why in skipped.items() if "ARRAY_API" not in why and "pandas is not installed" not in why]
    assert told == []
    assert len(found) >= 60


def test_importing_whynet_imports_no_scikit_learn():
    code = "import whynet, sys; print('sklearn' in sys.modules, 'numpy' in sys.modules)"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).split() == ["False", "False"]


@pytest.mark.parametrize(
    ("own", "theirs"),
    [(WhyNetClassifier(), MLPClassifier()), (WhyNetRegressor(), MLPRegressor())],
    ids=["classifier", "regressor"],
)
def test_parameters_defaults_and_attributes_are_those_of_its_multilayer_perceptron(own, theirs):
    parameters = theirs.get_params()
    assert {name: own.get_params()[name] for name in parameters} == parameters
    targets = y if isinstance(own, WhyNetClassifier) else X[:, 0]
    ours, theirs = (clone(one).set_params(max_iter=3, early_stopping=True).fit(X, targets) for one in (own, theirs))
    public = {name for name in vars(theirs) if name.endswith("_") and not name.startswith("_")}
    missing = {name for name in public if not hasattr(ours, name)}
    assert missing == set()
    for name in ("n_layers_", "n_outputs_", "out_activation_", "n_features_in_", "n_iter_", "t_", "best_loss_"):
        assert getattr(ours, name) == getattr(theirs, name), name
    assert [W.shape for W in ours.coefs_] == [W.shape for W in theirs.coefs_]
    assert len(ours.loss_curve_) == len(ours.validation_scores_) == ours.n_iter_


@pytest.mark.parametrize(
    "more",
    [
        {}, {"solver": "sgd", "learning_rate": "invscaling"},
        {"solver": "sgd", "learning_rate": "adaptive", "tol": 9.0},
        {"dropout": 0.3}, {"batch_size": 32}, {"early_stopping": True}, {"shuffle": False, "activation": "gelu"},
    ],
    ids=str,
)  # fmt: skip
def test_two_epochs_and_two_are_four_to_the_last_bit(more):
    whole = quick(**more).fit(X, y)
    parts = quick(**more, warm_start=True).set_params(max_iter=2).fit(X, y)
    parts = pickle.loads(pickle.dumps(parts)).fit(X, y)  # noqa: S301
    np.testing.assert_array_equal(vector(parts), vector(whole))
    assert parts.loss_curve_ == whole.loss_curve_
    assert parts.n_iter_ == whole.n_iter_ == 4
    if more.get("early_stopping"):
        assert parts.validation_scores_ == whole.validation_scores_


def test_partial_fits_are_a_fit_of_as_many_epochs():
    whole, parts = quick(max_iter=3).fit(X, y), quick()
    for _ in range(3):
        parts.partial_fit(X, y, classes=[0, 1, 2])
    np.testing.assert_array_equal(vector(parts), vector(whole))


def test_partial_fit_learns_of_classes_that_come_later_and_refuses_others():
    model = quick().partial_fit(X[:50], y[:50], classes=[0, 1, 2])
    assert model.partial_fit(X, y).classes_.tolist() == [0, 1, 2]
    with pytest.raises(ValueError, match="classes"):
        quick().partial_fit(X, y, classes=[0, 1])
    with pytest.raises(ValueError, match="classes"):
        model.partial_fit(X, y, classes=[0, 1])
    with pytest.raises(ValueError, match="early_stopping"):
        quick(early_stopping=True).partial_fit(X, y)
    with pytest.raises(AttributeError, match="lbfgs"):
        quick(solver="lbfgs").partial_fit(X, y)


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_sparse_rows_give_what_dense_ones_give(solver):
    dense, sparse = (quick(solver=solver).fit(rows, y) for rows in (X, scipy.sparse.csr_matrix(X)))
    np.testing.assert_allclose(vector(sparse), vector(dense), rtol=1e-12)
    np.testing.assert_allclose(sparse.predict_proba(scipy.sparse.csc_matrix(X)), dense.predict_proba(X), rtol=1e-12)


def test_wide_sparse_rows_are_never_made_dense(monkeypatch):
    rows = scipy.sparse.random(90, 3000, density=0.01, format="csr", random_state=0)
    labels = np.arange(90) % 3
    dense = quick(batch_size=30, dropout=0.2).fit(rows.toarray(), labels).predict_proba(rows.toarray())
    monkeypatch.setattr(scipy.sparse.csr_matrix, "toarray", None)
    sparse = quick(batch_size=30, dropout=0.2).fit(rows, labels)
    np.testing.assert_allclose(sparse.predict_proba(rows), dense, rtol=1e-8)


def test_several_labels_of_a_row():
    rows, labels = make_multilabel_classification(300, n_classes=4, random_state=0)
    model = quick(hidden_layer_sizes=30, max_iter=200, learning_rate_init=0.01).fit(rows, labels)
    probabilities = model.predict_proba(rows)
    assert probabilities.shape == labels.shape and model.predict(rows).shape == labels.shape
    np.testing.assert_allclose(model.predict_log_proba(rows), np.log(probabilities), atol=1e-12)
    assert (model.predict(rows) == labels).mean() > 0.85
    assert model.out_activation_ == "logistic"


def test_several_numbers_of_a_row_and_what_far_targets_do():
    targets = np.hstack([np.sin(3 * WAVE), WAVE**2])
    model = WhyNetRegressor(hidden_layer_sizes=30, learning_rate_init=0.02, max_iter=500, random_state=0)
    assert model.fit(WAVE, targets).score(WAVE, targets) > 0.95
    assert model.predict(WAVE).shape == (200, 2)
    far = np.sin(3 * WAVE[:, 0])
    far[::10] = 50
    scores = {}
    for loss in ("squared_error", "absolute_error", "huber"):
        one = clone(model).set_params(loss=loss).fit(WAVE, far)
        scores[loss] = np.abs(one.predict(WAVE) - np.sin(3 * WAVE[:, 0])).mean()
    assert scores["absolute_error"] < 0.3 < 2 < scores["squared_error"]
    assert scores["huber"] < scores["squared_error"] / 4


def test_the_loss_is_scikit_learns():
    theirs = MLPClassifier(8, max_iter=1, learning_rate_init=1e-12, alpha=0.3, random_state=0).fit(X, y)
    ours = quick(max_iter=1, learning_rate_init=1e-12, alpha=0.3).fit(X, y)
    for own, other in zip((*ours.coefs_, *ours.intercepts_), (*theirs.coefs_, *theirs.intercepts_), strict=True):
        own[...] = other  # views: the network itself
    again = ours.set_params(warm_start=True).fit(X, y)
    assert again.loss_curve_[-1] == pytest.approx(theirs.loss_, rel=1e-6)
    np.testing.assert_allclose(again.predict_proba(X), theirs.predict_proba(X), rtol=1e-6)


@pytest.mark.parametrize(
    "more", [{"solver": "adam"}, {"solver": "sgd"}, {"solver": "sgd", "nesterovs_momentum": False}]
)
@pytest.mark.parametrize("weighted", [False, True])
def test_it_takes_the_steps_that_scikit_learns_takes(more, weighted):
    """From the same weights, without shuffling, whole batches. Its Adam has the epsilon in another place."""
    weights = np.random.default_rng(0).random(len(y)) if weighted else None
    more = {**more, "shuffle": False, "batch_size": 150 if weighted else 50, "alpha": 0.01, "epsilon": 1e-14}
    theirs, ours = MLPClassifier(8, random_state=0, max_iter=1, **more), quick(**more, max_iter=1, warm_start=True)
    try:
        theirs.fit(X, y, sample_weight=weights)
    except TypeError:
        pytest.skip("this scikit-learn's perceptrons take no sample_weight")
    ours.fit(X, y, sample_weight=weights)
    start = [array.copy() for array in (*theirs.coefs_, *theirs.intercepts_)]
    for own, other in zip((*ours.coefs_, *ours.intercepts_), start, strict=True):
        own[...] = other
    ours._course.state.clear()
    del theirs._optimizer
    for _ in range(3):
        theirs.partial_fit(X, y, **({} if weights is None else {"sample_weight": weights}))
    ours.set_params(max_iter=3).fit(X, y, sample_weight=weights)
    for own, other in zip((*ours.coefs_, *ours.intercepts_), (*theirs.coefs_, *theirs.intercepts_), strict=True):
        np.testing.assert_allclose(own, other, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("divisor", [255, 256, 1])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_numbers_that_are_bytes_are_trained_on_as_bytes_and_are_the_same_numbers(divisor, dtype):
    rng = np.random.default_rng(0)
    pixels = (rng.integers(0, 256, (40, 20)) * (rng.random((40, 20)) < 0.3)).astype(dtype) / np.dtype(dtype).type(
        divisor
    )
    inputs, scaling = packed(pixels, pixels.dtype)
    assert inputs.dtype == np.uint8
    np.testing.assert_array_equal(scaling.apply(inputs, dtype), pixels)
    nearly = pixels.copy()
    nearly[33, 7] += 1e-4
    assert packed(nearly, pixels.dtype)[1] is None


def test_weights_of_classes_and_rows():
    weights = np.where(y == 2, 5.0, 1.0)
    one, other = quick(class_weight={0: 1, 1: 1, 2: 5}).fit(X, y), quick().fit(X, y, sample_weight=weights)
    np.testing.assert_array_equal(vector(one), vector(other))
    balanced = quick(class_weight="balanced").fit(X[:120], y[:120])
    assert (balanced.predict(X) == 2).sum() >= (quick().fit(X[:120], y[:120]).predict(X) == 2).sum()
    for bad in (-weights, np.zeros(len(y))):
        with pytest.raises(ValueError, match=r"[Ww]eight"):
            quick().fit(X, y, sample_weight=bad)


def test_a_validation_curve_and_callbacks():
    seen: list[Epoch] = []
    model = quick(callbacks=[seen.append, lambda epoch: epoch.epoch == 2], max_iter=50)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # the end was asked for
        model.fit(X[::2], y[::2], X_val=X[1::2], y_val=y[1::2])
    assert model.n_iter_ == len(seen) == len(model.validation_scores_) == len(model.validation_loss_curve_) == 3
    assert model.validation_scores_[-1] == model.score(X[1::2], y[1::2]) == seen[-1].validation_quality
    with pytest.raises(ValueError, match="y_val"):
        quick().fit(X, y, X_val=X)


def test_early_stopping_keeps_the_best_epoch():
    model = quick(early_stopping=True, max_iter=300, learning_rate_init=0.01, n_iter_no_change=5).fit(X, y)
    assert model.best_validation_score_ == max(model.validation_scores_)
    assert model.best_loss_ is None and model.n_iter_ < 300
    numbers = WhyNetRegressor(early_stopping=True, max_iter=5)
    assert len(numbers.fit(WAVE, WAVE[:, 0]).validation_scores_) == 5


def test_it_works_in_pipelines_searches_and_copies():
    cancer = load_breast_cancer(return_X_y=True)
    pipeline = make_pipeline(StandardScaler(), quick(max_iter=30, learning_rate_init=0.01))
    assert cross_val_score(pipeline, *cancer, cv=3, n_jobs=2).mean() > 0.94
    search = GridSearchCV(pipeline, {"whynetclassifier__hidden_layer_sizes": [(4,), (8, 4)]}, cv=3).fit(*cancer)
    best = search.best_estimator_[-1]
    assert best.diagnosis_.state == "healthy"
    copied = clone(best)
    assert not hasattr(copied, "classes_") and copied.get_params() == best.get_params()


def test_a_pickle_holds_the_network_and_none_of_the_rows():
    import joblib

    rows = np.tile(X, (100, 1))
    model = quick().fit(rows, np.tile(y, 100))
    file = io.BytesIO()
    joblib.dump(model, file)
    assert len(file.getvalue()) < 20_000 < rows.nbytes
    file.seek(0)
    read = joblib.load(file)
    np.testing.assert_array_equal(read.predict_proba(X), model.predict_proba(X))
    read.coefs_[0][...] = 0  # still views of the network
    assert np.ptp(read.predict_proba(X), axis=0).max() == 0
    with pytest.raises(NotFittedError, match="rows"):
        read.diagnosis_  # noqa: B018


def test_names_of_columns_come_in_by_a_frame():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(X, columns=list("abcd"))
    pipeline = make_pipeline(StandardScaler(), quick()).set_output(transform="pandas").fit(frame, pandas.Series(y))
    assert pipeline[-1].feature_names_in_.tolist() == list("abcd")
    with pytest.raises(ValueError, match="feature names"):
        pipeline[-1].predict(frame[list("dcba")])


def test_scikit_learns_own_callbacks_watch_it():
    if not versions.HAS_CALLBACKS:
        pytest.skip("this scikit-learn has no callbacks")
    calls = []

    class Watch:
        def setup(self, estimator, context):
            calls.append("setup")

        def on_fit_task_begin(self, estimator, context):
            pass

        def on_fit_task_end(self, estimator, context, *, fitted_estimator):
            calls.append((context.task_name, fitted_estimator.n_iter_, fitted_estimator.predict(X).shape))
            return len(calls) == 3

        def teardown(self, estimator, context):
            calls.append("teardown")

    model = quick()
    model.set_callbacks(Watch()).fit(X, y)
    assert calls[:3] == ["setup", ("epoch", 1, (150,)), ("epoch", 2, (150,))]
    assert calls[-1] == "teardown" and model.n_iter_ == 2


@pytest.mark.parametrize(
    ("parameters", "word"),
    [
        ({"activation": "rleu"}, "relu"), ({"solver": "rmsprop"}, "solver"), ({"alpha": -1}, "alpha"),
        ({"hidden_layer_sizes": (3, 0)}, "hidden_layer_sizes"), ({"hidden_layer_sizes": "30"}, "hidden_layer_sizes"),
        ({"batch_size": 0}, "batch_size"), ({"dropout": 1.0}, "dropout"), ({"max_iter": 1.5}, "max_iter"),
        ({"learning_rate": "cosine"}, "learning_rate"), ({"n_iter_no_change": 0}, "n_iter_no_change"),
        ({"solver": "lbfgs", "dropout": 0.1}, "lbfgs"), ({"callbacks": [3]}, "callback"), ({"n_jobs": 0}, "n_jobs"),
        ({"momentum": float("nan")}, "momentum"), ({"validation_fraction": 1}, "validation_fraction"),
    ],
    ids=str,
)  # fmt: skip
def test_a_parameter_that_makes_no_sense_is_named(parameters, word):
    with pytest.raises(ValueError, match=word):
        quick(**parameters).fit(X, y)


def warned(model, *data):
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        model.fit(*data)
    return [str(one.message) for one in found if issubclass(one.category, ConvergenceWarning)]


def test_one_warning_in_the_doctors_words_where_it_has_not_learned():
    (undertrained,) = warned(quick(), X, y)
    assert "its cost was still falling" in undertrained and "max_iter" in undertrained
    (exploded,) = warned(quick(solver="sgd", learning_rate_init=1e6, max_iter=30), 100 * X, y)
    assert "explain()" in exploded and "max_iter" not in exploded
    (constant,) = warned(
        quick(hidden_layer_sizes=(2,), activation="logistic", alpha=1e4, max_iter=300, learning_rate_init=0.01), X, y
    )
    assert "every example gets the same prediction" in constant
    assert warned(quick(max_iter=200, learning_rate_init=0.02), X, y) == []


def test_the_check_up_knows_a_linear_model_and_the_trials_name_the_cause():
    slow = quick(max_iter=20, learning_rate_init=1e-5).fit(X, y)
    assert slow.diagnosis_.state != "healthy"
    assert slow.diagnosis_ is slow.diagnosis_  # made once
    before = vector(slow)
    found = slow.explain(effort=20)
    assert found.verdict[0].cause in ("lr-too-low", "too-few-epochs")
    assert "WhyNetClassifier(" in str(found)
    np.testing.assert_array_equal(vector(slow), before)
    with pytest.raises(NotFittedError):
        quick().diagnosis_  # noqa: B018
    with pytest.raises(ValueError, match="lbfgs"):
        quick(solver="lbfgs").fit(X, y).explain()


def test_whynet_diagnose_takes_them_fitted_or_with_their_data():
    model = quick(max_iter=2)
    found = whynet.diagnose(model, (X, y), trials=False)
    assert found.wording.estimator == "WhyNetClassifier" and not hasattr(model, "classes_")
    assert whynet.diagnose(model.fit(X, y), trials=False).state == found.state
    with pytest.raises(NotFittedError):
        whynet.diagnose(quick())


@pytest.mark.parametrize(
    ("kind", "numbers"),
    [
        ("activation", {"name": "gelu"}), ("activation", {"name": "leaky-relu"}), ("dropout", {"rate": 0.1}),
        ("cost", {"class_weights": "balanced"}), ("cost", {"name": "softmax-cross-entropy"}), ("batch", {"size": 8}),
        ("rate", {"times": 0.1, "rate": 0.01}), ("epochs", {"times": 2, "epochs": 20}), ("penalty", {"l2": 0.1}),
        ("width", {"widths": (4, 9, 3)}), ("optimizer", {"name": "adam", "rate": 0.01}),
    ],
    ids=str,
)  # fmt: skip
def test_what_the_doctor_advises_is_an_estimator_that_there_is(kind, numbers):
    words = say(Change(kind, numbers), Settings(), Wording("scikit-learn", estimator="WhyNetClassifier"))
    made = eval(re.findall("`([^`]*)`", words)[0], {"WhyNetClassifier": WhyNetClassifier, "np": np})  # noqa: S307
    made.set_params(max_iter=1, random_state=0).fit(X, y)


def test_the_trials_start_from_the_very_network():
    from whynet.interfaces.estimator import checkup
    from whynet.training.run import fit

    model = quick(max_iter=5, solver="sgd", alpha=0.1, dropout=0.2, batch_size=30).fit(X, y)
    patient = model._patient()
    run = fit(checkup.recipe_of(patient), checkup.data_of(patient))
    np.testing.assert_allclose(run.network.params.vector, model._course.network.params.vector, rtol=1e-12)
