"""Each cause by itself: it is complete, it fires on its own example and is silent on the near miss."""

from __future__ import annotations

import pytest

import whynet
from support import ROOT, examples_hold, is_complete
from whynet.doctor.cause import CERTAIN
from whynet.doctor.causes import FAMILIES, cause, names, pages
from whynet.doctor.example import case_like
from whynet.errors import UsageError
from whynet.subjects.edits import changed
from whynet.subjects.plants import SOUND, plants


@pytest.mark.parametrize("name", names())
def test_a_cause_is_one_complete_file(name):
    is_complete(name)


@pytest.mark.parametrize("name", names())
def test_it_is_suspected_of_the_sick_and_not_of_the_well(name):
    examples_hold(name)


@pytest.mark.parametrize("name", names())
def test_it_copes_with_a_case_of_which_nothing_is_known(name):
    empty = case_like({"settings": {"widths": (64, 30, 10)}})
    suspicion = cause(name).suspect(empty)
    assert suspicion is None or 0 < suspicion.strength <= CERTAIN
    for change in cause(name).changes(empty):
        changed(whynet.Recipe(), [change])


def test_they_are_the_files_of_the_folder_by_family_then_by_name():
    files = (ROOT / "src" / "whynet" / "doctor" / "causes").glob("*.py")
    assert {name.replace("-", "_") for name in names()} == {path.stem for path in files} - {"__init__"}
    places = [(FAMILIES.index(cause(name).FAMILY), name) for name in names()]
    assert places == sorted(places)
    assert {cause(name).FAMILY for name in names()} == set(FAMILIES)


def test_the_documented_pages_are_those_of_the_code():
    assert (ROOT / "docs" / "causes.md").read_text("utf-8") == pages(), "run: make docs"


def test_a_name_that_is_none_is_told_the_nearest():
    for name, near in (("bad-luck", None), ("lr-too-hihg", "lr-too-high"), ("init_too_small", "init-too-small")):
        with pytest.raises(UsageError, match="there is no cause") as told:
            cause(name)
        assert near is None or near in told.value.do


@pytest.mark.parametrize("name", sorted(plants()))
def test_a_plant_spoils_the_networks_that_it_is_meant_for(name):
    plant = plants()[name]
    assert plant.only and set(plant.only) <= set(SOUND) and set(plant.also) <= set(names())
    for sound in plant.only:
        assert plant.spoil(SOUND[sound]) != SOUND[sound]


def test_a_batch_is_not_too_large_where_its_gradient_is_a_sum():
    """A smaller batch would then be a smaller rate as well, and two changes prove neither."""
    large = {"rows": 1000, "steps-per-epoch": 1.0}
    assert cause("batch-too-large").suspect(case_like(large)) is not None
    assert cause("batch-too-large").suspect(case_like({**large, "gradient-length": 8.0})) is None


@pytest.mark.parametrize("state", ["diverged", "non-finite"])
def test_a_training_that_went_astray_is_too_fast_before_it_is_too_short(state):
    symptoms = {"state": state, "steps": (64, 64), "still-falling": 1.0, "highest-cost": 16.0}
    few, fast = (cause(name).suspect(case_like(symptoms)) for name in ("undertrained", "lr-too-high"))
    assert few.strength < fast.strength
