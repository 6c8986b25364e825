"""What a filter looks for, by example: the parts of pictures that excite it most."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from whynet.network.layers.base import Window
from whynet.network.network import Network
from whynet.network.stages import Stage, maps
from whynet.types import Array, Features, Images


@dataclass(frozen=True)
class Patches:
    """Of each filter, the strongest first: in which example (filters, most), at which row and column of the filter's
    map, how strongly, and the largest that it said of any.

    >>> Patches(np.zeros((3, 2), int), np.zeros((3, 2), int), np.zeros((3, 2), int), np.zeros((3, 2))).dead
    array([ True,  True,  True])
    """

    examples: Array
    rows: Array
    columns: Array
    values: Array

    @property
    def dead(self) -> Array:
        """Which filters say the same of everything that was looked at, as one behind a ReLU that is always off."""
        return np.asarray(self.values[:, 0] == self.values.min(axis=1)) & (self.values[:, 0] <= 0)


def strongest(network: Network, X: Features, stage: Stage, most: int = 9) -> Patches:
    """Where each filter of a stage is excited most, at one place of an example at most; `X (n, features)` is scaled.

    >>> from whynet.network.layers import Conv2D
    >>> from whynet.network.stages import stages
    >>> network = Network(layers=[Conv2D((1, 3, 1), 1, (1, 2), init="constant(1)"), Conv2D((1, 2, 1), 1, (1, 2))])
    >>> found = strongest(network, np.array([[1.0, 2.0, 4.0], [0.0, 9.0, 0.0]]), stages(network)[0])
    >>> found.examples.tolist(), found.columns.tolist(), found.values.tolist()
    ([[1, 0]], [[0, 1]], [[9.0, 6.0]])
    """
    _, columns, filters = stage.shape
    values, places = [], []
    for start in range(0, len(X), 256):
        seen = maps(network, X[start : start + 256], stage).reshape(-1, stage.shape[0] * columns, filters)
        at = seen.argmax(axis=1)
        places.append(at)
        values.append(np.take_along_axis(seen, at[:, np.newaxis], axis=1)[:, 0])
    best, where = np.concatenate(values), np.concatenate(places)
    order = np.argsort(-best, axis=0, kind="stable")[:most]
    at = np.take_along_axis(where, order, axis=0).T
    return Patches(order.T, at // columns, at % columns, np.take_along_axis(best, order, axis=0).T)


def cut(images: Images, patches: Patches, window: Window) -> Images:
    """The parts of the pictures themselves, (filters, most, rows, columns[, channels]); blank beyond their edges.

    >>> images = np.array([[[1, 2, 4]], [[0, 9, 0]]], np.uint8)
    >>> where = Patches(np.array([[1, 0]]), np.array([[0, 0]]), np.array([[0, 1]]), np.array([[9.0, 6.0]]))
    >>> cut(images, where, Window((1, 2), (1, 1))).tolist()
    [[[[0, 9]], [[2, 4]]]]
    """
    rows, columns = images.shape[1:3]
    down, across = (min(window.size[0], rows), min(window.size[1], columns))
    found = np.zeros((*patches.examples.shape, down, across, *images.shape[3:]), images.dtype)
    for index in np.ndindex(*patches.examples.shape):
        picture = images[patches.examples[index]]
        top = int(patches.rows[index]) * window.stride[0] - window.before[0]
        left = int(patches.columns[index]) * window.stride[1] - window.before[1]
        if window.size[0] > rows:
            top = 0
        if window.size[1] > columns:
            left = 0
        low, high = max(top, 0), min(top + down, rows)
        near, far = max(left, 0), min(left + across, columns)
        if high > low and far > near:
            found[index][low - top : high - top, near - left : far - left] = picture[low:high, near:far]
    return found
