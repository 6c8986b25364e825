"""The real cases are whole, and can be named as patients."""

from __future__ import annotations

import pytest

from whynet.casebook.cases import CASES, recipe_of
from whynet.doctor.causes import names
from whynet.training.recipe import recipe_names


@pytest.mark.parametrize("name", CASES)
def test_a_case_names_causes_of_the_closed_list(name):
    case = CASES[name]
    assert set(case.causes) <= {*names(), "healthy"}
    assert case.source and case.reported
    assert recipe_of(name) == case.recipe
    assert name not in recipe_names()
    features, classes = {"mnist": (784, 10), "xor": (2, 2)}[case.recipe.data]
    assert case.recipe.full_sizes(features, classes)[0] == features
