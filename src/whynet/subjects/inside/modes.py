"""Do the layers of a network that is trained act as in training, or are they called in evaluation mode?"""

from __future__ import annotations

import numpy as np

from whynet.doctor.diagnosis import Finding
from whynet.doctor.symptoms.passes import IDLE_IN_TRAINING
from whynet.subjects.inside.companions import FEW_TO_NORMALISE, above, normalised
from whynet.subjects.inside.probe import Layer, Network, Passage, Probe, Seen
from whynet.types import Array

FEWEST = 20  # numbers that a dropout can be expected to drop: of fewer, chance may drop none
SAME = 0.01  # of the largest number: fixed numbers of 0 and 1 change no more, whatever is added to the variance


def idle_in_training(probe: Probe) -> Seen:
    """Whether dropout drops nothing in training mode, or batch normalisation goes by fixed numbers that nothing sees
    to.

    Of a network that looks as if it had been trained before nothing is said: it is common, and meant, to call such
    parts in evaluation mode. Nor of layers that are not trained.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> from whynet.subjects.frameworks.torch_probe import TorchProbe
    >>> class Net(torch.nn.Module):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.body = torch.nn.Linear(4, 3)
    ...     def forward(self, x):
    ...         return torch.nn.functional.dropout(self.body(x), 0.5, training=False)
    >>> idle_in_training(TorchProbe.of(torch, Net(), torch.nn.MSELoss(), torch.rand(8, 4))).findings[0].cause
    'mode-wrong-in-training'
    """
    network = probe.copy()
    if any(layer.trained for layer in network.layers):
        return Seen()
    calls = network.dropouts_called_off()
    idle: list[str] = []
    if any(layer.kind == "batch-norm" or layer.rate > 0 for layer in network.layers):
        idle = _idle(network, probe)
    if not (idle or calls):
        return Seen()
    fact = IDLE_IN_TRAINING.measured(len(idle) + calls)
    where = probe.says("called-in-evaluation", name=idle[0]) if idle else probe.says("dropout-called-off")
    return Seen([fact], [Finding("mode-wrong-in-training", "found", (fact,), detail=where)])


def _idle(network: Network, probe: Probe) -> list[str]:
    """The names of layers that act in training mode as in evaluation mode, at each of their calls."""
    before = network.remembered()
    passages = network.passed(training=True)
    by_batch = normalised(passages, network.weights())
    found: dict[str, bool] = {}
    given: dict[str, Passage] = {}
    for one in passages:
        layer = one.layer
        if layer.kind not in ("batch-norm", "dropout"):
            continue
        if one.part == "in":
            given[layer.name] = one
        elif layer.name in given:
            x, made = given[layer.name].array, one.array
            if layer.kind == "dropout":
                idle = drops_nothing(layer, x, made)
            else:
                fixed = layer.name not in by_batch and not set(layer.parameters) - probe.held
                idle = fixed and not _was_updated(layer, before) and _is_left(x, made)
            found[layer.name] = idle and found.get(layer.name, True)
    return [name for name, idle in found.items() if idle]


def drops_nothing(layer: Layer, given: Array, made: Array) -> bool:
    """Whether a dropout that is to drop a share lets everything pass.

    >>> x = np.ones((32, 10))
    >>> drops_nothing(Layer("a", "dropout", "Dropout", rate=0.5), x, x)
    True
    """
    if not 0 < layer.rate < 1 or given.shape != made.shape or given.ndim < 2:
        return False
    rows = given.reshape(len(given), -1) != 0
    shared = len(given) * min(given.shape[1], given.shape[-1])  # whole channels may be dropped at a time
    number = min(float(rows.sum()), shared * float(rows.mean()))
    return layer.rate * number >= FEWEST and bool((given == made).all())


def _was_updated(layer: Layer, remembered: dict[str, Array]) -> bool:
    """Whether the running means are others than a layer begins with."""
    own = [one for name, one in remembered.items() if (above(name) or [""])[-1].endswith(layer.name)]
    return not own or not all(bool((one == 0).all() or (one == 1).all()) for one in own)


def _is_left(given: Array, made: Array) -> bool:
    """Whether numbers are left as they are, by a mean of 0 and a variance of 1 over enough of them."""
    if given.shape != made.shape or len(given) <= FEW_TO_NORMALISE:
        return False
    return float(np.abs(made - given).max()) <= SAME * float(np.abs(given).max()) > 0
