"""A hand-written network as the doctor sees it: arrays, and functions of a batch, in whatever shape their owner chose.

Nothing here knows layers. Parameters may be a list of arrays, lists in lists or a dict; functions may take nothing, the
parameters, a batch `(X, y)`, or both. Whatever is asked of them, the arrays hold their own numbers again afterwards.
"""

from __future__ import annotations

import inspect
import math
import re
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from whynet.data.dataset import Dataset
from whynet.errors import UsageError
from whynet.subjects.own_code.outputs import Way, at
from whynet.types import Array

BATCH_NAMES = {"x", "xs", "x_batch", "x_train", "inputs", "input", "data", "batch", "images", "features", "examples"}


class Examples:
    """The owner's data in the owner's shape: `(X, y)` with examples in rows or in columns, or a list of `(x, y)` pairs.
    `sides` are those of the network's matrices, which tell rows from columns where there are as many inputs as outputs.

    >>> columns = Examples((np.zeros((784, 5)), np.zeros((10, 5))))
    >>> len(columns), columns.take([0, 1])[0].shape, columns.rows([0, 1])[0].shape
    (5, (784, 2), (2, 784))

    Raises
    ------
    UsageError
        It is neither, or numbers of inputs and targets differ.
    """

    def __init__(self, data: Any, sides: Collection[int] = ()) -> None:
        if isinstance(data, Dataset):
            data = (data.images.reshape(len(data), -1) / 255.0, np.eye(len(data.classes))[data.labels])
        pair = isinstance(data, (tuple, list)) and len(data) == 2
        first = np.asarray(data[0], dtype=object) if pair and not hasattr(data[0], "shape") else None
        if isinstance(data, (list, zip)) and not (pair and _matrices(data)):
            data = list(data)
            if not data or not all(isinstance(item, (tuple, list)) and len(item) == 2 for item in data):
                raise _no_data("a list whose items are no pairs")
            try:
                self.X: Any = [np.asarray(x, float) for x, _ in data]
            except (TypeError, ValueError):
                raise _no_data("inputs that are no numbers") from None
            self.y: Any = [np.asarray(y) for _, y in data]
            if len({(x.shape, y.shape) for x, y in zip(self.X, self.y, strict=True)}) > 1:
                raise _no_data("examples of several shapes")
            self.axis = -1
            self.count = len(data)
            return
        if not pair:
            raise _no_data(type(data).__name__ if first is None else str(first.shape))
        self.X, self.y = np.asarray(data[0]), np.asarray(data[1])
        if self.X.dtype == object or not np.issubdtype(self.X.dtype, np.number) or self.X.ndim < 1:
            raise _no_data("inputs that are no numbers")
        if not self.X.size or not self.y.size:
            raise _no_data("no example at all")
        if not (np.issubdtype(self.y.dtype, np.number) or self.y.dtype == bool):
            raise _no_data("targets that are no numbers")
        counts = self.y.shape
        if self.X.ndim == 1:
            self.axis, self.count = -2, 1  # one example
        elif counts and self.X.shape[0] == counts[0] and not self._rather_columns(sides):
            self.axis, self.count = 0, counts[0]
        elif counts and self.X.shape[-1] == counts[-1]:
            self.axis, self.count = self.X.ndim - 1, counts[-1]
        else:
            raise UsageError(
                "inputs and targets do not fit together", where="data",
                expected="as many examples in both, as rows (n, features) or columns (features, n)",
                found=f"inputs {self.X.shape}, targets {self.y.shape}",
            )  # fmt: skip

    def _rather_columns(self, sides: Collection[int]) -> bool:
        """Where rows and columns would both do: whether only as columns their inputs fit a matrix, biases or not."""
        if self.y.ndim != 2 or self.X.shape != self.y.shape:
            return False
        rows, columns = ((2 * (n in sides) or n + 1 in sides) for n in self.X.shape[::-1])
        return columns > rows

    def __len__(self) -> int:
        return self.count

    def take(self, rows: Sequence[int] | Array) -> tuple[Any, Any]:
        """Some examples as the owner's functions take them; of a list of pairs only the first of `rows`."""
        if self.axis == -2:
            return self.X.copy(), self.y.copy()
        if self.axis == -1:
            return self.X[int(rows[0])].copy(), self.y[int(rows[0])].copy()
        y_axis = 0 if self.axis == 0 else np.ndim(self.y) - 1
        return np.take(self.X, rows, axis=self.axis), np.take(self.y, rows, axis=y_axis)

    @property
    def single(self) -> bool:
        """Whether the owner's functions see one example at a time."""
        return self.axis < 0

    def rows(self, rows: Sequence[int] | Array) -> tuple[Array, Array]:
        """The same examples as features (rows, features) and targets, (rows, outputs) or (rows,), one example a row."""
        return self.as_rows(*self.take(rows))

    def as_rows(self, X: Any, y: Any) -> tuple[Array, Array]:
        """What `take` gave, one example a row."""
        X, y = np.asarray(X, dtype=np.float64), np.asarray(y)
        if self.single:
            return X.reshape(1, -1), y.reshape(1, -1) if y.ndim else y.reshape(1)
        if self.axis == 0:
            return X.reshape(len(X), -1), y.reshape(len(y), -1) if y.ndim > 1 else y
        return X.reshape(-1, X.shape[-1]).T, y.reshape(-1, y.shape[-1]).T if y.ndim > 1 else y

    def all_rows(self, most: int | None = None) -> tuple[Array, Array]:
        """All examples (or the first so many), one a row."""
        n = self.count if most is None else min(most, self.count)
        if self.axis != -1:
            return self.rows(np.arange(n))
        pairs = [self.rows([i]) for i in range(n)]
        return np.concatenate([x for x, _ in pairs]), np.concatenate([y for _, y in pairs])


def _matrices(data: Any) -> bool:
    """Whether a list of two is `[X, y]` and not two pairs."""
    return all(hasattr(item, "shape") for item in data) or (
        _array(data[0]).ndim == 2
        and _array(data[1]).ndim in (1, 2)
        and len(data[0]) == len(data[1])
        and len(data[0]) != 2
    )


def _no_data(found: str) -> UsageError:
    return UsageError(
        "this is no data for a network", where="data", found=found,
        expected="a pair (X, y) of arrays, a list of (x, y) pairs, or a Dataset",
    )  # fmt: skip


# ---- parameters in lists, tuples and dicts


def leaves(structure: Any, name: str = "parameters") -> list[tuple[str, Array]]:
    """The arrays of a structure with their names, in order.

    >>> [name for name, _ in leaves({"W": np.zeros((2, 2)), "b": [np.zeros(2)]})]
    ["parameters['W']", "parameters['b'][0]"]

    Raises
    ------
    UsageError
        Something in it is no array of floating-point numbers.
    """
    if isinstance(structure, dict):
        return [leaf for key, value in structure.items() for leaf in leaves(value, f"{name}[{key!r}]")]
    if isinstance(structure, (list, tuple)):
        return [leaf for i, value in enumerate(structure) for leaf in leaves(value, f"{name}[{i}]")]
    if not isinstance(structure, np.ndarray) or not np.issubdtype(structure.dtype, np.floating):
        kind = f"{structure.dtype} array" if isinstance(structure, np.ndarray) else type(structure).__name__
        raise UsageError(
            "parameters must be NumPy arrays of floating-point numbers", where=name,
            expected="float32 or float64 arrays, in lists or dicts", found=kind,
        )  # fmt: skip
    return [(name, structure)]


def rebuilt(structure: Any, arrays: Iterator[Array]) -> Any:
    """The same structure with other arrays in it.

    >>> rebuilt({"W": 1, "b": [2, 3]}, iter("xyz"))
    {'W': 'x', 'b': ['y', 'z']}
    """
    if isinstance(structure, dict):
        return {key: rebuilt(value, arrays) for key, value in structure.items()}
    if isinstance(structure, (list, tuple)):
        return [rebuilt(value, arrays) for value in structure]
    return next(arrays)


@dataclass
class Code:
    """A hand-written network: its live arrays and what can be asked of it.

    `loss`, `gradients`, `step` and `predict` may each take `()`, `(parameters)`, `(X, y)`, `(parameters, X, y)` (for
    `predict` without `y`); `step` changes the arrays in place.

    >>> W = np.array([[1.0, 2.0]])
    >>> def loss(X, y): return float(((X @ W - y) ** 2).sum())
    >>> code = Code([W], loss=loss, examples=Examples((np.ones((3, 1)), np.ones((3, 2)))))
    >>> code.cost([W * 0], [0]), W.tolist()
    (2.0, [[1.0, 2.0]])
    """

    parameters: Any
    loss: Callable[..., Any] | None = None
    gradients: Callable[..., Any] | None = None
    step: Callable[..., Any] | None = None
    predict: Callable[..., Any] | None = None
    examples: Examples | None = None
    push: Callable[[], None] = lambda: None
    """Called before the owner's functions: brings the arrays' numbers to where those look for them."""
    pull: Callable[[], None] = lambda: None
    """Called after them: brings the numbers back into the arrays."""
    renew: Callable[[], None] = lambda: None
    """Called before the first of several steps: forgets what earlier steps left behind, as velocities."""
    way: Way = ()
    """Where the outputs stand in what `predict` returns."""
    together: Callable[[list[tuple[Any, Any]]], Any] | None = None
    """The step on several examples at once, as pairs, where its functions take one; None if the step does too."""
    names: list[str] = field(init=False)
    arrays: list[Array] = field(init=False)
    homes: list[tuple[Any, Any]] = field(init=False)

    def __post_init__(self) -> None:
        found = leaves(self.parameters)
        if not found:
            raise UsageError("there are no parameters", where="parameters", expected="at least one array")
        for name, array in found:
            if not array.flags.writeable:
                raise UsageError("this array cannot be written to", where=name, do="Hand over a copy: array.copy()")
        for what, function in (("loss", self.loss), ("gradients", self.gradients), ("step", self.step)):
            if function is not None and not callable(function):
                raise UsageError(f"{what} must be a function", where=what, found=type(function).__name__)
        self.names = [name for name, _ in found]
        self.arrays = [array for _, array in found]
        self.homes = list(_homes(self.parameters))

    @property
    def values(self) -> list[Array]:
        """Copies of the parameters as they are."""
        return [array.copy() for array in self.arrays]

    @contextmanager
    def at(self, values: Sequence[Array]) -> Iterator[None]:
        """With these numbers in the arrays; their own afterwards, whatever happens."""
        own = self.values
        try:
            for array, value in zip(self.arrays, values, strict=True):
                array[...] = value
            yield
        finally:
            for array, value in zip(self.arrays, own, strict=True):
                array[...] = value

    def cost(self, values: Sequence[Array], rows: Sequence[int] | Array) -> float:
        """The owner's loss with these parameters on these examples."""
        return self.cost_of(values, rows)[0]

    def cost_of(self, values: Sequence[Array], rows: Sequence[int] | Array) -> tuple[float, Array, Array]:
        """The same, with the examples one a row as the loss left them: some people's scale them in place."""
        assert self.loss is not None
        batch = self.examples.take(rows) if self.examples is not None else (np.empty(0), np.empty(0))
        with self.at(values), np.errstate(all="ignore"):
            found = _array(self._call(self.loss, rows, "loss", batch))
        if found.size != 1 or not _is_real(found):
            raise UsageError(
                "the loss must be one number", where="loss", expected="a float",
                found=f"an array of shape {found.shape}" if found.ndim else type(found.item()).__name__,
                do="Sum or average it over the batch",
            )  # fmt: skip
        X, y = self.examples.as_rows(*batch) if self.examples is not None else batch
        return float(found.reshape(())), X, y

    def slopes(self, values: Sequence[Array], rows: Sequence[int] | Array) -> list[Array]:
        """The owner's gradient with these parameters on these examples: one array a parameter, copied.

        Raises
        ------
        UsageError
            It is not one array for each parameter.
        """
        assert self.gradients is not None
        with self.at(values), np.errstate(all="ignore"):
            found = self._call(self.gradients, rows, "gradients")
            return [array.copy() for array in self.in_order(found)]

    def moved(self, values: Sequence[Array], batches: Sequence[Sequence[int] | Array]) -> list[list[Array]]:
        """What each of several steps in a row adds to the parameters."""
        assert self.step is not None
        moves = []
        with self.at(values), np.errstate(all="ignore"):
            self.renew()
            for rows in batches:
                before = self.values
                self._learn(rows)
                moves.append([array - old for array, old in zip(self.arrays, before, strict=True)])
        return moves

    def stepping(self, values: Sequence[Array], batches: Iterator[Array], times: float = 1.0) -> Iterator[list[Array]]:
        """The parameters after each of the owner's steps, `times` as long, one after the other, as long as somebody
        asks."""
        assert self.step is not None
        with self.at(values), np.errstate(all="ignore"):
            self.renew()
            for rows in batches:
                before = self.values
                self._learn(rows)
                if times != 1:
                    for array, old in zip(self.arrays, before, strict=True):
                        array[...] = old + times * (array - old)
                yield self.values

    def _learn(self, rows: Sequence[int] | Array) -> None:
        """One of the owner's steps."""
        assert self.step is not None
        together, examples = self.together, self.examples
        if together is None or examples is None or not examples.single or len(rows) == 1:
            self._call(self.step, rows, "step")
            return
        pairs = [examples.take([int(row)]) for row in rows]
        self._call(lambda: together(pairs), rows, "step")

    def outputs(self, values: Sequence[Array], rows: Sequence[int] | Array) -> Array:
        """What the owner's network puts out, (rows, outputs)."""
        assert self.predict is not None
        with self.at(values), np.errstate(all="ignore"):
            found = np.asarray(at(self._call(self.predict, rows, "predict"), self.way), dtype=np.float64)
        n = 1 if self.examples is None or self.examples.single else len(rows)
        if found.ndim == 2 and found.shape[0] != n and found.shape[1] == n:
            found = found.T
        return found.reshape(n, -1)

    def answer(self, X: Any) -> Any:
        """What the owner's network puts out for these inputs, as its method returns it."""
        assert self.predict is not None
        return at(self.predict(*self._given(self._form(self.predict, "predict"), (X,))), self.way)

    def takes_batch(self, function: Callable[..., Any]) -> bool:
        """Whether it is told which examples; else it knows its own, all of them."""
        return "batch" in arguments(function, len(self.arrays))

    def in_order(self, found: Any) -> list[Array]:
        """What `gradients` returned, matched to the parameters: in their order, or by shape where the order is another,
        as biases before weights."""
        if isinstance(found, np.ndarray) and len(self.arrays) == 1 and found.dtype != object:
            found = [found]
        if isinstance(found, dict) and isinstance(self.parameters, dict):
            found = _by_key(found, list(self.parameters))
        flat = [_array(array) for array in _flat(found)]
        want = [array.shape for array in self.arrays]
        if isinstance(found, (list, tuple)) and [np.shape(array) for array in map(_array, found)] == want:
            flat = [_array(array) for array in found]  # lists of numbers
        for order in (flat, flat[::-1]):
            if [array.shape for array in order] == want and all(map(_is_real, order)):
                return order
        if len(flat) == len(want) and all(map(_is_real, flat)):
            left, matched = list(flat), []
            for shape in want:
                fits = [i for i, array in enumerate(left) if array.shape == shape]
                fits = fits or [
                    i for i, array in enumerate(left) if array.size == math.prod(shape) and is_vector(array)
                ]
                if not fits:
                    break
                matched.append(left.pop(fits[0]).reshape(shape))
            if not left:
                return matched
            if all(a.shape in (s, s[::-1]) for a, s in zip(flat, want, strict=True)):
                return flat  # some are transposed: for the forensics to say
        raise UsageError(
            "the gradients do not fit the parameters", where="gradients",
            expected=f"{len(want)} arrays of shapes {', '.join(map(str, want))}",
            found=", ".join(str(array.shape) for array in flat) or type(found).__name__,
            do="Return one array for each parameter, in the same order",
        )  # fmt: skip

    def _call(
        self,
        function: Callable[..., Any],
        rows: Sequence[int] | Array,
        what: str,
        batch: tuple[Any, ...] | None = None,
    ) -> Any:
        """The owner's function with the arguments that it takes."""
        form = self._form(function, what)
        if "batch" not in form:
            batch = ()
        elif self.examples is None:
            raise UsageError(f"{what} takes a batch, and there is no data", where="data", expected="data=(X, y)")
        elif batch is None:
            batch = self.examples.take(rows)[: 1 if what == "predict" else 2]
        assert batch is not None
        given = self._given(form, batch)
        try:
            self.push()
            found = function(*given)
            self.pull()
            return found
        except (KeyboardInterrupt, MemoryError):
            raise
        except (Exception, SystemExit) as error:
            raise UsageError(
                f"{what} failed: {type(error).__name__}: {error}", where=what,
                expected=f"{what}({', '.join(form) or ''}) to work on "
                + (", ".join(str(np.shape(part)) for part in batch) or "its own data"),
            ) from error  # fmt: skip
        finally:
            self._stay()

    def _form(self, function: Callable[..., Any], what: str) -> tuple[str, ...]:
        form = arguments(function, len(self.arrays))
        return ("batch",) if what == "predict" and form == ("parameters",) else form  # one is what to predict from

    def _given(self, form: tuple[str, ...], batch: tuple[Any, ...]) -> list[Any]:
        """The arguments for a function of that form."""
        given: list[Any] = []
        for part in form:
            if part == "batch":
                given += batch
            elif part == "parameters":
                given.append(rebuilt(self.parameters, iter(self.arrays)))
            else:
                given += self.arrays
        return given

    def _stay(self) -> None:
        """Arrays that the owner's code has put in the place of live ones (`W = W - ...` in a dict or a list): their
        numbers go into those, and those into their place again."""
        for (holder, key), array in zip(self.homes, self.arrays, strict=False):
            new = holder.get(key, array) if isinstance(holder, dict) else holder[key]
            if new is not array:
                if np.shape(new) == array.shape:
                    array[...] = new
                holder[key] = array


def trial_rows(code: Code) -> Array:
    """A few rows for a first try: as many as no side of an array is long, lest one passes for the other.

    >>> trial_rows(Code([np.zeros((3, 4))], examples=Examples((np.zeros((9, 3)), np.zeros((9, 4)))))).tolist()
    [0, 2, 4, 6, 8]
    """
    if code.examples is None:
        return np.arange(1)
    count = len(code.examples)
    sides = {side for array in code.arrays for side in array.shape}
    rows = next((n for n in range(3, min(9, count + 1)) if n not in sides), min(3, count))
    return np.unique(np.linspace(0, count - 1, rows).astype(int))


def ordinary(code: Code, rng: np.random.Generator, rows: Array) -> list[Array]:
    """Random parameters at which little is saturated, as far as that can be had without knowing the network.

    >>> ordinary(Code([np.zeros((2, 2))]), np.random.default_rng(0), np.arange(1))[0].shape
    (2, 2)
    """
    X = np.ones((1, 1)) if code.examples is None else code.examples.rows(rows)[0]
    size = max(float(np.sqrt(np.mean(X * X))), 1e-12)
    values = []
    for own in code.arrays:
        first = own.ndim == 2 and any(side - X.shape[1] in (0, 1) for side in own.shape)
        sd = 1 / (np.sqrt(X.shape[1] if first else own.size**0.5) * (size if first else 0.7))
        if is_vector(own) and not (first and own.ndim == 2):
            sd = 0.3
        values.append(rng.normal(0, sd, own.shape).astype(own.dtype))
    return values


def _homes(structure: Any) -> Iterator[tuple[Any, Any]]:
    """The container and the key of each array of a structure, in the order of `leaves`."""
    if isinstance(structure, np.ndarray):
        return
    for key, value in structure.items() if isinstance(structure, dict) else enumerate(structure):
        if isinstance(value, np.ndarray):
            yield structure, key
        else:
            yield from _homes(value)


def arguments(function: Callable[..., Any], arrays: int) -> tuple[str, ...]:
    """What a function takes: of "batch" (X and y, for `predict` X alone), "parameters" (all in one) and "arrays" (each
    as an argument of its own).

    >>> arguments(lambda: 0, 4), arguments(lambda X, y: 0, 4), arguments(lambda W, X, y: 0, 4)
    ((), ('batch',), ('parameters', 'batch'))
    >>> arguments(lambda W1, b1, W2, b2: 0, 4)
    ('arrays',)
    """
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return ("batch",)
    names = [
        one.name.lower()
        for one in signature.parameters.values()
        if one.kind in (one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD) and one.default is one.empty
    ]
    batch_first = bool(names) and names[0] in BATCH_NAMES
    if not names:
        return ("batch",) if any(p.kind == p.VAR_POSITIONAL for p in signature.parameters.values()) else ()
    if len(names) == 1:
        return ("batch",) if batch_first else ("parameters",)
    if len(names) == 2:
        return ("parameters", "batch") if names[0] in ("params", "parameters", "theta", "weights") else ("batch",)
    if len(names) == 3:
        return ("batch", "parameters") if batch_first else ("parameters", "batch")
    if len(names) == arrays:
        return ("arrays",)
    return ("batch", "arrays") if batch_first else ("arrays", "batch")


def _array(found: Any) -> Array:
    """What a function returned as an array; of objects, where it is a list of unlike things."""
    try:
        return np.asarray(found)
    except ValueError:
        return np.asarray(None)


def _is_real(array: Array) -> bool:
    return np.issubdtype(array.dtype, np.number) and not np.issubdtype(array.dtype, np.complexfloating)


def is_vector(array: Array) -> bool:
    """Whether an array is a row of numbers, or a column: biases, most likely.

    >>> is_vector(np.zeros((5, 1))), is_vector(np.zeros(5)), is_vector(np.zeros((5, 2)))
    (True, True, False)
    """
    return array.ndim < 2 or 1 in array.shape


def _by_key(found: dict[Any, Any], keys: list[Any]) -> Any:
    """Gradients in the order of the parameters, where each key has that of its parameter in it: dW1, grad_W1, W1."""
    tails = [re.findall(r"\w+", str(key))[-1:] for key in keys]
    chosen = [[name for name in found if tail and str(name).endswith(tail[0])] for tail in tails]
    if any(len(names) != 1 for names in chosen) or len({names[0] for names in chosen}) != len(found):
        return found
    return [found[names[0]] for names in chosen]


def _flat(found: Any) -> list[Any]:
    if isinstance(found, dict):
        return [leaf for value in found.values() for leaf in _flat(value)]
    if isinstance(found, (list, tuple)) or (isinstance(found, np.ndarray) and found.dtype == object):
        return [leaf for value in found for leaf in _flat(value)]
    return [found]
