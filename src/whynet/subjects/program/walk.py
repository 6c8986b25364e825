"""Where numbers lie in a running program: names of frames, and what hangs on them (lists, dictionaries, objects)."""

from __future__ import annotations

import sys
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import suppress
from types import FrameType, FunctionType, ModuleType
from typing import Any

import numpy as np

DEEP = 8
MOST = 30_000
"""So many places are looked at; a list of a million numbers is data."""
LONG = 2_000
WAITING = ("threading.py", "selectors.py")
"""In these files of Python's a thread waits."""


def is_number(value: Any) -> bool:
    """Whether a value is followed: a float or an array of numbers; whole numbers of Python's count and index.

    >>> is_number(0.5), is_number(np.zeros(2)), is_number(3), is_number("a")
    (True, True, False, False)
    """
    if isinstance(value, np.ndarray):
        return value.dtype.kind in "fiub"
    return isinstance(value, (float, np.floating, np.integer, np.bool_))


def flattened(values: Iterable[Any]) -> Iterator[Any]:
    """Values, and those in lists among them.

    >>> list(flattened([1, [2, 3]]))
    [1, [2, 3], 2, 3]
    """
    for one in values:
        yield one
        if isinstance(one, (list, tuple)):
            yield from one


def numbers(roots: Iterable[tuple[str, Any]], owned: set[str], opened: dict[int, Any] | None = None) -> dict[str, Any]:
    """Path -> number, breadth first; `owned` are the modules whose objects are opened.

    What was opened, lists and objects, is put into `opened` by its identity.

    >>> numbers([("net", {"W": 0.5, "layers": [0.25]})], set())
    {"net['W']": 0.5, "net['layers'][0]": 0.25}
    """
    found: dict[str, Any] = {}
    seen: set[int] = set() if opened is None else set(opened)
    roots = list(roots)
    listed = _listed(roots, owned)
    queue = deque((path, value, 0) for path, value in roots if id(value) not in listed)
    names = deque((path, value, 0) for path, value in roots if id(value) in listed)
    while (queue or names) and len(found) < MOST:
        path, value, depth = (queue or names).popleft()
        if is_number(value):
            found.setdefault(path, value)
            continue
        if isinstance(value, (int, str, bytes, type(None), type)) or id(value) in seen or depth >= DEEP:
            continue
        seen.add(id(value))
        if opened is not None:
            opened[id(value)] = value
        queue.extend((f"{path}{step}", inner, depth + 1) for step, inner in _inside(value, owned))
    return found


def _listed(roots: Iterable[tuple[str, Any]], owned: set[str]) -> set[int]:
    """The members of lists, by their identity: a loop's name for one of them is not where it lies."""
    lists = [value for _, value in roots if isinstance(value, list)]
    for _, value in roots:
        if not isinstance(value, (list, tuple)):
            lists += [inner for _, inner in _inside(value, owned) if isinstance(inner, list)]
    plain = (int, float, str, np.generic, np.ndarray, type(None))
    return {id(inner) for one in lists for inner in one[:LONG] if not isinstance(inner, plain)}


def _inside(value: Any, owned: set[str]) -> Iterable[tuple[str, Any]]:
    if isinstance(value, dict):
        return [
            (f"[{key!r}]", inner) for key, inner in list(value.items())[:LONG] if isinstance(key, (str, int, tuple))
        ]
    if isinstance(value, (list, tuple, deque)):
        return [(f"[{index}]", inner) for index, inner in enumerate(list(value)[:LONG])]
    if isinstance(value, np.ndarray) and value.dtype == object:
        return [(f"[{index}]", inner) for index, inner in enumerate(value.ravel().tolist()[:LONG])]
    if isinstance(value, FunctionType):
        return _enclosed(value, owned)
    if type(value).__module__ in owned:
        slots = [name for one in type(value).__mro__ for name in getattr(one, "__slots__", ()) if hasattr(value, name)]
        inside = {name: getattr(value, name) for name in slots}
        return [(f".{name}", inner) for name, inner in (inside | getattr(value, "__dict__", {})).items()]
    return []


def _enclosed(function: FunctionType, owned: set[str]) -> list[tuple[str, Any]]:
    """What a function of the program's keeps from the one that it was made in."""
    if function.__module__ not in owned:
        return []
    cells = zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)
    found = []
    for name, cell in cells:
        with suppress(ValueError):  # a name that has no value yet
            found.append((f".{name}", cell.cell_contents))
    return found


def roots(frame: FrameType | None, files: set[str]) -> list[tuple[str, Any]]:
    """The names of a frame, of those that called it, and of the program's modules.

    >>> import sys
    >>> weight = 0.5
    >>> dict(roots(sys._getframe(), {sys._getframe().f_code.co_filename}))["weight"]
    0.5
    """
    found: list[tuple[str, Any]] = []
    modules: list[dict[str, Any]] = []
    while frame is not None:
        if frame.f_code.co_filename in files:
            if frame.f_locals is not frame.f_globals:
                found += frame.f_locals.items()
            if not any(frame.f_globals is known for known in modules):
                modules.append(frame.f_globals)
        frame = frame.f_back
    for names in modules:
        found += names.items()
        for value in list(names.values()):
            if isinstance(value, ModuleType) and getattr(value, "__file__", None) in files:
                found += [(f"{value.__name__}.{name}", inner) for name, inner in vars(value).items()]
    return [(name, value) for name, value in found if not name.startswith("__") and not isinstance(value, ModuleType)]


def at_work_beside(files: set[str]) -> bool:
    """Whether another thread is at work in one of these files: what it computes is no part of this one's iteration.

    >>> at_work_beside({__file__})
    False
    """
    if threading.active_count() == 1:
        return False
    mine = threading.get_ident()
    for number, innermost in sys._current_frames().items():
        frame: FrameType | None = innermost
        if number == mine or innermost.f_code.co_filename.endswith(WAITING):
            continue
        while frame is not None:
            if frame.f_code.co_filename in files:
                return True
            frame = frame.f_back
    return False
