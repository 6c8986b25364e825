"""The examples of docs/data.md, run as they stand."""

from __future__ import annotations

import re
import shlex
import sys

import pytest
from PIL import Image

from support import ROOT
from whynet.interfaces import cli

PAGE = (ROOT / "docs" / "data.md").read_text("utf-8")
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", PAGE, flags=re.DOTALL)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with what the page speaks of."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "houses.csv").write_text(next(text for kind, text in BLOCKS if kind == "csv"))
    for name in ("cat", "dog"):
        (tmp_path / "pets" / name).mkdir(parents=True)
        for one in range(10):
            Image.new("L", (6, 4), 20 * one).save(tmp_path / "pets" / name / f"{one}.png")
    return tmp_path


def test_the_python_of_the_page_runs(folder, capsys):
    path = folder / "page.py"
    path.write_text("\n".join(text for kind, text in BLOCKS if kind == "python"))
    import runpy

    runpy.run_path(str(path))
    assert "'place=farm', 'place=town', 'place=village'" in capsys.readouterr().out


def test_the_commands_of_the_page_print_what_it_shows(folder, capsys, monkeypatch):
    shown = "".join(text for kind, text in BLOCKS if kind == "console")
    commands = re.findall(r"^\$ (.+)\n((?:[^$].*\n|\n)*)", shown, flags=re.MULTILINE)
    assert len(commands) == 5
    for command, output in commands:
        monkeypatch.setattr(sys, "argv", shlex.split(command))
        with pytest.raises(SystemExit):
            cli.main()
        out = capsys.readouterr().out
        for line in output.splitlines():
            assert all(part in out for part in line.split("...")), (command, line)
