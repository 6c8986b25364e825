"""Figures: the numbers on a line, each with what the words before it (or, where there are none, after it) say it is."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from whynet.doctor.series import Split
from whynet.patients.logs.cleaning import NAN, NUMBER
from whynet.patients.logs.words import (
    ACCURACY,
    BESIDE,
    COST,
    EPOCHS,
    ERRORS,
    FILLER,
    HELD_OUT,
    OTHER,
    STEP,
    TRAIN,
    UNITS,
    WRONG,
    role_of,
    split_of,
    terms_of,
)

STUCK = re.compile(
    r"\b(stuck|stay\w*|plateau\w*|settl\w*|converg\w*|tend\w*|hover\w*|flat\w*|remain\w*|freez\w*|frozen|"
    r"never (?:below|above)|always)\b"
)
EPOCH = re.compile(r"\b(?:ep|epochs?|round|pass)\b")
BEGUN = re.compile(r"\b(?:start\w*|beg[aiu]n\w*|initial\w*)\s+(?:at|from|with|of|around|is|was|near|about)[\s~≈]*$")
WISHES = re.compile(
    r"\b(should|expect\w*|supposed|other people|others|papers?|book|want\w*|goal|try|tried to|usual\w*|typical\w*|"
    r"recommend\w*|if|instead|less than|more than|at least|(?<!\d )up to|wanted|hoped)\b"
)
OF = r"\s*(?:/|\bof\b|\bout of\b|\bfrom\b|\bsur\b|\bde\b|\bsu\b)\s*(?:the\s+)?"
SECOND = " second"  # marks the second number of a pair
LARGEST = 1e150  # larger costs are cut off here: they have diverged, and their squares must be numbers
LONGEST = 8_000  # characters of a line that is no list or table; what follows is no figure of a training


@dataclass(frozen=True)
class Figure:
    """A number with what its words say: `role` is cost, accuracy, wrong, step, which (of train or test), other, unknown
    or nothing.

    >>> Figure(0, 2.3, "cost", "val loss", "held-out").total is None
    True
    """

    line: int
    value: float
    role: str
    label: str
    split: Split = ""
    percent: bool = False
    total: int | None = None
    said: bool = False
    place: int = 0
    goes_on: bool = False
    """Whether it is one more number of an enumeration: `958, 958, 890`."""
    run: bool = False
    """Whether it belongs to an enumeration."""
    column: str = ""
    """Of numbers without a name: which place on which kind of line, or which list."""


def value_of(text: str) -> float:
    """The value of a number as programs write it.

    >>> value_of("60_000"), value_of("-1.#IND"), value_of("-inf")
    (60000.0, nan, -inf)
    """
    if re.fullmatch(NAN, text):
        if "nan" in text.lower() or "IND" in text or "QNAN" in text:
            return math.nan
        return -math.inf if text.startswith("-") else math.inf
    value = float(text.replace("_", ""))
    return value if abs(value) < LARGEST else math.copysign(LARGEST, value)


def skeleton(line: str) -> str:
    """A line without its numbers: lines of a kind have the same.

    >>> skeleton("epoch 3:  loss 0.25") == skeleton("epoch 10: loss 0.7")
    True
    """
    return re.sub(r"\s+", " ", NUMBER.sub("0", line)).strip()


def line_figures(number: int, line: str, *, repeated: bool, numbered: bool) -> list[Figure]:
    """The figures on one line; what is said of one number of an enumeration holds for all of it.

    `repeated` lines are one of a kind with others; the first number of `numbered` ones counts them.

    >>> [(one.role, one.value) for one in line_figures(0, "epoch 3: loss 0.25", repeated=True, numbered=True)]
    [('step', 3.0), ('cost', 0.25)]
    """
    shape = skeleton(line)
    figures = [
        replace(one, column=f"{one.place} {shape}")
        for one in _one_by_one(number, line, repeated=repeated, numbered=numbered)
    ]
    for index in range(len(figures) - 2, -1, -1):
        one, following = figures[index], figures[index + 1]
        if following.goes_on and not (repeated and (numbered or _numbered(one, following))):
            figures[index + 1] = replace(following, run=True)
            figures[index] = one = replace(one, run=True)
        if following.goes_on and not one.total and (following.total or following.percent):
            figures[index] = replace(one, total=following.total, percent=following.percent, role=following.role)
    return figures


def _numbered(one: Figure, following: Figure) -> bool:
    """Whether this is a line's number and its figure, `(1, 2.3026)`, rather than two of a kind."""
    return one.place == 0 and one.value % 1 == 0 and following.value % 1 != 0


def _one_by_one(number: int, line: str, *, repeated: bool, numbered: bool) -> Iterator[Figure]:
    matches = list(NUMBER.finditer(line))
    prose = not repeated and len(re.findall(r"[a-zà-ÿ]{2,}", line)) >= 7
    suffixed = _suffixed(line, matches)
    roles: list[str] = []
    previous: re.Match[str] | None = None
    run: Figure | None = None
    skip = False
    consumed = ""  # the word behind the last number that named it
    for index, match in enumerate(matches):
        if prose and (begun := BEGUN.search(line[: match.start()])) and COST & set(terms_of(line[: begun.start()])):
            yield Figure(number, value_of(match["number"]), "cost", "", said=True, place=-1)
            previous = match
            continue
        if skip:
            skip = False
            continue
        if index == 0 and numbered and role_of(terms_of(line[: match.start()])) not in ("cost", "accuracy", "wrong"):
            behind = terms_of(line[match.end() :])[:1]
            consumed = behind[0] if behind and behind[0] in STEP else ""  # `After 1 epochs: 8881`
            yield Figure(number, value_of(match["number"]), "step", "")
            previous = match
            continue
        begin = previous.end() if previous else 0
        between = line[begin : match.start()]
        following = matches[index + 1] if index + 1 < len(matches) else None
        after = line[match.end() : following.start() if following else len(line)]
        total = None
        of = following and not match["after"].strip() and re.fullmatch(rf"((?:\s+[^\W\d]+){{0,2}}){OF}", after)
        if following and of:  # `958 / 10000`, `958 right answers of 10000`
            whole = value_of(following["number"])
            if math.isfinite(whole) and 0 < whole == int(whole) and (not of[1] or whole >= 100):
                total, skip = int(whole), True
                after = line[following.end() :]
                following = matches[index + 2] if index + 2 < len(matches) else None
                after = line[matches[index + 1].end() : following.start() if following else len(line)]
        value, percent = value_of(match["number"]), match["after"].strip() == "%"
        counted = run is not None and run.role in ("accuracy", "wrong") and run.value % 1 == 0 < run.value
        if percent and counted and run is not None and not run.total and re.fullmatch(r"\s*[(\[=,]?\s*", between):
            yield replace(run, value=value, percent=True, place=index)  # `440 97.8 %`: the count goes
            previous = match
            continue
        if percent and run is not None and run.total and re.fullmatch(r"\s*[(\[=,]\s*", between):
            previous = match  # the same once more: 958/10000 (9.58%)
            continue
        whole_number = value == int(value) if math.isfinite(value) else False
        continues = run is not None and re.fullmatch(
            r"\s*(?:,|;|[-\u2013\u2014]|->|→|=>|\.{2,}|…|and|to|then|et|, then|, and|\s)\s*"
            r"(?:then|about|around|ca)?\s*",
            between,
        )
        if (
            continues
            and run is not None
            and run.value % 1
            and not run.total
            and (total or (percent and run.role == "cost"))
        ):
            continues = None  # a count or a percentage behind a cost
        if run is not None and run.role == "which" and not whole_number and re.fullmatch(r"\s?[/|(]\s?", between):
            run = replace(run, value=value, label=run.label + SECOND, percent=percent, total=total, place=index)
            roles.append(run.role)
            yield run  # `train 0.34/0.90`
            previous = match
            continue
        if continues and run is not None and not (run.role == "step" and not (whole_number and math.isfinite(value))):
            if between.strip() == "" and not re.search(r"\[[^\]]*$", line[: match.start()]):
                continues = None
            if continues:
                run = replace(run, value=value, percent=percent or run.percent, total=total, place=index, goes_on=True)
                if total is not None and run.role == "step" and not prose and not EPOCH.search(run.label):
                    run = replace(run, role="")
                roles.append(run.role)
                yield run
                previous = matches[index + 1] if skip else match
                continue
        sentence = re.split(r"(?<=[a-z)])[.!?]\s|\s[|]\s|\]|\)\s*(?=[A-Za-z])|\s-\s", between)[-1]
        terms = terms_of(sentence)
        if consumed and terms[:1] == [consumed]:
            terms = terms[1:]
        consumed = ""
        role = role_of(terms)
        if role == "step" and _attached(between) and (percent or (value % 1 and set(terms) & EPOCHS)):
            role = role_of([term for term in terms if term not in STEP])  # `Test accuracy after epoch: 10.09%`
        split = split_of(terms_of(line[: match.start()]))
        behind = terms_of(re.split(r"[,;|(\[]|\s-\s|\.\s", after)[0])[:4]
        if suffixed or (role in ("", "step") and not _attached(between)):
            near = [word for word in behind if word in COST or word in ACCURACY or word in WRONG]
            names_next = following is not None and bool(near) and terms_of(after)[-1:] == near[-1:]
            belongs = bool(near) and not names_next and not re.match(r"\s*[\"']?\s*[:=]", after.partition(near[0])[2])
            if (suffixed and near) or (belongs and (total or percent or (not role and behind[0] not in STEP))):
                role, terms = role_of(near[:1]), near[:1]
                split = split_of([*terms_of(line[: match.start()]), *behind])
            elif behind and (suffixed or (not role and behind[0] in STEP | OTHER)):
                role, terms, consumed = role_of(behind[:1]), behind[:1], behind[0]
        on = re.match(r"\s*%?\s*(?:\w+\s+)?(?:\(|(?:on|for|in)\s+(?:the\s+|my\s+)?)(\w+)", after)
        if on and on[1].lower() in HELD_OUT | TRAIN:
            split = split_of([on[1].lower()])
        if not role and not suffixed and all(term in FILLER | STEP | TRAIN | HELD_OUT for term in terms):
            role = _earlier(line[: match.start()], roles, prose)
        unit = re.match(r"\s*([a-z]+)", after)
        units = UNITS | {"images", "examples", "samples"} if role in ("cost", "") else UNITS
        if whole_number and unit and unit[1] in units and not total and not _attached(between):
            role, terms, consumed = ("step" if unit[1] in STEP else "other"), [unit[1]], unit[1]
        if role == "cost" and (percent or total) and set(terms) & ERRORS:
            role = "wrong"
        if prose and role in ("cost", "accuracy", "wrong"):
            clause = re.split(r"[,;]|\bbut\b|\bwhen\b|\bwhile\b|[.!?]\s", line[: match.start()])[-1]
            if WISHES.search((clause + "0" + after[:12]).lower()):
                role = "other"
        if not role and set(terms) & (TRAIN | HELD_OUT) and set(terms) <= TRAIN | HELD_OUT | FILLER:
            role = _earlier(line[: match.start()], (), prose) or "which"
            role = "which" if role == "cost" and "cost" in roles else role
        if role == "which" and total and re.search(r"\[\s*$", between):
            role = "step"  # how far it has come: `Test: [0/79]`
        if role == "" and terms and not total and not percent:
            lone = STUCK.search(line.lower()) and not whole_number and all(t in FILLER or STUCK.match(t) for t in terms)
            role = "" if lone or not any(term not in FILLER for term in terms) else "unknown"
        said = (prose and not _attached(between)) or (not repeated and not _attached(between) and bool(terms))
        label = (
            ""
            if said and role in ("cost", "accuracy", "wrong", "")
            else " ".join(t for t in terms[-4:] if t not in BESIDE)
        )
        run = Figure(number, value, role, label, split, percent, total, said, index)
        roles.append(role)
        yield run
        previous = matches[index + 1] if skip else match


def _attached(between: str) -> bool:
    """Whether the words before a number name it: `loss: `, `loss=`."""
    return bool(re.search(r"[:=]\s*[\"'(\[]?\s*$", between))


def _suffixed(line: str, matches: Sequence[re.Match[str]]) -> bool:
    """Whether the names stand behind their numbers: `0.5 loss, 0.9 accuracy`."""
    if not matches or role_of(terms_of(line[: matches[0].start()])) != "" or _attached(line[: matches[0].start()]):
        return False
    last = terms_of(re.split(r"[.:;!?](?:\s|$)", line[matches[-1].end() :])[0])
    first = terms_of(line[matches[0].end() : matches[1].start() if len(matches) > 1 else len(line)])
    return (
        bool(last[:3] and first[:1]) and role_of(last[:3]) in ("cost", "accuracy", "wrong") and role_of(first[:3]) != ""
    )


def _earlier(line: str, roles: Sequence[str], prose: bool) -> str:
    """What a number without a name of its own is: `Cost after iteration 100: 0.69`, `from 0.7 it fell to 0.6`."""
    terms = [term for term in terms_of(re.split(r"(?<=[a-z)])[.!?]\s", line)[-1]) if term not in STEP]
    role = role_of(terms)
    if role not in ("cost", "accuracy", "wrong"):
        return ""
    return role if prose or role not in roles else ""
