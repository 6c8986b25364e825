"""A module of which only the loss is known: a copy is trained for some steps, and judged by what the loss does."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from whynet.doctor.diagnosis import Outcome
from whynet.doctor.symptom import Measured
from whynet.doctor.symptoms.course import pauses
from whynet.doctor.symptoms.outcome import COST, PROGRESS, START_COST, STEPS, STILL_FALLING
from whynet.metric import Metric
from whynet.subjects.frameworks.torch_probe import Probe, seeded, tensors_in

MOST_STEPS, FEWEST = 300, 20
MOST_WORK = 3e12  # multiply-adds of a copy's training: half a minute or so
MOVED = 0.01  # of the first loss: less is no beginning
RISEN = 0.02
FALLING = 0.05  # of the first loss, in the second half of the steps
MOST_LEFT = 0.5  # of the first loss: what fell further may well go on falling, and has learned
FLAT = 0.002
LITTLE = 0.2  # of the first loss: a smaller fall is not yet learning


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


def state_of_loss(curve: Sequence[tuple[int, float]], *, whole: bool = True) -> str:
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


def _three(curve: Sequence[tuple[int, float]]) -> tuple[float, float, float]:
    """The first cost, that half way, the last."""
    middle = min(curve, key=lambda one: abs(one[0] - curve[-1][0] / 2))
    return curve[0][1], middle[1], curve[-1][1]


def judged_by_loss(
    probe: Probe, epoch: Callable[[], Iterator[Any]], *, epochs: int, per_epoch: int | None, seconds: float | None
) -> Judged:
    """Trains a copy on batches of `epoch()` with the user's optimizer, for no more steps than its size allows.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> from whynet.subjects.frameworks.torch_training import OptimizerSettings
    >>> _ = torch.manual_seed(0)
    >>> model, X = torch.nn.Linear(4, 4), torch.rand(32, 4)
    >>> settings = OptimizerSettings.of(model, torch.optim.Adam(model.parameters(), lr=0.05))
    >>> probe = Probe.of(torch, model, torch.nn.MSELoss(), X, settings)
    >>> judged_by_loss(probe, lambda: iter([X]), epochs=200, per_epoch=1, seconds=None).state
    'healthy'
    """
    torch, started = probe.torch, time.perf_counter()
    model = probe.fresh().train(probe.model.training)
    settings = probe.optimizer
    optimizer = None if settings is None else settings.make(model, 1.0, whole=False)
    of = epochs * per_epoch if per_epoch is not None else 0
    allowed = max(FEWEST, min(MOST_STEPS, int(MOST_WORK / (3 * max(work(probe), 1)))))
    total = min(of, allowed) if of else allowed
    looks = set(pauses(total))
    curve = [(0, loss_now(probe, model))]
    steps = 0
    with seeded(torch):
        for batch in _endless(epoch, epochs):
            if steps >= total or optimizer is None or (seconds and time.perf_counter() - started > seconds):
                break
            inputs, targets = probe.way(batch)

            def closure(inputs: Any = inputs, targets: Any = targets) -> Any:
                optimizer.zero_grad()
                value = probe.priced(probe.run(model, inputs), targets)
                if value.requires_grad:
                    value.backward()
                return value.detach()

            optimizer.step(closure)
            steps += 1
            if steps in looks:
                curve.append((steps, loss_now(probe, model)))
                if not math.isfinite(curve[-1][1]):
                    break
    if curve[-1][0] != steps:
        curve.append((steps, loss_now(probe, model)))
    of = max(of or steps, steps)
    state = state_of_loss(curve, whole=steps >= of)
    first, half, last = _three(curve)
    size = max(abs(first), 1e-12)
    finite = state != "non-finite"
    facts = [START_COST.measured(first), COST.measured(last), STEPS.measured(of)]
    if finite:
        facts += [PROGRESS.measured((first - last) / size), STILL_FALLING.measured((half - last) / size)]
    outcome = Outcome(
        last, math.nan, Metric("loss", last), steps=steps, finite=finite, whole=steps >= of,
        seconds=time.perf_counter() - started, curve=tuple(curve),
    )  # fmt: skip
    return Judged(state, outcome, steps, of, facts)


def loss_now(probe: Probe, model: Any) -> float:
    """The loss of the probe's batch; what the pass changes in the module is put back.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> probe = Probe.of(torch, torch.nn.Linear(2, 2), torch.nn.MSELoss(), torch.zeros(3, 2))
    >>> loss_now(probe, probe.fresh()) >= 0
    True
    """
    kept = [(buffer, buffer.clone()) for buffer in model.buffers()]
    with probe.torch.no_grad():
        value = float(probe.loss_of(probe.call(model)))
        for buffer, before in kept:
            buffer.copy_(before)
    return value


def work(probe: Probe) -> float:
    """About how many multiply-adds a pass of the batch takes.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> model, batch = torch.nn.Linear(4, 3, bias=False), (torch.ones(5, 4), torch.ones(5, 3))
    >>> work(Probe.of(torch, model, torch.nn.MSELoss(), batch))
    60.0
    """
    found: list[float] = []

    def add(module: Any, given: Any, made: Any) -> None:
        tensors = tensors_in(made, probe.torch)
        if tensors and tensors[0].ndim:
            units = tensors[0].shape[1 if type(module).__name__.startswith("Conv") and tensors[0].ndim > 1 else -1]
            own = sum(one.numel() for one in module.parameters(recurse=False))
            table = type(module).__name__.startswith("Embedding")
            found.append(0.0 if table else own * tensors[0].numel() / max(units, 1))

    model = probe.fresh()
    for module in model.modules():
        module.register_forward_hook(add)
    with probe.torch.no_grad():
        probe.call(model)
    return sum(found)


def _endless(epoch: Callable[[], Iterator[Any]], epochs: int) -> Iterator[Any]:
    for _ in range(epochs):
        yield from epoch()
