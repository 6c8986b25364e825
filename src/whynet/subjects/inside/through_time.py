"""How the gradient of a recurrent layer goes back through time."""

from __future__ import annotations

import numpy as np

from whynet.doctor.diagnosis import Finding
from whynet.doctor.symptoms.inside import GRADIENT_GROWTH, GRADIENT_LEFT_IN_TIME
from whynet.subjects.inside.probe import Probe, Seen

GROWN = 1e3
FEWEST = 5  # steps of a sequence


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


def _along(probe: Probe) -> list[tuple[str, list[float]]]:
    """Of each recurrent layer, how long the gradient is at each step of its input."""
    return [
        (layer.name, np.sqrt(np.square(one.astype(np.float64)).sum(axis=(0, 2))).tolist())
        for layer, one in probe.copy().through_time()
    ]
