"""The nine networks in Keras: functional models, compiled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from benchmarks.inside.architectures import Spec, load, quality
from benchmarks.inside.data import Data
from keras import layers, ops


@keras.saving.register_keras_serializable("inside")
class Places(layers.Layer):
    """A vector for each place of a sequence, added."""

    def build(self, shape: Any) -> None:
        """One row a step."""
        self.places = self.add_weight(shape=shape[1:], initializer=keras.initializers.RandomNormal(stddev=0.3))

    def call(self, h: Any) -> Any:
        """The same shape."""
        return h + self.places


@keras.saving.register_keras_serializable("inside")
class Moded(layers.Layer):
    """A layer in a mode of its own, whichever the network is in: functional models override what is said where they are
    built, so that only a class of one's own can be stuck in one."""

    def __init__(self, inner: Any, mode: bool, **more: Any) -> None:
        super().__init__(**more)
        self.inner, self.mode = inner, mode

    def build(self, shape: Any) -> None:
        """That of the layer inside."""
        self.inner.build(shape)

    def call(self, h: Any) -> Any:
        """The same shape."""
        return self.inner(h, training=self.mode)

    def get_config(self) -> dict[str, Any]:
        """What it is made of."""
        return {**super().get_config(), "inner": keras.saving.serialize_keras_object(self.inner), "mode": self.mode}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """One like it."""
        return cls(**{**config, "inner": keras.saving.deserialize_keras_object(config["inner"])})


@keras.saving.register_keras_serializable("inside")
class AlwaysDropped(layers.Layer):
    """Half of the numbers, at any time."""

    def __init__(self, **more: Any) -> None:
        super().__init__(**more)
        self.chance = keras.random.SeedGenerator()

    def call(self, h: Any) -> Any:
        """The same shape."""
        return keras.random.dropout(h, 0.5, seed=self.chance)


@dataclass
class KerasPatient:
    """What a user has: a compiled model and arrays."""

    spec: Spec
    data: Data
    model: Any
    X: np.ndarray
    y: np.ndarray
    test: tuple[np.ndarray, np.ndarray]

    def quality(self) -> float:
        """How good it is on the rows held back."""
        found = self.model.predict(self.test[0], batch_size=len(self.test[0]), verbose=0)
        found = found[0] if isinstance(found, list) else found
        found = found - 0.5 if self.data.kind == "two" and self.spec.output in ("sigmoid", "softmax") else found
        return quality(self.data, np.asarray(found, np.float32), balanced=self.spec.has("imbalanced"))


def patient(spec: Spec) -> KerasPatient:
    """Everything of a spec."""
    data = load(spec)
    keras.utils.set_random_seed(spec.seed)
    X, X_test = (pictures(spec, X) for X in (data.X, data.X_test))
    model, stem = build(spec, data, X.shape[1:])
    model.compile(optimizer=optimizer(spec, len(X)), loss=loss(spec, data))
    made = KerasPatient(spec, data, model, X, data.y, (X_test, data.y_test))
    if not spec.has("pretrained"):
        return made
    train(made)
    kept = stem.get_weights()
    keras.utils.set_random_seed(spec.seed + 1)
    made.model, stem = build(spec, data, X.shape[1:])
    stem.set_weights(kept)
    for layer in stem.layers:
        layer.trainable = False
    made.model.compile(optimizer=optimizer(spec, len(X)), loss=loss(spec, data))
    return made


def train(made: KerasPatient) -> None:
    """As `fit` does."""
    spec = made.spec
    made.model.fit(made.X, made.y, spec.batch, spec.epochs, verbose=0, shuffle=spec.inputs != "sorted")


def pictures(spec: Spec, X: np.ndarray) -> np.ndarray:
    """Channels last, unless the file has them first and that was overlooked or undone by the wrong means."""
    if X.ndim != 4 or not (spec.has("channels last") or spec.has("reshaped")):
        return X
    first = np.ascontiguousarray(X.transpose(0, 3, 1, 2))
    return first.reshape(X.shape) if spec.has("reshaped") else first


def initializers(spec: Spec, fan_in: int) -> dict[str, Any]:
    """How a dense layer or a convolution draws its weights."""
    normal = keras.initializers.RandomNormal
    kernel = {
        "zeros": "zeros", "equal": keras.initializers.Constant(0.5 / fan_in), "large": normal(stddev=30 / fan_in**0.5),
        "small": normal(stddev=1e-4), "positive": keras.initializers.RandomUniform(0, 1),
        "growing": normal(stddev=3 / fan_in**0.5),
    }.get(spec.start)  # fmt: skip
    found: dict[str, Any] = {} if kernel is None else {"kernel_initializer": kernel}
    if spec.start == "dead":
        found["bias_initializer"] = keras.initializers.Constant(-6.0)
    if spec.has("regularised away"):
        found["kernel_regularizer"] = keras.regularizers.L2(1.0)
    return found


def finish(spec: Spec, h: Any) -> Any:
    """Normalisation, activation and dropout after a layer."""
    if spec.norm == "batch":
        norm = layers.BatchNormalization()
        h = (Moded(norm, mode=False) if spec.has("eval in training") else norm)(h)
    elif spec.norm == "layer":
        h = layers.LayerNormalization()(h)
    h = layers.LeakyReLU()(h) if spec.activation == "leaky" else layers.Activation(spec.activation)(h)
    if spec.has("hard dropout"):
        by_hand = spec.architecture in ("convolutional", "binary")
        h = (AlwaysDropped() if by_hand else Moded(layers.Dropout(0.5), mode=True))(h)
    elif spec.dropout:
        h = layers.Dropout(spec.dropout)(h)
    return h


def block(spec: Spec, h: Any, width: int) -> Any:
    """A dense layer, and what belongs to it."""
    made = finish(spec, layers.Dense(width, **initializers(spec, h.shape[-1]))(h))
    return layers.Add()([made, h]) if spec.has("residual") and h.shape[-1] == width else made


def convolution(spec: Spec, h: Any, filters: int) -> Any:
    """A convolution of 3 x 3, and what belongs to it."""
    made = layers.Conv2D(filters, 3, padding="same", **initializers(spec, 9 * h.shape[-1]))(h)
    return finish(spec, made)


def attention(spec: Spec, h: Any) -> Any:
    """One layer of a transformer."""
    causal = spec.architecture == "language" and not spec.has("sees ahead")
    near = layers.MultiHeadAttention(4, spec.width // 4)(h, h, use_causal_mask=causal)
    h = layers.LayerNormalization()(layers.Add()([h, near]))
    inner = layers.Dense(2 * spec.width, "relu")(h)
    inner = layers.Dropout(spec.dropout)(inner) if spec.dropout else inner
    return layers.LayerNormalization()(layers.Add()([h, layers.Dense(spec.width)(inner)]))


def recurrent(spec: Spec, h: Any, every: bool) -> Any:
    """A recurrent layer, and the step that is read off."""
    kind = {"gru": layers.GRU, "lstm": layers.LSTM, "rnn": layers.SimpleRNN}[spec.cell]
    start = {}
    if spec.start == "recurrent large":
        start = {"recurrent_initializer": keras.initializers.RandomNormal(stddev=4 / spec.width**0.5)}
    if spec.start == "recurrent small":
        start = {"recurrent_initializer": keras.initializers.RandomNormal(stddev=0.12 / spec.width**0.5)}
    if spec.start == "recurrent identity":
        start = {"recurrent_initializer": keras.initializers.Identity()}
    if spec.start in ("zeros", "large", "small"):
        start = {"kernel_initializer": initializers(spec, spec.width)["kernel_initializer"]}
        start |= {"recurrent_initializer": start["kernel_initializer"]}
    layer = kind(spec.width, return_sequences=every or spec.has("first step"), **start)
    h = layers.Bidirectional(layer)(h) if spec.has("both ways") else layer(h)
    return h[:, 0] if spec.has("first step") else h


def between(spec: Spec, h: Any) -> Any:
    """What lies between stem and body: nothing, in a sound network."""
    if spec.has("detached"):
        return ops.stop_gradient(h)
    if spec.has("rounded"):
        return ops.round(h)
    if spec.has("argmax"):
        return ops.one_hot(ops.argmax(h, -1), h.shape[-1])
    if spec.has("mixed"):
        order = (1, 0, *range(2, len(h.shape)))
        return ops.transpose(ops.reshape(h, (h.shape[1], -1, *h.shape[2:])), order)
    if spec.has("gated over batch"):
        return h * ops.softmax(h, 0)
    return h


def build(spec: Spec, data: Data, shape: tuple[int, ...]) -> tuple[Any, Any]:
    """The network of a spec, and its stem."""
    tokens = data.X.dtype.kind == "i" and not spec.has("quantities")
    x = layers.Input(shape, dtype="int32" if tokens else "float32")
    width, h, last = spec.width, x, {}
    match spec.architecture:
        case "convolutional":
            thin = spec.has("channels last")
            h = convolution(spec, h, width)
            if spec.has("pooled away"):
                h = layers.AveragePooling2D(shape[0])(h)
            elif not thin:
                h = layers.MaxPooling2D(2)(h)
            stem = keras.Model(x, h)
            h = convolution(spec, between(spec, h), width)
            h = (
                layers.Flatten()(h)
                if spec.has("pooled away") or thin
                else layers.Flatten()(layers.AveragePooling2D(2)(h))
            )
        case "segmentation":
            down = 16 if spec.has("pooled away") else 2
            h = layers.MaxPooling2D(down)(convolution(spec, h, width))
            stem = keras.Model(x, h)
            h = layers.UpSampling2D(down)(convolution(spec, between(spec, h), 2 * width))
            h = convolution(spec, h, width)
        case "recurrent":
            h = recurrent(spec, layers.Reshape((*shape, 1))(h) if spec.has("quantities") else h, every=False)
            stem = keras.Model(x, h)
            h = block(spec, between(spec, h), width)
        case "transformer" | "language":
            if spec.has("quantities"):
                h = layers.Dense(width)(layers.Reshape((*shape, 1))(h))
            else:
                h = layers.Embedding(data.words, width)(h)
            if spec.cell == "attention" and not spec.has("no places"):
                h = Places()(h)
            stem = keras.Model(x, h)
            h = between(spec, h)
            if spec.cell == "attention":
                for _ in range(spec.depth):
                    h = attention(spec, h)
            else:
                h = recurrent(spec, h, every=True)
            h = layers.GlobalAveragePooling1D()(h) if data.kind == "classes" else h
        case _:
            h = block(spec, h, width)
            stem = keras.Model(x, h)
            h = between(spec, h)
            for _ in range(spec.depth - 1):
                h = block(spec, h, width)
    if spec.start in ("zeros", "large", "small", "equal", "positive", "growing"):
        last = initializers(spec, h.shape[-1])
    if spec.has("frozen"):
        for layer in stem.layers:
            layer.trainable = False
    if spec.has("penalised"):
        last["activity_regularizer"] = keras.regularizers.L2(1000.0)
    if spec.architecture == "segmentation":
        out = layers.Conv2D(data.outputs, 1, **last)(h)
    else:
        out = layers.Dense(data.outputs, **last)(h)
    return keras.Model(x, output(spec, out)), stem


def output(spec: Spec, out: Any) -> Any:
    """What comes after the last layer."""
    if not spec.output:
        return out
    if spec.output == "softmax over the batch":
        return ops.softmax(out, axis=0)
    return layers.Softmax()(out) if spec.output == "softmax" else layers.Activation(spec.output)(out)


def optimizer(spec: Spec, rows: int) -> Any:
    """Adam or gradient descent with momentum."""
    rate: Any = spec.rate
    steps = spec.epochs * max(1, rows // spec.batch)
    if spec.has("fading"):
        rate = keras.optimizers.schedules.ExponentialDecay(spec.rate, 1, 0.7)
    elif spec.has("cosine"):
        rate = keras.optimizers.schedules.CosineDecay(spec.rate, steps)
    elif spec.has("warm-up"):
        rate = keras.optimizers.schedules.CosineDecay(
            spec.rate / 10, steps, warmup_target=spec.rate, warmup_steps=steps // 10
        )
    more: dict[str, Any] = {"weight_decay": spec.decay} if spec.decay else {}
    if spec.has("clipped away"):
        more["global_clipnorm"] = 1e-4
    elif spec.has("clipped"):
        more["clipnorm"] = 5.0
    if spec.has("gathered"):
        more["gradient_accumulation_steps"] = 2
    kinds = keras.optimizers
    match spec.optimizer:
        case "sgd":
            return kinds.SGD(rate, momentum=0.9, **more)
        case "plain":
            return kinds.SGD(rate, **more)
        case "rmsprop":
            return kinds.RMSprop(rate, **more)
        case "adamw":
            return kinds.AdamW(rate, **more)
    return kinds.Adam(rate, **more)


def _own_crossentropy(y: Any, scores: Any) -> Any:
    shares = ops.relu(scores)
    shares = shares / ops.sum(shares, -1, keepdims=True)
    wanted = ops.one_hot(ops.cast(ops.reshape(y, (-1,)), "int32"), scores.shape[-1])
    return -ops.sum(wanted * ops.log(shares), -1)


def _own_binary(y: Any, p: Any) -> Any:
    return -ops.mean(y * ops.log(p) + (1 - y) * ops.log(1 - p), -1)


def _logarithms(y: Any, out: Any) -> Any:
    return ops.mean(ops.square(ops.log1p(out) - ops.log1p(y)), -1)


def loss(spec: Spec, data: Data) -> Any:
    """A loss as it is handed to `compile`."""
    of = keras.losses
    more: dict[str, Any] = {"reduction": "sum"} if spec.has("summed") else {}
    ignored = {"ignore_class": 0} if data.kind == "tokens" and not spec.has("counts padding") else {}
    probabilities = spec.output.startswith("softmax") or spec.output == "sigmoid" or spec.has("raw scores")
    logits = not probabilities or spec.has("squashed twice")
    match spec.loss:
        case "auto":
            if data.kind == "two":
                return of.BinaryCrossentropy(from_logits=logits, **more)
            if data.kind == "numbers":
                return of.MeanSquaredError(**more)
            return of.SparseCategoricalCrossentropy(from_logits=logits, **ignored, **more)
        case "categorical":
            return of.CategoricalCrossentropy(from_logits=logits, label_smoothing=spec.smoothing, **more)
        case "own crossentropy":
            return _own_crossentropy
        case "own binary":
            return _own_binary
        case "logarithms":
            return _logarithms
        case "bce":
            return of.BinaryCrossentropy(**more)
        case "l1":
            return of.MeanAbsoluteError(**more)
        case "huber":
            return of.Huber(**more)
    return of.MeanSquaredError(**more)
