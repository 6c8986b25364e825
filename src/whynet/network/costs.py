"""Costs: how wrong the scores are, and which way is better.

Each is a class with four methods; all costs are the mean over rows of the sum over outputs, so that neither value
nor learning rate depends on the batch size. Rows may have weights (batch,), 1 unless given.

    value(scores, targets, weights=None) -> float
    gradient(scores, targets, weights=None) -> d value / d scores      (batch, outputs)
    probabilities(scores) -> how sure of each class                    (batch, outputs)
    best_constant(targets, weights=None) -> scores                     (outputs,)

`best_constant` is the answer that costs least among those that ignore the example, and `floor` is what it costs: a
network stuck there has learned nothing about the examples.

To add a cost: write the class, add a line to `COSTS`, and its name to `CostName` in `training/recipe.py`.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np

from whynet.errors import UsageError, did_you_mean
from whynet.types import Array, Labels, Scores, Targets

TINY, EPSILON = float(np.finfo(np.float64).tiny), float(np.finfo(np.float64).eps)
ROUNDING = 1e-6  # by so much may a target in float32 miss 0 or 1


class Cost(Protocol):
    """The seam that every cost fills."""

    @property
    def output_activation(self) -> str:
        """What the last layer applies under this cost unless told otherwise."""
        ...

    @property
    def middle(self) -> float:
        """The score at which a single output changes its answer."""
        ...

    @property
    def kinks(self) -> tuple[float, ...]:
        """The errors `score - target` where the slope, or how it changes, jumps."""
        ...

    def value(self, scores: Scores, targets: Targets, weights: Array | None = None) -> float: ...

    def gradient(self, scores: Scores, targets: Targets, weights: Array | None = None) -> Array: ...

    def probabilities(self, scores: Scores) -> Array: ...

    def best_constant(self, targets: Targets, weights: Array | None = None) -> Array: ...


class Quadratic:
    """Half the squared error: `C = mean over rows of 1/2 sum_j (s_j - t_j)^2` (Nielsen, equation 6).

    >>> round(floor(Quadratic(), np.eye(10)), 5)
    0.45
    """

    output_activation = "sigmoid"
    middle = 0.5
    kinks = ()

    def value(self, scores: Scores, targets: Targets, weights: Array | None = None) -> float:
        error = scores - targets
        return batch_average(0.5 * np.einsum("ij,ij->i", error, error), weights)

    def gradient(self, scores: Scores, targets: Targets, weights: Array | None = None) -> Array:
        return batch_gradient(scores - targets, weights)

    def probabilities(self, scores: Scores) -> Array:
        """The scores clipped to 0..1 and divided by their sum: a squared error knows no probabilities."""
        return _clipped_shares(scores)

    def best_constant(self, targets: Targets, weights: Array | None = None) -> Array:
        """The mean target."""
        return _mean(targets, weights)


class SigmoidCrossEntropy:
    """One binary cross-entropy for each output: `C = mean over rows of sum_j log(1 + exp(s_j)) - t_j s_j`.

    This is `-sum_j t_j log a_j + (1 - t_j) log(1 - a_j)` with `a = sigmoid(s)`, written so that no score, however
    large, overflows (Nielsen, equation 63). Its gradient is `sigmoid(s) - t`.

    >>> round(floor(SigmoidCrossEntropy(), np.eye(10)), 5)
    3.25083
    """

    output_activation = "identity"
    middle = 0.0
    kinks = ()

    def value(self, scores: Scores, targets: Targets, weights: Array | None = None) -> float:
        return batch_average(np.sum(np.logaddexp(0, scores) - targets * scores, axis=1), weights)

    def gradient(self, scores: Scores, targets: Targets, weights: Array | None = None) -> Array:
        return batch_gradient(self.probabilities(scores) - targets, weights)

    def probabilities(self, scores: Scores) -> Array:
        """`sigmoid(s)`: each output on its own; a row need not sum to 1."""
        with np.errstate(over="ignore"):  # exp(-s) = inf gives the right limit, 0
            probabilities: Array = 1 / (1 + np.exp(-scores))
        return probabilities

    def best_constant(self, targets: Targets, weights: Array | None = None) -> Array:
        """`log(p / (1 - p))` with p the mean target, kept finite: what it costs is the entropy of p."""
        _check_probabilities(targets, most=1.0)
        p = np.clip(_mean(targets, weights), TINY, 1 - EPSILON)
        logit: Array = np.log(p) - np.log1p(-p)
        return logit


class SoftmaxCrossEntropy:
    """`C = mean over rows of log(sum_j exp(s_j)) - sum_j t_j s_j`: minus the log-probability of the right class.

    The probabilities are `softmax(s)`; the gradient is `softmax(s) - t` (Bishop 2006, section 4.3.4).

    >>> round(floor(SoftmaxCrossEntropy(), np.eye(10)), 5)
    2.30259
    """

    output_activation = "identity"
    middle = 0.5
    kinks = ()

    def value(self, scores: Scores, targets: Targets, weights: Array | None = None) -> float:
        shifted = scores - scores.max(axis=1, keepdims=True)
        log_sums = np.log(np.exp(shifted).sum(axis=1))
        mass = targets.sum(axis=1)  # 1 for a one-hot row
        return batch_average(mass * log_sums - np.einsum("ij,ij->i", targets, shifted), weights)

    def gradient(self, scores: Scores, targets: Targets, weights: Array | None = None) -> Array:
        mass = targets.sum(axis=1, keepdims=True)
        return batch_gradient(mass * self.probabilities(scores) - targets, weights)

    def probabilities(self, scores: Scores) -> Array:
        """`softmax(s)`: each row sums to 1."""
        e = np.exp(scores - scores.max(axis=1, keepdims=True))
        probabilities: Array = e / e.sum(axis=1, keepdims=True)
        return probabilities

    def best_constant(self, targets: Targets, weights: Array | None = None) -> Array:
        """`log p` with p the mean target, kept finite: what it costs is the entropy of p, and 0 for a single output,
        whose softmax is always 1."""
        _check_probabilities(targets, most=np.inf)
        logs: Array = np.log(np.maximum(_mean(targets, weights), TINY))
        return logs


class Absolute:
    """The absolute error: `C = mean over rows of sum_j |s_j - t_j|`. Its best constant answer is the median.

    The slope says only which side the target is on, so a target that is far off pulls no harder than one that is near.

    >>> Absolute().gradient(np.array([[2.0, 0.0, 5.0]]), np.array([[2.0, 1.0, -300.0]]))
    array([[ 0., -1.,  1.]])
    >>> float(Absolute().best_constant(np.array([[1.0], [2.0], [900.0]]))[0])
    2.0
    """

    output_activation = "identity"
    middle = 0.5
    kinks = (0.0,)

    def value(self, scores: Scores, targets: Targets, weights: Array | None = None) -> float:
        return batch_average(np.abs(scores - targets).sum(axis=1), weights)

    def gradient(self, scores: Scores, targets: Targets, weights: Array | None = None) -> Array:
        """0 where a score is its target."""
        return batch_gradient(np.sign(scores - targets), weights)

    def probabilities(self, scores: Scores) -> Array:
        """The scores clipped to 0..1 and divided by their sum, as under a squared error."""
        return _clipped_shares(scores)

    def best_constant(self, targets: Targets, weights: Array | None = None) -> Array:
        """The median target: half of the weight lies on either side. Between two such targets, their mean."""
        each = np.ones(len(targets)) if weights is None else weights
        order = np.argsort(targets, axis=0, kind="stable")
        ordered, below = np.take_along_axis(targets, order, axis=0), np.cumsum(each[order], axis=0)
        half = below[-1] / 2
        two = [np.argmax(reached, axis=0)[np.newaxis] for reached in (below >= half, below > half)]
        lower, upper = (np.take_along_axis(ordered, rows, axis=0)[0] for rows in two)
        median: Array = (lower + upper) / 2
        return median


class Huber:
    """Half the squared error up to 1, and its tangent beyond (Huber 1964): `C = mean over rows of sum_j h(s_j - t_j)`
    with `h(e) = 1/2 e^2` if `|e| <= 1`, else `|e| - 1/2`.

    Near the target the steps shrink, as under the squared error; far from it they are bounded, as under the absolute
    error.

    >>> Huber().value(np.array([[0.5, 3.0]]), np.zeros((1, 2))), Huber().gradient(np.array([[0.5, 3.0]]), np.zeros(2))
    (2.625, array([[0.5, 1. ]]))
    """

    output_activation = "identity"
    middle = 0.5
    kinks = (-1.0, 1.0)

    def value(self, scores: Scores, targets: Targets, weights: Array | None = None) -> float:
        far = np.abs(scores - targets)
        near = np.minimum(far, 1)
        return batch_average((near * (far - near / 2)).sum(axis=1), weights)

    def gradient(self, scores: Scores, targets: Targets, weights: Array | None = None) -> Array:
        return batch_gradient(np.clip(scores - targets, -1, 1), weights)

    def probabilities(self, scores: Scores) -> Array:
        """The scores clipped to 0..1 and divided by their sum, as under a squared error."""
        return _clipped_shares(scores)

    def best_constant(self, targets: Targets, weights: Array | None = None) -> Array:
        """Where the derivative, the mean of `clip(s - t, -1, 1)`, is 0: found by halving the interval."""
        each = np.ones(len(targets)) if weights is None else weights
        low, high = targets.min(axis=0), targets.max(axis=0)
        for _ in range(60):
            middle = low + (high - low) / 2
            below = each @ np.clip(middle - targets, -1, 1) < 0
            low, high = np.where(below, middle, low), np.where(below, high, middle)
        best: Array = low + (high - low) / 2
        return best


COSTS: dict[str, Cost] = {
    "quadratic": Quadratic(),
    "sigmoid-cross-entropy": SigmoidCrossEntropy(),
    "softmax-cross-entropy": SoftmaxCrossEntropy(),
    "absolute": Absolute(),
    "huber": Huber(),
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


def floor(cost: Cost, targets: Targets, weights: Array | None = None) -> float:
    """The least cost of an answer that ignores the example: what the best constant scores cost on `targets
    (n, outputs)`. `weights (n,)` say how often each row occurs; only their shares count.

    >>> round(floor(Quadratic(), np.eye(2), weights=np.array([30, 10])), 6)  # 1/2 (3/4 1/4 + 1/4 3/4)
    0.1875
    >>> floor(Absolute(), np.array([[1.0], [2.0], [9.0]]))  # at 2
    2.6666666666666665
    """
    targets = np.asarray(targets, np.float64)
    each = np.ones(len(targets)) if weights is None else np.asarray(weights, np.float64)
    scores = np.tile(cost.best_constant(targets, each), (len(targets), 1))
    return cost.value(scores, targets, each) * len(targets) / max(float(each.sum()), TINY)


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


def _clipped_shares(scores: Scores) -> Array:
    """The scores clipped to 0..1; those of several outputs divided by their sum."""
    clipped = np.clip(scores, 0, 1)
    if scores.shape[1] == 1:
        return clipped
    shares: Array = clipped / np.maximum(clipped.sum(axis=1, keepdims=True), np.finfo(scores.dtype).tiny)
    return shares


def _mean(targets: Targets, weights: Array | None) -> Array:
    """The mean target, (outputs,)."""
    if weights is None:
        return np.asarray(targets.mean(axis=0))
    mean: Array = weights @ targets / max(float(weights.sum()), TINY)
    return mean


def _check_probabilities(targets: Targets, most: float) -> None:
    """Of other targets, a cross-entropy has no least value."""
    if targets.min() < -ROUNDING or targets.max() > most + ROUNDING:
        raise UsageError(
            "a cross-entropy is one of probabilities",
            expected="targets from 0 to 1",
            found=f"{targets.min():g} to {targets.max():g}",
            do="For targets that are any numbers, take the cost quadratic, absolute or huber",
        )
