"""Does a module that reads sequences see their order, their right end, and no more than it should?

Steps are exchanged or moved, and answers compared, in units of what the answers differ by from row to row.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from whynet.doctor.diagnosis import Finding, Gap, Status
from whynet.doctor.symptoms.passes import BEFORE_PADDING, LATER_STEPS, LATER_TO_EARLIER, SHUFFLED_SEQUENCE
from whynet.errors import UsageError
from whynet.subjects.frameworks.torch_companions import answers
from whynet.subjects.frameworks.torch_probe import Probe, Seen, tensors_in

FEWEST_STEPS = 4
DIFFERENT, ALIKE = 1e-3, 1e-4  # sd from row to row; rounding is smaller
NEVER = 1e-5  # sd: what has no path to the answer moves it by nothing at all
TELLS = 1e-3  # of the largest answer: answers that differ by less from row to row show nothing
FORGOTTEN = 0.05  # of what the same steps tell at the end of a sequence
SMOOTH = 0.3  # correlation: steps that follow each other in time are alike, members of a set are not
SHIFTED = 0.95  # of the targets are the next input


def no_positions(probe: Probe) -> Seen:
    """Whether attention is all that reads a sequence, and does not know its order.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> layer = torch.nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
    >>> model = torch.nn.Sequential(torch.nn.Embedding(20, 8), layer, torch.nn.Linear(8, 20))
    >>> words = torch.arange(60).reshape(6, 10) % 20
    >>> [one.cause for one in no_positions(Probe.of(torch, model, None, words)).findings]
    ['no-positions']
    """
    return _safely("whether the order of a sequence is seen", lambda: _no_positions(probe))


def _no_positions(probe: Probe) -> Seen:
    torch, x = probe.torch, _sequence(probe)
    if x is None or not _attends(probe):
        return Seen()
    steps = x.shape[1]
    inner = 1 + torch.randperm(steps - 2, generator=torch.Generator().manual_seed(0))
    order = torch.cat([torch.tensor([0]), inner, torch.tensor([steps - 1])])  # the ends may be marks: they stay
    if not bool((x[:, order] != x).reshape(len(x), -1).any(1).float().mean() > 0.5):
        return Seen()

    def moved(one: Any) -> Any:
        along = one.ndim > 1 and one.shape[:2] == x.shape[:2]
        positions = along and bool((one == one[:1]).all())  # numbers of the places are no part of what stands there
        return one[:, order] if along and not positions else one

    shuffled = probe.map(probe.inputs, moved)

    def differs(model: Any) -> float:
        before, after = answers(probe, model=model), answers(probe, shuffled, model)
        found = [_change(torch, before, after)]
        if before.ndim > 1 and before.shape[1] == steps:
            found.append(_change(torch, before[:, order], after))
        return min((one for one in found if one == one), default=math.nan)

    least = differs(probe.fresh())
    if least < ALIKE:  # positions that are learned may all be 0 at the start
        least = max(least, differs(_stirred(probe)))
    if least != least:
        return Seen()
    fact = SHUFFLED_SEQUENCE.measured(least)
    if not least < ALIKE:
        return Seen([fact])
    if x.is_floating_point() and _smooth(x) < SMOOTH:
        return Seen()  # a set, which has no order
    words = "add positions before the first attention layer: `x = x + self.positions(torch.arange(x.size(1)))`"
    of_each_step = answers(probe).shape[1:2] == (steps,)  # one answer for all may well be a bag of words
    status: Status = "found" if of_each_step else "suspected"
    return Seen([fact], [Finding("no-positions", status, (fact,), detail=words)])


def _stirred(probe: Probe) -> Any:
    """A copy with a little added to every weight."""
    torch, model = probe.torch, probe.fresh()
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for one in model.parameters():
            if one.is_floating_point():
                one += (0.1 * torch.randn(one.shape, generator=generator)).to(one.dtype)
    return model


def wrong_end(probe: Probe) -> Seen:
    """Whether a recurrent module with one answer for a sequence reads it where next to nothing is known of it.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> class First(torch.nn.Module):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.read, self.out = torch.nn.GRU(3, 8, batch_first=True), torch.nn.Linear(8, 2)
    ...     def forward(self, x):
    ...         return self.out(self.read(x)[0][:, 0])
    >>> [one.cause for one in wrong_end(Probe.of(torch, First(), None, torch.rand(6, 9, 3))).findings]
    ['wrong-time-step']
    """
    return _safely("which step of a sequence the answer is read off", lambda: _wrong_end(probe))


def _wrong_end(probe: Probe) -> Seen:
    torch, x = probe.torch, _sequence(probe, flat=True)
    recurrent = [name for name, one in probe.model.named_modules() if isinstance(one, torch.nn.RNNBase)]
    if x is None or not recurrent or _attends(probe):
        return Seen()
    before = answers(probe)
    if before.ndim == 0 or len(before) != probe.rows or x.shape[1] in before.shape[1:]:
        return Seen()  # an answer for each step
    first, others = x.clone(), x.roll(1, 0)
    first[:, 0], others[:, 0] = x.roll(1, 0)[:, 0], x[:, 0]
    of_first, of_others = (_change(torch, before, answers(probe, _with(probe, x, one))) for one in (first, others))
    facts = [LATER_STEPS.measured(of_others)] if of_others == of_others else []
    if of_others < NEVER and of_first > DIFFERENT:
        words = f"after `{recurrent[-1]}` the first step is read, which has seen one: the last step, `[:, -1]`"
        return Seen(facts, [Finding("wrong-time-step", "found", (facts[0],), detail=words)])
    ratio = _before_padding(probe, x, before)
    if ratio is None:
        return Seen(facts)
    fact = BEFORE_PADDING.measured(ratio)
    if not ratio < FORGOTTEN:
        return Seen([*facts, fact])
    words = f"after `{recurrent[-1]}` the last step is read, and it is padding: `out[range(n), lengths - 1]`, or "
    words += "`pack_padded_sequence`"
    return Seen([*facts, fact], [Finding("wrong-time-step", "found", (fact,), detail=words)])


def _before_padding(probe: Probe, x: Any, before: Any) -> float | None:
    """How far other steps before the padding move the answers, to how far they do with the padding in front."""
    torch, (n, steps) = probe.torch, x.shape[:2]
    pad = x[:, -1].reshape(n, -1)
    same = (x.reshape(n, steps, -1) == pad.mode(0).values).all(2)  # which steps are like the commonest last step
    trailing = same.flip(1).long().cumprod(1).sum(1)
    rows = ((trailing >= max(steps // 3, 4)) & (trailing < steps)).nonzero().flatten()
    if (
        len(rows) < 4
        or len(trailing.unique()) < 2
        or not torch.equal(x[rows, -1].reshape(len(rows), -1)[0], pad[rows[0]])
    ):
        return None
    known = x[~same]
    generator = torch.Generator().manual_seed(0)
    other, front, other_front = x.clone(), x.clone(), x.clone()
    for row in rows.tolist():
        length = steps - int(trailing[row])
        drawn = known[torch.randint(len(known), (length,), generator=generator)]
        other[row, :length] = drawn
        front[row] = x[row].roll(int(trailing[row]), 0)
        other_front[row] = other[row].roll(int(trailing[row]), 0)
    asked = [before, *(answers(probe, _with(probe, x, one)) for one in (other, front, other_front))]
    a, b, c, d = (one[rows] for one in asked)
    at_end = float((c - d).square().mean().sqrt())
    if not at_end > TELLS * float(before.abs().max()) * 0.1:
        return None
    return float((a - b).square().mean().sqrt()) / at_end


def future_leak(probe: Probe) -> Seen:
    """Whether a module that is to say the next step sees it: its targets are its inputs, one step on.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> layer = torch.nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
    >>> model = torch.nn.Sequential(torch.nn.Embedding(20, 8), layer, torch.nn.Linear(8, 20))
    >>> words = torch.arange(66).reshape(6, 11) % 20
    >>> loss = lambda scores, y: torch.nn.functional.cross_entropy(scores.flatten(0, 1), y.flatten())
    >>> probe = Probe.of(torch, model, loss, (words[:, :-1], words[:, 1:]))
    >>> [one.cause for one in future_leak(probe).findings]
    ['future-leak']
    """
    return _safely("whether later steps are hidden", lambda: _future_leak(probe))


def _future_leak(probe: Probe) -> Seen:
    torch = probe.torch
    x = next((one for one in tensors_in(probe.inputs, torch) if _is_next(probe, one)), None)
    if x is None:
        return Seen()
    n, steps = x.shape[:2]
    half = steps // 2
    later = x.clone()
    later[:, half:] = x.roll(1, 0)[:, half:]
    if bool((later == x).all()):
        return Seen()

    def early(made: Any) -> Any:
        """The answers at the steps before the half."""
        if made.ndim >= 2 and len(made) == n * steps != n:
            made = made.reshape(n, steps, -1)
        if made.ndim < 2 or len(made) != n:
            return None
        if made.shape[1] == steps:
            return made[:, :half]
        return made[..., :half] if made.shape[-1] == steps else None

    before, after = early(answers(probe)), early(answers(probe, _with(probe, x, later)))
    if before is None or after is None:
        return Seen()
    moved = _change(torch, before, after, always=True)
    fact = LATER_TO_EARLIER.measured(moved)
    if not moved > DIFFERENT:
        return Seen([fact])
    return Seen([fact], [Finding("future-leak", "found", (fact,), detail=_how_it_leaks(probe))])


def _how_it_leaks(probe: Probe) -> str:
    torch = probe.torch
    for name, one in probe.model.named_modules():
        if isinstance(one, torch.nn.RNNBase) and one.bidirectional:
            return f"`{name}` reads from both ends: `bidirectional=False`"
    if _attends(probe):
        return "attention sees later steps: hand it a causal mask, `nn.Transformer.generate_square_subsequent_mask(T)`"
    for name, one in probe.model.named_modules():
        if isinstance(one, torch.nn.Conv1d) and one.padding not in ((0,), "valid"):
            return f"`{name}` pads both ends: pad (kernel - 1) steps on the left alone, `F.pad(x, (k - 1, 0))`"
    return "an output changes with later inputs: let each step see itself and earlier ones alone"


def _is_next(probe: Probe, x: Any) -> bool:
    """Whether the targets are this input, one step on: as they are given, or in the loss itself."""
    torch = probe.torch
    given = tensors_in(probe.targets if probe.targets is not None else _labels(probe), torch)
    y = next((one for one in given if one.ndim), None)
    if x.ndim < 2 or len(x) != probe.rows or x.shape[1] < FEWEST_STEPS:
        return False
    if y is None or y is x or y.numel() != x.numel() or bool((x == x[:, :1]).all()):
        return False
    wide = y.reshape(x.shape)
    if float((wide[:, :-1] == x[:, 1:]).double().mean()) >= SHIFTED:
        return True
    if x.is_floating_point() or not bool((wide == x).double().mean() >= SHIFTED):
        return False
    other = [wide.clone(), wide.clone()]  # the loss may do the shifting: then it never asks for the first step
    for targets, place in zip(other, (0, -1), strict=True):
        targets[:, place] = wide[:, place].roll(1, 0)
    own, first, last = (_loss_with(probe, y, one.reshape(y.shape)) for one in (y, *other))
    return own == first != last


def _labels(probe: Probe) -> Any:
    """The targets among the inputs, of a module that computes its own loss."""
    named = probe.inputs if isinstance(probe.inputs, dict) else {}
    return next((one for name, one in named.items() if name in ("labels", "targets", "target", "y")), None)


def _loss_with(probe: Probe, y: Any, targets: Any) -> float:
    """The loss with other targets in the place of these, wherever they are handed over."""
    inputs = _with(probe, y, targets)
    with probe.torch.no_grad():
        raw = probe.call(probe.fresh().train(False), inputs)
        return float(probe.loss_of(raw, targets if probe.targets is not None else None))


# ---- what sequences are


def _safely(what: str, look: Callable[[], Seen]) -> Seen:
    try:
        return look()
    except UsageError as error:
        return Seen(gaps=[Gap(what, error.message)])


def _sequence(probe: Probe, *, flat: bool = False) -> Any:
    """The input that is a sequence: whole numbers (n, steps), or (n, steps, features); `flat` floats (n, steps) too."""
    for one in tensors_in(probe.inputs, probe.torch):
        kind = one.ndim == 3 or (one.ndim == 2 and (flat or not one.is_floating_point()))
        if kind and len(one) == probe.rows >= 2 and one.shape[1] >= FEWEST_STEPS:
            return one
    return None


def _with(probe: Probe, x: Any, other: Any) -> Any:
    """The inputs with another tensor in the place of this one."""
    return probe.map(probe.inputs, lambda one: other if one is x else one)


def _change(torch: Any, before: Any, after: Any, *, always: bool = False) -> float:
    """The largest change, in standard deviations from row to row; NaN where answers hardly differ between rows."""
    if before.shape != after.shape or len(before) < 2 or not bool((before.isfinite() & after.isfinite()).all()):
        return float("nan")
    spread = float(before.std(0).square().mean().sqrt())
    if not spread > TELLS * float(before.abs().max()) and not always:
        return float("nan")
    return float((before - after).abs().max()) / max(spread, TELLS * float(before.abs().max()), 1e-30)


def _smooth(x: Any) -> float:
    """The correlation of steps with the ones after them."""
    centred = x.double() - x.double().mean((0, 1))
    whole = float(centred.square().mean())
    return float((centred[:, 1:] * centred[:, :-1]).mean()) / whole if whole else 0.0


def _attends(probe: Probe) -> bool:
    """Whether attention takes part: a layer of PyTorch's, its function, or a softmax over all pairs of steps."""
    torch = probe.torch
    if any(isinstance(one, torch.nn.MultiheadAttention) for one in probe.model.modules()):
        return True
    with _called(torch) as seen:
        answers(probe)
    return any(
        name == "scaled_dot_product_attention" or (name == "softmax" and len(shape) > 2 and shape[-1] == shape[-2] > 1)
        for name, shape in seen
    )


@contextmanager
def _called(torch: Any) -> Iterator[list[tuple[str, tuple[int, ...]]]]:
    """The functions of PyTorch that are called inside, and the shapes that they make."""
    seen: list[tuple[str, tuple[int, ...]]] = []

    class Listening(torch.overrides.TorchFunctionMode):  # type: ignore[misc]
        def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            made = function(*args, **(kwargs or {}))
            if isinstance(made, torch.Tensor):
                seen.append((getattr(function, "__name__", ""), tuple(made.shape)))
            return made

    with Listening():
        yield seen
