"""States: what a training has come to, from its figures alone. A state is not a cause."""

from __future__ import annotations

import math

from whynet.doctor.case import Case

AS_GOOD = 0.015  # so far below a linear classifier still counts as being as good
STATES = (
    "bad-data", "non-finite", "diverged", "constant-answer", "classes-missing", "not-started", "stalled", "overfits",
    "undertrained", "underfits", "healthy",
)  # fmt: skip
IN_WORDS = {
    "bad-data": "The data themselves are not in order.",
    "non-finite": "A number became NaN or infinite.",
    "diverged": "The cost ended above where it began.",
    "constant-answer": "It gives every image the same answer: nothing has been learned about the images.",
    "classes-missing": "It learns, but some classes are never answered.",
    "not-started": "It has hardly begun to learn.",
    "stalled": "It has stopped learning, below what a linear classifier reaches.",
    "overfits": "It knows its training examples much better than others of their kind.",
    "undertrained": "It is worse than a linear classifier, and still getting better.",
    "underfits": "It is worse than a linear classifier, and no longer getting better.",
    "healthy": "It learns: it is at least as good as a linear classifier on the same examples.",
}


def state_of(case: Case, *, linear: float, finite: bool, recalls: tuple[float, ...]) -> str:
    """The state; the first that fits, in the order of `STATES`.

    >>> from whynet.training.recipe import Recipe
    >>> case = Case(Recipe(), layers=2, rows=100, available=100, classes=2, features=4)
    >>> case.note("cost", 0.05); case.note("start-cost", 0.7); case.note("floor", 0.69); case.note("accuracy", 0.99)
    >>> case.note("doubt", 0.01)
    >>> state_of(case, linear=0.95, finite=True, recalls=(0.99, 0.99))
    'healthy'
    """
    value = case.value
    accuracy, cost, start, floor = value("accuracy"), value("cost"), value("start-cost"), value("floor")
    doubt = 0.0 if math.isnan(value("doubt")) else value("doubt")
    good = accuracy >= linear - AS_GOOD - 2 * doubt
    broken = value("neighbouring-pixels") < 0.15 and case.features >= 64
    if value("blank-rows") > 0.05 or value("test-loss") > 0.2 or value("neighbours-agree") < 0.3:
        return "bad-data"
    if broken and value("nearest-neighbour") < 0.6:
        return "bad-data"
    if not finite or not math.isfinite(cost):
        return "non-finite"
    if cost > 1.02 * start and not good:
        return "diverged"
    alike = value("one-answer") > max(0.95, min(1.0, value("largest-class") + 0.02)) and case.classes > 2
    if alike or (floor > 0 and abs(cost - floor) <= 0.02 * floor and not good):
        return "constant-answer"
    known = [recall for recall in recalls if not math.isnan(recall)]
    if known and min(known) < 0.05 and max(known) > 0.5 and accuracy > 3 / case.classes:
        return "classes-missing"
    if good and (not known or min(known) >= 0.5):
        return "overfits" if value("gap") > 0.05 + 2 * doubt else "healthy"
    if abs(start - cost) < 0.01 * max(abs(start), 1e-12):
        return "not-started"
    if value("gap") > 0.05 + 2 * doubt:
        return "overfits"
    if value("still-falling") > 0.01 or value("own-steps") < 1:
        return "undertrained"
    return "stalled" if value("still-falling") < 0.002 and accuracy < 0.5 * linear else "underfits"
