"""The book's `Network`: columns, lists of tuples, quadratic cost, sigmoid everywhere, N(0, 1) weights and biases."""

from __future__ import annotations

from collections.abc import MutableSequence, Sequence
from itertools import pairwise

import numpy as np

from whynet.network import network as core
from whynet.network.layers import Dense
from whynet.optimizers.optimizers import SGD
from whynet.types import Array

Pair = tuple[Array, Array]


class Arrays(list[Array]):
    """A list of views into a network's parameters: assigning to an item changes the network."""

    def __setitem__(self, index, value):  # type: ignore[no-untyped-def]
        self[index][...] = value


class Network:
    """A network of sigmoid units as the book publishes it.

    `weights[l]` is (units in layer l + 1, units in layer l) and `biases[l]` a column (units in layer l + 1, 1); both
    are views, so that changing them changes the network. With a `seed`, all biases are drawn first, then all weights,
    from one generator that goes on to shuffle the examples.

    The tutorial's worked example, from the second layer's activations to the third's:

    >>> net = Network([3, 4, 2], seed=0)
    >>> net.weights[1] = [[0.3490, 0.2552, 1.7718, -0.6382], [1.5340, 0.2998, -1.0761, -1.4656]]
    >>> net.biases[1] = [[-1.3518], [-2.1354]]
    >>> a2 = np.array([[0.2871], [0.7834], [0.6244], [0.6702]])
    >>> sigmoid(net.weights[1] @ a2 + net.biases[1]).round(4)
    array([[0.4078],
           [0.0425]])
    """

    def __init__(self, sizes: Sequence[int], seed: int | None = None) -> None:
        self.rng = np.random.default_rng(seed)
        self.sizes = list(sizes)
        self.num_layers = len(sizes)
        layers = [
            Dense(fan_in, fan_out, "sigmoid", init="normal", bias_init="normal") for fan_in, fan_out in pairwise(sizes)
        ]
        self.core = core.Network(layers=layers, cost="quadratic", dtype="float64")
        for arrays, drawn in zip(self.core.params, core.draw_in_one(layers, self.rng), strict=True):
            arrays["W"][...] = drawn["W"]
            arrays["b"][...] = drawn["b"]

    @property
    def weights(self) -> Arrays:
        """One matrix for each layer after the first, (out, in)."""
        return Arrays(arrays["W"].T for arrays in self.core.params)

    @weights.setter
    def weights(self, values: Sequence[Array]) -> None:
        for view, value in zip(self.weights, values, strict=True):
            view[...] = value

    @property
    def biases(self) -> Arrays:
        """One column for each layer after the first, (out, 1)."""
        return Arrays(arrays["b"][:, np.newaxis] for arrays in self.core.params)

    @biases.setter
    def biases(self, values: Sequence[Array]) -> None:
        for view, value in zip(self.biases, values, strict=True):
            view[...] = value

    def feedforward(self, x: Array) -> list[Array]:
        """The activations of every layer for one example, columns, the example itself first."""
        trace = self.core.forward(np.asarray(x, dtype=np.float64).T)
        return [memo.x.T for memo in trace.memos] + [trace.scores.T]

    def SGD(
        self,
        train_data: MutableSequence[Pair],
        epochs: int,
        mini_batch_size: int,
        eta: float,
        test_data: Sequence[Pair] | None = None,
    ) -> None:
        """Mini-batch stochastic gradient descent; prints a line after each epoch.

        `train_data` is a list of `(x, y)`, shuffled in place every epoch; `test_data` one of `(x, label)`.
        """
        n = len(train_data)
        for j in range(epochs):
            self.rng.shuffle(train_data)
            for start in range(0, n, mini_batch_size):
                self.update_mini_batch(train_data[start : start + mini_batch_size], mini_batch_size, eta)
            if test_data:
                print(f"Epoch {j} : {self.evaluate(test_data)} / {len(test_data)}")
            else:
                print(f"Epoch {j} complete")

    def update_mini_batch(self, mini_batch: Sequence[Pair], mini_batch_size: int, eta: float) -> None:
        """One step of gradient descent: `w <- w - eta / mini_batch_size * sum of dC_x/dw`."""
        X = np.hstack([x for x, _ in mini_batch]).T
        targets = np.hstack([y for _, y in mini_batch]).T
        gradients = self.core.gradients(X, targets)  # the mean over the batch
        SGD().update(self.core.params, gradients, {}, rate=eta * len(mini_batch) / mini_batch_size)

    def backprop(self, x: Array, y: Array) -> tuple[list[Array], list[Array]]:
        """`(nabla_b, nabla_w)`, the gradient of one example's cost, in the shapes of `biases` and `weights`."""
        gradients = self.core.gradients(np.asarray(x, dtype=np.float64).T, np.asarray(y).T)
        return [g["b"][:, np.newaxis] for g in gradients], [g["W"].T for g in gradients]

    def evaluate(self, test_data: Sequence[Pair]) -> int:
        """How many of the examples get their highest output at the right label."""
        X = np.hstack([x for x, _ in test_data]).T
        labels = np.array([y for _, y in test_data])
        return int(np.sum(self.core.scores(X).argmax(axis=1) == labels))


def sigmoid(z: Array) -> Array:
    """`1 / (1 + exp(-z))`, element by element."""
    return 1.0 / (1.0 + np.exp(-z))
