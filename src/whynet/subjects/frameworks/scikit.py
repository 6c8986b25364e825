"""scikit-learn: an `MLPClassifier` or `MLPRegressor` and its data -> why it does not learn. It is never changed.

`SGDClassifier` and `SGDRegressor`, which have no hidden layer, are read here too, and trained by `scikit_linear`.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from whynet.data.problem import Classification, MultiLabel, Regression
from whynet.data.protocol import Problem, names_of
from whynet.doctor.budget import TIMES
from whynet.doctor.change import Change, Wording
from whynet.doctor.diagnosis import Diagnosis, Remark, Settings, said
from whynet.doctor.symptom import Measured
from whynet.doctor.symptoms.outcome import FLOOR
from whynet.errors import NoRecipe, UsageError
from whynet.network.activations import ACTIVATIONS
from whynet.network.costs import COSTS, floor
from whynet.network.network import Network
from whynet.subjects.adapter import Hidden, Inside, Trained, has, number, prepared, targets_as, times
from whynet.subjects.frameworks.course import Course, chance_kept
from whynet.subjects.frameworks.scikit_linear import LINEAR, LinearCourse, linear_subject
from whynet.subjects.frameworks.targets import class_numbers
from whynet.subjects.recreate import Description, compare
from whynet.types import Array

ACTIVATION = {"identity": "identity", "logistic": "sigmoid", "tanh": "tanh", "relu": "relu"}
AUTO_BATCH = 200  # what batch_size="auto" means, or all rows if they are fewer


def diagnose_sklearn(
    estimator: Any,
    *,
    data: Any,
    test: Any = None,
    effort: float = TIMES,
    budget: float | None = None,
    trials: bool = True,
    say: Callable[[str], None] = lambda _: None,
) -> Diagnosis:
    """Why does this estimator not learn? Fitted or not, it is judged by its settings.

    `estimator` is an `MLPClassifier`, of classes of any kind or of several labels, an `MLPRegressor`, of numbers or of
    one-hot targets, an `SGDClassifier` or `SGDRegressor`, or a `Pipeline` or a `TransformedTargetRegressor` that ends
    in one; `data` and `test` are `(X, y)`.

    >>> from sklearn.neural_network import MLPClassifier
    >>> from whynet.data.sources import load
    >>> digits = load("digits")
    >>> estimator = MLPClassifier((30,), solver="sgd", learning_rate_init=30.0, batch_size=32, max_iter=20)
    >>> diagnose_sklearn(estimator, data=(digits.inputs / 255, digits.labels), budget=10).verdict[0].cause
    'lr-too-high'

    Raises
    ------
    UsageError
        It is something else, or the data do not fit together.
    """
    with chance_kept():  # a step before it may draw
        return _course(estimator, data=data, test=test).run(effort=effort, budget=budget, trials=trials, say=say)


def _course(estimator: Any, *, data: Any, test: Any) -> Course | LinearCourse:
    steps, last, scaler = _parts(estimator)
    if not isinstance(data, (tuple, list)) or len(data) != 2:
        raise UsageError("these are no data to train on", expected="data=(X, y)", found=type(data).__name__)
    X, y = _table(data[0], steps), np.asarray(data[1])
    if len(np.shape(X)) != 2 or np.shape(X)[:1] != y.shape[:1] or not len(y):
        raise UsageError(
            "X and y do not fit together",
            expected="X (n, features) and n targets",
            found=f"X {np.shape(X)} and y {y.shape}",
        )
    targets = y if scaler is None else _scaled(scaler, y)
    what = told(last, targets)
    tested = None
    if test is not None:
        if not isinstance(test, (tuple, list)) or len(test) != 2:
            raise UsageError("these are no test data", expected="(X, y)", found=type(test).__name__)
        raw = np.asarray(test[1])
        tested = _known(
            what, _table(test[0], steps), raw if scaler is None else scaler.transform(raw.reshape(len(raw), -1))
        )
    if steps and _is_whole(X):
        from sklearn.base import clone

        steps = [clone(step) for step in steps]
        try:
            for step in steps:
                X = _rows(step.fit_transform(X, y))
                tested = None if tested is None else (_rows(step.transform(tested[0])), tested[1])
        except Exception as error:
            raise UsageError(f"a step before the perceptron fails: {type(step).__name__}: {error}") from None
    X = _rows(X)
    tested = None if tested is None else (_rows(tested[0]), tested[1])
    before = [type(step).__name__ for step in steps]
    used = {
        "estimator": type(last).__name__,
        "problem": what.words,
        **({"before it": ", ".join(before)} if before else {}),
        **({} if scaler is None else {"targets": f"transformed by {type(scaler).__name__}"}),
        **({"classes": ", ".join(map(str, what.names[:10])) + (" ..." if len(what.names) > 10 else "")}
           if what.names else {}),
    }  # fmt: skip
    if type(last).__name__ in LINEAR:
        if what.hot or what.problem.kind == "labels":
            raise UsageError("a linear model has one target for each row", found=what.words)
        return LinearCourse(linear_subject(last, X, what.y, what.problem, test=tested, used=used))
    patient = _Estimator(last, X, what, tested)
    patient.targets = what.form(what.y)
    stopped = np.isfinite(X).all() and patient.epochs < last.max_iter
    return Course(
        X,
        what.y,
        what.problem,
        describe=patient.describe,
        adapter=lambda: ScikitAdapter(last, patient.settings(), what),
        test=tested,
        remarks=patient.remarks,
        noted=what.facts(last),
        penalty=patient.batch_size,
        most_epochs=int(last.max_iter) if stopped else None,
        used=used,
    )


def _parts(estimator: Any) -> tuple[list[Any], Any, Any]:
    """The steps before, the perceptron itself, and what transforms its targets; None if nothing does."""
    from sklearn.compose import TransformedTargetRegressor
    from sklearn.linear_model import SGDClassifier, SGDRegressor
    from sklearn.neural_network import MLPClassifier, MLPRegressor
    from sklearn.pipeline import Pipeline

    steps: list[Any] = []
    scaler = None
    while isinstance(estimator, (Pipeline, TransformedTargetRegressor)):
        if isinstance(estimator, TransformedTargetRegressor):
            scaler, estimator = _transformer(estimator), estimator.regressor
            continue
        *before, (_, estimator) = estimator.steps
        steps += [step for _, step in before if step not in (None, "passthrough")]
    linear = isinstance(estimator, (SGDClassifier, SGDRegressor))
    if not linear and not isinstance(estimator, (MLPClassifier, MLPRegressor)):
        inner = next((name for name in ("best_estimator_", "estimator") if hasattr(estimator, name)), None)
        raise UsageError(
            "this estimator is no multilayer perceptron",
            expected="MLPClassifier or MLPRegressor (SGD... too), made already, or a Pipeline that ends in one",
            found=type(estimator).__name__ if not isinstance(estimator, type) else f"the class {estimator.__name__}",
            do=f"Hand over its .{inner}" if inner else None,
        )
    try:
        estimator._validate_params()
        sizes = [] if linear else [int(size) for size in np.atleast_1d(estimator.hidden_layer_sizes)]
    except (TypeError, ValueError) as error:
        raise UsageError(f"the estimator's settings make no sense: {error}") from None
    if any(size < 1 for size in sizes):
        raise UsageError("a hidden layer has no units", expected="whole numbers, 1 or more", found=str(sizes))
    return steps, estimator, scaler


def _transformer(estimator: Any) -> Any:
    """What a TransformedTargetRegressor does to its targets."""
    from sklearn.preprocessing import FunctionTransformer

    if estimator.transformer is not None:
        return estimator.transformer
    return FunctionTransformer(estimator.func, estimator.inverse_func)


def _scaled(scaler: Any, y: Array) -> Array:
    """Targets as the perceptron is trained on them."""
    try:
        made: Array = np.asarray(scaler.fit_transform(y.reshape(len(y), -1)))
    except Exception as error:
        raise UsageError(f"the targets cannot be transformed: {type(error).__name__}: {error}") from None
    return made


def _table(X: Any, steps: Sequence[Any]) -> Any:
    """Rows of numbers; a table of names and words as it is where steps before the perceptron make numbers of it."""
    return X if steps and hasattr(X, "columns") else _rows(X)


def _is_whole(X: Any) -> bool:
    """Whether no number is missing or infinite; of a table with words in it that is for its steps to say."""
    try:
        return bool(np.isfinite(np.asarray(X, dtype=np.float64)).all())
    except (TypeError, ValueError):
        return True


def _rows(X: Any) -> Array:
    try:
        array: Array = np.asarray(X.toarray() if hasattr(X, "toarray") else X, dtype=np.float64)
    except (TypeError, ValueError):
        raise UsageError("X holds something else than numbers", expected="X (n, features) of numbers") from None
    return array


class Told(NamedTuple):
    """What is learned: targets as the problem keeps them, the names of the classes, and how it was told.

    >>> Told(Regression(("price",)), np.zeros((3, 1)), "a regression").form(np.zeros((3, 1))).shape
    (3,)
    """

    problem: Problem
    y: Array
    words: str
    names: tuple[Any, ...] = ()
    outputs: int = 1
    hot: bool = False
    """Whether the estimator is given one-hot rows of classes."""

    @property
    def binary(self) -> bool:
        """Whether a classifier's outputs are binary, each for itself: scikit-learn takes one-hot rows for labels."""
        return self.outputs == 1 or self.hot or self.problem.kind == "labels"

    def form(self, y: Array) -> Array:
        """Targets as the estimator is given them."""
        if self.hot:
            hot: Array = np.eye(self.outputs)[y]
            return hot
        return y.reshape(len(y)) if self.problem.kind == "regression" and self.outputs == 1 else y

    def facts(self, estimator: Any) -> list[Measured]:
        """The cost of the best constant answer, as the estimator counts it."""
        if self.problem.kind != "regression" or getattr(estimator, "loss", "squared_error") != "squared_error":
            return []
        return [FLOOR.measured(floor(COSTS["quadratic"], self.problem.targets(self.y, self.outputs)) / self.outputs)]


def told(estimator: Any, y: Array) -> Told:
    """What the estimator learns from these targets.

    >>> from sklearn.neural_network import MLPRegressor
    >>> told(MLPRegressor(), np.array([0.5, 2.0, 7.0])).words
    'a regression of 1 number: MLPRegressor of float targets'

    Raises
    ------
    UsageError
        It cannot learn them.
    """
    from sklearn.utils.multiclass import type_of_target

    name = type(estimator).__name__
    classifies = name.endswith("Classifier")
    if not classifies and y.dtype.kind == "f" and not np.isfinite(y).all():
        return _numbers(y, name)  # says which is missing
    try:
        with np.errstate(invalid="ignore"):  # NaN as a whole number
            kind = type_of_target(y)
    except (TypeError, ValueError) as error:
        raise UsageError(f"the targets are no classes: {error}") from None
    if y.ndim == 2 and y.shape[1] > 1:
        outputs = y.shape[1]
        with suppress(UsageError):
            labels = class_numbers(y, outputs)
            problem = Classification(tuple(map(str, range(outputs))))
            return Told(problem, labels, f"{outputs} classes: one-hot rows", tuple(range(outputs)), outputs, hot=True)
        if kind == "multilabel-indicator":
            several = MultiLabel(names_of(outputs))
            return Told(several, several.checked(y), f"{outputs} labels: rows of 0 and 1", outputs=outputs)
        if classifies:
            class_numbers(y, outputs)  # says what is wrong
        return _numbers(y, name)
    if not classifies and (kind.startswith("continuous") or len(np.unique(y)) > 2):
        return _numbers(y, name)
    if kind.startswith("continuous"):
        raise UsageError(
            "the targets are no classes, and the estimator is a classifier",
            expected="classes, or an MLPRegressor", found=f"{len(np.unique(y)):,} different numbers",
        )  # fmt: skip
    names, labels = np.unique(y.reshape(-1), return_inverse=True)
    count = max(len(names), 2)
    known = Classification(tuple(map(str, range(count))))
    outputs = len(names) if len(names) > 2 or y.ndim == 2 else 1
    words = f"{len(names)} classes: {kind} targets"
    return Told(known, labels.astype(np.intp), words, tuple(names.tolist()), outputs)


def _numbers(y: Array, name: str) -> Told:
    if y.dtype.kind not in "iufb":
        raise UsageError("the targets are no numbers", expected="numbers (n,) or (n, outputs)", found=str(y.dtype))
    outputs = y.shape[1] if y.ndim == 2 else 1
    problem = Regression(names_of(outputs))
    many = "1 number" if outputs == 1 else f"{outputs} numbers"
    kind = "float targets" if y.dtype.kind == "f" else "whole numbers"
    return Told(problem, problem.checked(y), f"a regression of {many}: {name} of {kind}", outputs=outputs)


def _known(what: Told, X: Any, y: Array) -> tuple[Any, Array]:
    """Test rows and their targets; rows of classes that the training set has not are left out."""
    if len(X) != len(y):
        raise UsageError("the test set does not fit", expected="a target for each row", found=f"{len(y):,} targets")
    if what.hot:
        return X, class_numbers(y, what.outputs)
    if what.problem.kind != "classification":
        return X, what.problem.checked(y)
    number = {name: index for index, name in enumerate(what.names)}
    values = y.reshape(-1).tolist()
    rows = [row for row, value in enumerate(values) if value in number]
    if not rows:
        raise UsageError(
            "the test set does not fit",
            expected="a target for each row, of the classes of y",
            found=f"{len(y):,} targets",
        )
    chosen = X.iloc[rows] if hasattr(X, "iloc") else X[rows]
    return chosen, np.array([number[values[row]] for row in rows], dtype=np.intp)


class _Estimator:
    """An estimator's settings as a description."""

    def __init__(self, estimator: Any, X: Array, what: Told, test: Any) -> None:
        self.estimator, self.X, self.what, self.outputs, self.test = estimator, X, what, what.outputs, test
        self.classifies = type(estimator).__name__ == "MLPClassifier"
        self.remarks: list[Remark] = []
        self.targets: Array = what.y
        self._taken: int | None = None
        own = estimator.batch_size
        self.batch_size = min(AUTO_BATCH if own == "auto" else int(own), len(X))

    @property
    def fitted(self) -> bool:
        return hasattr(self.estimator, "coefs_") and self.estimator.coefs_[0].shape[0] == self.X.shape[1]

    @property
    def epochs(self) -> int:
        """Those that it took, if it stopped by itself."""
        taken = getattr(self.estimator, "n_iter_", self.estimator.max_iter) if self.fitted else self._epochs_taken()
        if taken < self.estimator.max_iter:
            self.remarks[:] = [
                said(
                    f"It stopped by itself after {taken} of {self.estimator.max_iter} epochs, and so may its trials. "
                    "`MLPClassifier(n_iter_no_change=..., tol=0)` goes on."
                )
            ]
        return max(1, int(taken))

    def _epochs_taken(self) -> int:
        """How many epochs its own stopping rule leaves: found by training a copy."""
        if self._taken is None:
            from sklearn.base import clone

            with warnings.catch_warnings(), np.errstate(all="ignore"):
                warnings.simplefilter("ignore")
                try:
                    self._taken = int(clone(self.estimator).fit(self.X, self.targets).n_iter_)
                except ValueError:  # numbers that overflow
                    self._taken = int(self.estimator.max_iter)
        return self._taken

    def settings(self) -> Settings:
        """What is known of its training."""
        one = self.estimator
        hidden = tuple(int(size) for size in np.atleast_1d(one.hidden_layer_sizes))
        return Settings(
            optimizer={"sgd": "sgd", "adam": "adam"}.get(one.solver),
            rate=None if one.solver == "lbfgs" else one.learning_rate_init,
            momentum=one.momentum if one.solver == "sgd" else None,
            batch=len(self.X) if one.solver == "lbfgs" else self.batch_size,
            epochs=self.epochs,
            patience=int(one.n_iter_no_change) if self.epochs < one.max_iter else None,
            order="shuffled" if one.shuffle else "file",
            widths=(self.X.shape[1], *hidden, self.outputs),
            activation=ACTIVATION.get(one.activation),
            l2=float(one.alpha) / self.batch_size,
            cost="quadratic" if self.what.problem.kind == "regression" and squares_of(one) else None,
            output="identity" if self.what.problem.kind == "regression" else None,
        )

    def describe(self) -> Description:
        """The description, on initial weights as scikit-learn draws them (Glorot's, uniform)."""
        if self.epochs < self.estimator.max_iter:
            raise NoRecipe("its own stopping rule ended it, which a recipe has not")
        one = self.estimator
        hidden = tuple(int(size) for size in np.atleast_1d(one.hidden_layer_sizes))
        sizes = (self.X.shape[1], *hidden, self.outputs)
        activation = ACTIVATION.get(one.activation, "")
        if not activation or not math.isfinite(one.learning_rate_init):
            raise UsageError("the estimator's settings make no sense", found=repr(one))
        if not self.classifies and not squares_of(one):
            raise NoRecipe(f"a recipe has no loss '{one.loss}'", expected="squared_error")
        rng = np.random.default_rng(0)
        layers = []
        for fan_in, fan_out in pairwise(sizes):
            bound = math.sqrt((2 if activation == "sigmoid" else 6) / (fan_in + fan_out))
            layers.append((rng.uniform(-bound, bound, (fan_in, fan_out)), rng.uniform(-bound, bound, fan_out)))
        last = "identity"
        if self.classifies:
            last = "sigmoid" if self.what.binary else "softmax"
        network = Network(sizes, activation=activation, output_activation=last, dtype="float64")
        vector = np.concatenate([np.concatenate([W.ravel(), b]) for W, b in layers])
        rows = self.X[:64].astype(np.float64)
        description = Description(
            layers=layers,
            X=self.X,
            y=self.what.y,
            problem=self.what.problem,
            outputs=network.having(vector, network.statistics.vector).scores(rows),
            last=last,
            X_test=None if self.test is None else self.test[0],
            y_test=None if self.test is None else self.test[1],
            activation=activation,
            output_activation="identity",
            cost=_cost_of(one, self.what),
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
            raise NoRecipe("a recipe has no solver 'lbfgs'", expected="sgd or adam")
        if one.solver == "adam":
            return {**rate, "optimizer": "adam", "momentum": 0.0 if one.beta_1 == 0.9 else float(one.beta_1)}
        if one.solver != "sgd":
            raise NoRecipe(f"a recipe has no solver '{one.solver}'", expected="sgd, adam or lbfgs")
        if one.learning_rate != "constant":
            raise NoRecipe(f"a recipe has no rate '{one.learning_rate}'", expected="constant")
        if one.momentum == 0:
            return {**rate, "optimizer": "sgd"}
        return {**rate, "optimizer": "nesterov" if one.nesterovs_momentum else "sgd", "momentum": float(one.momentum)}


def squares_of(estimator: Any) -> bool:
    """Whether a regressor's loss is the squared error.

    >>> from sklearn.neural_network import MLPRegressor
    >>> squares_of(MLPRegressor())
    True
    """
    return bool(getattr(estimator, "loss", "squared_error") == "squared_error")


def _cost_of(estimator: Any, what: Told) -> str:
    if type(estimator).__name__ != "MLPClassifier":
        return "quadratic"
    return "sigmoid-cross-entropy" if what.binary else "softmax-cross-entropy"


SOLVERS = {"sgd": "sgd", "adam": "adam"}
NO_SETTING = {
    "biases": "its biases, which it always has",
    "clip": "clipping gradients",
    "cost": "another loss",
    "output": "the activation of its outputs",
    "scale-targets": "scaling its targets",
    "schedule": "a schedule that is tried",
    "weights": "other initial weights",
}
FEW = 1e9  # multiply-adds of an arm that is trained in one go, as scikit-learn's `fit` does
KINDS = (
    "epochs", "batch", "shuffle", "scale-inputs", "activation", "penalty", "width", "depth", "optimizer", "rows",
)  # fmt: skip


class Plateau:
    """scikit-learn's stopping rule, as its documentation has it: so many epochs without a cost lower by `tol`.

    >>> plateau = Plateau(tol=0.1, patience=1)
    >>> [plateau.reached(cost) for cost in (1.0, 0.5, 0.45, 0.44)]
    [False, False, False, True]
    """

    def __init__(self, tol: float, patience: int) -> None:
        self.tol, self.patience = tol, patience
        self.best, self.without = math.inf, 0

    def reached(self, cost: float) -> bool:
        """Whether it ends here, with this cost of the epoch."""
        self.without = self.without + 1 if cost > self.best - self.tol else 0
        self.best = min(self.best, cost)
        return self.without > self.patience


class ScikitAdapter:
    """Trains clones of an estimator, epoch by epoch.

    >>> from sklearn.neural_network import MLPClassifier
    >>> settings = Settings(batch=10, epochs=3, widths=(1, 5, 1))
    >>> X, labels = np.array([[0.0], [1.0]] * 20), np.array([0, 1] * 20)
    >>> estimator = MLPClassifier((5,), max_iter=3)
    >>> adapter = ScikitAdapter(estimator, settings, told(estimator, labels))
    >>> adapter.train(X, labels, (), seed=0, steps=12, stop=lambda: False).steps
    12
    """

    middle = 0.5
    fitting: tuple[str, ...] = ()

    def __init__(self, estimator: Any, settings: Settings, what: Told) -> None:
        self.estimator, self.settings, self.what, self.outputs = estimator, settings, what, what.outputs
        self.classifies = type(estimator).__name__ == "MLPClassifier"
        self.wording = Wording(
            "scikit-learn", estimator=type(estimator).__name__, penalty=float(settings.batch or AUTO_BATCH)
        )

    def multiply_adds(self) -> float:
        """Those of one row on its way forward."""
        widths = self.settings.widths or (1, 1)
        return float(sum(a * b for a, b in pairwise(widths)))

    def weights(self) -> dict[str, Array]:
        """None: scikit-learn draws them itself, as Glorot recommends."""
        return {}

    def inside(self, X: Array, y: Array) -> Inside:
        """What an estimator is as it draws itself; its gradient is that of whynet's network with the same weights."""
        from sklearn.base import clone

        given, targets, more = self._given(X, y)
        own = clone(self.estimator).set_params(**self._changed((), 0), shuffle=False)
        first = clone(own).set_params(solver="sgd", learning_rate_init=1e-30)
        size, step, unseen = min(self.settings.batch or AUTO_BATCH, len(X)), [], {}
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            first.partial_fit(given, targets, **more)
            layers = list(zip(first.coefs_, first.intercepts_, strict=True))
            if own.solver == "lbfgs":
                unseen["step"] = "the solver 'lbfgs' takes all of its steps at once"
            else:
                own.set_params(batch_size=size).partial_fit(given[:size], targets[:size], **more)
                step = list(zip(first.coefs_, own.coefs_, strict=True))
        units = _units(layers, self.activation, given)
        gradients = self._gradients(layers, given, targets)
        hidden = [(self.activation, z) for z in units[:-1]]
        return Inside(layers, given.astype(np.float64), units[0], hidden, gradients, step, unseen)

    @property
    def activation(self) -> str:
        """That of its hidden units, in whynet's word."""
        return ACTIVATION[self.estimator.activation]

    def _given(self, X: Array, y: Array) -> tuple[Array, Array, dict[str, Any]]:
        """Inputs and targets as its `partial_fit` takes them."""
        kinds = np.arange(self.outputs if self.what.problem.kind == "labels" else max(self.outputs, 2))
        return X, self.what.form(y), {"classes": kinds} if self.classifies else {}

    def _gradients(self, layers: Sequence[tuple[Array, Array]], X: Array, targets: Array) -> list[Array]:
        sizes = (layers[0][0].shape[0], *(W.shape[1] for W, _ in layers))
        cost = _cost_of(self.estimator, self.what)
        network = Network(sizes, activation=self.activation, output_activation="identity", cost=cost, dtype="float64")
        vector = np.concatenate([np.concatenate([W.ravel(), b]) for W, b in layers])
        wanted = targets if targets.ndim == 2 else targets[:, None] if sizes[-1] == 1 else np.eye(sizes[-1])[targets]
        found = network.having(vector, network.statistics.vector).gradients(X, wanted.astype(np.float64))
        return list(found.weights())

    def why_not(self, changes: Sequence[Change]) -> str | None:
        """None if a clone can be trained with these changes, or the reason."""
        for change in changes:
            if change.kind == "rate" and self.settings.rate is None:
                return f"the solver '{self.estimator.solver}' has no learning rate"
            if change.kind == "scale-targets" and self.what.problem.kind == "regression":
                continue  # around it: TransformedTargetRegressor
            if change.kind not in (*KINDS, "rate"):
                return f"{type(self.estimator).__name__} has no setting for {NO_SETTING.get(change.kind, change.kind)}"
            if change.kind == "activation" and change.numbers["name"] not in ACTIVATION.values():
                return f"{type(self.estimator).__name__} has no activation '{change.numbers['name']}'"
        return None

    def _changed(self, changes: Sequence[Change], seed: int) -> dict[str, Any]:
        """The estimator's settings with the changes."""
        found: dict[str, Any] = {"random_state": seed, "early_stopping": False, "warm_start": False}
        found["learning_rate_init"] = self.estimator.learning_rate_init * times(changes)
        names = {ours: theirs for theirs, ours in ACTIVATION.items()}
        for change in changes:
            numbers = change.numbers
            if change.kind == "shuffle":
                found["shuffle"] = True
            elif change.kind == "batch":
                found["batch_size"] = numbers["size"]
            elif change.kind == "activation":
                found["activation"] = names[numbers["name"]]
            elif change.kind == "penalty":
                found["alpha"] = 0.0 if numbers.get("off") else numbers["l2"] * float(self.settings.batch or AUTO_BATCH)
            elif change.kind in ("width", "depth"):
                found["hidden_layer_sizes"] = tuple(numbers["widths"][1:-1])
            elif change.kind == "optimizer":
                found |= {"solver": numbers["name"], "learning_rate_init": numbers.get("rate") or 0.001}
        return found

    def train(
        self, X: Array, y: Array, changes: Sequence[Change], *, seed: int, steps: int, stop: Callable[[], bool]
    ) -> Trained:
        """One arm, of whole epochs."""
        from sklearn.base import clone

        prepare = prepared(X, changes)
        given = prepare(X)
        model = clone(self.estimator).set_params(**self._changed(changes, seed))
        model.random_state = np.random.RandomState(seed)  # an int gives every epoch the same order
        fitted = targets_as(self.what.problem, y, changes)
        y = fitted.targets(y, self.outputs) if fitted.kind == "regression" else y
        batches = -(-len(X) // min(int(number(changes, "batch", "size") or self.settings.batch or AUTO_BATCH), len(X)))
        epochs = max(1, round(steps / batches))
        _, targets, more = self._given(given, y)
        kinds = more.get("classes", np.arange(max(self.outputs, 2)))
        start = self._start(clone(model).set_params(random_state=seed), given, targets, more)
        curve: list[tuple[int, float]] = []
        taken, finite, finished = 0, True, False
        stops = self.settings.patience is not None and number(changes, "epochs", "early_stop") is None
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            try:
                if self.estimator.solver == "lbfgs" and not has(changes, "optimizer"):
                    model.set_params(max_iter=epochs).fit(given, targets)
                    curve, taken = [(epochs, float(model.loss_))], epochs
                elif self.multiply_adds() * len(X) * epochs < FEW and model.learning_rate != "adaptive":
                    rule = {} if stops else {"n_iter_no_change": epochs + 1, "tol": 0}
                    model.set_params(max_iter=epochs, **rule).fit(given, targets)
                    curve = [((i + 1) * batches, float(one)) for i, one in enumerate(model.loss_curve_)]
                    taken, finished = int(model.n_iter_), stops and model.n_iter_ < epochs
                plateau = Plateau(self.estimator.tol, self.estimator.n_iter_no_change)
                while taken < epochs and not stop() and not finished:
                    model.partial_fit(given, targets, **more)
                    taken += 1
                    curve.append((taken * batches, float(model.loss_)))
                    finished = stops and plateau.reached(float(model.loss_))
                finite = bool(np.isfinite(model.loss_))
            except ValueError:  # what scikit-learn says of numbers that overflow
                finite = False

        def scores(rows: Array) -> Array:
            if fitted.kind == "regression":
                if not finite:
                    return np.full((len(rows), self.outputs), np.nan)
                return fitted.predictions(model.predict(prepare(rows)).reshape(len(rows), -1))
            if not finite:
                return np.zeros((len(rows), max(len(kinds), 2)))
            if fitted.kind == "labels" and not self.classifies:
                answers: Array = model.predict(prepare(rows)).reshape(len(rows), -1)
                return answers
            if self.classifies:
                probabilities: Array = model.predict_proba(prepare(rows))
                if self.what.hot or fitted.kind == "labels" or len(model.classes_) == len(kinds):
                    return probabilities
                every = np.zeros((len(rows), len(kinds)))  # a class that these rows have not is never predicted
                every[:, model.classes_] = probabilities
                return every
            given = model.predict(prepare(rows)).reshape(len(rows), -1)
            return given if given.shape[1] > 1 else np.hstack([1 - given, given])

        cost = curve[-1][1] if finite and curve else math.nan
        made = min(max(taken, 1) * batches, max(steps, 1))

        def hidden(rows: Array) -> Hidden:
            layers = list(zip(model.coefs_, model.intercepts_, strict=True))
            name = ACTIVATION[model.activation]
            return [(name, z) for z in _units(layers, name, prepare(rows))[:-1]]

        return Trained(
            scores, start, cost, tuple(curve), made, finite, finished, hidden=hidden if finite and curve else None
        )

    def steps_from(
        self,
        layers: Sequence[tuple[Array, Array]],
        X: Array,
        y: Array,
        steps: int,
        *,
        times: float = 1.0,
        dropout: bool = True,
    ) -> Trained:
        """A few steps on the rows as they lie, from these weights."""
        from sklearn.base import clone

        size = min(int(self.settings.batch or AUTO_BATCH), len(X))
        model = clone(self.estimator).set_params(
            random_state=0,
            early_stopping=False,
            warm_start=False,
            shuffle=False,
            batch_size=size,
            learning_rate_init=self.estimator.learning_rate_init * times,
        )
        _, targets, more = self._given(X, y)
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            model.partial_fit(X[:size], targets[:size], **more)  # makes its arrays
            for own, new in zip((*model.coefs_, *model.intercepts_), _in_order(layers), strict=True):
                own[...] = new
            del model._optimizer  # and with it what the first step left behind
            try:
                for _ in range(0, steps, -(-len(X) // size)):
                    model.partial_fit(X, targets, **more)
                finite = bool(np.isfinite(model.loss_))
            except ValueError:
                finite = False

        def scores(rows: Array) -> Array:
            if not finite:
                return np.full((len(rows), self.outputs), np.nan)
            found: Array = model.predict_proba(rows) if self.classifies else model.predict(rows).reshape(len(rows), -1)
            return found[:, 1:] if self.outputs == 1 and self.classifies else found

        return Trained(scores, math.nan, math.nan, (), steps, finite)

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


def _units(layers: Sequence[tuple[Array, Array]], name: str, X: Array) -> list[Array]:
    """The pre-activations of every layer, (rows, units)."""
    found, a = [], X
    for W, b in layers:
        found.append(a @ W + b)
        a = ACTIVATIONS[name].forward(found[-1])[0]
    return found


def _in_order(layers: Sequence[tuple[Array, Array]]) -> list[Array]:
    """All weights, then all biases, as scikit-learn keeps them."""
    return [*(W for W, _ in layers), *(b for _, b in layers)]
