"""Course: one training's figures and the scale of its cost, with what can be seen in them at a glance."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from whynet.doctor.diagnosis import Series
from whynet.doctor.floors import SHARES
from whynet.logs.answers import Answers
from whynet.logs.facts import Facts, facts_of
from whynet.logs.scales import Scale, at_floor, scale_of, scales


@dataclass(frozen=True)
class Course:
    """What rules about states and patterns ask. Where the scale of the cost is not known, it has no floor: NaN.

    >>> course = course_of((Series("loss", "cost", "", (2.4, 2.31, 2.30)),), labels="mnist", classes=10, linear=0.92)
    >>> course.at_floor, course.smooth, course.fell
    (True, True, False)
    """

    facts: Facts
    scale: Scale | None
    problem: str = "classification"
    told: bool = True
    """Whether the text says that there are classes, or which cost it is."""

    # ---- numbers

    @property
    def floor(self) -> float:
        """The cost of one answer for every image; NaN if the scale is not known."""
        return self.scale.floor if self.scale else math.nan

    @property
    def usual(self) -> float:
        """The most that a network costs which knows nothing; NaN if the scale is not known."""
        return max(self.scale.start, self.scale.floor) if self.scale else math.nan

    @property
    def finite(self) -> list[float]:
        """The costs that are numbers."""
        return [cost for cost in self.facts.costs if math.isfinite(cost)]

    # ---- the accuracy

    @property
    def known(self) -> bool:
        """Whether an accuracy was printed."""
        return not math.isnan(self.facts.accuracy)

    @property
    def chance(self) -> bool:
        """Whether the accuracy is what one answer, or no knowledge, gives."""
        return self.known and self.facts.chance(self.facts.accuracy)

    @property
    def one_accuracy(self) -> bool:
        """Whether the accuracy stays the same to the last digit while the cost goes on, as where one answer is given.

        Where nothing moves at all, it may not have started.
        """
        facts = self.facts
        stuck = self.chance and (facts.still or facts.accuracy < 0.8 / facts.classes)
        creeps = len(set(facts.costs)) > 2 and abs(facts.start - facts.end) < 0.001 * facts.end
        risen = max(facts.accuracies[1:], default=0) > sum(facts.accuracies[:1]) + 0.02
        ended = risen and len(set(facts.costs[-4:])) == 1
        return facts.unmoved and not (stuck or creeps or ended or facts.apart or facts.end > 1.02 * facts.start)

    # ---- where the cost ends

    @property
    def entropy(self) -> bool:
        """Whether the cost is a softmax cross-entropy."""
        return self.scale is not None and self.scale.cost == "softmax-cross-entropy"

    @property
    def at_floor(self) -> bool:
        """Whether the cost ends at the floor."""
        return self.scale is not None and at_floor(self.facts, self.scale)

    @property
    def fell(self) -> bool:
        """Whether the cost ends far below the floor: the training examples are being learned."""
        return math.isfinite(self.facts.end) and self.facts.end < 0.6 * self.floor

    @property
    def zeros_counted(self) -> bool:
        """Whether the cost stays at the floor, and the accuracy where one output in K is wrong: 90 % of ten."""
        each = abs(self.facts.accuracy - 1 + 1 / self.facts.classes) < 0.015
        return self.facts.classes > 4 and each and self.at_floor and abs(self.facts.falling) < 0.03

    # ---- how the cost went

    @property
    def high_start(self) -> bool:
        """Whether the first cost is far above that of a network that knows nothing.

        >>> error = Series("error", "cost", "", (4.37, 0.45))
        >>> course_of((error,), labels="mnist", classes=10, linear=0.92, cost="quadratic").high_start
        True
        """
        start, scale = self.facts.start, self.scale
        if scale is None or not self.finite:
            return False
        if scale.cost == "quadratic":
            return start > 0.7 * scale.high and start > 1.5 * scale.start
        return start > 2 * scale.start

    @property
    def smooth(self) -> bool:
        """Whether the cost never rises."""
        return smooth(self.facts.costs)

    @property
    def level(self) -> bool:
        """Whether costs go up and down, and neither rise nor fall all in all."""
        facts = self.facts
        spread = facts.noise * math.sqrt(len(facts.costs) / 3)
        return len(facts.costs) > 7 and 0 < spread < 0.03 * facts.end and abs(facts.trend) < 2

    @property
    def steady(self) -> bool:
        """Whether the cost has fallen by more than 2 % and does so no slower at the end."""
        costs, steps = self.facts.costs, len(self.facts.costs) - 1
        if steps < 2 or not self.smooth:
            return False
        fallen = costs[0] - costs[-1]
        return fallen > 0.02 * costs[0] and (costs[-2] - costs[-1]) * steps > 0.85 * fallen

    @property
    def levels(self) -> bool:
        """Whether a cost that has fallen from print to print has come to stand, or falls by ever less and by little."""
        costs = self.finite
        if len(costs) < 6 or self.facts.rising > 0.015 or not smooth(costs[:-2]):
            return False
        half = len(costs) // 2
        last, before = costs[-2] - costs[-1], (costs[half] - costs[-1]) / (len(costs) - 1 - half)
        return costs[-1] > 0.999 * costs[-3] or (self.facts.falling < 0.025 and last < 0.6 * before)

    @property
    def sinks(self) -> bool:
        """Whether the cost sinks all along, however little, and does so hardly slower at the end."""
        costs, rows = self.finite, len(self.finite)
        if rows < 8 or self.facts.trend > -6 or costs[-1] > 0.995 * costs[0]:
            return False
        first, middle, last = (sum(costs[at : at + 2]) for at in (0, (rows - 1) // 2, rows - 2))
        return middle - last > 0.6 * (first - middle) > 0

    @property
    def rose(self) -> bool:
        """Whether the cost rose from print to print, nearly always, to far above where it began."""
        steps = [b > a for a, b in pairwise(self.facts.costs)]
        return len(steps) >= 2 and self.facts.costs[-1] > 1.5 * self.facts.start and sum(steps) >= 0.75 * len(steps)


def course_of(
    series: Sequence[Series],
    *,
    labels: str,
    classes: int,
    linear: float,
    cost: str | None = None,
    hinted: str | None = None,
    answers: Answers | None = None,
    problem: str = "classification",
    told: bool = True,
) -> Course:
    """The course of one training, of the cost that is given or that words hint at, or else the likeliest.

    >>> course_of((Series("loss", "cost", "", (2.4,)),), labels="mnist", classes=10, linear=0.92).scale.cost
    'softmax-cross-entropy'
    """
    facts = facts_of(series, classes=classes, linear=linear, answers=answers)
    rows = [one.total for one in series if one.total]
    known = scales(classes, labels, cost, rows) if problem == "classification" else []
    return Course(facts, scale_of(facts, known, hinted), problem, told)


def smooth(costs: Sequence[float]) -> bool:
    """Whether costs never rise.

    >>> smooth((3, 2, 1)), smooth((3, 1, 2))
    (True, False)
    """
    return len(costs) > 2 and all(b <= a * 1.0005 for a, b in pairwise(costs))


def share_of(accuracy: float, within: float = 0.00055) -> int | None:
    """Which class of MNIST's test images this is the share of, to a twentieth of a point.

    >>> share_of(0.0958), share_of(0.5)
    (6, None)
    """
    shares = [count / 10_000 for count in SHARES["mnist"][1]]
    near = min(range(10), key=lambda label: abs(shares[label] - accuracy))
    return near if abs(shares[near] - accuracy) < within else None
