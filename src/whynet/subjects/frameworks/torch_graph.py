"""What a loss was computed of: read off the graph that its gradient goes back along, which keeps the targets."""

from __future__ import annotations

from contextlib import suppress
from typing import Any, NamedTuple

from whynet.subjects.frameworks.torch_nested import tensors_in

MOST_NODES = 400  # that are looked at between a loss and what it is computed of
SAVED = ("_saved_target", "_saved_indices", "_saved_index", "_saved_other", "_saved_self")
"""Where operations keep what they were given, as far as it may be targets."""
VIEWS = ("ViewBackward0", "SqueezeBackward0", "SqueezeBackward1", "UnsqueezeBackward0", "UnsafeViewBackward0")
TIMES, OVER = ("MulBackward0", "MulBackward1"), ("DivBackward0", "DivBackward1")


class Traced(NamedTuple):
    """The numbers that a loss was computed of: `held` are the tensors that operations on the way kept, `weights` those
    of classes; `factor` is what the loss was multiplied by in the end.

    >>> Traced(0.25, [], [], []).factor
    0.25
    """

    factor: float
    held: list[Any]
    weights: list[tuple[Any, int]]
    residuals: list[tuple[Any, int]]
    """Outputs less targets, and 1; or targets less outputs, and -1."""


def factor_of(value: Any) -> tuple[Any, float]:
    """The node where a loss was computed, and the constant that it was multiplied by afterwards.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> factor_of(torch.ones(2, requires_grad=True).sum() / 4)[1]
    0.25
    """
    node, factor = value.grad_fn, 1.0
    while node is not None and node.name() in TIMES + OVER:
        by = getattr(node, "_saved_other", None)
        nexts = [one for one, _ in node.next_functions if one is not None]
        if by is None or len(nexts) != 1 or getattr(by, "ndim", 0) > 0:
            break
        before = nexts[0]
        if not _scalar(before):
            break
        factor = factor * float(by) if node.name() in TIMES else factor / float(by)
        node = before
    return node, factor


def traced(value: Any, made: Any, torch: Any) -> Traced | None:
    """What the loss `value` was computed of, from the module's answer `made` on; None where it hangs on another thing.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> z = torch.nn.Linear(2, 3)(torch.ones(4, 2))
    >>> found = traced(torch.nn.functional.cross_entropy(z, torch.arange(4) % 3) / 2, z, torch)
    >>> found.held[0].tolist(), found.factor
    ([0, 1, 2, 0], 0.5)
    >>> traced(torch.ones(1, requires_grad=True).sum(), z, torch) is None
    True
    """
    start, factor = factor_of(value)
    ends = {one.grad_fn for one in tensors_in(made, torch) if one.grad_fn is not None}
    if not ends or start is None:
        return None
    if value.grad_fn in ends or start in ends:
        return Traced(factor, [], [], [])
    found, seen, todo = Traced(factor, [], [], []), {start}, [start]
    reached = False
    while todo and len(seen) < MOST_NODES:
        node = todo.pop(0)
        _collect(node, found, ends, torch)
        for after, _ in node.next_functions:
            if after in ends:
                reached = True
            elif after is not None and after not in seen:
                seen.add(after)
                todo.append(after)
    return found if reached or todo else None


def is_answer(value: Any, made: Any, torch: Any) -> bool:
    """Whether the loss, but for a constant factor, is one of the things that the module answered.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> z = torch.nn.Linear(2, 1)(torch.ones(1, 2)).sum()
    >>> is_answer(z / 2, {"loss": z}, torch), is_answer(z.exp(), {"loss": z}, torch)
    (True, False)
    """
    start, _ = factor_of(value)
    inside = [one.grad_fn for one in tensors_in(made, torch) if one.numel() == 1 and one.grad_fn is not None]
    return any(one is start or one is value.grad_fn for one in inside)


def _scalar(node: Any) -> bool:
    """Whether a node gives one number."""
    meta = getattr(node, "_input_metadata", None)
    return not meta or len(meta[0].shape) == 0


def _collect(node: Any, into: Traced, ends: set[Any], torch: Any) -> None:
    nexts = node.next_functions
    if nexts and nexts[0][0] is not None and nexts[0][0].name() == "SubBackward0":
        with suppress(RuntimeError):
            sides = [_is_end(one, ends) for one, _ in nexts[0][0].next_functions]
            kept = getattr(node, "_saved_self", None)
            if isinstance(kept, torch.Tensor) and kept.ndim and sides in ([True, False], [False, True]):
                into.residuals.append((kept.detach(), 1 if sides[0] else -1))
    for name in _kept_by(type(node)):
        try:
            kept = getattr(node, name)
        except RuntimeError:  # what was freed is no more to be had
            continue
        if name == "_saved_ignore_index":
            signed = int(kept) - (1 << 64) if int(kept) >= 1 << 63 else int(kept)
            into.weights.append((getattr(node, "_saved_weight", None), signed))
            continue
        for one in kept if isinstance(kept, (tuple, list)) else (kept,):
            if isinstance(one, torch.Tensor) and one.ndim and not one.requires_grad:
                into.held.append(_unbroadcast(one))


_KEPT: dict[Any, tuple[str, ...]] = {}


def _kept_by(kind: Any) -> tuple[str, ...]:
    """Which of these an operation of a kind keeps: asked once of each kind."""
    if kind not in _KEPT:
        _KEPT[kind] = tuple(name for name in (*SAVED, "_saved_ignore_index") if hasattr(kind, name))
    return _KEPT[kind]


def _is_end(node: Any, ends: set[Any]) -> bool:
    """Whether this is the module's answer, but for its shape."""
    while node is not None and node not in ends and node.name() in VIEWS:
        node = node.next_functions[0][0]
    return node in ends


def _unbroadcast(tensor: Any) -> Any:
    """Before it was repeated along an axis, which takes no memory: along the first, there was none."""
    shape, strides = tensor.shape, tensor.stride()
    for axis in range(tensor.ndim - 1, 0, -1):
        if shape[axis] > 1 and strides[axis] == 0:
            tensor = tensor.narrow(axis, 0, 1)
    return tensor[0] if shape[0] > 1 and strides[0] == 0 else tensor
