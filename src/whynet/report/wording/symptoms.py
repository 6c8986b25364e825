"""Measured facts in words: what a symptom is called, and what is normal, is read off its declaration."""

from __future__ import annotations

import math

from whynet.doctor.normal import plain
from whynet.doctor.symptom import Measured

BARE = {"sd", "of the true gradient's"}  # units that the name does not say already
OF_FIRST = "layer 1's "  # where another layer may be the worst, it is told
MARK = "!"
"""Stands beside a value that is out of what is normal."""


def name_of(fact: Measured) -> str:
    """What it is called.

    >>> from whynet.doctor.symptom import Symptom
    >>> name_of(Symptom("dead-start", "dead hidden units").measured(0.5))
    'dead hidden units'
    >>> name_of(Symptom("dead-start", "dead hidden units").measured(0.5, layer="layer 1, conv 8 3x3"))
    'dead hidden units (layer 1, conv 8 3x3)'
    """
    words = fact.symptom.words
    return f"{words.replace(' of layer 1', '').replace(OF_FIRST, '')} ({fact.layer})" if fact.layer else words


def value_of(fact: Measured) -> str:
    """Its value, as it is written.

    >>> from whynet.doctor.symptom import Symptom
    >>> value_of(Symptom("gap", "", "fraction").measured(0.987)), value_of(Symptom("largest-input", "").measured(255))
    ('98.7 %', '255')
    """
    if not math.isfinite(fact.value):
        return "not a number" if math.isnan(fact.value) else "infinite"
    if fact.symptom.is_fraction:
        return percent(fact.value)
    whole = float(fact.value).is_integer() and abs(fact.value) < 1e9
    unit = f" {fact.symptom.unit}" if fact.symptom.unit in BARE else ""
    return (f"{fact.value:,.0f}" if whole else f"{fact.value:.3g}") + unit


def normal_of(fact: Measured) -> str:
    """What is normal, in the same measure.

    >>> from whynet.doctor.normal import Below
    >>> from whynet.doctor.symptom import Symptom
    >>> normal_of(Symptom("gap", "", "fraction", Below(0.3)).measured(1.0))
    'below 30 %'
    """
    return fact.normal.said(percent if fact.symptom.is_fraction else plain)


def mark_of(fact: Measured) -> str:
    """What marks a value that is out of what is normal; nothing beside any other.

    >>> from whynet.doctor.normal import Below
    >>> from whynet.doctor.symptom import Symptom
    >>> [mark_of(Symptom("gap", "", "fraction", Below(0.3)).measured(value)) for value in (1.0, 0.1)]
    ['!', '']
    """
    return MARK if fact.unusual else ""


def in_words(fact: Measured) -> str:
    """One measured fact in a line.

    >>> from whynet.doctor.normal import Below
    >>> from whynet.doctor.symptom import Symptom
    >>> in_words(Symptom("one-sided-push", "mean pre-activation of layer 1", normal=Below(2)).measured(19.9))
    'mean pre-activation of layer 1: 19.9 (usual: below 2)'
    """
    normal = normal_of(fact)
    usual = f" (usual: {normal})" if normal else ""
    return f"{name_of(fact)}: {value_of(fact)}{usual}"


def percent(value: float) -> str:
    """A fraction in per cent.

    >>> percent(0.5), percent(0.923), percent(1.0), percent(0.00012)
    ('50 %', '92.3 %', '100 %', '0.012 %')
    """
    size = 100 * value
    if size and abs(size) < 0.1:
        return f"{size:.2g} %"
    shown = f"{size:.1f}"
    return f"{shown.removesuffix('.0')} %"
