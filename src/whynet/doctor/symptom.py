"""Symptom: what can be measured, declared once: its name, what it is called, its unit, and what is normal."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from whynet.doctor.normal import Anything, Normal, plain


@dataclass(frozen=True)
class Symptom:
    """Something that can be measured. `name` is its name in the JSON, `words` what people read; what is a fraction by
    its unit is said in per cent.

    >>> dead = Symptom("dead-start", "dead hidden units before the first step", "fraction of a hidden layer's units")
    >>> dead.is_fraction, Symptom("rows", "training examples", "examples").is_fraction
    (True, False)
    """

    name: str
    words: str
    unit: str = ""
    normal: Normal = Anything()

    @property
    def is_fraction(self) -> bool:
        """Whether it is a part of a whole."""
        return self.unit.startswith("fraction")

    def unjudged(self) -> Symptom:
        """The same where nothing is known that it could be held against."""
        return replace(self, normal=Anything())

    def measured(self, value: float, at: float | None = None, layer: str = "") -> Measured:
        """A value of it; `at` is the number of its normal where that hangs on the patient."""
        normal: Any = self.normal
        return Measured(self, float(value), normal if at is None else replace(normal, number=float(at)), layer)


class Measured(NamedTuple):
    """A measured fact: a number, and what is normal for it here.

    >>> from whynet.doctor.normal import About, Below
    >>> Symptom("largest-input", "largest input", normal=Below(10)).measured(255.0).unusual
    True
    >>> Symptom("one-answer", "commonest prediction", "fraction", About()).measured(0.9, at=0.1).as_dict()
    {'symptom': 'one-answer', 'value': 0.9, 'unit': 'fraction', 'normal': 'about 0.1'}
    """

    symptom: Symptom
    value: float
    normal: Normal
    layer: str = ""
    """The layer that it is the value of, where there are several and it is told."""

    @property
    def name(self) -> str:
        """Its name in the JSON."""
        return self.symptom.name

    @property
    def unusual(self) -> bool:
        """Whether it is known, and out of what is normal."""
        return not math.isnan(self.value) and not self.normal.holds(self.value)

    @property
    def telling(self) -> bool:
        """Whether it speaks for a cause: what is as usual does not.

        >>> from whynet.doctor.normal import Below
        >>> Symptom("largest-input", "largest input", normal=Below(10)).measured(1.0).telling
        False
        """
        return self.unusual or isinstance(self.normal, Anything)

    def as_dict(self) -> dict[str, object]:
        """As the JSON of a diagnosis has it."""
        own = {"symptom": self.name, "value": self.value, "unit": self.symptom.unit, "normal": self.normal.said(plain)}
        return {**own, "layer": self.layer} if self.layer else own
