"""Plausible: whether what was read can be the figures of a training at all, and what of them is somebody else's."""

from __future__ import annotations

import re
from collections.abc import Sequence

from whynet.doctor.diagnosis import Series
from whynet.logs.tokens import pattern

SENTENCES = re.compile(r"[;\n]|[.!?](?=\s)")
FEW = 0.25  # of the lines in which words stand beside numbers: where fewer are about a training, the numbers are not
LINE = 500  # characters of a sentence that are looked at
LONGEST = 100_000  # characters of a text that are looked at
HEAD = re.compile(r"^\W*[A-Za-z_][\w ()%/-]*(?:\s*[,;\t|]\s*[A-Za-z_][\w ()%/-]*)+\W*$")
NAMES_NUMBERS = re.compile(r"[^\W\d_]{2,}")


def implausible(run: Sequence[Series], text: str, problem: str) -> str:
    """Why what was read is no course of a training; nothing where it may be one.

    >>> read = [Series("numbers", "cost", "", (2.0, 3.0, 4.5))]
    >>> implausible(read, "2 apples\\n3 pears\\n4.5 cups flour", "classification")
    'the numbers in this text are of other things than a training'
    >>> implausible(read, "2.0\\n3.0\\n4.5", "classification")
    ''
    """
    if problem == "episodes":
        return "these are the scores of episodes, of a network that learns by rewards: no cost and no accuracy"
    if problem == "rivals":
        return "these are the losses of two networks that work against each other: how low they are says nothing"
    whole = all(one.said and one.what == "cost" and [value % 1 for value in one.values] == [0.0] for one in run)
    if whole and not pattern("squared").search(text[:LONGEST]):
        return "it is the number of an error, or a count"
    if all(one.name == "numbers" and str(one.total) not in text for one in run):
        text = "\n".join(line[:LINE] for line in text[:LONGEST].split("\n"))
        lines = [line for line in text.split("\n") if re.search(r"\d", line)]
        worded = [line for line in lines if NAMES_NUMBERS.search(line)]
        known = [line for line in worded if _is_known(line)]
        headed = any(HEAD.match(line) and not _is_known(line) for line in text.split("\n"))
        if (headed or len(worded) > len(lines) / 2) and len(known) <= FEW * len(worded):
            return "the numbers in this text are of other things than a training"
    return ""


def _is_known(line: str) -> bool:
    """Whether a line has a word of a training."""
    return bool(pattern("known").search(line.replace("_", " ")))


def of_others(text: str) -> list[str]:
    """What the text says of other people's networks, or of other models: no figures of this one.

    >>> of_others("I get 87 %. My friend has 96 %.")
    ['My friend has 96 %']
    """
    sentences = [one[:LINE] for one in SENTENCES.split(text[:LONGEST])]
    return [" ".join(one.split())[:70].rstrip(".") for one in sentences if pattern("others").search(one)][:3]
