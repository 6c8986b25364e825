"""The book's loader of MNIST: 50,000 images to train on, 10,000 to validate on, 10,000 to test with.

Pixels are numbers from 0 to 255 / 256, as in the file that comes with the book.
"""

from __future__ import annotations

import numpy as np

from whynet.data.dataset import Dataset
from whynet.data.sources import load
from whynet.errors import UsageError
from whynet.types import Array, Labels

VALIDATION = 10_000
Images = tuple[Array, Labels]
Pairs = list[tuple[Array, Array]]


def load_data(data: str = "mnist") -> tuple[Images, Images, Images]:
    """`(training_data, validation_data, test_data)`, each `(images (n, 784) float32, labels (n,))`.

    `data` is what `whynet.load` takes; the last 10,000 training images (of fewer than 20,000, a sixth) validate.

    Raises
    ------
    ResourceError, BadFile
        The data cannot be had, or are not what they should be.
    """
    found = load(data)
    if found.test is None:
        raise UsageError("these data have no test set", found=found.name or data)
    n = len(found) - (VALIDATION if len(found) >= 2 * VALIDATION else len(found) // 6)
    return _numbers(found.take(slice(0, n))), _numbers(found.take(slice(n, None))), _numbers(found.test)


def load_data_wrapper(data: str = "mnist") -> tuple[Pairs, Pairs, Pairs]:
    """The same as lists of `(x, y)`: x a column (784, 1); y of training examples a column (10, 1), else the label."""
    training, validation, test = load_data(data)
    answers = list(np.eye(10)[training[1]][:, :, np.newaxis])
    return (
        list(zip(_columns(training[0]), answers, strict=True)),
        list(zip(_columns(validation[0]), validation[1], strict=True)),
        list(zip(_columns(test[0]), test[1], strict=True)),
    )


def vectorized_result(j: int) -> Array:
    """The answer that stands for the digit `j`: a column of ten, 1 in place `j`.

    >>> vectorized_result(3).T
    array([[0., 0., 0., 1., 0., 0., 0., 0., 0., 0.]])
    """
    return np.eye(10)[:, [j]]


def _numbers(dataset: Dataset) -> Images:
    return dataset.inputs.astype(np.float32) / np.float32(256), dataset.labels.astype(np.int64)


def _columns(images: Array) -> list[Array]:
    return list(images[:, :, np.newaxis])
