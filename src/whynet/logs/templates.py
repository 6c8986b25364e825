"""Templates: lines with their numbers masked. The numbers at one place of a template, or under one head, or of one name,
form a column; what stands beside them is its context."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from whynet.logs.roles import MEASURED, kinds, means, split_of
from whynet.logs.tokens import Token, terms_of, tokens_of

NUMBER = "\0"  # what stands for a number where it is masked
LONGEST = 8_000  # characters of a line that is no list or table; what follows is no figure of a training
CLAUSE_ENDS = re.compile(r"(?<=[a-z)])[.!?]\s|\s[|]\s|\]|\)\s*(?=[A-Za-z])|\s-\s")
SEPARATOR = re.compile(r"[,;|(\[)]|^\s*:|\s-\s|\.\s")
GOES_ON = re.compile(
    r"\s*(?:,|;|[-\u2013\u2014]|->|→|=>|\.{2,}|…|and|to|then|et|, then|, and|\s)\s*(?:then|about|around|ca)?\s*"
)
ON = re.compile(r"\s*%?\s*(?:\w+\s+)?(?:\(|(?:on|for|in)\s+(?:the\s+|my\s+)?)(\w+)")
BEGUN = re.compile(r"\b(?:start\w*|beg[aiu]n\w*|initial\w*)\s+(?:at|from|with|of|around|is|was|near|about)[\s~≈]*$")
EPOCHS = frozenset({"ep", "epoch", "epochs", "round", "pass"})
WISHES = re.compile(
    r"\b(should|expect\w*|supposed|other people|others|papers?|book|want\w*|goal|try|tried to|usual\w*|typical\w*|"
    r"recommend\w*|if|instead|(?:less|more|better|worse) than|at least|(?<!\d )up to|hoped|"
    r"logistic\w*|logistique|baseline|forest|svm|knn|linear (?:model|classifier)|friend|colleague)\b"
)


@dataclass(frozen=True)
class Cell:
    """A number, and what stands beside it: the words that name it, the nearest last; those behind it; and those that are
    elsewhere on its line.

    >>> [(one.name, one.value) for one in cells_of(0, "epoch 3: loss 0.25", repeated=True, numbered=False)]
    [(('epoch',), 3.0), (('loss',), 0.25)]
    """

    line: int
    place: int
    value: float
    name: tuple[str, ...] = ()
    behind: tuple[str, ...] = ()
    around: tuple[str, ...] = ()
    split: str = ""
    percent: bool = False
    total: int | None = None
    said: bool = False
    """Whether it stands in a sentence."""
    column: str = ""
    """What it shares with others of its column, where it has no name."""
    wish: bool = False
    goes_on: bool = False
    """Whether it is one more number of an enumeration: `958, 958, 890`."""


@dataclass
class Column:
    """Cells that belong together."""

    cells: list[Cell] = field(default_factory=list)

    @property
    def first(self) -> Cell:
        """The first of its cells."""
        return self.cells[0]

    @property
    def values(self) -> list[float]:
        """Its numbers."""
        return [cell.value for cell in self.cells]

    @property
    def finite(self) -> list[float]:
        """Its numbers without NaN and infinities."""
        return [value for value in self.values if math.isfinite(value)]

    @property
    def label(self) -> str:
        """What it is called."""
        return " ".join(self.first.name[-4:])


def masked(line: str) -> str:
    """A line without its numbers: lines of a template have the same.

    >>> masked("epoch 3:  loss 0.25") == masked("epoch 10: loss 0.7")
    True
    """
    found, at = [], 0
    for one in tokens_of(line[:LONGEST]):
        if one.kind != "word":
            found += [line[at : one.start], NUMBER if one.kind == "number" else f"<{one.kind}>"]
            at = one.end
    return re.sub(r"\s+", " ", "".join([*found, line[at:]])).strip()


def numbered_lines(lines: Sequence[str], templates: Sequence[str]) -> set[int]:
    """The lines of a template whose first number counts them: `1 2.30 0.11`, `2 2.29 0.12`, ..."""
    alike: dict[str, list[int]] = {}
    for at, template in enumerate(templates):
        if template.count(NUMBER) > 1:
            alike.setdefault(template, []).append(at)
    found: set[int] = set()
    for numbers in alike.values():
        firsts = [next(one.value for one in tokens_of(lines[at]) if one.kind == "number") for at in numbers]
        counting = all(math.isfinite(value) and value % 1 == 0 for value in firsts)
        if len(numbers) > 2 and counting and all(b > a for a, b in pairwise(firsts)):
            found |= set(numbers)
    return found


def cells_in(lines: Sequence[str], skipped: Sequence[bool]) -> Iterator[Cell]:
    """The cells of all lines but those that are skipped."""
    templates = ["" if skip or not line.strip() else masked(line) for line, skip in zip(lines, skipped, strict=True)]
    often = Counter(templates)
    numbered = numbered_lines(lines, templates)
    for at, template in enumerate(templates):
        if template:
            for cell in cells_of(at, lines[at][:LONGEST], repeated=often[template] > 1, numbered=at in numbered):
                yield replace(cell, column=cell.column or f"{cell.place} {template}")


def cells_of(number: int, line: str, *, repeated: bool, numbered: bool) -> list[Cell]:
    """The cells of one line; `repeated` ones are of a template with others, whose first number counts `numbered` ones."""
    tokens = [one for one in tokens_of(line) if one.kind != "escape"]
    at = [index for index, one in enumerate(tokens) if one.kind != "word"]
    prose = not repeated and len(re.findall(r"[a-zà-ÿ]{2,}", line)) >= 7
    suffixed = _suffixed(line, tokens, at)
    found: list[Cell] = []
    used: set[int] = set()  # tokens that name another number
    last: Cell | None = None
    open_words: list[str] = []  # words on the line that name no number alone
    for place, index in enumerate(at):
        token = tokens[index]
        begin = at[place - 1] if place else -1
        end = at[place + 1] if place + 1 < len(at) else len(tokens)
        start = tokens[begin].end if place else 0
        stop = tokens[end].start if end < len(tokens) else len(line)
        before_text, after_text = line[start : token.start], line[token.end : stop]
        clause = max((match.end() for match in CLAUSE_ENDS.finditer(before_text)), default=0) + start
        before = [one for one in tokens[begin + 1 : index] if id(one) not in used]
        names = [term for one in before if one.start >= clause for term in terms_of(one.text)]
        if token.kind != "number":
            last = None
            open_words += [term for one in before for term in terms_of(one.text)][:-1]
            continue
        attached = bool(re.search(r"[:=]\s*[\"'(\[]?\s*$", before_text))
        behind = _behind(line, token, tokens[index + 1 : end], end < len(tokens), attached, suffixed)
        words = [term for one in behind for term in terms_of(one.text)]
        split = split_of([term for one in tokens[:index] for term in terms_of(one.text)])
        if (on := ON.match(line, token.end)) and split_of([on[1].lower()]):
            split = split_of([on[1].lower()])
        cell = Cell(number, len(found), token.value, percent=token.percent, total=token.total, split=split)
        if place == 0 and numbered and means(names) not in MEASURED:
            used |= {id(one) for one in behind if means(terms_of(one.text)) == "step"}
            open_words += _but_steps(names)
            found.append(replace(cell, name=("step", *[name for name in names if name in EPOCHS])))
            last = found[-1]
            continue
        if _again(found, token, before_text):
            continue
        if last is not None and _next(last, token, before_text, after_text, line):
            counts = token.total is not None and means(last.name) == "step" and not prose and "epoch" not in last.name
            nameless = {"name": (), "around": ()} if counts else {}
            cell = replace(last, value=token.value, percent=token.percent or last.percent, total=token.total,
                           goes_on=True, place=len(found), **nameless)  # fmt: skip
        else:
            unit = bool(words) and token.value % 1 == 0 and not (attached or token.total or suffixed)
            unit = unit and bool({words[0]} & (kinds("step") | kinds("units")))
            if words and (unit or (means(words) and (suffixed or means(names) in ("", "step")))):
                used |= {id(one) for one in behind}
                open_words += names if unit else []
                names = [] if unit or suffixed or means(names) == "step" else names
                split = split_of(words) or split
            else:
                words = []
            if not attached and not repeated and (token.value % 1 or token.percent) and means(names) == "step":
                names = _but_steps(names)
            own = [name for name in names if name not in kinds("filler")]
            around = () if words or means(own) or (attached and not prose and set(own) - kinds("train") - kinds("heldout")) else open_words
            named = means(names, words)
            told = bool(names or words or around) and not repeated
            said = (prose and named not in MEASURED) or (not attached and (prose or told))
            wish = prose and bool(WISHES.search(_clause(line, token)))
            begun = prose and bool(BEGUN.search(line, 0, token.start))
            cell = replace(cell, name=tuple(names), behind=tuple(words), around=tuple(around), split=split, wish=wish,
                           said=said, place=-1 if begun else cell.place)  # fmt: skip
            open_words += _but_steps(names) if named in ("step", "other") else names
        found.append(cell)
        last = cell
    return _backward(_own_splits(found), repeated, numbered)


def _own_splits(cells: list[Cell]) -> list[Cell]:
    """Of `dice 0.9 val_dice 0.6` on one line, the first is not of held-out examples, whatever stands before it."""
    bare = [tuple(word for word in cell.name if not split_of([word])) for cell in cells]
    return [
        replace(cell, split="")
        if any(bare[at] == bare[other] == cell.name and split_of(cells[other].name) == cell.split != ""
               for other in range(len(cells)) if other != at and cell.name)
        else cell
        for at, cell in enumerate(cells)
    ]  # fmt: skip


def _but_steps(names: Sequence[str]) -> list[str]:
    """Names without what they count."""
    return [name for name in names if means([name]) not in ("step", "other")]


def _clause(line: str, token: Token) -> str:
    """What a number is said in: its clause, and a little of what follows."""
    before = re.split(r"[,;]|\bbut\b|\bwhen\b|\bwhile\b|[.!?]\s", line[: token.start])[-1]
    return (before + "0" + line[token.end : token.end + 12]).lower()


def _suffixed(line: str, tokens: Sequence[Token], at: Sequence[int]) -> bool:
    """Whether the names stand behind their numbers: `0.5 loss, 0.9 accuracy`."""
    numbers = [tokens[index] for index in at if tokens[index].kind == "number"]
    if not numbers:
        return False
    head = line[: numbers[0].start]
    if means(terms_of(head)) or re.search(r"[:=]\s*[\"'(\[]?\s*$", head):
        return False
    last = terms_of(re.split(r"[.:;!?](?:\s|$)", line[numbers[-1].end :])[0])[:3]
    first = terms_of(line[numbers[0].end : numbers[1].start if len(numbers) > 1 else len(line)])[:3]
    return means(last) in ("cost", "accuracy", "wrong") and bool(means(first))


def _behind(
    line: str, token: Token, words: Sequence[Token], more: bool, attached: bool, suffixed: bool
) -> list[Token]:
    """The words behind a number that belong to it: up to a separator, or its unit alone where another number follows."""
    if not words or line[token.end : words[0].start].strip(" %\"'"):
        return []
    stop = words[-1].end
    separator = SEPARATOR.search(line, token.end, stop + 2)
    until = separator.start() if separator else stop
    belong = [one for one in words if one.end <= until][:4]
    unit = [one for one in belong[:1] if set(terms_of(one.text)) & (kinds("step") | kinds("units"))]
    if unit and token.value % 1 == 0 and not attached and not suffixed:
        return unit
    if re.match(r"\s*[\"']?\s*[:=]", line[belong[-1].end :] if belong else ""):
        return []  # it names what follows
    if suffixed:
        return belong
    if attached and not token.percent:
        return []
    return belong if separator or not more else []


def _again(found: Sequence[Cell], token: Token, before: str) -> bool:
    """The same once more: `958/10000 (9.58 %)`."""
    counted = bool(found) and found[-1].total is not None
    return token.percent and counted and bool(re.fullmatch(r"\s*[(\[=,]\s*", before))


def _next(last: Cell, token: Token, before: str, after: str, line: str) -> bool:
    """One more of an enumeration: `958, 958, 890`."""
    if not GOES_ON.fullmatch(before):
        return False
    if not before.strip() and not re.search(r"\[[^\]]*$", line[: token.start]):
        return False
    if last.value % 1 and not last.total and (token.total or (token.percent and means(last.name) == "cost")):
        return False  # a count or a percentage behind a cost
    if means(last.name) == "cost" and means(terms_of(after)[:1]) in ("accuracy", "wrong"):
        return False  # `total cost 2642.1, 7356 right`
    return not (means(last.name) == "step" and token.value % 1 != 0)


def _backward(cells: list[Cell], repeated: bool, numbered: bool) -> list[Cell]:
    """What is said behind the last number of an enumeration holds for all of it: `958, 958, 890 of 10000`."""
    for index in range(len(cells) - 2, -1, -1):
        one, after = cells[index], cells[index + 1]
        counts = one.place == 0 and one.value % 1 == 0 and after.value % 1 != 0
        if not after.goes_on or (repeated and (numbered or counts)):
            continue
        if not one.total and (after.total or after.percent):
            cells[index] = replace(one, total=after.total, percent=after.percent)
        if not one.name:
            end = next((at for at in range(index + 1, len(cells)) if not cells[at].goes_on), len(cells))
            listed = f"list {one.line} {one.place}"
            cells[index:end] = [replace(cell, column=listed) for cell in cells[index:end]]
    return cells
