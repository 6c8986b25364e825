"""The text of a program, read without being run: whole, in pieces, by Python 2, with its indentation lost."""

from __future__ import annotations

import sys
import textwrap

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from whynet.source.settings import is_whole, settings_in
from whynet.source.statements import statements

PROGRAM = """
import numpy as np

class Network:
    def __init__(self):
        self.W1 = np.random.rand(784, 30)
        self.W2 = np.zeros((30, 10))
        self.b2 = np.zeros((1, 10))
        self.lr = 0.5

    def sigmoid(self, z):
        return 1 / (1 + np.exp(-z))

    def train(self, X, Y):
        for x, y in zip(X / 255, Y):
            hidden = self.sigmoid(x @ self.W1)
            out = self.sigmoid(hidden @ self.W2)
            delta = (out - y) * out * (1 - out)
            back = delta @ self.W2.T
            grad_W2 = np.outer(hidden, delta)
            self.W2 += self.lr * grad_W2
            print("cost", delta ** 2)
"""
WHOLE = {
    ("weights", "positive"), ("weights", "equal"), ("rate", "given"), ("inputs", "scaled"), ("update", "adds"),
}  # fmt: skip


def told(text):
    return {(one.about, one.how) for one in settings_in(text)}


def test_a_program_says_how_its_weights_are_drawn_its_rate_and_its_update():
    assert told(PROGRAM) == WHOLE and is_whole(PROGRAM)
    lines = PROGRAM.split("\n")
    assert all(lines[one.line - 1].strip() == one.text for one in settings_in(PROGRAM))


@pytest.mark.parametrize(
    "spoilt",
    [
        lambda text: textwrap.indent(text, "    "),
        lambda text: "\n".join(line.strip() for line in text.split("\n")),
        lambda text: text.replace('print("cost", delta ** 2)', 'print "cost", delta ** 2'),
        lambda text: "My network does not learn. Why?\n" + text + "\nepoch 1 cost 0.45\n0.44 0.43",
        lambda text: "\n".join(">>> " + line.strip() for line in text.split("\n")),
        lambda text: text.replace("(784, 30)", "(784,\n            30)") + "\n)",
    ],
    ids=["indented", "flat", "python-2", "in-prose", "prompts", "broken-lines"],
)
def test_pieces_of_it_say_the_same(spoilt):
    assert told(spoilt(PROGRAM)) == WHOLE


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("W = np.random.randn(784, 30) * 0.0001", ("weights", "small")),
        ("W = 2 * np.random.random((3, 4)) - 1", None),
        ("W = np.random.randn(784, 30) / np.sqrt(784)", None),
        ("W = np.random.normal(0, 5, (784, 30))", ("weights", "wide")),
        ("W = np.random.uniform(-0.1, 0.1, (3, 4))", None),
        ("b = np.zeros(30)", None),
        ("W -= lr * dW", ("update", "subtracts")),
        ("W += -lr * dW", ("update", "subtracts")),
        ("W = W + lr * dW", ("update", "adds")),
        ("w += lr * error * x", None),  # the error may be target - output
        ("loss.backward(); optimizer.step()", ("gradient", "not reset")),
        ("optimizer.zero_grad(); loss.backward(); optimizer.step()", None),
        ("net = nn.Sequential(nn.Linear(9, 9), nn.Linear(9, 2))", ("layers", "none bent")),
        ("net = nn.Sequential(nn.Linear(9, 9), nn.ReLU(), nn.Linear(9, 2))", None),
        ("net = nn.Sequential(nn.Linear(9, 9), nn.Linear(9, 2), nn.Softmax(1))", ("layers", "none bent")),
        ("model.add(Dense(1, activation='softmax'))", ("output", "softmax of one unit")),
        ("opt = Adam(net.fc.parameters(), lr=0.1)", ("optimizer", "part")),
        ("p.requires_grad = False", ("gradient", "frozen")),
    ],
)
def test_one_line(line, expected):
    found = told(line) - {("optimizer", "Adam"), ("rate", "given"), ("output", "softmax")}
    assert found == ({expected} if expected else set())


def test_a_delta_that_no_derivative_is_part_of():
    code = "out = 1 / (1 + np.exp(-z))\ndelta1 = np.dot(delta2, W2.T)\n"
    assert ("gradient", "without a derivative") in told(code)
    assert ("gradient", "without a derivative") not in told(code + "delta1 *= h * (1 - h)")


PIECES = [*PROGRAM.split("\n"), "W = [", "(((", "))", "print 'x'", "\\", '"""', "0.5 0.4"]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from(PIECES)))
def test_any_text_is_read(lines):
    settings_in("\n".join(lines))


def test_long_and_deep_texts_are_no_trouble():
    for text in ("(" * 100_000, "x = [" * 20_000, "W = np.zeros((3, 4))\n" * 20_000, "-" * 50_000 + "x = 1"):
        assert len(statements(text)) <= 5_000


def test_nothing_is_run():
    assert settings_in("import this_module_does_not_exist\nraise SystemExit") == []
    assert "this_module_does_not_exist" not in sys.modules


@pytest.mark.parametrize(
    ("after", "part"),
    [
        ("model.fc = nn.Linear(512, 5)", True),
        ("model = copy.deepcopy(model)", True),
        ("other = copy.deepcopy(model)", False),
    ],
)
def test_an_optimizer_whose_module_is_replaced_afterwards_holds_a_part(after, part):
    text = f"opt = torch.optim.Adam(model.fc.parameters(), lr=1e-3)\n{after}\n".replace("model.fc.p", "model.p")
    told = [one.how for one in settings_in(text) if one.about == "optimizer"]
    assert ("part" in told) == part
    before = f"{after}\nopt = torch.optim.Adam(model.parameters(), lr=1e-3)\n"
    assert "part" not in [one.how for one in settings_in(before) if one.about == "optimizer"]


@pytest.mark.parametrize(
    ("drawn", "how"),
    [
        ("np.random.randn(2, 4) * 0.01", "small"),
        ("rng.normal(0, 0.01, (4, 1))", "small"),
        ("np.random.randn(784, 30) * 0.01", ""),
        ("np.random.randn(n_x, n_h) * 0.01", ""),
        ("rng.normal(0, 2.0, (784, 30))", "wide"),
    ],
)
def test_weights_are_small_for_as_many_inputs_as_there_are(drawn, how):
    assert [one.how for one in settings_in(f"W1 = {drawn}") if one.about == "weights"] == ([how] if how else [])
