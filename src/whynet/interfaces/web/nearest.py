"""The training examples that are most like a drawing, and whether the drawing lies outside of what they are."""

from __future__ import annotations

from typing import Any

import numpy as np

from whynet.data.dataset import Dataset
from whynet.interfaces.web.pixels import ink
from whynet.types import Array

KEPT, ASKED, SHOWN = 10_000, 400, 6
RARE = 0.99
"""A drawing is outside if it is farther from its nearest example than so many of the examples are from theirs."""


class Neighbours:
    """Some of the training examples; `usual` is how far one of them lies from its nearest other, at the most but for
    one in a hundred."""

    def __init__(self, train: Dataset) -> None:
        rows = np.linspace(0, len(train) - 1, min(len(train), KEPT)).astype(np.intp)
        self.images, self.labels = train.images[rows], train.labels[rows]
        self.X = self.images.reshape(len(rows), -1).astype(np.float32) / 255
        self.lengths = np.einsum("ij,ij->i", self.X, self.X)
        asked = np.linspace(0, len(rows) - 1, min(len(rows), ASKED)).astype(np.intp)
        squares = self.squares(self.X[asked])
        squares[np.arange(len(asked)), asked] = np.inf
        self.usual = float(np.quantile(np.sqrt(squares.min(axis=1)), RARE))

    def squares(self, X: Array) -> Array:
        """The squared distances to all of them, (n, kept)."""
        own = np.einsum("ij,ij->i", X, X)[:, np.newaxis]
        return np.asarray(np.maximum(own + self.lengths - 2 * X @ self.X.T, 0))

    def told(self, image: Array, names: tuple[str, ...]) -> dict[str, Any]:
        """The nearest examples with what they are, and whether the picture is outside."""
        squares = self.squares(image.reshape(1, -1).astype(np.float32) / 255)[0]
        order = np.argpartition(squares, SHOWN)[:SHOWN] if len(squares) > SHOWN else np.arange(len(squares))
        order = order[np.argsort(squares[order])]
        distance = float(np.sqrt(squares[order[0]]))
        return {
            "pictures": ink(self.images[order]), "labels": [names[label] for label in self.labels[order]],
            "distances": [round(float(one), 2) for one in np.sqrt(squares[order])], "distance": distance,
            "usual": self.usual,
            "outside": distance > self.usual, "of": len(self.X),
        }  # fmt: skip
