"""The tutorial's loader: lists of tuples of columns.

The tutorial's own `load_data` returns two sets where its example unpacks three. Here both forms are to be had:
`load_data()` holds 10,000 images back for validation and returns three, `load_data(validation=0)` returns two.
"""

from __future__ import annotations

import numpy as np

from whynet.data.dataset import Dataset
from whynet.data.sources import load
from whynet.errors import UsageError
from whynet.types import Array, Labels

Examples = list[tuple[Array, Array]]


def load_data(validation: int = 10_000, data: str = "mnist") -> tuple[Examples, ...]:
    """`(train_data, validation_data, test_data)`, or without validation `(train_data, test_data)`.

    Training examples are `(x (784, 1), y (10, 1))` with x in 0..1 and y one-hot; validation and test examples are
    `(x (784, 1), label)`. The last `validation` training images are held back, as in the book.

    Raises
    ------
    UsageError
        More are to be held back than there are.
    ResourceError, BadFile
        The data cannot be had, or are not what they should be.
    """
    dataset = load(data)
    n = len(dataset) - validation
    if dataset.test is None or not 0 < n <= len(dataset):
        raise UsageError(
            "that many images cannot be held back",
            expected=f"0 to {len(dataset) - 1:,}",
            found=f"{validation:,}",
        )
    train = _columns(dataset.take(slice(0, n)))
    train_data = list(zip(train, vectorize(dataset.labels[:n]), strict=True))
    test_data = list(zip(_columns(dataset.test), dataset.test.labels, strict=True))
    if not validation:
        return train_data, test_data
    held = dataset.take(slice(n, None))
    return train_data, list(zip(_columns(held), held.labels, strict=True)), test_data


def vectorize(labels: Labels) -> Array:
    """Labels (n,) -> one-hot columns (n, 10, 1).

    >>> vectorize(np.array([3]))[0].T
    array([[0., 0., 0., 1., 0., 0., 0., 0., 0., 0.]])
    """
    return np.eye(10)[labels][:, :, np.newaxis]


def _columns(dataset: Dataset) -> Array:
    return (dataset.inputs / 255)[:, :, np.newaxis]
