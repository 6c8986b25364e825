"""Where things are; shared by tests and conftest."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path
from types import ModuleType
from typing import get_args

from whynet.data import published
from whynet.doctor.cause import CERTAIN, Kind
from whynet.doctor.causes import FAMILIES, cause
from whynet.doctor.example import case_like

ROOT = Path(__file__).parent.parent


def real_mnist() -> Path | None:
    """The folder with the four canonical files, if this machine has them."""
    for folder in (os.environ.get("WHYNET_DATA"), ROOT.parent / "shared" / "mnist"):
        if folder and len(published.find(Path(folder))) == 4:
            return Path(folder)
    return None


MNIST = real_mnist()


def example(name: str) -> ModuleType:
    """A program of the examples folder as a module."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "examples" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


PARTS = ("What it means", "How it is seen", "Why it happens", "What to change", "Not to be confused with", "Sources")


def is_complete(name: str) -> None:
    """A cause says everything about itself, in its own file."""
    one, page = cause(name), cause(name).__doc__ or ""
    assert [part for part in PARTS if f"**{part}.**" not in page] == []
    assert one.KIND in get_args(Kind) and one.FAMILY in FAMILIES
    assert one.QUESTION is None or isinstance(one.QUESTION, str)
    assert one.PLANT is None or set(one.PLANT) <= {"edits", "mistakes", "also", "only"}
    assert one.SICK != one.WELL and set(one.SICK) == set(one.WELL), "a near miss is known by the same facts"


def examples_hold(name: str) -> None:
    """A cause is suspected of its sick example, with evidence and a change, and not of the well one."""
    one, sick = cause(name), case_like(cause(name).SICK)
    suspicion = one.suspect(sick)
    assert suspicion is not None and 0 < suspicion.strength <= CERTAIN
    assert suspicion.evidence, "it carries the numbers that it rests on"
    assert one.changes(sick), "something can be changed"
    assert one.suspect(case_like(one.WELL)) is None
