"""A network of which only the loss is known: what its loss says while a copy is trained."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from whynet.doctor.diagnosis import Outcome
from whynet.doctor.symptom import Measured
from whynet.doctor.symptoms.course import pauses
from whynet.doctor.symptoms.outcome import COST, HIGHEST_COST, PROGRESS, START_COST, STEPS, STILL_FALLING
from whynet.metric import Metric
from whynet.subjects.inside.probe import Network, Probe, ProbeError

MOST_STEPS, FEWEST = 300, 20
MOST_WORK = 3e12  # multiply-adds of a copy's training: half a minute or so
MOVED = 0.01  # of the first loss: less is no beginning
RISEN = 0.02
FALLING = 0.05  # of the first loss, in the second half of the steps
MOST_LEFT = 0.5  # of the first loss: what fell further may well go on falling, and has learned
FLAT = 0.002
LITTLE = 0.2  # of the first loss: a smaller fall is not yet learning

Curve = Sequence[tuple[int, float]]
Epoch = Callable[[], Iterator[tuple[Any, Any]]]
"""The batches of an epoch, each taken apart into inputs and targets."""


class Judged(NamedTuple):
    """What the loss of a batch did while a copy was trained: the state, the outcome, steps taken and to be taken.

    >>> Judged("healthy", Outcome(0.1, math.nan), 300, 900, ()).of
    900
    """

    state: str
    outcome: Outcome
    steps: int
    of: int
    facts: Sequence[Measured]


def state_of_loss(curve: Curve, *, whole: bool = True) -> str:
    """What a loss that went this way says; `whole`: these were all the steps that the training was to take.

    >>> state_of_loss([(0, 2.3), (50, 0.5), (100, 0.4)]), state_of_loss([(0, 2.3), (50, 2.31), (100, 2.3)])
    ('healthy', 'not-started')
    >>> state_of_loss([(0, 2.3), (50, 2.0), (100, 1.7)]), state_of_loss([(0, 2.3), (50, 9.0), (100, 80.0)])
    ('undertrained', 'diverged')
    >>> state_of_loss([(0, 2.3), (50, 2.21), (100, 2.21)]), state_of_loss([(0, 2.3), (50, math.nan)])
    ('stalled', 'non-finite')
    """
    if not all(math.isfinite(cost) for _, cost in curve):
        return "non-finite"
    first, half, last = _three(curve)
    size = max(abs(first), 1e-12)
    if last > first + RISEN * size:
        return "diverged"
    if abs(first - last) < MOVED * size:
        return "not-started"
    if whole and half - last > FALLING * size and last > MOST_LEFT * first:
        return "undertrained"
    if first - last < LITTLE * size:
        return "stalled" if half - last < FLAT * size else "undertrained"
    return "healthy"


def settled(curve: Curve, *, whole: bool) -> str:
    """What a loss that fell has come to where it lies far above what it could.

    >>> settled([(0, 2.3), (50, 1.6), (100, 1.6)], whole=True), settled([(0, 2.3), (50, 1.6), (100, 1.5)], whole=True)
    ('underfits', 'undertrained')
    """
    first, half, last = _three(curve)
    return "underfits" if whole and half - last <= MOVED * max(abs(first), 1e-12) else "undertrained"


def facts_of(curve: Curve, of: int) -> list[Measured]:
    """What is measured of a loss that went this way, in a training that was to take so many steps.

    >>> [one.name for one in facts_of([(0, 2.0), (5, 1.5), (10, 1.0)], 10)][2:]
    ['steps', 'progress', 'still-falling', 'highest-cost']
    """
    first, half, last = _three(curve)
    size = max(abs(first), 1e-12)
    facts = [START_COST.measured(first), COST.measured(last), STEPS.measured(of)]
    known = [cost for _, cost in curve if math.isfinite(cost)]
    if len(known) == len(curve):
        facts += [PROGRESS.measured((first - last) / size), STILL_FALLING.measured((half - last) / size)]
    if known and first > 0:
        facts.append(HIGHEST_COST.measured(max(known) / first))
    return facts


def _three(curve: Curve) -> tuple[float, float, float]:
    """The first cost, that half way, the last."""
    middle = min(curve, key=lambda one: abs(one[0] - curve[-1][0] / 2))
    return curve[0][1], middle[1], curve[-1][1]


def judged_by_loss(
    probe: Probe, epoch: Epoch, *, epochs: int, per_epoch: int | None, seconds: float | None
) -> Judged:  # fmt: skip
    """Trains a copy on batches of `epoch()` with the user's optimizer, for no more steps than its size allows.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> from whynet.subjects.frameworks.torch_probe import TorchProbe
    >>> from whynet.subjects.frameworks.torch_training import OptimizerSettings
    >>> _ = torch.manual_seed(0)
    >>> model, X = torch.nn.Linear(4, 4), torch.rand(32, 4)
    >>> settings = OptimizerSettings.of(model, torch.optim.Adam(model.parameters(), lr=0.05))
    >>> probe = TorchProbe.of(torch, model, torch.nn.MSELoss(), X, settings)
    >>> judged_by_loss(probe, lambda: iter([(probe.X, probe.y)]), epochs=200, per_epoch=1, seconds=None).state
    'healthy'
    """
    started = time.perf_counter()
    of = epochs * per_epoch if per_epoch is not None else 0
    allowed = most_steps(probe)
    total = min(of, allowed) if of else allowed
    network, looks = probe.copy(), set(pauses(total))
    step, training = network.stepping(), mode_of(probe)
    curve = [(0, network.loss(training=training))]
    steps = 0
    with probe.drawing(0):
        for inputs, targets in _endless(epoch, epochs):
            if steps >= total or step is None or (seconds and time.perf_counter() - started > seconds):
                break
            step(inputs, targets)
            steps += 1
            if steps in looks:
                curve.append((steps, network.loss(training=training)))
                if not math.isfinite(curve[-1][1]):
                    break
    if curve[-1][0] != steps:
        curve.append((steps, network.loss(training=training)))
    return judged_curve(curve, steps, max(of or steps, steps), time.perf_counter() - started)


def judged_curve(curve: Curve, steps: int, of: int, seconds: float = 0.0) -> Judged:
    """What a loss says that went this way in these steps, of those that the training was to take.

    >>> judged_curve([(0, 2.3), (50, 0.5), (100, 0.4)], 100, 100).state
    'healthy'
    """
    state, last = state_of_loss(curve, whole=steps >= of), curve[-1][1]
    outcome = Outcome(
        last, math.nan, Metric("loss", last), steps=steps, finite=state != "non-finite", whole=steps >= of,
        seconds=seconds, curve=tuple(curve),
    )  # fmt: skip
    return Judged(state, outcome, steps, of, facts_of(curve, of))


def most_steps(probe: Probe) -> int:
    """The steps that a copy may be trained for, just to see what its loss does.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> from whynet.subjects.frameworks.torch_probe import TorchProbe
    >>> most_steps(TorchProbe.of(torch, torch.nn.Linear(2, 2), torch.nn.MSELoss(), torch.ones(3, 2)))
    300
    """
    return max(FEWEST, min(MOST_STEPS, int(MOST_WORK / (3 * max(work(probe), 1)))))


def mode_of(probe: Probe) -> bool:
    """Whether the loss is judged in training mode: where it cannot be had in evaluation mode, and where that hangs on
    running means, which few steps do not settle, and on no chance.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> from whynet.subjects.frameworks.torch_probe import TorchProbe
    >>> mode_of(TorchProbe.of(torch, torch.nn.Linear(2, 2), torch.nn.MSELoss(), torch.zeros(3, 2)))
    False
    """
    network = probe.copy()
    kinds = {layer.kind for layer in network.layers}
    if "batch-norm" in kinds:
        return probe.training
    try:
        network.loss(training=False)
    except ProbeError:
        return True
    return False


def work(probe: Probe) -> float:
    """About how many multiply-adds a pass of the batch takes.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> from whynet.subjects.frameworks.torch_probe import TorchProbe
    >>> model, batch = torch.nn.Linear(4, 3, bias=False), (torch.ones(5, 4), torch.ones(5, 3))
    >>> work(TorchProbe.of(torch, model, torch.nn.MSELoss(), batch))
    60.0
    """
    network = probe.copy()
    sizes = {name: one.size for name, one in network.weights().items()}
    found = 0.0
    for passage in network.passed(training=probe.training):
        layer, array = passage.layer, passage.array
        own = sum(sizes.get(name, 0) for name in layer.parameters)
        if passage.part != "out" or not array.ndim or not own or layer.kind == "embedding":
            continue
        across = 1 if layer.kind == "convolution" and not layer.channels_last and array.ndim > 1 else -1
        found += own * array.size / max(array.shape[across], 1)
    return float(found)


def held_loss(network: Network, pieces: Sequence[tuple[Any, Any]], *, training: bool) -> np.ndarray:
    """The loss of each piece that is held back; NaN where it blows up.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> from whynet.subjects.frameworks.torch_probe import TorchProbe
    >>> probe = TorchProbe.of(torch, torch.nn.Identity(), torch.nn.MSELoss(), (torch.zeros(3, 2), torch.ones(3, 2)))
    >>> held_loss(probe.copy(), [(probe.X, probe.y)], training=False)
    array([1.])
    """
    return np.array([network.loss(inputs, targets, training=training) for inputs, targets in pieces])


def _endless(epoch: Epoch, epochs: int) -> Iterator[tuple[Any, Any]]:
    for _ in range(epochs):
        yield from epoch()
