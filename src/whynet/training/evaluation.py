"""Evaluation: how good a network is on examples that it is not trained on, at the end of an epoch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from whynet.data.dataset import Dataset
from whynet.engines.base import Engine
from whynet.network.network import Network
from whynet.training.metrics import correct, mean_cost


def evaluation(
    network: Network,
    validation: Dataset | None,
    test: Dataset | None,
    engine: Engine,
    count: Callable[[Network, Dataset, Engine], int] = correct,
) -> dict[str, Any]:
    """The fields of an `Epoch` about validation and test; `count` is who counts the right answers.

    >>> from whynet.data.sources import load
    >>> from whynet.engines.choice import FASTEST
    >>> from whynet.types import Scaling
    >>> network = Network([64, 10], init="zeros", scaling=Scaling("0..1", 0, 255))
    >>> evaluation(network, None, load("digits").test, FASTEST)
    {'test_correct': 35, 'test_total': 355}
    """
    found: dict[str, Any] = {}
    if validation is not None:
        found["validation_cost"] = mean_cost(network, validation, engine)
        found["validation_accuracy"] = count(network, validation, engine) / len(validation)
    if test is not None:
        found["test_correct"], found["test_total"] = count(network, test, engine), len(test)
    return found
