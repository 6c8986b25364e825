"""Values of a recipe: what they may be, and what is said of those that make no sense. Needs no NumPy."""

from __future__ import annotations

import functools
import math
import numbers
from typing import Any, Literal, get_args, get_origin

from whynet.errors import UsageError, did_you_mean


@functools.cache
def choices(hint: Any) -> tuple[str, ...]:
    """The strings that a field of this type may hold; empty if it is not a choice.

    >>> choices(Literal["sgd", "adam"] | None)
    ('sgd', 'adam')
    """
    found: list[str] = []
    for argument in get_args(hint):
        if isinstance(argument, str):
            found.append(argument)
        else:
            found.extend(choices(argument))
    return tuple(found)


def plain(value: Any) -> Any:
    """Lists as tuples, and whatever counts as a number (NumPy's do) as Python's own.

    >>> plain([1, [2.5, "a"]])
    (1, (2.5, 'a'))
    """
    if isinstance(value, (list, tuple)):
        return tuple(plain(item) for item in value)
    if isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, numbers.Integral):
        return int(value)
    return float(value) if isinstance(value, numbers.Real) else value  # NumPy's float64 is one, but prints otherwise


def check_choice(name: str, value: Any, hint: Any) -> None:
    """Refuse a string that is none of the choices of that type.

    >>> check_choice("cost", "quadratc", Literal["quadratic"])
    Traceback (most recent call last):
    whynet.errors.UsageError: there is no cost 'quadratc'. Did you mean 'quadratic'?...

    Raises
    ------
    UsageError
        With what was meant.
    """
    allowed = choices(hint)
    if not allowed or value is None:
        return
    for one in value if isinstance(value, tuple) else (value,):
        if one not in allowed and (isinstance(one, str) or get_origin(hint) is Literal):
            what = name.replace("_", " ")
            raise UsageError(f"there is no {what} '{one}'", do=did_you_mean(str(one), allowed))


def check(name: str, value: Any, kind: Any, accept: Any, expected: str) -> None:
    """Refuse a number that is of another kind, not finite, or not accepted.

    >>> check("l2", -1, (int, float), lambda v: v >= 0, "a number, 0 or more")
    Traceback (most recent call last):
    whynet.errors.UsageError: l2 makes no sense (expected a number, 0 or more; found -1)

    Raises
    ------
    UsageError
        With what was expected and what was found.
    """
    good = isinstance(value, kind) and not isinstance(value, bool) and math.isfinite(value) and accept(value)
    if not good:
        raise UsageError(f"{name.replace('_', ' ')} makes no sense", expected=expected, found=repr(value))
