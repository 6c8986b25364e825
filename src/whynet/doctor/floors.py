"""The plateau table: which answer, the same for every image, gives this cost, accuracy or count.

A network that has stopped at such a number has learned nothing about the images, or has lost a part of its outputs;
the number says which, under which cost, and how that cost was averaged. Needs no NumPy: a person who has nothing but a
number gets the answer at once.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from whynet.doctor.numerals import Numeral, numerals
from whynet.doctor.plateaus import NEAR, Plateau, plateau
from whynet.doctor.plateaus import Reading as Reading
from whynet.errors import UsageError, did_you_mean

SHARES: dict[str, tuple[tuple[int, ...], tuple[int, ...]]] = {  # counts per class: training labels, test labels
    "mnist": (
        (5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949),
        (980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009),
    ),
    "fashion-mnist": ((6000,) * 10, (1000,) * 10),
}
MOST = 6
ANSWERS = ("accuracy", "count")
BATCHES = (10, 32, 50, 64, 100, 128, 256)
COUNTING = ("zeros", "ones", "twos", "threes", "fours", "fives", "sixes", "sevens", "eights", "nines")


def quadratic_floor(prior: Sequence[float]) -> float:
    """`1/2 sum p (1 - p)`: half the squared error, summed over outputs, of answering the shares `prior (classes,)`.

    >>> round(quadratic_floor([0.1] * 10), 5)
    0.45
    """
    return 0.5 * math.fsum(p * (1 - p) for p in prior)


def sigmoid_cross_entropy_floor(prior: Sequence[float]) -> float:
    """`-sum p log p + (1 - p) log(1 - p)`: one binary cross-entropy for each output, summed.

    >>> round(sigmoid_cross_entropy_floor([0.1] * 10), 5)
    3.25083
    """
    return math.fsum(_entropy(p) + _entropy(1 - p) for p in prior)


def softmax_cross_entropy_floor(prior: Sequence[float]) -> float:
    """`-sum p log p`: the entropy of the class shares, in nats.

    >>> round(softmax_cross_entropy_floor([0.1] * 10), 6)
    2.302585
    """
    return math.fsum(_entropy(p) for p in prior)


def explain(
    number: float | str,
    *,
    classes: int | None = None,
    labels: str | Sequence[float] | None = "mnist",
    targets: Any = None,
) -> list[Reading]:
    """What a cost, an accuracy or a count of right answers is the plateau of, the likeliest first.

    Parameters
    ----------
    number
        As written: `0.45`, `"11.35 %"`, `"958 of 10000"`. A text keeps its precision: "3.250" says more than 3.25.
    classes
        How many there are; by default ten, and other numbers are considered as well.
    labels
        Whose class shares: `"mnist"`, `"fashion-mnist"`, `"balanced"`, or a share or count for each class.
    targets
        The targets themselves, in place of classes and labels: a number for each row, or a row of numbers; an array.

    >>> explain("0.45")[0].meaning
    'every image gets the same answer, the share of each class: nothing has been learned about the images'
    >>> explain("958 of 10000")[0].meaning
    'every image is answered with class 6: the sixes are right, nothing else'
    >>> explain("3.5", targets=[1.0, 2.0, 3.0, 6.0])[0].meaning
    'the variance of the targets: the mean, 3, is answered to everything'

    Raises
    ------
    UsageError
        No number, labels that do not exist, or targets that are none.
    """
    for written in numerals(str(number)):
        if targets is not None:
            possible = _of_targets(targets, written, classes)
        else:
            train, test = _shares(labels, classes)
            possible = _plateaus(train, test, written, anything=classes is None)
        readings = _those(possible, written)
        if readings:
            return readings
    return []


def _those(possible: Iterator[Plateau], written: Numeral) -> list[Reading]:
    """The plateaus that a number may be, the likeliest first."""
    matches = []
    for one in possible:
        exact = one.reading.exact
        if written.kind and (written.kind == "share") != (one.reading.cost in ANSWERS):
            continue
        off = abs(exact - written.value)
        if off <= min(written.precision * (1 + 1e-9), 2 * NEAR * abs(exact)):
            matches.append((0, one.rank, off, one.reading))
        elif off <= one.near * abs(exact) and one.rank < 4:
            matches.append((1, one.rank, off, one.reading))
    matches.sort(key=lambda match: match[:3])
    if any(level == 0 and reading.cost in ANSWERS for level, *_, reading in matches):  # a count is exact or it is not
        matches = [match for match in matches if match[0] == 0 or match[3].cost not in ANSWERS]
    readings: list[Reading] = []
    for *_, reading in matches:
        known = {(other.cost, other.averaging, other.meaning) for other in readings}
        if (reading.cost, reading.averaging, reading.meaning) not in known:
            readings.append(reading)
    return readings[:MOST]


SAME = "every image gets the same answer, the share of each class: nothing has been learned about the images"
EVEN = "all {K} classes get the same probability: as before the first step, nothing has been learned"
HIGH = "every output is at 1 for every image: the output units are saturated high"
LOW = "every output is at 0 for every image: the output units are saturated low, or switched off"
HALF = "every output is at one half: as before the first step, nothing has been learned"
MISSING = (
    "one class may be missing, never answered, and the rest learned; most networks that stand near there have another "
    "reason: count the answers of each class"
)
HALVED, SUMMED = "half the sum over outputs, mean over images", "sum over outputs, mean over images"
MEAN, HALF_MEAN = "mean over outputs and images (MSE)", "half the mean over outputs and images"
CROSS_MEAN = "mean over outputs and images"


def _of_targets(targets: Any, number: Numeral, classes: int | None) -> Iterator[Plateau]:
    """The plateaus of somebody's targets; where those may be numbers of classes, those of classes as well."""
    if classes is not None:
        raise UsageError("how many classes there are, the targets themselves tell", do="Leave out the classes")
    from whynet.doctor import target_floors  # a log has none

    columns = target_floors.columns_of(targets)
    if number.total is None:
        shares = {"accuracy", "balanced accuracy"}
        for one in target_floors.of_targets(columns):
            if not number.percent or one.reading.cost in shares:
                yield one
    counts = target_floors.class_counts(columns)
    if counts is not None:
        prior = [count / sum(counts) for count in counts]
        costs = () if number.percent or number.total is not None else _costs(prior)
        for one in (*costs, *_shares_of_one_class(counts, number)):
            words = {what: getattr(one.reading, what).replace("image", "row") for what in ("averaging", "meaning")}
            yield replace(one, reading=replace(one.reading, **words))


def _plateaus(
    train: Sequence[float], test: Sequence[int | float], number: Numeral, *, anything: bool
) -> Iterator[Plateau]:
    """Every plateau that the number could be, as (what, how averaged, meaning, value) with a rank."""
    if number.total is None and not number.percent:
        yield from _costs(train)
        if anything:
            yield from _other_costs(number)
    yield from _shares_of_one_class(test, number)


def _costs(prior: Sequence[float]) -> Iterator[Plateau]:
    K = len(prior)
    even = EVEN.format(K=K)
    squared = 2 * quadratic_floor(prior)
    for averaging, factor, rank in ((HALVED, 0.5, 0), (MEAN, 1 / K, 1), (SUMMED, 1.0, 1), (HALF_MEAN, 0.5 / K, 3)):
        yield plateau("quadratic", averaging, SAME, squared * factor, rank)
        yield plateau("quadratic", averaging, HIGH, (K - 1) * factor, rank + 1)
        yield plateau("quadratic", averaging, HALF, K / 4 * factor, rank + 1)
        yield plateau("quadratic", averaging, LOW, factor, rank + 2)
    for averaging, factor, rank in ((SUMMED, 1.0, 0), (CROSS_MEAN, 1 / K, 1)):
        yield plateau("sigmoid-cross-entropy", averaging, SAME, sigmoid_cross_entropy_floor(prior) * factor, rank)
        yield plateau("sigmoid-cross-entropy", averaging, HALF, K * math.log(2) * factor, rank + 1)
    entropy = softmax_cross_entropy_floor(prior)
    yield plateau("softmax-cross-entropy", "mean over images", SAME, entropy, 0)
    yield plateau("softmax-cross-entropy", "mean over images", even, math.log(K), 0)
    yield plateau("softmax-cross-entropy", "mean over images, in bits", SAME, entropy / math.log(2), 3)
    twice = f"a softmax of a softmax: with {K} classes no answer, however right, can cost less"
    yield plateau("softmax-cross-entropy", "mean over images", twice, math.log(math.e + K - 1) - 1, 2)
    for batch in BATCHES:
        yield plateau("softmax-cross-entropy", f"sum over a batch of {batch}", even, batch * math.log(K), 4)


def _other_costs(number: Numeral) -> Iterator[Plateau]:
    """Costs of nets with another number of classes than was assumed."""
    two = "two classes on one output, as in XOR, and the answer is one half for every example: nothing has been learned"
    yield plateau("quadratic", "mean over examples, not halved", two, 0.25, 0)
    yield plateau("quadratic", "half, mean over examples", two, 0.125, 0)
    yield plateau("sigmoid-cross-entropy", "mean over examples", two, math.log(2), 0)
    K = round(math.exp(min(number.value, 7)))
    if 2 < K <= 1000 and number.digits >= 3:
        yield plateau("softmax-cross-entropy", "mean over images", EVEN.format(K=K), math.log(K), 4 if K > 20 else 3)
    if 0.69 < number.value < 0.7:
        yield plateau("softmax-cross-entropy", "mean over images", EVEN.format(K=2), math.log(2), 1)


def _shares_of_one_class(test: Sequence[int | float], number: Numeral) -> Iterator[Plateau]:
    """Accuracies and counts: one class answered for everything, or one never answered."""
    total = math.fsum(test)
    count = number.total is not None or (
        number.value >= 10 and number.value == int(number.value) and not number.percent
    )
    if count:
        whole = number.total or (total if total > 2 else 10_000)
        what, averaging, scale = "count", f"right answers of {whole:,.0f}", whole / total
    elif number.percent or number.value <= 1:
        what, averaging, scale = "accuracy", "share of right answers", 1 / total
    else:
        return
    for label, of_class in enumerate(test):
        name = f": the {COUNTING[label]} are right, nothing else" if len(test) == len(COUNTING) else ""
        text = f"every image is answered with class {label}{name}"
        exact = of_class * scale
        yield plateau(what, averaging, text, round(exact) if count else exact, 2)
    if len(test) > 3:
        exact = total * scale / len(test)
        yield plateau(
            what, averaging, "chance: one answer, or answers that have nothing to do with the images", exact, 3
        )
        one_less = total * scale * (1 - 1 / len(test))
        if 0.95 * one_less <= number.value <= 1.01 * one_less:
            yield Plateau(Reading(what, averaging, MISSING, one_less), 3, near=0.05)


def _shares(labels: str | Sequence[float] | None, classes: int | None) -> tuple[list[float], Sequence[float]]:
    """Class shares of the training labels, and shares or counts of the test labels."""
    if classes is not None and not 2 <= classes <= 100_000:
        raise UsageError("a classifier has two classes or more", expected="2 to 100,000", found=str(classes))
    if isinstance(labels, str) and labels != "balanced":
        if labels not in SHARES:
            raise UsageError(f"there are no labels '{labels}'", do=did_you_mean(labels, [*SHARES, "balanced"]))
        train, test = SHARES[labels]
        if classes in (None, len(train)):
            return [count / sum(train) for count in train], test
        labels = None
    if labels is None or isinstance(labels, str):
        K = classes or 10
        return [1 / K] * K, [1 / K] * K
    given = [float(share) for share in labels]
    if len(given) < 2 or min(given) < 0 or not 0 < sum(given) < math.inf or classes not in (None, len(given)):
        raise UsageError(
            "the shares make no sense", expected=f"{classes or 'two or more'} numbers, 0 or more", found=str(given)
        )
    return [share / sum(given) for share in given], given


def _entropy(p: float) -> float:
    return -p * math.log(p) if p > 0 else 0.0
