"""Learning curves: quality over the number of training examples and over epochs, and what they say about bias and
variance."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from whynet.data.dataset import Dataset
from whynet.data.protocol import Problem
from whynet.subjects.recipe import RecipeSubject
from whynet.training.loop import Training
from whynet.training.metrics import quality
from whynet.training.prepare import prepare
from whynet.training.recipe import Recipe
from whynet.training.yardstick import linear_quality

SIZES = 6
NEAR = 0.02


@dataclass(frozen=True)
class Point:
    """Qualities on the examples trained on and on those held back, with so many examples and epochs.

    >>> Point(examples=100, epochs=5, train=1.0, validation=0.7).train
    1.0
    """

    examples: int
    epochs: int
    train: float
    validation: float


@dataclass(frozen=True)
class Curves:
    """Both curves and their reading.

    >>> Curves((), (), "", linear=0.9).as_dict()["linear_accuracy"]
    0.9
    """

    over_examples: tuple[Point, ...]
    over_epochs: tuple[Point, ...]
    reading: str
    linear: float
    problem: str = "classification"
    """Its kind: classification, labels, regression."""
    quality: str = "accuracy"
    """What the qualities are called."""

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "over_examples": [asdict(point) for point in self.over_examples],
            "over_epochs": [asdict(point) for point in self.over_epochs],
            "reading": self.reading,
            "problem": self.problem,
            "quality": self.quality,
            "linear_quality": self.linear,
            "linear_accuracy": self.linear if self.problem == "classification" else None,
        }


def learning_curves(recipe: Recipe, data: Dataset, *, say: Callable[[str], None] = lambda _: None) -> Curves:
    """Train on ever larger parts of the data, every time as many steps; and follow the largest over its epochs.

    >>> from whynet.data.sources import load
    >>> curves = learning_curves(Recipe(epochs=5, learning_rate=0.5), load("digits"))
    >>> [point.examples for point in curves.over_examples][-1]
    1298
    """
    subject, problem = RecipeSubject(recipe, data), data.problem
    most = len(subject.rest)
    sizes = sorted({max(2 * max(len(data.classes), 5), most >> halvings) for halvings in range(SIZES)})
    over_examples, over_epochs = [], []
    for size in sizes:
        whole = size == most
        epochs = min(recipe.epochs * most // size, 200 * max(recipe.epochs, 1))
        arm = recipe.but(
            train_size=None if whole else size, subset="first", epochs=recipe.epochs if whole else epochs,
            validation_size=0, patience=None,
        )  # fmt: skip
        training = Training(prepare(arm, subject.rest)._replace(test=None))
        every = max(1, arm.epochs // 10)
        for epoch in training:
            last = epoch.epoch + 1 == arm.epochs
            if last or (whole and (epoch.epoch + 1) % every == 0):
                some = np.linspace(0, len(training.train) - 1, min(len(training.train), 10_000)).astype(np.intp)
                network = training.evaluated
                point = Point(
                    size, epoch.epoch + 1, quality(network, training.train.take(some)),
                    quality(network, subject.held),
                )  # fmt: skip
                if whole:
                    over_epochs.append(point)
                if last:
                    over_examples.append(point)
                    mine, others = _said(point.train, problem), _said(point.validation, problem)
                    say(f"{size:,} examples: {mine}, {others} of others")
    linear = linear_quality(recipe, subject.rest, subject.held)
    reading = _reading(over_examples, over_epochs, linear, problem)
    return Curves(tuple(over_examples), tuple(over_epochs), reading, linear, problem.kind, problem.quality_name)


def _said(quality: float, problem: Problem) -> str:
    if problem.kind == "classification":
        return f"{quality:.1%} right"
    return (
        f"{problem.quality_name} {quality:.3f}" if problem.kind == "regression" else f"{quality:.1%} balanced accuracy"
    )


WRONG = {  # what bias is, after its size
    "classification": "of the training examples are wrong",
    "labels": "are missing to a balanced accuracy of 100% on the training examples",
    "regression": "of the variance of the training examples is not predicted",
}


def _reading(over_examples: list[Point], over_epochs: list[Point], linear: float, problem: Problem) -> str:
    """Bias: what even the training examples are not answered right. Variance: what others lose against them."""
    last = over_examples[-1]
    gap = last.train - last.validation
    parts = [f"Bias: {1 - last.train:.1%} {WRONG[problem.kind]}. Variance: others lose {gap:.1%} more."]
    if last.train < linear + NEAR and last.train < 0.97:
        parts.append("Bias is what limits it: more units, another activation or more epochs, not more data.")
    elif gap > NEAR:
        parts.append("Variance is what limits it: more data, distortions or a penalty, not more units.")
    else:
        parts.append("Neither stands out.")
    if len(over_examples) > 1:
        gain = last.validation - over_examples[-2].validation
        more = "would help" if gain > 0.01 else "would help little"
        parts.append(f"The last doubling of the data gained {100 * gain:+.1f} points: more {more}.")
    if len(over_epochs) > 1:
        gain = over_epochs[-1].validation - over_epochs[len(over_epochs) // 2].validation
        words = "it is still getting better" if gain > 0.005 else "going on would change little"
        parts.append(f"The second half of the epochs gained {100 * gain:+.1f} points: {words}.")
    return " ".join(parts)
