"""What can be opened with one click: the experiments of people who asked, and the shipped recipes."""

from __future__ import annotations

from functools import cache
from typing import Any

from whynet.casebook.experiments import EXPERIMENTS
from whynet.training.recipe import Recipe, recipe_names

FIRST = ("default", "convnet", "plain")


@cache
def presets() -> list[dict[str, Any]]:
    """All of them: name, kind, what they mean, recipe."""
    names = sorted(recipe_names(), key=lambda name: (name not in FIRST, name not in EXPERIMENTS, name))
    return [
        {
            "name": name, "asked": name in EXPERIMENTS, "recipe": Recipe.named(name).as_dict(),
            "means": EXPERIMENTS[name].means if name in EXPERIMENTS else "",
            "published": {key: value for key, value in EXPERIMENTS[name].published.items() if value is not None}
            if name in EXPERIMENTS else {},
        }
        for name in names
    ]  # fmt: skip
