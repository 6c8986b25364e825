"""Costs: how wrong the scores are, and which way is better.

Each is a class with four methods; all costs are the mean over rows of the sum over outputs, so that neither value
nor learning rate depends on the batch size.

    value(scores, targets) -> float
    gradient(scores, targets) -> d value / d scores      (batch, outputs)
    predictions(scores) -> labels                        (batch,)
    floor(prior) -> float

`floor(prior)` is the least cost of an answer that ignores the image: every image gets the mean target of each output,
`prior (outputs,)`, which for one-hot targets are the class shares. A network stuck there has learned nothing about
the images. To add a cost: write the class, add a line to `COSTS`, and its name to `CostName` in `training/recipe.py`.
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

    def value(self, scores: Scores, targets: Targets) -> float: ...

    def gradient(self, scores: Scores, targets: Targets) -> Array: ...

    def predictions(self, scores: Scores) -> Labels: ...

    def probabilities(self, scores: Scores) -> Array: ...

    def floor(self, prior: Array) -> float: ...


class Quadratic:
    """Half the squared error: `C = mean over rows of 1/2 sum_j (s_j - t_j)^2` (Nielsen, equation 6).

    >>> Quadratic().floor(np.full(10, 0.1))
    0.45
    """

    output_activation = "sigmoid"

    def value(self, scores: Scores, targets: Targets) -> float:
        error = scores - targets
        return 0.5 * float(np.vdot(error, error)) / len(scores)

    def gradient(self, scores: Scores, targets: Targets) -> Array:
        gradient: Array = (scores - targets) / len(scores)
        return gradient

    def predictions(self, scores: Scores) -> Labels:
        return _largest(scores, threshold=0.5)

    def probabilities(self, scores: Scores) -> Array:
        """The scores clipped to 0..1 and divided by their sum: a squared error knows no probabilities."""
        clipped = np.clip(scores, 0, 1)
        if scores.shape[1] == 1:
            return clipped
        shares: Array = clipped / np.maximum(clipped.sum(axis=1, keepdims=True), np.finfo(scores.dtype).tiny)
        return shares

    def floor(self, prior: Array) -> float:
        """`1/2 sum_j p_j (1 - p_j)`."""
        return 0.5 * float(np.sum(prior * (1 - prior)))


class SigmoidCrossEntropy:
    """One binary cross-entropy for each output: `C = mean over rows of sum_j log(1 + exp(s_j)) - t_j s_j`.

    This is `-sum_j t_j log a_j + (1 - t_j) log(1 - a_j)` with `a = sigmoid(s)`, written so that no score, however
    large, overflows (Nielsen, equation 63). Its gradient is `sigmoid(s) - t`.

    >>> round(SigmoidCrossEntropy().floor(np.full(10, 0.1)), 5)
    3.25083
    """

    output_activation = "identity"

    def value(self, scores: Scores, targets: Targets) -> float:
        return float(np.sum(np.logaddexp(0, scores) - targets * scores)) / len(scores)

    def gradient(self, scores: Scores, targets: Targets) -> Array:
        gradient: Array = (self.probabilities(scores) - targets) / len(scores)
        return gradient

    def predictions(self, scores: Scores) -> Labels:
        return _largest(scores, threshold=0.0)

    def probabilities(self, scores: Scores) -> Array:
        """`sigmoid(s)`: each output on its own; a row need not sum to 1."""
        with np.errstate(over="ignore"):  # exp(-s) = inf gives the right limit, 0
            probabilities: Array = 1 / (1 + np.exp(-scores))
        return probabilities

    def floor(self, prior: Array) -> float:
        """`-sum_j p_j log p_j + (1 - p_j) log(1 - p_j)`."""
        return _entropy(prior) + _entropy(1 - prior)


class SoftmaxCrossEntropy:
    """`C = mean over rows of log(sum_j exp(s_j)) - sum_j t_j s_j`: minus the log-probability of the right class.

    The probabilities are `softmax(s)`; the gradient is `softmax(s) - t` (Bishop 2006, section 4.3.4).

    >>> round(SoftmaxCrossEntropy().floor(np.full(10, 0.1)), 5)
    2.30259
    """

    output_activation = "identity"

    def value(self, scores: Scores, targets: Targets) -> float:
        shifted = scores - scores.max(axis=1, keepdims=True)
        log_sums = np.log(np.exp(shifted).sum(axis=1))
        mass = targets.sum(axis=1)  # 1 for a one-hot row
        return float(np.sum(mass * log_sums) - np.vdot(targets, shifted)) / len(scores)

    def gradient(self, scores: Scores, targets: Targets) -> Array:
        mass = targets.sum(axis=1, keepdims=True)
        gradient: Array = (mass * self.probabilities(scores) - targets) / len(scores)
        return gradient

    def predictions(self, scores: Scores) -> Labels:
        return _largest(scores, threshold=0.5)

    def probabilities(self, scores: Scores) -> Array:
        """`softmax(s)`: each row sums to 1."""
        e = np.exp(scores - scores.max(axis=1, keepdims=True))
        probabilities: Array = e / e.sum(axis=1, keepdims=True)
        return probabilities

    def floor(self, prior: Array) -> float:
        """The entropy of the class shares, `-sum_j p_j log p_j`; 0 for a single output, whose softmax is always 1."""
        return _entropy(prior) if len(prior) > 1 else 0.0


COSTS: dict[str, Cost] = {
    "quadratic": Quadratic(),
    "sigmoid-cross-entropy": SigmoidCrossEntropy(),
    "softmax-cross-entropy": SoftmaxCrossEntropy(),
}


def cost(name: str) -> Cost:
    """The cost of that name.

    Raises
    ------
    UsageError
        There is none; the message lists those there are.
    """
    if name not in COSTS:
        raise UsageError(f"there is no cost '{name}'", do=did_you_mean(name, COSTS))
    return COSTS[name]


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


def _entropy(p: Array) -> float:
    """`-sum p log p` in nats, with 0 log 0 = 0."""
    p = p[p > 0]
    return 0.0 - float(np.sum(p * np.log(p)))
