"""Programs that train with a library are run as they are; what they trained is diagnosed, with the line."""

import textwrap
from pathlib import Path

import numpy as np
import pytest

from whynet.doctor.diagnosis import Where
from whynet.errors import UsageError
from whynet.subjects.program.guests.examine import examine_guest, names_a_library
from whynet.subjects.program.guests.healed import Healed
from whynet.subjects.program.guests.keras import _data
from whynet.subjects.program.guests.told import Told
from whynet.subjects.program.notebook import of_texts

TORCH = """
import torch
from torch import nn

torch.manual_seed(1)
X = torch.randn(320, 6)
y = (X[:, :3].argmax(1))
model = nn.Sequential(
    nn.Linear(6, 24),
    nn.ReLU(),
    nn.Linear(24, 3),{last}
)
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)  # the optimizer
for epoch in range({epochs}):
    for rows in torch.randperm(len(X)).split(32):
        {clear}
        loss = criterion(model(X[rows]), y[rows])  # the loss
        loss.backward()  # the gradient
        optimizer.step()
"""
IN_A_LIST = """
import torch
import torch.nn.functional as F
from torch import nn


class Net(nn.Module):  # the model
    def __init__(self):
        super().__init__()
        self.layers = [nn.Linear(6, 24), nn.Linear(24, 24)]
        self.last = nn.Linear(24, 3)

    def forward(self, x):
        for layer in self.layers:
            x = torch.relu(layer(x))
        return self.last(x)


def train(model, X, y):
    optimizer = torch.optim.Adam(model.parameters())
    for _ in range(20):
        optimizer.zero_grad()
        F.cross_entropy(model(X), y).backward()
        optimizer.step()


if __name__ == "__main__":
    X = torch.randn(320, 6)
    train(Net(), X, X[:, :3].argmax(1))
"""
ROUNDED = """
import torch

x = torch.randn(64, 3)
net = torch.nn.Linear(3, 1)
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
for _ in range(5):
    optimizer.zero_grad()
    loss = net(x).round().mean()  # the loss
    loss.backward()
    optimizer.step()
"""
SORTED = """
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(1)
y = torch.arange(600) // 100
X = torch.randn(600, 8) + 2 * torch.eye(8)[y]
model = nn.Sequential(nn.Linear(8, 24), nn.ReLU(), nn.Linear(24, 6))
held_out = DataLoader(TensorDataset(X, y), batch_size=600)
rows = DataLoader(TensorDataset(X, y), batch_size=10)  # the rows
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for _ in range(3):
    for inputs, labels in rows:
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(inputs), labels).backward()
        optimizer.step()
    with torch.no_grad():
        for inputs, labels in held_out:
            model(inputs)
"""
KERAS = """
import keras
import numpy as np

keras.utils.set_random_seed(1)
X = np.random.default_rng(0).normal(size=(320, 6))
y = (X[:, 0] > X[:, 1]).astype("float32")
model = keras.Sequential([keras.Input((6,)), keras.layers.Dense(16, activation="relu")])
model.add(keras.layers.Dense(1, activation="sigmoid"))  # the last layer
model.compile("adam", loss=keras.losses.BinaryCrossentropy(from_logits={twice}))
model.fit(X[:160], y[:160], epochs=1, verbose=0)
model.fit(X, y, epochs={epochs}, verbose=0, validation_split=0.25)  # the training
"""
SKLEARN = """
import numpy as np
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

X = np.random.default_rng(0).normal(size=(300, 5)) * 300 + 1000
y = (X[:, 0] > X[:, 1]).astype(int)
net = MLPClassifier((16,), solver="sgd", learning_rate_init=0.05, max_iter=60, random_state=0)
model = make_pipeline({before}, net)
model.fit(X, y)  # the training
"""


def examined(folder, source, **options):
    file = folder / "train.py"
    file.write_text(textwrap.dedent(source))
    return examine_guest(file, budget=30, echo=False, **options)


def line(source, words):
    return 1 + next(number for number, text in enumerate(source.splitlines()) if words in text)


def accused(found):
    return [(one["cause"], one["where"] and one["where"]["line"]) for one in found["verdict"]]


@pytest.mark.parametrize(
    ("last", "clear", "cause", "words"),
    [
        ("", "pass", "gradient-buffer-not-reset", "# the gradient"),
        ("nn.Softmax(dim=1)", "optimizer.zero_grad()", "wrong-output-activation", "nn.Linear(24, 3)"),
    ],
)
def test_pytorch_says_the_cause_and_the_line(tmp_path, last, clear, cause, words):
    pytest.importorskip("torch")
    source = TORCH.format(last=last, clear=clear, epochs=4)
    found = examined(tmp_path, source, trials=False)
    assert accused(found)[0] == (cause, line(source, words))
    assert found["library"] == "PyTorch" and found["program"]["how"] == "ended"
    lines = {name: place["line"] for name, place in found["lines"].items()}
    assert lines["loss"] == line(source, "# the loss") and lines["optimizer"] == line(source, "# the optimizer")
    assert f"(train.py:{line(source, words)})" in found["text"].replace("\n", " ")


def test_pytorch_layers_in_a_list(tmp_path):
    pytest.importorskip("torch")
    found = examined(tmp_path, IN_A_LIST, trials=False)
    assert accused(found)[0] == ("layer-not-updated", line(IN_A_LIST, "# the model"))


@pytest.mark.slow
@pytest.mark.parametrize(
    "made",
    ["(net(x)[:, 0] > 0).float().mean().requires_grad_()", "torch.tensor(net(x).mean().item(), requires_grad=True)"],
)
def test_a_loss_that_was_not_computed_from_the_outputs(tmp_path, made):
    pytest.importorskip("torch")
    source = ROUNDED.replace("net(x).round().mean()", made)
    found = examined(tmp_path, source, trials=False)
    assert accused(found)[0] == ("gradient-cut", line(source, "# the loss"))


def test_outputs_that_are_rounded_before_the_loss(tmp_path):
    pytest.importorskip("torch")
    found = examined(tmp_path, ROUNDED, trials=False)
    assert accused(found)[0] == ("gradient-cut", line(ROUNDED, "# the loss"))
    assert "`round` has no slope" in found["verdict"][0]["detail"]


@pytest.mark.slow
def test_a_dropout_that_is_too_strong_is_said_of_its_own_line(tmp_path):
    pytest.importorskip("torch")
    source = TORCH.format(last="", clear="optimizer.zero_grad()", epochs=4)
    source = source.replace("nn.ReLU(),", "nn.ReLU(), nn.Dropout(0.95),  # most of it")
    found = examined(tmp_path, source, trials=False)
    assert found["lines"]["dropout"]["line"] == line(source, "# most of it")


@pytest.mark.slow
def test_rows_that_are_not_shuffled_are_said_of_the_loader_that_the_training_goes_through(tmp_path):
    pytest.importorskip("torch")
    found = examined(tmp_path, SORTED)
    where = {one["cause"]: one["where"] for one in found["verdict"]}
    assert where["not-shuffled"]["line"] == line(SORTED, "# the rows")


def test_a_sound_pytorch_program_is_not_accused(tmp_path):
    pytest.importorskip("torch")
    found = examined(tmp_path, TORCH.format(last="", clear="optimizer.zero_grad()", epochs=60))
    assert found["state"] == "healthy" and not found["verdict"]


def test_what_was_seen_before_a_crash_is_examined_and_the_crash_is_said(tmp_path):
    pytest.importorskip("torch")
    source = TORCH.format(last="", clear="pass", epochs=4) + "    assert epoch < 2, 'out of patience'\n"
    found = examined(tmp_path, source, trials=False)
    assert found["program"]["how"] == "crashed" and "out of patience" in found["program"]["error"]
    at = found["program"]["line"]
    assert (at["file"], at["line"]) == ("train.py", line(source, "out of patience"))
    assert accused(found)[0] == ("gradient-buffer-not-reset", line(source, "# the gradient"))
    assert "out of patience" in str(found["remarks"])


def test_a_program_without_end_is_stopped_and_examined(tmp_path):
    pytest.importorskip("torch")
    found = examined(tmp_path, TORCH.format(last="", clear="pass", epochs=10**9), trials=False, seconds=20)
    assert found["program"]["how"] == "stopped" and accused(found)[0][0] == "gradient-buffer-not-reset"


def test_an_accelerator_that_is_not_there(tmp_path):
    torch = pytest.importorskip("torch")
    if torch.cuda.is_available():
        pytest.skip("it is there")
    found = examined(tmp_path, TORCH.format(last="", clear="model.cuda()", epochs=1))
    assert found["program"]["how"] == "crashed" and found["state"] == "not-examined"
    assert found["program"]["line"]["line"] == line(TORCH, "{clear}")


def test_training_in_processes_of_its_own_is_said(tmp_path):
    pytest.importorskip("torch")
    source = """
        import multiprocessing
        import torch

        def train(model):
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
            model(torch.ones(2, 2)).sum().backward()
            optimizer.step()

        if __name__ == "__main__":
            model = torch.nn.Linear(2, 1)
            model(torch.ones(2, 2))
            other = multiprocessing.get_context("fork").Process(target=train, args=(model,))
            other.start()
            other.join()
    """
    found = examined(tmp_path, source)
    assert found["state"] == "not-examined" and "in this process" in found["not_examined"][0]["why"]


def test_a_second_training_is_examined_and_the_first_one_said(tmp_path):
    pytest.importorskip("torch")
    once = TORCH.format(last="", clear="pass", epochs=3)
    source = once + once.replace("\n        pass", "\n        optimizer.zero_grad()").replace(
        "24, 3)", "24, 3, bias=True)"
    )
    found = examined(tmp_path, source, trials=False)
    assert "gradient-buffer-not-reset" not in dict(accused(found))
    assert any("1 other training" in one["what"] for one in found["not_examined"])
    assert found["lines"]["loss"]["line"] == line(once, "# the loss") + len(once.splitlines())


@pytest.mark.parametrize(("twice", "epochs"), [(True, 2), (False, 60)])
def test_keras(tmp_path, twice, epochs):
    pytest.importorskip("keras")
    source = KERAS.format(twice=twice, epochs=epochs)
    found = examined(tmp_path, source, trials=False)
    assert found["library"] == "Keras"
    assert found["lines"]["fit"]["line"] == line(source, "# the training")
    assert any("1 other training" in one["what"] for one in found["not_examined"])
    if twice:
        assert accused(found)[0] == ("wrong-output-activation", line(source, "# the last layer"))
    else:
        assert "wrong-output-activation" not in dict(accused(found))
        assert not [one for one in found["verdict"] if one["status"] in ("proved", "found")]


def test_of_several_inputs_keras_keeps_the_last_rows_to_validate_on():
    a, b, y = np.arange(10.0)[:, None], np.arange(20.0).reshape(10, 2), np.arange(10.0)
    X, own, test, _ = _data({"x": [a, b], "y": y, "validation_split": 0.2})
    assert [one.shape for one in X] == [(8, 1), (8, 2)] and own.shape == (8,)
    assert [one.tolist() for one in test[0]] == [[[8.0], [9.0]], [[16.0, 17.0], [18.0, 19.0]]]
    X, _, test, _ = _data({"x": {"a": a, "b": b}, "y": y, "validation_split": 0.2})
    assert X["b"].shape == (8, 2) and test[0]["a"].shape == (2, 1)


@pytest.mark.thinned(2)
@pytest.mark.parametrize("before", ["FunctionTransformer()", "StandardScaler()"])
def test_sklearn_in_a_pipeline(tmp_path, before):
    pytest.importorskip("sklearn")
    source = SKLEARN.format(before=before)
    found = examined(tmp_path, source)
    assert found["library"] == "scikit-learn" and found["lines"]["fit"]["line"] == line(source, "# the training")
    if before == "StandardScaler()":
        assert not found["verdict"]
    else:
        assert accused(found)[0] == ("input-not-scaled", line(source, "# the training"))


def test_programs_of_no_library_are_none_of_ours(tmp_path):
    assert examined(tmp_path, "import numpy as np\nprint(np.ones(3))") is None
    (tmp_path / "other.py").write_text("import torch")
    (tmp_path / "train.py").write_text("from other import torch")
    assert names_a_library(tmp_path / "train.py")
    with pytest.raises(UsageError, match="no such program"):
        examine_guest(tmp_path / "nothing.py")


def test_an_optimizer_of_another_model(tmp_path):
    pytest.importorskip("torch")
    source = TORCH.format(last="", clear="optimizer.zero_grad()", epochs=4)
    source = source.replace("for epoch", "model = nn.Linear(6, 3)\nfor epoch")
    found = examined(tmp_path, source, trials=False)
    assert accused(found)[0] == ("layer-not-updated", line(source, "# the optimizer"))
    assert "gradient-buffer-not-reset" not in dict(accused(found))


def test_two_optimizers_of_one_model_are_not_taken_for_frozen_layers(tmp_path):
    pytest.importorskip("torch")
    source = TORCH.format(last="", clear="optimizer.zero_grad(); other.zero_grad(); other.step()", epochs=4)
    source = source.replace("model.parameters()", "model[0].parameters()")
    source = source.replace("for epoch", "other = torch.optim.SGD(model[2].parameters(), lr=0.1)\nfor epoch")
    found = examined(tmp_path, source)
    assert not found["verdict"] and "several optimizers" in found["not_examined"][0]["why"]


def test_what_is_told_of_a_notebook_speaks_of_its_cells():
    source = of_texts({2: "%matplotlib inline\nimport torch", 5: "step()"}, "a.ipynb")
    told = {
        "state": "diverged",
        "verdict": [{"cause": "grads-accumulated", "status": "proved", "where": {"file": "a.ipynb", "line": 3}}],
        "lines": {"step": {"file": "a.ipynb", "line": 3}},
        "program": {"how": "crashed", "error": "ValueError: no", "line": {"file": "net.py", "line": 3}},
        "text": "add up (a.ipynb:3), from a.ipynb, line 2 on; net.py:3",
    }
    found = Told.of(told, Path("a.ipynb"), source)
    assert found.verdict[0].where == Where("a.ipynb, cell 5", 1)
    assert found.text.startswith("add up (a.ipynb, cell 5:1), from a.ipynb, cell 2, line 2 on; net.py:3\n")
    assert found.as_dict()["lines"]["step"] == {"file": "a.ipynb, cell 5", "line": 1}
    mended = found.mended(Healed("a.ipynb", source.text, source.text.replace("step()", "stop()"), ("x",), "it was run"))
    assert mended.patch == "--- a.ipynb, cell 5\n+++ a.ipynb, cell 5\n@@ -1 +1 @@\n-step()\n+stop()"
