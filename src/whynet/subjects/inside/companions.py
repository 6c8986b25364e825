"""Does an example's answer hang on what it should not: its neighbours in the batch, an earlier call, the mode?

Every check asks copies, and compares answers: a difference of more than rounding, in units of the answers' own spread.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from whynet.doctor.change import Change
from whynet.doctor.diagnosis import Finding, Gap, Status
from whynet.doctor.symptoms.passes import COMPANIONS, MODES_APART, NORMALISED_OVER, SECOND_CALL
from whynet.errors import UsageError
from whynet.subjects.inside.answers import is_coarse
from whynet.subjects.inside.probe import Layer, Network, Passage, Probe, ProbeError, Seen, arrays_in, is_real
from whynet.types import Array

DIFFERENT = 1e-3  # sd of the outputs: rounding is a thousand times smaller
FINE, COARSE = 0.01, 10.0  # of the largest number: a thousandth of it is more than rounding, in 32 and in 16 bits
FEWEST = 4  # examples, of which half are exchanged
FEW_TO_NORMALISE = 3  # values: a mean of so few is mostly chance
MOST_ROWS = 32  # examples asked: more say the same
USUAL = 32  # examples of a batch


def change(one: Array, other: Array) -> float:
    """The largest difference, in standard deviations of the numbers; NaN where shapes or numbers cannot be compared.

    >>> change(np.array([0.0, 2.0]), np.array([0.0, 1.0]))
    1.0
    """
    if one.shape != other.shape or not one.size or not (np.isfinite(one) & np.isfinite(other)).all():
        return float("nan")
    a, b = np.asarray(one, dtype=np.float64), np.asarray(other, dtype=np.float64)
    return float(np.abs(a - b).max()) / max(float(a.std()), 1e-4 * float(np.abs(a).max()), 1e-30)


def among_examples(one: Array, other: Array) -> float:
    """The largest difference, in standard deviations over the examples, one row for each; of numbers that hardly differ
    from example to example, what rounding can do is left out.

    >>> among_examples(np.array([[5.0, 0.0], [6.0, 0.0]]), np.array([[5.5, 0.0], [6.0, 0.0]]))
    1.0
    """
    apart = change(one, other)
    if not apart > 0 or not one.ndim:
        return apart
    a = np.asarray(one, dtype=np.float64)
    least = (COARSE if is_coarse(one) else FINE) * float(np.abs(a).max())
    return float(np.abs(a - other).max()) / max(float(a.std(axis=0).max()), least, 1e-30)


def mixed_batch(probe: Probe) -> Seen:
    """Whether an example's answer changes with the other examples of its batch, in evaluation mode.

    Answers that are as many for an example as there are examples compare them on purpose, and are left alone; so are
    networks that only take batches of one size, or inputs that are no examples one below the other.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> from whynet.subjects.frameworks.torch_probe import TorchProbe
    >>> model = torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.Softmax(dim=0))
    >>> [one.cause for one in mixed_batch(TorchProbe.of(torch, model, None, torch.rand(8, 4))).findings]
    ['batch-mixed']
    """
    try:
        return _mixed_batch(probe)
    except UsageError as error:
        return Seen(gaps=[Gap("whether examples of a batch are mixed", error.message)])


def _mixed_batch(probe: Probe) -> Seen:
    rows, given = min(probe.rows, MOST_ROWS), arrays_in(probe.X)
    if rows < FEWEST or any(one.ndim == 0 or len(one) != probe.rows for one in given):
        return Seen()
    if any(one.ndim == 2 and one.shape[1] == probe.rows and bool((one == one.T).all()) for one in given):
        return Seen()  # which examples are tied to which: a graph
    others = {size for one in given for size in one.shape[1:]}
    rows = next((n for n in range(rows, FEWEST - 1, -1) if n not in others), rows)
    half = rows // 2
    some = probe.take(range(rows))[0]
    fewer = _steady(probe).answers(probe.take(range(half))[0])
    whole = _steady(probe).answers(some)
    if whole.ndim == 0 or len(whole) != rows or fewer.shape[1:] != whole.shape[1:]:
        return Seen()  # no answer for each example, or one for each pair of them
    largest, where = 0.0, ""
    for kept, put in ((range(half), range(half, rows)), (range(half, rows), range(half))):
        index = list(range(rows))
        for place, other in zip(put, list(kept) * 2, strict=False):
            index[place] = other
        beside, own = probe.take(index)[0], list(kept)
        moved = among_examples(whole[own], _steady(probe).answers(beside)[own])
        if moved > largest:
            largest, where = moved, _where_mixed(probe, some, beside, own, rows)
    fact = COMPANIONS.measured(largest)
    if not largest > DIFFERENT:
        return Seen([fact])
    return Seen([fact], [Finding("batch-mixed", "found", (fact,), detail=where)])


def _steady(probe: Probe) -> Network:
    """A copy whose batch normalisation goes by fixed numbers, even where it is meant to go by its batch."""
    network = probe.copy()
    network.steady()
    return network


def _where_mixed(probe: Probe, inputs: Any, beside: Any, own: list[int], rows: int) -> str:
    """The first layer before, or in, which the examples kept are no longer what they were, and what to change."""
    network = _steady(probe)
    known = {layer.name: layer for layer in network.layers}
    first, second = (_passed(_steady(probe), given, rows) for given in (inputs, beside))
    last, entered = "", set()
    for one, other in zip(first, second, strict=False):
        layer, part, a, b = one.layer, one.part, one.array, other.array
        if layer.name != other.layer.name or a.shape != b.shape:
            break
        if len(a) != rows:
            return probe.says("handed-time-first", name=layer.name, own=layer.own)
        if among_examples(a[own], b[own]) > DIFFERENT:
            holder = known.get((above(layer.name) or [""])[-1])
            whole = holder if holder and holder.own.startswith("Transformer") else layer  # it hands `batch_first` down
            if part == "out" and layer.batch_first is False:
                return probe.says("time-first", name=whole.name, own=whole.own)
            if part == "out" and layer.kind == "softmax" and layer.axis == 0:
                return probe.says("softmax-over-batch", name=layer.name, own=layer.own)
            if layer.name in entered:
                return probe.says("rows-mixed-in", name=whole.name, own=whole.own)
            after = f"between `{last}` and `{layer.name}`" if last else f"before `{layer.name}`"
            return probe.says("rows-mixed-between", after=after)
        if part == "in":
            entered.add(layer.name)
        else:
            last = layer.name
            entered.discard(layer.name)  # it may be called again
    return probe.says("rows-mixed-after", name=last) if last else probe.says("batch-axis")


def _passed(network: Network, inputs: Any, rows: int) -> list[Passage]:
    """What goes into and comes out of each layer that has a row for each example, in the order of the calls; and what
    goes into a layer that takes the rows first, but has them second."""
    takes_steps = {layer.name for layer in network.layers if layer.batch_first is not None}

    def is_asked(layer: Layer) -> bool:
        whole = layer.leaf or layer.batch_first is not None
        return bool(layer.name) and whole and not takes_steps & set(above(layer.name))

    def has_rows(one: Passage) -> bool:
        shape, takes_first = one.array.shape, one.part == "in" and one.layer.batch_first is True
        return bool(shape) and (shape[0] == rows or (takes_first and len(shape) == 3 and shape[1] == rows))

    return [one for one in network.passed(inputs) if is_asked(one.layer) and is_real(one.array) and has_rows(one)]


def above(name: str) -> list[str]:
    """The names of the layers that hold this one, or this weight.

    >>> above("body.0.conv"), above("encoder/dense")
    (['body', 'body.0'], ['encoder'])
    """
    return [name[:place] for place, one in enumerate(name) if one in "./"]


def small_batches(probe: Probe) -> Seen:
    """Whether batch normalisation goes by the mean of next to nothing.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> from whynet.subjects.frameworks.torch_probe import TorchProbe
    >>> model = torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.BatchNorm1d(3))
    >>> [one.cause for one in small_batches(TorchProbe.of(torch, model, None, torch.rand(2, 4))).findings]
    ['batch-norm-small-batch']
    """
    if probe.rows > FEW_TO_NORMALISE:
        return Seen()
    network, times = probe.copy(), 1
    if not any(layer.kind == "batch-norm" for layer in network.layers):
        return Seen()
    try:
        passages = network.passed(training=True)
    except ProbeError:  # one value alone is refused by some: every row twice has the same means
        network, times = probe.part([*range(probe.rows)] * 2).copy(), 2
        try:
            passages = network.passed(training=True)
        except UsageError as error:
            return Seen(gaps=[Gap("what batch normalisation goes by", error.message)])
    sizes = normalised(passages, network.weights())
    if not sizes:
        return Seen()
    name = min(sizes, key=sizes.__getitem__)
    fewest = sizes[name] / times
    fact = NORMALISED_OVER.measured(fewest)
    if fewest > FEW_TO_NORMALISE:
        return Seen([fact])
    words = probe.says("few-to-normalise", name=name, values=f"{fewest:.0f}")
    larger = Change("batch", {"size": USUAL})
    return Seen([fact], [Finding("batch-norm-small-batch", "found", (fact,), larger, detail=words)])


def normalised(passages: Sequence[Passage], weights: dict[str, Array]) -> dict[str, float]:
    """Of each batch normalisation that goes by its batch, by name: over how many values.

    >>> layer, x = Layer("a", "batch-norm", "BatchNorm1d"), np.array([[1.0], [3.0]])
    >>> normalised([Passage(layer, "in", x), Passage(layer, "out", x - 2)], {})
    {'a': 2.0}
    """
    sizes: dict[str, float] = {}
    given: dict[str, Array] = {}
    for one in passages:
        layer, array = one.layer, one.array
        if layer.kind != "batch-norm" or array.ndim < 2:
            continue
        own = [weights[name] for name in layer.parameters if name in weights]
        last = array if layer.channels_last else np.moveaxis(array, 1, -1)
        values = last.reshape(-1, last.shape[-1])
        if one.part == "in":
            given[layer.name] = values
        elif layer.name in given and _is_centred(given[layer.name], values, own):
            sizes.setdefault(layer.name, float(len(given[layer.name])))
    return sizes


def _is_centred(given: Array, made: Array, weights: Sequence[Array]) -> bool:
    """Whether the mean of most channels is the shift that the layer learned, or 0, which fixed numbers do not see to.

    >>> x, made = np.array([[0.0], [2.0]]), np.array([[1.0], [3.0]])
    >>> _is_centred(x, made, [np.array([2.0])]), _is_centred(x, made, [])
    (True, False)
    """
    mean, within = made.mean(axis=0, dtype=np.float64), DIFFERENT * np.abs(made).max(axis=0)
    within = within + 0.1 * DIFFERENT * np.abs(given).max(
        axis=0
    )  # rounding, of equal numbers divided by next to nothing
    shifts = [*(one for one in weights if one.shape == mean.shape), np.zeros_like(mean)]
    return any(float((np.abs(mean - shift) <= within).mean()) > 0.5 for shift in shifts)


def second_call(probe: Probe) -> Seen:
    """Whether a network in evaluation mode answers the same batch otherwise the second time: it remembers the first.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> from whynet.subjects.frameworks.torch_probe import TorchProbe
    >>> second_call(TorchProbe.of(torch, torch.nn.Linear(4, 3), None, torch.rand(8, 4))).findings
    []
    """
    network = probe.copy()
    try:
        first = network.answers()
        kept = network.aside()
        moved = change(first, network.answers())
        again = change(first, probe.copy().answers())
    except UsageError as error:
        return Seen(gaps=[Gap("whether anything is remembered from call to call", error.message)])
    fact = SECOND_CALL.measured(moved)
    if not moved > DIFFERENT or not again <= DIFFERENT:
        return Seen([fact], [])
    hidden = [name for name, one in network.aside().items() if name not in kept or change(kept[name], one) > 0]
    steps = len(first) == probe.rows and first.ndim == 2  # one answer for an example: the next batch is another one
    words = probe.says("kept-by-name", name=hidden[0]) if hidden else probe.says("kept")
    status: Status = "found" if hidden and steps else "suspected"
    return Seen([fact], [Finding("state-carried-over", status, (fact,), detail=words)])


def handed_over(probe: Probe) -> Seen:
    """Whether the network was handed over in evaluation mode though it acts otherwise in training mode.

    Batch normalisation that never saw a batch is a sign that no step was ever taken in training mode.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> from whynet.subjects.frameworks.torch_probe import TorchProbe
    >>> model = torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.Dropout(0.5)).eval()
    >>> [(one.cause, one.status) for one in handed_over(TorchProbe.of(torch, model, None, torch.rand(8, 4))).findings]
    [('mode-wrong-in-training', 'suspected')]
    """
    if probe.training:
        return Seen()
    try:
        moved = change(probe.copy().answers(), probe.copy().answers(training=True))
    except UsageError as error:
        return Seen(gaps=[Gap("what training mode changes", error.message)])
    fact = MODES_APART.measured(moved)
    if not moved > DIFFERENT:
        return Seen([fact])
    norms = _running(probe.copy())
    never = bool(norms) and all(((one == 0).all() or (one == 1).all()) for one in norms)
    if norms and not never:
        return Seen([fact])  # it was trained in training mode, and evaluated last
    status: Status = "found" if never else "suspected"
    words = probe.says("handed-over-in-evaluation")
    return Seen([fact], [Finding("mode-wrong-in-training", status, (fact,), detail=words)])


def _running(network: Network) -> list[Array]:
    """What normalisations remember of batches: means begin with 0, variances with 1."""
    names = {layer.name for layer in network.layers if layer.kind == "batch-norm" or "Norm" in layer.own}
    return [one for name, one in network.remembered().items() if (above(name) or [""])[-1] in names]
