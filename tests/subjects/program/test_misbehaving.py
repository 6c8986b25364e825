"""Programs that misbehave: each gets a clear sentence, leaves no process, and overwrites nothing of the user's."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

import whynet
from whynet.errors import BadFile
from whynet.interfaces.cli import cli

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]  # each runs a program, some until their time is over
HEAD = """import numpy as np
rng = np.random.default_rng(3)
X = rng.normal(size=(40, 3))
y = X @ np.array([1.0, -2.0, 0.5])
w = np.zeros(3)
"""
STEP = """    e = X @ w - y
    w = w + 0.05 * X.T @ e / 40
"""
"""It goes uphill: the second line of the loop is the one to be named."""
LOOP = HEAD + "for epoch in range(100):\n" + STEP
CALLS = LOOP.replace("+ 0.05 * X.T @ e / 40", "- 0.05 * gradient(X, e)")


@pytest.fixture
def program(tmp_path):
    def write(text, name="project/train.py"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


def seen(path, *options, args=()):
    """What the command says: one line of words, and the whole of what was shown."""
    done = CliRunner().invoke(cli, ["diagnose", "--no-trials", *options, str(path), *args])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    assert "subjects/program" not in done.output, "a traceback of whynet's own"
    return " ".join(done.stdout.split()), done.output


def wrong(path, line, **kwargs):
    """The line that is named, and what else is said."""
    words, output = seen(path, **kwargs)
    assert re.search(rf"Wrong {Path(path).name}:{line} ", words), output
    return words


def left(token):
    """Processes that still carry a mark of the program's in their command line."""
    found = []
    for folder in Path("/proc").iterdir():
        try:
            if token.encode() in (folder / "cmdline").read_bytes() and int(folder.name) != os.getpid():
                found.append(folder.name)
        except (OSError, ValueError):
            pass
    return found


# ---- how it ends


def test_an_infinite_loop_ends_with_its_time(program):
    text = HEAD + "for epoch in range(20):\n" + STEP + "while True:\n    pass\n"
    words, _ = seen(program(text), "--seconds", "4")
    assert "Wrong train.py:8 " in words and "It was still running when its time was over" in words


def test_a_crash_in_the_third_epoch_is_shown_with_its_traceback(program):
    text = HEAD + "for epoch in range(9):\n    for i in range(15):\n        e = X[i] @ w - y[i]\n"
    text += "        w = w + 0.05 * X[i] * e\n    if epoch == 2:\n        raise ValueError('lost')\n"
    words, output = seen(program(text))
    assert "Wrong train.py:9 " in words
    assert "It crashed in train.py, line 11: ValueError: lost. What is said here is about what ran before." in words
    assert 'Traceback (most recent call last):\n  File "train.py", line 11' in output


@pytest.mark.parametrize("what", ["np.ones(10 * 2**27)", "bytearray(10 * 2**30)"])
def test_ten_gigabytes_are_too_many(program, what):
    words, _ = seen(program(HEAD + f"big = {what}\n"))
    assert "MemoryError" in words and "It may have 8 GB of memory" in words


def test_leaving_in_the_middle(program):
    words = wrong(program(LOOP + "    if epoch == 50:\n        import sys\n        sys.exit('no more')\n"), 8)
    assert "It ended by itself before its end: no more" in words
    words = wrong(program(LOOP + "    if epoch == 50:\n        import os\n        os._exit(0)\n"), 8)
    assert "It left without an end (os._exit, or a library)" in words
    words, _ = seen(program("import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)\n"))
    assert "It was ended by a signal: segmentation fault" in words


def test_an_interrupt_of_its_own_is_no_interrupt_of_whynet(program):
    text = LOOP + "    if epoch == 50:\n        raise KeyboardInterrupt\n"
    words = wrong(program(text), 8)
    assert "It raised KeyboardInterrupt itself" in words


def test_what_catches_everything_cannot_hold_on_to_its_loop(program):
    text = HEAD + "while True:\n  try:\n    for epoch in range(100):\n"
    text += STEP.replace("    ", "      ") + "  except:\n    pass\n"
    words = wrong(program(text), 10)
    assert "still running" not in words


# ---- what it starts


def test_workers_end_with_it(program):
    text = (
        LOOP
        + """
import multiprocessing, os, subprocess, sys
def work(number):
    v = 0.0
    for i in range(100):
        v = v - 0.1 * (v - number) + 0
        v = v * 1
    return v
if __name__ == "__main__":
    with multiprocessing.Pool(2) as pool:
        print("pooled", pool.map(work, [1.0, 2.0]))
    if os.fork() == 0:
        os.setsid()
        subprocess.run([sys.executable, "-c", "import time; time.sleep(300)", "edges-mark-one"])
    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(300)", "edges-mark-one"], start_new_session=True)
"""
    )
    text = text.replace("range(100):\n    e", "range(20):\n    e")
    words, output = seen(program(text))
    assert "Wrong train.py:8 " in words and "pooled [0.99" in output
    while left("edges-mark-one"):  # one that was not ended sleeps for longer than a test may take
        time.sleep(0.05)


def test_a_pool_within_the_loop_that_is_recorded(program):
    text = """import multiprocessing
import numpy as np
def part(task):
    x, t, w = task
    e = x @ w - t
    return x * e
if __name__ == "__main__":
    rng = np.random.default_rng(0)
    X = rng.normal(size=(8, 3))
    y = X @ np.array([1.0, -2.0, 0.5])
    w = np.zeros(3)
    with multiprocessing.Pool(2) as pool:
        for epoch in range(100):
            parts = pool.map(part, [(x, t, w) for x, t in zip(X, y)])
            w = w - 0.1 * sum(parts) / 8
    print("trained")
"""
    words, _ = seen(program(text), "--seconds", "30")
    assert "Wrong" not in words and "still running" not in words


def test_a_training_in_a_thread(program):
    text = HEAD + "import threading\ndef fit(w=w):\n  for epoch in range(100):\n" + STEP
    text += "threading.Thread(target=fit).start()\nthreading.Thread(target=print, args=('other',)).start()\n"
    words = wrong(program(text), 10)
    assert "still running" not in words


def test_a_thread_beside_the_training_is_not_taken_for_a_part_of_it(program):
    text = (
        HEAD
        + """import threading
stop = False
def busy():
    n = 0.0
    while not stop:
        n = n + 0.5
        n = n * 0.5 - w.sum()
        if n > 1e6: n = 0.0
thread = threading.Thread(target=busy)
thread.start()
for epoch in range(100):
"""
        + STEP.replace("w + 0.05", "w - 0.05")
        + "stop = True\nthread.join()\n"
    )
    words, _ = seen(program(text), "--seconds", "20")
    assert "Wrong" not in words and "still running" not in words


def test_async_code(program):
    text = HEAD + "import asyncio\nasync def fit(w):\n  for epoch in range(100):\n" + STEP
    text += "    await asyncio.sleep(0)\nasyncio.run(fit(w))\n"
    wrong(program(text), 10)


# ---- what it prints, asks for and shows


def test_a_hundred_megabytes_of_output(program):
    words, output = seen(
        program("line = 'x' * 99\nfor i in range(1_000_000):\n    print(line)\n" + LOOP), "--seconds", "60"
    )
    assert "Wrong train.py:11 " in words
    assert len(output) < 300_000 and "it prints more than is shown here" in output


def test_arguments_and_questions(program):
    text = "import argparse\np = argparse.ArgumentParser()\np.add_argument('--rate', type=float, required=True)\n"
    text += "rate = p.parse_args().rate\n" + LOOP.replace("0.05", "rate")
    path = program(text)
    wrong(path, 12, args=("--rate", "0.05"))
    words, output = seen(path)
    assert "It ended by itself before its end: 2" in words and "required: --rate" in output
    assert "Its own arguments stand after its name" in words
    words, _ = seen(program("rate = float(input('rate? '))\n" + LOOP))
    assert "It asks for input, and is run without a keyboard" in words


def test_a_window_is_not_waited_for(program):
    pytest.importorskip("matplotlib")
    text = "import matplotlib\nmatplotlib.use('TkAgg')\nimport matplotlib.pyplot as plt\n"
    text += "plt.plot([1, 2]); plt.show()\n" + LOOP + "plt.show()\n"
    words = wrong(program(text), 12)
    assert "crashed" not in words


# ---- how it is written


def test_a_main_guard_decorators_and_a_string_that_is_run(program):
    text = (
        HEAD
        + """import functools
def timed(f):
    @functools.wraps(f)
    def inner(*a, **k):
        return f(*a, **k)
    return inner
@timed
def gradient(X, e):
    return -X.T @ e / 40
@functools.lru_cache(maxsize=None)
def rate(): return 0.05
def main(w):
    for epoch in range(100):
        e = X @ w - y
        w = w - rate() * gradient(X, e)
if __name__ == "__main__":
    main(w)
"""
    )
    wrong(program(text), 14)
    words, _ = seen(program(f"exec({LOOP!r})\n"))
    assert "train.py, line 1, runs a text (exec), and what that does is not looked into" in words


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "utf-8-sig"])
def test_a_source_that_is_not_plain_utf_8(program, encoding):
    line = f"# -*- coding: {encoding.removesuffix('-sig')} -*-\nname = 'Käse'\nassert len(name) == 4\n"
    text = line + LOOP.replace("/ 40", "/ 40  # größe")
    words = wrong(program(text.encode(encoding)), 11)
    assert "größe" in words
    program((line + "def gradient(X, e):\n    return -X.T @ e / 40  # größe\n").encode(encoding), "project/own.py")
    words, _ = seen(
        program("from own import gradient\n" + LOOP.replace("+ 0.05 * X.T @ e / 40", "- 0.05 * gradient(X, e)"))
    )
    assert "Wrong own.py:5 " in words and "größe" in words


@pytest.mark.parametrize("text", ["# Käse\nx = 1\n", "x = 1\ny = 2\nz = 3  # Käse\n", "name = 'Käse'\n"])
def test_a_source_whose_encoding_is_not_said(program, text):
    with pytest.raises(BadFile, match="not UTF-8") as caught:
        whynet.diagnose(program(text.encode("latin-1")))
    assert "coding: latin-1" in caught.value.do


def test_a_syntax_error_in_it_and_in_a_module(program):
    with pytest.raises(BadFile, match="not valid Python") as caught:
        whynet.diagnose(program("def f(:\n"))
    assert "line 1" in caught.value.where
    program("x = 1\ndef f(:\n", "project/own.py")
    words, output = seen(program("import own\n"))
    assert "It crashed in own.py, line 2: SyntaxError" in words and 'File "own.py", line 2' in output


# ---- where it lies


def test_paths_are_those_of_the_folder_in_which_the_command_is_given(program, monkeypatch, tmp_path):
    program("1 -2 0.5", "project/data/truth.txt")
    text = LOOP.replace("[1.0, -2.0, 0.5]", "[float(t) for t in open('data/truth.txt').read().split()]")
    program("note", "project/notes.txt")
    path = program(text + "open('notes.txt', 'w').write('gone')\n", "project/src/train.py")
    monkeypatch.chdir(tmp_path / "project")
    words, _ = seen("src/train.py")
    assert "Wrong train.py:8 " in words
    assert (tmp_path / "project/notes.txt").read_text() == "note"
    monkeypatch.chdir(tmp_path / "project/src")
    assert "FileNotFoundError" in seen("train.py")[0]
    monkeypatch.chdir(tmp_path / "project")
    monkeypatch.setattr("whynet.subjects.program.place.FILES", 2)
    words, _ = seen(path)
    assert "FileNotFoundError" in words and "current folder is too large to be copied" in words


@pytest.mark.parametrize(
    "imports",
    ["from .own import gradient", "from net.own import gradient", "from . import own\ngradient = own.gradient"],
)
def test_a_file_of_a_package_runs_as_its_module(program, monkeypatch, tmp_path, imports):
    program("", "project/net/__init__.py")
    program("def gradient(X, e):\n    return -X.T @ e / 40\n", "project/net/own.py")
    path = program(
        imports + "\n" + LOOP.replace("+ 0.05 * X.T @ e / 40", "- 0.05 * gradient(X, e)"), "project/net/train.py"
    )
    for folder in (tmp_path / "project", tmp_path / "project/net", tmp_path):
        monkeypatch.chdir(folder)
        words, output = seen(path)
        assert re.search(r"Wrong (net/)?own.py:2 ", words), output


# ---- what it writes


def test_what_it_writes_outside_the_copy_is_named(program, tmp_path):
    other = program("kept", "elsewhere/weights.txt")
    inside = program("kept", "project/weights.txt")
    text = (
        LOOP
        + f"""np.save({str(tmp_path / "elsewhere" / "w.npy")!r}, w)
open({str(other)!r}, "a").close()
open("weights.txt", "w").write("gone")
open({str(other)!r}).read()
open("/dev/null", "w").close()
import tempfile
tempfile.TemporaryFile().close()
"""
    )
    text = text.replace("range(100)", "range(20)")
    found = whynet.diagnose(program(text), echo=False, trials=False)
    assert (found.verdict[0].where.line, found.xray["wrote"]) == (
        8, [(str(tmp_path / "elsewhere/w.npy"), "train.py", 9), (str(other), "train.py", 10)],
    )  # fmt: skip
    assert any("It writes outside its copy" in remark for remark in found.as_dict()["remarks"])
    assert inside.read_text() == "kept"
    found = whynet.diagnose(program(LOOP), echo=False, trials=False)
    assert not any("writes" in remark for remark in found.as_dict()["remarks"])


def test_with_a_library_it_is_named_too_and_without_trials_it_runs_once(program, tmp_path):
    pytest.importorskip("torch", reason="PyTorch is not installed; it is a guest, not a dependency")
    path = tmp_path / "elsewhere.txt"
    text = f"""import torch
open({str(path)!r}, "a").write("run ")
X = torch.randn(50, 3)
y = X.sum(1, keepdim=True)
net = torch.nn.Linear(3, 1)
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
for epoch in range(20):
    optimizer.zero_grad()
    torch.nn.functional.mse_loss(net(X), y).backward()
    optimizer.step()
"""
    words, _ = seen(program(text))
    assert path.read_text() == "run " and "It writes outside its copy" in words


def test_a_program_in_the_folder_for_temporary_files_is_not_copied_into_itself(program, monkeypatch, tmp_path):
    path = program(LOOP)
    monkeypatch.setattr("tempfile.tempdir", str(path.parent))
    monkeypatch.chdir(path.parent)
    wrong(path, 8)
    assert [one.name for one in path.parent.iterdir()] == ["train.py"]
