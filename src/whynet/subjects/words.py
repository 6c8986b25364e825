"""What to change, in the words of the library that the patient is written in: one table, field by field."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from whynet.doctor.cause import Change
from whynet.doctor.causes import NAMES, cause
from whynet.doctor.verdict import Diagnosis
from whynet.training.recipe import Recipe

Say = Callable[[Any, Recipe], str]
OPTIMIZERS = {"sgd": "SGD", "nesterov": "SGD", "adam": "Adam", "adamw": "AdamW", "rmsprop": "RMSprop"}
STARTS = {  # initial weights: PyTorch, Keras
    "scaled-normal": ("nn.init.normal_(layer.weight, std=layer.in_features ** -0.5)", "lecun_normal"),
    "he": ("nn.init.kaiming_normal_(layer.weight, nonlinearity='relu')", "he_normal"),
    "glorot": ("nn.init.xavier_normal_(layer.weight)", "glorot_normal"),
    "lecun": ("nn.init.uniform_(layer.weight, -a, a)` with `a = (3 / layer.in_features) ** 0.5", "lecun_uniform"),
}
UNITS = {  # activations: PyTorch, Keras, scikit-learn
    "relu": ("nn.ReLU()", "relu", "relu"),
    "leaky-relu": ("nn.LeakyReLU()", "leaky_relu", None),
    "tanh": ("nn.Tanh()", "tanh", "tanh"),
    "sigmoid": ("nn.Sigmoid()", "sigmoid", "logistic"),
    "identity": ("nn.Identity()", "linear", "identity"),
}


def _torch_optimizer(recipe: Recipe, rate: float) -> str:
    momentum = f", momentum={recipe.momentum:g}" if recipe.momentum and recipe.optimizer == "sgd" else ""
    return f"`torch.optim.{OPTIMIZERS[recipe.optimizer]}(model.parameters(), lr={rate:g}{momentum})`"


def _keras_optimizer(recipe: Recipe, rate: float) -> str:
    return f"`keras.optimizers.{OPTIMIZERS[recipe.optimizer]}(learning_rate={rate:g})`"


def _layers(sizes: tuple[int, ...], form: str) -> str:
    return ", ".join(form.format(a, b) for a, b in pairwise(sizes))


def _scaled(name: str, recipe: Recipe) -> str:
    if name == "0..1":
        return "divide `X` by 255"
    return "`X = (X - mean) / sd`, with `mean` and `sd` of the training examples"


TORCH: dict[str, Say] = {
    "learning_rate": lambda value, recipe: _torch_optimizer(recipe, value),
    "init": lambda value, _: f"`{STARTS[value][0]}` for every `nn.Linear`",
    "bias_init": lambda value, _: "`nn.init.zeros_(layer.bias)`",
    "output_init": lambda value, _: f"`{STARTS[value or 'scaled-normal'][0]}` for the last `nn.Linear`",
    "activation": lambda value, _: f"`{UNITS[value][0]}` after every `nn.Linear` but the last",
    "output_activation": lambda value, recipe: (
        "`nn.Sigmoid()` after the last `nn.Linear`"
        if recipe.cost == "quadratic"
        else "no activation after the last `nn.Linear`: the loss squashes by itself"
    ),
    "cost": lambda value, _: "`nn.CrossEntropyLoss()` of the raw outputs and whole-number labels",
    "scaling": _scaled,
    "order": lambda value, _: "`DataLoader(..., shuffle=True)`",
    "batch_size": lambda value, _: f"`DataLoader(..., batch_size={value})`",
    "epochs": lambda value, _: f"{value:,} epochs",
    "sizes": lambda value, _: f"layers of these sizes: `{_layers(value, 'nn.Linear({}, {})')}`",
    "dropout": lambda value, _: f"`nn.Dropout({value:g})` after every hidden layer" if value else "no `nn.Dropout`",
    "input_dropout": lambda value, _: "no `nn.Dropout` of the inputs",
    "l2": lambda value, _: f"`weight_decay={value:g}` in the optimizer",
    "weight_decay": lambda value, _: f"`weight_decay={value:g}` in the optimizer",
    "label_smoothing": lambda value, _: "`nn.CrossEntropyLoss(label_smoothing=0)`",
    "class_weights": lambda value, _: "`nn.CrossEntropyLoss(weight=...)`, in inverse proportion to each class's share",
    "train_size": lambda value, _: "train on all examples that there are",
    "summed-gradient": lambda _, recipe: "`reduction='mean'` in the loss",
    "stale-gradients": lambda _, recipe: "`optimizer.zero_grad()` before each `loss.backward()`",
    "undefined-rate": lambda _, recipe: _torch_optimizer(recipe, recipe.rate),
    "flipped-gradient": lambda _, recipe: "the loss without its minus sign, and `maximize=False` in the optimizer",
    "frozen-layer": lambda _, recipe: "hand all parameters to the optimizer: `model.parameters()`",
    "forgotten-bias": lambda _, recipe: "`nn.Linear(..., bias=True)`",
    "few-rows": lambda _, recipe: "a sampler that visits every row once: `DataLoader(..., shuffle=True)` alone",
    "standardised": lambda _, recipe: _scaled("standard", recipe),
    "redrawn": lambda _, recipe: "initial weights drawn anew: `layer.reset_parameters()` for every layer",
}
KERAS: dict[str, Say] = {
    **TORCH,
    "learning_rate": lambda value, recipe: _keras_optimizer(recipe, value),
    "init": lambda value, _: f"`kernel_initializer='{STARTS[value][1]}'` in every `Dense`",
    "bias_init": lambda value, _: "`bias_initializer='zeros'`",
    "output_init": lambda value, _: f"`kernel_initializer='{STARTS[value or 'scaled-normal'][1]}'` in the last `Dense`",
    "activation": lambda value, _: f"`activation='{UNITS[value][1]}'` in every hidden `Dense`",
    "output_activation": lambda value, recipe: (
        "`activation='sigmoid'` in the last `Dense`"
        if recipe.cost == "quadratic"
        else "either `activation='softmax'` in the last `Dense` or `from_logits=True` in the loss, never both"
    ),
    "cost": lambda value, _: "`loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True)`, no last activation",
    "order": lambda value, _: "`model.fit(..., shuffle=True)`",
    "batch_size": lambda value, _: f"`model.fit(..., batch_size={value})`",
    "epochs": lambda value, _: f"`model.fit(..., epochs={value})`",
    "sizes": lambda value, _: "hidden layers of these sizes: " + ", ".join(f"`Dense({s})`" for s in value[1:]),
    "dropout": lambda value, _: f"`Dropout({value:g})` after every hidden layer" if value else "no `Dropout`",
    "input_dropout": lambda value, _: "no `Dropout` of the inputs",
    "l2": lambda value, _: f"`kernel_regularizer=keras.regularizers.L2({value / 2:g})`" if value else "no regularizer",
    "label_smoothing": lambda value, _: "`label_smoothing=0` in the loss",
    "class_weights": lambda value, _: "`model.fit(..., class_weight={...})`, in inverse proportion to each share",
    "summed-gradient": lambda _, recipe: "`reduction='sum_over_batch_size'` in the loss",
    "undefined-rate": lambda _, recipe: _keras_optimizer(recipe, recipe.rate),
    "flipped-gradient": lambda _, recipe: "the loss without its minus sign",
    "frozen-layer": lambda _, recipe: "`layer.trainable = True` for every layer",
    "forgotten-bias": lambda _, recipe: "`Dense(..., use_bias=True)`",
    "redrawn": lambda _, recipe: "initial weights drawn anew: `keras.models.clone_model(model)`",
}
SKLEARN: dict[str, Say] = {
    **TORCH,
    "learning_rate": lambda value, _: f"`MLPClassifier(learning_rate_init={value:g})`",
    "init": lambda value, _: "`MLPClassifier(warm_start=False)`, which draws sound initial weights",
    "bias_init": lambda value, _: "`warm_start=False`",
    "output_init": lambda value, _: "`MLPClassifier(warm_start=False)`, which draws sound initial weights",
    "activation": lambda value, _: f"`MLPClassifier(activation='{UNITS[value][2] or 'relu'}')`",
    "output_activation": lambda value, _: "`MLPClassifier`, whose last activation fits its loss",
    "cost": lambda value, _: "`MLPClassifier`, whose loss is a cross-entropy, in place of `MLPRegressor`",
    "scaling": lambda name, _: (
        "divide `X` by 255" if name == "0..1" else "`make_pipeline(StandardScaler(), MLPClassifier(...))`"
    ),
    "order": lambda value, _: "`MLPClassifier(shuffle=True)`",
    "batch_size": lambda value, _: f"`MLPClassifier(batch_size={value})`",
    "epochs": lambda value, _: f"`MLPClassifier(max_iter={value})`",
    "sizes": lambda value, _: f"`MLPClassifier(hidden_layer_sizes={tuple(value[1:-1])})`",
    "l2": lambda value, _: f"`MLPClassifier(alpha={value:g})`",
    "undefined-rate": lambda _, recipe: f"`MLPClassifier(learning_rate_init={recipe.rate:g})`",
    "redrawn": lambda _, recipe: "another `random_state`",
    "standardised": lambda _, recipe: "`make_pipeline(StandardScaler(), MLPClassifier(...))`",
}


def _of_regressor(say: Say) -> Say:
    return lambda value, recipe: say(value, recipe).replace("MLPClassifier(", "MLPRegressor(")


REGRESSOR = {name: say if name == "cost" else _of_regressor(say) for name, say in SKLEARN.items()}


DRAWN = {  # initial weights in NumPy
    "scaled-normal": "rng.normal(0, 1 / np.sqrt(fan_in), W.shape)",
    "he": "rng.normal(0, np.sqrt(2 / fan_in), W.shape)",
    "glorot": "rng.normal(0, np.sqrt(2 / (fan_in + fan_out)), W.shape)",
}
FORMULAS = {"relu": "np.maximum(z, 0)", "tanh": "np.tanh(z)", "sigmoid": "1 / (1 + np.exp(-z))", "identity": "z"}
NUMPY: dict[str, Say] = {
    "learning_rate": lambda value, _: f"a learning rate of {value:g}",
    "init": lambda value, _: f"`W = {DRAWN.get(value, DRAWN['scaled-normal'])}` for every layer",
    "bias_init": lambda value, _: "`b = np.zeros(b.shape)`",
    "output_init": lambda value, _: f"`W = {DRAWN.get(value, DRAWN['scaled-normal'])}` for the last layer",
    "activation": lambda value, _: f"`a = {FORMULAS.get(value, value)}` in the hidden layers, and its slope",
    "output_activation": lambda value, _: "outputs and cost that fit: a softmax with its cross-entropy",
    "cost": lambda value, _: "the cross-entropy: `delta = a - t` at the outputs, without the slope",
    "scaling": lambda name, _: "`X = X / 255`" if name == "0..1" else "`X = (X - X.mean()) / X.std()`",
    "order": lambda value, _: "`order = rng.permutation(n)` before every epoch",
    "batch_size": lambda value, _: f"batches of {value}: a step after each, not after all examples",
    "epochs": lambda value, _: f"{value:,} epochs",
    "sizes": lambda value, _: "layers of " + ", ".join(map(str, value)) + " units",
    "l2": lambda value, _: f"a weight decay of {value:g}" if value else "no weight decay",
    "train_size": lambda value, _: "train on all examples that there are",
    "raw-momentum": lambda _, recipe: "`v = momentum * v - rate * gradient; W += v`",
    "stale-gradients": lambda _, recipe: "set the sums of the gradients to 0 before every batch",
    "summed-gradient": lambda _, recipe: "divide the gradients by the batch size",
    "flipped-gradient": lambda _, recipe: "`W -= rate * gradient`: downhill",
    "forgotten-bias": lambda _, recipe: "`b -= rate * db` for every layer",
    "frozen-layer": lambda _, recipe: "`W -= rate * dW` for every layer",
    "no-output-slope": lambda _, recipe: "`delta = (a - t) * f'(z)` at the outputs, or the cross-entropy as the cost",
    "no-hidden-slope": lambda _, recipe: "`delta = (W.T @ delta) * f'(z)` in the hidden layers",
    "wrong-slope": lambda _, recipe: "`f'(z)`, or `a * (1 - a)`; not `f'(a)`",
}


@dataclass(frozen=True)
class Tongue:
    """How one library says a change. `rate` and `l2` take a recipe's numbers to the library's own.

    >>> Tongue("scikit-learn", SKLEARN).say({"learning_rate": 0.01}, (), Recipe())
    '`MLPClassifier(learning_rate_init=0.01)`'
    """

    library: str
    table: Mapping[str, Say]
    rate: float = 1.0
    l2: float = 1.0

    def say(self, edits: Mapping[str, Any], without: tuple[str, ...], recipe: Recipe) -> str:
        """The fields that a change alters, and the mistakes that it takes out, in the library's words."""
        kept = {name: value for name, value in edits.items() if getattr(recipe, name, None) != value}
        if "init" in kept and kept.get("output_init", "") is None:
            del kept["output_init"]  # the last layer like the others
        parts = []
        for name in (*kept, *without):
            value = kept.get(name)
            if name == "learning_rate":
                value = self.rate * float(edits[name])
            elif name == "l2":
                value = self.l2 * float(edits[name])
            if name in self.table:
                parts.append(self.table[name](value, recipe.but(**edits)))
        return " and ".join(dict.fromkeys(parts))


def in_their_words(diagnosis: Diagnosis, tongue: Tongue) -> Diagnosis:
    """The same diagnosis, every change said in the words of the library.

    >>> from whynet.data.sources import load
    >>> from whynet.doctor.verdict import diagnose
    >>> found = diagnose(Recipe(init="zeros", epochs=3, learning_rate=0.5), load("digits"), budget=20)
    >>> in_their_words(found, Tongue("PyTorch", TORCH)).fix_changes
    ('`nn.init.normal_(layer.weight, std=layer.in_features ** -0.5)` for every `nn.Linear`',)
    """
    case = diagnosis.case
    assert case is not None
    recipe = case.recipe
    theirs = {f"a rate of {recipe.rate * by:g}": f"a rate of {recipe.rate * by * tongue.rate:g}" for by in (10, 0.1)}
    for name in NAMES:
        for change in _changes(name, case):
            said = tongue.say(change.edits, change.without, recipe)
            if said:
                theirs[change.words] = said

    def spoken(text: str) -> str:
        for words in sorted(theirs, key=len, reverse=True):
            text = text.replace(words, theirs[words])
        return text

    diagnosis.verdict = [
        replace(finding, change=None if finding.change is None else theirs.get(finding.change, finding.change))
        for finding in diagnosis.verdict
    ]
    diagnosis.fix_changes = tuple(theirs.get(words, words) for words in diagnosis.fix_changes)
    diagnosis.acquitted = [(name, spoken(why)) for name, why in diagnosis.acquitted]
    diagnosis.remarks = [spoken(remark) for remark in diagnosis.remarks]
    diagnosis.questions = [(question, answer, spoken(why)) for question, answer, why in diagnosis.questions]
    diagnosis.library = tongue.library
    return diagnosis


def _changes(name: str, case: Any) -> list[Change]:
    try:
        return cause(name).changes(case)
    except Exception:  # what cannot be said here was not tried either
        return []
