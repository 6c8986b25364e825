"""The terms of a loss that is their sum, told by the graph that its value carries."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from typing import Any

SUMS = ("AddBackward0", "SubBackward0")
AROUND = ("MulBackward0", "DivBackward0", "NegBackward0", "ViewBackward0", "SqueezeBackward0", "ReshapeAliasBackward0")
"""Of a term: a number before it or below it, a sign, another shape."""


def terms_in(value: Any) -> list[Any]:
    """The node of each term in the graph of a loss, its weight within it, in the order in which they are added; one
    where the loss is no sum.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> z = torch.ones(3, requires_grad=True)
    >>> [name_of(one) for one in terms_in(z.mean() + 10 * (z.pow(2).sum() - z.exp().mean()) / 2)]
    ['mean', 'sum of pow', 'mean of exp']
    >>> [name_of(one) for one in terms_in((z + z * 2).sum())]
    ['sum of add']
    """
    node = getattr(value, "grad_fn", None)
    return [] if node is None or value.numel() != 1 else list(dict.fromkeys(_split(node)))


def _split(node: Any) -> list[Any]:
    below = _below(node)
    if node.name() in SUMS:
        return [term for one in below for term in _split(one)]
    if node.name() in AROUND and len(below) == 1:
        inner = _split(below[0])
        return inner if len(inner) > 1 else [node]
    return [node]


def _below(node: Any) -> list[Any]:
    return [one for one, _ in node.next_functions if one is not None]


def name_of(node: Any) -> str:
    """What a term is, in the words of the functions that made it.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> z = torch.ones(2, 3, requires_grad=True)
    >>> name_of((5 * torch.nn.functional.cross_entropy(z, torch.tensor([0, 1]))).grad_fn)
    'cross_entropy'
    """
    while node.name() in AROUND and len(_below(node)) == 1:
        node = _below(node)[0]
    below = _below(node)
    own, inner = _function(node), _function(below[0]) if below else ""
    if (own, inner) == ("nll_loss", "log_softmax"):
        return "cross_entropy"
    reduced = own in ("mean", "sum", "norm") and inner not in ("", "accumulate_grad")
    return f"{own} of {inner}" if reduced else own


def _function(node: Any) -> str:
    plain = re.sub(r"(Backward)?\d*(::.*)?$", "", node.name().rpartition("::")[2])
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", plain).lower()


def gradients_of_terms(torch: Any, value: Any, parameters: Sequence[Any]) -> dict[str, float]:
    """The length of each term's gradient: that of the loss, with the gradients of the other terms made 0. Nothing
    where the loss has fewer than two terms.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> w = torch.ones(4, requires_grad=True)
    >>> gradients_of_terms(torch, w.sum() + 100 * w.pow(2).sum(), [w])
    {'sum': 2.0, 'sum of pow': 400.0}
    """
    nodes, lengths = terms_in(value), {}
    if len(nodes) < 2:
        return {}
    for place, node in enumerate(nodes):
        others = [one.register_prehook(times(0.0)) for one in nodes if one is not node]
        slopes = torch.autograd.grad(value, list(parameters), retain_graph=True, allow_unused=True)
        for one in others:
            one.remove()
        name = name_of(node)
        name = name if name not in lengths else f"{name} (term {place + 1})"
        lengths[name] = math.sqrt(sum(float(slope.pow(2).sum()) for slope in slopes if slope is not None))
    return lengths


def times(factor: float) -> Callable[[Any], Any]:
    """Before a node of the graph: its gradient, so many times as long.

    >>> times(0.5)((4.0, None))
    (2.0, None)
    """
    return lambda given: tuple(one if one is None else one * factor for one in given)
