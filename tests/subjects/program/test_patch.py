"""Wrong programs are mended in their own style, the mends are tested, and files are written as they should be."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest

from whynet.errors import UsageError
from whynet.subjects.program.diagnose import diagnose_program
from whynet.subjects.program.edits.healed import all_healed
from whynet.subjects.program.edits.mends import mends
from whynet.subjects.program.edits.patch import Patch, mended
from whynet.subjects.program.edits.source import Source
from whynet.subjects.program.xray import Finding, Xray, examine

BANK = sorted((Path(__file__).parent / "bank").glob("*.py"))
SICK = [path for path in BANK if " none" not in path.read_text().split("\n")[0]]
HEALED = {  # of each kind one, and the line that heals it
    "xor_script_slope_left_out": "    d_hidden = (d_out @ W2.T) * hidden * (1 - hidden)",
    "class_slope_of_z": "            grad = grad * (1 - self.a ** 2)",
    "trask_never_stored": "    w_ih += gradient",
    "line_floats_bias_not_divided": "        gb += 2 * e / n",
    "class_piled_up": "        self.grad_w = self.inputs.T @ grad",
    "outer_momentum_no_weights": "        du = (B.T @ dv) * u * (1 - u)",
    "regressor_column_minus_row": "            err = (pred - y.reshape(-1, 1)).mean(axis=1, keepdims=True)",
    "cnn_strided_filters_reshaped": "        self.dw1 = self.cols.T.dot(dz).T.reshape(self.w1.shape)",
    "cnn_loops_kernel_turned": "                df[f] += dout[f, r, c] * image[r:r + K, c:c + K]",
    "trees_elu_pre_for_code": '        "head": {"W": np.matmul(code.transpose(), d_out), "b": d_out.sum(0)},',
}
UPHILL = """import numpy as np

X = np.random.randn(30, 2)  # 'inputs'
y = X @ np.array([1.0, 2.0])
w = np.zeros(2)
for epoch in range(60):

    e = X @ w - y
    w += 0.1 * X.T @ e / 30   # the step
"""


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[] if number < 3 else pytest.mark.slow) for number, name in enumerate(HEALED)]
)
def test_a_wrong_line_is_mended_as_its_writer_would(name):
    path = next(path for path in BANK if path.stem == name)
    edits = all_healed(path, [], 60, examine(path, echo=False))
    assert edits[-1].xray.findings == []
    new = set(edits[-1].after.split("\n")) - set(edits[0].before.split("\n"))
    assert new == {HEALED[name]}


@pytest.mark.slow
def test_momentum_keeps_the_step_that_was_taken():
    path = next(path for path in BANK if path.stem == "step_keeps_raw_gradient")
    edits = all_healed(path, [], 60, examine(path, echo=False))
    new = set(edits[-1].after.split("\n")) - set(edits[0].before.split("\n"))
    assert new == {
        "            self.prev_W[i] = eta * gw + mu * self.prev_W[i]",
        "            self.prev_b[i] = eta * gb + mu * self.prev_b[i]",
    }


@pytest.mark.slow
def test_a_wrong_line_that_another_hid_is_mended_after_it(program):
    text = """
import numpy as np
rng = np.random.default_rng(3)
X = rng.normal(size=(40, 3))
y = (X[:, :1] * X[:, 1:2] > 0) * 1.0
W1, b1, W2, b2 = rng.normal(size=(3, 3)), np.zeros(3), rng.normal(size=(3, 1)), np.zeros(1)
for epoch in range(80):
    h = np.tanh(X @ W1 + b1)
    p = 1 / (1 + np.exp(-(h @ W2 + b2)))
    d = (p - y) / len(X)
    dh = d @ W2.T
    W2 -= 0.5 * h.T @ d
    b2 -= 0.5 * d.sum(0)
    W1 -= 0.5 * h.T @ dh
    b1 -= 0.5 * dh.sum(0)
"""
    path = program(text)
    seen = examine(path, echo=False)
    assert [one.line for one in seen.findings] == [11]
    found = mended(path, [], 60, seen)
    assert found.xray.findings == [] and [one.name for one in found.uncovered] == ["W1"]
    new = set(found.edits[-1].after.split("\n")) - set(text.split("\n"))
    assert new == {"    dh = (d @ W2.T) * (1 - h ** 2)", "    W1 -= 0.5 * X.T @ dh"}
    assert found.words.startswith("Mended too: W1: it uses h where X belongs (seen with the lines before it mended).")


@pytest.mark.slow
def test_a_sign_that_all_wrong_lines_share_is_turned_where_it_is_defined(program):
    step = "    w += sign * 0.1 * X.T @ e / 30\n    b += sign * 0.1 * e.mean()\n"
    text = UPHILL.replace("    w += 0.1 * X.T @ e / 30   # the step\n", step).replace("X @ w - y", "X @ w + b - y")
    path = program(text.replace("w = np.zeros(2)\n", "w, b = np.zeros(2), np.zeros(1)\nsign = 1\n"))
    edits = all_healed(path, [], 60, examine(path, echo=False))
    assert [edit.after for edit in edits] == [edits[0].before.replace("sign = 1", "sign = -1")]


def test_what_is_used_after_it_was_changed_is_changed_later():
    path = next(path for path in BANK if path.stem == "trask_updated_first")
    edits = all_healed(path, [], 60, examine(path, echo=False))
    before, after = edits[0].before.split("\n"), edits[-1].after.split("\n")
    assert sorted(before) == sorted(after) and before != after and edits[-1].xray.findings == []


@pytest.mark.slow
@pytest.mark.matrix
@pytest.mark.timeout(3600)
def test_most_of_the_bank_is_mended():
    told = {path: seen for path in SICK[::3] if (seen := examine(path, echo=False)).findings}
    edits = {path.stem: all_healed(path, [], 60, seen) for path, seen in told.items()}
    left = [name for name, tried in edits.items() if not tried or tried[-1].xray.findings]
    assert len(left) <= len(told) / 2, left


@pytest.fixture
def program(tmp_path):
    def write(text, name="train.py"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


def test_a_diff_is_a_few_lines_and_everything_else_stays(program):
    path = program(UPHILL)
    found = diagnose_program(path, echo=False)
    changed = [line for line in found.patch.split("\n") if re.match(r"[-+][^-+]", line)]
    assert changed == ["-    w += 0.1 * X.T @ e / 30   # the step", "+    w -= 0.1 * X.T @ e / 30   # the step"]
    assert found.patch.startswith(f"--- {path}\n+++ {path}\n")
    assert found.as_dict()["patch"] == found.patch
    assert "w -= 0.1" in str(found) and "w -= 0.1" in found._repr_html_()
    assert diagnose_program(path, echo=False, trials=False).patch == ""
    assert path.read_text() == UPHILL


@pytest.mark.slow
def test_a_new_file_is_written_and_no_old_one_overwritten(program, tmp_path):
    path = program(UPHILL.replace("\n", "\r\n").encode())
    path.chmod(0o755)
    diagnose_program(path, echo=False, apply=tmp_path / "fixed.py")
    assert (tmp_path / "fixed.py").read_bytes() == UPHILL.replace("w +=", "w -=").replace("\n", "\r\n").encode()
    assert os.access(tmp_path / "fixed.py", os.X_OK)
    with pytest.raises(UsageError, match="exists"):
        diagnose_program(path, echo=False, apply=tmp_path / "fixed.py")


def test_in_place_keeps_every_backup(program, tmp_path):
    path = program("# -*- coding: latin-1 -*-\n# é\n".encode("latin-1") + UPHILL.encode())
    old = path.read_bytes()
    program("earlier", "train.py.orig")
    said = []
    diagnose_program(path, echo=False, in_place=True, say=said.append)
    assert path.read_bytes() == old.replace(b"w +=", b"w -=")
    assert (tmp_path / "train.py.orig").read_text() == "earlier"
    assert (tmp_path / "train.py.orig1").read_bytes() == old
    assert any("train.py.orig1" in one for one in said)


def test_a_program_that_was_changed_meanwhile_is_left_alone(program):
    path = program(UPHILL + "# more\n")
    with pytest.raises(UsageError, match="changed meanwhile"):
        Patch(UPHILL, UPHILL.replace("+=", "-="), str(path)).in_place()
    assert path.read_text() == UPHILL + "# more\n" and len(list(path.parent.iterdir())) == 1


def test_a_module_beside_the_program_is_mended(program):
    helper = program("import numpy as np\n\n\ndef back(X, e):\n    return -(X.T @ e) / len(X)\n", "helper.py")
    text = UPHILL.replace("w += 0.1 * X.T @ e / 30", "w = w - 0.1 * helper.back(X, e)")
    path = program("import helper\n" + text)
    mend = mended(path, [], 60, examine(path, echo=False))
    assert [Path(one.file).name for one in mend.patches] == ["helper.py"] and mend.xray.findings == []
    assert "+    return (X.T @ e) / len(X)" in mend.diff
    mend.patches[0].in_place()
    assert "-(X" not in helper.read_text() and examine(path, echo=False).findings == []


def test_of_a_notebook_the_cell_is_named(program):
    head, loop = UPHILL.split("for ")
    cells = [{"cell_type": "code", "source": text} for text in (head, "for " + loop, "print(w)")]
    path = program(json.dumps({"cells": cells}), "a.ipynb")
    found = diagnose_program(path, echo=False)
    assert f"--- {path}, cell 2" in found.patch and "cell 1" not in found.patch
    assert "+    w -= 0.1" in found.patch
    with pytest.raises(UsageError, match="notebook"):
        diagnose_program(path, echo=False, apply=path.parent / "b.ipynb")


@pytest.mark.parametrize("text", ["x = 1\n", "def f(:\n", "", "match x:\n    case 1:\n        w += g\n"])
@pytest.mark.parametrize("kind", ["sign", "wrong", "missing-update", "used-after-change", "factor", "examples-mixed"])
def test_any_text_and_any_finding_give_candidates_or_none(text, kind):
    words = "(4, 24) becomes (4, 24): examples of a batch are mixed, one output hangs on 24"
    for line in (1, 3, 99):
        for one in mends(text, Finding(kind, line, "f.py", "w", "w", words), Xray("ended")):
            compile(one, "f.py", "exec")


@pytest.mark.slow
def test_candidates_differ_from_the_text_and_from_each_other():
    for path in SICK[::9]:
        line, kind = re.search(r"line (\d+) ([a-z-]+)", path.read_text()).groups()
        text = path.read_text()
        words = "(4, 24, 6, 6) becomes (4, 864): one output hangs on 24"
        found = list(mends(text, Finding(kind, int(line), path.name, "w", "w", words), Xray("ended")))
        assert text not in found and len(set(found)) == len(found)


def test_a_text_is_put_together_as_it_was():
    for path in BANK[::6]:
        assert Source(path.read_text()).module.code == path.read_text()
