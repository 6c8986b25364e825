"""Measuring: mistakes that leave the training alone, and say wrong things of it."""

from __future__ import annotations

import numpy as np

from whynet.data.dataset import Dataset
from whynet.engines.base import Engine
from whynet.mistakes.kind import Kind
from whynet.network.network import Network
from whynet.types import Features, Targets


def argmax_over_images(network: Network, data: Dataset, engine: Engine) -> int:
    """Right answers counted along the wrong axis: for each class the image that has most of it, not for each image
    its class. What is printed is the share of classes for which scores and targets name the same image.

    >>> from whynet.data.sources import load
    >>> from whynet.engines.choice import FASTEST
    >>> from whynet.types import Scaling
    >>> network = Network([64, 10], scaling=Scaling("0..1", 0, 255))
    >>> argmax_over_images(network, load("digits").test, FASTEST) in range(0, 356)
    True
    """
    scores, targets = engine.scores(network, data.inputs), network.targets(data.y)
    share = float(np.mean(scores.argmax(axis=0) == targets.argmax(axis=0)))
    return round(share * len(data))


def whole_matrix_check(network: Network, X: Features, targets: Targets, step: float = 1e-4) -> list[float]:
    """A gradient check that cannot work: it shifts all entries of a matrix W together by +-step, and compares that
    one number with the whole gradient, as `|dW - n| / |dW + n|`, once for each layer.

    What it measures is the sum of dW's entries; an exact gradient scores near 1, or 0 / 0 where all is saturated.

    >>> network = Network([3, 2], cost="quadratic", dtype="float64", init="normal")
    >>> ratios = whole_matrix_check(network, np.ones((1, 3)), np.array([[0.0, 1.0]]))
    >>> len(ratios), bool(ratios[0] > 0.1)  # an exact gradient, found wrong
    (1, True)
    """

    def cost() -> float:
        return network.cost.value(network.scores(X), targets)

    gradients = network.gradients(X, targets)
    ratios = []
    for W, dW in zip(network.params.weights(), gradients.weights(), strict=True):
        kept = W.copy()
        shifted = []
        for sign in (1, -1):
            W[...] = kept + sign * step
            shifted.append(cost())
        W[...] = kept
        numeric = (shifted[0] - shifted[1]) / (2 * step)
        with np.errstate(invalid="ignore", divide="ignore"):
            ratios.append(float(np.linalg.norm(dW - numeric) / np.linalg.norm(dW + numeric)))
    return ratios


MEASURING: dict[str, Kind] = {
    "argmax-over-images": Kind(
        "count", "metric-wrong", "right answers are counted along the wrong axis", argmax_over_images
    ),
    "whole-matrix-check": Kind(
        "check", "gradient-check-invalid", "the check shifts all entries of a matrix together", whole_matrix_check
    ),
}
