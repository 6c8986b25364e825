"""Where in an example an answer comes from: gradient times input (Shrikumar et al. 2016).

    contribution of feature i = (x[i] - blank) dz/dx[i]

z is what the last layer says of an output before its activation. In a network of ReLUs and pools, z is a linear
function of x as long as no unit changes sides; without biases the contributions therefore add up to z itself, and with
biases to z less what the biases put in.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from whynet.errors import UsageError
from whynet.network.layers import Layer
from whynet.network.network import Network
from whynet.types import Array, Features


def contributions(network: Network, X: Features, outputs: Array, blank: float | Array = 0.0) -> Array:
    """What each feature of each example `X (n, features)` adds to one of its outputs `outputs (n,)`, against a feature
    that is `blank`; (n, features).

    >>> network = Network([2, 2], dtype="float64")
    >>> np.copyto(network.params[0]["W"], [[1, 4], [-2, 0]])
    >>> contributions(network, np.array([[3.0, 1.0], [3.0, 1.0]]), np.array([0, 1]))
    array([[ 3., -2.],
           [12.,  0.]])

    Raises
    ------
    UsageError
        There is no such output, or a layer cannot hand a gradient on.
    """
    outputs = np.asarray(outputs)
    units = network.layers[-1].outputs
    if len(outputs) and not (outputs.min() >= 0 and outputs.max() < units):
        raise UsageError("there is no such output", expected=f"0 to {units - 1}", found=str(outputs.max()))
    dy = np.zeros((len(X), units), network.dtype)
    dy[np.arange(len(X)), outputs] = 1
    return np.asarray((X - blank) * slopes(network, before_activation(network.layers), X, dy))


def before_activation(layers: tuple[Layer, ...]) -> tuple[Layer, ...]:
    """The layers, the last without its activation.

    >>> before_activation(Network([2, 1], output_activation="sigmoid", cost="quadratic").layers)[-1].activation
    'identity'
    """
    last: Any = layers[-1]
    return layers if last.activation is None else (*layers[:-1], replace(last, activation="identity"))


def slopes(network: Network, layers: tuple[Layer, ...], X: Features, dy: Array) -> Array:
    """The gradient of `sum(dy * y)` in the input, (n, features): y is what these first layers of a network make of X.

    >>> network = Network([2, 1], dtype="float64")
    >>> np.copyto(network.params[0]["W"], [[1], [-2]])
    >>> slopes(network, before_activation(network.layers), np.zeros((1, 2)), np.ones((1, 1)))
    array([[ 1., -2.]])

    Raises
    ------
    UsageError
        A layer hands no gradient on.
    """
    y, memos = X, []
    for index, one in enumerate(layers):
        y, memo = one.forward(network.arrays(index), y)
        memos.append(memo)
    slope = dy
    for index in reversed(range(len(layers))):
        found, _ = layers[index].backward(network.arrays(index), memos[index], slope)
        if found is None:
            raise UsageError("a layer of this network hands no gradient on to its inputs")
        slope = found
    return slope
