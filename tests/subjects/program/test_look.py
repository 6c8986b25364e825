"""What a program says of itself, seen in a second run of one step."""

from __future__ import annotations

import pytest

from whynet.subjects.program.diagnose import diagnose_program
from whynet.subjects.program.edits.healed import all_healed
from whynet.subjects.program.edits.mends import mends
from whynet.subjects.program.xray import examine

NET = """
import numpy as np

def forward(W, X):
    e = np.exp(X @ W)
    return e / e.sum(axis=1, keepdims=True)

def accuracy(p, Y):
    return np.mean(np.argmax(p, axis=AXIS) == np.argmax(Y, axis=AXIS))

def fit(W, X, Y):
    for i in range(200):
        p = forward(W, X)
        W = W SIGN 0.5 * X.T @ (p - Y) / len(X)
    return W
"""
TRAIN = """
import numpy as np
from parts.net import accuracy, fit, forward

rng = np.random.RandomState(0)
X = rng.randn(90, 4)
Y = np.eye(3)[np.argmax(X[:, :3], axis=1)]
W = fit(rng.randn(4, 3) * 0.1, X, Y)
print(accuracy(forward(W, X), Y))
"""


def program(folder, axis: str = "0", sign: str = "-", train: str = TRAIN):
    (folder / "parts").mkdir()
    (folder / "parts" / "__init__.py").write_text("")
    (folder / "parts" / "net.py").write_text(NET.replace("AXIS", axis).replace("SIGN", sign))
    path = folder / "train.py"
    path.write_text(train)
    return path


def found(path):
    return [(one.kind, one.file, one.line) for one in examine(path, echo=False).findings]


def test_an_accuracy_in_a_package_is_looked_at(tmp_path):
    assert found(program(tmp_path)) == [("metric-wrong", "parts/net.py", 9)]


@pytest.mark.slow
def test_a_right_accuracy_is_not_accused(tmp_path):
    assert found(program(tmp_path, "1")) == []


def test_what_stands_in_for_files_is_looked_at(tmp_path):
    path = program(tmp_path)
    beside = {"parts/net.py": NET.replace("AXIS", "1").replace("SIGN", "-")}
    assert examine(path, echo=False, beside=beside).findings == []


@pytest.mark.parametrize(
    "caught",
    [
        "try:\n    W = fit(rng.randn(4, 3) * 0.1, X, Y)\nexcept BaseException:\n    pass",
        "import os\nif os.fork() == 0:\n    fit(rng.randn(4, 3) * 0.1, X, Y)\n    os._exit(0)\nos.wait()\n"
        "W = fit(rng.randn(4, 3) * 0.1, X, Y)",
    ],
    ids=["catches everything", "forks"],
)
def test_a_program_that_does_more_than_one_step_is_left(tmp_path, caught):
    path = program(tmp_path, "1", train=TRAIN.replace("W = fit(rng.randn(4, 3) * 0.1, X, Y)", caught))
    assert found(path) == []


def test_an_accuracy_is_not_mended_and_not_proved(tmp_path):
    path = program(tmp_path, sign="+")
    seen = examine(path, echo=False)
    assert [one.kind for one in seen.spoiling] == ["sign"] and len(seen.findings) == 2
    told = next(one for one in seen.findings if one.kind == "metric-wrong")
    assert list(mends(path.read_text(), told, seen)) == []
    edits = all_healed(path, [], 30, seen)
    assert [one.finding.kind for one in edits] == ["sign"]
    assert [one.kind for one in edits[0].xray.findings] == ["metric-wrong"]


@pytest.mark.slow
def test_only_what_spoils_the_training_is_proved(tmp_path):
    diagnosis = diagnose_program(program(tmp_path, sign="+"), echo=False, budget=60)
    statuses = {one.cause: one.status for one in diagnosis.verdict}
    assert statuses["metric-wrong"] == "found"
    assert statuses["gradient-sign-flipped"] == "proved"
    assert "SIGN" not in diagnosis.patch and "axis" not in "".join(
        line for line in diagnosis.patch.split("\n") if line.startswith("+ ")
    )
