"""What the tests share: small data, and a machine without a network, a cache or the user's settings."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

import whynet
from support import MNIST
from whynet.data import sources


@pytest.hookimpl(tryfirst=True)  # before `-m` chooses by the marks
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what needs MNIST where its files are not: $WHYNET_DATA, or ../shared/mnist beside the project.

    Of a test marked `thinned(n)` one set of parameters in n is quick, and the others are slow."""
    if MNIST is None:
        without = [item for item in items if item.get_closest_marker("mnist")]
        config.hook.pytest_deselected(items=without)
        items[:] = [item for item in items if item not in without]
    seen: Counter[str] = Counter()
    for item in items:
        if thinned := item.get_closest_marker("thinned"):
            test = item.nodeid.partition("[")[0]
            if seen[test] % thinned.args[0]:
                item.add_marker(pytest.mark.slow)
            seen[test] += 1


@pytest.fixture
def mnist_folder() -> Path:
    """The folder with real MNIST."""
    assert MNIST is not None
    return MNIST


@pytest.fixture(scope="session")
def mnist() -> whynet.Dataset:
    """Real MNIST."""
    assert MNIST is not None
    return whynet.load(MNIST)


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """No mirror, no cache and no folder of the user's: each test brings what it needs."""
    monkeypatch.delenv("WHYNET_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
    monkeypatch.setattr(sources, "MIRRORS", dict.fromkeys(sources.MIRRORS, ("http://127.0.0.1:9/",)))


@pytest.fixture(scope="session")
def digits() -> whynet.Dataset:
    """The embedded digits."""
    return whynet.load("digits")


@pytest.fixture
def rng() -> np.random.Generator:
    """Random numbers, the same every time."""
    return np.random.default_rng(20240607)
