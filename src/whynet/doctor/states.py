"""States: what a training has come to, from its figures alone. A state is not a cause."""

from __future__ import annotations

import math
from typing import get_args

from whynet.doctor.agreement import MOST_RIGHT, foretold, nothing_to_learn, unlike_their_likes
from whynet.doctor.case import Case
from whynet.doctor.diagnosis import UNKNOWN, State

AS_GOOD = 0.015  # so far below the yardstick still counts as being as good
NOISE_LEARNED = 0.25  # of what no model gets right, a good network may know so much by heart
LOST = 0.05  # a class of smaller recall is never predicted
STATES: tuple[str, ...] = get_args(State)


def state_of(case: Case) -> str:
    """The state; the first that fits, in the order of `STATES`.

    Where the patient was stopped before its end, what only the end shows (undertrained, underfits, classes-missing) is
    not said: it stays not-examined, or stalled where the cost has hardly moved.

    >>> from whynet.doctor.diagnosis import Outcome, Settings
    >>> from whynet.doctor.symptoms.outcome import COST, FLOOR, LINEAR_ACCURACY, STANDARD_ERROR, START_COST
    >>> case = Case(Settings(), layers=2, rows=100, available=100, classes=2, features=4)
    >>> case.before = Outcome(cost=0.05, quality=0.99, recalls=(0.99, 0.99))
    >>> case.note(COST, 0.05); case.note(START_COST, 0.7); case.note(FLOOR, 0.69)
    >>> case.note(LINEAR_ACCURACY, 0.95); case.note(STANDARD_ERROR, 0.01)
    >>> state_of(case)
    'healthy'
    """
    value, before = case.value, case.before
    if case.problem == UNKNOWN and case.state:
        return case.state  # that of its loss, as whoever trained it saw it
    untrained = case.steps[0] == 0 < case.steps[1]  # its time was up before
    if before is None or untrained:
        return "bad-data" if case.ill_data else "not-examined"
    accuracy, cost, start, floor = before.quality, value("cost"), value("start-cost"), value("floor")
    error = 0.0 if math.isnan(value("standard-error")) else value("standard-error")
    yardstick = value("linear-accuracy")
    apart = value("yardstick-error")  # on the same rows
    good = before.uncut >= yardstick - AS_GOOD - 2 * (error if math.isnan(apart) else apart)
    if not case.classes:  # no better than a constant is not good, however bad the yardstick
        good = good and not accuracy <= value("constant-accuracy") + AS_GOOD
    known = [recall for recall in before.recalls if not math.isnan(recall)]
    learned = good and accuracy > value("largest-class") + 0.2
    if case.ill_data or _data_are_ill(case, learned) or (before.finite and nothing_to_learn(case)):
        return "bad-data"
    unknown = math.isnan(cost) and math.isnan(start)  # there is no loss that can be asked
    if not before.finite or not (math.isfinite(cost) or unknown):
        return "non-finite"
    if cost > 1.02 * start and not good:
        return "diverged"
    alike = before.one_answer > max(0.95, min(1.0, value("largest-class") + 0.02)) and case.classes > 2
    at_floor = floor > 0 and abs(cost - floor) <= 0.02 * floor and not good
    if alike or (at_floor and not accuracy > value("constant-accuracy") + 0.05 + 2 * error):
        return "constant-answer"
    early = 0 < case.steps[0] < case.steps[1] and not value("stopped-early") > 0
    known = [] if case.problem == "labels" and good else known  # a linear model loses rare ones as well
    missing = (
        known and min(known) < LOST and max(known) > 0.5 and accuracy > (3 / case.classes if case.classes else 0.6)
    )
    if missing and not early:
        return "classes-missing"
    if good and (not known or min(known) >= 0.5):
        return "overfits" if value("gap") > 0.05 + 2 * error + NOISE_LEARNED * (1 - accuracy) else "healthy"
    if abs(start - cost) < 0.01 * max(abs(start), 1e-12):
        return "not-started"
    if value("gap") > 0.05 + 2 * error:
        return "overfits"
    if early:
        return "not-examined"
    if value("still-falling") > 0.01:
        return "undertrained"
    return "stalled" if value("still-falling") < 0.002 and accuracy < 0.5 * yardstick else "underfits"


def learns(case: Case) -> bool:
    """Whether it learns, whatever is to be said of its data: a test set that is unlike the rest, say, or blank rows.

    >>> from whynet.doctor.diagnosis import Settings
    >>> learns(Case(Settings(), layers=2, rows=100, available=100, classes=2, features=4, state="healthy"))
    True
    """
    if case.state != "bad-data" or case.ill_data or case.before is None:
        return case.state == "healthy"
    quality, constant = case.before.quality, case.value("constant-accuracy")
    return quality >= case.value("linear-accuracy") - AS_GOOD and not quality <= constant + AS_GOOD


def _data_are_ill(case: Case, learned: bool) -> bool:
    error = case.value("standard-error")
    unlike = case.value("test-loss") > 0.2 + (0.0 if math.isnan(error) else 3 * error)
    return unlike or (_rows_are_ill(case) and not (learned and _few_blank(case)))


def _few_blank(case: Case) -> bool:
    return not case.value("blank-rows") > 0.05


def _rows_are_ill(case: Case) -> bool:
    """Whether the rows that it trains on are ill: blank, or labelled unlike their likes."""
    value = case.value
    same = value("constant-targets") == 1 or value("largest-class") == 1
    if same or value("blank-rows") > 0.05 or unlike_their_likes(case, 0.22):
        return True
    pictures = case.features >= 64 and not foretold(case) > MOST_RIGHT
    return pictures and value("neighbouring-pixels") < 0.15 and value("nearest-neighbour") < 0.6
