"""The bench of mistakes inside networks: what is planted has a name, every patient can be drawn, and scores add up."""

from __future__ import annotations

import pytest

from support import ROOT
from whynet.doctor.causes import names


@pytest.fixture
def bench(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT))
    from benchmarks.inside import healthy, plants, scores

    return plants, healthy, scores


@pytest.mark.parametrize("seed", [0, 1, 77])
def test_there_are_enough_patients_and_each_differs_from_its_sound_twin(bench, seed):
    plants, healthy, _ = bench
    sick, sound = plants.patients(seed), healthy.healthy(seed)
    assert len(sick) >= 150
    assert len(sound) >= 60
    assert len({one.name for one in [*sick, *sound]}) == len(sick) + len(sound)
    for one in sick:
        worse, better = one.specs()
        assert worse != better, one.name
    assert {one.spec().library for one in sound} == {"torch", "keras"}


def test_what_is_planted_has_a_name_that_verdicts_use(bench):
    plants, _, _ = bench
    assert {cause for plant in plants.PLANTS for cause in plant.right} <= set(names())


def test_a_cause_among_the_accepted_ones_is_right_and_silence_only_where_nothing_is_harmed(bench):
    _, _, scores = bench
    row = {"plant": "x", "planted": ["dead-relu"], "said": [["lr-too-high", "proved"], ["dead-relu", "found"]]}
    row |= {"error": "", "harmed": True, "cure": True, "seconds": 1, "library": "torch", "architecture": "dense"}
    assert not scores.right(row, 1)
    assert scores.right(row, 3)
    assert not scores.right({**row, "said": []}, 1)
    assert scores.right({**row, "said": [], "harmed": False}, 1)
    sound = {**row, "plant": "", "name": "sound", "said": [["overfit", "suspected"]]}
    assert scores.alarms(sound) == []
    assert "first three 1/1 (100%)" in scores.summary([{**row, "name": "x"}, sound])
