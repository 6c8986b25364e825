"""Whether rows that are alike have the same label, beyond what chance gives: few classes agree often by chance."""

from __future__ import annotations

import math

from whynet.doctor.case import Case

TELLS = 0.2  # so strong a correlation shows that labels have to do with their rows
MOST_RIGHT = 0.5  # of the way from chance to 1: if most labels were wrong, no model would get so far
BEYOND_CHANCE = 0.15  # of that way


def above_chance(case: Case) -> float:
    """How often nearest neighbours have the same label: 0 by chance, 1 always; NaN where there are no classes.

    >>> from whynet.doctor.example import case_like
    >>> round(above_chance(case_like({"neighbours-agree": 0.55, "largest-class": 0.1})), 2)
    0.5
    >>> round(above_chance(case_like({"classes": 2, "neighbours-agree": 0.55})), 2)
    0.1
    """
    if not case.classes:
        return float("nan")
    even = 1 / case.classes
    largest = case.value("largest-class")
    rest = (1 - largest) ** 2 / max(case.classes - 1, 1)
    chance = max(even, largest**2 + rest) if largest < 1 else even
    return (case.value("neighbours-agree") - chance) / (1 - chance)


def unlike_their_likes(case: Case, least: float = 0.44) -> bool:
    """Whether labels are no more alike than so, and no model tells much about them: labels may follow their rows in a
    way that neighbours do not show.

    >>> from whynet.doctor.example import case_like
    >>> unlike_their_likes(case_like({"neighbours-agree": 0.1})), unlike_their_likes(case_like({}))
    (True, False)
    >>> unlike_their_likes(case_like({"neighbours-agree": 0.1, "labels-foretold": 0.8}))
    False
    """
    if foretold(case) > MOST_RIGHT:
        return False
    return above_chance(case) < least and not case.value("learnable") > max(TELLS, _by_chance(case))


def foretold(case: Case) -> float:
    """How well the best model foretells labels of rows left out, the network or a linear one: 0 as the best constant
    does, 1 always; NaN where there are no classes, or none was asked.

    >>> from whynet.doctor.example import case_like
    >>> round(foretold(case_like({"classes": 2, "labels-foretold": 0.88, "constant-accuracy": 0.52})), 2)
    0.75
    """
    linear = case.value("labels-foretold")
    if not case.classes or math.isnan(linear):
        return float("nan")
    quality = case.before.quality if case.before is not None else case.value("accuracy")
    constants = (case.value("constant-accuracy"), case.value("largest-class"))
    chance = max([1 / case.classes, *(one for one in constants if math.isfinite(one))])
    return float((max(linear, quality if math.isfinite(quality) else 0.0) - chance) / max(1 - chance, 1e-9))


def told_beyond_chance(case: Case) -> bool:
    """Whether a model foretells labels of rows left out better than chance does: they belong to their rows.

    >>> from whynet.doctor.example import case_like
    >>> told_beyond_chance(case_like({"labels-foretold": 0.4})), told_beyond_chance(case_like({"labels-foretold": 0.1}))
    (True, False)
    """
    error = case.value("standard-error")
    return foretold(case) > max(BEYOND_CHANCE, 0.0 if math.isnan(error) else 4 * error)


def _by_chance(case: Case) -> float:
    """The correlation up to which chance goes."""
    known = case.symptoms.get("learnable")
    number = float(getattr(known.normal, "number", math.nan)) if known is not None else math.nan
    return 3 / math.sqrt(max(case.rows, 1)) if math.isnan(number) else number


def nothing_to_learn(case: Case) -> bool:
    """Whether inputs seem to tell nothing of numbers, or of several labels: no yardstick does better than chance on
    rows left out, and the network itself is no better than the best constant prediction.

    >>> from whynet.doctor.causes import cause
    >>> from whynet.doctor.example import case_like
    >>> nothing_to_learn(case_like(cause("useless-target").SICK))
    True
    """
    if case.classes or not case.value("learnable") <= min(_by_chance(case), TELLS):
        return False
    error, constant = case.value("standard-error"), case.value("constant-accuracy")
    quality = case.before.quality if case.before is not None else case.value("accuracy")
    margin = 0.02 + (2 * error if error == error else 0.0)
    return not quality > (constant if constant == constant else 0.0) + margin


def in_another_unit(case: Case) -> bool:
    """Whether what it is tested on is other numbers than what it is trained on.

    >>> from whynet.doctor.example import case_like
    >>> in_another_unit(case_like({"validation-spread": 255.0})), in_another_unit(case_like({"validation-spread": 1.1}))
    (True, False)
    """
    spread = case.value("validation-spread")
    return spread < 0.2 or spread > 5 or case.value("validation-offset") > 2
