"""What people type for the parts of a network, in the words of other libraries and of papers -> whynet's own names.

One table for all doors: options, recipe files, Python, the estimators and `whynet ask`. Needs nothing.
"""

from __future__ import annotations

import re

ALIASES: dict[str, dict[str, str]] = {
    "activation": {  # "no": no activation
        "linear": "identity", "none": "identity", "logistic": "sigmoid", "sigm": "sigmoid", "rectifier": "relu",
        "rectified-linear": "relu", "leakyrelu": "leaky-relu", "lrelu": "leaky-relu",
        "leaky-rectified-linear": "leaky-relu", "hyperbolic-tangent": "tanh", "hyperbolic": "tanh",
        "lecun-tanh": "scaled-tanh", "no": "identity",
    },
    "cost": {
        "mse": "quadratic", "mean-squared-error": "quadratic", "squared-error": "quadratic", "squared": "quadratic",
        "squares": "quadratic", "l2": "quadratic", "euclidean": "quadratic",
        "sse": "quadratic", "l2-loss": "quadratic", "mseloss": "quadratic",
        "cross-entropy": "softmax-cross-entropy", "crossentropy": "softmax-cross-entropy",
        "ce": "softmax-cross-entropy", "xent": "softmax-cross-entropy", "nll": "softmax-cross-entropy",
        "log-likelihood": "softmax-cross-entropy", "negative-log-likelihood": "softmax-cross-entropy",
        "categorical-crossentropy": "softmax-cross-entropy", "categorical-cross-entropy": "softmax-cross-entropy",
        "sparse-categorical-crossentropy": "softmax-cross-entropy", "crossentropyloss": "softmax-cross-entropy",
        "softmax": "softmax-cross-entropy", "bce": "sigmoid-cross-entropy", "log-loss": "sigmoid-cross-entropy",
        "binary-crossentropy": "sigmoid-cross-entropy", "binary-cross-entropy": "sigmoid-cross-entropy",
        "bcewithlogitsloss": "sigmoid-cross-entropy", "bceloss": "sigmoid-cross-entropy",
        "mae": "absolute", "l1-loss": "absolute", "mean-absolute-error": "absolute", "absolute-error": "absolute",
        "smooth-l1": "huber",
    },
    "optimizer": {
        "gd": "sgd", "gradient-descent": "sgd", "stochastic-gradient-descent": "sgd", "nag": "nesterov",
        "rms": "rmsprop", "rms-prop": "rmsprop", "adam-w": "adamw", "stochastic": "sgd", "plain": "sgd",
    },
    "schedule": {
        "none": "constant", "onecycle": "one-cycle", "1cycle": "one-cycle", "cosine-annealing": "cosine",
        "exp": "exponential", "warmup": "warm-up", "steps": "step",
    },
    "scaling": {
        "0-1": "0..1", "[0,1]": "0..1", "minmax": "0..1", "min-max": "0..1", "/255": "0..1", "-1-1": "-1..1",
        "[-1,1]": "-1..1", "standardised": "standard", "standardized": "standard", "standardise": "standard",
        "z-score": "standard", "zscore": "standard", "none": "raw", "0..255": "raw",
    },
    "init": {
        "xavier": "glorot", "xavier-normal": "glorot", "glorot-normal": "glorot", "kaiming": "he",
        "kaiming-normal": "he", "he-normal": "he", "gaussian": "normal", "randn": "normal",
        "standard-normal": "normal", "n(0,1)": "normal", "lecun-normal": "lecun", "zero": "zeros",
    },
}  # fmt: skip
ALIASES["output_activation"] = ALIASES["activation"]
ALIASES["bias_init"] = ALIASES["output_init"] = ALIASES["init"]


def key(text: str) -> str:
    """How a name is written in the table: small letters, hyphens.

    >>> key(" Cross_Entropy "), key("ReLU")
    ('cross-entropy', 'relu')
    """
    return re.sub(r"[\s_]+", "-", text.strip().lower())


def meant(field: str, text: str) -> str:
    """Whynet's name for what somebody calls so; a text of another kind comes back as it is, but in small letters.

    >>> meant("activation", "ReLU"), meant("cost", "cross_entropy"), meant("init", "Xavier")
    ('relu', 'softmax-cross-entropy', 'glorot')
    >>> meant("init", "Uniform(0, 1)"), meant("cost", "quadratc"), meant("data", "My Folder")
    ('uniform(0, 1)', 'quadratc', 'My Folder')
    """
    table = ALIASES.get(field)
    if table is None:
        return text
    name, bracket, numbers = text.partition("(")
    written, word = key(text), key(name)
    if written in table:
        return table[written]
    return table.get(word, word) + bracket + numbers


def found_in(field: str, words: str, names: tuple[str, ...] = ()) -> str | None:
    """Whynet's name for the longest word of the table, or of its own `names`, that stands somewhere in a sentence.

    >>> found_in("activation", "the logistic function")
    'sigmoid'
    >>> found_in("activation", "two layers of Leaky ReLUs", ("leaky-relu", "relu"))
    'leaky-relu'
    >>> found_in("activation", "purple")
    """
    written = key(words)
    known = {**{name: name for name in names}, **ALIASES.get(field, {})}
    there = [one for one in known if re.search(rf"(?<![a-z0-9]){re.escape(one)}s?(?![a-z0-9])", written)]
    return known[max(there, key=len)] if there else None
