"""The mistakes that people make in backpropagation: for each the wrong numbers, from a pass and a layer.

To add one, add a line to `KINDS`: the part that it spoils, its cause, its words, and the wrong numbers. It can then be
planted in a recipe, and is recognised in other people's gradients.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from whynet.mistakes.formulas import ACTS
from whynet.mistakes.kind import Kind
from whynet.mistakes.passes import Pass
from whynet.types import Array

Spoil = Callable[[Pass, int], Array | None]
"""From a pass and a layer to the wrong numbers; None where this mistake cannot be made."""


def _untransposed(p: Pass, layer: int) -> Array | None:
    """The delta of the layer above taken back by W where its transpose was meant."""
    W = p.layers[layer + 1][0]
    back = W if W.shape[0] == W.shape[1] else W.reshape(W.shape[1], W.shape[0])
    return p.through(layer, p.z[layer], p.errors[layer + 1] @ back)


def _transposed_order(p: Pass, layer: int) -> Array | None:
    """The same for weights kept as (out, in), whose numbers lie in another order."""
    W = p.layers[layer + 1][0]
    if W.shape[0] == W.shape[1]:
        return None
    return p.through(layer, p.z[layer], p.errors[layer + 1] @ W.T.reshape(W.shape).T)


def _of_another(p: Pass, layer: int, make: Callable[[int], Array]) -> Array | None:
    """From another layer of the same width, the nearest, rather the one above."""
    others = sorted(p.others(layer), key=lambda k: (abs(k - layer), -k))
    return make(others[0]) if others else None


def _value_slope(z: Array, a: Array, name: str) -> Array:
    """The derivative by the formula in terms of the value, at whatever `a` is."""
    slopes: dict[str, Array] = {"sigmoid": a * (1 - a), "tanh": 1 - a * a}
    return slopes.get(name, (a > 0).astype(float))


def _from_above(p: Pass, layer: int, change: Callable[[Array, Array], Array | None]) -> Array | None:
    """The layer's delta, by a changed product of the delta above and W."""
    back = change(p.errors[layer + 1], p.layers[layer + 1][0])
    return None if back is None or back.shape != p.z[layer].shape else p.through(layer, p.z[layer], back)


def _as_if(name: str) -> Spoil:
    """The derivative of another activation."""

    def spoil(p: Pass, layer: int) -> Array | None:
        return p.through(layer, p.z[layer], p.raw[layer], name) if p.acts[layer] != name else None

    return spoil


def _one_row(row: int) -> Spoil:
    return lambda p, layer: p.x[layer][row][:, None] * p.errors[layer][row][None]


def _rolled(by: int) -> Spoil:
    """The error of another row's targets."""

    def spoil(p: Pass, layer: int) -> Array | None:
        if len(p.t) < 2:
            return None
        return p.through(layer, p.z[layer], p.slope(np.roll(p.t, by, axis=0)))

    return spoil


def _without(error: Array, row: int) -> Array:
    left = error.copy()
    left[row] = 0
    return left


def _only(error: Array, row: int) -> Array:
    left = np.zeros_like(error)
    left[row] = error[row]
    return left


def _reshaped(p: Pass, layer: int) -> Array | None:
    dW = p.x[layer].T @ p.errors[layer]
    return dW.T if dW.shape[0] == dW.shape[1] else dW.T.reshape(dW.shape)


WRONG_SLOPE, WRONG_TERM = "gradient-wrong-derivative", "gradient-wrong-term"
KINDS: dict[str, Kind] = {
    "missing-slope": Kind(
        "error", "gradient-missing-derivative", "the derivative of the activation is left out",
        lambda p, i: p.raw[i]),
    "slope-of-value": Kind(
        "error", WRONG_SLOPE, "the derivative is taken at the activation's value a, where z was meant: f'(f(z))",
        lambda p, i: p.through(i, p.y(i), p.raw[i])),
    "naive-sigmoid": Kind(
        "error", "log-of-zero", "the derivative is e^z / (1 + e^z)^2, which for large z is inf / inf",
        lambda p, i: p.raw[i] * _overflowing(p.z[i]) if p.acts[i] == "sigmoid" else None, like=("sound",)),
    "value-formula-at-z": Kind(
        "error", WRONG_SLOPE, "the formula for the value is given z: z (1 - z) where a (1 - a) was meant",
        lambda p, i: p.raw[i] * _value_slope(p.z[i], p.z[i], p.acts[i])),
    "slope-twice": Kind(
        "error", WRONG_SLOPE, "the derivative of the activation is multiplied in twice",
        lambda p, i: p.through(i, p.z[i], p.through(i, p.z[i], p.raw[i]))),
    "value-for-slope": Kind(
        "error", WRONG_SLOPE, "the activation's value stands where its derivative was meant",
        lambda p, i: p.raw[i] * p.y(i)),
    "one-minus-value": Kind(
        "error", WRONG_SLOPE, "the derivative is 1 - a where a (1 - a) was meant",
        lambda p, i: p.raw[i] * (1 - p.y(i))),
    "z-for-slope": Kind(
        "error", WRONG_SLOPE, "the pre-activation z stands where the derivative was meant",
        lambda p, i: p.raw[i] * p.z[i]),
    **{
        f"slope-of-{name}": Kind(
            "error", WRONG_SLOPE, f"the derivative is that of {name}", _as_if(name))
        for name in ("sigmoid", "tanh", "relu")
    },
    "sigmoid-formula": Kind(
        "error", WRONG_SLOPE, "the derivative is a (1 - a), that of a sigmoid",
        lambda p, i: p.raw[i] * p.y(i) * (1 - p.y(i)) if p.acts[i] != "sigmoid" else None),
    "tanh-formula": Kind(
        "error", WRONG_SLOPE, "the derivative is 1 - a^2, that of tanh",
        lambda p, i: p.raw[i] * (1 - p.y(i) ** 2) if p.acts[i] != "tanh" else None),
    "plus-in-slope": Kind(
        "error", WRONG_SLOPE, "the derivative has a plus where a minus was meant: a (1 + a), or 1 + a^2",
        lambda p, i: p.raw[i] * (1 + p.y(i) ** 2 if "tanh" in p.acts[i] else p.y(i) * (1 + p.y(i)))),
    "slope-upside-down": Kind(
        "error", WRONG_SLOPE, "the derivative is that of the other half: z < 0 where z > 0 was meant",
        lambda p, i: p.raw[i] * (p.z[i] <= 0)),
    "slope-by-error": Kind(
        "error", WRONG_SLOPE, "what is let through is decided by the delta's sign, not by z",
        lambda p, i: p.raw[i] * (p.raw[i] > 0)),
    "slope-of-layer-before": Kind(
        "error", WRONG_SLOPE, "the derivative is that of another layer",
        lambda p, i: _of_another(p, i, lambda k: p.through(k, p.z[k], p.raw[i]))),
    "slope-from-inputs": Kind(
        "error", WRONG_SLOPE, "the derivative is taken from the layer's inputs, not from what it puts out",
        lambda p, i: p.raw[i] * _value_slope(p.x[i], p.x[i], p.acts[i])
        if p.x[i].shape == p.z[i].shape else None),
    "extra-output-slope": Kind(
        "error", WRONG_SLOPE, "the derivative of the sigmoid is multiplied in, which the cross-entropy has cancelled",
        lambda p, i: p.through(i, p.z[i], p.raw[i], "sigmoid")
        if p.acts[i] == "identity" and "entropy" in p.cost else None, "last", ("slope-of-sigmoid",)),
    "quadratic-error": Kind(
        "error", WRONG_TERM, "the delta at the outputs is a - t, as if derivative and cost cancelled",
        lambda p, i: p.unit(_probabilities(p) - p.t), "last", ("missing-slope",)),
    "quadratic-error-with-slope": Kind(
        "error", WRONG_TERM, "the delta at the outputs is (a - t) a (1 - a), that of another cost",
        lambda p, i: p.unit((_probabilities(p) - p.t) * _probabilities(p) * (1 - _probabilities(p))), "last"),
    "output-for-error": Kind(
        "error", WRONG_TERM, "the layer's output stands where its delta was meant",
        lambda p, i: p.unit(p.y(i))),
    "probabilities-for-error": Kind(
        "error", WRONG_TERM, "the outputs stand where the delta, outputs less targets, was meant",
        lambda p, i: p.unit(_probabilities(p)) if p.acts[i] == "identity" else None, "last"),
    "output-for-error-with-slope": Kind(
        "error", WRONG_TERM, "the layer's output, times the derivative, stands where its delta was meant",
        lambda p, i: p.through(i, p.z[i], p.unit(p.y(i)))),
    "z-for-error": Kind(
        "error", WRONG_TERM, "the layer's pre-activations stand where its delta was meant",
        lambda p, i: p.unit(p.z[i])),
    "targets-of-the-row-before": Kind(
        "error", WRONG_TERM, "the targets are those of the example before", _rolled(1), "last"),
    "targets-of-the-next-row": Kind(
        "error", WRONG_TERM, "the targets are those of the next example", _rolled(-1), "last"),
    "sign-of-error": Kind(
        "error", WRONG_TERM, "only the sign of the error counts, as for the absolute error",
        lambda p, i: p.through(i, p.z[i], p.unit(np.sign(p.raw[i]))), "last"),
    "sigmoid-for-softmax": Kind(
        "error", WRONG_TERM, "the probabilities are those of a sigmoid",
        lambda p, i: p.unit(ACTS["sigmoid"].forward(p.z[i])[0] - p.t), "last"),
    "softmax-for-sigmoid": Kind(
        "error", WRONG_TERM, "the probabilities are those of a softmax",
        lambda p, i: p.unit(ACTS["softmax"].forward(p.z[i])[0] - p.t), "last"),
    "softmax-of-columns": Kind(
        "error", WRONG_TERM, "the softmax runs over the batch, not over the classes",
        lambda p, i: p.unit(ACTS["softmax"].forward(p.z[i].T)[0].T - p.t), "last"),
    "softmax-over-batch": Kind(
        "error", "unstable-softmax", "the softmax is divided by the sum over the whole batch, not over a row's classes",
        lambda p, i: p.unit(np.exp(p.z[i] - np.logaddexp.reduce(p.z[i], axis=None)) - p.t),
        "last"),
    "scores-for-probabilities": Kind(
        "error", WRONG_TERM, "the error is the scores less the targets, before they were squashed",
        lambda p, i: p.unit(p.z[i] - p.t), "last"),
    "answers-for-scores": Kind(
        "error", WRONG_TERM, "the error is that of the predictions, 0 or 1, not of the scores",
        lambda p, i: p.through(i, p.z[i], p.unit(np.eye(p.z[i].shape[1])[p.z[i].argmax(axis=1)] - p.t)), "last"),
    "last-row-left-out": Kind(
        "error", WRONG_TERM, "the last example of the batch is left out", lambda p, i: _without(p.errors[i], -1)),
    "first-row-left-out": Kind(
        "error", WRONG_TERM, "the first example of the batch is left out", lambda p, i: _without(p.errors[i], 0)),
    "last-row-only": Kind(
        "error", WRONG_TERM, "only the last example of the batch counts", lambda p, i: _only(p.errors[i], -1)),
    "first-row-only": Kind(
        "error", WRONG_TERM, "only the first example of the batch counts", lambda p, i: _only(p.errors[i], 0)),
    "last-unit-left-out": Kind(
        "error", WRONG_TERM, "the last unit is left out", lambda p, i: _without(p.errors[i].T, -1).T),
    "target-for-error": Kind(
        "error", WRONG_TERM, "the targets stand where the delta was meant",
        lambda p, i: p.unit(-p.t), "last"),
    "plus-targets-for-error": Kind(
        "error", WRONG_TERM, "the targets stand where the delta, outputs less targets, was meant",
        lambda p, i: p.unit(p.t), "last"),
    "plus-targets-for-error-with-slope": Kind(
        "error", WRONG_TERM, "the targets, times the derivative, stand where the delta was meant",
        lambda p, i: p.through(i, p.z[i], p.unit(p.t)), "last"),
    "target-for-error-with-slope": Kind(
        "error", WRONG_TERM, "the targets, times the derivative, stand where the delta was meant",
        lambda p, i: p.through(i, p.z[i], p.unit(-p.t)), "last"),
    "not-transposed": Kind(
        "error", "gradient-wrong-transpose", "the delta is taken back by W where its transpose was meant",
        _untransposed, "hidden"),
    "reshaped-not-transposed": Kind(
        "error", "gradient-wrong-transpose", "W is reshaped where it was to be transposed",
        _transposed_order, "hidden"),
    "error-passed-on": Kind(
        "error", WRONG_TERM, "the delta of the layer above is passed on without its weights",
        lambda p, i: _from_above(p, i, lambda d, W: np.broadcast_to(d, p.z[i].shape)
                                 if d.shape[1] in (1, p.z[i].shape[1]) else None), "hidden"),
    "raw-error-passed-on": Kind(
        "error", WRONG_TERM, "the error of the layer above is passed on without its derivative and without its weights",
        lambda p, i: _from_above(p, i, lambda d, W: np.broadcast_to(p.raw[i + 1], p.z[i].shape)
                                 if p.raw[i + 1].shape[1] in (1, p.z[i].shape[1]) else None), "hidden"),
    "weights-of-another-layer": Kind(
        "error", WRONG_TERM, "the delta is taken back by the weights of another layer",
        lambda p, i: _from_above(p, i, lambda d, W: next(
            (d @ p.layers[k][0].T for k in (*range(i, -1, -1), *range(i + 2, len(p.layers)))
             if p.layers[k][0].shape == W.shape), None)), "hidden"),
    "error-without-slope-taken-back": Kind(
        "error", WRONG_TERM, "what is taken back is the layer above's delta before its derivative",
        lambda p, i: _from_above(p, i, lambda d, W: p.raw[i + 1] @ W.T), "hidden"),
    "output-error-taken-back": Kind(
        "error", WRONG_TERM, "the delta of the outputs is taken back, not that of the layer above",
        lambda p, i: _from_above(p, i, lambda d, W: p.errors[p.last] @ W.T
                                 if i + 1 != p.last and d.shape == p.errors[p.last].shape else None), "hidden"),
    "size-of-weights": Kind(
        "error", WRONG_TERM, "the delta is taken back by the sizes of the weights, without their signs",
        lambda p, i: _from_above(p, i, lambda d, W: d @ np.abs(W).T), "hidden"),
    "no-error-above": Kind(
        "error", WRONG_TERM, "the weights above are used, their delta is left out",
        lambda p, i: _from_above(p, i, lambda d, W: p.unit(np.ones_like(d) @ W.T)), "hidden"),
    "size-of-error": Kind(
        "error", WRONG_TERM, "the size of the delta is used, without its sign",
        lambda p, i: p.through(i, p.z[i], np.abs(p.raw[i]))),
    "squared-error": Kind(
        "error", WRONG_TERM, "the error is squared, where its derivative was meant",
        lambda p, i: p.through(i, p.z[i], p.raw[i] ** 2 * p.divisor), "last"),
    "inputs-before-activation": Kind(
        "W", WRONG_TERM, "the inputs are taken before their activation (z where a was meant)",
        lambda p, i: p.z[i - 1].T @ p.errors[i], "later"),
    "own-outputs-as-inputs": Kind(
        "W", WRONG_TERM, "the layer's own outputs stand where its inputs were meant",
        lambda p, i: p.y(i).T @ p.errors[i] if p.x[i].shape == p.y(i).shape else None),
    "inputs-of-another-layer": Kind(
        "W", WRONG_TERM, "the inputs are those of another layer",
        lambda p, i: next(
            (p.x[k].T @ p.errors[i] for k in range(i - 1, -1, -1) if p.x[k].shape == p.x[i].shape), None), "later"),
    "weights-error-without-slope": Kind(
        "W", "gradient-missing-derivative", "the derivative of the activation is left out in the weights alone",
        lambda p, i: p.x[i].T @ p.raw[i]),
    "weights-error-of-another-layer": Kind(
        "W", WRONG_TERM, "the delta is that of another layer",
        lambda p, i: _of_another(p, i, lambda k: p.x[i].T @ (p.errors[k] if k in p.errors else p.raw[i]))),
    "weights-value-for-error": Kind(
        "W", WRONG_TERM, "the layer's outputs stand where its delta was meant",
        lambda p, i: p.unit(p.x[i].T @ p.y(i))),
    "weights-z-for-error": Kind(
        "W", WRONG_TERM, "the layer's pre-activations stand where its delta was meant",
        lambda p, i: p.unit(p.x[i].T @ p.z[i])),
    "wrong-term": Kind(
        "W", WRONG_TERM, "the layer's own pre-activations, squashed, stand where its delta was meant",
        lambda p, i: p.unit(p.x[i].T @ np.tanh(p.z[i])), "hidden"),
    "product-of-means": Kind(
        "W", WRONG_TERM, "inputs and deltas are averaged before they are multiplied",
        lambda p, i: p.x[i].mean(axis=0)[:, None] * p.errors[i].sum(axis=0)),
    "weights-last-row-left-out": Kind(
        "W", WRONG_TERM, "the last example of the batch is left out",
        lambda p, i: p.x[i][:-1].T @ p.errors[i][:-1] if len(p.x[i]) > 1 else None),
    "inputs-left-out": Kind(
        "W", WRONG_TERM, "the inputs are left out",
        lambda p, i: np.ones_like(p.x[i]).T @ p.errors[i]),
    "transposed-gradient": Kind(
        "W", "gradient-wrong-transpose", "it is the transpose of what was meant", _reshaped),
    "weights-first-example": Kind("W", WRONG_TERM, "only the first example of the batch counts", _one_row(0)),
    "weights-last-example": Kind("W", WRONG_TERM, "only the last example of the batch counts", _one_row(-1)),
    "weights-size-only": Kind(
        "W", WRONG_TERM, "its sign is lost", lambda p, i: np.abs(p.x[i].T @ p.errors[i])),
    "weights-zero": Kind(
        "W", "layer-not-updated", "it is 0", lambda p, i: np.zeros_like(p.layers[i][0])),
    "bias-zero": Kind(
        "b", "bias-not-updated", "it is 0: the biases are skipped", lambda p, i: np.zeros_like(p.layers[i][1])),
    "bias-wrong-axis": Kind(
        "b", "bias-not-updated", "it is summed over the units, not over the examples",
        lambda p, i: _over_units(p.errors[i])),
    "bias-summed-whole": Kind(
        "b", "bias-not-updated", "it is one number for all units: the sum over examples and units",
        lambda p, i: np.full(p.errors[i].shape[1], p.errors[i].sum())),
    "bias-averaged-whole": Kind(
        "b", "bias-not-updated", "it is one number for all units: the sum over examples, averaged over units",
        lambda p, i: np.full(p.errors[i].shape[1], p.errors[i].sum(axis=0).mean())),
    "bias-without-slope": Kind(
        "b", "gradient-missing-derivative", "the derivative of the activation is left out in the biases alone",
        lambda p, i: p.raw[i].sum(axis=0)),
    "bias-first-example": Kind("b", "bias-not-updated", "only the first example of the batch counts",
                               lambda p, i: p.errors[i][0]),
    "bias-last-example": Kind("b", "bias-not-updated", "only the last example of the batch counts",
                              lambda p, i: p.errors[i][-1]),
    "bias-of-another-layer": Kind(
        "b", "bias-not-updated", "it is that of another layer",
        lambda p, i: _of_another(
            p, i, lambda k: (p.errors[k] if k in p.errors else p.raw[i]).sum(axis=0))),
    "bias-times-value": Kind(
        "b", "bias-not-updated", "the delta is multiplied by the layer's outputs",
        lambda p, i: (p.errors[i] * p.y(i)).sum(axis=0)),
    "bias-value": Kind(
        "b", "bias-not-updated", "the layer's outputs stand where its delta was meant",
        lambda p, i: p.unit(p.y(i).sum(axis=0))),
    "bias-of-itself": Kind(
        "b", "bias-not-updated", "the biases themselves stand where their gradient was meant",
        lambda p, i: p.unit(p.layers[i][1])),
    "bias-size-only": Kind("b", WRONG_TERM, "its sign is lost", lambda p, i: np.abs(p.errors[i].sum(axis=0))),
}  # fmt: skip


def _probabilities(p: Pass) -> Array:
    """What the outputs say, squashed as their cost squashes them."""
    a = p.y(p.last)
    if p.acts[p.last] != "identity":
        return a
    name = {"sigmoid-cross-entropy": "sigmoid", "softmax-cross-entropy": "softmax"}.get(p.cost, "identity")
    squashed: Array = ACTS[name].forward(a)[0]
    return squashed


def _overflowing(z: Array) -> Array:
    e = np.exp(z)
    slope: Array = e / (1 + e) ** 2
    return slope


def _over_units(error: Array) -> Array | None:
    total = error.sum(axis=1)
    return total if len(total) == error.shape[1] else None
