from __future__ import annotations

import json
import os
import pickle
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import load_file, save

import whynet
from whynet.data.problem import Classification
from whynet.errors import BadFile
from whynet.network.layers import BatchNorm, Conv2D, Dense, MaxPool2D
from whynet.types import Scaling

linux = pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux says how much memory was used")


def network(**options):
    return whynet.Network(
        [6, 4, 3],
        activation="tanh",
        scaling=Scaling("0..1", 0.0, 255.0),
        problem=Classification(tuple("abc")),
        **options,
    )


@pytest.fixture
def model(tmp_path):
    path = tmp_path / "model.safetensors"
    network(seed=3).save(path)
    return path


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("cost", ["quadratic", "sigmoid-cross-entropy", "softmax-cross-entropy"])
def test_a_loaded_network_is_the_saved_one(dtype, cost, tmp_path, rng):
    saved = network(dtype=dtype, cost=cost, seed=2)
    saved.save(tmp_path / "m.safetensors")
    loaded = whynet.Network.load(tmp_path / "m.safetensors")
    np.testing.assert_array_equal(loaded.params.vector, saved.params.vector)
    assert loaded.layers == saved.layers
    assert (loaded.cost_name, loaded.scaling, loaded.problem) == (saved.cost_name, saved.scaling, saved.problem)
    images = rng.integers(256, size=(5, 2, 3), dtype=np.uint8)
    np.testing.assert_array_equal(loaded.scores(images), saved.scores(images))
    loaded.save(tmp_path / "again.safetensors")
    assert (tmp_path / "again.safetensors").read_bytes() == (tmp_path / "m.safetensors").read_bytes()


def test_dropout_and_noise_are_kept_and_take_a_place_in_the_row(tmp_path):
    saved = network(dropout=0.5, input_dropout=0.2, input_noise=0.1, seed=2)
    saved.save(tmp_path / "m.safetensors")
    loaded = whynet.Network.load(tmp_path / "m.safetensors")
    assert loaded.layers == saved.layers
    np.testing.assert_array_equal(loaded.params.vector, saved.params.vector)
    # noise, dropout, Linear, Tanh, dropout, Linear
    assert sorted(load_file(tmp_path / "m.safetensors")) == ["2.bias", "2.weight", "5.bias", "5.weight"]


def test_tensors_are_named_and_shaped_as_in_a_torch_sequential(model):
    tensors = load_file(model)
    assert {name: array.shape for name, array in tensors.items()} == {
        "0.weight": (4, 6), "0.bias": (4,), "2.weight": (3, 4), "2.bias": (3,)
    }  # fmt: skip
    np.testing.assert_array_equal(tensors["0.weight"], whynet.Network.load(model).params[0]["W"].T)


def test_torch_opens_the_file(model):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed; it is a peer, not a dependency")
    theirs = torch.nn.Sequential(torch.nn.Linear(6, 4), torch.nn.Tanh(), torch.nn.Linear(4, 3))
    theirs.load_state_dict({name: torch.from_numpy(array) for name, array in load_file(model).items()})
    X = np.random.default_rng(0).random((5, 6), dtype=np.float32)
    np.testing.assert_allclose(
        theirs(torch.from_numpy(X)).detach(), whynet.Network.load(model).scores(X), rtol=1e-5, atol=1e-6
    )


def about_of(model: Path) -> dict:
    content = model.read_bytes()
    header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
    return json.loads(header["__metadata__"]["whynet"])


def rewritten(model: Path, change) -> bytes:
    """The model with its description or tensors changed, still a sound .safetensors file."""
    about, tensors = about_of(model), load_file(model)
    change(about, tensors)
    return save(tensors, metadata={"whynet": json.dumps(about)})


class Evil:
    def __reduce__(self):
        return (print, ("executed",))


def nan(about, tensors):
    tensors["0.bias"][1] = np.nan


def infinite(about, tensors):
    tensors["2.weight"][0, 0] = np.inf


def transposed(about, tensors):
    tensors["0.weight"] = np.ascontiguousarray(tensors["0.weight"].T)


def renamed(about, tensors):
    tensors["1.weight"] = tensors.pop("0.weight")


def missing(about, tensors):
    del tensors["2.bias"]


@pytest.fixture
def pictures(tmp_path):
    layers = [
        Conv2D((6, 5, 2), 3, 3, padding="same", activation="tanh"),
        BatchNorm((6, 5, 3), "relu"),
        MaxPool2D((6, 5, 3), 2),
        Dense(18, 4),
    ]
    path = tmp_path / "pictures.safetensors"
    whynet.Network(layers=layers, seed=3, dtype="float64").save(path)
    return path


def test_a_file_written_before_layers_said_what_they_are_is_read():
    """Its dense layers have neither kind nor outputs: they are counted off from the sizes."""
    read = whynet.Network.load(Path(__file__).parent / "layers_by_sizes.safetensors")
    same = whynet.Network(
        [6, 4, 3, 2], activation="tanh", batch_norm=True, dropout=0.25, input_noise=0.1, seed=3, scaling=read.scaling
    )
    assert read.layers == same.layers
    np.testing.assert_array_equal(read.params.vector, same.params.vector)
    expected = [[-0.03924481, -0.36411026], [-0.04549742, -0.45351747]]
    np.testing.assert_allclose(read.scores(np.arange(12.0).reshape(2, 6) / 12), expected, rtol=1e-5)


def test_torch_opens_a_file_of_pictures(pictures, rng):
    """Pixels lie row by row here, channel by channel there; what a dense layer after them expects differs alike."""
    torch = pytest.importorskip("torch", reason="PyTorch is not installed; it is a peer, not a dependency")
    nn = torch.nn
    theirs = nn.Sequential(
        nn.Conv2d(2, 3, 3, padding=1), nn.Tanh(), nn.BatchNorm2d(3), nn.ReLU(), nn.MaxPool2d(2), nn.Linear(18, 4)
    ).double()
    named = {name: torch.from_numpy(array) for name, array in load_file(pictures).items()}
    missing = theirs.load_state_dict(named, strict=False)
    assert missing.unexpected_keys == [] and set(missing.missing_keys) <= {"2.num_batches_tracked"}
    theirs.eval()
    X = rng.random((4, 60))
    y = theirs[:5](torch.from_numpy(X.reshape(4, 6, 5, 2).transpose(0, 3, 1, 2).copy()))
    y = theirs[5](y.permute(0, 2, 3, 1).reshape(4, -1))
    np.testing.assert_allclose(y.detach(), whynet.Network.load(pictures).scores(X), rtol=1e-10)


HOSTILE = {
    "a picture of another shape": lambda a: a.update(in_shape=[60, 1, 1]),
    "a picture below one": lambda a: a.update(in_shape=[-6, -5, 2]),
    "a picture as text": lambda a: a.update(in_shape="6x5x2"),
    "a picture without end": lambda a: a.update(in_shape=[10**9, 10**9, 2], sizes=[2 * 10**18, 3, 4]),
    "filters without end": lambda a: a["layers"][0].update(filters=10**12),
    "a kernel without end": lambda a: a["layers"][0].update(kernel=[10**6, 10**6]),
    "a kernel of three": lambda a: a["layers"][0].update(kernel=[3, 3, 3]),
    "a kernel of text": lambda a: a["layers"][0].update(kernel=["3", "3"]),
    "no kernel": lambda a: a["layers"][0].pop("kernel"),
    "a padding that does not exist": lambda a: a["layers"][0].update(padding="full"),
    "a stride of nothing": lambda a: a["layers"][0].update(stride=[0, 1]),
    "a pool larger than the map": lambda a: a["layers"][2].update(size=[7, 7]),
    "a kind that is a list": lambda a: a["layers"][0].update(kind=["conv2d"]),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_damaged_model_of_pictures_is_refused(kind, pictures):
    bad = pictures.with_name("bad.safetensors")
    bad.write_bytes(rewritten(pictures, lambda about, _: HOSTILE[kind](about)))
    with pytest.raises(BadFile, match=r"bad\.safetensors"):
        whynet.Network.load(bad)


def test_layers_that_would_need_too_much_memory_are_refused(pictures):
    """Small kernels, and more patches than a machine has room for."""
    side = 40_000
    layers = [Conv2D((side, side, 1), 1, 1), MaxPool2D((side, side, 1), side), Dense(1, 1)]
    path = pictures.with_name("large.safetensors")
    whynet.Network(layers=layers).save(path)
    with pytest.raises(BadFile, match="more memory than is sensible"):
        whynet.Network.load(path)


def extra(about, tensors):
    tensors["more"] = np.zeros(3, np.float32)


def double(about, tensors):
    tensors["0.bias"] = tensors["0.bias"].astype(np.float64)


DAMAGE = {
    "empty": lambda m: b"",
    "cut short": lambda m: m.read_bytes()[:-7],
    "header cut short": lambda m: m.read_bytes()[:40],
    "header length absurd": lambda m: struct.pack("<Q", 2**62) + m.read_bytes()[8:],
    "bytes appended": lambda m: m.read_bytes() + b"x",
    "a pickle": lambda m: pickle.dumps(Evil()),
    "a zip archive": lambda m: b"PK\x03\x04" + bytes(100),
    "text": lambda m: b"this is no model at all, it is a letter",
    "zeros": lambda m: bytes(1000),
    "another program's tensors": lambda m: save({"0.weight": np.zeros((4, 6), np.float32)}),
    "another format": lambda m: rewritten(m, lambda a, t: a.update(format=99)),
    "no sizes": lambda m: rewritten(m, lambda a, t: a.pop("sizes")),
    "sizes that do not chain": lambda m: rewritten(m, lambda a, t: a.update(sizes=[6, 5, 3])),
    "sizes as text": lambda m: rewritten(m, lambda a, t: a.update(sizes="784")),
    "sizes below one": lambda m: rewritten(m, lambda a, t: a.update(sizes=[6, -4, 3])),
    "sizes far too large": lambda m: rewritten(m, lambda a, t: a.update(sizes=[10**6, 10**6, 3])),
    "an activation that does not exist": lambda m: rewritten(m, lambda a, t: a["layers"][0].update(activation="x")),
    "a cost that does not exist": lambda m: rewritten(m, lambda a, t: a.update(cost="os.system")),
    "scaling without numbers": lambda m: rewritten(m, lambda a, t: a.update(scaling={"name": "0..1"})),
    "scaling not finite": lambda m: rewritten(m, lambda a, t: a["scaling"].update(divisor=float("nan"))),
    "a scaling by zero": lambda m: rewritten(m, lambda a, t: a["scaling"].update(divisor=0.0)),
    "a layer of another kind": lambda m: rewritten(m, lambda a, t: a["layers"].append({"kind": "lambda"})),
    "a layer too many": lambda m: rewritten(m, lambda a, t: a["layers"].append(a["layers"][0])),
    "a layer too few": lambda m: rewritten(m, lambda a, t: a["layers"].pop()),
    "layers that are no objects": lambda m: rewritten(m, lambda a, t: a.update(layers=[1, 2])),
    "dropout of everything": lambda m: rewritten(m, lambda a, t: a["layers"].insert(0, {"kind": "dropout", "rate": 1})),
    "description is a list": lambda m: save(load_file(m), metadata={"whynet": "[1, 2]"}),
    "description is no JSON": lambda m: save(load_file(m), metadata={"whynet": "{"}),
    "description nested deep": lambda m: save(load_file(m), metadata={"whynet": "[" * 50_000 + "]" * 50_000}),
    "NaN": lambda m: rewritten(m, nan),
    "infinity": lambda m: rewritten(m, infinite),
    "transposed": lambda m: rewritten(m, transposed),
    "a tensor renamed": lambda m: rewritten(m, renamed),
    "a tensor missing": lambda m: rewritten(m, missing),
    "a tensor more": lambda m: rewritten(m, extra),
    "another type": lambda m: rewritten(m, double),
}


@pytest.mark.parametrize("kind", DAMAGE)
def test_a_damaged_model_is_refused_and_nothing_in_it_runs(kind, model, capsys):
    bad = model.with_name("bad.safetensors")
    bad.write_bytes(DAMAGE[kind](model))
    with pytest.raises(BadFile) as caught:
        whynet.Network.load(bad)
    assert "bad.safetensors" in str(caught.value)
    assert "executed" not in capsys.readouterr().out


def test_a_model_that_is_not_there():
    with pytest.raises(BadFile, match="No such file"):
        whynet.Network.load("nowhere.safetensors")


@settings(max_examples=200, deadline=None)
@given(at=st.integers(0, 10**6), byte=st.integers(0, 255), cut=st.booleans())
def test_any_changed_byte_or_cut_is_refused_or_harmless(at, byte, cut, tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "m.safetensors"
    network(seed=1).save(path)
    content = bytearray(path.read_bytes())
    if cut:
        content = content[: at % len(content)]
    else:
        content[at % len(content)] = byte
    path.write_bytes(bytes(content))
    try:
        loaded = whynet.Network.load(path)
    except BadFile:
        return
    assert np.isfinite(loaded.params.vector).all()
    assert loaded.scores(np.zeros((1, loaded.sizes[0]))).shape == (1, loaded.sizes[-1])


def test_a_thousand_tensors_too_many_are_not_all_named(model):
    def change(about, tensors):
        tensors.update({f"more{i}": np.zeros(0, np.float32) for i in range(1000)})

    model.write_bytes(rewritten(model, change))
    with pytest.raises(BadFile, match=r"and 992 more") as error:
        whynet.Network.load(model)
    assert len(str(error.value)) < 500


def test_a_file_that_shrinks_while_it_is_read_is_a_sentence(model, monkeypatch):
    monkeypatch.setattr(whynet.network.storage, "BLOCK", 6)  # a row at a time
    assert np.isfinite(whynet.Network.load(model).params.vector).all()
    one = whynet.network.storage._fill_one

    def shorter(name, array, stream, path):
        os.truncate(path, 8)
        one(name, array, stream, path)

    monkeypatch.setattr(whynet.network.storage, "_fill_one", shorter)
    with pytest.raises(BadFile, match="cut short"):
        whynet.Network.load(model)


@linux
def test_a_refusal_costs_little_memory(tmp_path):
    """A header that describes a terabyte, and a sparse file of 900 MB behind an honest one."""
    path = tmp_path / "huge.safetensors"
    header = {"0.weight": {"dtype": "F32", "shape": [10**6, 10**6], "data_offsets": [0, 4 * 10**12]}}
    about = {"whynet": json.dumps({"format": 1, "sizes": [10**6, 10**6]})}
    text = json.dumps({**header, "__metadata__": about}).encode()
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        file.truncate(900_000_000)
    assert grown_by(path) < 16


def grown_by(path):
    """Megabytes that a process of its own, which has loaded another network, grows by while it refuses a file."""
    code = (
        "import sys, whynet\nfrom whynet.errors import BadFile\n"
        "def peak(): return int(next(l for l in open('/proc/self/status') if l.startswith('VmHWM')).split()[1])\n"
        "small = sys.argv[1] + '.small'\nwhynet.Network([2, 2]).save(small)\nwhynet.Network.load(small)\n"
        "before = peak()\n"
        "try:\n    whynet.Network.load(sys.argv[1])\nexcept BadFile:\n    print(peak() - before)\n"
    )
    command = [sys.executable, "-c", code, str(path)]
    return int(subprocess.run(command, capture_output=True, text=True, check=True).stdout) / 1024


@linux
def test_a_large_file_is_refused_at_its_last_number_in_twice_its_size(tmp_path):
    large = whynet.Network([784, 4000, 1000, 10], seed=0)
    large.params.vector[-1] = np.nan
    large.save(tmp_path / "large.safetensors")
    size = (tmp_path / "large.safetensors").stat().st_size / 2**20
    assert size > 25
    assert grown_by(tmp_path / "large.safetensors") <= 2 * size + 16


def test_a_long_list_of_layers_is_refused_before_they_are_made(model, monkeypatch):
    def change(about, tensors):
        about["layers"] = [{"kind": "dropout", "rate": 0.5}] * 15_000

    monkeypatch.setattr(whynet.network.layers.Dropout, "__post_init__", lambda self: pytest.fail("a layer was made"))
    bad = model.with_name("bad.safetensors")
    bad.write_bytes(rewritten(model, change))
    with pytest.raises(BadFile, match="15,000 layers"):
        whynet.Network.load(bad)


def test_a_folder_that_is_not_there_is_a_sentence(tmp_path):
    with pytest.raises(whynet.WhynetError, match="cannot be written"):
        network().save(tmp_path / "nowhere" / "m.safetensors")
    assert list(tmp_path.iterdir()) == []
