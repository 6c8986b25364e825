"""Numbers of a running program that are held as they are, or moved further than the program does."""

from __future__ import annotations

from collections.abc import Sequence
from types import FrameType
from typing import Any

import numpy as np

from whynet.subjects.program.overrides import Places

FEW = 8
"""Numbers that follow each other in a list; so many are taken and put at once."""


class Many:
    """Numbers of a running program, those of a list at once: a training without arrays has thousands.

    >>> import sys
    >>> net = {"w": [0.5] * 9, "b": 0.25}
    >>> many = Many([f"net['w'][{index}]" for index in range(9)] + ["net['b']"])
    >>> places = Places(sys._getframe(), {sys._getframe().f_code.co_filename})
    >>> many.put(places, "net['w']", np.arange(9.0)), many.put(places, "net['b']", 2.0)
    (None, None)
    >>> net["w"][:3], net["b"], [path for path, _ in many.of(places)]
    ([0.0, 1.0, 2.0], 2.0, ["net['b']", "net['w']"])
    """

    def __init__(self, paths: Sequence[str]) -> None:
        self.paths = paths
        self.lists: dict[str, slice] = {}
        self.single: list[str] | None = None

    def of(self, places: Places) -> list[tuple[str, Any]]:
        """The places, and copies of what lies there now."""
        if self.single is None:
            self.single = self._sorted(places)
        found = [(path, places.get(path)) for path in self.single]
        lists = [(path, places.get(path)) for path in self.lists]
        return [
            *((path, np.array(now) if isinstance(now, np.ndarray) else now) for path, now in found),
            *((path, np.array(whole[self.lists[path]])) for path, whole in lists),
        ]

    def put(self, places: Places, path: str, new: Any) -> None:
        """Put numbers at one of these places."""
        if self.single is None:
            self.single = self._sorted(places)
        if path not in self.lists:
            places.put(path, new)
            return
        places.get(path)[self.lists[path]] = new.tolist()

    def _sorted(self, places: Places) -> list[str]:
        groups: dict[str, list[int]] = {}
        for path in self.paths:
            owner, _, index = path.rpartition("[")
            if index[:-1].isdigit():
                groups.setdefault(owner, []).append(int(index[:-1]))
        for owner, indices in groups.items():
            part = slice(indices[0], indices[0] + len(indices))
            if len(indices) < FEW or indices != list(range(part.start, part.stop)):
                continue
            whole = places.get(owner)
            if isinstance(whole, list) and all(type(one) is float for one in whole[part]):
                self.lists[owner] = part
        return [path for path in self.paths if path.rpartition("[")[0] not in self.lists]


class Longer:
    """Makes every step so many times as long: what the program adds to its parameters is multiplied.

    >>> import sys
    >>> def program():
    ...     w, files = np.array([1.0]), {sys._getframe().f_code.co_filename}
    ...     longer = Longer(["w"], 10.0, files)
    ...     longer(sys._getframe())
    ...     w += 0.5
    ...     longer(sys._getframe())
    ...     return w
    >>> program()
    array([6.])
    """

    def __init__(self, paths: Sequence[str], times: float, files: set[str]) -> None:
        self.many, self.times, self.files = Many(paths), times, files
        self.places: Places | None = None
        self.old: dict[str, Any] = {}

    def __call__(self, frame: FrameType) -> None:
        """Before an iteration: what the one before it added."""
        places = self.places = Places(frame, self.files) if self.places is None else self.places.at(frame)
        for path, now in self.many.of(places):
            if path in self.old:
                with np.errstate(all="ignore"):
                    now = self.old[path] + self.times * (now - self.old[path])
                self.many.put(places, path, now)
            self.old[path] = now


class Held:
    """Holds numbers as they were when it was first called.

    >>> import sys
    >>> def program():
    ...     w, files = np.array([1.0]), {sys._getframe().f_code.co_filename}
    ...     held = Held(["w"], files)
    ...     held(sys._getframe())
    ...     w += 0.5
    ...     held(sys._getframe())
    ...     return w
    >>> program()
    array([1.])
    """

    def __init__(self, paths: Sequence[str], files: set[str]) -> None:
        self.many, self.files = Many(paths), files
        self.places: Places | None = None
        self.kept: dict[str, Any] = {}

    def __call__(self, frame: FrameType) -> None:
        """Keep them, or put them back."""
        places = self.places = Places(frame, self.files) if self.places is None else self.places.at(frame)
        if not self.kept:
            self.kept = dict(self.many.of(places))
        for path, now in self.kept.items():
            self.many.put(places, path, now)  # told at once where it cannot be
