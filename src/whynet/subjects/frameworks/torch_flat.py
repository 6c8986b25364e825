"""What stands between a module's answer and its loss and lets no gradient through: roundings, tensors made anew."""

from __future__ import annotations

from typing import Any

from whynet.subjects.frameworks.torch_nested import tensors_in

FLAT = {
    "RoundBackward0": "round", "RoundBackward1": "round", "SignBackward0": "sign", "SgnBackward0": "sgn",
    "FloorBackward0": "floor", "CeilBackward0": "ceil", "TruncBackward0": "trunc",
}  # fmt: skip
"""Operations whose slope is 0 wherever they have one."""
MOST_NODES = 400


def cut_before_loss(value: Any, made: Any, torch: Any) -> str:
    """Why no gradient comes from the loss `value` to the module's answer `made`, in words; empty where one does.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> z = torch.nn.Linear(2, 1)(torch.ones(4, 2))
    >>> cut_before_loss(z.round().mean(), z, torch)
    '`round` has no slope: hand the loss the outputs as they are, not rounded'
    >>> cut_before_loss((z + (z.round() - z).detach()).mean(), z, torch)  # straight through
    ''
    >>> cut_before_loss((z.round() + z).mean(), z, torch)
    ''
    >>> cut_before_loss(torch.tensor(z.mean().item(), requires_grad=True), z, torch).split(":")[0]
    'the loss that `backward()` is called on was not computed from the outputs'
    """
    ends = {one.grad_fn for one in tensors_in(made, torch) if one.grad_fn is not None}
    if not ends:
        return ""
    if value.grad_fn is None:
        return (
            "the loss that `backward()` is called on was not computed from the outputs: `argmax`, a comparison, "
            "`.item()`, `.numpy()` or `torch.tensor(...)` end the chain, and `requires_grad` does not mend it"
        )
    seen, todo, flat = {value.grad_fn}, [value.grad_fn], ""
    while todo:
        node = todo.pop()
        if node in ends or len(seen) > MOST_NODES:
            return ""
        if node.name() in FLAT:
            flat = flat or f"`{FLAT[node.name()]}` has no slope: hand the loss the outputs as they are, not rounded"
            continue
        for after, _ in node.next_functions:
            if after is not None and after not in seen:
                seen.add(after)
                todo.append(after)
    return flat
