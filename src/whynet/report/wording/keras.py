"""A change as Keras says it. What stands between backticks is code, and runs."""

from __future__ import annotations

from whynet.doctor.change import Change, Wording
from whynet.doctor.diagnosis import Settings
from whynet.report.wording.base import (
    OPTIMIZERS,
    SIGMOID,
    SOFTMAX,
    SQUARES,
    Known,
    Numbers,
    Say,
    code,
    cost_of,
    epochs,
    epochs_of,
    mend,
    momentum_of,
    number,
    output_of,
    penalty_of,
    rate_of,
    rows,
    said,
    scaled,
    times,
    widths_of,
)

STARTS = {
    "scaled-normal": "'lecun_normal'",
    "he": "'he_normal'",
    "glorot": "'glorot_normal'",
    "lecun": "'lecun_uniform'",
    "orthogonal": "'orthogonal'",
    "zeros": "'zeros'",
    "normal": "keras.initializers.RandomNormal(stddev=1.0)",
}
UNITS = {
    "relu": "'relu'",
    "leaky-relu": "keras.layers.LeakyReLU(negative_slope=0.01)",  # by its name it would leak a fifth
    "elu": "'elu'",
    "gelu": "'gelu'",
    "tanh": "'tanh'",
    "sigmoid": "'sigmoid'",
    "identity": "'linear'",
    "softmax": "'softmax'",
}


def optimizer(name: str | None, rate: float, known: Known) -> str:
    """The optimizer with this rate, its momentum as it is.

    >>> optimizer("nesterov", 0.01, Known())
    '`keras.optimizers.SGD(learning_rate=0.01, momentum=0.9, nesterov=True)`'
    """
    settings, wording = known
    if wording.optimizer and name == settings.optimizer:  # one that whynet has not: nothing else is known of it
        return f"`keras.optimizers.{wording.optimizer}(learning_rate={code(rate)})`"
    kind = OPTIMIZERS.get(name or "")
    if kind is None:
        return f"a learning rate of {number(rate)}: `learning_rate={code(rate)}` in the optimizer"
    more = momentum_of(name, settings)
    if name in ("adam", "adamw") and name == settings.optimizer and settings.momentum not in (None, 0, 0.9):
        more.append(f"beta_1={code(settings.momentum or 0.9)}")
    if name == "adamw" and name == settings.optimizer:
        more.append(f"weight_decay={code(settings.decay)}")
    return f"`keras.optimizers.{kind}({', '.join([f'learning_rate={code(rate)}', *more])})`"


def _rate(numbers: Numbers, known: Known) -> str:
    rate = rate_of(numbers, known)
    return times(numbers, "the learning rate") if rate is None else optimizer(known.settings.optimizer, rate, known)


def _epochs(numbers: Numbers, known: Known) -> str:
    count = None if numbers.get("early_stop") is False else epochs_of(numbers, known)
    return epochs(numbers, known) if count is None else f"`model.fit(X, y, epochs={count})`"


def _weights(numbers: Numbers, known: Known) -> str:
    scheme, part = numbers.get("scheme", "scaled-normal"), numbers.get("part", "all")
    if scheme == "anew":
        return "initial weights drawn anew: `keras.models.clone_model(model)`"
    where = "the last `Dense`" if part == "output weights" else "every `Dense`"
    name = STARTS.get(scheme)
    if name is None:
        return f"initial weights {scheme} in {where}"
    return f"`{'bias' if part == 'biases' else 'kernel'}_initializer={name}` in {where}"


def _activation(numbers: Numbers, known: Known) -> str:
    name = numbers.get("name", "relu")
    unit = f"`activation={UNITS[name]}`" if name in UNITS else str(name)
    start = f" and {_weights({'scheme': numbers['weights']}, known)}" if "weights" in numbers else ""
    return f"{unit} in every hidden `Dense`{start}"


def _output(numbers: Numbers, known: Known) -> str:
    name = output_of(numbers, known)
    unit = f"`activation={UNITS[name]}`" if name in UNITS else name
    crosses = known.settings.cost in (SOFTMAX, SIGMOID)
    logits = ", and `from_logits=True` in the loss" if name == "identity" and crosses else ""
    return f"{unit} in the last `Dense`{logits}"


LOSSES = {SQUARES: "MeanSquaredError", "absolute": "MeanAbsoluteError", "huber": "Huber"}


def _cost(numbers: Numbers, known: Known) -> str:
    if "class_weights" in numbers:
        weights = "dict(enumerate(len(y) / (len(set(y)) * np.bincount(y))))"
        return f"`model.fit(X, y, class_weight={weights})`: rare classes count more"
    name = cost_of(numbers, known)
    linear = "and `activation='linear'` in the last `Dense`"
    if name == SOFTMAX:
        return f"`loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True)` {linear}, labels as whole numbers"
    if name == SIGMOID:
        return f"`loss=keras.losses.BinaryCrossentropy(from_logits=True)` {linear}"
    return f"`loss=keras.losses.{LOSSES[name]}()`" if name in LOSSES else f"the cost {name}"


def _penalty(numbers: Numbers, known: Known) -> str:
    if numbers.get("off"):
        settings = known.settings
        also = ", no `Dropout`" if settings.dropout or settings.input_dropout else ""
        also += ", no label smoothing" if settings.smoothing else ""
        also += ", no clipping of gradients" if settings.clip else ""
        also += ", no weight decay" if settings.decay else ""
        return f"no regularisation: `kernel_regularizer=None` in every `Dense`{also}"
    half = code(penalty_of(numbers, known) / 2)  # Keras adds l2 times the sum of squares, not half of that
    return f"`kernel_regularizer=keras.regularizers.L2({half})` in every `Dense`"


def _dropout(numbers: Numbers, known: Known) -> str:
    rate = numbers.get("rate", 0.2)
    return f"`Dropout({code(rate)})` after every hidden layer" if rate else "no `Dropout`"


def _optimizer(numbers: Numbers, known: Known) -> str:
    name, rate = numbers.get("name", "adam"), rate_of(numbers, known)
    return f"`keras.optimizers.{OPTIMIZERS.get(name, 'Adam')}()`" if rate is None else optimizer(name, rate, known)


def _widths(numbers: Numbers, known: Known) -> str:
    layers = ", ".join(f"`Dense({width})`" for width in widths_of(numbers)[1:])
    return f"layers of these widths: {layers}" if layers else "other widths of the hidden layers"


def _schedule(numbers: Numbers, known: Known) -> str:
    name = numbers.get("name", "constant")
    return "a constant learning rate, no schedule" if name == "constant" else f"the schedule {name}"


MISTAKES = {
    "few-rows": "`model.fit(X, y, shuffle=True)` of all rows",
    "flipped-gradient": "the loss without its minus sign",
    "forgotten-bias": "biases that are trained: `layer.trainable = True` for every layer, before `model.compile`",
    "frozen-layer": "`layer.trainable = True` for every layer, before `model.compile`",
    "naive-sigmoid": "`keras.ops.sigmoid(z)`, or scores and `from_logits=True` in the loss",
    "no-biases": "`use_bias=True` in every `Dense`",
    "softmax-over-batch": "`keras.ops.softmax(scores, axis=-1)`: over the classes of a row",
    "sorted-rows": "`model.fit(X, y, shuffle=True)`",
    "summed-gradient": "`reduction='sum_over_batch_size'` in the loss",
}
TABLE: dict[str, Say] = {
    "rate": _rate,
    "epochs": _epochs,
    "batch": lambda numbers, known: f"`model.fit(X, y, batch_size={numbers.get('size', 32)})`",
    "shuffle": lambda numbers, known: "`model.fit(X, y, shuffle=True)`",
    "scale-inputs": scaled,
    "scale-targets": lambda numbers, known: (
        "`y = (y - y.min()) / (y.max() - y.min())`, and predictions taken back"
        if numbers.get("scheme") == "0..1"
        else "`y = (y - y.mean()) / y.std()`, and predictions taken back"
    ),
    "weights": _weights,
    "activation": _activation,
    "output": _output,
    "cost": _cost,
    "penalty": _penalty,
    "dropout": _dropout,
    "clip": lambda numbers, known: f"`global_clipnorm={code(numbers.get('norm', 1.0))}` in the optimizer",
    "schedule": _schedule,
    "optimizer": _optimizer,
    "width": _widths,
    "depth": _widths,
    "biases": lambda numbers, known: "`use_bias=True` in every `Dense`",
    "rows": rows,
    "mode": lambda numbers, known: "`model(X, training=True)` while training, `model(X, training=False)` after",
    "mend": lambda numbers, known: mend(numbers, known, MISTAKES, _rate),
}


def say(change: Change, settings: Settings, wording: Wording) -> str:
    """A change in one line.

    >>> say(Change("cost", {"name": "softmax-cross-entropy"}), Settings(widths=(2, 4, 1)), Wording("Keras"))
    "`loss=keras.losses.BinaryCrossentropy(from_logits=True)` and `activation='linear'` in the last `Dense`"
    """
    return said(change, Known(settings, wording), TABLE)
