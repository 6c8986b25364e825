"""Texts that are cut, shuffled and spoilt: every one is read, or refused with a sentence; and none takes long."""

from __future__ import annotations

import random
import re
import sys
from pathlib import Path

import pytest

from whynet.doctor.states import STATES
from whynet.errors import BadFile
from whynet.logs.log import diagnose_log

TEXTS = [
    part.partition("\n")[2]
    for file in sorted((Path(__file__).parent / "texts").glob("*.txt"))
    for part in re.split(r"(?m)^=== ", file.read_text("utf-8"))[1:]
]
ODD = [
    "nan",
    "inf",
    "-1",
    "1e400",
    "%",
    "|",
    "\t",
    "[",
    "]",
    "{",
    "\r",
    "\x1b[0m",
    "0",
    "epoch",
    "loss",
    "->",
    "/",
    "'",
    "\n",
]


def mutated(rng):
    """A text with some of its pieces lost, doubled, swapped, or put among others."""
    pieces = re.split(r"(\s+|\b)", rng.choice(TEXTS)[:1500])
    for _ in range(rng.randrange(1, 30)):
        at = rng.randrange(len(pieces))
        kind = rng.randrange(4)
        if kind == 0:
            del pieces[at : at + rng.randrange(1, 4)]
        elif kind == 1:
            pieces.insert(at, rng.choice(ODD))
        elif kind == 2:
            pieces[at] = pieces[rng.randrange(len(pieces))]
        else:
            pieces[at:at] = re.split(r"(\s+|\b)", rng.choice(TEXTS))[: rng.randrange(1, 20)]
        pieces = pieces or [""]
    return "".join(pieces)


def is_read(text):
    try:
        return diagnose_log(text).state in STATES
    except BadFile as error:
        return bool(str(error))


@pytest.mark.parametrize("seed", range(2))
def test_mutated_texts_are_read_or_refused_with_a_sentence(seed):
    rng = random.Random(seed)
    assert all(is_read(mutated(rng)) for _ in range(40))


@pytest.mark.slow
def test_thousands_of_mutated_texts_are_read_or_refused_with_a_sentence():
    rng = random.Random(99)
    assert all(is_read(mutated(rng)) for _ in range(3000))


def operations(text):
    """Lines of the reader that are run for a text: what takes long is a loop, or a pattern that is told apart below."""
    counted = 0

    def trace(frame, event, _):
        nonlocal counted
        counted += 1
        return trace if "/logs/" in frame.f_code.co_filename or "/source/" in frame.f_code.co_filename else None

    sys.settrace(trace)
    try:
        is_read(text)
    finally:
        sys.settrace(None)
    return counted


@pytest.mark.parametrize(
    "line",
    ["epoch {0} loss 0.{0} acc 0.5\n", "W{0} = np.zeros((3, 4))\n", "{0}, ", "[{0} ", "predicted 0.{0} target 1\n"],
)
def test_twice_as_long_a_text_takes_no_more_than_about_twice_as_many_steps(line):
    short, long = ("".join(line.format(at) for at in range(rows)) for rows in (200, 400))
    assert operations(long) < 2.6 * operations(short) + 2000
