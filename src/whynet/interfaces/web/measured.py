"""What was measured of a patient, for the page: each symptom with its place in the network."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from whynet.doctor.symptom import Measured
from whynet.doctor.symptoms import declared
from whynet.report.wording.symptoms import name_of, normal_of, value_of

PLACES = {
    "data": "the examples", "targets": "the targets", "losses": "the cost", "weights": "the weights",
    "units": "the hidden units", "passes": "the layers", "course": "the course of training",
    "gradient": "the gradient", "update": "the update", "inside": "the code", "outcome": "the answers",
}  # fmt: skip
"""Where a symptom is measured: the file that declares it, and what people call that."""


@cache
def places() -> dict[str, str]:
    """Of each symptom the place where it is measured."""
    return {
        symptom.name: module.__name__.rsplit(".", 1)[1]
        for module in declared.FILES
        for symptom in declared._declared(module)
    }


def as_rows(symptoms: Mapping[str, Measured]) -> list[dict[str, Any]]:
    """All facts, in words; the unusual ones first."""
    where = places()
    rows = [
        {
            "name": fact.name, "words": name_of(fact), "value": value_of(fact), "normal": normal_of(fact),
            "unusual": fact.unusual, "place": where.get(fact.name, "outcome"),
        }
        for fact in symptoms.values()
    ]  # fmt: skip
    return sorted(rows, key=lambda row: not row["unusual"])
