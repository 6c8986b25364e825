"""What both estimators do: check, train, keep scikit-learn's attributes."""

from __future__ import annotations

import warnings
from abc import abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
from sklearn.base import BaseEstimator, clone
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.model_selection import train_test_split
from sklearn.utils import check_random_state
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from whynet.doctor.budget import TIMES
from whynet.doctor.diagnosis import Diagnosis
from whynet.interfaces.estimator import checkup, versions
from whynet.interfaces.estimator.course import Course, Given, Held, scores_of
from whynet.interfaces.estimator.lbfgs import minimise
from whynet.interfaces.estimator.settings import BadSetting, Settings
from whynet.network.network import Network
from whynet.training.history import Epoch
from whynet.types import Array, Labels, Scores, Targets

SEEDS = 2**31 - 1


class WhyNetEstimator(versions.Base, BaseEstimator):  # type: ignore[misc]
    """The common part of `WhyNetClassifier` and `WhyNetRegressor`."""

    _numeric: ClassVar[bool]

    @abstractmethod
    def __init__(self, **parameters: Any) -> None: ...

    @abstractmethod
    def _encoded(self, y: Any, *, first: bool, classes: Any = None) -> tuple[Labels, Targets]:
        """The label of each row, and the targets of each label; a first call learns what there is to predict."""

    @abstractmethod
    def _judged(self, scores: Scores, y: Any, weights: Array | None) -> float:
        """How good scores are, as `score` would say it."""

    @abstractmethod
    def _cost(self, settings: Settings) -> str:
        """The name of the cost."""

    @abstractmethod
    def _weighed(self, y: Any, weights: Array | None) -> Array | None:
        """What each row counts, its class's weight included."""

    @abstractmethod
    def _patient(self) -> checkup.Patient:
        """What the doctor is told of the fit."""

    @versions.with_callbacks
    def fit(self, X: Any, y: Any, sample_weight: Any = None, *, X_val: Any = None, y_val: Any = None) -> Any:
        """Train on rows `X (n, features)`, dense or sparse, and their targets `y`.

        With `X_val` and `y_val` every epoch is judged on them as well: `validation_scores_` and
        `validation_loss_curve_`; with `early_stopping` they decide the end, else a part of the rows that is split off.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            A parameter, or the data, make no sense.
        """
        return self._fit(X, y, sample_weight, (X_val, y_val), first=not (self.warm_start and hasattr(self, "_course")))

    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None, classes: Any = None) -> Any:
        """One epoch more on these rows; a classifier needs all `classes` at the first call.

        Raises
        ------
        ValueError
            As for `fit`; or `early_stopping`, which has nothing to judge by here.
        """
        if self.solver == "lbfgs":
            raise AttributeError("partial_fit needs a solver that goes epoch by epoch: 'adam' or 'sgd', not 'lbfgs'")
        if self.early_stopping:
            raise BadSetting("partial_fit does not support early_stopping=True")
        return self._fit(
            X, y, sample_weight, (None, None), first=not hasattr(self, "_course"), one=True, classes=classes
        )

    def _fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any,
        validation: tuple[Any, Any],
        *,
        first: bool,
        one: bool = False,
        classes: Any = None,
    ) -> Any:
        settings = Settings.of(self)
        X, y = self._checked(X, y, first)
        if sample_weight is not None:
            sample_weight = _check_sample_weight(sample_weight, X, dtype=np.float64)
            if (sample_weight < 0).any() or not sample_weight.any():
                raise BadSetting(
                    "sample_weight must not be negative, nor all zero: there would be no row to learn from"
                )
        labels, table = self._encoded(y, first=first, classes=classes)
        weights = self._weighed(y, sample_weight)
        seed = int(check_random_state(self.random_state).randint(SEEDS)) if first else self._course.seed
        given, held = self._split(X, y, labels, table, weights, validation, settings, seed)
        if settings.batch is not None and settings.batch > given.rows:
            warnings.warn(
                "batch_size is larger than the number of rows. It is going to be clipped", stacklevel=3 + versions.DEPTH
            )
        if first:
            self._begin(given, settings, seed)
        elif self._course.network.sizes[1:-1] != settings.hidden:
            raise BadSetting("hidden_layer_sizes have changed", do="Use warm_start=False to begin anew")
        self._train(given, held, settings, one)
        self._tell(settings)
        if not one:
            self._examined(settings)
        return self

    def _checked(self, X: Any, y: Any, first: bool) -> tuple[Any, Any]:
        checked: tuple[Any, Any] = validate_data(
            self, X, y, accept_sparse="csr", multi_output=True, dtype=(np.float64, np.float32), reset=first,
            y_numeric=self._numeric,
        )  # fmt: skip
        return checked

    def _split(
        self,
        X: Any,
        y: Any,
        labels: Labels,
        table: Targets,
        weights: Array | None,
        validation: tuple[Any, Any],
        settings: Settings,
        seed: int,
    ) -> tuple[Given, Held | None]:
        """The rows to train on, and those held back if any are."""
        rows = np.arange(X.shape[0])
        held: Held | None = None
        if validation[0] is not None:
            held = self._held(validation[0], validation[1])
        elif settings.early_stopping and settings.solver != "lbfgs":
            counts, least = np.bincount(labels, minlength=len(table)), settings.held * len(rows)
            alike = labels if counts.min() > 1 and least >= len(table) else None  # each class has its share
            rows, back = train_test_split(rows, test_size=settings.held, random_state=seed, stratify=alike)
            if len(back) < 2:
                raise BadSetting(
                    "The validation set is too small.", do="Increase validation_fraction, or have more rows"
                )
            own = None if weights is None else weights[back]
            held = Held(X[back], labels[back], table[labels[back]], _judge(self, y[back], own))
        if weights is not None:  # rows that count nothing are not there at all
            rows = rows[weights[rows] > 0]
            if not len(rows):
                raise BadSetting("no row is left to learn from: all that are not held back have a weight of zero")
        mean = 1.0 if weights is None else float(weights[rows].mean())
        each = None if weights is None else weights / mean
        if settings.loss == "quadratic" and self._cost(settings) == "quadratic" and table.shape[1] > 1:
            each = np.full(X.shape[0], 1.0) if each is None else each
            each = each / table.shape[1]  # scikit-learn's loss is the mean over the outputs, whynet's their sum
        given = Given(X, labels, table, each, mean)
        return (given if len(rows) == X.shape[0] else given.take(rows)), held

    def _held(self, X: Any, y: Any) -> Held:
        if y is None:
            raise BadSetting("X_val needs its targets: y_val")
        X, y = self._checked(X, y, False)
        labels, table = self._encoded(y, first=False)
        return Held(X, labels, table[labels], _judge(self, y, None))

    def _begin(self, given: Given, settings: Settings, seed: int) -> None:
        network = Network(
            (given.X.shape[1], *settings.hidden, given.targets.shape[1]),
            activation=settings.activation,
            output_activation="identity",
            init="glorot",
            bias_init="scaled-uniform",
            dropout=settings.dropout,
            cost=self._cost(settings),
            seed=seed,
            dtype=given.X.dtype,
        )
        self._course = Course(network, seed=seed, rate=settings.rate)
        self._course.first_cost = checkup.cost_of(network, given)
        self.__dict__.pop("_diagnosis", None)

    def _train(self, given: Given, held: Held | None, settings: Settings, one: bool) -> None:
        course = self._course
        self._kept: Any = given, held
        if settings.solver == "lbfgs":
            minimise(course, given, settings)
            return
        epochs = 1 if one else settings.epochs
        whole = None if one or not versions.watched(self) else versions.Watched(self, epochs, given)

        def watch(record: Epoch) -> bool:
            if settings.verbose:
                self._say(record)
            asked = [call(record) for call in settings.callbacks]
            asked.append(whole.end(self._fitted_now) if whole is not None else None)
            return True in asked

        if whole is None:
            course.go(given, settings, epochs=epochs, held=held, watch=watch)
        else:
            course.go(given, settings, epochs=epochs, held=held, watch=watch, begin=whole.begin)
            whole.over(self._fitted_now)

    def _fitted_now(self) -> dict[str, Any]:
        """What a copy of this estimator needs to predict as of now."""
        self._tell(Settings.of(self))
        return {name: value for name, value in vars(self).items() if name.endswith("_") or name == "_course"}

    def _say(self, record: Epoch) -> None:
        score = "" if record.validation_quality is None else f", validation score = {record.validation_quality:.6f}"
        print(f"Iteration {record.epoch + 1}, loss = {record.cost + record.penalty:.8f}{score}")

    def _tell(self, settings: Settings) -> None:
        """scikit-learn's attributes."""
        course = self._course
        self.n_outputs_ = course.network.sizes[-1]
        self.n_layers_ = len(course.network.sizes)
        self.n_iter_, self.t_ = course.epochs, course.seen
        self.loss_curve_ = list(course.curve)
        self.loss_ = course.curve[-1] if course.curve else course.first_cost
        judged = bool(course.scores)
        self.validation_scores_ = list(course.scores) if judged else None
        self.validation_loss_curve_ = list(course.held_costs) if judged else None
        early = settings.early_stopping and judged
        self.best_validation_score_ = max(course.scores) if judged else None
        self.best_loss_ = None if early else min(course.curve, default=self.loss_)
        self.interrupted_ = course.interrupted

    def _examined(self, settings: Settings) -> None:
        """A warning in the doctor's words where it has plainly not learned, or not finished."""
        course = self._course
        self.__dict__.pop("_diagnosis", None)
        if course.interrupted:
            warnings.warn("Training interrupted by user.", stacklevel=4 + versions.DEPTH)
            return
        words = checkup.warning(self._patient())
        if words:
            warnings.warn(words, ConvergenceWarning, stacklevel=4 + versions.DEPTH)

    def _scores(self, X: Any) -> Scores:
        check_is_fitted(self)
        X = validate_data(self, X, accept_sparse="csr", dtype=(np.float64, np.float32), reset=False)
        return scores_of(self._course.outcome, X)

    @property
    def coefs_(self) -> list[Array]:
        """The weights of each layer, (units before, units), views: to change them is to change the network."""
        return [arrays["W"] for arrays in self._arrays("coefs_")]

    @property
    def intercepts_(self) -> list[Array]:
        """The biases of each layer, (units,), views."""
        return [arrays["b"] for arrays in self._arrays("intercepts_")]

    def _arrays(self, name: str) -> list[dict[str, Array]]:
        if not hasattr(self, "_course"):
            raise NotFittedError(f"{type(self).__name__} has no {name} before it is fitted")
        network = self._course.outcome
        return [network.params[index] for index, one in enumerate(network.layers) if one.kind == "dense"]

    @property
    def diagnosis_(self) -> Diagnosis:
        """The check-up: its state and the figures that it rests on; no trials, nothing proved. Made when first asked
        for, as its yardstick, a linear model, is trained then.

        Raises
        ------
        NotFittedError
            It is not fitted, or it comes from a file, which holds no rows to judge by.
        """
        if "_diagnosis" not in self.__dict__:
            self._diagnosis = checkup.checkup(self._with_rows())
        return self._diagnosis

    def explain(self, *, effort: float = TIMES, budget: float | None = None) -> Diagnosis:
        """Why does it not learn? Trains again with one thing changed at a time; nothing of this estimator changes.

        `effort` is how many of its own trainings the trials may cost, `budget` a cap in seconds.

        Raises
        ------
        NotFittedError
            As for `diagnosis_`.
        BadSetting
            The solver is "lbfgs": its steps cannot be taken again one by one.
        """
        return self.diagnosed(effort=effort, budget=budget)

    def diagnosed(
        self,
        *,
        data: Any = None,
        effort: float = TIMES,
        budget: float | None = None,
        trials: bool = True,
        say: Callable[[str], None] = lambda _: None,
    ) -> Diagnosis:
        """What `whynet.diagnose(estimator, ...)` calls; with `data`, `(X, y)`, a copy is fitted to them first."""
        model = self
        if data is not None:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ConvergenceWarning)
                model = clone(self).fit(*data)
        patient = model._with_rows()
        return checkup.explain(patient, effort=effort, budget=budget, trials=trials, say=say)

    def _with_rows(self) -> checkup.Patient:
        check_is_fitted(self)
        if getattr(self, "_kept", None) is None:
            raise NotFittedError("the rows that it was fitted on are not kept in a file: fit it again, then ask")
        return self._patient()

    def __getstate__(self) -> dict[str, Any]:
        state: dict[str, Any] = super().__getstate__()
        if state is self.__dict__:
            state = dict(state)
        state.pop("_kept", None)  # the rows belong to whoever handed them over
        return state

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "_course")


def _judge(estimator: WhyNetEstimator, y: Any, weights: Array | None) -> Any:
    return lambda scores: estimator._judged(scores, y, weights)
