"""Many trainings at once, one on each processor: seeds, trials, committees."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from threading import Event
from typing import Any

from threadpoolctl import threadpool_limits

from whynet.data.dataset import Dataset
from whynet.data.sources import load_for
from whynet.processors import processors
from whynet.training.recipe import Recipe
from whynet.training.run import Run


def train_many(recipes: Sequence[Recipe | str], data: Any = None, *, workers: int | None = None) -> list[Run]:
    """Train what each recipe describes, several at a time, and hand back the runs in the order of the recipes.

    Each run is to the last bit what `fit` would have returned. `data` is as for `fit`; data sets are loaded once.
    `workers` is how many train at once, by default one for each processor; that pays with the compiled engine, which
    lets others work meanwhile.

    >>> runs = train_many([Recipe(epochs=1, seed=seed) for seed in range(3)], data="digits")
    >>> [run.recipe.seed for run in runs]
    [0, 1, 2]

    Raises
    ------
    UsageError, BadFile, ResourceError
        As for `fit`, of the first recipe that gives reason.
    """
    found = [Recipe.find(recipe) if isinstance(recipe, str) else recipe for recipe in recipes]
    sets: dict[tuple[str | None, ...], Dataset] = {}
    for recipe in found:
        if isinstance(data, Dataset):
            sets[_data_of(recipe)] = data
        elif _data_of(recipe) not in sets:
            sets[_data_of(recipe)] = load_for(recipe, data)
    stopped = Event()

    def one(recipe: Recipe) -> Run:
        run = Run.create(recipe, sets[_data_of(recipe)])
        run.train(stop=stopped.is_set)
        return run

    # Every training sets NumPy's threads for itself; here once for all, as the setting belongs to the whole process.
    with threadpool_limits(1), ThreadPoolExecutor(workers or processors()) as pool:
        jobs = [pool.submit(one, recipe) for recipe in found]
        try:
            wait(jobs, return_when=FIRST_EXCEPTION)
            failed = [job for job in jobs if job.done() and job.exception() is not None]
            return [job.result() for job in failed or jobs]
        except BaseException:  # an error or Ctrl-C: the others stop within a batch or two
            stopped.set()
            for job in jobs:
                job.cancel()
            raise


def _data_of(recipe: Recipe) -> tuple[str | None, ...]:
    """What decides which data a recipe is trained on."""
    return recipe.data, recipe.target, recipe.problem, recipe.missing
