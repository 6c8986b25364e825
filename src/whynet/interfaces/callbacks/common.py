"""What all callbacks have in common: options, when to stop, and a diagnosis at the end."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

from whynet.doctor.diagnosis import Diagnosis, Gap, said
from whynet.errors import ResourceError, UsageError, WhynetError
from whynet.interfaces.callbacks.hopeless import Hopeless

SECONDS = 60.0
"""How long a diagnosis may take at the end of somebody's training, if nothing else is said."""


def imported(module: str, name: str, install: str) -> Any:
    """A library, or one sentence.

    >>> imported("math", "Math", "math").pi
    3.141592653589793
    >>> imported("no_such_library", "This library", "no-such-library")
    Traceback (most recent call last):
    whynet.errors.ResourceError: This library cannot be imported: No module named 'no_such_library'. Install it: pip
    install no-such-library

    Raises
    ------
    ResourceError
        It is not there, or cannot be imported.
    """
    try:
        return import_module(module)
    except ImportError as error:
        reason = f"{name} cannot be imported: {error}"
        raise ResourceError(reason, do=f"Install it: pip install {install}") from None


class Doctor:
    """Diagnoses at the end of a training; `diagnosis` is None before, and where `refused` says why there is none.

    With `stop_when_hopeless` a training is stopped whose loss is not finite, or has not fallen in so many `looks` at it
    since it began; `stopped` says why. A diagnosis takes no more than `budget` seconds, and is printed unless `quiet`.

    >>> doctor = Doctor(quiet=True)
    >>> doctor.finish(lambda: Diagnosis("healthy"))
    >>> doctor.diagnosis.state, doctor.refused
    ('healthy', '')
    """

    diagnosis: Diagnosis | None
    stopped: str
    refused: str

    def __init__(
        self,
        *,
        stop_when_hopeless: bool = False,
        looks: int = 200,
        quiet: bool = False,
        trials: bool = True,
        effort: float | None = None,
        budget: float | None = SECONDS,
    ) -> None:
        super().__init__()  # the library's own
        if not isinstance(looks, int) or looks < 1:
            raise UsageError("looks makes no sense", expected="a whole number, 1 or more", found=repr(looks))
        self.stop_when_hopeless, self.looks, self.quiet = stop_when_hopeless, looks, quiet
        self.trials, self.effort, self.budget = trials, effort, budget
        self.begin()

    def begin(self) -> None:
        """A training begins."""
        self.diagnosis, self.stopped, self.refused = None, "", ""
        self.hopeless = Hopeless(self.looks)
        self.gaps: list[Gap] = []

    def looked(self, step: int, cost: float) -> None:
        """The loss was looked at."""
        if self.stop_when_hopeless and not self.stopped:
            self.stopped = self.hopeless.see(step, cost)

    @property
    def limits(self) -> dict[str, Any]:
        """What a diagnosis is given."""
        effort = {} if self.effort is None else {"effort": self.effort}
        return {"trials": self.trials, "budget": self.budget, **effort}

    def finish(self, diagnose: Callable[[], Diagnosis]) -> None:
        """The diagnosis of what was seen; somebody's training does not end with an error of ours."""
        try:
            found = diagnose()
        except Exception as error:
            self.refused = str(error) if isinstance(error, WhynetError) else f"{type(error).__name__}: {error}"
        else:
            found.not_examined += self.gaps
            if self.stopped:
                found.remarks.insert(0, said(f"The training was stopped: {self.stopped}."))
            self.diagnosis = found
        if not self.quiet:
            print(self.diagnosis if self.diagnosis is not None else f"whynet: no diagnosis: {self.refused}")
