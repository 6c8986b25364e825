"""What a program computed in one iteration: operations with operands, value and place, in the order they ran.

A number that no recorded operation made is a leaf: a parameter, data, a rate. Leaves have negative numbers, operations
those from 0 on. Arguments are kept as a template: an operand is a `Ref`, everything else (an axis, a shape) itself.
"""

from __future__ import annotations

import json
import weakref
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from whynet.types import Array

TIES = ("share", "first", "all", "last")
"""What programs do where several numbers are the largest, as on the blank part of a picture: none of it is wrong."""
LARGE = 1 << 20
"""Bytes of an array that is looked for in other tapes."""
SAMPLE = 2_000


class Enough(BaseException):
    """All that is needed was recorded.

    >>> issubclass(Enough, Exception)
    False
    """


class Ref(int):
    """The number of a node, among an operation's arguments.

    >>> Ref(3)
    Ref(3)
    """

    def __repr__(self) -> str:
        return f"Ref({int(self)})"


@dataclass
class Op:
    """One operation that ran.

    >>> Op("mul", 0, (Ref(-1), Ref(-2)), {}, np.array(6.0)).inputs
    [-1, -2]
    """

    name: str
    site: int
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    value: Any
    context: tuple[int, ...] = ()
    """The calls within which it ran, from the outermost."""

    @cached_property
    def inputs(self) -> list[int]:
        """The nodes that it read."""
        return [int(ref) for ref in refs((self.args, self.kwargs))]


@dataclass
class Leaf:
    """A number that no recorded operation made.

    >>> Leaf(np.array(0.5), "rate").constant
    False
    """

    value: Any
    path: str = ""
    """Where it lies, as the program would say it; empty if that is unknown."""
    constant: bool = False
    """Whether it is written in the text, or a whole number that anything may share."""


@dataclass
class Tape:
    """One iteration of one loop.

    >>> tape = Tape(0, 1)
    >>> leaf = tape.leaf(Leaf(np.array(2.0), "w"))
    >>> tape.add(Op("exp", 0, (Ref(leaf),), {}, np.exp(2.0)))
    0
    >>> float(tape.value(0)), tape.value(leaf)
    (7.38..., array(2.))
    """

    loop: int
    iteration: int
    ops: list[Op] = field(default_factory=list)
    leaves: list[Leaf] = field(default_factory=list)
    names: list[tuple[int, str, int]] = field(default_factory=list)
    """Assignments: the node, the name that it got, the place."""
    start: dict[str, int] = field(default_factory=dict)
    """Path -> the node that lay there when the iteration began."""
    end: dict[str, int | None] = field(default_factory=dict)
    """Path -> the node that lies there at its end; None if something else put a value there."""
    grown: dict[str, tuple[int, ...]] = field(default_factory=dict)
    """Path -> the shape of what lay there when the loop began, where it was another."""
    crash: str = ""
    cost: int | None = None
    """Where an optimiser from outside asked: the cost that it got."""
    gradient: int | None = None
    ties: str = "share"
    """Which of equal largest numbers a maximum's derivative goes to, one of `TIES`."""
    pieces: dict[str, int] = field(default_factory=dict)
    """The parameters that its flat vector was cut into, and where each begins."""

    def add(self, op: Op) -> int:
        """Append an operation; its number."""
        self.ops.append(op)
        return len(self.ops) - 1

    def leaf(self, leaf: Leaf) -> int:
        """Append a leaf; its number."""
        self.leaves.append(leaf)
        return -len(self.leaves)

    def value(self, node: int) -> Any:
        """The number or array that a node is."""
        return self.ops[node].value if node >= 0 else self.leaves[-node - 1].value

    @property
    def signature(self) -> tuple[Any, ...]:
        """What two iterations that did the same have in common."""
        return tuple((op.name, op.site, op.context, np.shape(op.value)) for op in self.ops)

    def save(self, path: Path, shared: Shared | None = None) -> None:
        """Write it to a file, for the process that judges it; large arrays that other tapes hold too only once."""
        arrays: dict[str, Array] = {}
        numbers: list[float] = []

        def stored(value: Any) -> Any:
            if isinstance(value, np.ndarray):
                if shared is not None and value.nbytes >= LARGE:
                    return shared.stored(value)
                name = f"a{len(arrays)}"
                arrays[name] = value
                return name
            numbers.append(float(value))
            return len(numbers) - 1

        said = {
            "loop": self.loop,
            "iteration": self.iteration,
            "crash": self.crash,
            "names": self.names,
            "start": self.start,
            "end": self.end,
            "grown": self.grown,
            "asked": [self.cost, self.gradient, self.pieces],
            "ops": [
                [op.name, op.site, _coded(op.args), _coded(op.kwargs), stored(op.value), op.context] for op in self.ops
            ],
            "leaves": [[stored(leaf.value), leaf.path, leaf.constant] for leaf in self.leaves],
        }
        text = np.frombuffer(json.dumps(said).encode(), dtype=np.uint8)
        part = path.with_suffix(".part")
        with part.open("wb") as file:
            np.savez(file, allow_pickle=False, said=text, numbers=np.array(numbers, dtype=float), **arrays)
        part.rename(path)

    @classmethod
    def read(cls, path: Path, known: dict[str, Array] | None = None) -> Tape:
        """Read what `save` wrote; `known` are the large arrays of several tapes that were read already."""
        known = {} if known is None else known
        with np.load(path, allow_pickle=False) as file:
            said = json.loads(file["said"].tobytes())
            numbers = file["numbers"]
            arrays = {name: file[name] for name in file.files if name not in ("said", "numbers")}

        def value(key: Any) -> Any:
            if not isinstance(key, str):
                return float(numbers[key])
            if key in arrays:
                return arrays[key]
            if key not in known:
                known[key] = np.load(path.parent / key, allow_pickle=False)
            return known[key]

        tape = cls(said["loop"], said["iteration"], crash=said["crash"], start=said["start"], end=said["end"])
        tape.cost, tape.gradient, tape.pieces = said["asked"]
        tape.grown = {lying: tuple(shape) for lying, shape in said["grown"].items()}
        tape.names = [(node, name, site) for node, name, site in said["names"]]
        tape.ops = [
            Op(name, site, _decoded(args), _decoded(kwargs), value(key), tuple(context))
            for name, site, args, kwargs, key, context in said["ops"]
        ]
        tape.leaves = [Leaf(value(key), leaf_path, constant) for key, leaf_path, constant in said["leaves"]]
        return tape


class Shared:
    """Large arrays in files of their own, such as the data of a training: it would be written with every tape.

    >>> import tempfile
    >>> data = np.ones((500, 300))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     shared = Shared(Path(folder))
    ...     shared.stored(data) == shared.stored(data)
    True
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.known: dict[int, tuple[weakref.ref[Array], Array, str]] = {}
        self.files: dict[tuple[Any, ...], list[str]] = {}
        self.count = 0

    def stored(self, value: Array) -> str:
        """The name of the file that holds an array; the same one as long as it was not changed, to all appearances."""
        sample = value.flat[:: max(1, value.size // SAMPLE)]
        same, before, name = self.known.get(id(value), (lambda: None, sample, ""))
        if same() is not value or not np.array_equal(before, sample, equal_nan=value.dtype.kind == "f"):
            name = self._written(value, sample)
            self.known[id(value)] = weakref.ref(value), sample, name
        return name

    def _written(self, value: Array, sample: Array) -> str:
        """The file of an array with the same numbers, as what is computed of the data in each iteration has; else a new
        one."""
        key = (value.shape, value.dtype.str, np.ascontiguousarray(sample).tobytes())
        for name in self.files.get(key, []):
            if np.array_equal(np.load(self.folder / name, mmap_mode="r", allow_pickle=False), value):
                return name
        name = f"array{self.count:03}.npy"
        self.count += 1
        np.save(self.folder / name, value, allow_pickle=False)
        self.files.setdefault(key, []).append(name)
        return name


def refs(template: Any) -> Iterator[Ref]:
    """The operands in a template of arguments.

    >>> list(refs(((Ref(1), 2, [Ref(3)]), {"axis": 0})))
    [Ref(1), Ref(3)]
    """
    if isinstance(template, Ref):
        yield template
    elif isinstance(template, (tuple, list)):
        for part in template:
            yield from refs(part)
    elif isinstance(template, dict):
        for part in template.values():
            yield from refs(part)
    elif isinstance(template, slice):
        yield from refs((template.start, template.stop, template.step))


def filled(template: Any, tape: Tape) -> Any:
    """A template with each operand's value in its place.

    >>> tape = Tape(0, 0, leaves=[Leaf(2.0)])
    >>> filled((Ref(-1), [Ref(-1), 7]), tape)
    (2.0, [2.0, 7])
    """
    if isinstance(template, Ref):
        return tape.value(template)
    if isinstance(template, (tuple, list)):
        return type(template)(filled(part, tape) for part in template)
    if isinstance(template, dict):
        return {key: filled(part, tape) for key, part in template.items()}
    return template


def _coded(template: Any) -> Any:
    if isinstance(template, Ref):
        return {"ref": int(template)}
    if isinstance(template, slice):
        return {"slice": [_coded(template.start), _coded(template.stop), _coded(template.step)]}
    if isinstance(template, tuple):
        return {"tuple": [_coded(part) for part in template]}
    if isinstance(template, list):
        return [_coded(part) for part in template]
    if isinstance(template, dict):
        return {"dict": {key: _coded(part) for key, part in template.items()}}
    if template is Ellipsis:
        return {"ellipsis": True}
    return template if isinstance(template, (int, float, str, bool, type(None))) else {"other": repr(template)[:80]}


def _decoded(coded: Any) -> Any:
    if isinstance(coded, list):
        return [_decoded(part) for part in coded]
    if not isinstance(coded, dict):
        return coded
    kind, rest = next(iter(coded.items()))
    if kind == "ref":
        return Ref(rest)
    if kind == "slice":
        return slice(*map(_decoded, rest))
    if kind == "tuple":
        return tuple(_decoded(part) for part in rest)
    if kind == "dict":
        return {key: _decoded(part) for key, part in rest.items()}
    return Ellipsis if kind == "ellipsis" else rest


def reads_back(tape: Tape, written: Op) -> bool:
    """Whether what is written is made of what was read in the same place: `w[rows] -= steps`.

    >>> ops = [Op("getitem", 0, (Ref(-1), 1), {}, 2.0), Op("sub", 0, (Ref(0), 0.5), {}, 1.5)]
    >>> written = Op("setitem", 0, (Ref(-1), 1, Ref(1)), {}, 1.5)
    >>> reads_back(Tape(0, 0, ops=ops), written)
    True
    """
    read = [tape.ops[node] for node in tape.ops[int(written.args[2])].inputs if node >= 0]
    return any(op.name == "getitem" and op.args[0] == written.args[0] for op in read)
