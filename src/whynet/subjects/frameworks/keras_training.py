"""Clones of a Keras model, trained with one thing changed."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from whynet.doctor.change import Change, Wording
from whynet.doctor.diagnosis import Settings
from whynet.network.activations import ACTIVATIONS
from whynet.subjects.adapter import Hidden, Inside, Trained, has, mended, number, orders, prepared, targets_as, times
from whynet.subjects.frameworks.keras_model import (
    activation_of,
    array_of,
    layers_of,
    put_weights,
    rate_of,
    weights_of,
)
from whynet.subjects.frameworks.keras_optimizers import scaled
from whynet.subjects.frameworks.outputs import Outputs
from whynet.subjects.recreate import squashed
from whynet.types import Array

KERAS_ACTIVATIONS = {"leaky-relu": "leaky_relu", "identity": "linear"}
MADE_ANEW = ("activation", "output", "dropout", "penalty")
"""Kinds of changes for which each layer is made anew."""
NOT_MADE = {
    "biases": "biases are not added to a model's layers",
    "clip": "gradients are not clipped in the trials",
    "cost": "no other loss is tried, as its targets would have to be others too",
    "depth": "a model's layers are not taken away",
    "mode": "trials switch between training and evaluation as they should",
    "optimizer": "no other optimizer is tried",
    "schedule": "its learning rate follows no schedule, and none is tried",
    "width": "a model's layers are not made wider",
}
LOSSES = {"quadratic": "MeanSquaredError", "absolute": "MeanAbsoluteError", "huber": "Huber"}
"""Of numbers, which stay the targets that they are."""
SCHEMES = {"he": "he_normal", "scaled-normal": "lecun_normal", "glorot": "glorot_normal", "zeros": "zeros"}

SUMS = ("Dense", "Conv")
"""What the kinds of layers begin with whose activation takes weighted sums; within a recurrent one it takes states."""


class KerasAdapter:
    """Trains clones of a model, each layer made anew from its settings where a change asks for other ones.

    >>> KerasAdapter.why_not.__doc__
    'None if a clone can be trained with these changes, or the reason.'
    """

    def __init__(
        self,
        keras: Any,
        model: Any,
        target: Callable[[Array], Array],
        settings: Settings,
        wording: Wording,
        fitting: Sequence[str],
        said: Outputs,
    ) -> None:
        self.keras, self.model, self.target, self.settings, self.wording = keras, model, target, settings, wording
        self.fitting, self.middle, self.squash = tuple(fitting), said.middle, said.squash
        self.problem = said.problem
        self.first: list[Array] | None = None
        """Weights to begin with, in place of the model's."""
        self._copies: dict[Any, tuple[Any, list[Any]]] = {}

    def multiply_adds(self) -> float:
        """Those of one row on its way forward: a weight once, those of a convolution once for each place."""
        total = 0.0
        for layer in layers_of(self.model):
            size = float(sum(int(np.prod(one.shape)) for one in layer.weights))
            if type(layer).__name__.startswith("Conv"):
                size *= float(np.prod([side for side in layer.output.shape[1:-1] if side]))
            total += size
        return max(total, 1.0)

    def weights(self) -> dict[str, Array]:
        """The kernels of dense and convolutional layers, (fan_in, fan_out)."""
        return {
            layer.name: array_of(self.keras, layer.kernel).reshape(-1, layer.kernel.shape[-1])
            for layer in layers_of(self.model)
            if type(layer).__name__.startswith(("Dense", "Conv")) and getattr(layer, "kernel", None) is not None
        }

    def inside(self, X: Array, y: Array) -> Inside:
        """What a clone is inside, on these rows; the step is on as many of them as a batch has."""
        model, size = self._copy((), 0, False), min(self.settings.batch or 32, len(X))
        unseen = {"gradients": "each backend of Keras has a way of its own to it"}
        dense = self._weighted(model)
        layers = [(_matrix(self.keras, one.kernel), _vector(self.keras, one.bias)) for one in dense]
        if not layers:
            unseen["layers"] = "it has no dense or convolutional layer"
        hidden = self._hidden(model, X)
        if hidden is None:
            unseen["hidden"] = "its layers are no chain"
        model.fit(X[:size], self.target(y[:size]), batch_size=size, epochs=1, shuffle=False, verbose=0)
        after = [_matrix(self.keras, one.kernel) for one in dense]
        step = [(W, new) for (W, _), new in zip(layers, after, strict=True)]
        return Inside(layers, hidden=hidden, step=step, unseen=unseen)

    def _weighted(self, model: Any) -> list[Any]:
        known = [layer for layer in layers_of(model) if type(layer).__name__.startswith(SUMS)]
        return [layer for layer in known if getattr(layer, "kernel", None) is not None]

    def _hidden(self, model: Any, X: Array) -> Hidden | None:
        """The pre-activations of a chain's hidden layers, in whynet's words for the activations; None of another."""
        if type(model).__name__ != "Sequential" or any(getattr(layer, "layers", None) for layer in model.layers):
            return None
        keras, found = self.keras, []
        names = {theirs: ours for ours, theirs in KERAS_ACTIVATIONS.items()}
        a = keras.ops.convert_to_tensor(X)
        for layer in model.layers:
            own = getattr(layer, "activation", None)
            sums = type(layer).__name__.startswith(SUMS)
            if own is not None and sums:
                layer.activation = keras.activations.linear
                z = layer(a)
                layer.activation = own
                a = own(z)
            elif activation_of(layer) and (own is None or not layer.weights):
                z, a = a, layer(a)
            else:
                a = layer(a)
                continue
            name = names.get(activation_of(layer), activation_of(layer))
            if name in ACTIVATIONS:
                z = keras.ops.convert_to_numpy(z)
                found.append((name, z.reshape(-1, z.shape[-1]).astype(np.float64)))
        return found[:-1] if activation_of(model.layers[-1]) else found

    def why_not(self, changes: Sequence[Change]) -> str | None:
        """None if a clone can be trained with these changes, or the reason."""
        for change in changes:
            reason = self._why_not(change)
            if reason:
                return reason
        return None

    def _why_not(self, change: Change) -> str | None:
        kind, numbers = change.kind, change.numbers
        if kind in ("rate", "epochs", "batch", "shuffle", "scale-inputs", "mend", "rows"):
            return "it has no rule for stopping early" if "early_stop" in numbers else None
        if kind == "weights":
            return None if numbers["scheme"] in SCHEMES and self.weights() else "there is no such start for its layers"
        if kind == "scale-targets":
            return None if self._of_numbers else "class numbers are not scaled"
        if kind == "cost" and self._of_numbers and numbers.get("name") in LOSSES:
            return None
        if kind == "schedule" and numbers.get("name") == "constant" and self._scheduled:
            return None
        if kind not in MADE_ANEW:
            return NOT_MADE.get(kind, f"a model is not trained with another {kind}")
        if not self._clones():
            return "a model of its own class cannot be cloned with other settings"
        layers = layers_of(self.model)
        if kind == "output":
            known = numbers["name"] == "identity" and self.squash == activation_of(layers[-1])
            return None if known else "no other activation is put after its last layer"
        if kind == "activation":
            active = any(activation_of(layer) not in ("", "linear") for layer in layers[:-1])
            return None if active else "its hidden layers have no activation that could be another"
        if kind == "dropout":
            return None if self.settings.dropout else "it has no Dropout layers, and none is added"
        return None

    @property
    def _scheduled(self) -> bool:
        return isinstance(self.model.optimizer.get_config()["learning_rate"], dict)

    def _follows(self, changes: Sequence[Change]) -> bool:
        """Whether an arm's rate follows the schedule of the user's."""
        return self._scheduled and not has(changes, "schedule")

    def _constant(self) -> float:
        """Its rate; of a schedule the largest."""
        optimizer = self.model.optimizer
        if not self._scheduled:
            return rate_of(self.keras, optimizer)
        schedule = self.keras.optimizers.schedules.deserialize(optimizer.get_config()["learning_rate"])
        return max(float(schedule(int(step))) for step in np.geomspace(1, 1e4, 40) - 1)

    @property
    def _of_numbers(self) -> bool:
        return self.problem.kind == "regression"

    def _loss(self, changes: Sequence[Change]) -> Any:
        """The loss, or the one that a change asks for."""
        names = [change.numbers["name"] for change in changes if change.kind == "cost"]
        return getattr(self.keras.losses, LOSSES[names[-1]])() if names else self.model.loss

    def _clones(self) -> bool:
        return type(self.model).__name__ in ("Sequential", "Functional")

    def _made(self, changes: Sequence[Change], whole: bool) -> tuple[Any, list[Any]]:
        """A compiled clone with these settings, and its optimizer's memory; kept, as compiling takes longest."""
        settings = tuple(change for change in changes if change.kind in MADE_ANEW)
        loss = self._loss(changes)
        follows = times(changes) if self._follows(changes) else None  # it is compiled in
        key = (settings, whole, str(getattr(loss, "name", loss)), follows)
        if key not in self._copies:
            keras = self.keras
            model = keras.models.clone_model(self.model)
            if settings:
                last = layers_of(self.model)[-1].name
                model = keras.models.clone_model(
                    self.model, clone_function=lambda layer: _other(keras, layer, settings, last)
                )
            if whole:
                model.trainable = True
                for layer in layers_of(model):
                    layer.trainable = True
            config = self.model.optimizer.get_config()
            given = config["learning_rate"]
            if follows is None:
                config["learning_rate"] = self._constant()
            else:
                config["learning_rate"] = scaled(keras, keras.optimizers.schedules.deserialize(given), follows)
            if number(changes, "penalty", "off") and config.get("weight_decay"):
                config["weight_decay"] = None
            model.compile(
                optimizer=type(self.model.optimizer).from_config(config),
                loss=loss,
                run_eagerly=self.model.run_eagerly,
            )
            model.optimizer.build(model.trainable_variables)
            self._copies[key] = (model, [keras.ops.copy(one.value) for one in model.optimizer.variables])
        return self._copies[key]

    def _copy(self, changes: Sequence[Change], seed: int, whole: bool) -> Any:
        keras = self.keras
        model, memory = self._made(changes, whole)
        for variable, value in zip(model.optimizer.variables, memory, strict=True):
            variable.assign(keras.ops.copy(value))
        values = weights_of(keras, self.model) if self.first is None else self.first
        put_weights(model, [_drawn_like(one, seed, i) for i, one in enumerate(values)] if seed else values)
        for index, layer in enumerate(layers_of(model)):  # what dropout draws hangs on the seed alone
            chance = getattr(layer, "seed_generator", None)
            if chance is not None:
                chance.state.assign(np.array([seed, index], dtype=np.uint32))
        for change in changes:
            if change.kind == "weights":
                self._draw(model, change.numbers["scheme"], change.numbers.get("part", "all"), seed)
            elif "weights" in change.numbers:
                self._draw(model, change.numbers["weights"], "all", seed)
        if not self._follows(changes):
            model.optimizer.learning_rate.assign(self._constant() * times(changes))
        return model

    def _draw(self, model: Any, scheme: str, part: str, seed: int) -> None:
        init = self.keras.initializers
        layers = [layer for layer in layers_of(model) if getattr(layer, "kernel", None) is not None]
        for index, layer in enumerate(layers[-1:] if part == "output weights" else layers):
            if part != "biases":
                options = {} if scheme == "zeros" else {"seed": 1000 * seed + index}
                made = init.get({"class_name": _class_name(SCHEMES[scheme]), "config": options})
                layer.kernel.assign(made(layer.kernel.shape))
            if getattr(layer, "bias", None) is not None:
                layer.bias.assign(init.Zeros()(layer.bias.shape))

    def steps_from(
        self,
        layers: Sequence[tuple[Array, Array]],
        X: Array,
        y: Array,
        steps: int,
        *,
        times: float = 1.0,
        dropout: bool = True,
    ) -> Trained:
        """A few steps on the rows as they lie, from these weights of its dense layers."""
        plain = copy.copy(self)
        plain.settings = replace(self.settings, order="file")
        plain.first = [array.astype(np.float32) for layer in layers for array in layer]
        changes = (Change("rate", {"times": times}), Change("dropout", {"rate": 0.0}))
        some = changes if dropout and self.settings.dropout else changes[:1]
        return plain.train(X, y, some, seed=0, steps=steps, stop=lambda: False)

    def train(
        self, X: Array, y: Array, changes: Sequence[Change], *, seed: int, steps: int, stop: Callable[[], bool]
    ) -> Trained:
        """One arm, from the weights that the model has; another seed draws others of the same spread."""
        whole = "frozen-layer" in self.fitting and "frozen-layer" not in mended(self.fitting, changes)
        model = self._copy(changes, seed, whole)
        size = min(int(number(changes, "batch", "size") or self.settings.batch or 32), len(X))
        prepare = prepared(X, changes)
        fitted = targets_as(self.problem, y, changes)
        given, targets = prepare(X), self.target(fitted.targets(y, fitted.outputs) if self._of_numbers else y)

        def cost() -> float:
            found = model.evaluate(given[:500], targets[:500], verbose=0, batch_size=500, return_dict=True)
            return float(found["loss"])

        shuffled = self.settings.order != "file" or has(changes, "shuffle")
        start, curve, taken, epoch = cost(), [], 0, 0
        while taken < steps and not stop():
            order = orders(len(X), seed, epoch, shuffled=shuffled)[: (steps - taken) * size]
            history = model.fit(given[order], targets[order], batch_size=size, epochs=1, shuffle=False, verbose=0)
            taken += -(-len(order) // size)
            curve.append((taken, float(history.history["loss"][0])))
            epoch += 1
        values = weights_of(self.keras, model)  # the clone is used again for the next arm

        def scores(rows: Array) -> Array:
            kept = weights_of(self.keras, model)
            model.set_weights(values)
            found = _answers(model, prepare(rows))
            model.set_weights(kept)
            if self._of_numbers:
                return fitted.predictions(found)
            bare = has(changes, "output") and self.squash == "sigmoid"
            return squashed("sigmoid", found) if bare else found  # `middle` is that of squashed outputs

        def hidden(rows: Array) -> Hidden:
            kept = weights_of(self.keras, model)
            model.set_weights(values)
            found = self._hidden(model, prepare(rows))
            model.set_weights(kept)
            return found or []

        final = cost()
        finite = bool(np.isfinite(final))
        seen = hidden if finite and self._hidden(model, given[:1]) is not None else None
        return Trained(scores, start, final, tuple(curve), taken, finite, hidden=seen)


def _answers(clone: Any, X: Array) -> Array:
    """The outputs of a clone, (n, outputs) float64: by `predict`, which compiles its layers once, not at each call."""
    found: Array = np.asarray(clone.predict(X, batch_size=2048, verbose=0), dtype=np.float64)
    return found


def _matrix(keras: Any, kernel: Any) -> Array:
    """A kernel as (fan_in, fan_out), float64."""
    return array_of(keras, kernel).reshape(-1, kernel.shape[-1]).astype(np.float64)


def _vector(keras: Any, bias: Any) -> Array | None:
    return None if bias is None else array_of(keras, bias).astype(np.float64)


def _class_name(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))


def _other(keras: Any, layer: Any, changes: Sequence[Change], last: str) -> Any:
    """A layer of the same kind with the settings that the changes ask for."""
    config, kind = layer.get_config(), type(layer).__name__
    for change in changes:
        numbers = change.numbers
        wanted = layer.name == last if change.kind == "output" else change.kind == "activation" and layer.name != last
        if wanted and activation_of(layer) not in ("", "linear"):
            name = KERAS_ACTIVATIONS.get(numbers["name"], numbers["name"])
            if "activation" not in config:
                return _activation(keras, name, layer.name)
            config["activation"] = name
        elif kind == "Dropout" and (change.kind == "dropout" or numbers.get("off")):
            config["rate"] = numbers.get("rate", 0.0)
        elif change.kind == "penalty" and "kernel_regularizer" in config:
            half = float(numbers.get("l2", 0.0)) / 2  # Keras adds l2 times the sum of squares, not half of that
            config["kernel_regularizer"] = keras.regularizers.L2(half) if half else None
    return type(layer).from_config(config)


def _activation(keras: Any, activation: str, name: str) -> Any:
    """An activation as a layer, which takes the mask that a Softmax in its place was given."""

    class Activation(keras.layers.Activation):  # type: ignore[misc]
        def call(self, inputs: Any, mask: Any = None) -> Any:
            return super().call(inputs)

    return Activation(activation, name=name)


def _drawn_like(own: Array, seed: int, index: int) -> Array:
    """Weights drawn anew, with the spread and the mean of these."""
    if own.ndim < 2 or float(own.std()) == 0:
        return own
    rng, mean, sd = np.random.default_rng([seed, 0, index]), float(own.mean()), float(own.std())
    columns = own.reshape(-1, own.shape[-1])
    if columns.shape[1] > 1 and (columns == columns[:, :1]).all():  # units that are alike stay alike
        return columns[rng.permutation(len(columns))].reshape(own.shape)
    flat = float(np.mean(((own - mean) / sd) ** 4)) < 2.2  # uniform 1.8, normal 3
    half = sd * 3**0.5
    drawn = rng.uniform(mean - half, mean + half, own.shape) if flat else rng.normal(mean, sd, own.shape)
    return drawn.astype(own.dtype)
