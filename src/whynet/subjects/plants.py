"""Planted faults: sound networks with one thing spoilt, to measure how often a diagnosis names it.

Each plant names the cause that a diagnosis should put first; `also` are answers that are as right.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from whynet.doctor.causes import cause, names
from whynet.training.recipe import Recipe

SOUND: dict[str, Recipe] = {
    "sigmoid-30": Recipe(hidden=(30,), activation="sigmoid", learning_rate=0.5, batch_size=10),
    "relu-100": Recipe(
        hidden=(100,), activation="relu", init="he", optimizer="adam", learning_rate=0.002, batch_size=32
    ),
    "tanh-50-30": Recipe(
        hidden=(50, 30), activation="tanh", cost="sigmoid-cross-entropy", learning_rate=0.1, batch_size=20
    ),
}


@dataclass(frozen=True)
class Plant:
    """One thing to spoil: fields of the recipe to change, mistakes to make; `only` in networks that it suits.

    >>> plants()["input-not-scaled"].spoil(SOUND["sigmoid-30"]).scaling
    'raw'
    """

    cause: str
    edits: Mapping[str, Any] = field(default_factory=dict)
    mistakes: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    only: tuple[str, ...] = tuple(SOUND)

    def spoil(self, recipe: Recipe) -> Recipe:
        """The recipe with this spoilt. A rate is spoilt by a factor."""
        edits = dict(self.edits)
        if "rate_times" in edits:
            edits["learning_rate"] = recipe.rate * edits.pop("rate_times")
        return recipe.but(**edits, faults=(*recipe.faults, *self.mistakes))


def plants() -> dict[str, Plant]:
    """A plant for every cause that can be planted, by its name: what their files say of it.

    >>> plants()["too-little-data"].also
    ('overfit',)
    """
    every = ((name, cause(name).PLANT) for name in names())
    return {name: Plant(name, **plant) for name, plant in every if plant is not None}
