"""The gradient check of a whole recipe, its penalty and its faults included."""

from __future__ import annotations

import numpy as np

from whynet.data.dataset import Dataset
from whynet.network.gradcheck import GradientCheck, check_gradients
from whynet.network.layers import Dense
from whynet.network.network import Network
from whynet.noise import Noise
from whynet.params import Params
from whynet.training.faults import CHECK_FAULTS, whole_matrix_check
from whynet.training.loop import make_task
from whynet.training.recipe import Recipe
from whynet.types import Features, Targets


def check(
    recipe: Recipe,
    network: Network,
    examples: Dataset,
    *,
    rows: int = 10,
    sample: int = 30,
    complex_step: bool = False,
) -> GradientCheck:
    """Check the gradients that training by `recipe` would use, on the first `rows` examples: with the dropout, noise
    and normalisation of the first step, the weights of classes and examples, and the penalty.

    >>> from whynet.data.sources import load
    >>> from whynet.training.loop import build
    >>> data, recipe = load("digits"), Recipe(l2=0.01)
    >>> check(recipe, build(recipe, data), data).passed
    True

    Raises
    ------
    UsageError
        The examples do not fit the network.
    """
    noise = Noise(recipe.seed, 0) if any(not isinstance(layer, Dense) for layer in network.layers) else None

    def gradients(double: Network, X: Features, targets: Targets) -> Params:
        task = make_task(double, examples, recipe)
        found = task.network.gradients(X, targets, noise, weights)
        task.penalty.add_gradient(double.params, found)
        return found

    X, targets = batch(network, examples, rows)
    task = make_task(network, examples, recipe)
    penalty, weights = task.penalty, task.examples.weights
    weights = None if weights is None else weights[:rows].astype(np.float64)
    return check_gradients(
        network,
        X,
        targets,
        gradients=gradients,
        penalty=penalty.value,
        kinked_penalty=penalty.l1 > 0,
        noise=noise,
        weights=weights,
        sample=sample,
        seed=recipe.seed,
        complex_step=complex_step,
    )


def whole_matrix_ratios(recipe: Recipe, network: Network, examples: Dataset) -> list[float]:
    """What the fault `whole-matrix-check` prints for the first example, one ratio a layer.

    >>> from whynet.data.sources import load
    >>> from whynet.training.loop import build
    >>> recipe = Recipe(faults=("whole-matrix-check",))
    >>> len(whole_matrix_ratios(recipe, build(recipe, load("digits")), load("digits")))  # one a layer
    2
    """
    task = make_task(network.astype("float64"), examples, recipe)
    return whole_matrix_check(task.network, *batch(task.network, examples, 1))


def own_check(recipe: Recipe) -> float | None:
    """What the gradient check that comes with a recipe says of a gradient that is known to be right, on a small sound
    network: the largest of its ratios, near 0 if it can be trusted. None if the recipe comes with none.

    >>> own_check(Recipe()) is None, own_check(Recipe(faults=("whole-matrix-check",))) > 0.1
    (True, True)
    """
    checks = [CHECK_FAULTS[fault] for fault in recipe.faults if fault in CHECK_FAULTS]
    if not checks:
        return None
    network = Network([10, 20, 3], activation=recipe.activation, cost=recipe.cost, dtype="float64")
    X = np.random.default_rng(0).normal(size=(4, 10))
    return float(np.nanmax([ratio for one in checks for ratio in one(network, X, network.targets(np.arange(4) % 3))]))


def batch(network: Network, examples: Dataset, rows: int) -> tuple[Features, Targets]:
    """The first `rows` examples as features and targets in float64.

    >>> from whynet.data.sources import load
    >>> from whynet.training.loop import build
    >>> X, targets = batch(build(Recipe(), load("digits")), load("digits"), rows=5)
    >>> X.shape, targets.shape
    ((5, 64), (5, 10))
    """
    assert network.scaling is not None
    first = slice(0, rows)
    X = network.scaling.apply(examples.images[first], np.float64)
    return X, network.targets(examples.labels[first]).astype(np.float64)
