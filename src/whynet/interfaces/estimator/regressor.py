"""`WhyNetRegressor`: scikit-learn's `MLPRegressor`, trained by whynet, with a doctor."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.metrics import r2_score
from sklearn.utils.validation import column_or_1d

from whynet.data.problem import Regression
from whynet.data.protocol import names_of
from whynet.interfaces.estimator import checkup
from whynet.interfaces.estimator.base import WhyNetEstimator
from whynet.interfaces.estimator.settings import BadSetting, Settings
from whynet.types import Array, Labels, Scores, Targets


class WhyNetRegressor(RegressorMixin, WhyNetEstimator):  # type: ignore[misc]
    """A neural network that predicts numbers, one or several for each row, and says why where it does not learn.

    Parameters
    ----------
    loss
        "squared_error", halved as in scikit-learn; "absolute_error" or "huber", which a few targets that are far off
        do not rule.

    All others are those of `WhyNetClassifier`, without `class_weight`. Inputs and targets of about unit size are
    learned best: put a `StandardScaler` before it and a `TransformedTargetRegressor` around it.

    >>> X = np.linspace(-1, 1, 100)[:, np.newaxis]
    >>> model = WhyNetRegressor(hidden_layer_sizes=20, activation="tanh", solver="lbfgs", random_state=0)
    >>> model.fit(X, np.sin(3 * X[:, 0])).score(X, np.sin(3 * X[:, 0])) > 0.99
    True
    """

    _numeric = True

    def __init__(
        self,
        loss: str = "squared_error",
        hidden_layer_sizes: Any = (100,),
        activation: str = "relu",
        *,
        solver: str = "adam",
        alpha: float = 0.0001,
        batch_size: Any = "auto",
        learning_rate: str = "constant",
        learning_rate_init: float = 0.001,
        power_t: float = 0.5,
        max_iter: int = 200,
        shuffle: bool = True,
        random_state: Any = None,
        tol: float = 1e-4,
        verbose: bool = False,
        warm_start: bool = False,
        momentum: float = 0.9,
        nesterovs_momentum: bool = True,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        n_iter_no_change: float = 10,
        max_fun: int = 15000,
        dropout: float = 0.0,
        callbacks: Iterable[Callable[..., Any]] | None = None,
        n_jobs: int | None = None,
    ) -> None:
        self.loss = loss
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.solver = solver
        self.alpha = alpha
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.learning_rate_init = learning_rate_init
        self.power_t = power_t
        self.max_iter = max_iter
        self.shuffle = shuffle
        self.random_state = random_state
        self.tol = tol
        self.verbose = verbose
        self.warm_start = warm_start
        self.momentum = momentum
        self.nesterovs_momentum = nesterovs_momentum
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self.n_iter_no_change = n_iter_no_change
        self.max_fun = max_fun
        self.dropout = dropout
        self.callbacks = callbacks
        self.n_jobs = n_jobs

    def predict(self, X: Any) -> Array:
        """The numbers of each row, (n,), or (n, outputs) where it was fitted on several."""
        scores = self._scores(X)
        return scores.ravel() if self._flat else scores

    def _encoded(self, y: Any, *, first: bool, classes: Any = None) -> tuple[Labels, Targets]:
        if classes is not None:
            raise BadSetting("classes= is for a classifier, and this predicts numbers")
        flat = y.ndim == 1 or y.shape[1] == 1
        if flat:
            y = column_or_1d(y, warn=True)[:, np.newaxis]
        if first:
            self._flat = flat
        elif y.shape[1] != self.n_outputs_:
            raise BadSetting("y has another number of outputs", expected=f"{self.n_outputs_}", found=f"{y.shape[1]}")
        self.out_activation_ = "identity"
        return np.arange(len(y)), np.asarray(y, dtype=np.float64)

    def _weighed(self, y: Any, weights: Array | None) -> Array | None:
        return weights

    def _judged(self, scores: Scores, y: Any, weights: Array | None) -> float:
        if not np.isfinite(scores).all():
            return -np.inf
        return float(r2_score(y, scores.ravel() if self._flat else scores, sample_weight=weights))

    def _cost(self, settings: Settings) -> str:
        return settings.loss

    def _patient(self) -> checkup.Patient:
        given, held = self._kept
        problem = Regression(names_of(given.targets.shape[1]))
        return checkup.Patient(type(self).__name__, Settings.of(self), self._course, given, held, problem)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.target_tags.multi_output = True
        return tags
