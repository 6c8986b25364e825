"""Nine small networks, each for PyTorch and for Keras: what they are is a `Spec`, drawn from a seed.

A mistake is another value of a field, or a word in `twist` that the builders know.

>>> draw("dense", "torch", 0).architecture
'dense'
"""

from __future__ import annotations

import dataclasses
import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np
from benchmarks.inside.data import MAKERS, Data

ARCHITECTURES = (
    "dense", "convolutional", "recurrent", "transformer", "language", "autoencoder", "segmentation", "regression",
    "binary",
)  # fmt: skip
LIBRARIES = ("torch", "keras")


@dataclass(frozen=True)
class Spec:
    """A network, its data and its training, sound unless something is twisted."""

    architecture: str
    library: str
    seed: int
    data: str
    rows: int
    width: int
    depth: int
    batch: int
    epochs: int
    rate: float
    activation: str = "relu"
    optimizer: str = "adam"
    cell: str = "gru"
    norm: str = ""  # "batch" or "layer"
    dropout: float = 0.0
    decay: float = 0.0
    output: str = ""  # what comes after the last layer
    loss: str = "auto"
    start: str = ""  # how weights are drawn, "" for the library's own way
    short: bool = False  # sequences of several lengths, filled up with 0
    smoothing: float = 0.0
    steps: int = 0  # of a sequence, 0 for the usual
    inputs: str = ""  # what was done to the inputs
    targets: str = ""  # what was done to the targets
    watched: bool = False  # PyTorch: trained in a loop of one's own
    loader: bool = False  # PyTorch: a DataLoader is handed over
    twist: frozenset[str] = frozenset()
    extra: frozenset[str] = frozenset()  # sound additions

    def but(self, **changes: Any) -> Spec:
        """The same with other values; a value may be a function of this, `twist` and `extra` are added to."""
        found = {name: value(self) if callable(value) else value for name, value in changes.items()}
        for name in ("twist", "extra"):
            if name in found:
                more = {found[name]} if isinstance(found[name], str) else set(found[name])
                found[name] = getattr(self, name) | more
        return dataclasses.replace(self, **found)

    def has(self, word: str) -> bool:
        """Whether it is twisted so, or has this addition."""
        return word in self.twist or word in self.extra


def by_adam(name: str = "adam") -> dict[str, Any]:
    """Another optimizer for whatever was drawn, at a rate of its own: that of momentum is far too high for it.

    >>> draw("dense", "torch", 31).but(**by_adam()).rate
    0.005
    """
    return {"optimizer": name, "rate": lambda spec: min(spec.rate, 0.005) if spec.optimizer == "sgd" else spec.rate}


def randomness(*what: Any) -> np.random.Generator:
    """Random numbers for this purpose alone, the same on every machine."""
    return np.random.default_rng(zlib.crc32(repr(what).encode()))


def draw(architecture: str, library: str, seed: int) -> Spec:
    """A sound network of this kind: sizes, rates, optimizers from the seed."""
    rng = randomness(architecture, library, seed)

    def one(*values: Any) -> Any:
        return values[int(rng.integers(len(values)))]

    spec = Spec(
        architecture, library, seed, data="digits", rows=one(700, 800, 900), width=one(32, 40, 48), depth=one(2, 3),
        batch=one(16, 32), epochs=10, rate=one(0.002, 0.003, 0.005), activation=one("relu", "relu", "tanh"),
        loader=bool(rng.random() < 0.4),
    )  # fmt: skip
    by_momentum = {"optimizer": "sgd", "rate": one(0.03, 0.05)} if rng.random() < 0.3 else {}
    match architecture:
        case "dense":
            return spec.but(**by_momentum)
        case "convolutional":
            coloured = one(True, False)
            return spec.but(
                data="colours" if coloured else "digits", width=one(8, 12, 16), rows=1000, epochs=20, activation="relu"
            )
        case "recurrent":
            return spec.but(
                data="waves", rows=800, epochs=20, cell=one("gru", "lstm"), width=one(20, 24, 32), rate=one(0.005, 0.01)
            )
        case "transformer":
            data = one("firsts", "tags")
            return spec.but(data=data, cell="attention", width=one(24, 32), depth=one(1, 2), rate=0.005, epochs=14)
        case "language":
            cell = one("gru", "attention")
            return spec.but(data="texts", cell=cell, rows=600, width=one(32, 48), depth=1, rate=one(0.005, 0.008))
        case "autoencoder":
            return spec.but(data="copies", width=one(24, 32), epochs=15, depth=2)
        case "segmentation":
            return spec.but(
                data="masks", rows=250, width=one(8, 12), depth=2, epochs=15, rate=one(0.005, 0.01), batch=16,
                activation="relu",
            )  # fmt: skip
        case "regression":
            return spec.but(data="curve", epochs=25, **by_momentum)
        case "binary":
            return spec.but(data="products", rows=1000, epochs=30, rate=one(0.005, 0.01))
    raise ValueError(architecture)


def load(spec: Spec) -> Data:
    """The data as the network is trained on them, before anything is done for one library."""
    rng = randomness("data", spec.architecture, spec.seed)
    options: dict[str, Any] = {"short": True} if spec.short else {}
    if spec.steps:
        options["steps"] = spec.steps
    return _given(spec, MAKERS[spec.data](spec.rows, rng, **options), rng)


def _given(spec: Spec, data: Data, rng: np.random.Generator) -> Data:
    """What was done to inputs and targets, by the words in `inputs` and `targets`."""
    X, y, X_test, y_test = data.X, data.y, data.X_test, data.y_test
    if spec.architecture in ("dense",):
        X, X_test = X.reshape(len(X), -1), X_test.reshape(len(X_test), -1)
    if spec.has("imbalanced"):
        X, y = _imbalanced(data, X, y, rng)
    if spec.has("scaled inputs"):
        mean, spread = X.mean(0), X.std(0) + 0.1
        X, X_test = (X - mean) / spread, (X_test - mean) / spread
    match spec.inputs:
        case "bytes":
            X, X_test = X * 255, X_test * 255
        case "units":  # each feature in a unit of its own
            unit = (10.0 ** np.linspace(0, 3, X.shape[-1])).astype(np.float32)
            X, X_test = X * unit + 2 * unit, X_test * unit + 2 * unit
        case "nan":
            X = X.copy()
            X[rng.choice(len(X), 12, replace=False)] *= np.float32("nan")
        case "raw test":
            X_test = X_test * 16 if spec.data in ("digits", "copies") else X_test * 40 + 60
        case "few":
            chosen = np.arange(len(X)) % 10
            X, y = X[chosen], y[chosen]
        case "sorted":
            order = np.argsort(y.reshape(len(y), -1)[:, 0], kind="stable")
            X, y = X[order], y[order]
    if spec.architecture == "autoencoder" and spec.inputs in ("bytes", "units"):
        y, y_test = X, X_test
    match spec.targets:
        case "raw":
            y, y_test = y * 80 + 600, y_test * 80 + 600
        case "from one":
            y = y + 1
        case "one-hot":
            y = np.eye(data.outputs, dtype=np.int64)[y]
        case "one-hot floats":
            y = np.eye(data.outputs, dtype=np.float32)[y]
        case "floats":
            y = y.astype(np.float32)
        case "fractions":
            y = (y / data.outputs).astype(np.float32)
        case "flat":
            y = y[:, 0]
        case "standardised":
            mean, spread = y.mean(0), y.std(0) + 0.1
            y, y_test = (y - mean) / spread, (y_test - mean) / spread
        case "three to one":  # both classes' names, of a file that has 1 and 2
            y = y + 1
    return dataclasses.replace(data, X=X, y=y, X_test=X_test, y_test=y_test)


def _imbalanced(data: Data, X: np.ndarray, y: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Of some classes only one row in eight is left."""
    flat = y.reshape(len(y), -1)[:, 0].astype(int)
    rare = flat < max(1, (2 if data.kind == "two" else data.outputs) // 3)
    kept = ~rare | (rng.random(len(y)) < 1 / 8)
    return X[kept], y[kept]


def quality(data: Data, outputs: np.ndarray, balanced: bool = False) -> float:
    """How good outputs are on the rows held back: accuracy, of padding none; R2 of numbers."""
    y = data.y_test
    if data.kind == "numbers":
        outputs = outputs.reshape(y.shape)
        if not np.isfinite(outputs).all():
            return 0.0
        return max(0.0, 1 - float(np.mean((outputs - y) ** 2) / np.mean((y - data.y.mean(0)) ** 2)))
    if not np.isfinite(outputs).all():
        return 0.0
    said = outputs.reshape(y.shape) > 0 if data.kind == "two" else outputs.argmax(-1)
    right, truth = said == y, y
    if data.kind == "tokens":
        right, truth = right[y != 0], truth[y != 0]
    if not balanced and data.kind != "pixels":
        return float(right.mean())
    return float(np.mean([right[truth == one].mean() for one in np.unique(truth)]))
