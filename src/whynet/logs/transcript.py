"""Transcript: what a program printed while it trained, as people paste it, read as series of numbers.

Nothing here knows a particular library. `tables` and `templates` find the numbers and the words beside them, captions
and headings above them say more; `series` puts those of a kind together. Program text is not read.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from whynet.doctor.diagnosis import Series
from whynet.logs.answers import PAIR, Answers, answers_in
from whynet.logs.beside import Beside, beside_in
from whynet.logs.clues import layers_in
from whynet.logs.columns import Cell
from whynet.logs.languages import in_english
from whynet.logs.line import EPOCHS
from whynet.logs.program import without_program
from whynet.logs.roles import is_measured, means, split_of
from whynet.logs.series import series_of
from whynet.logs.tables import lists_in, tables_in, under_captions, under_headings
from whynet.logs.templates import cells_in
from whynet.logs.tokens import lines_of, pattern, spaced, terms_of, thinned


@dataclass(frozen=True)
class Transcript:
    """What was read: one tuple of series for every training in the text, and the words beside the numbers.

    >>> read("epoch 1 loss 0.70 acc 0.5\\nepoch 2 loss 0.69 acc 0.5").runs[-1][0].values
    (0.7, 0.69)
    """

    runs: tuple[tuple[Series, ...], ...]
    words: frozenset[str] = field(default_factory=frozenset)
    epochs: int | None = None
    """The number of the last epoch of the last training."""
    answers: Answers = Answers()
    classes: int | None = None
    """How many classes there are, if the text says so."""
    rates: tuple[float, ...] = ()
    """The learning rates that were printed along with the figures."""


def read(text: str) -> Transcript:
    """The series of numbers in a text.

    >>> series = read("Iteration 1, loss = 2.31\\nIteration 2, loss = 2.30").runs[0][0]
    >>> series.what, series.values
    ('cost', (2.31, 2.3))
    >>> read("958, 958, 890 of 10000").runs[0][0].values
    (0.0958, 0.0958, 0.089)
    """
    text = in_english(thinned(text))
    words = frozenset(re.findall(r"[^\W\d_]+", spaced(text).lower()))
    if re.search(r"\b(?:cost|loss|error|mean|sum)\b[^\n]*(?:\^|\*\*)\s?2\b", text):
        words |= {"squared"}
    words |= {"r2"} if pattern("r squared").search(text) else set()
    words |= {"mnist"} if "784" in re.findall(r"(?<![\d.])\d+(?![\d.])", text) else set()
    if pattern("learned").search(text):
        words -= {"xor"}  # that is another network's, or it is said for comparison
    lines = lines_of(text)
    answers = answers_in(lines)
    xor = answers.beside
    if xor or {"00", "01", "10", "11"} <= {"".join(pair) for pair in PAIR.findall(text)}:
        words |= {"xor"}  # the four examples, by their inputs
    beside, squares = (xor, ()) if xor else beside_in(lines, words)
    if beside is not None and not xor:
        words |= {"binary" if beside.two_classes else "r2"}
        answers = replace(answers, same=answers.same or beside.alike)
    cells = [*lists_in(lines), *tables_in(lines)]
    cells += cells_in(without_program(lines))
    cells.sort(key=lambda cell: (cell.line, cell.place))
    unseen = {cell.value for cell in cells if cell.name[-1:] in (("f1",), ("recall",)) and "auc" not in cell.name}
    if unseen == {0.0}:  # of two classes one is never answered
        answers = replace(answers, answered=(1.0, 0.0))
    cells = under_captions(lines, under_headings(lines, cells))
    rows: dict[str, int] = {split_of([name.lower()]): int(count) for count, name in pattern("rows").findall(text)}
    counts = {int(count) for count in pattern("all rows").findall(text)}
    rows.update({"": counts.pop()} if len(counts) == 1 else {})
    runs = [run for run in (tuple(series_of(part, rows)) for part in _trainings(cells)) if run]
    told = [run for run in runs if not all(series.said for series in run)]
    runs = told or runs  # not the sentences before, between and after the figures of a training
    runs[-1:] = [_with_answers(runs[-1] if runs else (), answers, beside, squares)]
    runs = [_plain(run) for run in runs if run]
    if runs and _is_a_share(runs[-1], _class_shares(text)):
        answers = replace(answers, same=True)
    epochs = [int(one.value) for one in cells if _counts_epochs(one) and 0 <= one.value < 1e7]
    rates = tuple(cell.value for cell in cells if not cell.prose and {"lr", "rate"} & set(cell.name[-2:]))
    return Transcript(tuple(runs), words, epochs[-1] if epochs else None, answers, _classes(text), rates)


def _class_shares(text: str) -> list[float]:
    """The shares of classes that a text tells: `93 % of the rows are negative`; not those of right answers."""
    sentences = (sentence[:300] for sentence in re.split(r"[;,\n]|\.\s", text))
    told = ((sentence, match) for sentence in sentences if (match := pattern("share").search(sentence)))
    found = [float(match[2] or float(match[1]) / 100) for sentence, match in told
             if match[2] or not is_measured(terms_of(sentence))]  # fmt: skip
    return [share for share in found if 0.5 < share < 1]


def _is_a_share(run: Sequence[Series], shares: Sequence[float]) -> bool:
    """Whether an accuracy stays at the share of a class: that class is all that is answered."""
    last = [value for one in run if one.what == "accuracy" for value in one.finite[-3:]]
    return bool(last) and any(max(abs(value - share) for value in last) < 0.006 for share in shares)


def _classes(text: str) -> int | None:
    """How many classes there are, if the text says so, or how many outputs; one output tells two classes apart."""
    if counted := pattern("classes").search(text):
        number = int(next(filter(None, counted.groups())))
        return number if number > 1 else None
    if pattern("two classes").search(text):
        return 2
    told = [int(number) for number in pattern("outputs").findall(text)]
    outputs = told or [sizes[-1] for _, sizes in layers_in(text)]
    return max(2, outputs[-1]) if outputs and 0 < outputs[-1] <= 1000 else None


def _with_answers(
    run: tuple[Series, ...], answers: Answers, beside: Beside | None, squares: tuple[float, ...]
) -> tuple[Series, ...]:
    """The series of a training, and what recalls and outputs tell where it has no cost or no accuracy."""
    printed = {series.what for series in run}
    found = []
    if "cost" not in printed and beside:
        found.append(Series("outputs", "cost", "", squares or (beside.squared,), said=not squares))
    if "accuracy" not in printed and answers.recalls:
        mean = sum(answers.recalls) / len(answers.recalls)
        found.append(Series("recalls", "accuracy", "held-out", (mean,), said=True))
    elif "accuracy" not in printed and beside:
        name = "outputs" if beside.two_classes else "outputs r2"
        found.append(Series(name, "accuracy", "", (beside.right,), len(beside.outputs), said=True))
    return (*run, *found)


def _plain(run: tuple[Series, ...]) -> tuple[Series, ...]:
    """A training's series without perplexities where the costs that they are made of were printed too."""
    perplexed = [series for series in run if {"ppl", "perplexity", "perplexities"} & set(series.name.split())]
    others = [series for series in run if series not in perplexed]
    return tuple(others) if any(series.what == "cost" for series in others) else run


def _counts_epochs(cell: Cell) -> bool:
    """Whether a number counts epochs."""
    words = cell.name or cell.behind
    return means(cell.name, cell.behind) == "step" and bool(EPOCHS & set(words))


def _trainings(cells: Sequence[Cell]) -> list[list[Cell]]:
    """The cells of each training: the next begins where the count of epochs begins again, or in the next row of a table
    that has one for each."""
    parts: list[list[Cell]] = [[]]
    highest: dict[str, float] = {}
    first: dict[str, float] = {}
    for cell in cells:
        if cell.run and parts[-1] and parts[-1][-1].run not in ("", cell.run):
            parts.append([])
        if _counts_epochs(cell) and not cell.prose:
            key = " ".join(cell.name or cell.behind)
            if key in highest and cell.value < highest[key] and cell.value <= first[key] + 1:
                parts.append([])
                highest, first = {}, {}
            first.setdefault(key, cell.value)
            highest[key] = max(highest.get(key, -math.inf), cell.value)
        parts[-1].append(cell)
    return [part for part in parts if part]
