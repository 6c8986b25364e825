"""Networks as files for others: each puts out what the network does, and plain networks of others come in."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest
from click.testing import CliRunner
from sklearn.neural_network import MLPClassifier, MLPRegressor

import whynet
from whynet import Network, Recipe, fit
from whynet.data.problem import MultiLabel, Regression
from whynet.errors import BadFile, UsageError
from whynet.interfaces.cli import cli
from whynet.interfaces.exchange import TARGETS, export, network_from
from whynet.interfaces.exchange.steps import outputs_of
from whynet.network.layers import (
    AveragePool2D,
    BatchNorm,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    GlobalAveragePool,
    MaxPool2D,
)
from whynet.training.recipe import ActivationName
from whynet.training.values import choices
from whynet.types import Scaling

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
ACTIVATIONS = choices(ActivationName)
NETWORKS = {
    **{name: {"activation": name} for name in ACTIVATIONS},
    "batch norm, dropout and noise": {"activation": "relu", "batch_norm": True, "dropout": 0.2, "input_noise": 0.1},
    "quadratic": {"cost": "quadratic"}, "sigmoid": {"cost": "sigmoid-cross-entropy"},
    "pixels": {"scaling": Scaling("0..1", 0.0, 255.0), "activation": "relu"},
    "table": {"scaling": Scaling("standard", tuple(range(12)), (2.0,) * 12)},
    "one output": {"sizes": [12, 5, 1], "cost": "sigmoid-cross-entropy"},
    "labels": {"cost": "sigmoid-cross-entropy", "problem": MultiLabel(("a", "b", "c"))},
    "numbers": {
        "sizes": [12, 7, 2], "cost": "quadratic", "output_activation": "identity",
        "problem": Regression(("p", "q"), (100.0, -3.0), (20.0, 0.5)),
    },
    "pictures": {"layers": [
        Conv2D((6, 5, 2), 3, 3, padding="same", activation="tanh"), BatchNorm((6, 5, 3), "relu"),
        MaxPool2D((6, 5, 3), 2), Dropout((3, 2, 3), 0.5), Flatten((3, 2, 3)), Dense(18, 4, "elu"), Dense(4, 3),
    ]},
    "uneven pictures": {"layers": [
        Conv2D((6, 5, 2), 4, (4, 3), stride=(2, 1), padding="same", activation="relu"),
        AveragePool2D((3, 5, 4), 2, 1), Conv2D((2, 4, 4), 3, 1, activation="softmax"), GlobalAveragePool((2, 4, 3)),
        Dense(3, 3),
    ]},
}  # fmt: skip


def made(name):
    if "layers" in NETWORKS[name]:
        return Network(layers=NETWORKS[name]["layers"], seed=3)
    return Network(**{"sizes": [12, 7, 5, 3], "seed": 3, **NETWORKS[name]})


def rows_for(network, n=200):
    rng = np.random.default_rng(0)
    if network.scaling is not None and not network.scaling.of_floats:
        return rng.integers(0, 256, (n, network.layers[0].inputs)).astype(np.uint8)
    return rng.normal(0, 2, (n, network.layers[0].inputs)).astype(np.float32)


def settled(network):
    """With running statistics that are not those it begins with."""
    network.statistics.vector[...] += np.abs(np.random.default_rng(1).normal(0.2, 0.1, network.statistics.vector.size))
    return network


@pytest.mark.parametrize("name", NETWORKS)
def test_the_numpy_file_needs_numpy_alone_and_says_what_the_network_says(name, tmp_path):
    network = settled(made(name))
    X = rows_for(network)
    (tmp_path / "model.py").write_bytes(export(network, "numpy")["model.py"])
    np.save(tmp_path / "X.npy", X)
    code = (
        "import sys, numpy as np; from model import outputs, predict; X = np.load('X.npy'); "
        "np.savez('out.npz', outputs=outputs(X), predict=predict(X)); "
        "extra = {n.split('.')[0] for n in sys.modules} & {'whynet', 'scipy', 'torch', 'safetensors'}; assert not extra"
    )
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True)
    found = np.load(tmp_path / "out.npz")
    np.testing.assert_allclose(found["outputs"], outputs_of(network, X), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(found["predict"].reshape(-1), network.predict(X).reshape(-1), rtol=1e-5)
    assert len((tmp_path / "model.py").read_text().split("ARRAYS = {")[0].splitlines()) <= 60


@pytest.mark.parametrize("name", NETWORKS)
def test_onnx_says_the_same(name):
    pytest.importorskip("onnx")
    runtime = pytest.importorskip("onnxruntime")
    network = settled(made(name))
    X = rows_for(network)
    session = runtime.InferenceSession(export(network, "onnx")["model.onnx"], providers=["CPUExecutionProvider"])
    (found,) = session.run(None, {"X": X.astype(np.float32)})
    np.testing.assert_allclose(found, outputs_of(network, X), rtol=1e-6, atol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_after_a_training_onnx_is_as_near_as_single_precision_allows(activation):
    """A probability is as exact as the last bit of a score, which has grown: both are held against float64."""
    pytest.importorskip("onnx")
    runtime = pytest.importorskip("onnxruntime")
    data = whynet.load("digits")
    recipe = Recipe(hidden=(32,), activation=activation, learning_rate=0.1, epochs=20, cost="softmax-cross-entropy")
    network = fit(recipe, data).network
    X = data.inputs
    session = runtime.InferenceSession(export(network, "onnx")["model.onnx"], providers=["CPUExecutionProvider"])
    (found,) = session.run(None, {"X": X.astype(np.float32)})
    bit = np.spacing(np.abs(network.scores(X)).max())
    for one in (found, outputs_of(network, X)):
        assert np.abs(one - outputs_of(network.astype("float64"), X)).max() <= 1e-6 + 4 * bit


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("library", ["torch", "keras"])
def test_the_programs_for_torch_and_keras_say_the_same(name, library, tmp_path, monkeypatch):
    pytest.importorskip(library)
    network = settled(made(name))
    X = rows_for(network)
    for file, content in export(network, library).items():
        (tmp_path / file).write_bytes(content)
    monkeypatch.chdir(tmp_path)
    room: dict[str, object] = {}
    exec(compile((tmp_path / "model.py").read_text(), "model.py", "exec"), room)  # noqa: S102
    model = room["load"]()
    if library == "torch":
        import torch

        with torch.no_grad():
            found = model(torch.tensor(X if network.scaling else X.astype(network.dtype))).numpy()
    else:
        found = np.asarray(model.predict(X.astype(np.float32), verbose=0))
    np.testing.assert_allclose(found, outputs_of(network, X), rtol=1e-5, atol=2e-6)


def test_the_command_writes_the_files_and_refuses_to_write_over_them(tmp_path):
    run = fit(Recipe(epochs=1), data="digits", out=tmp_path / "run")
    for target in sorted(set(TARGETS) - {"onnx"}):
        told = ["export", str(tmp_path / "run"), "--to", target, "--out", str(tmp_path / target), "--json"]
        done = CliRunner().invoke(cli, told, catch_exceptions=False)
        for file in json.loads(done.stdout)["files"]:
            assert (tmp_path / target / file.rsplit("/")[-1]).stat().st_size > 100
    with pytest.raises(UsageError, match="already"):
        CliRunner().invoke(cli, told, catch_exceptions=False)
    CliRunner().invoke(cli, [*told, "--overwrite"], catch_exceptions=False)
    with pytest.raises(UsageError, match="numpy"):
        CliRunner().invoke(cli, ["export", str(tmp_path / "run"), "--to", "nunpy"], catch_exceptions=False)
    again = Network.load(tmp_path / "safetensors" / "model.safetensors")
    np.testing.assert_array_equal(again.params.vector, run.network.params.vector)


@pytest.mark.parametrize("last", ["", "Softmax"])
def test_a_network_of_pytorch_comes_in(last, tmp_path):
    torch = pytest.importorskip("torch")
    from safetensors.torch import save_file

    nn = torch.nn
    layers = [nn.Linear(6, 5), nn.Tanh(), nn.Dropout(0.5), nn.Linear(5, 4), nn.Tanh(), nn.Linear(4, 3)]
    model = nn.Sequential(*layers, *([nn.Softmax(dim=1)] if last else [])).eval()
    X = np.random.default_rng(0).normal(size=(20, 6)).astype(np.float32)
    logits = nn.Sequential(*layers).eval()(torch.tensor(X)).detach().softmax(1).numpy()
    save_file(model.state_dict(), str(tmp_path / "theirs.safetensors"))
    for network in (
        network_from(model),
        network_from(model.state_dict(), activation="tanh"),
        network_from(tmp_path / "theirs.safetensors", activation="tanh"),
    ):
        np.testing.assert_allclose(network.probabilities(X), logits, rtol=1e-5, atol=1e-7)
    with pytest.raises(UsageError, match="activation"):
        network_from(model.state_dict())
    with pytest.raises(UsageError, match="Conv2d"):
        network_from(nn.Sequential(nn.Conv2d(1, 2, 3), nn.Linear(2, 2)))
    with pytest.raises(UsageError, match="negative_slope"):
        network_from(nn.Sequential(nn.Linear(2, 2), nn.LeakyReLU(0.3), nn.Linear(2, 2)))


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # Keras's own arrays
def test_a_network_of_keras_comes_in():
    keras = pytest.importorskip("keras")
    layers = [keras.Input((6,)), keras.layers.Dense(5, "relu"), keras.layers.Dense(3, "softmax")]
    model = keras.Sequential(layers)
    X = np.random.default_rng(0).normal(size=(20, 6)).astype(np.float32)
    np.testing.assert_allclose(network_from(model).probabilities(X), model.predict(X, verbose=0), rtol=1e-5, atol=1e-6)
    with pytest.raises(UsageError, match="BatchNormalization"):
        network_from(keras.Sequential([keras.Input((6,)), keras.layers.BatchNormalization(), keras.layers.Dense(2)]))


def test_networks_of_scikit_learn_come_in():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 4))
    for y in (np.arange(60) % 3, np.arange(60) % 2):
        theirs = MLPClassifier((5, 4), activation="logistic", max_iter=5, random_state=0).fit(X, y)
        found = network_from(theirs).probabilities(X)
        np.testing.assert_allclose(found, theirs.predict_proba(X)[:, -found.shape[1] :], rtol=1e-9)
    numbers = MLPRegressor(hidden_layer_sizes=(5,), max_iter=5, random_state=0).fit(X, X[:, :2])
    np.testing.assert_allclose(network_from(numbers).predict(X), numbers.predict(X), rtol=1e-9)


@pytest.mark.parametrize(
    "model", [{}, {"a.weight": np.ones(3)}, {"a.weight": np.ones((2, 3)), "b.weight": np.ones((2, 5))}, 3,
              "nowhere.safetensors", {"a.weight": np.full((2, 3), np.nan)}, {"a.running_mean": np.ones(3)}],
    ids=str,
)  # fmt: skip
def test_what_is_no_plain_network_is_refused_with_a_sentence(model):
    with pytest.raises((UsageError, BadFile)):
        network_from(model, activation="relu")
