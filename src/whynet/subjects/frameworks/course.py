"""The course of a diagnosis, the same for every library: as a recipe where the patient can be said as one, else by
trials that the library makes itself."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from whynet.doctor.verdict import Diagnosis, Finding, diagnose
from whynet.errors import NoRecipe, UsageError
from whynet.subjects.frameworks.guest import Examination, Guest
from whynet.subjects.frameworks.ill_data import audit, data_first
from whynet.subjects.recreate import ADAPTIVE, Description, recreate
from whynet.subjects.words import Say, Tongue, in_their_words
from whynet.types import Array, Labels


@contextmanager
def chance_kept() -> Iterator[None]:
    """Whatever is drawn inside, the states of chance of NumPy and Python are afterwards what they were.

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
    """What a library's room has read off its patient, and how far it got.

    `describe` gives the description or says why there is none; `guest` makes what trains copies in the library itself.

    >>> Course("PyTorch", {}, np.zeros((2, 1)), np.array([0, 1]), 2, describe=None, guest=None).found
    []
    """

    library: str
    table: dict[str, Say]
    X: Array
    labels: Labels
    classes: int
    describe: Any
    guest: Any
    test: tuple[Array, Labels] | None = None
    found: list[Finding] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    left_out: bool = False
    penalty: float = 1.0
    """What the library calls an L2 penalty of 1, where it does not call it 1."""

    def run(self, *, budget: float, trials: bool, say: Callable[[str], None]) -> Diagnosis:
        """The diagnosis, in the words of the library."""
        if not budget > 0:
            raise UsageError("the budget makes no sense", expected="seconds, more than 0", found=repr(budget))
        ill = audit(self.X, self.labels, self.classes)
        if ill is not None:
            ill.library = self.library
            return ill
        try:
            description: Description = self.describe()
            recipe, data = recreate(description)
        except NoRecipe as reason:
            say(f"{self.library} itself trains it: {reason.message}")
            diagnosis = self._by_itself(self.guest(), budget, trials, say)
            diagnosis.remarks.insert(0, f"It was tried by {self.library} itself, with fewer trials: {reason}")
        else:
            own = diagnose(recipe, data, budget=budget, trials=trials, say=say)
            size = abs(description.factor)  # their loss is so many times the cost: their rate is that much shorter
            rate = 1.0 if recipe.optimizer in ADAPTIVE else 1 / size
            tongue = Tongue(self.library, self.table, rate, size * self.penalty)
            diagnosis = in_their_words(data_first(own, data), tongue)
        known = {finding.cause for finding in diagnosis.verdict}
        measured = [finding for finding in self.found if finding.cause not in known]
        proved = bool(diagnosis.verdict) and diagnosis.verdict[0].status == "proved"
        diagnosis.verdict = diagnosis.verdict + measured if proved else measured + diagnosis.verdict
        diagnosis.remarks += self.remarks
        return diagnosis

    def _by_itself(self, guest: Guest, budget: float, trials: bool, say: Callable[[str], None]) -> Diagnosis:
        return Examination(
            guest,
            self.X,
            self.labels,
            classes=self.classes,
            test=self.test,
            found=self.found,
            left_out=self.left_out,
            budget=budget,
            trials=trials,
            say=say,
        ).diagnosis


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
    if labels is None:
        raise UsageError(
            "the targets are no classes: whynet judges classifiers",
            expected=f"whole numbers (n,), or one-hot rows (n, {classes})",
            found=f"{values.dtype} {values.shape}",
        )
    if len(labels) and (labels.min() < 0 or labels.max() >= classes):
        raise UsageError(
            "a label is out of range",
            expected=f"0 to {classes - 1}, as there are so many outputs",
            found=str(labels.min() if labels.min() < 0 else labels.max()),
        )
    return labels
