"""From what a person names to a recipe: a run's folder, a recipe file, the name of a shipped recipe or a real case."""

from __future__ import annotations

import math
from pathlib import Path

from whynet import files
from whynet.casebook.cases import CASES
from whynet.data.dataset import Dataset
from whynet.errors import WhynetError
from whynet.training.history import History
from whynet.training.loop import Training, build
from whynet.training.recipe import Recipe

CLOSE = 1e-3  # relative: chaotic recipes differ in the last bits between engines


def recipe_of(patient: str) -> Recipe:
    """The recipe that is meant.

    >>> recipe_of("vectorised").sizes
    (784, 30, 10)

    Raises
    ------
    UsageError, BadFile
        There is nothing of that name, or it cannot be read.
    """
    if patient in CASES:
        return CASES[patient].recipe
    folder = Path(patient)
    if (folder / "recipe.toml").is_file():
        return Recipe.read(folder / "recipe.toml")
    return Recipe.find(patient)


def recorded(patient: str, recipe: Recipe, data: Dataset) -> str | None:
    """Whether a run's record is what its recipe gives now: None, or a sentence that says where they part.

    >>> from whynet.data.sources import load
    >>> recorded("vectorised", Recipe(), load("digits")) is None  # no run, nothing recorded
    True
    """
    metrics = Path(patient) / "metrics.jsonl"
    if not metrics.is_file():
        return None
    history = History.from_json_lines(files.read(metrics, 1 << 30).decode("utf-8", "replace"), str(metrics))
    if not len(history):
        return None
    then = history[0].cost
    try:
        now = next(Training(build(recipe, data), data, recipe)).cost
    except WhynetError:
        now = math.nan
    if math.isclose(then, now, rel_tol=CLOSE):
        return None
    return (
        f"The run recorded a cost of {then:.6g} for its first epoch; training its recipe again gives {now:.6g}. What "
        "follows is about the recipe, not about that record."
    )
