"""Programs as people post them: what is expected of each is kept beside them, and some are handed over here."""

import tomllib
from pathlib import Path

import pytest
from benchmarks.posted import row_of, summary

from whynet.doctor.causes import names

POSTED = Path(__file__).parent / "posted"
EXPECTED = tomllib.loads((POSTED / "expected.toml").read_text())
SICK = [name for name, expected in EXPECTED.items() if expected]


def test_what_is_expected_is_about_the_programs_that_are_there():
    assert sorted(EXPECTED) == sorted(file.stem for file in POSTED.glob("*.py"))
    assert all(name.endswith("_sound") == (name not in SICK) for name in EXPECTED)


@pytest.mark.parametrize("name", SICK)
def test_the_lines_and_the_mend_that_are_expected_are_in_the_text(name):
    expected, text = EXPECTED[name], (POSTED / f"{name}.py").read_text()
    assert set(expected["causes"]) <= set(names())
    assert any(words in text for words in expected["lines"])
    assert all(old in text for old, _ in expected["mend"])


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", ["torch_rounded_before_bce", "torch_accumulates_on_purpose_sound"])
def test_one_that_is_sick_and_one_that_is_sound(name):
    pytest.importorskip("torch")
    row = row_of(name, EXPECTED[name], 20.0)
    if EXPECTED[name]:
        assert row["cause"] and row["line"] and row["heals"]
    else:
        assert row["state"] == "healthy" and not row["statuses"]


def test_what_rows_add_up_to():
    right = {
        "name": "a",
        "sound": False,
        "state": "diverged",
        "statuses": [("lr-too-high", "proved", 3)],
        "cause": True,
    }
    rows = [
        right | {"line": True, "patch": "-", "heals": True},
        right | {"name": "b", "line": False, "patch": ""},
        {"name": "c", "sound": False, "error": "ValueError: no"},
        {"name": "d", "sound": True, "state": "healthy", "statuses": []},
        {"name": "e", "sound": True, "state": "underfits", "statuses": [("lr-too-low", "found", 1)]},
    ]
    first, second, *wrong = summary(rows).splitlines()
    assert first.startswith("3 with a mistake: the cause first 2 (found or proved 2), and its line 1; a patch 1, which")
    assert second == "2 sound: accused 1, called healthy 1"
    assert [one.split(":")[0].strip() for one in wrong] == ["b", "c", "e"]
