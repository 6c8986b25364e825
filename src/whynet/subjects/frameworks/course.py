"""The course of a diagnosis, the same for every library: as a recipe where that is shown to be the same training, else
by trials that the library makes itself."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from whynet.data.problem import Classification
from whynet.doctor.budget import TIMES
from whynet.doctor.diagnose import examine
from whynet.doctor.diagnosis import Diagnosis, Finding, Gap, Remark
from whynet.doctor.symptom import Measured
from whynet.errors import NoRecipe, UsageError
from whynet.subjects.adapted import AdaptedSubject
from whynet.subjects.adapter import Adapter
from whynet.subjects.recreate import ADAPTIVE, Description
from whynet.subjects.standin import stand_in
from whynet.types import Array, Labels

MOST_CLASSES = 10  # whole numbers of more kinds than this and than there are outputs are counts or measurements
SHORT = 60  # letters of what was found that are said beside why there is no recipe


@contextmanager
def chance_kept() -> Iterator[None]:
    """Whatever is drawn inside, the random states of NumPy and Python are afterwards what they were.

    >>> random.seed(1); expected = random.random(); random.seed(1)
    >>> with chance_kept():
    ...     _ = random.random()
    >>> random.random() == expected
    True
    """
    python, legacy = random.getstate(), np.random.get_state()  # noqa: NPY002 - it is the user's that is kept
    try:
        yield
    finally:
        random.setstate(python)
        np.random.set_state(legacy)  # noqa: NPY002


@dataclass
class Course:
    """What was read off a library's network, and how far that got.

    `describe` gives the description or says why there is none; `adapter` makes what trains copies in the library.

    >>> Course(np.zeros((2, 1)), np.array([0, 1]), 2, describe=None, adapter=None).found
    []
    """

    X: Array
    labels: Labels
    classes: int
    describe: Callable[[], Description]
    adapter: Callable[[], Adapter]
    test: tuple[Array, Labels] | None = None
    found: list[Finding] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)
    noted: list[Measured] = field(default_factory=list)
    used: dict[str, str] = field(default_factory=dict)
    not_examined: list[Gap] = field(default_factory=list)
    penalty: float = 1.0
    """What the library calls an L2 penalty of 1, where it does not call it 1."""
    most_epochs: int | None = None
    """Those that it would take without a stopping rule of its own, where that ended it."""

    def run(
        self, *, effort: float = TIMES, budget: float | None = None, trials: bool = True,
        say: Callable[[str], None] = lambda _: None,
    ) -> Diagnosis:  # fmt: skip
        """The diagnosis, in the words of the library."""
        if budget is not None and not budget > 0:
            raise UsageError("the budget makes no sense", expected="seconds, more than 0", found=repr(budget))
        adapter = self.adapter()
        if are_images(self.X):
            adapter.wording = replace(adapter.wording, examples="images")
        problem = Classification(tuple(map(str, range(self.classes))))
        subject = AdaptedSubject(
            adapter, self.X, self.labels, problem=problem, test=self.test, found=self.found, noted=self.noted,
            remarks=self.remarks, used=self.used, not_examined=self.not_examined, most_epochs=self.most_epochs,
        )  # fmt: skip
        library = adapter.wording.library
        asked: dict[str, Any] = {"effort": effort, "budget": budget, "trials": trials, "say": say}
        try:
            description = self.describe()
            size = abs(description.factor)  # their loss is so many times the cost: their rate is that much shorter
            rate = 1.0 if description.optimizer in ADAPTIVE else 1 / size
            wording = replace(adapter.wording, rate=rate, penalty=size * self.penalty)
            own = stand_in(subject, description, wording)
        except NoRecipe as reason:
            short = reason.found is not None and len(reason.found) < SHORT
            why = reason.message + (f": {reason.found}" if short else "")
            say(f"{library} itself trains it: {why}")
            subject.used["trials"] = f"trained by {library} itself ({why})"
            return examine(subject, **asked)
        own.found, own.remarks, own.not_examined = self.found, self.remarks, self.not_examined
        return examine(own, **asked)


def are_images(X: Array) -> bool:
    """Whether rows look like images: rows and columns of pixels, or a square of them with a blank background.

    >>> are_images(np.zeros((5, 1, 8, 8))), are_images(np.ones((5, 30)))
    (True, False)
    """
    if X.ndim == 4:
        return bool(min(sorted(X.shape[1:])[1:]) > 1)
    side = math.isqrt(int(np.prod(X.shape[1:])))
    square = side >= 8 and (X.shape[1:] == (side, side) or X.shape[1:] == (side * side,))
    some = X[:1000]
    low, high = float(some.min()), float(some.max())
    pixels = low == 0 and high <= 255 and (high <= 1 or np.array_equal(some, np.rint(some)))
    return bool(square and pixels and np.mean(some == 0) > 0.2)


def finite_weights(named: Iterable[tuple[str, Array]]) -> None:
    """Whether training can begin with these weights.

    >>> finite_weights([("W", np.zeros(3))])

    Raises
    ------
    UsageError
        One holds NaN or infinity.
    """
    for name, array in named:
        if not np.isfinite(array).all():
            raise UsageError(
                "the weights hold NaN or infinite numbers before training begins", where=name,
                do="Hand the network over as it was before it was trained, or initialise it anew",
            )  # fmt: skip


def class_numbers(values: Array, classes: int) -> Labels:
    """Class numbers (n,) from whole numbers, or from one-hot rows (n, classes).

    >>> class_numbers(np.array([[0.0, 1.0], [1.0, 0.0]]), 2)
    array([1, 0])

    Raises
    ------
    UsageError
        They are no classes, or out of range.
    """
    if values.ndim == 2 and values.shape[1] > 1:
        one_hot = values.shape[1] == classes and np.isin(values, (0, 1)).all() and (values.sum(axis=1) == 1).all()
        labels: Labels | None = values.argmax(axis=1) if one_hot else None
    elif values.size == len(values) and values.dtype.kind in "iufb" and np.array_equal(values, np.rint(values)):
        labels = values.reshape(-1).astype(np.intp)
    else:
        labels = None
    several = labels is not None and len(np.unique(labels)) > max(classes, MOST_CLASSES) and labels.max() >= classes
    if labels is None or several:
        found = "" if labels is None else f", {len(np.unique(labels))} different numbers"
        raise UsageError(
            "the targets are no classes: whynet judges classifiers",
            expected=f"whole numbers (n,), or one-hot rows (n, {classes})",
            found=f"{values.dtype} {values.shape}{found}",
        )
    if len(labels) and (labels.min() < 0 or labels.max() >= classes):
        raise UsageError(
            "a label is out of range",
            expected=f"0 to {classes - 1}, as there are so many outputs",
            found=str(labels.min() if labels.min() < 0 else labels.max()),
        )
    return labels
