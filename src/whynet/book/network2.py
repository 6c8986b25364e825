"""The book's improved `Network`: cross-entropy, L2 regularisation, better initial weights, monitoring, early stopping.

from whynet.book import mnist_loader, network2
training_data, validation_data, test_data = mnist_loader.load_data_wrapper()
net = network2.Network([784, 30, 10], cost=network2.CrossEntropyCost)
net.SGD(training_data, 30, 10, 0.5, lmbda=5.0, evaluation_data=validation_data, monitor_evaluation_accuracy=True)
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, MutableSequence, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from whynet import files
from whynet.book import doctor
from whynet.book.columns import Columns, Pair, Rows, rows_of
from whynet.book.columns import sigmoid as sigmoid
from whynet.book.columns import sigmoid_prime as sigmoid_prime
from whynet.errors import BadFile, UsageError
from whynet.types import Array

LARGEST = 1 << 30  # bytes of a file


class QuadraticCost:
    """Half the squared distance of the output from what it should be.

    >>> QuadraticCost.fn(np.array([[1.0], [0.0]]), np.array([[0.0], [0.0]]))
    0.5
    """

    @staticmethod
    def fn(a: Array, y: Array) -> float:
        """The cost of an output `a` where `y` is right."""
        return 0.5 * float(np.linalg.norm(a - y)) ** 2

    @staticmethod
    def delta(z: Array, a: Array, y: Array) -> Array:
        """The error of the output layer: the derivative of the cost by its weighted input `z`."""
        return (a - y) * sigmoid_prime(z)


class CrossEntropyCost:
    """The cross-entropy of each output on its own.

    >>> round(CrossEntropyCost.fn(np.array([[0.5]]), np.array([[1.0]])), 4), CrossEntropyCost.fn(np.eye(1), np.eye(1))
    (0.6931, 0.0)
    """

    @staticmethod
    def fn(a: Array, y: Array) -> float:
        """The cost of an output `a` where `y` is right; 0 where both are 0 or both are 1."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return float(np.sum(np.nan_to_num(-y * np.log(a) - (1 - y) * np.log(1 - a))))

    @staticmethod
    def delta(z: Array, a: Array, y: Array) -> Array:
        """The error of the output layer; `z` is not used, it stands there for the other costs."""
        return a - y


COSTS: dict[str, Any] = {"QuadraticCost": QuadraticCost, "CrossEntropyCost": CrossEntropyCost}
OURS = {"QuadraticCost": "quadratic", "CrossEntropyCost": "sigmoid-cross-entropy"}


class Network(Columns):
    """A network of sigmoid units with the cost `cost`, `CrossEntropyCost` or `QuadraticCost`.

    >>> np.random.seed(0)
    >>> net = Network([784, 30, 10])
    >>> round(float(net.weights[0].std() * 28), 1), round(float(net.biases[0].std()))  # weights N(0, 1 / inputs)
    (1.0, 1)

    Raises
    ------
    UsageError
        Another cost: of one of your own, whynet does not know the gradient.
    """

    def __init__(self, sizes: Sequence[int], cost: Any = CrossEntropyCost) -> None:
        name = getattr(cost, "__name__", str(cost))
        if COSTS.get(name) is not cost:
            raise UsageError(
                f"the cost '{name}' is not one of the book's", expected=" or ".join(COSTS),
                do="A network with a cost of your own can be diagnosed as it is: whynet.diagnose",
            )  # fmt: skip
        super().__init__(sizes, OURS[name])
        self.cost, self.cost_name = cost, str(name)
        self.default_weight_initializer()

    def default_weight_initializer(self) -> None:
        """Weights from N(0, 1 / inputs), biases from N(0, 1)."""
        self.draw(lambda inputs: 1 / math.sqrt(inputs))

    def large_weight_initializer(self) -> None:
        """Weights and biases from N(0, 1), as in the first chapter: to compare with."""
        self.draw(lambda inputs: 1.0)

    def feedforward(self, a: Array) -> Array:
        """The output for one example, a column."""
        return self.output(a)

    def SGD(
        self,
        training_data: Iterable[Pair],
        epochs: int,
        mini_batch_size: int,
        eta: float,
        lmbda: float = 0.0,
        evaluation_data: Iterable[Pair] | None = None,
        monitor_evaluation_cost: bool = False,
        monitor_evaluation_accuracy: bool = False,
        monitor_training_cost: bool = False,
        monitor_training_accuracy: bool = False,
        early_stopping_n: int = 0,
    ) -> tuple[list[float], list[int], list[float], list[int]]:
        """Mini-batch stochastic gradient descent with L2 regularisation of strength `lmbda`.

        Prints what is monitored after each epoch, and the doctor's line on stderr. With `early_stopping_n`, and
        `monitor_evaluation_accuracy`, it ends after so many epochs without a better evaluation accuracy.

        Returns
        -------
        evaluation_cost, evaluation_accuracy, training_cost, training_accuracy
            Lists, one entry an epoch where monitored: costs with their regularisation, accuracies as counts.
        """
        examples = training_data if isinstance(training_data, MutableSequence) else list(training_data)
        held = list(evaluation_data) if evaluation_data is not None else []
        if not held and (monitor_evaluation_cost or monitor_evaluation_accuracy):
            raise UsageError("evaluation cannot be monitored without evaluation_data")
        train, evaluation = rows_of(examples), rows_of(held) if held else None
        n = len(examples)
        found: tuple[list[float], list[int], list[float], list[int]] = ([], [], [], [])
        costs: list[float] = []
        start = self.cost_now(train)
        descent = self.descend(examples, train, mini_batch_size, eta, l2=lmbda / n)
        best, without = -1, 0
        for j in range(epochs):
            cost = next(descent, None)
            if cost is None:
                break
            costs.append(cost)
            print(f"Epoch {j} training complete")
            if monitor_training_cost:
                found[2].append(self._cost(train, lmbda))
                print(f"Cost on training data: {found[2][-1]}")
            if monitor_training_accuracy:
                found[3].append(self._right(train))
                print(f"Accuracy on training data: {found[3][-1]} / {n}")
            if monitor_evaluation_cost and evaluation is not None:
                found[0].append(self._cost(evaluation, lmbda))
                print(f"Cost on evaluation data: {found[0][-1]}")
            if monitor_evaluation_accuracy and evaluation is not None:
                found[1].append(self._right(evaluation))
                print(f"Accuracy on evaluation data: {found[1][-1]} / {len(held)}")
            print()
            if early_stopping_n > 0 and found[1]:
                without = 0 if found[1][-1] > best else without + 1
                best = max(best, found[1][-1])
                if without == early_stopping_n:
                    break
        descent.close()
        doctor.say(self, train, evaluation, costs, start, mini_batch_size, eta)
        return found

    def update_mini_batch(self, mini_batch: Sequence[Pair], eta: float, lmbda: float, n: int) -> None:
        """One step of gradient descent; `n` is the number of examples in the whole training set."""
        self.step(mini_batch, eta, penalty=lmbda / n)

    def accuracy(self, data: Sequence[Pair], convert: bool = False) -> int:
        """How many examples are answered right. `convert` says that the answers are columns, as in training data; they
        are told apart by themselves."""
        return self._right(rows_of(list(data)))

    def total_cost(self, data: Sequence[Pair], lmbda: float, convert: bool = False) -> float:
        """The mean cost, with its regularisation. `convert` says that the answers are labels, as in validation data;
        they are told apart by themselves."""
        return self._cost(rows_of(list(data)), lmbda)

    def save(self, filename: str | Path) -> None:
        """Write the network to a file in the book's JSON."""
        data = {
            "sizes": self.sizes,
            "weights": [w.tolist() for w in self.weights],
            "biases": [b.tolist() for b in self.biases],
            "cost": self.cost_name,
        }
        files.write(Path(filename), json.dumps(data))

    def _right(self, rows: Rows) -> int:
        return int(np.sum(rows.scores(self.core).argmax(axis=1) == rows.labels))

    def _cost(self, rows: Rows, lmbda: float) -> float:
        answers = np.eye(self.sizes[-1])[rows.answers] if rows.answers.ndim == 1 else rows.answers
        squares = sum(float(np.vdot(w, w)) for w in self.weights)
        return self.core.cost.value(rows.scores(self.core), answers) + 0.5 * lmbda / len(answers) * squares


def load(filename: str | Path) -> Network:
    """Read a network in the book's JSON, whoever wrote it.

    Raises
    ------
    BadFile
        It is not there, or holds something else.
    """
    path = Path(filename)
    try:
        data = json.loads(files.read(path, LARGEST))
        sizes = [int(size) for size in data["sizes"]]
        weights = [np.array(w, dtype=np.float64) for w in data["weights"]]
        biases = [np.array(b, dtype=np.float64) for b in data["biases"]]
        cost = COSTS[data["cost"]]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise BadFile(
            f"this is no network in the book's JSON: {error!r}", where=str(path),
            expected="sizes, weights, biases, cost",
        ) from None  # fmt: skip
    shapes = [(b, a) for a, b in pairwise(sizes)]
    columns = [(size, 1) for size in sizes[1:]]
    if [w.shape for w in weights] != shapes or [b.shape for b in biases] != columns or not shapes:
        raise BadFile("the weights and biases do not fit the sizes", where=str(path), expected=str(sizes))
    if not all(np.isfinite(array).all() for array in (*weights, *biases)):
        raise BadFile("it holds NaN or infinite numbers", where=str(path))
    net = Network(sizes, cost=cost)
    net.weights, net.biases = weights, biases
    return net


def vectorized_result(j: int) -> Array:
    """The answer that stands for the digit `j`: a column of ten, 1 in place `j`.

    >>> vectorized_result(3).T
    array([[0., 0., 0., 1., 0., 0., 0., 0., 0., 0.]])
    """
    return np.eye(10)[:, [j]]
