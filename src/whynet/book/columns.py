"""What both of the book's networks share: columns, lists of tuples, weights and biases as lists, and the descent.

Examples are columns `(784, 1)` and data are lists of `(x, y)`, as published. Underneath lies one of whynet's networks,
whose rows are examples; its engine takes the steps of a whole epoch in one call.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Generator, MutableSequence, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from whynet.engines.base import BatchBlewUp, Examples, Task
from whynet.engines.choice import FASTEST, choose
from whynet.errors import UsageError
from whynet.network import network as core
from whynet.network.layers import Dense
from whynet.optimizers.averages import Average
from whynet.optimizers.constraints import Constraints
from whynet.optimizers.optimizers import SGD
from whynet.optimizers.penalties import Penalty
from whynet.training.orders import batches
from whynet.training.packing import packed_columns
from whynet.types import Array, Inputs, Scaling

Pair = tuple[Array, Any]
PROBE = 2000  # rows that a cost is measured on


class Arrays(list[Array]):
    """A list of views into a network's parameters: assigning to an item changes the network.

    >>> arrays = Arrays([np.zeros(2)])
    >>> arrays[0] = [1.0, 2.0]
    >>> arrays
    [array([1., 2.])]
    """

    def __setitem__(self, index, value):  # type: ignore[no-untyped-def]
        self[index][...] = value


class Rows(NamedTuple):
    """A list of `(x, y)` as whynet takes it, an example a row: `inputs (n, features)`, bytes where they are that, and
    `answers`, numbers `(n, outputs)` or labels `(n,)`.

    >>> rows = rows_of([(np.zeros((3, 1)), np.array([[0.0], [1.0]])), (np.ones((3, 1)), np.array([[1.0], [0.0]]))])
    >>> rows.inputs.shape, rows.answers.shape, rows.labels.tolist()
    ((2, 3), (2, 2), [1, 0])
    """

    inputs: Inputs
    scaling: Scaling | None
    answers: Array

    @property
    def labels(self) -> Array:
        """The right class of each example."""
        return self.answers if self.answers.ndim == 1 else self.answers.argmax(axis=1)

    def scores(self, network: core.Network) -> Array:
        """What the network puts out for each example, (n, outputs)."""
        one = network.astype("float32" if self.inputs.dtype == np.uint8 else network.dtype)
        one.scaling = self.scaling
        return FASTEST.scores(one, self.inputs)

    def some(self, most: int) -> Rows:
        """So many of them, evenly spread."""
        rows = np.linspace(0, len(self.answers) - 1, min(len(self.answers), most)).astype(np.intp)
        return Rows(self.inputs[rows], self.scaling, self.answers[rows])


def rows_of(data: Sequence[Pair]) -> Rows:
    """The examples of a list.

    Raises
    ------
    UsageError
        It holds something else than pairs of columns.
    """
    if not len(data):
        raise UsageError("there is no example in these data", expected="a list of (x, y)")
    try:
        inputs, scaling = packed_columns([np.asarray(x) for x, _ in data])
        answers = np.array([y for _, y in data]).reshape(len(data), -1)
    except (TypeError, ValueError) as error:
        raise UsageError(
            "these data are no list of pairs", expected="(x, y): a column and a column or a label", found=str(error),
            do="Of a zip, make a list first: list(zip(...))",
        ) from None  # fmt: skip
    if answers.shape[1] == 1 and np.issubdtype(answers.dtype, np.integer):
        answers = answers[:, 0]
    return Rows(inputs if scaling is not None else inputs.astype(np.float64, copy=False), scaling, answers)


class Columns:
    """Layers of sigmoid units. `weights[l]` is (units in layer l + 1, units in layer l), `biases[l]` a column; both are
    views, so that changing them changes the network.

    >>> network = Columns([3, 2], cost="quadratic")
    >>> network.weights = [np.ones((2, 3))]
    >>> network.output(np.zeros((3, 1)))
    array([[0.5],
           [0.5]])
    """

    def __init__(self, sizes: Sequence[int], cost: str) -> None:
        self.sizes = list(sizes)
        self.num_layers = len(sizes)
        last = "sigmoid" if cost == "quadratic" else "identity"  # that cost squashes inside
        layers = [
            Dense(fan_in, fan_out, "sigmoid" if index < len(sizes) - 2 else last, init="zeros", bias_init="zeros")
            for index, (fan_in, fan_out) in enumerate(pairwise(sizes))
        ]
        self.core = core.Network(layers=layers, cost=cost, dtype="float64")

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

    def draw(self, spread: Callable[[int], float]) -> None:
        """All biases from N(0, 1), then all weights from N(0, spread(inputs)^2), by NumPy's global generator: a program
        that calls `np.random.seed` gets the same ones again."""
        self.biases = [np.random.randn(one, 1) for one in self.sizes[1:]]  # noqa: NPY002
        self.weights = [
            np.random.randn(fan_out, fan_in) * spread(fan_in)  # noqa: NPY002
            for fan_in, fan_out in pairwise(self.sizes)
        ]

    def output(self, x: Array) -> Array:
        """The activations of the last layer for one example, or for several side by side: columns."""
        scores: Array = self.core.forward(np.asarray(x, dtype=np.float64).T).scores
        return (scores if self.core.cost_name == "quadratic" else self.core.cost.probabilities(scores)).T

    def backprop(self, x: Array, y: Array) -> tuple[list[Array], list[Array]]:
        """`(nabla_b, nabla_w)`, the gradient of one example's cost, in the shapes of `biases` and `weights`."""
        gradients = self.core.gradients(np.asarray(x, dtype=np.float64).T, np.asarray(y).T)
        return [g["b"][:, np.newaxis] for g in gradients], [g["W"].T for g in gradients]

    def step(self, mini_batch: Sequence[Pair], rate: float, penalty: float = 0.0) -> None:
        """One step of gradient descent on the mean cost of these examples."""
        X = np.hstack([x for x, _ in mini_batch]).T
        targets = np.hstack([y for _, y in mini_batch]).T
        gradients = self.core.gradients(X, targets)
        Penalty(l2=penalty).add_gradient(self.core.params, gradients)
        SGD().update(self.core.params, gradients, {}, rate=rate)

    def cost_now(self, rows: Rows) -> float:
        """The mean cost of some of the examples."""
        some = rows.some(PROBE)
        answers = np.eye(self.sizes[-1])[some.answers] if some.answers.ndim == 1 else some.answers
        return self.core.cost.value(some.scores(self.core), answers)

    def descend(
        self,
        training_data: MutableSequence[Pair],
        rows: Rows,
        mini_batch_size: int,
        eta: float,
        *,
        l2: float = 0.0,
        short: float | None = None,
        rng: np.random.Generator | None = None,
        double: bool = False,
    ) -> Generator[float, None, None]:
        """Epoch after epoch, its mean cost; `training_data` ends in the order of the last one. `short` is the learning
        rate of a shorter batch at the end, if other than `eta`. Without an `rng` of its own the order is drawn from
        Python's global generator: a program that calls `random.seed` gets the same one again. The steps on
        bytes are taken in single precision, unless `double`: that is twice as fast, and learns as well."""
        n, size = len(training_data), min(mini_batch_size, len(training_data))
        labels, targets = rows.labels, np.eye(self.sizes[-1])
        if rows.answers.ndim == 2 and not np.array_equal(targets[labels], rows.answers):  # no classes: each its own
            labels, targets = np.arange(n), rows.answers.astype(np.float64)
        examples = Examples(rows.inputs, rows.scaling, labels, targets)
        core = self.core if double or rows.scaling is None else self.core.astype("float32")
        task = Task(core, SGD(), Penalty(l2=l2), Constraints(), Average(), examples, seed=0)
        engine, steps, count = choose("auto", task)[0], 0, -(-n // size)
        order, rng = np.arange(n), rng or np.random.default_rng(random.getrandbits(128))
        try:
            while True:
                rng.shuffle(order)
                costs = np.zeros(count)
                for first in (0, n // size) if n % size else (0,):
                    at = batches(order, size, first, count)
                    rate = eta if at.shape[1] == size or short is None else short
                    costs[first : first + len(at)] = engine.advance(task, {}, at, np.full(len(at), rate), steps + first)
                steps += count
                self.core.take_over(core)
                yield float(costs @ np.minimum(size, n - size * np.arange(count))) / n
        except BatchBlewUp as error:
            print(f"whynet: {error}", file=sys.stderr)
        finally:
            training_data[:] = [training_data[place] for place in order.tolist()]


def sigmoid(z: Array) -> Array:
    """`1 / (1 + exp(-z))`, element by element.

    >>> sigmoid(np.array([0.0]))
    array([0.5])
    """
    with np.errstate(over="ignore"):
        found: Array = 1.0 / (1.0 + np.exp(-z))
    return found


def sigmoid_prime(z: Array) -> Array:
    """The derivative of the sigmoid.

    >>> sigmoid_prime(np.array([0.0]))
    array([0.25])
    """
    found: Array = sigmoid(z) * (1 - sigmoid(z))
    return found
