"""Codes of examples, as of an autoencoder that draws from them: whether they can say anything."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from whynet.doctor.diagnosis import Finding
from whynet.doctor.symptoms.inside import CODE_COST, CODE_SPREAD, CONSTANT_LAYERS
from whynet.subjects.inside.probe import Layer, Network, Probe, Seen, mapped
from whynet.types import Array

FEWEST_ROWS = 8
SAME = 1e-6  # of a layer's numbers: less is rounding
FAR, NEAR = 3.0, 0.5  # standard deviations
ALIKE = 1.5  # times the cost at one distance to that at the other
BALANCED = 0.05  # of all slopes
NOTHING = 0.05  # of a spread, where what is drawn has one of about 1
ONE_ANSWER, LEARNED, UNEVEN = 0.1, 0.95, 0.3
DEAR = 3.0
"""Below 1 codes say something, above it they do not: measured on 8x8 digits, for KL weights of 0.3 to 40 times
that. Rows fall into groups as well as along lines, and what tells a small group apart may be worth more."""


def constant_layers(probe: Probe) -> Seen:
    """Layers with weights whose output is the same for every example: a fact alone, for a head may begin with zeros.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> from whynet.subjects.frameworks.torch_probe import TorchProbe
    >>> model = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.Linear(4, 2))
    >>> _ = torch.nn.init.zeros_(model[1].weight)
    >>> probe = TorchProbe.of(torch, model, torch.nn.MSELoss(), (torch.rand(8, 3), torch.rand(8, 2)))
    >>> constant_layers(probe).facts[0].value
    1.0
    """
    made = [
        one.array.astype(np.float64)
        for one in probe.copy().passed()
        if one.part == "out" and one.layer.leaf and one.layer.parameters and one.array.ndim and len(one.array) > 1
    ]
    constant = sum(bool((np.ptp(one, axis=0) <= SAME * np.abs(one).max()).all()) for one in made if one.size)
    return Seen([CONSTANT_LAYERS.measured(constant)])


def collapsed_code(probe: Probe) -> Seen:
    """A code whose information costs more than anything that it could gain: it ends up the same for every example.

    The code is what is computed of an example alone just before chance takes part, and the answers are to be like the
    targets. Its cost is how the loss grows as it is moved, apart from what that does to the answers; its gain, what the
    loss of the best constant answer loses by the direction in which targets differ most. A code of b times a KL term is
    worth nothing where b is more than twice that gain: exactly so of a linear one (Lucas et al., 2019).

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> from whynet.subjects.frameworks.torch_probe import TorchProbe
    >>> class Drawn(torch.nn.Module):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.into, self.out = torch.nn.Linear(9, 2), torch.nn.Linear(2, 9)
    ...     def forward(self, X):
    ...         code = self.into(X)
    ...         return self.out(code + torch.randn_like(code)), code
    >>> X = torch.rand(20, 9)
    >>> probe = TorchProbe.of(torch, Drawn(), lambda a, X: ((a[0] - X) ** 2).mean() + (a[1] ** 2).sum() / 40, (X, X))
    >>> collapsed_code(probe).findings[0].cause
    'posterior-collapse'
    """
    if (probe.answer_is_plain and probe.loss_name) or probe.rows < FEWEST_ROWS:
        return Seen()  # nothing but the answers goes into the loss: no code is held to anything
    network = probe.copy()
    if any(layer.kind == "dropout" for layer in network.layers):
        return Seen()
    code = _code(probe, network)
    if not code:
        return Seen()
    costs = [cost for layer in code if (cost := _cost(probe, network, layer)) is not None]
    gain = _gain(probe) if costs else None
    facts = [] if gain is None or not min(costs) > 0 else [CODE_COST.measured(min(costs) / (2 * gain))]
    if facts and facts[0].value > DEAR:
        words = (
            f"what a code says costs {facts[0].value:.3g} times what it can gain, so that it will say nothing: the "
            f"weight of its KL term at most {1 / facts[0].value:.2g} of this, or the reconstruction summed over a row"
        )
        return Seen(facts, [Finding("posterior-collapse", "found", tuple(facts), detail=words)])
    spread = _spread(network, code)
    if spread < NOTHING and _answers_the_mean(probe, network):
        fact = CODE_SPREAD.measured(spread)
        words = (
            "the code is the same for every example, and so is the answer, the mean of all: a smaller weight of its KL "
            "term, or one that is raised from 0 step by step"
        )
        return Seen([*facts, fact], [Finding("posterior-collapse", "found", (fact,), detail=words)])
    return Seen(facts)


def _spread(network: Network, code: Sequence[Layer]) -> float:
    """The largest standard deviation over examples of a number of the code."""
    names = {layer.name for layer in code}
    made = [one.array for one in network.passed(training=True) if one.part == "out" and one.layer.name in names]
    return max(float(one.astype(np.float64).std(axis=0).max()) for one in made)


def _answers_the_mean(probe: Probe, network: Network) -> bool:
    """Whether every example is answered with the mean of the targets: this is learned, no network begins so."""
    rows = _rows(probe)
    if rows is None:
        return False
    answers = network.answers(training=True).reshape(rows.shape)
    mean, answer = rows.mean(axis=0), answers.mean(axis=0)
    if not (mean.std() > UNEVEN * rows.std() and answer.std() > 0):
        return False
    apart = float(np.sqrt(answers.var(axis=0).mean() / max(rows.var(axis=0).mean(), 1e-300)))
    return apart < ONE_ANSWER and float(np.corrcoef(mean, answer)[0, 1]) > LEARNED


def _rows(probe: Probe) -> Array | None:
    """What the answers are to be like, (rows, numbers); None where they are not of one shape."""
    y = probe.X if probe.y is None else probe.plain_targets
    if not isinstance(y, np.ndarray) or y.shape != probe.Z.shape or not np.isfinite(y).all():
        return None
    return y.reshape(len(y), -1).astype(np.float64)


def _code(probe: Probe, network: Network) -> list[Layer]:
    """The layers that make, of one and the same input, what chance takes part in next."""
    turned = mapped(probe.X, lambda one: one[::-1].copy() if one.ndim and len(one) == probe.rows else one)
    straight, back = network.passed(training=True), network.passed(turned, training=True)
    alone: list[tuple[Layer, Array]] = []
    given: dict[str, Array] = {}
    if len(straight) != len(back):
        return []
    for one, other in zip(straight, back, strict=True):
        if one.part == "in":
            given[one.layer.name] = one.array
        elif one.layer.leaf and one.layer.parameters and one.array.ndim > 1 and len(one.array) == probe.rows:
            same = one.array.shape == other.array.shape
            if same and np.allclose(one.array, other.array[::-1], rtol=1e-3, atol=1e-5):
                alone.append((one.layer, given.get(one.layer.name, one.array)))
            elif alone:  # chance is drawn for the places of a batch, not for its examples
                into = alone[-1][1]
                return [layer for layer, went in alone if went.shape == into.shape and np.array_equal(went, into)]
    return []


def _cost(probe: Probe, network: Network, layer: Layer) -> float | None:
    """What it costs to move each number of this code by one standard deviation, as twice the square of a distance has
    it; None where it is not felt, or free up to some distance."""
    weights = network.weights()
    bias = next((name for name in layer.parameters if name in weights and weights[name].ndim == 1), None)
    if bias is None:
        return None

    def apart() -> float:
        return network.loss(training=True) - probe.value(network.answers(training=True))

    first, found = apart(), []
    for distance in (NEAR, FAR):
        moved = []
        for away in (distance, -distance):
            network.put({bias: weights[bias] + away})
            moved.append(apart() - first)
        found.append(float(np.mean(moved)) / (weights[bias].size * distance**2 / 2))
    network.put({bias: weights[bias]})
    near, far = found
    return far if near > 0 and far < ALIKE * near else None


def _gain(probe: Probe) -> float | None:
    """What the direction in which the targets differ most takes off the loss of their mean; None where their mean, or
    its logit, is not the best constant answer."""
    Z, rows = probe.Z, _rows(probe)
    if rows is None:
        return None
    mean = rows.mean(axis=0)
    u, s, v = np.linalg.svd(rows - mean, full_matrices=False)
    best = np.clip(mean + s[0] * np.outer(u[:, 0], v[0]), rows.min(), rows.max())
    links: Sequence[Callable[[Array], Array]] = (
        (np.asarray, _logit) if 0 <= rows.min() <= rows.max() <= 1 else (np.asarray,)
    )
    for link in links:
        constant, along = (
            link(np.broadcast_to(one, rows.shape)).reshape(Z.shape).astype(Z.dtype) for one in (mean, best)
        )
        slope = probe.slope(constant)
        if slope is None or not np.abs(slope.sum(axis=0)).sum() < BALANCED * np.abs(slope).sum():
            continue
        gain = probe.value(constant) - probe.value(along)
        return gain if gain > 0 else None
    return None


def _logit(p: Array) -> Array:
    held: Array = np.clip(p, 1e-4, 1 - 1e-4)
    logits: Array = np.log(held / (1 - held))
    return logits
