"""What a trial changes in a running program: weights drawn anew, inputs scaled, longer steps, other seeds."""

from __future__ import annotations

import math
import random
import re
from collections.abc import Callable, Sequence
from types import FrameType
from typing import Any

import numpy as np

from whynet.subjects.program.weights import Drawn
from whynet.types import Array

JUMPS = 5
"""Beginnings of epochs that are looked at."""
FURTHER_THAN_A_STEP = 3.0
OFFSET = 1000
"""Seeds of a trial lie so far apart."""
SPREADS: dict[str, Callable[[int], float]] = {
    "he": lambda fan_in: math.sqrt(2 / fan_in),
    "scaled-normal": lambda fan_in: 1 / math.sqrt(fan_in),
    "glorot": lambda fan_in: 1 / math.sqrt(fan_in),
    "zeros": lambda fan_in: 0.0,
}


class CannotChange(Exception):
    """A number that cannot be changed from outside.

    >>> raise CannotChange("w lies in a function")
    Traceback (most recent call last):
    ...
    whynet.subjects.program.overrides.CannotChange: w lies in a function
    """


class Places:
    """Numbers of a running program, by the paths that `walk` gives them.

    >>> import sys
    >>> net = {"w": [0.5]}
    >>> places = Places(sys._getframe(), {sys._getframe().f_code.co_filename})
    >>> places.put("net['w'][0]", 2.0)
    >>> net, places.get("net['w'][0]")
    ({'w': [2.0]}, 2.0)
    """

    def __init__(self, frame: FrameType, files: set[str]) -> None:
        self.frame, self.files = frame, files
        self.known: dict[str, int] = {}
        """Of a name, how many frames further out it stands; -1 for one of the module's."""
        self.paths: dict[str, tuple[str, list[tuple[str, Any]]]] = {}

    def at(self, frame: FrameType) -> Places:
        """The same places, later on."""
        self.frame = frame
        return self

    def parsed(self, path: str) -> tuple[str, list[tuple[str, Any]]]:
        """As `parsed`, once for each path."""
        if path not in self.paths:
            self.paths[path] = parsed(path)
        return self.paths[path]

    def root(self, name: str) -> Any:
        """What a name stands for: of the frame, of those that called it, of the module."""
        if name not in self.known:
            self.known[name] = self._depth(name)
        depth, frame = self.known[name], self.frame
        if depth < 0:
            return frame.f_globals[name]
        for _ in range(depth):
            assert frame.f_back is not None
            frame = frame.f_back
        return frame.f_locals[name]

    def _depth(self, name: str) -> int:
        depth, frame = 0, self.frame
        while True:
            own = frame.f_locals is not frame.f_globals and frame.f_code.co_filename in self.files
            if own and name in frame.f_locals:
                return depth
            if frame.f_back is None:
                break
            depth, frame = depth + 1, frame.f_back
        if name in self.frame.f_globals:
            return -1
        raise CannotChange(f"{name} cannot be reached")

    def get(self, path: str) -> Any:
        """What lies there."""
        root, steps = self.parsed(path)
        value = self.root(root)
        for step in steps:
            value = _inner(value, step)
        return value

    def put(self, path: str, new: Any) -> None:
        """Put numbers there: into the array that lies there, or in place of a single number."""
        old = self.get(path)
        if isinstance(old, np.ndarray):
            if old.dtype.kind != "f" or not old.flags.writeable:
                raise CannotChange(f"{path} is an array of {old.dtype} that cannot be written to")
            old[...] = new
            return
        root, steps = self.parsed(path)
        if not steps:
            if self.frame.f_globals.get(root) is not old:
                raise CannotChange(f"{root} is a number in a function")
            self.frame.f_globals[root] = _alike(old, new)
            return
        owner = self.root(root)
        for step in steps[:-1]:
            owner = _inner(owner, step)
        _put(owner, steps[-1], _alike(old, new), path)


def _alike(old: Any, new: Any) -> Any:
    """A number of the same type."""
    return np.asarray(new, dtype=old.dtype)[()] if isinstance(old, np.generic) else float(new)


def parsed(path: str) -> tuple[str, list[tuple[str, Any]]]:
    """The name that a path begins with, and its steps.

    >>> parsed("net.layers[0]['W']")
    ('net', [('attribute', 'layers'), ('item', 0), ('item', 'W')])
    """
    root = re.match(r"\w+", path)
    if root is None:
        raise CannotChange(f"{path} cannot be reached")
    steps: list[tuple[str, Any]] = []
    for name, key in re.findall(r"\.(\w+)|\[((?:'[^']*'|[^\]])+)\]", path[root.end() :]):
        if name:
            steps.append(("attribute", name))
        elif re.fullmatch(r"-?\d+", key):
            steps.append(("item", int(key)))
        elif re.fullmatch(r"'[^']*'", key):
            steps.append(("item", key[1:-1]))
        else:
            raise CannotChange(f"{path} cannot be reached")
    return root.group(), steps


def _inner(value: Any, step: tuple[str, Any]) -> Any:
    kind, key = step
    if kind == "attribute":
        return getattr(value, key)
    return value.ravel()[key] if isinstance(value, np.ndarray) and value.dtype == object else value[key]


def _put(owner: Any, step: tuple[str, Any], new: Any, path: str) -> None:
    kind, key = step
    try:
        if kind == "attribute":
            setattr(owner, key, new)
        else:
            owner[key] = new
    except (TypeError, AttributeError):
        raise CannotChange(f"{path} cannot be written to") from None


def drawn_anew(places: Places, weights: Sequence[Drawn], scheme: str, seed: int) -> None:
    """Draw the weights of all layers by a scheme; the biases stay.

    >>> import sys
    >>> W = np.zeros((400, 50))
    >>> places = Places(sys._getframe(), {sys._getframe().f_code.co_filename})
    >>> drawn_anew(places, [Drawn(("W",), 400)], "scaled-normal", seed=0)
    >>> round(float(W.std()), 3)
    0.05
    """
    rng = np.random.default_rng([seed, 7])
    for layer in weights:
        spread = SPREADS[scheme](layer.fan_in)
        for path in layer.paths:
            places.put(path, rng.normal(0, spread, np.shape(places.get(path))) if spread else 0.0)


def scaled(places: Places, path: str, features: int, scheme: str) -> None:
    """Scale the inputs where they lie, all examples at once.

    >>> import sys
    >>> X = np.array([[0.0, 10.0], [200.0, 30.0]])
    >>> scaled(Places(sys._getframe(), {sys._getframe().f_code.co_filename}), "X", 1, "standard")
    >>> X.tolist()
    [[-1.0, -1.0], [1.0, 1.0]]
    """
    X: Array = np.array(places.get(path), dtype=float)
    if scheme == "0..1":
        low, high = float(X.min()), float(X.max())
        places.put(path, (X - min(low, 0.0)) / max(high - min(low, 0.0), 1e-12))
        return
    axis = 1 - features
    sd = X.std(axis=axis, keepdims=True)
    places.put(path, (X - X.mean(axis=axis, keepdims=True)) / np.where(sd > 0, sd, 1.0))


def mixed(places: Places, inputs: str, features: int, targets: str, seed: int) -> None:
    """Put the examples into another order where they lie, inputs and targets alike.

    >>> import sys
    >>> X, y = np.arange(6.0).reshape(3, 2), np.arange(3)
    >>> mixed(Places(sys._getframe(), {sys._getframe().f_code.co_filename}), "X", 1, "y", seed=0)
    >>> bool((X[:, 0] == 2 * y).all()), y.tolist() == [0, 1, 2]
    (True, False)
    """
    X, y = places.get(inputs), places.get(targets)
    count = X.shape[1 - features]
    order = np.random.default_rng([seed, 3]).permutation(count)
    for values, axis in ((X, 1 - features), (y, y.shape.index(count))):
        if not isinstance(values, np.ndarray) or not values.flags.writeable:
            raise CannotChange(f"{inputs} and {targets} cannot be put into another order")
        values[...] = np.take(values, order, axis=axis)


class Restarts:
    """Watches whether weights begin anew with every epoch: then they move much further there than by any step.

    >>> import sys
    >>> def program():
    ...     rng, epochs = np.random.default_rng(0), [0]
    ...     restarts = Restarts(["w"], {sys._getframe().f_code.co_filename}, lambda: epochs[0])
    ...     for epochs[0] in range(6):
    ...         w = rng.normal(size=20)
    ...         for step in range(5):
    ...             restarts(sys._getframe())
    ...             w -= 0.01 * w
    ...     return restarts.found
    >>> program()
    True
    """

    def __init__(self, paths: Sequence[str], files: set[str], epoch: Callable[[], int]) -> None:
        self.paths, self.files, self.epoch = paths, files, epoch
        self.old: list[Any] = []
        self.last = 0
        self.steps: list[float] = []
        self.jumps: list[float] = []

    def __call__(self, frame: FrameType) -> None:
        """Before an iteration."""
        if len(self.jumps) >= JUMPS:
            return
        places = Places(frame, self.files)
        now = [np.array(places.get(path), dtype=float) for path in self.paths]
        if self.old and all(np.shape(one) == np.shape(other) for one, other in zip(now, self.old, strict=True)):
            moved = math.sqrt(sum(float(np.sum((one - other) ** 2)) for one, other in zip(now, self.old, strict=True)))
            (self.steps if self.epoch() == self.last else self.jumps).append(moved)
        self.old, self.last = now, self.epoch()

    @property
    def found(self) -> bool:
        """Whether every epoch that was seen began with a jump."""
        known = len(self.jumps) >= 3 and len(self.steps) >= 3
        return known and min(self.jumps) > FURTHER_THAN_A_STEP * max(self.steps[len(self.steps) // 4 :])


def seeded(seed: int) -> None:
    """Give everything that draws numbers the trial's seed: seeds that the program sets are moved by it.

    It is for the process of a trial, and lasts as long as that.

    >>> seeded.__module__
    'whynet.subjects.program.overrides'
    """
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002
    move = OFFSET * seed
    set_own, set_numpy, make, old = random.seed, np.random.seed, np.random.default_rng, np.random.RandomState

    def moved(given: Any) -> Any:
        if given is None:
            return seed
        return given + move if isinstance(given, (int, np.integer)) else given

    class Same(type):
        """What was made before is one of them too: scikit-learn asks."""

        def __instancecheck__(cls, one: object) -> bool:
            return isinstance(one, old)

    class Moved(old, metaclass=Same):  # type: ignore[misc, valid-type]
        def __init__(self, seed: Any = None) -> None:
            super().__init__(moved(seed))

    def rng(given: Any = None) -> Any:
        if isinstance(given, (np.random.Generator, np.random.BitGenerator, np.random.SeedSequence)):
            return make(given)
        if given is None or seed == 0:
            return make(seed if given is None else given)
        return make([*given, seed] if isinstance(given, (list, tuple)) else [given, seed])

    random.seed = lambda a=None, version=2: set_own(moved(a))
    np.random.seed = lambda seed=None: set_numpy(moved(seed))
    np.random.default_rng = rng  # type: ignore[assignment]
    np.random.RandomState = Moved  # type: ignore[misc]
