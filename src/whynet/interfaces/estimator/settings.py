"""Settings: an estimator's parameters, checked once at the beginning of a fit, in whynet's own words."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any

from whynet.aliases import meant
from whynet.errors import UsageError, did_you_mean
from whynet.optimizers.optimizers import SGD, Adam, Nesterov, Optimizer
from whynet.processors import processors

ACTIVATIONS = {  # scikit-learn's word -> whynet's; those that are not scikit-learn's are spelt in its way
    "identity": "identity", "logistic": "sigmoid", "tanh": "tanh", "relu": "relu",
    "elu": "elu", "gelu": "gelu", "leaky_relu": "leaky-relu",
}  # fmt: skip
LOSSES = {"squared_error": "quadratic", "absolute_error": "absolute", "huber": "huber"}
SOLVERS = ("adam", "lbfgs", "sgd")
RATES = ("constant", "invscaling", "adaptive")
AUTO_BATCH = 200  # what batch_size="auto" means, or all rows if they are fewer
LEAST_RATE = 1e-6  # where "adaptive" gives up


class BadSetting(UsageError, ValueError):
    """A parameter of an estimator, or an argument of its `fit`, that makes no sense; a `ValueError` for scikit-learn.

    >>> isinstance(BadSetting("alpha makes no sense"), ValueError)
    True
    """


@dataclass(frozen=True)
class Settings:
    """What an estimator's parameters say.

    >>> from whynet.interfaces.estimator import WhyNetClassifier
    >>> settings = Settings.of(WhyNetClassifier(30, activation="logistic", solver="sgd"))
    >>> settings.hidden, settings.activation, settings.optimizer
    ((30,), 'sigmoid', Nesterov(momentum=0.9))
    """

    hidden: tuple[int, ...]
    activation: str
    solver: str
    optimizer: Optimizer
    rate: float
    schedule: str
    power: float
    alpha: float
    batch: int | None
    epochs: int
    shuffle: bool
    tol: float
    patience: float
    early_stopping: bool
    held: float
    dropout: float
    loss: str
    threads: int
    evaluations: int
    verbose: bool
    callbacks: tuple[Callable[..., Any], ...]

    @staticmethod
    def of(estimator: Any) -> Settings:
        """The parameters of an estimator, checked.

        Raises
        ------
        BadSetting
            One of them makes no sense; the message says which, and what would.
        """
        given = estimator.get_params(deep=False)
        _check_numbers(given)
        activation = _called("activation", given["activation"], ACTIVATIONS)
        loss = _called("cost", given.get("loss", "squared_error"), LOSSES)
        _check_choice("activation", activation, tuple(ACTIVATIONS))
        _check_choice("loss", loss, tuple(LOSSES))
        for name, known in (("solver", SOLVERS), ("learning_rate", RATES)):
            _check_choice(name, given[name], known)
        if given["dropout"] and given["solver"] == "lbfgs":
            raise BadSetting(
                "the solver 'lbfgs' needs the same loss at every look, and dropout changes it",
                do="Use solver='adam', or dropout=0",
            )
        momentum = float(given["momentum"])
        if given["solver"] == "sgd":
            nesterov = given["nesterovs_momentum"] and momentum > 0
            optimizer: Optimizer = Nesterov(momentum) if nesterov else SGD(momentum)
        else:
            optimizer = Adam(float(given["beta_1"]), float(given["beta_2"]), float(given["epsilon"]))
        return Settings(
            hidden=_widths(given["hidden_layer_sizes"]),
            activation=ACTIVATIONS[activation],
            solver=given["solver"],
            optimizer=optimizer,
            rate=float(given["learning_rate_init"]),
            schedule=given["learning_rate"] if given["solver"] == "sgd" else "constant",
            power=float(given["power_t"]),
            alpha=float(given["alpha"]),
            batch=None if given["batch_size"] == "auto" else int(given["batch_size"]),
            epochs=int(given["max_iter"]),
            shuffle=bool(given["shuffle"]),
            tol=float(given["tol"]),
            patience=float(given["n_iter_no_change"]),
            early_stopping=bool(given["early_stopping"]),
            held=float(given["validation_fraction"]),
            dropout=float(given["dropout"]),
            loss=LOSSES[loss],
            threads=_threads(given["n_jobs"]),
            evaluations=int(given["max_fun"]),
            verbose=bool(given["verbose"]),
            callbacks=_callbacks(given["callbacks"]),
        )

    def batch_of(self, rows: int) -> int:
        """Rows in a batch."""
        return min(AUTO_BATCH if self.batch is None else self.batch, rows)


def _check_numbers(given: dict[str, Any]) -> None:
    for name in ("max_iter", "max_fun"):
        _check(name, given[name], Integral, lambda v: v >= 1, "a whole number, 1 or more")
    if given["n_iter_no_change"] != math.inf:
        _check("n_iter_no_change", given["n_iter_no_change"], Integral, lambda v: v >= 1, "a whole number, 1 or more")
    if not (isinstance(given["batch_size"], str) and given["batch_size"] == "auto"):
        _check("batch_size", given["batch_size"], Integral, lambda v: v >= 1, "'auto', or a whole number, 1 or more")
    for name in ("learning_rate_init", "epsilon"):
        _check(name, given[name], Real, lambda v: v > 0, "a number above 0")
    for name in ("alpha", "tol", "power_t"):
        _check(name, given[name], Real, lambda v: v >= 0, "a number, 0 or more")
    for name in ("momentum", "beta_1", "beta_2", "dropout"):
        _check(name, given[name], Real, lambda v: 0 <= v < 1, "0 or more, below 1")
    _check("validation_fraction", given["validation_fraction"], Real, lambda v: 0 < v < 1, "between 0 and 1")


def _check(name: str, value: Any, kind: Any, accept: Callable[[Any], bool], expected: str) -> None:
    if isinstance(value, bool) or not isinstance(value, kind) or not math.isfinite(value) or not accept(value):
        raise BadSetting(f"{name} makes no sense", expected=expected, found=repr(value))


def _called(field: str, given: Any, known: dict[str, str]) -> Any:
    """scikit-learn's word for what somebody calls otherwise: 'sigmoid' and 'ReLU' are understood as well."""
    if given in known or not isinstance(given, str):
        return given
    own = {name: word for word, name in known.items()}
    return own.get(meant(field, given), given)


def _check_choice(name: str, value: Any, known: Sequence[str]) -> None:
    if value not in known:
        raise BadSetting(f"there is no {name} {value!r}", expected=", ".join(known), do=did_you_mean(str(value), known))


def _widths(sizes: Any) -> tuple[int, ...]:
    try:
        widths = tuple(sizes) if hasattr(sizes, "__iter__") else (sizes,)
    except TypeError:
        widths = (sizes,)
    for width in widths:
        _check("hidden_layer_sizes", width, Integral, lambda v: v > 0, "must be > 0: units of each hidden layer")
    return tuple(int(width) for width in widths)


def _threads(jobs: Any) -> int:
    """Threads for matrix products: one, as several pay for wide layers only; below 0, counted from all, as joblib."""
    if jobs is None:
        return 1
    _check("n_jobs", jobs, Integral, lambda v: v != 0, "None, or a whole number other than 0")
    return int(jobs) if jobs > 0 else max(1, processors() + 1 + int(jobs))


def _callbacks(given: Any) -> tuple[Callable[..., Any], ...]:
    calls = () if given is None else (given,) if callable(given) else tuple(given)
    for call in calls:
        if not callable(call):
            raise BadSetting("a callback cannot be called", expected="functions of an epoch's record", found=repr(call))
    return calls
