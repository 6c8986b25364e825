"""The libraries that are timed, each as its own documentation would have it."""

from __future__ import annotations

import os
from importlib import util
from itertools import pairwise
from typing import Any

import numpy as np

from whynet.benchmark.peer import Trainee, dense_only, features_of, missing, order_of
from whynet.benchmark.works import Work
from whynet.data.dataset import Dataset
from whynet.training.prepare import prepare
from whynet.types import Features, Labels


class ScikitLearn:
    """scikit-learn's MLPClassifier, one pass by `partial_fit`. It knows cross-entropy only, and one hidden activation.

    >>> ScikitLearn().package
    'scikit-learn'
    """

    name, package = "scikit-learn, MLPClassifier", "scikit-learn"

    def why_not(self, work: Work) -> str | None:
        return "MLPClassifier has dense layers only" if work.layers else None

    def prepare(self, work: Work, data: Dataset) -> Trainee:
        from sklearn.neural_network import MLPClassifier

        X, y = features_of(data), data.labels
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
        return missing("torch")

    def prepare(self, work: Work, data: Dataset) -> Trainee:
        import torch
        from torch import nn

        torch.set_num_threads(work.threads)
        torch.manual_seed(0)
        X, y = torch.from_numpy(features_of(data)), torch.from_numpy(data.labels.astype(np.int64))
        one_hot = torch.eye(len(data.classes))
        order = torch.from_numpy(order_of(data))
        quadratic = work.cost == "quadratic"
        if work.layers:
            X = X.reshape(-1, data.shape[2], *data.shape[:2])
            parts = _torch_modules(work, data)
        else:
            parts = []
            for fan_in, fan_out in pairwise((data.features, *work.hidden, len(data.classes))):
                parts += [nn.Linear(fan_in, fan_out), nn.Sigmoid() if work.activation == "sigmoid" else nn.ReLU()]
        model = nn.Sequential(*(parts if quadratic else parts[:-1]))
        for layer in model:
            if isinstance(layer, (nn.Linear, nn.Conv2d)):
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
                return np.asarray(model(torch.from_numpy(x).reshape(-1, *X.shape[1:])).argmax(dim=1).numpy())

        return Trainee(epoch, predict)


def _torch_modules(work: Work, data: Dataset) -> list[Any]:
    """A work's convolutions, pools and dense layers as modules; the activation of the output, last, is one too many."""
    from torch import nn

    parts: list[Any] = []
    flat = False
    for layer in _layers_of(work, data):
        if layer.kind == "conv2d":
            parts += [nn.Conv2d(layer.in_shape[2], layer.filters, layer.kernel), nn.ReLU()]
        elif layer.kind == "max-pool2d":
            parts.append(nn.MaxPool2d(layer.size))
        else:
            parts += [] if flat else [nn.Flatten()]
            parts += [nn.Linear(layer.inputs, layer.outputs), nn.ReLU()]
            flat = True
    return parts


def _layers_of(work: Work, data: Dataset) -> list[Any]:
    """The layers of a work that says them in words, as whynet has them."""
    return list(prepare(work.recipe(data.features, len(data.classes)), data).network.layers)


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
        return missing("jax") or dense_only(work)

    def prepare(self, work: Work, data: Dataset) -> Trainee:
        _limit_xla(work.threads)
        import jax
        import jax.numpy as jnp

        X, labels = jnp.asarray(features_of(data)), jnp.asarray(data.labels)
        steps = len(data) // work.batch_size
        order = jnp.asarray(order_of(data)[: steps * work.batch_size].reshape(steps, work.batch_size))
        network = prepare(work.recipe(data.features, len(data.classes)), data).network
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
        if missing("keras") is None and not any(util.find_spec(name) for name in ("tensorflow", "jax", "torch")):
            return "Keras has no backend here"
        return missing("keras")

    def prepare(self, work: Work, data: Dataset) -> Trainee:
        backend = next(name for name in ("tensorflow", "jax", "torch") if util.find_spec(name))
        os.environ.setdefault("KERAS_BACKEND", backend)
        _limit_xla(work.threads)
        import keras

        keras.utils.set_random_seed(0)
        quadratic = work.cost == "quadratic"
        model = keras.Sequential([keras.Input(data.shape if work.layers else (data.features,))])
        for layer in _layers_of(work, data)[:-1] if work.layers else ():
            if layer.kind == "conv2d":
                model.add(keras.layers.Conv2D(layer.filters, layer.kernel, activation=work.activation))
            elif layer.kind == "max-pool2d":
                model.add(keras.layers.MaxPooling2D(layer.size))
            else:
                model.add(keras.layers.Flatten())
                model.add(keras.layers.Dense(layer.outputs, activation=work.activation))
        if work.layers:
            model.add(keras.layers.Flatten())
        for width in work.hidden:
            model.add(keras.layers.Dense(width, activation=work.activation))
        model.add(keras.layers.Dense(len(data.classes), activation="sigmoid" if quadratic else None))
        # Keras averages over the outputs: times their number, the rate means what it means elsewhere.
        rate = work.learning_rate * (len(data.classes) / 2 if quadratic else 1)
        of = keras.optimizers.Adam if work.optimizer == "adam" else keras.optimizers.SGD
        loss = "mse" if quadratic else keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile(of(rate), loss)
        X, y = features_of(data).reshape(-1, *model.input_shape[1:]), data.labels.astype(np.int32)
        targets = np.eye(len(data.classes), dtype=np.float32)[y] if quadratic else y
        model.fit(X[: work.batch_size], targets[: work.batch_size], batch_size=work.batch_size, verbose=0)  # compiles
        return Trainee(
            lambda: model.fit(X, targets, batch_size=work.batch_size, epochs=1, verbose=0),
            lambda x: np.asarray(model.predict(x.reshape(-1, *X.shape[1:]), batch_size=1000, verbose=0).argmax(axis=1)),
        )
