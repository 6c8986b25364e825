"""How good the answers are. What a good answer is, the problem says: see `data/problem.py`."""

from __future__ import annotations

import numpy as np

from whynet.data.dataset import Dataset
from whynet.engines.base import Engine
from whynet.engines.choice import FASTEST
from whynet.network.network import Network
from whynet.types import Array, Labels


def quality(network: Network, data: Dataset, engine: Engine = FASTEST) -> float:
    """The quality of the network's answers, 0..1: of classes, the fraction right.

    >>> from whynet.data.sources import load
    >>> from whynet.types import Scaling
    >>> data = load("digits")
    >>> round(quality(Network([64, 10], init="zeros", scaling=Scaling("0..1", 0, 255)), data), 4)
    0.0992
    """
    return network.problem.quality(engine.scores(network, data.inputs), data.y, network.cost.middle)


def mean_cost(network: Network, data: Dataset, engine: Engine = FASTEST) -> float:
    """The network's cost on these examples, without a penalty.

    >>> from whynet.data.sources import load
    >>> from whynet.types import Scaling
    >>> data = load("digits")
    >>> round(mean_cost(Network([64, 10], init="zeros", scaling=Scaling("0..1", 0, 255)), data), 5)  # log 10
    2.30259
    """
    return network.cost.value(engine.scores(network, data.inputs), network.targets(data.y))


def confusion(predictions: Labels, labels: Labels, classes: int) -> Array:
    """Counts (classes, classes): row = what it is, column = what the network answered.

    >>> confusion(np.array([0, 1, 1]), np.array([0, 0, 1]), classes=2)
    array([[1, 1],
           [0, 1]])
    """
    counts = np.bincount(np.asarray(labels, np.int64) * classes + predictions, minlength=classes * classes)
    return counts.reshape(classes, classes)


def recall(confusion: Array) -> Array:
    """Share of each class that is answered right (classes,); NaN for a class without examples.

    >>> recall(np.array([[3, 1], [0, 2]]))
    array([0.75, 1.  ])
    """
    totals = confusion.sum(axis=1)
    with np.errstate(invalid="ignore"):
        shares: Array = np.diag(confusion) / totals
    return shares
