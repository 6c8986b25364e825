"""A copy of a Keras model that answers, costs and takes steps, in arrays."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from itertools import chain
from typing import Any

import numpy as np

from whynet.subjects.frameworks.keras_arrays import array_of, is_real_tensor, with_mask
from whynet.subjects.frameworks.keras_calls import KerasCalls
from whynet.subjects.frameworks.keras_compiled import SOON, Compiled
from whynet.subjects.frameworks.keras_copies import copied
from whynet.subjects.frameworks.keras_gradients import rounds
from whynet.subjects.frameworks.keras_layers import Part, all_drawn, layer_of, listening, watching
from whynet.subjects.frameworks.keras_mends import DONE, repaired, unlimited
from whynet.subjects.frameworks.keras_optimizers import again, anew
from whynet.subjects.inside.how import How
from whynet.subjects.inside.probe import Gradients, Layer, Network, Passage, ProbeError
from whynet.subjects.inside.repairs import CALLS, Step
from whynet.types import Array


class KerasNetwork(KerasCalls, Network):
    """A copy of the model of a probe.

    >>> KerasNetwork.__mro__[2].__name__
    'Network'
    """

    @cached_property
    def layers(self) -> Sequence[Layer]:
        """All layers in it, but what Keras itself makes a layer of."""
        return [layer_of(self.keras, part, self.names) for part in self.parts]

    def answers(self, inputs: Any = None, *, training: bool = False, chance: int = 0) -> Array:
        """The main outputs, float64."""
        raw, _, after = self.run(self.given(inputs), training=training, chance=chance)
        self.remember(after)
        try:
            return array_of(self.keras, self.probe.main_of(raw)).astype(np.float64)
        except ProbeError:
            raise ProbeError("the model answers without real numbers") from None

    def passed(self, inputs: Any = None, *, training: bool = False) -> Sequence[Passage]:
        """What goes into and comes out of each layer, in the order of the calls."""
        seen: list[Passage] = []

        def note(place: int, part: str, values: Any) -> None:
            one = self._first(values)
            array = None if one is None else self._concrete(one)
            if array is not None:
                seen.append(Passage(self.layers[place], part, array))

        def before(place: int, args: Any, kwargs: Any) -> Any:
            note(place, "in", (args, kwargs))
            return args, kwargs

        def after(place: int, made: Any) -> Any:
            note(place, "out", made)
            return made

        with listening(self.parts, before, after):
            _, _, kept = self.run(self.given(inputs), training=training)
        self.remember(kept)
        return seen

    def _first(self, values: Any, *, real: bool = False) -> Any:
        """The first tensor in it; of real numbers, if only such are wanted."""
        flat = self.keras.tree.flatten(values)
        known = (lambda one: is_real_tensor(self.keras, one)) if real else self.keras.ops.is_tensor
        return next((one for one in flat if known(one)), None)

    def _concrete(self, tensor: Any) -> Array | None:
        """Its numbers; None within a loop that the backend unrolls itself, where it has none yet."""
        try:
            return array_of(self.keras, tensor)
        except Exception:  # each backend raises another
            return None

    def loss(self, inputs: Any = None, targets: Any = None, *, training: bool = False) -> float:
        """The loss of these rows, or of the batch."""
        values, memory = ([one.value for one in variables] for variables in (self.trained, self.memory))
        value, after = self._losses[training](values, memory, self.given(inputs), self.written(self.wanted(targets)))
        self.remember(after)
        return float(array_of(self.keras, value))

    @cached_property
    def _losses(self) -> dict[bool, Callable[..., Any]]:
        """What costs rows, out of training and in it."""

        def pure_of(owner: KerasNetwork, training: bool) -> Callable[..., Any]:
            def pure(values: list[Any], memory: list[Any], inputs: Any, targets: Any) -> tuple[Any, list[Any]]:
                then = owner.costing(inputs, targets, training, written=True)
                return owner.run(inputs, training=training, values=values, memory=memory, then=then)[1:]

            return pure

        def costing(training: bool) -> Callable[..., Any]:
            plain = pure_of(self, training)
            return self._compiled(("loss", training), lambda owner: pure_of(owner, training), lambda fast: fast, plain)

        return {training: costing(training) for training in (False, True)}

    def _compiled(
        self, key: tuple[Any, ...], pure_of: Callable[[KerasNetwork], Callable[..., Any]],
        calling: Callable[[Callable[..., Any]], Callable[..., Any]], plain: Callable[..., Any],
    ) -> Callable[..., Any]:  # fmt: skip
        """`plain`, or what calls its compiled twin: that is made once for all copies with the same changes, of a copy
        that stays as it is."""
        if not self.compiles:
            return plain
        known, key = self.probe.compiled, (*key, self.changes)

        def fast(*given: Any) -> Any:
            if key not in known:
                import jax

                owner = KerasNetwork(self.probe, copied(self.keras, self.model))
                owner.repairs = self.repairs
                known[key] = jax.jit(pure_of(owner))
            return known[key](*given)

        return Compiled(calling(fast), plain, soon=0 if key in known else SOON)

    @property
    def compiles(self) -> bool:
        """Whether `fit` would compile it, by JAX."""
        return self.keras.backend.backend() == "jax" and not getattr(self.model, "run_eagerly", False)

    def weights(self) -> dict[str, Array]:
        """The variables that were made to be trained, frozen or not, copied."""
        drawn = {id(one) for one in all_drawn(self.model)}
        found = [one for one in self.model.weights if id(one) in drawn and "float" in str(one.dtype)]
        return {self.names[id(one)]: array_of(self.keras, one) for one in found}

    def put(self, weights: Mapping[str, Array]) -> None:
        """Puts these numbers in the place of those variables."""
        named = {self.names[id(one)]: one for one in self.model.weights}
        for name, values in weights.items():
            named[name].assign(np.asarray(values))

    def gradients(self) -> Gradients:
        """Of the loss of the batch, in training mode."""
        trained = self.trained
        value, found = self.back([one.value for one in trained], values=True)
        by: dict[str, Array | None] = dict.fromkeys(self.weights())
        for one, gradient in zip(trained, found, strict=True):
            by[self.names[id(one)]] = None if gradient is None else array_of(self.keras, gradient)
        return Gradients(value, by, any(one is not None for one in found))

    def arriving(self) -> Sequence[tuple[Layer, Array]]:
        """The gradient of the loss by what each layer made, in the order of the calls."""
        found = self._by_zeros(self.parts, part="out")
        longest: dict[int, Array] = {}
        for place, values in found:
            if place not in longest or np.linalg.norm(values) > np.linalg.norm(longest[place]):
                longest[place] = values
        return [(self.layers[place], values) for place, values in longest.items()]

    def through_time(self) -> Sequence[tuple[Layer, Array]]:
        """Of each recurrent layer, the gradient of the loss by its input, (rows, steps, features)."""
        known = [place for place, layer in enumerate(self.layers) if layer.kind == "recurrent"]
        found = dict(self._by_zeros([self.parts[place] for place in known], part="in", axes=3))
        return [(self.layers[known[place]], values) for place, values in found.items()]

    def _by_zeros(self, parts: Sequence[Part], *, part: str, axes: int | None = None) -> list[tuple[int, Array]]:
        """The gradient by what goes into, or comes out of, each call of these layers, with the place of the layer: by
        zeros that are added to it."""
        if not parts:
            return []
        zeros: list[Any] = []
        calls: list[int] = []
        at: list[int | None] = []
        """Of each call, which of the zeros is its own."""
        count = [0]
        learning = [True]
        added: list[Any] = []

        def own(place: int, values: Any) -> Any:
            one = self._first(values, real=True)
            if learning[0]:
                array = None if one is None else self._concrete(one)
                if array is None or (axes is not None and array.ndim != axes):
                    at.append(None)
                else:
                    at.append(len(zeros))
                    calls.append(place)
                    zeros.append(self.keras.ops.zeros_like(self.keras.ops.stop_gradient(one)))
                return values
            index = at[count[0]] if count[0] < len(at) else None
            count[0] += 1
            if index is None:
                return values
            other = with_mask(one + added[index], one)
            flat = self.keras.tree.flatten(values)
            first = next(place for place, tensor in enumerate(flat) if tensor is one)
            return self.keras.tree.pack_sequence_as(values, [*flat[:first], other, *flat[first + 1 :]])

        def before(place: int, args: Any, kwargs: Any) -> Any:
            return own(place, (args, kwargs)) if part == "in" else (args, kwargs)

        def after(place: int, made: Any) -> Any:
            return own(place, made) if part == "out" else made

        def begin(tensors: list[Any]) -> None:
            count[0] = 0
            added[:] = tensors

        with listening(parts, before, after):
            self.run(self.probe.inputs, training=True)
            learning[0] = False
            _, found = self.back(zeros, then=begin) if zeros else (0.0, [])
        known = zip(calls, found, strict=True)
        return [(place, array_of(self.keras, one)) for place, one in known if one is not None]

    def rectified(self) -> Sequence[Array]:
        """What each call of a ReLU made, (numbers, units)."""
        seen: list[Array] = []
        first = self.keras.config.image_data_format() == "channels_first"

        def note(made: Any) -> None:
            values = self._concrete(made)
            if values is not None and values.ndim > 1:
                rows = np.moveaxis(values, 1, -1) if first and values.ndim in (4, 5) else values
                seen.append(rows.reshape(-1, rows.shape[-1]).copy())

        with watching(self.keras, relu=note, pairs=lambda _: None):
            _, _, after = self.run(self.probe.inputs, training=True)
        self.remember(after)
        return seen

    def squashed(self, inputs: Any = None) -> Sequence[Array]:
        """What each layer made that ends in a sigmoid or tanh, (numbers, units); those inside of recurrent layers are
        left out, as gates are meant to close."""
        made = [
            one.array
            for one in self.passed(inputs, training=True)
            if one.part == "out" and one.layer.activation in ("sigmoid", "tanh") and one.layer.kind != "recurrent"
        ]
        return [one.reshape(-1, one.shape[-1]) for one in made if one.ndim > 1]

    def attends(self) -> bool:
        """Whether attention takes part: a layer of Keras', its function, or a softmax over all pairs of steps."""
        if any(layer.kind == "attention" for layer in self.layers):
            return True
        seen: list[bool] = []
        with watching(self.keras, relu=lambda _: None, pairs=seen.append):
            self.run(self.probe.inputs, training=False)
        return any(seen)

    def remembered(self) -> dict[str, Array]:
        """The variables that are not trained, could not be, and are no seeds."""
        return {self.names[id(one)]: array_of(self.keras, one) for one in self.memory}

    def rounds(self) -> bool:
        """Whether the loss is computed by way of a rounding."""
        given, wanted = self.probe.inputs, self.probe.targets

        def f(values: list[Any]) -> Any:
            return self.run(given, training=True, values=values, then=self.costing(given, wanted, True))[1]

        try:
            return rounds(self.keras, f, [one.value for one in self.trained])
        except ProbeError:
            raise
        except Exception as error:
            raise self.refused(error, "the loss cannot be computed") from None

    def stepping(self, *, times: float = 1.0) -> Callable[[Any, Any], float] | None:
        """A function that takes one step of a new optimizer of the same kind, in training mode."""
        return self.trainer(How(times=times))

    def trainer(self, how: How) -> Callable[[Any, Any], float] | None:
        """The same with more changed than the rate."""
        if how.stale or self.probe.optimizer is None:  # `fit` never keeps gradients
            return None
        if how.thawed:
            self.changes += ("thawed",)
            self.model.trainable = True
            for part in self.parts:
                part.own.trainable = True
        kind, config = self.probe.optimizer
        kind, config = unlimited(self.keras, kind, config, how.gone)
        config = config if how.decay else {**config, "weight_decay": None}
        return self.steps_of(anew(self.keras, kind, config, times=how.times))

    def steps_of(self, optimizer: Any) -> Callable[[Any, Any], float] | None:
        """A function that takes one step of this optimizer; None where there is none."""
        if optimizer is None:
            return None
        optimizer.build(self.trained)

        def plain(inputs: Any, targets: Any) -> float:
            trained = self.trained
            value, found = self.back(
                [one.value for one in trained], values=True, inputs=inputs, targets=targets, chance=None
            )
            if self.keras.backend.backend() == "jax":  # whose `fit` has zeros where nothing comes
                found = [
                    self.keras.ops.zeros_like(one.value) if slope is None else slope
                    for one, slope in zip(trained, found, strict=True)
                ]
            with self.undisturbed(0):
                self._apply(optimizer, found, trained)
            return value

        kind, config = type(optimizer), optimizer.get_config()

        def pure_of(owner: KerasNetwork) -> Callable[..., Any]:
            import jax

            mover = again(optimizer)
            mover.build(owner.trained)

            def pure(state: Sequence[list[Any]], inputs: Any, targets: Any) -> tuple[Any, list[list[Any]]]:
                own, values, memory = state

                def cost(values: list[Any]) -> tuple[Any, list[Any]]:
                    then = owner.costing(inputs, targets, True, written=True)
                    return owner.run(inputs, training=True, chance=None, values=values, memory=memory, then=then)[1:]

                (value, after), found = jax.value_and_grad(cost, has_aux=True)(values)
                return value, [*reversed(mover.stateless_apply(own, found, values)), after]

            return pure

        def calling(fast: Callable[..., Any]) -> Callable[..., float]:
            def compiled(inputs: Any, targets: Any) -> float:
                places = [optimizer.variables, self.trained, self.memory + self.seeds()]
                state = [[one.value for one in variables] for variables in places]
                value, after = fast(state, self.given(inputs), self.written(self.wanted(targets)))
                for one, new in zip(chain(*places), chain(*after), strict=True):
                    if new is not None:
                        one.assign(new)
                return float(array_of(self.keras, value))

            return compiled

        fixed = {name: one for name, one in config.items() if name != "learning_rate" or isinstance(one, dict)}
        return self._compiled(("step", kind, repr(sorted(fixed.items()))), pure_of, calling, plain)

    def without(self, kind: str) -> bool:
        """Dropout that drops nothing; in the place of a squash at the end, nothing."""
        if kind == "dropout":
            found = False
            for part in self.parts:
                for name in ("rate", "dropout", "recurrent_dropout"):
                    if "Dropout" not in type(part.own).__name__ and name == "rate":
                        continue
                    if isinstance(getattr(part.own, name, None), float) and getattr(part.own, name):
                        setattr(part.own, name, 0.0)
                        found = True
            self.changes += (kind,) if found else ()
            return found
        return kind == "output" and self.mend([("bare",)])

    def mend(self, steps: Sequence[Step]) -> bool:
        """Repairs this copy, and what its loss is computed of."""
        for step in steps:
            if step[0] not in DONE and (step[0] not in CALLS or not repaired(self.keras, self.model, step)):
                return False
        self.repairs = (*self.repairs, *(step for step in steps if step[0] in DONE))
        self.changes += tuple(map(repr, steps))
        return True

    def _apply(self, optimizer: Any, found: list[Any], trained: list[Any]) -> None:
        if not any(one is not None for one in found):
            return
        try:
            if self.keras.backend.backend() == "torch":
                import torch

                with torch.no_grad():
                    optimizer.apply(found, trained)
            else:
                optimizer.apply(found, trained)
        except Exception as error:
            raise self.refused(error, "the optimizer cannot take a step") from None
