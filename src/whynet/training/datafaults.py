"""Mistakes in the data, made on purpose: what a wrong loader, a wrong file or a wrong index hands to a sound training.

Each takes a data set and gives the one that the mistake would leave; chance comes from `default_rng([seed, 1, 1])`, so
that a trial without the mistake sees everything else unchanged.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache

import numpy as np

from whynet.data.dataset import Dataset
from whynet.types import Array

DataFault = Callable[[Dataset, np.random.Generator], Dataset]


def _shuffled_labels(data: Dataset, rng: np.random.Generator) -> Dataset:
    return replace(data, labels=rng.permutation(data.labels))


def _random_labels(data: Dataset, rng: np.random.Generator) -> Dataset:
    return _some_random(data, rng, 0.88)


def _noisy_labels(data: Dataset, rng: np.random.Generator) -> Dataset:
    return _some_random(data, rng, 0.3)


def _some_random(data: Dataset, rng: np.random.Generator, share: float) -> Dataset:
    drawn = rng.integers(len(data.classes), size=len(data)).astype(data.labels.dtype)
    return replace(data, labels=np.where(rng.random(len(data)) < share, drawn, data.labels))


def _scrambled_pixels(data: Dataset, rng: np.random.Generator) -> Dataset:
    return replace(data, images=rng.permuted(data.pixels, axis=1).reshape(data.images.shape))


def _inverted_pixels(data: Dataset, rng: np.random.Generator) -> Dataset:
    return replace(data, images=255 - data.images)


def _blank_rows(data: Dataset, rng: np.random.Generator) -> Dataset:
    blank = rng.random(len(data)) < 0.5
    return replace(data, images=np.where(blank[:, None, None], np.uint8(0), data.images))


def _sorted_rows(data: Dataset, rng: np.random.Generator) -> Dataset:
    return data.take(np.argsort(data.labels, kind="stable"))


def _one_class_mostly(data: Dataset, rng: np.random.Generator) -> Dataset:
    """97 % of the examples are of one class."""
    label = int(rng.integers(len(data.classes)))
    own = np.flatnonzero(data.labels == label)
    others = rng.permutation(np.flatnonzero(data.labels != label))[: max(len(own) * 3 // 97, len(data.classes))]
    return data.take(np.sort(np.concatenate([own, others])))


def _leaked_test_images(data: Dataset, rng: np.random.Generator) -> Dataset:
    """Test images with their labels in the place of training rows, of half of these at most."""
    if data.test is None:
        return data
    copies = rng.permutation(len(data.test))[: len(data) // 2]
    rows = rng.choice(len(data), len(copies), replace=False)
    images, labels = data.images.copy(), data.labels.copy()
    images[rows], labels[rows] = data.test.images[copies], data.test.labels[copies]
    return replace(data, images=images, labels=labels)


def _off_centre(data: Dataset, rng: np.random.Generator) -> Dataset:
    """Every image moved into a corner by a quarter of its width: a paint program's, not MNIST's."""
    rows, columns = data.images.shape[1] // 4, data.images.shape[2] // 4
    return replace(data, images=np.roll(data.images, (rows, columns), axis=(1, 2)))


TRAIN_FAULTS: dict[str, DataFault] = {
    "blank-rows": _blank_rows,
    "leaked-test-images": _leaked_test_images,
    "noisy-labels": _noisy_labels,
    "one-class-mostly": _one_class_mostly,
    "random-labels": _random_labels,
    "shuffled-labels": _shuffled_labels,
    "sorted-rows": _sorted_rows,
}
LOADER_FAULTS: dict[str, DataFault] = {"inverted-pixels": _inverted_pixels, "scrambled-pixels": _scrambled_pixels}
TEST_FAULTS: dict[str, DataFault] = {
    "inverted-test-images": _inverted_pixels,
    "off-centre-test-images": _off_centre,
    "shuffled-test-labels": _shuffled_labels,
}


def few_rows(order: Array) -> Array:
    """The order of an index vector that was filled with the numbers 0 to 9: ten examples, over and over.

    >>> np.unique(few_rows(np.arange(50))).tolist()
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]
    """
    return order % min(10, len(order))


ORDER_FAULTS: dict[str, Callable[[Array], Array]] = {"few-rows": few_rows}
DATA_FAULTS = (*TRAIN_FAULTS, *LOADER_FAULTS, *TEST_FAULTS, *ORDER_FAULTS)


@lru_cache(maxsize=4)
def _spoilt(fault: str, data: Dataset, seed: int) -> Dataset:
    """One mistake made; kept, because trials ask for the same ones over and over."""
    return (TRAIN_FAULTS | LOADER_FAULTS | TEST_FAULTS)[fault](data, np.random.default_rng([seed, 1, 1]))


def _with(kinds: dict[str, DataFault], data: Dataset, faults: Sequence[str], seed: int) -> Dataset:
    for fault in faults:
        if fault in kinds:
            data = _spoilt(fault, data, seed)
    return data


def with_train_faults(data: Dataset, faults: Sequence[str], seed: int = 0) -> Dataset:
    """The training examples with these mistakes made.

    >>> from whynet.data.sources import load
    >>> data = load("digits")
    >>> bool((with_train_faults(data, ["sorted-rows"]).labels == np.sort(data.labels)).all())
    True
    """
    return _with(TRAIN_FAULTS | LOADER_FAULTS, data, faults, seed)


def with_loader_faults(data: Dataset, faults: Sequence[str], seed: int = 0) -> Dataset:
    """Examples held back from the training set, with the mistakes that the reader of all images makes.

    >>> from whynet.data.sources import load
    >>> int(with_loader_faults(load("digits"), ["inverted-pixels"]).images.max())
    255
    """
    return _with(LOADER_FAULTS, data, faults, seed)


def with_test_faults(data: Dataset | None, faults: Sequence[str], seed: int = 0) -> Dataset | None:
    """The test examples, with these mistakes made.

    >>> with_test_faults(None, ["shuffled-test-labels"]) is None
    True
    """
    return None if data is None else _with(LOADER_FAULTS | TEST_FAULTS, data, faults, seed)


def with_order_faults(order: Array, faults: Sequence[str]) -> Array:
    """An epoch's order of examples, with these mistakes made.

    >>> with_order_faults(np.arange(12), ["few-rows"])
    array([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1])
    """
    for fault in faults:
        if fault in ORDER_FAULTS:
            order = ORDER_FAULTS[fault](order)
    return order
