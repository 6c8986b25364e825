"""How a copy of a Keras model is called, and what it costs.

Whatever is computed runs within a `keras.StatelessScope`, as it is called: seeds and metrics stay as they were, and
what the model remembers is written down afterwards. What is called often is compiled (`keras_compiled`).
"""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import cached_property
from typing import Any

import numpy as np

from whynet.subjects.frameworks.course import chance_kept
from whynet.subjects.frameworks.keras_arrays import Weighted, array_of, nested, sentence, tensors_of, with_mask
from whynet.subjects.frameworks.keras_gradients import differentiate
from whynet.subjects.frameworks.keras_layers import Part, all_drawn, parts_of
from whynet.subjects.frameworks.keras_mends import put, rewritten
from whynet.subjects.inside.probe import ProbeError, arrays_in
from whynet.subjects.inside.repairs import OUTPUTS, Step

ADDED = "what layers add"
"""A term of the loss that layers, and not the compiled losses, make."""


class KerasCalls:
    """A copy of a model: its calls, their loss, and the derivatives of it, in tensors.

    >>> KerasCalls.__name__
    'KerasCalls'
    """

    def __init__(self, probe: Any, model: Any) -> None:
        self.probe, self.keras, self.model = probe, probe.keras, model
        self.repairs: tuple[Step, ...] = probe.repairs
        """Steps that change what its loss is computed of."""
        self.changes: tuple[str, ...] = ()
        """What was changed of it, by which copies that are alike are told."""
        self.drawn = 0
        """How many times it drew on from where it was."""

    def build(self) -> None:
        """Has it make the variables, and the losses, that it makes when it is first called."""
        try:
            self.run(self.probe.inputs, training=True, then=self.costing(self.probe.inputs, self.probe.targets, True))
        except ProbeError:
            self.run(self.probe.inputs, training=True)

    @cached_property
    def parts(self) -> list[Part]:
        """All layers of the model, with their names."""
        return parts_of(self.keras, self.model)

    @cached_property
    def names(self) -> dict[int, str]:
        """How each variable is called, by its place in memory."""
        found: dict[int, str] = {}
        for one in [*self.model.weights, *self._states()]:
            known, path = set(found.values()), one.path
            found[id(one)] = path if path not in known else f"{path}_{len(found)}"
        return found

    @property
    def trained(self) -> list[Any]:
        """The variables that `fit` moves."""
        return list(self.model.trainable_variables)

    @contextmanager
    def undisturbed(self, chance: int) -> Iterator[None]:
        """With chance that is the same every time, also for what Keras leaves to PyTorch, or a layer to NumPy."""
        with ExitStack() as stack:
            stack.enter_context(chance_kept())
            stack.enter_context(warnings.catch_warnings())
            warnings.simplefilter("ignore")
            stack.enter_context(np.errstate(all="ignore"))
            if self.keras.backend.backend() == "torch":
                import torch

                from whynet.subjects.frameworks.torch_nested import seeded

                stack.enter_context(seeded(torch, chance))
            np.random.seed(chance)  # noqa: NPY002 - it is the one that a layer of the user's draws from
            yield

    def seeds(self) -> list[Any]:
        """What its layers draw from."""
        every = [self.model, *self.model._flatten_layers(include_self=False)]
        return [one.state for layer in every for one in layer._seed_generators]

    def run(
        self, inputs: Any, *, training: bool, chance: int | None = 0, values: Sequence[Any] | None = None,
        memory: Sequence[Any] | None = None, then: Callable[[Any], Any] = lambda raw: None,
    ) -> tuple[Any, Any, list[Any]]:  # fmt: skip
        """What it answers, what `then` makes of that, and what it remembers afterwards; `values` take the place of the
        trained variables, `memory` of what it remembers. Without a chance, it draws on from where it is.

        Raises
        ------
        ProbeError
            It cannot be called so; the message has Keras' own words.
        """
        trained = self.trained
        own = [one.value for one in trained] if values is None else values
        state = list(zip(trained, own, strict=True))
        seeds = self.seeds()
        kept = self.memory + (seeds if chance is None else [])
        if memory is not None:
            state += zip(kept, memory, strict=True)
        if chance is not None:
            state += [(one, np.array([chance, place], dtype=one.dtype)) for place, one in enumerate(seeds)]
        self.drawn += chance is None
        with self.undisturbed(self.drawn if chance is None else chance):
            given = tensors_of(self.keras, inputs)
            with self.keras.StatelessScope(state_mapping=state, collect_losses=True) as scope:
                try:
                    takes = getattr(self.model, "_call_has_training_arg", True)
                    raw = self.model(given, training=training) if takes else self.model(given)
                except ProbeError:
                    raise
                except Exception as error:
                    raise self.refused(error, "the model cannot be called with these data", inputs) from None
                made = then(raw)
            return raw, made, [scope.get_current_value(one) for one in kept]

    @property
    def memory(self) -> list[Any]:
        """The variables that are not trained, could not be, and are no seeds."""
        drawn = {id(one) for one in all_drawn(self.model)}
        return [one for one in [*self.model.weights, *self._states()] if id(one) not in drawn]

    def _states(self) -> list[Any]:
        """What stateful recurrent layers keep from batch to batch, which Keras counts among no weights."""
        known = {id(one) for one in self.model.weights}
        every = (getattr(layer, "states", None) for layer in self.model._flatten_layers(include_self=False))
        kept = [one for states in every if isinstance(states, (list, tuple)) for one in states]
        return [one for one in kept if isinstance(one, self.keras.Variable) and id(one) not in known]

    def remember(self, after: list[Any], *, seeds: bool = False) -> None:
        """Writes down what it remembers after a call."""
        kept = self.memory + (self.seeds() if seeds else [])
        for one, value in zip(kept, after, strict=True):
            if value is not None:
                one.assign(array_of(self.keras, value))

    def refused(self, error: BaseException, words: str, inputs: Any = None) -> ProbeError:
        """What is said where Keras refuses something."""
        found = "" if inputs is None else "X " + ", ".join(str(one.shape) for one in arrays_in(inputs)[:4])
        return ProbeError(f"{words}: {sentence(error).rstrip('.')[:200]}", found=found or None)

    def given(self, inputs: Any) -> Any:
        """These inputs as nested arrays, or those of the batch."""
        return self.probe.inputs if inputs is None else nested(self.keras, inputs)

    def wanted(self, targets: Any) -> Any:
        """These targets, or those of the batch."""
        if targets is None:
            return self.probe.targets
        if isinstance(targets, Weighted):
            return Weighted(*(nested(self.keras, one) for one in targets))
        return nested(self.keras, targets)

    def costing(self, inputs: Any, targets: Any, training: bool, *, written: bool = False) -> Callable[[Any], Any]:
        """What makes the loss of an answer."""
        return lambda raw: self.cost(raw, inputs, targets, training, written=written)

    def cost(self, raw: Any, inputs: Any, targets: Any, training: bool, *, written: bool = False) -> Any:
        """What `fit` minimises, within a scope; of targets that are `written` as the repairs want them, or not yet.

        Raises
        ------
        ProbeError
            It cannot be had; the message says why.
        """
        model = self.model
        if not is_of_keras(type(model).train_step):
            raise ProbeError(
                "the model trains by a train_step of its own, so its loss cannot be asked for",
                do="Move the loss into compute_loss(self, x, y, y_pred, sample_weight), which Keras' train_step calls",
            )
        y, weight = (targets if written else self.written(targets), None)
        if isinstance(y, Weighted):
            y, weight = y
        raw = self._repaired(raw)
        x, y, weight = (tensors_of(self.keras, one) for one in (inputs, y, weight))
        takes = "training" in inspect.signature(model.compute_loss).parameters
        try:
            plain = is_of_keras(type(model).compute_loss)
            if plain and getattr(model, "_compile_loss", None) is None and not model.losses:
                raise ProbeError("the model has no loss", do="model.compile(optimizer=..., loss=...)")
            value = model.compute_loss(x, y, raw, weight, **({"training": training} if takes else {}))
            value = self._evened(value, y, raw, weight)
        except ProbeError:
            raise
        except Exception as error:
            shape = ", ".join(str(tuple(one.shape)) for one in self.keras.tree.flatten(raw)[:3])
            kinds = ", ".join(f"{one.dtype} {one.shape}" for one in arrays_in(targets)[:3])
            found = f"outputs {shape} and targets {kinds or 'None'}"
            raise ProbeError(f"the loss cannot be computed: {sentence(error).rstrip('.')[:200]}", found=found) from None
        size = None if value is None else int(np.prod(tuple(getattr(value, "shape", ()))))
        if size != 1:
            shape = type(value).__name__ if value is None else str(tuple(value.shape))
            do = "Have compute_loss, or the loss, give the mean over the batch"
            raise ProbeError("the loss is no single number", expected="one number for a batch", found=shape, do=do)
        return self.keras.ops.reshape(value, ())

    def written(self, targets: Any) -> Any:
        """Targets, as the loss is given them."""
        if isinstance(targets, Weighted):
            return targets._replace(targets=rewritten(self.repairs, targets.targets))
        return rewritten(self.repairs, targets)

    def _repaired(self, raw: Any) -> Any:
        """An answer, as the loss is given it."""
        steps = [step for step in self.repairs if step[0] in OUTPUTS]
        if not steps:
            return raw
        main = self.probe.main_of(raw)
        flat = [
            with_mask(put(self.keras, main, steps), main) if one is main else one
            for one in self.keras.tree.flatten(raw)
        ]
        return self.keras.tree.pack_sequence_as(raw, flat)

    def of_answer(self, raw: Any, losses: list[Any], inputs: Any, targets: Any) -> Any:
        """The loss of an answer, and of what layers added to the loss when it was given."""
        state = [(one, one.value) for one in self.trained]
        with self.undisturbed(0), self.keras.StatelessScope(state_mapping=state, collect_losses=True):
            vars(self.model)["_losses_override"] = losses
            try:
                return self.cost(raw, inputs, targets, True)
            finally:
                vars(self.model)["_losses_override"] = []

    def back(
        self, arrays: Sequence[Any], *, values: bool = False, then: Any = None, targets: Any = None, inputs: Any = None,
        chance: int | None = 0,
    ) -> tuple[float, list[Any]]:  # fmt: skip
        """The loss in training mode and its gradient by these tensors, which are the trained variables' `values`, or
        what `then` is told before each call; what the model remembers is written down."""
        given, wanted = self.given(inputs), self.wanted(targets)

        def f(tensors: list[Any]) -> tuple[Any, Any]:
            if then is not None:
                then(tensors)
            _, value, after = self.run(
                given, training=True, chance=chance, values=tensors if values else None,
                then=self.costing(given, wanted, True),
            )  # fmt: skip
            return value, after

        try:
            value, after, found = differentiate(self.keras, f, arrays)
        except ProbeError:
            raise
        except Exception as error:
            raise self.refused(error, "there is no gradient") from None
        self.remember(after, seeds=chance is None)
        return float(array_of(self.keras, value)), found

    def terms(self, targets: Any = None) -> dict[str, float]:
        """The length of the gradient of each term of the loss: that of each output, and what layers add."""
        model, probe = self.model, self.probe
        if not is_of_keras(type(model).compute_loss):
            return {}
        y, weight = probe.targets if isinstance(probe.targets, Weighted) else (probe.targets, None)
        y, weight = tensors_of(self.keras, y if targets is None else targets), tensors_of(self.keras, weight)
        ways = self._compiled_terms(y, weight)
        if self.run(probe.inputs, training=True, then=lambda raw: list(model.losses))[1]:
            ways[ADDED] = lambda raw: self._added()
        if len(ways) < 2:
            return {}
        lengths = {}
        for name, then in ways.items():

            def f(values: list[Any], then: Callable[[Any], Any] = then) -> tuple[Any, Any]:
                return self.run(probe.inputs, training=True, values=values, then=then)[1], None

            _, _, found = differentiate(self.keras, f, [one.value for one in self.trained])
            squares = [float((array_of(self.keras, one) ** 2).sum()) for one in found if one is not None]
            lengths[name] = float(np.sqrt(sum(squares)))
        return lengths

    def _compiled_terms(self, y: Any, weight: Any) -> dict[str, Callable[[Any], Any]]:
        """What makes each term of the compiled loss of an answer, by its name."""
        compiled: Any = getattr(self.model, "_compile_loss", None)
        every = list(getattr(compiled, "_flat_losses", None) or [])

        def alone(term: Any, raw: Any) -> Any:
            compiled._flat_losses = [term]
            try:
                return compiled(y, raw, weight)
            finally:
                compiled._flat_losses = every

        return {
            str(one.name or place): (lambda raw, one=one: alone(one, raw))  # type: ignore[misc]
            for place, one in enumerate(every)
        }

    def _added(self) -> Any:
        """What layers added to the loss, within a scope."""
        return sum(self.keras.ops.sum(one) for one in self.model.losses)

    def _evened(self, value: Any, y: Any, raw: Any, weight: Any) -> Any:
        """A loss with the weights of its terms that repairs give them."""
        steps = [step for step in self.repairs if step[0] == "evened"]
        if not steps:
            return value
        terms = [then(raw) for then in self._compiled_terms(y, weight).values()]
        terms += [self._added()] if self.model.losses else []
        return value + sum((factor - 1) * terms[place] for _, place, factor in steps if place < len(terms) > 1)


def is_of_keras(function: Any) -> bool:
    """Whether it is Keras' own.

    >>> is_of_keras(len)
    False
    """
    return str(getattr(function, "__module__", "")).startswith("keras.")
