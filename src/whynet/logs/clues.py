"""Clues: settings that a text names beside its figures, and which causes they speak for or clear.

Only what is bad by itself speaks for a cause (a rate of a millionth, pixels up to 255); a usual setting says nothing,
or clears what needs another one. The thresholds are wide: what some sound network has is no clue.
"""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

from whynet.logs.languages import in_english

ANY = "broken still gap undertrained"
LONGEST = 50_000  # characters at the beginning, and at the end, of a text that are looked at
LINE = 2_000  # characters of a line that are looked at
FIGURES = 15  # lines of figures alone, one after another, that are looked at
NEAR = r"(?:[^.!?\n]|\.(?=\w)|\n(?!\s*\n)){0,60}?"  # between words that say something together, in one sentence
WORD = re.compile(r"[^\W\d_]{2}")
ANSWERS = re.compile(r"pred|answer|output|guess", re.I)


@cache
def table() -> dict[str, Any]:
    """The table of what settings mean.

    >>> table()["states"]["gap"]
    'overfits bad-data'
    """
    return tomllib.loads(Path(__file__).with_name("clues.toml").read_text("utf-8"))


@cache
def states_of(names: str) -> tuple[str, ...]:
    """The states that go by these names: of groups, or their own.

    >>> states_of("gap healthy")
    ('overfits', 'bad-data', 'healthy')
    """
    groups = table()["states"]
    return tuple(dict.fromkeys(state for name in names.split() for state in groups.get(name, name).split()))


@cache
def shape(name: str) -> re.Pattern[str]:
    """A pattern of several numbers that say something together.

    >>> shape("sizes").search("a 784-30-10 network")["sizes"]
    '784-30-10'
    """
    return re.compile("|".join(table()["shapes"][name]), re.I | re.M)


@cache
def rows() -> tuple[dict[str, Any], ...]:
    """The rows of the table, with their parts filled in.

    >>> rows()[0]["speaks"]
    'lr-too-low'
    """

    def filled(text: str) -> str:
        for name, part in reversed(table()["parts"].items()):  # a part may hold those above it
            text = text.replace(f"{{{name}}}", part)
        return text

    def places(row: Mapping[str, Any]) -> str:
        near = row.get("near", ())
        both = [f"(?:{one}){NEAR}(?:{other})" for one, other in ((near, near[::-1]) if near else ())]
        return filled("|".join([*row.get("at", ()), *both]))

    return tuple(
        {name: filled(value) if isinstance(value, str) else value for name, value in row.items()} | {"at": places(row)}
        for row in table()["clues"]["rows"]
    )


def found_by(row: Mapping[str, Any], text: str) -> str:
    """The words of a text that a row speaks of; nothing where there are none.

    A number in its pattern has to lie within the limits wherever it is found; of one that is let down line by line, as
    a rate is, the first counts.

    >>> row = {"at": r"\\beta = (\\d+)", "least": 5}
    >>> found_by(row, "eta = 75, batch 10"), found_by(row, "eta = 3"), found_by(row, "eta = 6\\neta = 3\\neta = 0")
    ('eta = 75', '', 'eta = 6')
    """
    only, never = row.get("only"), row.get("never")
    if (only and not re.search(only, text, re.I)) or (never and re.search(never, text, re.I)):
        return ""
    matches = list(re.finditer(row["at"], text, re.I | re.M))
    if "least" in row:
        numbers = [float(one.replace(",", ".")) for match in matches for one in match.groups() if one]
        lines = {text.count("\n", 0, match.start()) for match in matches}
        if len(lines) > 2 and all(b <= a for a, b in pairwise(numbers)):
            numbers = numbers[:1]
        if not all(row["least"] <= one <= row.get("most", math.inf) for one in numbers):
            return ""
    return " ".join(matches[0][0].split())[:70] if matches else ""


@dataclass(frozen=True)
class Said:
    """Words of a text that speak for causes, in some states, and clear others.

    >>> Said("shuffle=True", clears=("not-shuffled",)).speaks
    ()
    """

    words: str
    speaks: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    clears: tuple[str, ...] = ()
    hints: tuple[str, ...] = ()
    """What they speak for as well, but less."""


def said_by(row: Mapping[str, str], words: str) -> Said:
    """What a row of the table says of the words that it was found in.

    >>> said_by({"speaks": "dead-relu", "in": "gap"}, "relu").states
    ('overfits', 'bad-data')
    """
    speaks, clears, hints = (tuple(row.get(which, "").split()) for which in ("speaks", "clears", "hints"))
    return Said(words, speaks, states_of(row.get("in", ANY)), clears, hints)


def clues_in(text: str) -> list[Said]:
    """What the text says of the network, its data and its settings.

    >>> clues_in("lr = 1e-6, but the loss stays")[0].speaks
    ('lr-too-low',)
    >>> clues_in("784-30-10, learning rate 0.1, epoch 1 loss 2.30")[0].clears
    ('bottleneck', 'vanishing-gradients', 'too-deep')
    """
    text = in_english(text if len(text) < 2 * LONGEST else text[:LONGEST] + "\n" + text[-LONGEST:])
    text = "\n".join(line[:LINE] for line in _with_words(text.split("\n")))
    said = [said_by(row, words) for row in rows() if (words := found_by(row, text))]
    return said + _gradients(text) + _compared(text) + _frozen(text) + _shares(text) + _sizes(text)


def _with_words(lines: Sequence[str]) -> Iterator[str]:
    """The lines, without those of figures alone but for the first in a row: settings are told in words."""
    wordless = 0
    for line in lines:
        wordless = 0 if WORD.search(line) else wordless + 1
        if wordless <= FIGURES:
            yield line


def clues_in_rates(rates: Sequence[float]) -> list[Said]:
    """What learning rates say that were printed along with the figures.

    >>> clues_in_rates([0.1, 0.001, 1e-5, 1e-7])[0].speaks
    ('schedule-exhausted',)
    """
    if len(rates) < 3 or rates[(len(rates) - 1) // 2] > 0.02 * max(rates[0], 1e-9):
        return []
    words = f"its rate goes from {rates[0]:g} to {rates[(len(rates) - 1) // 2]:g} in the first half"
    return [Said(words, ("schedule-exhausted",), states_of("not-learning overfits"), ("lr-too-high",), ("lr-too-low",))]


def _compared(text: str) -> list[Said]:
    """A table of gradients, numeric ones beside those of backpropagation, each with the name of its array."""
    off: dict[str, list[float]] = {}
    if not re.search(r"\bnum\w*\b[^\n]{0,40}\b(?:backprop|analytic|grad|bp|mine|ours)\w*|"
                     r"\b(?:backprop|analytic|grad|bp|mine)\w*[^\n]{0,40}\bnum", text, re.I):  # fmt: skip
        return []
    for name, one, other in shape("compared").findall(text):
        first, second = float(one), float(other)
        off.setdefault(name, []).append(abs(first - second) / max(abs(first), abs(second), 1e-12))
    wrong = [name for name, ratios in off.items() if max(ratios) > 0.01]
    if sum(map(len, off.values())) < 3:
        return []
    if not wrong:
        return [Said("its table of gradients", clears=(*table()["parts"]["BACKPROP"].split(), "bias-not-updated"))]
    words = f"its gradients of {', '.join(wrong)} differ"
    return [
        Said(words, ("gradient-missing-derivative", "gradient-wrong-derivative", "gradient-wrong-term"), states_of(ANY))
    ]


def _gradients(text: str) -> list[Said]:
    """Sizes of the layers' gradients that differ by a factor of a thousand: `fc1.weight.grad.norm() = 1.37e-05`."""
    sizes = [float(size) for size in shape("gradients").findall(text)]
    if len(sizes) < 3 or min(sizes) <= 0 or max(sizes) < 1000 * min(sizes) or sizes.index(min(sizes)) > len(sizes) // 2:
        return []
    return [
        Said(f"gradients from {min(sizes):g} to {max(sizes):g}", ("vanishing-gradients", "too-deep"), states_of("slow"))
    ]


def _frozen(text: str) -> list[Said]:
    """Sizes of weights that stay the same in every print while others change: `|W1|=3.98  |W2|=4.84`."""
    found: dict[str, set[str]] = {}
    for name, value in shape("norms").findall(text):
        found.setdefault(name.lower(), set()).add(value)
    often = [name for name in found if len(re.findall(re.escape(name), text, re.I)) > 3]
    still = [name for name in often if len(found[name]) == 1]
    if not still or not any(len(found[name]) > 3 for name in often):
        return []
    return [
        Said(f"{still[0]} is always {min(found[still[0]])}", ("layer-not-updated",), states_of("not-learning overfits"))
    ]


def _shares(text: str) -> list[Said]:
    """How many examples each class has."""
    said = []
    for match in (*shape("counts").finditer(text), *shape("value counts").finditer(text)):
        line = text[text.rfind("\n", 0, match.start()) + 1 : match.start()]
        counts = [int(count) for count in re.findall(r"(?:: |, |[ \t])(\d+)[ \t]*(?=$|[,)\n])", match["counts"])]
        if ANSWERS.search(line) or len(counts) < 2:
            continue
        words = " ".join(match[0].split())[:70]
        if len(counts) > 2 and 2.5 * min(counts) < max(counts) <= 7 * min(counts):
            said.append(Said(words, states=states_of("still gap"), hints=("class-imbalance",)))
        elif max(counts) > 7 * min(counts):
            said.append(Said(words, ("class-imbalance",), states_of("still gap undertrained")))
        elif max(counts) < 2 * min(counts):
            said.append(Said(words, clears=("class-imbalance",)))
    return said


def layers_in(text: str) -> Iterator[tuple[str, list[int]]]:
    """The sizes of layers that a text names, each with its words.

    >>> list(layers_in("a 784-30-10 network"))
    [('784-30-10', [784, 30, 10])]
    """
    for match in shape("sizes").finditer(text):
        sizes = [int(size) for size in re.findall(r"\d+", match["sizes"] or match["listed"])]
        dated = sizes[0] in range(1990, 2040)
        if len(sizes) > 2 and not dated and sorted(sizes) != list(range(min(sizes), max(sizes) + 1)):
            yield " ".join(match[0].split()), sizes


def _sizes(text: str) -> list[Said]:
    """How many layers there are, and how wide the narrowest hidden one is."""
    said = []
    for words, sizes in layers_in(text):
        hidden = sizes[1:-1]
        said += _hidden(words, min(hidden), len(hidden), sizes[0] < 4)
    for match in shape("hidden").finditer(text):
        said += _hidden(" ".join(match[0].split()), int(match[1] or match[2]), 0, bool(re.search("xor", text, re.I)))
    for match in shape("layers").finditer(text):
        said += _hidden(match[0], 0, int(match[1]), False)
    return said


def _hidden(words: str, width: int, layers: int, tiny: bool) -> list[Said]:
    speaks: tuple[str, ...] = ()
    clears: tuple[str, ...] = ()
    if tiny and 0 < width < 4:
        speaks = ("capacity-minimal",)
    elif not tiny and 0 < width < 5:
        speaks = ("bottleneck",)
    elif width > 9:
        clears = ("bottleneck",)
    if layers > 4:
        return [Said(words, ("vanishing-gradients", "too-deep", *speaks), states_of("slow"), clears)]
    if layers in (1, 2):
        clears += ("vanishing-gradients", "too-deep")
    return [Said(words, speaks, states_of("still undertrained"), clears)] if speaks or clears else []
