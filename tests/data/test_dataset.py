from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from whynet.data.dataset import Dataset
from whynet.data.features import OF_BYTES, ByteImages
from whynet.errors import BadFile, UsageError
from whynet.types import Scaling


def made(labels, classes=10):
    labels = np.asarray(labels)
    images = np.arange(len(labels), dtype=np.uint8).reshape(-1, 1, 1) if len(labels) < 256 else None
    if images is None:
        images = np.zeros((len(labels), 1, 1), np.uint8)
    return Dataset(images, labels, problem=tuple(map(str, range(classes))))


@given(labels=st.lists(st.integers(0, 4), min_size=3, max_size=120), seed=st.integers(0, 99), data=st.data())
def test_a_split_covers_everything_once_and_keeps_the_shares(labels, seed, data):
    whole = made(labels, 5)
    size = data.draw(st.integers(1, len(labels) - 1))
    rest, held = whole.split(size, seed=seed)
    assert len(held) == size
    ids = np.concatenate([rest.images, held.images]).ravel()
    assert sorted(ids) == list(range(len(labels)))
    assert np.all(np.diff(held.images.ravel().astype(int)) > 0)  # the order of the file
    assert np.all(np.abs(held.counts - whole.prior * size) < 1 + 1e-9)
    again = whole.split(size, seed=seed)[1]
    np.testing.assert_array_equal(held.images, again.images)


@given(size=st.integers(1, 60), seed=st.integers(0, 99))
def test_a_balanced_subset_has_as_many_of_each(size, seed):
    whole = made(np.tile(np.arange(5), 20), 5)
    counts = whole.subset(size, seed=seed).counts
    assert counts.sum() == size
    assert counts.max() - counts.min() <= 1


def test_a_balanced_subset_takes_the_odd_one_from_a_class_that_has_it():
    assert made([0, 0, 1, 1, 1], 2).subset(5, seed=0).counts.tolist() == [2, 3]


def test_the_first_rows_and_what_is_refused():
    whole = made([0, 1, 1, 1, 2, 2])
    assert whole.subset(2, seed=0, balanced=False).labels.tolist() == [0, 1]
    for size in (0, 7):
        with pytest.raises(UsageError, match="1 to 6"):
            whole.subset(size, seed=0)
    with pytest.raises(UsageError, match="class 0 is too small"):
        made([0, 1, 1, 1, 1, 1], 2).subset(4, seed=0)
    for size in (0, 6):
        with pytest.raises(UsageError, match="held back"):
            whole.split(size, seed=0)


def test_what_does_not_fit_is_refused():
    images = np.zeros((3, 2, 2), np.uint8)
    with pytest.raises(BadFile, match="3 labels for 3 images"):
        Dataset(images, np.zeros(2, int))
    with pytest.raises(BadFile, match="11 at row 1"):
        Dataset(images, np.array([0, 11, 2]))
    with pytest.raises(UsageError, match="uint8"):
        ByteImages(images.astype(float))
    with pytest.raises(UsageError, match="arrays of numbers"):
        Dataset(np.array([["a"], ["b"], ["c"]]), np.zeros(3, int))
    with pytest.raises(UsageError, match="whole numbers"):
        Dataset(images, np.zeros(3))
    for shape in ((0, 2, 2), (2, 0, 2)):
        with pytest.raises(UsageError, match="at least one image"):
            Dataset(np.zeros(shape, np.uint8), np.zeros(shape[0], int))


def test_a_dataset_cannot_be_changed():
    data = made([0, 1])
    with pytest.raises(ValueError, match="read-only"):
        data.images[0] = 1
    with pytest.raises(ValueError, match="read-only"):
        data.labels[0] = 1


@pytest.mark.parametrize("name", OF_BYTES)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_table_holds_the_very_bits_of_the_arithmetic(name, dtype, rng):
    images = rng.integers(256, size=(50, 7, 3), dtype=np.uint8)
    scaling = ByteImages(images).scaling(name)
    np.testing.assert_array_equal(scaling.apply(images, dtype), scaling.table(dtype)[images.reshape(50, -1)])


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("0..1", lambda v: v / 255),
        ("-1..1", lambda v: 2 * v / 255 - 1),
        ("raw", lambda v: v * 1.0),
        ("standard", lambda v: (v - v.mean()) / v.std()),
    ],
)
def test_scalings_are_their_formulas(name, expected, rng):
    images = rng.integers(256, size=(20, 4, 4), dtype=np.uint8)
    values = images.reshape(20, -1).astype(np.float64)
    found = ByteImages(images).scaling(name).apply(images, "float64")
    np.testing.assert_allclose(found, expected(values), rtol=1e-12, atol=1e-14)


def test_moments_take_little_memory(rng):
    images = rng.integers(256, size=(12_000, 28, 28), dtype=np.uint8)
    data = Dataset(images, np.zeros(len(images), int))
    tracemalloc.start()
    summary, scaling = data.summary(), ByteImages(images).scaling("standard")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4e6
    assert summary["pixel_mean"] == scaling.offset == pytest.approx(images.mean(), rel=1e-12)
    assert summary["pixel_sd"] == scaling.divisor == pytest.approx(images.std(), rel=1e-12)
    assert summary["zero_share"] == pytest.approx(np.mean(images == 0), rel=1e-12)


def test_scalings_that_cannot_be():
    with pytest.raises(UsageError, match="all pixels are equal"):
        ByteImages(np.full((2, 2, 2), 7, np.uint8)).scaling("standard")
    with pytest.raises(UsageError, match=r"Did you mean '0\.\.1'"):
        ByteImages(np.zeros((1, 1, 1), np.uint8)).scaling("0.1")
    assert Scaling("raw", 0.0, 1.0).table("float32").tolist() == list(range(256))


def test_the_fingerprint_sees_a_single_pixel_and_a_single_label():
    data = made([0, 1, 2])
    images, labels = data.images.copy(), data.labels.copy()
    images[0, 0, 0] += 1
    labels[2] = 3
    prints = {d.fingerprint() for d in (data, Dataset(images, data.labels), Dataset(data.images, labels))}
    assert len(prints) == 3
    assert made([0, 1, 2]).fingerprint() == data.fingerprint()
