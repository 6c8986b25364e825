"""Whether outputs, loss and targets of any network fit together: found by asking the loss, with no trial.

Nothing is said of a loss that is neither a cross-entropy, nor a distance, nor made for probabilities: what is right
before it cannot be known.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from whynet.doctor.diagnosis import Finding, Gap
from whynet.doctor.symptom import Measured
from whynet.doctor.symptoms.gradient import LOSS_OF_DOUBLED_SCORES, LOSS_OF_EXCHANGED_TARGETS, ROWS_SUM
from whynet.doctor.symptoms.targets import REACHABLE
from whynet.doctor.symptoms.units import LARGEST_OUTPUT, LEAST_OUTPUT
from whynet.errors import UsageError
from whynet.subjects.frameworks.targets import is_distance
from whynet.subjects.inside.answers import EQUAL, LIMITS, OFF, Answers, close, in_between
from whynet.subjects.inside.counted import drowned, padded, summed, weights_turned_round
from whynet.subjects.inside.probe import Probe, Seen, is_real
from whynet.subjects.inside.repairs import BARE, repairing
from whynet.subjects.inside.targets import beyond_shares, cut_to_whole, several_labels, written_otherwise
from whynet.types import Array

MOST_REACHED = 0.9  # of the targets: from there on some are merely far out
NEAR = 1e-3  # of the spread of the targets: a distance rises from there to all sides

Check = Callable[[Answers], "Finding | None"]


def fits(probe: Probe) -> Seen:
    """Every check of outputs and loss, on one batch.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> from whynet.subjects.frameworks.torch_probe import TorchProbe
    >>> model = torch.nn.Sequential(torch.nn.Conv2d(1, 3, 3, padding=1), torch.nn.Softmax(dim=1))
    >>> batch = torch.rand(6, 1, 5, 5), torch.arange(150).reshape(6, 5, 5) % 3
    >>> fits(TorchProbe.of(torch, model, torch.nn.CrossEntropyLoss(), batch)).findings[0].cause
    'wrong-output-activation'
    """
    told = probe.told_by_value()
    outputs = told.by_output()
    whole = _asked(told, CHECKS if not outputs else OF_THE_WHOLE)
    each = [_named(name, _asked(one, OF_AN_OUTPUT)) for name, one in outputs.items()]
    return Seen(
        findings=[finding for seen in (*each, whole) for finding in seen.findings],
        gaps=[gap for seen in (*each, whole) for gap in seen.gaps],
    )


def _asked(probe: Probe, checks: Sequence[Check]) -> Seen:
    """What these checks find; one that stumbles over a module, or a loss, that nobody thought of is a gap."""
    try:
        answers = Answers.of(probe)
    except UsageError as error:
        return Seen(gaps=[Gap("whether outputs and loss fit together", error.message)])
    found, gaps = [], []
    for check in checks:
        try:
            one = check(answers)
        except Exception as error:
            gaps.append(Gap(check.__name__.replace("_", " "), str(error).splitlines()[0][:120] if str(error) else "?"))
            continue
        if one is not None:
            found.append(one)
    return Seen(findings=found, gaps=gaps)


def _named(name: str, seen: Seen) -> Seen:
    """The same, with the output that it is said of; no trial changes that output alone."""
    words = f"of the output '{name}': "
    return Seen(
        findings=[replace(one, change=None, detail=words + one.detail) for one in seen.findings],
        gaps=[Gap(f"{one.what}, of the output '{name}'", one.why) for one in seen.gaps],
    )


def one_unit(answers: Answers) -> Finding | None:
    """A softmax over a single output.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> from whynet.subjects.frameworks.torch_probe import TorchProbe
    >>> model = torch.nn.Sequential(torch.nn.Linear(4, 1), torch.nn.Softmax(dim=1))
    >>> probe = TorchProbe.of(torch, model, torch.nn.BCELoss(), (torch.rand(6, 4), torch.ones(6, 1)))
    >>> one_unit(Answers.of(probe)).cause
    'softmax-single-unit'
    """
    z, squash = answers.z, answers.squash
    if squash is not None and squash.kind.endswith("softmax") and z.shape[squash.axes[0]] == 1:
        instead = answers.probe.says("sigmoid-alone")
        words = f"the softmax is over one output, and always 1: {instead}"
        change = repairing("a sigmoid in the place of the softmax", ("alone",), words=instead)
        return Finding("softmax-single-unit", "found", _range(z), change, detail=words)
    if z.ndim != 2 or z.shape[1] != 1 or len(z) < 2 or answers.targets is None:
        return None
    asked = {round(answers.value(by * answers.drawn(seed)), 6) for seed, by in ((0, 1), (1, 5), (2, 30))}
    slope = answers.gradient(answers.drawn(0))
    if len(asked) != 1 or not math.isfinite(next(iter(asked))) or slope is None or slope.any():
        return None
    words = "a cross-entropy of classes with one output is the same whatever it is: "
    return Finding("softmax-single-unit", "found", _range(z), detail=words + answers.probe.says("loss-of-one-output"))


def squashed_twice(answers: Answers) -> Finding | None:
    """Outputs that are squashed before a loss that squashes them itself.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> from whynet.subjects.frameworks.torch_probe import TorchProbe
    >>> model = torch.nn.Sequential(torch.nn.Linear(4, 1), torch.nn.Sigmoid())
    >>> probe = TorchProbe.of(torch, model, torch.nn.BCEWithLogitsLoss(), (torch.rand(6, 4), torch.ones(6, 1)))
    >>> squashed_twice(Answers.of(probe)).detail
    'the outputs pass a sigmoid, and BCEWithLogitsLoss has a sigmoid of its own: hand it the scores, not squashed'
    """
    squash, axis = answers.squash, answers.own_softmax
    own = "softmax" if axis is not None else "sigmoid" if answers.own_sigmoid else None
    if own is None or squash is None or answers.z.shape[squash.axes[0] if squash.axes else 0] == 1:
        return None
    if squash.kind == "log-softmax" and own == "softmax" and axis in squash.axes:
        return None  # a softmax of logarithms of shares are these shares
    words = f"the outputs pass {squash.said(answers.probe)}, and {answers.name} has a {own} of its own: "
    words += "hand it the scores, not squashed"
    return Finding("wrong-output-activation", "found", _range(answers.z), BARE, detail=words)


def not_squashed(answers: Answers) -> Finding | None:
    """Raw scores handed to a loss that is made for probabilities or their logarithms.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> from whynet.subjects.frameworks.torch_probe import TorchProbe
    >>> probe = TorchProbe.of(torch, torch.nn.Linear(4, 3), torch.nn.NLLLoss(), (torch.rand(6, 4), torch.arange(6) % 3))
    >>> not_squashed(Answers.of(probe)).cause
    'missing-output-activation'
    """
    axis, squash, y = answers.linear, answers.squash, answers.targets
    if axis is not None and y is not None and not is_real(y):
        if squash is not None and squash.kind == "log-softmax":
            return None
        name, evidence = answers.name, (LOSS_OF_DOUBLED_SCORES.measured(2.0), *_range(answers.z))
        if squash is not None and squash.kind == "softmax":
            instead = answers.probe.says("log-softmax-instead", axis=axis)
            words = f"{name} takes logarithms of probabilities: {instead}"
            change = repairing("the logarithm of the probabilities", ("log",), words=instead)
        else:
            instead = answers.probe.says("log-softmax-or-loss", axis=axis)
            words = f"{name} takes logarithms of probabilities, and is given scores: {instead}"
            change = repairing("a log-softmax after the last layer", ("log-softmax", axis), words=instead)
        return Finding("missing-output-activation", "found", evidence, change, detail=words)
    return _out_of_the_loss(answers)


def _out_of_the_loss(answers: Answers) -> Finding | None:
    """A loss that makes nothing of outputs below 0, or above 1, and outputs that nothing keeps from there.

    It has no value there, or no slope, or takes them for shares all the same.
    """
    z = answers.z
    squash = answers.squash
    if squash is not None and squash.kind in ("sigmoid", "softmax"):
        return None
    inside = [answers.value(in_between(z)), answers.value(0 * z + 0.3)]
    if answers.divides is None and not all(map(math.isfinite, inside)):
        return None
    every = [z, *answers.with_large_weights]
    least, most = min(float(one.min()) for one in every), max(float(one.max()) for one in every)
    name, says = answers.name, answers.probe.says
    if answers.divides is not None:
        cut = squash is not None and squash.kind == "relu" and bool((z == 0).any())
        if not least < -OFF and not cut:
            return None  # divided by their sum, they are shares
        words = f"{name} takes probabilities, and is given scores, of which some are {'0' if cut else 'below 0'}: "
        instead = says("softmax-or-loss", axis=answers.divides)
        words += instead
        change = repairing("a softmax after the last layer", ("softmax", answers.divides), words=instead)
        return Finding("missing-output-activation", "found", _range(z), change, detail=words)
    below, above = answers.below, answers.above
    now = not math.isfinite(answers.now) or (below == "cut" and z.min() < 0) or (above == "cut" and z.max() > 1)
    too_low, too_high = below and least < 0, above and most > 1 + OFF
    if not (too_low and (now or above)) and not (too_high and (now or below)):
        return None
    if above and (now or most > 1):
        instead = says("sigmoid-or-loss")
        words = f"{name} takes probabilities, from 0 to 1, and is given scores: {instead}"
        change = repairing("a sigmoid after the last layer", ("sigmoid",), words=instead)
    else:
        made = "has no value for" if below == "nothing" else "is the same for all"
        instead = says("positive")
        words = f"{name} {made} outputs below 0, and nothing keeps them above: {instead}"
        change = repairing("a softplus after the last layer", ("softplus",), words=instead)
    return Finding("missing-output-activation", "found", _range(z), change, detail=words)


def wrong_axis(answers: Answers) -> Finding | None:
    """A softmax along another axis than that of the classes.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> from whynet.subjects.frameworks.torch_probe import TorchProbe
    >>> model = torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.LogSoftmax(dim=0))
    >>> probe = TorchProbe.of(torch, model, torch.nn.NLLLoss(), (torch.rand(6, 4), torch.arange(6) % 3))
    >>> wrong_axis(Answers.of(probe)).detail
    'the log-softmax sums to 1 along dim=0, the classes lie along dim=1'
    """
    squash, axis = answers.squash, answers.linear
    axis = answers.divides if axis is None else axis
    axis = answers.one_hot if axis is None else axis
    if squash is None or axis is None or not squash.axes or axis in squash.axes or answers.z.shape[axis] < 2:
        return None
    shares = np.exp(answers.z) if squash.kind == "log-softmax" else answers.z
    off = float(np.abs(shares.sum(axis) - 1).mean())
    if off < 0.01:
        return None
    summed_along, classes_along = (answers.probe.says("along", axis=one) for one in (squash.axes[0], axis))
    words = f"the {squash.kind} sums to 1 along {summed_along}, the classes lie along {classes_along}"
    change = repairing("softmax-over-batch", ("along", axis), words=f"the {squash.kind} along {classes_along}")
    return Finding("unstable-softmax", "found", (ROWS_SUM.measured(off),), change, detail=words)


def out_of_reach(answers: Answers) -> Finding | None:
    """Numbers to be met that lie beyond what the last layer can come to.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> from whynet.subjects.frameworks.torch_probe import TorchProbe
    >>> model = torch.nn.Sequential(torch.nn.Linear(4, 2), torch.nn.Sigmoid())
    >>> probe = TorchProbe.of(torch, model, torch.nn.MSELoss(), (torch.rand(6, 4), torch.randn(6, 2)))
    >>> out_of_reach(Answers.of(probe)).cause
    'output-range-mismatch'
    """
    y, squash = answers.targets, answers.squash
    limits = {**LIMITS, "softmax": (0.0, 1.0), "relu": (0.0, math.inf), "log-softmax": (-math.inf, 0.0)}
    if y is None or squash is None or not is_real(y) or y.shape != answers.z.shape or answers.in_shares:
        return None
    low, high = limits[squash.kind]
    reached = float(((y >= low - 0.01) & (y <= high + 0.01)).mean())
    if reached >= MOST_REACHED or not _is_distance(answers, y):
        return None
    words = f"the outputs pass {squash.said(answers.probe)}, and the targets go from {float(y.min()):.3g} "
    words += f"to {float(y.max()):.3g}: "
    words += "no activation after the last layer, or targets scaled to its range"
    return Finding("output-range-mismatch", "found", (REACHABLE.measured(reached),), BARE, detail=words)


def _is_distance(answers: Answers, y: Array) -> bool:
    z = answers.z
    if len(y) > 64:
        return _least_at_targets(answers, y)
    here, step = answers.value(y.astype(z.dtype)), (NEAR * float(y.std()) * answers.drawn(0)).astype(z.dtype)
    if any(answers.value(y.astype(z.dtype) + sign * step) < here - EQUAL * abs(here) for sign in (1, -1)):
        return False

    def measure(outputs: Array, targets: Array) -> float:
        made = (np.asarray(one).reshape(-1, *z.shape[1:]).astype(z.dtype) for one in (outputs, targets))
        return answers.value(*made)

    return is_distance(measure, y.astype(np.float64).reshape(len(y), -1))


def _least_at_targets(answers: Answers, y: Array) -> bool:
    """The same of more rows than those that are asked about elsewhere."""
    y = y.astype(answers.z.dtype)
    spread = float(y.std()) or 1.0
    here = answers.value(y)
    away = [answers.value(y + by * spread) for by in (-1.0, -0.1, 0.1, 1.0)]
    return math.isfinite(here) and all(one > here for one in away)


def crossed(answers: Answers) -> Finding | None:
    """A loss that compares each output with every target.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> from whynet.subjects.frameworks.torch_probe import TorchProbe
    >>> probe = TorchProbe.of(torch, torch.nn.Linear(4, 1), torch.nn.MSELoss(), (torch.rand(6, 4), torch.rand(6)))
    >>> crossed(Answers.of(probe)).detail
    'outputs (6, 1) against targets (6,): `y = y.reshape(outputs.shape)`'
    """
    z, y = answers.z, answers.targets
    if y is None or z.shape == y.shape or z.size != y.size or len(z) < 3:
        return None
    try:
        together = math.prod(np.broadcast_shapes(z.shape, y.shape))
    except ValueError:
        return None
    if together <= z.size or bool((y == y.reshape(-1)[0]).all()):
        return None
    low, high = float(y.min()), float(y.max())
    outputs = np.random.default_rng(0).uniform(low, high, z.shape).astype(z.dtype)
    turned, right = np.roll(outputs, 1, axis=0), y.reshape(z.shape)
    here, moved, nearer = (answers.value(one) for one in (outputs, turned, 0.5 * (outputs + low)))
    own, exchanged = answers.value(outputs, right), answers.value(turned, right)
    if not all(map(math.isfinite, (here, moved, nearer, own, exchanged))):
        return None
    if not close(here, moved) or close(here, nearer) or close(own, exchanged):
        return None
    instead = "`y = y.reshape(outputs.shape)`"
    words = f"outputs {tuple(answers.z.shape)} against targets {tuple(y.shape)}: {instead}"
    change = repairing("crossed-targets", ("reshape", *z.shape[1:]), words=instead)
    return Finding("loss-broadcast", "found", (LOSS_OF_EXCHANGED_TARGETS.measured(1.0),), change, detail=words)


def _range(z: Array) -> tuple[Measured, ...]:
    return LEAST_OUTPUT.measured(float(z.min())), LARGEST_OUTPUT.measured(float(z.max()))


CHECKS: tuple[Check, ...] = (
    written_otherwise, cut_to_whole, one_unit, squashed_twice, not_squashed, wrong_axis, out_of_reach, crossed,
    beyond_shares, several_labels, weights_turned_round, summed, padded, drowned,
)  # fmt: skip
OF_THE_WHOLE: tuple[Check, ...] = (summed, drowned)
OF_AN_OUTPUT = tuple(check for check in CHECKS if check not in OF_THE_WHOLE)
