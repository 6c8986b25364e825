"""The systems that are timed: whynet's engines, the loops people write themselves, and the frameworks, if installed.

Each is written as its own documentation would have it, without handicap: data are converted beforehand, and whatever
compiles is compiled before the clock starts.
"""

from __future__ import annotations

from importlib import metadata

import numpy as np

from whynet.benchmark.libraries import Jax, Keras, PyTorch, ScikitLearn
from whynet.benchmark.peer import Peer, Trainee, dense_only, features_of, order_of
from whynet.benchmark.works import Work
from whynet.data.dataset import Dataset
from whynet.training.loop import Training
from whynet.training.prepare import prepare
from whynet.types import Array, Features, Labels


def version(peer: Peer) -> str:
    """The version of a peer's package.

    >>> version(Whynet("native")) == metadata.version("whynet")
    True
    """
    return metadata.version(peer.package)


class Whynet:
    """One of whynet's own engines; convolutions in NumPy are timed on 2,000 examples.

    >>> Whynet("reference").why_not(Work("tiny", (5,), "relu", "quadratic", "sgd", 0.1, 10)) is None
    True
    """

    package = "whynet"

    def __init__(self, engine: str) -> None:
        self.name, self.engine = f"whynet, {engine} engine", engine

    def why_not(self, work: Work) -> str | None:
        from whynet.engines import native

        return "it was not compiled" if self.engine == "native" and native._native is None else None

    def prepare(self, work: Work, data: Dataset) -> Trainee:
        recipe = work.recipe(data.features, len(data.classes)).but(engine=self.engine, epochs=1_000)
        some = data.take(slice(0, 2000)) if work.layers and self.engine == "reference" else data
        training = Training(prepare(recipe, some)._replace(test=None))
        return Trainee(lambda: next(training), lambda X: training.network.predict(X), len(some) / len(data))


class BareNumPy:
    """Batches in NumPy, written for speed alone: no objects, no checks, no records.

    >>> BareNumPy().why_not(Work("tiny", (5,), "tanh", "quadratic", "sgd", 0.1, 10))
    'the loop is written for sigmoid and ReLU'
    """

    name, package = "NumPy, batches by hand", "numpy"

    def why_not(self, work: Work) -> str | None:
        if work.activation not in ("sigmoid", "relu"):
            return "the loop is written for sigmoid and ReLU"
        return dense_only(work)

    def prepare(self, work: Work, data: Dataset) -> Trainee:
        X, eye, order = features_of(data), np.eye(len(data.classes), dtype=np.float32), order_of(data)
        network = prepare(work.recipe(data.features, len(data.classes)), data).network
        weights = [network.params[layer]["W"].copy() for layer in range(len(network.layers))]
        biases = [network.params[layer]["b"].copy() for layer in range(len(network.layers))]
        arrays = weights + biases
        means, squares = [np.zeros_like(a) for a in arrays], [np.zeros_like(a) for a in arrays]
        taken = 0

        def forward(x: Array) -> list[Array]:
            activations = [x]
            for W, b in zip(weights[:-1], biases[:-1], strict=True):
                z = activations[-1] @ W + b
                activations.append(np.maximum(z, 0) if work.activation == "relu" else 1 / (1 + np.exp(-z)))
            z = activations[-1] @ weights[-1] + biases[-1]
            if work.cost == "quadratic":
                activations.append(1 / (1 + np.exp(-z)))
            else:
                e = np.exp(z - z.max(axis=1, keepdims=True))
                activations.append(e / e.sum(axis=1, keepdims=True))
            return activations

        def epoch() -> None:
            nonlocal taken
            for start in range(0, len(order), work.batch_size):
                rows = order[start : start + work.batch_size]
                activations = forward(X[rows])
                d = (activations[-1] - eye[data.labels[rows]]) / np.float32(len(rows))
                if work.cost == "quadratic":
                    d *= activations[-1] * (1 - activations[-1])
                gradients: list[Array] = [np.empty(0)] * len(arrays)
                for layer in reversed(range(len(weights))):
                    gradients[layer] = activations[layer].T @ d
                    gradients[len(weights) + layer] = d.sum(axis=0)
                    if layer:
                        a = activations[layer]
                        d = (d @ weights[layer].T) * (a > 0 if work.activation == "relu" else a * (1 - a))
                taken += 1
                rate = work.learning_rate
                for array, g, m, v in zip(arrays, gradients, means, squares, strict=True):
                    if work.optimizer == "sgd":
                        array -= np.float32(rate) * g
                        continue
                    m += np.float32(0.1) * (g - m)
                    v += np.float32(0.001) * (g * g - v)
                    scaled = np.sqrt(v * np.float32(1 / (1 - 0.999**taken))) + np.float32(1e-8)
                    array -= np.float32(rate / (1 - 0.9**taken)) * m / scaled

        return Trainee(epoch, lambda x: np.asarray(forward(x)[-1].argmax(axis=1)))


class PerExample:
    """A textbook's first version: column vectors, one example at a time, mini-batches summed up in Python. Timed on
    2,000 examples.

    >>> PerExample().why_not(Work("tiny", (5,), "relu", "quadratic", "sgd", 0.1, 10))
    'the loop is written for sigmoid units, the quadratic cost and plain SGD'
    """

    name, package = "NumPy, one example at a time", "numpy"

    def why_not(self, work: Work) -> str | None:
        if (work.activation, work.cost, work.optimizer) == ("sigmoid", "quadratic", "sgd"):
            return dense_only(work)
        return "the loop is written for sigmoid units, the quadratic cost and plain SGD"

    def prepare(self, work: Work, data: Dataset) -> Trainee:
        rows = order_of(data)[:2000]
        X = data.inputs[rows] / 255
        pairs = [(x[:, None], t[:, None]) for x, t in zip(X, np.eye(len(data.classes))[data.labels[rows]], strict=True)]
        network = prepare(work.recipe(data.features, len(data.classes)).but(dtype="float64"), data).network
        weights = [network.params[layer]["W"].T.copy() for layer in range(len(network.layers))]
        biases = [network.params[layer]["b"][:, None].copy() for layer in range(len(network.layers))]

        def sigmoid(z: Array) -> Array:
            a: Array = 1.0 / (1.0 + np.exp(-z))
            return a

        def backprop(x: Array, t: Array) -> tuple[list[Array], list[Array]]:
            activations = [x]
            for W, b in zip(weights, biases, strict=True):
                activations.append(sigmoid(W @ activations[-1] + b))
            delta = (activations[-1] - t) * activations[-1] * (1 - activations[-1])
            dW, db = [delta @ activations[-2].T], [delta]
            for layer in range(2, len(weights) + 1):
                a = activations[-layer]
                delta = (weights[-layer + 1].T @ delta) * a * (1 - a)
                dW.insert(0, delta @ activations[-layer - 1].T)
                db.insert(0, delta)
            return dW, db

        def epoch() -> None:
            for start in range(0, len(pairs), work.batch_size):
                batch = pairs[start : start + work.batch_size]
                sums_W, sums_b = [np.zeros_like(W) for W in weights], [np.zeros_like(b) for b in biases]
                for x, t in batch:
                    dW, db = backprop(x, t)
                    sums_W = [s + d for s, d in zip(sums_W, dW, strict=True)]
                    sums_b = [s + d for s, d in zip(sums_b, db, strict=True)]
                for layer in range(len(weights)):
                    weights[layer] = weights[layer] - work.learning_rate / len(batch) * sums_W[layer]
                    biases[layer] = biases[layer] - work.learning_rate / len(batch) * sums_b[layer]

        def predict(x: Features) -> Labels:
            a = x.T.astype(np.float64)
            for W, b in zip(weights, biases, strict=True):
                a = sigmoid(W @ a + b)
            return np.asarray(a.argmax(axis=0))

        return Trainee(epoch, predict, share=len(pairs) / len(data))


PEERS: tuple[Peer, ...] = (
    Whynet("native"),
    Whynet("reference"),
    BareNumPy(),
    PerExample(),
    ScikitLearn(),
    PyTorch(),
    PyTorch(compiled=True),
    Jax(),
    Keras(),
)
