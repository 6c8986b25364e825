"""Roles: what a column is (a cost, an accuracy, an error rate, a count of steps, something else), chosen for all
columns of a text together, by the votes in `roles.toml`."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

from whynet.doctor.floors import SHARES
from whynet.logs.columns import Column

ROLES = ("cost", "accuracy", "wrong", "step", "total", "other")
MEASURED = ("cost", "accuracy", "wrong")
BEAM = 12
HOPELESS = 9.0  # votes: a role with so many fewer than another one is out
JOINT = 8  # columns that are surest: what the others are is said beside them
SECOND = "pair"  # names the second number of a pair, as in `train 0.34/0.90`
LATER = 0.5  # of a vote: of columns without a name the first is what is meant
FREQUENT = {  # of MNIST's images, the share of each class, but for 0.09: an MSE
    round(count / sum(counts), 4) for counts in SHARES["mnist"] for count in counts
} - {0.0903}
Votes = dict[str, float]


@cache
def table() -> dict[str, Any]:
    """The table of votes.

    >>> table()["near"]
    0.4
    """
    return tomllib.loads(Path(__file__).with_name("roles.toml").read_text("utf-8"))


@cache
def _words(which: str) -> dict[str, Votes]:
    return {word: {role: vote for role, vote in row.items() if role != "words"}
            for row in table()[which] for word in row["words"].split()}  # fmt: skip


@cache
def kinds(*names: str) -> frozenset[str]:
    """The words of some kinds: those for training examples, for held-out ones, fillers ...

    >>> "val" in kinds("heldout")
    True
    """
    return frozenset(word for name in names for word in table()["kinds"][name].split())


def split_of(terms: Iterable[str]) -> str:
    """Which examples: the last word that says so.

    >>> split_of(["val", "loss"])
    'held-out'
    """
    found = ""
    for term in terms:
        if term in kinds("heldout") or term in kinds("train"):
            found = "held-out" if term in kinds("heldout") else "train"
    return found


def votes_of(terms: Sequence[str]) -> Votes:
    """What words say of a number that they name: the nearest, which is the last, counts most.

    >>> max(votes_of(["learning", "rate"]).items(), key=lambda one: one[1])[0]
    'other'
    """
    found: Votes = {}
    weight, at = 1.0, len(terms) - 1
    plain = [term for term in terms if term not in kinds("train", "heldout", "lists")]
    if len(plain) == 1 and plain[0] in table()["alone"] and " ".join(terms) not in table()["phrases"]:
        return dict(table()["alone"][plain[0]])
    while at >= 0:
        word = terms[at]
        votes = _words("words").get(word) or _words("words").get(word.rstrip("0123456789"))
        step = 1
        if at and (phrase := table()["phrases"].get(f"{terms[at - 1]} {word}")) is not None:
            votes, step = phrase, 2
        elif word in kinds("lists") and any(_words("words").get(term) for term in terms[:at]):
            votes = None
        elif word in kinds("counted") and any({*_words("words").get(term, ())} & {"accuracy", "wrong"}
                                              for term in terms[:at]):  # fmt: skip
            votes = None  # `correctly classified samples`
        if votes:
            for role, vote in votes.items():
                found[role] = found.get(role, 0.0) + weight * vote
            weight *= table()["near"]
        at -= step
    for word in terms:
        for role, vote in _words("anywhere").get(word, {}).items():
            found[role] = found.get(role, 0.0) + vote
    return found


def means(*names: Sequence[str]) -> str:
    """What words mean by themselves: the role that has most of their votes; nothing where they have none.

    >>> means(["validation", "loss"]), means(["error", "rate"]), means(["red"])
    ('cost', 'wrong', '')
    """
    for terms in names:
        votes = votes_of(terms)
        if votes:
            return max(votes, key=lambda role: votes[role])
    return ""


def is_measured(terms: Iterable[str]) -> bool:
    """Whether any of these words may name a cost, an accuracy or an error rate.

    >>> is_measured(["mean", "loss"]), is_measured(["price"])
    (True, False)
    """
    every = list(terms)
    return any({*votes_of(some)} & {*MEASURED} for at in range(len(every)) for some in (every[at:][:1], every[at:][:2]))


def looks(column: Column) -> list[str]:
    """What is true of a column's values, by name.

    >>> from whynet.logs.columns import Cell, Column
    >>> looks(Column([Cell(0, 0, 0.7), Cell(1, 0, 0.9)]))
    ['fractions', 'rises', 'shares']
    """
    values, cells = column.finite, column.cells
    if not values:
        return ["broken"]
    low, high, whole = min(values), max(values), all(value % 1 == 0 for value in values)
    percent, total = any(one.percent for one in cells), any(one.total for one in cells)
    plain = not percent and not total
    steps = {b - a for a, b in pairwise(values)}
    return [name for name, holds in {
        "per cent": percent,
        "of so many": total,
        "below nought": low < 0,
        "of both signs": low < 0 < high,
        "broken": len(values) < len(column.values),
        "counts": whole and len(values) > 1 and min(steps) > 0 and len(steps) <= 2,
        "fractions": not whole,
        "grows": whole and len(values) > 2 and all(b > a for a, b in pairwise(values)),
        "large counts": whole and 4 < high < 1e6 and plain,
        "little above one": plain and 1.0001 < high < 5 and not whole,
        "above one": plain and high >= 5,
        "above a hundred": plain and high > 100 and not whole,
        "falls": len(values) > 2 and values[-1] - values[0] < -0.2 * abs(values[0]),
        "rises": len(values) > 1 and values[-1] - values[0] > 0.02 * abs(values[0]),
        "shares": plain and 0 <= low <= high <= 1,
        "a small class's share": plain and high < 0.12 and any(abs(values[-1] - share) < 0.0003 for share in FREQUENT),
        "many digits": plain and sum(abs(value - round(value, 4)) > 1e-9 for value in values) > len(values) / 2,
        "few above one": plain and 5 <= high < 15,
        "near one": plain and 0.85 < low <= high <= 1,
        "a class's share": any(abs(1 - values[-1] / 100 - share) < 0.0003 for share in FREQUENT),
    }.items() if holds]  # fmt: skip


def scores_of(column: Column) -> Votes:
    """The votes of a column's words and values for each role.

    >>> from whynet.logs.columns import Cell, Column
    >>> scores_of(Column([Cell(0, 0, 0.7, ("loss",))]))["cost"]
    6.0
    """
    first = column.first
    name = list(first.name)
    votes = votes_of(name)
    if not votes:
        votes = votes_of(first.behind)
    splits = kinds("train", "heldout")
    unknown = set() if first.prose else set(name) - kinds("filler") - splits - {SECOND}
    around = {} if votes else _nearest(first.around)
    if not set(name) & splits or set(base_of(name)) - kinds("filler"):
        votes = votes or {role: table()["around"] * vote for role, vote in around.items()}
    found = dict.fromkeys(MEASURED, table()["unsaid"]) | votes
    if not votes:
        found = dict(table()["unnamed"]) | {"other": 5.0 if unknown else 0.5}
        found["wrong"] = 0.0 if "wrong" in around else found["wrong"]
        for role in ("accuracy", "wrong"):
            found[role] += table()["around"] * around.get(role, 0.0)
        counted = all(one.value in range(1, 11) for one in column.cells)  # `9 val / 10 test`
        share = any(one.percent or one.total for one in column.cells) or (name and set(name) <= splits)
        share = share and not counted
        whole = first.said and 1 < column.values[0] <= 100 and name and set(name) <= splits
        found["accuracy"] += table()["a split's"] if whole else 0.0  # `train 97.7, test 95`
        if first.said and not {*around} & {*MEASURED} and not share:
            found["other"] += table()["told"]
    if first.wish:
        found["other"] = found.get("other", 0.0) + 20
    for look in looks(column):
        for which in ("values",) if votes or unknown else ("values", "unnamed values"):
            for role, vote in table()[which].get(look, {}).items():
                if role in found:
                    found[role] += vote
    return found


def _nearest(terms: Sequence[str]) -> Votes:
    """The votes of the nearest word that may name a cost, an accuracy or an error rate; else of all of them."""
    for at in range(len(terms), 0, -1):
        if is_measured(terms[at - 1 : at]):
            return votes_of(terms[max(0, at - 2) : at])
    return votes_of(terms)


def assigned(columns: Sequence[Column]) -> list[str]:
    """The role of each column: the roles that together have most votes.

    >>> from whynet.logs.columns import Cell, Column
    >>> loss = Column([Cell(0, 0, 0.41, ("loss",)), Cell(1, 0, 0.33, ("loss",))])
    >>> err = Column([Cell(0, 1, 0.25, ("err",)), Cell(1, 1, 0.1, ("err",))])
    >>> assigned([loss, err])
    ['cost', 'wrong']
    """
    every = [scores_of(column) for column in columns]
    for at in [at for at, column in enumerate(columns) if not column.first.name][1:]:
        every[at] = {role: vote - LATER * (role in MEASURED) for role, vote in every[at].items()}
    order = sorted(range(len(columns)), key=lambda at: -_margin(every[at]))
    beam: list[tuple[float, dict[int, str]]] = [(0.0, {})]
    known: dict[tuple[int, str, int, str], tuple[float, float]] = {}
    ways: dict[tuple[int, int], float] = {}
    for at in order:
        likely = {role: vote for role, vote in every[at].items() if vote > max(every[at].values()) - HOPELESS}
        grown = []
        for score, roles in beam:
            others = [(other, its) for other, its in roles.items() if its in MEASURED][:JOINT]
            for role, vote in likely.items():
                for other, its in others if role in MEASURED else ():
                    if (at, role, other, its) not in known:
                        if (at, other) not in ways:
                            ways[at, other] = _ways(columns[at].values, columns[other].values)
                        known[at, role, other, its] = _together(columns[at], role, columns[other], its, ways[at, other])
                told = [known[at, role, *beside] for beside in others if role in MEASURED]
                grown.append((score + vote + _beside(told), {**roles, at: role}))
        beam = sorted(grown, key=lambda one: -one[0])[:BEAM]
    roles = beam[0][1]
    return [roles[at] for at in range(len(columns))]


def _beside(told: Sequence[tuple[float, float]]) -> float:
    """What other columns say of one: the worst of what it repeats, and on the average how it goes with them."""
    ways = [way for _, way in told if way]
    return min((same for same, _ in told), default=0.0) + (sum(ways) / len(ways) if ways else 0.0)


def _margin(votes: Mapping[str, float]) -> float:
    first, second, *_ = (*sorted(votes.values(), reverse=True), -9.0, -9.0)
    return first - second


def _together(one: Column, role: str, other: Column, its: str, ways: float) -> tuple[float, float]:
    """What two columns say of each other: whether they would be the same once more, and how they go together."""
    if one.first.said or other.first.said:
        return 0.0, 0.0
    weights = table()["together"]
    splits = {one.first.split, other.first.split}
    alike = 1 / 3 < len(one.values) / len(other.values) < 3
    same = (
        weights["the same once more"]
        if alike and role == its and (len(splits) == 1 or "held-out" not in splits)
        else 0.0
    )
    of_one_kind = bool(base_of(one.first.name)) or one.first.percent == other.first.percent
    if role != its and of_one_kind and one.first.name and base_of(one.first.name) == base_of(other.first.name):
        same = weights["one name, two roles"]
    if len(one.values) != len(other.values) or len(one.values) < 3 or "cost" not in (role, its):
        return same, 0.0
    if role == its:
        return same, weights["with the cost"] * (ways - 0.5)
    hits = "accuracy" in (role, its)
    return same, weights["against the cost"] * (0.5 - ways if hits else ways - 0.5)


def base_of(name: Iterable[str]) -> list[str]:
    """A name without the words that say of which examples it is.

    >>> base_of(["val", "loss"])
    ['loss']
    """
    return [word for word in name if word not in kinds("train", "heldout")]


def _ways(one: Sequence[float], other: Sequence[float]) -> float:
    """In how many of the steps both go the same way, as a share."""
    if len(one) != len(other):
        return 0.5
    both = [(a, b) for a, b in zip(one, other, strict=True) if math.isfinite(a + b)]
    ways = [(b - a) * (d - c) for (a, c), (b, d) in pairwise(both)]
    return sum(0.5 if way == 0 else way > 0 for way in ways) / len(ways) if ways else 0.5
