"""Texts as people paste them, one file for each set: how many of each are read right, and that it gets no worse.

A text stays in its file when it is read wrongly. `=== states: causes | options`, any state and any cause of which is
right, then the text.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from whynet.doctor.causes import names
from whynet.doctor.states import STATES
from whynet.errors import BadFile
from whynet.logs.log import diagnose_log

TEXTS = Path(__file__).parent / "texts"
LEAST = {  # per cent of the states, and of the causes, that are right
    "AE": (95, 94),
    "AF": (100, 100),
    "AG": (100, 87),
    "AH": (95, 100),
    "KA": (100, 97),
    "KB": (100, 100),
    "KC": (100, 100),
    "KD": (100, 100),
    "KE": (96, 100),
    "KF": (91, 100),
    "KG": (100, 100),
    "KH": (97, 97),
    "KJ": (95, 100),
    "KK": (95, 100),
    "KL": (90, 96),
    "KM": (92, 96),
    "KN": (97, 100),
    "KO": (92, 100),
    "KI": (80, 100),
    "KP": (91, 94),
    "KQ": (81, 100),
    "KR": (92, 100),
    "FB": (82, 93),
    "KS": (87, 93),
    "KU": (87, 90),
    "KV": (87, 100),
    "KW": (85, 93),
}


def texts(name):
    for part in re.split(r"(?m)^=== ", (TEXTS / f"{name}.txt").read_text("utf-8"))[1:]:
        head, _, text = part.partition("\n")
        right, _, options = head.partition("|")
        states, _, causes = right.partition(":")
        given = {key: int(value) for key, value in (option.split("=") for option in options.split())}
        yield states.strip().split("/"), causes.split(), given, text


def answer(text, given):
    """The state and the causes that are named; what is refused has neither."""
    try:
        found = diagnose_log(text, **given)
    except BadFile:
        return "refused", []
    said = [finding.cause for finding in found.verdict]
    assert (found.state == "healthy") == (said == [])
    assert len(said) <= 4 and set(said) <= set(names()) and found.state in STATES
    assert all(finding.status == "suspected" and finding.evidence for finding in found.verdict)
    shares = [finding.share for finding in found.verdict]
    assert shares == sorted(shares, reverse=True) and sum(shares) <= 1.000001
    assert bool(found.separate) == bool(said)
    return found.state, said


@pytest.mark.parametrize("name", sorted(file.stem for file in TEXTS.glob("*.txt")))
def test_so_many_of_a_set_are_read_right(name):
    states, causes = [], []
    for right, wanted, given, text in texts(name):
        assert set(right) <= {*STATES, "refused"} and set(wanted) <= set(names())
        state, said = answer(text, given)
        states.append(state in right)
        causes += [bool(set(wanted) & set(said))] if wanted and state != "healthy" else []
    assert 100 * sum(states) >= LEAST[name][0] * len(states), f"states {sum(states)} of {len(states)}"
    assert 100 * sum(causes) >= LEAST[name][1] * len(causes), f"causes {sum(causes)} of {len(causes)}"
