"""Every symptom by its name, gathered from the files that declare them."""

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType

from whynet.doctor.symptom import Symptom
from whynet.doctor.symptoms import (
    course,
    data,
    gradient,
    inside,
    losses,
    outcome,
    passes,
    targets,
    units,
    update,
    weights,
)


def _declared(module: ModuleType) -> Iterator[Symptom]:
    for one in vars(module).values():
        yield from (two for two in (one.values() if isinstance(one, dict) else [one]) if isinstance(two, Symptom))


FILES = (data, targets, losses, weights, units, passes, course, gradient, update, inside, outcome)
SYMPTOMS: dict[str, Symptom] = {one.name: one for module in FILES for one in _declared(module)}
