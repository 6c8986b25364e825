"""The gradient check of a whole recipe, its penalty and its faults included."""

from __future__ import annotations

import numpy as np

from whynet.mistakes.measuring import MEASURING, whole_matrix_check
from whynet.network.gradcheck import GradientCheck, check_gradients
from whynet.network.network import Network
from whynet.noise import Noise
from whynet.params import Params
from whynet.training.prepare import Prepared
from whynet.training.recipe import Recipe
from whynet.types import Features, Targets


def check(
    prepared: Prepared,
    *,
    rows: int = 10,
    sample: int = 30,
    complex_step: bool = False,
) -> GradientCheck:
    """Check the gradients that training would use, on its first `rows` examples: with the dropout, noise and
    normalisation of the first step, the weights of classes and examples, and the penalty.

    >>> from whynet.data.sources import load
    >>> from whynet.training.prepare import prepare
    >>> check(prepare(Recipe(l2=0.01), load("digits"))).passed
    True
    """
    recipe, network, task = prepared.recipe, prepared.network, prepared.task
    noise = Noise(recipe.seed, 0)
    weights = None if task.examples.weights is None else task.examples.weights[:rows].astype(np.float64)

    def gradients(double: Network, X: Features, targets: Targets) -> Params:
        own = task.network.having(double.params.vector, double.statistics.vector)
        found = task.backward(own, own.forward(X, noise), targets, weights)
        task.penalty.add_gradient(double.params, found)
        return found

    return check_gradients(
        network,
        *batch(prepared, rows),
        gradients=gradients,
        penalty=task.penalty.value,
        kinked_penalty=task.penalty.l1 > 0,
        noise=noise,
        weights=weights,
        sample=sample,
        seed=recipe.seed,
        complex_step=complex_step,
    )


def whole_matrix_ratios(prepared: Prepared) -> list[float]:
    """What the fault `whole-matrix-check` prints for the first example, one ratio a layer.

    >>> from whynet.data.sources import load
    >>> from whynet.training.prepare import prepare
    >>> len(whole_matrix_ratios(prepare(Recipe(faults=("whole-matrix-check",)), load("digits"))))  # one a layer
    2
    """
    return whole_matrix_check(prepared.task.network.astype("float64"), *batch(prepared, 1))


def own_check(recipe: Recipe) -> float | None:
    """What the gradient check that comes with a recipe says of a gradient that is known to be right, on a small sound
    network: the largest of its ratios, near 0 if it can be trusted. None if the recipe comes with none.

    >>> own_check(Recipe()) is None, own_check(Recipe(faults=("whole-matrix-check",))) > 0.1
    (True, True)
    """
    checks = [MEASURING[one].spoil for one in recipe.faults if one in MEASURING and MEASURING[one].part == "check"]
    if not checks:
        return None
    network = Network([10, 20, 3], activation=recipe.activation, cost=recipe.cost, dtype="float64")
    X = np.random.default_rng(0).normal(size=(4, 10))
    return float(np.nanmax([ratio for one in checks for ratio in one(network, X, network.targets(np.arange(4) % 3))]))


def batch(prepared: Prepared, rows: int) -> tuple[Features, Targets]:
    """The first `rows` examples to train on as features and targets in float64.

    >>> from whynet.data.sources import load
    >>> from whynet.training.prepare import prepare
    >>> X, targets = batch(prepare(Recipe(), load("digits")), rows=5)
    >>> X.shape, targets.shape
    ((5, 64), (5, 10))
    """
    examples = prepared.task.examples
    X = examples.features(np.arange(min(rows, len(examples.labels))), np.dtype(np.float64))
    return X, examples.targets[examples.labels[:rows]].astype(np.float64)
