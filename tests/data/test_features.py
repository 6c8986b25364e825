"""What a network is shown: bytes of images, or numbers."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from whynet.data.dataset import Dataset
from whynet.data.features import ByteImages, FloatFeatures, features_of
from whynet.data.problem import Regression
from whynet.errors import BadFile, UsageError


def test_columns_are_scaled_as_scikit_learn_scales_them(rng):
    X = rng.normal(size=(80, 4)) * (1, 50, 1e-3, 1e6) + (0, 1900, 0, -3e6)
    table = FloatFeatures(X)
    for name, peer in (
        ("standard", StandardScaler()), ("0..1", MinMaxScaler()), ("-1..1", MinMaxScaler(feature_range=(-1, 1))),
    ):  # fmt: skip
        found = table.scaling(name).apply(table.rows, "float64")
        np.testing.assert_allclose(found, peer.fit_transform(X), atol=1e-9)
    np.testing.assert_array_equal(table.scaling("raw").apply(table.rows, "float64"), X)


@settings(deadline=None)
@given(arrays(np.float64, st.tuples(st.integers(1, 9), st.integers(1, 4)), elements=st.floats(-1e12, 1e12)))
def test_any_table_has_finite_features(X):
    table = FloatFeatures(X)
    for name in ("standard", "0..1", "-1..1"):
        assert np.isfinite(table.scaling(name).apply(table.rows, "float64")).all()


def test_a_column_that_never_changes_does_no_harm():
    table = FloatFeatures(np.array([[7.0, 1.0], [7.0, 3.0]]))
    assert table.scaling("standard").apply(table.rows, "float64").tolist() == [[0, -1], [0, 1]]


def test_pictures_of_floats_have_one_scaling_for_all_pixels(rng):
    pictures = FloatFeatures(rng.random((5, 4, 3)))
    scaling = pictures.scaling("standard")
    assert len(scaling.offset) == 1
    found = scaling.apply(pictures.array, "float64")
    assert found.shape == (5, 12)
    assert (found.mean(), found.std()) == (pytest.approx(0, abs=1e-12), pytest.approx(1))


def test_a_number_that_is_missing_is_named_by_row_and_column():
    X = np.zeros((20, 2))
    X[17, 1] = np.nan
    with pytest.raises(BadFile, match='row 17, column "age"'):
        FloatFeatures(X, ("height", "age")).checked("people.csv")


def test_arrays_become_what_they_look_like(rng):
    assert isinstance(features_of(np.zeros((3, 2, 2), np.uint8)), ByteImages)
    assert isinstance(features_of(np.zeros((3, 4), np.uint8)), FloatFeatures)
    assert features_of(np.zeros((3, 4), bool)).array.dtype == np.float64
    assert features_of(np.zeros((3, 4), np.float32)).array.dtype == np.float32
    coloured = ByteImages(np.zeros((3, 5, 4, 3), np.uint8))
    assert (coloured.rows.shape, coloured.shape) == ((3, 60), (5, 4, 3))


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: FloatFeatures(np.zeros(3)), "arrays of numbers"),
        (lambda: FloatFeatures(np.zeros((2, 0))), "at least one row"),
        (lambda: FloatFeatures(np.zeros((2, 3)), ("a", "b")), "columns' names"),
        (lambda: ByteImages(np.zeros((2, 3), np.uint8)), "arrays of bytes"),
        (lambda: FloatFeatures(np.zeros((2, 3))).scaling("standart"), "Did you mean 'standard'"),
    ],
)
def test_what_makes_no_sense_is_refused(make, says):
    with pytest.raises(UsageError, match=says):
        make()


def test_a_table_cannot_be_changed_and_its_rows_are_no_copy(rng):
    table = FloatFeatures(rng.random((4, 3)))
    assert np.shares_memory(table.rows, table.array)
    with pytest.raises(ValueError, match="read-only"):
        table.array[0, 0] = 1


def test_a_data_set_of_numbers_is_split_by_its_targets(rng):
    y = rng.normal(size=500) ** 3
    data = Dataset(rng.normal(size=(500, 3)), y, problem=Regression(("y",)))
    rest, held = data.split(100, seed=3)
    assert (len(rest), len(held)) == (400, 100)
    for low, high in ((0, 0.2), (0.4, 0.6), (0.8, 1.0)):
        part = (np.quantile(y, low), np.quantile(y, high))
        inside = np.mean((held.y[:, 0] >= part[0]) & (held.y[:, 0] <= part[1]))
        assert inside == pytest.approx(0.2, abs=0.02)
    again = data.split(100, seed=3)[1]
    np.testing.assert_array_equal(held.y, again.y)
    assert data.fingerprint() != Dataset(data.X, y + 1, problem=Regression(("y",))).fingerprint()
    assert len(data.subset(50, seed=0)) == 50


def test_pictures_and_classes_are_not_asked_of_a_table(rng):
    data = Dataset(rng.normal(size=(5, 3)), np.arange(5.0), problem=Regression(("y",)))
    assert (data.classes, data.are_pictures, data.word) == ((), False, "rows")
    for ask in (lambda: data.images, lambda: data.pixels, lambda: data.labels, lambda: data.counts):
        with pytest.raises(UsageError):
            ask()


def test_the_pixels_of_pictures_are_their_rows(rng):
    images = rng.integers(256, size=(4, 3, 2), dtype=np.uint8)
    data = Dataset(images, np.zeros(4, int), problem=("a", "b"))
    assert np.shares_memory(data.pixels, data.inputs) and data.pixels.shape == (4, 6)
