"""Data of somebody else's that are ill themselves: no trial can take a mistake out of them, so they come first."""

from __future__ import annotations

from whynet.doctor.case import Case
from whynet.doctor.cause import CERTAIN, Suspicion
from whynet.doctor.causes import cause, names


def ill_causes(case: Case) -> tuple[str, ...]:
    """Causes in the data themselves, of which the evidence is certain, and that nothing but other data would cure.

    >>> from whynet.doctor.example import case_like
    >>> ill_causes(case_like({"blank-rows": 0.3}))
    ('bad-inputs',)
    """
    suspects = _suspects(case)
    explained = {symptom for suspicion in suspects.values() for symptom in suspicion.explains}
    beside = _suspects(case.without(explained))
    return tuple(
        name
        for name, suspicion in suspects.items()
        if suspicion.strength >= CERTAIN
        and name in beside
        and all(change.kind == "mend" for change in cause(name).changes(case))
    )


def explaining(case: Case, symptom: str) -> tuple[str, Suspicion] | None:
    """The suspect in the data that brings this symptom about by itself.

    >>> from whynet.doctor.example import case_like
    >>> explaining(case_like({"largest-class": 0.6}), "test-set-differs")[0]
    'class-imbalance'
    """
    suspects = _suspects(case)
    return next(((name, one) for name, one in suspects.items() if symptom in one.explains), None)


def _suspects(case: Case) -> dict[str, Suspicion]:
    found = {name: cause(name).suspect(case) for name in names() if cause(name).FAMILY == "data"}
    return {name: suspicion for name, suspicion in found.items() if suspicion is not None}
