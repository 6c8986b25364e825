"""Tokens: a text as people paste it -> lines of typed tokens. What holds digits and is no figure of a training (a time,
a size, a version) keeps its place and its kind; `tokens.toml` lists them."""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Sequence
from functools import cache, lru_cache
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

LARGEST = 1e150  # larger costs are cut off here: they have diverged, and their squares must be numbers
LONG = 12_000  # characters of a line
LARGE = 75_000  # characters of a text
AS_MUCH = 60  # of one character, or of digits, in a row: more of them say no more
SAME = re.compile(rf"([^\w\n])\1{{{AS_MUCH},}}|\d{{{AS_MUCH},}}")
HEAD = re.compile(
    r'\s*[A-Za-z_"][\w./%@()"-]*(?: [A-Za-z%(][\w./%()"-]*){0,3}'
    r'(?:,\s*[A-Za-z_"][\w./%@()"-]*(?: [A-Za-z%(][\w./%()"-]*){0,3})+\s*'
)  # of a table
MANY = 200  # lines that differ in their numbers only: so many of them tell as much as all
VARYING = str.maketrans(
    "", "", "0123456789.,+-eE=>#:% \t█▉▊▋▌▍▎▏━╸╺"
)  # what differs between drawings of a progress bar
VALUE = r"(?i:[-+]?(?:nan|inf(?:inity)?)\b|[-+]?1\.#\w+|[-+]?(?:\d[\d_]*\.?\d*|\.\d+)(?:e[-+]?\d+)?)"  # a number
WORDY = re.compile(r"(?:\b[^\W\d_]{2,}\b[,;()'\"-]{0,2} [('\"]?){5}")  # five words in a row: a sentence
OF = re.compile(
    r"((?:\s+[^\W\d]+){0,2})\s*(?:/|\b(?:out of|of|from|sur|de|su|di|von|van|av|z|em|из)\b)\s*(?:the\s+)?", re.I
)
CHAIN = re.compile(r"\s*/\s*\d")
CHAINED = re.compile(r"\d\s*/\s*$")


class Token(NamedTuple):
    """A word, a number, or what holds digits and is none.

    >>> [(one.kind, one.text) for one in tokens_of("epoch 3: 2.1s loss nan")]
    [('word', 'epoch'), ('number', '3'), ('size', '2.1s'), ('word', 'loss'), ('number', 'nan')]
    """

    kind: str
    text: str
    start: int
    end: int
    value: float = math.nan
    percent: bool = False
    total: int | None = None
    """Of how many, as in `958 / 10000`."""


@cache
def table() -> dict[str, dict[str, Any]]:
    """The table of tokens: `markup` that is rewritten, `kinds` of tokens, and `patterns` of words.

    >>> list(table())
    ['markup', 'kinds', 'patterns']
    """
    return tomllib.loads(Path(__file__).with_name("tokens.toml").read_text("utf-8"))


@cache
def pattern(name: str) -> re.Pattern[str]:
    """What words say of numbers, by name, in letters of either case.

    >>> bool(pattern("wish").search("it should reach 98 %"))
    True
    """
    return re.compile("|".join(table()["patterns"][name]), re.I)


@cache
def _patterns() -> tuple[re.Pattern[str], tuple[tuple[re.Pattern[str], str], ...]]:
    kinds = re.compile("|".join(f"(?P<{name}>{pattern})" for name, pattern in table()["kinds"].items()))
    return kinds, tuple((re.compile(pattern), instead) for pattern, instead in table()["markup"].items())


@lru_cache(2048)
def tokens_of(line: str) -> tuple[Token, ...]:
    """The tokens of a line; that of which a number is a part, as in `958 / 10000`, is no number by itself.

    >>> tokens_of("958 / 10000 right")[0].total
    10000
    """
    found: list[Token] = []
    for match in _patterns()[0].finditer(line):
        kind = match.lastgroup or ""
        if kind != "number":
            found.append(Token(kind, match[0], match.start(), match.end()))
            continue
        one = Token("number", match[0], *match.span(), value_of(match["value"]), "%" in match["percent"])
        before = next((other for other in reversed(found[-3:]) if other.kind == "number"), None)
        if (
            before is not None
            and before.total is None
            and not before.percent
            and 0 < one.value == one.value // 1 < 1e12
        ):
            of = OF.fullmatch(line, before.end, one.start)
            if of and "/" in of[0] and (CHAIN.match(line, one.end) or CHAINED.search(line, 0, before.start)):
                of = None  # `270 / 450 / 650`
            if of and (not of[1].strip() or one.value >= 100):
                at = found.index(before)
                found[at:] = [before._replace(total=int(one.value), end=one.end)]
                continue
        found.append(one)
    return tuple(found)


def value_of(text: str) -> float:
    """The value of a number as programs write it.

    >>> value_of("60_000"), value_of("-1.#IND"), value_of("-inf")
    (60000.0, nan, -inf)
    """
    if re.search(r"nan|IND", text, re.I):
        return math.nan
    if re.search(r"inf|∞|#", text, re.I):
        return -math.inf if text.startswith("-") else math.inf
    value = float(text.replace("_", ""))
    return value if abs(value) < LARGEST else math.copysign(LARGEST, value)


def terms_of(label: str) -> list[str]:
    """The words of a label, in small letters.

    >>> terms_of("trainLoss/epoch_3"), terms_of("1.2e-05 f1")
    (['train', 'loss', 'epoch'], ['f1'])
    """
    return re.findall(r"(?<!\d)[^\W\d_]+\d?(?![^\W\d_])", spaced(label).lower())


def spaced(label: str) -> str:
    """A label with spaces between its words.

    >>> spaced("valLoss"), spaced("val_loss")
    ('val Loss', 'val loss')
    """
    return re.sub(r"(?<=[a-zà-ÿ]{2})(?=[A-Z])", " ", label).replace("_", " ")


def lines_of(text: str) -> list[str]:
    """The lines of a text, without markup, and with numbers as Python writes them.

    >>> lines_of("cost 0,45\\ncost 0,44")
    ['cost 0.45', 'cost 0.44']
    """
    text = _joined(text.replace("\r\n", "\n"))
    for pattern, instead in _patterns()[1]:
        text = pattern.sub(instead, text)
    return _with_decimal_points(text).split("\n")


def _joined(text: str) -> str:
    """The lines of a sentence that was wrapped, on one line."""
    lines: list[str] = []
    for line in text.split("\n"):
        before = lines[-1] if lines else ""
        long = len(before) > 60 and _shape(line) != _shape(before)
        wrapped = long and not re.search(r"[.!?:;|]\s*$", before) and re.match(r"[a-z0-9(]", line)
        if wrapped and WORDY.search(before) and WORDY.search(line):
            lines[-1] = f"{before} {line}"
        else:
            lines.append(line)
    return "\n".join(lines)


def _shape(line: str) -> str:
    """A line without its numbers: rows of figures have one shape."""
    return re.sub(r"[\d.]+", "0", line)


def _with_decimal_points(text: str) -> str:
    """Decimal commas become points where the text has no others; commas between thousands go."""
    commas = re.findall(r"(?<![\d.,\[(])\d{1,6},(?!\d{3}(?!\d))\d+(?![\d.]|,\d)|(?<![\d.,])0,\d+(?![\d.]|,\d)", text)
    points = re.findall(r"(?<![\w.,])\d+\.\d+", text)
    if any(HEAD.fullmatch(line) for line in text.split("\n")):
        return text  # a table whose cells commas part
    if len(commas) > 2 * len(points):
        return re.sub(r"(?<=\d),(?=\d)", ".", re.sub(r"(?<=\d)\.(?=\d{3}(?!\d))", "", text))
    return re.sub(r"(?<![\d.,\[:])\d{1,3}(?:,\d{3})+(?![\d,]|\.\d{4})", lambda match: match[0].replace(",", ""), text)


def thinned(text: str) -> str:
    """A text of a length that can be read at once: of lines that differ in their numbers only, some two hundred; the
    beginning and the end of a text that stays very long.

    >>> len(thinned("loss 0.5\\n" * 10_000).split("\\n")) < 300
    True
    """
    text = SAME.sub(lambda match: match[0][:AS_MUCH], text)
    lines = [_shortened(line) for line in re.split(r"[\n\r\x08\x0b\x0c]+" if len(text) > 100_000 else r"\n", text)]
    if len(lines) > MANY:
        kept: list[str] = []
        for _, run in groupby(lines, key=lambda line: line.translate(VARYING)):
            kept += _some(list(run))
        lines = kept
    if sum(map(len, lines)) > LARGE:  # lines of several kinds in turn
        kinds: dict[str, list[int]] = {}
        for number, line in enumerate(lines):
            kinds.setdefault(line.translate(VARYING), []).append(number)
        lines = [lines[number] for number in sorted(number for kind in kinds.values() for number in _some(kind))]
    text = "\n".join(lines)
    return text if len(text) <= 2 * LARGE else f"{text[:LARGE]}\n{text[-LARGE:]}"


def _some(alike: Sequence[Any]) -> list[Any]:
    """So many of them that tell as much as all: the last is one of them."""
    every = max(1, len(alike) // MANY)
    return [*alike[:-1:every], alike[-1]]


def _shortened(line: str) -> str:
    """A line of at most about `LONG` characters: of lists, some of the numbers; of other text, begin and end."""
    if len(line) <= LONG:
        return line
    for separator in (",", " "):
        items = line.split(separator)
        every = len(items) * 6 // LONG + 1
        kept = [item for at, item in enumerate(items) if at % every == 0 or re.search(r"[A-Za-z\[\]{}]", item)]
        short = separator.join([*kept, items[-1]])
        if len(items) > len(line) / 40 and len(short) < 3 * LONG:
            return short
    return f"{line[: LONG // 2]} {line[-LONG // 2 :]}"
