"""docs/convolutions.md: its program runs, and its table says what the layers do."""

from __future__ import annotations

import re
import runpy

import pytest

from support import ROOT
from whynet.network.architectures import convnet
from whynet.network.layers import LAYERS

PAGE = (ROOT / "docs" / "convolutions.md").read_text()
ROWS = re.findall(r"^\| `([^`]+)` \|.*\| (\([\d, ]+\)|any|no change)(?: -> (\([\d, ]+\)))? \|$", PAGE, re.MULTILINE)


def test_the_program_runs(tmp_path):
    path = tmp_path / "page.py"
    path.write_text(re.search(r"```python\n(.*?)```", PAGE, re.DOTALL)[1])
    assert runpy.run_path(str(path))["network"].layers[-1].outputs == 10


def shape(said):
    return tuple(int(side) for side in re.findall(r"\d+", said))


@pytest.mark.parametrize(("line", "before", "after"), ROWS, ids=lambda text: text)
def test_a_line_does_what_the_table_says(line, before, after):
    in_shape = shape(before) or (12, 12, 16)
    *_, last, _ = convnet(in_shape, [line], 10)
    assert last.out_shape == (shape(after) or in_shape)


def test_every_line_of_the_table_was_read():
    assert len(ROWS) == len(re.findall(r"^\| `[a-z-]+(?: [\w. ]+)?` \|.* \|$", PAGE, re.MULTILINE)) == 11


def test_the_readme_has_every_layer():
    readme = (ROOT / "README.md").read_text()
    assert [layer.__name__ for layer in LAYERS.values() if f"`{layer.__name__}`" not in readme] == []
