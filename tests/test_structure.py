"""The rules of the house, read off the code itself."""

from __future__ import annotations

import ast
import graphlib
import importlib
import inspect
import re
import subprocess
import sys

import pytest

import whynet
from reading_path import MOST, counted
from support import ROOT
from whynet.doctor.causes import names
from whynet.network.layers import LAYERS
from whynet.views import VIEWS

PACKAGE = ROOT / "src" / "whynet"
FILES = sorted(PACKAGE.rglob("*.py"))
ROOMS = [  # who may import what: a room sees those in earlier lines
    {"aliases", "errors", "views", "processors", "version"},
    {"types", "files", "metric", "source"},
    {"params", "noise"},
    {"data"},  # a network says in its data's own words what it predicts
    {"network", "optimizers"},
    {"engines"},
    {"mistakes"},
    {"training"},
    {"casebook"},
    {"doctor", "benchmark"},
    {"logs"},
    {"subjects"},
    {"report"},
    {"interfaces", "book"},
]
CIRCULAR: set[str] = set()
FOR_LOGS = {f"whynet.doctor.{name}" for name in ("diagnosis", "floors", "symptom", "symptoms.outcome")}


def module_of(path):
    return ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__")


MODULES = {module_of(path) for path in FILES}


def room_of(path):
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def rank(room):
    return next(index for index, rooms in enumerate(ROOMS) if room in rooms)


def imports(path):
    """The line and the module of every import of whynet's own, at the top or within a function."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, name.name) for name in node.names if name.name in MODULES)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}, line {node.lineno}: imports are absolute"
            named = (f"{node.module}.{name.name}" for name in node.names)
            found = {name if name in MODULES else node.module for name in named} & MODULES
            yield from ((node.lineno, module) for module in sorted(found))


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_rooms_import_only_what_comes_before_them(path):
    room = room_of(path)
    if room in ("__init__", "__main__") or module_of(path) in CIRCULAR:
        return
    for line, module in imports(path):
        assert module != "whynet", f"line {line}: only users import the front door"
        other = module.split(".")[1]
        assert other == room or rank(other) < rank(room), f"line {line}: {room} imports {other}"


def test_no_file_imports_itself_by_way_of_others():
    graph = {
        module_of(path): {module for _, module in imports(path)} - CIRCULAR
        for path in FILES
        if module_of(path) not in CIRCULAR
    }
    graphlib.TopologicalSorter(graph).prepare()  # raises CycleError, which names the circle


@pytest.mark.parametrize("path", sorted((PACKAGE / "logs").rglob("*.py")), ids=lambda path: path.name)
def test_logs_know_of_the_doctor_only_what_is_found_and_what_that_is_called(path):
    assert {module for _, module in imports(path) if module.startswith("whynet.doctor")} <= FOR_LOGS


@pytest.mark.parametrize("name", names())
def test_a_cause_knows_of_the_case_and_of_no_recipe(name):
    path = PACKAGE / "doctor" / "causes" / f"{name.replace('-', '_')}.py"
    room = {f"whynet.doctor.{file}" for file in ("agreement", "case", "cause", "change", "diagnosis", "recommended")}
    assert {module for _, module in imports(path)} <= room


def test_what_is_said_of_a_cause_stands_in_its_file():
    """Few others call causes by their names: cases of people who asked, plants, what is measured on code or a log."""
    elsewhere = (
        "doctor/causes/",
        "mistakes/",
        "logs/",
        "subjects/frameworks/",
        "subjects/inside/",
        "subjects/own_code/",
        "subjects/picture_plants.py",
        "subjects/program/",
        "subjects/table_plants.py",
    )
    known = set(names())
    literals = {
        str(path.relative_to(PACKAGE)): sum(
            isinstance(node, ast.Constant) and node.value in known for node in ast.walk(ast.parse(path.read_text()))
        )
        for path in FILES
        if not path.relative_to(PACKAGE).as_posix().startswith(elsewhere)
    }
    assert sum(literals.values()) < 100, {name: count for name, count in literals.items() if count}


def test_no_file_is_so_long_that_nobody_reads_it():
    """What reads logs, libraries and other people's code is still longer."""
    elsewhere = ("logs/", "subjects/frameworks/", "subjects/own_code/")
    lines = {str(path.relative_to(PACKAGE)): len(path.read_text().splitlines()) for path in FILES}
    assert {name: count for name, count in lines.items() if count > 400 and not name.startswith(elsewhere)} == {}


@pytest.mark.parametrize("shown", VIEWS, ids=" as ".join)
def test_every_view_is_there(shown):
    module, _, name = VIEWS[shown].partition(":")
    assert callable(getattr(importlib.import_module(module), name))


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


def test_one_room_alone_runs_somebodys_program():
    """It was handed over to be run; a log, a recipe or a saved network never is."""
    runs = re.compile(r"exec_module|SourceFileLoader|spec_from_file_location|runpy|execfile")
    found = {str(path.relative_to(PACKAGE)) for path in FILES if runs.search(path.read_text())}
    assert found == {"subjects/program/child.py"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_only_optimizers_and_engines_write_parameters_in_training(path):
    """Making, loading and checking a network fill arrays too; those places are listed."""
    makers = {"network/network.py", "network/storage.py", "book/network.py"}
    allowed = {*makers, "training/checkpoint.py", "mistakes/forward.py"}
    name = str(path.relative_to(PACKAGE))
    if room_of(path) in ("optimizers", "engines", "params") or name in allowed:
        return
    source = path.read_text()
    assert not re.search(r"params(\.vector|\[[^\]]+\])+(\[[^\]]*\])?\s*[-+*/]?=[^=]", source)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_layer_is_asked_what_it_is_and_not_for_its_class(path):
    """Else a new one would be judged in silence. The compiled engine knows its own few by their classes."""
    if room_of(path) in ("network", "engines"):
        return
    classes = "|".join(layer.__name__ for layer in LAYERS.values())
    assert not re.search(rf"isinstance\([^()]*\b({classes})\b", path.read_text())


def test_the_public_surface_is_sorted_and_complete():
    assert whynet.__all__ == sorted(whynet.__all__, key=lambda name: (name.islower(), name))
    assert set(whynet.__all__) == {*whynet._HOMES, *whynet._ROOMS}
    for name in whynet.__all__:
        assert getattr(whynet, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = whynet.nothing


def public_things():
    for path in FILES:
        if path.name in ("__main__.py",):
            continue
        name = module_of(path)
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


def test_the_way_through_the_code_is_short():
    lines = counted()
    assert len(lines) == 8 and all(lines.values())
    assert sum(lines.values()) <= MOST


def test_importing_whynet_imports_nothing_heavy():
    code = (
        "import sys, whynet; "
        "loaded = {name.split('.')[0] for name in sys.modules}; "
        "print(*loaded & {'numpy', 'click', 'rich', 'sklearn', 'msgspec'})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["train", "--help"], "--learning-rate"),
        (["explain", "0.45"], "the share of each class"),
        (["explain", "lr-too-high"], "The steps are too long."),
    ],
)
def test_the_command_line_needs_no_numpy_to_explain_itself(arguments, says):
    code = (
        "import sys\nfrom whynet.interfaces.cli import cli\n"
        f"cli.main({arguments}, standalone_mode=False)\nsys.exit('numpy' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert says in done.stdout
