"""A bank of planted bugs: backpropagation with one thing wrong, as people get it wrong.

`Backprop` spells the chain rule out step by step; a bug replaces one of its steps. Each comes with a network that has
the part which the bug spoils.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import MethodType
from typing import Any

import numpy as np

from whynet.network.activations import activation
from whynet.network.layers import BatchNorm, Dense
from whynet.network.network import Network
from whynet.noise import Noise
from whynet.optimizers.penalties import Penalty
from whynet.params import Params
from whynet.types import Array

NOISE = Noise(seed=3, step=1)
PENALTY = Penalty(l2=0.05)
ROWS = 9


@dataclass(frozen=True)
class Bug:
    """`step` of `Backprop` becomes `change(backprop, original step, *its arguments)`."""

    step: str
    change: Callable[..., Any]
    options: dict[str, Any]

    def network(self, seed: int) -> Network:
        """A network that has the part which the bug spoils; square hidden layers, so that transposes fit."""
        options = {"activation": "sigmoid", "cost": "quadratic", "dtype": "float64", **self.options}
        return Network([5, 5, 5, 5], init="normal(0, 0.7)", bias_init="normal(0, 0.3)", seed=seed, **options)


class Backprop:
    """Gradients of one batch, the textbook's steps one after the other."""

    def __init__(self, bug: Bug | None = None) -> None:
        self.seen: list[Params] = []
        if bug is not None:
            original = getattr(self, bug.step)
            setattr(self, bug.step, MethodType(lambda self, *a: bug.change(self, original, *a), self))

    def __call__(self, network: Network, X: Array, targets: Array) -> Params:
        self.network, self.X, self.t = network, X, targets
        self.trace = network.forward(X, NOISE)
        gradients = network.params.zeros()
        self.errors: dict[int, Array] = {}
        dy = self.output_error(self.trace.scores, targets)
        for index in reversed(range(len(network.layers))):
            layer, memo = network.layers[index], self.trace.memos[index]
            if isinstance(layer, Dense):
                dz = self.errors[index] = self.through_activation(index, layer.activation, memo, dy)
                gradients[index]["W"][...] = self.weights(index, self.inputs(index, memo), dz)
                gradients[index]["b"][...] = self.bias(index, dz)
                dy = self.back(index, network.params[index]["W"], dz)
            elif isinstance(layer, BatchNorm):
                dz = self.through_activation(index, layer.activation, memo, dy)
                gradients[index]["scale"][...] = self.scale(index, memo, dz)
                gradients[index]["shift"][...] = self.bias(index, dz)
                dy = self.normalised(layer, memo, dz * network.params[index]["scale"])
            elif memo is not None:
                dy = self.dropped(memo, dy)
        self.penalise(gradients)
        return self.finish(gradients)

    def output_error(self, scores: Array, targets: Array) -> Array:
        return self.network.cost.gradient(scores, targets)

    def through_activation(self, index: int, name: str, memo: Any, dy: Array) -> Array:
        return activation(name).backward(memo.activation, dy)

    def inputs(self, index: int, memo: Any) -> Array:
        return memo.x

    def weights(self, index: int, x: Array, dz: Array) -> Array:
        return x.T @ dz

    def bias(self, index: int, dz: Array) -> Array:
        return dz.sum(axis=0)

    def back(self, index: int, W: Array, dz: Array) -> Array:
        return dz @ W.T

    def scale(self, index: int, memo: Any, dz: Array) -> Array:
        return (dz * memo.x_hat).sum(axis=0)

    def normalised(self, layer: BatchNorm, memo: Any, dx: Array) -> Array:
        return (dx - dx.mean(axis=0) - memo.x_hat * (dx * memo.x_hat).mean(axis=0)) * memo.inverse_sd

    def dropped(self, mask: Array, dy: Array) -> Array:
        return dy * mask

    def penalise(self, gradients: Params) -> None:
        PENALTY.add_gradient(self.network.params, gradients)

    def finish(self, gradients: Params) -> Params:
        return gradients

    @property
    def dense(self) -> list[int]:
        """Where the Dense layers are."""
        return [index for index, layer in enumerate(self.network.layers) if isinstance(layer, Dense)]


def _hidden(self: Backprop, index: int) -> bool:
    return index != self.dense[-1]


def _slope_of(function: Callable[[Backprop, int, Any, Array], Array], where: Callable[[Backprop, int], bool]):
    """A bug in the slope: `function(backprop, index, memo, dy)` where `where(backprop, index)`."""
    return lambda self, step, index, name, memo, dy: (
        function(self, index, memo, dy) if where(self, index) else step(index, name, memo, dy)
    )


def _output(self: Backprop, index: int) -> bool:
    return not _hidden(self, index)


def _always(self: Backprop, index: int) -> bool:
    return True


def _filled(gradients: Params, change: Callable[[Params], None]) -> Params:
    change(gradients)
    return gradients


def _at(gradients: Params, name: str) -> Array:
    return dict(gradients.named())[name]


def _stale(self: Backprop, step: Any, gradients: Params) -> Params:
    """The gradient of the batch before: here of the same rows in another order of labels."""
    scores = self.trace.scores
    return self.network.backward(self.trace, self.network.cost.gradient(scores, np.roll(self.t, 1, axis=0)))


def _accumulated(self: Backprop, step: Any, gradients: Params) -> Params:
    gradients.vector *= 2  # a buffer that was never cleared after an equal batch
    return gradients


def _one_row(self: Backprop, step: Any, gradients: Params) -> Params:
    return self.network.gradients(self.X[-1:], self.t[-1:], NOISE)


def _updated_first(self: Backprop, step: Any, index: int, W: Array, dz: Array) -> Array:
    """The layer above had its weights updated before the error went back through them."""
    return dz @ (W - 0.1 * self.trace.memos[index].x.T @ dz).T


def _error_of_next(self: Backprop, step: Any, index: int, x: Array, dz: Array) -> Array:
    """Off by one layer: the error of the layer above."""
    later = [i for i in self.dense if i > index]
    return x.T @ (self.errors[later[0]] if later else dz)


def _inputs_off(self: Backprop, step: Any, index: int, memo: Any) -> Array:
    """Off by one layer: the inputs of the layer below."""
    earlier = [i for i in self.dense if i < index]
    return self.trace.memos[earlier[-1]].x if earlier else memo.x


def _only_in_layer(layer: int, change: Callable[[Array], Array]):
    return lambda self, step, index, x, dz: (
        change(step(index, x, dz)) if index == self.dense[layer] else step(index, x, dz)
    )


def _bias_in_layer(layer: int, change: Callable[[Array, Array], Array]):
    return lambda self, step, index, dz: change(step(index, dz), dz) if index == self.dense[layer] else step(index, dz)


def _penalty(l2: float, *, biases: bool = False, first: int = 0):
    def change(self: Backprop, step: Any, gradients: Params) -> None:
        for index in self.dense[first:]:
            gradients[index]["W"][...] += l2 * self.network.params[index]["W"]
            if biases:
                gradients[index]["b"][...] += l2 * self.network.params[index]["b"]

    return change


RELU, TANH, SOFTMAX = {"activation": "relu"}, {"activation": "tanh"}, {"cost": "softmax-cross-entropy"}
DROPOUT, NORM = {"dropout": 0.4}, {"batch_norm": True}
ENTROPY = {"cost": "sigmoid-cross-entropy"}

BUGS: dict[str, Bug] = {
    # the cost
    "error of the output with the wrong sign": Bug("output_error", lambda s, f, a, t: -f(a, t), {}),
    "sum over the batch for its mean": Bug("output_error", lambda s, f, a, t: f(a, t) * ROWS, {}),
    "divided by the batch twice": Bug("output_error", lambda s, f, a, t: f(a, t) / ROWS, {}),
    "the 2 of the square not halved": Bug("output_error", lambda s, f, a, t: 2 * f(a, t), {}),
    "mean over the outputs": Bug("output_error", lambda s, f, a, t: f(a, t) / a.shape[1], {}),
    "the rate put into the gradient": Bug("output_error", lambda s, f, a, t: 0.1 * f(a, t), {}),
    "targets of the neighbouring row": Bug("output_error", lambda s, f, a, t: f(a, np.roll(t, 1, axis=0)), {}),
    "answers in place of scores": Bug("output_error", lambda s, f, a, t: f(np.eye(5)[a.argmax(axis=1)], t), {}),
    "absolute error for squared": Bug("output_error", lambda s, f, a, t: np.sign(a - t) / ROWS, {}),
    "scores for probabilities": Bug("output_error", lambda s, f, a, t: (a - t) / ROWS, SOFTMAX),
    "sigmoid for softmax": Bug("output_error", lambda s, f, a, t: (1 / (1 + np.exp(-a)) - t) / ROWS, SOFTMAX),
    "softmax for sigmoid": Bug(
        "output_error", lambda s, f, a, t: (np.exp(a) / np.exp(a).sum(axis=1, keepdims=True) - t) / ROWS, ENTROPY
    ),
    "softmax over the batch": Bug(
        "output_error", lambda s, f, a, t: (np.exp(a) / np.exp(a).sum(axis=0) - t) / ROWS, SOFTMAX
    ),
    "squashed twice": Bug(
        "output_error",
        lambda s, f, a, t: f(a, t) * (1 / (1 + np.exp(-a))) * (1 - 1 / (1 + np.exp(-a))),
        ENTROPY,
    ),
    # the slope
    "slope missing at the output": Bug("through_activation", _slope_of(lambda s, i, m, dy: dy, _output), {}),
    "slope missing in the hidden layers": Bug("through_activation", _slope_of(lambda s, i, m, dy: dy, _hidden), {}),
    "slope missing in the first layer": Bug(
        "through_activation", _slope_of(lambda s, i, m, dy: dy, lambda s, i: i == s.dense[0]), TANH
    ),
    "slope taken at a for at z": Bug(
        "through_activation",
        _slope_of(lambda s, i, m, dy: dy * np.exp(-m.activation) / (1 + np.exp(-m.activation)) ** 2, _always),
        {},
    ),
    "slope z (1 - z) of the weighted input": Bug(
        "through_activation", _slope_of(lambda s, i, m, dy: dy * m.z * (1 - m.z), _always), {}
    ),
    "slope with a plus": Bug(
        "through_activation", _slope_of(lambda s, i, m, dy: dy * m.activation * (1 + m.activation), _always), {}
    ),
    "slope squared": Bug(
        "through_activation", _slope_of(lambda s, i, m, dy: dy * (m.activation * (1 - m.activation)) ** 2, _always), {}
    ),
    "slope 1 - a without the a": Bug(
        "through_activation", _slope_of(lambda s, i, m, dy: dy * (1 - m.activation), _always), {}
    ),
    "tanh's slope without the square": Bug(
        "through_activation", _slope_of(lambda s, i, m, dy: dy * (1 - m.activation), _hidden), TANH
    ),
    "tanh's slope of z": Bug("through_activation", _slope_of(lambda s, i, m, dy: dy * (1 - m.z**2), _hidden), TANH),
    "sigmoid's slope for tanh": Bug(
        "through_activation", _slope_of(lambda s, i, m, dy: dy * m.activation * (1 - m.activation), _hidden), TANH
    ),
    "a ReLU that passes everything": Bug("through_activation", _slope_of(lambda s, i, m, dy: dy, _hidden), RELU),
    "a ReLU that asks the error's sign": Bug(
        "through_activation", _slope_of(lambda s, i, m, dy: dy * (dy > 0), _hidden), RELU
    ),
    "a ReLU upside down": Bug("through_activation", _slope_of(lambda s, i, m, dy: dy * (m.z <= 0), _hidden), RELU),
    "a ReLU that multiplies by a": Bug(
        "through_activation", _slope_of(lambda s, i, m, dy: dy * np.maximum(m.z, 0), _hidden), RELU
    ),
    # the weights
    "weight gradient transposed": Bug("weights", lambda s, f, i, x, dz: (x.T @ dz).T, {}),
    "weight gradient with the wrong sign in one layer": Bug("weights", _only_in_layer(1, lambda dW: -dW), {}),
    "first layer never learns": Bug("weights", _only_in_layer(0, np.zeros_like), {}),
    "last layer never learns": Bug("weights", _only_in_layer(-1, np.zeros_like), {}),
    "error of the layer above": Bug("weights", _error_of_next, {}),
    "inputs of the layer below": Bug("inputs", _inputs_off, {}),
    "weighted inputs for activations": Bug("inputs", lambda s, f, i, m: s.trace.memos[i - 1].z if i else m.x, {}),
    "a last row left out": Bug("weights", lambda s, f, i, x, dz: x[:-1].T @ dz[:-1], {}),
    "a last unit left out": Bug(
        "weights", _only_in_layer(1, lambda dW: np.hstack([dW[:, :-1], np.zeros((len(dW), 1))])), {}
    ),
    "one weight in a hundred, one per cent off": Bug(
        "weights", _only_in_layer(1, lambda dW: dW * np.where(np.arange(dW.size).reshape(dW.shape) == 7, 1.01, 1)), {}
    ),
    "outer product of means": Bug("weights", lambda s, f, i, x, dz: np.outer(x.mean(axis=0), dz.sum(axis=0)), {}),
    # the biases
    "biases skipped": Bug("bias", lambda s, f, i, dz: np.zeros(dz.shape[1]), {}),
    "one bias skipped": Bug("bias", _bias_in_layer(1, lambda db, dz: np.zeros_like(db)), {}),
    "bias summed over the units": Bug("bias", lambda s, f, i, dz: np.full(dz.shape[1], dz.sum(axis=1)[0]), {}),
    "bias averaged over the rows": Bug("bias", lambda s, f, i, dz: dz.mean(axis=0), {}),
    "bias of the first row alone": Bug("bias", lambda s, f, i, dz: dz[0], {}),
    "bias with the wrong sign": Bug("bias", _bias_in_layer(0, lambda db, dz: -db), {}),
    "one number for all biases": Bug("bias", lambda s, f, i, dz: np.full(dz.shape[1], dz.sum()), {}),
    # the way back
    "weights not transposed on the way back": Bug("back", lambda s, f, i, W, dz: dz @ W, {}),
    "weights already updated on the way back": Bug("back", _updated_first, {}),
    "weights of the layer below on the way back": Bug(
        "back",
        lambda s, f, i, W, dz: dz @ (s.network.params[s.dense[max(0, s.dense.index(i) - 1)]]["W"]).T,
        {},
    ),
    "the sign lost on the way back": Bug("back", lambda s, f, i, W, dz: dz @ np.abs(W).T, {}),
    # the penalty
    "penalty forgotten": Bug("penalise", lambda s, f, g: None, {}),
    "penalty on biases too": Bug("penalise", _penalty(0.05, biases=True), {}),
    "penalty twice as strong": Bug("penalise", _penalty(0.1), {}),
    "penalty divided by the batch": Bug("penalise", _penalty(0.05 / ROWS), {}),
    "penalty with the wrong sign": Bug("penalise", _penalty(-0.05), {}),
    "penalty not on the first layer": Bug("penalise", _penalty(0.05, first=1), {}),
    # the buffers
    "gradient of another batch": Bug("finish", _stale, {}),
    "buffers not cleared": Bug("finish", _accumulated, {}),
    "last example alone": Bug("finish", _one_row, {}),
    "not a number": Bug("finish", lambda s, f, g: _filled(g, lambda g: g.vector.__setitem__(3, np.nan)), {}),
    "clipped": Bug("finish", lambda s, f, g: _filled(g, lambda g: np.clip(g.vector, -0.02, 0.02, out=g.vector)), {}),
    "rounded to half precision": Bug(
        "finish", lambda s, f, g: _filled(g, lambda g: np.copyto(g.vector, g.vector.astype(np.float16))), {}
    ),
    "layers in reverse order": Bug(
        "finish",
        lambda s, f, g: _filled(g, lambda g: np.copyto(g.vector, np.roll(g.vector, g.vector.size // 3))),
        {},
    ),
    # dropout and normalisation
    "dropout not applied on the way back": Bug("dropped", lambda s, f, mask, dy: dy, DROPOUT),
    "dropout without its factor": Bug("dropped", lambda s, f, mask, dy: dy * (mask > 0), DROPOUT),
    "another dropout on the way back": Bug("dropped", lambda s, f, mask, dy: dy * np.roll(mask, 1, axis=1), DROPOUT),
    "the mean taken as a constant": Bug(
        "normalised",
        lambda s, f, layer, m, dx: (dx - m.x_hat * (dx * m.x_hat).mean(axis=0)) * m.inverse_sd,
        NORM,
    ),
    "the variance taken as a constant": Bug(
        "normalised", lambda s, f, layer, m, dx: (dx - dx.mean(axis=0)) * m.inverse_sd, NORM
    ),
    "not divided by the spread": Bug("normalised", lambda s, f, layer, m, dx: f(layer, m, dx) / m.inverse_sd, NORM),
    "scale from the inputs before": Bug(
        "scale", lambda s, f, i, m, dz: (dz * (m.x_hat / m.inverse_sd + m.mean)).sum(axis=0), NORM
    ),
}


def sound(network: Network, X: Array, targets: Array) -> Params:
    """The right gradient, penalty included."""
    gradients = network.gradients(X, targets, NOISE)
    PENALTY.add_gradient(network.params, gradients)
    return gradients
