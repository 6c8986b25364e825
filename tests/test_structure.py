"""The rules of the house, read off the code itself."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
import subprocess
import sys

import pytest

import whynet
from support import ROOT

PACKAGE = ROOT / "src" / "whynet"
FILES = sorted(PACKAGE.rglob("*.py"))
ROOMS = [  # who may import what: a room sees those in earlier lines
    {"errors", "views"},
    {"types", "files"},
    {"params", "noise"},
    {"data", "network", "optimizers"},
    {"engines"},
    {"training"},
    {"casebook"},
    {"doctor", "benchmark"},
    {"logs"},
    {"subjects"},
    {"report"},
    {"interfaces", "book"},
]
LATE = {
    (name, "report")
    for name in (
        "training/run.py",
        "training/history.py",
        "network/network.py",
        "data/dataset.py",
        "doctor/verdict.py",
    )
}  # imported inside a method that shows itself


def room_of(path):
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def rank(room):
    return next(index for index, rooms in enumerate(ROOMS) if room in rooms)


def imports(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("whynet."):
            yield node, node.module.split(".")[1]
        elif isinstance(node, ast.ImportFrom) and node.module == "whynet":
            yield from ((node, name.name) for name in node.names if (PACKAGE / name.name).exists())


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_rooms_import_only_what_comes_before_them(path):
    room = room_of(path)
    if room in ("__init__", "__main__"):
        return
    for node, other in imports(path):
        if other == room or ((str(path.relative_to(PACKAGE)), other) in LATE and node.col_offset > 0):
            continue
        assert rank(other) < rank(room), f"line {node.lineno}: {room} imports {other}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_only_front_doors_print_and_nothing_can_execute_a_file(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call):
            name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            assert name not in ("eval", "exec", "compile_command", "__import__")
            if name == "print":
                assert room_of(path) in ("interfaces", "book")
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [alias.name for alias in node.names] + [getattr(node, "module", "") or ""]
            assert not {"pickle", "marshal", "shelve", "dill", "joblib"} & set(names)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_only_optimizers_and_engines_write_parameters_in_training(path):
    """Making, loading and checking a network fill arrays too; those places are listed."""
    allowed = {"network/network.py", "network/storage.py", "book/network.py", "training/run.py", "training/faults.py"}
    name = str(path.relative_to(PACKAGE))
    if room_of(path) in ("optimizers", "engines", "params") or name in allowed:
        return
    source = path.read_text()
    assert not re.search(r"params(\.vector|\[[^\]]+\])+(\[[^\]]*\])?\s*[-+*/]?=[^=]", source)


def test_the_public_surface_is_sorted_and_complete():
    assert whynet.__all__ == sorted(whynet.__all__, key=lambda name: (name.islower(), name))
    assert set(whynet.__all__) == {*whynet._HOMES, "book"}
    for name in whynet.__all__:
        assert getattr(whynet, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = whynet.nothing


def public_things():
    for path in FILES:
        if path.name in ("__main__.py",):
            continue
        name = ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__")
        module = importlib.import_module(name)
        yield name, module
        for key, value in vars(module).items():
            if key.startswith("_") or getattr(value, "__module__", None) != name:
                continue
            fills_seam = name.startswith("whynet.doctor.causes.") and key in ("suspect", "changes")  # of Cause
            if (inspect.isclass(value) or inspect.isfunction(value)) and not fills_seam:
                yield f"{name}.{key}", value


def test_everything_public_says_what_it_is_for():
    silent = [name for name, thing in public_things() if not (inspect.getdoc(thing) or "").strip()]
    assert silent == []


def test_everything_public_behind_the_front_doors_has_an_example_that_runs():
    """The doctests run them; a seam (a Protocol) has none of its own, and is shown by what fills it."""
    bare = [
        name
        for name, thing in public_things()
        if not inspect.ismodule(thing)
        and name.split(".")[1] not in ("interfaces", "report", "book")
        and not getattr(thing, "_is_protocol", False)
        and ">>>" not in inspect.getdoc(thing)
    ]
    assert bare == []
    for name in set(whynet.__all__) - {"book"}:
        assert ">>>" in inspect.getdoc(getattr(whynet, name)), name


def test_importing_whynet_imports_nothing_heavy():
    code = (
        "import sys, whynet; "
        "loaded = {name.split('.')[0] for name in sys.modules}; "
        "print(*loaded & {'numpy', 'click', 'rich', 'sklearn', 'msgspec'})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_the_command_line_prints_help_without_numpy():
    code = (
        "import sys\nfrom whynet.interfaces.cli import cli\n"
        "cli.main(['train', '--help'], standalone_mode=False)\nsys.exit('numpy' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "--learning-rate" in done.stdout
