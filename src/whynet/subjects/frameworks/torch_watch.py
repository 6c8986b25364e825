"""A look over the shoulder of somebody's own PyTorch loop, which stays as it is.

The watch only reads: no parameter, gradient, mode or state of chance is changed, and its hooks are gone afterwards. It
keeps a copy of the first weights, and of the steps that it looks at the batch, the cost and the rate; two steps are
checked by computing their gradient once more on a copy. The first steps are all looked at, later ones ever more seldom,
by hooks that are there only then: what is left is a count, so that watching costs a few microseconds a step.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterable
from contextlib import suppress
from types import TracebackType
from typing import Any

import numpy as np

from whynet.doctor.budget import TIMES
from whynet.doctor.diagnosis import Diagnosis, Finding, Remark, said
from whynet.doctor.symptoms.update import GRADIENTS_KEPT
from whynet.errors import UsageError
from whynet.subjects.frameworks.pytorch import Patient, check, library, unlike_rows
from whynet.subjects.frameworks.torch_batches import Batches
from whynet.subjects.frameworks.torch_data import read_data
from whynet.subjects.frameworks.torch_look import Look
from whynet.subjects.frameworks.torch_modes import Modes
from whynet.subjects.frameworks.torch_probe import Probe, undisturbed
from whynet.subjects.frameworks.torch_steps import Steps
from whynet.subjects.frameworks.torch_training import OptimizerSettings, copied

CHECKED = (2, 6)  # steps whose gradient is computed again
AT_FIRST = 500_000  # bytes of inputs that are kept of every step; of as many more, of every second; and so on
FEW_NUMBERS = 100_000  # of the weights whose gradient is computed again
MOST_SELDOM = 7  # steps that are passed over, on average, for one that is looked at
MOST_PASSES = 8  # over rows that are a part of all, in place of fewer over all: more, and they are known by heart
IN_A_ROW = 4  # steps that are looked at before some are passed over


def watch(model: Any, *, loss: Any, optimizer: Any) -> Watch:
    """Watch a training: `with watch(model, loss=loss, optimizer=optimizer) as watched:` around the loop, and then
    `watched.diagnosis()`.

    A loss that is a module is watched by itself; one that is a function is to be called as `watched.loss(outputs, y)`.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> from whynet.data.sources import load
    >>> digits = load("digits")
    >>> X, y = torch.tensor(digits.inputs / 255, dtype=torch.float32), torch.tensor(digits.labels)
    >>> model, loss = torch.nn.Linear(64, 10), torch.nn.CrossEntropyLoss()
    >>> optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    >>> with watch(model, loss=loss, optimizer=optimizer) as watched:
    ...     for rows in torch.randperm(len(X)).split(32):
    ...         loss(model(X[rows]), y[rows]).backward()  # the gradients are never cleared
    ...         optimizer.step()
    >>> [finding.cause for finding in watched.diagnosis(trials=False).verdict][:1]
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
        self.chosen = _few(model)
        self.settings = OptimizerSettings.of(model, optimizer)
        self.batches = Batches(torch)
        self.sizes: list[int] = []
        self.costs: list[tuple[int, Any]] = []
        self.rates: list[float] = []
        self.looked = self.steps = 0
        self.modes = Modes()
        self.several = self.odd = False
        self.stale: list[bool] = []
        self.steps_seen = Steps(torch, optimizer)
        self.moves: list[float] = []
        self._next = self._until = self._forwards = 0
        self._dice = random.Random(0)  # its own: steps looked at at regular distances would always be the same batches
        self._busy = False
        self._given: Any = None
        self._last: tuple[Any, Any] | None = None
        self._gradient: list[Any] = []
        self._before: list[Any] = []
        self._eyes: list[Any] = []
        self._at_steps: list[Any] = []
        self._checks: list[Any] = []

    def __deepcopy__(self, memo: object) -> Blind:
        return Blind()

    def __reduce__(self) -> tuple[type[Blind], tuple[()]]:
        return Blind, ()

    def loss(self, outputs: Any, targets: Any) -> Any:
        """The loss, called by the watch: for losses that are plain functions."""
        value = self._loss(outputs, targets)
        if self._eyes and not isinstance(self._loss, self.torch.nn.Module):
            self._on_loss(self._loss, (outputs, targets), value)
        return value

    def __enter__(self) -> Watch:
        self._at_steps = [self.optimizer.register_step_post_hook(self._after_step)]
        self._checks = [self.optimizer.register_step_pre_hook(self._before_step)]
        self._look()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for handle in (*self._eyes, *self._at_steps, *self._checks):
            handle.remove()
        self._eyes, self._at_steps, self._checks, self._gradient, self._before = [], [], [], [], []
        self._given = self._last = None
        self.rates.append(self.optimizer.param_groups[0]["lr"])

    # ---- when to look

    def _look(self) -> None:
        self._forwards, self._given = 0, None
        self._eyes = [self.model.register_forward_hook(self._on_forward)]
        if isinstance(self._loss, self.torch.nn.Module):
            self._eyes.append(self._loss.register_forward_hook(self._on_loss))

    def _after_step(self, optimizer: Any, args: Any, kwargs: Any) -> None:
        self.steps += 1
        self.modes.step(self.model.training)
        self.steps_seen.passed()
        if self.steps < self._next:
            return
        if not self._eyes:
            self._look()
            return
        self.looked += 1
        self.several |= self._forwards > 1
        self._forwards = 0
        if self._before:
            with suppress(Exception):  # parameters that are taken away, or sparse, are not measured
                self._measure_move()
            self._before = []
        seldom = min(self.batches.bytes // AT_FIRST, MOST_SELDOM)
        if self.steps < max(CHECKED[-1], self._until) or not seldom:
            return
        for handle in (*self._eyes, *self._checks):
            handle.remove()
        self._eyes, self._checks = [], []
        self._next = self.steps + 1 + self._dice.randrange(2 * IN_A_ROW * seldom)
        self._until = self._next + IN_A_ROW

    # ---- what is seen

    def _on_forward(self, module: Any, given: Any, made: Any) -> None:
        if self._busy or module is not self.model:
            return
        if not self.torch.is_grad_enabled():
            self.modes.looked(module.training)
            return
        if not given or not isinstance(given[0], self.torch.Tensor) or not given[0].ndim:
            self.odd = True
            return
        self._given = given[0]
        self._forwards += 1

    def _on_loss(self, module: Any, given: Any, value: Any) -> None:
        X, tensor = self._given, self.torch.Tensor
        if self._busy or module is not self._loss or X is None:
            return
        if len(given) < 2 or not isinstance(given[1], tensor) or not isinstance(value, tensor):
            self.odd = True
            return
        y, self._given = given[1], None
        self._last = (X, y)
        self.costs.append((self.steps + 1, value.detach()))
        self.rates.append(self.optimizer.param_groups[0]["lr"])
        self.sizes.append(len(X))
        self.batches.keep(X, y, self.steps + 1)

    def _before_step(self, optimizer: Any, args: Any, kwargs: Any) -> None:
        step = self.steps + 1
        with suppress(Exception):  # gradients that are sparse, or elsewhere, are not measured
            self.steps_seen.look(closure=len(args) > 1 or bool(kwargs))  # the first is the optimizer
        if step in CHECKED or step + 1 in CHECKED:
            with self.torch.no_grad(), suppress(Exception):  # nor is a loss or module that cannot be called twice
                weights = self._weights(self.model)
                now = [None if one.grad is None else one.grad.clone() for one in weights]
                if step in CHECKED and self._last is not None and self._forwards == 1:
                    self._check_gradient(now)
                self._gradient = now
                self._before = [one.detach().clone() for one in weights]

    def _weights(self, model: Any) -> list[Any]:
        named = dict(model.named_parameters())
        return [named[name] for name in self.chosen]

    def _measure_move(self) -> None:
        norm = self.torch.linalg.vector_norm
        with self.torch.no_grad():
            moved = [float(norm(a - b)) for a, b in zip(self._weights(self.model), self._before, strict=True)]
            size = [float(norm(one)) for one in self._before]
        self.moves.append(math.hypot(*moved) / max(math.hypot(*size), 1e-150))

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
                value = self._loss(self.twin(last[0].detach().to("cpu")), last[1].to("cpu"))
                fresh = torch.autograd.grad(value, self._weights(self.twin))
        finally:
            self._busy = False
        self.steps_seen.raw.append(_length(fresh) / max(_length([one for one in now if one is not None]), 1e-30))
        over, again, before, norm = 0.0, 0.0, 0.0, torch.linalg.vector_norm
        for own, held, old in zip(fresh, now, self._gradient or [None] * len(now), strict=True):
            if held is None or old is None:
                continue
            more = held.to("cpu") - own
            over += float(norm(more)) ** 2
            again += float(norm(more - old.to("cpu"))) ** 2
            before += float(norm(old)) ** 2
        if before > 0:
            self.stale.append(again < 0.25 * over and over > 0.01 * before)

    # ---- what it amounts to

    def diagnosis(
        self,
        *,
        test: Any = None,
        effort: float = TIMES,
        budget: float | None = None,
        trials: bool = True,
        say: Callable[[str], None] = lambda _: None,
    ) -> Diagnosis:
        """Why what was watched does not learn: the training is described from what was seen, and diagnosed.

        Raises
        ------
        UsageError
            Nothing was seen, or batches that are no rows of one kind.
        """
        torch = self.torch
        if self._at_steps:
            raise UsageError("the watch is still on", do="Call diagnosis() after the with block")
        if not self.steps or not self.batches.kept:
            what = "no step of the optimizer" if not self.steps else "no loss"
            hint = "Call the loss that was handed over; a plain function as watched.loss(outputs, y)"
            raise UsageError(
                f"{what} was seen",
                expected="model(X), loss(outputs, y), backward and optimizer.step() inside",
                found="calls with something else than tensors, or by keyword" if self.odd else None,
                do=hint,
            )
        with undisturbed(torch):
            X, y = self.batches.tensors()
            rows, order = self.batches.epoch(X)
            share = self.looked / self.steps or 1.0
            wanted = round(sum(self.sizes) / share / len(rows))  # as many steps as the loop took
            passes = _passes(sum(self.sizes) / len(rows), share)
            size = int(np.median(self.sizes))
            patient = Patient(
                torch=torch,
                model=self.first,
                loss=self._loss,
                settings=self.settings,
                X=X[rows],
                y=y[rows],
                test=None if test is None else read_data(torch, test, size, False)[:2],
                epochs=max(1, min(wanted, max(passes, MOST_PASSES))),
                batch_size=size,
                order=order,
                remarks=self._remarks(),
            )
            facts, found = self.modes.findings(torch, self.first, self.batches.kept[0].X, self.looked)
            patient.noted += facts
            patient.found += found
            look = self._notice(patient)
            if self.stale and all(self.stale):
                patient.faults += ("stale-gradients",)
                evidence = (GRADIENTS_KEPT.measured(float(np.mean(self.stale))),)
                words = "`optimizer.zero_grad()` before each `loss.backward()`"
                patient.found.append(Finding("gradient-buffer-not-reset", "found", evidence, detail=words))
            try:
                patient.read()
            except UsageError as reason:
                look.findings = list(patient.found)
                rows_seen = patient.X, patient.y
                return unlike_rows(look, reason, rows_seen, patient.epochs, size, order == "shuffled", budget, [])
            return patient.diagnose(effort=effort, budget=budget, trials=trials, say=say)

    def _notice(self, patient: Patient) -> Look:
        """What one batch shows of the module as it was, and the steps of the order that they were taken in."""
        X, y = patient.X[: patient.batch_size], patient.y[: patient.batch_size]
        X = X.to(next((one.dtype for one in self.first.parameters() if one.is_floating_point()), X.dtype))
        look = Look.of(Probe(self.torch, copied(self.torch, self.first), self._loss, X, y, len(X), self.settings))
        seen = [
            one for one in look.findings if one.cause != "mode-wrong-in-training"
        ]  # the steps tell: they are counted
        patient.found += [*seen, *self.steps_seen.findings()]
        patient.noted += look.facts
        patient.not_examined += look.gaps
        return look

    def _remarks(self) -> list[Remark]:
        """What was seen beside it."""
        costs = [(step, float(cost.mean())) for step, cost in self.costs]
        broken = next((step for step, cost in costs if not math.isfinite(cost)), None)
        remarks = [
            f"Watched: {self.steps:,} steps, {self.looked:,} of them looked at; cost {costs[0][1]:.4g} -> "
            f"{costs[-1][1]:.4g}; a step moved the weights by "
            f"{np.median(self.moves) if self.moves else math.nan:.2g} of their length."
        ]
        if broken is not None:
            remarks.append(f"By step {broken:,} the cost was NaN or infinite.")
        rates = [float(rate) for rate in self.rates]
        if min(rates) != max(rates):
            remarks.append(f"The rate went from {rates[0]:g} to {rates[-1]:g}; in the trials it is constant.")
        if self.several:
            remarks.append("Several batches were added up for a step; the trials take a step for each.")
        return [said(text) for text in remarks]


class Blind:
    """What takes the watch's place in a copy of the module, or a file of it, that the loop makes: it sees nothing.

    >>> Blind()._on_forward(None, (), None)
    """

    _busy = True  # a copied hook is still the watch's function, which looks here

    def _on_forward(self, *_: Any) -> None: ...

    def _on_loss(self, *_: Any) -> None: ...


def _length(arrays: Iterable[Any]) -> float:
    return math.hypot(*(float(one.detach().float().norm()) for one in arrays))


def _passes(often: float, share: float) -> int:
    """How many passes were made if of each this share of the rows was seen, and those that were seen, so often."""
    passes = 1
    while passes * share / (1 - (1 - share) ** passes) < often - 0.01 and passes * share < often:
        passes += 1
    return passes


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
