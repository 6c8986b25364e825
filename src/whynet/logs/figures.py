"""Figures: the numbers on a line, each with what the words before it (or, where there are none, after it) say it is."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from whynet.logs.cleaning import NAN, NUMBER
from whynet.logs.words import (
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
    Split,
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
    r"recommend\w*|if|instead|(?:less|more|better|worse) than|"
    r"at least|(?<!\d )up to|wanted|hoped|"
    r"logistic\w*|logistique|baseline|forest|svm|knn|linear (?:model|classifier)|friend|colleague)\b"
)
OF = (
    r"\s*(?:/|\bof\b|\bout of\b|\bfrom\b|\bsur\b|\bde\b|\bsu\b|\bdi\b|\bvan\b|\bav\b|\bz\b|\bem\b|\bиз\b)\s*(?:the\s+)?"
)
MEASURED = ("cost", "accuracy", "wrong")
GOES_ON = re.compile(
    r"\s*(?:,|;|[-\u2013\u2014]|->|→|=>|\.{2,}|…|and|to|then|et|, then|, and|\s)\s*(?:then|about|around|ca)?\s*"
)
CLAUSE_ENDS = re.compile(r"(?<=[a-z)])[.!?]\s|\s[|]\s|\]|\)\s*(?=[A-Za-z])|\s-\s")
ON = re.compile(r"\s*%?\s*(?:\w+\s+)?(?:\(|(?:on|for|in)\s+(?:the\s+|my\s+)?)(\w+)")
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
        for one in _Reader(number, line, repeated=repeated, numbered=numbered).figures()
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


@dataclass(frozen=True)
class _Token:
    """A number on a line, with the words around it: up to the numbers on either side, and up to the line's begin."""

    value: float
    percent: bool
    total: int | None
    before: str
    line_before: str
    after: str
    last: bool

    @property
    def whole(self) -> bool:
        return math.isfinite(self.value) and self.value % 1 == 0

    @property
    def attached(self) -> bool:
        return _attached(self.before)


def _tokens(line: str) -> list[_Token]:
    """The numbers of a line; that of which they are a part, as in `958 / 10000`, is no number by itself."""
    matches = list(NUMBER.finditer(line))
    found, begin, at = [], 0, 0
    while at < len(matches):
        match, end, total = matches[at], at + 1, None
        if end < len(matches) and not match["after"].strip():
            of = re.fullmatch(rf"((?:\s+[^\W\d]+){{0,2}}){OF}", line[match.end() : matches[end].start()])
            whole = value_of(matches[end]["number"])
            if of and math.isfinite(whole) and 0 < whole == int(whole) and (not of[1] or whole >= 100):
                total, end = int(whole), end + 1  # `958 / 10000`, `958 right answers of 10000`
        stop = matches[end - 1].end()
        after = line[stop : matches[end].start() if end < len(matches) else len(line)]
        percent = match["after"].strip() == "%"
        before = line[begin : match.start()]
        line_before = line[: match.start()]
        found.append(_Token(value_of(match["number"]), percent, total, before, line_before, after, end == len(matches)))
        begin, at = stop, end
    return found


class _Reader:
    """Goes through the numbers of a line, and knows what the last one was."""

    def __init__(self, number: int, line: str, *, repeated: bool, numbered: bool) -> None:
        self.number, self.line, self.repeated, self.numbered = number, line, repeated, numbered
        self.prose = not repeated and len(re.findall(r"[a-zà-ÿ]{2,}", line)) >= 7
        self.suffixed = _suffixed(line)
        self.last: Figure | None = None
        self.roles: list[str] = []
        self.consumed = ""
        """The word behind the last number that named it."""

    def figures(self) -> Iterator[Figure]:
        """The figures of the line."""
        for place, token in enumerate(_tokens(self.line)):
            if self._begun(token):
                yield Figure(self.number, token.value, "cost", "", said=True, place=-1)
                continue
            if place == 0 and self.numbered and role_of(terms_of(token.before)) not in MEASURED:
                yield self._step(token, place)
                continue
            if self._again(token):
                continue
            share = self._share(token) or self._second(token) or self._next(token)
            figure = replace(share, place=place) if share else self._named(token, place)
            self.last = figure
            self.roles.append(figure.role)
            yield figure

    def _begun(self, token: _Token) -> bool:
        """Where a cost is said to have begun: `the cost started at 4.3`."""
        begun = BEGUN.search(token.line_before) if self.prose else None
        return begun is not None and bool(COST & set(terms_of(token.line_before[: begun.start()])))

    def _step(self, token: _Token, place: int) -> Figure:
        """How far the training has come: `After 1 epochs: 8881`."""
        behind = terms_of(token.after)[:1]
        self.consumed = behind[0] if behind and behind[0] in STEP else ""
        return Figure(self.number, token.value, "step", "", place=place)

    # ---- numbers that go with the one before

    def _again(self, token: _Token) -> bool:
        """The same once more: `958/10000 (9.58 %)`."""
        counted = self.last is not None and self.last.total is not None
        return token.percent and counted and bool(re.fullmatch(r"\s*[(\[=,]\s*", token.before))

    def _share(self, token: _Token) -> Figure | None:
        """The same as a percentage, `440 97.8 %`: the count goes."""
        last = self.last
        if last is None or last.total or last.role not in ("accuracy", "wrong") or not last.value % 1 == 0 < last.value:
            return None
        beside = token.percent and re.fullmatch(r"\s*[(\[=,]?\s*", token.before)
        return replace(last, value=token.value, percent=True) if beside else None

    def _second(self, token: _Token) -> Figure | None:
        """The second of a pair: `train 0.34/0.90`."""
        if self.last is None or self.last.role != "which" or token.whole:
            return None
        if not re.fullmatch(r"\s?[/|(]?\s?", token.before):
            return None
        label = self.last.label + SECOND
        return replace(self.last, value=token.value, label=label, percent=token.percent, total=token.total)

    def _next(self, token: _Token) -> Figure | None:
        """One more of an enumeration: `958, 958, 890`."""
        last = self.last
        if last is None or not GOES_ON.fullmatch(token.before):
            return None
        if not token.before.strip() and not re.search(r"\[[^\]]*$", token.line_before):
            return None
        if last.value % 1 and not last.total and (token.total or (token.percent and last.role == "cost")):
            return None  # a count or a percentage behind a cost
        if last.role == "cost" and set(terms_of(token.after)[:1]) & (ACCURACY | WRONG):
            return None  # `total cost 2642.1, 7356 right`
        if last.role == "step" and not token.whole:
            return None
        counts = token.total is not None and last.role == "step" and not self.prose and not EPOCH.search(last.label)
        role = "" if counts else last.role
        percent = token.percent or last.percent
        return replace(last, value=token.value, percent=percent, total=token.total, goes_on=True, role=role)

    # ---- numbers with words of their own

    def _named(self, token: _Token, place: int) -> Figure:
        terms = terms_of(CLAUSE_ENDS.split(token.before)[-1])
        if self.consumed and terms[:1] == [self.consumed]:
            terms = terms[1:]
        self.consumed = ""
        if self.prose and token.whole and terms[-1:] == ["after"]:
            return self._step(token, place)  # `0.4508 after 20`
        role, terms, split = self._before_or_behind(token, terms)
        nameless = all(term in FILLER | STEP | TRAIN | HELD_OUT for term in terms)
        named = ""
        if not role and not self.suffixed and (nameless or (self.prose and token.value % 1)):
            role, named = _earlier(token.line_before, self.roles, self.prose)
            terms = terms if self.prose or not role else [named]
        role, terms = self._units(token, role, terms)
        role = self._corrected(token, role, terms)
        said = self.prose and bool(named)
        said = said or (not token.attached and (self.prose or (not self.repeated and bool(terms))))
        unlabelled = said and role in (*MEASURED, "")
        label = "" if unlabelled else " ".join(term for term in terms[-4:] if term not in BESIDE)
        return Figure(self.number, token.value, role, label, split, token.percent, token.total, said, place)

    def _before_or_behind(self, token: _Token, terms: list[str]) -> tuple[str, list[str], Split]:
        """What the words before a number say, or those behind it where these belong to it: `0.5 loss`, `958 right`."""
        role = role_of(terms)
        share = token.percent or (token.value % 1 and set(terms) & EPOCHS)
        if role == "step" and share and (token.attached or self.prose):
            role = role_of([term for term in terms if term not in STEP])  # `Test accuracy after epoch: 10.09%`
        around = terms_of(token.line_before)
        split = split_of(around)
        behind = terms_of(re.split(r"[,;|(\[]|^\s*:|\s-\s|\.\s", token.after)[0])[:4]
        whose = bool(terms) and set(terms) <= TRAIN | HELD_OUT and token.whole  # `test: 9473 correct`
        if self.suffixed or (role in ("", "step") and (whose or not token.attached)):
            near = [word for word in behind if word in COST or word in ACCURACY or word in WRONG]
            names_next = not token.last and bool(near) and terms_of(token.after)[-1:] == near[-1:]
            names_next = names_next and not re.match(r"\s*\w+\s*[,;.]", token.after)  # `9473 correct, 527 wrong`
            colon = bool(near) and re.match(r"\s*[\"']?\s*[:=]", token.after.partition(near[0])[2])
            belongs = bool(near) and not names_next and not colon
            counted = token.total or token.percent or (not role and behind[:1] and behind[0] not in STEP)
            if near and (self.suffixed or (belongs and counted)):
                role, terms, split = role_of(near[:1]), near[:1], split_of([*around, *behind])
            elif behind and (self.suffixed or (not role and behind[0] in STEP | OTHER)):
                role, terms, self.consumed = role_of(behind[:1]), behind[:1], behind[0]
        on = ON.match(token.after)
        if on and on[1].lower() in HELD_OUT | TRAIN:
            split = split_of([on[1].lower()])
        return role, terms, split

    def _units(self, token: _Token, role: str, terms: list[str]) -> tuple[str, list[str]]:
        """A number of epochs, of images, of units: `after 30 epochs`."""
        unit = re.match(r"\s*(?:train\w*|test|validation|mnist)?\s*([a-z]+)", token.after.lower())
        all_of_them = terms[-1:] in (["same"], ["all"], ["these"])
        units = UNITS | {"images", "examples", "samples", "digits"} if role in ("cost", "") or all_of_them else UNITS
        named = re.match(r"\s*(?:train\w*|test|validation)? ?(?:images|digits|examples|samples|rows)\s*:", token.after)
        if named and token.whole and not token.attached:
            return "other", ["images"]  # `accuracy on the 10000 test images: 9 %`
        if unit and unit[1] in units and token.whole and not token.total and not token.attached:
            self.consumed = unit[1]
            return "step" if unit[1] in STEP else "other", [unit[1]]
        return role, terms

    def _corrected(self, token: _Token, role: str, terms: list[str]) -> str:
        """What it is after all: a share of errors, a wish, of these or those examples, or nothing known."""
        if role == "step" and token.percent and self.prose and not token.attached:
            role = ""  # `I get 99 %`
        if role == "cost" and (token.percent or token.total):
            role = "wrong" if set(terms) & ERRORS else "accuracy" if self.prose and not terms else role
        if self.prose and role in MEASURED:
            clause = re.split(r"[,;]|\bbut\b|\bwhen\b|\bwhile\b|[.!?]\s", token.line_before)[-1]
            if WISHES.search((clause + "0" + token.after[:12]).lower()):
                role = "other"
        if not role and set(terms) & (TRAIN | HELD_OUT) and set(terms) <= TRAIN | HELD_OUT | FILLER:
            role = _earlier(token.line_before, (), self.prose)[0] or "which"
            if role == "cost" and token.total and set(terms_of(token.line_before)) & (ERRORS | WRONG):
                return "wrong"  # `errors = 9080 of 10000, test = 1821 of 2000`
            paired = not token.last and not token.after.strip(" /|(,") and {"cost", "accuracy"} <= set(self.roles)
            role = "which" if paired or (role == "cost" and "cost" in self.roles) else role
        if role == "which" and token.total and re.search(r"\[\s*$", token.before):
            role = "step"  # how far it has come: `Test: [0/79]`
        if role == "" and not token.total and not token.percent and set(terms) - FILLER:
            stuck = STUCK.search(self.line.lower()) and not token.whole
            role = "" if stuck and all(term in FILLER or STUCK.match(term) for term in terms) else "unknown"
        return role


def _attached(between: str) -> bool:
    """Whether the words before a number name it: `loss: `, `loss=`."""
    return bool(re.search(r"[:=]\s*[\"'(\[]?\s*$", between))


def _suffixed(line: str) -> bool:
    """Whether the names stand behind their numbers: `0.5 loss, 0.9 accuracy`."""
    matches = list(NUMBER.finditer(line))
    head = line[: matches[0].start()] if matches else line
    if not matches or role_of(terms_of(head)) != "" or _attached(head):
        return False
    last = terms_of(re.split(r"[.:;!?](?:\s|$)", line[matches[-1].end() :])[0])[:3]
    first = terms_of(line[matches[0].end() : matches[1].start() if len(matches) > 1 else len(line)])[:3]
    return role_of(last) in MEASURED and role_of(first) != ""


def _earlier(line: str, roles: Sequence[str], prose: bool) -> tuple[str, str]:
    """What a number without a name of its own is: `Cost after iteration 100: 0.69`, `from 0.7 it fell to 0.6`; and the
    word that says so.
    """
    sentences = re.split(r"(?<=[a-z)])[.!?]\s", line)
    back = 2 if re.match(r"\s*(?:It|This|That|Es|Er)\b", sentences[-1]) else 1  # what `it` is, was said before
    sentence = re.sub(r"\([^()]*\)", " ", " ".join(sentences[-back:]))
    terms = [term for term in terms_of(sentence) if term not in STEP]
    role = role_of(terms)
    if role not in MEASURED or not (prose or role not in roles):
        return "", ""
    return role, next((term for term in reversed(terms) if role_of([term]) == role), terms[-1])
