"""Keras 3: a compiled model and its data -> why it does not learn, on whichever backend it runs."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from whynet.doctor.budget import TIMES
from whynet.doctor.change import Change, Wording
from whynet.doctor.diagnosis import Diagnosis, Finding, Remark, Settings
from whynet.doctor.symptoms.update import LAYERS_LEFT_OUT
from whynet.errors import NoRecipe, ResourceError, UsageError
from whynet.network.activations import ACTIVATIONS
from whynet.subjects.adapter import Hidden, Inside, Trained, has, mended, number, orders, prepared, targets_as, times
from whynet.subjects.frameworks.course import Course, chance_kept, finite_weights
from whynet.subjects.frameworks.outputs import Outputs
from whynet.subjects.frameworks.targets import is_whole, learned
from whynet.subjects.inputs import picture_of
from whynet.subjects.losses import recognise
from whynet.subjects.recreate import Description, squashed
from whynet.types import Array

PROBE = 64
NAMES = {"SGD": "sgd", "Adam": "adam", "AdamW": "adamw", "RMSprop": "rmsprop"}
ELEMENTWISE = {"Activation", "ReLU", "LeakyReLU", "ELU", "Softmax"}
LEFT_ALONE = {"InputLayer", "Dropout"}


def library() -> Any:
    """Keras itself.

    >>> callable(library)
    True

    Raises
    ------
    ResourceError
        It is not installed, or has no backend.
    """
    try:
        import keras
    except ImportError as error:
        raise ResourceError(
            f"Keras cannot be imported: {error}",
            do="Install it and a backend (pip install keras jax), and name the backend: KERAS_BACKEND=jax",
        ) from None
    return keras


def diagnose_keras(
    model: Any,
    *,
    data: Any,
    test: Any = None,
    epochs: int = 1,
    batch_size: int = 32,
    shuffle: bool = True,
    effort: float = TIMES,
    budget: float | None = None,
    trials: bool = True,
    say: Callable[[str], None] = lambda _: None,
) -> Diagnosis:
    """Why does this compiled model not learn? `data` and `test` are `(X, y)`; the rest is what `fit` would be given.

    A chain of `Dense`, activations, `Dropout` and what prepares the inputs is trained again as a recipe of whynet's,
    with every trial; anything else is trained by Keras itself, with fewer. The model is not trained, nor changed.

    >>> diagnose_keras.__name__  # docs/frameworks.md shows it at work
    'diagnose_keras'

    Raises
    ------
    UsageError
        Something that is not what it should be; the message says what.
    ResourceError
        Keras is not installed.
    """
    keras = library()
    if not isinstance(model, keras.Model):
        raise UsageError("this is no model", expected="a keras.Model", found=type(model).__name__)
    if not getattr(model, "compiled", False) or model.loss is None:
        raise UsageError(
            "the model is not compiled", do="model.compile(optimizer=..., loss=...) before it is handed over"
        )
    outputs = getattr(model, "outputs", None) or []  # a subclass has none to name
    if len(outputs) > 1:
        raise UsageError("the model has several outputs", expected="one", found=str(len(outputs)))
    if not isinstance(epochs, int) or isinstance(epochs, bool) or epochs < 1:
        raise UsageError("epochs makes no sense", expected="a whole number, 1 or more", found=repr(epochs))
    if not isinstance(batch_size, int) or isinstance(batch_size, bool) or batch_size < 1:
        raise UsageError("batch_size makes no sense", expected="a whole number, 1 or more", found=repr(batch_size))
    with chance_kept():
        tested = None if test is None else _pair(test)
        read = _Model(keras, model, _pair(data), tested, epochs, batch_size, shuffle)
        return read.course().run(effort=effort, budget=budget, trials=trials, say=say)


def _pair(data: Any) -> tuple[Array, Array]:
    if not isinstance(data, (tuple, list)) or len(data) != 2:
        found = f"{len(data)} things" if isinstance(data, (tuple, list)) else type(data).__name__
        raise UsageError("these are no data", expected="(X, y) as arrays", found=found)
    try:
        X, y = (np.asarray(part) for part in data)
    except (TypeError, ValueError):
        raise UsageError("these values make no array", expected="(X, y), each of rows of one length") from None
    if X.ndim < 2 or len(X) != len(y) or not len(X) or X.dtype.kind not in "iufb":
        raise UsageError(
            "X and y do not fit together",
            expected="X (n, features) or (n, rows, columns[, channels]) of numbers, and n targets",
            found=f"X {X.dtype} {X.shape} and y {y.shape}",
        )
    return X, y


def scores_of(keras: Any, model: Any, X: Array) -> Array:
    """The outputs of a model, (n, outputs) float64.

    >>> callable(scores_of)
    True
    """
    ops = keras.ops
    parts = [
        ops.convert_to_numpy(ops.stop_gradient(model(ops.convert_to_tensor(X[start : start + 2048]), training=False)))
        for start in range(0, len(X), 2048)
    ]
    outputs: Array = np.concatenate(parts).astype(np.float64)
    return outputs


def sentence(error: Exception) -> str:
    """What an exception of Keras says, without its frame and its colours.

    >>> sentence(ValueError("Exception encountered when calling Dense.\\n\\n\\x1b[1mToo few.\\x1b[0m\\n\\nArguments"))
    'Too few.'
    """
    lines = [line.strip() for line in re.sub(r"\x1b\[[0-9;]*m", "", str(error)).splitlines() if line.strip()]
    said = [line for line in lines if not line.startswith("Exception encountered")]
    return (said or lines or [type(error).__name__])[0]


def rate_of(keras: Any, optimizer: Any) -> float:
    """The learning rate: a number, or what a schedule begins with.

    >>> callable(rate_of)
    True
    """
    rate = optimizer.get_config()["learning_rate"]
    if isinstance(rate, (int, float)):
        return float(rate)
    return float(keras.ops.convert_to_numpy(keras.ops.convert_to_tensor(optimizer.learning_rate)))


def layers_of(model: Any) -> list[Any]:
    """All layers, those of layers too.

    >>> callable(layers_of)
    True
    """
    return list(model._flatten_layers(include_self=False))


def array_of(keras: Any, variable: Any) -> Array:
    """The numbers of a variable.

    >>> callable(array_of)
    True
    """
    return np.asarray(keras.ops.convert_to_numpy(variable.value))


def weights_of(keras: Any, layer: Any) -> list[Array]:
    """Those of a layer or a model, in the order of `set_weights`.

    >>> callable(weights_of)
    True
    """
    return [array_of(keras, one) for one in layer.weights]


def as_fit_does(keras: Any, function: Any) -> Any:
    """A plain function as a loss: of targets brought to the shape of the outputs, the mean over rows, as `fit` has it.

    >>> callable(as_fit_does)
    True
    """

    class Function(keras.losses.Loss):  # type: ignore[misc]  # Keras has no types
        def call(self, targets: Any, outputs: Any) -> Any:
            if len(targets.shape) == len(outputs.shape) - 1 and outputs.shape[-1] == 1:
                targets = keras.ops.expand_dims(targets, -1)
            return function(targets, outputs)

    return Function(name=getattr(function, "__name__", type(function).__name__))


class _Model:
    """A compiled model, read."""

    def __init__(
        self, keras: Any, model: Any, data: tuple[Array, Array], test: Any, epochs: int, batch_size: int, shuffle: bool
    ) -> None:
        self.keras, self.model, self.epochs, self.batch_size = keras, model, epochs, batch_size
        self.order = "shuffled" if shuffle else "file"
        (self.X, self.y), self.test = data, test
        self.X = self.X.astype(np.float32)
        outputs = self.answers(model, self.X[:PROBE])
        finite_weights((one.path, array_of(self.keras, one)) for one in model.weights)
        self.outputs = outputs
        self.loss = self._loss()
        self.what = learned(self.y, outputs.shape[1], self._measure, self._name_of_loss)
        self.tested = None if test is None else (test[0].astype(np.float32), self.what.again(test[1]))
        self.remarks: list[Remark] = []
        self.found: list[Finding] = []
        self.faults: tuple[str, ...] = ()
        try:
            self.loss_of(outputs, self.what.y[: len(outputs)])
        except Exception as error:
            raise UsageError(
                f"the loss cannot be computed: {sentence(error)}",
                found=f"outputs {outputs.shape} and targets {self.y.dtype} {self.y.shape}",
            ) from None
        self._left_out()
        self.said = Outputs(
            outputs, self._squash(), self.loss_of, smoothing=float(getattr(self.loss, "label_smoothing", 0.0)),
            problem=self.what.problem, shares=self._shares,
        )  # fmt: skip
        self.found += self.said.squashed_twice()

    def _loss(self) -> Any:
        given = self.model.loss
        while isinstance(given, (list, tuple, dict)) and len(given) == 1:  # of the one output
            given = next(iter(given.values() if isinstance(given, dict) else given))
        if str(given).lower() in ("crossentropy", "ce"):  # Keras chooses by the targets
            several = self.y.ndim == 2 and self.y.shape[1] > 1
            given = "categorical_crossentropy" if several else "sparse_categorical_crossentropy"
            given = "binary_crossentropy" if self.outputs.shape[1] == 1 else given
        try:
            loss = self.keras.losses.get(given)
        except ValueError as error:
            raise UsageError(f"the loss is not understood: {sentence(error)}", expected="one loss") from None
        if isinstance(loss, self.keras.losses.Loss):
            return loss
        return as_fit_does(self.keras, loss)

    def course(self) -> Course:
        """How it is diagnosed."""
        return Course(
            self.X,
            self.what.y,
            self.what.problem,
            describe=self.describe,
            adapter=self._adapter,
            test=self.tested,
            found=self.found,
            remarks=self.remarks,
            noted=self.said.facts(self.what.y),
            used=self._used(),
        )

    def _used(self) -> dict[str, str]:
        """What was used as what."""
        return {
            "model": f"called with rows of shape {self.X.shape[1:]}",
            "loss": self._name_of_loss,
            "problem": self.what.words,
            "optimizer": type(self.model.optimizer).__name__,
            "predictions": self.said.words,
        }

    @property
    def _name_of_loss(self) -> str:
        return str(getattr(self.loss, "name", None) or getattr(self.loss, "__name__", type(self.loss).__name__))

    @property
    def _shares(self) -> bool:
        """Whether its targets are numbers from 0 to 1."""
        return bool(self.what.y.min() >= 0 and self.what.y.max() <= 1)

    def _squash(self) -> str | None:
        """The activation of the outputs: of the last layer with weights, or of the layers after it; None if it is not
        known."""
        after: list[Any] = []
        for layer in reversed(layers_of(self.model)):
            if layer.weights:
                try:
                    return self._name(after[::-1], layer)
                except (NoRecipe, AttributeError):
                    return None
            if type(layer).__name__ not in ELEMENTWISE:
                return None
            after.append(layer)
        return None

    def answers(self, model: Any, X: Array) -> Array:
        """What it says to these rows, by plain calls: `predict` would leave its machinery in the model."""
        try:
            outputs = scores_of(self.keras, model, X)
        except Exception as error:
            raise UsageError(
                f"the model cannot be called with these data: {sentence(error)}", found=f"X {X.shape}"
            ) from None
        if outputs.ndim != 2 or len(outputs) != len(X):
            raise UsageError(
                "the model's answer is no row of scores for each example",
                expected=f"({len(X)}, classes)",
                found=str(outputs.shape),
            )
        return outputs

    def target(self, y: Array) -> Array:
        """What the problem keeps, in the form of the user's targets."""
        if self.what.problem.kind == "classification" and self.y.ndim == 2 and self.y.shape[1] > 1:
            return np.eye(self.outputs.shape[1], dtype=self.y.dtype)[y]
        dtype = self.y.dtype if self.y.dtype.kind == "f" or is_whole(y) else np.float32
        form: Array = y.astype(dtype).reshape(-1, *self.y.shape[1:])
        return form

    def loss_of(self, outputs: Array, y: Array) -> float:
        """The loss of a batch: what `fit` minimises, the mean where a function gives one number for each row."""
        return self._value(outputs, self.target(y))

    def _measure(self, outputs: Array, targets: Array) -> float:
        """The loss of numbers, each for an output."""
        return self._value(outputs, targets.astype(self.y.dtype).reshape(-1, *self.y.shape[1:]))

    def _value(self, outputs: Array, targets: Array) -> float:
        ops = self.keras.ops
        value = self.loss(ops.convert_to_tensor(targets), ops.convert_to_tensor(outputs.astype(np.float32)))
        return float(np.mean(ops.convert_to_numpy(value)))

    def _left_out(self) -> None:
        """Layers that are not trained."""
        layers = [layer for layer in layers_of(self.model) if layer.weights]
        self.left_out = out = [layer for layer in layers if layer.variables and not layer.trainable]
        if not out:
            return
        dense = [layer for layer in layers if type(layer).__name__ == "Dense"]
        if out == dense[:1] and len(dense) > 1:
            self.faults += ("frozen-layer",)
        evidence = (LAYERS_LEFT_OUT.measured(len(out)),)
        words = f"`trainable = True` for the layer '{out[0].name}', and compile again"
        self.found.append(Finding("layer-not-updated", "found", evidence, detail=words))

    def _adapter(self) -> KerasAdapter:
        kind, rate = type(self.model.optimizer).__name__, rate_of(self.keras, self.model.optimizer)
        layers = layers_of(self.model)
        shares = [float(layer.rate) for layer in layers if type(layer).__name__ == "Dropout"]
        penalties = [getattr(layer, "kernel_regularizer", None) for layer in layers]
        hidden = {_activation_of(layer) for layer in layers[:-1]} - {"linear", ""}
        settings = Settings(
            optimizer=NAMES.get(kind),
            rate=rate if np.isfinite(rate) and rate > 0 else None,
            batch=min(self.batch_size, len(self.X)),
            epochs=self.epochs,
            order=self.order,
            dropout=max(shares, default=0.0),
            l2=max((2 * float(one.get_config().get("l2", 0.0)) for one in penalties if one is not None), default=0.0),
            decay=float(self.model.optimizer.get_config().get("weight_decay") or 0.0),
            activation=hidden.pop().replace("_", "-") if len(hidden) == 1 else None,
            **self.said.settings,
        )
        wording = Wording("Keras", optimizer="" if kind in NAMES else kind)
        fitting = self.faults or (("frozen-layer",) if self.left_out else ())
        return KerasAdapter(self.keras, self.model, self.target, settings, wording, fitting, self.said)

    # ---- as a description

    def describe(self) -> Description:
        """The model's layers and training."""
        if self.left_out and not self.faults:
            raise NoRecipe("some of its layers are not trained", found="trainable=False")
        if self.outputs.shape[1] == 1 and self.said.squashed_twice():
            raise NoRecipe("a recipe judges a single output by its sign, and this one is squashed already")
        before, dense, between = self._chain()
        activations = [self._name(layers, own) for own, layers in zip(dense, between, strict=True)]
        if len(set(activations[:-1])) > 1:
            raise NoRecipe("its hidden layers have different activations", found=", ".join(activations[:-1]))
        shares = {layer.rate for layers in between[:-1] for layer in layers if type(layer).__name__ == "Dropout"}
        if len(shares) > 1:
            raise NoRecipe("its hidden layers drop different shares of their units")
        last = activations[-1]
        loss = recognise(
            lambda Z, y: self.loss_of(squashed(last, Z), y),
            dense[-1].units,
            problem=self.what.problem,
            shares=self._shares,
            smoothing=float(getattr(self.loss, "label_smoothing", 0.0)),
        )
        return Description(
            layers=[self._arrays(layer) for layer in dense],
            X=self._features(before, self.X),
            y=self.what.y,
            problem=self.what.problem,
            outputs=self.outputs,
            last=last,
            X_test=None if self.tested is None else self._features(before, self.tested[0]),
            y_test=None if self.tested is None else self.tested[1],
            picture=picture_of(self.X, int(dense[0].kernel.shape[0])),
            activation=activations[0] if len(activations) > 1 else "sigmoid",
            output_activation=loss.output_activation,
            cost=loss.cost,
            factor=loss.factor,
            smoothing=loss.smoothing,
            faults=(*self.faults, *(("summed-gradient",) if loss.summed else ())),
            **self._steps(),
            l2=self._penalty(dense),
            batch_size=self.batch_size,
            epochs=self.epochs,
            order=self.order,
            dropout=max(shares, default=0.0) if len(dense) > 1 else 0.0,
            input_dropout=max((layer.rate for layer in before if type(layer).__name__ == "Dropout"), default=0.0),
        )

    def _chain(self) -> tuple[list[Any], list[Any], list[list[Any]]]:
        """What prepares the inputs; the dense layers; what follows each of them."""
        before: list[Any] = []
        dense: list[Any] = []
        between: list[list[Any]] = []
        for layer in layers_of(self.model):
            kind = type(layer).__name__
            if kind in ("Sequential", "Functional") or kind == "InputLayer":
                continue
            if kind == "Dense":
                if not layer.use_bias:
                    raise NoRecipe("a layer has no bias", expected="use_bias=True", found=layer.name)
                dense.append(layer)
                between.append([])
            elif layer.weights or (dense and kind not in ELEMENTWISE | {"Dropout"}):
                raise NoRecipe("it is no chain of dense layers", expected="Dense, activations, Dropout", found=kind)
            else:
                (between[-1] if dense else before).append(layer)
        if not dense:
            raise NoRecipe("it is no chain of dense layers", found="no Dense layer")
        return before, dense, between

    def _name(self, layers: Sequence[Any], dense: Any) -> str:
        """The activation after a dense layer, its own or that of the layers that follow: asked, not read."""
        ops = self.keras.ops
        Z = np.random.default_rng(0).normal(0, 2, (PROBE, dense.units)).astype(np.float32)
        a = dense.activation(ops.convert_to_tensor(Z))
        for layer in layers:
            a = layer(a, training=False) if type(layer).__name__ == "Dropout" else layer(a)
        theirs = ops.convert_to_numpy(a)
        for name in ("identity", *ACTIVATIONS, "log-softmax"):
            ours = squashed(name, Z.astype(np.float64))
            if ours.shape == theirs.shape and np.allclose(ours, theirs, rtol=1e-4, atol=1e-5):
                return name
        raise NoRecipe("what follows a dense layer is no known activation", found=str(dense.name))

    def _arrays(self, layer: Any) -> tuple[Array, Array]:
        W, b = (array.astype(np.float64) for array in weights_of(self.keras, layer))
        return W, b

    def _features(self, before: Sequence[Any], X: Array) -> Array:
        parts = []
        for start in range(0, len(X), 4096):
            a = self.keras.ops.convert_to_tensor(X[start : start + 4096])
            for layer in before:
                a = layer(a, training=False) if type(layer).__name__ == "Dropout" else layer(a)
            parts.append(self.keras.ops.convert_to_numpy(a))
        features: Array = np.concatenate(parts)
        return features

    def _penalty(self, dense: Sequence[Any]) -> float:
        """Keras adds l2 times the sum of squares; a recipe's is half of that."""
        found = set()
        for layer in dense:
            if getattr(layer, "bias_regularizer", None) or getattr(layer, "activity_regularizer", None):
                raise NoRecipe("a recipe has no penalty of biases or activities", found=layer.name)
            config = layer.kernel_regularizer.get_config() if layer.kernel_regularizer is not None else {}
            if config.get("l1"):
                raise NoRecipe("an L1 penalty is not carried over", found=layer.name)
            found.add(2 * float(config.get("l2", 0.0)))
        if len(found) > 1:
            raise NoRecipe("its layers have different penalties")
        return found.pop()

    def _steps(self) -> dict[str, Any]:
        optimizer = self.model.optimizer
        kind, config = type(optimizer).__name__, optimizer.get_config()
        if kind not in NAMES:
            raise NoRecipe(f"a recipe has no optimizer '{kind}'", expected=", ".join(NAMES))
        odd = [
            name
            for name in ("clipnorm", "global_clipnorm", "clipvalue", "use_ema", "amsgrad", "centered")
            if config.get(name)
        ]
        if odd:
            raise NoRecipe(f"'{odd[0]}' is not carried over", found=f"{odd[0]}={config[odd[0]]}")
        if isinstance(config["learning_rate"], dict):
            raise NoRecipe("its learning rate follows a schedule")
        steps: dict[str, Any] = {"optimizer": NAMES[kind], "learning_rate": rate_of(self.keras, self.model.optimizer)}
        steps["weight_decay"] = float(config.get("weight_decay") or 0.0)
        if kind == "SGD" or kind == "RMSprop":
            steps["momentum"] = float(config["momentum"])
            if config.get("nesterov") and config["momentum"]:
                steps["optimizer"] = "nesterov"
        else:
            steps["momentum"] = 0.0 if abs(config["beta_1"] - 0.9) < 1e-6 else float(config["beta_1"])
        return steps


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
    "schedule": "the learning rate stays constant in the trials",
    "width": "a model's layers are not made wider",
}
LOSSES = {"quadratic": "MeanSquaredError", "absolute": "MeanAbsoluteError", "huber": "Huber"}
"""Of numbers, which stay the targets that they are."""
SCHEMES = {"he": "he_normal", "scaled-normal": "lecun_normal", "glorot": "glorot_normal", "zeros": "zeros"}


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
        kinds = ("Dense", "Conv")
        known = [layer for layer in layers_of(model) if type(layer).__name__.startswith(kinds)]
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
            if own is not None and layer.weights:
                layer.activation = keras.activations.linear
                z = layer(a)
                layer.activation = own
                a = own(z)
            elif _activation_of(layer):
                z, a = a, layer(a)
            else:
                a = layer(a)
                continue
            name = names.get(_activation_of(layer), _activation_of(layer))
            if name in ACTIVATIONS:
                z = keras.ops.convert_to_numpy(z)
                found.append((name, z.reshape(-1, z.shape[-1]).astype(np.float64)))
        return found[:-1] if _activation_of(model.layers[-1]) else found

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
        if kind not in MADE_ANEW:
            return NOT_MADE.get(kind, f"a model is not trained with another {kind}")
        if not self._clones():
            return "a model of its own class cannot be cloned with other settings"
        layers = layers_of(self.model)
        if kind == "output":
            known = numbers["name"] == "identity" and self.squash == _activation_of(layers[-1])
            return None if known else "no other activation is put after its last layer"
        if kind == "activation":
            active = any(_activation_of(layer) not in ("", "linear") for layer in layers[:-1])
            return None if active else "its hidden layers have no activation that could be another"
        if kind == "dropout":
            return None if self.settings.dropout else "it has no Dropout layers, and none is added"
        return None

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
        key = (settings, whole, str(getattr(loss, "name", loss)))
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
            rate = rate_of(keras, self.model.optimizer)
            config = {**self.model.optimizer.get_config(), "learning_rate": rate}
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
        model.set_weights([_drawn_like(one, seed, i) for i, one in enumerate(values)] if seed else values)
        for index, layer in enumerate(layers_of(model)):  # what dropout draws hangs on the seed alone
            chance = getattr(layer, "seed_generator", None)
            if chance is not None:
                chance.state.assign(np.array([seed, index], dtype=np.uint32))
        for change in changes:
            if change.kind == "weights":
                self._draw(model, change.numbers["scheme"], change.numbers.get("part", "all"), seed)
            elif "weights" in change.numbers:
                self._draw(model, change.numbers["weights"], "all", seed)
        model.optimizer.learning_rate.assign(rate_of(keras, self.model.optimizer) * times(changes))
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
            found = scores_of(self.keras, model, prepare(rows))
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


def _matrix(keras: Any, kernel: Any) -> Array:
    """A kernel as (fan_in, fan_out), float64."""
    return array_of(keras, kernel).reshape(-1, kernel.shape[-1]).astype(np.float64)


def _vector(keras: Any, bias: Any) -> Array | None:
    return None if bias is None else array_of(keras, bias).astype(np.float64)


def _class_name(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))


def _activation_of(layer: Any) -> str:
    """The name of a layer's activation, as Keras has it; empty where it has none."""
    kind = type(layer).__name__
    if kind in ("ReLU", "Softmax", "ELU", "LeakyReLU"):
        return {"LeakyReLU": "leaky_relu"}.get(kind, kind.lower())
    return str(getattr(getattr(layer, "activation", None), "__name__", ""))


def _other(keras: Any, layer: Any, changes: Sequence[Change], last: str) -> Any:
    """A layer of the same kind with the settings that the changes ask for."""
    config, kind = layer.get_config(), type(layer).__name__
    for change in changes:
        numbers = change.numbers
        wanted = layer.name == last if change.kind == "output" else change.kind == "activation" and layer.name != last
        if wanted and _activation_of(layer) not in ("", "linear"):
            name = KERAS_ACTIVATIONS.get(numbers["name"], numbers["name"])
            if "activation" not in config:
                return keras.layers.Activation(name, name=layer.name)
            config["activation"] = name
        elif kind == "Dropout" and (change.kind == "dropout" or numbers.get("off")):
            config["rate"] = numbers.get("rate", 0.0)
        elif change.kind == "penalty" and "kernel_regularizer" in config:
            half = float(numbers.get("l2", 0.0)) / 2  # Keras adds l2 times the sum of squares, not half of that
            config["kernel_regularizer"] = keras.regularizers.L2(half) if half else None
    return type(layer).from_config(config)


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
