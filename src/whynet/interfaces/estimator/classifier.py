"""`WhyNetClassifier`: scikit-learn's `MLPClassifier`, trained by whynet, with a doctor."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.multiclass import check_classification_targets, type_of_target, unique_labels
from sklearn.utils.validation import column_or_1d

from whynet.data.problem import Classification, MultiLabel
from whynet.data.protocol import names_of
from whynet.interfaces.estimator import checkup
from whynet.interfaces.estimator.base import WhyNetEstimator
from whynet.interfaces.estimator.settings import BadSetting, Settings
from whynet.types import Array, Labels, Scores, Targets


class WhyNetClassifier(ClassifierMixin, WhyNetEstimator):  # type: ignore[misc]
    """A neural network that tells classes, or several labels of each row, apart, and says why where it does not learn.

    Parameters
    ----------
    hidden_layer_sizes
        Units of each hidden layer.
    activation
        Theirs: "relu", "logistic", "tanh", "identity", "gelu", "elu", "leaky_relu".
    solver
        "adam", "sgd", or "lbfgs" for all rows at once.
    alpha
        L2 penalty, shared among the rows of a batch.
    batch_size
        Rows of a batch; "auto" is 200, or all if they are fewer.
    learning_rate, learning_rate_init, power_t
        For "sgd": "constant", "invscaling" or "adaptive", from `learning_rate_init`, which is "adam"'s as well.
    max_iter
        Epochs at most; for "lbfgs" steps.
    shuffle
        Whether every epoch has an order of its own.
    random_state
        Decides everything random.
    tol, n_iter_no_change
        It ends after so many epochs whose loss (whose validation score, under `early_stopping`) is not better by `tol`.
    verbose
        Print each epoch.
    warm_start
        Go on where the last fit ended: two fits of two epochs are, to the last bit, one of four.
    momentum, nesterovs_momentum
        Of "sgd".
    early_stopping, validation_fraction
        Hold so many rows back, stratified, and keep the epoch that predicts them best.
    beta_1, beta_2, epsilon
        Of "adam".
    max_fun
        For "lbfgs": how often the loss is computed at most.
    class_weight
        What the rows of each class count: a dict, "balanced", or None.
    dropout
        Fraction of the hidden units that is switched off in each step.
    callbacks
        Functions of each epoch's record; one that returns True ends the fit.
    n_jobs
        Threads for matrix products; more than one pays for wide layers only.

    >>> from sklearn.datasets import load_digits
    >>> X, y = load_digits(return_X_y=True)
    >>> model = WhyNetClassifier(30, activation="gelu", learning_rate_init=0.01, random_state=0).fit(X / 16, y)
    >>> model.score(X / 16, y) > 0.97, model.diagnosis_.state
    (True, 'healthy')
    """

    _numeric = False

    def __init__(
        self,
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
        class_weight: Any = None,
        dropout: float = 0.0,
        callbacks: Iterable[Callable[..., Any]] | None = None,
        n_jobs: int | None = None,
    ) -> None:
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
        self.class_weight = class_weight
        self.dropout = dropout
        self.callbacks = callbacks
        self.n_jobs = n_jobs

    def predict(self, X: Any) -> Array:
        """The class of each row, (n,); of several labels, 1 where a label is there, (n, labels)."""
        return self._named(self._scores(X))

    def predict_proba(self, X: Any) -> Array:
        """The probability of each class, (n, classes); of each label on its own, (n, labels)."""
        scores = self._scores(X)
        probabilities = self._course.network.cost.probabilities(scores)
        if self._several:
            return probabilities
        if len(self.classes_) == 1:
            return np.ones_like(probabilities)
        return probabilities if probabilities.shape[1] > 1 else np.hstack([1 - probabilities, probabilities])

    def predict_log_proba(self, X: Any) -> Array:
        """The logarithms of `predict_proba`, finite where those are too small to be told from 0."""
        scores = self._scores(X)
        if self._several:
            return np.asarray(-np.logaddexp(0, -scores))
        if len(self.classes_) == 1:
            return np.zeros_like(scores)
        if scores.shape[1] == 1:
            return np.asarray(-np.logaddexp(0, np.hstack([scores, -scores])))
        apart = scores - scores.max(axis=1, keepdims=True)
        return np.asarray(apart - np.log(np.exp(apart).sum(axis=1, keepdims=True)))

    def decision_function(self, X: Any) -> Array:
        """The scores before they become probabilities: (n, classes), or (n,) where there are two; (n, labels)."""
        scores = self._scores(X)
        return scores.ravel() if scores.shape[1] == 1 and not self._several else scores

    def _named(self, scores: Scores) -> Array:
        if self._several:
            return (scores > 0).astype(np.int64)
        if len(self.classes_) == 1:
            return np.repeat(self.classes_, len(scores))
        which = (scores[:, 0] > 0).astype(np.int64) if scores.shape[1] == 1 else scores.argmax(axis=1)
        named: Array = self.classes_[which]
        return named

    def _encoded(self, y: Any, *, first: bool, classes: Any = None) -> tuple[Labels, Targets]:
        check_classification_targets(y)
        several = type_of_target(y).startswith("multilabel")
        if not several:
            y = column_or_1d(y, warn=True)
        there = unique_labels(y)
        if first:
            self._several = several
            self.classes_ = there if classes is None else unique_labels(classes)
        elif several != self._several:
            raise BadSetting("the targets are of another kind than those of the first call")
        elif classes is not None and not np.array_equal(self.classes_, unique_labels(classes)):
            raise BadSetting(
                "classes is not the same as on last call to partial_fit",
                expected=str(self.classes_),
                found=str(classes),
            )
        if several:
            if y.shape[1] != len(self.classes_):
                raise BadSetting(
                    "y has another number of labels", expected=f"{len(self.classes_)}", found=f"{y.shape[1]}"
                )
            self.out_activation_ = "logistic"
            return np.arange(len(y)), np.asarray(y, dtype=np.float64)
        unknown = np.setdiff1d(there, self.classes_)
        if len(unknown):
            raise BadSetting(
                "y has labels that the classes do not have" if classes is not None or first else
                "y has labels not in the classes of the first call; warm_start needs the same ones",
                expected=str(self.classes_[:10]), found=str(unknown[:10]),
            )  # fmt: skip
        labels = np.searchsorted(self.classes_, y)
        if len(self.classes_) <= 2:
            self.out_activation_ = "logistic"
            return labels, np.array([[0.0], [1.0]])
        self.out_activation_ = "softmax"
        return labels, np.eye(len(self.classes_))

    def _weighed(self, y: Any, weights: Array | None) -> Array | None:
        if self.class_weight is None:
            return weights
        own: Array = compute_sample_weight(self.class_weight, y if self._several else column_or_1d(y))
        return own if weights is None else own * weights

    def _judged(self, scores: Scores, y: Any, weights: Array | None) -> float:
        right = self._named(scores) == (y if self._several else column_or_1d(y))
        return float(np.average(right.all(axis=1) if self._several else right, weights=weights))

    def _cost(self, settings: Settings) -> str:
        return "softmax-cross-entropy" if self.out_activation_ == "softmax" else "sigmoid-cross-entropy"

    def _patient(self) -> checkup.Patient:
        if self._several:
            problem: Any = MultiLabel(names_of(len(self.classes_)))
        else:
            names = [str(name) for name in self.classes_.tolist()]
            problem = Classification(tuple(names if len(names) > 1 else [*names, "another"]))
        given, held = self._kept
        return checkup.Patient(type(self).__name__, Settings.of(self), self._course, given, held, problem)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.classifier_tags.multi_label = True
        return tags
