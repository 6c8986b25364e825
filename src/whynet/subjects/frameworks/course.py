"""The course of a diagnosis, the same for every library: as a recipe where that is shown to be the same training, else
by trials that the library makes itself."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from whynet.data.protocol import Problem
from whynet.doctor.budget import TIMES
from whynet.doctor.diagnose import examine
from whynet.doctor.diagnosis import Diagnosis, Finding, Gap, Remark
from whynet.doctor.symptom import Measured
from whynet.errors import NoRecipe, UsageError
from whynet.subjects.adapted import AdaptedSubject
from whynet.subjects.adapter import Adapter
from whynet.subjects.inputs import are_images
from whynet.subjects.recreate import ADAPTIVE, Description
from whynet.subjects.standin import stand_in
from whynet.types import Array

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

    >>> from whynet.data.problem import Classification
    >>> Course(np.zeros((2, 1)), np.array([0, 1]), Classification(("a", "b")), describe=None, adapter=None).found
    []
    """

    X: Array
    y: Array
    problem: Problem
    describe: Callable[[], Description]
    adapter: Callable[[], Adapter]
    test: tuple[Array, Array] | None = None
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
        subject = AdaptedSubject(
            adapter, self.X, self.y, problem=self.problem, test=self.test, found=self.found, noted=self.noted,
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
