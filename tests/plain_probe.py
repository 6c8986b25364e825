"""A probe of plain NumPy, for checks that ask a probe alone: one dense layer, and any loss of outputs and targets."""

from __future__ import annotations

from typing import Any

import numpy as np

from whynet.subjects.frameworks.keras_words import WORDS
from whynet.subjects.inside.probe import Gradients, Layer, Network, Passage, Probe, first_line


def sigmoid(z):
    return 0.5 * (1 + np.tanh(0.5 * z))


def softmax(z, axis=-1):
    shares = np.exp(z - z.max(axis, keepdims=True))
    return shares / shares.sum(axis, keepdims=True)


class PlainProbe(Probe):
    """`activation(X @ W + b)`, in float32, of whole numbers `activation(W[X] + b)`; the loss's slope is measured."""

    library, words, loss_name, name = "NumPy", WORDS, "", "Plain"
    training, held, optimizer_name, answer_is_plain = False, frozenset(("W", "b")), "", True

    def __init__(self, X, y, loss, outputs, activation=None, name="the loss"):
        self._X, self._y, self.loss, self.activation, self.rows = X, y, loss, activation, len(X)
        self.loss_name, rng = name, np.random.default_rng(1)
        inputs = X.max() + 1 if X.dtype.kind == "i" else X.shape[-1]
        drawn = rng.standard_normal((inputs, outputs)), 0.1 * rng.standard_normal(outputs)
        self.own = {key: one.astype(np.float32) for key, one in zip("Wb", drawn, strict=True)}

    X = property(lambda self: self._X)
    y = property(lambda self: self._y)
    Z = property(lambda self: self.copy().made(self._X))

    def copy(self):
        return PlainNetwork(self)

    def part(self, rows):
        X, y = self.take(rows)
        return PlainProbe(X, y, self.loss, len(self.own["b"]), self.activation, self.loss_name)

    def _asked(self, outputs, targets):
        with np.errstate(all="ignore"):
            return float(self.loss(outputs, self._y if targets is None else targets))

    def value(self, outputs, targets=None):
        try:
            return self._asked(outputs, targets)
        except Exception:  # whatever a library says that does not take them
            return np.nan

    def slope(self, outputs, targets=None, step=1e-2):
        made = np.zeros(outputs.shape)
        for at in np.ndindex(*outputs.shape):
            moved = outputs.astype(np.float64), outputs.astype(np.float64)
            moved[0][at] -= step
            moved[1][at] += step
            low, high = (self.value(one, targets) for one in moved)
            if not np.isfinite(high - low):
                return None
            made[at] = (high - low) / (2 * step)
        return made

    def refusal(self):
        try:
            self._asked(self.Z, None)
        except Exception as error:
            return first_line(error)
        return ""

    def terms(self):
        return {}


class PlainNetwork(Network):
    def __init__(self, probe):
        self.probe, self.own = probe, dict(probe.own)

    layers = (Layer("dense", "dense", "Dense", parameters=("W", "b")),)

    def made(self, X):
        h = self.own["W"][X] if X.dtype.kind == "i" else X @ self.own["W"]
        z = (h + self.own["b"]).astype(np.float32)
        return z if self.probe.activation is None else self.probe.activation(z)

    def answers(self, inputs=None, *, training=False, chance=0):
        return self.made(self.probe.X if inputs is None else inputs).astype(np.float64)

    def loss(self, inputs=None, targets=None, *, training=False):
        return self.probe.value(self.answers(inputs), targets)

    def passed(self, inputs=None, *, training=False):
        X = self.probe.X if inputs is None else inputs
        return [Passage(self.layers[0], "in", X), Passage(self.layers[0], "out", self.made(X))]

    def weights(self):
        return {key: one.copy() for key, one in self.own.items()}

    def put(self, weights):
        self.own.update(weights)

    def gradients(self):
        return Gradients(self.loss(), {}, True)

    def arriving(self):
        return []

    through_time = rectified = arriving

    def attends(self):
        return False

    rounds = attends

    def remembered(self) -> dict[str, Any]:
        return {}

    def stepping(self, *, times=1.0):
        return None
