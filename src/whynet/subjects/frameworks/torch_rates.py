"""The learning rate that the trials keep to, where a scheduler of the user's begins with a lower one.

A rate that is warmed up says nothing by its first steps: copies that kept to it would be trained too slowly, and the
rate be called the cause.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from whynet.subjects.frameworks.torch_training import OptimizerSettings

ASKED = 500  # steps at which a course of rates is read


def meant(settings: OptimizerSettings) -> OptimizerSettings:
    """The same at the rates that a scheduler which is there multiplies, or rises to, where they are higher.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> model = torch.nn.Linear(2, 1)
    >>> optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    >>> scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: min(step / 100, 1))
    >>> optimizer.param_groups[0]["lr"], meant(OptimizerSettings.of(model, optimizer)).options["lr"]
    (0.0, 0.5)
    """
    return _at(settings, [_meant(options) for _, options in settings.groups])


def usual(settings: OptimizerSettings, seen: Sequence[tuple[int, float]]) -> OptimizerSettings:
    """The same at the mean of the rates that were `seen` at these steps, of the first group, where that is higher than
    what it began with; rates of other groups go with it.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> model = torch.nn.Linear(2, 1)
    >>> settings = OptimizerSettings.of(model, torch.optim.SGD(model.parameters(), lr=0.1))
    >>> [round(usual(settings, [(0, 0.1), (10, last)]).options["lr"], 6) for last in (0.5, 0.0)]
    [0.3, 0.1]
    """
    first = settings.options.get("lr")
    if first is None or not seen:
        return settings
    steps, rates = zip(*seen, strict=True)
    mean = float(np.interp(np.linspace(steps[0], steps[-1], ASKED), steps, rates).mean())
    return begun_at(settings, mean) if mean > first else settings


def begun_at(settings: OptimizerSettings, rate: float) -> OptimizerSettings:
    """The same at this rate of the first group; those of the others go with it.

    >>> begun_at(OptimizerSettings(None, ((("w",), {"lr": 0.1}), (("b",), {"lr": 0.2})), ()), 1.0).groups[1]
    (('b',), {'lr': 2.0})
    """
    bases = [_meant(options) for _, options in settings.groups]
    return _at(settings, [rate * one / bases[0] if bases[0] else rate for one in bases])


def _meant(options: Mapping[str, Any]) -> float:
    rate = float(options.get("lr", 0.0))
    base = float(options.get("initial_lr", rate))
    return max(rate, (base + float(options.get("max_lr", base))) / 2)


def _at(settings: OptimizerSettings, rates: Sequence[float]) -> OptimizerSettings:
    groups = (
        (held, {**options, "lr": rate} if "lr" in options else options)
        for (held, options), rate in zip(settings.groups, rates, strict=True)
    )
    return replace(settings, groups=tuple(groups))
