"""What a loss is as a function of a module's answer and of targets, told from how the loop uses it.

A loss that is called with the answer itself is what it is. Where something lies between (a shape, a logarithm), that is
found by comparing numbers; where only the tensor is known that `backward` is called on, PyTorch's own losses are asked
of the targets that its graph keeps, and one that gives its value, in two batches, is that loss.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, NamedTuple

from whynet.subjects.frameworks.torch_answers import main_output
from whynet.subjects.frameworks.torch_graph import Traced, is_answer

SAME = 1e-5  # relative: the same, computed of the same numbers
SURE = 2  # batches in which a loss gave its value
CLASSES = ("CrossEntropyLoss", "NLLLoss")
SCALER = 1000.0  # a loss that is multiplied by more is scaled for sixteen bits
NUMBERS = ("BCEWithLogitsLoss", "MSELoss", "BCELoss", "L1Loss", "HuberLoss", "SmoothL1Loss")
Form = Callable[[Any], Any]


class Known(NamedTuple):
    """A loss of what `form` makes of the outputs, and of targets; `place` is where these are found in the graph.

    >>> Known(None, "as they are", lambda z: z).place
    (-1, False)
    """

    loss: Any
    words: str
    form: Form
    place: tuple[int, bool] = (-1, False)
    """Which of the tensors that it keeps, and whether they are brought to a row for each of the outputs'."""
    flat: bool = False
    """Whether the loss is given outputs and targets of all places in one row."""


class Meaning:
    """What is known so far; `loss` is a function of outputs and targets, or None: then it comes out of the module, or
    nobody can say what it is.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> from whynet.subjects.frameworks.torch_graph import traced
    >>> meaning, model, y = Meaning(torch, None), torch.nn.Linear(4, 3), torch.arange(6) % 3
    >>> for _ in range(2):
    ...     z = model(torch.rand(6, 4))
    ...     value = torch.nn.functional.cross_entropy(z, y) / 4
    ...     targets = meaning.of_backward(value, z, traced(value, z, torch))
    >>> targets.tolist(), meaning.loss, meaning.factor
    ([0, 1, 2, 0, 1, 2], CrossEntropyLoss(), 0.25)
    """

    def __init__(self, torch: Any, given: Any) -> None:
        self.torch, self.given = torch, given
        self.own = False
        """Whether the module answers with it."""
        self.lost = False
        """Whether it is none that can be told."""
        self.factor = 1.0
        """What it is multiplied by before `backward`, in the first batch."""
        self._known: Known | None = None
        self._sure = 0

    @property
    def loss(self) -> Any:
        """The loss as a function of the module's outputs and of targets."""
        known = self._known
        if known is None or self.lost or self.own:
            return None
        return known.loss if known.words == AS_IT_IS else Formed(known)

    @property
    def sure(self) -> bool:
        """Whether enough batches were compared."""
        return self._sure >= SURE

    @property
    def scale(self) -> float:
        """What the loss is multiplied by, but for what a GradScaler does and undoes."""
        return self.factor if 0 < abs(self.factor) < SCALER else 1.0

    def times(self, backwards: float) -> Any:
        """The loss as steps are taken by it: of as many batches for each, of which each has such a part."""
        scale = self.scale * (backwards if self.scale != 1 else 1)
        loss, known = self.loss, self._known
        if loss is None or known is None or abs(scale - 1) < 0.02:
            return loss
        return Formed(known, scale)

    # ---- from a call of the loss

    def of_call(self, made: Any, outputs: Any, targets: Any) -> Any:
        """The targets, where the loss that was handed over is called with these outputs."""
        if self.lost:
            return targets
        if self._sure >= SURE:
            return self._in_rows(made, targets)
        answer = main_output(made)
        if answer is outputs or _is_same(answer, outputs):
            known: Known | None = Known(self.given, AS_IT_IS, _as_it_is)
        elif answer is None or not isinstance(outputs, self.torch.Tensor):
            known = None
        else:
            with self.torch.no_grad(), suppress(RuntimeError):
                self._between(answer.detach(), outputs.detach())
            known = self._known if self._known is not None and self._gives(self._known, answer, outputs) else None
        self._learn(known)
        return self._in_rows(made, targets)

    def _in_rows(self, made: Any, targets: Any) -> Any:
        """Targets in one row, of outputs that are none, as they belong to the outputs."""
        if self._known is not None and self._known.flat and targets.ndim == 1:
            rows = len(main_output(made))
            return targets.reshape(rows, -1) if len(targets) % rows == 0 else targets
        return targets

    def _between(self, answer: Any, outputs: Any) -> None:
        """What makes the one of the other."""
        if self._known is None:
            for words, form in _forms(self.torch, answer, outputs):
                known = Known(self.given, words, form, flat=len(outputs) != len(answer))
                if self._gives(known, answer, outputs):
                    self._known = known
                    return

    def _gives(self, known: Known, answer: Any, outputs: Any) -> bool:
        with self.torch.no_grad(), suppress(RuntimeError, IndexError):
            found = known.form(answer.detach())
            same = self.torch.allclose(found, outputs.detach(), rtol=1e-5, atol=1e-6)
            return bool(same and found.shape == outputs.shape)
        return False

    # ---- from what backward is called on

    def of_backward(self, value: Any, made: Any, found: Traced) -> Any:
        """The targets that the graph of a loss keeps, where the loss is known by them; None else."""
        torch, answer = self.torch, main_output(made)
        if not self.lost and (self.own or self._known is None) and is_answer(value, made, torch):
            self.own, self.factor = True, found.factor
            return None
        if self.lost or self.own or value.numel() != 1 or answer is None or not answer.ndim:
            self.lost = True
            return None
        answer = answer.detach()
        answer = answer.float() if answer.dtype in (torch.float16, torch.bfloat16) else answer
        if self.sure and self._known is not None:
            return self._targets(self._known, answer, found)
        with torch.no_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if self._known is None:
                return self._tell(float(value), answer, found)
            y = self._targets(self._known, answer, found)
            number = float(value) / (found.factor if self.factor != 1 else 1.0)
            told = y is not None and self._off(self._known, answer, y, number) <= SAME
            self._learn(self._known if told else None)
        return None if self.lost else y

    def _tell(self, value: float, answer: Any, found: Traced) -> Any:
        """The targets of a loss that has this value, as it is or but for its last factor."""
        for factor in dict.fromkeys((1.0, found.factor)):
            told = self._best(value / (factor or 1.0), answer, found)
            if told is not None:
                self.factor = factor
                self._learn(told[0])
                return told[1]
        self.lost = True
        return None

    def _best(self, number: float, answer: Any, found: Traced) -> tuple[Known, Any] | None:
        """The loss whose value is nearest, in the simplest form in which there is one."""
        for words, form in (*_forms(self.torch, answer, None), *_told_forms(answer)):
            best: tuple[float, Known, Any] | None = None
            with suppress(RuntimeError, IndexError):
                z = form(answer)
                flat = len(z) != len(answer)
                for place, y in _candidates(answer, z, found):
                    for loss in self._losses(z, y.reshape(-1) if flat else y, found, number):
                        known = Known(loss, words, form, place, flat)
                        off = self._off(known, answer, y, number)
                        if off <= SAME and (best is None or off < best[0]):
                            best = off, known, y
            if best is not None:
                return best[1:]
        return None

    def _losses(self, z: Any, y: Any, found: Traced, number: float) -> Iterator[Any]:
        """The one that was handed over, and PyTorch's own, that may be what was computed."""
        nn = self.torch.nn
        if self.given is not None:
            yield self.given
        if y.is_floating_point():
            names = NUMBERS if z.ndim < 2 or y.shape != z.shape else (*NUMBERS, CLASSES[0])
            for how in ("mean", "sum"):
                yield from (getattr(nn, name)(reduction=how) for name in names)
        elif z.ndim > 1:
            for weight, ignored in found.weights or [(None, -100)]:
                options = {"weight": weight, "ignore_index": ignored}
                for how in ("mean", "sum"):
                    yield from (getattr(nn, name)(reduction=how, **options) for name in CLASSES)
                yield from self._smoothed(z, y, options, number)

    def _smoothed(self, z: Any, y: Any, options: dict[str, Any], number: float) -> Iterator[Any]:
        """A cross-entropy with as much smoothing as gives this value."""
        loss = self.torch.nn.CrossEntropyLoss
        with suppress(RuntimeError, IndexError, ValueError):
            bare, even = (float(loss(label_smoothing=by, **options)(z, y)) for by in (0.0, 1.0))
            by = round((number - bare) / (even - bare), 2) if even != bare else 0.0
            if 0 < by < 1:
                yield loss(label_smoothing=by, **options)

    def _off(self, known: Known, answer: Any, y: Any, number: float) -> float:
        """How far its value is from this number, relatively."""
        try:
            value = Formed(known)(answer, y)
        except Exception:  # a loss of somebody's, and targets that are none of its own
            return math.inf
        if not isinstance(value, self.torch.Tensor) or value.numel() != 1:
            return math.inf
        return abs(float(value) - number) / max(abs(number), 1e-12)

    def _targets(self, known: Known, answer: Any, found: Traced) -> Any:
        with suppress(RuntimeError, IndexError):
            for place, y in _candidates(answer, known.form(answer), found):
                if place == known.place:
                    return y
        return None

    def _learn(self, known: Known | None) -> None:
        self._known, self.lost, self._sure = known or self._known, known is None, self._sure + 1


class Formed:
    """A loss of what is made of the outputs.

    >>> Formed(Known(lambda z, y: z - y, "twice", lambda z: 2 * z), 0.5)(3, 1)
    2.5
    """

    def __init__(self, known: Known, times: float = 1.0) -> None:
        self.known, self.scale = known, times
        self.label_smoothing = float(getattr(known.loss, "label_smoothing", 0.0))
        name = str(getattr(known.loss, "__name__", type(known.loss).__name__))
        form = "" if known.words == AS_IT_IS else f" of the outputs, {known.words}"
        self.__name__ = (f"{times:.3g} * " if times != 1 else "") + name + form

    def __call__(self, outputs: Any, targets: Any) -> Any:
        known = self.known
        value = known.loss(known.form(outputs), targets.reshape(-1) if known.flat else targets)
        return value if self.scale == 1 else self.scale * value


AS_IT_IS = "as they are"


def _as_it_is(z: Any) -> Any:
    return z


def _is_same(one: Any, other: Any) -> bool:
    """Whether two tensors are the same numbers in the same place."""
    kinds = ("data_ptr", "shape", "stride")
    if not all(hasattr(tensor, name) for tensor in (one, other) for name in kinds):
        return False
    return bool(one.data_ptr() == other.data_ptr() and one.shape == other.shape and one.stride() == other.stride())


def _forms(torch: Any, z: Any, wanted: Any) -> Iterator[tuple[str, Form]]:
    """What loops do with an answer before they compute a loss of it; `wanted` is what came out, if that is known."""
    yield AS_IT_IS, _as_it_is
    if z.shape[-1] == 1 and z.ndim > 1:
        yield "one number for each row", lambda z: z.squeeze(-1)
    if z.ndim > 2:
        yield "its classes second", lambda z: z.movedim(-1, 1)
        yield "its places in rows", lambda z: z.reshape(-1, z.shape[-1])
        yield "its last step", lambda z: z[:, -1]
        yield "its first step", lambda z: z[:, 0]
    if z.ndim == 1:
        yield "as a column", lambda z: z[:, None]
    if wanted is None:
        return
    tail = tuple(wanted.shape[1:])
    yield "reshaped", lambda z: z.reshape(-1, *tail)
    if z.ndim > 2:
        yield "its classes last", lambda z: z.movedim(1, -1)
        yield "its last step", lambda z: z[-1]
    eps = torch.finfo(z.dtype).eps if z.is_floating_point() else 0.0
    for flat in (_as_it_is, lambda z: z.squeeze(-1)):
        yield "through a logarithm", lambda z, flat=flat: torch.log(flat(z) + eps)  # type: ignore[misc]
        yield "through a logarithm", lambda z, flat=flat: torch.log(flat(z))  # type: ignore[misc]
        yield "through a sigmoid", lambda z, flat=flat: torch.sigmoid(flat(z))  # type: ignore[misc]
        yield "through a softmax", lambda z, flat=flat: torch.softmax(flat(z), -1)  # type: ignore[misc]
        yield "through a log-softmax", lambda z, flat=flat: torch.log_softmax(flat(z), -1)  # type: ignore[misc]


def _told_forms(z: Any) -> Iterator[tuple[str, Form]]:
    if z.is_floating_point():
        yield "through a sigmoid", lambda z: z.sigmoid()
        yield "through a sigmoid", lambda z: z.sigmoid().squeeze(-1)
        yield "through a softmax", lambda z: z.softmax(-1)
        if z.ndim > 2:
            yield "each place but the last", lambda z: z[:, :-1].reshape(-1, z.shape[-1])


def _candidates(answer: Any, z: Any, found: Traced) -> Iterator[tuple[tuple[int, bool], Any]]:
    """Tensors that may be the targets: their place, whether they are brought to a row for each of the answer's."""
    rows = len(answer)
    for place, one in enumerate(found.held):
        if len(z) == rows:
            yield (place, False), one
        if one.numel() % rows == 0 and one.shape != (rows, one.numel() // rows):
            yield (place, True), one.reshape(rows, -1)
        elif len(z) != rows:
            yield (place, False), one
    for place, (kept, sign) in enumerate(found.residuals, len(found.held)):
        y = z - sign * kept
        if y.shape != kept.shape or not bool((y == y).all()):
            continue
        scale = float(y.abs().max())
        if y.ndim > 1 and z.shape != kept.shape:  # each was compared with every output
            if float((y - y[:1]).abs().max()) <= SAME * scale:
                y = y[0]
            elif float((y - y[:, :1]).abs().max()) <= SAME * scale:
                y = y[:, :1]
        whole = y.round()
        yield (place, False), whole if float((y - whole).abs().max()) <= SAME else y
