"""Copies of a Keras model that share nothing with it: its variables, its state and what it is made of."""

from __future__ import annotations

import copy
import sys
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from whynet.subjects.frameworks.keras_arrays import array_of, sentence
from whynet.subjects.frameworks.keras_model import put_weights
from whynet.subjects.inside.probe import ProbeError

BOUND = ("build", "quantize")
"""What Keras hangs on each layer when it is made, and what knows that layer alone."""
COMPILED = ("train_function", "test_function", "predict_function")
LONG = 128
DO = "Give its classes get_config(), or build it of layers that have it, so that keras.models.clone_model(model) works"


def copied(keras: Any, model: Any) -> Any:
    """A copy of a model, with its weights, its state and its loss, but without its optimizer.

    >>> import pytest
    >>> keras = pytest.importorskip("keras")
    >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    >>> other = copied(keras, model)
    >>> other.set_weights([array_of(keras, one) + 1 for one in other.weights])
    >>> float((other.layers[0].kernel - model.layers[0].kernel)[0, 0]) > 0.99
    True

    Raises
    ------
    ProbeError
        It cannot be copied in any way.
    """
    refused = ""
    for way in (_whole, _cloned):
        try:
            made = way(keras, model)
        except Exception as error:  # somebody's class: it may raise anything
            refused = refused or sentence(error)
            continue
        if _is_another(model, made):
            return made
    raise ProbeError("the model cannot be copied", found=refused or type(model).__name__, do=DO)


def _whole(keras: Any, model: Any) -> Any:
    """Everything that hangs on it, attribute by attribute: Keras itself would save and load it, which needs the classes
    to be registered."""
    optimizer = getattr(model, "optimizer", None)
    memo: dict[int, Any] = {id(one): one for one in list(sys.modules.values())}  # a seed generator holds its backend
    if optimizer is not None:
        memo[id(optimizer)] = None
    for name in COMPILED:  # compiled for the one model, and none of the copy's
        made = getattr(model, name, None)
        if made is not None:
            memo[id(made)] = None
    for layer in [model, *model._flatten_layers(include_self=False)]:
        backend = vars(layer).get("backend")  # of layers that prepare data: it is shared, and cannot be copied
        memo[id(backend)] = backend
        for one in vars(layer).values():
            for value in one if isinstance(one, (list, tuple)) else [one]:
                if getattr(value, "grad_fn", None) is not None:  # left from a call: PyTorch refuses to copy it
                    memo[id(value)] = value.detach().clone()
    with _as_objects(keras):
        made = copy.deepcopy(model, memo)
    for layer in [made, *made._flatten_layers(include_self=False)]:  # these tell what they watch by its place in memory
        layer._tracker.stored_ids = {
            name: {id(one) for one in held} for name, (_, held) in layer._tracker.config.items()
        }
    return made


def step_by_step(model: Any, steps: int) -> None:
    """Has recurrent layers take their steps one after the other: JAX compiles their loop anew at every call, which
    takes longer than as few steps as that.

    >>> import pytest
    >>> keras = pytest.importorskip("keras")
    >>> model = keras.Sequential([keras.layers.LSTM(2)])
    >>> step_by_step(model, 10)
    >>> model.layers[0].unroll
    True
    """
    for layer in model._flatten_layers(include_self=False):
        if steps <= LONG and getattr(layer, "unroll", None) is False:
            layer.unroll = True


@contextmanager
def _as_objects(keras: Any) -> Iterator[None]:
    """Meanwhile, copies of what Keras can save are made like those of any object."""
    from keras.src.utils import tracking  # its lists keep an eye on what is put in, and refuse it once they are locked

    saveable = next(one for one in keras.Layer.__mro__ if one.__name__ == "KerasSaveable")

    def deeply(self: Any, memo: dict[int, Any]) -> Any:
        cls: Any = type(self)
        made = cls.__new__(cls)
        memo[id(self)] = made
        bound = {name: vars(made)[name] for name in BOUND if name in vars(made)}
        state = {name: value for name, value in vars(self).items() if name not in bound}
        made.__dict__.update(copy.deepcopy(state, memo))
        made.__dict__.update(bound)
        return made

    def unwatched(self: Any, memo: dict[int, Any]) -> Any:
        cls: Any = type(self)
        plain = next(one for one in (list, OrderedDict, dict, set) if issubclass(cls, one))
        made = cls.__new__(cls)
        memo[id(self)] = made
        made.__dict__.update(copy.deepcopy(vars(self), memo))
        inner = copy.deepcopy(plain(self), memo)
        plain.__init__(made, inner)
        return made

    kept = (getattr(tracking, f"Tracked{name}", None) for name in ("List", "Dict", "OrderedDict", "Set"))
    hung = {saveable: deeply, **{cls: unwatched for cls in kept if cls is not None}}
    for cls, way in hung.items():
        cls.__deepcopy__ = way
    try:
        yield
    finally:
        for cls in hung:
            del cls.__deepcopy__


def _cloned(keras: Any, model: Any) -> Any:
    """Made anew from what it says of itself, with the same weights."""
    if type(model).__name__ in ("Sequential", "Functional"):
        made = keras.models.clone_model(model)
    else:
        made = type(model).from_config(model.get_config())
        if model.built and not made.built:
            made.build_from_config(model.get_build_config())
    put_weights(made, [array_of(keras, one) for one in model.weights])
    if getattr(model, "compiled", False):
        config = model.get_compile_config() or {}
        made.compile(loss=model.loss, loss_weights=config.get("loss_weights"), optimizer=None)
    return made


def _is_another(model: Any, made: Any) -> bool:
    """Whether the copy has variables of its own, as many as the model."""
    own = {id(one) for one in model.variables}
    return len(made.weights) == len(model.weights) and not any(id(one) in own for one in made.variables)
