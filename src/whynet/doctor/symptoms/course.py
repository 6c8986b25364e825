"""What a network does while it trains, always on the same probe rows and with the readable code: whoever takes the
steps, the numbers mean the same.

`Watch` is handed to a training and looks at it between engine calls, at steps 0, 1, 2, 4, 8 ... and at the end.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from whynet.doctor.case import Case
from whynet.network.activations import activation
from whynet.network.layers import BatchNorm, BatchNormMemo, Dense, DenseMemo
from whynet.network.network import Network
from whynet.training.loop import Training
from whynet.types import Array

PROBE_ROWS = 500
FLAT = 0.01  # a unit whose derivative is below this fraction of its largest is saturated
HEALTHY_START = {"quadratic": 0.125, "sigmoid-cross-entropy": math.log(2)}  # per output, all at one half


def measure_units(case: Case, when: str, hidden: Sequence[tuple[str, Array]]) -> None:
    """Saturation and spread of hidden units: of each layer its activation and its pre-activations, (rows, units).

    >>> from whynet.doctor.diagnosis import Settings
    >>> case = Case(Settings(), layers=2, rows=2, available=2, classes=2, features=3)
    >>> measure_units(case, "start", [("sigmoid", np.array([[20.0, 0.0], [30.0, 0.5]]))])
    >>> case.value("saturated-start")
    0.5
    """
    saturated, spreads, row_sums = [], [], []
    for name, z in hidden:
        if name == "identity":
            continue
        a, inner = activation(name).forward(z)
        derivative = activation(name).backward(inner, np.ones_like(a))
        if name in ("sigmoid", "tanh", "scaled-tanh"):
            top = {"sigmoid": 0.25, "tanh": 1.0, "scaled-tanh": 1.7159 * 2 / 3}[name]
            saturated.append(float(np.mean(np.abs(derivative) < FLAT * top)))
        if name == "softmax":
            row_sums.append(float(np.abs(a.sum(axis=1) - 1).max()))
        spreads.append(float(np.sqrt(a.var(axis=0).mean()) / max(np.sqrt(np.mean(a**2)), 1e-300)))
    if saturated:
        case.note(f"saturated-{when}", max(saturated), "share of a hidden layer's answers", "below 0.3")
    if spreads:
        case.note(f"spread-{when}", min(spreads), "of hidden activations over examples", "above 0.05")
    if row_sums:
        case.note("hidden-shares", 1.0, "hidden layers whose answers sum to 1", "none")


def measure_first_layer(case: Case, W: Array, x: Array, z: Array | None) -> None:
    """How far the first layer's weights (fan_in, fan_out) push its units to one side on inputs x (rows, fan_in).

    >>> from whynet.doctor.diagnosis import Settings
    >>> case = Case(Settings(), layers=2, rows=2, available=2, classes=2, features=3)
    >>> measure_first_layer(case, np.full((3, 4), 2.0), np.ones((5, 3)), None)
    >>> case.value("one-sided-push")
    6.0
    """
    mean = max(abs(W.mean()) - 3 * W.std() / math.sqrt(W.size), 0.0)  # beyond what chance gives
    push = float(mean * x.sum(axis=1).mean())
    case.note("one-sided-push", push, "", "below 2: weights of both signs cancel")
    case.note("weighted-input-sd", math.nan if z is None else float(z.std()), "", "0.2 to 3")
    if z is not None:
        case.note("pre-activation-offset", abs(float(z.mean())) - float(z.std()), "", "below 2: to both sides of 0")


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
    >>> from whynet.training.loop import build
    >>> from whynet.doctor.diagnosis import Settings
    >>> from whynet.training.recipe import Recipe
    >>> data, recipe = load("digits"), Recipe(epochs=1)
    >>> case = Case(Settings(), layers=2, rows=len(data), available=len(data), classes=10, features=64)
    >>> training = Training(build(recipe, data), data, recipe, pauses=pauses(150))
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
        self.dead: list[float] = []
        self.ratios: list[float] = []
        self.first = training.network.params.vector.copy()
        with np.errstate(all="ignore"):
            self._start()

    def look(self, training: Training) -> None:
        """Between engine calls: at the pauses, the cost of the probe rows and the state of the units."""
        if training.steps not in training.pauses:
            return
        with np.errstate(all="ignore"):
            network = training.network
            trace = network.forward(self.X)
            self.steps.append(training.steps)
            self.costs.append(network.cost.value(trace.scores, self.targets))
            self.dead.append(_dead(network, trace.memos))

    # ---- before the first step

    def _start(self) -> None:
        case, network = self.case, self.training.network
        trace = network.forward(self.X)
        cost = network.cost.value(trace.scores, self.targets)
        self.costs.append(cost)
        self.steps.append(0)
        outputs = self.targets.shape[1]
        healthy = HEALTHY_START.get(network.cost_name, math.log(outputs) / outputs if outputs > 1 else 0.0) * outputs
        case.note("start-cost", cost, "", f"about {healthy:.3g}: outputs that know nothing yet")
        case.note("start-cost-ratio", cost / max(healthy, 1e-12), "of a healthy start", "0.5 to 2.5")
        self.dead.append(_dead(network, trace.memos))
        self._units("start", trace)
        first = next(i for i, layer in enumerate(network.layers) if isinstance(layer, Dense))
        W = network.params[first]["W"].astype(np.float64)
        memo = trace.memos[first]
        x = memo.x if isinstance(memo, DenseMemo) else self.X
        measure_first_layer(case, W, x.astype(np.float64), memo.z if isinstance(memo, DenseMemo) else None)
        case.note("identical-units", _identical(network), "share of hidden units", "0")
        final = trace.memos[-1]
        if isinstance(final, DenseMemo):
            case.note("bend", _bend(network, self.X), "of its answers' differences", "above 0.001")
            case.note("output-weighted-input", float(np.abs(final.z).mean()), "mean size", "below 4")
        gains = [
            float(network.params[i]["W"].std() * math.sqrt(layer.inputs))
            for i, layer in enumerate(network.layers)
            if isinstance(layer, Dense)
        ]
        case.note("weight-gain", max(gains), "sd of weights x root of fan-in", "0.5 to 2")
        case.note("least-weight-gain", min(gains), "sd of weights x root of fan-in", "0.5 to 2")
        gradient = network.gradients(self.X, self.targets)
        sizes = _layer_norms(network, gradient)
        if len(sizes) > 1:
            case.note("gradient-fall", sizes[0] / max(sizes[-1], 1e-300), "first layer's to last's", "above 0.001")
        self._outputs(trace.scores)

    def _units(self, when: str, trace: Any) -> None:
        """Saturation, spread and death of the hidden units."""
        network = self.training.network
        hidden = [
            (layer.activation, memo.z.astype(np.float64))
            for layer, memo in list(zip(network.layers, trace.memos, strict=True))[:-1]
            if isinstance(layer, (Dense, BatchNorm)) and isinstance(memo, (DenseMemo, BatchNormMemo))
        ]
        measure_units(self.case, when, hidden)
        self.case.note(f"dead-{when}", _dead(network, trace.memos), "share of a hidden layer's units", "below 0.5")

    def _outputs(self, scores: Array) -> None:
        network, case = self.training.network, self.case
        layer = network.layers[-1]
        if not isinstance(layer, Dense):
            return
        case.note("least-output", scores.min())
        case.note("largest-output", scores.max())
        if scores.shape[1] > 1:
            case.note("outputs-sum", float(np.abs(scores.sum(axis=1) - 1).max()), "off 1", "")

    # ---- when it is over

    def finish(self) -> None:
        """Everything that is measured at the end."""
        case, training = self.case, self.training
        network = training.outcome
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            trace = network.forward(self.X)
            cost = network.cost.value(trace.scores, self.targets)
            case.note("cost", cost if math.isfinite(cost) else math.nan)
            self._units("end", trace)
            moved = float(np.linalg.norm(network.params.vector - self.first))
            case.note("moved", moved / max(float(np.linalg.norm(self.first)), 1e-12), "of the first weights' length")
            regular = case.settings
            gradient = network.gradients(self.X, self.targets)
            decay = regular.l2 + regular.decay
            if decay or regular.l1:
                pulls = sum(float(np.sum((decay * W + regular.l1 * np.sign(W)) ** 2)) for W in network.params.weights())
                pushes = sum(float(np.sum(g**2)) for g in gradient.weights())
                case.note("penalty-pull", math.sqrt(pulls / max(pushes, 1e-300)), "of the data's gradient", "below 0.5")
            last = trace.memos[-1]
            if isinstance(last, DenseMemo) and len(network.sizes) > 2 and np.isfinite(last.x).all():
                values = np.linalg.svd(last.x - last.x.mean(axis=0), compute_uv=False)
                rank = int(np.sum(values > 0.01 * max(values[0], 1e-300)))
                case.note("rank", rank, "of the last hidden layer", f"at least {min(case.classes - 1, len(values))}")
            kept = float(np.mean(np.abs(network.params.vector)))
            case.note("weights", kept, "mean size")


def _bend(network: Network, X: Array) -> float:
    """How far the outputs' weighted inputs are, half way between two examples, from the mean of both: 0 for a linear
    map, whatever its layers are called."""
    if len(X) < 2:
        return math.nan
    ends = X.astype(np.float64)
    double = network.astype("float64")
    first, second, between = (double.forward(x).memos[-1].z for x in (ends[:-1], ends[1:], (ends[:-1] + ends[1:]) / 2))
    return float(np.abs(between - (first + second) / 2).max() / max(np.abs(first - second).max(), 1e-300))


def _dead(network: Network, memos: Any) -> float:
    """The largest share, over hidden layers, of units that are 0 or less (ReLU) for every probe row."""
    shares = [
        float(np.mean((memo.z <= 0).all(axis=0)))
        for layer, memo in list(zip(network.layers, memos, strict=True))[:-1]
        if isinstance(layer, Dense) and layer.activation == "relu" and isinstance(memo, DenseMemo)
    ]
    return max(shares, default=0.0)


def _identical(network: Network) -> float:
    """Share of hidden units that start with the very weights of another unit of their layer."""
    shares = []
    for index, layer in list(enumerate(network.layers))[:-1]:
        if isinstance(layer, Dense) and layer.outputs > 1:
            columns = np.concatenate([network.params[index]["W"], network.params[index]["b"][None]]).T
            shares.append(1 - (len(np.unique(columns, axis=0)) - 1) / max(layer.outputs - 1, 1))
    return max(shares, default=0.0)


def _layer_norms(network: Network, gradient: Any) -> list[float]:
    return [
        float(np.linalg.norm(gradient[i]["W"])) / math.sqrt(gradient[i]["W"].size)
        for i, layer in enumerate(network.layers)
        if isinstance(layer, Dense)
    ]
