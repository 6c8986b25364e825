"""Weights of evidence, fitted: a multinomial logistic model of the cause, of which any of several may be right."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
SPOKEN = 4.0  # nats, for words that speak for a cause; not fitted, as clues were written for texts that are kept
HINTED = 2.0  # for words that hint at it
AGAINST = 3.0  # so much the figures may say against a cause that words speak for
SMALL = 2  # tenths of a nat: a smaller weight is left out


@dataclass(frozen=True)
class Row:
    """One log: where it comes from, the causes that are right, what is seen in it, what its words speak for, exclude
    and hint at, and how much it counts."""

    group: str
    right: tuple[str, ...]
    features: tuple[str, ...]
    spoken: frozenset[str]
    cleared: frozenset[str]
    weight: float = 1.0
    hinted: frozenset[str] = frozenset()


class Weights:
    """What is fitted: a weight for each feature and cause."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self.causes = sorted({cause for row in rows for cause in row.right})
        self.features = sorted({feature for row in rows for feature in row.features})
        self.W = np.zeros((len(self.features), len(self.causes)), np.float32)

    def of(self, rows: Sequence[Row]) -> tuple[Array, Array, Array]:
        """Which features rows have, by how many nats causes are spoken for, which are out."""
        at = {name: index for index, name in enumerate(self.features)}
        X = np.zeros((len(rows), len(at)), np.float32)
        for index, row in enumerate(rows):
            X[index, [at[feature] for feature in row.features if feature in at]] = 1
        S = np.array([[SPOKEN if cause in row.spoken else HINTED * (cause in row.hinted) for cause in self.causes]
                      for row in rows])  # fmt: skip
        E = np.array([[cause in row.cleared - row.spoken for cause in self.causes] for row in rows])
        return X, S, E

    def shares(self, X: Array, S: Array, E: Array, sharpness: float = 1.0) -> Array:
        """How likely each cause is, for each row."""
        z = X @ self.W
        z = sharpness * (np.where(S > 0, np.maximum(z, z.max(1, keepdims=True) - AGAINST), z) + S)
        z[E] = -np.inf
        z = np.exp(z - z.max(1, keepdims=True))
        return z / z.sum(1, keepdims=True)

    def fit(self, rows: Sequence[Row], *, penalty: float, steps: int) -> Weights:
        """Maximise the likelihood that one of the right causes is drawn, by Adam."""
        X, S, E = self.of(rows)
        Y = np.array([[cause in row.right for cause in self.causes] for row in rows])
        weight = np.array([row.weight for row in rows], np.float32)[:, np.newaxis]
        m, v = np.zeros_like(self.W), np.zeros_like(self.W)
        for step in range(1, steps + 1):
            p = self.shares(X, S, E)
            right = p * Y
            right /= np.maximum(right.sum(1, keepdims=True), 1e-9)
            push = (p - right) * weight
            gradient = X.T @ push + penalty * self.W
            m, v = 0.9 * m + 0.1 * gradient, 0.99 * v + 0.01 * gradient**2
            rate = 0.1 * (1 - step / steps) + 0.003
            self.W -= rate * (m / (1 - 0.9**step)) / (np.sqrt(v / (1 - 0.99**step)) + 1e-6)
        return self

    def as_toml(self, sharpness: float) -> str:
        """The table as `evidence.toml` has it, in tenths of a nat."""
        lines = [
            "# Fitted by `benchmarks/logs.py fit`: by how many tenths of a nat a feature of a log speaks for a cause.",
            f"spoken = {round(10 * SPOKEN)}",
            f"hinted = {round(10 * HINTED)}",
            f"against = {round(10 * AGAINST)}",
            f"unseen = {round(10 * float(np.median(self.W[self.features.index('always')])))}",
            f"sharpness = {sharpness:.2f}",
            "",
            "[features]",
        ]
        for feature, weights in zip(self.features, np.round(10 * self.W).astype(int), strict=True):
            told = [f"{cause} = {weight}" for cause, weight in zip(self.causes, weights, strict=True)
                    if abs(weight) >= SMALL or feature == "always"]  # fmt: skip
            if told:
                lines.append(f'"{feature}" = {{ {", ".join(told)} }}')
        return "\n".join(lines) + "\n"


def named(shares: Array, most: int = 4, enough: float = 0.9) -> tuple[Array, Array]:
    """For each row the causes that are named, as indices in their order, and how many these are."""
    order = np.argsort(-shares, axis=1, kind="stable")[:, :most]
    so_far = np.cumsum(np.take_along_axis(shares, order, 1), axis=1)
    return order, np.minimum(1 + (so_far < enough).sum(1), most)


def left_out(rows: Sequence[Row], *, penalty: float, steps: int, parts: int = 7) -> tuple[Array, Weights]:
    """The shares of each row by weights that were fitted without its group; and the names they go by."""
    every = Weights(rows)
    groups = sorted({row.group for row in rows})
    part = np.array([groups.index(row.group) % parts for row in rows])
    shares = np.zeros((len(rows), len(every.causes)))
    for this in range(parts):
        fitted = Weights(rows).fit([row for row, at in zip(rows, part, strict=True) if at != this],
                                   penalty=penalty, steps=steps)  # fmt: skip
        inside = np.flatnonzero(part == this)
        shares[inside] = fitted.shares(*fitted.of([rows[at] for at in inside]))
    return shares, every


def sharpness_of(shares: Array, Y: Array, low: float = 0.4, high: float = 0.7, most: float = 0.67) -> float:
    """The least exponent by which shares are not too low: of causes given 40 to 70 %, at most two thirds are right.
    Several may be right where the weights share out one whole, so they are too low as they are fitted."""
    for exponent in (round(1 + 0.1 * n, 1) for n in range(16)):
        p = shares**exponent
        p /= p.sum(1, keepdims=True)
        inside = (p > low) & (p <= high)
        if inside.any() and Y[inside].mean() <= most:
            break
    return exponent


def reliability(shares: Array, Y: Array) -> list[tuple[float, int, float]]:
    """Of each tenth of the shares: its lower end, how many causes were given so much, and how many are right."""
    found = []
    for low in np.arange(0, 1, 0.1):
        inside = (shares > low) & (shares <= low + 0.1)
        found.append((round(float(low), 1), int(inside.sum()), float(Y[inside].mean()) if inside.any() else math.nan))
    return found
