"""Programs as people write them: the first wrong line and its kind are found, and no sound one is accused."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from whynet.errors import UsageError
from whynet.subjects.program.run import run
from whynet.subjects.program.xray import examine

BANK = sorted((Path(__file__).parent / "bank").glob("*.py"))
FEW = {  # of each style and each mistake one; the slow test has them all
    "xor_script_slope_left_out", "dict_update_uphill", "lists_of_layers_sound", "neurons_updated_first",
    "trask_never_stored", "line_floats_wrong_input", "image_columns_mixed", "step_keeps_raw_gradient",
    "softmax_over_examples", "layers_from_one_dict", "scalar_bias_becomes_a_vector", "contrastive_sound",
    "minimize_wrong_packing", "check_all_weights_at_once", "regressor_column_minus_row",
    "cnn_windows_einsum_sound", "cnn_bias_per_pixel", "cnn_pool_ties_first_sound",
    "cnn_strided_momentum_overwritten", "d_adamw_cosine_sound", "d_matrix_class_minus",
    "f_skipgram_repeated_rows", "f_plain_neurons_bias_not_added", "f_rmsprop_bias_stays",
    "g_mixture_density_sound", "g_lmodel_caches_dal_sign", "g_triplet_anchor_sign", "g_dqn_corridor_sound",
}  # fmt: skip
LOOP = """
import numpy as np
X = np.random.randn(30, 2)
y = X @ np.array([1.0, 2.0])
w = np.zeros(2)
for epoch in range({epochs}):
    e = X @ w - y
    w = w - 0.1 * X.T @ e / 30
{more}
"""


def truth(path):
    return [(int(line), kind) for line, kind in re.findall(r"line (\d+) ([a-z-]+)", path.read_text().split("\n")[0])]


def seen(path):
    return [(found.line, found.kind) for found in examine(path, seconds=60, echo=False).findings]


@pytest.mark.thinned(4)
@pytest.mark.parametrize("path", [path for path in BANK if path.stem in FEW], ids=lambda path: path.stem)
def test_a_program_of_the_bank(path):
    if "scipy" in path.read_text():
        pytest.importorskip("scipy")
    assert seen(path)[:1] == truth(path)[:1]


@pytest.mark.slow
@pytest.mark.matrix
@pytest.mark.timeout(3600)
def test_the_bank():
    assert len(BANK) >= 60
    told = {path.stem: (truth(path), seen(path)) for path in BANK}
    sick = {name: found for name, (wrong, found) in told.items() if wrong}
    right = [name for name, found in sick.items() if found[:1] == told[name][0][:1]]
    assert len(right) >= 0.85 * len(sick), set(sick) - set(right)
    assert [name for name, (wrong, found) in told.items() if found and not wrong] == []


@pytest.fixture
def program(tmp_path):
    def write(text, name="train.py"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


def test_what_is_known_of_a_sound_program(program):
    found = examine(program(LOOP.format(epochs=100, more="")), echo=False)
    assert found.findings == []
    assert found.parameters == {"w": (2,)}
    assert (found.output, found.target, found.loop_line) == ("X @ w", "y", 6)
    assert found.rates["w"] == pytest.approx(0.1 / 30)
    assert [(row.name, row.meaning, row.verdict) for row in found.rows] == [
        ("e", "error", "right"),
        ("w", "step", "right"),
    ]
    assert found.as_dict()["rows"][0]["line"] == 7


ROWS = """
import numpy as np
rng = np.random.default_rng(0)
w = np.zeros((9, 2))
for i in range(100):
    rows = {rows}
    x, y = rng.normal(size=(4, 2)), rng.normal(size=4)
    e = (x * w[rows]).sum(1) - y
    w[rows] -= 0.1 * e[:, None] * x
"""


@pytest.mark.parametrize(("rows", "kinds"), [("rng.integers(0, 2, 4)", ["lost-steps"]), ("rng.permutation(9)[:4]", [])])
def test_of_a_row_that_comes_twice_a_step_is_lost(program, rows, kinds):
    found = examine(program(ROWS.format(rows=rows)), echo=False)
    assert [one.kind for one in found.findings] == kinds


def test_a_target_that_is_added_has_its_sign_turned(program):
    found = examine(program(LOOP.format(epochs=50, more="").replace("X @ w - y", "X @ w + -1 * y")), echo=False)
    assert found.plan.turned and found.findings == []


def test_what_is_summed_up_on_blank_paper_meets_no_target(program):
    text = """
import numpy as np
rng = np.random.default_rng(0)
C, W = rng.normal(size=(5, 3)), rng.normal(size=(3, 4))
for i in range(50):
    rows, labels = rng.integers(0, 5, 8), rng.integers(0, 4, 8)
    p = np.exp(C[rows] @ W)
    p = p * p.sum(1, keepdims=True) ** -1
    first = np.zeros_like(p)
    first[range(8), labels] = -1 / 8
    dp = (1 / p) * first
    dz = p * (dp - (dp * p).sum(1, keepdims=True))
    dx, dC = dz @ W.T, np.zeros_like(C)
    for k in range(8):
        dC[rows[k]] += dx[k]
    C += -0.1 * dC
    W += -0.1 * C[rows].T @ dz
"""
    assert examine(program(text), echo=False).course == []


def test_a_crash_ends_with_what_was_seen_before(program):
    found = examine(program(LOOP.format(epochs=50, more="    if epoch == 12:\n        [][3]")), echo=False)
    assert (found.how, found.error, found.error_line) == ("crashed", "IndexError: list index out of range", 10)
    assert found.watched >= 4 and found.findings == []


def test_an_endless_loop_ends_with_what_was_seen_before(program):
    found = examine(program(LOOP.format(epochs=20, more="while True:\n    pass")), seconds=3, echo=False)
    assert (found.how, found.loop_line) == ("stopped", 6)


@pytest.mark.slow
def test_a_program_that_will_not_be_stopped_is_killed(program):
    more = "import signal, time\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True:\n    time.sleep(1)"
    found = examine(program(LOOP.format(epochs=20, more=more)), seconds=3, echo=False)
    assert (found.how, found.loop_line) == ("killed", 6)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("import sys\nsys.exit('no data')", "no data"),
        ("x = [0] * 10**10", "MemoryError: "),
        ("input('name? ')", "EOFError: EOF when reading a line"),
        ("def f(:\n    pass", "SyntaxError: invalid syntax (train.py, line 1)"),
        (b"x = '\xff'", "SyntaxError: "),
        ("import no_such_module", "ModuleNotFoundError: No module named 'no_such_module'"),
    ],
)
def test_programs_that_end_badly_say_why(program, text, error):
    found = examine(program(text), seconds=20, echo=False)
    assert found.how in ("crashed", "exited") and found.error.startswith(error)
    assert found.loop_line == 0 and found.findings == []


def test_nothing_of_the_users_is_overwritten(program):
    other = program("kept", "weights.txt")
    more = "open('weights.txt', 'w').write('gone')"
    examine(program(LOOP.format(epochs=20, more=more)), echo=False)
    assert other.read_text() == "kept"


def test_no_process_that_it_starts_is_left(program):
    more = "import subprocess, sys\nchild = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(99)'])\n"
    more += "print('child', child.pid)"
    ran = run(program(LOOP.format(epochs=20, more=more)), echo=False)
    number = int(re.search(r"child (\d+)", ran.output).group(1))
    state = Path(f"/proc/{number}/stat")
    assert not state.exists() or state.read_text().rpartition(")")[2].split()[0] == "Z"


def test_its_output_is_passed_on_to_stderr_up_to_a_limit(program, capfd):
    examine(program("for i in range(60000):\n    print('a long line of output, number', i)"))
    shown = capfd.readouterr()
    assert shown.out == "" and 190_000 < len(shown.err) < 210_000


def test_modules_beside_a_program_are_looked_into_and_its_arguments_are_its_own(program):
    program("import numpy as np\ndef back(X, e):\n    return -(X.T @ e) / len(X)\n", "helper.py")
    text = """
import argparse
import numpy as np
import helper
parser = argparse.ArgumentParser()
parser.add_argument("--rate", type=float, required=True)
rate = parser.parse_args().rate
def main():
    X = np.random.randn(30, 2)
    y = X @ np.array([1.0, 2.0])
    w = np.zeros(2)
    for epoch in range(80):
        e = X @ w - y
        w = w - rate * helper.back(X, e)
if __name__ == "__main__":
    main()
"""
    found = examine(program(text), ["--rate", "0.1"], echo=False)
    assert (found.first.kind, found.first.file, found.first.line) == ("sign", "helper.py", 3)


def test_a_program_without_training_has_nothing_to_accuse(program):
    text = "import numpy as np\nfor i in range(50):\n    x = np.ones(3) * i\n    s = float(x.sum())\nprint(s)"
    found = examine(program(text), echo=False)
    assert (found.how, found.loop_line, found.findings) == ("ended", 0, [])


def test_what_cannot_be_run_is_refused(tmp_path):
    with pytest.raises(UsageError, match="no such program"):
        examine(tmp_path / "none.py")
    (tmp_path / "a.py").write_text("")
    with pytest.raises(UsageError, match="needs time"):
        examine(tmp_path / "a.py", seconds=0)


STEP = """
import numpy as np
rng = np.random.default_rng(0)
X, w = rng.normal(size=(40, 3)), np.zeros(3)
y = X @ np.array([1.0, -2.0, 0.5])
def step(rows):
    global w
    e = X[rows] @ w - y[rows]
    w = w SIGN 0.1 * X[rows].T @ e / len(rows)
    return (e ** 2).mean()
"""


@pytest.mark.thinned(3)
@pytest.mark.parametrize(
    "loop",
    [
        "losses = [step(np.arange(40)) for epoch in range(60)]",
        "for epoch in range(20):\n    print(sum(step(rows) for rows in np.array_split(rng.permutation(40), 4)) / 4)",
        "def epoch():\n    return np.mean([step(r) for r in np.array_split(rng.permutation(40), 4) if len(r)])\n"
        "for epoch_ in range(20):\n    print(epoch())",
    ],
)
def test_a_comprehension_may_be_the_loop_that_takes_the_steps(program, loop):
    sound = examine(program(STEP.replace("SIGN", "-") + loop), echo=False)
    assert (sound.findings, sound.right, sound.watched >= 4) == ([], ["w"], True)
    assert loop.split("\n")[sound.loop_line - 11].count(" for ") == 1
    assert [one.line for one in examine(program(STEP.replace("SIGN", "+") + loop), echo=False).findings] == [9]


def test_a_target_that_is_the_place_of_a_class(program):
    text = """
import numpy as np
rng = np.random.default_rng(0)
X, W = rng.normal(size=(60, 4)), np.zeros((4, 3))
labels = np.argmax(X[:, :3], axis=1)
for epoch in range(3):
    for x, label in zip(X, labels):
        e = np.exp(x @ W)
        p = e / e.sum()
        back = np.zeros(3)
        back[label] = -1 / p[label]
        d = p * (back - (back * p).sum())
        W -= 0.1 * np.outer(x, d)
"""
    found = examine(program(text), echo=False)
    assert (found.findings, found.right, found.target, found.cost) == ([], ["W"], "labels", "softmax")
    assert not found.plan.same
    wrong = examine(program(text.replace("W -= ", "W += ")), echo=False)
    assert [(one.kind, one.line) for one in wrong.findings] == [("sign", 13)]
