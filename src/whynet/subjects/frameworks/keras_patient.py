"""A compiled Keras model with rows and an answer for each: what it is, as a recipe or for Keras to train."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from whynet.doctor.change import Wording
from whynet.doctor.diagnosis import Remark, Settings
from whynet.errors import NoRecipe, UsageError
from whynet.network.activations import ACTIVATIONS
from whynet.subjects.frameworks.course import Course, finite_weights
from whynet.subjects.frameworks.keras_arrays import sentence
from whynet.subjects.frameworks.keras_layers import looks_trained
from whynet.subjects.frameworks.keras_model import (
    activation_of,
    array_of,
    as_fit_does,
    layers_of,
    rate_of,
    scores_of,
    weights_of,
)
from whynet.subjects.frameworks.keras_training import KerasAdapter
from whynet.subjects.frameworks.outputs import Outputs
from whynet.subjects.frameworks.targets import is_whole, learned
from whynet.subjects.inputs import picture_of
from whynet.subjects.inside.look import Look
from whynet.subjects.losses import recognise
from whynet.subjects.recreate import Description, squashed
from whynet.types import Array

PROBE = 64
NAMES = {"SGD": "sgd", "Adam": "adam", "AdamW": "adamw", "RMSprop": "rmsprop"}
ELEMENTWISE = {"Activation", "ReLU", "LeakyReLU", "ELU", "Softmax"}


def settings_of(keras: Any, model: Any, *, batch: int, epochs: int, order: str) -> Settings:
    """What a compiled model says of its training.

    >>> callable(settings_of)
    True
    """
    kind, rate = type(model.optimizer).__name__, rate_of(keras, model.optimizer)
    layers = layers_of(model)
    shares = [float(layer.rate) for layer in layers if type(layer).__name__ == "Dropout"]
    penalties = [getattr(layer, "kernel_regularizer", None) for layer in layers]
    hidden = {activation_of(layer) for layer in layers[:-1]} - {"linear", ""}
    return Settings(
        optimizer=NAMES.get(kind),
        rate=rate if np.isfinite(rate) and rate > 0 else None,
        batch=batch,
        epochs=epochs,
        order=order,
        dropout=max(shares, default=0.0),
        l2=max((2 * float(one.get_config().get("l2", 0.0)) for one in penalties if one is not None), default=0.0),
        decay=float(model.optimizer.get_config().get("weight_decay") or 0.0),
        activation=hidden.pop().replace("_", "-") if len(hidden) == 1 else None,
    )


class Patient:
    """A compiled model, read.

    >>> import pytest
    >>> keras = pytest.importorskip("keras")
    >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3, activation="softmax")])
    >>> model.compile("sgd", "sparse_categorical_crossentropy")
    >>> data = np.random.default_rng(0).normal(size=(30, 2)), np.arange(30) % 3
    >>> Patient(keras, model, data, None, 1, 10, True).what.problem.kind
    'classification'
    """

    def __init__(
        self, keras: Any, model: Any, data: tuple[Array, Array], test: Any, epochs: int, batch_size: int, shuffle: bool,
        look: Look | None = None,
    ) -> None:  # fmt: skip
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
        look = Look() if look is None else look
        self.remarks: list[Remark] = []
        self.found, self.noted, self.gaps = list(look.findings), list(look.facts), list(look.gaps)
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
        self.found += [one for one in self.said.squashed_twice() if not self._is_found(one.cause)]

    def _is_found(self, cause: str) -> bool:
        """Whether it was seen before, when one batch was looked at."""
        return any(one.cause == cause for one in self.found)

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
            noted=[*self.noted, *self.said.facts(self.what.y)],
            used=self._used(),
            not_examined=self.gaps,
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
        several = getattr(model, "outputs", None)
        if isinstance(several, (list, tuple)) and len(several) > 1:
            raise UsageError("the model has several outputs", expected="one", found=f"{len(several)} outputs")
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
        self.on_purpose = len(out) < len(layers) and any(looks_trained(self.keras, layer) for layer in out)
        if not out or self.on_purpose:
            return
        dense = [layer for layer in layers if type(layer).__name__ == "Dense"]
        if out == dense[:1] and len(dense) > 1:
            self.faults += ("frozen-layer",)

    def _adapter(self) -> KerasAdapter:
        kind = type(self.model.optimizer).__name__
        settings = settings_of(
            self.keras, self.model, batch=min(self.batch_size, len(self.X)), epochs=self.epochs, order=self.order
        )
        wording = Wording("Keras", optimizer="" if kind in NAMES else kind)
        fitting = self.faults or (("frozen-layer",) if self.left_out and not self.on_purpose else ())
        own = replace(settings, **self.said.settings)
        return KerasAdapter(self.keras, self.model, self.target, own, wording, fitting, self.said)

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
