"""Settings are changed where they are written, and the training that is then seen has them."""

from __future__ import annotations

from pathlib import Path

import pytest

from whynet.doctor.change import Change
from whynet.subjects.program.edits.settings import edited
from whynet.subjects.program.xray import Xray, examine

BANK = Path(__file__).parent / "bank"
RATE = 'parser.add_argument("--lr", type=float, default=0.001)  # the rate'
CLASS = """import argparse
import numpy as np

parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float, default=0.0001)  # the rate
parser.add_argument("--epochs", type=int, default=30)
parser.add_argument("--batch-size", type=int, default=10)
args = parser.parse_args()
np.random.seed(1)
X_train, X_test = np.random.rand(60, 3) * 30, np.random.rand(20, 3) * 30
y_train = X_train @ np.array([[1.0], [2.0], [3.0]]) / 90


class Net:
    def __init__(self, n):
        self.W = np.random.uniform(-0.01, 0.01, (3, n))
        self.V = np.random.rand(n, 1) * 5

    def fit(self, X, y, lr, epochs, batch):
        for epoch in range(epochs):
            for i in range(0, len(X), batch):
                xb, yb = X[i:i + batch], y[i:i + batch]
                h = np.tanh(xb @ self.W)
                d = (h @ self.V - yb) / len(xb)
                dh = d @ self.V.T * (1 - h ** 2)
                self.V -= lr * h.T @ d
                self.W -= lr * xb.T @ dh


Net(8).fit(X_train, y_train, args.lr, args.epochs, args.batch_size)
"""


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    path = tmp_path_factory.mktemp("settings") / "train.py"
    path.write_text(CLASS)
    return path


@pytest.fixture(scope="module")
def facts(program):
    return examine(program, echo=False)


def new_lines(text, old=CLASS):
    return [line.strip() for line in text.split("\n") if line not in old.split("\n")]


@pytest.mark.parametrize(
    ("change", "lines"),
    [
        (Change("rate", {"times": 10}), [RATE]),
        (Change("rate", {"times": 10, "rate": 0.001}), [RATE]),
        (Change("epochs", {"times": 10}), ['parser.add_argument("--epochs", type=int, default=300)']),
        (Change("batch", {"size": 32}), ['parser.add_argument("--batch-size", type=int, default=32)']),
        (Change("shuffle"), ["order = np.random.permutation(len(X))", "X, y = X[order], y[order]"]),
        (
            Change("scale-inputs", {"scheme": "standard"}),
            [
                "mean, std = X_train.mean(axis=0), X_train.std(axis=0) + 1e-8",
                "X_train, X_test = (X_train - mean) / std, (X_test - mean) / std",
            ],
        ),
        (
            Change("weights", {"scheme": "scaled-normal"}),
            ["self.W = np.random.randn(3, n) * np.sqrt(1 / 3)", "self.V = np.random.randn(n, 1) * np.sqrt(1 / n)"],
        ),
        (
            Change("weights", {"scheme": "scaled-normal", "part": "output weights"}),
            ["self.V = np.random.randn(n, 1) * np.sqrt(1 / n)"],
        ),
    ],
    ids=str,
)  # fmt: skip
def test_a_setting_is_changed_where_it_is_written(facts, change, lines):
    assert new_lines(edited(CLASS, change, facts)) == lines


def test_the_training_has_the_setting(program, facts):
    rate = examine(program, echo=False, text=edited(CLASS, Change("rate", {"times": 10}), facts))
    assert rate.rates["self.V"] == pytest.approx(10 * facts.rates["self.V"])
    scaled = examine(program, echo=False, text=edited(CLASS, Change("scale-inputs", {"scheme": "standard"}), facts))
    assert facts.health["feature-size"] > 10 and scaled.health["feature-size"] < 2


@pytest.mark.slow
@pytest.mark.parametrize("name", ["trask_while_sound", "labels_momentum_decay_sound", "weighted_logistic_sound",
                                  "trees_elu_sound", "scaled_tanh_lists_sound"])  # fmt: skip
def test_all_steps_get_the_same_other_rate(name):
    path = BANK / f"{name}.py"
    facts = examine(path, echo=False)
    changed = examine(path, echo=False, text=edited(path.read_text(), Change("rate", {"times": 0.5}), facts))
    assert set(changed.right) == set(facts.right)
    same = [changed.rates[one] / facts.rates[one] for one in facts.rates if one in changed.rates]
    assert same == pytest.approx([0.5] * len(same))


@pytest.mark.parametrize("kind", ["rate", "epochs", "batch", "shuffle", "scale-inputs", "weights", "clip"])
@pytest.mark.parametrize("text", ["", "x = 1\n", "def f(:\n", "for i in range(3):\n    w -= 2 * g\n"])
def test_what_is_not_found_is_not_changed(kind, text):
    numbers = {"times": 10, "size": 7, "scheme": "standard"}
    found = edited(text, Change(kind, numbers), Xray("ended"))
    assert found is None or compile(found, "f.py", "exec")
