"""Keras 3: a compiled model and its data -> why it does not learn, on whichever backend it runs."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from whynet.doctor.case import Symptom
from whynet.doctor.verdict import Diagnosis, Finding
from whynet.errors import NoRecipe, ResourceError, UsageError
from whynet.network.activations import ACTIVATIONS
from whynet.subjects.frameworks.course import Course, chance_kept, class_numbers, finite_weights
from whynet.subjects.frameworks.guest import Trained, Variant, standardising
from whynet.subjects.losses import recognise
from whynet.subjects.recreate import Description, squashed
from whynet.subjects.words import KERAS, OPTIMIZERS, Say, Tongue
from whynet.training.recipe import Recipe
from whynet.types import Array, Labels

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
    budget: float = 30.0,
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
        return read.course().run(budget=budget, trials=trials, say=say)


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
        finite_weights((one.path, np.asarray(self.keras.ops.convert_to_numpy(one))) for one in model.weights)
        self.outputs = outputs
        self.classes = max(outputs.shape[1], 2)
        self.labels = class_numbers(self.y, self.classes)
        self.tested = None
        if test is not None:
            self.tested = (test[0].astype(np.float32), class_numbers(test[1], self.classes))
        self.loss = self._loss()
        self.remarks: list[str] = []
        self.found: list[Finding] = []
        self.faults: tuple[str, ...] = ()
        try:
            self.loss_of(outputs, self.labels[: len(outputs)])
        except Exception as error:
            raise UsageError(
                f"the loss cannot be computed: {sentence(error)}",
                found=f"outputs {outputs.shape} and targets {self.y.dtype} {self.y.shape}",
            ) from None
        self._left_out()

    def _loss(self) -> Any:
        given = self.model.loss
        while isinstance(given, (list, tuple, dict)) and len(given) == 1:  # of the one output
            given = next(iter(given.values() if isinstance(given, dict) else given))
        try:
            return self.keras.losses.get(given)
        except ValueError as error:
            raise UsageError(f"the loss is not understood: {sentence(error)}", expected="one loss") from None

    def course(self) -> Course:
        """How it is diagnosed."""
        return Course(
            "Keras",
            KERAS,
            self.X,
            self.labels,
            self.classes,
            describe=self.describe,
            guest=lambda: KerasGuest(self.keras, self.model, self.target, self.recipe()),
            test=self.tested,
            found=self.found,
            remarks=self.remarks,
            left_out=bool(self.found),
        )

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

    def target(self, labels: Labels) -> Array:
        """Labels in the form of the user's targets."""
        if self.y.ndim == 2 and self.y.shape[1] > 1:
            return np.eye(self.classes, dtype=self.y.dtype)[labels]
        form: Array = labels.astype(self.y.dtype).reshape(-1, *self.y.shape[1:])
        return form

    def loss_of(self, outputs: Array, labels: Labels) -> float:
        """The loss of a batch: what `fit` minimises, the mean where a function gives one number for each row."""
        given = self.keras.ops.convert_to_tensor(outputs.astype(np.float32))
        value = self.loss(self.keras.ops.convert_to_tensor(self.target(labels)), given)
        return float(np.mean(self.keras.ops.convert_to_numpy(value)))

    def _left_out(self) -> None:
        """Layers that are not trained."""
        layers = [layer for layer in self.model._flatten_layers(include_self=False) if layer.weights]
        out = [layer for layer in layers if layer.variables and not layer.trainable]
        if not out:
            return
        dense = [layer for layer in layers if type(layer).__name__ == "Dense"]
        if out == dense[:1] and len(dense) > 1:
            self.faults += ("frozen-layer",)
        evidence = (Symptom("layers-left-out", len(out), "layers with trainable=False", "0"),)
        words = f"`trainable = True` for the layer '{out[0].name}', and compile again"
        self.found.append(Finding("layer-not-updated", "found", (), evidence, words, None, None))

    def recipe(self) -> Recipe:
        """What a guest's examination needs to know."""
        rate = rate_of(self.keras, self.model.optimizer)
        return Recipe(
            optimizer=NAMES.get(type(self.model.optimizer).__name__, "sgd"),  # type: ignore[arg-type]
            learning_rate=rate if np.isfinite(rate) and rate > 0 else None,
            batch_size=self.batch_size,
            epochs=self.epochs,
            order=self.order,  # type: ignore[arg-type]
        )

    # ---- as a description

    def describe(self) -> Description:
        """The model's layers and training."""
        if self.found and not self.faults:
            raise NoRecipe("some of its layers are not trained", found="trainable=False")
        before, dense, between = self._chain()
        activations = [self._name(layers, own) for own, layers in zip(dense, between, strict=True)]
        if len(set(activations[:-1])) > 1:
            raise NoRecipe("its hidden layers have different activations", found=", ".join(activations[:-1]))
        shares = {layer.rate for layers in between[:-1] for layer in layers if type(layer).__name__ == "Dropout"}
        if len(shares) > 1:
            raise NoRecipe("its hidden layers drop different shares of their units")
        last = activations[-1]
        loss = recognise(
            lambda Z, labels: self.loss_of(squashed(last, Z), labels),
            dense[-1].units,
            smoothing=float(getattr(self.loss, "label_smoothing", 0.0)),
        )
        return Description(
            layers=[self._arrays(layer) for layer in dense],
            X=self._features(before, self.X),
            labels=self.labels,
            outputs=self.outputs,
            last=last,
            X_test=None if self.tested is None else self._features(before, self.tested[0]),
            labels_test=None if self.tested is None else self.tested[1],
            picture=self._picture(),
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

    def _picture(self) -> tuple[int, int] | None:
        shape = self.X.shape[1:]
        sides = shape[:2] if len(shape) == 3 and shape[2] == 1 else shape
        return (int(sides[0]), int(sides[1])) if len(sides) == 2 else None

    def _chain(self) -> tuple[list[Any], list[Any], list[list[Any]]]:
        """What prepares the inputs; the dense layers; what follows each of them."""
        before: list[Any] = []
        dense: list[Any] = []
        between: list[list[Any]] = []
        for layer in self.model._flatten_layers(include_self=False):
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
        W, b = (np.asarray(array, dtype=np.float64) for array in layer.get_weights())
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
            self.remarks.append("Its learning rate follows a schedule; in the trials it is constant.")
        steps: dict[str, Any] = {"optimizer": NAMES[kind], "learning_rate": rate_of(self.keras, self.model.optimizer)}
        steps["weight_decay"] = float(config.get("weight_decay") or 0.0)
        if kind == "SGD" or kind == "RMSprop":
            steps["momentum"] = float(config["momentum"])
            if config.get("nesterov") and config["momentum"]:
                steps["optimizer"] = "nesterov"
        else:
            steps["momentum"] = 0.0 if abs(config["beta_1"] - 0.9) < 1e-6 else float(config["beta_1"])
        return steps


class KerasGuest:
    """Trains clones of a model for an `Examination`.

    >>> KerasGuest.__name__
    'KerasGuest'
    """

    def __init__(self, keras: Any, model: Any, target: Callable[[Labels], Array], recipe: Recipe) -> None:
        self.keras, self.model, self.target, self.recipe = keras, model, target, recipe
        kind = type(model.optimizer).__name__
        other: dict[str, Say] = {"learning_rate": lambda value, _: f"`{kind}(learning_rate={value:g})`"}
        self.tongue = Tongue("Keras", KERAS if kind in OPTIMIZERS.values() else {**KERAS, **other})
        self._copies: dict[bool, tuple[Any, list[Any]]] = {}

    def _copy(self, variant: Variant, *, fresh: bool) -> Any:
        """A model to train. It is compiled once and then set back, as compiling takes longer than training."""
        keras = self.keras
        rate = rate_of(keras, self.model.optimizer)
        if variant.whole not in self._copies:
            model = keras.models.clone_model(self.model)
            if variant.whole:
                model.trainable = True
                for layer in model._flatten_layers(include_self=False):
                    layer.trainable = True
            config = {**self.model.optimizer.get_config(), "learning_rate": rate}
            model.compile(optimizer=type(self.model.optimizer).from_config(config), loss=self.model.loss)
            model.optimizer.build(model.trainable_variables)
            self._copies[variant.whole] = (model, [keras.ops.copy(one.value) for one in model.optimizer.variables])
        model, memory = self._copies[variant.whole]
        for variable, value in zip(model.optimizer.variables, memory, strict=True):
            variable.assign(keras.ops.copy(value))
        model.set_weights((keras.models.clone_model(self.model) if fresh else self.model).get_weights())
        model.optimizer.learning_rate.assign(rate * variant.rate)
        return model

    def train(
        self, X: Array, labels: Labels, variant: Variant, *, seed: int, steps: int | None, seconds: float
    ) -> Trained:
        """One arm, from the weights that the model has."""
        keras = self.keras
        model = self._copy(variant, fresh=variant.redrawn or bool(seed))  # another seed is another draw
        prepare = standardising(X) if variant.standardised else (lambda rows: rows)
        given, targets, size = prepare(X), self.target(labels), int(self.recipe.batch_size)
        batches = -(-len(X) // size)
        total = steps or batches * self.recipe.epochs * variant.epochs

        def cost() -> float:
            return float(model.evaluate(given[:500], targets[:500], verbose=0, batch_size=500))

        start, curve, taken, epoch, end = cost(), [], 0, 0, time.perf_counter() + seconds
        while taken < total and time.perf_counter() < end:
            shuffled = self.recipe.order != "file" or variant.shuffled
            order = np.random.default_rng([seed, 2, epoch]).permutation(len(X)) if shuffled else np.arange(len(X))
            order = order[: (total - taken) * size]
            history = model.fit(given[order], targets[order], batch_size=size, epochs=1, shuffle=False, verbose=0)
            taken += -(-len(order) // size)
            curve.append((taken, float(history.history["loss"][0])))
            epoch += 1

        def scores(rows: Array) -> Array:
            return scores_of(keras, model, prepare(rows))

        final = cost()
        return Trained(scores, start, final, tuple(curve), taken, bool(np.isfinite(final)))
