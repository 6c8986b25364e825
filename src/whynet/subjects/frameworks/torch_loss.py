"""Whether outputs, loss and targets of any module fit together: found by asking the loss, with no trial.

Nothing is said of a loss that is neither a cross-entropy, nor a distance, nor made for probabilities: what is right
before it cannot be known.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from whynet.doctor.change import Change
from whynet.doctor.diagnosis import Finding, Gap
from whynet.doctor.symptom import Measured
from whynet.doctor.symptoms.gradient import LOSS_OF_DOUBLED_SCORES, LOSS_OF_EXCHANGED_TARGETS, ROWS_SUM
from whynet.doctor.symptoms.targets import REACHABLE
from whynet.doctor.symptoms.units import LARGEST_OUTPUT, LEAST_OUTPUT
from whynet.errors import UsageError
from whynet.subjects.frameworks.targets import is_distance
from whynet.subjects.frameworks.torch_answers import LIMITS, Answers, close, told_by_value
from whynet.subjects.frameworks.torch_probe import Probe, Seen
from whynet.subjects.frameworks.torch_targets import (
    beyond_shares,
    drowned,
    padded,
    several_labels,
    summed,
    weights_turned_round,
    written_otherwise,
)

MOST_REACHED = 0.9  # of the targets: from there on some are merely far out
BARE = Change("output", {"name": "identity"})

Check = Callable[[Answers], "Finding | None"]


def fits(probe: Probe) -> Seen:
    """Every check of outputs and loss, on one batch.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> model = torch.nn.Sequential(torch.nn.Conv2d(1, 3, 3, padding=1), torch.nn.Softmax(dim=1))
    >>> batch = torch.rand(6, 1, 5, 5), torch.arange(150).reshape(6, 5, 5) % 3
    >>> fits(Probe.of(torch, model, torch.nn.CrossEntropyLoss(), batch)).findings[0].cause
    'wrong-output-activation'
    """
    try:
        if probe.loss is None:
            probe = told_by_value(probe) or probe
        answers = Answers.of(probe)
    except UsageError as error:
        return Seen(gaps=[Gap("whether outputs and loss fit together", error.message)])
    found, gaps = [], []
    for check in CHECKS:
        try:
            one = check(answers)
        except Exception as error:  # a module or a loss of a kind that nobody thought of
            gaps.append(Gap(check.__name__.replace("_", " "), str(error).splitlines()[0][:120] if str(error) else "?"))
            continue
        if one is not None:
            found.append(one)
    return Seen(findings=found, gaps=gaps)


def one_unit(answers: Answers) -> Finding | None:
    """A softmax over a single output.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> model = torch.nn.Sequential(torch.nn.Linear(4, 1), torch.nn.Softmax(dim=1))
    >>> probe = Probe.of(torch, model, torch.nn.BCELoss(), (torch.rand(6, 4), torch.ones(6, 1)))
    >>> one_unit(Answers.of(probe)).cause
    'softmax-single-unit'
    """
    z, squash = answers.z, answers.squash
    if squash is not None and squash.kind.endswith("softmax") and z.shape[squash.axes[0]] == 1:
        words = (
            "the softmax is over one output, and always 1: `torch.sigmoid`, or `nn.BCEWithLogitsLoss()` of the scores"
        )
        return Finding("softmax-single-unit", "found", _range(z), detail=words)
    if z.ndim != 2 or z.shape[1] != 1 or len(z) < 2 or answers.targets is None:
        return None
    asked = {round(answers.value(by * answers.drawn(seed)), 6) for seed, by in ((0, 1), (1, 5), (2, 30))}
    slope = answers.gradient(answers.drawn(0))
    if len(asked) != 1 or not math.isfinite(next(iter(asked))) or slope is None or slope.any():
        return None
    words = "a cross-entropy of classes with one output is the same whatever it is: `nn.BCEWithLogitsLoss()` and float "
    return Finding("softmax-single-unit", "found", _range(z), detail=words + "targets (n, 1)")


def squashed_twice(answers: Answers) -> Finding | None:
    """Outputs that are squashed before a loss that squashes them itself.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> model = torch.nn.Sequential(torch.nn.Linear(4, 1), torch.nn.Sigmoid())
    >>> probe = Probe.of(torch, model, torch.nn.BCEWithLogitsLoss(), (torch.rand(6, 4), torch.ones(6, 1)))
    >>> squashed_twice(Answers.of(probe)).detail
    'the outputs pass a sigmoid, and BCEWithLogitsLoss has a sigmoid of its own: hand it the scores, not squashed'
    """
    squash, axis = answers.squash, answers.own_softmax
    own = "softmax" if axis is not None else "sigmoid" if answers.own_sigmoid else None
    if own is None or squash is None or answers.z.shape[squash.axes[0] if squash.axes else 0] == 1:
        return None
    if squash.kind == "log-softmax" and own == "softmax" and axis in squash.axes:
        return None  # a softmax of logarithms of shares are these shares
    words = f"the outputs pass {squash.words}, and {answers.name} has a {own} of its own: "
    words += "hand it the scores, not squashed"
    return Finding("wrong-output-activation", "found", _range(answers.z), BARE, detail=words)


def not_squashed(answers: Answers) -> Finding | None:
    """Raw scores handed to a loss that is made for probabilities or their logarithms.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> probe = Probe.of(torch, torch.nn.Linear(4, 3), torch.nn.NLLLoss(), (torch.rand(6, 4), torch.arange(6) % 3))
    >>> not_squashed(Answers.of(probe)).cause
    'missing-output-activation'
    """
    axis, squash, y = answers.linear, answers.squash, answers.targets
    if axis is not None and y is not None and not y.is_floating_point():
        if squash is not None and squash.kind == "log-softmax":
            return None
        name, evidence = answers.name, (LOSS_OF_DOUBLED_SCORES.measured(2.0), *_range(answers.z))
        if squash is not None and squash.kind == "softmax":
            words = (
                f"{name} takes logarithms of probabilities: `torch.log_softmax(scores, dim={axis})`, not the softmax"
            )
        else:
            words = f"{name} takes logarithms of probabilities, and is given scores: `nn.CrossEntropyLoss()`, or "
            words += f"`nn.LogSoftmax(dim={axis})` at the end"
        return Finding("missing-output-activation", "found", evidence, detail=words)
    return _out_of_the_loss(answers)


def _out_of_the_loss(answers: Answers) -> Finding | None:
    """A loss that has no value for outputs below 0, or above 1, and outputs that nothing keeps from there."""
    z = answers.z
    squash = answers.squash
    if squash is not None and squash.kind in ("sigmoid", "softmax"):
        return None
    inside = [answers.value(z.sigmoid() * 0.98 + 0.01), answers.value(0 * z + 0.3)]
    if not all(map(math.isfinite, inside)):
        return None
    wide = answers.with_large_weights
    least, most = (getattr(answers.torch.stack([z, *wide]), name)().item() for name in ("min", "max"))
    below, above = not math.isfinite(answers.value(0 * z - 1)), not math.isfinite(answers.value(0 * z + 2))
    now = not math.isfinite(answers.now)
    if not (below and least < 0 and (now or above)):
        return None
    name = answers.name
    if above and (now or most > 1):
        words = f"{name} takes probabilities, from 0 to 1, and is given scores: `torch.sigmoid` of the outputs, or "
        words += "`nn.BCEWithLogitsLoss()`"
    else:
        words = f"{name} has no value for outputs below 0, and nothing keeps them above: a softmax or sigmoid for "
        words += "probabilities, `nn.Softplus()` for numbers"
    return Finding("missing-output-activation", "found", _range(z), detail=words)


def wrong_axis(answers: Answers) -> Finding | None:
    """A softmax along another axis than that of the classes.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> model = torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.LogSoftmax(dim=0))
    >>> probe = Probe.of(torch, model, torch.nn.NLLLoss(), (torch.rand(6, 4), torch.arange(6) % 3))
    >>> wrong_axis(Answers.of(probe)).detail
    'the log-softmax sums to 1 along dim=0, the classes lie along dim=1'
    """
    squash, axis = answers.squash, answers.linear
    axis = answers.one_hot if axis is None else axis
    if squash is None or axis is None or not squash.axes or axis in squash.axes or answers.z.shape[axis] < 2:
        return None
    shares = answers.z.exp() if squash.kind == "log-softmax" else answers.z
    off = float((shares.sum(axis) - 1).abs().mean())
    if off < 0.01:
        return None
    words = f"the {squash.kind} sums to 1 along dim={squash.axes[0]}, the classes lie along dim={axis}"
    return Finding("unstable-softmax", "found", (ROWS_SUM.measured(off),), detail=words)


def out_of_reach(answers: Answers) -> Finding | None:
    """Numbers to be met that lie beyond what the last layer can come to.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> model = torch.nn.Sequential(torch.nn.Linear(4, 2), torch.nn.Sigmoid())
    >>> probe = Probe.of(torch, model, torch.nn.MSELoss(), (torch.rand(6, 4), torch.randn(6, 2)))
    >>> out_of_reach(Answers.of(probe)).cause
    'output-range-mismatch'
    """
    y, squash = answers.targets, answers.squash
    limits = {**LIMITS, "softmax": (0.0, 1.0), "relu": (0.0, math.inf), "log-softmax": (-math.inf, 0.0)}
    if y is None or squash is None or not y.is_floating_point() or y.shape != answers.z.shape:
        return None
    low, high = limits[squash.kind]
    reached = float(((y >= low - 0.01) & (y <= high + 0.01)).float().mean())
    if reached >= MOST_REACHED or not _is_distance(answers):
        return None
    words = f"the outputs pass {squash.words}, and the targets go from {float(y.min()):.3g} to {float(y.max()):.3g}: "
    words += "no activation after the last layer, or targets scaled to its range"
    return Finding("output-range-mismatch", "found", (REACHABLE.measured(reached),), BARE, detail=words)


def _is_distance(answers: Answers) -> bool:
    z, y = answers.z, answers.targets
    flat = y.double().reshape(len(y), -1).numpy()

    def measure(outputs: Any, targets: Any) -> float:
        made = (answers.torch.as_tensor(one).reshape(-1, *z.shape[1:]).to(z.dtype) for one in (outputs, targets))
        return answers.value(*made)

    return len(y) <= 64 and is_distance(measure, flat) if len(y) <= 64 else _least_at_targets(answers)


def _least_at_targets(answers: Answers) -> bool:
    """The same of more rows than those that are asked about elsewhere."""
    y = answers.targets.to(answers.z.dtype)
    spread = y.std() if float(y.std()) > 0 else 1.0
    here = answers.value(y)
    away = [answers.value(y + by * spread) for by in (-1.0, -0.1, 0.1, 1.0)]
    return math.isfinite(here) and all(one > here for one in away)


def crossed(answers: Answers) -> Finding | None:
    """A loss that compares each output with every target.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> probe = Probe.of(torch, torch.nn.Linear(4, 1), torch.nn.MSELoss(), (torch.rand(6, 4), torch.rand(6)))
    >>> crossed(Answers.of(probe)).detail
    'outputs (6, 1) against targets (6,): `y = y.reshape(outputs.shape)`'
    """
    z, y, torch = answers.z, answers.targets, answers.torch
    if y is None or z.shape == y.shape or z.numel() != y.numel() or len(z) < 3:
        return None
    try:
        together = math.prod(torch.broadcast_shapes(z.shape, y.shape))
    except RuntimeError:
        return None
    if together <= z.numel() or bool((y == y.reshape(-1)[0]).all()):
        return None
    low, high = float(y.min()), float(y.max())
    outputs = low + (high - low) * torch.rand(z.shape, generator=torch.Generator().manual_seed(0)).to(z.dtype)
    turned, right = torch.roll(outputs, 1, 0), y.reshape(z.shape)
    here, moved, nearer = (answers.value(one) for one in (outputs, turned, 0.5 * (outputs + low)))
    own, exchanged = answers.value(outputs, right), answers.value(turned, right)
    if not all(map(math.isfinite, (here, moved, nearer, own, exchanged))):
        return None
    if not close(here, moved) or close(here, nearer) or close(own, exchanged):
        return None
    words = f"outputs {tuple(answers.z.shape)} against targets {tuple(y.shape)}: `y = y.reshape(outputs.shape)`"
    return Finding("loss-broadcast", "found", (LOSS_OF_EXCHANGED_TARGETS.measured(1.0),), detail=words)


def _range(z: Any) -> tuple[Measured, ...]:
    return LEAST_OUTPUT.measured(float(z.min())), LARGEST_OUTPUT.measured(float(z.max()))


CHECKS: tuple[Check, ...] = (
    written_otherwise, one_unit, squashed_twice, not_squashed, wrong_axis, out_of_reach, crossed, beyond_shares,
    several_labels, weights_turned_round, summed, padded, drowned,
)  # fmt: skip
