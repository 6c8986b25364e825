"""What a layer is: a frozen description of structure that holds no arrays.

    kind                             its name, in model files and in the table of layers
    in_shape, out_shape              of one example: (units,), or (rows, columns, channels) of a picture
    shapes() -> the shapes of the layer's arrays by name; `weight_names` are those that a penalty acts on
    initialize(rng) -> its first parameters
    statistics() -> the running averages that it keeps, if any, before the first step; `blend_in` moves them
    forward(params, x, noise) -> (y, memo)
    backward(params, memo, dy) -> (dx, gradients by the same names)
    preactivation(memo), products(memo), sides(memo) -> what the doctor and the gradient check look at
    as_dict(), from_dict(values, in_shape) -> what a model file says of it

Between layers an example is a row of numbers, whatever its shape: x is (batch, inputs) and y (batch, outputs), the
pixels of a picture row by row and the channels of a pixel side by side.

`noise` says that this is training, and is where a layer takes chance from; without it, a layer evaluates.

Parameters and memos are passed in and handed back, so a layer can be used for many networks at once, and predicting
between a forward and a backward pass spoils nothing.
"""

from __future__ import annotations

import dataclasses
import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, ClassVar, NamedTuple, Protocol, Self, get_type_hints

import numpy as np

from whynet.aliases import meant
from whynet.errors import UsageError
from whynet.network.activations import activation
from whynet.noise import Noise
from whynet.types import Array

Shape = tuple[int, ...]


class Window(NamedTuple):
    """The part of a picture that is looked at from each place: its rows and columns, how far it is from one place to
    the next, and by how much the first begins before the picture.

    >>> Window((5, 5), (1, 1)).inside(Window((2, 2), (2, 2)))  # a pool behind a convolution
    Window(size=(6, 6), stride=(2, 2), before=(0, 0))
    """

    size: tuple[int, int]
    stride: tuple[int, int]
    before: tuple[int, int] = (0, 0)

    def inside(self, later: Window) -> Window:
        """The part of the picture that a window behind this one looks at."""
        return Window(
            (
                self.size[0] + (later.size[0] - 1) * self.stride[0],
                self.size[1] + (later.size[1] - 1) * self.stride[1],
            ),
            (self.stride[0] * later.stride[0], self.stride[1] * later.stride[1]),
            (self.before[0] + later.before[0] * self.stride[0], self.before[1] + later.before[1] * self.stride[1]),
        )


def named(thing: Any, *names: str) -> None:
    """Put whynet's own names where a frozen thing was made with those of others.

    >>> from whynet.network.layers import Dense
    >>> Dense(3, 2, "ReLU").activation
    'relu'
    """
    for name in names:
        if isinstance(getattr(thing, name), str):
            object.__setattr__(thing, name, meant(name, getattr(thing, name)))


class Layer(Protocol):
    """The seam that every layer fills; what `Plain` does not know it must say."""

    @property
    def kind(self) -> str: ...

    @property
    def in_shape(self) -> Shape: ...

    @property
    def out_shape(self) -> Shape: ...

    @property
    def inputs(self) -> int: ...

    @property
    def outputs(self) -> int: ...

    @property
    def fan_in(self) -> int:
        """How many numbers a unit is made of."""
        ...

    @property
    def room(self) -> int:
        """How many numbers it works on at once for each example."""
        ...

    @property
    def multiply_adds(self) -> int:
        """How many products it adds up for each example, on the way forward."""
        ...

    @property
    def weight_names(self) -> tuple[str, ...]:
        """Those of its parameters that are weights: matrices that multiply what comes in, a column a unit."""
        ...

    @property
    def stochastic(self) -> bool:
        """Whether it leaves anything to chance in training."""
        ...

    @property
    def activation(self) -> str | None:
        """The name of its activation, of what `preactivation` shows; None if it has none."""
        ...

    @property
    def window(self) -> Window | None:
        """What it looks at from each place of a picture; None if at no more than the place itself."""
        ...

    @property
    def text(self) -> str:
        """As a recipe would write it, without what is the same in all layers."""
        ...

    def shapes(self) -> dict[str, Shape]: ...

    def initialize(self, rng: np.random.Generator) -> dict[str, Array]: ...

    def statistics(self) -> dict[str, Array]: ...

    def blend_in(self, statistics: Mapping[str, Array], memo: Any) -> None:
        """Move the running averages, in place, towards those of a batch."""
        ...

    def forward(self, params: Mapping[str, Array], x: Array, noise: Noise | None = None) -> tuple[Array, Any]: ...

    def backward(
        self, params: Mapping[str, Array], memo: Any, dy: Array, *, want_dx: bool = True
    ) -> tuple[Array | None, dict[str, Array]]: ...

    def preactivation(self, memo: Any) -> Array | None:
        """What its activation was given, (batch, outputs); None if it has none."""
        ...

    def products(self, memo: Any) -> tuple[Array, Array] | None:
        """The rows that its weights were multiplied by, (rows, fan_in), and what came of it, (rows, units): a row for
        each example, or for each place of each picture. None if it has no weights."""
        ...

    def sides(self, memo: Any) -> Array | None:
        """On which side of its kink each unit is, such as that of a ReLU; empty if there are no kinks, None if nobody
        can say."""
        ...

    def as_dict(self) -> dict[str, Any]: ...

    def tensors(self, arrays: Mapping[str, Array]) -> dict[str, Array]:
        """Its arrays as PyTorch calls and turns them: views."""
        ...

    @property
    def modules(self) -> int:
        """How many modules of PyTorch it is."""
        ...


NO_KINKS = np.zeros(0, bool)


class Plain(ABC):
    """What holds of a layer unless it says otherwise; a frozen dataclass whose first field is the shape that comes in.

    >>> class Twice(Plain):
    ...     kind, in_shape, out_shape = "twice", (2, 2, 1), (2, 2, 1)
    ...     def forward(self, params, x, noise=None):
    ...         return 2 * x, None
    ...     def backward(self, params, memo, dy, *, want_dx=True):
    ...         return 2 * dy, {}
    >>> Twice().inputs, Twice().shapes(), Twice().weight_names
    (4, {}, ())
    """

    kind: ClassVar[str]
    written: ClassVar[str] = ""
    """An example of how a recipe writes it: a word, by default its kind, and the values of the fields that have no
    default."""
    weight_names: ClassVar[tuple[str, ...]] = ()
    stochastic: ClassVar[bool] = False
    in_shape: Any
    out_shape: Any
    activation: Any = None

    @cached_property
    def inputs(self) -> int:
        return math.prod(self.in_shape)

    @cached_property
    def outputs(self) -> int:
        return math.prod(self.out_shape)

    @property
    def fan_in(self) -> int:
        return self.inputs

    @property
    def window(self) -> Window | None:
        return None

    @property
    def room(self) -> int:
        return max(self.inputs, self.outputs)

    @property
    def multiply_adds(self) -> int:
        return 0

    def shapes(self) -> dict[str, Shape]:
        return {}

    def initialize(self, rng: np.random.Generator) -> dict[str, Array]:
        return {}

    def statistics(self) -> dict[str, Array]:
        return {}

    def blend_in(self, statistics: Mapping[str, Array], memo: Any) -> None:
        return

    @abstractmethod
    def forward(self, params: Mapping[str, Array], x: Array, noise: Noise | None = None) -> tuple[Array, Any]: ...

    @abstractmethod
    def backward(
        self, params: Mapping[str, Array], memo: Any, dy: Array, *, want_dx: bool = True
    ) -> tuple[Array | None, dict[str, Array]]: ...

    def preactivation(self, memo: Any) -> Array | None:
        return None if self.activation is None else memo.z

    def products(self, memo: Any) -> tuple[Array, Array] | None:
        return None

    def sides(self, memo: Any) -> Array | None:
        z = self.preactivation(memo)
        if z is None:
            return None
        return z > 0 if activation(self.activation).kinked else NO_KINKS

    @property
    def text(self) -> str:
        _, *fields = dataclasses.fields(self)  # type: ignore[arg-type]
        needed = [getattr(self, field.name) for field in fields if field.default is dataclasses.MISSING]
        word = self.written.split()[0] if self.written else self.kind
        return " ".join([word, *("x".join(map(str, v)) if isinstance(v, tuple) else f"{v}" for v in needed)])

    def tensors(self, arrays: Mapping[str, Array]) -> dict[str, Array]:
        return dict(arrays)

    @property
    def modules(self) -> int:
        return 1 if self.activation in (None, "identity") else 2

    def as_dict(self) -> dict[str, Any]:
        _, *fields = dataclasses.fields(self)  # type: ignore[arg-type]
        return {"kind": self.kind} | {field.name: getattr(self, field.name) for field in fields}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any], in_shape: Shape) -> Self:
        """The layer that `as_dict` described, for examples of that shape.

        Raises
        ------
        KeyError, TypeError, UsageError
            A value is missing, of another type, or makes no sense.
        """
        _, *fields = dataclasses.fields(cls)  # type: ignore[arg-type]
        hints = get_type_hints(cls)
        return cls(in_shape, **{one.name: typed(values[one.name], hints[one.name]) for one in fields})  # type: ignore[call-arg]


def typed(value: Any, wanted: Any) -> Any:
    """The value, if it is a finite one of the wanted type; lists are tuples.

    >>> typed([5, 3], tuple[int, ...]), typed(1, float)
    ((5, 3), 1.0)
    >>> typed(True, int)
    Traceback (most recent call last):
    TypeError: True is no whole number
    """
    if wanted is str:
        if not isinstance(value, str):
            raise TypeError(f"{value!r} is no text")
        return value
    if wanted is float:
        if not isinstance(value, (int, float)) or isinstance(value, bool) or not math.isfinite(value):
            raise TypeError(f"{value!r} is no finite number")
        return float(value)
    if isinstance(value, (list, tuple)):
        return tuple(typed(one, int) for one in value)
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"{value!r} is no whole number")
    return value


def shape_of(units: Any, what: str) -> Shape:
    """A shape from a number of units or the sides of a picture.

    >>> shape_of(30, "dropout"), shape_of([28, 28, 1], "dropout")
    ((30,), (28, 28, 1))

    Raises
    ------
    UsageError
        A side below 1.
    """
    shape = tuple(units) if isinstance(units, (tuple, list)) else (units,)
    if not shape or not all(isinstance(side, int | np.integer) and side >= 1 for side in shape):
        raise UsageError(
            f"this {what} makes no sense",
            expected="a size of 1 or more, or the rows, columns and channels of a picture",
            found=repr(units),
        )
    return tuple(int(side) for side in shape)


def sizes_of(layers: Sequence[Layer]) -> tuple[int, ...]:
    """Units from input to output; layers without weights, such as dropout, change no size.

    >>> from whynet.network.layers import Dense, Dropout
    >>> sizes_of([Dense(3, 4), Dropout(4, 0.5), Dense(4, 2)])
    (3, 4, 2)
    """
    return (layers[0].inputs, *(layer.outputs for layer in layers if layer.weight_names))
