"""Suspects: what the evidence points to, before anything is tried."""

from __future__ import annotations

from whynet.doctor.case import Case
from whynet.doctor.cause import CERTAIN, Suspicion
from whynet.doctor.causes import cause, names
from whynet.doctor.change import Change
from whynet.doctor.diagnosis import Diagnosis, Finding, Status, said

CLEAR = 0.85  # evidence so strong that even a network that learns is tried without it
HARM = 0.4  # defects with weaker evidence may well be harmless
WORTH = 0.35  # weaker suspicions are not named where no trial speaks for them

Suspect = tuple[str, Suspicion]


def suspects_of(case: Case, diagnosis: Diagnosis) -> list[Suspect]:
    """All causes that something points to, the strongest first. A cause that crashes is a remark, not the end.

    >>> from whynet.doctor.example import case_like
    >>> suspects_of(case_like({"largest-input": 255.0}), Diagnosis("underfits"))[0][0]
    'input-not-scaled'
    """
    found = []
    mendable = {one.cause: one for one in case.findings if one.status == "found" and one.change is not None}
    for name in names():
        if name in mendable:
            found.append((name, Suspicion(CERTAIN, mendable[name].evidence)))
            continue
        try:
            suspicion = cause(name).suspect(case)
        except Exception as error:
            diagnosis.remarks.append(said(f"{name} could not be judged: {type(error).__name__}: {error}"))
            continue
        if suspicion is not None:
            found.append((name, suspicion))
    return sorted(found, key=lambda item: -item[1].strength)


def changes_for(name: str, case: Case) -> list[Change]:
    """What would cure it: what whoever measured the defect says, else what is said of the cause.

    >>> from whynet.doctor.example import case_like
    >>> case = case_like({})
    >>> case.findings = [Finding("loss-broadcast", "found", change=Change("mend", {"mistakes": ("a shape",)}))]
    >>> changes_for("loss-broadcast", case)[0].mistakes
    ('a shape',)
    """
    own = [one.change for one in case.findings if one.cause == name and one.change is not None]
    return own or cause(name).changes(case)


def is_measured(name: str, suspicion: Suspicion) -> bool:
    """Whether it is a defect that was measured directly.

    >>> is_measured("no-bias", Suspicion(0.6, ())), is_measured("lr-too-low", Suspicion(0.6, ()))
    (True, False)
    """
    return cause(name).KIND == "measured" and suspicion.strength >= WORTH


def unproved(case: Case, name: str, suspicion: Suspicion) -> Finding:
    """The finding of a cause that no trial has proved.

    >>> from whynet.doctor.diagnosis import Settings
    >>> unproved(Case(Settings(), 2, 100, 100, 10, 64), "no-bias", Suspicion(0.6, ())).status
    'found'
    """
    change = next(iter(changes_for(name, case)), None)
    status: Status = "found" if is_measured(name, suspicion) else "suspected"
    return Finding(name, status, suspicion.evidence, change)
