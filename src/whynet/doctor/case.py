"""Case: everything known about one patient, as measured facts. Causes look at nothing else."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from whynet.training.recipe import Recipe


class Symptom(NamedTuple):
    """A measured fact: a number, its unit, and what is normal.

    >>> Symptom("largest-input", 255.0, "", "up to about 3").value
    255.0
    """

    name: str
    value: float
    unit: str
    normal: str

    def as_dict(self) -> dict[str, object]:
        """As the JSON of a verdict has it."""
        return {"symptom": self.name, "value": self.value, "unit": self.unit, "normal": self.normal}


@dataclass
class Case:
    """One patient: its recipe *without its faults*, and what was measured.

    `layers` counts the layers with weights; `rows` the training examples that more could be taken from; `state` is one
    of the states, once known.

    >>> case = Case(Recipe(), layers=2, rows=100, available=60000, classes=10, features=784)
    >>> case.note("dead-units", 0.5, "share", "below 0.2")
    >>> case.value("dead-units"), case.value("never-measured")
    (0.5, nan)
    """

    recipe: Recipe
    layers: int
    rows: int
    available: int
    classes: int
    features: int
    symptoms: dict[str, Symptom] = field(default_factory=dict)
    fitting: tuple[str, ...] = ()
    """Known mistakes whose effect equals what was measured, to the last digits."""
    lost: tuple[str, ...] = ()
    """Classes that are never answered."""
    state: str = ""

    def note(self, name: str, value: float, unit: str = "", normal: str = "") -> None:
        """Write down a measured fact."""
        self.symptoms[name] = Symptom(name, float(value), unit, normal)

    def value(self, name: str) -> float:
        """A measured number; NaN if it was not measured, so that no comparison with it holds."""
        return self.symptoms[name].value if name in self.symptoms else float("nan")

    def evidence(self, *names: str) -> tuple[Symptom, ...]:
        """Those of the named symptoms that were measured."""
        return tuple(self.symptoms[name] for name in names if name in self.symptoms)
