"""JAX's gradient functions, watched as a program calls them: what they were asked at, what came back, and where the
program went from there.

The gradients are right: JAX took them. What may be wrong is what is done with them. `jit` is put out of effect while it
is watched, for inside of it there are no numbers.
"""

from __future__ import annotations

import functools
import itertools
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from types import ModuleType
from typing import Any

import numpy as np

from whynet.types import Array

ENOUGH = 12
"""Gradients of one function that are looked at."""
FEWEST = 4
CLOSE = 1e-4
GAINS = re.compile(r"reward|likelihood|elbo|objective|return|score|gain|log_?prob", re.IGNORECASE)
"""What people call what they want to grow."""


@dataclass
class Descent:
    """What the gradients of one function were used for.

    >>> Descent("loss", "train.py", 9).asked
    0
    """

    function: str
    file: str
    line: int
    """Where the gradient is asked for."""
    asked: int = 0
    parameters: dict[str, tuple[int, ...]] = field(default_factory=dict)
    rates: dict[str, float] = field(default_factory=dict)
    """Of parameters that are moved by a multiple of their gradient: how far down it they go."""
    down: tuple[str, ...] = ()
    """Parameters that went down their gradients, all in all."""
    still: bool = False
    """Whether every gradient is asked for at the same parameters."""
    uphill: bool = False
    values: tuple[float, ...] = ()
    """Of the function, where they are asked for too."""
    moved_file: str = ""
    moved_line: int = 0
    """Where the parameters were last handed to a function that makes new ones of them."""

    def as_dict(self) -> dict[str, Any]:
        """As JSON has it."""
        return asdict(self)

    @classmethod
    def read(cls, said: dict[str, Any]) -> Descent:
        """What `as_dict` said."""
        shapes = {name: tuple(shape) for name, shape in said["parameters"].items()}
        return cls(**{**said, "parameters": shapes, "values": tuple(said["values"]), "down": tuple(said["down"])})


Leaves = dict[str, Array]


class Gradients:
    """Looks on at `jax.grad` and `jax.value_and_grad`; `enough` is called when all was seen.

    >>> Gradients(set(), lambda: None).descents()
    []
    """

    def __init__(self, files: set[str], enough: Callable[[], object]) -> None:
        self.files, self.enough = files, enough
        self.asked: dict[tuple[str, str, int], list[tuple[Leaves, Leaves, float | None]]] = {}
        self.moved: dict[tuple[str, str, int], tuple[str, int]] = {}
        self.last: tuple[str, str, int] | None = None
        self.held: dict[int, Any] = {}
        """The arrays of the parameters at which the last gradient was taken."""

    def watch(self, jax: ModuleType) -> None:
        """From now on, what the program asks JAX for is noted."""
        self.jax = jax
        jax.config.update("jax_disable_jit", True)
        for name, both in (("grad", False), ("value_and_grad", True)):
            setattr(jax, name, self._asking(getattr(jax, name), both))
        for module, name in ((jax.tree_util, "tree_map"), (jax.tree, "map")):
            setattr(module, name, self._moving(getattr(module, name)))

    def _asking(self, original: Callable[..., Any], both: bool) -> Callable[..., Any]:
        @functools.wraps(original)
        def make(fun: Callable[..., Any], argnums: Any = 0, has_aux: bool = False, *rest: Any, **more: Any) -> Any:
            inner = original(fun, argnums, has_aux, *rest, **more)

            @functools.wraps(inner)
            def ask(*args: Any, **kwargs: Any) -> Any:
                found = inner(*args, **kwargs)
                place = self._place()
                if place is not None:
                    value: Any = found[0] if both else None
                    slope = found[1] if both else found[0] if has_aux else found
                    value = value[0] if both and has_aux else value
                    at = args[argnums] if isinstance(argnums, int) else tuple(args[number] for number in argnums)
                    self._noted((getattr(fun, "__name__", "a function"), *place), at, slope, value)
                return found

            return ask

        return make

    def _moving(self, original: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(original)
        def made(function: Any, *trees: Any, **more: Any) -> Any:
            if self.last is not None and len(trees) > 1:
                parts = self.jax.tree_util.tree_leaves(trees[0]) + self.jax.tree_util.tree_leaves(trees[1])
                place = self._place() if any(id(part) in self.held for part in parts) else None
                if place is not None:
                    self.moved[self.last] = place
            return original(function, *trees, **more)

        return made

    def _place(self) -> tuple[str, int] | None:
        """The nearest line of the program's own."""
        frame = sys._getframe(2)
        while frame is not None and frame.f_code.co_filename not in self.files:
            frame = frame.f_back  # type: ignore[assignment]
        return None if frame is None else (frame.f_code.co_filename, frame.f_lineno)

    def _noted(self, key: tuple[str, str, int], at: Any, slope: Any, value: Any) -> None:
        parts = [(name, one) for name, one in self._leaves(at)]
        slopes = [one for _, one in self._leaves(slope)]
        if len(parts) != len(slopes) or any(isinstance(one, self.jax.core.Tracer) for one in (*slopes, value)):
            return
        names = [name for name, _ in parts]
        before = dict(zip(names, (np.array(one, dtype=float) for _, one in parts), strict=True))
        down = dict(zip(names, (np.array(one, dtype=float) for one in slopes), strict=True))
        self.asked.setdefault(key, []).append((before, down, None if value is None else float(value)))
        self.last, self.held = key, {id(one): one for _, one in parts}
        if len(self.asked[key]) >= ENOUGH:
            self.enough()

    def _leaves(self, tree: Any) -> Iterator[tuple[str, Any]]:
        found, _ = self.jax.tree_util.tree_flatten_with_path(tree)
        return ((self.jax.tree_util.keystr(path) or "the parameters", one) for path, one in found)

    def descents(self) -> list[Descent]:
        """What was seen of each function that was asked often enough."""
        found = []
        for (function, file, line), asked in self.asked.items():
            if len(asked) >= FEWEST:
                one = described(Descent(function, file, line), asked)
                one.moved_file, one.moved_line = self.moved.get((function, file, line), ("", 0))
                found.append(one)
        return found


def described(one: Descent, asked: Sequence[tuple[Leaves, Leaves, float | None]]) -> Descent:
    """Where the parameters went between one gradient and the next.

    >>> points = [({"w": np.array([w])}, {"w": np.array([2 * w])}, w * w) for w in (1.0, 1.2, 1.44, 1.728)]
    >>> described(Descent("loss", "f.py", 3), points).uphill
    True
    """
    one.asked = len(asked)
    one.parameters = {name: value.shape for name, value in asked[0][0].items()}
    values = [value for _, _, value in asked if value is not None]
    one.values = tuple(values) if len(values) == len(asked) else ()
    steps = [
        {name: (after[name] - before[name], slope[name]) for name in before}
        for (before, slope, _), (after, _, _) in itertools.pairwise(asked)
        if before.keys() == after.keys() and all(before[name].shape == after[name].shape for name in before)
    ]
    pairs = [pair for step in steps for pair in step.values()]
    one.still = bool(steps) and not any(np.any(moved) for moved, _ in pairs) and any(np.any(g) for _, g in pairs)
    along = [sum(float(np.sum(moved * g)) for moved, g in step.values()) for step in steps]
    one.uphill = bool(along) and not one.still and all(value > 0 for value in along)
    for name in one.parameters:
        moved, slope = (np.concatenate([np.ravel(step[name][at]) for step in steps]) for at in (0, 1))
        one.down += (name,) if float(moved @ slope) < 0 else ()
        square = float(slope @ slope)
        rate = -float(moved @ slope) / square if square > 0 and np.isfinite(square) else 0.0
        if rate and float(np.max(np.abs(moved + rate * slope))) <= CLOSE * float(np.max(np.abs(moved))):
            one.rates[name] = rate
    return one
