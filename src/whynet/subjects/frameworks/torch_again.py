"""A step of somebody's loop, looked at twice: its gradient is computed again on a copy, and its length measured."""

from __future__ import annotations

import math
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from whynet.subjects.frameworks.torch_meaning import Meaning
from whynet.subjects.frameworks.torch_nested import mapped, undisturbed
from whynet.subjects.frameworks.torch_probe import TorchProbe
from whynet.subjects.frameworks.torch_training import copied

FEW_NUMBERS = 100_000  # of the weights whose gradient is computed again


class Again:
    """What the steps that are looked at twice show; `first` is a copy of the module, of which copies are made.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> model = torch.nn.Linear(2, 1)
    >>> again = Again(torch, model, model)
    >>> again.before_step(None, None), again.after_step(), again.moves
    ([], None, [0.0])
    """

    def __init__(self, torch: Any, model: Any, first: Any) -> None:
        self.torch, self.model, self.first = torch, model, first
        self.twin: Any = None
        self.chosen = _few(model)
        self.stale: list[bool] = []
        """Whether each backward pass of a step was added to the gradient that the step before was taken by."""
        self.moves: list[float] = []
        """By what part of their length a step moved the weights."""
        self._added: bool | None = None
        """The same of the step that is going on; None before its first backward pass."""
        self._gradient: list[Any] = []
        self._before: list[Any] = []

    def before_backward(self) -> None:
        """Right before gradients are added to those that are there."""
        if not self._gradient or self._added is False:
            return
        now = [one.grad for one in self._weights(self.model)]
        if self._added:  # of this step already
            self._added = any(one is not None and bool(one.any()) for one in now)
            return
        pairs = [(one, old) for one, old in zip(now, self._gradient, strict=True) if old is not None and old.any()]
        self._added = bool(pairs) and all(one is not None and self.torch.equal(one, old) for one, old in pairs)

    def before_step(self, last: tuple[Any, Any] | None, meaning: Meaning | None) -> list[float]:
        """Right before a step on the batch `last`: how many times as long its gradient was before it was clipped."""
        raw: list[float] = []
        with self.torch.no_grad(), suppress(Exception):  # nor is a loss or module that cannot be called twice
            weights = self._weights(self.model)
            now = [None if one.grad is None else one.grad.clone() for one in weights]
            if last is not None and meaning is not None and not meaning.lost:
                with suppress(Exception):
                    raw.append(self._check(last, meaning, now))
            if self._added is not None:
                self.stale.append(self._added)
            self._added, self._gradient = None, now
            self._before = [one.detach().clone() for one in weights]
        return raw

    def after_step(self) -> None:
        """How far it went."""
        if not self._before:
            return
        norm = self.torch.linalg.vector_norm
        with suppress(Exception), self.torch.no_grad():  # parameters that are taken away, or sparse, are not measured
            moved = [float(norm(a - b)) for a, b in zip(self._weights(self.model), self._before, strict=True)]
            size = [float(norm(one)) for one in self._before]
            self.moves.append(math.hypot(*moved) / max(math.hypot(*size), 1e-150))
        self._before = []

    def forget(self) -> None:
        """All that takes memory."""
        self.twin, self._gradient, self._before, self._added = None, [], [], None

    def _weights(self, model: Any) -> list[Any]:
        named = dict(model.named_parameters())
        return [named[name] for name in self.chosen]

    def _check(self, last: tuple[Any, Any], meaning: Meaning, now: list[Any]) -> float:
        torch = self.torch
        with undisturbed(torch), torch.enable_grad():
            if self.twin is None:
                self.twin = copied(torch, self.first)
            with torch.no_grad():
                for mine, theirs in zip(self.twin.parameters(), self.model.parameters(), strict=True):
                    mine.copy_(theirs)
            self.twin.train(self.model.training)
            inputs, targets = (mapped(one, lambda each: each.detach().to("cpu"), torch) for one in last)
            asked = TorchProbe(torch, self.twin, meaning.loss, inputs, targets)
            value = meaning.scale * asked.priced(asked.run(self.twin, inputs), targets)
            fresh = torch.autograd.grad(value, self._weights(self.twin))
        return _length(fresh) / max(_length([one for one in now if one is not None]), 1e-30)


def _length(arrays: Iterable[Any]) -> float:
    return math.hypot(*(float(one.detach().float().norm()) for one in arrays))


def _few(model: Any) -> list[str]:
    """The names of the smallest weights that are trained: what is measured of all is measured of them."""
    trained = [(one.ndim < 2, one.numel(), name) for name, one in model.named_parameters() if one.requires_grad]
    chosen: list[str] = []
    numbers = 0
    for _, size, name in sorted(trained):
        numbers += size
        if not chosen or numbers <= FEW_NUMBERS:
            chosen.append(name)
    return chosen
