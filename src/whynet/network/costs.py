"""Costs: how wrong the scores are, and which way is better.

Each is a class with five methods; all costs are the mean over rows of the sum over outputs, so that neither value
nor learning rate depends on the batch size. Rows may have weights (batch,), 1 unless given.

    value(scores, targets, weights=None) -> float
    gradient(scores, targets, weights=None) -> d value / d scores      (batch, outputs)
    predictions(scores) -> labels                                      (batch,)
    probabilities(scores) -> how sure of each class                    (batch, outputs)
    floor(prior, targets=None) -> float

`floor` is the least cost of a prediction that ignores the image, where class k comes up with probability `prior[k]`
and its targets are `targets[k]`, (classes, outputs), one-hot unless given. A network stuck there has learned nothing
about the images.

To add a cost: write the class, add a line to `COSTS`, and its name to `CostName` in `training/recipe.py`.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np

from whynet.errors import UsageError, did_you_mean
from whynet.types import Array, Labels, Scores, Targets


class Cost(Protocol):
    """The seam that every cost fills."""

    @property
    def output_activation(self) -> str:
        """What the last layer applies under this cost unless told otherwise."""
        ...

    def value(self, scores: Scores, targets: Targets, weights: Array | None = None) -> float: ...

    def gradient(self, scores: Scores, targets: Targets, weights: Array | None = None) -> Array: ...

    def predictions(self, scores: Scores) -> Labels: ...

    def probabilities(self, scores: Scores) -> Array: ...

    def floor(self, prior: Array, targets: Array | None = None) -> float: ...


class Quadratic:
    """Half the squared error: `C = mean over rows of 1/2 sum_j (s_j - t_j)^2` (Nielsen, equation 6).

    >>> Quadratic().floor(np.full(10, 0.1))
    0.45
    """

    output_activation = "sigmoid"

    def value(self, scores: Scores, targets: Targets, weights: Array | None = None) -> float:
        error = scores - targets
        return batch_average(0.5 * np.einsum("ij,ij->i", error, error), weights)

    def gradient(self, scores: Scores, targets: Targets, weights: Array | None = None) -> Array:
        return batch_gradient(scores - targets, weights)

    def predictions(self, scores: Scores) -> Labels:
        return _largest(scores, threshold=0.5)

    def probabilities(self, scores: Scores) -> Array:
        """The scores clipped to 0..1 and divided by their sum: a squared error knows no probabilities."""
        clipped = np.clip(scores, 0, 1)
        if scores.shape[1] == 1:
            return clipped
        shares: Array = clipped / np.maximum(clipped.sum(axis=1, keepdims=True), np.finfo(scores.dtype).tiny)
        return shares

    def floor(self, prior: Array, targets: Array | None = None) -> float:
        """Half the variance of the targets, at their mean; one-hot, `1/2 sum_j p_j (1 - p_j)`."""
        mean_target = _mean_target(prior, targets)
        if targets is None:
            return 0.5 * float(np.sum(prior * (1 - prior)))
        return 0.5 * float(np.sum(prior @ (targets - mean_target) ** 2))


class SigmoidCrossEntropy:
    """One binary cross-entropy for each output: `C = mean over rows of sum_j log(1 + exp(s_j)) - t_j s_j`.

    This is `-sum_j t_j log a_j + (1 - t_j) log(1 - a_j)` with `a = sigmoid(s)`, written so that no score, however
    large, overflows (Nielsen, equation 63). Its gradient is `sigmoid(s) - t`.

    >>> round(SigmoidCrossEntropy().floor(np.full(10, 0.1)), 5)
    3.25083
    """

    output_activation = "identity"

    def value(self, scores: Scores, targets: Targets, weights: Array | None = None) -> float:
        return batch_average(np.sum(np.logaddexp(0, scores) - targets * scores, axis=1), weights)

    def gradient(self, scores: Scores, targets: Targets, weights: Array | None = None) -> Array:
        return batch_gradient(self.probabilities(scores) - targets, weights)

    def predictions(self, scores: Scores) -> Labels:
        return _largest(scores, threshold=0.0)

    def probabilities(self, scores: Scores) -> Array:
        """`sigmoid(s)`: each output on its own; a row need not sum to 1."""
        with np.errstate(over="ignore"):  # exp(-s) = inf gives the right limit, 0
            probabilities: Array = 1 / (1 + np.exp(-scores))
        return probabilities

    def floor(self, prior: Array, targets: Array | None = None) -> float:
        """`-sum_j p_j log p_j + (1 - p_j) log(1 - p_j)` with p the mean target."""
        p = _mean_target(prior, targets)
        return _entropy(p) + _entropy(1 - p)


class SoftmaxCrossEntropy:
    """`C = mean over rows of log(sum_j exp(s_j)) - sum_j t_j s_j`: minus the log-probability of the right class.

    The probabilities are `softmax(s)`; the gradient is `softmax(s) - t` (Bishop 2006, section 4.3.4).

    >>> round(SoftmaxCrossEntropy().floor(np.full(10, 0.1)), 5)
    2.30259
    """

    output_activation = "identity"

    def value(self, scores: Scores, targets: Targets, weights: Array | None = None) -> float:
        shifted = scores - scores.max(axis=1, keepdims=True)
        log_sums = np.log(np.exp(shifted).sum(axis=1))
        mass = targets.sum(axis=1)  # 1 for a one-hot row
        return batch_average(mass * log_sums - np.einsum("ij,ij->i", targets, shifted), weights)

    def gradient(self, scores: Scores, targets: Targets, weights: Array | None = None) -> Array:
        mass = targets.sum(axis=1, keepdims=True)
        return batch_gradient(mass * self.probabilities(scores) - targets, weights)

    def predictions(self, scores: Scores) -> Labels:
        return _largest(scores, threshold=0.5)

    def probabilities(self, scores: Scores) -> Array:
        """`softmax(s)`: each row sums to 1."""
        e = np.exp(scores - scores.max(axis=1, keepdims=True))
        probabilities: Array = e / e.sum(axis=1, keepdims=True)
        return probabilities

    def floor(self, prior: Array, targets: Array | None = None) -> float:
        """The entropy of the mean target, `-sum_j p_j log p_j`; 0 for a single output, whose softmax is always 1."""
        p = _mean_target(prior, targets)
        return _entropy(p) if len(p) > 1 else 0.0


COSTS: dict[str, Cost] = {
    "quadratic": Quadratic(),
    "sigmoid-cross-entropy": SigmoidCrossEntropy(),
    "softmax-cross-entropy": SoftmaxCrossEntropy(),
}


def cost(name: str) -> Cost:
    """The cost of that name.

    >>> cost("quadratic").value(np.array([[1.0, 0.0]]), np.array([[0.0, 0.0]]))
    0.5

    Raises
    ------
    UsageError
        There is none; the message lists those there are.
    """
    if name not in COSTS:
        raise UsageError(f"there is no cost '{name}'", do=did_you_mean(name, COSTS))
    return COSTS[name]


def batch_average(each: Array, weights: Array | None = None) -> float:
    """The mean cost from that of each row (batch,): `1/n sum_i w_i C_i`, whatever the weights add up to.

    >>> batch_average(np.array([3.0, 5.0])), batch_average(np.array([3.0, 5.0]), weights=np.array([2.0, 0.0]))
    (4.0, 3.0)
    """
    return float(each.sum() if weights is None else each @ weights) / len(each)


def batch_gradient(each: Array, weights: Array | None = None) -> Array:
    """The gradient of the mean cost from those of each row's own cost, (batch, outputs).

    >>> batch_gradient(np.array([[2.0], [4.0]]))
    array([[1.],
           [2.]])
    """
    gradient: Array = each / len(each)
    return gradient if weights is None else gradient * weights[:, np.newaxis]


def one_hot(labels: Labels, outputs: int, dtype: str | np.dtype[np.floating]) -> Targets:
    """`labels (n,)` -> targets (n, outputs): 1 in the label's column, else 0.

    A single output stands for two classes; its target is the label itself.

    >>> one_hot(np.array([2, 0]), 3, "float64")
    array([[0., 0., 1.],
           [1., 0., 0.]])
    """
    if outputs == 1:
        return labels.astype(dtype)[:, np.newaxis]
    targets: Targets = np.eye(outputs, dtype=dtype)[labels]
    return targets


def _largest(scores: Scores, threshold: float) -> Labels:
    """The column of the largest score; for a single output, whether it is above the threshold."""
    if scores.shape[1] == 1:
        return (scores[:, 0] > threshold).astype(np.int64)
    answers: Labels = scores.argmax(axis=1)
    return answers


def _mean_target(prior: Array, targets: Array | None) -> Array:
    """(outputs,); for one-hot targets it is the prior itself."""
    if np.any(prior < 0) or np.any(prior > 1):
        raise UsageError(
            "a floor is made from the probabilities of the classes",
            expected="numbers from 0 to 1",
            found=f"{np.min(prior):g} to {np.max(prior):g}",
            do="Give other targets as `targets`",
        )
    return prior if targets is None else prior @ targets


def _entropy(p: Array) -> float:
    """`-sum p log p` in nats, with 0 log 0 = 0."""
    p = p[p > 0]
    return 0.0 - float(np.sum(p * np.log(p)))
