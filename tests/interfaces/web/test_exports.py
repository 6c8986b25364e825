"""What is taken away from the page predicts as what was looked at there."""

from __future__ import annotations

import runpy

import numpy as np
import pytest

import whynet


@pytest.fixture(scope="module")
def convolutional(tmp_path_factory):
    folder = tmp_path_factory.mktemp("page") / "runs" / "filters"
    layers = ("conv 4 3x3", "pool 2", "dense 16")
    recipe = whynet.Recipe(data="digits", layers=layers, activation="relu", init="he", learning_rate=0.1, epochs=1)
    whynet.fit(recipe, out=folder)
    return folder


@pytest.fixture
def looked_at(page, convolutional):
    page.desk.open(convolutional)
    test = page.desk.work.data.test
    return test.images[:40].reshape(40, -1), page.desk.work.network


def test_a_convolutional_network_as_a_numpy_file(client, looked_at, tmp_path):
    X, network = looked_at
    answer = client.get("/api/export/numpy")
    assert answer.status_code == 200 and 'filename="model.py"' in answer.headers["content-disposition"]
    (tmp_path / "model.py").write_bytes(answer.content)
    room = runpy.run_path(str(tmp_path / "model.py"))
    assert room["outputs"](X) == pytest.approx(network.probabilities(X), abs=1e-5)


def test_a_convolutional_network_as_onnx(client, looked_at):
    onnx = pytest.importorskip("onnx", reason="ONNX is not installed")
    reference = pytest.importorskip("onnx.reference", reason="ONNX is not installed")
    X, network = looked_at
    answer = client.get("/api/export/onnx")
    assert answer.status_code == 200
    model = onnx.load_from_string(answer.content)
    (outputs,) = reference.ReferenceEvaluator(model).run(None, {"X": X.astype(np.float32)})
    assert outputs == pytest.approx(network.probabilities(X), abs=1e-4)


@pytest.mark.parametrize("to", ["safetensors", "torch", "keras", "recipe", "report"])
def test_every_other_file_of_a_convolutional_network(client, looked_at, to):
    answer = client.get(f"/api/export/{to}")
    assert answer.status_code == 200 and len(answer.content) > 300
