"""A copy of a PyTorch module that answers, costs and takes steps, in arrays."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np

from whynet.subjects.frameworks.torch_answers import main_output
from whynet.subjects.frameworks.torch_layers import activated, attends, called_off, dropping, layer_of
from whynet.subjects.frameworks.torch_loop import Loop
from whynet.subjects.frameworks.torch_mends import repaired, repaired_loss
from whynet.subjects.frameworks.torch_nested import (
    array_of,
    mapped,
    seeded,
    tensors_in,
    tensors_of,
)
from whynet.subjects.inside.how import How
from whynet.subjects.inside.probe import Gradients, Layer, Network, Passage, ProbeError, first_line
from whynet.subjects.inside.repairs import CALLS, LAYERS, Step
from whynet.types import Array

ROUNDED = ("Round", "Floor", "Ceil", "Trunc", "Sign")
"""The steps of a computation that have a derivative of 0 everywhere."""


class TorchNetwork(Network):
    """A copy of the module of a probe.

    >>> TorchNetwork.__base__.__name__
    'Network'
    """

    def __init__(self, probe: Any, model: Any) -> None:
        self.probe, self.torch, self.model = probe, probe.torch, model

    @cached_property
    def layers(self) -> Sequence[Layer]:
        """All modules in it but itself, unless it is a layer alone."""
        named = list(self.model.named_modules())
        kept = [(name, one) for name, one in named if name] or [("", self.model)]
        first = {id(one): name for name, one in self.model.named_parameters()}  # of a shared one, the name in `weights`
        found = []
        for name, one in kept:
            own = tuple(first[id(values)] for values in one.parameters(recurse=False))
            found.append(replace(layer_of(self.torch, name, one), parameters=own))
        return found

    @contextmanager
    def _mode(self, training: bool) -> Iterator[None]:
        """In that mode: where it is the one of the module, parts keep what they were set to themselves."""
        modes = [(one, one.training) for one in self.model.modules()]
        self.model.train(training)
        try:
            yield
        finally:
            for one, before in modes:
                one.training = before

    def _given(self, inputs: Any) -> Any:
        if inputs is None:
            return self.probe.inputs
        kinds = {one.dtype for one in tensors_in(self.probe.inputs, self.torch) if one.is_floating_point()}
        kind = kinds.pop() if len(kinds) == 1 else None  # arrays have no bfloat16
        made = tensors_of(inputs, self.torch)
        return mapped(made, lambda one: one.to(kind) if kind and one.is_floating_point() else one, self.torch)

    def answers(self, inputs: Any = None, *, training: bool = False, chance: int = 0) -> Array:
        """The main outputs, float64."""
        with self.torch.no_grad(), self._mode(training), seeded(self.torch, chance):
            outputs = main_output(self.probe.run(self.model, self._given(inputs)))
        if outputs is None or not outputs.is_floating_point():
            raise ProbeError("the module answers without real numbers")
        return array_of(outputs.detach()).astype(np.float64)

    def loss(self, inputs: Any = None, targets: Any = None, *, training: bool = False) -> float:
        """The loss of these rows, or of the batch."""
        given = self.probe.targets if targets is None else tensors_of(targets, self.torch)
        with self.torch.no_grad(), self._mode(training):
            return float(self.probe.loss_of(self.probe.call(self.model, self._given(inputs)), given))

    def passed(self, inputs: Any = None, *, training: bool = False) -> Sequence[Passage]:
        """What goes into and comes out of each layer, in the order of the calls."""
        seen: list[Passage] = []
        hooks = []

        def note(layer: Layer, part: str) -> Any:
            def hook(module: Any, given: Any, made: Any = None) -> None:
                tensors = tensors_in(given if part == "in" else made, self.torch)
                if tensors:
                    followed = any(one.requires_grad for one in tensors)
                    seen.append(Passage(layer, part, array_of(tensors[0].detach()).copy(), followed))

            return hook

        for layer in self.layers:
            module = self.model.get_submodule(layer.name)
            hooks.append(module.register_forward_pre_hook(note(layer, "in")))
            hooks.append(module.register_forward_hook(note(layer, "out")))
        try:
            with self.torch.set_grad_enabled(training), self._mode(training):
                self.probe.call(self.model, self._given(inputs))
        finally:
            for hook in hooks:
                hook.remove()
        return seen

    def weights(self) -> dict[str, Array]:
        """The parameters that are real numbers, copied."""
        named = self.model.named_parameters()
        return {name: array_of(one.detach()).copy() for name, one in named if one.is_floating_point()}

    def put(self, weights: Mapping[str, Array]) -> None:
        """Puts these numbers in the place of those parameters."""
        named = dict(self.model.named_parameters())
        with self.torch.no_grad():
            for name, values in weights.items():
                named[name].copy_(self.torch.as_tensor(np.asarray(values)))

    def _value(self) -> Any:
        """The loss of the batch in training mode, with its graph."""
        with self.torch.enable_grad():
            return self.probe.loss_of(self.probe.call(self.model))

    def gradients(self) -> Gradients:
        """Of the loss of the batch, in training mode."""
        self.model.zero_grad()
        with self._mode(True):
            value = self._value()
            if value.requires_grad:
                try:
                    value.backward()
                except RuntimeError as error:
                    raise ProbeError(f"there is no gradient: {first_line(error)}") from None
        named = self.model.named_parameters()
        found = {name: None if one.grad is None else array_of(one.grad).copy() for name, one in named}
        self.model.zero_grad()
        return Gradients(float(value.detach()), found, bool(value.requires_grad))

    def arriving(self) -> Sequence[tuple[Layer, Array]]:
        """The gradient of the loss by what each layer made, in the order of the calls."""
        order: list[Layer] = []
        found: dict[str, Array] = {}
        hooks = []

        def note(layer: Layer) -> Any:
            def listen(module: Any, given: Any, made: Any) -> None:
                for one in tensors_in(made, self.torch)[:1]:
                    if one.requires_grad:
                        order.append(layer)
                        one.register_hook(lambda gradient: self._keep_longest(found, layer.name, gradient))

            return listen

        hooks += [self.model.get_submodule(one.name).register_forward_hook(note(one)) for one in self.layers]
        self._back(hooks)
        return [(layer, found[layer.name]) for layer in dict.fromkeys(order) if layer.name in found]

    def _keep_longest(self, found: dict[str, Array], name: str, gradient: Any) -> None:
        values = array_of(gradient.detach())
        if name not in found or np.linalg.norm(values) > np.linalg.norm(found[name]):
            found[name] = values.copy()

    def _back(self, hooks: list[Any]) -> None:
        """One pass there and back in training mode, under these hooks."""
        try:
            with self._mode(True):
                value = self._value()
                if value.requires_grad:
                    value.backward()
        finally:
            for hook in hooks:
                hook.remove()
            self.model.zero_grad()

    def through_time(self) -> Sequence[tuple[Layer, Array]]:
        """Of each recurrent layer, the gradient of the loss by its input, (rows, steps, features)."""
        found: dict[str, Array] = {}
        hooks = []

        def note(layer: Layer) -> Any:
            def listen(module: Any, given: Any) -> Any:
                if not given or not isinstance(given[0], self.torch.Tensor) or given[0].ndim != 3:
                    return None  # packed sequences have no steps of their own
                own = given[0] if given[0].requires_grad else given[0].detach().clone().requires_grad_()

                def arrive(gradient: Any) -> None:
                    values = array_of(gradient.detach()).copy()
                    found[layer.name] = values if module.batch_first else values.swapaxes(0, 1)

                own.register_hook(arrive)
                return (own, *given[1:])

            return listen

        known = [layer for layer in self.layers if layer.kind == "recurrent"]
        hooks += [self.model.get_submodule(one.name).register_forward_pre_hook(note(one)) for one in known]
        if known:
            self._back(hooks)
        return [(layer, found[layer.name]) for layer in known if layer.name in found]

    def rectified(self) -> Sequence[Array]:
        """What each call of a ReLU made, (numbers, units)."""
        return self._activated("relu")

    def squashed(self, inputs: Any = None) -> Sequence[Array]:
        """The same of each sigmoid and tanh."""
        return self._activated("sigmoid", "tanh", inputs=inputs)

    def _activated(self, *names: str, inputs: Any = None) -> Sequence[Array]:
        with self.torch.no_grad(), self._mode(True), activated(self.torch, *names) as seen:
            self.probe.call(self.model, self._given(inputs))
        return seen

    def dropouts_called_off(self) -> int:
        """How many calls of `functional.dropout` are told `training=False` in training mode."""
        with self.torch.no_grad(), self._mode(True), called_off(self.torch) as seen:
            self.probe.call(self.model)
        return len(seen)

    def attends(self) -> bool:
        """Whether attention takes part: a layer of PyTorch's, its function, or a softmax over all pairs of steps."""
        if any(layer.kind == "attention" for layer in self.layers):
            return True
        with self.torch.no_grad(), self._mode(False), attends(self.torch) as seen:
            self.probe.call(self.model)
        return any(seen)

    def remembered(self) -> dict[str, Array]:
        """The tensors that the module and its parts hold, apart from parameters."""
        held = {name: one for name, one in self.model.named_buffers() if one is not None}
        return {**{name: array_of(one).copy() for name, one in held.items()}, **self.aside()}

    def aside(self) -> dict[str, Array]:
        """Tensors that are attributes, and neither parameters nor buffers."""
        buffers = {name for name, _ in self.model.named_buffers()}
        held: dict[str, Any] = {}
        for name, part in self.model.named_modules():
            for key, value in vars(part).items():
                inner = value if isinstance(value, (tuple, list)) else [value]
                for one in inner:
                    if isinstance(one, self.torch.Tensor) and one.is_floating_point():
                        held.setdefault(f"{name}.{key}" if name else key, one)
        return {name: array_of(one).copy() for name, one in held.items() if name not in buffers}

    def steady(self) -> None:
        """Gives fixed numbers to batch normalisation without running ones."""
        for layer in self.model.modules():
            if isinstance(layer, self.torch.nn.modules.batchnorm._BatchNorm) and layer.running_mean is None:
                like = next(iter(layer.parameters()), self.torch.ones(1))
                layer.running_mean = self.torch.zeros(layer.num_features, dtype=like.dtype)
                layer.running_var = self.torch.ones(layer.num_features, dtype=like.dtype)

    def rounds(self) -> bool:
        """Whether the loss is computed by way of a rounding."""
        with self._mode(True):
            seen, todo = set(), [self._value().grad_fn]
        while todo:
            node = todo.pop()
            if node is None or node in seen:
                continue
            seen.add(node)
            if type(node).__name__.startswith(ROUNDED):
                return True
            todo += [following for following, _ in node.next_functions]
        return False

    def stepping(self, *, times: float = 1.0) -> Callable[[Any, Any], float] | None:
        """A function that takes one step of the user's optimizer, in the mode in which the copy is."""
        return self.trainer(How(times=times))

    def trainer(self, how: How) -> Callable[[Any, Any], float] | None:
        """The same with more changed than the rate."""
        settings = self.probe.optimizer
        if settings is None or (how.times != 1 and "lr" not in settings.options):
            return None
        if how.thawed:
            self.model.requires_grad_(True)
        decay = None if how.decay else 0.0
        optimizer = settings.make(self.model, how.times, whole=how.thawed, decay=decay)
        if optimizer is None:
            return None
        loop = Loop(self.torch, optimizer, how)

        def step(inputs: Any, targets: Any) -> float:
            given, wanted = self._given(inputs), tensors_of(targets, self.torch)
            return float(loop.step(lambda: self.probe.priced(self.probe.run(self.model, given), wanted)))

        return step

    def drops(self) -> Sequence[str]:
        """The functions that drop in evaluation mode."""
        with self.torch.no_grad(), self._mode(False), dropping(self.torch) as seen:
            self.probe.call(self.model)
        return seen

    def without(self, kind: str) -> bool:
        """Dropout that drops nothing; in the place of a squash at the end, nothing."""
        nn = self.torch.nn
        if kind == "dropout":
            found = [one for one in self.model.modules() if isinstance(one, nn.modules.dropout._DropoutNd)]
            within = [one for one in self.model.modules() if isinstance(getattr(one, "dropout", None), float)]
            for one in found:
                one.p = 0.0
            for one in within:  # of recurrent layers and attention
                one.dropout = 0.0
            return bool(found or within)
        return kind == "output" and self.mend([("bare",)])

    def mend(self, steps: Sequence[Step]) -> bool:
        """Repairs this copy, and the loss that it is asked for."""
        torch, probe = self.torch, self.probe
        loss = repaired_loss(torch, probe.loss, steps)
        if (loss is None and probe.loss is not None) or not repaired(torch, self.model, probe.call, steps):
            return False
        if loss is None and any(step[0] not in (*CALLS, *LAYERS) for step in steps):
            return False
        self.probe = replace(probe, loss=loss)
        return True
