"""A number as somebody wrote it: "0.45", "0,45", "87 percent", "958 of 10,000", "stuck at a loss of 2.3". Needs no
NumPy."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from whynet.errors import UsageError

PLAIN = r"[+-]?(?:\d[\d,._]*\d|\d|[.,]\d+)\.?(?:[eE][+-]?\d+)?"
SAID = re.compile(
    rf"(?P<before>[^\d%]*?)(?P<number>{PLAIN})\s*(?:(?P<percent>%|percent\b|per\s+cent\b|pct\b)"
    rf"|(?:of|/|out\s+of|from)\s*(?P<total>\d[\d,._]*))?(?P<after>[^\d%]*)",
    re.IGNORECASE,
)
COSTS = r"loss|cost|error|mse|rmse|entropy|perplexity|objective"
SHARES = r"acc|accuracy|right|correct|score|precision"
BEFORE = (
    rf"(?:{COSTS}|{SHARES}|\b(?:stuck|flat|stays?|stops?|at|an?|the|my|is|of|val|validation|train|training|test|about|"
    r"near|around|approximately)\b|[\s:=~≈_.,-])*"
)
AFTER = rf"(?:{COSTS}|{SHARES}|\b(?:images|answers|on|the|test|validation|training|set)\b|[\s_.!?])*"


@dataclass(frozen=True)
class Numeral:
    """A number as it was written: `precision` is half a unit of its last place; `kind` is "cost" or "share" where it
    was called so.

    >>> next(numerals("loss: 0.25"))
    Numeral(value=0.25, precision=0.005, digits=2, percent=False, total=None, kind='cost')
    """

    value: float
    precision: float
    digits: int
    percent: bool = False
    total: int | None = None
    kind: str = ""


def numerals(text: str) -> Iterator[Numeral]:
    """What a text can mean as one number, the likelier first: "2,303" is two thousand, or else 2.303.

    >>> [one.value for one in numerals("0,45")], [one.value for one in numerals("2,303")]
    ([0.45], [2303.0, 2.303])
    >>> [(one.value, one.kind) for one in numerals("stuck at a loss of 2.3")], next(numerals("87 percent")).percent
    ([(2.3, 'cost')], True)

    Raises
    ------
    UsageError
        It is no number, or too large to be a cost, an accuracy or a count.
    """
    said = SAID.fullmatch(text.strip())
    known = said is not None and all(
        re.fullmatch(words, said[where], re.I) for words, where in ((BEFORE, "before"), (AFTER, "after"))
    )
    if said is None or not known:
        raise UsageError(
            f"'{text}' is no number", expected="a cost, an accuracy or a count", do="Try 0.45, 11.35% or '958 of 10000'"
        )
    around = f"{said['before']} {said['after']}"
    kind = "cost" if re.search(COSTS, around, re.I) else "share" if re.search(SHARES, around, re.I) else ""
    for written in _spellings(said["number"], text):
        yield _numeral(written, said, text, kind)


def _spellings(written: str, text: str) -> list[str]:
    """The same with a point before its decimals, and nothing between its thousands."""
    plain = written.replace("_", "")
    mantissa, exponent = re.fullmatch(r"(.*?)((?:[eE].*)?)", plain).groups()  # type: ignore[union-attr]
    thousands = r"[+-]?[1-9]\d{0,2}(?:%s\d{3})+"
    if re.fullmatch(thousands % "," + r"(?:\.\d*)?", mantissa):
        grouped = mantissa.replace(",", "") + exponent
        ambiguous = mantissa.count(",") == 1 and "." not in mantissa
        return [grouped, mantissa.replace(",", ".") + exponent] if ambiguous else [grouped]
    if re.fullmatch(thousands % r"\." + r",\d+", mantissa):
        return [mantissa.replace(".", "").replace(",", ".") + exponent]
    if re.fullmatch(r"[+-]?\d*,\d+", mantissa):
        return [mantissa.replace(",", ".") + exponent]
    if re.fullmatch(r"[+-]?(?:\d+\.?\d*|\.\d+)", mantissa):
        return [plain]
    raise UsageError(f"'{text}' is no number", expected="digits with one point, or one comma, before the decimals")


def _numeral(digits: str, said: re.Match[str], text: str, kind: str) -> Numeral:
    value = float(digits)
    if not value < 1e15 or len(digits) > 40:
        raise UsageError(f"'{text}' is too large to be a cost, an accuracy or a count", expected="a number below 1e15")
    mantissa, _, exponent = digits.lower().partition("e")
    places = len(mantissa.partition(".")[2]) - int(exponent or 0)
    significant = len(mantissa.replace(".", "").lstrip("+-0"))
    if said["total"]:
        total = int(re.sub(r"[,._]", "", said["total"]))
        if not 0 <= value <= total or total == 0:
            raise UsageError(f"'{text}' is no count", expected=f"0 to {total:,} of {total:,}", found=digits)
        return Numeral(value, 0.5 * 10**-places, significant, total=total)
    if said["percent"]:
        return Numeral(value / 100, 0.5 * 10 ** -(places + 2), significant, percent=True)
    return Numeral(value, 0.5 * 10**-places, significant, kind=kind)
