"""What a Keras optimizer is set to: how much of the gradient its clipping leaves, and where its schedule ends."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from whynet.doctor.diagnosis import Finding
from whynet.doctor.symptoms.inside import GRADIENT_TO_CLIPPED, RATE_GONE
from whynet.subjects.frameworks.keras_optimizers import anew, plain_settings
from whynet.subjects.inside.how import CLIPPED, FADED, mending
from whynet.subjects.inside.probe import Seen
from whynet.types import Array

FEWEST = 10  # steps of a training
CUT = 100.0
FAR = 10  # steps without a limit: a training that goes as far may get somewhere
UNKNOWN = 1000  # steps, where the data do not say how many
MINDING = ("SGD", "Adagrad")
"""Optimizers whose steps are the shorter, the shorter the gradient is."""
LIMITS = ("clipnorm", "global_clipnorm", "clipvalue")
TRIED = 10  # steps on one batch
NOTHING = 0.05  # of the fall without a limit
GONE = 1e-3  # of the largest rate
ASKED = 200  # steps at which a schedule is asked


def clipped(probe: Any) -> Seen:
    """A limit that cuts the gradient to next to nothing, where steps without it lower the loss of the batch.

    >>> import pytest
    >>> keras = pytest.importorskip("keras")
    >>> from whynet.subjects.frameworks.keras_probe import KerasProbe
    >>> model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    >>> model.compile(keras.optimizers.SGD(0.01, clipnorm=1e-6), "mse")
    >>> clipped(KerasProbe.of(keras, model, (np.ones((6, 4)), np.full((6, 1), 5.0)))).findings[0].cause
    'clipping-too-strong'
    """
    if probe.optimizer is None:
        return Seen()
    kind, config = plain_settings(probe.keras, *probe.optimizer)
    limits = [name for name in LIMITS if config.get(name)]
    if not limits:
        return Seen()
    found = probe.copy().gradients()
    slopes = [one.astype(np.float64) for one in found.by.values() if one is not None]
    if not slopes or not math.isfinite(found.value):
        return Seen()
    limit = limits[0]
    length, left = _length(slopes), _length(_cut(slopes, limit, float(config[limit])))
    if not (left > 0 and math.isfinite(length)):
        return Seen()
    fact = GRADIENT_TO_CLIPPED.measured(length / left)
    farthest = (probe.steps or UNKNOWN) * left / length
    if kind.__name__ not in MINDING or not (length / left > CUT and farthest < FAR):
        return Seen([fact])
    falls = [_fall(probe, kind, given) for given in (config, {**config, limit: None})]
    if not (math.isfinite(falls[0]) and falls[1] > 0 and falls[0] < NOTHING * falls[1]):
        return Seen([fact])
    words = (
        f"`{limit}={config[limit]:.3g}` cuts the gradient to a length of {left:.3g}: a limit that bites now and then"
    )
    return Seen([fact], [Finding("clipping-too-strong", "found", (fact,), mending(CLIPPED), detail=words)])


def _length(arrays: list[Array]) -> float:
    return math.sqrt(sum(float((one**2).sum()) for one in arrays))


def _cut(slopes: list[Array], limit: str, most: float) -> list[Array]:
    """What Keras leaves of gradients: each array by itself, all together, or each number."""
    if limit == "clipvalue":
        return [np.clip(one, -most, most) for one in slopes]
    if limit == "global_clipnorm":
        return [one * min(1.0, most / max(_length(slopes), 1e-300)) for one in slopes]
    return [one * min(1.0, most / max(_length([one]), 1e-300)) for one in slopes]


def _fall(probe: Any, kind: type, config: dict[str, Any]) -> float:
    """How far a few steps on the batch take its loss down; NaN where it cannot be told."""
    step = probe.copy().steps_of(anew(probe.keras, kind, config))
    if step is None:
        return math.nan
    losses = [step(probe.X, probe.y) for _ in range(TRIED + 1)]
    return float(losses[0] - losses[-1])


def gone(probe: Any) -> Seen:
    """A schedule that brings the rate to nothing in the first part of the training.

    >>> import pytest
    >>> keras = pytest.importorskip("keras")
    >>> from whynet.subjects.frameworks.keras_probe import KerasProbe
    >>> model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    >>> model.compile(keras.optimizers.SGD(keras.optimizers.schedules.ExponentialDecay(0.1, 1, 0.7)), "mse")
    >>> batch = np.ones((6, 4)), np.ones((6, 1))
    >>> gone(KerasProbe.of(keras, model, batch, steps=200)).findings[0].cause
    'schedule-exhausted'
    >>> gone(KerasProbe.of(keras, model, batch, steps=20)).findings
    ()
    """
    if probe.optimizer is None or probe.steps is None or probe.steps < FEWEST:
        return Seen()
    _, config = plain_settings(probe.keras, *probe.optimizer)
    given = config.get("learning_rate")
    if not isinstance(given, dict):
        return Seen()
    schedule = probe.keras.optimizers.schedules.deserialize(given)
    asked = np.unique(np.linspace(0, probe.steps - 1, ASKED).astype(int))
    rates = np.array([float(schedule(int(one))) for one in asked])
    if not np.isfinite(rates).all() or not rates.max() > 0:
        return Seen()
    after = rates[int(rates.argmax()) :]
    share = float((after < GONE * rates.max()).sum()) / len(rates)
    fact = RATE_GONE.measured(share)
    if not share > 0.5:
        return Seen([fact])
    words = f"the rate goes from {rates.max():.3g} to {rates[-1]:.3g} in {probe.steps:,} steps: "
    words += "schedules count batches, not epochs"
    return Seen([fact], [Finding("schedule-exhausted", "found", (fact,), mending(FADED), detail=words)])
