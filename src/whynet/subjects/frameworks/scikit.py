"""scikit-learn: an `MLPClassifier` or `MLPRegressor` and its data -> why it does not learn. It is never changed."""

from __future__ import annotations

import math
import time
import warnings
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np

from whynet.doctor.verdict import Diagnosis
from whynet.errors import NoRecipe, UsageError
from whynet.network.network import Network
from whynet.subjects.frameworks.course import Course, chance_kept, class_numbers
from whynet.subjects.frameworks.guest import Trained, Variant, standardising
from whynet.subjects.recreate import Description, compare
from whynet.subjects.words import REGRESSOR, SKLEARN, Tongue
from whynet.training.recipe import Recipe
from whynet.types import Array, Labels

ACTIVATION = {"identity": "identity", "logistic": "sigmoid", "tanh": "tanh", "relu": "relu"}
AUTO_BATCH = 200  # what batch_size="auto" means, or all rows if they are fewer


def diagnose_sklearn(
    estimator: Any,
    *,
    data: Any,
    test: Any = None,
    budget: float = 30.0,
    trials: bool = True,
    say: Callable[[str], None] = lambda _: None,
) -> Diagnosis:
    """Why does this estimator not learn? Fitted or not, it is judged by its settings.

    `estimator` is an `MLPClassifier`, an `MLPRegressor` of one-hot targets, or a `Pipeline` that ends in one; `data`
    and `test` are `(X, y)`, with classes of any kind. A pixel-like `X` is trained by whynet, with every trial; any
    other by scikit-learn.

    >>> from sklearn.neural_network import MLPClassifier
    >>> from whynet.data.sources import load
    >>> digits = load("digits")
    >>> estimator = MLPClassifier((30,), solver="sgd", learning_rate_init=30.0, batch_size=32, max_iter=20)
    >>> diagnose_sklearn(estimator, data=(digits.pixels / 255, digits.labels), budget=10).verdict[0].cause
    'lr-too-high'

    Raises
    ------
    UsageError
        It is something else, or the data do not fit together.
    """
    with chance_kept():  # a step before it may draw
        return _diagnose(estimator, data=data, test=test, budget=budget, trials=trials, say=say)


def _diagnose(
    estimator: Any, *, data: Any, test: Any, budget: float, trials: bool, say: Callable[[str], None]
) -> Diagnosis:
    steps, last = _parts(estimator)
    if not isinstance(data, (tuple, list)) or len(data) != 2:
        raise UsageError("these are no data to train on", expected="data=(X, y)", found=type(data).__name__)
    X, y = _rows(data[0]), np.asarray(data[1])
    if X.ndim != 2 or len(X) != len(y) or not len(X):
        raise UsageError(
            "X and y do not fit together",
            expected="X (n, features) and n targets",
            found=f"X {X.shape} and y {y.shape}",
        )
    names, labels = _classes(last, y)
    tested = None
    if test is not None:
        if not isinstance(test, (tuple, list)) or len(test) != 2:
            raise UsageError("these are no test data", expected="(X, y)", found=type(test).__name__)
        tested = _known(names, _rows(test[0]), np.asarray(test[1]))
    if steps and np.isfinite(X).all():
        from sklearn.base import clone

        steps = [clone(step) for step in steps]
        try:
            for step in steps:
                X = _rows(step.fit_transform(X, y))
                tested = None if tested is None else (_rows(step.transform(tested[0])), tested[1])
        except Exception as error:
            raise UsageError(f"a step before the perceptron fails: {type(step).__name__}: {error}") from None
    outputs = len(names) if len(names) > 2 or y.ndim == 2 else 1
    patient = _Estimator(last, X, labels, outputs, tested)
    hot = y.ndim == 2 and y.shape[1] > 1
    return Course(
        "scikit-learn",
        SKLEARN if patient.classifies else REGRESSOR,
        X,
        labels,
        max(len(names), 2),
        describe=patient.describe,
        guest=lambda: ScikitGuest(last, patient.recipe(), one_hot=hot),
        test=tested,
        remarks=patient.remarks,
        penalty=patient.batch_size,
    ).run(budget=budget, trials=trials, say=say)


def _parts(estimator: Any) -> tuple[list[Any], Any]:
    """The steps before, and the perceptron itself."""
    from sklearn.neural_network import MLPClassifier, MLPRegressor
    from sklearn.pipeline import Pipeline

    steps: list[Any] = []
    if isinstance(estimator, Pipeline):
        *before, (_, estimator) = estimator.steps
        steps = [step for _, step in before if step not in (None, "passthrough")]
    if not isinstance(estimator, (MLPClassifier, MLPRegressor)):
        inner = next((name for name in ("best_estimator_", "estimator") if hasattr(estimator, name)), None)
        raise UsageError(
            "this estimator is no multilayer perceptron",
            expected="MLPClassifier or MLPRegressor, made already, or a Pipeline that ends in one",
            found=type(estimator).__name__ if not isinstance(estimator, type) else f"the class {estimator.__name__}",
            do=f"Hand over its .{inner}" if inner else None,
        )
    try:
        estimator._validate_params()
        sizes = [int(size) for size in np.atleast_1d(estimator.hidden_layer_sizes)]
    except (TypeError, ValueError) as error:
        raise UsageError(f"the estimator's settings make no sense: {error}") from None
    if any(size < 1 for size in sizes):
        raise UsageError("a hidden layer has no units", expected="whole numbers, 1 or more", found=str(sizes))
    return steps, estimator


def _rows(X: Any) -> Array:
    try:
        array: Array = np.asarray(X.toarray() if hasattr(X, "toarray") else X, dtype=np.float64)
    except (TypeError, ValueError):
        raise UsageError("X holds something else than numbers", expected="X (n, features) of numbers") from None
    return array


def _classes(estimator: Any, y: Array) -> tuple[list[Any], Labels]:
    """The classes, and each row's as a number."""
    from sklearn.utils.multiclass import type_of_target

    try:
        with np.errstate(invalid="ignore"):  # NaN as a whole number
            kind = type_of_target(y)
    except (TypeError, ValueError) as error:
        raise UsageError(f"the targets are no classes: {error}") from None
    if y.ndim == 2 and y.shape[1] > 1:
        return list(range(y.shape[1])), class_numbers(y, y.shape[1])
    if kind.startswith("continuous") or (type(estimator).__name__ == "MLPRegressor" and len(np.unique(y)) > 2):
        raise UsageError(
            "the targets are no classes: whynet judges classifiers",
            expected="MLPClassifier, or one-hot rows (n, classes)",
            found=f"{len(np.unique(y)):,} different numbers",
        )
    names, labels = np.unique(y.reshape(-1), return_inverse=True)
    return names.tolist(), labels.astype(np.intp)


def _known(names: list[Any], X: Array, y: Array) -> tuple[Array, Labels]:
    """Test rows and their class numbers; rows of classes that the training set has not are left out."""
    if y.ndim == 2 and y.shape[1] > 1:
        return X, class_numbers(y, len(names))
    number = {name: index for index, name in enumerate(names)}
    values = y.reshape(-1).tolist()
    rows = [row for row, value in enumerate(values) if value in number]
    if not rows or len(X) != len(values):
        raise UsageError(
            "the test set does not fit",
            expected="a target for each row, of the classes of y",
            found=f"{len(y):,} targets",
        )
    return X[rows], np.array([number[values[row]] for row in rows], dtype=np.intp)


class _Estimator:
    """An estimator's settings as a description."""

    def __init__(self, estimator: Any, X: Array, labels: Labels, outputs: int, test: Any) -> None:
        self.estimator, self.X, self.labels, self.outputs, self.test = estimator, X, labels, outputs, test
        self.classifies = type(estimator).__name__ == "MLPClassifier"
        self.remarks: list[str] = []
        own = estimator.batch_size
        self.batch_size = min(AUTO_BATCH if own == "auto" else int(own), len(X))

    @property
    def fitted(self) -> bool:
        return hasattr(self.estimator, "coefs_") and self.estimator.coefs_[0].shape[0] == self.X.shape[1]

    @property
    def epochs(self) -> int:
        """Those that it took, if it stopped by itself."""
        taken = getattr(self.estimator, "n_iter_", self.estimator.max_iter) if self.fitted else self.estimator.max_iter
        if taken < self.estimator.max_iter:
            self.remarks.append(
                f"It stopped by itself after {taken} of {self.estimator.max_iter} epochs; trials take as many. "
                "`MLPClassifier(n_iter_no_change=..., tol=0)` goes on."
            )
        return max(1, int(taken))

    def recipe(self) -> Recipe:
        """What a guest's examination needs to know."""
        one = self.estimator
        return Recipe(
            optimizer="sgd" if one.solver == "sgd" else "adam",
            learning_rate=one.learning_rate_init,
            batch_size=self.batch_size,
            epochs=self.epochs,
            order="shuffled" if one.shuffle else "file",
        )

    def describe(self) -> Description:
        """The description, on initial weights as scikit-learn draws them (Glorot's, uniform)."""
        one = self.estimator
        hidden = tuple(int(size) for size in np.atleast_1d(one.hidden_layer_sizes))
        sizes = (self.X.shape[1], *hidden, self.outputs)
        activation = ACTIVATION.get(one.activation, "")
        if not activation or not math.isfinite(one.learning_rate_init):
            raise UsageError("the estimator's settings make no sense", found=repr(one))
        if getattr(one, "loss", "squared_error") not in (
            "squared_error",
            "log_loss",
        ):  # a classifier's is not asked for
            raise NoRecipe(f"a recipe has no loss '{one.loss}'", expected="squared_error")
        rng = np.random.default_rng(0)
        layers = []
        for fan_in, fan_out in pairwise(sizes):
            bound = math.sqrt((2 if activation == "sigmoid" else 6) / (fan_in + fan_out))
            layers.append((rng.uniform(-bound, bound, (fan_in, fan_out)), rng.uniform(-bound, bound, fan_out)))
        last = "identity"
        if self.classifies:
            last = "sigmoid" if self.outputs == 1 else "softmax"
        network = Network(sizes, activation=activation, output_activation=last, dtype="float64")
        vector = np.concatenate([np.concatenate([W.ravel(), b]) for W, b in layers])
        rows = self.X[:64].astype(np.float64)
        description = Description(
            layers=layers,
            X=self.X,
            labels=self.labels,
            outputs=network.having(vector, network.statistics.vector).scores(rows),
            last=last,
            X_test=None if self.test is None else self.test[0],
            labels_test=None if self.test is None else self.test[1],
            activation=activation,
            output_activation="identity",
            cost=("sigmoid-cross-entropy" if self.outputs == 1 else "softmax-cross-entropy")
            if self.classifies
            else "quadratic",
            **self._steps(),
            l2=float(one.alpha) / self.batch_size,  # its penalty is divided by the rows of a batch
            batch_size=self.batch_size,
            epochs=self.epochs,
            order="shuffled" if one.shuffle else "file",
        )
        if self.fitted and one.n_outputs_ == self.outputs:
            answers = one.predict_proba(rows) if self.classifies else one.predict(rows).reshape(len(rows), -1)
            answers = answers[:, 1:] if self.outputs == 1 and self.classifies else answers
            trained = [(W, b) for W, b in zip(one.coefs_, one.intercepts_, strict=True)]
            compare(replace(description, layers=trained, outputs=answers))
        return description

    def _steps(self) -> dict[str, Any]:
        one = self.estimator
        rate = {"learning_rate": float(one.learning_rate_init)}
        if one.solver == "lbfgs":
            self.remarks.append(
                "The solver 'lbfgs' takes steps of its own length over all rows; the trials use Adam in batches, so "
                "what they say of the learning rate is not about it."
            )
            return {"optimizer": "adam", "learning_rate": 0.001}
        if one.solver == "adam":
            return {**rate, "optimizer": "adam", "momentum": 0.0 if one.beta_1 == 0.9 else float(one.beta_1)}
        if one.solver != "sgd":
            raise NoRecipe(f"a recipe has no solver '{one.solver}'", expected="sgd, adam or lbfgs")
        if one.learning_rate != "constant":
            self.remarks.append(f"Its rate is '{one.learning_rate}'; in the trials it is constant.")
        if one.momentum == 0:
            return {**rate, "optimizer": "sgd"}
        return {**rate, "optimizer": "nesterov" if one.nesterovs_momentum else "sgd", "momentum": float(one.momentum)}


class ScikitGuest:
    """Trains clones of an estimator, epoch by epoch.

    >>> from sklearn.neural_network import MLPClassifier
    >>> guest = ScikitGuest(MLPClassifier((5,), max_iter=3), Recipe(epochs=3))
    >>> X, labels = np.array([[0.0], [1.0]] * 20), np.array([0, 1] * 20)
    >>> guest.train(X, labels, Variant(), seed=0, steps=None, seconds=5).steps
    12
    """

    def __init__(self, estimator: Any, recipe: Recipe, *, one_hot: bool = False) -> None:
        self.estimator, self.recipe, self.one_hot = estimator, recipe, one_hot
        self.classifies = type(estimator).__name__ == "MLPClassifier"
        self.tongue = Tongue("scikit-learn", SKLEARN if self.classifies else REGRESSOR)

    def train(
        self, X: Array, labels: Labels, variant: Variant, *, seed: int, steps: int | None, seconds: float
    ) -> Trained:
        """One arm."""
        from sklearn.base import clone

        prepare = standardising(X) if variant.standardised else (lambda rows: rows)
        model, given = clone(self.estimator), prepare(X)
        settings = {"random_state": seed, "early_stopping": False, "warm_start": False}
        settings["learning_rate_init"] = self.estimator.learning_rate_init * variant.rate
        if variant.shuffled:
            settings["shuffle"] = True
        model.set_params(**settings)
        kinds = np.arange(int(labels.max()) + 1)
        batches = -(-len(X) // int(self.recipe.batch_size))
        epochs = self.recipe.epochs * variant.epochs if steps is None else max(1, round(steps / batches))
        targets = np.eye(len(kinds))[labels] if self.one_hot else labels
        more = {"classes": kinds} if self.classifies else {}
        start = self._start(clone(model), given, targets, more)
        end, curve, taken = time.perf_counter() + seconds, [], 0
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            try:
                if self.estimator.solver == "lbfgs":
                    model.set_params(max_iter=epochs).fit(given, targets)
                    curve, taken = [(epochs, float(model.loss_))], epochs
                while taken < epochs and time.perf_counter() < end:
                    model.partial_fit(given, targets, **more)
                    taken += 1
                    curve.append((taken * batches, float(model.loss_)))
                finite = bool(np.isfinite(model.loss_))
            except ValueError:  # what scikit-learn says of numbers that overflow
                finite = False

        def scores(rows: Array) -> Array:
            if not finite:
                return np.zeros((len(rows), len(kinds)))
            if self.classifies:
                answers: Array = model.predict_proba(prepare(rows))
                return answers
            given = model.predict(prepare(rows)).reshape(len(rows), -1)
            return given if given.shape[1] > 1 else np.hstack([1 - given, given])

        cost = curve[-1][1] if finite and curve else math.nan
        return Trained(scores, start, cost, tuple(curve), max(taken, 1) * batches, finite)

    @staticmethod
    def _start(model: Any, X: Array, targets: Array, more: dict[str, Any]) -> float:
        """The cost before training: that of an epoch without a step to speak of."""
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            try:
                model.set_params(solver="sgd", learning_rate_init=1e-30).partial_fit(X[:500], targets[:500], **more)
            except ValueError:
                return math.nan
            return float(model.loss_)
