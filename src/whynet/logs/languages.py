"""Languages: what other languages call a cost, an accuracy or an epoch, put into English before a log is read."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

WORDS = tomllib.loads(Path(__file__).with_name("languages.toml").read_text("utf-8"))["words"]
COMPOUNDS = r"(?i)\b(trainings?|train|test|validierungs?)-?(?=(?:verlust|fehler|genauigkeit|kosten|accuracy|loss))"

_SPACED = {word: english for english, words in WORDS.items() for word in words.split() if word[0] < "\u3000"}
_JOINED = {word: english for english, words in WORDS.items() for word in words.split() if word[0] >= "\u3000"}
_NAMES = re.compile(r"[^\W\d_]+")
_SIGNS = re.compile("|".join(sorted(_JOINED, key=len, reverse=True)))


def in_english(text: str) -> str:
    """The text with the words that matter here in English; everything else stays as it is.

    >>> in_english("Epoche 3: Testgenauigkeit 0,91"), in_english("第3轮 损失 2.30")
    ('epoch 3: Test accuracy 0,91', '第3 epoch   loss  2.30')
    """
    text = re.sub(COMPOUNDS, r"\1 ", text)
    text = _SIGNS.sub(lambda match: f" {_JOINED[match[0]]} ", text)
    return _NAMES.sub(lambda match: _SPACED.get(match[0].lower(), match[0]), text)
