"""The numbers inside any network while a batch passes through: which are not finite, which units dead or saturated."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from whynet.doctor.diagnosis import Finding
from whynet.doctor.symptoms.inside import NOT_FINITE, SATURATED_LAYER
from whynet.doctor.symptoms.units import DEAD
from whynet.subjects.inside.probe import Layer, Network, Probe, ProbeError, Seen, arrays_in, is_real, mapped
from whynet.types import Array

FEWEST = 32  # numbers of a unit: fewer may be below zero by chance
MOST_DEAD = 0.9  # of a layer's units
FEWEST_OF_ALL = 8  # units, and numbers of each: that all of them are below zero is no chance
BOUND = 0.0025  # of a sigmoid: nearer to 0 or 1 its derivative is less than a hundredth of its largest; a tanh is two
MOST_SATURATED, SOME_SATURATED = 0.95, 0.5  # of a layer's numbers
LARGE = 10.0  # an input
SMALLER = (10, 100, 1000)
ORDERS, FEWEST_ROWS, SURE = 20, 16, 3.0


def not_finite(probe: Probe) -> Seen:
    """NaN or infinity in the batch, in what a layer makes of it, or in the loss of outputs that are finite.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> from whynet.subjects.frameworks.torch_probe import TorchProbe
    >>> X = torch.ones(4, 2)
    >>> X[0, 0] = torch.nan
    >>> probe = TorchProbe.of(torch, torch.nn.Linear(2, 1), torch.nn.MSELoss(), (X, torch.ones(4, 1)))
    >>> found = not_finite(probe).findings[0]
    >>> found.cause, found.detail
    ('bad-inputs', '1 of 8 numbers in the inputs of the first batch are NaN or infinite, and reach the loss')
    """
    if np.isfinite(probe.copy().loss(training=True)):
        return Seen()
    given = not_finite_in([(probe.X, probe.y)], "the first batch")
    if given is not None:
        return Seen(findings=[given])
    try:
        broken, total = _counted(probe.copy().answers(training=True))
    except ProbeError:  # they are no real numbers
        broken, total = 0, 0
    first = _first_broken(probe.copy()) if broken else None
    if first is not None:
        words = f"the first numbers that are not finite come out of `{first.name}` ({first.own})"
        return Seen(findings=[Finding("init-too-large", "found", (NOT_FINITE.measured(broken / total),), detail=words)])
    where = probe.says("between-layers") if broken else "in the loss: the outputs are finite"
    words = f"the numbers stop being finite {where}; {probe.says('keep-off-zero')}"
    return Seen(findings=[Finding("log-of-zero", "found", (NOT_FINITE.measured(1.0),), detail=words)])


def not_finite_in(batches: Iterable[tuple[Any, Any]], where: str) -> Finding | None:
    """NaN or infinity in the inputs or the targets of batches.

    >>> X, y = np.array([[1.0, np.inf]]), np.array([0.5])
    >>> found = not_finite_in([(X, y)], "the batches")
    >>> found.cause, found.detail
    ('bad-inputs', '1 of 2 numbers in the inputs of the batches are NaN or infinite, and reach the loss')
    >>> not_finite_in([(y, y)], "the batches") is None
    True
    """
    known = list(batches)
    for part, (cause, what) in enumerate((("bad-inputs", "inputs"), ("labels-corrupted", "targets"))):
        counts = [_counted(batch[part]) for batch in known]
        broken, total = (sum(column) for column in zip(*counts, strict=True))
        if broken:
            words = f"{broken:,} of {total:,} numbers in the {what} of {where} are NaN or infinite, and reach the loss"
            return Finding(cause, "found", (NOT_FINITE.measured(broken / total),), detail=words)
    return None


def _first_broken(network: Network) -> Layer | None:
    """The first layer without layers inside that makes numbers that are not finite of finite ones."""
    given: dict[str, bool] = {}
    for passage in network.passed(training=True):
        broken = _counted(passage.array)[0] > 0
        if passage.part == "in":
            given[passage.layer.name] = broken
        elif broken and passage.layer.leaf and not given.get(passage.layer.name, False):
            return passage.layer
    return None


def _counted(values: Any) -> tuple[int, int]:
    """How many numbers are not finite, of how many."""
    real = [one for one in arrays_in(values) if is_real(one)]
    return sum(int((~np.isfinite(one)).sum()) for one in real), sum(one.size for one in real)


def dead_units(probe: Probe) -> Seen:
    """ReLU units that are 0 for every number of a batch, and so have no gradient.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> from whynet.subjects.frameworks.torch_probe import TorchProbe
    >>> model = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.ReLU(), torch.nn.Linear(4, 1))
    >>> _ = torch.nn.init.constant_(model[0].bias, -10)
    >>> batch = torch.rand(40, 3), torch.rand(40, 1)
    >>> dead_units(TorchProbe.of(torch, model, torch.nn.MSELoss(), batch)).findings[0].detail
    'all 4 units of ReLU 1 of 1 are 0 for the whole batch'

    Of fewer rows, only a layer that is dead as a whole is told.

    >>> model = torch.nn.Sequential(torch.nn.Linear(3, 9), torch.nn.ReLU(), torch.nn.Linear(9, 1))
    >>> few = TorchProbe.of(torch, model, torch.nn.MSELoss(), (-torch.rand(16, 3), torch.rand(16, 1)))
    >>> dead_units(few).findings
    ()
    >>> _ = torch.nn.init.constant_(few.model[0].bias, -10)
    >>> dead_units(few).findings[0].detail
    'all 9 units of ReLU 1 of 1 are 0 for the whole batch'
    """
    weights = [one for one in probe.copy().weights().values() if one.ndim > 1]
    if weights and not any(one.any() for one in weights):  # it is the start that makes them 0
        return Seen()
    known = [made for made in probe.copy().rectified() if len(made) >= FEWEST or _is_empty(made)]
    found = [(int((made == 0).all(axis=0).sum()), made.shape[1]) for made in known]
    worst = max(enumerate(found, 1), key=lambda one: one[1][0] / one[1][1], default=None)
    if worst is None:
        return Seen()
    place, (dead, units) = worst
    fact = DEAD["start"].measured(dead / units)
    if not dead > MOST_DEAD * units or units < 2:
        return Seen()
    words = f"{'all' if dead == units else f'{dead:,} of'} {units:,} units of ReLU {place} of {len(found)} are 0"
    return Seen(findings=[Finding("dead-relu", "found", (fact,), detail=f"{words} for the whole batch")])


def _is_empty(made: Array) -> bool:
    """Whether nothing is left in any of so many units that a few rows tell."""
    return min(made.shape) >= FEWEST_OF_ALL and not made.any()


def saturated(probe: Probe) -> Seen:
    """Hidden sigmoids and tanhs that are almost all at their bounds before anything is learned, and why.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> from whynet.subjects.frameworks.torch_probe import TorchProbe
    >>> model = torch.nn.Sequential(torch.nn.Linear(9, 8), torch.nn.Tanh(), torch.nn.Linear(8, 1))
    >>> batch = 1e5 * torch.rand(40, 9), torch.rand(40, 1)
    >>> saturated(TorchProbe.of(torch, model, torch.nn.MSELoss(), batch)).findings[0].cause
    'input-not-scaled'
    """
    shares = _saturated(probe.copy())
    if not shares or not max(shares) > MOST_SATURATED:
        return Seen()
    fact = SATURATED_LAYER.measured(max(shares))
    cause = None if _has_learned(probe) else _why_saturated(probe)
    if cause is None:
        return Seen([fact])
    name, words = cause
    place = shares.index(max(shares)) + 1
    said = f"{100 * fact.value:.3g} % of the numbers of sigmoid or tanh {place} of {len(shares)} are at its bounds"
    return Seen([fact], [Finding(name, "found", (fact,), detail=f"{said}: {words}")])


def _saturated(network: Network, inputs: Any = None) -> list[float]:
    """Of each sigmoid and tanh but the one that answers, the share of its numbers at the bounds."""
    shares, answers = [], network.answers(inputs, training=True).ravel()
    for made in network.squashed(inputs):
        if made.size < FEWEST or (made.size == answers.size and np.allclose(made.ravel(), answers)):
            continue
        unit = (made + 1) / 2 if made.min() < 0 else made
        shares.append(float(np.mean((unit < BOUND) | (unit > 1 - BOUND))))
    return shares


def _has_learned(probe: Probe) -> bool:
    """Whether its answers tell the examples apart: with those of others in their place the loss is surely higher. Where
    that cannot be said, it may have."""
    Z = probe.Z
    if len(Z) != probe.rows or probe.rows < FEWEST_ROWS:
        return True
    rng, value = np.random.default_rng(0), probe.value(Z)
    others = [probe.value(Z[rng.permutation(len(Z))]) for _ in range(ORDERS)]
    return not value > float(np.mean(others)) - SURE * float(np.std(others)) - 1e-6 * abs(value)


def _why_saturated(probe: Probe) -> tuple[str, str] | None:
    """The first of these changes, each by itself, that leaves few numbers at the bounds: smaller inputs, weights around
    0, smaller weights."""
    largest = max((float(np.abs(one).max()) for one in arrays_in(probe.X) if is_real(one) and one.size), default=0.0)
    if largest > LARGE:
        scaled = mapped(probe.X, lambda one: (one / largest).astype(one.dtype) if is_real(one) else one)
        if _relieved(probe.copy(), scaled):
            return "input-not-scaled", f"the largest input is {largest:.3g}; divided by it, few are"
    if _relieved(_changed(probe, lambda one: one - one.mean())):
        return "init-positive-saturation", "without the mean of each layer's weights, few are"
    for times in SMALLER:
        if _relieved(_changed(probe, lambda one, times=times: one / times)):  # type: ignore[misc]
            return "init-too-large", f"with weights {times:,} times smaller, few are"
    return None


def _changed(probe: Probe, change: Callable[[Array], Array]) -> Network:
    network = probe.copy()
    network.put({name: change(one) for name, one in network.weights().items() if one.ndim > 1})
    return network


def _relieved(network: Network, inputs: Any = None) -> bool:
    return max(_saturated(network, inputs), default=1.0) < SOME_SATURATED
