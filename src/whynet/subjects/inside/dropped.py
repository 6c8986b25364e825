"""Dropout that is never switched off: in evaluation mode the answers hang on chance.

A network that draws in evaluation mode may be meant to, as one that makes samples is: only dropout is told.
"""

from __future__ import annotations

import numpy as np

from whynet.doctor.diagnosis import Finding, Gap
from whynet.doctor.symptoms.passes import DROPPED_IN_EVALUATION
from whynet.errors import UsageError
from whynet.subjects.inside.companions import DIFFERENT, change
from whynet.subjects.inside.probe import Network, Passage, Probe, Seen, is_real
from whynet.types import Array

FEWEST = 0.01  # of the numbers: so many are taken out at least, and so many are left


def dropped(probe: Probe) -> Seen:
    """Whether dropout takes part in evaluation mode.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> from whynet.subjects.frameworks.torch_probe import TorchProbe
    >>> class Net(torch.nn.Linear):
    ...     def forward(self, x):
    ...         return super().forward(torch.nn.functional.dropout(x))
    >>> [(one.cause, one.status) for one in dropped(TorchProbe.of(torch, Net(4, 3), None, torch.rand(8, 4))).findings]
    [('mode-wrong-in-evaluation', 'found')]
    """
    try:
        moved = change(*(probe.copy().answers(chance=chance) for chance in (0, 1)))
        if not moved > DIFFERENT:
            return Seen()
        network = probe.copy()
        functions, layers = network.drops(), _layers(network)
    except UsageError as error:
        return Seen(gaps=[Gap("whether evaluation mode is left to chance", error.message)])
    if not functions and not layers:
        return Seen()
    fact = DROPPED_IN_EVALUATION.measured(moved)
    words = probe.says("drops-in-layer", name=layers[0]) if layers else probe.says("drops", name=functions[0])
    return Seen([fact], [Finding("mode-wrong-in-evaluation", "found", (fact,), detail=words)])


def _layers(network: Network) -> list[str]:
    """The innermost layers that make of what they are given nothing in some places, and so many times it elsewhere."""
    found: list[str] = []
    given: dict[str, Passage] = {}
    for one in network.passed():
        if not one.layer.leaf or not is_real(one.array):
            continue
        if one.part == "in":
            given[one.layer.name] = one
        elif one.layer.name in given and takes_out(given[one.layer.name].array, one.array):
            found.append(one.layer.name)
    return list(dict.fromkeys(found))


def takes_out(given: Array, made: Array) -> bool:
    """Whether numbers, or whole channels of them, were dropped, and the others made larger by as much.

    >>> x = np.arange(1.0, 101.0)
    >>> takes_out(x, np.where(x % 2, 0, 2 * x)), takes_out(x - 50, np.maximum(x - 50, 0)), takes_out(x, 2 * x)
    (True, False, False)
    """
    if given.shape != made.shape or not (np.isfinite(given) & np.isfinite(made)).all():
        return False
    known = given != 0
    a, b = given[known].astype(np.float64), made[known].astype(np.float64)
    left = b != 0
    if not FEWEST < (float(left.mean()) if len(b) else 0.0) < 1 - FEWEST:
        return False
    times = b[left] / a[left]
    usual = float(np.median(times))
    return usual > 1 + DIFFERENT and bool(np.allclose(times, usual, rtol=1e-2))
