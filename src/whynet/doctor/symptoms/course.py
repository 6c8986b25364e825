"""What a network does while it trains, always on the same probe rows and with the readable code: whoever takes the
steps, the numbers mean the same.

`Watch` is handed to a training and looks at it between engine calls, at steps 0, 1, 2, 4, 8 ... and at the end.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np

from whynet.doctor.case import Case
from whynet.doctor.diagnosis import Gap
from whynet.doctor.normal import Above, Between
from whynet.doctor.symptom import Symptom
from whynet.doctor.symptoms.outcome import COST, START_COST
from whynet.doctor.symptoms.passes import ON_ONE_PLACE
from whynet.doctor.symptoms.units import OUTPUT_WEIGHTED_INPUT, Hidden, measure_rank, measure_units, outputs_measured
from whynet.doctor.symptoms.weights import (
    MOVED,
    PENALTY_AT_START,
    PENALTY_PULL,
    WEIGHTS,
    First,
    measure_first_layers,
    measure_gradients,
    measure_weights,
)
from whynet.network.lines import on_one_place
from whynet.network.network import Network, Trace
from whynet.training.loop import Training
from whynet.types import Array

START_COST_RATIO = Symptom(
    "start-cost-ratio", "cost before the first step, to a sound one", "of a healthy start", Between(0.5, 2.5)
)
BEND = Symptom("bend", "departure of the outputs from a linear map", "of its answers' differences", Above(0.001))

PROBE_ROWS = 500
HEALTHY_START = {  # per output, all at one half
    "quadratic": 0.125, "sigmoid-cross-entropy": math.log(2), "absolute": 0.5, "huber": 0.125,
}  # fmt: skip


def pauses(total: int) -> list[int]:
    """The steps at which to look: 1, 2, 4, 8 ..., half way, three quarters, the end.

    >>> pauses(20)
    [1, 2, 4, 8, 10, 15, 16, 20]
    """
    doubling = {1 << power for power in range(40) if 1 << power <= total}
    return sorted(doubling | {total // 2, 3 * total // 4, total} - {0})


class Watch:
    """Measures a training as it goes; `look` is what `Training` calls.

    >>> from whynet.data.sources import load
    >>> from whynet.training.prepare import prepare
    >>> from whynet.doctor.diagnosis import Settings
    >>> from whynet.training.recipe import Recipe
    >>> data, recipe = load("digits"), Recipe(epochs=1)
    >>> case = Case(Settings(), layers=2, rows=len(data), available=len(data), classes=10, features=64)
    >>> training = Training(prepare(recipe, data), pauses=pauses(150))
    >>> watch = Watch(case, training)
    >>> training.look = watch.look
    >>> _ = list(training)
    >>> watch.finish()
    >>> case.value("cost") < case.value("start-cost")
    True
    """

    def __init__(self, case: Case, training: Training) -> None:
        self.case, self.training = case, training
        n = len(training.train)
        self.rows = np.linspace(0, n - 1, min(n, PROBE_ROWS)).astype(np.intp)
        examples = training.task.examples
        self.X = examples.features(self.rows, training.network.dtype)
        self.labels = examples.labels[self.rows]
        self.targets = examples.targets[self.labels]
        self.steps: list[int] = []
        self.costs: list[float] = []
        self.first = training.network.params.vector.copy()
        self.called = training.prepared.called
        with np.errstate(all="ignore"):
            self._start()

    def look(self, training: Training) -> None:
        """Between engine calls: at the pauses, the cost of the probe rows."""
        if training.steps not in training.pauses:
            return
        with np.errstate(all="ignore"):
            network = training.network
            trace = network.forward(self.X)
            self.steps.append(training.steps)
            self.costs.append(network.cost.value(trace.scores, self.targets))

    # ---- before the first step

    def _start(self) -> None:
        case, network = self.case, self.training.network
        trace = network.forward(self.X)
        cost = network.cost.value(trace.scores, self.targets)
        self.costs.append(cost)
        self.steps.append(0)
        outputs = self.targets.shape[1]
        healthy = HEALTHY_START.get(network.cost_name, math.log(outputs) / outputs if outputs > 1 else 0.0) * outputs
        if case.problem == "regression":  # a sound start answers about 0
            healthy = network.cost.value(np.zeros_like(trace.scores), self.targets)
        case.note(START_COST, cost, at=healthy)
        case.note(START_COST_RATIO, cost / max(healthy, 1e-12))
        self._units("start", trace)
        params = network.params
        weighted = [(i, name) for i, layer in enumerate(network.layers) for name in layer.weight_names]
        measure_first_layers(case, list(self._first(trace, weighted)))
        measure_weights(
            case,
            [(params[i][name], params[i].get("b")) for i, name in weighted],
            [self.called[i] for i, _ in weighted],
        )
        final = network.layers[-1].preactivation(trace.memos[-1])
        if final is not None:
            case.note(BEND, _bend(network, self.X))
            case.note(OUTPUT_WEIGHTED_INPUT, np.abs(final).mean())
        gradient = network.gradients(self.X, self.targets)
        measure_gradients(case, [gradient[i][name] for i, name in weighted])
        if len(network.layers[0].in_shape) == 3:
            case.note(ON_ONE_PLACE, len(on_one_place(network.layers)))
        decay, l1 = case.settings.l2 + case.settings.decay, case.settings.l1
        if decay or l1:
            length, push = (math.sqrt(sum(float(np.sum(W**2)) for W in one.weights())) for one in (params, gradient))
            units = sum(params[i][name].shape[1] for i, name in weighted)
            pull = decay * max(length, math.sqrt(units)) + l1 * math.sqrt(params.vector.size)
            case.note(PENALTY_AT_START, pull / max(push, 1e-300))
        if final is not None:
            case.keep(*outputs_measured(trace.scores))
        for layer, memo, called in zip(network.layers, trace.memos, self.called, strict=True):
            if layer.shapes() and layer.preactivation(memo) is None:
                what = called or f"the {layer.kind} layer"
                case.not_examined.append(Gap(f"the units of {what}", "it does not say what its activation is given"))

    def _first(self, trace: Trace, weighted: list[tuple[int, str]]) -> Iterator[First]:
        """The first layer with weights; where that looks at parts of a picture, those after it as well, up to one that
        sees all."""
        network = self.training.network
        for i, name in weighted:
            layer = network.layers[i]
            products = layer.products(trace.memos[i])
            x, z = (self.X, None) if products is None else products
            yield First(network.params[i][name].astype(np.float64), x.astype(np.float64), z, self.called[i])
            if len(layer.out_shape) != 3:
                return

    def _units(self, when: str, trace: Any) -> None:
        """Saturation, spread and death of the hidden units."""
        hidden = []
        for layer, memo, called in list(zip(self.training.network.layers, trace.memos, self.called, strict=True))[:-1]:
            z = layer.preactivation(memo)
            if z is not None and layer.activation is not None:
                channels = layer.out_shape[2] if len(layer.out_shape) == 3 else 0
                hidden.append(Hidden(layer.activation, z.astype(np.float64), called, channels))
        measure_units(self.case, when, hidden)

    # ---- when it is over

    def finish(self) -> None:
        """Everything that is measured at the end."""
        case, training = self.case, self.training
        network = training.outcome
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            trace = network.forward(self.X)
            cost = network.cost.value(trace.scores, self.targets)
            case.note(COST, cost if math.isfinite(cost) else math.nan)
            self._units("end", trace)
            moved = float(np.linalg.norm(network.params.vector - self.first))
            case.note(MOVED, moved / max(float(np.linalg.norm(self.first)), 1e-12))
            regular = case.settings
            gradient = network.gradients(self.X, self.targets)
            decay = regular.l2 + regular.decay
            if decay or regular.l1:
                pulls = sum(float(np.sum((decay * W + regular.l1 * np.sign(W)) ** 2)) for W in network.params.weights())
                pushes = sum(float(np.sum(g**2)) for g in gradient.weights())
                case.note(PENALTY_PULL, math.sqrt(pulls / max(pushes, 1e-300)))
            last = network.layers[-1].products(trace.memos[-1])
            if last is not None and len(network.sizes) > 2 and np.isfinite(last[0]).all():
                measure_rank(case, last[0])
            case.note(WEIGHTS, float(np.mean(np.abs(network.params.vector))))


def _bend(network: Network, X: Array) -> float:
    """How far the outputs' weighted inputs are, half way between two examples, from the mean of both: 0 for a linear
    map, whatever its layers are called."""
    if len(X) < 2:
        return math.nan
    ends = X.astype(np.float64)
    double = network.astype("float64")
    first, second, between = (
        double.layers[-1].preactivation(double.forward(x).memos[-1])
        for x in (ends[:-1], ends[1:], (ends[:-1] + ends[1:]) / 2)
    )
    assert first is not None and second is not None and between is not None
    return float(np.abs(between - (first + second) / 2).max() / max(np.abs(first - second).max(), 1e-300))
