"""What every library must do for a network to be looked into: copies that answer, cost, and take steps, in arrays.

A `Probe` is a network, one batch and a loss; a `Network` is a copy of it, to do anything with. What goes in and comes
out is NumPy's; tensors, tapes and graphs stay behind. `frameworks/torch_probe.py` and `keras_probe.py` are two.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np

from whynet.doctor.change import Library
from whynet.doctor.diagnosis import Finding, Gap
from whynet.doctor.symptom import Measured
from whynet.subjects.inside.how import How
from whynet.subjects.inside.refused import ProbeError, first_line
from whynet.subjects.inside.repairs import Step
from whynet.types import Array

__all__ = ["Network", "Probe", "ProbeError", "first_line"]


class Seen(NamedTuple):
    """What a check comes to: numbers measured, causes found, and what it could not look at.

    >>> Seen().findings
    ()
    """

    facts: Sequence[Measured] = ()
    findings: Sequence[Finding] = ()
    gaps: Sequence[Gap] = ()


@dataclass(frozen=True)
class Layer:
    """What a layer is, whatever its library calls it.

    `name` says where it is: the layers that hold it come before it, each with a dot or a slash. It may be empty where
    the network is one layer.
    `kind` is one of dense, convolution, recurrent, embedding, attention, batch-norm, dropout, softmax, or other; `own`
    its class in the library. What is not said of it is None, 0 or empty.

    >>> Layer("0.conv", "convolution", "Conv2d", kernel=(3, 3)).leaf
    True
    """

    name: str
    kind: str
    own: str
    leaf: bool = True
    """Whether it has no layers inside."""
    kernel: tuple[int, ...] = ()
    """Of a convolution, the places that a filter covers along each axis."""
    channels_last: bool = False
    """Of a convolution or a batch normalisation, whether the channels are the last axis; else the second."""
    pads_both_ends: bool = False
    bidirectional: bool = False
    batch_first: bool | None = None
    """Of what takes sequences, whether the rows come before the steps; None where it does not matter."""
    axis: int | None = None
    """Of a softmax, the axis along which it sums to 1."""
    rate: float = 0.0
    """Of dropout, the share that it drops."""
    activation: str = ""
    """Of a layer that applies one itself, what the library calls it."""
    parameters: tuple[str, ...] = ()
    """The names of its own arrays of weights, as `Network.weights` has them, without those of layers inside."""
    trained: bool = False
    """Whether its weights are others than its library draws them: it looks as if it had been trained before."""


class Passage(NamedTuple):
    """What went into (`part` "in"), or came out of ("out"), a layer: the first array of it.

    >>> Passage(Layer("a", "dense", "Linear"), "out", np.zeros((4, 2))).part
    'out'
    """

    layer: Layer
    part: str
    array: Array
    followed: bool = True
    """In training mode, whether a gradient can go back from there: not out of a layer that is called without."""


class Gradients(NamedTuple):
    """The loss of the batch and its gradient by each array of weights; None where no gradient comes.

    `connected` is False where the loss hangs on no weight at all: then there is none.

    >>> Gradients(0.5, {"a": None}, True).by["a"] is None
    True
    """

    value: float
    by: Mapping[str, Array | None]
    connected: bool


class Network(ABC):
    """A copy of somebody's network; whatever is done to it, the original is not touched.

    Chance inside (dropout) is the same at every call, unless `chance` says which.

    >>> Network.__name__
    'Network'
    """

    @property
    @abstractmethod
    def layers(self) -> Sequence[Layer]:
        """All layers, those inside of others too, in the order in which they are defined."""

    @abstractmethod
    def answers(self, inputs: Any = None, *, training: bool = False, chance: int = 0) -> Array:
        """The main outputs, (rows, ...) float64, of these inputs (nested arrays), or of the batch.

        Raises
        ------
        ProbeError
            The network cannot be called so, or answers without real numbers.
        """

    @abstractmethod
    def loss(self, inputs: Any = None, targets: Any = None, *, training: bool = False) -> float:
        """The loss of these rows, or of the batch.

        Raises
        ------
        ProbeError
            It cannot be had; the message says why.
        """

    @abstractmethod
    def passed(self, inputs: Any = None, *, training: bool = False) -> Sequence[Passage]:
        """What goes into and comes out of each layer, in the order of the calls; numbers as they are.

        Raises
        ------
        ProbeError
            The network cannot be called so.
        """

    @abstractmethod
    def weights(self) -> dict[str, Array]:
        """All arrays that are trained, or could be, by name: copies."""

    @abstractmethod
    def put(self, weights: Mapping[str, Array]) -> None:
        """Puts these numbers in the place of those weights."""

    @abstractmethod
    def gradients(self) -> Gradients:
        """Of the loss of the batch, in training mode.

        Raises
        ------
        ProbeError
            The loss cannot be had.
        """

    @abstractmethod
    def arriving(self) -> Sequence[tuple[Layer, Array]]:
        """The gradient of the loss by what each layer made, in training mode and the order of the calls; layers to
        which none comes are left out."""

    @abstractmethod
    def through_time(self) -> Sequence[tuple[Layer, Array]]:
        """Of each recurrent layer, the gradient of the loss by its input (rows, steps, features), in training mode."""

    @abstractmethod
    def rectified(self) -> Sequence[Array]:
        """What each call of a ReLU made, (numbers, units), in training mode and the order of the calls."""

    def squashed(self, inputs: Any = None) -> Sequence[Array]:
        """The same of each sigmoid and tanh, of these inputs or the batch; nothing where a library does not say it."""
        return ()

    def dropouts_called_off(self) -> int:
        """How many calls of dropout as a function drop nothing in training mode, as they are told that it is none."""
        return 0

    @abstractmethod
    def attends(self) -> bool:
        """Whether attention takes part, as a layer, a function, or a softmax over all pairs of steps."""

    @abstractmethod
    def remembered(self) -> dict[str, Array]:
        """What it keeps beside its weights, by name: running means, states."""

    def aside(self) -> dict[str, Array]:
        """Those of them that its library does not know of, as it knows states and running means, by name."""
        return {}

    def steady(self) -> None:  # noqa: B027 - most libraries have nothing to do here
        """Gives fixed numbers to batch normalisation that goes by its batch even in evaluation mode."""

    @abstractmethod
    def rounds(self) -> bool:
        """Whether the loss is computed by way of a rounding, whose derivative is 0 everywhere."""

    @abstractmethod
    def stepping(self, *, times: float = 1.0) -> Callable[[Any, Any], float] | None:
        """A function that takes one step of the user's optimizer on `(inputs, targets)`, at so many times its rate, and
        returns the loss before it; None where there is no optimizer, or it cannot be made anew."""

    def trainer(self, how: How) -> Callable[[Any, Any], float] | None:
        """The same with more changed than the rate; None also where that cannot be changed."""
        return self.stepping(times=how.times) if how.plain else None

    def drops(self) -> Sequence[str]:
        """The functions that take units out by chance in evaluation mode, where a library says what is called."""
        return ()

    def without(self, kind: str) -> bool:
        """Takes what is of that kind out of this copy: dropout, or the output (what squashes at the end); False where
        there is nothing of it that can be taken out."""
        return False

    def mend(self, steps: Sequence[Step]) -> bool:
        """Repairs this copy, and what its loss is computed of, by these steps; False where that cannot be done."""
        return not steps


class Probe(ABC):
    """A network, a batch and a loss, to try things on.

    `X` and `y` are the batch as nested arrays: one array, a tuple, a dict by name; `y` is None where the loss comes out
    of the network.

    >>> Probe.__name__
    'Probe'
    """

    library: ClassVar[Library]
    words: ClassVar[Mapping[str, str]]
    """How this library says what to change, by a check's own key."""
    units_first: ClassVar[bool] = True
    """Whether the units of an array of weights lie along its first axis; else along its last."""
    rows: int
    """Examples in the batch."""

    @property
    @abstractmethod
    def X(self) -> Any:  # noqa: N802 - as everywhere else
        """The inputs of the batch."""

    @property
    @abstractmethod
    def y(self) -> Any:
        """Its targets."""

    @property
    @abstractmethod
    def name(self) -> str:
        """The class of the network."""

    @property
    @abstractmethod
    def training(self) -> bool:
        """Whether the network was handed over in training mode."""

    @property
    @abstractmethod
    def loss_name(self) -> str:
        """What the loss is called; empty where it comes out of the network."""

    @property
    @abstractmethod
    def held(self) -> frozenset[str]:
        """The weights that training is to move, by name."""

    @property
    @abstractmethod
    def optimizer_name(self) -> str:
        """The class of the optimizer; empty where there is none."""

    @property
    @abstractmethod
    def answer_is_plain(self) -> bool:
        """Whether the network answers with one array alone."""

    @property
    @abstractmethod
    def Z(self) -> Array:  # noqa: N802
        """The main outputs of the batch, in the mode in which the network was handed over: float32, or float64.

        Raises
        ------
        ProbeError
            There are none.
        """

    @abstractmethod
    def copy(self) -> Network:
        """Another copy of the network."""

    @abstractmethod
    def part(self, rows: Sequence[int]) -> Probe:
        """A probe of those rows of the batch, which may come more than once."""

    @abstractmethod
    def value(self, outputs: Array, targets: Any = None) -> float:
        """The loss of other outputs in the place of the network's own; NaN where it cannot be had."""

    @abstractmethod
    def slope(self, outputs: Array, targets: Any = None) -> Array | None:
        """The gradient of that loss by the outputs; None where there is none."""

    @abstractmethod
    def refusal(self) -> str:
        """What the library says where the loss of the batch cannot be computed, or followed back; else nothing."""

    @abstractmethod
    def terms(self, targets: Any = None) -> Mapping[str, float]:
        """Of a loss that is made of several terms, the length of each one's gradient, with other targets if they are
        given; nothing where it has one, or where its terms cannot be told apart."""

    def mended(self, steps: Sequence[Step]) -> Probe | None:
        """A probe of the repaired network; None where it cannot be repaired so."""
        return None if steps else self

    @property
    def plain_targets(self) -> Any:
        """The targets without the weights of rows, where a library hands them over together."""
        return self.y

    def told_by_value(self) -> Probe:
        """A probe with the loss that a network computes itself, where it is one of the library's own; else itself."""
        return self

    def by_output(self) -> Mapping[str, Probe]:
        """Where outputs have a loss and a target each, a probe of each of them, by name; else nothing."""
        return {}

    def drawing(self, seed: int) -> AbstractContextManager[None]:
        """Within it chance begins at this seed; afterwards it is what it was."""
        return nullcontext()

    def says(self, key: str, **fields: Any) -> str:
        """What to change, in the words of the library."""
        return self.words[key].format(**fields)

    def take(self, rows: Sequence[int]) -> tuple[Any, Any]:
        """Those rows of the batch: inputs and targets."""
        chosen = np.asarray(rows, dtype=np.intp)

        def some(one: Array) -> Array:
            return one[chosen] if one.ndim and len(one) == self.rows else one

        return mapped(self.X, some), mapped(self.y, some)


def mapped(values: Any, f: Callable[[Array], Any]) -> Any:
    """`values` with f of every array in it, however they are nested.

    >>> mapped({"a": np.ones(2), "b": (np.ones(1), "c")}, lambda one: float(one.sum()))
    {'a': 2.0, 'b': (1.0, 'c')}
    """
    if isinstance(values, np.ndarray):
        return f(values)
    if isinstance(values, Mapping):
        return {key: mapped(one, f) for key, one in values.items()}
    if isinstance(values, tuple) and hasattr(values, "_fields"):
        return type(values)(*(mapped(one, f) for one in values))
    if isinstance(values, (tuple, list)):
        return type(values)(mapped(one, f) for one in values)
    return values


def arrays_in(values: Any) -> list[Array]:
    """All arrays in it, in order.

    >>> len(arrays_in({"a": np.ones(2), "b": (np.ones(1), "c")}))
    2
    """
    if isinstance(values, np.ndarray):
        return [values]
    inner = values.values() if isinstance(values, Mapping) else values if isinstance(values, (tuple, list)) else ()
    return [array for one in inner for array in arrays_in(one)]


def is_real(values: Array) -> bool:
    """Whether these are floating-point numbers.

    >>> is_real(np.ones(2)), is_real(np.ones(2, dtype=int))
    (True, False)
    """
    return values.dtype.kind == "f"
