"""A PyTorch module, a batch and a loss, as a probe: nothing is assumed of what the module takes and gives."""

from __future__ import annotations

import copy
import math
import warnings
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from whynet.doctor.change import Library
from whynet.subjects.frameworks.torch_answers import main_output, with_outputs
from whynet.subjects.frameworks.torch_nested import (
    accepted,
    array_of,
    arrays_of,
    mapped,
    on_cpu,
    rows_of,
    seeded,
    split_batch,
    tensors_in,
    tensors_of,
    ways,
)
from whynet.subjects.frameworks.torch_network import TorchNetwork
from whynet.subjects.frameworks.torch_own_loss import told_by_value
from whynet.subjects.frameworks.torch_terms import gradients_of_terms
from whynet.subjects.frameworks.torch_training import OptimizerSettings, copied
from whynet.subjects.frameworks.torch_words import WORDS
from whynet.subjects.inside.probe import (
    Probe,
    ProbeError,
    first_line,
)
from whynet.subjects.inside.repairs import Step
from whynet.types import Array


@dataclass
class TorchProbe(Probe):
    """A module, a batch and a loss, in copies to do anything with; nothing of the user's is touched.

    `inputs` is what the module is called with: a tensor, a tuple (one after the other), a dict (by keyword). `targets`
    is what the loss is given; where `loss` is None, it comes out of the module.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> X, y = torch.rand(6, 4), torch.zeros(6, dtype=torch.int64)
    >>> probe = TorchProbe.of(torch, torch.nn.Linear(4, 3), torch.nn.CrossEntropyLoss(), (X, y))
    >>> probe.rows, probe.Z.shape, probe.copy().loss() > 0
    (6, (6, 3), True)
    """

    library: ClassVar[Library] = "PyTorch"
    words: ClassVar[Mapping[str, str]] = WORDS

    torch: Any
    model: Any
    loss: Any
    inputs: Any
    targets: Any
    rows: int = 1
    optimizer: OptimizerSettings | None = None
    way: Callable[[Any], tuple[Any, Any]] = field(default=split_batch)
    """How another batch is taken apart into inputs and targets."""

    @staticmethod
    def of(torch: Any, model: Any, loss: Any, batch: Any, optimizer: OptimizerSettings | None = None) -> TorchProbe:
        """A probe of the batch, taken apart in the first way in which module and loss take it.

        Raises
        ------
        ProbeError
            The module cannot be called with it in any way.
        """
        refused: ProbeError | None = None
        called: TorchProbe | None = None
        own = on_cpu(batch, torch)
        for place in range(len(ways(own, given=loss is None, torch=torch))):
            for cast in _casts(torch, model):
                way = _Way(torch, place, cast, given=loss is None)
                inputs, targets = way(own)
                probe = TorchProbe(torch, copied(torch, model), copied_loss(loss), inputs, targets, way=way)
                probe = replace(probe, rows=rows_of(inputs, targets, torch), optimizer=optimizer)
                try:
                    raw = probe.call(probe.fresh())
                except ProbeError as error:
                    refused = refused or error
                    continue
                called = called or probe
                try:
                    probe.loss_of(raw)
                except ProbeError:
                    break
                return probe
        if called is not None:
            return called
        raise refused or ProbeError("the batch is empty")

    # ---- what every probe says

    @property
    def X(self) -> Any:  # noqa: N802 - as everywhere else
        """The inputs of the batch, as arrays."""
        return arrays_of(self.inputs, self.torch)

    @property
    def y(self) -> Any:
        """Its targets, as arrays."""
        return arrays_of(self.targets, self.torch)

    @property
    def name(self) -> str:
        """The class of the module."""
        return type(self.model).__name__

    @property
    def training(self) -> bool:
        """Whether the module was handed over in training mode."""
        return bool(self.model.training)

    @property
    def loss_name(self) -> str:
        """What the loss is called; empty where it comes out of the module."""
        if self.loss is None:
            return ""
        name = str(getattr(self.loss, "__name__", type(self.loss).__name__))
        return "the loss" if name == "<lambda>" else name

    @property
    def held(self) -> frozenset[str]:
        """The parameters that the optimizer is to move; all that are not frozen, where it is not known."""
        grows = {name for name, one in self.model.named_parameters() if one.requires_grad}
        if self.optimizer is None:
            return frozenset(grows)
        return frozenset(name for names, _ in self.optimizer.groups for name in names if name in grows)

    @property
    def optimizer_name(self) -> str:
        """The class of the optimizer; empty where there is none."""
        return "" if self.optimizer is None else str(self.optimizer.kind.__name__)

    @cached_property
    def _raw(self) -> Any:
        with self.torch.no_grad():
            return self.call(self.fresh())

    @cached_property
    def _main(self) -> Any:
        return main_output(self._raw)

    @property
    def answer_is_plain(self) -> bool:
        """Whether the module answers with one tensor alone."""
        return bool(self.torch.is_tensor(self._raw))

    @property
    def Z(self) -> Array:  # noqa: N802
        """The main outputs of the batch."""
        z = self._main
        if z is None or not z.is_floating_point() or not z.numel():
            raise ProbeError("the outputs are no real numbers")
        return array_of(z)

    def copy(self) -> TorchNetwork:
        """Another copy of the module, in the mode in which it was handed over."""
        return TorchNetwork(self, self.fresh())

    def part(self, rows: Sequence[int]) -> TorchProbe:
        """A probe of those rows of the batch, which may come more than once."""
        chosen = self.torch.as_tensor(list(rows))

        def some(one: Any) -> Any:
            return one[chosen] if one.ndim and len(one) == self.rows else one

        inputs, targets = (mapped(one, some, self.torch) for one in (self.inputs, self.targets))
        return replace(self, inputs=inputs, targets=targets, rows=len(chosen))

    def value(self, outputs: Array, targets: Any = None) -> float:
        """The loss of other outputs in the place of the module's own; NaN where it cannot be had."""
        found = self._priced(outputs, targets)
        return math.nan if found is None else float(found[0].detach())

    def slope(self, outputs: Array, targets: Any = None) -> Array | None:
        """The gradient of that loss by the outputs; None where there is none."""
        found = self._priced(outputs, targets)
        if found is None:
            return None
        value, z = found
        try:
            with self.torch.enable_grad():
                value.backward()
        except RuntimeError:
            return None
        return None if z.grad is None else array_of(z.grad)

    def _priced(self, outputs: Array, targets: Any) -> tuple[Any, Any] | None:
        """The loss of these outputs, with its graph, and the tensor that they are in it."""
        if self.loss is None:
            return None
        torch, main = self.torch, self._main
        z = torch.as_tensor(np.array(outputs))
        if main is not None and main.dtype not in (torch.float16, torch.bfloat16):
            z = z.to(main.dtype)
        z = z.detach().clone().requires_grad_()
        given = self.targets if targets is None else tensors_of(targets, torch)
        with torch.enable_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                return self.loss_of(with_outputs(self._raw, main, z), given), z
            except (ProbeError, RuntimeError, ValueError, TypeError):
                return None

    def refusal(self) -> str:
        """What PyTorch says where the loss cannot be computed, or cannot be followed back; else nothing."""
        own = self._main.detach().clone().requires_grad_()
        with self.torch.enable_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                self.loss_of(with_outputs(self._raw, self._main, own)).backward()
            except (ProbeError, RuntimeError) as error:
                words = str(getattr(error, "message", error)).splitlines()[0]
                return words.removeprefix("the loss cannot be computed: ")
        return ""

    def terms(self, targets: Any = None) -> Mapping[str, float]:
        """Of a loss that returns its terms, or adds them up, the length of each one's gradient; else nothing."""
        torch, model = self.torch, self.fresh()
        given = self.targets if targets is None else tensors_of(targets, torch)
        with torch.enable_grad(), seeded(torch):
            raw = self.call(model)
            try:
                said = raw if self.loss is None else self.loss(raw, given)
                value = self.loss_of(raw, given)
            except Exception:  # it is told by whoever needs the loss
                return {}
            named = _terms(said, torch)
            total = {name for name, one in named.items() if _is_sum(name, one, named)}
            if len(named) - len(total) < 2:
                return gradients_of_terms(torch, value, list(model.parameters()))
            lengths = {}
            for name, one in named.items():
                if name in total:
                    continue
                slopes = torch.autograd.grad(one, list(model.parameters()), retain_graph=True, allow_unused=True)
                lengths[name] = math.sqrt(sum(float(slope.pow(2).sum()) for slope in slopes if slope is not None))
        return lengths

    def drawing(self, seed: int) -> AbstractContextManager[None]:
        """Within it chance begins at this seed; afterwards it is what it was."""
        return seeded(self.torch, seed)

    def mended(self, steps: Sequence[Step]) -> TorchProbe | None:
        """A probe of the repaired module and loss."""
        network = self.copy()
        return replace(network.probe, model=network.model) if network.mend(steps) else None

    def told_by_value(self) -> TorchProbe:
        """A probe with the loss that the module computes itself, where it is one of PyTorch's own."""
        told = told_by_value(self) if self.loss is None else None
        return self if told is None else replace(self, loss=told[0], targets=told[1])

    # ---- tensors

    def fresh(self) -> Any:
        """Another copy of the module, in the mode in which it was handed over."""
        return copied(self.torch, self.model)

    def call(self, model: Any, inputs: Any = None) -> Any:
        """What the module answers, as it is; chance inside is the same at every call.

        Raises
        ------
        ProbeError
            It cannot be called so; the message has PyTorch's own words.
        """
        with seeded(self.torch):
            return self.run(model, self.inputs if inputs is None else inputs)

    def run(self, model: Any, inputs: Any) -> Any:
        """The same with chance as it comes."""
        try:
            if isinstance(inputs, dict):
                return model(**accepted(model, inputs))
            return model(*inputs) if isinstance(inputs, tuple) else model(inputs)
        except Exception as error:
            shapes = ", ".join(str(tuple(one.shape)) for one in tensors_in(inputs, self.torch)[:4])
            raise ProbeError(
                f"the module cannot be called with these data: {first_line(error)}", found=f"X {shapes}"
            ) from None

    def loss_of(self, raw: Any, targets: Any = None) -> Any:
        """The loss of an answer, one number with its graph.

        Raises
        ------
        ProbeError
            It cannot be had; the message says why.
        """
        with seeded(self.torch):
            return self.priced(raw, self.targets if targets is None else targets)

    def priced(self, raw: Any, targets: Any) -> Any:
        """The same with chance as it comes."""
        value = raw if self.loss is None else self._asked(raw, targets)
        found = self._number(value)
        if found is None:
            made = tuple(value.shape) if isinstance(value, self.torch.Tensor) else type(value).__name__
            do = "Give it reduction='mean'" if self.loss is not None else "Hand over loss=, or answer with .loss"
            raise ProbeError("the loss is no single number", expected="one number for a batch", found=str(made), do=do)
        return found

    def _asked(self, raw: Any, targets: Any) -> Any:
        main, refused = main_output(raw), None
        for given in (raw, main):
            try:
                return self.loss(given, targets)
            except Exception as error:
                refused = refused or first_line(error)
        shape = "an answer without a tensor" if main is None else f"outputs {tuple(main.shape)}"
        kinds = ", ".join(f"{one.dtype} {tuple(one.shape)}" for one in tensors_in(targets, self.torch)[:3])
        raise ProbeError(f"the loss cannot be computed: {refused}", found=f"{shape} and targets {kinds}")

    def _number(self, value: Any) -> Any:
        """The one number in what a loss, or a module, answers."""
        if isinstance(value, self.torch.Tensor):
            return value.reshape(()) if value.numel() == 1 else None
        named = value if isinstance(value, Mapping) else getattr(value, "__dict__", {})
        if named.get("loss") is not None:
            return self._number(named["loss"])
        if isinstance(value, (tuple, list)):
            return next((one for one in map(self._number, value) if one is not None and one.requires_grad), None)
        if self.loss is not None and isinstance(value, Mapping):
            terms = [self._number(one) for one in value.values()]
            return sum(terms) if terms and all(one is not None for one in terms) else None
        return None


def copied_loss(loss: Any) -> Any:
    """A copy of a loss that may remember something; a function is itself.

    >>> copied_loss(max) is max
    True
    """
    try:
        return copy.deepcopy(loss)
    except Exception:  # it holds something that cannot be copied: it is called as it is
        return loss


def _terms(value: Any, torch: Any) -> dict[str, Any]:
    """The single numbers with a gradient in what a loss, or a module with its own, gives."""
    if torch.is_tensor(value):
        return {}
    if isinstance(value, (tuple, list)):
        parts = {f"term {place}": one for place, one in enumerate(value)}
    else:
        parts = dict(value) if hasattr(value, "keys") else dict(getattr(value, "__dict__", {}))
    return {
        str(name): one for name, one in parts.items() if torch.is_tensor(one) and one.numel() == 1 and one.requires_grad
    }


def _is_sum(name: str, one: Any, named: dict[str, Any]) -> bool:
    """Whether a term is that of all others."""
    others = [float(other.detach()) for key, other in named.items() if key != name]
    near = math.isclose(float(one.detach()), sum(others), rel_tol=1e-4, abs_tol=1e-7)
    return (len(others) > 1 and near) or name in ("loss", "total", "total_loss")


class _Way:
    """One way to take a batch apart."""

    def __init__(self, torch: Any, place: int, cast: Callable[[Any], Any], *, given: bool) -> None:
        self.torch, self.place, self.cast, self.given = torch, place, cast, given

    def __call__(self, batch: Any) -> tuple[Any, Any]:
        inputs, targets = ways(on_cpu(batch, self.torch), given=self.given, torch=self.torch)[self.place]
        return mapped(inputs, self.cast, self.torch), targets


def _casts(torch: Any, model: Any) -> list[Callable[[Any], Any]]:
    """Inputs as they are; real numbers as the module's; whole numbers as real ones."""
    dtype = next((one.dtype for one in model.parameters() if one.is_floating_point()), torch.get_default_dtype())
    return [
        lambda one: one,
        lambda one: one.to(dtype) if one.is_floating_point() else one,
        lambda one: one if one.is_complex() else one.to(dtype),
    ]
