"""Where things are; shared by tests and conftest."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path
from types import ModuleType

from whynet.data import published

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
