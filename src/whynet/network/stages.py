"""The stages of a convolutional network: each filter bank, with what is done to what it says of a picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from whynet.network.layers import Shape
from whynet.network.layers.base import Window
from whynet.network.network import Network
from whynet.types import Array, Features

AT_ONCE = 2_000_000
"""Numbers of a layer that are computed at once."""


@dataclass(frozen=True)
class Stage:
    """A layer with weights that makes pictures, and those behind it that change no size: normalisation, dropout.

    `first` and `last` are its layers, `shape` what comes out, (rows, columns, filters), and `window` the part of the
    network's input that one number of it hangs on.

    >>> from whynet.network.architectures import Style, convnet
    >>> network = Network(layers=convnet((28, 28, 1), ["conv 16 5x5", "pool 2", "conv 32 5x5"], 10, Style("relu")))
    >>> [(one.text, one.shape, one.window.size) for one in stages(network)]
    [('conv 16 5x5', (24, 24, 16), (5, 5)), ('conv 32 5x5', (8, 8, 32), (14, 14))]
    """

    first: int
    last: int
    text: str
    shape: Shape
    window: Window


def stages(network: Network) -> list[Stage]:
    """The stages, first to last; none in a network that takes no pictures.

    >>> stages(Network([4, 3, 2]))
    []
    """
    found: list[Stage] = []
    seen = Window((1, 1), (1, 1))
    first = 0
    for index, layer in enumerate(network.layers):
        if len(layer.out_shape) != 3:
            break
        seen = seen if layer.window is None else seen.inside(layer.window)
        if layer.weight_names:
            first = index
            found.append(Stage(index, index, layer.text, layer.out_shape, seen))
        elif found and layer.window is None and found[-1].last == index - 1:
            found[-1] = Stage(first, index, found[-1].text, layer.out_shape, seen)
    return found


def maps(network: Network, X: Features, stage: Stage) -> Array:
    """What a stage says of each place of some pictures, (n, rows, columns, filters); `X (n, features)` is scaled.

    >>> from whynet.network.layers import Conv2D
    >>> network = Network(layers=[Conv2D((1, 3, 1), 1, (1, 2), init="constant(1)"), Conv2D((1, 2, 1), 1, (1, 2))])
    >>> maps(network, np.array([[1.0, 2.0, 4.0]]), stages(network)[0])[0, 0, :, 0]
    array([3., 6.])
    """
    layers = network.layers[: stage.last + 1]
    rows = max(1, AT_ONCE // max(layer.room for layer in layers))
    parts = []
    for start in range(0, len(X), rows):
        y = X[start : start + rows]
        for index, layer in enumerate(layers):
            y, _ = layer.forward(network.arrays(index), y)
        parts.append(y.reshape(-1, *stage.shape))
    return np.concatenate(parts) if parts else np.zeros((0, *stage.shape), network.dtype)
