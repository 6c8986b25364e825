"""How far one step of the user's optimizer goes, in any network."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from whynet.doctor.diagnosis import Finding
from whynet.doctor.symptoms.inside import LARGEST_STEP, SMALLEST_STEP, WHOLE_STEP
from whynet.subjects.inside.probe import Probe, Seen, arrays_in, is_real
from whynet.types import Array

LARGE = 10.0  # an input
WORSE = 10.0  # times the loss before
SHORTER = (0.01, 1e-3, 1e-4)  # of the rate
EVEN = 1.1  # the length of steps to each other's


def step_lengths(probe: Probe) -> Seen:
    """How far a step moves each array of weights, to its length: facts.

    It is a finding only where a step is longer than all weights together, whatever the length of the gradient (every
    weight moves as far as any other, as by Adam), the loss of the very batch is ten times what it was, and a shorter
    step lowers it. Other optimizers multiply the gradient: inputs, targets or a loss that is summed may make their
    steps long.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> from whynet.subjects.frameworks.torch_probe import TorchProbe
    >>> from whynet.subjects.frameworks.torch_training import OptimizerSettings
    >>> model, batch = torch.nn.Linear(9, 9), (torch.rand(8, 9), torch.rand(8, 9))
    >>> settings = OptimizerSettings.of(model, torch.optim.Adam(model.parameters(), lr=5.0))
    >>> seen = step_lengths(TorchProbe.of(torch, model, torch.nn.MSELoss(), batch, settings))
    >>> [fact.name for fact in seen.facts], seen.findings[0].cause
    (['largest-step', 'smallest-step', 'whole-step'], 'lr-too-high')
    """
    taken = _step(probe, 1.0)
    if taken is None:
        return Seen()
    weights, moves, before, after = taken
    sizes = {name: float(np.linalg.norm(one)) for name, one in weights.items() if one.ndim > 1 and one.any()}
    lengths = {name: float(np.linalg.norm(moves[name])) for name in sizes}
    ratios = [lengths[name] / size for name, size in sizes.items() if lengths[name] > 0]
    if not ratios or not np.isfinite(ratios).all():
        return Seen()
    whole = float(np.linalg.norm([*lengths.values()]) / np.linalg.norm([*sizes.values()]))
    facts = [LARGEST_STEP.measured(max(ratios)), SMALLEST_STEP.measured(min(ratios)), WHOLE_STEP.measured(whole)]
    worse = not np.isfinite(after) or after > WORSE * abs(before)
    if not (whole > 1 and worse and np.isfinite(before) and _even(moves) and not _large_inputs(probe)):
        return Seen(facts)
    for times in SHORTER:
        shorter = _step(probe, times)
        if shorter is not None and shorter[3] < before:
            break
    else:
        return Seen(facts)
    words = (
        f"a step is {whole:.3g} times as long as all weights together, and takes the loss of its own batch from "
        f"{before:.3g} to {after:.3g}; at {times:g} of the rate to {shorter[3]:.3g}"
    )
    return Seen(facts, [Finding("lr-too-high", "found", (WHOLE_STEP.measured(whole),), detail=words)])


def _step(probe: Probe, times: float) -> tuple[Mapping[str, Array], Mapping[str, Array], float, float] | None:
    """The weights, how a step on the batch moves them, the loss before and after it; None where there is no step."""
    network = probe.copy()
    step = network.stepping(times=times)
    if step is None:
        return None
    weights, before = network.weights(), network.loss(training=probe.training)
    step(probe.X, probe.y)
    after = network.weights()
    moves = {name: after[name].astype(np.float64) - one for name, one in weights.items()}
    return weights, moves, before, network.loss(training=probe.training)


def _even(moves: Mapping[str, Array]) -> bool:
    """Whether all weights that move, move equally far."""
    lengths = np.concatenate([np.abs(one).ravel() for one in moves.values()])
    lengths = lengths[lengths > 0]
    return bool(len(lengths) and np.quantile(lengths, 0.9) < EVEN * np.quantile(lengths, 0.1))


def _large_inputs(probe: Probe) -> bool:
    return any(float(np.abs(one).max()) > LARGE for one in arrays_in(probe.X) if is_real(one) and one.size)
