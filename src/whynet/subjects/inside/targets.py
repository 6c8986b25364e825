"""Whether the targets of a batch are written as the loss reads them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from whynet.doctor.diagnosis import Finding
from whynet.doctor.symptoms.losses import TARGETS_NOT_TAKEN
from whynet.subjects.inside.answers import Answers, close, in_between
from whynet.subjects.inside.probe import is_real
from whynet.subjects.inside.repairs import Step, repairing, written
from whynet.types import Array

IGNORED = -100  # the class number that PyTorch leaves out
REWRITTEN = "write the targets as the loss reads them"
FAMILIES = {"encoding": "label-encoding-mismatch", "shape": "output-shape-mismatch"}


class Form(NamedTuple):
    """Another way to write targets, or outputs: in words, and as steps of a repair.

    >>> Form("`y.long()`", "encoding", (("long",),)).made(np.zeros(1), np.ones(1))[1].dtype.kind
    'i'
    """

    words: str
    family: str
    steps: tuple[Step, ...]

    def made(self, z: Array, y: Array) -> tuple[Array, Array]:
        """Outputs and targets, in that way."""
        moved = any(step[0] == "moved" for step in self.steps)
        return z.swapaxes(1, 2) if moved else z, written(self.steps, y)


def written_otherwise(answers: Answers) -> Finding | None:
    """Targets that the loss cannot be computed of, and can in another form.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> from whynet.subjects.frameworks.torch_probe import TorchProbe
    >>> batch = torch.rand(6, 4), torch.ones(6)
    >>> probe = TorchProbe.of(torch, torch.nn.Linear(4, 3), torch.nn.CrossEntropyLoss(), batch)
    >>> found = written_otherwise(Answers.of(probe))
    >>> found.cause, found.detail.split(". ")[0]
    ('label-encoding-mismatch', 'hand over `y.long()`')
    """
    z, y, refusal = answers.z, answers.targets, answers.refusal
    if y is None:
        return None
    if not refusal:
        return _out_of_range(answers) if _counted_for_nothing(answers) else None
    if _works(answers, in_between(z), y):
        return None
    given = f"outputs {z.shape}, targets {y.dtype} {y.shape}"
    outside = _out_of_range(answers)
    if outside is not None:
        return outside
    for form in _forms(answers):
        try:
            outputs, targets = form.made(z, y)
        except (ValueError, TypeError, IndexError):
            continue
        if any(_works(answers, one, targets) for one in (outputs, in_between(outputs))):
            words = f"hand over {form.words}. {answers.name} of {given} cannot be computed: {refusal}"
            evidence = (TARGETS_NOT_TAKEN.measured(1.0),)
            change = repairing(REWRITTEN, *form.steps, words=f"hand over {form.words}")
            return Finding(FAMILIES[form.family], "found", evidence, change, detail=words)
    return None


def cut_to_whole(answers: Answers) -> Finding | None:
    """Fractions that a loss reads as class numbers, by what stands before the point.

    >>> import pytest
    >>> keras = pytest.importorskip("keras")
    >>> from whynet.subjects.frameworks.keras_probe import KerasProbe
    >>> model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, activation="softmax")])
    >>> model.compile("sgd", "sparse_categorical_crossentropy")
    >>> batch = np.ones((6, 4)), np.array([0.2, 0.5, 1.0, 1.5, 2.2, 0.9])
    >>> cut_to_whole(Answers.of(KerasProbe.of(keras, model, batch))).cause
    'label-encoding-mismatch'
    """
    y = answers.targets
    if y is None or not is_real(y) or not np.isfinite(y).all() or y.shape == answers.z.shape:
        return None
    cut = np.trunc(y)
    share = float((cut != y).mean())
    if share == 0:
        return None
    z = in_between(answers.drawn(0))
    here, whole, others = (answers.value(z, one.astype(y.dtype)) for one in (y, cut, np.where(cut > 0, cut - 1, 1)))
    if not all(map(math.isfinite, (here, whole, others))) or not close(here, whole) or close(here, others):
        return None
    words = f"{share:.0%} of the targets are no whole numbers, and {answers.name} reads what stands before the point: "
    words += "numbers to meet are not for a loss of classes"
    return Finding("label-encoding-mismatch", "found", (TARGETS_NOT_TAKEN.measured(1.0),), detail=words)


def _works(answers: Answers, z: Array, y: Array) -> bool:
    return math.isfinite(answers.value(z, y)) and answers.gradient(z, y) is not None


def _forms(answers: Answers) -> Iterator[Form]:
    """The likely ones first: another kind of number, another shape, both, another encoding."""
    z, y, says = answers.z, answers.targets, answers.probe.says
    if y is None:
        return
    whole = bool((y == np.rint(y)).all()) if is_real(y) else True
    kinds: list[tuple[str, Step]] = []
    if is_real(y) and whole:
        kinds.append((says("to-whole"), ("long",)))
    if not is_real(y):
        kinds.append((says("to-real" if z.dtype == np.float32 else "to-real-as-outputs"), ("real", z.dtype.name)))
    for words, kind in kinds:
        yield Form(f"`y{words}`", "encoding", (kind,))
    shapes: list[tuple[str, Step]] = []
    if y.shape != z.shape and y.size == z.size:
        shapes.append((".reshape(outputs.shape)", ("reshape", *z.shape[1:])))
    if y.ndim > 1 and 1 in y.shape[1:]:
        at = list(y.shape).index(1, 1)
        shapes.append((f".squeeze({at})", ("squeeze", at)))
    for words, shape in shapes:
        yield Form(f"`y{words}`", "shape", (shape,))
    for words, shape in shapes:
        for more, kind in kinds:
            yield Form(f"`y{words}{more}`", "shape", (shape, kind))
    hot = [axis for axis in range(1, y.ndim) if y.shape[axis] > 1 and bool((y.sum(axis) == 1).all())]
    if whole and hot and bool(((y == 0) | (y == 1)).all()):
        words = f"`y.argmax({says('along', axis=hot[0])})`, class numbers"
        yield Form(words, "encoding", (("argmax", hot[0]),))
    if z.ndim == 3 and y.ndim == 2 and y.shape in (z.shape[:-1], (z.shape[0], z.shape[2])):
        yield Form(says("classes-moved"), "shape", (("moved",),))
    column = y.ndim == z.ndim and y.shape[-1] == 1 and z.shape[-1] > 1
    numbers = y[..., 0] if column else y
    for axis in (1, z.ndim - 1):
        if z.ndim == numbers.ndim + 1 and whole and numbers.min() >= 0 and numbers.max() < z.shape[axis]:
            count = z.shape[axis]
            words = says("one-hot-or-loss", count=count, y=f"y.squeeze({y.ndim - 1})" if column else "y")
            first: tuple[Step, ...] = (("squeeze", y.ndim - 1),) if column else ()
            yield Form(words, "encoding", (*first, ("one-hot", axis, count), ("real", z.dtype.name)))
    low, high = float(y.min()), float(y.max())
    if low < high and (low < 0 or high > 1) and y.size == z.size:
        yield Form(_rescaled(y), "encoding", (("scale", low, high - low), ("real", z.dtype.name)))


def _counted_for_nothing(answers: Answers) -> bool:
    """Whether the loss takes class numbers that there is no output for, and makes nothing of them: no slope, while they
    are counted in the mean. One of them alone that is left out on purpose is none of the classes' row."""
    z, y = answers.z, answers.targets
    axis = answers.divides if answers.own_softmax is None else answers.own_softmax
    if y is None or axis is None or is_real(y) or y.size * z.shape[axis] != z.size:
        return False
    numbers, outputs = y.reshape(-1), z.shape[axis]
    outside = (numbers < 0) | (numbers >= outputs)
    least, most = int(numbers.min()), int(numbers.max())
    shifted = least > 0 and most - least < outputs
    too_many = least >= 0 and outputs < len(np.unique(numbers)) == most - least + 1
    if not outside.any() or outside.all() or not (shifted or too_many):
        return False
    at = np.exp(answers.drawn(0))
    slopes = [answers.gradient(at, one) for one in (y, np.where(outside.reshape(y.shape), 0, y))]
    further = np.where(outside.reshape(y.shape), y + outputs + 3, y)
    if any(one is None for one in slopes) or not close(answers.value(at, further), answers.value(at)):
        return False  # what is left out is so by its number
    here, as_if = (np.moveaxis(one, axis, -1).reshape(-1, outputs) for one in slopes if one is not None)
    rounding = 1e-6 * float(np.abs(as_if).max())
    nothing = bool((np.abs(here[outside]) <= rounding).all() and (np.abs(as_if[outside]) > rounding).any())
    return nothing and bool(np.allclose(here[~outside], as_if[~outside], rtol=1e-3, atol=rounding))


def _out_of_range(answers: Answers) -> Finding | None:
    """Class numbers that there is no output for."""
    z, y = answers.z, answers.targets
    if y is None or is_real(y) or not y.size or z.ndim < 2:
        return None
    numbers = y[..., 0] if y.ndim == z.ndim and y.shape[-1] == 1 else y
    if numbers.shape == (len(z), *z.shape[2:]):
        outputs = z.shape[1]
    elif numbers.shape == z.shape[:-1]:
        outputs = z.shape[-1]
    else:
        return None
    kept = numbers != IGNORED
    if not kept.all() and not _works(answers, z, np.where(y == IGNORED, y, y.clip(0, outputs - 1))):
        kept[:] = True  # it is left out by others than this loss
    counted = numbers[kept]
    outside = (counted < 0) | (counted >= outputs)
    if not outside.any() or not _works(answers, z, y.clip(0, outputs - 1)):
        return None
    least, most, kinds = int(counted.min()), int(counted.max()), len(np.unique(counted))
    evidence = (TARGETS_NOT_TAKEN.measured(float(outside.mean())),)
    words = f"{outputs} outputs are for the class numbers 0 to {outputs - 1}, the targets go from {least} to {most}: "
    if kinds > outputs:
        words += f"the last layer needs {most + 1 if least >= 0 else kinds} outputs"
        return Finding("output-shape-mismatch", "found", evidence, detail=words)
    change = None
    if least > 0 and most - least < outputs:
        words += f"`y - {least}`"
        change = repairing(REWRITTEN, ("shift", -least), words=f"hand over `y - {least}`")
    elif least < 0:
        left_out = answers.probe.says("left-out", value=least)
        if (least, most, kinds) == (-1, 1, 2):
            change = repairing(REWRITTEN, ("scale", -1, 2), ("long",), words="hand over `(y + 1) // 2`")
        words += "`(y + 1) // 2`" if (least, most, kinds) == (-1, 1, 2) else f"`y + {-least}`, or {left_out}"
    else:
        words += f"number them from 0 to {outputs - 1}, or leave {most} out by "
        words += answers.probe.says("left-out", value=most)
    return Finding("label-encoding-mismatch", "found", evidence, change, detail=words)


def beyond_shares(answers: Answers) -> Finding | None:
    """Targets outside 0..1 under a binary cross-entropy: it has no least value.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> from whynet.subjects.frameworks.torch_probe import TorchProbe
    >>> y = torch.tensor([[-1.0], [1.0], [1.0]])
    >>> probe = TorchProbe.of(torch, torch.nn.Linear(4, 1), torch.nn.BCEWithLogitsLoss(), (torch.rand(3, 4), y))
    >>> beyond_shares(Answers.of(probe)).detail
    'BCEWithLogitsLoss takes targets from 0 to 1, and they go from -1 to 1: `(y + 1) / 2`'
    """
    y, z = answers.targets, answers.z
    if y is None or y.size != z.size or not (y.min() < 0 or y.max() > 1):
        return None
    if not answers.own_sigmoid and not answers.in_shares:
        return None
    upper = (y > 0.5).reshape(z.shape).astype(z.dtype)
    far = 100 * (upper - 0.5) if answers.own_sigmoid else upper * 0.9998 + 1e-4
    if not answers.value(far) < 0:
        return None
    values, low, high = np.unique(y), float(y.min()), float(y.max())
    evidence = (TARGETS_NOT_TAKEN.measured(float(((y < 0) | (y > 1)).mean())),)
    words = f"{answers.name} takes targets from 0 to 1, and they go from {low:.3g} to {high:.3g}: "
    change = None
    if len(values) == 2:
        words += _rescaled(y)
        steps = ("scale", low, high - low), ("real", z.dtype.name)
        change = repairing(REWRITTEN, *steps, words=f"hand over {_rescaled(y)}")
    elif z.shape[-1] == 1 and z.ndim == 2 and bool((y == np.rint(y)).all()) and low >= 0:
        words += f"of {len(values)} classes, {len(values)} outputs and {answers.probe.says('loss-of-classes')}; "
        words += f"of numbers {answers.probe.says('loss-of-numbers')}"
        return Finding("output-shape-mismatch", "found", evidence, detail=words)
    else:
        words += f"bring them into that range, or take {answers.probe.says('loss-of-numbers')}"
    return Finding("label-encoding-mismatch", "found", evidence, change, detail=words)


def _rescaled(y: Array) -> str:
    """How these targets come to lie from 0 to 1."""
    low, by = float(y.min()), float(y.max()) - float(y.min())
    shift = f"y + {-low:g}" if low < 0 else f"y - {low:g}" if low else "y"
    return f"`{shift}`" if by == 1 else f"`({shift}) / {by:g}`" if low else f"`{shift} / {by:g}`"


def several_labels(answers: Answers) -> Finding | None:
    """Rows with several labels, or none, under a softmax, of which only one can be near 1.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> from whynet.subjects.frameworks.torch_probe import TorchProbe
    >>> y = torch.tensor([[1.0, 1, 0], [0, 0, 0], [1, 1, 1], [0, 1, 0]])
    >>> probe = TorchProbe.of(torch, torch.nn.Linear(4, 3), torch.nn.CrossEntropyLoss(), (torch.rand(4, 4), y))
    >>> several_labels(Answers.of(probe)).cause
    'label-encoding-mismatch'
    """
    y, z, axis = answers.targets, answers.z, answers.own_softmax
    axis = answers.divides if axis is None else axis
    if y is None or axis is None or y.shape != z.shape or not is_real(y):
        return None
    if float(y.min()) < 0:
        outside = y < 0
    elif bool(((y == 0) | (y == 1)).all()):
        outside = (y.sum(axis) != 1) & (y.sum(axis) != 0)
    else:
        return None
    share = float(outside.mean())
    if share < 0.1 or not close(answers.value(z, 2 * y), 2 * answers.now):
        return None
    words = f"{answers.name} takes rows of shares that sum to 1: "
    several = f"for several labels, {answers.probe.says('loss-of-labels')}"
    words += "0 and 1 in place of -1 and 1" if float(y.min()) < 0 else several
    return Finding("label-encoding-mismatch", "found", (TARGETS_NOT_TAKEN.measured(share),), detail=words)
