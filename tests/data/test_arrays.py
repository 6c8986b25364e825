"""Arrays: `.npz` files, what is in memory, and what scikit-learn's loaders return."""

from __future__ import annotations

import contextlib
import io
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import whynet
from whynet.data import arrays, memory
from whynet.data.problem import Classification, MultiLabel, Regression
from whynet.errors import BadFile, ResourceError, UsageError, WhynetError


@pytest.fixture(name="X")
def rows(rng):
    return rng.normal(size=(40, 3))


def put(tmp_path, name="t.npz", packed=False, **given):
    path = tmp_path / name
    (np.savez_compressed if packed else np.savez)(path, **given)
    return path


@pytest.mark.parametrize("packed", [False, True])
def test_x_and_y(tmp_path, X, packed):
    data = whynet.load(put(tmp_path, X=X, y=X.sum(axis=1), packed=packed))
    assert data.problem == Regression(("y",)) and (len(data), len(data.test)) == (32, 8)
    np.testing.assert_allclose(data.inputs.sum(axis=1), data.y[:, 0])
    assert data.name == "t"


def test_a_set_with_test_rows_as_keras_has_it(tmp_path, rng):
    images = rng.integers(256, size=(30, 6, 5), dtype=np.uint8)
    labels = (np.arange(30) % 10).astype(np.uint8)
    path = put(tmp_path, x_train=images[:20], y_train=labels[:20], x_test=images[20:], y_test=labels[20:])
    data = whynet.load(path)
    assert data.are_pictures and data.classes == tuple("0123456789")
    np.testing.assert_array_equal(data.images, images[:20])
    np.testing.assert_array_equal(data.test.images, images[20:])
    np.testing.assert_array_equal(data.test.labels, labels[20:])


def test_names_in_capitals_and_columns_of_one(tmp_path, rng):
    coloured = rng.integers(256, size=(20, 4, 4, 3), dtype=np.uint8)
    data = whynet.load(put(tmp_path, X_Train=coloured, Y_TRAIN=np.arange(20)[:, None] % 3))
    assert data.images.shape == (16, 4, 4, 3) and data.classes == ("0", "1", "2")


def test_classes_that_are_numbers_with_gaps(X):
    data = whynet.load(X, np.array([3, 10] * 20))
    assert data.classes == ("3", "10")


def test_what_y_may_be(X):
    words = np.array(["b", "a"] * 20)
    assert whynet.load(X, words).classes == ("a", "b")
    assert whynet.load(X, words.astype("S1")).classes == ("a", "b")
    assert whynet.load(X, words.astype(object)).classes == ("a", "b")
    assert whynet.load(X, np.array([True, False] * 20)).problem.kind == "classification"
    two = np.array([[1, 1], [0, 1], [1, 0], [0, 0]] * 10)
    assert whynet.load(X, two).problem == MultiLabel(("y 0", "y 1"))
    assert whynet.load(X, two * 1.5).problem.kind == "regression"
    said = []
    one_hot = whynet.load(X, np.eye(4)[np.arange(40) % 4], say=said.append)
    assert one_hot.problem == Classification(("0", "1", "2", "3")) and "4 classes" in said[0]
    assert whynet.load(X, np.eye(4)[np.arange(40) % 4], problem="labels").problem.kind == "labels"
    assert whynet.load((X, words)).classes == ("a", "b")
    assert whynet.load(X.tolist(), words.tolist()).features == 3


def test_missing_numbers(X):
    X[4, 1] = np.nan
    with pytest.raises(BadFile, match=r"row 4, column 1"):
        whynet.load(X, np.arange(40) / 7)
    data = whynet.load(X, np.arange(40) / 7, missing="median")
    rest = [row for row in range(40) if np.isclose(data.y[:, 0], row / 7).any()]
    median = np.median([X[row, 1] for row in rest if row != 4])
    both = np.concatenate([data.inputs, data.test.inputs])
    assert median in both[:, 1]
    with pytest.raises(BadFile, match="missing"):
        whynet.load(np.ones((3, 1)), np.array([1.0, np.nan, 2.0]))
    X[:, 2] = np.nan
    with pytest.raises(BadFile, match="empty"):
        whynet.load(X, np.arange(40) / 7, missing="median")


@pytest.mark.parametrize(
    ("y", "kind"),
    [(np.arange(39) / 7, BadFile), (np.array(3.0), BadFile), (np.ones((40, 2, 2)), BadFile), (np.ones(40), BadFile),
     (np.arange(40) * 1j, BadFile)],
)  # fmt: skip
def test_y_that_does_not_fit(X, y, kind):
    with pytest.raises(kind):
        whynet.load(X, y)


@pytest.mark.parametrize("X", [["a", "b"], [[1, 2], [3]], np.zeros(3), np.zeros((0, 2)), 7, [object()] * 3])
def test_x_that_is_none(X):
    with pytest.raises(WhynetError):
        whynet.load(X, np.arange(3) / 7)


def test_what_nobody_can_read():
    with pytest.raises(UsageError, match="no data that can be read"):
        whynet.load(7)


def test_scikit_learns_loaders():
    datasets = pytest.importorskip("sklearn.datasets")
    iris = whynet.load(datasets.load_iris())
    assert iris.classes == ("setosa", "versicolor", "virginica")
    assert iris.X.names[0] == "sepal length (cm)" and iris.X.encoding.names == iris.X.names
    diabetes = whynet.load(datasets.load_diabetes(scaled=False))
    assert diabetes.problem == Regression(("y",)) and diabetes.X.names[:2] == ("age", "sex")
    assert whynet.load(datasets.load_iris(return_X_y=True)).classes == ("0", "1", "2")
    if pytest.importorskip("pandas"):
        framed = whynet.load(datasets.load_iris(as_frame=True))
        assert framed.classes == iris.classes and framed.X.names == iris.X.names
        X, y = datasets.load_wine(return_X_y=True, as_frame=True)
        assert whynet.load(X, y).problem.kind == "classification"


def test_sparse_matrices(X):
    from scipy import sparse

    np.testing.assert_array_equal(whynet.load(sparse.csr_matrix(X), X[:, 0]).inputs, whynet.load(X, X[:, 0]).inputs)


# Files that are not what they should be


def test_arrays_that_are_not_there(tmp_path, X):
    with pytest.raises(BadFile, match="a, b"):
        whynet.load(put(tmp_path, a=X, b=X))
    with pytest.raises(UsageError, match="columns"):
        whynet.load(put(tmp_path, X=X, y=X[:, 0]), target="y")


def test_pickled_arrays_are_refused(tmp_path, X):
    with pytest.raises(BadFile, match="pickled") as caught:
        whynet.load(put(tmp_path, X=X.astype(object), y=X[:, 0]))
    assert "np.savez" in caught.value.do


def header(shape, dtype="<f8"):
    stream = io.BytesIO()
    np.lib.format.write_array_header_1_0(stream, {"descr": dtype, "fortran_order": False, "shape": shape})
    return stream.getvalue()


def zipped(path, content, method=zipfile.ZIP_STORED):
    with zipfile.ZipFile(path, "w", method) as archive:
        archive.writestr("X.npy", content)
        archive.writestr("y.npy", header((1,)) + bytes(8))
    return path


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
@pytest.mark.parametrize("shape", [(250_000_000,), (25_000_000, 10), (2,), (1 << 40, 1 << 40)])
def test_a_header_that_claims_what_is_not_there(tmp_path, shape, method, monkeypatch):
    monkeypatch.setattr(np.lib.format, "read_array", lambda *_, **__: pytest.fail("nothing is read"))
    with pytest.raises(BadFile, match="claims another size") as caught:
        whynet.load(zipped(tmp_path / "t.npz", header(shape) + bytes(8), method))
    assert f"{8 * int(np.prod([float(s) for s in shape])):,} bytes" in caught.value.expected


def test_a_zip_that_claims_what_it_does_not_hold(tmp_path):
    """The entry itself says two gigabytes, and the header agrees."""
    path = zipped(tmp_path / "t.npz", header((250_000_000,)) + bytes(8))
    raw, true = path.read_bytes(), len(header((250_000_000,))) + 8
    claimed = true - 8 + 2_000_000_000
    path.write_bytes(raw.replace(true.to_bytes(4, "little"), claimed.to_bytes(4, "little")))
    with pytest.raises(BadFile, match="claim"):
        whynet.load(path)


def test_a_bomb_is_measured_before_it_is_read(tmp_path, monkeypatch):
    path = zipped(tmp_path / "t.npz", header((1_000_000,)) + bytes(8_000_000), zipfile.ZIP_DEFLATED)
    assert path.stat().st_size < 20_000
    monkeypatch.setattr(memory, "available", lambda: 1_000_000)
    with pytest.raises(ResourceError, match=r"8\.0 MB"):
        whynet.load(path)


@pytest.mark.parametrize(
    "content",
    [b"", b"\x93NUMPY", b"\x93NUMPY\x09\x00aa", b"\x93NUMPY\x01\x00\x02\x00((", header((-1,)), b"not an array"],
)
def test_members_that_are_no_arrays(tmp_path, content):
    with pytest.raises(BadFile):
        whynet.load(zipped(tmp_path / "t.npz", content))


@pytest.mark.parametrize("content", [b"", b"garbage", b"PK\x03\x04" + bytes(60)])
def test_no_npz(tmp_path, content):
    (tmp_path / "t.npz").write_bytes(content)
    with pytest.raises(BadFile, match=r"t\.npz"):
        whynet.load(tmp_path / "t.npz")
    (tmp_path / "d.npz").mkdir()
    with pytest.raises(BadFile):
        whynet.load(tmp_path / "d.npz")


@given(st.integers(0, 2000), st.integers(0, 255))
@settings(max_examples=100, deadline=None)
def test_a_damaged_file_gives_an_error_or_arrays(tmp_path_factory, place, byte):
    path = put(tmp_path_factory.mktemp("n"), X=np.arange(12.0).reshape(6, 2), y=np.arange(6) % 2, packed=place % 2)
    raw = bytearray(path.read_bytes())
    raw[place % len(raw)] = byte
    path.write_bytes(raw)
    with contextlib.suppress(BadFile):
        arrays.read_npz(path)
