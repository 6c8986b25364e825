"""Backward: the gradient of one layer with mistakes made in it, and backpropagation that makes them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from whynet.mistakes.forward import Unbiased
from whynet.mistakes.gradient import KINDS
from whynet.mistakes.mistake import Mistake
from whynet.mistakes.passes import Pass
from whynet.network.layers import Dense
from whynet.network.network import Network, Trace
from whynet.params import Params
from whynet.types import Array, Targets


def of_layer(p: Pass, layer: int, raw: Array, mistakes: Sequence[Mistake]) -> tuple[Array, Array]:
    """dW and db of a layer, from the derivative of the loss in its outputs; its delta is left in `p.errors`.

    >>> layers = [(np.ones((2, 1)), np.zeros(1))]
    >>> p = Pass([np.ones((3, 2))], [np.full((3, 1), 2.0)], ["relu"], layers, np.zeros((3, 1)), "quadratic", abs, 3)
    >>> of_layer(p, 0, np.ones((3, 1)), [Mistake("bias-zero", 0, "b")])[1].tolist()
    [0.0]
    """
    p.raw[layer] = raw
    p.errors[layer] = p.through(layer, p.z[layer], raw)
    for one in _at(mistakes, layer, "error"):
        p.errors[layer] = _spoilt(p, one, p.errors[layer])
    W, b = p.x[layer].T @ p.errors[layer], p.errors[layer].sum(axis=0)
    for one in _at(mistakes, layer, "W"):
        W = _spoilt(p, one, W)
    for one in _at(mistakes, layer, "b"):
        b = _spoilt(p, one, b)
    return W, b


def whole(mistakes: Sequence[Mistake], rows: int) -> float:
    """What the whole gradient is multiplied by.

    >>> whole([Mistake("factor", -1, "all", -1.0), Mistake("summed", -1, "all")], rows=8)
    -8.0
    """
    return float(np.prod([one.factor * (rows if one.kind == "summed" else 1) for one in mistakes if one.part == "all"]))


def _at(mistakes: Sequence[Mistake], layer: int, part: str) -> Iterator[Mistake]:
    return (one for one in mistakes if one.layer == layer and one.part == part)


def _spoilt(p: Pass, mistake: Mistake, right: Array) -> Array:
    if mistake.kind == "factor":
        return mistake.factor * right
    if mistake.kind == "decay":
        return right + mistake.factor * p.layers[mistake.layer][1 if mistake.part == "b" else 0]
    wrong: Array | None = KINDS[mistake.kind].spoil(p, mistake.layer)
    if wrong is None or wrong.shape != right.shape:
        return right
    return wrong if mistake.factor == 1 else mistake.factor * wrong


@dataclass(frozen=True)
class WrongGradient:
    """Backpropagation with mistakes in it, instead of the right one: what an engine's task is handed.

    >>> network = Network([2, 3, 1], cost="quadratic", dtype="float64")
    >>> X, targets = np.ones((4, 2)), np.zeros((4, 1))
    >>> wrong = WrongGradient((Mistake("bias-zero", 1, "b"),))(network, network.forward(X), targets)
    >>> wrong[1]["b"].tolist(), bool((wrong[0]["W"] == network.gradients(X, targets)[0]["W"]).all())
    ([0.0], True)
    """

    mistakes: tuple[Mistake, ...]

    def __call__(
        self,
        network: Network,
        trace: Trace,
        targets: Targets,
        weights: Array | None = None,
        out: Params | None = None,
    ) -> Params:
        gradients = network.params.zeros() if out is None else out
        dense = list(dense_layers(network))
        p = _pass(network, trace, targets, weights)
        factor = whole(self.mistakes, len(targets))
        with np.errstate(all="ignore"):
            dy: Any = p.slope(targets)
            for index in reversed(range(len(network.layers))):
                if index in dense:
                    layer = dense.index(index)
                    dW, db = of_layer(p, layer, dy, self.mistakes)
                    named = {"W": dW, "b": db}
                    dy = p.errors[layer] @ p.layers[layer][0].T if index else None
                else:
                    memo = trace.memos[index]
                    dy, named = network.layers[index].backward(network.arrays(index), memo, dy, want_dx=index > 0)
                for name, value in named.items():
                    gradients[index][name][...] = value if factor == 1 else factor * value
        return gradients


def dense_layers(network: Network) -> dict[int, Dense]:
    """Where the dense layers are, and what they are.

    >>> list(dense_layers(Network([2, 3, 1], dropout=0.5)))
    [0, 2]
    """
    sound = [layer.sound if isinstance(layer, Unbiased) else layer for layer in network.layers]
    return {index: cast(Dense, layer) for index, layer in enumerate(sound) if layer.kind == Dense.kind}


def _pass(network: Network, trace: Trace, targets: Targets, weights: Array | None) -> Pass:
    dense = dense_layers(network)
    memos = [trace.memos[index] for index in dense]
    last = {len(dense) - 1: trace.scores} if len(network.layers) - 1 in dense else {}
    return Pass(
        [memo.x for memo in memos],
        [memo.z for memo in memos],
        [layer.activation for layer in dense.values()],
        [(network.params[index]["W"], network.params[index]["b"]) for index in dense],
        targets,
        network.cost_name,
        lambda t: network.cost.gradient(trace.scores, t, weights),
        len(targets),
        {layer: memo.activation for layer, memo in enumerate(memos)},
        known=last,
    )
