"""A look over the shoulder of somebody's own PyTorch loop, which stays as it is.

The watch only reads: no parameter, gradient, mode or state of chance is changed, and its hooks are gone afterwards. It
keeps a copy of the first weights, and of the steps that it looks at the batch, the cost and the rate; two steps are
checked by computing their gradient once more on a copy. The first steps are all looked at, later ones ever more seldom,
by hooks that are there only then: what is left is a count, so that watching costs a few microseconds a step.
"""

from __future__ import annotations

import math
import random
import warnings
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Any

from whynet.doctor.budget import TIMES
from whynet.doctor.diagnosis import Diagnosis
from whynet.errors import UsageError
from whynet.subjects.frameworks.pytorch import check, library
from whynet.subjects.frameworks.torch_again import Again
from whynet.subjects.frameworks.torch_backward import Listener
from whynet.subjects.frameworks.torch_batches import LARGEST, MEGABYTES, Batches, Numbers
from whynet.subjects.frameworks.torch_breaks import Breaks
from whynet.subjects.frameworks.torch_calls import inputs_of
from whynet.subjects.frameworks.torch_flat import cut_before_loss
from whynet.subjects.frameworks.torch_graph import factor_of, traced
from whynet.subjects.frameworks.torch_late import Points, Trouble
from whynet.subjects.frameworks.torch_meaning import Meaning
from whynet.subjects.frameworks.torch_modes import Modes
from whynet.subjects.frameworks.torch_steps import Steps
from whynet.subjects.frameworks.torch_training import OptimizerSettings, copied
from whynet.subjects.inside.probe import first_line

CHECKED = (2, 6)  # steps whose gradient is computed again
AT_FIRST = 500_000  # bytes of batches that are kept of every step; of as many more, of every second; and so on
MOST_SELDOM = 11  # steps that are passed over, on average, for one that is looked at
IN_A_ROW = 4  # steps that are looked at before some are passed over
WANTED = "a call of the module, a loss of its answer, backward() of it, and optimizer.step()"


def watch(model: Any, *, optimizer: Any, loss: Any = None, memory: float = MEGABYTES) -> Watch:
    """Watch a training: `with watch(model, optimizer=optimizer) as watched:` around the loop, and then
    `watched.diagnosis()`.

    Without `loss`, the loss is the tensor that `backward()` is called on: what it is, is told by its value where it is
    one of PyTorch's own or comes out of the module; else it is only judged by. A loss that is a module may be handed
    over; of a plain function `watched.loss(outputs, y)` may be called in its place. Copies of batches take no more than
    `memory` megabytes. Where nothing is seen that a diagnosis could be made of, a warning says so at the first step.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> from whynet.data.sources import load
    >>> digits = load("digits")
    >>> X, y = torch.tensor(digits.inputs / 255, dtype=torch.float32), torch.tensor(digits.labels)
    >>> model, loss = torch.nn.Linear(64, 10), torch.nn.CrossEntropyLoss()
    >>> optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    >>> with watch(model, optimizer=optimizer) as watched:
    ...     for rows in torch.randperm(len(X)).split(32):
    ...         loss(model(X[rows]), y[rows]).backward()  # the gradients are never cleared
    ...         optimizer.step()
    >>> found = watched.diagnosis(trials=False)
    >>> found.verdict[0].cause, found.used["loss"]
    ('gradient-buffer-not-reset', 'CrossEntropyLoss(outputs, y)')

    Raises
    ------
    UsageError
        Something that is not what it should be.
    ResourceError
        PyTorch is not installed.
    """
    torch = library()
    check(torch, model, loss, optimizer, epochs=1)
    if not 0 < memory < math.inf:
        raise UsageError("the memory makes no sense", expected="megabytes, more than 0", found=repr(memory))
    return Watch(torch, model, loss, optimizer, memory)


class Watch:
    """What `watch` makes: a context, and the diagnosis of what was seen in it.

    >>> Watch.__name__
    'Watch'
    """

    def __init__(self, torch: Any, model: Any, loss: Any, optimizer: Any, memory: float = MEGABYTES) -> None:
        self.torch, self.model, self._loss, self.optimizer = torch, model, loss, optimizer
        self.first = copied(torch, model)
        self.settings = OptimizerSettings.of(model, optimizer)
        self.meaning = Meaning(torch, loss)
        self.again = Again(torch, model, self.first)
        self.batches = Batches(torch, memory)
        self.trouble: Trouble | None = None
        """Where its loss, that had fallen, rose again for good."""
        self.begun = 0
        """Steps of the loop that lie before what this is about, which is then a part of the `whole`."""
        self.whole: Watch | None = None
        self.points = Points(self.batches.most // LARGEST)
        self.breaks = Breaks(torch)
        self.rows = Numbers()
        """Rows of each batch that was looked at."""
        self.seen_rows = 0
        self.costs, self.rates = Numbers(), Numbers()
        self.told: Callable[[int, Any], None] | None = None
        """Is told each step that was looked at, and its cost."""
        self.quiet = False
        """Whether no warning is given where nothing is seen."""
        self.refusal = ""
        """What was missing at the first step; empty where nothing was."""
        self.not_kept = ""
        """Why inputs could not be copied."""
        self.cut = ""
        """Why no gradient comes from the first loss to the module's answer; empty where one does."""
        self.looked = self.steps = self.losses = 0
        self.modes = Modes()
        self.several = self.more = False
        self.steps_seen = Steps(torch, optimizer)
        self._next = self._until = self._forwards = self._called = self._heard = 0
        self._dice = random.Random(0)  # its own: steps looked at at regular distances would always be the same batches
        self._busy = False
        self._call: tuple[Any, Any] | None = None
        self._made: Any = None
        self._value: Any = None
        self._last: tuple[Any, Any] | None = None
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
            self._on_loss(self._loss, (outputs, targets), {}, value)
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
        self._eyes, self._at_steps, self._checks = [], [], []
        self._call = self._made = self._value = self._last = None
        self.again.forget()
        self.rates.kept.append((self.steps, float(self.optimizer.param_groups[0].get("lr", math.nan))))

    @property
    def open(self) -> bool:
        """Whether it still watches."""
        return bool(self._at_steps)

    @property
    def busy(self) -> bool:
        """Whether it computes something itself at this moment."""
        return self._busy

    def _never_stepped(self) -> bool:
        """Whether gradients were computed again and again, and nobody moved the weights by them."""
        pairs = zip(self.first.parameters(), self.model.parameters(), strict=True)
        return self._heard > 1 and all(self.torch.equal(one, other.detach().to("cpu")) for one, other in pairs)

    # ---- when to look

    def _look(self) -> None:
        self._forwards, self._call, self._made, self._value = 0, None, None, None
        self._eyes = [self.model.register_forward_hook(self._on_forward, with_kwargs=True)]
        if isinstance(self._loss, self.torch.nn.Module):
            self._eyes.append(self._loss.register_forward_hook(self._on_loss, with_kwargs=True))
        self._eyes.append(Listener(self.torch, self._on_backward))

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
        if self.points.due(self.steps):
            self.points.add(self.steps, self.model)
        self.several |= self._forwards > 1
        self._forwards, self._call, self._made, self._value = 0, None, None, None
        self.again.after_step()
        if self.steps <= CHECKED[0] and not self.losses:
            self._warn()
        if self.steps > CHECKED[-1]:
            self._last = self.again.twin = None
        seldom = min(self.batches.bytes // AT_FIRST, MOST_SELDOM)
        if self.steps < max(CHECKED[-1], self._until) or not seldom:
            return
        for handle in (*self._eyes, *self._checks):
            handle.remove()
        self._eyes, self._checks = [], []
        self._next = self.steps + 1 + self._dice.randrange(2 * IN_A_ROW * seldom)
        self._until = self._next + IN_A_ROW

    def _warn(self) -> None:
        """Says once that nothing was seen: where even `backward` was not called yet, a step later."""
        if self.refusal or (self.steps < CHECKED[0] and not self._heard):
            return
        if not self._called:
            self.refusal = "the module that is watched was not called with gradients"
        elif not self._heard:
            self.refusal = "backward() was not called"
        else:
            self.refusal = "no loss of the module's answer was seen"
        if self.quiet:
            return
        warnings.warn(f"whynet: by step {self.steps} {self.refusal}; needed is {WANTED}", stacklevel=2)

    # ---- what is seen

    def _on_forward(self, module: Any, args: Any, kwargs: Any, made: Any) -> None:
        if self._busy or module is not self.model:
            return
        if not self.torch.is_grad_enabled():
            self.modes.looked(module.training, _rows(args, kwargs))
            return
        self._call, self._made, self._value = (args, kwargs), made, None
        self._forwards += 1
        self._called += 1

    def _on_loss(self, module: Any, args: Any, kwargs: Any, value: Any) -> None:
        if self._busy or module is not self._loss or self._call is None or self._value is not None:
            return
        given, tensor = (*args, *kwargs.values()), self.torch.Tensor
        if len(given) == 2 and given[0] is kwargs.get("target"):
            given = given[::-1]
        if not isinstance(value, tensor) or value.numel() != 1:  # what is made of it, `backward` is called on
            return
        self._value, targets = value, None
        try:
            if len(given) == 2 and all(isinstance(one, tensor) for one in given):
                targets = self.meaning.of_call(self._made, *given)
            else:
                self.meaning.lost = True
        except Exception as error:  # whatever is unlike anything known, the loop goes on
            self.meaning.lost, self.not_kept = True, first_line(error)
        self._see(targets, value)

    def _on_backward(self, tensors: Any) -> None:
        if self._busy:
            return
        self._heard += 1
        if self.steps + 1 in CHECKED:
            with suppress(Exception):  # gradients that are sparse, or elsewhere, are not looked at
                self.again.before_backward()
        value = tensors[0] if isinstance(tensors, (tuple, list)) and len(tensors) == 1 else tensors
        if not isinstance(value, self.torch.Tensor):
            return
        try:
            if self._heard == 1:
                self.cut = cut_before_loss(value, self._made, self.torch)
            if self._value is not None:
                self._compare(value, self._value)
            elif self._call is not None and self._made is not None:
                self._tell(value)
        except Exception as error:  # whatever is unlike anything known, the loop goes on
            self.meaning.lost, self.not_kept = True, first_line(error)
        self._made = self._value = None

    def _tell(self, value: Any) -> None:
        """What the loss is that `backward` is called on."""
        if self.cut and value.grad_fn is None:
            self.meaning.lost = True
            self._see(None, value)
            return
        found = traced(value, self._made, self.torch)
        if found is None:  # another module's loss
            return
        targets = None
        try:
            targets = self.meaning.of_backward(value, self._made, found)
        finally:
            self._see(targets, value)

    def _compare(self, value: Any, seen: Any) -> None:
        """What `backward` is called on, with the loss that was seen."""
        start, factor = factor_of(value)
        if value is seen or value.grad_fn is seen.grad_fn:
            return
        if start is seen.grad_fn:
            self.meaning.factor = factor
        else:
            self.more = True

    def _see(self, targets: Any, value: Any) -> None:
        assert self._call is not None
        call, self._call = self._call, None
        step, cost = self.steps + 1, value.detach()
        self.losses += 1
        cost = cost.mean() if cost.numel() != 1 else cost
        self.costs.add(step, cost)
        self.breaks.see(step, value)
        self.rates.add(step, float(self.optimizer.param_groups[0].get("lr", math.nan)))
        if self.told is not None:
            self.told(step, cost)
        try:
            inputs = inputs_of(self.model, *call)
            rows = self.batches.keep(inputs, targets, step)
        except Exception as error:  # things of somebody's own that cannot be copied
            self.not_kept = first_line(error)
            return
        self._last = (inputs, targets)
        self.rows.add(step, rows)
        self.seen_rows += rows

    def _before_step(self, optimizer: Any, args: Any, kwargs: Any) -> None:
        step, again = self.steps + 1, self.again
        with suppress(Exception):  # gradients that are sparse, or elsewhere, are not measured
            self.steps_seen.look(closure=len(args) > 1 or bool(kwargs))  # the first is the optimizer
        if step in CHECKED or step + 1 in CHECKED:
            alone = step in CHECKED and self._forwards == 1 and not self.more
            self._busy = True
            try:
                self.steps_seen.raw += again.before_step(self._last if alone else None, self.meaning)
            finally:
                self._busy = False

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
            Nothing was seen.
        """
        from whynet.subjects.frameworks.torch_watched import diagnosed

        if self.open:
            raise UsageError("the watch is still on", do="Call diagnosis() after the with block")
        if not (self.steps or self._never_stepped()) or not self.losses:
            raise UsageError(
                self.refusal or ("no loss was seen" if self.steps else "no step of the optimizer was seen"),
                expected=f"inside the with block {WANTED}",
                do="Hand over the module and the optimizer that the loop itself uses",
            )
        return diagnosed(self, test=test, effort=effort, budget=budget, trials=trials, say=say)


def _rows(args: Any, kwargs: Any) -> int:
    """Rows of the first thing that a module is called with.

    >>> _rows(([1, 2, 3],), {})
    3
    """
    first = next(iter((*args, *kwargs.values())), ())
    return len(first) if getattr(first, "ndim", 1) and hasattr(first, "__len__") else 0


class Blind:
    """What takes the watch's place in a copy of the module, or a file of it, that the loop makes: it sees nothing.

    >>> Blind()._on_forward(None, (), {}, None)
    """

    _busy = True  # a copied hook is still the watch's function, which looks here

    def _on_forward(self, *_: Any) -> None: ...

    def _on_loss(self, *_: Any) -> None: ...
