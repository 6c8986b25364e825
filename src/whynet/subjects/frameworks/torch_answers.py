"""A loss as a function of the outputs: asked about numbers of our own, it says what it does to them by itself.

constant along an axis, linear far out      a softmax of its own, of the classes along that axis
two opposite outputs: as softplus           a sigmoid of its own, for each output
linear, one output of each example counts   made for logarithms of probabilities: no softmax of its own
"""

from __future__ import annotations

import copy
import math
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from whynet.subjects.frameworks.torch_probe import Probe, ProbeError, tensors_in

MOST_NUMBERS = 2_000_000  # outputs of the rows that a loss is asked about
ROWS = 64
EQUAL = 1e-4  # relative: float32
SAME = 1e-5  # the same, computed of the same numbers
OFF = 1e-3  # how far sums of probabilities may be off 1, and bounds be missed
FAR = 30.0  # standard deviation of weights that bring every squash to its bounds
LIMITS = {"sigmoid": (0.0, 1.0), "tanh": (-1.0, 1.0)}


@dataclass
class Answers:
    """The outputs of a batch, and its loss as a function of them.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> model = torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.Softmax(dim=1))
    >>> probe = Probe.of(torch, model, torch.nn.CrossEntropyLoss(), (torch.rand(6, 4), torch.arange(6) % 3))
    >>> answers = Answers.of(probe)
    >>> answers.own_softmax, answers.own_sigmoid, answers.squash
    (1, False, Squash(kind='softmax', axes=(1,)))
    """

    probe: Probe
    raw: Any
    z: Any
    targets: Any
    """The one tensor of the targets; None where there are several or none."""
    off: float = 1e-3
    """How far sums of probabilities may be off 1."""
    torch: Any = field(init=False)

    def __post_init__(self) -> None:
        self.torch = self.probe.torch

    @classmethod
    def of(cls, probe: Probe) -> Answers:
        """Those of a batch.

        Raises
        ------
        ProbeError
            The module cannot be called, or its outputs are no numbers.
        """
        probe = few(probe)
        with probe.torch.no_grad():
            raw = probe.call(probe.fresh())
        z = probe.outputs(raw)
        if z is None or not z.is_floating_point() or not z.numel():
            raise ProbeError("the outputs are no real numbers")
        if not probe.torch.isfinite(z).all():
            raise ProbeError("some outputs are not finite")
        found = list(tensors_in(probe.targets, probe.torch)) if probe.targets is not None else []
        coarse = z.dtype in (probe.torch.float16, probe.torch.bfloat16)
        z = z.detach()
        answers = cls(probe, raw, z, found[0] if len(found) == 1 else None, off=0.02 if coarse else OFF)
        if coarse:  # a loss that is asked about small differences needs more digits
            answers.z = z.float()
            answers.raw = with_outputs(raw, z, answers.z)
        return answers

    def value(self, z: Any, targets: Any = None) -> float:
        """The loss of these outputs; NaN where it cannot be had."""
        if self.probe.loss is None:
            return math.nan
        own = z.detach().clone().requires_grad_()  # of several numbers, the loss is that which has a gradient
        with self.torch.enable_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                return float(self.probe.loss_of(with_outputs(self.raw, self.z, own), targets).detach())
            except (ProbeError, RuntimeError, ValueError, TypeError):
                return math.nan

    def gradient(self, z: Any, targets: Any = None) -> Any:
        """Of the loss by these outputs; None where there is none."""
        own = z.detach().clone().requires_grad_()
        with self.torch.enable_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                value = self.probe.loss_of(with_outputs(self.raw, self.z, own), targets)
                value.backward()
            except (ProbeError, RuntimeError):
                return None
        return own.grad

    def drawn(self, seed: int = 0, *, shape: Any = None) -> Any:
        """Normal numbers in the shape of the outputs."""
        chance = self.torch.Generator().manual_seed(seed)
        return self.torch.randn(shape or self.z.shape, generator=chance).to(self.z.dtype)

    @cached_property
    def now(self) -> float:
        """The loss of the outputs as they are; NaN where it cannot be had."""
        return self.value(self.z)

    @property
    def name(self) -> str:
        """What the loss is called."""
        name = str(getattr(self.probe.loss, "__name__", type(self.probe.loss).__name__))
        return "the loss" if name == "<lambda>" else name

    @property
    def refusal(self) -> str:
        """What PyTorch says where the loss cannot be computed, or cannot be followed back; else nothing."""
        own = self.z.clone().requires_grad_()
        with self.torch.enable_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                self.probe.loss_of(with_outputs(self.raw, self.z, own)).backward()
            except (ProbeError, RuntimeError) as error:
                return (
                    str(getattr(error, "message", error)).splitlines()[0].removeprefix("the loss cannot be computed: ")
                )
        return ""

    @cached_property
    def in_shares(self) -> bool:
        """Whether the loss takes numbers from 0 to 1 and no others."""
        inside = self.value(0 * self.z + 0.5)
        return math.isfinite(inside) and not any(math.isfinite(self.value(0 * self.z + by)) for by in (-1, 2))

    @cached_property
    def own_softmax(self) -> int | None:
        """The axis of the classes, where the loss has a softmax of its own."""
        z, moved = self.drawn(0), self.drawn(1)
        here, other = self.value(z), self.value(moved)
        if not math.isfinite(here) or close(here, other):
            return None
        one, two, four = (self.value(by * z) for by in (20, 40, 80))
        if not (two > one and abs((four - two) / (two - one) - 2) < 0.1):
            return None
        found = []
        for axis in range(1, z.ndim):
            if z.shape[axis] < 2:
                continue
            by = self.drawn(2, shape=[1 if at == axis else size for at, size in enumerate(z.shape)])
            if close(self.value(z + by), here):
                found.append(axis)
        return found[0] if len(found) == 1 else None

    @cached_property
    def own_sigmoid(self) -> bool:
        """Whether the loss has a sigmoid of its own for every output."""
        start = self.value(0 * self.z)
        if not math.isfinite(start) or start == 0:
            return False
        for at in (1.0, 3.0):
            expected = (2 * math.log1p(math.exp(at)) - at) / math.log(2)
            both = self.value(0 * self.z + at) + self.value(0 * self.z - at)
            if not math.isclose(both, expected * start, rel_tol=1e-3):
                return False
        return True

    @cached_property
    def linear(self) -> int | None:
        """The axis of the classes, where the loss is linear and one output counts in each place along it."""
        z = self.drawn(0)
        here = self.value(z)
        if not math.isfinite(here) or not here:
            return None
        if not math.isclose(self.value(2 * z), 2 * here, rel_tol=EQUAL):
            return None
        if not math.isclose(self.value(-z), -here, rel_tol=EQUAL):
            return None
        slope = self.gradient(z)
        if slope is None:
            return None
        counts = [(slope != 0).sum(axis) for axis in range(z.ndim)]
        found = [
            axis
            for axis in range(1, z.ndim)
            if z.shape[axis] > 1 and counts[axis].max() == 1 and (counts[axis] == 1).float().mean() >= 0.5
        ]
        return found[0] if len(found) == 1 else None

    @cached_property
    def one_hot(self) -> int | None:
        """The axis of the classes, where the targets have the outputs' shape and a single 1 in each place along it."""
        y = self.targets
        if y is None or y.shape != self.z.shape or not ((y == 0) | (y == 1)).all():
            return None
        found = [axis for axis in range(1, y.ndim) if y.shape[axis] > 1 and (y.sum(axis) == 1).all()]
        return found[0] if len(found) == 1 else None

    @cached_property
    def with_large_weights(self) -> list[Any]:
        """The outputs for large weights of the last layer, drawn several times, and for their negatives."""
        torch, probe = self.torch, self.probe
        wide = probe.fresh()
        order: list[Any] = []
        owners = [one for one in wide.modules() if any(True for _ in one.parameters(recurse=False))]
        hooks = [one.register_forward_hook(lambda module, *_: order.append(module)) for one in owners]
        try:
            with torch.no_grad():
                probe.call(wide)
        except ProbeError:
            return []
        finally:
            for hook in hooks:
                hook.remove()
        if not order:
            return []
        last, chance, parts = list(order[-1].parameters(recurse=False)), torch.Generator().manual_seed(0), []
        for _ in range(2):
            drawn = [FAR * torch.randn(one.shape, generator=chance) for one in last]
            for sign in (1, -1):
                with torch.no_grad():
                    for parameter, values in zip(last, drawn, strict=True):
                        parameter.copy_(sign * values)
                    try:
                        z = probe.outputs(probe.call(wide))
                    except ProbeError:
                        return []
                if z is not None and z.shape == self.z.shape and torch.isfinite(z).all():
                    parts.append(z.to(self.z.dtype))
        return parts

    @cached_property
    def squash(self) -> Squash | None:
        """What bounds the outputs; None where nothing is seen to."""
        every = [self.z, *self.with_large_weights]
        axes = range(self.z.ndim)
        single = [axis for axis in axes if axis and self.z.shape[axis] == 1 and self.z.shape[0] > 1]
        if single and len(every) > 1:
            if all(bool((one == 1).all()) for one in every):
                return Squash("softmax", (single[-1],))
            if all(bool((one == 0).all()) for one in every):
                return Squash("log-softmax", (single[-1],))
        for kind in ("softmax", "log-softmax"):
            found = tuple(axis for axis in axes if all(sums_to_one(one, axis, kind, self.off) for one in every))
            if found:
                return Squash(kind, found)
        wide = every[1:]
        if all(self.torch.equal(one, self.z) for one in wide):  # it is not the last layer that gives them
            return None
        for kind, (low, high) in LIMITS.items():
            within = all(bool((one >= low).all() and (one <= high).all()) for one in every)
            at_bounds = [((one - low).abs() < OFF, (one - high).abs() < OFF) for one in wide]
            share = sum(float((a | b).float().mean()) for a, b in at_bounds) / len(at_bounds)
            if within and share > 0.5 and any(a.any() for a, _ in at_bounds) and any(b.any() for _, b in at_bounds):
                return Squash(kind)
        cut = sum(float((one == 0).float().mean()) for one in wide) / len(wide)
        if all(bool((one >= 0).all()) for one in every) and cut > 0.2:
            return Squash("relu")
        return None


@dataclass(frozen=True)
class Squash:
    """What bounds outputs, and of a softmax the axes along which they sum to 1.

    >>> Squash("softmax", (1,)).words
    'a softmax (dim=1)'
    """

    kind: str
    axes: tuple[int, ...] = ()

    @property
    def words(self) -> str:
        """As it is said."""
        return f"a {self.kind}" + (f" (dim={self.axes[0]})" if self.axes else "")


def few(probe: Probe) -> Probe:
    """A probe of so many rows that the loss can be asked again and again.

    >>> few.__name__
    'few'
    """
    with probe.torch.no_grad():
        z = probe.outputs(probe.call(probe.fresh()))
    each = 1 if z is None else max(1, z.numel() // max(probe.rows, 1))
    rows = min(probe.rows, max(ROWS, 256), max(4, MOST_NUMBERS // each))
    if rows >= probe.rows:
        return probe
    inputs, targets = probe.take(list(range(rows)))
    return replace(probe, inputs=inputs, targets=targets, rows=rows)


def told_by_value(probe: Probe) -> Probe | None:
    """A probe with the loss that a module computes itself, where it is one of PyTorch's own: told by its value, which
    is that of the outputs and of something that the module was handed. None where it is another.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> class Own(torch.nn.Linear):
    ...     def forward(self, x, labels):
    ...         z = super().forward(x)
    ...         return z, torch.nn.functional.cross_entropy(z, labels)
    >>> probe = Probe.of(torch, Own(4, 3), None, (torch.rand(6, 4), torch.arange(6) % 3))
    >>> told_by_value(probe).loss.__name__
    'cross_entropy'
    """
    torch, F = probe.torch, probe.torch.nn.functional
    raw = probe.call(probe.fresh())
    z = probe.outputs(raw)
    try:
        value = float(probe.loss_of(raw).detach())
    except ProbeError:
        return None
    if z is None or z.ndim < 2 or not math.isfinite(value):
        return None
    found: list[tuple[float, Any, Any]] = []
    with torch.no_grad():
        for y in tensors_in(probe.inputs, torch):
            whole = not y.is_floating_point()
            if not whole and y.shape != z.shape:
                continue
            names = ("cross_entropy", "nll_loss") if whole else (
                "binary_cross_entropy_with_logits", "binary_cross_entropy", "mse_loss", "l1_loss")  # fmt: skip
            for name in names:
                loss = getattr(F, name)
                for form in (_as_given, _flat, _next) if whole else (_as_given,):
                    asked = _formed(loss, form)
                    try:
                        off = abs(float(asked(z, y)) - value)
                    except (RuntimeError, ValueError, IndexError, TypeError):
                        continue
                    if off <= SAME * abs(value):
                        found.append((off, asked, y))
    if not found:
        return None
    _, loss, y = min(found, key=lambda one: one[0])
    return replace(probe, loss=loss, targets=y)


def _formed(loss: Any, form: Any) -> Any:
    def asked(z: Any, y: Any) -> Any:
        return loss(*form(z, y))

    asked.__name__ = loss.__name__
    return asked


def _as_given(z: Any, y: Any) -> tuple[Any, Any]:
    return z, y


def _flat(z: Any, y: Any) -> tuple[Any, Any]:
    """Classes along the last axis."""
    return z.reshape(-1, z.shape[-1]), y.reshape(-1)


def _next(z: Any, y: Any) -> tuple[Any, Any]:
    """Each place of a sequence predicts the next."""
    return _flat(z[:, :-1], y[:, 1:])


def with_outputs(raw: Any, z: Any, other: Any) -> Any:
    """An answer with `other` in the place of its main tensor z.

    >>> with_outputs(("outputs", "state"), "outputs", "others")
    ('others', 'state')
    """
    if raw is z or (hasattr(raw, "data_ptr") and hasattr(z, "data_ptr") and raw.data_ptr() == z.data_ptr()):
        return other
    if isinstance(raw, Mapping):
        made = copy.copy(raw)
        for key, value in raw.items():
            made[key] = with_outputs(value, z, other)  # type: ignore[index]
        return made
    if isinstance(raw, tuple):
        parts = [with_outputs(one, z, other) for one in raw]
        return type(raw)(*parts) if hasattr(raw, "_fields") else tuple(parts)
    if isinstance(raw, list):
        return [with_outputs(one, z, other) for one in raw]
    if getattr(raw, "logits", None) is not None and not hasattr(raw, "data_ptr"):
        own: Any = copy.copy(raw)
        own.logits = other
        return own
    return raw


def sums_to_one(z: Any, axis: int, kind: str = "softmax", off: float = OFF) -> bool:
    """Whether these are probabilities, or logarithms of them, along an axis.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> sums_to_one(torch.full((5, 4), 0.25), 1), sums_to_one(torch.full((5, 4), 0.25), 0)
    (True, False)
    """
    if z.shape[axis] < 2:
        return False
    shares = z if kind == "softmax" else z.clamp(max=80).exp()
    bounded = bool((z >= 0).all()) if kind == "softmax" else bool((z <= 1e-4).all())
    return bounded and bool(((shares.sum(axis) - 1).abs() < off).all())


def close(a: float, b: float) -> bool:
    """Whether two losses are the same but for rounding.

    >>> close(1.0, 1.00001), close(1.0, 1.001)
    (True, False)
    """
    return math.isclose(a, b, rel_tol=EQUAL, abs_tol=1e-7)
