from __future__ import annotations

import json

import numpy as np
import pytest
from safetensors.numpy import load_file, save

import whynet
from whynet.errors import BadFile, UsageError
from whynet.network.activations import ACTIVATIONS, activation
from whynet.network.layers import BatchNorm, Dense
from whynet.noise import Noise
from whynet.types import Scaling

NOISE = Noise(seed=0, step=0)


@pytest.fixture
def layer(rng):
    layer = BatchNorm(3, "tanh", blend=0.2, epsilon=0.01)
    arrays = {name: rng.random(3) + 0.5 for name in ("scale", "shift", "mean", "variance")}
    return layer, arrays, rng.normal(2, 3, (7, 3))


def test_each_feature_is_normalised_by_itself(layer):
    layer, arrays, x = layer
    trained, evaluated = layer.forward(arrays, x, NOISE)[0], layer.forward(arrays, x)[0]
    for j in range(3):
        mean = sum(x[:, j]) / 7
        variance = sum((v - mean) ** 2 for v in x[:, j]) / 7
        for i in range(7):
            z = arrays["scale"][j] * (x[i, j] - mean) / (variance + 0.01) ** 0.5 + arrays["shift"][j]
            assert trained[i, j] == pytest.approx(np.tanh(z), rel=1e-12)
            z = (x[i, j] - arrays["mean"][j]) / (arrays["variance"][j] + 0.01) ** 0.5
            assert evaluated[i, j] == pytest.approx(np.tanh(arrays["scale"][j] * z + arrays["shift"][j]), rel=1e-12)


@pytest.mark.parametrize("noise", [None, NOISE], ids=["evaluating", "training"])
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_gradients_are_right_in_both_modes(name, noise, rng):
    network = whynet.Network([5, 6, 4, 3], activation=name, batch_norm=True, noise=0.1, dtype="float64", seed=1)
    for index in (1, 4):
        network.statistics[index]["variance"][:] *= rng.uniform(0.5, 1.5)
    network.params.vector[:] += rng.normal(0, 0.1, network.params.vector.size)
    check = whynet.check_gradients(network, rng.normal(0, 1, (8, 5)), np.eye(3)[rng.integers(3, size=8)], noise=noise)
    assert check.passed
    # A shift that only passes through a linear layer into the next normalisation is taken out again: its slope is 0.
    lost = ["1.shift"] if name == "identity" and noise is not None else []
    verdicts = {one.array: one.verdict for one in check.arrays if one.array.endswith((".scale", ".shift"))}
    assert len(verdicts) == 4
    assert [array for array, verdict in verdicts.items() if verdict != "right"] == lost


def test_the_bias_before_a_normalisation_does_nothing(rng):
    network = whynet.Network([5, 6, 3], activation="tanh", batch_norm=True, dtype="float64")
    gradients = network.gradients(rng.normal(0, 1, (8, 5)), np.eye(3)[rng.integers(3, size=8)], NOISE)
    np.testing.assert_allclose(gradients[0]["b"], 0, atol=1e-15)


def test_running_statistics_follow_the_batches_and_nothing_else(digits):
    data = digits.subset(60, seed=0)
    recipe = whynet.Recipe(hidden=(4,), batch_norm=True, batch_size=20, order="file", epochs=1, learning_rate=0.5)
    network = whynet.Network([64, 4, 10], batch_norm=True, scaling=Scaling("0..1", 0, 255), dtype="float64")
    mean, variance = np.zeros(4), np.ones(4)
    twin = network.astype("float64")
    for step, start in enumerate(range(0, 60, 20)):
        rows = slice(start, start + 20)
        z = data.inputs[rows] / 255 @ twin.params[0]["W"] + twin.params[0]["b"]
        mean, variance = 0.9 * mean + 0.1 * z.mean(axis=0), 0.9 * variance + 0.1 * z.var(axis=0, ddof=1)
        gradients = twin.gradients(data.inputs[rows] / 255, np.eye(10)[data.labels[rows]], Noise(0, step))
        twin.params.vector[:] -= 0.5 * gradients.vector
    for _ in whynet.train(network, data, recipe):
        pass
    np.testing.assert_allclose(network.statistics[1]["mean"], mean, rtol=1e-12)
    np.testing.assert_allclose(network.statistics[1]["variance"], variance, rtol=1e-12)
    np.testing.assert_allclose(network.params.vector, twin.params.vector, rtol=1e-12, atol=1e-15)
    before = network.statistics.vector.copy()
    network.predict(data.images)
    network.gradients(data.inputs / 255, np.eye(10)[data.labels], NOISE)
    np.testing.assert_array_equal(network.statistics.vector, before)


def test_normalising_draws_the_same_weights():
    plain, normalised = whynet.Network([5, 4, 3, 2]), whynet.Network([5, 4, 3, 2], batch_norm=True)
    for W, V in zip(plain.params.weights(), normalised.params.weights(), strict=True):
        np.testing.assert_array_equal(W, V)
    assert normalised.sizes == plain.sizes
    assert "batch norm, sigmoid" in repr(normalised)


def test_a_copy_has_statistics_of_its_own():
    network = whynet.Network([3, 2, 2], batch_norm=True)
    copied = network.astype("float64")
    copied.statistics.vector[:] = 7
    assert network.statistics.vector.max() == 1
    assert copied.statistics.vector.dtype == np.float64


def test_a_batch_of_one_is_ordinary(digits):
    run = whynet.fit(whynet.Recipe(hidden=(4,), batch_norm=True, batch_size=1, epochs=1, train_size=20), digits)
    assert run.state is None
    assert np.isfinite(run.network.statistics.vector).all()


@pytest.fixture
def trained(digits):
    return whynet.fit(
        whynet.Recipe(hidden=(12, 8), activation="relu", init="he", batch_norm=True, batch_size=50, epochs=8), digits
    )


def test_it_learns_and_its_statistics_are_saved_with_the_model(trained, digits, tmp_path):
    assert trained.history[-1].test_accuracy > 0.9
    trained.network.save(tmp_path / "m.safetensors")
    loaded = whynet.Network.load(tmp_path / "m.safetensors")
    assert loaded.layers == trained.network.layers
    np.testing.assert_array_equal(loaded.statistics.vector, trained.network.statistics.vector)
    np.testing.assert_array_equal(loaded.scores(digits.images), trained.network.scores(digits.images))
    assert {"1.weight", "1.bias", "1.running_mean", "1.running_var"} < set(load_file(tmp_path / "m.safetensors"))


def test_torch_gives_the_same_scores(trained, digits, tmp_path):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed; it is a peer, not a dependency")
    nn = torch.nn
    theirs = nn.Sequential(
        nn.Linear(64, 12), nn.BatchNorm1d(12), nn.ReLU(), nn.Linear(12, 8), nn.BatchNorm1d(8), nn.ReLU(),
        nn.Linear(8, 10),
    )  # fmt: skip
    trained.network.save(tmp_path / "m.safetensors")
    tensors = load_file(tmp_path / "m.safetensors")
    theirs.load_state_dict({name: torch.from_numpy(array) for name, array in tensors.items()})
    theirs.eval()
    X = digits.inputs[:50] / np.float32(255)
    np.testing.assert_allclose(theirs(torch.from_numpy(X)).detach(), trained.network.scores(X), rtol=1e-4, atol=1e-4)


def test_a_negative_variance_in_a_file_is_refused(trained, tmp_path):
    path = tmp_path / "m.safetensors"
    trained.network.save(path)
    content = path.read_bytes()
    header = content[8 : 8 + int.from_bytes(content[:8], "little")]
    tensors = load_file(path)
    tensors["1.running_var"] = -tensors["1.running_var"]
    path.write_bytes(save(tensors, metadata=json.loads(header)["__metadata__"]))
    with pytest.raises(BadFile, match="variance below 0"):
        whynet.Network.load(path)


@pytest.mark.parametrize("make", [lambda: BatchNorm(0), lambda: BatchNorm(3, blend=0), lambda: BatchNorm(3, "rely")])
def test_what_makes_no_normalisation_is_refused(make):
    with pytest.raises(UsageError):
        make()


def test_it_stands_before_the_activation():
    layers = whynet.Network([4, 3, 2], activation="relu", batch_norm=True, dropout=0.5).layers
    assert [type(layer).__name__ for layer in layers] == ["Dense", "BatchNorm", "Dropout", "Dense"]
    assert (layers[0].activation, layers[1].activation) == ("identity", "relu")
    assert isinstance(layers[0], Dense)
    assert activation("relu").kinked
