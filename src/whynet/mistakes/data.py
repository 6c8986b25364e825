"""Data: what a wrong loader, a wrong file or a wrong index hands to a sound training.

Each takes a data set and gives the one that the mistake would leave; chance comes from `default_rng([seed, 1, 1])`, so
that a trial without the mistake sees everything else unchanged.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

import numpy as np

from whynet.data.dataset import Dataset
from whynet.data.features import ByteImages
from whynet.mistakes.kind import Kind
from whynet.types import Array


def _shuffled_labels(data: Dataset, rng: np.random.Generator) -> Dataset:
    return replace(data, y=rng.permutation(data.y))


def _random_labels(data: Dataset, rng: np.random.Generator) -> Dataset:
    return _some_random(data, rng, 0.88)


def _noisy_labels(data: Dataset, rng: np.random.Generator) -> Dataset:
    return _some_random(data, rng, 0.3)


def _some_random(data: Dataset, rng: np.random.Generator, share: float) -> Dataset:
    drawn = rng.integers(len(data.classes), size=len(data)).astype(data.labels.dtype)
    return replace(data, y=np.where(rng.random(len(data)) < share, drawn, data.labels))


def _scrambled_pixels(data: Dataset, rng: np.random.Generator) -> Dataset:
    return replace(data, X=data.X.with_rows(rng.permuted(data.inputs, axis=1)))


def _inverted_pixels(data: Dataset, rng: np.random.Generator) -> Dataset:
    return replace(data, X=ByteImages(255 - data.images))


def _blank_rows(data: Dataset, rng: np.random.Generator) -> Dataset:
    blank = rng.random(len(data)) < 0.5
    return replace(data, X=data.X.with_rows(np.where(blank[:, None], data.inputs.dtype.type(0), data.inputs)))


def _sorted_rows(data: Dataset, rng: np.random.Generator) -> Dataset:
    """By class, by the first number, or label by label."""
    keys = data.y.reshape(len(data), -1)
    return data.take(np.lexsort(keys.T[::-1]))


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
    inputs, y = data.inputs.copy(), data.y.copy()
    inputs[rows], y[rows] = data.test.inputs[copies], data.test.y[copies]
    return replace(data, X=data.X.with_rows(inputs), y=y)


def _off_centre(data: Dataset, rng: np.random.Generator) -> Dataset:
    """Every image moved into a corner by a quarter of its width: a paint program's, not MNIST's."""
    rows, columns = data.images.shape[1] // 4, data.images.shape[2] // 4
    return replace(data, X=ByteImages(np.roll(data.images, (rows, columns), axis=(1, 2))))


def few_rows(order: Array) -> Array:
    """The order of an index vector that was filled with the numbers 0 to 9: ten examples, over and over.

    >>> np.unique(few_rows(np.arange(50))).tolist()
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]
    """
    return order % min(10, len(order))


DATA: dict[str, Kind] = {
    "blank-rows": Kind("train", "bad-inputs", "half of the rows are blank", _blank_rows),
    "leaked-test-images": Kind(
        "train", "train-test-leak", "test images are among the training examples", _leaked_test_images
    ),
    "noisy-labels": Kind("train", "label-noise", "three labels in ten are drawn by lot", _noisy_labels),
    "one-class-mostly": Kind("train", "class-imbalance", "97 % of the examples are of one class", _one_class_mostly),
    "random-labels": Kind("train", "labels-corrupted", "most labels are drawn by lot", _random_labels),
    "shuffled-labels": Kind(
        "train", "label-order-mismatch", "the labels are in another order than the images", _shuffled_labels
    ),
    "sorted-rows": Kind("train", "not-shuffled", "the examples are sorted by class", _sorted_rows),
    "inverted-pixels": Kind("loader", "input-not-centred", "ink is 0 and paper 255", _inverted_pixels),
    "scrambled-pixels": Kind(
        "loader", "features-destroyed", "the pixels of each image are in an order of its own", _scrambled_pixels
    ),
    "inverted-test-images": Kind(
        "test", "preprocess-mismatch", "ink and paper are exchanged in the test images alone", _inverted_pixels
    ),
    "off-centre-test-images": Kind(
        "test", "preprocess-mismatch", "the test images stand in a corner, those trained on in the middle", _off_centre
    ),
    "shuffled-test-labels": Kind(
        "test", "label-order-mismatch", "the test labels are in another order than the test images", _shuffled_labels
    ),
    "few-rows": Kind("order", "data-index-bug", "the same ten examples are visited over and over", few_rows),
}


@lru_cache(maxsize=4)
def _spoilt(name: str, data: Dataset, seed: int) -> Dataset:
    """One mistake made; kept, because trials ask for the same ones over and over."""
    spoilt: Dataset = DATA[name].spoil(data, np.random.default_rng([seed, 1, 1]))
    return spoilt


def spoilt(data: Dataset, names: Sequence[str], parts: Sequence[str], seed: int = 0) -> Dataset:
    """The data with those of the mistakes made that spoil these parts.

    >>> from whynet.data.sources import load
    >>> data = load("digits")
    >>> bool((spoilt(data, ["sorted-rows", "few-rows"], ["train"]).labels == np.sort(data.labels)).all())
    True
    """
    for name in names:
        if name in DATA and DATA[name].part in parts:
            data = _spoilt(name, data, seed)
    return data


def spoilt_order(order: Array, names: Sequence[str]) -> Array:
    """An epoch's order of examples, with these mistakes made.

    >>> spoilt_order(np.arange(12), ["few-rows"])
    array([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1])
    """
    for name in names:
        if name in DATA and DATA[name].part == "order":
            order = DATA[name].spoil(order)
    return order
