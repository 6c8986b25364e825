"""A change as scikit-learn says it. What stands between backticks is code, and runs."""

from __future__ import annotations

from collections.abc import Callable

from whynet.doctor.change import Change, Wording
from whynet.doctor.diagnosis import Settings
from whynet.report.wording.base import (
    SIGMOID,
    SOFTMAX,
    Known,
    Numbers,
    Say,
    code,
    cost_of,
    epochs_of,
    mend,
    penalty_of,
    rate_of,
    rows,
    said,
    scaled,
    times,
    widths_of,
)

UNITS = {"relu": "relu", "tanh": "tanh", "sigmoid": "logistic", "identity": "identity"}
OWN_UNITS = {**UNITS, "elu": "elu", "gelu": "gelu", "leaky-relu": "leaky_relu"}
SOLVERS = {
    "sgd": "solver='sgd', momentum=0, nesterovs_momentum=False",
    "nesterov": "solver='sgd', momentum=0.9, nesterovs_momentum=True",
    "adam": "solver='adam'",
}


def _own(known: Known) -> bool:
    """Whether it is whynet's own estimator, which can do more than scikit-learn's."""
    return known.wording.estimator.startswith("WhyNet")


def _with(argument: Callable[[Numbers, Known], str]) -> Say:
    """The patient's estimator with this argument."""
    return lambda numbers, known: f"`{known.wording.estimator}({argument(numbers, known)})`"


def _rate(numbers: Numbers, known: Known) -> str:
    rate = rate_of(numbers, known)
    if rate is None:
        return times(numbers, "`learning_rate_init`")
    return f"`{known.wording.estimator}(learning_rate_init={code(rate)})`"


def _epochs(numbers: Numbers, known: Known) -> str:
    estimator = known.wording.estimator
    if numbers.get("early_stop") is False:  # it stops at a flat training loss even without early stopping
        return f"`{estimator}(early_stopping=False, n_iter_no_change=np.inf)`"
    count = epochs_of(numbers, known)
    return times(numbers, "`max_iter`") if count is None else f"`{estimator}(max_iter={count})`"


def _inputs(numbers: Numbers, known: Known) -> str:
    if numbers.get("scheme") == "0..1":
        images = known.wording.examples == "images"
        return scaled(numbers, known) if images else f"`make_pipeline(MinMaxScaler(), {known.wording.estimator}())`"
    return f"`make_pipeline(StandardScaler(), {known.wording.estimator}())`"


def _targets(numbers: Numbers, known: Known) -> str:
    scaler = "MinMaxScaler" if numbers.get("scheme") == "0..1" else "StandardScaler"
    estimator = known.wording.estimator if _own(known) else "MLPRegressor"
    return f"`TransformedTargetRegressor({estimator}(), transformer={scaler}())`"


def _weights(numbers: Numbers, known: Known) -> str:
    return f"`{known.wording.estimator}(warm_start=False)`, which draws sound initial weights anew"


def _activation(numbers: Numbers, known: Known) -> str:
    name = str(numbers.get("name", "relu"))
    units = OWN_UNITS if _own(known) else UNITS
    if name not in units:
        return f"{name} units, which scikit-learn does not have"
    return f"`{known.wording.estimator}(activation='{units[name]}')`"


def _cost(numbers: Numbers, known: Known) -> str:
    if "class_weights" in numbers and _own(known):
        return f"`{known.wording.estimator}(class_weight='balanced')`"
    if "class_weights" in numbers:
        return "`model.fit(X, y, sample_weight=compute_sample_weight('balanced', y))`"
    if cost_of(numbers, known) in (SOFTMAX, SIGMOID):
        own = known.wording.estimator
        instead = "" if own.endswith("Classifier") else f", in place of `{own}()`"
        return f"`{own.replace('Regressor', 'Classifier')}()`, whose loss is a cross-entropy{instead}"
    if cost_of(numbers, known) in ("absolute", "huber"):
        if _own(known):
            loss = "huber" if cost_of(numbers, known) == "huber" else "absolute_error"
            return f"`{known.wording.estimator}(loss='{loss}')`"
        return (
            f"the cost {cost_of(numbers, known)}, which scikit-learn's networks do not have: its `HuberRegressor` does"
        )
    return f"`{known.wording.estimator.replace('Classifier', 'Regressor')}()`, whose loss is the squared error"


def _optimizer(numbers: Numbers, known: Known) -> str:
    name, rate = str(numbers.get("name", "adam")), rate_of(numbers, known)
    if name not in SOLVERS:
        return f"{name}, which scikit-learn does not have"
    step = "" if rate is None else f", learning_rate_init={code(rate)}"
    return f"`{known.wording.estimator}({SOLVERS[name]}{step})`"


def _widths(numbers: Numbers, known: Known) -> str:
    widths = widths_of(numbers)
    if len(widths) < 2:
        return "other `hidden_layer_sizes`"
    return f"`{known.wording.estimator}(hidden_layer_sizes={widths[1:-1]})`"


def _schedule(numbers: Numbers, known: Known) -> str:
    name = numbers.get("name", "constant")
    if name != "constant":
        return f"the schedule {name}, which scikit-learn does not have"
    return f"`{known.wording.estimator}(learning_rate='constant')`"


def _dropout(numbers: Numbers, known: Known) -> str:
    rate = numbers.get("rate", 0.2)
    if _own(known):
        return f"`{known.wording.estimator}(dropout={code(rate)})`"
    return f"dropout of {code(rate)}, which scikit-learn does not have" if rate else "no dropout"


MISTAKES: dict[str, str] = {
    "few-rows": "`model.fit(X, y)` with all rows",
}
TABLE: dict[str, Say] = {
    "rate": _rate,
    "epochs": _epochs,
    "batch": _with(lambda numbers, known: f"batch_size={numbers.get('size', 32)}"),
    "shuffle": _with(lambda numbers, known: "shuffle=True"),
    "scale-inputs": _inputs,
    "scale-targets": _targets,
    "weights": _weights,
    "activation": _activation,
    "output": lambda numbers, known: f"`{known.wording.estimator}()`, whose last activation fits its loss",
    "cost": _cost,
    "penalty": _with(lambda numbers, known: f"alpha={code(penalty_of(numbers, known))}"),
    "dropout": _dropout,
    "clip": lambda numbers, known: "clipping of gradients, which scikit-learn does not have",
    "schedule": _schedule,
    "optimizer": _optimizer,
    "width": _widths,
    "depth": _widths,
    "biases": lambda numbers, known: "a bias for every unit",
    "rows": rows,
    "mode": lambda numbers, known: "training mode while training, evaluation mode while evaluating",
    "mend": lambda numbers, known: mend(numbers, known, MISTAKES, _rate),
}


def say(change: Change, settings: Settings, wording: Wording) -> str:
    """A change in one line.

    >>> say(Change("penalty", {"l2": 0.001}), Settings(), Wording("scikit-learn", estimator="MLPRegressor"))
    '`MLPRegressor(alpha=0.001)`'
    """
    return said(change, Known(settings, wording), TABLE)
