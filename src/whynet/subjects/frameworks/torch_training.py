"""Copies of a PyTorch module, trained with one thing changed."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from whynet.errors import UsageError
from whynet.subjects.frameworks.guest import Trained, Variant, standardising
from whynet.subjects.frameworks.torch_trace import outputs_of
from whynet.subjects.words import OPTIMIZERS, TORCH, Say, Tongue
from whynet.training.recipe import Recipe
from whynet.types import Array, Labels


def copied(torch: Any, model: Any) -> Any:
    """A copy on the CPU to do anything with.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> model = torch.nn.Linear(2, 1)
    >>> copied(torch, model).weight is model.weight
    False
    """
    try:
        return copy.deepcopy(model).to("cpu")
    except Exception as error:
        raise UsageError(
            f"the module cannot be copied: {error}",
            do="Hand it over before its first use, or without tensors that hang on a computation",
        ) from None


@dataclass(frozen=True)
class Settings:
    """An optimizer's class and settings, apart from the parameters that it holds: those are named.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> model = torch.nn.Linear(2, 1)
    >>> Settings.of(model, torch.optim.SGD([model.weight], lr=0.5)).left_out
    ('bias',)
    """

    kind: Any
    groups: tuple[tuple[tuple[str, ...], dict[str, Any]], ...]
    left_out: tuple[str, ...]

    @staticmethod
    def of(model: Any, optimizer: Any) -> Settings:
        """Those of an optimizer for this module."""
        names = {id(parameter): name for name, parameter in model.named_parameters()}
        groups = []
        for group in optimizer.param_groups:
            held = tuple(names[id(parameter)] for parameter in group["params"] if id(parameter) in names)
            groups.append((held, {key: value for key, value in group.items() if key != "params"}))
        known = {name for held, _ in groups for name in held}
        left = [name for name, one in model.named_parameters() if name not in known or not one.requires_grad]
        return Settings(type(optimizer), tuple(groups), tuple(left))

    def make(self, model: Any, rate: float, whole: bool) -> Any:
        """An optimizer of this kind for another copy of the module, its rates times `rate`."""
        parameters = dict(model.named_parameters())
        groups = []
        for index, (held, options) in enumerate(self.groups):
            names = (*held, *self.left_out) if whole and index == 0 else held
            chosen = [parameters[name] for name in names]
            if chosen:
                groups.append({**options, "params": chosen, "lr": options["lr"] * rate})
        return self.kind(groups) if groups else None

    @property
    def options(self) -> dict[str, Any]:
        """The settings of the first group."""
        return self.groups[0][1]


class TorchGuest:
    """Trains copies of a module for an `Examination`.

    >>> TorchGuest.__name__
    'TorchGuest'
    """

    def __init__(
        self, torch: Any, model: Any, loss: Any, settings: Settings, target: Callable[[Labels], Any], recipe: Recipe
    ) -> None:
        self.torch, self.model, self.loss, self.settings, self.target = torch, model, loss, settings, target
        kind = settings.kind.__name__
        other: dict[str, Say] = {"learning_rate": lambda value, _: f"`{kind}(..., lr={value:g})`"}
        self.recipe = recipe
        self.tongue = Tongue("PyTorch", TORCH if kind in OPTIMIZERS.values() else {**TORCH, **other})

    def train(
        self, X: Array, labels: Labels, variant: Variant, *, seed: int, steps: int | None, seconds: float
    ) -> Trained:
        """One arm, from the weights that the module has, on one thread: arms are small."""
        threads = self.torch.get_num_threads()
        self.torch.set_num_threads(1)
        try:
            return self._train(X, labels, variant, seed, steps, seconds)
        finally:
            self.torch.set_num_threads(threads)

    def _train(
        self, X: Array, labels: Labels, variant: Variant, seed: int, steps: int | None, seconds: float
    ) -> Trained:
        torch, loss = self.torch, self.loss
        size = int(self.recipe.batch_size)
        torch.manual_seed(seed)
        model = copied(torch, self.model)
        if variant.redrawn or seed:  # another seed is another draw
            for module in model.modules():
                if hasattr(module, "reset_parameters") and (variant.redrawn or seed):
                    module.reset_parameters()
        if variant.whole:
            model.requires_grad_(True)
        optimizer = self.settings.make(model, variant.rate, variant.whole)
        dtype = next(model.parameters()).dtype
        prepare = standardising(X) if variant.standardised else (lambda rows: rows)
        given, targets = torch.as_tensor(prepare(X)).to(dtype), self.target(labels)
        probe = slice(0, 500)

        def cost() -> float:
            model.train(False)
            with torch.no_grad():
                return float(loss(model(given[probe]), targets[probe]))

        def scores(rows: Array) -> Array:
            return outputs_of(torch, model, torch.as_tensor(prepare(rows)))

        start, curve, taken, end = cost(), [], 0, time.perf_counter() + seconds
        total = steps or -(-len(X) // size) * self.recipe.epochs * variant.epochs
        epoch = 0
        if optimizer is None:  # it holds nothing of this module: its steps change nothing
            taken = total
        while taken < total and time.perf_counter() < end:
            shuffled = self.recipe.order != "file" or variant.shuffled
            order = np.random.default_rng([seed, 2, epoch]).permutation(len(X)) if shuffled else np.arange(len(X))
            model.train()
            for first in range(0, len(X), size):
                rows = torch.as_tensor(order[first : first + size])
                if len(rows) < 2 and first:  # a rest of one row, which normalisation cannot do
                    continue

                def closure(rows: Any = rows) -> Any:
                    optimizer.zero_grad()
                    value = loss(model(given[rows]), targets[rows])
                    if value.requires_grad:
                        value.backward()
                    return value.detach()

                value = optimizer.step(closure)  # LBFGS asks for it several times
                taken += 1
                if taken in (1, 2, 4, 8) or taken % max(1, total // 8) == 0:
                    curve.append((taken, float(value)))
                if taken >= total or time.perf_counter() > end:
                    break
            epoch += 1
        final = cost()
        return Trained(scores, start, final, tuple(curve), taken, bool(np.isfinite(final)))
