"""States of a log: what a training has come to, by the doctor's own rules as far as the printed figures go.

`RULES` says it all: the first rule that holds names the state. What a rule asks is the function of that name, below.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise

from whynet.logs.course import Course, share_of
from whynet.logs.scales import at_low

ENTROPY = {"ce", "nll", "entropy", "crossentropy"}
NATS = 5.5  # per token: how often words occur, and no more, costs seven
NOTHING = 0.03  # of a measure whose best is 1
Rule = Callable[[Course], bool]


def state_of_log(course: Course) -> str:
    """The state; the names are those of `doctor/states.py`.

    >>> from whynet.doctor.diagnosis import Series
    >>> from whynet.logs.course import course_of
    >>> broken = Series("loss", "cost", "", (2.4, math.nan))
    >>> state_of_log(course_of((broken,), labels="mnist", classes=10, linear=0.92))
    'non-finite'
    """
    return next((state for state, rules in RULES if any(holds(course) for holds in rules)), "underfits")


# ---- numbers that are none, and answers that are all alike


def _a_cost_is_no_number(course: Course) -> bool:
    return course.facts.broken or (bool(course.facts.costs) and math.isnan(course.facts.end))


def _answers_are_alike(course: Course) -> bool:
    facts = course.facts
    if facts.answers.same:  # unless most are right, by what was printed since
        told = course.known and course.problem == "classification" and facts.classes > 2
        begun = course.problem != "classification" and facts.falling > 0.001 and facts.end > 0.99 * facts.start
        return not begun and not (told and 0.999 > facts.accuracy > max(0.6, 2 / facts.classes) and not facts.frozen)
    return facts.answers.alike and (facts.classes == 2 or not facts.good)


def _costs_what_the_targets_vary(course: Course) -> bool:
    """The cost stays where one answer for all would be, by the variance that the text tells."""
    facts = course.facts
    near = any(abs(facts.end / cost - 1) < 0.07 for cost in facts.answers.one_for_all)
    return near and not course.known and not abs(facts.falling) > 0.06


def _mistakes_cost_what_one_answer_does(course: Course) -> bool:
    facts = course.facts
    costless = facts.end == 0 and facts.frozen and (course.chance or (facts.accuracy < 0.95 and facts.start == 0))
    nothing = costless or (course.chance and facts.end < 0)
    return (course.known and (facts.certain or facts.majority or nothing)) or _drops_to_nothing(course)


def _drops_to_nothing(course: Course) -> bool:
    """From one print to the next the cost is exactly 0, and stays there."""
    before = [cost for cost in course.finite if cost != 0]
    return course.finite[-2:] == [0.0, 0.0] and bool(before) and before[-1] > max(0.1, 0.3 * course.facts.start)


def _always_the_same_share(course: Course) -> bool:
    """The accuracy is the same from the first print to the last, well above one half, while the cost falls."""
    facts = course.facts
    same = len(facts.accuracies) > 5 and len(set(facts.accuracies)) == 1
    return same and 0.6 < facts.accuracy < 0.99 and facts.end < 0.95 * facts.start


def _nothing_is_told_apart(course: Course) -> bool:
    """R2, Dice and their like stay at 0, and the cost has stopped falling, or has hardly fallen."""
    facts = course.facts
    apart = facts.apart and course.problem == "regression"  # not a share of pixels beside a Dice
    nothing = facts.agreement < NOTHING and not (facts.worse or apart)
    return nothing and not course.facts.falling > 0.03 and not _by_its_cost_alone(course)


def _by_its_cost_alone(course: Course) -> bool:
    """The cost has fallen to a small part, and R2, Dice and their like stay near 0: they are of other examples."""
    facts = course.facts
    fallen = 0 <= facts.end < 0.2 * facts.start and not facts.val_end < 1.5 * facts.end
    return facts.agreement < 2 * NOTHING and fallen


def _nothing_ever_moves(course: Course) -> bool:
    still = course.facts.still and (not course.known or (course.chance and course.facts.end > 1.5 * course.usual))
    return course.zeros_counted or course.one_accuracy or still


# ---- held-out examples that are answered too well


def _held_out_are_answered_better(course: Course) -> bool:
    facts = course.facts
    learning = facts.falling > 0.05 and len(facts.accuracies) < 2  # the mean over an epoch in which it learned
    learning = learning or (facts.end < 0.95 * course.floor and not facts.good)  # with most of its units dropped out
    return facts.held - facts.train > 0.15 and not learning and not unsure(course)


def _better_than_its_cost(course: Course) -> bool:
    """Held-out examples are answered well while the training cost stands where nothing is learned."""
    facts = course.facts
    stands = facts.end > 0.85 * course.floor and abs(facts.falling) < 0.006
    return stands and math.isnan(facts.train) and facts.held > 0.6 and facts.classes > 4


def _tells_what_none_can(course: Course) -> bool:
    """No text can be foretold so well, least of all one that it has not seen; nor what was measured, so exactly."""
    facts = course.facts
    if course.problem == "regression" and 0 < facts.val_end < 1e-9 < facts.start:
        return True
    return course.problem == "language" and facts.val_end < 0.3 and facts.val_end < 0.2 * facts.val_start


def _both_costs_say_so(course: Course) -> bool:
    """The costs are low, also of held-out examples; the accuracy is counted wrongly."""
    facts = course.facts
    if course.scale is None or course.scale.summed or facts.classes < 3 or not course.known:
        return False
    least = 1 - facts.val_end / math.log(2)  # a wrong answer costs no less than the logarithm of 2
    entropy = course.entropy and (ENTROPY & set(facts.cost_name.split()) or facts.start > 0.5 * course.floor)
    if not course.chance and not (entropy and facts.accuracy < least - 0.05):
        return False
    return 0 <= facts.end <= max(facts.val_end, facts.end) < 0.16 * course.floor and facts.val_end < facts.val_start


def _good_but_for_others(course: Course) -> bool:
    return course.known and course.facts.good and course.facts.apart


def _good(course: Course) -> bool:
    """Unless a softmax of a softmax holds its scores down."""
    had = max(course.facts.accuracies, default=0.0) - course.facts.accuracy > 0.1  # and has lost it
    return (
        course.known and course.facts.good and not had and not (course.facts.accuracy < 0.9 and double_softmax(course))
    )


# ---- costs that rise


def _ends_above_its_start(course: Course) -> bool:
    facts = course.facts
    above = course.scale is None or facts.end > 1.08 * course.floor
    risen = len(facts.costs) > 1 and facts.end > facts.start + 0.02 * abs(facts.start) + 2 * facts.noise
    shot = len(course.finite) > 3 and course.finite[-1] > 2 * max(course.finite[:-1]) > 0
    worse = len(course.finite) > 4 and min(course.finite[1:]) > 1.2 * facts.start > 0
    return (risen and above and not course.level) or shot or worse


def _rises(course: Course) -> bool:
    facts = course.facts
    lost = facts.rising < -0.15 and facts.falling < -0.1
    return course.rose or (lost and (facts.end > 1.5 * facts.start or not course.fell))


def _dear(course: Course) -> bool:
    """Little is right, and it costs far more than knowing nothing does."""
    little = course.chance or course.facts.accuracy < 0.3 * course.facts.linear
    return little and course.facts.end > 4 * course.usual and not course.smooth


def _at_chance_above_the_start(course: Course) -> bool:
    """It costs more than a fresh network, and gives no single answer."""
    answers = [share_of(one) for one in course.facts.accuracies[-3:]]
    return course.chance and course.facts.end > 1.08 * course.usual and None in answers and not course.smooth


# ---- at chance


def _stays_at_no_share(course: Course) -> bool:
    """Neither the cost nor the accuracy moves, and no class is so frequent: answers differ, as at random."""
    facts, last = course.facts, course.facts.accuracies[-4:]
    unmoved = len(facts.costs) > 1 and abs(facts.start - facts.end) < 0.01 * facts.end < 0.011 * course.usual
    if (course.known and not course.chance) or facts.classes < 5 or not unmoved:
        return False
    if len(last) > 2 and {round(one * facts.classes, 4) for one in last} == {1.0}:
        return False  # one answer, to classes of one size
    if course.scale is None or at_low(facts, course.scale):
        return False
    if facts.still and abs(facts.end / course.floor - 1) > 0.003 and abs(facts.end / course.usual - 1) < 0.15:
        return True  # to the last digit, and not where one answer is learned
    if _hangs_in_the_air(course):
        return not last or any(share_of(one, 0.0002) is None for one in last)
    elsewhere = all(abs(facts.end / cost - 1) > 0.0012 for cost in (course.floor, math.log(facts.classes)))
    still = len(last) > 1 and max(last) - min(last) < 0.002
    return still and elsewhere and all(share_of(one) is None for one in last)


def _hangs_in_the_air(course: Course) -> bool:
    """The cost has hardly moved, and is neither at the floor nor where all outputs are at 1."""
    facts, high = course.facts, course.scale.high if course.scale else math.inf
    off = abs(facts.end / course.floor - 1) > 0.025 and not abs(facts.end / high - 1) < 0.02
    return off and abs(facts.start - facts.end) < 0.002 * facts.end


def _only_training_examples(course: Course) -> bool:
    """Held-out examples are answered by chance, those that it is trained on are being learned."""
    facts = course.facts
    if not course.chance or facts.chance(facts.train):
        return False
    least = min(facts.start, course.floor) if course.scale else facts.start
    rises = facts.val_end > 1.15 * facts.val_start and facts.end < 0.8 * least
    slowly = facts.val_end > 1.02 * facts.val_start and facts.end < 0.93 * facts.start and facts.falling > 0.02
    return rises or slowly or facts.apart or (_known_by_heart(course) and not facts.frozen)


def _at_chance(course: Course) -> bool:
    falling = course.facts.falling > 0.03 and course.scale is not None
    forgotten = course.fell and course.facts.chance(course.facts.train)  # batch by batch it learns, one after the other
    learning = falling and not course.at_floor and (forgotten or not course.fell)
    learning = learning or _climbs(course)
    return course.chance and (not learning or course.facts.frozen)


def _climbs(course: Course) -> bool:
    """Whether the accuracy is higher in every print than in the one before, but for the first quarter of many."""
    values = course.facts.accuracies
    steps = [b > a for a, b in pairwise(values[len(values) // 4 if len(values) > 7 else 0 :])]
    return len(steps) > 2 and all(steps) and course.facts.rising > 0.005


# ---- at the floor


def _at_the_floor(course: Course) -> bool:
    """Also where all outputs are at 1."""
    facts, scale = course.facts, course.scale
    if course.known or scale is None:
        return False
    saturated = abs(facts.end - scale.high) < 0.02 * scale.high < math.inf and not abs(facts.falling) > 0.02
    return (course.at_floor and not course.sinks) or saturated


def _hardly_below_the_floor(course: Course) -> bool:
    facts = course.facts
    climbs = (_climbs(course) and facts.rising > 0.02) or course.sinks
    low = course.known and facts.accuracy < min(3 / facts.classes, 0.7) and not (climbs and not course.chance)
    low = low and not (facts.answers.beside and facts.answers.beside.right > 0.6)
    return low and abs(facts.end - course.floor) <= 0.02 * course.floor


# ---- some of it is learned


def unsure(course: Course) -> bool:
    """Whether the cost stays where answers cost that are right this often, and give the rest to all others alike:
    what labels at random leave, and weights that are kept small. A network's usual mistakes cost two thirds of it.

    >>> from whynet.doctor.diagnosis import Series
    >>> from whynet.logs.course import course_of
    >>> cost, right = Series("loss", "cost", "", (1.5,) * 5), Series("acc", "accuracy", "", (0.6,) * 5)
    >>> unsure(course_of((cost, right), labels="mnist", classes=10, linear=0.92))
    True
    """
    facts = course.facts
    a, K = facts.accuracy if math.isnan(facts.train) else facts.train, facts.classes
    if not course.entropy or not 0.3 < a < 0.95 or K < 3 or facts.gap > 0.03:
        return False
    blind = -a * math.log(a) - (1 - a) * math.log((1 - a) / (K - 1))
    flat = len(facts.costs) > 4 and abs(facts.falling) < 0.025 and facts.rising < 0.01
    return flat and 0.85 < facts.end / blind < 1.4


def double_softmax(course: Course) -> bool:
    """Whether the cost is what a softmax of a softmax leaves at this accuracy: its least value, and 1 for an error.

    >>> from whynet.doctor.diagnosis import Series
    >>> from whynet.logs.course import course_of
    >>> cost, right = Series("loss", "cost", "", (1.62, 1.61)), Series("acc", "accuracy", "", (0.8, 0.85))
    >>> double_softmax(course_of((cost, right), labels="mnist", classes=10, linear=0.92))
    True
    """
    facts = course.facts
    least = math.log(math.e + facts.classes - 1) - 1
    flat = abs(facts.falling) < 0.05 and len(facts.costs) > 1
    exact = len(course.finite) > 2 and max(course.finite) < 1.001 * min(course.finite) and facts.classes < 50
    near = 0.12 if facts.accuracy > 0.4 else 0.003 if exact else 0.0  # where one answer is given, it is exact
    ends = (facts.end, facts.end if math.isnan(facts.val_end) else facts.val_end)
    return course.entropy and flat and any(abs(end - least - (1 - facts.accuracy)) < near for end in ends)


def _a_class_is_never_answered(course: Course) -> bool:
    facts = course.facts
    return facts.answers.missing and facts.accuracy > 1.5 / facts.classes


def _stands_where_classes_are_lost(course: Course) -> bool:
    """Accuracy stands where one or two of the classes are missing, and the rest is learned."""
    facts, K = course.facts, course.facts.classes
    values = facts.accuracies
    if facts.apart or len(values) < 3 or K < 5 or max(values[-3:]) - min(values[-3:]) > 0.012:
        return False
    if course.entropy and facts.start > 0.3 * course.floor < 4 * facts.end:
        return False  # no output of a softmax is lost for good
    if facts.falling > 0.1 or facts.val_end > 1.5 * facts.end:
        return False
    later = values[len(values) // 2 :]
    climbs = later[-1] - later[0] > 0.015 and all(b >= a for a, b in pairwise(later))
    if climbs or max(values) > values[-1] + 0.03:
        return False  # it gets more, or had more
    dear = course.scale is not None and facts.end > (0.25 + 1.2 * (1 - values[-1])) * course.floor
    return as_if_lost(values[-1], K) and not dear


def as_if_lost(accuracy: float, classes: int) -> bool:
    """Whether an accuracy is what is reached where one, two or three classes are never answered.

    >>> as_if_lost(0.88, 10), as_if_lost(0.92, 10)
    (True, False)
    """
    return any((classes - n) / classes - 0.055 <= accuracy <= (classes - n) / classes + 0.003 for n in (1, 2, 3))


def _has_not_moved(course: Course) -> bool:
    facts = course.facts
    learned = course.known and (not facts.chance(facts.accuracy) or facts.rising > 0.03)
    low = facts.end < (0.05 if len(facts.costs) > 4 and course.smooth else 0.75) * course.floor
    if learned or low or len(facts.costs) < 2:  # what was printed may begin late
        return False
    wanders = course.level and not course.known and facts.start < 1.3 * facts.end
    return abs(facts.start - facts.end) < 0.01 * abs(facts.start) or wanders


def _knows_training_examples_better(course: Course) -> bool:
    return course.facts.apart or _known_by_heart(course)


def _known_by_heart(course: Course) -> bool:
    """The training examples are known, by their cost, and others are not."""
    facts, floor = course.facts, course.floor
    if course.scale is None or facts.classes == 2 or facts.val_end < 1.3 * facts.end or facts.val_end < 0.3 * floor:
        return False
    if math.isnan(facts.train):  # a cross-entropy is about 1.4 floors for every wrong answer
        return facts.end < min(0.3, 0.7 * (1 - facts.held)) * floor and facts.held < facts.linear - 0.07
    return facts.end < 0.05 * floor and facts.held < facts.linear - 0.15


def _held_out_cost_more(course: Course) -> bool:
    facts = course.facts
    if facts.end < 0:
        return False
    dearer = facts.val_end > 1.5 * facts.end
    stands = not facts.val_falling > 0.02 and facts.falling > 0.05
    risen = dearer and (facts.val_end > 1.1 * facts.val_least or stands)
    falling = facts.val_falling > 0.02 and facts.val_end < 0.97 * facts.val_start
    judged = course.known and course.problem == "classification"
    far = course.problem == "regression" and facts.val_end > 8 * facts.end < 6 * facts.start
    return not judged and (risen or far or (facts.val_end > 2.5 * facts.end and not falling))


def _held_out_get_worse(course: Course) -> bool:
    """Held-out examples are answered worse and worse, while it learns those that it is trained on."""
    facts = course.facts
    return facts.learned > 0.03 and facts.falling > 0.02 and facts.held < max(facts.accuracies, default=0.0) - 0.03


def _costs_little(course: Course) -> bool:
    """The cost was seen to fall, or is next to nothing: a low cost alone may be computed in another way."""
    facts = course.facts
    summed = course.scale is not None and course.scale.summed
    learned = (
        (len(facts.costs) < 2 and not summed)
        or facts.end < 0.9 * facts.start
        or (facts.end < 0.05 * course.floor and not summed)
    )
    if facts.classes == 2 and len(facts.costs) > 4 and abs(facts.falling) < 0.01 and facts.end > 0.05 * course.floor:
        return False  # it stands, at the cost of some examples
    sure = course.told or (course.scale is not None and abs(facts.start / course.scale.start - 1) < 0.15)
    return not course.known and course.fell and facts.end < 0.16 * course.floor and learned and sure


# ---- getting better, or not


def _fell_far(course: Course) -> bool:
    """Where a cost has no floor that is known: it has come down to a small part of where it began, others too."""
    facts = course.facts
    if course.problem == "classification" or course.known or facts.worse or len(course.finite) < 3:
        return False
    along = not facts.val_end > max(1.5 * facts.end, 1.03 * facts.val_least)
    if course.problem == "language":  # a perplexity, or its logarithm
        nats = math.log(facts.end) if facts.start > 15 and facts.end > 0 else facts.end
        fallen = facts.end < 0.5 * facts.start or 0.5 < facts.start - facts.end < 15 > facts.start
        falling = facts.falling * (0.25 if facts.start > 15 else 1)  # of a perplexity's logarithm
        return along and fallen and nats < NATS and not falling > 0.12
    levels = course.finite[-1] > 0.8 * course.finite[-3] or facts.end < 0.002 * facts.start < 0.02
    return facts.end < 0.1 * facts.start and along and levels


def _is_getting_better(course: Course) -> bool:
    facts = course.facts
    if len(facts.costs) < 2:
        return facts.rising > 0.01 or len(facts.costs) == len(facts.accuracies) == 1  # what one epoch prints
    return (facts.falling > 0.01 and not course.levels) or facts.rising > 0.05 or course.steady or course.sinks


def _stands_still(course: Course) -> bool:
    """What goes up and down may still be falling."""
    facts = course.facts
    still = facts.rising < 0.005 if math.isnan(facts.falling) else facts.falling < 0.002
    dear = facts.end > 0.9 * course.floor or course.problem == "language"
    low = facts.accuracy < 0.5 * facts.linear or dear if course.known else not facts.end < 0.6 * course.floor
    wanders = facts.noise > 0.003 * abs(facts.end) and (len(facts.costs) < 8 or abs(facts.trend) > 2)
    return low and still and not (wanders and not facts.falling < -0.02)


RULES: tuple[tuple[str, tuple[Rule, ...]], ...] = (
    ("non-finite", (_a_cost_is_no_number,)),
    ("constant-answer", (_answers_are_alike, _mistakes_cost_what_one_answer_does, _nothing_ever_moves,
                         _always_the_same_share, _nothing_is_told_apart, _costs_what_the_targets_vary)),
    ("bad-data", (_held_out_are_answered_better, _better_than_its_cost, _tells_what_none_can)),
    ("healthy", (_both_costs_say_so,)),
    ("classes-missing", (_a_class_is_never_answered,)),
    ("overfits", (_good_but_for_others,)),
    ("healthy", (_good,)),
    ("diverged", (_ends_above_its_start, _rises, _dear, _at_chance_above_the_start)),
    ("not-started", (_stays_at_no_share,)),
    ("overfits", (_only_training_examples, _by_its_cost_alone)),
    ("constant-answer", (_at_chance, _at_the_floor, _hardly_below_the_floor)),
    ("classes-missing", (_stands_where_classes_are_lost,)),
    ("not-started", (_has_not_moved,)),
    ("overfits", (_knows_training_examples_better, _held_out_cost_more, _held_out_get_worse)),
    ("healthy", (_costs_little, _fell_far)),
    ("undertrained", (_is_getting_better,)),
    ("stalled", (_stands_still,)),
)  # fmt: skip
