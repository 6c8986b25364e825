"""Where the gradient of any network gets lost, or grows beyond measure: seen in one pass back, and in a few steps."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

import numpy as np

from whynet.doctor.diagnosis import Finding
from whynet.doctor.symptoms.inside import GRADIENT_GROWTH, GRADIENT_LEFT, GRADIENTS_CUT, IDENTICAL_AFTER_STEPS
from whynet.subjects.inside.probe import Gradients, Layer, Network, Probe, ProbeError, Seen
from whynet.types import Array

MOVES = 1e-6  # of a loss: less is rounding
ROUNDED = 1e-6  # of the largest weight: units that differ by less are alike
GROWN = 1e3
FEWEST_LAYERS = 4
VANISHED = 1e-6
LOST_TO_ADAM = 1e-8
"""Steps that are divided by the gradient's own length bear more: twenty layers of ReLU with 5e-7 still learn by Adam,
and ten of sigmoids with 1e-8 do not; by plain steps neither does."""
GRADUAL = 100.0  # times the whole fall: what is left of it without the one layer that takes most
STEPS = 3
STEP = 0.1  # its length
REST = "the rest"  # a name for weights that no layer holds


def gradient_cut(probe: Probe) -> Seen:
    """Layers that the optimizer holds and that the loss hangs on, and no gradient comes to: the chain is cut by
    detaching, by NumPy, `argmax`, a rounding, or a call without gradients.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> from whynet.subjects.frameworks.torch_probe import TorchProbe
    >>> class Cut(torch.nn.Module):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.first, self.last = torch.nn.Linear(3, 4), torch.nn.Linear(4, 1)
    ...     def forward(self, X):
    ...         return self.last(self.first(X).detach())
    >>> probe = TorchProbe.of(torch, Cut(), torch.nn.MSELoss(), (torch.rand(8, 3), torch.rand(8, 1)))
    >>> gradient_cut(probe).findings[0].detail.split(":")[0]
    'no gradient comes to `first.weight`, `first.bias`, though the loss hangs on them'
    """
    layers = _called(probe)
    gradients = probe.copy().gradients()
    rounded = gradients.connected and probe.copy().rounds()
    lost = {name for name in probe.held if name in gradients.by and _is_lost(gradients.by[name], rounded=rounded)}
    owned = [one for one in layers if lost & set(one[0].parameters)]
    cut = [one for one in owned if _matters(probe, one[0].parameters) and not _set_aside(one)]
    if not cut:
        return Seen()
    names = [name for layer, _ in cut for name in layer.parameters if name in lost]
    facts = (GRADIENTS_CUT.measured(len(names)),)
    return Seen(findings=[Finding("gradient-cut", "found", facts, detail=_words(probe, names, cut, layers))])


def _called(probe: Probe) -> list[tuple[Layer, bool]]:
    """The layers that hold weights, in the order of their first call, and whether what they answered can be followed
    back; last, the weights that no layer holds."""
    network = probe.copy()
    order: dict[Layer, bool] = {}
    for passage in network.passed(training=True):
        if passage.part == "out" and passage.layer.parameters:
            order.setdefault(passage.layer, passage.followed)
    owned = {name for layer in network.layers for name in layer.parameters}
    rest = tuple(name for name in network.weights() if name not in owned)
    return [*order.items(), *([(Layer(REST, "other", "", parameters=rest), True)] if rest else [])]


def _words(probe: Probe, names: list[str], cut: list[tuple[Layer, bool]], layers: list[tuple[Layer, bool]]) -> str:
    shown = ", ".join(f"`{name}`" for name in names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    last, followed = cut[-1]
    order, out = [layer for layer, _ in layers if layer.name != REST], {layer for layer, _ in cut}
    place, how = "after them", probe.says("nothing-cut")
    if last in order:
        after = [layer for layer in order[order.index(last) + 1 :] if layer not in out]
        place = f"between `{last.name}` and `{after[0].name}`" if after else f"after `{last.name}`"
    if not followed:  # what it answers has no history
        place, how = f"at `{last.name}`", probe.says("call-with-gradients")
    return f"no gradient comes to {shown}, though the loss hangs on them: the chain breaks {place}; {how}"


def _is_lost(gradient: Array | None, *, rounded: bool) -> bool:
    return gradient is None or (rounded and not gradient.any())


def _matters(probe: Probe, names: Sequence[str]) -> bool:
    """Whether the loss is another one where these weights are others: of weights that nobody asks it is not."""
    values = []
    for scale in (0.0, 1.0, 3.0):
        network, rng = probe.copy(), np.random.default_rng(0)
        held = {name: values for name, values in network.weights().items() if name in names}
        sizes = {name: float(one.std()) or 0.1 for name, one in held.items()}
        network.put({name: one + scale * sizes[name] * rng.standard_normal(one.shape) for name, one in held.items()})
        values.append(network.loss(training=True))
    return any(abs(value - values[0]) > MOVES * max(abs(values[0]), 1e-12) for value in values[1:])


def _set_aside(called: tuple[Layer, bool]) -> bool:
    """Whether a layer looks as if it had been trained before and is called without gradients on purpose."""
    layer, followed = called
    return not followed and layer.trained


def lengths(arriving: Sequence[tuple[Layer, Array]]) -> list[tuple[str, float]]:
    """How long the gradient is at each layer with weights, in the order of the calls; those without one are left out.

    >>> lengths([(Layer("a", "dense", "Linear", parameters=("a.weight",)), np.array([3.0, 4.0]))])
    [('a', 5.0)]
    """
    known = [(layer.name, float(np.linalg.norm(one.astype(np.float64)))) for layer, one in arriving if layer.parameters]
    return [(name, length) for name, length in known if length > 0]


def exploding(probe: Probe) -> Seen:
    """Gradients that grow from layer to layer on their way back.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> from whynet.subjects.frameworks.torch_probe import TorchProbe
    >>> layers = [torch.nn.Linear(20, 20) for _ in range(6)]
    >>> for layer in layers:
    ...     _ = torch.nn.init.normal_(layer.weight)
    >>> batch = torch.rand(8, 20), torch.rand(8, 20)
    >>> exploding(TorchProbe.of(torch, torch.nn.Sequential(*layers), torch.nn.L1Loss(), batch)).findings[0].cause
    'exploding-gradients'
    """
    sizes = lengths(probe.copy().arriving())
    if len(sizes) < FEWEST_LAYERS:
        return Seen()
    growth = sizes[0][1] / sizes[-1][1]
    facts = [GRADIENT_GROWTH.measured(growth)]
    largest = max(sizes[: max(len(sizes) // 4, 1)], key=lambda one: one[1])
    if not largest[1] > GROWN * sizes[-1][1]:
        return Seen(facts)
    words = (
        f"at `{largest[0]}` it is {largest[1] / sizes[-1][1]:.3g} times as long as at `{sizes[-1][0]}`: smaller "
        f"initial weights or a normalisation between the layers, and {probe.says('clip')}"
    )
    return Seen(facts, [Finding("exploding-gradients", "found", tuple(facts), detail=words)])


def vanishing(probe: Probe) -> Seen:
    """Gradients of which nothing is left at the first layers: they shrink from layer to layer on their way back.

    One layer alone that lets little through is none of this: a head, or a branch, that begins with next to nothing.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> from whynet.subjects.frameworks.torch_probe import TorchProbe
    >>> layers = [part for _ in range(14) for part in (torch.nn.Linear(20, 20), torch.nn.Sigmoid())]
    >>> batch = torch.rand(8, 20), torch.rand(8, 20)
    >>> vanishing(TorchProbe.of(torch, torch.nn.Sequential(*layers), torch.nn.L1Loss(), batch)).findings[0].cause
    'vanishing-gradients'
    """
    sizes = lengths(probe.copy().arriving())
    if len(sizes) < FEWEST_LAYERS:
        return Seen()
    first, last = max(sizes[: max(len(sizes) // 4, 1)], key=lambda one: one[1]), sizes[-1]
    left = first[1] / last[1]
    falls = [before / after for (_, before), (_, after) in itertools.pairwise(sizes)]
    plain = probe.optimizer_name == "SGD"
    gradual = left / min(falls) < GRADUAL * left
    if not (gradual and left < (VANISHED if plain else LOST_TO_ADAM)):
        return Seen()
    fact = GRADIENT_LEFT.measured(left)
    words = (
        f"at `{first[0]}` it is {left:.2g} of what it is at `{last[0]}`: ReLU with weights of {probe.says('he')}, a "
        "normalisation between the layers, connections around them, or fewer layers"
    )
    return Seen(findings=[Finding("vanishing-gradients", "found", (fact,), detail=words)])


def identical_units(probe: Probe) -> Seen:
    """Units of a layer that begin with the same weights, and have the same after some steps.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> from whynet.subjects.frameworks.torch_probe import TorchProbe
    >>> model = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.Tanh(), torch.nn.Linear(4, 1))
    >>> for one in model.parameters():
    ...     _ = torch.nn.init.constant_(one, 0.1)
    >>> probe = TorchProbe.of(torch, model, torch.nn.MSELoss(), (torch.rand(8, 3), torch.rand(8, 1)))
    >>> identical_units(probe).findings[0].detail
    'the units of `0` stay alike: let `nn.init.kaiming_uniform_` draw its weights'
    """
    network = probe.copy()
    first = {name for name, one in network.weights().items() if _alike(one, probe.units_first)}
    if not first:
        return Seen()
    last: Mapping[str, Array | None] = {}
    for _ in range(STEPS):
        gradients = _connected(network)
        last = gradients.by
        arrays = {name: one.astype(np.float64) for name, one in gradients.by.items() if one is not None}
        norm = sum(float(np.linalg.norm(one)) ** 2 for one in arrays.values()) ** 0.5
        if not norm > 0:
            break
        weights = network.weights()
        network.put({name: weights[name] - STEP / norm * one for name, one in arrays.items() if name in weights})
    after = network.weights()
    still = {name for name in first if last.get(name) is not None and _alike(after[name], probe.units_first)}
    layers = {_owner(network, name) for name in still}
    # biases that lie in rows, of heads, are alike until they are moved: where the kernels are not, the units are not
    layers -= {_owner(network, name) for name, one in after.items() if one.ndim > 1 and name not in still}
    if not layers:
        return Seen()
    fact = IDENTICAL_AFTER_STEPS.measured(len(layers))
    shown = ", ".join(f"`{name}`" for name in sorted(layers)[:3])
    words = f"the units of {shown} stay alike: let {probe.says('draw')} draw its weights"
    return Seen(findings=[Finding("symmetric-init", "found", (fact,), detail=words)])


def _connected(network: Network) -> Gradients:
    gradients = network.gradients()
    if not gradients.connected:
        raise ProbeError("the loss hangs on no parameter: nothing can be learned from it")
    return gradients


def _owner(network: Network, name: str) -> str:
    """The layer that holds these weights."""
    return next((one.name for one in network.layers if name in one.parameters), name.rpartition(".")[0])


def _alike(weight: Array, units_first: bool) -> bool:
    """Whether all units of a layer have the same weights."""
    if weight.ndim < 2:
        return False
    units = weight if units_first else np.moveaxis(weight, -1, 0)
    apart = float(np.abs(units - units[:1]).max()) if len(units) > 1 and units[0].size > 1 else np.inf
    return apart <= ROUNDED * float(np.abs(units).max(initial=0.0))  # sums are not rounded alike for all of them
