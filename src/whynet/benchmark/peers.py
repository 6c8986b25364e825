"""The systems that are timed: whynet's engines, the loops people write themselves, and the frameworks, if installed.

Each is written as its own documentation would have it, without handicap: data are converted beforehand, and whatever
compiles is compiled before the clock starts.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from importlib import metadata, util
from itertools import pairwise
from typing import Any, NamedTuple, Protocol

import numpy as np

from whynet.benchmark.works import Work
from whynet.data.dataset import Dataset
from whynet.training.loop import Training, build
from whynet.types import Array, Features, Labels


class Trainee(NamedTuple):
    """A network ready to train: `epoch()` trains on `share` of an epoch, `predict(X)` answers features (n, features).

    >>> Trainee(lambda: None, lambda X: np.zeros(len(X))).share
    1.0
    """

    epoch: Callable[[], object]
    predict: Callable[[Features], Labels]
    share: float = 1.0


class Peer(Protocol):
    """A system: its name, the package whose version counts, and how to make it ready for a work."""

    name: str
    package: str

    def why_not(self, work: Work) -> str | None:
        """None if it can do the work here, else the reason."""
        ...

    def prepare(self, work: Work, data: Dataset) -> Trainee:
        """Everything that is not training: data converted, network built, functions compiled."""
        ...


def version(peer: Peer) -> str:
    """The version of a peer's package.

    >>> version(Whynet("native")) == metadata.version("whynet")
    True
    """
    return metadata.version(peer.package)


def _missing(package: str) -> str | None:
    return None if util.find_spec(package) else f"{package} is not installed"


def _features(data: Dataset) -> Features:
    scaled: Features = (data.pixels / np.float32(255)).astype(np.float32)
    return scaled


def _order(data: Dataset) -> Array:
    return np.random.default_rng([0, 2, 0]).permutation(len(data))


class Whynet:
    """One of whynet's own engines.

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
        training = Training(build(recipe, data), data, recipe)
        training.test = None
        return Trainee(lambda: next(training), lambda X: training.network.predict(X))


class BareNumPy:
    """Batches in NumPy, written for speed alone: no objects, no checks, no records.

    >>> BareNumPy().why_not(Work("tiny", (5,), "tanh", "quadratic", "sgd", 0.1, 10))
    'the loop is written for sigmoid and ReLU'
    """

    name, package = "NumPy, batches by hand", "numpy"

    def why_not(self, work: Work) -> str | None:
        return None if work.activation in ("sigmoid", "relu") else "the loop is written for sigmoid and ReLU"

    def prepare(self, work: Work, data: Dataset) -> Trainee:
        X, eye, order = _features(data), np.eye(len(data.classes), dtype=np.float32), _order(data)
        network = build(work.recipe(data.features, len(data.classes)), data)
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
            return None
        return "the loop is written for sigmoid units, the quadratic cost and plain SGD"

    def prepare(self, work: Work, data: Dataset) -> Trainee:
        rows = _order(data)[:2000]
        X = data.pixels[rows] / 255
        pairs = [(x[:, None], t[:, None]) for x, t in zip(X, np.eye(len(data.classes))[data.labels[rows]], strict=True)]
        network = build(work.recipe(data.features, len(data.classes)).but(dtype="float64"), data)
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


class ScikitLearn:
    """scikit-learn's MLPClassifier, one pass by `partial_fit`. It knows cross-entropy only, and one hidden activation.

    >>> ScikitLearn().package
    'scikit-learn'
    """

    name, package = "scikit-learn, MLPClassifier", "scikit-learn"

    def why_not(self, work: Work) -> str | None:
        return None

    def prepare(self, work: Work, data: Dataset) -> Trainee:
        from sklearn.neural_network import MLPClassifier

        X, y = _features(data), data.labels
        model = MLPClassifier(
            work.hidden,
            activation="logistic" if work.activation == "sigmoid" else work.activation,
            solver=work.optimizer,
            learning_rate_init=work.learning_rate if work.cost != "quadratic" else work.cross_entropy_rate,
            batch_size=work.batch_size,
            alpha=0.0,
            momentum=0.0,
            nesterovs_momentum=False,
            random_state=0,
        )
        classes = np.arange(len(data.classes))
        return Trainee(lambda: model.partial_fit(X, y, classes=classes), lambda x: np.asarray(model.predict(x)))


class PyTorch:
    """PyTorch on the CPU: tensors in memory, batches by indexing, no DataLoader (which would be slower); eager, or the
    whole step through `torch.compile`.

    >>> PyTorch().name
    'PyTorch, eager'
    """

    package = "torch"

    def __init__(self, compiled: bool = False) -> None:
        self.name, self.compiled = f"PyTorch, {'compiled' if compiled else 'eager'}", compiled

    def why_not(self, work: Work) -> str | None:
        return _missing("torch")

    def prepare(self, work: Work, data: Dataset) -> Trainee:
        import torch
        from torch import nn

        torch.set_num_threads(work.threads)
        torch.manual_seed(0)
        X, y = torch.from_numpy(_features(data)), torch.from_numpy(data.labels.astype(np.int64))
        one_hot = torch.eye(len(data.classes))
        order = torch.from_numpy(_order(data))
        sizes = (data.features, *work.hidden, len(data.classes))
        parts: list[Any] = []
        for fan_in, fan_out in pairwise(sizes):
            parts += [nn.Linear(fan_in, fan_out), nn.Sigmoid() if work.activation == "sigmoid" else nn.ReLU()]
        quadratic = work.cost == "quadratic"
        model = nn.Sequential(*(parts if quadratic else parts[:-1]))
        for layer in model:
            if isinstance(layer, nn.Linear):
                nn.init.kaiming_normal_(layer.weight)
        of = torch.optim.Adam if work.optimizer == "adam" else torch.optim.SGD
        optimizer = of(model.parameters(), lr=work.learning_rate)

        def cost(x: Any, label: Any) -> Any:
            if quadratic:
                return 0.5 * ((model(x) - one_hot[label]) ** 2).sum(dim=1).mean()
            return nn.functional.cross_entropy(model(x), label)

        measured = torch.compile(cost) if self.compiled else cost

        def step(rows: Any) -> None:
            optimizer.zero_grad(set_to_none=True)
            measured(X[rows], y[rows]).backward()
            optimizer.step()

        def epoch() -> None:
            for start in range(0, len(order), work.batch_size):
                step(order[start : start + work.batch_size])

        if self.compiled:
            kept = {name: value.clone() for name, value in model.state_dict().items()}
            for size in {min(work.batch_size, len(order)), len(order) % work.batch_size} - {0}:
                step(order[:size])
            model.load_state_dict(kept)

        def predict(x: Features) -> Labels:
            with torch.no_grad():
                return np.asarray(model(torch.from_numpy(x)).argmax(dim=1).numpy())

        return Trainee(epoch, predict)


def _limit_xla(threads: int) -> None:
    """XLA takes its number of threads from the environment, and only before its first use in a process."""
    if threads == 1:
        os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1")


class Jax:
    """JAX: a whole epoch as one `lax.scan` under `jit`; compiled before the clock starts.

    >>> Jax().why_not(Work("tiny", (5,), "relu", "quadratic", "sgd", 0.1, 10)) in (None, "jax is not installed")
    True
    """

    name, package = "JAX, jit + scan", "jax"

    def why_not(self, work: Work) -> str | None:
        return _missing("jax")

    def prepare(self, work: Work, data: Dataset) -> Trainee:
        _limit_xla(work.threads)
        import jax
        import jax.numpy as jnp

        X, labels = jnp.asarray(_features(data)), jnp.asarray(data.labels)
        steps = len(data) // work.batch_size
        order = jnp.asarray(_order(data)[: steps * work.batch_size].reshape(steps, work.batch_size))
        network = build(work.recipe(data.features, len(data.classes)), data)
        params = [(jnp.asarray(named["W"]), jnp.asarray(named["b"])) for named in network.params]
        memory = (jax.tree.map(jnp.zeros_like, params), jax.tree.map(jnp.zeros_like, params), 0)
        hidden = jax.nn.sigmoid if work.activation == "sigmoid" else jax.nn.relu

        def scores(params: Any, x: Any) -> Any:
            for W, b in params[:-1]:
                x = hidden(x @ W + b)
            return x @ params[-1][0] + params[-1][1]

        def cost(params: Any, x: Any, label: Any) -> Any:
            s = scores(params, x)
            if work.cost == "quadratic":
                return 0.5 * jnp.sum((jax.nn.sigmoid(s) - jax.nn.one_hot(label, len(data.classes))) ** 2, axis=1).mean()
            return -jnp.take_along_axis(jax.nn.log_softmax(s), label[:, None], axis=1).mean()

        def step(carry: Any, rows: Any) -> tuple[Any, None]:
            params, (m, v, t) = carry
            g = jax.grad(cost)(params, X[rows], labels[rows])
            t += 1
            if work.optimizer == "sgd":
                new = jax.tree.map(lambda p, g: p - work.learning_rate * g, params, g)
            else:
                m = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, m, g)
                v = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, v, g)
                rate = work.learning_rate / (1 - 0.9**t)
                new = jax.tree.map(lambda p, m, v: p - rate * m / (jnp.sqrt(v / (1 - 0.999**t)) + 1e-8), params, m, v)
            return (new, (m, v, t)), None

        run = jax.jit(lambda carry: jax.lax.scan(step, carry, order)[0])
        state: list[Any] = [(params, memory)]
        jax.block_until_ready(run(state[0]))  # compiles

        def epoch() -> None:
            state[0] = jax.block_until_ready(run(state[0]))

        return Trainee(epoch, lambda x: np.asarray(scores(state[0][0], jnp.asarray(x)).argmax(axis=1)))


class Keras:
    """Keras 3 on whichever backend is installed, by `fit`, without progress bar.

    >>> Keras().package
    'keras'
    """

    name, package = "Keras", "keras"

    def why_not(self, work: Work) -> str | None:
        if _missing("keras") is None and not any(util.find_spec(name) for name in ("tensorflow", "jax", "torch")):
            return "Keras has no backend here"
        return _missing("keras")

    def prepare(self, work: Work, data: Dataset) -> Trainee:
        backend = next(name for name in ("tensorflow", "jax", "torch") if util.find_spec(name))
        os.environ.setdefault("KERAS_BACKEND", backend)
        _limit_xla(work.threads)
        import keras

        keras.utils.set_random_seed(0)
        quadratic = work.cost == "quadratic"
        model = keras.Sequential([keras.Input((data.features,))])
        for width in work.hidden:
            model.add(keras.layers.Dense(width, activation=work.activation))
        model.add(keras.layers.Dense(len(data.classes), activation="sigmoid" if quadratic else None))
        # Keras averages over the outputs: times their number, the rate means what it means elsewhere.
        rate = work.learning_rate * (len(data.classes) / 2 if quadratic else 1)
        of = keras.optimizers.Adam if work.optimizer == "adam" else keras.optimizers.SGD
        loss = "mse" if quadratic else keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile(of(rate), loss)
        X, y = _features(data), data.labels.astype(np.int32)
        targets = np.eye(len(data.classes), dtype=np.float32)[y] if quadratic else y
        model.fit(X[: work.batch_size], targets[: work.batch_size], batch_size=work.batch_size, verbose=0)  # compiles
        return Trainee(
            lambda: model.fit(X, targets, batch_size=work.batch_size, epochs=1, verbose=0),
            lambda x: np.asarray(model.predict(x, batch_size=1000, verbose=0).argmax(axis=1)),
        )


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
