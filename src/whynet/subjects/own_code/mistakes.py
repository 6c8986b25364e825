"""The mistakes people make in backpropagation, each made on purpose: what gradient they give.

`Pass` is one forward and backward pass in which any step can be done wrong; `KINDS` says how. To add one, add a line
there: the part that it spoils, its cause, its words, and the wrong numbers as a function of the pass and the layer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from whynet.subjects.own_code.anatomy import ACTS, LOSSES, Anatomy
from whynet.types import Array


@dataclass(frozen=True)
class Mistake:
    """One mistake: the kind (a key of `KINDS`, `"factor"`, or `"decay"`: a multiple of the parameters added), the layer
    (0 is the first with weights; -1 all of them), the part that it spoils: `"error"` (the layer's delta, and with it
    all before), `"W"`, `"b"` or `"all"`.

    >>> Mistake("missing-slope", 1, "error").cause
    'gradient-missing-derivative'
    """

    kind: str
    layer: int
    part: str
    factor: float = 1.0

    @property
    def cause(self) -> str:
        """The cause, of the closed list."""
        if self.kind == "factor":
            return "gradient-sign-flipped" if self.factor < 0 else "gradient-not-averaged"
        return WRONG_TERM if self.kind == "decay" else KINDS[self.kind].cause

    @property
    def words(self) -> str:
        """What was done wrong."""
        if self.kind == "decay":
            what = "the biases" if self.part == "b" else "the weights"
            return f"it has {self.factor:+.4g} times {what} themselves in it, a penalty that the loss has not"
        return KINDS[self.kind].words if self.kind != "factor" else factor_in_words(self.factor)


def factor_in_words(factor: float, rows: int | None = None) -> str:
    """What a factor between two gradients means.

    >>> factor_in_words(-1.0)
    'it has the wrong sign: it points uphill'
    >>> factor_in_words(7.0, rows=7)
    'it is 7 times too large: summed over the batch of 7 where the loss takes the mean'
    """
    if np.isclose(factor, -1, rtol=1e-3):
        return "it has the wrong sign: it points uphill"
    sign = "it has the wrong sign, and " if factor < 0 else "it "
    size = abs(factor)
    if rows and rows > 1 and np.isclose(size, rows, rtol=1e-3):
        return f"{sign}is {size:g} times too large: summed over the batch of {rows} where the loss takes the mean"
    if rows and rows > 1 and np.isclose(size, 1 / rows, rtol=1e-3):
        return f"{sign}is {rows} times too small: averaged over the batch of {rows} where the loss takes the sum"
    if np.isclose(size, 2, rtol=1e-3):
        return f"{sign}is twice the true one: the loss has a factor 1/2 that the gradient leaves out"
    if np.isclose(size, 0.5, rtol=1e-3):
        return f"{sign}is half the true one: the gradient is that of a loss with a factor 1/2"
    return f"{sign}is {size:.4g} times the true one"


# ---- a backward pass in which any step can be done wrong


@dataclass
class Pass:
    """One forward and backward pass of an identified network: `a[0]` is X, `a[l + 1]` what layer l puts out.

    >>> Pass.__name__
    'Pass'
    """

    anatomy: Anatomy
    layers: Sequence[tuple[Array, Array]]
    a: list[Array]
    z: list[Array]
    t: Array
    raw: list[Array] = field(default_factory=list)
    """Per layer the derivative of the loss in its outputs, before its activation."""
    errors: list[Array] = field(default_factory=list)
    """Per layer the derivative of the loss in its pre-activations."""

    @property
    def last(self) -> int:
        """The output layer."""
        return len(self.layers) - 1

    def through(self, layer: int, z: Array, da: Array, name: str | None = None) -> Array:
        """`da` times the derivative of the layer's activation at `z`."""
        one = ACTS[name or self.anatomy.act(layer)]
        found: Array = one.backward(one.forward(z)[1], da)
        return found

    def others(self, layer: int) -> list[int]:
        """Other layers of the same width."""
        return [k for k in range(len(self.z)) if k != layer and self.z[k].shape == self.z[layer].shape]


Spoil = Callable[[Pass, int], Array | None]
"""From a pass and a layer to the wrong numbers; None where this mistake cannot be made."""


@dataclass(frozen=True)
class Kind:
    """A kind of mistake: what it spoils, its cause, how it is put into words.

    >>> KINDS["missing-slope"].part
    'error'
    """

    part: str
    cause: str
    words: str
    spoil: Spoil


def _untransposed(p: Pass, layer: int) -> Array | None:
    """The delta of the layer above taken back by W where its transpose was meant."""
    if layer == p.last:
        return None
    W = p.layers[layer + 1][0]
    back = W if W.shape[0] == W.shape[1] else W.reshape(W.shape[1], W.shape[0])
    return p.through(layer, p.z[layer], p.errors[layer + 1] @ back)


def _transposed_order(p: Pass, layer: int) -> Array | None:
    """The same for weights kept as (out, in), whose numbers lie in another order."""
    if layer == p.last:
        return None
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
    if layer == p.last:
        return None
    back = change(p.errors[layer + 1], p.layers[layer + 1][0])
    return None if back is None or back.shape != p.z[layer].shape else p.through(layer, p.z[layer], back)


def _as_if(name: str) -> Spoil:
    """The derivative of another activation."""

    def spoil(p: Pass, layer: int) -> Array | None:
        return p.through(layer, p.z[layer], p.raw[layer], name) if p.anatomy.act(layer) != name else None

    return spoil


def _one_row(row: int) -> Spoil:
    return lambda p, layer: p.a[layer][row][:, None] * p.errors[layer][row][None]


def _rolled(by: int) -> Spoil:
    """The error of another row's targets."""

    def spoil(p: Pass, layer: int) -> Array | None:
        if layer != p.last or len(p.t) < 2:
            return None
        raw = LOSSES[p.anatomy.cost].slope(p.a[-1], np.roll(p.t, by, axis=0))
        return p.through(layer, p.z[layer], raw)

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
    dW = p.a[layer].T @ p.errors[layer]
    return dW.T if dW.shape[0] == dW.shape[1] else dW.T.reshape(dW.shape)


WRONG_SLOPE, WRONG_TERM = "gradient-wrong-derivative", "gradient-wrong-term"
KINDS: dict[str, Kind] = {
    "missing-slope": Kind(
        "error", "gradient-missing-derivative", "the derivative of the activation is left out",
        lambda p, i: p.raw[i]),
    "slope-of-value": Kind(
        "error", WRONG_SLOPE, "the derivative is taken at the activation's value a, where z was meant: f'(f(z))",
        lambda p, i: p.through(i, p.a[i + 1], p.raw[i])),
    "value-formula-at-z": Kind(
        "error", WRONG_SLOPE, "the formula for the value is given z: z (1 - z) where a (1 - a) was meant",
        lambda p, i: p.raw[i] * _value_slope(p.z[i], p.z[i], p.anatomy.act(i))),
    "slope-twice": Kind(
        "error", WRONG_SLOPE, "the derivative of the activation is multiplied in twice",
        lambda p, i: p.through(i, p.z[i], p.through(i, p.z[i], p.raw[i]))),
    "value-for-slope": Kind(
        "error", WRONG_SLOPE, "the activation's value stands where its derivative was meant",
        lambda p, i: p.raw[i] * p.a[i + 1]),
    "one-minus-value": Kind(
        "error", WRONG_SLOPE, "the derivative is 1 - a where a (1 - a) was meant",
        lambda p, i: p.raw[i] * (1 - p.a[i + 1])),
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
        lambda p, i: p.raw[i] * p.a[i + 1] * (1 - p.a[i + 1]) if p.anatomy.act(i) != "sigmoid" else None),
    "tanh-formula": Kind(
        "error", WRONG_SLOPE, "the derivative is 1 - a^2, that of tanh",
        lambda p, i: p.raw[i] * (1 - p.a[i + 1] ** 2) if p.anatomy.act(i) != "tanh" else None),
    "plus-in-slope": Kind(
        "error", WRONG_SLOPE, "the derivative has a plus where a minus was meant: a (1 + a), or 1 + a^2",
        lambda p, i: p.raw[i] * (1 + p.a[i + 1] ** 2 if "tanh" in p.anatomy.act(i) else p.a[i + 1] * (1 + p.a[i + 1]))),
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
        lambda p, i: p.raw[i] * _value_slope(p.a[i], p.a[i], p.anatomy.act(i))
        if p.a[i].shape == p.z[i].shape else None),
    "extra-output-slope": Kind(
        "error", WRONG_SLOPE, "the derivative of the sigmoid is multiplied in, which the cross-entropy has cancelled",
        lambda p, i: p.through(i, p.z[i], p.raw[i], "sigmoid")
        if i == p.last and p.anatomy.output == "identity" and "entropy" in p.anatomy.cost else None),
    "quadratic-error": Kind(
        "error", WRONG_TERM, "the delta at the outputs is a - t, as if derivative and cost cancelled",
        lambda p, i: _probabilities(p) - p.t if i == p.last else None),
    "quadratic-error-with-slope": Kind(
        "error", WRONG_TERM, "the delta at the outputs is (a - t) a (1 - a), that of another cost",
        lambda p, i: (_probabilities(p) - p.t) * _probabilities(p) * (1 - _probabilities(p)) if i == p.last else None),
    "output-for-error": Kind(
        "error", WRONG_TERM, "the layer's output stands where its delta was meant",
        lambda p, i: p.a[i + 1]),
    "probabilities-for-error": Kind(
        "error", WRONG_TERM, "the outputs stand where the delta, outputs less targets, was meant",
        lambda p, i: _probabilities(p) if i == p.last and p.anatomy.output == "identity" else None),
    "output-for-error-with-slope": Kind(
        "error", WRONG_TERM, "the layer's output, times the derivative, stands where its delta was meant",
        lambda p, i: p.through(i, p.z[i], p.a[i + 1])),
    "z-for-error": Kind(
        "error", WRONG_TERM, "the layer's pre-activations stand where its delta was meant",
        lambda p, i: p.z[i]),
    "targets-of-the-row-before": Kind(
        "error", WRONG_TERM, "the targets are those of the example before", _rolled(1)),
    "targets-of-the-next-row": Kind(
        "error", WRONG_TERM, "the targets are those of the next example", _rolled(-1)),
    "sign-of-error": Kind(
        "error", WRONG_TERM, "only the sign of the error counts, as for the absolute error",
        lambda p, i: p.through(i, p.z[i], np.sign(p.raw[i])) if i == p.last else None),
    "sigmoid-for-softmax": Kind(
        "error", WRONG_TERM, "the probabilities are those of a sigmoid",
        lambda p, i: ACTS["sigmoid"].forward(p.z[i])[0] - p.t if i == p.last else None),
    "softmax-for-sigmoid": Kind(
        "error", WRONG_TERM, "the probabilities are those of a softmax",
        lambda p, i: ACTS["softmax"].forward(p.z[i])[0] - p.t if i == p.last else None),
    "softmax-over-batch": Kind(
        "error", WRONG_TERM, "the softmax runs over the batch, not over the classes",
        lambda p, i: ACTS["softmax"].forward(p.z[i].T)[0].T - p.t if i == p.last else None),
    "scores-for-probabilities": Kind(
        "error", WRONG_TERM, "the error is the scores less the targets, before they were squashed",
        lambda p, i: p.z[i] - p.t if i == p.last else None),
    "answers-for-scores": Kind(
        "error", WRONG_TERM, "the error is that of the predictions, 0 or 1, not of the scores",
        lambda p, i: p.through(i, p.z[i], np.eye(p.z[i].shape[1])[p.z[i].argmax(axis=1)] - p.t)
        if i == p.last else None),
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
        lambda p, i: -p.t if i == p.last else None),
    "plus-targets-for-error": Kind(
        "error", WRONG_TERM, "the targets stand where the delta, outputs less targets, was meant",
        lambda p, i: p.t if i == p.last else None),
    "plus-targets-for-error-with-slope": Kind(
        "error", WRONG_TERM, "the targets, times the derivative, stand where the delta was meant",
        lambda p, i: p.through(i, p.z[i], p.t) if i == p.last else None),
    "target-for-error-with-slope": Kind(
        "error", WRONG_TERM, "the targets, times the derivative, stand where the delta was meant",
        lambda p, i: p.through(i, p.z[i], -p.t) if i == p.last else None),
    "not-transposed": Kind(
        "error", "gradient-wrong-transpose", "the delta is taken back by W where its transpose was meant",
        _untransposed),
    "reshaped-not-transposed": Kind(
        "error", "gradient-wrong-transpose", "W is reshaped where it was to be transposed",
        _transposed_order),
    "error-passed-on": Kind(
        "error", WRONG_TERM, "the delta of the layer above is passed on without its weights",
        lambda p, i: _from_above(p, i, lambda d, W: np.broadcast_to(d, p.z[i].shape)
                                 if d.shape[1] in (1, p.z[i].shape[1]) else None)),
    "raw-error-passed-on": Kind(
        "error", WRONG_TERM, "the error of the layer above is passed on without its derivative and without its weights",
        lambda p, i: _from_above(p, i, lambda d, W: np.broadcast_to(p.raw[i + 1], p.z[i].shape)
                                 if p.raw[i + 1].shape[1] in (1, p.z[i].shape[1]) else None)),
    "weights-of-another-layer": Kind(
        "error", WRONG_TERM, "the delta is taken back by the weights of another layer",
        lambda p, i: _from_above(p, i, lambda d, W: next(
            (d @ p.layers[k][0].T for k in (*range(i, -1, -1), *range(i + 2, len(p.layers)))
             if p.layers[k][0].shape == W.shape), None))),
    "error-without-slope-taken-back": Kind(
        "error", WRONG_TERM, "what is taken back is the layer above's delta before its derivative",
        lambda p, i: _from_above(p, i, lambda d, W: p.raw[i + 1] @ W.T)),
    "output-error-taken-back": Kind(
        "error", WRONG_TERM, "the delta of the outputs is taken back, not that of the layer above",
        lambda p, i: _from_above(p, i, lambda d, W: p.errors[p.last] @ W.T
                                 if i + 1 != p.last and d.shape == p.errors[p.last].shape else None)),
    "size-of-weights": Kind(
        "error", WRONG_TERM, "the delta is taken back by the sizes of the weights, without their signs",
        lambda p, i: _from_above(p, i, lambda d, W: d @ np.abs(W).T)),
    "no-error-above": Kind(
        "error", WRONG_TERM, "the weights above are used, their delta is left out",
        lambda p, i: _from_above(p, i, lambda d, W: np.ones_like(d) @ W.T)),
    "size-of-error": Kind(
        "error", WRONG_TERM, "the size of the delta is used, without its sign",
        lambda p, i: p.through(i, p.z[i], np.abs(p.raw[i]))),
    "squared-error": Kind(
        "error", WRONG_TERM, "the error is squared, where its derivative was meant",
        lambda p, i: p.through(i, p.z[i], p.raw[i] ** 2) if i == p.last else None),
    "inputs-before-activation": Kind(
        "W", WRONG_TERM, "the inputs are taken before their activation (z where a was meant)",
        lambda p, i: p.z[i - 1].T @ p.errors[i] if i > 0 else None),
    "own-outputs-as-inputs": Kind(
        "W", WRONG_TERM, "the layer's own outputs stand where its inputs were meant",
        lambda p, i: p.a[i + 1].T @ p.errors[i] if p.a[i].shape == p.a[i + 1].shape else None),
    "inputs-of-another-layer": Kind(
        "W", WRONG_TERM, "the inputs are those of another layer",
        lambda p, i: next(
            (p.a[k].T @ p.errors[i] for k in range(i - 1, -1, -1) if p.a[k].shape == p.a[i].shape), None)),
    "weights-error-without-slope": Kind(
        "W", "gradient-missing-derivative", "the derivative of the activation is left out in the weights alone",
        lambda p, i: p.a[i].T @ p.raw[i]),
    "weights-error-of-another-layer": Kind(
        "W", WRONG_TERM, "the delta is that of another layer",
        lambda p, i: _of_another(p, i, lambda k: p.a[i].T @ p.errors[k] if len(p.errors[k]) else p.a[i].T @ p.raw[i])),
    "weights-value-for-error": Kind(
        "W", WRONG_TERM, "the layer's outputs stand where its delta was meant",
        lambda p, i: p.a[i].T @ p.a[i + 1]),
    "weights-z-for-error": Kind(
        "W", WRONG_TERM, "the layer's pre-activations stand where its delta was meant",
        lambda p, i: p.a[i].T @ p.z[i]),
    "product-of-means": Kind(
        "W", WRONG_TERM, "inputs and deltas are averaged before they are multiplied",
        lambda p, i: p.a[i].mean(axis=0)[:, None] * p.errors[i].sum(axis=0)),
    "weights-last-row-left-out": Kind(
        "W", WRONG_TERM, "the last example of the batch is left out",
        lambda p, i: p.a[i][:-1].T @ p.errors[i][:-1] if len(p.a[i]) > 1 else None),
    "inputs-left-out": Kind(
        "W", WRONG_TERM, "the inputs are left out",
        lambda p, i: np.ones_like(p.a[i]).T @ p.errors[i]),
    "transposed-gradient": Kind(
        "W", "gradient-wrong-transpose", "it is the transpose of what was meant", _reshaped),
    "weights-first-example": Kind("W", WRONG_TERM, "only the first example of the batch counts", _one_row(0)),
    "weights-last-example": Kind("W", WRONG_TERM, "only the last example of the batch counts", _one_row(-1)),
    "weights-size-only": Kind(
        "W", WRONG_TERM, "its sign is lost", lambda p, i: np.abs(p.a[i].T @ p.errors[i])),
    "weights-zero": Kind(
        "W", "layer-not-updated", "it is 0", lambda p, i: 0 * p.layers[i][0]),
    "bias-zero": Kind(
        "b", "bias-not-updated", "it is 0: the biases are skipped", lambda p, i: 0 * p.layers[i][1]),
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
            p, i, lambda k: p.errors[k].sum(axis=0) if len(p.errors[k]) else p.raw[i].sum(axis=0))),
    "bias-times-value": Kind(
        "b", "bias-not-updated", "the delta is multiplied by the layer's outputs",
        lambda p, i: (p.errors[i] * p.a[i + 1]).sum(axis=0)),
    "bias-value": Kind(
        "b", "bias-not-updated", "the layer's outputs stand where its delta was meant",
        lambda p, i: p.a[i + 1].sum(axis=0)),
    "bias-of-itself": Kind(
        "b", "bias-not-updated", "the biases themselves stand where their gradient was meant",
        lambda p, i: p.layers[i][1]),
    "bias-size-only": Kind("b", WRONG_TERM, "its sign is lost", lambda p, i: np.abs(p.errors[i].sum(axis=0))),
}  # fmt: skip


def _probabilities(p: Pass) -> Array:
    """What the outputs say, squashed as their cost squashes them."""
    a = p.a[-1]
    if p.anatomy.output != "identity":
        return a
    name = {"sigmoid-cross-entropy": "sigmoid", "softmax-cross-entropy": "softmax"}.get(p.anatomy.cost, "identity")
    squashed: Array = ACTS[name].forward(a)[0]
    return squashed


def _over_units(error: Array) -> Array | None:
    total = error.sum(axis=1)
    return total if len(total) == error.shape[1] else None


Gradient = list[tuple[Array, Array]]
"""(dW, db) of each layer, W as (in, out)."""


def backward(
    anatomy: Anatomy,
    layers: Sequence[tuple[Array, Array]],
    X: Array,
    targets: Array,
    mistakes: Sequence[Mistake] = (),
    penalty: tuple[float, float] | None = None,
) -> Gradient:
    """The gradient of the identified loss, with these mistakes made; without any, the exact one.

    >>> from whynet.subjects.own_code.anatomy import Place, Shape
    >>> shape = Shape((2, 1), (Place(0, "W"), Place(0, "b")), columns=False, bias_row=None)
    >>> one = Anatomy(shape, (), "identity", "quadratic", True)
    >>> layers = [(np.array([[1.0], [2.0]]), np.zeros(1))]
    >>> backward(one, layers, np.array([[1.0, 1.0]]), np.array([[0.0]]))[0][0].ravel().tolist()
    [3.0, 3.0]
    """
    passed = anatomy.forward(layers, X)
    z, a = [one for one, _ in passed], [X, *(one for _, one in passed)]
    n = len(layers)
    p = Pass(anatomy, layers, a, z, targets, [np.empty(0)] * n, [np.empty(0)] * n)
    counted = anatomy.scale / (len(X) if anatomy.mean else 1)
    l2, bias_l2 = (anatomy.l2, anatomy.bias_l2) if penalty is None else penalty
    found: Gradient = [(np.empty(0), np.empty(0))] * n
    raw = LOSSES[anatomy.cost].slope(a[-1], targets)
    for layer in reversed(range(n)):
        p.raw[layer] = raw
        p.errors[layer] = p.through(layer, z[layer], raw)
        for one in _at(mistakes, layer, "error"):
            p.errors[layer] = _spoilt(p, one, p.errors[layer])
        W = a[layer].T @ p.errors[layer]
        b = p.errors[layer].sum(axis=0)
        for one in _at(mistakes, layer, "W"):
            W = _spoilt(p, one, W)
        for one in _at(mistakes, layer, "b"):
            b = _spoilt(p, one, b)
        own_W, own_b = layers[layer]
        whole = np.prod([one.factor for one in mistakes if one.part == "all"])
        found[layer] = (whole * (counted * W + 2 * l2 * own_W), whole * (counted * b + 2 * bias_l2 * own_b))
        if layer:
            raw = p.errors[layer] @ own_W.T
    return found


def _at(mistakes: Sequence[Mistake], layer: int, part: str) -> Iterator[Mistake]:
    return (one for one in mistakes if one.layer == layer and one.part == part)


def _spoilt(p: Pass, mistake: Mistake, right: Array) -> Array:
    if mistake.kind == "factor":
        return mistake.factor * right
    if mistake.kind == "decay":
        own = p.layers[mistake.layer][1 if mistake.part == "b" else 0]
        return right + mistake.factor * own * (len(p.t) if p.anatomy.mean else 1) / p.anatomy.scale
    wrong = KINDS[mistake.kind].spoil(p, mistake.layer)
    return right if wrong is None or wrong.shape != right.shape else mistake.factor * wrong
