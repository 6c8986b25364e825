"""Repairs: what mends a mistake that was found by looking, as steps that a copy of the network can be changed by.

    targets   long, real, reshape, squeeze, argmax, shift, scale, one-hot: another way to write them
    outputs   softmax, log-softmax, sigmoid, softplus, log, moved: put between the network and its loss
    calls     bare, alone, along: what squashes at the end is left out, is a sigmoid, or goes along another axis
    loss      reciprocal, finite, evened: its class weights, its logarithms, the weight of one of its terms
    layers    registered: layers that only `forward` knows of are trained with the others

They travel in the numbers of a `mend`, so that a trial can be made of it like of any other change.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from whynet.doctor.change import Change
from whynet.doctor.diagnosis import Finding
from whynet.types import Array

Step = tuple[Any, ...]
TARGETS = ("long", "real", "reshape", "squeeze", "argmax", "shift", "scale", "one-hot")
OUTPUTS = ("softmax", "log-softmax", "sigmoid", "softplus", "log", "moved")
CALLS = ("bare", "alone", "along")
LOSS = ("reciprocal", "finite", "evened")
LAYERS = ("registered",)
BARE = Change("output", {"name": "identity"})
"""Nothing after the last layer."""


def repairing(mistake: str, *steps: Step, words: str = "") -> Change:
    """The mend of a mistake, in words or by its name, by these steps; `words` are those of the library, if it has any.

    >>> steps_of([repairing("count classes from 0", ("shift", -1))])
    (('shift', -1),)
    """
    own = {"words": words} if words else {}
    return Change("mend", {"mistakes": (mistake,), "repair": tuple(steps), **own})


def steps_of(changes: Iterable[Change]) -> tuple[Step, ...]:
    """All steps of these changes, in order, each once: two findings may ask for the same.

    >>> steps_of([BARE, Change("rate", {"times": 2.0})])
    (('bare',),)
    """
    found: list[Step] = []
    for change in changes:
        found += [("bare",)] if is_bare(change) else change.numbers.get("repair", ())
    return tuple(dict.fromkeys(found))


def is_bare(change: Change) -> bool:
    """Whether it takes away what comes after the last layer.

    >>> is_bare(BARE), is_bare(Change("output", {"name": "sigmoid"}))
    (True, False)
    """
    return change.kind == "output" and change.numbers.get("name") == "identity"


def repairs_in(findings: Iterable[Finding]) -> tuple[Change, ...]:
    """The changes of these findings that a copy can be repaired by, each once.

    >>> len(repairs_in([Finding("loss-broadcast", "found", change=repairing("a", ("reshape", 1)))] * 2))
    1
    """
    changes = [one.change for one in findings if one.status == "found" and one.change is not None]
    return tuple(dict.fromkeys(change for change in changes if steps_of([change])))


def written(steps: Sequence[Step], y: Array) -> Array:
    """Targets, written otherwise.

    >>> written([("shift", -1), ("real", "float32")], np.array([1, 2])).tolist()
    [0.0, 1.0]
    >>> written([("argmax", 1)], np.eye(3)).tolist(), written([("one-hot", -1, 3)], np.array([2])).tolist()
    ([0, 1, 2], [[0.0, 0.0, 1.0]])
    """
    for what, *numbers in steps:
        if what == "long":
            y = y.astype(np.int64)
        elif what == "real":
            y = y.astype(numbers[0])
        elif what == "reshape":
            y = y.reshape(len(y), *numbers)
        elif what == "squeeze":
            y = y.squeeze(numbers[0])
        elif what == "argmax":
            y = np.asarray(y.argmax(numbers[0]))
        elif what == "shift":
            y = y + numbers[0]
        elif what == "scale":
            y = (y - numbers[0]) / numbers[1]
        elif what == "one-hot":
            axis, count = numbers
            y = np.moveaxis(np.eye(count, dtype=np.float32)[y.astype(np.intp)], -1, axis)
    return y
