"""A module, a batch and a loss to try things on: whatever the module takes and gives, nothing is assumed but that."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from whynet.doctor.diagnosis import Finding, Gap
from whynet.doctor.symptom import Measured
from whynet.subjects.frameworks.torch_nested import (
    ProbeError,
    accepted,
    first_batches,
    first_line,
    mapped,
    on_cpu,
    rows_of,
    seeded,
    split_batch,
    tensors_in,
    undisturbed,
    ways,
)
from whynet.subjects.frameworks.torch_training import OptimizerSettings, copied


class Seen(NamedTuple):
    """What a check comes to: numbers measured, causes found, and what it could not look at.

    >>> Seen().findings
    ()
    """

    facts: Sequence[Measured] = ()
    findings: Sequence[Finding] = ()
    gaps: Sequence[Gap] = ()


__all__ = ["Probe", "ProbeError", "Seen", "first_batches", "seeded", "split_batch", "tensors_in", "undisturbed"]


@dataclass
class Probe:
    """A module, a batch and a loss, in copies to do anything with; nothing of the user's is touched.

    `inputs` is what the module is called with: a tensor, a tuple (one after the other), a dict (by keyword). `targets`
    is what the loss is given; where `loss` is None, it comes out of the module.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> X, y = torch.rand(6, 4), torch.zeros(6, dtype=torch.int64)
    >>> probe = Probe.of(torch, torch.nn.Linear(4, 3), torch.nn.CrossEntropyLoss(), (X, y))
    >>> model = probe.fresh()
    >>> raw = probe.call(model)
    >>> probe.rows, tuple(raw.shape), probe.loss_of(raw).ndim
    (6, (6, 3), 0)
    """

    torch: Any
    model: Any
    loss: Any
    inputs: Any
    targets: Any
    rows: int = 1
    optimizer: OptimizerSettings | None = None
    way: Callable[[Any], tuple[Any, Any]] = split_batch
    """How another batch is taken apart into inputs and targets."""

    @staticmethod
    def of(torch: Any, model: Any, loss: Any, batch: Any, optimizer: OptimizerSettings | None = None) -> Probe:
        """A probe of the batch, taken apart in the first way in which module and loss take it.

        Raises
        ------
        ProbeError
            The module cannot be called with it in any way.
        """
        refused: ProbeError | None = None
        called: Probe | None = None
        own = on_cpu(batch, torch)
        for place in range(len(ways(own, given=loss is None, torch=torch))):
            for cast in _casts(torch, model):
                way = _Way(torch, place, cast, given=loss is None)
                inputs, targets = way(own)
                probe = Probe(torch, copied(torch, model), copied_loss(loss), inputs, targets, way=way)
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

    @staticmethod
    def outputs(raw: Any) -> Any:
        """The main tensor of an answer: itself, `logits`, the first floating one; None where there is none.

        >>> Probe.outputs("no tensor") is None
        True
        """
        if hasattr(raw, "is_floating_point"):
            return raw
        named = raw if isinstance(raw, Mapping) else getattr(raw, "__dict__", {})
        if named.get("logits") is not None:
            return named["logits"]
        parts = raw if isinstance(raw, (tuple, list)) else named.values()
        inner = (Probe.outputs(one) for one in parts)
        found = [one for one in inner if one is not None and one.is_floating_point()]
        return next((one for one in found if one.ndim), found[0] if found else None)

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
        main, refused = self.outputs(raw), None
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

    def take(self, rows: Any) -> tuple[Any, Any]:
        """Those rows of the batch: inputs and targets."""
        chosen = self.torch.as_tensor(rows)

        def some(one: Any) -> Any:
            return one[chosen] if one.ndim and len(one) == self.rows else one

        return self.map(self.inputs, some), self.map(self.targets, some)

    def map(self, inputs: Any, f: Callable[[Any], Any]) -> Any:
        """`inputs` with f of every tensor in it, however they are nested."""
        return mapped(inputs, f, self.torch)

    def gradients(self, model: Any = None) -> dict[str, Any]:
        """The gradient of the loss of this batch by each parameter, in training mode: None where there is none.

        Raises
        ------
        ProbeError
            There is no loss, or it hangs on no parameter at all.
        """
        model = self.fresh().train() if model is None else model
        model.zero_grad()
        with self.torch.enable_grad():
            value = self.loss_of(self.call(model))
            if not value.requires_grad:
                raise ProbeError("the loss hangs on no parameter: nothing can be learned from it")
            try:
                value.backward()
            except RuntimeError as error:
                raise ProbeError(f"there is no gradient: {first_line(error)}") from None
        return {name: one.grad for name, one in model.named_parameters()}


def copied_loss(loss: Any) -> Any:
    """A copy of a loss that may remember something; a function is itself.

    >>> copied_loss(max) is max
    True
    """
    try:
        return copy.deepcopy(loss)
    except Exception:  # it holds something that cannot be copied: it is called as it is
        return loss


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
