"""Does a network that reads sequences see their order, their right end, and no more than it should?

Steps are exchanged or moved, and answers compared, in units of what the answers differ by from row to row.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from whynet.doctor.diagnosis import Finding, Gap, Status
from whynet.doctor.symptoms.passes import BEFORE_PADDING, LATER_STEPS, LATER_TO_EARLIER, SHUFFLED_SEQUENCE
from whynet.errors import UsageError
from whynet.subjects.inside.probe import Network, Probe, Seen, arrays_in, is_real, mapped
from whynet.types import Array

FEWEST_STEPS = 4
DIFFERENT, ALIKE = 1e-3, 1e-4  # sd from row to row; rounding is smaller
NEVER = 1e-5  # sd: what has no path to the answer moves it by nothing at all
TELLS = 1e-3  # of the largest answer: answers that differ by less from row to row show nothing
FORGOTTEN = 0.05  # of what the same steps tell at the end of a sequence
SMOOTH = 0.3  # correlation: steps that follow each other in time are alike, members of a set are not
SHIFTED = 0.95  # of the targets are the next input


class Read(NamedTuple):
    """The inputs of a batch, and the one among them that is a sequence.

    >>> x = np.ones((2, 4))
    >>> Read({"x": x, "y": 1}, x).but(x + 1)["x"][0]
    array([2., 2., 2., 2.])
    """

    inputs: Any
    x: Array

    def but(self, other: Array) -> Any:
        """The inputs with another array in the place of the sequence."""
        return mapped(self.inputs, lambda one: other if one is self.x else one)


def no_positions(probe: Probe) -> Seen:
    """Whether attention is all that reads a sequence, and does not know its order.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> from whynet.subjects.frameworks.torch_probe import TorchProbe
    >>> layer = torch.nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
    >>> model = torch.nn.Sequential(torch.nn.Embedding(20, 8), layer, torch.nn.Linear(8, 20))
    >>> words = torch.arange(60).reshape(6, 10) % 20
    >>> [one.cause for one in no_positions(TorchProbe.of(torch, model, None, words)).findings]
    ['no-positions']
    """
    return _safely("whether the order of a sequence is seen", lambda: _no_positions(probe))


def _no_positions(probe: Probe) -> Seen:
    read = _sequence(probe)
    if read is None or not probe.copy().attends():
        return Seen()
    x, steps = read.x, read.x.shape[1]
    inner = 1 + np.random.default_rng(0).permutation(steps - 2)
    if (np.diff(inner) > 0).all():
        inner = inner[::-1]
    order = np.array([0, *inner, steps - 1])  # the ends may be marks: they stay
    if not (x[:, order] != x).reshape(len(x), -1).any(axis=1).mean() > 0.5:
        return Seen()

    def moved(one: Array) -> Array:
        along = one.ndim > 1 and one.shape[:2] == x.shape[:2]
        positions = along and bool((one == one[:1]).all())  # numbers of the places are no part of what stands there
        return one[:, order] if along and not positions else one

    shuffled = mapped(read.inputs, moved)

    def differs(network: Network) -> float:
        before, after = network.answers(), network.answers(shuffled)
        found = [_change(before, after)]
        if before.ndim > 1 and before.shape[1] == steps:
            found.append(_change(before[:, order], after))
        return min((one for one in found if one == one), default=math.nan)

    least = differs(probe.copy())
    if least < ALIKE:  # positions that are learned may all be 0 at the start
        least = max(least, differs(_stirred(probe)))
    if least != least:
        return Seen()
    fact = SHUFFLED_SEQUENCE.measured(least)
    if not least < ALIKE:
        return Seen([fact])
    if is_real(x) and _smooth(x) < SMOOTH:
        return Seen()  # a set, which has no order
    of_each_step = probe.copy().answers().shape[1:2] == (steps,)  # one answer for all may well be a bag of words
    status: Status = "found" if of_each_step else "suspected"
    return Seen([fact], [Finding("no-positions", status, (fact,), detail=probe.says("no-positions"))])


def _stirred(probe: Probe) -> Network:
    """A copy with a little added to every weight."""
    network, rng = probe.copy(), np.random.default_rng(1)
    network.put({name: one + 0.1 * rng.standard_normal(one.shape) for name, one in network.weights().items()})
    return network


def wrong_end(probe: Probe) -> Seen:
    """Whether a recurrent network with one answer for a sequence reads it where next to nothing is known of it.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> from whynet.subjects.frameworks.torch_probe import TorchProbe
    >>> class First(torch.nn.Module):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.read, self.out = torch.nn.GRU(3, 8, batch_first=True), torch.nn.Linear(8, 2)
    ...     def forward(self, x):
    ...         return self.out(self.read(x)[0][:, 0])
    >>> [one.cause for one in wrong_end(TorchProbe.of(torch, First(), None, torch.rand(6, 9, 3))).findings]
    ['wrong-time-step']
    """
    return _safely("which step of a sequence the answer is read off", lambda: _wrong_end(probe))


def _wrong_end(probe: Probe) -> Seen:
    read = _sequence(probe, flat=True)
    recurrent = [layer.name for layer in probe.copy().layers if layer.kind == "recurrent"]
    if read is None or not recurrent or probe.copy().attends():
        return Seen()
    x, before = read.x, probe.copy().answers()
    if before.ndim == 0 or len(before) != probe.rows or x.shape[1] in before.shape[1:]:
        return Seen()  # an answer for each step
    other = np.roll(x, 1, axis=0)
    first, others = x.copy(), other.copy()
    first[:, 0], others[:, 0] = other[:, 0], x[:, 0]
    of_first, of_others = (_change(before, probe.copy().answers(read.but(one))) for one in (first, others))
    facts = [LATER_STEPS.measured(of_others)] if of_others == of_others else []
    if of_others < NEVER and of_first > DIFFERENT:
        words = probe.says("first-step-read", name=recurrent[-1])
        return Seen(facts, [Finding("wrong-time-step", "found", (facts[0],), detail=words)])
    ratio = _before_padding(probe, read, before)
    if ratio is None:
        return Seen(facts)
    fact = BEFORE_PADDING.measured(ratio)
    if not ratio < FORGOTTEN:
        return Seen([*facts, fact])
    words = probe.says("padding-read", name=recurrent[-1])
    return Seen([*facts, fact], [Finding("wrong-time-step", "found", (fact,), detail=words)])


def _before_padding(probe: Probe, read: Read, before: Array) -> float | None:
    """How far other steps before the padding move the answers, to how far they do with the padding in front."""
    x, (n, steps) = read.x, read.x.shape[:2]
    pad = np.array([_commonest(column) for column in x[:, -1].reshape(n, -1).T])
    same = (x.reshape(n, steps, -1) == pad).all(axis=2)  # which steps are like the commonest last step
    trailing = np.cumprod(same[:, ::-1], axis=1).sum(axis=1)
    rows = np.flatnonzero((trailing >= max(steps // 3, 4)) & (trailing < steps))
    if len(rows) < 4 or len(np.unique(trailing)) < 2:
        return None
    known, rng = x[~same], np.random.default_rng(0)
    other, front, other_front = x.copy(), x.copy(), x.copy()
    for row in rows:
        length = steps - trailing[row]
        other[row, :length] = known[rng.integers(len(known), size=length)]
        front[row] = np.roll(x[row], trailing[row], axis=0)
        other_front[row] = np.roll(other[row], trailing[row], axis=0)
    asked = [before, *(probe.copy().answers(read.but(one)) for one in (other, front, other_front))]
    a, b, c, d = (one[rows] for one in asked)
    at_end = math.sqrt(((c - d) ** 2).mean())
    if not at_end > TELLS * float(np.abs(before).max()) * 0.1:
        return None
    return math.sqrt(((a - b) ** 2).mean()) / at_end


def _commonest(values: Array) -> Any:
    """The smallest of the values that come most often.

    >>> int(_commonest(np.array([3, 1, 1, 3, 2])))
    1
    """
    kinds, often = np.unique(values, return_counts=True)
    return kinds[often.argmax()]


def future_leak(probe: Probe) -> Seen:
    """Whether a network that is to say the next step sees it: its targets are its inputs, one step on.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> from whynet.subjects.frameworks.torch_probe import TorchProbe
    >>> layer = torch.nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
    >>> model = torch.nn.Sequential(torch.nn.Embedding(20, 8), layer, torch.nn.Linear(8, 20))
    >>> words = torch.arange(66).reshape(6, 11) % 20
    >>> loss = lambda scores, y: torch.nn.functional.cross_entropy(scores.flatten(0, 1), y.flatten())
    >>> probe = TorchProbe.of(torch, model, loss, (words[:, :-1], words[:, 1:]))
    >>> [one.cause for one in future_leak(probe).findings]
    ['future-leak']
    """
    return _safely("whether later steps are hidden", lambda: _future_leak(probe))


def _future_leak(probe: Probe) -> Seen:
    inputs = probe.X
    reads = (Read(inputs, one) for one in arrays_in(inputs))
    read = next((one for one in reads if _is_next(probe, one)), None)
    if read is None:
        return Seen()
    x, (n, steps) = read.x, read.x.shape[:2]
    half = steps // 2
    later = x.copy()
    later[:, half:] = np.roll(x, 1, axis=0)[:, half:]
    if (later == x).all():
        return Seen()

    def early(made: Array) -> Array | None:
        """The answers at the steps before the half."""
        if made.ndim >= 2 and len(made) == n * steps != n:
            made = made.reshape(n, steps, -1)
        if made.ndim < 2 or len(made) != n:
            return None
        if made.shape[1] == steps:
            return made[:, :half]
        return made[..., :half] if made.shape[-1] == steps else None

    before, after = early(probe.copy().answers()), early(probe.copy().answers(read.but(later)))
    if before is None or after is None:
        return Seen()
    moved = _change(before, after, always=True)
    fact = LATER_TO_EARLIER.measured(moved)
    if not moved > DIFFERENT:
        return Seen([fact])
    return Seen([fact], [Finding("future-leak", "found", (fact,), detail=_how_it_leaks(probe))])


def _how_it_leaks(probe: Probe) -> str:
    network = probe.copy()
    for layer in network.layers:
        if layer.kind == "recurrent" and layer.bidirectional:
            return probe.says("reads-both-ways", name=layer.name)
    if network.attends():
        return probe.says("no-causal-mask")
    for layer in network.layers:
        if layer.kind == "convolution" and len(layer.kernel) == 1 and layer.pads_both_ends:
            return probe.says("pads-both-ends", name=layer.name)
    return probe.says("later-inputs-seen")


def _is_next(probe: Probe, read: Read) -> bool:
    """Whether the targets are this input, one step on: as they are given, or in the loss itself."""
    x, targets = read.x, probe.y
    given = arrays_in(_labels(read.inputs) if targets is None else targets)
    y = next((one for one in given if one.ndim), None)
    if x.ndim < 2 or len(x) != probe.rows or x.shape[1] < FEWEST_STEPS:
        return False
    if y is None or y is x or y.size != x.size or bool((x == x[:, :1]).all()):
        return False
    wide = y.reshape(x.shape)
    on = float((wide[:, :-1] == x[:, 1:]).mean())
    if on >= SHIFTED and on > float((wide == x).mean()):  # numbers that hardly change are the next ones, and their own
        return True
    if is_real(x) or not (wide == x).mean() >= SHIFTED:
        return False
    other = [wide.copy(), wide.copy()]  # the loss may do the shifting: then it never asks for the first step
    for changed, place in zip(other, (0, -1), strict=True):
        changed[:, place] = np.roll(wide[:, place], 1, axis=0)
    if targets is None:
        told = Read(read.inputs, y)
        own, first, last = (probe.copy().loss(told.but(one.reshape(y.shape))) for one in (wide, *other))
    else:
        told = Read(targets, y)
        own, first, last = (probe.copy().loss(None, told.but(one.reshape(y.shape))) for one in (wide, *other))
    return own == first != last


def _labels(inputs: Any) -> Any:
    """The targets among the inputs, of a network that computes its own loss."""
    named = inputs if isinstance(inputs, dict) else {}
    return next((one for name, one in named.items() if name in ("labels", "targets", "target", "y")), None)


# ---- what sequences are


def _safely(what: str, look: Callable[[], Seen]) -> Seen:
    try:
        return look()
    except UsageError as error:
        return Seen(gaps=[Gap(what, error.message)])


def _sequence(probe: Probe, *, flat: bool = False) -> Read | None:
    """The input that is a sequence: whole numbers (n, steps), or (n, steps, features); `flat` floats (n, steps) too."""
    inputs = probe.X
    for one in arrays_in(inputs):
        kind = one.ndim == 3 or (one.ndim == 2 and (flat or not is_real(one)))
        if kind and len(one) == probe.rows >= 2 and one.shape[1] >= FEWEST_STEPS:
            return Read(inputs, one)
    return None


def _change(before: Array, after: Array, *, always: bool = False) -> float:
    """The largest change, in standard deviations from row to row; NaN where answers hardly differ between rows."""
    if before.shape != after.shape or len(before) < 2 or not (np.isfinite(before) & np.isfinite(after)).all():
        return float("nan")
    spread, largest = math.sqrt(before.var(axis=0, ddof=1).mean()), float(np.abs(before).max())
    if not spread > TELLS * largest and not always:
        return float("nan")
    return float(np.abs(before - after).max()) / max(spread, TELLS * largest, 1e-30)


def _smooth(x: Array) -> float:
    """The correlation of steps with the ones after them."""
    centred = x - x.mean(axis=(0, 1), dtype=np.float64)
    whole = float((centred**2).mean())
    return float((centred[:, 1:] * centred[:, :-1]).mean()) / whole if whole else 0.0
