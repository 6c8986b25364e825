"""Case: everything known about one patient, as measured facts. Causes look at nothing else."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace

from whynet.doctor.diagnosis import Finding, Gap, Outcome, Remark, Settings
from whynet.doctor.symptom import Measured, Symptom


@dataclass
class Case:
    """One patient: what is known of its settings, and what was measured. No planted mistakes.

    `layers` counts the layers with weights; `rows` the training examples that more could be taken from, `available`
    those that there are; `classes` is 0 where there are none. `steps` are those taken and those of the whole training.

    >>> case = Case(Settings(), layers=2, rows=100, available=60000, classes=10, features=784)
    >>> case.note(Symptom("dead-start", "dead hidden units", "fraction"), 0.5)
    >>> case.value("dead-start"), case.value("never-measured")
    (0.5, nan)
    """

    settings: Settings
    layers: int
    rows: int
    available: int
    classes: int
    features: int
    problem: str = "classification"
    """Its kind: classification, labels, regression."""
    symptoms: dict[str, Measured] = field(default_factory=dict)
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
    yardstick: str = ""
    """What reaches the quality noted as `linear-accuracy`; where nothing is said, the linear model of its problem."""
    ill_data: tuple[str, ...] = ()
    """Causes in the data themselves that no change of the training can cure."""

    def without(self, names: Collection[str]) -> Case:
        """The same patient, had these symptoms not been measured.

        >>> from whynet.doctor.example import case_like
        >>> case_like({"gap": 0.2, "rows": 100}).without({"gap"}).value("gap")
        nan
        """
        return replace(self, symptoms={name: one for name, one in self.symptoms.items() if name not in names})

    def note(self, symptom: Symptom, value: float, at: float | None = None, layer: str = "") -> None:
        """Write down a measured fact; `at` is what is normal where that hangs on the patient, `layer` where it was
        measured."""
        self.keep(symptom.measured(value, at, layer))

    def keep(self, *facts: Measured) -> None:
        """Write down what was measured elsewhere."""
        self.symptoms.update((fact.name, fact) for fact in facts)

    def value(self, name: str) -> float:
        """A measured number; NaN if it was not measured, so that no comparison with it holds."""
        return self.symptoms[name].value if name in self.symptoms else float("nan")

    def evidence(self, *names: str) -> tuple[Measured, ...]:
        """Those of the named symptoms that were measured."""
        return tuple(self.symptoms[name] for name in names if name in self.symptoms)
