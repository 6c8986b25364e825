"""Line: the numbers on one line, each with the words before it, behind it and elsewhere on the line."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from whynet.logs.columns import Cell
from whynet.logs.roles import MEASURED, base_of, kinds, means, split_of
from whynet.logs.tokens import VALUE, Token, pattern, terms_of, tokens_of

ATTACHED = re.compile(r"[:=]\s*[\"'(\[]?\s*$")
PERCENT_BEFORE = re.compile(r"%[\"')\]]*\s*[:=]\s*$")
SHARE_OF = re.compile(r"\s*(?:are\b|belong\w*\b|of\b(?! the time)|der\b)[^.,;:\d]{0,60}")
PARTS = re.compile(r"\s\|{1,2}\s")
ROW = re.compile(rf"(?<![\w.])(?:{VALUE}%?[ \t]+){{2,}}{VALUE}%?")
LISTED = re.compile(rf"[:=]\s*(?:{VALUE}\s+){{2,}}{VALUE}\s*$")  # `error = 0.25 0.25 0.25`
COUNTED_OFF = re.compile(r"\s*(?:\d+:)?(?:\s*[-\d.eE]+%?(?: [A-Za-z]+){0,3},)+\s*[-\d.eE]+%?(?: [A-Za-z]+){1,3}\s*")
FEW = 12  # words elsewhere on a line
CLAUSE_ENDS = re.compile(r"(?<=[a-z)])[.!?]\s|\s[|]\s|\]|\)\s*(?=[A-Za-z])|\s-\s")
SEPARATOR = re.compile(r"[,;|(\[)]|^\s*:|\s-\s|\.\s")
GOES_ON = re.compile(
    r"(?:\s*(?:(?:at|in|from) the (?:very )?(?:beginning|start|first epoch|end)|after (?:an?|one) (?:epoch|pass)))?"
    r"\s*(?:,|;|[-\u2013\u2014]|->|→|=>|\.{2,}|…|and|to|then|et|, then|, and|\s)\s*(?:then|about|around|ca)?\s*"
)
ON = re.compile(r"\s*%?\s*(?:\w+\s+)?(?:\(|(?:on|for|in)\s+(?:the\s+|my\s+)?)(\w+)")
EPOCHS = frozenset({"ep", "epoch", "epochs", "round", "pass"})


def cells_of(number: int, line: str, *, repeated: bool, numbered: bool) -> list[Cell]:
    """The cells of one line; `repeated` ones have a template in common, and the first number counts `numbered` ones.

    >>> [(one.name, one.value) for one in cells_of(0, "epoch 3: loss 0.25", repeated=True, numbered=False)]
    [(('epoch',), 3.0), (('loss',), 0.25)]
    """
    cells = _Line(number, line, repeated=repeated, numbered=numbered).cells()
    return _enumerated(_own_splits(cells), repeated=repeated, numbered=numbered)


class _Slot(NamedTuple):
    """A number, the text up to the numbers on either side, and the words that may name it."""

    token: Token
    place: int
    before: str
    after: str
    names: list[str]
    behind: list[Token]
    attached: bool
    """Whether the words before it name it outright: `loss: `, `loss=`."""

    @property
    def whole(self) -> bool:
        return self.token.value % 1 == 0

    @property
    def counts(self) -> bool:
        """Whether it counts the parts of something: `2 classes`, `30 units`."""
        behind = terms_of(self.behind[0].text) if self.behind else []
        return self.whole and not self.token.percent and bool(kinds("units") & set(behind[:1]))


class _Line:
    """Goes through the numbers of a line, and knows what was said before."""

    def __init__(self, number: int, line: str, *, repeated: bool, numbered: bool) -> None:
        self.number, self.line, self.repeated, self.numbered = number, line, repeated, numbered
        self.tokens = [one for one in tokens_of(line) if one.kind != "escape"]
        self.at = [index for index, one in enumerate(self.tokens) if one.kind != "word"]
        words = {*re.findall(r"\b(?!nan|inf)[a-zà-ÿ]{2,}", line)}
        self.prose = not repeated and len(words) >= 7 and line.count("|") < 3
        self.suffixed = _suffixed(line, [self.tokens[index] for index in self.at])
        self.found: list[Cell] = []
        self.rows = [] if repeated else [match.span() for match in ROW.finditer(line)]
        self.starts: list[int] = []  # where each of them stands
        self.last: Cell | None = None
        self.used: set[int] = set()  # where words begin that are behind a number, and its own
        self.open: list[str] = []  # words that name no number alone
        self.split = ""  # of which examples the line has spoken last

    def cells(self) -> list[Cell]:
        """All cells of the line."""
        for place, index in enumerate(self.at):
            slot = self._slot(place, index)
            if slot is not None:
                self._read(slot)
        return self._of_their_part()

    def _of_their_part(self) -> list[Cell]:
        """The cells; in `J=1.3 tr=60% | J=0.4 te=88%` what a part of the line says of its examples holds for all of
        it, and where names come once more, as in `loss 2.0 acc .5 || paint loss 3.1 acc .1`, others are meant."""
        ends = [match.start() for match in PARTS.finditer(self.line)] if self.repeated else []
        part = [bisect_right(ends, start) for start in self.starts]
        every: list[list[Cell]] = [[] for _ in range(len(ends) + 1)]
        for cell, at in zip(self.found, part, strict=True):
            every[at].append(cell)
        measured = [tuple(cell.name[-1:] for cell in cells if means(cell.name) in MEASURED) for cells in every]
        told = [{split_of(cell.name) for cell in cells} - {""} for cells in every]
        first = measured[0]
        if len(ends) != 1 or not first or measured[1] != first:
            return self.found
        splits = [next(iter(split)) if len(split) == 1 else "" for split in told]
        if not any(told):
            splits = ["", "held-out"]
        return [replace(cell, split=cell.split if split_of(cell.name) else splits[at])
                for cell, at in zip(self.found, part, strict=True)]  # fmt: skip

    def _slot(self, place: int, index: int) -> _Slot | None:
        """What stands around a number; None for what holds digits and is none."""
        token = self.tokens[index]
        begin = self.at[place - 1] if place else -1
        end = self.at[place + 1] if place + 1 < len(self.at) else len(self.tokens)
        start = self.tokens[begin].end if place else 0
        stop = self.tokens[end].start if end < len(self.tokens) else len(self.line)
        before = self.line[start : token.start]
        clause = start + max((match.end() for match in CLAUSE_ENDS.finditer(before)), default=0)
        words = self.tokens[begin + 1 : index]
        self.split = split_of([term for one in words for term in terms_of(one.text)]) or self.split
        words = [one for one in words if one.start not in self.used]
        if token.kind != "number":
            self.last = None
            self.open += [term for one in words for term in terms_of(one.text)][:-1]
            return None
        attached = bool(ATTACHED.search(before))
        names = [term for one in words if one.start >= clause for term in terms_of(one.text)]
        behind = _behind(self.line, token, self.tokens[index + 1 : end], end < len(self.tokens),
                         outright=attached, suffixed=self.suffixed)  # fmt: skip
        return _Slot(token, place, before, self.line[token.end : stop], names, behind, attached)

    def _read(self, slot: _Slot) -> None:
        token = slot.token
        self.token = token
        if slot.place == 0 and self.numbered and means(slot.names) not in MEASURED:
            self.used |= {one.start for one in slot.behind if means(terms_of(one.text)) == "step"}
            self.open += _but_steps(slot.names)
            self._add(self._cell(slot, name=("step", *[name for name in slot.names if name in EPOCHS])))
        elif _again(self.found, token, slot.before):
            if self.found[-1].total is None:
                self.found[-1] = replace(self.found[-1], value=token.value, percent=True)
        elif self.last is not None and not slot.counts and _is_next(self.last, slot, self.line, self._in_a_row(slot)):
            self._add(self._next(self.last, token))
        else:
            self._add(self._named(slot))

    def _in_a_row(self, slot: _Slot) -> bool:
        """Whether it is one of several numbers, on a line like no other, that only spaces part: `cost .47 .45 .45`."""
        return any(start < slot.token.start < end for start, end in self.rows)

    def _add(self, cell: Cell) -> None:
        self.found.append(cell)
        self.starts.append(self.token.start)
        self.last = cell

    def _cell(self, slot: _Slot, name: tuple[str, ...]) -> Cell:
        """A cell of this name, of the examples that are named last."""
        on = ON.match(self.line, slot.token.end)
        split = (split_of([on[1].lower()]) if on else "") or self.split
        percent = slot.token.percent or bool(PERCENT_BEFORE.search(slot.before))
        return Cell(self.number, len(self.found), slot.token.value, name, split=split, percent=percent,
                    total=slot.token.total, prose=self.prose)  # fmt: skip

    def _next(self, last: Cell, token: Token) -> Cell:
        """One more of an enumeration. A count behind a step is no step: `3, 958 / 10000`."""
        cell = replace(last, value=token.value, percent=token.percent or last.percent, total=token.total, goes_on=True,
                       place=len(self.found))  # fmt: skip
        counts = token.total is not None and means(last.name) == "step" and not self.prose
        if counts and "epoch" in last.name:
            return replace(cell, name=("batch",), total=None)  # `Epoch 3, 200/725`
        return replace(cell, name=(), around=()) if counts else cell

    def _named(self, slot: _Slot) -> Cell:
        """A number with words of its own, before it or behind it, or else elsewhere on the line."""
        names, words, split = self._words(slot)
        own = [name for name in names if name not in kinds("filler")]
        close = slot.place > 0 and not slot.before.strip(" /|(")
        alone = bool(words or means(own) or close or (not self.prose and base_of(own)))
        alone = alone or (
            self.prose and slot.whole and not slot.attached and not (slot.token.percent or slot.token.total)
        )
        around = [] if alone else self.open[-FEW:]
        named = means(names, words)
        told = bool(names or words or around) and not self.repeated
        said = (self.prose and named not in MEASURED) or (not slot.attached and (self.prose or told))
        start = slot.token.start
        begun = self.prose and bool(pattern("begun").search(self.line, max(0, start - 60), start))
        cell = self._cell(slot, tuple(names))
        cell = replace(cell, behind=tuple(words), around=tuple(around), said=said, split=split or cell.split,
                       wish=self.prose and _is_aside(self.line, slot, self.last if close else None))  # fmt: skip
        self.open += [] if named == "total" else _but_steps(names) if named in ("step", "other") else names
        return replace(cell, split="", place=-1) if begun else cell

    def _words(self, slot: _Slot) -> tuple[list[str], list[str], str]:
        """The words before a number that name it; those behind it, where it is these; and of which examples it is."""
        names, words, token = slot.names, [term for one in slot.behind for term in terms_of(one.text)], slot.token
        inside = token.total and slot.before.rstrip().endswith("[")
        if inside and (slot.after.startswith("]") or (slot.after.lstrip().startswith("(") and not means(names))):
            return ["batch"], [], ""  # how far it has come: `Test: [0/79]`
        base = base_of(words)
        unit = bool(base) and slot.whole and not (slot.attached or token.total or token.percent or self.suffixed)
        unit = unit and base[0] in kinds("step", "units")
        if self.prose and slot.whole and names[-1:] == ["after"] and not unit:
            self.open += _but_steps(names)
            return ["step"], [], ""  # `0.4508 after 20`
        if words and (unit or (means(words) and (self.suffixed or means(names) in ("", "step")))):
            self.used |= {one.start for one in slot.behind}
            self.open += names if unit else []
            return [] if unit or self.suffixed or means(names) == "step" else names, words, split_of(words)
        if not slot.attached and not self.repeated and not (slot.whole and not token.percent):
            names = _but_steps(names) if means(names) == "step" else names
        return names, [], ""


def _own_splits(cells: list[Cell]) -> list[Cell]:
    """Of `dice 0.9 val_dice 0.6` on one line, the first is not of held-out examples, whatever stands before it."""
    told = {(tuple(base_of(cell.name)), split) for cell in cells if (split := split_of(cell.name))}
    return [replace(cell, split="") if (cell.name, cell.split) in told else cell for cell in cells]


def _but_steps(names: Sequence[str]) -> list[str]:
    """Names without what they count."""
    return [name for name in names if means([name]) not in ("step", "other")]


def _is_aside(line: str, slot: _Slot, last: Cell | None) -> bool:
    """Whether a number is a wish, another's, or a share of something else than answers: `93 % of the data`."""
    if pattern("wish").search(_clause(line, slot.token)):
        return True
    if last is not None and means(last.name, last.behind) == "other":
        return True
    of = SHARE_OF.match(line, slot.token.end) if slot.token.percent else None
    return of is not None and means(terms_of(of[0])) not in ("accuracy", "wrong")


def _clause(line: str, token: Token) -> str:
    """What a number is said in: its clause, and a little of what follows."""
    before = re.split(r"[,;]|\bbut\b|\bwhen\b|\bwhile\b|[.!?]\s", line[max(0, token.start - 300) : token.start])[-1]
    return (before + "0" + line[token.end : token.end + 12]).lower()


def _suffixed(line: str, tokens: Sequence[Token]) -> bool:
    """Whether the names stand behind their numbers: `0.5 loss, 0.9 accuracy`."""
    numbers = [one for one in tokens if one.kind == "number"]
    if not numbers:
        return False
    if len(numbers) > 3 and COUNTED_OFF.fullmatch(line):  # `3870: 0.98, 1.10 avg loss, 0.001 rate, 3.2 seconds`
        return True
    head = line[: numbers[0].start]
    if means(terms_of(head)) or ATTACHED.search(head):
        return False
    last = terms_of(re.split(r"[.:;!?](?:\s|$)", line[numbers[-1].end :])[0])[:3]
    first = terms_of(line[numbers[0].end : numbers[1].start if len(numbers) > 1 else len(line)])[:3]
    return means(last) in MEASURED and bool(means(first))


def _behind(
    line: str, token: Token, words: Sequence[Token], more: bool, *, outright: bool, suffixed: bool
) -> list[Token]:
    """The words behind a number that are its own: up to a separator, or a unit alone where another number follows."""
    if not words or line[token.end : words[0].start].strip(" %\"'"):
        return []
    stop = words[-1].end
    separator = SEPARATOR.search(line, token.end, stop + 2)
    until = separator.start() if separator else stop
    belong = [one for one in words if one.end <= until][:4]
    first = 2 if belong and split_of(terms_of(belong[0].text)) else 1
    unit = belong[:first] if belong and {*terms_of(belong[:first][-1].text)} & (kinds("step", "units")) else []
    if unit and token.value % 1 == 0 and not outright and not suffixed:
        return unit
    named = outright and not token.percent
    return belong if suffixed or (not named and (separator or not more)) else []


def _again(found: Sequence[Cell], token: Token, before: str) -> bool:
    """The same once more: `958/10000 (9.58 %)`, or as a share: `440 97.8 %`."""
    last = found[-1] if found else None
    if last is None or last.percent or not token.percent or not re.fullmatch(r"\s*[(\[=,]?\s*", before):
        return False
    counted = last.value % 1 == 0 and means(last.name, last.behind) in ("accuracy", "wrong")
    return last.total is not None or counted


def _is_next(last: Cell, slot: _Slot, line: str, in_a_row: bool) -> bool:
    """Whether it is one more of an enumeration: `958, 958, 890`."""
    token, before = slot.token, slot.before
    if not GOES_ON.fullmatch(before):
        return False
    bracketed = line.rfind("[", 0, token.start) > line.rfind("]", 0, token.start)
    row = in_a_row and (means(last.name, last.behind, last.around) in MEASURED)
    if not before.strip() and not bracketed and not row and not LISTED.search(line):
        return False
    if last.value % 1 and not last.total and (token.total or (token.percent and not last.percent and not in_a_row)):
        return False  # a count or a percentage behind a cost
    return not (means(last.name) == "step" and (token.value % 1 != 0 or token.percent))


def _enumerated(cells: list[Cell], *, repeated: bool, numbered: bool) -> list[Cell]:
    """What is said behind the last number of an enumeration holds for all of it: `958, 958, 890 of 10000`."""
    for index in range(len(cells) - 2, -1, -1):
        one, after = cells[index], cells[index + 1]
        if _goes_on(one, after, repeated, numbered) and not one.total and (after.total or after.percent):
            cells[index] = replace(one, total=after.total, percent=after.percent)
    root: Cell | None = None
    for index in range(1, len(cells)):
        one, after = cells[index - 1], cells[index]
        if after.name or not _goes_on(one, after, repeated, numbered):
            root = None
            continue
        root = root or one
        column = f"list {root.line} {root.place}"
        cells[index - 1 : index + 1] = [replace(one, column=column), replace(after, column=column)]
    return cells


def _goes_on(one: Cell, after: Cell, repeated: bool, numbered: bool) -> bool:
    """Whether a number is one more of an enumeration; not where the first counts the lines."""
    counts = one.place == 0 and one.value % 1 == 0 and after.value % 1 != 0
    return after.goes_on and not (repeated and (numbered or counts))
