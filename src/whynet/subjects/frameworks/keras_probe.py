"""A compiled Keras model and a batch, as a probe: what `fit` would minimise, on whichever backend."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from whynet.doctor.change import Library
from whynet.subjects.frameworks.course import chance_kept
from whynet.subjects.frameworks.keras_arrays import (
    Weighted,
    array_of,
    is_real_tensor,
    main_place,
    nested,
    parts_of,
    rows_of,
    tensors_of,
    with_mask,
)
from whynet.subjects.frameworks.keras_copies import copied, step_by_step
from whynet.subjects.frameworks.keras_gradients import differentiate
from whynet.subjects.frameworks.keras_network import KerasNetwork
from whynet.subjects.frameworks.keras_outputs import terms_of
from whynet.subjects.frameworks.keras_words import WORDS
from whynet.subjects.inside.probe import Probe, ProbeError, arrays_in
from whynet.subjects.inside.repairs import Step
from whynet.types import Array

__all__ = ["KerasNetwork", "KerasProbe"]


@dataclass
class KerasProbe(Probe):
    """A compiled model and a batch, in copies to do anything with; nothing of the user's is touched.

    `inputs` is what the model is called with: an array, a tuple or a list, a dict by name; `targets` is what the loss
    is given, as `Weighted` where rows count differently.

    >>> import pytest
    >>> keras = pytest.importorskip("keras")
    >>> model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])
    >>> model.compile("sgd", "mse")
    >>> probe = KerasProbe.of(keras, model, (np.ones((6, 4)), np.zeros((6, 3))))
    >>> probe.rows, probe.Z.shape, probe.copy().loss() > 0, probe.optimizer_name
    (6, (6, 3), True, 'SGD')
    """

    library: ClassVar[Library] = "Keras"
    words: ClassVar[Mapping[str, str]] = WORDS
    units_first: ClassVar[bool] = False

    keras: Any
    model: Any
    inputs: Any
    targets: Any
    loss: Any = None
    rows: int = 1
    optimizer: tuple[type, dict[str, Any]] | None = None
    """Its class and its settings."""
    steps: int | None = None
    """Those of the whole training; None where the data do not say."""
    repairs: tuple[Step, ...] = ()
    """Steps that change what its loss is computed of."""
    compiled: dict[Any, Callable[..., Any]] = field(default_factory=dict, init=False, repr=False, compare=False)
    """What copies of it have compiled, for all that are changed alike."""

    @staticmethod
    def of(keras: Any, model: Any, batch: Any, *, loss: Any = None, steps: int | None = None) -> KerasProbe:
        """A probe of a compiled model and a batch, `(x, y)` or `(x, y, sample_weight)`; `loss` takes the place of the
        one that it was compiled with; `steps` are those of the whole training.

        Raises
        ------
        ProbeError
            The model cannot be copied, or cannot be called with this batch.
        """
        inputs, targets, weight = (nested(keras, one) for one in parts_of(batch))
        if not rows_of(inputs):
            raise ProbeError("the batch is empty", expected="(x, y), or (x, y, sample_weight)")
        if weight is not None:
            targets = Weighted(targets, weight)
        own = getattr(model, "optimizer", None)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            optimizer = None if own is None else (type(own), dict(own.get_config()))
        made = copied(keras, model)
        if loss is not None:
            made.compile(optimizer=None, loss=loss, run_eagerly=True)
        if keras.backend.backend() == "jax":
            step_by_step(made, max((one.shape[1] for one in arrays_in(inputs) if one.ndim > 1), default=0))
        probe = KerasProbe(keras, made, inputs, targets, made.loss, rows_of(inputs), optimizer, steps)
        KerasNetwork(probe, made).build()
        return probe

    # ---- what every probe says

    @property
    def X(self) -> Any:  # noqa: N802 - as everywhere else
        """The inputs of the batch."""
        return self.inputs

    @property
    def y(self) -> Any:
        """Its targets."""
        return self.targets

    @property
    def plain_targets(self) -> Any:
        """Its targets without the weights of rows."""
        return self.targets.targets if isinstance(self.targets, Weighted) else self.targets

    def by_output(self) -> Mapping[str, Probe]:
        """Where outputs have a loss and a target each, a probe of each of them, by name; else nothing."""
        shared = {one.name: getattr(self, one.name) for one in fields(KerasProbe) if one.init}
        found: dict[str, Probe] = {}
        for one in terms_of(self):
            targets = one.targets if one.weight is None else Weighted(one.targets, one.weight)
            found[one.name] = KerasOutput(**{**shared, "loss": one.loss, "targets": targets}, place=one.place)
        return found

    @property
    def name(self) -> str:
        """The class of the model."""
        return type(self.model).__name__

    @property
    def training(self) -> bool:
        """Always: it is what `fit` does."""
        return True

    @property
    def loss_name(self) -> str:
        """What the loss is called; empty where it comes out of the model."""
        given = self.loss
        while isinstance(given, (list, tuple, dict)):
            parts = [one for one in (given.values() if isinstance(given, dict) else given) if one is not None]
            if not parts:
                return ""
            given = parts[0]
        if given is None:
            return ""
        name = given if isinstance(given, str) else getattr(given, "__name__", type(given).__name__)
        return "the loss" if name == "<lambda>" else str(name)

    @property
    def held(self) -> frozenset[str]:
        """The paths of the variables that `fit` moves."""
        return frozenset(self._own.names[id(one)] for one in self._own.trained)

    @property
    def optimizer_name(self) -> str:
        """The class of the optimizer; empty where there is none."""
        return "" if self.optimizer is None else self.optimizer[0].__name__

    @cached_property
    def _own(self) -> KerasNetwork:
        """A copy for whatever is asked of the probe itself."""
        return KerasNetwork(self, self.model)

    @cached_property
    def _answered(self) -> tuple[Any, list[Any]]:
        """What the model answers to the batch, and the losses that its layers add meanwhile."""
        network = self.copy()
        return network.run(self.inputs, training=True, then=lambda raw: list(network.model.losses))[:2]

    @property
    def answer_is_plain(self) -> bool:
        """Whether the model answers with one tensor alone."""
        return bool(self.keras.ops.is_tensor(self._answered[0]))

    @property
    def Z(self) -> Array:  # noqa: N802
        """The main outputs of the batch, in training mode."""
        z = self.main_of(self._answered[0])
        values = array_of(self.keras, z)
        if not values.size:
            raise ProbeError("the outputs are no real numbers")
        return values

    def main_of(self, raw: Any) -> Any:
        """The main tensor of an answer.

        Raises
        ------
        ProbeError
            It has no real numbers.
        """
        place = main_place(self.keras, self.model, raw)
        flat = self.keras.tree.flatten(raw)
        if place is None or not is_real_tensor(self.keras, flat[place]):
            raise ProbeError("the outputs are no real numbers")
        return flat[place]

    def copy(self) -> KerasNetwork:
        """Another copy of the model."""
        return KerasNetwork(self, copied(self.keras, self.model))

    def mended(self, steps: Sequence[Step]) -> KerasProbe | None:
        """A probe of the repaired model."""
        network = self.copy()
        return replace(self, model=network.model, repairs=network.repairs) if network.mend(steps) else None

    def part(self, rows: Sequence[int]) -> KerasProbe:
        """A probe of those rows of the batch, which may come more than once."""
        inputs, targets = self.take(rows)
        return replace(self, inputs=inputs, targets=targets, rows=len(rows))

    def value(self, outputs: Array, targets: Any = None) -> float:
        """The loss of other outputs in the place of the model's own; NaN where it cannot be had."""
        found = self._priced(outputs, targets, slope=False)
        return math.nan if found is None else found[0]

    def slope(self, outputs: Array, targets: Any = None) -> Array | None:
        """The gradient of that loss by the outputs; None where there is none."""
        found = self._priced(outputs, targets)
        return None if found is None else found[1]

    def _priced(self, outputs: Array, targets: Any, *, slope: bool = True) -> tuple[float, Array | None] | None:
        """The loss of these outputs, and its gradient by them, if it is wanted."""
        try:
            return self._asked(outputs, targets, back=slope)
        except ProbeError:
            return None

    def _asked(self, outputs: Array, targets: Any, *, back: bool = True) -> tuple[float, Array | None]:
        keras, network = self.keras, self._own
        raw, _ = self._answered
        main = self.main_of(raw)
        dtype = "float32" if "float16" in str(main.dtype) else keras.backend.standardize_dtype(main.dtype)
        z = keras.ops.convert_to_tensor(np.asarray(outputs), dtype=dtype)
        flat = keras.tree.flatten(raw)
        place = next(place for place, one in enumerate(flat) if one is main)

        def priced(given: list[Any]) -> tuple[Any, Any]:
            own = given[0]
            if tuple(own.shape[:2]) == tuple(main.shape[:2]):
                own = with_mask(own, main)
            other = keras.tree.pack_sequence_as(raw, [*flat[:place], own, *flat[place + 1 :]])
            return self._cost(own, other, self._weighted(targets, len(outputs))), None

        try:
            if not back:
                return float(array_of(keras, priced([z])[0])), None
            value, _, (slope,) = differentiate(keras, priced, [z])
        except ProbeError:
            raise
        except Exception as error:
            raise network.refused(error, "the loss cannot be computed") from None
        return float(array_of(keras, value)), None if slope is None else array_of(keras, slope)

    def _cost(self, own: Any, raw: Any, targets: Any) -> Any:
        """The loss of an answer with other main outputs, which are `own`."""
        return self._own.of_answer(raw, self._answered[1], self.inputs, targets)

    def _weighted(self, targets: Any, rows: int) -> Any:
        """Other targets with the weights of the batch, where they are of the same rows."""
        if targets is None:
            return self.targets
        if isinstance(targets, Weighted) or not isinstance(self.targets, Weighted) or rows != self.rows:
            return targets
        return Weighted(targets, self.targets.sample_weight)

    def refusal(self) -> str:
        """What Keras says where the loss cannot be computed, or cannot be followed back; else nothing."""
        try:
            _, slope = self._asked(self.Z, None)
        except ProbeError as error:
            return error.message.removeprefix("the loss cannot be computed: ")
        return (
            ""
            if slope is not None or self.loss is None
            else "the loss does not hang on the outputs: no gradient comes back"
        )

    @contextmanager
    def drawing(self, seed: int) -> Iterator[None]:
        """Within it the order of rows begins at this seed; afterwards chance is what it was."""
        with chance_kept():
            np.random.seed(seed)  # noqa: NPY002 - it is what the batches are mixed by
            yield

    def terms(self, targets: Any = None) -> Mapping[str, float]:
        """The length of the gradient of each output's loss, and of what layers add."""
        try:
            return self.copy().terms(targets)
        except ProbeError:  # it is told by whoever needs the loss
            return {}


@dataclass
class KerasOutput(KerasProbe):
    """One of several outputs: its targets, its loss alone, and its place among the tensors of an answer.

    >>> KerasOutput.__mro__[1].__name__
    'KerasProbe'
    """

    place: int = 0

    @property
    def loss_name(self) -> str:
        """What its loss is called."""
        kind = type(self.loss).__name__
        return str(self.loss.name) if kind == "LossFunctionWrapper" else kind

    def main_of(self, raw: Any) -> Any:
        """Its tensor in an answer."""
        return self.keras.tree.flatten(raw)[self.place]

    def by_output(self) -> Mapping[str, Probe]:
        """It is one of them."""
        return {}

    def _cost(self, own: Any, raw: Any, targets: Any) -> Any:
        y, weight = targets if isinstance(targets, Weighted) else (targets, None)
        weight = None if weight is None else tensors_of(self.keras, weight)
        return self.loss(tensors_of(self.keras, y), own, weight)
