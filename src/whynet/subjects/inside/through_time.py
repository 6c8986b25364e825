"""How the gradient of a recurrent layer goes back through time."""

from __future__ import annotations

import numpy as np

from whynet.doctor.case import Case
from whynet.doctor.diagnosis import Finding
from whynet.doctor.states import learns, state_of
from whynet.doctor.symptoms.inside import GRADIENT_GROWTH, GRADIENT_LEFT_IN_TIME, TOLD_OUT_OF_REACH
from whynet.subjects.inside.probe import Probe, Seen
from whynet.types import Array

GROWN = 1e3
FEWEST = 5  # steps of a sequence
LOST = 1e-6  # of the longest gradient of a step: what comes to a step drowns in the others'
TELLS, MORE = 0.1, 4.0  # R2 of one step alone, and how many times that of any step that a gradient comes to
ENOUGH, MOST, WIDEST = 100, 2000, 100  # rows, and numbers in a step
MANY_CLASSES = 100


def exploding_in_time(probe: Probe) -> Seen:
    """A gradient that is a thousand times as long at the first step of a sequence as at the last.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> from whynet.subjects.frameworks.torch_probe import TorchProbe
    >>> class Last(torch.nn.Module):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.inner = torch.nn.RNN(3, 8, nonlinearity="relu", batch_first=True)
    ...     def forward(self, X):
    ...         return self.inner(X)[0][:, -1]
    >>> model = Last()
    >>> _ = torch.nn.init.constant_(model.inner.weight_hh_l0, 0.5)
    >>> probe = TorchProbe.of(torch, model, torch.nn.L1Loss(), (torch.rand(4, 12, 3), torch.rand(4, 8)))
    >>> exploding_in_time(probe).findings[0].cause
    'exploding-gradients'
    """
    for name, along in _along(probe):
        known = [one for one in along if one > 0]
        if len(known) < FEWEST or not known[0] > GROWN * known[-1]:
            continue
        fact = GRADIENT_GROWTH.measured(known[0] / known[-1])
        words = (
            f"in `{name}` it is {known[0] / known[-1]:.3g} times as long at the first of {len(along)} steps as at the "
            f"last: orthogonal recurrent weights, an LSTM or a GRU, or {probe.says('clip-steps')}"
        )
        return Seen(findings=[Finding("exploding-gradients", "found", (fact,), detail=words)])
    return Seen()


def vanishing_in_time(probe: Probe) -> Seen:
    """How much of a gradient arrives at the first step of a sequence: a fact alone, for hardly anything does in a sound
    LSTM of forty steps that is read off at the last, and what it learns may need no more.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> from whynet.subjects.frameworks.torch_probe import TorchProbe
    >>> class Last(torch.nn.Module):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.inner = torch.nn.LSTM(3, 8, batch_first=True)
    ...     def forward(self, X):
    ...         return self.inner(X)[0][:, -1]
    >>> _ = torch.manual_seed(0)
    >>> probe = TorchProbe.of(torch, Last(), torch.nn.L1Loss(), (torch.rand(4, 40, 3), torch.rand(4, 8)))
    >>> vanishing_in_time(probe).facts[0].value < 1e-6
    True
    """
    left = []
    for _, along in _along(probe):
        known = [one for one in along if one > 0]
        if len(known) >= FEWEST and known[0] < known[-1]:
            left.append(known[0] / known[-1])
    return Seen([GRADIENT_LEFT_IN_TIME.measured(min(left))] if left else [])


def told_out_of_reach(probe: Probe, X: Array, y: Array) -> Seen:
    """What single steps of sequences (n, steps, features) tell of the targets that hardly any gradient comes to, where
    all others tell far less: a fact, for the steps of a training may bring the gradient there.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> from whynet.subjects.frameworks.torch_probe import TorchProbe
    >>> class Last(torch.nn.Module):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.inner = torch.nn.GRU(1, 8, batch_first=True)
    ...     def forward(self, X):
    ...         return self.inner(X)[0][:, -1, :1]
    >>> X = torch.randn(400, 50, 1, generator=torch.Generator().manual_seed(0))
    >>> probe = TorchProbe.of(torch, Last(), torch.nn.MSELoss(), (X[:32], X[:32, 0]))
    >>> told_out_of_reach(probe, X.numpy(), X[:, 0].numpy()).facts[0].value > 0.9
    True
    >>> told_out_of_reach(probe, X.numpy(), X[:, -1].numpy()).facts
    ()
    """
    if X.ndim != 3 or len(X) < ENOUGH or X.shape[2] > WIDEST or X.dtype.kind != "f" or len(y) != len(X):
        return Seen()
    along = next((np.array(one) for _, one in _along(probe) if len(one) == X.shape[1]), None)
    if along is None or not np.isfinite(along).all() or not np.isfinite(X).all():
        return Seen()
    lost, targets = along < LOST * along.max(), _columns(y)
    if not lost.any() or targets is None:
        return Seen()
    told = np.array([_told(X[:MOST, step], targets[:MOST]) for step in range(X.shape[1])])
    most = float(told[lost].max())
    if not most >= max(TELLS, MORE * float(told[~lost].max())):
        return Seen()
    return Seen([TOLD_OUT_OF_REACH.measured(most)])


def forgets(case: Case) -> Finding | None:
    """The finding, once it was trained and has not learned.

    >>> from whynet.doctor.example import case_like
    >>> forgets(case_like({"told-out-of-reach": 0.9, "state": "constant-answer"})).cause
    'vanishing-gradients'
    """
    if not case.value(TOLD_OUT_OF_REACH.name) >= TELLS or learns(case) or state_of(case) == "healthy":
        return None
    words = (
        "a single step of the sequences tells much of the targets, the steps that a gradient comes to do not: "
        "orthogonal recurrent weights, an LSTM or a GRU, shorter sequences, or a look at all steps (a mean, attention)"
    )
    evidence = case.evidence(TOLD_OUT_OF_REACH.name, GRADIENT_LEFT_IN_TIME.name)
    return Finding("vanishing-gradients", "found", tuple(evidence), detail=words)


def _columns(y: Array) -> Array | None:
    """Targets as columns of numbers, one-hot of classes; None where they are something else."""
    if y.dtype.kind in "iub" and y.ndim == 1:
        kinds = np.unique(y)
        return (y[:, None] == kinds).astype(np.float64) if 1 < len(kinds) <= MANY_CLASSES else None
    wide = y.reshape(len(y), -1).astype(np.float64)
    return wide if wide.shape[1] <= MANY_CLASSES and np.isfinite(wide).all() else None


def _told(step: Array, targets: Array) -> float:
    """R2 of a linear model of one step of the sequences, on every other row."""
    rows = np.column_stack([step.astype(np.float64), np.ones(len(step))])
    found = np.linalg.lstsq(rows[::2], targets[::2], rcond=None)[0]
    off = np.square(rows[1::2] @ found - targets[1::2]).sum()
    whole = np.square(targets[1::2] - targets[::2].mean(axis=0)).sum()
    return float(max(0.0, 1 - off / whole)) if whole else 0.0


def _along(probe: Probe) -> list[tuple[str, list[float]]]:
    """Of each recurrent layer, how long the gradient is at each step of its input."""
    return [
        (layer.name, np.sqrt(np.square(one.astype(np.float64)).sum(axis=(0, 2))).tolist())
        for layer, one in probe.copy().through_time()
    ]
