"""A look over the shoulder of somebody's own PyTorch loop, which stays as it is.

The watch only reads: no parameter, gradient, mode or state of chance is changed, and its hooks are gone afterwards. It
keeps references to the batches, a copy of the first weights, the costs and the rates; two steps are checked by
computing their gradient once more on a copy.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from types import TracebackType
from typing import Any

import numpy as np

from whynet.doctor.case import Symptom
from whynet.doctor.verdict import Diagnosis, Finding
from whynet.errors import UsageError
from whynet.patients.frameworks.pytorch import Patient, check, library, undisturbed
from whynet.patients.frameworks.torch_training import Settings, copied
from whynet.types import Array

CHECKED = (2, 6)  # steps whose gradient is computed again
MOST_NUMBERS = 100_000_000  # of the inputs that are kept: 400 MB as float32


def watch(model: Any, *, loss: Any, optimizer: Any) -> Watch:
    """Watch a training: `with watch(model, loss=loss, optimizer=optimizer) as watched:` around the loop, and then
    `watched.diagnosis()`.

    A loss that is a module is watched by itself; one that is a function is to be called as `watched.loss(outputs, y)`.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> from whynet.data.sources import load
    >>> digits = load("digits")
    >>> X, y = torch.tensor(digits.pixels / 255, dtype=torch.float32), torch.tensor(digits.labels)
    >>> model, loss = torch.nn.Linear(64, 10), torch.nn.CrossEntropyLoss()
    >>> optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    >>> with watch(model, loss=loss, optimizer=optimizer) as watched:
    ...     for rows in torch.randperm(len(X)).split(32):
    ...         loss(model(X[rows]), y[rows]).backward()  # the gradients are never cleared
    ...         optimizer.step()
    >>> [finding.cause for finding in watched.diagnosis(budget=5, trials=False).verdict][:1]
    ['gradient-buffer-not-reset']

    Raises
    ------
    UsageError
        Something that is not what it should be.
    ResourceError
        PyTorch is not installed.
    """
    torch = library()
    check(torch, model, loss, optimizer, epochs=1)
    return Watch(torch, model, loss, optimizer)


class Watch:
    """What `watch` makes: a context, and the diagnosis of what was seen in it.

    >>> Watch.__name__
    'Watch'
    """

    def __init__(self, torch: Any, model: Any, loss: Any, optimizer: Any) -> None:
        self.torch, self.model, self._loss, self.optimizer = torch, model, loss, optimizer
        self.first = copied(torch, model)
        self.twin: Any = None
        self.settings = Settings.of(model, optimizer)
        self.batches: list[tuple[Any, Any, int, int]] = []
        """Inputs, targets, and how often each had been written to when it was used."""
        self.sizes: list[int] = []
        self.costs: list[Any] = []
        self.rates: list[float] = []
        self.forwards = self.steps = self.kept = self.evaluating = 0
        self.several = False
        self.stale: list[bool] = []
        self.moves: list[float] = []
        self._busy = False
        self._given: Any = None
        self._last: tuple[Any, Any] | None = None
        self._gradient: list[Any] = []
        self._before: list[Any] = []
        self._handles: list[Any] = []
        self._at_steps: list[Any] = []

    def __deepcopy__(self, memo: object) -> Watch:
        """Copies of a module that is watched are not watched by copies."""
        return self

    def loss(self, outputs: Any, targets: Any) -> Any:
        """The loss, called by the watch: for losses that are plain functions."""
        value = self._loss(outputs, targets)
        if not self._handles or not isinstance(self._loss, self.torch.nn.Module):
            self._on_loss(None, (outputs, targets), value)
        return value

    def __enter__(self) -> Watch:
        self._handles = [self.model.register_forward_hook(self._on_forward)]
        self._at_steps = [
            self.optimizer.register_step_pre_hook(self._on_step),
            self.optimizer.register_step_post_hook(self._after_step),
        ]
        if isinstance(self._loss, self.torch.nn.Module):
            self._handles.append(self._loss.register_forward_hook(self._on_loss))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for handle in (*self._handles, *self._at_steps):
            handle.remove()
        self._handles, self._at_steps, self._gradient, self._before, self._last = [], [], [], [], None

    # ---- what is seen

    def _on_forward(self, module: Any, given: Any, made: Any) -> None:
        if self._busy or not given or not self.torch.is_grad_enabled():
            return
        self._given = given[0]
        self.forwards += 1
        if not module.training:
            self.evaluating += 1

    def _on_loss(self, module: Any, given: Any, value: Any) -> None:
        X = self._given
        if self._busy or X is None or len(given) < 2:
            return
        y, self._given = given[1], None
        self._last = (X, y)
        self.costs.append(value.detach())
        self.rates.append(self.optimizer.param_groups[0]["lr"])
        self.sizes.append(len(X))
        if self.kept < MOST_NUMBERS:
            self.batches.append((X, y, X._version, y._version))
            self.kept += X.numel()
        if self._at_steps and self.steps >= CHECKED[-1]:  # all that was to be checked is
            for handle in self._at_steps:
                handle.remove()
            self._at_steps = []

    def _on_step(self, optimizer: Any, args: Any, kwargs: Any) -> None:
        self.steps += 1
        self.several |= self.forwards > 1
        self.forwards = 0
        if self.steps + 1 in CHECKED or self.steps in CHECKED:
            with self.torch.no_grad():
                now = [None if one.grad is None else one.grad.clone() for one in self.model.parameters()]
                if self.steps in CHECKED and self._last is not None and not self.several:
                    self._check_gradient(now)
                self._gradient = now
                self._before = [one.detach().clone() for one in self.model.parameters()]

    def _after_step(self, optimizer: Any, args: Any, kwargs: Any) -> None:
        if not self._before:
            return
        with self.torch.no_grad():
            moved = sum(float(((a - b) ** 2).sum()) for a, b in zip(self.model.parameters(), self._before, strict=True))
            size = sum(float((one**2).sum()) for one in self._before)
        self.moves.append(math.sqrt(moved / max(size, 1e-300)))
        self._before = []

    def _check_gradient(self, now: list[Any]) -> None:
        """Is what the optimizer is handed the gradient of this batch, or that and the one before?"""
        torch, last = self.torch, self._last
        assert last is not None
        self._busy = True
        try:
            with undisturbed(torch), torch.enable_grad():
                if self.twin is None:
                    self.twin = copied(torch, self.first)
                with torch.no_grad():
                    for mine, theirs in zip(self.twin.parameters(), self.model.parameters(), strict=True):
                        mine.copy_(theirs)
                self.twin.train(self.model.training)
                wanted = [one for one in self.twin.parameters() if one.requires_grad]
                value = self._loss(self.twin(last[0].detach()), last[1])
                fresh = iter(torch.autograd.grad(value, wanted, allow_unused=True))
        except Exception:  # a loss or module that cannot be called twice is not checked
            return
        finally:
            self._busy = False
        over, again, before = 0.0, 0.0, 0.0
        for one, held, old in zip(self.twin.parameters(), now, self._gradient or [None] * len(now), strict=True):
            own = next(fresh) if one.requires_grad else None
            if own is None or held is None or old is None:
                continue
            over += float(((held - own) ** 2).sum())
            again += float(((held - own - old) ** 2).sum())
            before += float((old**2).sum())
        if before > 0:
            self.stale.append(again < 0.25 * over and over > 0.01 * before)

    # ---- what it amounts to

    def diagnosis(
        self,
        *,
        test: Any = None,
        budget: float = 30.0,
        trials: bool = True,
        say: Callable[[str], None] = lambda _: None,
    ) -> Diagnosis:
        """Why what was watched does not learn: the training is described from what was seen, and diagnosed.

        Raises
        ------
        UsageError
            Nothing was seen, or the batches were written over.
        """
        torch = self.torch
        if self._handles:
            raise UsageError("the watch is still on", do="Call diagnosis() after the with block")
        if not self.steps or not self.batches:
            what = "no step of the optimizer" if not self.steps else "no loss"
            hint = "Call the loss that was handed over; a plain function as watched.loss(outputs, y)"
            raise UsageError(
                f"{what} was seen", expected="model(X), loss(outputs, y), backward and optimizer.step() inside", do=hint
            )
        if any((X._version, y._version) != (was, then) for X, y, was, then in self.batches):
            raise UsageError("the batches were written over after use", do="Make a new tensor for each batch")
        with undisturbed(torch):
            X = torch.cat([one.detach().to("cpu") for one, *_ in self.batches])
            y = torch.cat([one.detach().to("cpu") for _, one, *_ in self.batches])
            rows, order, epochs = _examples(X.numpy(), sum(self.sizes))
            patient = Patient(
                torch=torch,
                model=self.first,
                loss=self._loss,
                settings=self.settings,
                X=X[rows],
                y=y[rows],
                test=None if test is None else tuple(test),
                epochs=epochs,
                batch_size=int(np.median(self.sizes)),
                order=order,
                remarks=self._remarks(),
            )
            if self.stale and all(self.stale):
                patient.faults += ("stale-gradients",)
                evidence = (Symptom("gradients-kept", float(np.mean(self.stale)), "share of the steps checked", "0"),)
                words = "`optimizer.zero_grad()` before each `loss.backward()`"
                patient.found.append(Finding("gradient-buffer-not-reset", "found", (), evidence, words, None, None))
            return patient.diagnose(budget=budget, trials=trials, say=say)

    def _remarks(self) -> list[str]:
        """What was seen beside it."""
        costs = [float(cost) for cost in self.costs]
        broken = next((step for step, cost in enumerate(costs, 1) if not math.isfinite(cost)), None)
        remarks = [
            f"Watched: {len(costs):,} batches, cost {costs[0]:.4g} -> {costs[-1]:.4g}; a step moved the weights by "
            f"{np.median(self.moves) if self.moves else math.nan:.2g} of their length."
        ]
        if broken is not None:
            remarks.append(f"The cost became NaN or infinite at batch {broken:,}.")
        rates = [float(rate) for rate in self.rates]
        if min(rates) != max(rates):
            remarks.append(f"The rate went from {rates[0]:g} to {rates[-1]:g}; in the trials it is constant.")
        chancy = [
            type(one).__name__
            for one in self.first.modules()
            if "Dropout" in type(one).__name__ or hasattr(one, "running_mean")
        ]
        if self.evaluating and chancy:
            remarks.append(
                f"{self.evaluating:,} batches were trained on in evaluation mode: {chancy[0]} does not act. "
                "`model.train()`."
            )
        if self.several:
            remarks.append("Several batches were added up for a step; the trials take a step for each.")
        return remarks


def _examples(X: Array, total: int) -> tuple[Array, str, int]:
    """The rows that were seen first, in that order; whether they come in the same order again; how many epochs."""
    known: dict[bytes, int] = {}
    flat = np.ascontiguousarray(X.reshape(len(X), -1))
    numbers = np.array([known.setdefault(row.tobytes(), len(known)) for row in flat])
    _, first = np.unique(numbers, return_index=True)
    n = len(first)
    again = numbers[n : 2 * n]
    same = np.array_equal(again, numbers[: len(again)])  # one epoch: as it came is all that is known
    return first, "file" if same else "shuffled", max(1, round(total / n))
