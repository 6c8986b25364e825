"""A loss as a function of the outputs: asked about numbers of our own, it says what it does to them by itself.

constant along an axis, linear far out      a softmax of its own, of the classes along that axis
two opposite outputs: as softplus           a sigmoid of its own, for each output
linear, one output of each example counts   made for logarithms of probabilities: no softmax of its own
the same for any multiple of a row          made for probabilities: it divides them by their sum
a logarithm towards 0 and 1, or cut there   made for probabilities: it cuts off what is none
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from whynet.subjects.inside.probe import Network, Probe, ProbeError, arrays_in
from whynet.types import Array

MOST_NUMBERS = 2_000_000  # outputs of the rows that a loss is asked about
ROWS = 64
EQUAL = 1e-4  # relative: float32
OFF = 1e-3  # how far sums of probabilities may be off 1, and bounds be missed
COARSE = 0.02  # the same of numbers of sixteen bits
FAR = 300.0  # standard deviation of weights that bring every squash to its bounds
HEADS = 4  # layers, from the last, that may be those of other outputs
LIMITS = {"sigmoid": (0.0, 1.0), "tanh": (-1.0, 1.0)}
SMALL = (1e-2, 1e-3, 1e-4)  # shares at which a logarithm rises by the same each time


@dataclass
class Answers:
    """The outputs of a batch, and its loss as a function of them.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> from whynet.subjects.frameworks.torch_probe import TorchProbe
    >>> model = torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.Softmax(dim=1))
    >>> probe = TorchProbe.of(torch, model, torch.nn.CrossEntropyLoss(), (torch.rand(6, 4), torch.arange(6) % 3))
    >>> answers = Answers.of(probe)
    >>> answers.own_softmax, answers.own_sigmoid, answers.squash
    (1, False, Squash(kind='softmax', axes=(1,)))
    """

    probe: Probe
    z: Array
    targets: Array | None
    """The one array of the targets; None where there are several or none."""
    off: float = OFF
    """How far sums of probabilities may be off 1."""

    @classmethod
    def of(cls, probe: Probe) -> Answers:
        """Those of a batch.

        Raises
        ------
        ProbeError
            The network cannot be called, or its outputs are no numbers.
        """
        probe = few(probe)
        z = probe.Z
        if not np.isfinite(z).all():
            raise ProbeError("some outputs are not finite")
        found = arrays_in(probe.plain_targets)
        answers = cls(probe, z, found[0] if len(found) == 1 else None, off=COARSE if is_coarse(z) else OFF)
        answers.targets = answers._as_read()
        return answers

    def _as_read(self) -> Array | None:
        """The targets in the shape of the outputs, where they lack but an axis of 1 and the loss reads them so."""
        y, z = self.targets, self.z
        if y is None or y.shape == z.shape or y.squeeze().shape != z.squeeze().shape:
            return y
        outputs = [in_between(self.drawn(seed)) for seed in (0, 1)]
        asked = [(self.value(one), self.value(one, y.reshape(z.shape))) for one in outputs]
        return y.reshape(z.shape) if all(math.isfinite(a) and close(a, b) for a, b in asked) else y

    def value(self, z: Array, targets: Array | None = None) -> float:
        """The loss of these outputs; NaN where it cannot be had."""
        return self.probe.value(z, targets)

    def gradient(self, z: Array, targets: Array | None = None) -> Array | None:
        """Of the loss by these outputs; None where there is none."""
        return self.probe.slope(z, targets)

    def drawn(self, seed: int = 0, *, shape: tuple[int, ...] | None = None) -> Array:
        """Normal numbers in the shape of the outputs."""
        return np.random.default_rng(seed).standard_normal(shape or self.z.shape).astype(self.z.dtype)

    @cached_property
    def now(self) -> float:
        """The loss of the outputs as they are; NaN where it cannot be had."""
        return self.value(self.z)

    @property
    def name(self) -> str:
        """What the loss is called."""
        return self.probe.loss_name

    @cached_property
    def refusal(self) -> str:
        """What the library says where the loss cannot be computed, or cannot be followed back; else nothing."""
        return self.probe.refusal()

    @cached_property
    def in_shares(self) -> bool:
        """Whether the loss takes numbers from 0 to 1 and no others."""
        return math.isfinite(self.value(0 * self.z + 0.5)) and bool(self.below and self.above)

    @cached_property
    def below(self) -> str:
        """What the loss makes of outputs below 0: "nothing" where it has no value, "cut" where it takes logarithms and
        cuts off at 0 what has none, and else no word."""
        return self._beyond(-1, -3)

    @cached_property
    def above(self) -> str:
        """The same of outputs above 1."""
        return self._beyond(2, 5)

    def _beyond(self, near: float, far: float) -> str:
        here = self.value(0 * self.z + near)
        if not math.isfinite(here):
            return "nothing"
        if all(map(as_logarithms, self._near_bounds)):
            return "cut"
        same = math.isclose(here, self.value(0 * self.z + far), rel_tol=1e-6, abs_tol=1e-9)
        return "cut" if same and as_logarithms([sum(one) for one in zip(*self._near_bounds, strict=True)]) else ""

    @cached_property
    def _near_bounds(self) -> tuple[list[float], list[float]]:
        """The loss of outputs that all come near to 0, and to 1."""
        return [self.value(0 * self.z + by) for by in SMALL], [self.value(0 * self.z + (1 - by)) for by in SMALL]

    @cached_property
    def divides(self) -> int | None:
        """The axis of the classes, where the loss divides outputs by their sum along it, and takes logarithms."""
        z = np.exp(self.drawn(0))
        here = self.value(z)
        if not math.isfinite(here) or not close(self.value(-z), here):
            return None
        found = []
        for axis in range(1, z.ndim):
            if z.shape[axis] < 2:
                continue
            by = np.exp(self.drawn(2, shape=tuple(1 if at == axis else size for at, size in enumerate(z.shape))))
            if not close(self.value(by * z), here):
                continue
            shape = [-1 if at == axis else 1 for at in range(z.ndim)]
            even = (np.arange(z.shape[axis]) % 2 == 0).reshape(shape)
            if close(self.value(np.where(even, -1, 1) * z), here):
                continue  # it divides by a length
            small = [sum(self.value(np.where(half, at, 1) * z) for half in (even, ~even)) for at in SMALL]
            if as_logarithms(small):  # every class is small in one half
                found.append(axis)
        return found[0] if len(found) == 1 else None

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
            by = self.drawn(2, shape=tuple(1 if at == axis else size for at, size in enumerate(z.shape)))
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
            if z.shape[axis] > 1 and counts[axis].max() == 1 and (counts[axis] == 1).mean() >= 0.5
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
    def with_large_weights(self) -> list[Array]:
        """The outputs for large weights of the last layer that they hang on, drawn several times, and for their
        negatives."""
        wide, training = self.probe.copy(), self.probe.training
        weights = wide.weights()
        owned = {name for layer in wide.layers for name in layer.parameters}
        bare = tuple(name for name in weights if name not in owned)  # of the network itself, which comes last of all
        try:
            made = wide.passed(training=training)
        except ProbeError:
            return []
        called = [passage.layer.parameters for passage in reversed(made) if passage.part == "out"]
        held = [tuple(name for name in names if name in weights) for names in [bare, *called]]
        parts: list[Array] = []
        for names in list(dict.fromkeys(one for one in held if one))[:HEADS]:
            found = self._drawn_anew(wide, weights, names)
            if found is None:
                return []
            parts = parts or found
            if not all(np.array_equal(one, self.z) for one in found):  # else it is the layer of another output
                return found
        return parts

    def _drawn_anew(self, wide: Network, weights: dict[str, Array], names: Sequence[str]) -> list[Array] | None:
        """The outputs with these weights drawn large, which are put back; None where there are none."""
        chance, parts = np.random.default_rng(0), []
        for _ in range(2):
            drawn = {name: FAR * chance.standard_normal(weights[name].shape) for name in names}
            for sign in (1, -1):
                wide.put({name: (sign * one).astype(weights[name].dtype) for name, one in drawn.items()})
                try:
                    z = wide.answers(training=self.probe.training)
                except ProbeError:
                    return None
                if z.shape == self.z.shape and np.isfinite(z).all():
                    parts.append(z.astype(self.z.dtype))
        wide.put({name: weights[name] for name in names})
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
        if all(np.array_equal(one, self.z) for one in wide):  # it is not the last layer that gives them
            return None
        for kind, (low, high) in LIMITS.items():
            within = all(bool((one >= low).all() and (one <= high).all()) for one in every)
            at_bounds = [(np.abs(one - low) < OFF, np.abs(one - high) < OFF) for one in wide]
            share = sum(float((a | b).mean()) for a, b in at_bounds) / len(at_bounds)
            if within and share > 0.5 and any(a.any() for a, _ in at_bounds) and any(b.any() for _, b in at_bounds):
                return Squash(kind)
        cut = sum(float((one == 0).mean()) for one in wide) / len(wide)
        if all(bool((one >= 0).all()) for one in every) and cut > 0.2:
            return Squash("relu")
        return None


@dataclass(frozen=True)
class Squash:
    """What bounds outputs, and of a softmax the axes along which they sum to 1.

    >>> Squash("sigmoid").axes
    ()
    """

    kind: str
    axes: tuple[int, ...] = ()

    def said(self, probe: Probe) -> str:
        """As it is said."""
        return f"a {self.kind}" + (f" ({probe.says('along', axis=self.axes[0])})" if self.axes else "")


def few(probe: Probe) -> Probe:
    """A probe of so many rows that the loss can be asked again and again.

    >>> few.__name__
    'few'
    """
    each = max(1, probe.Z.size // max(probe.rows, 1))
    rows = min(probe.rows, max(ROWS, 256), max(4, MOST_NUMBERS // each))
    return probe if rows >= probe.rows else probe.part(range(rows))


def is_coarse(z: Array) -> bool:
    """Whether these numbers were of sixteen bits, which NumPy may not have: all of them fit there.

    >>> is_coarse(np.float32([0.1, 0.7])), is_coarse(np.float32([0.1, 0.7]).astype(np.float16).astype(np.float32))
    (False, True)
    """
    if z.dtype != np.float32:
        return z.dtype.itemsize < 4
    with np.errstate(over="ignore"):
        half = np.array_equal(z.astype(np.float16).astype(np.float32), z)
    return bool(half or not (np.ascontiguousarray(z).view(np.uint32) & 0xFFFF).any())


def in_between(z: Array) -> Array:
    """Numbers between 0 and 1, in the order of these.

    >>> in_between(np.array([-1e6, 0.0, 1e6])).round(2)
    array([0.01, 0.5 , 0.99])
    """
    made: Array = 0.49 * np.tanh(0.5 * z) + 0.5
    return made


def sums_to_one(z: Array, axis: int, kind: str = "softmax", off: float = OFF) -> bool:
    """Whether these are probabilities, or logarithms of them, along an axis.

    >>> sums_to_one(np.full((5, 4), 0.25), 1), sums_to_one(np.full((5, 4), 0.25), 0)
    (True, False)
    """
    if z.shape[axis] < 2:
        return False
    shares = z if kind == "softmax" else np.exp(np.minimum(z, 80))
    bounded = bool((z >= 0).all()) if kind == "softmax" else bool((z <= 1e-4).all())
    return bounded and bool((np.abs(shares.sum(axis) - 1) < off).all())


def close(a: float, b: float) -> bool:
    """Whether two losses are the same but for rounding.

    >>> close(1.0, 1.00001), close(1.0, 1.001)
    (True, False)
    """
    return math.isclose(a, b, rel_tol=EQUAL, abs_tol=1e-7)


def as_logarithms(values: list[float]) -> bool:
    """Whether it rises by the same from each of three numbers to the next.

    >>> as_logarithms([4.6, 6.9, 9.2]), as_logarithms([0.98, 0.998, 0.9998])
    (True, False)
    """
    first, then = values[1] - values[0], values[2] - values[1]
    noise = 1e-4 * max(map(abs, values))
    return math.isfinite(first + then) and first > noise and abs(then / first - 1) < 0.1
