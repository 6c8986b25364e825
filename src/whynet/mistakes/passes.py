"""A pass: one forward and backward pass of a dense network, in which any step can be done wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from whynet.mistakes.formulas import act
from whynet.types import Array


@dataclass
class Pass:
    """What a forward pass left, and what the way back has come to: for each layer its inputs `x`, its pre-activations
    `z`, the name of its activation and its `(W, b)`; the targets `t`; the cost, and its `slope`, the derivative by the
    outputs for these targets.

    >>> import numpy as np
    >>> layers = [(np.ones((2, 1)), np.zeros(1))]
    >>> p = Pass([np.ones((3, 2))], [np.full((3, 1), 2.0)], ["relu"], layers, np.zeros((3, 1)), "quadratic", abs, 3)
    >>> p.last, p.y(0).ravel().tolist()
    (0, [2.0, 2.0, 2.0])
    """

    x: Sequence[Array]
    z: Sequence[Array]
    acts: Sequence[str]
    layers: Sequence[tuple[Array, Array]]
    t: Array
    cost: str
    slope: Callable[[Array], Array]
    divisor: float
    """What the sum over the rows is divided by."""
    memos: Mapping[int, Any] = field(default_factory=dict)
    """What activations kept for their derivative, where it is known."""
    raw: dict[int, Array] = field(default_factory=dict)
    """Of each layer passed, the derivative of the loss in its outputs, before its activation."""
    errors: dict[int, Array] = field(default_factory=dict)
    """Of each layer passed, the derivative of the loss in its pre-activations."""
    known: dict[int, Array] = field(default_factory=dict)
    """What layers put out, as far as it was asked for."""

    @property
    def last(self) -> int:
        """The output layer."""
        return len(self.layers) - 1

    def y(self, layer: int) -> Array:
        """What a layer puts out."""
        if layer not in self.known:
            self.known[layer] = act(self.acts[layer]).forward(self.z[layer])[0]
        return self.known[layer]

    def through(self, layer: int, z: Array, da: Array, name: str | None = None) -> Array:
        """`da` times the derivative of the layer's activation at `z`."""
        one = act(name or self.acts[layer])
        kept = self.memos.get(layer) if name is None and z is self.z[layer] else None
        found: Array = one.backward(one.forward(z)[1] if kept is None else kept, da)
        return found

    def unit(self, term: Array) -> Array:
        """A term that stands where a derivative of the loss was meant, in its unit: a share of the sum over rows."""
        return term / self.divisor

    def others(self, layer: int) -> list[int]:
        """Other layers of the same width."""
        return [k for k in range(len(self.z)) if k != layer and self.z[k].shape == self.z[layer].shape]
