"""Case: everything known about one patient, as measured facts. Causes look at nothing else."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from whynet.doctor.diagnosis import Finding, Gap, Outcome, Remark, Settings, Symptom


@dataclass
class Case:
    """One patient: what is known of its settings, and what was measured. No planted mistakes.

    `layers` counts the layers with weights; `rows` the training examples that more could be taken from, `available`
    those that there are; `classes` is 0 where there are none. `steps` are those taken and those of the whole training.

    >>> case = Case(Settings(), layers=2, rows=100, available=60000, classes=10, features=784)
    >>> case.note("dead-units", 0.5, "fraction", "below 0.2")
    >>> case.value("dead-units"), case.value("never-measured")
    (0.5, nan)
    """

    settings: Settings
    layers: int
    rows: int
    available: int
    classes: int
    features: int
    symptoms: dict[str, Symptom] = field(default_factory=dict)
    fitting: tuple[str, ...] = ()
    """Known mistakes whose effect equals what was measured, to the last digits."""
    lost: tuple[str, ...] = ()
    """Classes that are never predicted right."""
    state: str = ""
    before: Outcome | None = None
    """How the patient ended; None where it could not be trained."""
    steps: tuple[int, int] = (0, 0)
    findings: list[Finding] = field(default_factory=list)
    """Defects that the subject itself measured."""
    used: dict[str, str] = field(default_factory=dict)
    """What was used as what."""
    not_examined: list[Gap] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)
    yardstick: str = "a linear classifier"
    """What reaches the quality noted as `linear-accuracy`."""
    ill_data: tuple[str, ...] = ()
    """Causes in the data themselves that no change of the training can cure."""

    @classmethod
    def like(cls, example: Mapping[str, Any]) -> Case:
        """A patient by a few facts, of whom nothing else is known: the examples of the causes are written so.

        Names of this class's fields are those fields, all others are symptoms; `settings` is a mapping. `rows` and
        `steps`, which are both, are noted as symptoms too.

        >>> case = Case.like({"settings": {"rate": 0.1}, "steps": (94, 252), "dead-end": 0.8})
        >>> case.settings.rate, case.steps, case.value("steps"), case.value("dead-end")
        (0.1, (94, 252), 94.0, 0.8)
        """
        known = {one.name for one in fields(cls)}
        given = {name: value for name, value in example.items() if name in known}
        usual = {"layers": 2, "rows": 1000, "available": 1000, "classes": 10, "features": 64}
        case = cls(**{**usual, **given, "settings": Settings(**given.get("settings", {}))})
        noted = {name: value for name, value in example.items() if name not in known}
        if "rows" in given:
            noted["rows"] = case.rows
        if "steps" in given:
            noted["steps"] = case.steps[0]
        for name, value in noted.items():
            case.note(name, value)
        return case

    def without(self, names: Collection[str]) -> Case:
        """The same patient, had these symptoms not been measured.

        >>> Case.like({"gap": 0.2, "rows": 100}).without({"gap"}).value("gap")
        nan
        """
        return replace(self, symptoms={name: one for name, one in self.symptoms.items() if name not in names})

    def note(self, name: str, value: float, unit: str = "", normal: str = "") -> None:
        """Write down a measured fact."""
        self.symptoms[name] = Symptom(name, float(value), unit, normal)

    def value(self, name: str) -> float:
        """A measured number; NaN if it was not measured, so that no comparison with it holds."""
        return self.symptoms[name].value if name in self.symptoms else float("nan")

    def evidence(self, *names: str) -> tuple[Symptom, ...]:
        """Those of the named symptoms that were measured."""
        return tuple(self.symptoms[name] for name in names if name in self.symptoms)
