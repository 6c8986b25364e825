"""scikit-learn's `SGDClassifier` and `SGDRegressor`: linear models that are trained by steps, as networks are."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from whynet.data.protocol import Problem
from whynet.doctor.budget import TIMES
from whynet.doctor.change import Change, Wording
from whynet.doctor.diagnose import examine
from whynet.doctor.diagnosis import Diagnosis, Settings
from whynet.subjects.adapted import AdaptedSubject
from whynet.subjects.adapter import Inside, Trained, has, number, prepared, targets_as, times
from whynet.types import Array

LINEAR = ("SGDClassifier", "SGDRegressor")
STEP = 2e3
"""Work of a step, which is one row and some hundred nanoseconds of scikit-learn's own compiled loop."""
KINDS = ("epochs", "shuffle", "scale-inputs", "penalty", "rows")
LOOKED_AT = 500  # rows that its cost is computed of
COSTS: dict[str, Callable[[Array, Array], Array]] = {
    "log_loss": lambda z, y: np.logaddexp(0.0, -y * z),
    "hinge": lambda z, y: np.maximum(0.0, 1.0 - y * z),
    "perceptron": lambda z, y: np.maximum(0.0, -y * z),
    "squared_hinge": lambda z, y: np.maximum(0.0, 1.0 - y * z) ** 2,
    "squared_error": lambda z, y: 0.5 * (z - y) ** 2,
}
"""What each of its losses is of a score and a target, which of classes is -1 or 1."""


class LinearAdapter:
    """Trains clones of one of these, in one go each: its own stopping rule ends them.

    >>> from sklearn.linear_model import SGDClassifier
    >>> from whynet.data.problem import Classification
    >>> X, y = np.array([[0.0], [1.0]] * 20), np.array([0, 1] * 20)
    >>> adapter = LinearAdapter(SGDClassifier(loss="log_loss"), Classification(("a", "b")), features=1, epochs=5)
    >>> trained = adapter.train(X, y, (), seed=0, steps=200, stop=lambda: False)
    >>> trained.steps, round(trained.start, 3), trained.scores(X).shape
    (200, 0.693, (40, 2))
    """

    middle = 0.5
    fitting: tuple[str, ...] = ()

    def __init__(self, estimator: Any, problem: Problem, *, features: int, epochs: int) -> None:
        self.estimator, self.problem = estimator, problem
        self.classifies = problem.kind == "classification"
        self.outputs = problem.outputs if self.classifies and problem.outputs > 2 else 1
        rate = None if estimator.learning_rate == "optimal" else float(estimator.eta0)
        self.settings = Settings(
            optimizer="sgd", rate=rate, batch=1, epochs=epochs, order="shuffled" if estimator.shuffle else "file",
            widths=(features, self.outputs), l2=float(estimator.alpha) if estimator.penalty == "l2" else 0.0,
        )  # fmt: skip
        self.wording = Wording("scikit-learn", estimator=type(estimator).__name__)

    def multiply_adds(self) -> float:
        """Those of one row on its way forward."""
        widths = self.settings.widths or (1, 1)
        return float(widths[0] * widths[1])

    def weights(self) -> Mapping[str, Array]:
        """None that would matter: it begins with zeros, as a linear model may."""
        return {}

    def inside(self, X: Array, y: Array) -> Inside:
        """There is nothing between its inputs and its outputs."""
        return Inside(unseen={"step": "scikit-learn takes all of its steps at once"})

    def why_not(self, changes: Sequence[Change]) -> str | None:
        """None if a clone can be trained with these changes, or the reason."""
        for change in changes:
            if change.kind == "rate" and self.settings.rate is None:
                return "learning_rate='optimal' takes its rate from alpha"
            if change.kind == "scale-targets" and not self.classifies:
                continue  # around it: TransformedTargetRegressor
            if change.kind not in (*KINDS, "rate"):
                return f"{type(self.estimator).__name__}, a linear model, has no such setting"
        return None

    def train(
        self, X: Array, y: Array, changes: Sequence[Change], *, seed: int, steps: int, stop: Callable[[], bool]
    ) -> Trained:
        """One arm: fitted for an epoch, for half of them and for all, each from its beginning, which is seldom long."""
        prepare = prepared(X, changes)
        given, fitted = prepare(X), targets_as(self.problem, y, changes)
        targets = y if self.classifies else fitted.targets(y, 1)[:, 0]
        epochs = max(1, round(steps / len(X)))
        curve: list[tuple[int, float]] = []
        model, finite, taken = self._changed(changes, seed), True, 0
        for some in sorted({1, max(1, epochs // 2), epochs}):
            if some > taken + 1 and curve and stop():
                break
            model = self._changed(changes, seed).set_params(max_iter=some)
            finite = _fit(model, given, targets)
            if not finite:
                curve.append((some * len(X), math.nan))
                break
            taken = int(model.n_iter_)
            curve.append((taken * len(X), self._cost(model, given, targets)))
        stopped = finite and taken < epochs

        def scores(rows: Array) -> Array:
            if not finite:
                return np.full((len(rows), max(self.problem.outputs, 1)), np.nan)
            if not self.classifies:
                return fitted.predictions(model.predict(prepare(rows)).reshape(-1, 1))
            z = model.decision_function(prepare(rows))
            every = np.full((len(rows), self.problem.outputs), -np.inf)  # a class that these rows have not
            every[:, model.classes_] = z if z.ndim == 2 else np.stack([-z, z], axis=1)
            return every

        start = self._cost(None, given, targets)
        return Trained(scores, start, curve[-1][1], tuple(curve), max(taken, 1) * len(X), finite, stopped)

    def steps_from(
        self, layers: Sequence[tuple[Array, Array]], X: Array, y: Array, steps: int, *, times: float = 1.0,
        dropout: bool = True,
    ) -> Trained:  # fmt: skip
        """A few passes over the rows as they lie, from these weights."""
        change = Change("rate", {"times": times})
        model = self._changed([change], 0).set_params(shuffle=False, max_iter=max(1, round(steps / len(X))))
        (W, b), targets = layers[0], y if self.classifies else self.problem.targets(y, 1)[:, 0]
        start = (W.T if self.classifies else W[:, 0]).copy(order="C")  # they are moved where they lie
        finite = _fit(model, X, targets, coef_init=start, intercept_init=b.copy())

        def scores(rows: Array) -> Array:
            made: Array = model.decision_function(rows) if self.classifies else model.predict(rows)
            return made if made.ndim == 2 else made[:, None]

        return Trained(scores, math.nan, math.nan, (), steps, finite)

    def _changed(self, changes: Sequence[Change], seed: int) -> Any:
        """A clone with the changes."""
        from sklearn.base import clone

        own = self.estimator
        settings: dict[str, Any] = {"random_state": seed, "warm_start": False, "early_stopping": False}
        if self.settings.rate is not None:
            settings["eta0"] = own.eta0 * times(changes)
        if has(changes, "shuffle"):
            settings["shuffle"] = True
        if has(changes, "penalty"):
            settings["alpha"] = number(changes, "penalty", "l2") or 1e-6  # `optimal` divides by it
        return clone(own).set_params(**settings)

    def _cost(self, model: Any, X: Array, y: Array) -> float:
        """Its loss of some rows; of no model, that of zeros."""
        loss = COSTS.get(self.estimator.loss)
        if loss is None:
            return math.nan
        X, y = X[:: max(1, len(X) // LOOKED_AT)], y[:: max(1, len(y) // LOOKED_AT)]
        if self.classifies:
            z = np.zeros(len(X)) if model is None else model.decision_function(X)
            if z.ndim == 1 and self.outputs > 1:
                z = np.zeros((len(X), self.outputs))
            kinds = np.arange(self.outputs) if z.ndim == 2 else np.array([1])
            wanted = np.where(y[:, None] == kinds, 1.0, -1.0)
            z = z.reshape(len(X), -1)
            return float(loss(z, wanted).sum(axis=1).mean()) if z.shape == wanted.shape else math.nan
        return float(loss(np.zeros(len(X)) if model is None else model.predict(X), y).mean())


class LinearCourse:
    """The course of a diagnosis: always by trials that scikit-learn makes itself.

    >>> LinearCourse.run.__name__
    'run'
    """

    def __init__(self, subject: AdaptedSubject) -> None:
        self.subject = subject

    def run(
        self, *, effort: float = TIMES, budget: float | None = None, trials: bool = True,
        say: Callable[[str], None] = lambda _: None,
    ) -> Diagnosis:  # fmt: skip
        """The diagnosis, in scikit-learn's words."""
        return examine(self.subject, effort=effort, budget=budget, trials=trials, say=say)


def linear_subject(estimator: Any, X: Array, y: Array, problem: Problem, **more: Any) -> AdaptedSubject:
    """One of these with its data, judged by the epochs that it takes.

    >>> linear_subject.__name__  # see `diagnose_sklearn`
    'linear_subject'
    """
    from sklearn.base import clone

    own = clone(estimator)
    wanted = y if problem.kind == "classification" else problem.targets(y, 1)[:, 0]
    epochs = int(own.n_iter_) if _fit(own, X, wanted) else int(estimator.max_iter)
    adapter = LinearAdapter(estimator, problem, features=X.shape[1], epochs=epochs)
    return AdaptedSubject(adapter, X, y, problem=problem, step=STEP, **more)


def _fit(model: Any, X: Array, y: Array, **start: Array) -> bool:
    """Fit it; whether its numbers stayed finite."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            model.fit(X, y, **start)
        except ValueError:  # numbers that overflow
            return False
    return bool(np.isfinite(model.coef_).all())
