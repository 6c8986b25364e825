"""Keras models: their layers, weights and answers, on whichever backend they run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from whynet.errors import ResourceError
from whynet.types import Array


def library() -> Any:
    """Keras itself.

    >>> callable(library)
    True

    Raises
    ------
    ResourceError
        It is not installed, or has no backend.
    """
    try:
        import keras
    except ImportError as error:
        raise ResourceError(
            f"Keras cannot be imported: {error}",
            do="Install it and a backend (pip install keras jax), and name the backend: KERAS_BACKEND=jax",
        ) from None
    return keras


def scores_of(keras: Any, model: Any, X: Array) -> Array:
    """The outputs of a model, (n, outputs) float64.

    >>> callable(scores_of)
    True
    """
    ops = keras.ops
    parts = [
        ops.convert_to_numpy(ops.stop_gradient(model(ops.convert_to_tensor(X[start : start + 2048]), training=False)))
        for start in range(0, len(X), 2048)
    ]
    outputs: Array = np.concatenate(parts).astype(np.float64)
    return outputs


def rate_of(keras: Any, optimizer: Any) -> float:
    """The learning rate: a number, or what a schedule begins with.

    >>> callable(rate_of)
    True
    """
    rate = optimizer.get_config()["learning_rate"]
    if isinstance(rate, (int, float)):
        return float(rate)
    return float(keras.ops.convert_to_numpy(keras.ops.convert_to_tensor(optimizer.learning_rate)))


def layers_of(model: Any) -> list[Any]:
    """All layers, those of layers too, in the order in which they are defined.

    Keras's own walk turns those inside of another one round.

    >>> import pytest
    >>> keras = pytest.importorskip("keras")
    >>> dense = [keras.layers.Dense(2, name=name) for name in "abc"]
    >>> model = keras.Sequential([keras.Sequential(dense[:2], name="inner"), dense[2]])
    >>> [one.name for one in layers_of(model)]
    ['inner', 'a', 'b', 'c']
    """
    found: dict[int, Any] = {}

    def walk(owner: Any) -> None:
        for layer in list(getattr(owner, "_layers", ())):
            if id(layer) not in found:
                found[id(layer)] = layer
                walk(layer)

    walk(model)
    return list(found.values())


def array_of(keras: Any, variable: Any) -> Array:
    """The numbers of a variable.

    >>> callable(array_of)
    True
    """
    return np.asarray(keras.ops.convert_to_numpy(variable.value))


def weights_of(keras: Any, layer: Any) -> list[Array]:
    """Those of a layer or a model, in the order of `set_weights`.

    >>> callable(weights_of)
    True
    """
    return [array_of(keras, one) for one in layer.weights]


def put_weights(model: Any, values: Sequence[Array]) -> None:
    """Puts weights into a model. Layers that compute something of theirs once, as `Normalization` does when it is
    adapted, compute it anew: Keras has that done where weights are read from a file, and nowhere else.

    >>> callable(put_weights)
    True
    """
    model.set_weights(values)
    for layer in model._flatten_layers():
        if layer.weights and hasattr(layer, "finalize_state"):
            layer.finalize_state()


def as_fit_does(keras: Any, function: Any) -> Any:
    """A plain function as a loss: of targets brought to the shape of the outputs, the mean over rows, as `fit` has it.

    >>> callable(as_fit_does)
    True
    """

    class Function(keras.losses.Loss):  # type: ignore[misc]  # Keras has no types
        def call(self, targets: Any, outputs: Any) -> Any:
            if len(targets.shape) == len(outputs.shape) - 1 and outputs.shape[-1] == 1:
                targets = keras.ops.expand_dims(targets, -1)
            return function(targets, outputs)

    return Function(name=getattr(function, "__name__", type(function).__name__))


def activation_of(layer: Any) -> str:
    """The name of a layer's activation, as Keras has it; empty where it has none.

    >>> callable(activation_of)
    True
    """
    kind = type(layer).__name__
    if kind in ("ReLU", "Softmax", "ELU", "LeakyReLU"):
        return {"LeakyReLU": "leaky_relu"}.get(kind, kind.lower())
    return str(getattr(getattr(layer, "activation", None), "__name__", ""))
