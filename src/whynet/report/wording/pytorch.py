"""A change as PyTorch says it. What stands between backticks is code, and runs."""

from __future__ import annotations

from itertools import pairwise

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
    "scaled-normal": "nn.init.normal_(layer.weight, std=layer.in_features ** -0.5)",
    "he": "nn.init.kaiming_normal_(layer.weight, nonlinearity='relu')",
    "glorot": "nn.init.xavier_normal_(layer.weight)",
    "lecun": "nn.init.kaiming_uniform_(layer.weight, nonlinearity='linear')",
    "orthogonal": "nn.init.orthogonal_(layer.weight)",
    "zeros": "nn.init.zeros_(layer.weight)",
    "normal": "nn.init.normal_(layer.weight)",
}
UNITS = {
    "relu": "nn.ReLU()",
    "leaky-relu": "nn.LeakyReLU()",
    "elu": "nn.ELU()",
    "gelu": "nn.GELU(approximate='tanh')",
    "tanh": "nn.Tanh()",
    "sigmoid": "nn.Sigmoid()",
    "identity": "nn.Identity()",
    "softmax": "nn.Softmax(dim=1)",
}
SCHEDULES = {
    "cosine": "torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max={epochs})",
    "exponential": "torch.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.95)",
    "linear": "torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.0, total_iters={epochs})",
    "warm-up": "torch.optim.lr_scheduler.LinearLR(optimizer, 0.01, 1.0, total_iters=5)",
}
EVERY = "for every `nn.Linear`"


def optimizer(name: str | None, rate: float, known: Known) -> str:
    """The optimizer with this rate, its momentum and penalty as they are.

    >>> optimizer("sgd", 0.01, Known(Settings(optimizer="sgd", momentum=0.9)))
    '`torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)`'
    """
    settings, wording = known
    if wording.optimizer and name == settings.optimizer:  # one that whynet has not: nothing else is known of it
        return f"`torch.optim.{wording.optimizer}(model.parameters(), lr={code(rate)})`"
    kind = OPTIMIZERS.get(name or "")
    if kind is None:
        return f"a learning rate of {number(rate)}: `lr={code(rate)}` in the optimizer"
    more = momentum_of(name, settings)
    if name in ("adam", "adamw") and name == settings.optimizer and settings.momentum not in (None, 0, 0.9):
        more.append(f"betas=({code(settings.momentum or 0.9)}, 0.999)")
    decay = settings.decay if name == "adamw" else settings.l2 * wording.penalty
    if decay and not (name == "adamw" and decay == 0.01):
        more.append(f"weight_decay={code(decay)}")
    return f"`torch.optim.{kind}({', '.join(['model.parameters()', f'lr={code(rate)}', *more])})`"


def _rate(numbers: Numbers, known: Known) -> str:
    rate = rate_of(numbers, known)
    return times(numbers, "the learning rate") if rate is None else optimizer(known.settings.optimizer, rate, known)


def _batch(numbers: Numbers, known: Known) -> str:
    shuffle = ", shuffle=True" if known.settings.order == "shuffled" else ""
    return f"`DataLoader(dataset, batch_size={numbers.get('size', 32)}{shuffle})`"


def _targets(numbers: Numbers, known: Known) -> str:
    if numbers.get("scheme") == "0..1":
        return "`y = (y - y.min()) / (y.max() - y.min())`, and predictions taken back"
    return "`y = (y - y.mean()) / y.std()`, and predictions taken back"


def _weights(numbers: Numbers, known: Known) -> str:
    scheme, part = numbers.get("scheme", "scaled-normal"), numbers.get("part", "all")
    where = "for the last `nn.Linear`" if part == "output weights" else EVERY
    if scheme == "anew":
        return f"initial weights drawn anew: `layer.reset_parameters()` {where}"
    if part == "biases":
        return f"`nn.init.zeros_(layer.bias)` {EVERY}"
    own = STARTS.get(scheme)
    return f"initial weights `{scheme}` {where}".replace("`", "") if own is None else f"`{own}` {where}"


def _activation(numbers: Numbers, known: Known) -> str:
    name = numbers.get("name", "relu")
    unit = f"`{UNITS[name]}`" if name in UNITS else str(name)
    start = f" and {_weights({'scheme': numbers['weights']}, known)}" if "weights" in numbers else ""
    return f"{unit} after every hidden `nn.Linear`{start}"


def _output(numbers: Numbers, known: Known) -> str:
    name = output_of(numbers, known)
    if name == "identity":
        return "no activation after the last `nn.Linear`"
    return f"`{UNITS[name]}` after the last `nn.Linear`" if name in UNITS else f"{name} after the last `nn.Linear`"


LOSSES = {SQUARES: "`nn.MSELoss()`", "absolute": "`nn.L1Loss()`", "huber": "`nn.HuberLoss()`"}


def _cost(numbers: Numbers, known: Known) -> str:
    if "class_weights" in numbers:
        if known.one_output:
            return "`nn.BCEWithLogitsLoss(pos_weight=(y == 0).sum() / (y == 1).sum())`"
        return "`nn.CrossEntropyLoss(weight=len(y) / torch.bincount(y))`: rare classes count more"
    name = cost_of(numbers, known)
    scores = "of the raw outputs, no activation after the last `nn.Linear`"
    if name == SOFTMAX:
        return f"`nn.CrossEntropyLoss()` {scores}, labels as whole numbers"
    if name == SIGMOID:
        return f"`nn.BCEWithLogitsLoss()` {scores}, targets of 0.0 and 1.0"
    return LOSSES.get(name, f"the cost {name}")


def _penalty(numbers: Numbers, known: Known) -> str:
    if numbers.get("off"):
        settings = known.settings
        also = ", no `nn.Dropout`" if settings.dropout or settings.input_dropout else ""
        also += ", `label_smoothing=0` in the loss" if settings.smoothing else ""
        also += ", no clipping of gradients" if settings.clip else ""
        return f"no regularisation: `weight_decay=0` in the optimizer{also}"
    return f"`weight_decay={code(penalty_of(numbers, known))}` in the optimizer"


def _dropout(numbers: Numbers, known: Known) -> str:
    rate = numbers.get("rate", 0.2)
    return f"`nn.Dropout({code(rate)})` after every hidden layer" if rate else "no `nn.Dropout`"


def _clip(numbers: Numbers, known: Known) -> str:
    return f"`nn.utils.clip_grad_norm_(model.parameters(), {code(numbers.get('norm', 1.0))})` after `loss.backward()`"


def _schedule(numbers: Numbers, known: Known) -> str:
    name = numbers.get("name", "constant")
    if name == "constant":
        return "a constant learning rate, no scheduler"
    made = SCHEDULES.get(name, "").format(epochs=known.settings.epochs or 10)
    return f"`{made}`, with `scheduler.step()` after every epoch" if made else f"the schedule {name}"


def _optimizer(numbers: Numbers, known: Known) -> str:
    name, rate = numbers.get("name", "adam"), rate_of(numbers, known)
    if rate is not None:
        return optimizer(name, rate, known)
    return f"`torch.optim.{OPTIMIZERS.get(name, 'Adam')}(model.parameters())`"


def _widths(numbers: Numbers, known: Known) -> str:
    layers = ", ".join(f"nn.Linear({a}, {b})" for a, b in pairwise(widths_of(numbers)))
    return f"layers of these widths: `{layers}`" if layers else "other widths of the hidden layers"


MISTAKES = {
    "clipped-away": "a larger limit in `nn.utils.clip_grad_norm_`, or none",
    "crossed-targets": "targets of the shape of the outputs: `y = y.reshape(len(y), -1)`",
    "faded-rate": "`scheduler.step()` once an epoch, or no scheduler",
    "few-rows": "a sampler that visits every row once: `DataLoader(dataset, shuffle=True)` alone",
    "flipped-gradient": "the loss without its minus sign, and `maximize=False` in the optimizer",
    "forgotten-bias": "hand the biases to the optimizer too: `model.parameters()`",
    "frozen-layer": "hand all parameters to the optimizer: `model.parameters()`, "
    "and `model.requires_grad_(True)` before it",
    "naive-sigmoid": "`torch.sigmoid(z)`, or scores and `nn.BCEWithLogitsLoss()`",
    "no-biases": "a bias for every unit: `nn.Linear(fan_in, fan_out, bias=True)`",
    "risen-rate": "a rate that neither a scheduler nor the loop raises later",
    "softmax-over-batch": "`torch.softmax(scores, dim=1)`: over the classes of a row",
    "sorted-rows": "`DataLoader(dataset, shuffle=True)`",
    "stale-gradients": "`optimizer.zero_grad()` before each `loss.backward()`",
    "steps-without-gradient": "`optimizer.zero_grad()`, `loss.backward()`, `optimizer.step()`, in this order",
    "summed-gradient": "`reduction='mean'` in the loss",
}
TABLE: dict[str, Say] = {
    "rate": _rate,
    "epochs": epochs,
    "batch": _batch,
    "shuffle": lambda numbers, known: "`DataLoader(dataset, shuffle=True)`",
    "scale-inputs": lambda numbers, known: scaled(numbers, known, "X.amin(0)", "X.amax(0)"),
    "scale-targets": _targets,
    "weights": _weights,
    "activation": _activation,
    "output": _output,
    "cost": _cost,
    "penalty": _penalty,
    "dropout": _dropout,
    "clip": _clip,
    "schedule": _schedule,
    "optimizer": _optimizer,
    "width": _widths,
    "depth": _widths,
    "biases": lambda numbers, known: "a bias for every unit: `nn.Linear(fan_in, fan_out, bias=True)`",
    "rows": rows,
    "mode": lambda numbers, known: "`model.train()` before training, `model.eval()` before evaluating",
    "mend": lambda numbers, known: mend(numbers, known, MISTAKES, _rate),
}


def say(change: Change, settings: Settings, wording: Wording) -> str:
    """A change in one line.

    >>> say(Change("rate", {"times": 0.1}), Settings(optimizer="adam", rate=0.1), Wording("PyTorch"))
    '`torch.optim.Adam(model.parameters(), lr=0.01)`'
    """
    return said(change, Known(settings, wording), TABLE)
