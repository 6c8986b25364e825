"""A change as a program of one's own says it, written in NumPy. What stands between backticks is code, and runs."""

from __future__ import annotations

from whynet.doctor.change import Change, Wording
from whynet.doctor.diagnosis import Settings
from whynet.report.wording.base import (
    SIGMOID,
    SOFTMAX,
    SQUARES,
    Known,
    Numbers,
    Say,
    code,
    cost_of,
    epochs,
    mend,
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
    "scaled-normal": "W = rng.normal(0, 1 / np.sqrt(fan_in), W.shape)",
    "he": "W = rng.normal(0, np.sqrt(2 / fan_in), W.shape)",
    "glorot": "W = rng.normal(0, np.sqrt(2 / (fan_in + fan_out)), W.shape)",
    "lecun": "W = rng.uniform(-np.sqrt(3 / fan_in), np.sqrt(3 / fan_in), W.shape)",
    "normal": "W = rng.normal(0, 1, W.shape)",
    "zeros": "W = np.zeros(W.shape)",
}
FORMULAS = {  # an activation, and its derivative
    "relu": ("np.maximum(z, 0)", "(z > 0)"),
    "leaky-relu": ("np.where(z > 0, z, 0.01 * z)", "np.where(z > 0, 1, 0.01)"),
    "tanh": ("np.tanh(z)", "(1 - a ** 2)"),
    "sigmoid": ("1 / (1 + np.exp(-z))", "a * (1 - a)"),
    "identity": ("z", "1"),
}


def _rate(numbers: Numbers, known: Known) -> str:
    rate = rate_of(numbers, known)
    return times(numbers, "the learning rate") if rate is None else f"a learning rate of {code(rate)}"


def _weights(numbers: Numbers, known: Known) -> str:
    scheme, part = numbers.get("scheme", "scaled-normal"), numbers.get("part", "all")
    if part == "biases":
        return "`b = np.zeros(b.shape)` for every layer"
    where = "for the last layer" if part == "output weights" else "for every layer"
    made = STARTS.get("scaled-normal" if scheme == "anew" else scheme)
    return f"initial weights {scheme} {where}" if made is None else f"`{made}` {where}"


def _activation(numbers: Numbers, known: Known) -> str:
    name = numbers.get("name", "relu")
    start = f" and {_weights({'scheme': numbers['weights']}, known)}" if "weights" in numbers else ""
    if name not in FORMULAS:
        return f"{name} in the hidden layers, and its derivative{start}"
    made, derivative = FORMULAS[name]
    return f"`a = {made}` in the hidden layers, and its derivative `{derivative}`{start}"


def _output(numbers: Numbers, known: Known) -> str:
    name = output_of(numbers, known)
    if name == "softmax":
        return "a softmax at the outputs, over the classes of a row"
    return f"`a = {FORMULAS[name][0]}` at the outputs" if name in FORMULAS else f"{name} at the outputs"


def _cost(numbers: Numbers, known: Known) -> str:
    if "class_weights" in numbers:
        return "the cost of every row times `(len(y) / (len(set(y)) * np.bincount(y)))[y]`: rare classes count more"
    name = cost_of(numbers, known)
    if name in (SOFTMAX, SIGMOID):
        kind = "a softmax and its cross-entropy" if name == SOFTMAX else "a sigmoid and its cross-entropy"
        return f"{kind}: `delta = a - t` at the outputs, without the activation's derivative"
    if name == "absolute":
        return "the absolute error: `delta = np.sign(a - t)` at the outputs"
    if name == "huber":
        return "Huber's cost: `delta = np.clip(a - t, -1, 1)` at the outputs"
    return "the squared error: `delta = (a - t) * a * (1 - a)` at sigmoid outputs" if name == SQUARES else f"{name}"


def _penalty(numbers: Numbers, known: Known) -> str:
    if numbers.get("off"):
        return "no regularisation: no weight decay, no dropout, no clipping"
    return f"an L2 penalty: `gradient = gradient + {code(penalty_of(numbers, known))} * W`"


def _dropout(numbers: Numbers, known: Known) -> str:
    rate = numbers.get("rate", 0.2)
    if not rate:
        return "no dropout"
    return f"`a = a * (rng.random(a.shape) >= {code(rate)}) / (1 - {code(rate)})` in hidden layers, while training"


def _clip(numbers: Numbers, known: Known) -> str:
    return f"`gradient = gradient * min(1, {code(numbers.get('norm', 1.0))} / np.linalg.norm(gradient))`"


def _targets(numbers: Numbers, known: Known) -> str:
    if numbers.get("scheme") == "0..1":
        return "`y = (y - y.min()) / (y.max() - y.min())`, and predictions taken back"
    return "`y = (y - y.mean()) / y.std()`, and predictions taken back"


def _optimizer(numbers: Numbers, known: Known) -> str:
    name, rate = numbers.get("name", "adam"), rate_of(numbers, known)
    return f"{name}" if rate is None else f"{name} at a learning rate of {code(rate)}"


def _widths(numbers: Numbers, known: Known) -> str:
    return "layers of " + (", ".join(map(str, widths_of(numbers))) or "other numbers of") + " units"


def _derivative(known: Known) -> str:
    return FORMULAS.get(known.settings.activation or "", ("", ""))[1]


def _mend(numbers: Numbers, known: Known) -> str:
    derivative = _derivative(known)
    own = {
        "no-hidden-slope": f"`delta = delta * {derivative}` in the hidden layers, before the gradient",
        "wrong-slope": f"the derivative `{derivative}`, of a layer's own pre-activation z and activation a",
    }
    return mend(numbers, known, {**MISTAKES, **(own if derivative else {})}, _rate)


MISTAKES = {
    "flipped-gradient": "`W -= rate * gradient`: downhill",
    "forgotten-bias": "`b -= rate * db` for every layer",
    "frozen-layer": "`W -= rate * dW` for every layer",
    "naive-sigmoid": "`0.5 * (1 + np.tanh(z / 2))` for the sigmoid, and `a * (1 - a)` for its derivative: no overflow",
    "no-biases": "a bias for every unit: `z = x @ W + b`",
    "no-output-slope": "`delta = (a - t) * a * (1 - a)` at sigmoid outputs, or the cross-entropy as the cost",
    "raw-momentum": "`v = momentum * v - rate * gradient; W += v`",
    "softmax-over-batch": "probabilities of a row: divide by the sum over its classes, not over the batch",
    "stale-gradients": "set the sums of the gradients to 0 before every batch",
    "wrong-line": "what is said above of the line, mended",
    "summed-gradient": "divide the gradients by the batch size",
}
TABLE: dict[str, Say] = {
    "rate": _rate,
    "epochs": epochs,
    "batch": lambda numbers, known: f"batches of {numbers.get('size', 32)}: a step after each, not after all examples",
    "shuffle": lambda numbers, known: "`order = rng.permutation(n)` before every epoch",
    "scale-inputs": scaled,
    "scale-targets": _targets,
    "weights": _weights,
    "activation": _activation,
    "output": _output,
    "cost": _cost,
    "penalty": _penalty,
    "dropout": _dropout,
    "clip": _clip,
    "schedule": lambda numbers, known: f"a {numbers.get('name', 'constant')} learning rate",
    "optimizer": _optimizer,
    "width": _widths,
    "depth": _widths,
    "biases": lambda numbers, known: "a bias for every unit: `z = x @ W + b`",
    "rows": rows,
    "mode": lambda numbers, known: "training mode while training, evaluation mode while evaluating",
    "mend": _mend,
}


def say(change: Change, settings: Settings, wording: Wording) -> str:
    """A change in one line.

    >>> say(Change("activation", {"name": "tanh"}), Settings(), Wording("NumPy"))
    '`a = np.tanh(z)` in the hidden layers, and its derivative `(1 - a ** 2)`'
    """
    return said(change, Known(settings, wording), TABLE)
