"""The book's first `Network`: quadratic cost, N(0, 1) weights and biases.

from whynet.book import mnist_loader, network
training_data, validation_data, test_data = mnist_loader.load_data_wrapper()
net = network.Network([784, 30, 10])
net.SGD(training_data, 30, 10, 3.0, test_data=test_data)
"""

from __future__ import annotations

from collections.abc import Iterable, MutableSequence, Sequence
from typing import Any

import numpy as np

from whynet.book import doctor
from whynet.book.columns import Columns, Pair, rows_of
from whynet.book.columns import sigmoid as sigmoid
from whynet.book.columns import sigmoid_prime as sigmoid_prime
from whynet.types import Array


class Network(Columns):
    """A network of sigmoid units as the book publishes it.

    With a `seed` it is the tutorial's edition of it: all biases are drawn first, then all weights, from one generator
    that goes on to shuffle the examples; `feedforward` returns the activations of every layer; and a batch moves the
    weights by `eta` over the stated size of a batch, however many examples it has.

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
        super().__init__(sizes, "quadratic")
        self.tutorial = seed is not None
        self.rng = np.random.default_rng(seed)
        if self.tutorial:
            self.biases = [self.rng.standard_normal((one, 1)) for one in self.sizes[1:]]
            self.weights = [self.rng.standard_normal(W.shape) for W in self.weights]
        else:
            self.draw(lambda inputs: 1.0)

    def feedforward(self, a: Array) -> Any:
        """The output for one example, a column; in the tutorial's edition the activations of every layer, the example
        itself first."""
        if not self.tutorial:
            return self.output(a)
        trace = self.core.forward(np.asarray(a, dtype=np.float64).T)
        return [memo.x.T for memo in trace.memos] + [trace.scores.T]

    def SGD(
        self,
        training_data: Iterable[Pair],
        epochs: int,
        mini_batch_size: int,
        eta: float,
        test_data: Iterable[Pair] | None = None,
    ) -> None:
        """Mini-batch stochastic gradient descent; prints a line after each epoch, and the doctor's on stderr.

        `training_data` is a list of `(x, y)`, shuffled in place every epoch; `test_data` one of `(x, label)`.
        """
        examples = training_data if isinstance(training_data, MutableSequence) else list(training_data)
        held = [] if test_data is None else list(test_data)
        train, test = rows_of(examples), rows_of(held) if held else None
        start = self.cost_now(train)
        short = eta * (len(examples) % mini_batch_size) / mini_batch_size if self.tutorial else None
        more: dict[str, Any] = {"rng": self.rng, "short": short, "double": True} if self.tutorial else {}
        descent = self.descend(examples, train, mini_batch_size, eta, **more)
        costs: list[float] = []
        for j in range(epochs):
            cost = next(descent, None)
            if cost is None:
                break
            costs.append(cost)
            colon = " :" if self.tutorial else ":"
            if test is not None:
                right = int(np.sum(test.scores(self.core).argmax(axis=1) == test.labels))
                print(f"Epoch {j}{colon} {right} / {len(test.labels)}")
            else:
                print(f"Epoch {j} complete")
        descent.close()
        doctor.say(self, train, test, costs, start, mini_batch_size, eta)

    def update_mini_batch(self, mini_batch: Sequence[Pair], *sizes_and_eta: float) -> None:
        """One step: `w <- w - eta / m * sum of dC_x/dw`, as `(mini_batch, eta)` over the `m` examples that there are,
        or as `(mini_batch, mini_batch_size, eta)` over that size."""
        *size, eta = sizes_and_eta
        self.step(mini_batch, eta * len(mini_batch) / (size[0] if size else len(mini_batch)))

    def evaluate(self, test_data: Sequence[Pair]) -> int:
        """How many of the examples get their highest output at the right label."""
        rows = rows_of(list(test_data))
        return int(np.sum(rows.scores(self.core).argmax(axis=1) == rows.labels))

    def cost_derivative(self, output_activations: Array, y: Array) -> Array:
        """The derivative of the cost by the output activations."""
        return output_activations - y
