"""Beside: answers that are printed beside what they should be, and the outputs for XOR's four examples as a list."""

from __future__ import annotations

import re
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from whynet.logs.tokens import pattern

NUMBER = r"\[*\s*(-?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?)\s*\]*"
GAP = r"[^\d\n.+-]{0,40}"
OUT, TARGET = (f"(?:{pattern(name).pattern})" for name in ("output", "target"))
FORWARD = re.compile(rf"{OUT}{GAP}{NUMBER}[^\d\n]{{0,30}}?{TARGET}{GAP}{NUMBER}", re.I)
BACKWARD = re.compile(rf"{TARGET}{GAP}{NUMBER}[^\d\n]{{0,30}}?{OUT}{GAP}{NUMBER}", re.I)
ROW = re.compile(rf"^\s*(?:\d+[\s.:|,]+)?\|?\s*{NUMBER}[\s,|;]+{NUMBER}\s*\|?\s*$")
FOUR = re.compile(r"[\[(]{1,2}\s*((?:-?\d*\.?\d+(?:e-?\d+)?[\s,\[\]]+){3}-?\d*\.?\d+(?:e-?\d+)?)\s*[\])]{1,2}")
XOR = (0.0, 1.0, 1.0, 0.0)  # of its four examples, what they should be
FEWEST = 3  # pairs
ALIKE = 0.02  # of the spread of the targets: outputs that differ by less are one answer
NEAR = 0.4  # so near its target an output is right


@dataclass(frozen=True)
class Beside:
    """Outputs and what they should be.

    >>> found = Beside((0.1, 0.9, 0.8), (0.0, 1.0, 0.0))
    >>> round(found.right, 2), found.alike
    (0.67, False)
    """

    outputs: tuple[float, ...]
    targets: tuple[float, ...]

    @property
    def two_classes(self) -> bool:
        """Whether the targets are 0 and 1, or -1 and 1."""
        return set(self.targets) in ({0.0, 1.0}, {-1.0, 1.0})

    @property
    def squared(self) -> float:
        """The mean squared error."""
        return statistics.fmean((out - target) ** 2 for out, target in zip(self.outputs, self.targets, strict=True))

    @property
    def right(self) -> float:
        """The share that is near its target, one half for those in the middle; of numbers, R2."""
        if self.two_classes:
            width = max(self.targets) - min(self.targets)
            off = [abs(out - target) / width for out, target in zip(self.outputs, self.targets, strict=True)]
            return statistics.fmean(1.0 if one < NEAR else 0.5 if one < 1 - NEAR else 0.0 for one in off)
        return max(0.0, 1 - self.squared / max(statistics.pvariance(self.targets), 1e-12))

    @property
    def alike(self) -> bool:
        """Whether all outputs are nearly the same where the targets differ."""
        spread = max(self.targets) - min(self.targets)
        return spread > 0 and max(self.outputs) - min(self.outputs) <= ALIKE * spread


def beside_in(lines: list[str], words: frozenset[str]) -> tuple[Beside | None, tuple[float, ...]]:
    """The outputs beside their targets, and of lists of XOR's four outputs the squared error of each; lines that hold
    them are emptied.

    >>> lines = ["predicted 0.43 target 1", "predicted 0.41 target 0", "predicted 0.44 target 1"]
    >>> beside_in(lines, frozenset())[0].outputs, lines
    ((0.43, 0.41, 0.44), ['', '', ''])
    """
    found = [*_by_line(lines), *_by_rows(lines)]
    if len(found) < FEWEST or len({target for _, _, target in found}) < 2:
        return _lists_of_four(lines, words)
    for number, _, _ in found:
        lines[number] = ""
    return Beside(tuple(out for _, out, _ in found), tuple(target for _, _, target in found)), ()


def _by_line(lines: Sequence[str]) -> Iterator[tuple[int, float, float]]:
    for number, line in enumerate(lines):
        if match := FORWARD.search(line[:300]):
            yield number, float(match[1]), float(match[2])
        elif match := BACKWARD.search(line[:300]):
            yield number, float(match[2]), float(match[1])


def _by_rows(lines: Sequence[str]) -> Iterator[tuple[int, float, float]]:
    """Two columns under a line that names both."""
    for start, line in enumerate(lines):
        out, target = re.search(OUT, line, re.I), re.search(TARGET, line, re.I)
        if not out or not target or len(line) > 80 or re.search(r"\d|\b(?:loss|cost|epoch|acc\w*)\b", line, re.I):
            continue
        for number in range(start + 1, len(lines)):
            match = ROW.match(lines[number])
            if not match:
                if lines[number].strip(" -|+="):
                    break
                continue
            first, second = float(match[1]), float(match[2])
            yield (number, first, second) if out.start() < target.start() else (number, second, first)


def _lists_of_four(lines: list[str], words: frozenset[str]) -> tuple[Beside | None, tuple[float, ...]]:
    """Outputs for XOR's four examples, list by list: the last, and the squared error of each."""
    if "xor" not in words:
        return None, ()
    rows: list[tuple[float, ...]] = []
    for number, line in enumerate(lines):
        match = FOUR.search(line[:300])
        values = tuple(float(one) for one in re.findall(r"-?\d*\.?\d+(?:e-?\d+)?", match[1])) if match else ()
        if len(values) == 4 and any(value % 1 for value in values) and all(-0.5 <= value <= 1.5 for value in values):
            rows.append(values)
            lines[number] = ""
    if not rows:
        return None, ()
    course = [Beside(row, XOR) for row in rows]
    return course[-1], tuple(one.squared for one in course)
