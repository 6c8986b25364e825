"""Repairs of a copy of a Keras model and of what its loss is computed of, by the steps of `inside/repairs.py`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from whynet.subjects.frameworks.keras_model import layers_of
from whynet.subjects.frameworks.keras_optimizers import plain_settings
from whynet.subjects.inside.how import CLIPPED, FADED
from whynet.subjects.inside.repairs import OUTPUTS, TARGETS, Step, written

SMALL = 1e-7
"""In the place of 0, where a logarithm is taken of it."""
LIMITS = ("clipnorm", "global_clipnorm", "clipvalue")
LONGEST = 1e4  # steps in which a schedule is asked for its largest rate
ASKED = 40
DONE = (*TARGETS, *OUTPUTS, "evened")
"""Steps that change no layer."""


def repaired(keras: Any, model: Any, step: Step) -> bool:
    """Changes what squashes at the end of a copy of a model; False where nothing is known to.

    >>> import pytest
    >>> keras = pytest.importorskip("keras")
    >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3), keras.layers.Softmax()])
    >>> repaired(keras, model, ("bare",))
    True
    >>> bool(abs(np.asarray(model(np.ones((1, 2)))).sum() - 1) > 1e-6)
    True
    """
    own = _last(keras, model)
    if own is None:
        return False
    ops, kind, name = keras.ops, type(own).__name__, getattr(getattr(own, "activation", None), "__name__", "")
    if step[0] == "bare":
        if name and name != "linear":
            own.activation = keras.activations.linear
            return True
        return kind in ("Softmax", "ReLU", "Sigmoid", "Tanh", "LogSoftmax") and _calls(own, lambda x, *_, **__: x)
    if step[0] == "along":
        if kind in ("Softmax", "LogSoftmax") and hasattr(own, "axis"):
            own.axis = step[1]
            return True
        return False
    if name == "softmax":
        own.activation = keras.activations.sigmoid
        return True
    return kind == "Softmax" and _calls(own, lambda x, *_, **__: ops.sigmoid(x))


def _last(keras: Any, model: Any) -> Any:
    """What makes the answer: a layer, or an operation of a functional model."""
    outputs = getattr(model, "outputs", None)
    if outputs and type(model).__name__ in ("Functional", "Sequential"):
        own = outputs[0]._keras_history.operation
        while getattr(own, "layers", None):
            own = own.layers[-1]
        return own
    leaves = [one for one in layers_of(model) if not layers_of(one)]
    return leaves[-1] if leaves else None


def _calls(own: Any, function: Any) -> bool:
    """Has a layer or an operation computed by this function."""
    vars(own)["call"] = function
    return True


def put(keras: Any, z: Any, steps: Sequence[Step]) -> Any:
    """Outputs with what these steps put behind them.

    >>> import pytest
    >>> keras = pytest.importorskip("keras")
    >>> np.asarray(put(keras, keras.ops.zeros((1, 2)), [("softmax", 1)])).tolist()
    [[0.5, 0.5]]
    """
    ops = keras.ops
    for what, *numbers in steps:
        if what == "softmax":
            z = ops.softmax(z, axis=numbers[0])
        elif what == "log-softmax":
            z = ops.log_softmax(z, axis=numbers[0])
        elif what == "sigmoid":
            z = ops.sigmoid(z)
        elif what == "softplus":
            z = ops.softplus(z)
        elif what == "log":
            z = ops.log(ops.maximum(z, SMALL))
        elif what == "moved":
            z = ops.swapaxes(z, 1, 2)
    return z


def rewritten(steps: Sequence[Step], targets: Any) -> Any:
    """Targets, nested as they are, written otherwise.

    >>> rewritten([("shift", -1)], {"y": np.array([1, 2])})["y"].tolist()
    [0, 1]
    """
    from whynet.subjects.inside.probe import mapped

    own = [step for step in steps if step[0] in TARGETS]
    return mapped(targets, lambda one: written(own, one)) if own else targets


def unlimited(keras: Any, kind: type, config: dict[str, Any], gone: frozenset[str]) -> tuple[type, dict[str, Any]]:
    """An optimizer's settings without the mistakes that are mended: its limits, its schedule.

    >>> unlimited(None, dict, {"learning_rate": 0.1, "clipnorm": 1e-6}, frozenset({CLIPPED}))[1]["clipnorm"] is None
    True
    """
    if not gone & {CLIPPED, FADED}:
        return kind, config
    kind, made = plain_settings(keras, kind, config)
    if CLIPPED in gone:
        made |= {name: None for name in LIMITS if name in made}
    given = made.get("learning_rate")
    if FADED in gone and isinstance(given, dict):
        schedule = keras.optimizers.schedules.deserialize(given)
        made["learning_rate"] = max(float(schedule(int(step))) for step in np.geomspace(1, LONGEST, ASKED) - 1)
    return kind, made
