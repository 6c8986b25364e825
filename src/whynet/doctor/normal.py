"""What is normal for a measured number: small values that can be compared with it, and said."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol


def plain(number: float) -> str:
    """A number as it is written.

    >>> plain(0.3), plain(10000), plain(1e-6)
    ('0.3', '10,000', '1e-6')
    """
    if float(number).is_integer() and abs(number) < 1e9:
        return f"{number:,.0f}"
    return f"{number:.4g}".replace("e-0", "e-").replace("e+0", "e+")


Form = Callable[[float], str]


class Normal(Protocol):
    """What is normal. Where its number hangs on the patient, a declaration leaves it out, and `Symptom.measured` is
    told it; while it is not known, everything is normal and nothing is said."""

    def holds(self, value: float) -> bool:
        """Whether this value is normal."""
        ...

    def said(self, form: Form = plain) -> str:
        """As text, each number in this form."""
        ...


def _said(words: str, why: str) -> str:
    return f"{words}, {why}" if why else words


@dataclass(frozen=True)
class Anything:
    """No value is out of the ordinary.

    >>> Anything().holds(-1e9), Anything().said()
    (True, '')
    """

    def holds(self, value: float) -> bool:
        """Always."""
        return True

    def said(self, form: Form = plain) -> str:
        """Nothing."""
        return ""


@dataclass(frozen=True)
class Below:
    """Less than a number.

    >>> Below(0.3).holds(0.3), Below(2.303, "the floor").said()
    (False, 'below 2.303, the floor')
    """

    number: float = math.nan
    why: str = ""

    def holds(self, value: float) -> bool:
        """Whether it is less."""
        return math.isnan(self.number) or value < self.number

    def said(self, form: Form = plain) -> str:
        """`below ...`."""
        return "" if math.isnan(self.number) else _said(f"below {form(self.number)}", self.why)


@dataclass(frozen=True)
class Above:
    """More than a number.

    >>> Above(0.05).holds(0.1), Above(0.05).said()
    (True, 'above 0.05')
    """

    number: float = math.nan
    why: str = ""

    def holds(self, value: float) -> bool:
        """Whether it is more."""
        return math.isnan(self.number) or value > self.number

    def said(self, form: Form = plain) -> str:
        """`above ...`."""
        return "" if math.isnan(self.number) else _said(f"above {form(self.number)}", self.why)


@dataclass(frozen=True)
class AtLeast:
    """A number or more.

    >>> AtLeast(500).holds(500), AtLeast(500).said(), AtLeast().said()
    (True, '500 or more', '')
    """

    number: float = math.nan
    why: str = ""

    def holds(self, value: float) -> bool:
        """Whether it is as much, or more."""
        return math.isnan(self.number) or value >= self.number

    def said(self, form: Form = plain) -> str:
        """`... or more`."""
        return "" if math.isnan(self.number) else _said(f"{form(self.number)} or more", self.why)


@dataclass(frozen=True)
class Between:
    """From one number to another.

    >>> Between(0.5, 2).holds(2.0), Between(0.5, 2).said()
    (True, '0.5 to 2')
    """

    low: float
    high: float

    def holds(self, value: float) -> bool:
        """Whether it is neither less nor more."""
        return self.low <= value <= self.high

    def said(self, form: Form = plain) -> str:
        """`... to ...`."""
        return f"{form(self.low)} to {form(self.high)}"


@dataclass(frozen=True)
class Exactly:
    """A number, but for rounding: so large a part of it, or of 1 where it is 0.

    >>> Exactly(0).holds(0.0), Exactly(1).holds(0.9999999), Exactly(0.1, "the learning rate").said()
    (True, True, '0.1, the learning rate')
    """

    number: float = math.nan
    why: str = ""
    rounding: float = 1e-3

    def holds(self, value: float) -> bool:
        """Whether it is the number."""
        return math.isnan(self.number) or abs(value - self.number) <= self.rounding * (abs(self.number) or 1)

    def said(self, form: Form = plain) -> str:
        """The number."""
        return "" if math.isnan(self.number) else _said(form(self.number), self.why)


@dataclass(frozen=True)
class About:
    """A number, or as near as a factor: half of it to twice as much.

    >>> About(0.1).holds(0.19), About(0.1).holds(0.5), About(0.1).said()
    (True, False, 'about 0.1')
    """

    number: float = math.nan
    why: str = ""
    factor: float = 2.0

    def holds(self, value: float) -> bool:
        """Whether it is near."""
        return math.isnan(self.number) or self.number / self.factor <= value <= self.number * self.factor

    def said(self, form: Form = plain) -> str:
        """`about ...`."""
        return "" if math.isnan(self.number) else _said(f"about {form(self.number)}", self.why)
