"""Examples of patients, as data: a few facts, of which a case is made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from whynet.doctor.case import Case
from whynet.doctor.diagnosis import Settings
from whynet.doctor.symptoms.declared import SYMPTOMS


def case_like(example: Mapping[str, Any]) -> Case:
    """A patient by a few facts, of whom nothing else is known: the examples of the causes are written so.

    Names of `Case`'s fields are those fields, all others are symptoms; `settings` is a mapping. `rows` and
    `steps`, which are both, are noted as symptoms too.

    >>> case = case_like({"settings": {"rate": 0.1}, "steps": (94, 252), "dead-end": 0.8})
    >>> case.settings.rate, case.steps, case.value("steps"), case.value("dead-end")
    (0.1, (94, 252), 94.0, 0.8)
    """
    known = {one.name for one in fields(Case)}
    given = {name: value for name, value in example.items() if name in known}
    usual = {"layers": 2, "rows": 1000, "available": 1000, "classes": 10, "features": 64}
    case = Case(**{**usual, **given, "settings": Settings(**given.get("settings", {}))})
    noted = {name: value for name, value in example.items() if name not in known}
    if "rows" in given:
        noted["rows"] = case.rows
    if "steps" in given:
        noted["steps"] = case.steps[0]
    for name, value in noted.items():
        case.note(SYMPTOMS[name], value)
    return case
