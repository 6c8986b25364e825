"""Formulas: activations and costs as people write them, each with its derivative."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from whynet.network.activations import ACTIVATIONS, Activation, LeakyReLU, activation
from whynet.types import Array

ACTS: dict[str, Activation] = {
    **{name: ACTIVATIONS[name] for name in ("sigmoid", "tanh", "relu")},  # the usual ones first
    **ACTIVATIONS,
    **{f"leaky-relu of {leak:g}": LeakyReLU(leak) for leak in (0.001, 0.05, 0.1, 0.2, 0.25, 0.3, 0.5)},
}


def _log(p: Array) -> Array:
    return np.log(np.maximum(p, 1e-300))


def act(name: str) -> Activation:
    """The activation of that name, also of one that was added to the table of `network/activations.py` since.

    >>> act("relu").kinked
    True
    """
    return ACTS[name] if name in ACTS else activation(name)


@dataclass(frozen=True)
class Loss:
    """A cost of outputs `a` against targets `t`, per row, and its derivative in `a`.

    >>> LOSSES["quadratic"].value(np.array([[1.0, 0.0]]), np.array([[0.0, 0.0]]))
    array([0.5])
    """

    value: Callable[[Array, Array], Array]
    slope: Callable[[Array, Array], Array]


LOSSES: dict[str, Loss] = {
    "quadratic": Loss(lambda a, t: 0.5 * np.sum((a - t) ** 2, axis=1), lambda a, t: a - t),
    "sigmoid-cross-entropy": Loss(
        lambda a, t: np.sum(np.logaddexp(0, a) - t * a, axis=1), lambda a, t: ACTS["sigmoid"].forward(a)[0] - t
    ),
    "softmax-cross-entropy": Loss(
        lambda a, t: np.sum(t * (np.logaddexp.reduce(a, axis=1, keepdims=True) - a), axis=1),
        lambda a, t: ACTS["softmax"].forward(a)[0] * t.sum(axis=1, keepdims=True) - t,
    ),
    "binary cross-entropy of the outputs": Loss(
        lambda a, t: -np.sum(t * _log(a) + (1 - t) * _log(1 - a), axis=1), lambda a, t: (a - t) / (a * (1 - a))
    ),
    "minus the log of the right output": Loss(lambda a, t: -np.sum(t * _log(a), axis=1), lambda a, t: -t / a),
    "absolute error": Loss(lambda a, t: np.abs(a - t).sum(axis=1), lambda a, t: np.sign(a - t)),
}
