"""Evaluation: how good a network is on examples that it is not trained on, at the end of an epoch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from whynet.data.dataset import Dataset
from whynet.engines.base import Engine
from whynet.network.network import Network


def evaluation(
    network: Network,
    validation: Dataset | None,
    test: Dataset | None,
    engine: Engine,
    count: Callable[[Network, Dataset, Engine], int] | None = None,
) -> dict[str, Any]:
    """The fields of an `Epoch` about validation and test; `count`, if given, is who counts the right answers.

    >>> from whynet.data.sources import load
    >>> from whynet.engines.choice import FASTEST
    >>> from whynet.types import Scaling
    >>> network = Network([64, 10], init="zeros", scaling=Scaling("0..1", 0, 255))
    >>> found = evaluation(network, None, load("digits").test, FASTEST)
    >>> found["test_correct"], found["test_total"], found["metric"].name
    (35, 355, 'accuracy')
    """
    found: dict[str, Any] = {}
    problem, middle = network.problem, network.cost.middle
    for name, data in (("validation", validation), ("test", test)):
        if data is None:
            continue
        scores = engine.scores(network, data.inputs)
        quality, metric = problem.quality(scores, data.y, middle), problem.metric(scores, data.y, middle)
        if count is not None and data.classes:
            quality = count(network, data, engine) / len(data)
            metric = metric._replace(value=quality)
        found[f"{name}_quality"], found["metric"] = quality, metric
        if name == "validation":
            found["validation_cost"] = network.cost.value(scores, network.targets(data.y))
        elif data.classes:
            found["test_correct"], found["test_total"] = round(quality * len(data)), len(data)
    return found
