"""What can go wrong, as one tree of exceptions.

    WhynetError               every error whynet raises on purpose
    ├── UsageError            an option, argument or recipe that makes no sense          (exit 2)
    │   └── NoRecipe          somebody's training that cannot be said as a recipe
    ├── BadFile               a file that is not what it should be                       (exit 3)
    ├── NonFinite             a NaN or an infinity appeared while training               (exit 4)
    ├── ResourceError         nothing to be had: no data, no network, no disk            (exit 5)
    └── Interrupted           stopped by the user after saving                           (exit 130)

Each says what was wrong (`message`), where, what was expected, what was found, and what to do about it.
Only the command line prints them or exits.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar


class WhynetError(Exception):
    """An error with everything a person needs to mend it.

    >>> error = BadFile("the file ends too early", where="labels.gz", expected="60,000 bytes", found="12")
    >>> print(error)
    the file ends too early (in labels.gz; expected 60,000 bytes; found 12)
    """

    kind: ClassVar[str] = "error"
    exit_code: ClassVar[int] = 1

    def __init__(
        self,
        message: str,
        *,
        where: str | None = None,
        expected: str | None = None,
        found: str | None = None,
        do: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        self.expected = expected
        self.found = found
        self.do = do

    def __str__(self) -> str:
        details = [
            f"{word} {value}"
            for word, value in (("in", self.where), ("expected", self.expected), ("found", self.found))
            if value is not None
        ]
        text = self.message + (f" ({'; '.join(details)})" if details else "")
        return text + (f". {self.do}" if self.do else "")

    def as_dict(self) -> dict[str, str | None]:
        """The error as the `error` object of a command's `--json` output."""
        return {
            "kind": self.kind,
            "message": self.message,
            "where": self.where,
            "expected": self.expected,
            "found": self.found,
            "do": self.do,
        }


class UsageError(WhynetError):
    """An option, an argument or a recipe that makes no sense.

    >>> print(UsageError("a layer needs a unit", expected="1 or more", found="0"))
    a layer needs a unit (expected 1 or more; found 0)
    """

    kind = "usage"
    exit_code = 2


class NoRecipe(UsageError):
    """Somebody's network or training that cannot be said as a recipe; the message says what is in the way.

    >>> isinstance(NoRecipe("a layer that is no dense one"), UsageError)
    True
    """

    kind = "no-recipe"


class BadFile(WhynetError):
    """A file that is not what it should be; it was left as it is.

    >>> BadFile("this is no picture", where="note.txt").exit_code
    3
    """

    kind = "bad-file"
    exit_code = 3


class NonFinite(WhynetError):
    """A NaN or an infinity appeared while training; the parameters are the last good ones.

    >>> NonFinite("the cost became NaN").exit_code
    4
    """

    kind = "non-finite"
    exit_code = 4


class ResourceError(WhynetError):
    """Something the machine should have given was not to be had: data, network, disk.

    >>> ResourceError("no space left on the disk").exit_code
    5
    """

    kind = "resource"
    exit_code = 5


class Interrupted(WhynetError):
    """Stopped on request, after the current batch; what was learned is kept.

    >>> Interrupted("stopped on request").exit_code
    130
    """

    kind = "interrupted"
    exit_code = 130


def did_you_mean(word: str, choices: Iterable[str]) -> str:
    """A sentence that lists the choices, the nearest one first.

    >>> did_you_mean("sigmod", ["relu", "sigmoid", "tanh"])
    "Did you mean 'sigmoid'? The choices are: relu, sigmoid, tanh."
    """
    import difflib

    choices = sorted(choices)
    near = difflib.get_close_matches(word, choices, n=1)
    hint = f"Did you mean '{near[0]}'? " if near else ""
    return f"{hint}The choices are: {', '.join(choices)}."
