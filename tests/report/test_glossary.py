"""The glossary: one row for a word, found by any of its names."""

from __future__ import annotations

import subprocess
import sys

import pytest

from support import ROOT
from whynet.report.glossary import GLOSSARY, lookup, words_page


def test_the_documented_words_are_those_of_the_table():
    assert (ROOT / "docs" / "words.md").read_text("utf-8") == words_page(), "run: make docs"


def test_a_word_has_one_row_and_one_sentence():
    words = [row.word for row in GLOSSARY]
    assert len(set(words)) == len(words) >= 40
    for row in GLOSSARY:
        assert row.meaning[0].isupper() or row.meaning.startswith("L/2"), row.word
        assert row.meaning.endswith(".") and ". " not in row.meaning, row.word
        assert "|" not in "".join(row), row.word
        assert lookup(row.word) is row


def test_no_name_stands_in_two_rows():
    names = [name.lower() for row in GLOSSARY for name in row.names]
    assert sorted({name for name in names if names.count(name) > 1}) == []


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("loss", "cost"), ("Losses", "cost"), ("learning-rate", "learning rate"), ("LEARNING_RATES", "learning rate"),
        ("mini-batches", "batch"), ("minibatch", "batch"), ("biases", "bias"), ("logits", "pre-activation"),
        ("confusion matrices", "confusion matrix"), ("capacities", "capacity"), ("slope", "derivative"),
        ("answer", "prediction"), ("L2", "penalty"), ("random state", "random state"), ("error signal", "delta"),
    ],
)  # fmt: skip
def test_a_word_is_found_by_any_of_its_names(text, word):
    assert lookup(text).word == word


def test_no_numpy_is_needed():
    code = "import sys, whynet.report.glossary; sys.exit('numpy' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
