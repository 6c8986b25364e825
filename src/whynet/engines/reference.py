"""The readable engine: mini-batch gradient descent as a textbook writes it. Every other engine must agree with it."""

from __future__ import annotations

import math

import numpy as np

from whynet.engines.base import BatchBlewUp, Blowup, Task
from whynet.network.network import Network
from whynet.noise import Noise
from whynet.optimizers.optimizers import State
from whynet.types import Array, Features, Inputs, Rows, Scores, Targets


class Reference:
    """NumPy, one batch after the other.

    >>> from whynet.data.sources import load
    >>> from whynet.training.prepare import prepare
    >>> from whynet.training.recipe import Recipe
    >>> task = prepare(Recipe(), load("xor")).task
    >>> costs = Reference().advance(task, task.first_state(), np.arange(6).reshape(3, 2), np.full(3, 0.1), first_step=0)
    >>> costs.shape  # one for each batch of two
    (3,)
    """

    name = "reference"
    path: str | None = None

    def why_not(self, task: Task) -> str | None:
        return None

    def advance(self, task: Task, state: State, batches: Rows, rates: Array, first_step: int) -> Array:
        network, cost, examples = task.network, task.network.cost, task.examples
        vector, gradients = network.params.vector, network.params.zeros()
        before = np.empty_like(vector)
        costs = np.empty(len(batches))
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):  # found below, and named
            for step, (rows, rate) in enumerate(zip(batches, rates.tolist(), strict=True)):
                X = examples.features(rows, network.dtype)
                targets = examples.targets[examples.labels[rows]]
                weights = None if examples.weights is None else examples.weights[rows]

                noise = Noise(task.seed, first_step + step)
                trace = network.forward(X, noise)
                costs[step] = cost.value(trace.scores, targets, weights)
                task.backward(network, trace, targets, weights, gradients)
                task.penalty.add_gradient(network.params, gradients)
                np.copyto(before, vector)
                task.constraints.before_step(network.params, gradients, rate)
                task.optimizer.update(network.params, gradients, state, rate)
                task.constraints.after_step(network.params)

                if not (math.isfinite(costs[step]) and _finite(vector)):
                    np.copyto(vector, before)
                    layer, quantity = find_blowup(task, X, targets, noise)
                    raise BatchBlewUp(Blowup(step, layer, quantity), costs[:step])
                network.blend_in(trace)
                task.average.after_step(network.params, state, first_step + step)
        return costs

    def scores(self, network: Network, inputs: Inputs) -> Scores:
        return network.scores(inputs)


def _finite(vector: Array) -> bool:
    """Whether all entries are finite; the product is a quick look that errs only on the side of caution."""
    return math.isfinite(np.vdot(vector, vector)) or bool(np.isfinite(vector).all())


def find_blowup(task: Task, X: Features, targets: Targets, noise: Noise | None) -> tuple[int | None, str]:
    """The layer and quantity where the first NaN or infinity appears on this batch, in the order of computing.

    >>> from whynet.data.sources import load
    >>> from whynet.training.prepare import prepare
    >>> from whynet.training.recipe import Recipe
    >>> task = prepare(Recipe(), load("xor")).task
    >>> with np.errstate(invalid="ignore"):
    ...     find_blowup(task, np.full((1, 2), np.inf, np.float32), np.eye(2)[:1], noise=None)
    (0, 'weighted input z')
    """
    network, cost = task.network, task.network.cost
    y = X
    for index, layer in enumerate(network.layers):
        y, memo = layer.forward(network.arrays(index), y, noise and noise.at(index))
        z = layer.preactivation(memo)
        if z is not None and not np.isfinite(z).all():
            return index, "weighted input z"
        if not np.isfinite(y).all():
            return index, "activation a"
    trace = network.forward(X, noise)
    if not math.isfinite(cost.value(trace.scores, targets)):
        return None, "cost"
    gradients = task.backward(network, trace, targets)
    task.penalty.add_gradient(network.params, gradients)
    for index in reversed(range(len(network.layers))):
        if not all(np.isfinite(array).all() for array in gradients[index].values()):
            return index, "gradient"
    return None, "updated weights"
