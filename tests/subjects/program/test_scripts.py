"""Scripts with one mistake each, as people write them: the cause and its line are named, and the patch heals."""

import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from whynet.subjects.program.diagnose import diagnose_program

SCRIPTS = Path(__file__).parent / "scripts"
EXPECTED = tomllib.loads((SCRIPTS / "expected.toml").read_text())
QUICK = ("torch_cleared_before_step",)
LIBRARIES = {"torch": "torch", "keras": "keras", "sklearn": "sklearn"}


def last_number(file):
    """What a script prints at its end."""
    ran = subprocess.run([sys.executable, file], capture_output=True, text=True, check=True, cwd=file.parent)
    return float(ran.stdout.split()[-1])


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[] if name in QUICK else [pytest.mark.slow, pytest.mark.timeout(600)])
        for name in EXPECTED
    ],
)
def test_the_cause_and_the_line_are_named_and_the_patch_heals(tmp_path, name):
    pytest.importorskip(LIBRARIES[name.partition("_")[0]])
    expected, source = EXPECTED[name], (SCRIPTS / f"{name}.py").read_text()
    file = tmp_path / "train.py"
    file.write_text(source)
    found = diagnose_program(file, budget=20, echo=False)
    first = found.verdict[0]
    assert first.cause in expected["causes"]
    assert any(words in source.splitlines()[first.where.line - 1] for words in expected["lines"])
    assert found.patch.startswith("--- ") and found.as_dict()["patch"] == found.patch
    assert file.read_text() == source
    file.write_text(found.healed.after)
    assert last_number(file) >= expected["healed"]


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_of_a_notebook_the_cell_is_named_and_mended(tmp_path):
    pytest.importorskip("torch")
    text = (SCRIPTS / "torch_wine_softmax_last.py").read_text()
    cells = [{"cell_type": "code", "source": part} for part in ("%matplotlib inline", *text.split("\n\n"))]
    file = tmp_path / "wine.ipynb"
    file.write_text(json.dumps({"cells": cells}))
    found = diagnose_program(file, budget=20, echo=False)
    assert (found.verdict[0].where.file, found.verdict[0].where.line) == ("wine.ipynb, cell 4", 7)
    assert "wine.ipynb, cell 4:7" in " ".join(str(found).split()) and "ipynb.py" not in str(found)
    assert found.patch.startswith("--- wine.ipynb, cell 4") and "\n-    nn.Softmax(dim=1)" in found.patch
