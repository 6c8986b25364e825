"""The small sets inside scikit-learn, beside its own loaders."""

from __future__ import annotations

import numpy as np
import pytest

import whynet
from whynet.data import small
from whynet.errors import BadFile, ResourceError

LOADERS = {"iris": "load_iris", "wine": "load_wine", "breast-cancer": "load_breast_cancer", "diabetes": "load_diabetes"}


@pytest.mark.parametrize("name", LOADERS)
def test_they_are_what_scikit_learn_loads(name):
    datasets = pytest.importorskip("sklearn.datasets")
    bunch = getattr(datasets, LOADERS[name])(**({"scaled": False} if name == "diabetes" else {}))
    data = whynet.load(name)
    both = np.concatenate([data.inputs, data.test.inputs])
    targets = np.concatenate([data.y, data.test.y]).reshape(-1, 1)
    expected = np.column_stack([bunch.data, bunch.target])
    assert sorted(map(tuple, np.column_stack([both, targets]))) == sorted(map(tuple, expected))
    assert data.X.names == tuple(bunch.feature_names) == data.X.encoding.names
    if name != "diabetes":
        assert data.classes == tuple(bunch.target_names)
    assert (len(data), len(data.test), data.features) == small.SHAPES[name]


def test_every_fifth_of_each_class_is_held_back():
    data = whynet.load("wine")
    both = data.counts + data.test.counts
    assert data.test.counts.tolist() == [count // 5 for count in both]


def test_extremes_of_the_regression_are_in_both_parts():
    data = whynet.load("diabetes")
    order = np.sort(np.concatenate([data.y, data.test.y])[:, 0])
    for part in (data, data.test):
        assert part.y.min() in order[:3] and part.y.max() in order[-3:]


def test_damaged_or_absent_files(tmp_path, monkeypatch):
    folder = tmp_path / "datasets" / "data"
    folder.mkdir(parents=True)
    found = type("Spec", (), {"submodule_search_locations": [str(tmp_path)]})
    monkeypatch.setattr(small, "find_spec", lambda _: found)
    with pytest.raises(ResourceError, match="scikit-learn"):
        whynet.load("iris")
    for content in (b"", b"\xff\xfe", b"150,4,a,b,c\n1,2\n", b"150,4,a,b,c\n1,2,x,4,0\n"):
        (folder / "iris.csv").write_bytes(content)
        with pytest.raises(BadFile, match="damaged"):
            whynet.load("iris")
    (folder / "diabetes_data_raw.csv.gz").write_bytes(b"no gzip")
    with pytest.raises(BadFile, match="damaged"):
        whynet.load("diabetes")
    monkeypatch.setattr(small, "find_spec", lambda _: None)
    with pytest.raises(ResourceError):
        whynet.load("wine")
