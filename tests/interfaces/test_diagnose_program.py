"""`whynet diagnose train.py` from outside: programs of one's own, sick, sound and misbehaving."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

import whynet
from whynet.errors import BadFile, UsageError
from whynet.interfaces.cli import cli

HEAD = """import numpy as np
rng = np.random.default_rng(3)
X = rng.normal(size=(40, 3))
y = np.tanh(X @ np.array([[1.0], [-2.0], [0.5]]))
"""
TANH = (
    HEAD
    + """W, b = rng.normal(size=(3, 6)) * 0.5, np.zeros(6)
V, c = rng.normal(size=(6, 1)) * 0.5, np.zeros(1)
for step in range(150):
    h = np.tanh(X @ W + b)
    out = h @ V + c
    err = (out - y) / len(X)
    back = err @ V.T{slope}
    V -= 0.1 * h.T @ err
    c -= 0.1 * err.sum(axis=0)
    W -= 0.1 * X.T @ back
    b -= 0.1 * back.sum(axis=0)
{more}
"""
)
BIAS = (
    HEAD
    + """class Layer:
    def __init__(self, n, m):
        self.w, self.bias = rng.normal(size=(n, m)) * 0.5, np.zeros((1, m))
    def forward(self, x):
        self.x, self.a = x, 1 / (1 + np.exp(-(x @ self.w + self.bias)))
        return self.a
    def backward(self, delta, rate):
        delta = delta * self.a * (1 - self.a)
        down = delta @ self.w.T
        self.w -= rate * self.x.T @ delta
        self.bias{bias} rate * delta.sum(axis=0, keepdims=True)
        return down
layers = [Layer(3, 5), Layer(5, 1)]
for epoch in range(150):
    a = X
    for layer in layers:
        a = layer.forward(a)
    delta = (a - (y > 0)) / len(X)
    for layer in reversed(layers):
        delta = layer.backward(delta, 0.5)
"""
)
FLOATS = """import random
points = [(random.uniform(-1, 1), random.uniform(-1, 1)) for _ in range(30)]
u, v, offset = 0.1, -0.2, 0.0
for epoch in range(20):
    for p, q in points:
        guess = u * p + v * q + offset
        miss = guess - (0.7 * p - 0.4 * q + 0.3)
        u {sign}= 0.05 * miss * p
        v -= 0.05 * miss * q
        offset -= 0.05 * miss
"""
SICK = {
    "slope": (TANH.format(slope="", more=""), 11, "gradient-missing-derivative", "err @ V.T"),
    "bias": (BIAS.format(bias=" +="), 15, "gradient-sign-flipped", "self.bias"),
    "floats": (FLOATS.format(sign="+"), 8, "gradient-sign-flipped", "u += 0.05"),
}
SOUND = {
    "tanh": TANH.format(slope=" * (1 - h ** 2)", more=""),
    "layers": BIAS.format(bias=" -="),
    "floats": FLOATS.format(sign="-"),
}


@pytest.fixture
def program(tmp_path):
    def write(text, name="train.py"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return str(path)

    return write


def alive(number):
    try:
        return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def run(*arguments):
    return CliRunner().invoke(cli, ["diagnose", *arguments])


@pytest.mark.thinned(3)
@pytest.mark.parametrize("name", SICK)
def test_a_sick_program_its_line_and_its_cause(program, name):
    text, line, cause, said = SICK[name]
    done = run("--json", "-q", program(text))
    found = json.loads(done.stdout)
    first = found["verdict"][0]
    assert (done.exit_code, first["cause"]) == (1, cause) and first["status"] in ("found", "proved")
    assert (first["where"]["file"], first["where"]["line"]) == ("train.py", line)
    assert said in first["where"]["text"]
    assert found["patch"] and (found["fix"] is None) == (first["status"] != "proved")
    assert {"name", "line", "file", "meaning", "verdict", "words"} == set(found["xray"]["rows"][0])


@pytest.mark.parametrize("name", SOUND)
def test_of_a_sound_program_nothing_is_accused_and_nothing_proved(program, name):
    found = whynet.diagnose(program(SOUND[name]), echo=False, trials=False)
    assert (found.verdict, found.state) == ([], "not-examined")
    assert len(found.xray["right"]) >= 2
    screen = " ".join(str(found).split())
    assert "no wrong line was found in it" in screen
    assert "down the exact slope" in screen and "not proved" in screen


def test_the_screen_names_the_line_and_what_is_right_and_v_shows_all(program):
    path = program(SICK["slope"][0])
    done = run(path)
    assert "Wrong  train.py:11" in done.stdout and "back = err @ V.T" in done.stdout
    assert "the steps of V, c" in " ".join(done.stdout.split())
    assert max(map(len, done.stdout.splitlines())) <= 80
    whole = run("-v", path, "-v").stdout  # the second is the program's
    assert "What the program computes, line by line" in whole
    assert "WRONG: the derivative of h with respect to" in whole


def test_what_follows_the_file_is_the_programs(program):
    text = "import sys\nprint('given', sys.argv[1:])\n"
    done = run("--seconds", "20", program(text), "--json", "--epochs", "5", "-v")
    assert "No loop was seen" in done.stdout and done.exit_code == 1
    assert "--json and -v go to train.py, as all that stands after it does" in done.stderr
    assert "all that stands after it" not in run("--seconds", "20", program(text), "--epochs", "5", "--", "-v").stderr
    found = whynet.diagnose(program("import sys\nassert sys.argv[1:] == ['--epochs', '5']"), args=["--epochs", 5])
    assert found.xray["how"] == "ended"


def test_a_notebook_cell_by_cell(program):
    head, _, loop = SICK["slope"][0].partition("for step")
    cells = [
        {"cell_type": "markdown", "source": ["# for step"]},
        {"cell_type": "code", "source": ["%matplotlib inline\n", *head.splitlines(True)]},
        {"cell_type": "code", "source": "%%bash\nls -la"},
        {"cell_type": "code", "source": f"!pip list\nfor step{loop}"},
    ]
    found = whynet.diagnose(program(json.dumps({"cells": cells}), "work.ipynb"), echo=False, trials=False)
    where = found.verdict[0].where
    assert (where.file, where.line) == ("work.ipynb, cell 3", 6)
    assert where.text == "back = err @ V.T"
    with pytest.raises(BadFile, match="no notebook"):
        whynet.diagnose(program("{}", "empty.ipynb"))


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ("raise ValueError('it broke')", "It crashed in train.py, line 16: ValueError: it broke."),
        ("exit('no more')", "It ended by itself before its end: no more"),
        ("input('go on? ')", "It asks for input"),
        ("np.ones(3) + np.ones(4)", "operands could not be broadcast"),
    ],
)
def test_what_was_seen_before_a_bad_end(program, more, words):
    done = run("-q", "--no-trials", program(TANH.format(slope="", more=f"    if step == 40: {more}")))
    assert "train.py:11" in done.stdout and words in " ".join(done.stdout.split())
    assert done.exit_code == 1


@pytest.mark.slow
def test_what_was_seen_before_an_endless_loop(program):
    done = run("-q", "--no-trials", "--seconds", "4", program(TANH.format(slope="", more="    while step == 40: pass")))
    assert "train.py:11" in done.stdout and "It was still running when its time was over" in done.stdout


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("name = input('name? ')", "It asks for input"),
        ("open('../data.csv')", "its current folder was that one"),
        ("import no_such_thing", "the Python that whynet is installed in"),
        ("print('done')", "No loop was seen"),
        ("import whynet", "It asks whynet itself"),
        ("import sys\nsys.exit(3)", "It ended by itself before its end: 3"),
    ],
)
def test_a_program_with_nothing_to_see_says_why(program, text, words):
    done = run("-q", program(text))
    shown = " ".join(done.stdout.split())
    assert words in shown and "nothing is said about its learning" in shown
    assert done.exit_code == 1


def test_a_librarys_network_is_handed_over_as_an_object_so_far(program):
    found = run("-q", program("try:\n    import torch\nexcept ImportError:\n    pass\n"))
    assert "whynet.diagnose(model, loader, loss=loss" in " ".join(found.stdout.split())


@pytest.mark.parametrize(
    ("text", "words"), [(b"x = 1\ndef f(:\n", "not valid Python"), (b'x = "\xe9"', "not UTF-8"), (b"\x00", "Python")]
)
def test_what_is_no_python_is_a_bad_file(program, text, words):
    with pytest.raises(BadFile, match=words) as caught:
        whynet.diagnose(program(text))
    assert "train.py" in caught.value.where


def test_what_makes_no_sense_is_refused(program, tmp_path, monkeypatch):
    path = program("x = 1")
    both, untried = ("--in-place", "--apply", "new.py"), ("--no-trials", "--in-place")
    for arguments in (both, untried, ("--data", "digits"), ("--seed", "3")):
        assert "makes no sense here" in str(run(*arguments, path).exception)
    assert "--seconds makes no sense here" in str(run("--seconds", "3", "vectorised").exception)
    assert "no such program" in str(run(str(tmp_path / "none.py")).exception)
    with pytest.raises(UsageError, match="no argument"):
        whynet.diagnose(path, learning_rate=0.1)
    with pytest.raises(UsageError, match="are a list"):
        whynet.diagnose(path, args="--epochs 5")
    monkeypatch.setattr("whynet.subjects.program.place.COPIED", 0)
    with pytest.raises(UsageError, match="too large") as caught:
        whynet.diagnose(path)
    assert "folder of its own" in caught.value.do
    monkeypatch.undo()
    (tmp_path / "again").symlink_to(tmp_path)
    with pytest.raises(UsageError, match="a link to itself"):
        whynet.diagnose(path)


def test_nothing_of_the_users_is_overwritten_and_a_pipe_is_no_hindrance(program, tmp_path):
    kept = Path(program("kept", "weights.txt"))
    os.mkfifo(tmp_path / "pipe")
    run("-q", program("open('weights.txt', 'w').write('gone')"))
    assert kept.read_text() == "kept"


def test_the_start_is_suspected_with_its_numbers(program):
    large = TANH.format(slope=" * (1 - h ** 2)", more="").replace("X = rng.normal(size=(40, 3))", (
        "X = 300 * rng.uniform(size=(40, 3))"))  # fmt: skip
    found = whynet.diagnose(program(large), echo=False, trials=False)
    assert [(one.cause, one.status) for one in found.verdict] == [("input-not-scaled", "suspected")]
    assert found.value("largest-input") > 250
    same = TANH.format(slope=" * (1 - h ** 2)", more="").replace("rng.normal(size=(3, 6))", "np.ones((3, 6))").replace(
        "rng.normal(size=(6, 1))", "np.ones((6, 1))")  # fmt: skip
    found = whynet.diagnose(program(same), echo=False, trials=False)
    assert [(one.cause, one.status) for one in found.verdict] == [("symmetric-init", "suspected")]


def test_ctrl_c_ends_it_with_what_was_seen_and_leaves_no_process(program):
    text = TANH.format(slope="", more="    if step == 40:\n        import os\n        print('at', os.getpid())\n"
                       "        while True: pass")  # fmt: skip
    command = [sys.executable, "-m", "whynet", "diagnose", program(text)]
    whole = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a shell's background jobs are deaf to it
    )  # fmt: skip
    number = next(int(line.split()[1]) for line in whole.stderr if line.startswith("at "))
    whole.send_signal(signal.SIGINT)
    said, _ = whole.communicate(timeout=60)
    assert whole.returncode == 130
    assert "train.py:11" in said and "It was interrupted" in said
    assert not alive(number)


def test_it_does_not_outlive_whynet(program):
    path = program("import os\nprint('at', os.getpid())\nwhile True: pass")
    command = [sys.executable, "-m", "whynet", "diagnose", path]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as whole:
        number = next(int(line.split()[1]) for line in whole.stderr if line.startswith("at "))
        whole.kill()
        whole.wait()
    while alive(number):  # an orphan would never end, and this test neither
        time.sleep(0.05)


def test_of_one_iteration_nothing_is_said_never_to_move(program):
    text = SOUND["tanh"].replace("    b -= 0.1 * back.sum(axis=0)\n", "")
    found = whynet.diagnose(program(text), echo=False, trials=False)
    assert {(one.cause, one.detail.partition(":")[0]) for one in found.verdict} == {("bias-not-updated", "b")}
    assert whynet.diagnose(program(text.replace("range(150)", "range(2)")), echo=False, trials=False).verdict == []


LOOP = """import torch

torch.manual_seed(0)
X = torch.randn(200, 4)
y = X @ torch.tensor([[1.0], [-2.0], [0.5], [3.0]])
model = torch.nn.Linear(4, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
for epoch in range(20):
    for rows in torch.arange(200).split(20):
        loss = torch.nn.functional.mse_loss(model(X[rows]), y[rows])
        loss.backward()
        optimizer.step()
print("done")
"""


def test_a_script_of_a_library_is_diagnosed_as_it_is_with_the_line(program):
    pytest.importorskip("torch", reason="PyTorch is not installed; it is a guest, not a dependency")
    file = program(LOOP)
    ran = CliRunner().invoke(cli, ["diagnose", "--json", "--no-trials", str(file)])
    told = json.loads(ran.stdout)
    first = told["verdict"][0]
    assert (first["cause"], first["status"]) == ("gradient-buffer-not-reset", "found")
    assert first["where"]["line"] in (11, 12) and told["library"] == "PyTorch"
    found = whynet.diagnose(file, trials=False, echo=False)
    assert found.verdict[0].where.line == first["where"]["line"]
    assert f"{Path(file).name}:{first['where']['line']}" in str(found)
