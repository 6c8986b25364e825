"""Templates: lines with their numbers masked. Those that have one in common are of a kind, and the first number of some
counts them."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from whynet.logs.columns import Cell
from whynet.logs.line import cells_of
from whynet.logs.tokens import tokens_of

NUMBER = "\0"  # what stands for a number where it is masked
LONGEST = 8_000  # characters of a line that is no list or table; what follows is no figure of a training


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
    return re.sub(r"[\s:]+", " ", "".join([*found, line[at:]])).strip()


def _numbered_lines(lines: Sequence[str], templates: Sequence[str]) -> set[int]:
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


def cells_in(lines: Sequence[str]) -> Iterator[Cell]:
    """The cells of all lines.

    >>> [one.value for one in cells_in(["1 2.30", "", "2 2.29"])]
    [1.0, 2.3, 2.0, 2.29]
    """
    templates = [masked(line) if line.strip() else "" for line in lines]
    often = Counter(templates)
    numbered = _numbered_lines(lines, templates)
    for at, template in enumerate(templates):
        if template:
            for cell in cells_of(at, lines[at][:LONGEST], repeated=often[template] > 1, numbered=at in numbered):
                yield replace(cell, column=cell.column or f"{cell.place} {template}")
