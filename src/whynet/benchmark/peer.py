"""A peer: a system that is timed beside others, and what it is handed."""

from __future__ import annotations

from collections.abc import Callable
from importlib import util
from typing import NamedTuple, Protocol

import numpy as np

from whynet.benchmark.works import Work
from whynet.data.dataset import Dataset
from whynet.types import Array, Features, Labels


class Trainee(NamedTuple):
    """A network ready to train: `epoch()` trains on `share` of an epoch, `predict(X)` answers features (n, features).

    >>> Trainee(lambda: None, lambda X: np.zeros(len(X))).share
    1.0
    """

    epoch: Callable[[], object]
    predict: Callable[[Features], Labels]
    share: float = 1.0


class Peer(Protocol):
    """A system: its name, the package whose version counts, and how to make it ready for a work."""

    name: str
    package: str

    def why_not(self, work: Work) -> str | None:
        """None if it can do the work here, else the reason."""
        ...

    def prepare(self, work: Work, data: Dataset) -> Trainee:
        """Everything that is not training: data converted, network built, functions compiled."""
        ...


def missing(package: str) -> str | None:
    """Why a package cannot be timed, None if it is there.

    >>> missing("no-such-package")
    'no-such-package is not installed'
    """
    return None if util.find_spec(package) else f"{package} is not installed"


def dense_only(work: Work) -> str | None:
    """Why a loop written for dense layers cannot do a work, None if it can.

    >>> from whynet.benchmark.works import WORKS
    >>> dense_only(WORKS["small"]), dense_only(WORKS["convnet"])
    (None, 'it is written for dense layers')
    """
    return "it is written for dense layers" if work.layers else None


def features_of(data: Dataset) -> Features:
    """The pixels as numbers from 0 to 1, (n, features) float32.

    >>> from whynet.data.sources import load
    >>> features_of(load("xor")).max()
    np.float32(1.0)
    """
    scaled: Features = (data.inputs / np.float32(255)).astype(np.float32)
    return scaled


def order_of(data: Dataset) -> Array:
    """The order of the examples in an epoch, (n,): the same for every peer.

    >>> from whynet.data.sources import load
    >>> order_of(load("xor")).shape
    (1000,)
    """
    return np.random.default_rng([0, 2, 0]).permutation(len(data))
