"""Layers as the compiled loop takes them: numbers only."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from whynet.network.layers import LAYERS
from whynet.network.network import Network

ACTIVATIONS = ("elu", "gelu", "identity", "leaky-relu", "relu", "scaled-tanh", "sigmoid", "softmax", "tanh")
DENSE, DROPOUT, NOISE, NORMALISATION, CONVOLUTION, MAX_POOL, AVERAGE_POOL = range(7)
MOST_LAYERS, MOST_UNITS = 256, 1 << 24


class Lowered(NamedTuple):
    """A layer as `Layer` in native/task.hpp has it: `strength` is a rate, an sd or a share; `shape` are the channels of
    a normalisation, or the numbers of a `Window`; `index` its place in the network, from which chance is drawn.

    >>> Lowered(DROPOUT, 10, 10, strength=0.5, index=3).shape
    []
    """

    kind: int
    inputs: int
    outputs: int
    activation: int = 0
    strength: float = 0.0
    epsilon: float = 0.0
    index: int = 0
    shape: list[int] = []  # noqa: RUF012 - it is never changed


def _dense(layer: Any) -> dict[str, Any]:
    return {"kind": DENSE, "activation": ACTIVATIONS.index(layer.activation)}


def _normalisation(layer: Any) -> dict[str, Any]:
    number = ACTIVATIONS.index(layer.activation)
    own = {"strength": layer.blend, "epsilon": layer.epsilon, "shape": [layer.shape[-1]]}
    return {"kind": NORMALISATION, "activation": number, **own}


def _convolution(layer: Any) -> dict[str, Any]:
    (above, _), (left, _) = layer.geometry.padding
    shape = [*layer.in_shape, *layer.kernel, *layer.stride, above, left, *layer.geometry.places]
    return {"kind": CONVOLUTION, "activation": ACTIVATIONS.index(layer.activation), "shape": shape}


def _pool(kind: int) -> Callable[[Any], dict[str, Any]]:
    def lowered(layer: Any) -> dict[str, Any]:
        return {"kind": kind, "shape": [*layer.in_shape, *layer.size, *layer.stride, 0, 0, *layer.out_shape[:2]]}

    return lowered


def _whole_picture(layer: Any) -> dict[str, Any]:
    return {"kind": AVERAGE_POOL, "shape": [*layer.in_shape, *layer.in_shape[:2], 1, 1, 0, 0, 1, 1]}


KNOWN: dict[str, Callable[[Any], dict[str, Any] | None]] = {
    "average-pool2d": _pool(AVERAGE_POOL),
    "batch-norm": _normalisation,
    "conv2d": _convolution,
    "dense": _dense,
    "dropout": lambda layer: {"kind": DROPOUT, "strength": layer.rate},
    "flatten": lambda layer: None,  # between layers an example is a row of numbers in any case
    "gaussian-noise": lambda layer: {"kind": NOISE, "strength": layer.sd},
    "global-average-pool": _whole_picture,
    "max-pool2d": _pool(MAX_POOL),
}


def layers_of(network: Network) -> list[Lowered]:
    """The network's layers; those that change nothing are left out.

    >>> [layer.outputs for layer in layers_of(Network([4, 3, 2]))]
    [3, 2]
    """
    lowered = []
    for index, layer in enumerate(network.layers):
        own = KNOWN[layer.kind](layer)
        if own is not None:
            lowered.append(Lowered(inputs=layer.inputs, outputs=layer.outputs, index=index, **own))
    return lowered


def unknown(network: Network) -> str | None:
    """What of this network the compiled loop does not know, as a sentence; None if it knows all.

    >>> unknown(Network([4, 3, 2])) is None
    True
    """
    for layer in network.layers:
        if layer.kind not in KNOWN or type(layer) is not LAYERS[layer.kind]:
            return f"it does not know {type(layer).__name__} layers"
        if layer.activation is not None and layer.activation not in ACTIVATIONS:
            return f"it does not know the activation {layer.activation}"
        if max(layer.inputs, layer.outputs, layer.fan_in) >= MOST_UNITS:
            return f"it has no room for a layer of {max(layer.inputs, layer.outputs):,} units"
    layers = layers_of(network)
    if not layers or layers[-1].kind != DENSE:
        return "the last layer must be dense"
    return f"it has room for {MOST_LAYERS} layers" if len(layers) > MOST_LAYERS else None
