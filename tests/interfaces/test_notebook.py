"""`%%diagnose` in a notebook: the cell is run after those before it, and the line that is wrong is named."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

import whynet
from whynet.errors import BadFile, UsageError
from whynet.interfaces.notebook import diagnosed

DATA = "import numpy as np\n%matplotlib inline\nX = np.random.randn(20, 3)\n%time y = X @ np.array([1.0, -2.0, 0.5])"
RIGHT = "w = np.zeros(3)\nfor i in range(100):\n    w = w - 0.1 * X.T @ (X @ w - y) / 20"
STEP = "def step(w):\n    error = X @ w - y\n    return w + 0.1 * X.T @ error / 20"
CELL = "w = np.zeros(3)\nfor i in range(100):\n    w = step(w)\n"


class Events:
    def register(self, name, function):
        self.name, self.function = name, function


class Shell:
    """What of IPython's shell is used: the inputs by their numbers, and what is registered."""

    def __init__(self):
        self.events, self.magics = Events(), {}
        self.history_manager = SimpleNamespace(input_hist_raw=[""])

    @property
    def execution_count(self):
        return len(self.history_manager.input_hist_raw) - 1

    def register_magic_function(self, function, magic_kind, magic_name):
        self.magics[magic_kind, magic_name] = function

    def run(self, text, success=True):
        self.history_manager.input_hist_raw.append(text)
        if text.startswith("%%diagnose"):
            line, _, cell = text.removeprefix("%%diagnose").partition("\n")
            return self.magics["cell", "diagnose"](line, cell)
        self.events.function(SimpleNamespace(success=success, execution_count=self.execution_count))
        return None


@pytest.fixture
def shell():
    shell = Shell()
    whynet.load_ipython_extension(shell)
    return shell


def test_the_cell_is_asked_about_and_the_line_may_be_in_one_before(shell):
    shell.run(DATA)
    shell.run(RIGHT)
    shell.run("nonsense()", success=False)
    shell.run(STEP)
    found = shell.run(f"%%diagnose -q\n{CELL}")
    where = found.verdict[0].where
    assert (found.verdict[0].cause, where.file, where.line) == ("gradient-sign-flipped", "notebook, cell 4", 3)
    assert where.text == "return w + 0.1 * X.T @ error / 20"
    assert found.used["loop"].startswith("notebook, cell 5, line 3")
    assert "<" in found._repr_html_()
    again = shell.run(f"%%diagnose -q\n{RIGHT}")
    assert (again.verdict, len(again.xray["right"])) == ([], 1)
    assert "down the exact slope" in str(again)


def test_bad_options_and_bad_cells_are_a_sentence(shell, capsys):
    assert shell.run("%%diagnose --frob\nx = 1") is None
    assert "does not know that" in capsys.readouterr().err
    assert shell.run("%%diagnose\nx = (") is None
    assert "notebook, cell 2, line 2" in capsys.readouterr().err
    with pytest.raises(UsageError):
        diagnosed("--seconds never", "x = 1", {}, 1)
    with pytest.raises(BadFile):
        diagnosed("", "x = (", {}, 1)


def test_ipython_itself():
    pytest.importorskip("IPython", reason="IPython is not installed; it is a guest, not a dependency")
    from IPython.core.interactiveshell import InteractiveShell

    shell = InteractiveShell.instance()
    for text in ("%load_ext whynet", DATA.replace("%matplotlib inline\n", ""), STEP):
        assert shell.run_cell(text, store_history=True).success
    found = shell.run_cell(f"%%diagnose -q\n{CELL}", store_history=True).result
    assert (found.verdict[0].where.file, found.verdict[0].where.line) == ("notebook, cell 3", 3)
