"""The training examples that are most like a drawing, and whether the drawing lies outside of what they are."""

from __future__ import annotations

from typing import Any

import numpy as np

from whynet.data.dataset import Dataset
from whynet.interfaces.web.pixels import ink
from whynet.types import Array

KEPT, ASKED, SHOWN = 10_000, 400, 6
CHUNK = 256  # examples that are compared at once
RARE = 0.99
"""A drawing is outside if it is farther from its nearest example than so many of the examples are from theirs."""


class Points:
    """Points `X (n, features)`, and how far others are from them."""

    def __init__(self, X: Array) -> None:
        self.X, self.lengths = X, np.einsum("ij,ij->i", X, X)

    def squares(self, X: Array) -> Array:
        """The squared distances to all of them, (len(X), n)."""
        own = np.einsum("ij,ij->i", X, X)[:, np.newaxis]
        return np.asarray(np.maximum(own + self.lengths - 2 * X @ self.X.T, 0))


def shares(images: Array) -> Array:
    """Pictures (n, rows, columns) of bytes as rows of numbers from 0 to 1."""
    return np.asarray(images.reshape(len(images), -1).astype(np.float32) / 255)


def summed(images: Array) -> Array:
    """The sums over squares of 2 by 2 pixels, (n, squares); an odd row or column is filled up with nothing."""
    _, rows, columns = images.shape
    full = np.pad(images, ((0, 0), (0, rows % 2), (0, columns % 2))).astype(np.float32) / 255
    return np.asarray(full.reshape(len(full), (rows + 1) // 2, 2, -1, 2).sum(axis=(2, 4)).reshape(len(full), -1))


class Neighbours:
    """Some of the training examples; `usual` is how far one of them lies from its nearest other, at the most but for
    one in a hundred.

    To look at all of them with every stroke is mostly waiting for memory. The sums over squares of 2 by 2 pixels are
    a quarter of it, and two pictures are at least half as far apart as their sums are: (a + b + c + d)^2 is at most
    4 (a^2 + b^2 + c^2 + d^2). So only those are looked at whose sums are near enough."""

    def __init__(self, train: Dataset) -> None:
        rows = np.linspace(0, len(train) - 1, min(len(train), KEPT)).astype(np.intp)
        self.images, self.labels = train.images[rows], train.labels[rows]
        self.sums = Points(summed(self.images))
        whole = Points(shares(self.images))
        asked = np.linspace(0, len(rows) - 1, min(len(rows), ASKED)).astype(np.intp)
        squares = whole.squares(whole.X[asked])
        squares[np.arange(len(asked)), asked] = np.inf
        self.usual = float(np.quantile(np.sqrt(squares.min(axis=1)), RARE))

    def nearest(self, image: Array, count: int) -> tuple[Array, Array]:
        """The rows of the nearest examples, and their squared distances."""
        least = self.sums.squares(summed(image[np.newaxis]))[0] / 4
        order = np.argsort(least)
        rows, squares = order[:0], least[:0]
        for start in range(0, len(order), CHUNK):
            if len(rows) == count and least[order[start]] > squares[-1]:
                break
            new = order[start : start + CHUNK]
            found = Points(shares(self.images[new])).squares(shares(image[np.newaxis]))[0]
            rows, squares = np.concatenate([rows, new]), np.concatenate([squares, found])
            best = np.argsort(squares, kind="stable")[:count]
            rows, squares = rows[best], squares[best]
        return rows, squares

    def told(self, image: Array, names: tuple[str, ...]) -> dict[str, Any]:
        """The nearest examples with what they are, and whether the picture is outside."""
        order, squares = self.nearest(image, SHOWN)
        distance = float(np.sqrt(squares[0]))
        return {
            "pictures": ink(self.images[order]), "labels": [names[label] for label in self.labels[order]],
            "distances": [round(float(one), 2) for one in np.sqrt(squares)], "distance": distance, "usual": self.usual,
            "outside": distance > self.usual, "of": len(self.labels),
        }  # fmt: skip
